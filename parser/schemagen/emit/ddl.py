"""LinkedTable -> the statements that create it in one SQL dialect. They may run any number of times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemagen.catalog import LinkedTable
from schemagen.emit import descriptions, paths
from schemagen.emit.parts import RenderContext
from schemagen.runtime.evolve import script
from schemagen.runtime.evolve.state import ColumnState, TableState
from schemagen.runtime.evolve.state import Dialect as Spoken
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
    sql = [column.type.sql(dialect) for column in table.columns]
    extensions = {type.name: type.extension for type in sql if type.extension}
    statements = script.create(
        state(table, dialect), Spoken(dialect.name, dialect.template, extensions)
    )
    return (
        f"-- {paths.notice(table.table.id)}\n\n"
        + "\n\n".join(f"{text};" for text in statements)
        + "\n"
    )


def state(table: LinkedTable, dialect: Dialect) -> TableState:
    """Describe the table that the DDL creates."""
    relation = table.relations[dialect.name]
    return TableState(
        table.table.id,
        relation.schema,
        relation.name,
        table.table.key,
        tuple(_columns(table, dialect)),
        descriptions.of_table(table),
    )


def _columns(table: LinkedTable, dialect: Dialect) -> Iterator[ColumnState]:
    for column in table.columns:
        yield ColumnState(
            column.column.name,
            column.names[dialect.name],
            column.type.expression,
            column.type.sql(dialect).name,
            descriptions.of_column(column, dialect.name),
        )
