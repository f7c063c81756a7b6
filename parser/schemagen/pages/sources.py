"""Find and read the files of the pages."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath

from schemagen.diagnostics import Problem, ProblemsFound, display_path


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of a file, and its path as messages show it (see `display_path`)."""

    path: str
    data: bytes


class Kind(Enum):
    """A kind of page, recognized by the file's name or, failing that, by a folder around it."""

    DATASET = ("*.dataset.md", "ddsql")
    API = ("API_*.md", "aws_api")

    @property
    def pattern(self) -> str:
        return self.value[0]

    @property
    def folder(self) -> str:
        return self.value[1]


def kind_of(path: str) -> Kind | None:
    """Return the kind of the page at ``path``; None if neither its name nor a folder shows it."""
    pure = PurePosixPath(path)
    by_name = (kind for kind in Kind if pure.match(kind.pattern))
    by_folder = (kind for kind in Kind if kind.folder in pure.parts[:-1])
    return next(by_name, None) or next(by_folder, None)


def find_sources(docs: Path, root: Path) -> tuple[Source, ...]:
    """Read every ``*.md`` below ``docs``, sorted by path.

    Raises `ProblemsFound` with SG101 for everything that cannot be read, or SG103 if there is no page.
    """
    problems: list[Problem] = []
    sources: list[Source] = []

    def unreadable(path: str | Path, error: OSError) -> None:
        shown = display_path(Path(path), root)
        reason = error.strerror or type(error).__name__
        message = f"cannot be read: {reason}"
        if Path(path) == docs and isinstance(error, FileNotFoundError):
            message += "; create the folder, or set another one with `docs`"
        problems.append(Problem(shown, 1, 1, "SG101", message))

    def unreadable_folder(error: OSError) -> None:
        unreadable(error.filename, error)

    for folder, folders, files in os.walk(docs, onerror=unreadable_folder):
        folders.sort()
        shown_folder = PurePosixPath(display_path(Path(folder), root))
        for name in files:
            if not name.endswith(".md") or name == ".md":
                continue
            path = os.path.join(folder, name)  # noqa: PTH118 - pathlib takes as long as reading
            try:
                with open(path, "rb", buffering=0) as file:  # noqa: PTH123
                    sources.append(Source(str(shown_folder / name), file.read()))
            except OSError as error:
                unreadable(path, error)
    if not sources and not problems:
        problems.append(
            Problem(
                display_path(docs, root),
                1,
                1,
                "SG103",
                "the folder contains no pages (*.md); add them, or set another folder with `docs`",
            )
        )
    if problems:
        raise ProblemsFound(problems)
    return tuple(sorted(sources, key=lambda source: source.path))
