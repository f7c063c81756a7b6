# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Print a migration as an SQL script, which any client of the engine runs, and choose what an engine
needs for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from ..usage import UsageError
from . import duckdb, postgres
from .state import Dialect, TableState
from .steps import Migration

Section = tuple[str, Iterable[str]]
"""A part of a script: what it does, and its statements, without semicolons."""


class Engine(NamedTuple):
    """How an engine creates a table, and the parts of a script that migrates to a version: in one
    transaction, or if the engine has a use for that, in batches."""

    create: Callable[[TableState, Dialect], Iterator[str]]
    sections: Callable[[Migration, Dialect, str], Iterator[Section]]
    batches: Callable[[Migration, Dialect, str], Iterator[Section]] | None = None


ENGINES: Mapping[str, Engine] = {
    "postgres": Engine(
        postgres.create,
        postgres.sections,
        partial(postgres.sections, batches=True),
    ),
    "duckdb": Engine(duckdb.create, duckdb.sections),
}


def create(table: TableState, dialect: Dialect) -> Iterator[str]:
    """Yield the statements that create a table, its schema, and what its types need. They may run any
    number of times."""
    return ENGINES[dialect.engine].create(table, dialect)


def script(
    migration: Migration,
    dialect: Dialect,
    version: str,
    heading: Sequence[str] = (),
    *,
    batches: bool = False,
) -> str:
    """Format a migration to ``version`` of the package as a script. ``heading`` are lines of a comment.

    With ``batches``, it is not one transaction, but can be run again until it is done. Raises
    `UsageError` if the engine knows no batches.
    """
    engine = ENGINES[dialect.engine]
    sections = engine.batches if batches else engine.sections
    if sections is None:
        raise UsageError(
            f"{dialect.name} has no batches: nobody else can use the database meanwhile"
        )
    return as_text(sections(migration, dialect, version), heading)


def as_text(sections: Iterable[Section], heading: Sequence[str] = ()) -> str:
    """Format the parts of a script, below a comment of the lines of ``heading``."""
    text = "".join(f"-- {_comment(line)}".rstrip() + "\n" for line in heading)
    for title, statements in sections:
        body = "".join(f"{statement};\n" for statement in statements)
        if body:
            text += f"\n-- {title}\n{body}"
    return text.lstrip("\n")


def _comment(line: str) -> str:
    """Make a line of a comment of text that may be anything."""
    return "".join(letter if letter.isprintable() else " " for letter in line)
