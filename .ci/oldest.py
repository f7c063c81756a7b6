"""Print the oldest releases that the program and the generated package promise to work with.

Usage: .venv/bin/python .ci/oldest.py

Prints a line ``NAME==VERSION`` for each lower bound among the dependencies and extras of pyproject.toml and
generated/pyproject.toml: constraints for pip. Left out are packages that the tests pin to one release.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version

# The package works with an older one than datamodel-code-generator, which is in the same environment.
NEWER = {"typing-extensions"}

ROOT = Path(__file__).resolve().parent.parent


def read(path: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / path).read_text("utf-8"))


def lower_bounds(project: dict[str, Any]) -> Iterator[tuple[str, Version]]:
    """Yield the name and the oldest release of each dependency, also of extras."""
    extras = project.get("optional-dependencies", {}).values()
    for text in (*project["dependencies"], *(text for extra in extras for text in extra)):
        requirement = Requirement(text)
        for bound in requirement.specifier:
            if bound.operator == ">=":
                yield requirement.name, Version(bound.version)


def pinned() -> set[str]:
    """Return the packages of which the tests need one certain release."""
    dev = read("pyproject.toml")["dependency-groups"]["dev"]
    requirements = [Requirement(text) for text in dev if isinstance(text, str)]
    return {found.name for found in requirements if "==" in str(found.specifier)}


def main() -> None:
    """Print the constraints; where the two files differ, the later release counts."""
    oldest: dict[str, Version] = {}
    for path in ("pyproject.toml", "generated/pyproject.toml"):
        for name, version in lower_bounds(read(path)["project"]):
            oldest[name] = max(version, oldest.get(name, version))
    for name in sorted(oldest.keys() - pinned() - NEWER):
        print(f"{name}=={oldest[name]}")


if __name__ == "__main__":
    main()
