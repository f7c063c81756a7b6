"""Report problems with inputs, as ``path:line:column: CODE message``, and look up error codes.

A `Problem` is one finding. `ProblemsFound` carries all findings of a run, so that somebody who has to
correct forty pages sees all forty lines at once. `error_codes` reads the registry, errors.toml.
"""

# Every module imports this one, so the registry, which is long, is only read on demand.
from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from reprlib import Repr
from types import MappingProxyType
from typing import Any

from schemagen.runtime import lookup

REGISTRY = Path(__file__).with_name("errors.toml")


@dataclass(frozen=True, slots=True)
class Example:
    """A minimal project that has an error."""

    command: str
    """The command that is run in the project's folder."""
    output: str
    """The line that it prints."""
    files: Mapping[str, str]
    """The project's files, path to text."""
    encoding: str
    note: str
    """What the files do not show; may be empty."""


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """An entry of the registry. The texts are Markdown without line breaks inside paragraphs."""

    code: str
    name: str
    """A short name in kebab-case."""
    meaning: str
    remedy: str
    example: Example


@cache
def error_codes() -> Mapping[str, ErrorCode]:
    """Read the registry: every code with its entry, sorted by code."""
    import tomllib

    entries = tomllib.loads(REGISTRY.read_text("utf-8"))
    return MappingProxyType(
        {
            code: ErrorCode(
                code,
                entry["name"],
                " ".join(entry["meaning"].split()),
                " ".join(entry["remedy"].split()),
                Example(
                    entry["example"]["command"],
                    entry["example"]["output"],
                    MappingProxyType(entry["example"].get("files", {})),
                    entry["example"].get("encoding", "utf-8"),
                    entry["example"].get("note", ""),
                ),
            )
            for code, entry in sorted(entries.items())
        }
    )


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A finding in an input, with its position.

    ``path`` is relative to the project's root where it lies inside it, with forward slashes.
    ``line`` and ``column`` count from 1; columns count characters, not bytes.
    ``code`` is a key of `error_codes`.
    """

    path: str
    line: int
    column: int
    code: str
    message: str

    def __str__(self) -> str:
        position = f"{_bounded(self.path)}:{self.line}:{self.column}"
        return f"{position}: {self.code} {_bounded(self.message)}"


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """The position of an entry of a settings file.

    ``keys`` maps the entry's keys to line and column, and "" to those of the entry itself.
    """

    path: str
    keys: Mapping[str, tuple[int, int]]

    @property
    def line(self) -> int:
        return self.keys[""][0]

    def problem(self, code: str, message: str, key: str = "") -> Problem:
        """Make a problem at ``key``, or at the entry if it lacks that key."""
        return Problem(self.path, *self.keys.get(key, self.keys[""]), code, message)


_MAX_SHOWN = 1500
"""Characters of a message: the longest lists of known names have 900."""


def _bounded(text: str) -> str:
    return printable(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…")


def printable(text: str) -> str:
    """Escape unprintable characters, which could move a terminal's cursor; file names may contain any."""
    return text if text.isprintable() else repr(text)[1:-1]


def shown(text: str) -> str:
    """Quote ``text`` for a message, on one line and shortened to 60 characters."""
    return repr(text if len(text) <= 60 else f"{text[:59]}…")


def excerpt(value: object) -> str:
    """Format a value for a message, shortened."""
    return _excerpts.repr(value)


class _Excerpts(Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxdict = self.maxlist = self.maxtuple = 6
        self.maxother = self.maxlong = 60

    def repr_str(self, x: str, level: int) -> str:
        return shown(x)

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        # The base class sorts the keys.
        if level <= 0:
            return "{…}"
        entries = [
            f"{self.repr1(key, level - 1)}: {self.repr1(value, level - 1)}"
            for key, value in islice(x.items(), self.maxdict)
        ]
        return f"{{{', '.join(entries + ['…'] * (len(x) > self.maxdict))}}}"


_excerpts = _Excerpts()


def display_path(path: Path, root: Path) -> str:
    """Format a path for messages and origins: relative to ``root`` if inside it, with forward slashes."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 -- links are kept as they are named
    base = Path(os.path.abspath(root))  # noqa: PTH100
    return (absolute.relative_to(base) if absolute.is_relative_to(base) else path).as_posix()


def is_error_code(text: str) -> bool:
    """Whether ``text`` has the form of a code, such as "SG118"."""
    return re.fullmatch(r"SG[0-9]{3}", text) is not None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Suggest the known name most similar to ``name``, to append to a message; "" if none is."""
    return lookup.did_you_mean([name], known)


class ProblemsFound(Exception):
    """Raised when inputs are invalid; holds all problems of the run, sorted by position."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[ProblemsFound], tuple[tuple[Problem, ...]]]:
        # Processes of a build send it to each other.
        return ProblemsFound, (self.problems,)


@contextmanager
def during(activity: str) -> Generator[None]:
    """Note on an exception that nobody expects what was being done, such as "reading a.md".

    The message of an internal error shows the notes. Notes survive the way from another process.
    """
    try:
        yield
    except ProblemsFound:
        raise
    except Exception as error:
        error.add_note(f"{_WHILE}{activity}")
        raise


_WHILE = "while "


def activities(error: BaseException) -> tuple[str, ...]:
    """Return what was being done when ``error`` was raised, as `during` noted it, innermost first."""
    notes: list[str] = getattr(error, "__notes__", [])
    return tuple(note for note in notes if note.startswith(_WHILE))


@contextmanager
def unreadable_as_problem(display: Callable[[Path], str]) -> Generator[None]:
    """Turn an OSError about a file into `ProblemsFound` with an SG101; ``display`` formats its path."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            raise
        path = display(Path(os.fsdecode(error.filename)))
        raise ProblemsFound([unreadable(path, error)]) from error


def unreadable(path: str, error: OSError) -> Problem:
    """Make the SG101 of a file that the system does not let us read."""
    return Problem(path, 1, 1, "SG101", f"cannot be read: {error.strerror or error}")


class UnknownTables(LookupError):
    """Raised for table ids that do not exist, or cannot be used here.

    ``message`` says why and is followed by the ids; similar ids from ``known`` are suggested.
    """

    def __init__(self, tables: Iterable[str], message: str, known: Iterable[str] = ()) -> None:
        self.tables = tuple(sorted(tables))
        hint = lookup.did_you_mean(self.tables, known)
        super().__init__(f"{message} {', '.join(self.tables)}{hint}")


def matching_tables(
    tables: Iterable[str], known: Collection[str], message: str = "no page has the id"
) -> set[str]:
    """Return the ``known`` ids that ``tables`` name, which are ids or patterns such as ``aws.s3_*``.

    Raises `UnknownTables` if any of ``tables`` names none.
    """
    from fnmatch import fnmatchcase

    named = {table: {id for id in known if fnmatchcase(id, table)} for table in tables}
    if unknown := [table for table, found in named.items() if not found]:
        raise UnknownTables(unknown, message, known)
    return set[str]().union(*named.values())


def require_tables(
    tables: Iterable[str], known: Collection[str], message: str = "no page has the id"
) -> None:
    """Raise `UnknownTables` if any of ``tables`` is not ``known``."""
    if unknown := set(tables).difference(known):
        raise UnknownTables(unknown, message, known)
