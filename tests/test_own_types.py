"""Types of the settings: rows of models, mappers and drivers go into every database and come back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from uuid import UUID

import pytest

import handmade
import loading
from handmade import DIALECTS
from schemagen.diagnostics import ProblemsFound
from schemagen.emit import ddl
from schemagen.settings.load import load_settings
from schemagen.typetable import Dialect

SETTINGS = """
[types.uuid]
python = "uuid.UUID"
json_schema = { type = "string", format = "uuid" }
row = "str"
convert = "text"
postgres = "uuid"
duckdb = "UUID"

[types.ip]
python = "ipaddress.IPv4Address"
json_schema = { type = "string", format = "ipv4" }
row = "str"
convert = "text"
postgres = "inet"
duckdb = "VARCHAR"

[types.network]
python = "ipaddress.IPv4Network"
json_schema = { type = "string" }
row = "str"
convert = "text"
postgres = "cidr"
duckdb = "VARCHAR"

[types.price]
python = "decimal.Decimal"
json_schema = { type = "string" }
row = "str"
convert = "text"
postgres = "numeric(10, 2)"
duckdb = "DECIMAL(10, 2)"

[types.ratio]
python = "decimal.Decimal"
json_schema = { type = "number" }
row = "float"
convert = "float64"
postgres = "numeric"
duckdb = "DECIMAL(18, 3)"

[types.huge]
python = "builtins.int"
json_schema = { type = "integer" }
row = "int"
convert = "int64"
postgres = "numeric(20)"
duckdb = "HUGEINT"

[types.day]
python = "datetime.date"
json_schema = { type = "string", format = "date" }
row = "str"
convert = "text"
postgres = "date"
duckdb = "DATE"

[types.document]
python = "pydantic.JsonValue"
json_schema = {}
row = "Json"
convert = "json_value"
postgres = "jsonb"
duckdb = "json"

[types.labels]
python = "pydantic.JsonValue"
json_schema = { type = "object" }
row = "dict[str, str | None]"
convert = "hstore"
postgres = "hstore"
postgres_jsonb = "JSONB"
duckdb = "MAP(VARCHAR, VARCHAR)"
"""
UUID_TEXT = "12345678-1234-5678-1234-567812345678"
# Of each type, the value of a row and the one that the model has.
VALUES: Mapping[str, tuple[object, object]] = {
    "uuid": (UUID_TEXT, UUID(UUID_TEXT)),
    "ip": ("10.0.0.1", IPv4Address("10.0.0.1")),
    "network": ("10.0.0.0/8", IPv4Network("10.0.0.0/8")),
    "price": ("1.50", Decimal("1.50")),
    "ratio": (0.125, Decimal("0.125")),
    "huge": (2**62, 2**62),
    "day": ("2026-01-02", date(2026, 1, 2)),
    "document": ({"a": [1]}, {"a": [1]}),
    "labels": ({"a": "b", "c": None}, {"a": "b", "c": None}),
}
NESTED = ("uuid", "ip", "day")
ROW: dict[str, object] = {
    "_key": "k",
    **{name: row for name, (row, _) in VALUES.items()},
    **{f"{name}s": [row, None] for name, (row, _) in VALUES.items() if name != "labels"},
    **{f"{name}ss": [[VALUES[name][0], None], []] for name in NESTED},
}


TYPES = {
    "_key": "string",
    **{name: name for name in VALUES},
    **{f"{name}s": f"array<{name}>" for name in VALUES if name != "labels"},
    **{f"{name}ss": f"array<array<{name}>>" for name in NESTED},
}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_rows_with_own_types_make_the_round_trip(
    tmp_path: Path, request: pytest.FixtureRequest, dialect: Dialect
) -> None:
    """A row of a mapper and one that a model dumps are read back as the mapper's, which can be loaded
    and validated again."""
    (tmp_path / "schemagen.toml").write_text(SETTINGS)
    types = load_settings(tmp_path).types
    made = handmade.table("aws.thing", handmade.columns(TYPES), types=types)
    name = f"own_types_{dialect.name}"
    with handmade.imported(tmp_path, name, handmade.files([made], types)) as package:
        model = package.model(made).model_validate(ROW)
        assert {key: getattr(model, key) for key in VALUES} == {
            key: value for key, (_, value) in VALUES.items()
        }
        rows = [ROW, {**model.model_dump(by_alias=True), "_key": "dumped"}]
        create, table = ddl.render(made, dialect), package.table(made)
        found = loading.trip(request, package.sql, table, dialect.name, create, rows)
        assert found == [ROW, {**ROW, "_key": "dumped"}]
        assert [package.sql.parameters(row, table, dialect.name)[0] for row in found] == [
            "k",
            "dumped",
        ]
        records = package.module("records")
        record = records.encode(rows[1], table, "arrow")
        assert record == records.encode(found[1], table, "arrow")
        assert records.decode(record, table, "arrow") == found[1]


@pytest.mark.parametrize(
    ("convert", "postgres"), [("json_value", "text"), ("tags", "jsonb[]"), ("hstore", "json")]
)
def test_own_types_say_how_their_values_are_stored(
    tmp_path: Path, convert: str, postgres: str
) -> None:
    """Which SQL types hold JSON or a map, and in which form, is known of the built-in ones only."""
    (tmp_path / "schemagen.toml").write_text(
        f'[types.a]\npython = "pydantic.JsonValue"\njson_schema = {{}}\nrow = "Json"\n'
        f'convert = "{convert}"\npostgres = "{postgres}"\nduckdb = "VARCHAR[]"\n'
    )
    with pytest.raises(ProblemsFound) as caught:
        load_settings(tmp_path)
    assert [problem.message.partition(":")[0] for problem in caught.value.problems] == [
        f"types.a.{key} does not say how {name!r} stores values of {convert!r}"
        for key, name in (
            ("postgres_jsonb", postgres),
            ("postgres", postgres),
            ("duckdb", "VARCHAR[]"),
        )
    ]
