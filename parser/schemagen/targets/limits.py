"""Check tables against the limits of the SQL engines and of the generated package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemagen.catalog import LinkedTable
from schemagen.diagnostics import Problem
from schemagen.typetable import Dialect, Notation

MAX_DEPTH = 2
"""How many levels of arrays the generated package can load."""


def problems(table: LinkedTable, notations: Iterable[Notation]) -> Iterator[Problem]:
    """Report what keeps ``table`` from being built for some or all targets (SG120, SG121)."""
    for column in table.columns:
        if column.type.depth > MAX_DEPTH:
            source = column.column
            message = f"arrays are nested deeper than {MAX_DEPTH} levels in {source.name!r}"
            if column.type.expression != source.type.strip():
                message += f", which is {column.type.expression} by {column.type.rule}"
            message += "; give the column the type json with [[tool.schemagen.columns]]"
            yield Problem(
                source.origin.path, source.origin.line, source.type_column, "SG121", message
            )
    for notation in notations:
        if isinstance(notation, Dialect):
            yield from _size(table, notation)
        yield from _collisions(table, notation)


def _size(table: LinkedTable, dialect: Dialect) -> Iterator[Problem]:
    number = len(table.columns)
    if number < dialect.min_columns:
        limit = f"needs at least {dialect.min_columns}"
    elif dialect.max_columns and number > dialect.max_columns:
        limit = f"takes at most {dialect.max_columns}"
    else:
        return
    origin = table.table.origin
    message = f"the table has {number} columns; {dialect.title} {limit}; correct its page"
    yield Problem(origin.path, origin.line, 1, "SG121", message)


def _collisions(table: LinkedTable, notation: Notation) -> Iterator[Problem]:
    taken: dict[bytes, str] = {}
    for column in table.columns:
        source, name = column.column, column.names[notation.name].encode()
        # DuckDB folds ASCII letters only; so does bytes.lower().
        other = taken.setdefault(name.lower() if notation.fold_case else name, source.name)
        if other != source.name:
            message = (
                f"columns {other!r} and {source.name!r} have the same name in {notation.title};"
                " rename one of them on the page"
            )
            yield Problem(source.origin.path, source.origin.line, 1, "SG120", message)
