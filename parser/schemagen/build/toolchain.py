"""Hash the generator: schemagen itself, and the libraries that shape its output."""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from pathlib import Path

from schemagen.build.disk import digest
from schemagen.emit.template_folders import PACKAGE, TEMPLATES

# How many parts of a version can change the output. They are the parts that pyproject.toml bounds,
# so that two machines with different patch releases agree.
LIBRARIES: dict[str, int] = {
    "black": 1,  # its style changes with the year only
    "datamodel-code-generator": 2,
    "jinja2": 1,
    "markdown-it-py": 1,
    "pyyaml": 1,
}


def fingerprint() -> str:
    """Hash schemagen's sources and templates and of the releases of `LIBRARIES`."""
    parts: list[bytes] = []
    folders = [(PACKAGE, "*.py"), *((folder, "*") for folder in TEMPLATES)]
    for folder, pattern in folders:
        for path in sorted(Path(folder).rglob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                parts.append(path.relative_to(folder).as_posix().encode())
                parts.append(path.read_bytes().replace(b"\r\n", b"\n"))
    for library, significant in LIBRARIES.items():
        release = ".".join(version(library).split(".")[:significant])
        parts.append(f"{library} {release}".encode())
    return digest(*parts)


def version(library: str) -> str:
    """Return the version of an installed distribution; ``library`` is its normalized name.

    The name of its metadata's folder tells it: importing `importlib.metadata` takes longer than anything
    else in a build with nothing to do. It decides only where not exactly one folder tells.
    """
    found = [release for folder in sys.path for release in _installed(folder).get(library, ())]
    if len(found) == 1 and found[0]:
        return found[0]
    from importlib import metadata

    return metadata.version(library)


@cache
def _installed(folder: str) -> dict[str, list[str]]:
    """List the versions of the distributions in a folder of ``sys.path``, by normalized name; "" for
    those with metadata of an older form."""
    try:
        entries = os.listdir(folder or ".")  # noqa: PTH208 - names without a path each
    except OSError:
        return {}  # Python passes over entries of sys.path that are no folders, too.
    found: dict[str, list[str]] = {}
    for entry in entries:
        if match := _METADATA.fullmatch(entry):
            name = re.sub(r"[-_.]+", "-", match["name"]).lower()
            release = match["version"] if match["form"] == "dist-info" else ""
            found.setdefault(name, []).append(release or "")
    return found


_METADATA = re.compile(
    r"(?P<name>[^-]+)(-(?P<version>[^-]+))?(-py[^-]+)?\.(?P<form>dist-info|egg-info|egg-link|egg)"
)
