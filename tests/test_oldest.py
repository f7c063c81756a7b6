"""`make test-oldest` installs the lower bounds of the program and of the package that it generates."""

from __future__ import annotations

import subprocess
import sys
import tomllib

from packaging.requirements import Requirement

from projects import CHECKOUT


def test_oldest_prints_every_lower_bound() -> None:
    """Each is a constraint that pip reads, but for releases that the tests pin, and for typing-extensions."""
    program = CHECKOUT / ".ci" / "oldest.py"
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    printed = [Requirement(line) for line in done.stdout.splitlines()]
    bounds: dict[str, str] = {}
    for path in ("pyproject.toml", "generated/pyproject.toml"):
        project = tomllib.loads((CHECKOUT / path).read_text("utf-8"))["project"]
        extras = project.get("optional-dependencies", {}).values()
        for text in (*project["dependencies"], *(text for extra in extras for text in extra)):
            requirement = Requirement(text)
            oldest = min(
                requirement.specifier, key=lambda bound: bound.operator != ">=", default=None
            )
            if oldest is not None and oldest.operator == ">=":
                bounds[requirement.name] = oldest.version
    left_out = {"boto3", "botocore", "typing-extensions"}
    assert {found.name for found in printed} == bounds.keys() - left_out
    for found in printed:
        assert bounds[found.name] in found.specifier
