"""Types of the settings: rows of models, mappers and drivers go into every database and come back."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import AnyUrl

import handmade
import loading
from handmade import DIALECTS
from schemagen.catalog import LinkedTable
from schemagen.diagnostics import ProblemsFound
from schemagen.emit import ddl
from schemagen.names import MODEL_BUILTINS, MODEL_IMPORTS, OF_TEMPLATE
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

# Two classes of one name, one with a name of pydantic, and a class of pydantic.
[types.other_ip]
python = "othertypes.IPv4Address"
json_schema = { type = "string" }
row = "str"
convert = "text"
postgres = "text"
duckdb = "VARCHAR"

[types.field]
python = "othertypes.Field"
json_schema = { type = "string" }
row = "str"
convert = "text"
postgres = "text"
duckdb = "VARCHAR"

[types.link]
python = "pydantic.AnyUrl"
json_schema = { type = "string", format = "uri" }
row = "str"
convert = "text"
postgres = "text"
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
CLASSES = """
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class IPv4Address:
    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, cls) else cls(value)
        )


class Field(str):
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())
"""
OTHERS = {"other_ip": "10.0.0.2", "field": "f"}
UUID_TEXT = "12345678-1234-5678-1234-567812345678"
# Of each type, the value of a row and the one that the model has.
VALUES: Mapping[str, tuple[object, object]] = {
    "uuid": (UUID_TEXT, UUID(UUID_TEXT)),
    "ip": ("10.0.0.1", IPv4Address("10.0.0.1")),
    "link": ("https://example.com/", AnyUrl("https://example.com/")),
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
    **OTHERS,
    **{name: row for name, (row, _) in VALUES.items()},
    **{f"{name}s": [row, None] for name, (row, _) in VALUES.items() if name != "labels"},
    **{f"{name}ss": [[VALUES[name][0], None], []] for name in NESTED},
}


TYPES = {
    "_key": "string",
    **{name: name for name in (*OTHERS, *VALUES)},
    **{f"{name}s": f"array<{name}>" for name in VALUES if name != "labels"},
    **{f"{name}ss": f"array<array<{name}>>" for name in NESTED},
}


@contextmanager
def imported(folder: Path, name: str) -> Generator[tuple[handmade.Package, LinkedTable]]:
    """The package with a table of all these types, and the modules of their classes beside it."""
    (folder / "othertypes.py").write_text(CLASSES)
    (folder / "schemagen.toml").write_text(SETTINGS)
    types = load_settings(folder).types
    made = handmade.table("aws.thing", handmade.columns(TYPES), types=types)
    with handmade.imported(folder, name, handmade.files([made], types)) as package:
        yield package, made


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_rows_with_own_types_make_the_round_trip(
    tmp_path: Path, request: pytest.FixtureRequest, dialect: Dialect
) -> None:
    """A row of a mapper and one that a model dumps are read back as the mapper's, which can be loaded
    and validated again."""
    with imported(tmp_path, f"own_types_{dialect.name}") as (package, made):
        model = package.model(made).model_validate(ROW)
        classes = {f"{type(value).__module__}.{type(value).__name__}" for _, value in model}
        assert {"othertypes.IPv4Address", "othertypes.Field", "ipaddress.IPv4Address"} <= classes
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


def test_own_types_do_not_open_columns_to_other_values(tmp_path: Path) -> None:
    """A number or an object of another class is no text."""
    with imported(tmp_path, "own_types_refuse") as (package, made):
        table = package.table(made)
        for value in (1, b"x", object(), ["x"], memoryview(b"x")):
            row = {"_key": "k", "uuid": value}
            wanted = r"aws\.thing\.uuid of k: expected str"
            with pytest.raises(package.conversion_error, match=wanted):
                package.sql.parameters(row, table, "duckdb")


USED_IN_MODELS = sorted({*MODEL_IMPORTS, *MODEL_BUILTINS, *OF_TEMPLATE, "StrictStr", "annotations"})


def test_classes_may_have_any_name(tmp_path: Path) -> None:
    """A class of the settings that is called like the model, or like something that the module of the model
    uses, hides neither."""
    classes = [*USED_IN_MODELS, "Thing"]
    names = {f"t{number}": name for number, name in enumerate(classes)}
    (tmp_path / "othernames.py").write_text(
        CLASSES
        + "".join(f"\n\nclass {name}(Field):\n    pass\n" for name in classes if name != "Field")
    )
    (tmp_path / "schemagen.toml").write_text(
        "".join(
            f'[types.{type}]\npython = "othernames.{name}"\njson_schema = {{ type = "string" }}\n'
            'row = "str"\nconvert = "text"\npostgres = "text"\nduckdb = "VARCHAR"\n'
            for type, name in names.items()
        )
    )
    types = load_settings(tmp_path).types
    columns = {"_key": "string", **{f"{type}s": f"array<{type}>" for type in names}}
    made = handmade.table("aws.thing", handmade.columns(columns), types=types)
    row: dict[str, object] = {"_key": "k", **{f"{type}s": ["x", None] for type in names}}
    with handmade.imported(tmp_path, "own_names", handmade.files([made], types)) as package:
        model = package.model(made).model_validate(row)
        found = {
            type: [value.__class__.__name__ for value in getattr(model, f"{type}s")]
            for type in names
        }
        assert found == {type: [name, "NoneType"] for type, name in names.items()}
        assert model.model_dump(by_alias=True) == row


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
