# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Make the statements that create a table. They may run any number of times."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..quoting import identifier
from .state import TableState


def create_table(table: TableState, literal: Callable[[str], str]) -> Iterator[str]:
    """Yield the statements that create a table and its schema, with comments.

    ``literal`` quotes text as the engine needs it.
    """
    yield f"CREATE SCHEMA IF NOT EXISTS {identifier(table.schema)}"
    relation = f"{identifier(table.schema)}.{identifier(table.name)}"
    lines = [
        f"{identifier(column.stored)} {column.sql}"
        + (" NOT NULL" if column.name == table.key else "")
        for column in table.columns
    ]
    if key := table.key_column:
        lines.append(f"PRIMARY KEY ({identifier(key.stored)})")
    body = ",\n".join(f"    {line}" for line in lines)
    yield f"CREATE TABLE IF NOT EXISTS {relation} (\n{body}\n)"
    if table.comment:
        yield on_table(relation, literal(table.comment))
    for column in table.columns:
        if column.comment:
            yield on_column(relation, column.stored, literal(column.comment))


def on_table(relation: str, comment: str) -> str:
    """Return the statement that sets the comment of a table; both are SQL."""
    return f"COMMENT ON TABLE {relation} IS {comment}"


def on_column(relation: str, column: str, comment: str) -> str:
    """Return the statement that sets the comment of a column by its name."""
    return f"COMMENT ON COLUMN {relation}.{identifier(column)} IS {comment}"
