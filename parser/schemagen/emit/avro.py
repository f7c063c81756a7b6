"""LinkedTable -> its Avro schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from schemagen.catalog import LinkedColumn, LinkedTable
from schemagen.emit import descriptions, paths
from schemagen.emit.parts import RenderContext
from schemagen.targets.registry import Target
from schemagen.typetable import Notation


def render_tables(
    tables: Sequence[LinkedTable], target: Target, context: RenderContext
) -> list[str]:
    """Render the schemas of ``tables``."""
    notation = context.settings.types.notation(target.notation)
    return [json.dumps(_record(table, notation), indent=2) + "\n" for table in tables]


def _record(table: LinkedTable, notation: Notation) -> dict[str, Any]:
    relation = table.relations[notation.name]
    return {
        # Readers of Avro ignore attributes that they do not know.
        "$comment": paths.notice(table.table.id),
        "type": "record",
        "name": relation.name,
        "namespace": relation.schema,
        "doc": descriptions.of_table(table),
        "fields": [_field(column, table, notation) for column in table.columns],
    }


def _field(column: LinkedColumn, table: LinkedTable, notation: Notation) -> dict[str, Any]:
    spelled = column.types[notation.name]
    field: dict[str, Any] = {"name": column.names[notation.name]}
    if column.column.name == table.table.key:
        field["type"] = json.loads(spelled)
    else:
        field |= {"type": json.loads(notation.nullable.replace("{}", spelled)), "default": None}
    if description := descriptions.of_column(column, notation.name):
        field["doc"] = description
    return field | {"ddsql_type": column.type.expression}
