"""Find and read the files of the pages."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path, PurePosixPath

from schemagen.diagnostics import Problem, ProblemsFound, display_path


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


def find_sources(docs: Path, root: Path) -> tuple[Source, ...]:
    """Read every ``*.md`` below ``docs``, sorted by path.

    Raises `ProblemsFound` with SG101 for everything that cannot be read, or SG103 if there is no page.
    """
    sources = read_below(docs, root, ".md", "create the folder, or set another one with `docs`")
    if not sources:
        message = "the folder contains no pages (*.md); add them, or set another folder with `docs`"
        raise ProblemsFound([Problem(display_path(docs, root), 1, 1, "SG103", message)])
    return sources


def read_below(folder: Path, root: Path, ending: str, if_missing: str = "") -> tuple[Source, ...]:
    """Read all files below ``folder`` whose names end with ``ending``, sorted by path.

    Links are followed. Names that begin with a dot are passed over: editors and file managers make such
    files. A missing folder has no files unless ``if_missing`` says what to do about it. Raises
    `ProblemsFound` with an SG101 for everything that cannot be read: what was generated from it would
    be removed otherwise.
    """
    reader = _Reader(ending)
    shown = _path_from(root, folder)
    try:
        reader.read(str(folder), shown)
    except FileNotFoundError as error:
        if if_missing:
            reader.unreadable(shown, f"{error.strerror}; {if_missing}")
    except OSError as error:
        reader.unreadable(shown, error.strerror or str(error))
    if reader.problems:
        raise ProblemsFound(reader.problems)
    return tuple(sorted(reader.sources, key=lambda source: source.path))


def _path_from(root: Path, folder: Path) -> PurePosixPath:
    """Return the path that leads from ``root`` to ``folder``: the same in every checkout, also if it leads
    out of the project. Only a folder on another drive keeps its own path."""
    try:
        relative = os.path.relpath(folder, root)
    except ValueError:
        return PurePosixPath(folder.as_posix())
    return PurePosixPath(relative.replace(os.sep, "/"))


@dataclass(slots=True)
class _Reader:
    """Reads the files of folders. ``above`` identifies the folders around the one that it reads."""

    ending: str
    sources: list[Source] = field(default_factory=list[Source])
    problems: list[Problem] = field(default_factory=list[Problem])
    above: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def unreadable(self, path: object, reason: str) -> None:
        self.problems.append(Problem(str(path), 1, 1, "SG101", f"cannot be read: {reason}"))

    def read(self, folder: str, shown: PurePosixPath) -> None:
        """Read the files of ``folder`` and of those below it. Raises OSError if it cannot be listed."""
        status = os.stat(folder)  # noqa: PTH116 - the same for names and entries
        identity = status.st_dev, status.st_ino
        if identity in self.above:
            self.unreadable(shown, "the link leads back to a folder that contains it; remove it")
            return
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if not entry.name.startswith(".")]
        self.above.append(identity)
        for entry in found:
            try:
                self._read_entry(entry, shown / entry.name)
            except OSError as error:
                self.unreadable(shown / entry.name, error.strerror or str(error))
        self.above.pop()

    def _read_entry(self, entry: os.DirEntry[str], shown: PurePosixPath) -> None:
        if entry.is_dir():
            self.read(entry.path, shown)
        elif entry.name.endswith(self.ending) and not _is_utf8(str(shown)):
            self.unreadable(shown, "its path is not UTF-8; rename it")
        elif entry.name.endswith(self.ending) and entry.is_file():
            # Unbuffered: half the time of Path.read_bytes.
            with open(entry.path, "rb", buffering=0) as file:  # noqa: PTH123
                self.sources.append(Source(str(shown), file.read().replace(b"\r\n", b"\n")))
        elif entry.is_symlink() and not os.path.exists(entry.path):  # noqa: PTH110
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
