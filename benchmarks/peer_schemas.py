"""Tables as the input of peers: a LinkML schema and a data contract (ODCS), one of each per table.

Every column gets the nearest type that holds its values and that the peer's outputs know.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from schemagen.model.pages import Column, Table
from schemagen.names import class_name

Yaml = Mapping[str, object]

ARRAY = "array<"

# LinkML has no maps and no free objects: `Any` is what its documentation has for both.
LINKML_RANGES = {
    "string": "string",
    "int64": "integer",
    "float64": "double",
    "bool": "boolean",
    "timestamp": "datetime",
    "json": "Any",
    "hstore": "Any",
    "hstore_csv": "Any",
}

TEXT: Yaml = {"logicalType": "string"}
CONTRACT_TYPES: Mapping[str, Yaml] = {
    "string": TEXT,
    # The physical type is what makes the DDL's types as wide as the column's.
    "int64": {"logicalType": "integer", "physicalType": "bigint"},
    "float64": {"logicalType": "number", "physicalType": "double"},
    "bool": {"logicalType": "boolean"},
    "timestamp": {"logicalType": "timestamp"},
    "json": {"logicalType": "object"},
    "hstore": {"logicalType": "map", "map": {"key": TEXT, "value": TEXT}},
    "hstore_csv": {
        "logicalType": "map",
        "map": {"key": TEXT, "value": {"logicalType": "array", "items": TEXT}},
    },
}


def write(tables: tuple[Table, ...], schemas: Path, contracts: Path) -> None:
    """One file per table in each of the folders, which are made."""
    for folder, convert in ((schemas, linkml), (contracts, contract)):
        folder.mkdir()
        for table in tables:
            text = yaml.safe_dump(convert(table), sort_keys=False, allow_unicode=True)
            (folder / f"{table.name}.yaml").write_text(text, encoding="utf-8")


def linkml(table: Table) -> Yaml:
    return {
        "id": f"https://example.org/{table.id}",
        "name": table.name,
        "imports": ["linkml:types"],
        "prefixes": {"linkml": "https://w3id.org/linkml/"},
        "default_range": "string",
        "classes": {
            "Any": {"class_uri": "linkml:Any"},
            class_name(table.name): {
                "description": table.description,
                "attributes": {column.name: _attribute(column) for column in table.columns},
            },
        },
    }


def _attribute(column: Column) -> Yaml:
    element = column.type.removeprefix(ARRAY).removesuffix(">")
    found: dict[str, object] = {"range": LINKML_RANGES[element]}
    if column.type.startswith(ARRAY):
        found["multivalued"] = True
    if column.name == "_key":
        found["identifier"] = True
    if column.description:
        found["description"] = column.description
    return found


def contract(table: Table) -> Yaml:
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": table.id,
        "name": table.title,
        "version": "1.0.0",
        "status": "active",
        "schema": [
            {
                "name": table.name,
                "logicalType": "object",
                "physicalType": "table",
                "description": table.description,
                "properties": [_property(column) for column in table.columns],
            }
        ],
    }


def _property(column: Column) -> Yaml:
    found: dict[str, object] = {"name": column.name}
    if column.type.startswith(ARRAY):
        element = column.type.removeprefix(ARRAY).removesuffix(">")
        found |= {"logicalType": "array", "items": dict(CONTRACT_TYPES[element])}
    else:
        found |= CONTRACT_TYPES[column.type]
    if column.name == "_key":
        found |= {"required": True, "primaryKey": True, "primaryKeyPosition": 1}
    if column.description:
        found["description"] = column.description
    return found
