"""LinkedTable -> the statements that create it in one SQL dialect. They may run any number of times."""

from __future__ import annotations

from collections.abc import Sequence

from schemagen.catalog import LinkedTable
from schemagen.emit import descriptions, paths, templating
from schemagen.emit.parts import RenderContext
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
        comment=descriptions.of_table(table),
        columns=[
            {
                "name": column.names[dialect.name],
                "type": sql.name,
                "comment": descriptions.of_column(column, dialect.name),
            }
            for column, sql in zip(table.columns, types, strict=True)
        ],
    )
