"""Format the type table for ``schemagen types``."""

from __future__ import annotations

import json
from typing import Any

from schemagen.typetable import DIALECTS, Type, TypeTable, array_row

HEADINGS = (
    "DDSQL",
    "Python / pydantic",
    "JSON Schema",
    *(dialect.title for dialect in DIALECTS),
    "from boto3",
)
WORDS = ("from boto3",)
"""The headings of the columns that hold prose."""


def rows(types: TypeTable) -> list[tuple[str, ...]]:
    """Format the type table for people: one row per type, then the rule for arrays."""
    arrays = [dialect.array.format("T") for dialect in DIALECTS]
    return [
        *(_row(row) for row in types.types.values()),
        ("array<T>", array_row("T"), "array of T or null", *arrays, "list"),
    ]


def _row(row: Type) -> tuple[str, ...]:
    return (
        row.name,
        row.python.definition or row.python.name,
        json.dumps(row.json_schema),
        *(row.sql[dialect.name].name for dialect in DIALECTS),
        row.boto3,
    )


def to_json(types: TypeTable) -> list[dict[str, Any]]:
    """Return what ``types --format json`` prints. Other programs rely on these names."""
    return [
        {
            "type": row.name,
            "python": row.python.definition or row.python.name,
            "json_schema": dict(row.json_schema),
            **{dialect.name: row.sql[dialect.name].name for dialect in DIALECTS},
            "row": row.row,
            "convert": row.convert,
            "boto3": row.boto3,
        }
        for row in types.types.values()
    ]
