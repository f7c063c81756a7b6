"""LinkedTable -> the statements that create it in one SQL dialect. They may run any number of times."""

from __future__ import annotations

from schemagen.catalog import LinkedColumn, LinkedTable
from schemagen.emit import paths, templating
from schemagen.names import sql_name
from schemagen.runtime.convert import text
from schemagen.typetable import Dialect


def render(table: LinkedTable, dialect: Dialect) -> str:
    """Render the DDL file of ``table`` in ``dialect``."""
    types = [column.type.sql(dialect) for column in table.columns]
    return templating.render(
        f"ddl/{dialect.template}.sql.j2",
        notice=paths.notice(table.table.id),
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
    """Make the unquoted identifier of the schema, table or column ``name`` in ``dialect``."""
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
    # A comment that lost an unstorable character is still useful, so replace it without a report.
    return text("\n\n".join(filter(None, parts)), "comment", errors="replace")
