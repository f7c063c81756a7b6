"""Find and read the files of the pages."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from schemagen.diagnostics import Problem, ProblemsFound, display_path
from schemagen.files import path_from, read_file
from schemagen.limits import MAX_DEPTH


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of a file, and its path relative to the project's root, with forward slashes.

    Line ends are LF, whatever the checkout made of them: hashes and texts are the same on every machine.
    """

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


def id_by_name(path: str) -> str:
    """Return the id of the table after which the dataset page at ``path`` is named."""
    return PurePosixPath(path).name.removesuffix(".md").removesuffix(".dataset")


def find_ids(docs: Path, root: Path, exclude: Sequence[str] = ()) -> list[str]:
    """Find the ids of the tables by the names of their pages, which are not read.

    What cannot be listed is left out: `find_sources` reports it.
    """
    finder = _Finder(".md", tuple(exclude), len(docs.as_posix()) + 1)
    with suppress(OSError):
        finder.find(docs.as_posix(), path_from(root, docs))
    return [id_by_name(path) for _, path in finder.files if kind_of(path) is Kind.DATASET]


def find_sources(
    docs: Path, root: Path, exclude: Sequence[str] = (), without: Collection[str] = ()
) -> tuple[Source, ...]:
    """Read every ``*.md`` below ``docs`` that no pattern of ``exclude`` matches, sorted by path.

    A pattern matches paths relative to ``docs``, of files and folders; ``without`` are paths as problems
    show them. Raises `ProblemsFound` with SG101 for everything that cannot be read, or SG103 if there is
    no page, not even in ``without``.
    """
    advice = "create the folder, or set another one with `docs`"
    sources = read_below(docs, root, ".md", advice, exclude, without)
    if not sources and not without:
        raise ProblemsFound([no_pages("pages (*.md)", docs, root, exclude)])
    return sources


def no_pages(what: str, docs: Path, root: Path, exclude: Sequence[str]) -> Problem:
    """Make the SG103 of a folder without pages; ``what`` names them, with their pattern."""
    others = " besides those that `exclude` matches" if exclude else ""
    message = f"the folder contains no {what}{others}; add them, or set another folder with `docs`"
    return Problem(display_path(docs, root), 1, 1, "SG103", message)


def find_excluded(docs: Path, root: Path, exclude: Sequence[str]) -> dict[str, list[str]]:
    """Find the files and folders below ``docs`` that each pattern excludes, relative to ``docs``.

    What cannot be read is left out: `find_sources` reports it.
    """
    if not exclude or not docs.is_dir():
        return {}
    finder = _Finder(".md", tuple(exclude), len(docs.as_posix()) + 1)
    try:
        finder.find(docs.as_posix(), path_from(root, docs))
    except PermissionError:
        return {}
    return {
        pattern: sorted(path for path in finder.excluded if fnmatchcase(path, pattern))
        for pattern in exclude
    }


def page_files(folder: Path) -> list[str]:
    """Return the paths of the files ``*.md`` below ``folder``, without what cannot be read."""
    finder = _Finder(".md", (), 0)
    with suppress(OSError):
        finder.find(folder.as_posix(), PurePosixPath(folder.as_posix()))
    return [path for path, _ in finder.files]


def read_below(
    folder: Path,
    root: Path,
    ending: str,
    if_missing: str = "",
    exclude: Sequence[str] = (),
    without: Collection[str] = (),
) -> tuple[Source, ...]:
    """Read all files below ``folder`` whose names end with ``ending``, sorted by path.

    Links are followed. Names that begin with a dot are passed over: editors and file managers make such
    files. A missing folder has no files unless ``if_missing`` says what to do about it. Raises
    `ProblemsFound` with an SG101 for everything that cannot be read: what was generated from it would
    be removed otherwise.
    """
    name, shown = folder.as_posix(), path_from(root, folder)
    finder = _Finder(ending, tuple(exclude), len(name) + 1, frozenset(without))
    try:
        finder.find(name, shown)
    except FileNotFoundError as error:
        if if_missing:
            finder.unreadable(shown, f"{error.strerror}; {if_missing}")
    except OSError as error:
        finder.unreadable(shown, error.strerror or str(error))
    sources: list[Source] = []
    for path, file_shown in finder.files:
        try:
            sources.append(read_source(path, file_shown))
        except OSError as error:
            finder.unreadable(file_shown, error.strerror or str(error))
    if finder.problems:
        raise ProblemsFound(finder.problems)
    return tuple(sorted(sources, key=lambda source: source.path))


def read_source(path: str, shown: str) -> Source:
    """Read the file at ``path``, which messages call ``shown``. Raises OSError."""
    return Source(shown, read_file(path).replace(b"\r\n", b"\n"))


@dataclass(slots=True)
class _Finder:
    """Finds the files of a folder whose names end with ``ending``: their paths on disk and in messages.

    ``excluded`` are the files and folders that a pattern of ``exclude`` matches, relative to the folder,
    whose own path has ``above`` characters with its slash. ``without`` are left out by their paths in
    messages. ``around`` identifies the folders around the one that is searched.
    """

    ending: str
    exclude: tuple[str, ...]
    above: int
    without: frozenset[str] = frozenset()
    files: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    excluded: list[str] = field(default_factory=list[str])
    problems: list[Problem] = field(default_factory=list[Problem])
    around: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def unreadable(self, path: object, reason: str) -> None:
        self.problems.append(Problem(str(path), 1, 1, "SG101", f"cannot be read: {reason}"))

    def find(self, folder: str, shown: PurePosixPath) -> None:
        """Find the files of ``folder`` and of those below it. Raises OSError if it cannot be listed."""
        status = os.stat(folder)  # noqa: PTH116 - the same for names and entries
        identity = status.st_dev, status.st_ino
        if identity in self.around:
            self.unreadable(shown, "the link leads back to a folder that contains it; remove it")
            return
        if len(self.around) > MAX_DEPTH:
            reason = f"it is nested deeper than {MAX_DEPTH} folders; move or exclude it"
            self.unreadable(shown, reason)
            return
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if not entry.name.startswith(".")]
        self.around.append(identity)
        for entry in found:
            path = entry.path.replace(os.sep, "/")
            relative = path[self.above :]
            if any(fnmatchcase(relative, pattern) for pattern in self.exclude):
                self.excluded.append(relative)
                continue
            name = shown / entry.name
            if self.without and str(name) in self.without:
                continue
            try:
                self._visit(entry, path, name)
            except OSError as error:
                self.unreadable(name, error.strerror or str(error))
        self.around.pop()

    def _visit(self, entry: os.DirEntry[str], path: str, shown: PurePosixPath) -> None:
        if entry.is_dir():
            self.find(path, shown)
        elif entry.name.endswith(self.ending) and not _is_utf8(str(shown)):
            self.unreadable(shown, "its path is not UTF-8; rename it")
        elif entry.name.endswith(self.ending) and entry.is_file():
            self.files.append((path, str(shown)))
        elif entry.is_symlink() and not os.path.exists(path):  # noqa: PTH110
            self.unreadable(shown, "the link leads nowhere; correct or remove it")
        elif entry.name.endswith(self.ending):
            self.unreadable(shown, "it is no regular file; remove it")


def _is_utf8(path: str) -> bool:
    """Whether a path can be written into generated files: the system allows any bytes in names."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
