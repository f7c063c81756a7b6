"""LinkedTable -> the statements that create it in one SQL dialect. They may run any number of times."""

from __future__ import annotations

from collections.abc import Sequence

from schemagen.catalog import LinkedColumn, LinkedTable
from schemagen.emit import paths, templating
from schemagen.emit.parts import RenderContext
from schemagen.runtime.convert import text
from schemagen.targets.registry import Target
from schemagen.typetable import Dialect


def render_tables(
    tables: Sequence[LinkedTable], target: Target, context: RenderContext
) -> list[str]:
    """Render the DDL files of ``tables`` in the dialect of ``target``."""
    dialects = {dialect.name: dialect for dialect in context.settings.types.dialects}
    return [render(table, dialects[target.notation]) for table in tables]


def render(table: LinkedTable, dialect: Dialect) -> str:
    """Render the DDL file of ``table`` in ``dialect``."""
    relation = table.relations[dialect.name]
    named = [(column.column.name, column.names) for column in table.columns]
    types = [column.type.sql(dialect) for column in table.columns]
    return templating.render(
        f"ddl/{dialect.template}.sql.j2",
        notice=paths.notice(table.table.id),
        extensions=sorted({sql.extension for sql in types if sql.extension}),
        schema=relation.schema,
        name=relation.name,
        key=next((names[dialect.name] for name, names in named if name == table.table.key), None),
        comment=_table_comment(table),
        columns=[
            {
                "name": column.names[dialect.name],
                "type": sql.name,
                "comment": _column_comment(column, dialect),
            }
            for column, sql in zip(table.columns, types, strict=True)
        ],
    )


def _table_comment(table: LinkedTable) -> str:
    page = table.table
    return _paragraphs(page.title, page.documentation)


def _column_comment(column: LinkedColumn, dialect: Dialect) -> str:
    name = column.column.name
    renamed = column.names[dialect.name] != name
    return _paragraphs(
        column.column.description, f"The documentation calls this column {name}." if renamed else ""
    )


def _paragraphs(*parts: str) -> str:
    # A comment that lost an unstorable character is still useful, so replace it without a report.
    return text("\n\n".join(filter(None, parts)), "comment", errors="replace")
