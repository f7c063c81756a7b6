"""What schemagen and datacontract-cli see of the same changes, and whom they say these break.

    python benchmarks/changes_seen.py [--json FILE]

Prints a table with a row for every rule of `schemagen diff`: a pair of catalogues that differ in nothing
else, compared by `schemagen diff`, and as two data contracts (ODCS 3.2) by `datacontract changelog` and
`datacontract breaking`. A contract has everything that the standard has a place for. datacontract-cli is
installed on the first run, as `peers` does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from peer_schemas import ARRAY, CONTRACT_TYPES
from peers import SCRIPTS, install, program
from run import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from changes import pairs
from schemagen import api
from schemagen.rules.registry import rules
from schemagen.runtime import catalog_json
from schemagen.runtime.catalog_data import (
    CatalogData,
    ColumnData,
    MemberData,
    ShapeData,
    TableData,
    ValueData,
)

PEER = "datacontract-cli"
SQL = "postgres"
"""The dialect whose names and types are the physical ones of a contract."""
Yaml = dict[str, Any]
SCALARS: Mapping[str, Yaml] = {
    "int64": {"logicalType": "integer"},
    "float64": {"logicalType": "number"},
    "bool": {"logicalType": "boolean"},
    "timestamp": {"logicalType": "timestamp"},
    "json": {"logicalType": "object"},
}
LIMITS: Mapping[str, Mapping[str, str]] = {
    "string": {"min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"},
    "integer": {"minimum": "minimum", "maximum": "maximum"},
    "number": {"minimum": "minimum", "maximum": "maximum"},
    "array": {"min_items": "minItems", "max_items": "maxItems"},
}
"""The limits that a contract may have, by logical type."""


# --- a catalogue as a contract --------------------------------------------------------------------


def contract(catalog: CatalogData) -> Yaml:
    return {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": catalog.package,
        "name": catalog.package,
        "version": catalog.version,
        "status": "active",
        "servers": [
            {"server": target, "type": "custom"} for target in catalog.targets if target != "python"
        ],
        "schema": [_table(table, catalog) for table in catalog.tables.values()],
    }


def _table(table: TableData, catalog: CatalogData) -> Yaml:
    found: Yaml = {
        "name": table.id,
        "physicalName": f"{table.schema_in(SQL)}.{table.name_in(SQL)}",
        "physicalType": "table",
        "logicalType": "object",
        "businessName": table.title,
        "description": _text(table.description, table.deprecated),
        "deprecated": table.deprecated is not None,
        "properties": [_column(column, table, catalog) for column in table.columns],
    }
    if table.source is not None:
        found["authoritativeDefinitions"] = [{"url": table.source, "type": "implementation"}]
    return found


def _text(*texts: str | None) -> str:
    """There is no place for a notice but the description."""
    return "\n\n".join(filter(None, texts))


def _column(column: ColumnData, table: TableData, catalog: CatalogData) -> Yaml:
    found: Yaml = {
        "name": column.name,
        "physicalName": column.names[SQL],
        "physicalType": column.types[SQL],
        "description": column.description,
        **(_type(column.type) if column.shape is None else _shape(column.shape, catalog, ())),
        **_enum(column.values),
    }
    if column.title is not None:
        found["businessName"] = column.title
    if column.name == table.key:
        found |= {"primaryKey": True, "primaryKeyPosition": 1, "required": True}
    fill = table.binding and table.binding.columns.get(column.name)
    if table.binding is not None and fill:
        source = f"{table.binding.service}.{fill.operation}"
        found |= {"transformSourceObjects": [source], "transformLogic": fill.member or fill.rule}
    return found


def _type(type: str) -> Yaml:
    if type.startswith(ARRAY):
        return {
            "logicalType": "array",
            "items": _type(type.removeprefix(ARRAY).removesuffix(">")),
        }
    return {key: value for key, value in CONTRACT_TYPES[type].items() if key != "physicalType"}


def _shape(shape: ShapeData, catalog: CatalogData, above: tuple[str, ...]) -> Yaml:
    if shape.kind == "structure":
        # Contracts have no references: a structure inside itself stays open.
        members = () if shape.name in above else catalog.structures[shape.name].members
        inner = (*above, shape.name)
        found = [_member(member, catalog, inner) for member in members]
        return {"logicalType": "object", **({"properties": found} if found else {})}
    if shape.element is None:
        return SCALARS.get(shape.name, {"logicalType": "string"})
    element = _shape(shape.element, catalog, above)
    if shape.kind == "list":
        return {"logicalType": "array", "items": element}
    return {"logicalType": "map", "map": {"key": {"logicalType": "string"}, "value": element}}


def _member(member: MemberData, catalog: CatalogData, above: tuple[str, ...]) -> Yaml:
    shape = _shape(member.shape, catalog, above)
    names = LIMITS.get(shape["logicalType"], {})
    limits = {names[name]: limit for name, limit in member.constraints.items() if name in names}
    return {
        "name": member.key,
        "physicalName": member.name,
        "description": member.description,
        "required": member.required,
        **shape,
        **_enum(member.values),
        **({"logicalTypeOptions": limits} if limits else {}),
    }


def _enum(values: Iterable[ValueData]) -> Yaml:
    found = [
        {
            "value": value.value,
            "description": value.description,
            "tags": ["deprecated"] if value.deprecated else [],
        }
        for value in values
    ]
    return {"enum": found} if found else {}


# --- both tools -----------------------------------------------------------------------------------


def ours(folder: Path) -> tuple[str, list[str]]:
    """Return the rule of the only difference that `schemagen diff` finds between the catalogues of
    ``folder``, and whom it breaks."""
    settings = api.settings(folder)
    (found,) = api.diff(settings, str(folder / "old.json"), str(folder / "new.json"))
    return found.rule.id, list(found.broken())


def compare(folder: Path) -> list[dict[str, Any]]:
    contracts, catalogs = folder / "contracts", folder / "catalogs"
    rows: list[dict[str, Any]] = []
    for rule, pair in pairs().items():
        for place in (contracts / rule, catalogs / rule):
            place.mkdir(parents=True)
        for name, catalog in zip(("old", "new"), pair, strict=True):
            text = yaml.safe_dump(contract(catalog), sort_keys=False, allow_unicode=True)
            (contracts / rule / f"{name}.yaml").write_text(text, encoding="utf-8")
            (catalogs / rule / f"{name}.json").write_text(catalog_json.render(catalog, "made"))
        found, breaks = ours(catalogs / rule)
        rows.append({"rule": found, "breaks": breaks})
    script = str(SCRIPTS / "datacontract_changes.py")
    command = [program(PEER, "python"), script, str(contracts)]
    theirs = json.loads(subprocess.check_output(command))
    order = list(rules())
    rows.sort(key=lambda row: order.index(row["rule"]))
    return [{**row, PEER: theirs[row["rule"]]} for row in rows]


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """Format the table of docs/diff.md."""
    heads = ("change", "schemagen: it breaks", "changelog", "for consumers", "for producers")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in rows:
        theirs = row[PEER]
        cells = [
            f"[{row['rule']}](rules.md#{row['rule']})",
            ", ".join(row["breaks"]) or "–",
            "seen" if theirs["changelog"] else "**not seen**",
            *(theirs[perspective]["level"] or "–" for perspective in ("consumer", "producer")),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    version = install(PEER)
    with tempfile.TemporaryDirectory() as folder:
        rows = compare(Path(folder))
    unseen = [row["rule"] for row in rows if not row[PEER]["changelog"]]
    print(table(rows))  # noqa: T201
    print(  # noqa: T201
        f"\n{PEER} {version}: {len(rows) - len(unseen)} of {len(rows)} changes seen"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
