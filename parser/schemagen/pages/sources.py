"""The files that pages come from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath

from schemagen.diagnostics import Problem, ProblemsFound


@dataclass(frozen=True, slots=True)
class Source:
    """A page's bytes. ``path`` is for people: relative to the project's root where it lies inside
    it, with forward slashes."""

    path: str
    data: bytes


class Kind(Enum):
    """A kind of page: known by the file's name, or else by a folder that it lies in."""

    DATASET = ("*.dataset.md", "ddsql")
    API = ("API_*.md", "aws_api")

    @property
    def pattern(self) -> str:
        return self.value[0]

    @property
    def folder(self) -> str:
        return self.value[1]


def kind_of(path: str) -> Kind | None:
    """The kind of the page at ``path``; None where neither its name nor a folder tells."""
    pure = PurePosixPath(path)
    by_name = (kind for kind in Kind if pure.match(kind.pattern))
    by_folder = (kind for kind in Kind if kind.folder in pure.parts[:-1])
    return next(by_name, None) or next(by_folder, None)


def display_path(path: Path, root: Path) -> str:
    """``path`` relative to ``root``, or as it is when it lies outside."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 -- links are kept as they are named
    base = Path(os.path.abspath(root))  # noqa: PTH100
    return (absolute.relative_to(base) if absolute.is_relative_to(base) else path).as_posix()


def find_sources(docs: Path, root: Path) -> tuple[Source, ...]:
    """Every ``*.md`` below ``docs``, sorted by path.

    Raises `ProblemsFound` with SG101 for everything that cannot be read, or SG103 for no page.
    """
    problems: list[Problem] = []
    sources: list[Source] = []

    def unreadable(path: str | Path, error: OSError) -> None:
        shown = display_path(Path(path), root)
        reason = error.strerror or type(error).__name__
        problems.append(Problem(shown, 1, 1, "SG101", f"cannot be read: {reason}"))

    def unreadable_folder(error: OSError) -> None:
        unreadable(error.filename, error)

    for folder, folders, files in os.walk(docs, onerror=unreadable_folder):
        folders.sort()
        for name in files:
            path = Path(folder, name)
            if path.suffix != ".md":
                continue
            try:
                sources.append(Source(display_path(path, root), path.read_bytes()))
            except OSError as error:
                unreadable(path, error)
    if not sources and not problems:
        problems.append(
            Problem(
                display_path(docs, root), 1, 1, "SG103", "there are no pages (*.md) in the folder"
            )
        )
    if problems:
        raise ProblemsFound(problems)
    return tuple(sorted(sources, key=lambda source: source.path))
