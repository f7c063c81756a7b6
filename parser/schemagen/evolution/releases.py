"""Prepare a release of the generated package: the files that say its version and what is new."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemagen.diagnostics import Problem, ProblemsFound, unreadable
from schemagen.files import path_from, read_file
from schemagen.settings.load import Settings
from schemagen.settings.positions import undecodable
from schemagen.settings.version_text import with_version


@dataclass(frozen=True, slots=True)
class Release:
    """The files of a release: their new texts, and the bytes of those that there were, by their paths below
    the project's folder."""

    files: Mapping[str, str]
    before: Mapping[str, bytes]


def prepare(settings: Settings, version: str, section: str) -> Release:
    """Write ``version`` into the settings, and ``section`` into the changelog of the package.

    Nothing else in the files changes; a project without settings gets a schemagen.toml. Raises
    `ProblemsFound` for files that cannot be read, or not be changed for certain.
    """
    files: dict[str, str] = {}
    before: dict[str, bytes] = {}

    def read(path: Path) -> tuple[str, str]:
        name = _below(settings, path)
        data = _read(settings, path)
        if data is not None:
            before[name] = data
        return name, _decoded(name, data or b"")

    path = settings.file or settings.root / "schemagen.toml"
    name, text = read(path)
    files[name] = with_version(path, text, version)
    name, text = read(settings.changelog)
    files[name] = with_section(
        text, section, f"# Changelog of {settings.package.replace('_', '-')}"
    )
    return Release(files, before)


def with_section(changelog: str, section: str, title: str) -> str:
    """Add a section to a changelog: above the last one, and below one that is called unreleased. An empty
    changelog gets the ``title``."""
    if not changelog.strip():
        return f"{title}\n\n{section}"
    newline = "\r\n" if "\r\n" in changelog else "\n"
    section = section.replace("\n", newline)
    for heading in _HEADING.finditer(changelog):
        if "unreleased" not in heading[0].lower():
            start = heading.start()
            return f"{changelog[:start]}{section}{newline}{changelog[start:]}"
    return f"{changelog.rstrip()}{newline}{newline}{section}"


_HEADING = re.compile(r"^## .*$", re.MULTILINE)


def _below(settings: Settings, path: Path) -> str:
    name = str(path_from(settings.root, path))
    if name.startswith("../") or Path(name).is_absolute():
        message = "is outside of the project's folder; set another file with `changelog`"
        raise ProblemsFound([Problem(settings.display(path), 1, 1, "SG501", message)])
    return name


def _read(settings: Settings, path: Path) -> bytes | None:
    try:
        return read_file(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ProblemsFound([unreadable(settings.display(path), error)]) from error


def _decoded(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        position = undecodable(error)
        message = f"cannot be read: it is not UTF-8 ({error.reason}); convert it"
        raise ProblemsFound([Problem(name, *position, "SG101", message)]) from error
