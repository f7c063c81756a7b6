"""Hash the generator: schemagen itself, and the libraries that shape its output."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from schemagen.build.disk import digest
from schemagen.emit.templating import PACKAGE, TEMPLATES

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
                parts.append(path.read_bytes())
    for library, significant in LIBRARIES.items():
        release = ".".join(version(library).split(".")[:significant])
        parts.append(f"{library} {release}".encode())
    return digest(*parts)
