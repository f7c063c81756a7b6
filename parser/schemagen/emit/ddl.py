"""LinkedTable -> the statements that create it in one SQL dialect. They may run any number of times."""

from __future__ import annotations

from collections.abc import Iterator

from schemagen import templating
from schemagen.convert import text
from schemagen.emit import tree
from schemagen.errors import Problem
from schemagen.link import LinkedColumn, LinkedTable
from schemagen.names import sql_name
from schemagen.typetable import DIALECTS, Dialect

MAX_DEPTH = 2
"""How deeply arrays may be nested: the generated package knows no deeper ones."""


def render(table: LinkedTable, dialect: Dialect) -> str:
    """The DDL file of ``table`` in ``dialect``."""
    types = [column.type.sql(dialect) for column in table.columns]
    return templating.render(
        f"ddl/{dialect.template}.sql.j2",
        notice=tree.notice(table.table.id),
        extensions=sorted({sql.extension for sql in types if sql.extension}),
        schema=identifier(table.table.provider, dialect),
        name=identifier(table.table.name, dialect),
        key=table.table.key and identifier(table.table.key, dialect),
        comment=_table_comment(table),
        columns=[
            {
                "name": column.sql_names[dialect.name],
                "type": sql.name,
                "comment": _column_comment(column, dialect),
            }
            for column, sql in zip(table.columns, types, strict=True)
        ],
    )


def identifier(name: str, dialect: Dialect) -> str:
    """What the schema, table or column ``name`` is called in ``dialect``, unquoted."""
    return sql_name(name, max_bytes=dialect.max_identifier, reserved=dialect.system_columns)


def _table_comment(table: LinkedTable) -> str:
    page = table.table
    return _paragraphs(page.title, page.documentation)


def _column_comment(column: LinkedColumn, dialect: Dialect) -> str:
    name = column.column.name
    renamed = column.sql_names[dialect.name] != name
    return _paragraphs(
        column.column.description, f"The documentation calls this column {name}." if renamed else ""
    )


def _paragraphs(*parts: str) -> str:
    # Replaced, not reported: a comment that lost an unstorable character is still the comment.
    return text("\n\n".join(filter(None, parts)), "comment", errors="replace")


def problems(table: LinkedTable) -> Iterator[Problem]:
    """Why ``table`` does not fit an SQL target (SG120, SG121)."""
    for column in table.columns:
        if column.type.depth > MAX_DEPTH:
            origin = column.column.origin
            message = f"arrays are nested deeper than {MAX_DEPTH} levels in {column.column.name!r}"
            yield Problem(origin.path, origin.line, 1, "SG121", message)
    for dialect in DIALECTS:
        yield from _size(table, dialect)
        yield from _collisions(table, dialect)


def _size(table: LinkedTable, dialect: Dialect) -> Iterator[Problem]:
    number = len(table.columns)
    if number < dialect.min_columns:
        limit = f"needs at least {dialect.min_columns}"
    elif dialect.max_columns and number > dialect.max_columns:
        limit = f"takes at most {dialect.max_columns}"
    else:
        return
    origin = table.table.origin
    message = f"the table has {number} columns; {dialect.title} {limit}"
    yield Problem(origin.path, origin.line, 1, "SG121", message)


def _collisions(table: LinkedTable, dialect: Dialect) -> Iterator[Problem]:
    taken: dict[bytes, str] = {}
    for column in table.columns:
        source, name = column.column, column.sql_names[dialect.name].encode()
        # DuckDB folds the letters of ASCII only, and so does lower() of bytes.
        other = taken.setdefault(name.lower() if dialect.fold_case else name, source.name)
        if other != source.name:
            message = f"columns {other!r} and {source.name!r} are one name in {dialect.title}"
            yield Problem(source.origin.path, source.origin.line, 1, "SG120", message)
