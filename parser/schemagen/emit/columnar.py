"""LinkedTable -> the Python modules that define its schema for pyarrow and for pyspark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemagen.catalog import LinkedColumn, LinkedTable
from schemagen.emit import descriptions, paths, templating
from schemagen.emit.layout import lay_out
from schemagen.emit.parts import RenderContext
from schemagen.names import python_literal
from schemagen.targets.registry import Target


def render_arrow(
    tables: Sequence[LinkedTable], target: Target, context: RenderContext
) -> list[str]:
    """Render the modules of Arrow schemas."""
    return [_module(table, "arrow", _arrow(table, target.notation)) for table in tables]


def render_spark(
    tables: Sequence[LinkedTable], target: Target, context: RenderContext
) -> list[str]:
    """Render the modules of Spark schemas."""
    return [_module(table, "spark", _spark(table, target.notation)) for table in tables]


def _module(table: LinkedTable, template: str, schema: str) -> str:
    return templating.render(
        f"{template}/table.py.j2",
        notice=paths.notice(table.table.id),
        id=table.table.id,
        schema=lay_out(f"SCHEMA = {schema}"),
    )


def _arrow(table: LinkedTable, notation: str) -> str:
    facts = {
        "ddsql_table": table.table.id,
        "ddsql_key": table.table.key or "",
        "description": descriptions.of_table(table),
    }
    fields = ", ".join(_arrow_field(column, table, notation) for column in table.columns)
    return f"pa.schema([{fields}], metadata={_mapping(facts)})"


def _arrow_field(column: LinkedColumn, table: LinkedTable, notation: str) -> str:
    facts = {
        "ddsql_type": column.type.expression,
        "description": descriptions.of_column(column, notation),
    }
    name = python_literal(column.names[notation])
    required = ", nullable=False" if column.column.name == table.table.key else ""
    return f"pa.field({name}, {column.types[notation]}{required}, metadata={_mapping(facts)})"


def _spark(table: LinkedTable, notation: str) -> str:
    fields = ", ".join(_spark_field(column, table, notation) for column in table.columns)
    return f"types.StructType([{fields}])"


def _spark_field(column: LinkedColumn, table: LinkedTable, notation: str) -> str:
    # Spark shows the metadata "comment" as the comment of a column.
    facts = {
        "ddsql_type": column.type.expression,
        "comment": descriptions.of_column(column, notation),
    }
    name = python_literal(column.names[notation])
    nullable = column.column.name != table.table.key
    return f"types.StructField({name}, {column.types[notation]}, {nullable}, {_mapping(facts)})"


def _mapping(facts: Mapping[str, str]) -> str:
    """Write the facts that are not empty as a dict."""
    pairs = (
        f"{python_literal(key)}: {python_literal(text)}" for key, text in facts.items() if text
    )
    return f"{{{', '.join(pairs)}}}"
