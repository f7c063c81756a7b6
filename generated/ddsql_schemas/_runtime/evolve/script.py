# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Print a migration as an SQL script, which any client of the engine runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from . import postgres, records
from .state import Dialect
from .steps import Migration


def script(
    migration: Migration, dialect: Dialect, version: str, heading: Sequence[str] = ()
) -> str:
    """Format a migration to ``version`` of the package as a script. ``heading`` are lines of a comment."""
    lines = [f"-- {_comment(line)}".rstrip() for line in heading]
    parts = [
        (
            "One transaction: run it with `psql --set ON_ERROR_STOP=1 --file FILE`.",
            [*postgres.begin()],
        ),
        (
            "Stop unless the tables are as they were.",
            [*records.prepare("postgres"), *postgres.guards(migration)],
        ),
        ("What loses nothing.", postgres.statements(migration, dialect)),
        ("What loses values, as allowed.", postgres.destructive(migration)),
        (
            "Record the types of the columns.",
            records.record(migration, dialect.name, version),
        ),
        ("", ["COMMIT"]),
    ]
    text = "\n".join(lines)
    for title, statements in parts:
        text += _part(title, statements)
    return text.lstrip("\n")


def _part(title: str, statements: Iterable[str]) -> str:
    body = "".join(_terminated(statements))
    if not body:
        return ""
    return f"\n-- {title}\n{body}" if title else f"\n{body}"


def _terminated(statements: Iterable[str]) -> Iterator[str]:
    for statement in statements:
        yield f"{statement};\n"


def _comment(line: str) -> str:
    """Make a line of a comment of text that may be anything."""
    return "".join(letter if letter.isprintable() else " " for letter in line)
