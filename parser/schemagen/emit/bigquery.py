"""LinkedTable -> its schema as JSON, as ``bq mk --schema`` and google-cloud-bigquery read it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from schemagen.catalog import LinkedColumn, LinkedTable
from schemagen.emit import descriptions
from schemagen.emit.parts import RenderContext
from schemagen.targets.registry import Target
from schemagen.typetable import Notation

MAX_DESCRIPTION = 1024
"""How many characters BigQuery accepts: https://cloud.google.com/bigquery/docs/schemas"""


def render_tables(
    tables: Sequence[LinkedTable], target: Target, context: RenderContext
) -> list[str]:
    """Render the schemas of ``tables``."""
    types = context.settings.types
    notation = types.notation(target.notation)
    nested = types.resolve("json").spelled(notation)
    return [
        json.dumps([_field(column, table, notation, nested) for column in table.columns], indent=2)
        + "\n"
        for table in tables
    ]


def _field(
    column: LinkedColumn, table: LinkedTable, notation: Notation, nested: str
) -> dict[str, str]:
    element = column.type.element
    if element is None:
        mode = "REQUIRED" if column.column.name == table.table.key else "NULLABLE"
        type = column.type.spelled(notation)
    elif element.element is None:
        mode, type = "REPEATED", element.spelled(notation)
    else:  # BigQuery has no arrays of arrays
        mode, type = "NULLABLE", nested
    description = descriptions.of_column(column, notation.name)
    if len(description) > MAX_DESCRIPTION:
        description = description[: MAX_DESCRIPTION - 1] + "…"
    field = {"name": column.names[notation.name], "type": type, "mode": mode}
    return field | ({"description": description} if description else {})
