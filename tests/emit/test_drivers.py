"""The generated ``sql`` with other drivers and with values of other libraries."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from pydantic import ValidationError

import engines
import handmade
from loading import trip
from schemagen import api
from schemagen.catalog import LinkedTable
from schemagen.emit import ddl
from schemagen.settings.load import load_settings
from schemagen.typetable import TypeTable

# Without stubs, or with types that depend on the release.
asyncpg, numpy, pandas = map(importlib.import_module, ("asyncpg", "numpy", "pandas"))
DIALECT = {dialect.name: dialect for dialect in handmade.DIALECTS}
COLUMNS = {
    "_key": "string",
    "policy": "json",
    "word": "json",
    "steps": "array<json>",
    "grid": "array<array<string>>",
    "tags": "hstore_csv",
    "labels": "hstore",
    "more": "array<hstore>",
    "created": "timestamp",
    "count": "int64",
    "ratio": "float64",
    "open": "bool",
}
THING = handmade.table("aws.thing", handmade.columns(COLUMNS))
ROW: dict[str, object] = {
    "_key": "k",
    "policy": {"n": [1, 1e300, None, "x"]},
    "word": '{"not": "an object"}',
    "steps": ["1", 1, None, {"a": "b"}],
    "grid": [["a"], [], None],
    "tags": {"a": ["b", "c,d"], "none": []},
    "labels": {"a": "b", "c": None},
    "more": [{"a": None}, None],
    "created": datetime(2026, 1, 1, tzinfo=UTC),
    "count": 1,
    "ratio": 0.5,
    "open": False,
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[handmade.Package]:
    folder = tmp_path_factory.mktemp("drivers")
    with handmade.imported(folder, "driver_schemas", handmade.files([THING])) as made:
        yield made


@pytest.mark.parametrize("dialect", ["postgres", "postgres_jsonb"])
def test_read_returns_the_row_that_asyncpg_inserted(
    package: handmade.Package,
    postgres_server: engines.Server,
    request: pytest.FixtureRequest,
    dialect: str,
) -> None:
    """A driver that returns json and hstore as text makes no difference, and neither do JSON strings
    that look like JSON."""
    fixture = "postgres_with_hstore" if dialect == "postgres" else "postgres"
    database: psycopg.Connection = request.getfixturevalue(fixture)
    code, table = package.sql, package.table(THING)

    async def run() -> dict[str, object]:
        connection = await asyncpg.connect(
            host=str(postgres_server.socket), user="postgres", database=database.info.dbname
        )
        try:
            await connection.execute(ddl.render(THING, DIALECT[dialect]))
            insert = code.insert(table, dialect, "${}")
            await connection.execute(insert, *code.parameters(ROW, table, dialect))
            record = await connection.fetchrow(code.select(table, dialect))
            return code.read(list(record), table, dialect)
        finally:
            await connection.close()

    assert asyncio.run(run()) == ROW
    (values,) = database.execute(code.select(table, dialect).encode()).fetchall()
    assert code.read(values, table, dialect) == ROW


def test_ddl_explains_that_hstore_is_in_another_schema(
    postgres_with_hstore: psycopg.Connection,
) -> None:
    """Managed databases put extensions into a schema of their own."""
    postgres_with_hstore.execute(
        "CREATE SCHEMA extensions; CREATE EXTENSION hstore SCHEMA extensions"
    )
    statements = ddl.render(THING, DIALECT["postgres"]).encode()
    with pytest.raises(psycopg.errors.RaiseException) as raised:
        postgres_with_hstore.execute(statements)
    assert "the schema of the extension hstore is not on the search_path" in str(raised.value)
    postgres_with_hstore.execute("SET search_path = public, extensions")
    postgres_with_hstore.execute(statements)


def test_an_attached_duckdb_file_may_be_called_like_a_provider(
    package: handmade.Package, tmp_path: Path
) -> None:
    """DuckDB cannot tell a file aws.duckdb from a schema aws, unless it is attached under another name."""
    code, table = package.sql, package.table(THING)
    create = ddl.render(THING, DIALECT["duckdb"])
    with (
        duckdb.connect(str(tmp_path / "aws.duckdb")) as connection,
        pytest.raises(duckdb.BinderException, match="Ambiguous"),
    ):
        connection.execute(create)
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{tmp_path / 'aws.duckdb'}' AS inventory; USE inventory")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(create)
        connection.execute(code.insert(table, "duckdb"), code.parameters(ROW, table, "duckdb"))
        (values,) = connection.execute(code.select(table, "duckdb")).fetchall()
    assert code.read(values, table, "duckdb") == ROW


# --- values of other libraries --------------------------------------------------------------------


class Words(str):
    """A string of another library."""


class Moment(datetime):
    """A time of another library, as pendulum and freezegun have them."""


ZONED = pandas.Timestamp("2026-01-01T01:00:00+01:00")


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("created", ZONED, datetime(2026, 1, 1, tzinfo=UTC)),
        ("created", Moment(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        ("ratio", numpy.float64(0.5), 0.5),
        ("word", Words("x"), '"x"'),
        ("policy", {"at": ZONED, "n": numpy.float64(0.5)}, '{"at":"2026-01-01T00:00:00Z","n":0.5}'),
    ],
)
def test_parameters_converts_values_of_other_libraries(
    package: handmade.Package, column: str, value: object, expected: object
) -> None:
    """Subclasses of Python's classes become instances of these, which every driver knows."""
    row = {"_key": "k", column: value}
    found = package.sql.parameters(row, package.table(THING), "duckdb")[[*COLUMNS].index(column)]
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("created", pandas.NaT, "NaTType is not a time; use None"),
        ("created", pandas.NA, "expected an aware datetime, got NAType"),
        ("created", pandas.Timestamp("2026-01-01"), "the datetime is naive"),
        ("created", pandas.Timestamp(1, tz="UTC"), "the time has nanoseconds; round it to"),
        ("created", numpy.datetime64("2026-01-01"), "expected an aware datetime, got datetime64"),
        ("created", "2026-01-01T00:00:00Z", "expected an aware datetime, got str"),
        ("count", numpy.int64(1), "expected int, got int64"),
        ("open", numpy.bool_(True), "expected bool, got numpy.bool"),
        ("word", numpy.int64(1), "int64 is not a JSON value"),
        ("policy", {"a": pandas.NaT}, "NaTType is not a time; use None"),
        ("policy", {"a": numpy.array([1])}, "ndarray is not a JSON value"),
        ("labels", {"a": numpy.int64(1)}, "expected str, got int64"),
        ("ratio", pandas.NA, "expected float, int or Decimal, got NAType"),
        ("_key", numpy.array(["k"]), "expected str, got ndarray"),
    ],
)
@pytest.mark.parametrize("dialect", [*DIALECT])
def test_parameters_refuses_other_values_with_column_and_key(
    package: handmade.Package, dialect: str, column: str, value: object, reason: str
) -> None:
    """What a driver would misread is refused, and the message leads to the row."""
    row = {"_key": "k", column: value}
    with pytest.raises(package.conversion_error) as raised:
        package.sql.parameters(row, package.table(THING), dialect)
    where, _, what = str(raised.value).partition(": ")
    assert what.startswith(reason.partition(" (")[0])
    assert where.startswith(f"aws.thing.{column}")
    assert where.endswith(" of k") is (column != "_key")


# --- what models and JSON Schemas accept ----------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("2026-01-01T00:00:00Z", True),
        ("2026-01-01t00:00:00.123456z", True),
        ("2026-01-01T00:00:00+01:00", True),
        (datetime(2026, 1, 1, tzinfo=UTC), True),
        (datetime(2026, 1, 1), False),
        ("2026-01-01T00:00:00", False),
        ("2026-01-01 00:00:00Z", False),
        ("2026-01-01T00:00Z", False),
        ("2026-01-01", False),
        ("1700000000", False),
        ("-1", False),
        (0, False),
        (1700000000000, False),
        (1.5, False),
        (True, False),
        (Decimal(1), False),
        (pandas.NaT, False),
    ],
)
def test_models_accept_times_that_schemas_accept(
    package: handmade.Package, value: Any, right: bool
) -> None:
    """A time is a text in RFC 3339, or in Python an aware datetime: never a number."""
    model = package.model(THING)
    row = {"_key": "k", "created": value}
    if right:
        assert model.model_validate(row).model_dump()["created"].tzinfo is not None
    else:
        with pytest.raises(ValidationError, match="created"):
            model.model_validate(row)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("column", ["ratio", "word", "policy"])
def test_models_refuse_numbers_that_json_lacks(
    package: handmade.Package, column: str, number: float
) -> None:
    """pydantic would write null for them."""
    value: object = {"a": [number]} if column == "policy" else number
    with pytest.raises(ValidationError, match=column):
        package.model(THING).model_validate({"_key": "k", column: value})


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_models_refuse_json_with_numbers_that_json_lacks(
    package: handmade.Package, number: str
) -> None:
    """Python's json module writes them."""
    for text in (f'{{"_key": "k", "ratio": {number}}}', f'{{"_key": "k", "policy": [{number}]}}'):
        with pytest.raises(ValidationError):
            package.model(THING).model_validate_json(text)


# --- classes of the settings ----------------------------------------------------------------------

TYPES = """
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

[types.day]
python = "datetime.date"
json_schema = { type = "string", format = "date" }
row = "str"
convert = "text"
postgres = "date"
duckdb = "DATE"

[types.price]
python = "decimal.Decimal"
json_schema = { type = "number" }
row = "float"
convert = "float64"
postgres = "numeric(10, 2)"
duckdb = "DECIMAL(10, 2)"
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
OWN: dict[str, object] = {
    "_key": "k",
    "uuid": "12345678-1234-5678-1234-567812345678",
    "uuids": ["12345678-1234-5678-1234-567812345678", None],
    "ip": "10.0.0.1",
    "other_ip": "10.0.0.2",
    "field": "f",
    "link": "https://example.com/",
    "day": "2026-01-01",
    "price": 1.5,
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[handmade.Package, TypeTable]]:
    """A package with the types above. Modules of their classes are beside it."""
    folder = tmp_path_factory.mktemp("classes")
    (folder / "othertypes.py").write_text(CLASSES)
    (folder / "schemagen.toml").write_text(TYPES)
    settings = api.settings(folder)
    assert settings == load_settings(folder)
    with handmade.imported(
        folder, "class_schemas", handmade.files([_own(settings.types)], settings.types)
    ) as made:
        yield made, settings.types


def _own(types: TypeTable) -> LinkedTable:
    names = {name: name.replace("uuids", "array<uuid>") for name in OWN if name != "_key"}
    return handmade.table("aws.own", handmade.columns({"_key": "string", **names}), types=types)


@pytest.mark.parametrize("dialect", [*DIALECT])
def test_classes_of_the_settings_make_the_round_trip(
    own: tuple[handmade.Package, TypeTable], request: pytest.FixtureRequest, dialect: str
) -> None:
    """Rows of mappers, dumped models and rows read from a database are all taken; what is read is the
    row again, whatever class the driver returns."""
    made, types = own
    table = _own(types)
    code, definition = made.sql, made.table(table)
    create = ddl.render(table, next(item for item in types.dialects if item.name == dialect))
    dumped = made.model(table).model_validate(OWN).model_dump(by_alias=True)
    assert type(dumped["uuid"]).__name__ == "UUID"
    assert {type(dumped[name]).__module__ for name in ("ip", "other_ip")} == {
        "ipaddress",
        "othertypes",
    }
    assert type(dumped["field"]).__name__ == "Field"
    (back,) = trip(request, code, definition, dialect, create, [dumped])
    assert back == OWN
    assert {type(value) for value in back.values()} == {str, list, float}
    assert code.parameters(back, definition, dialect) == code.parameters(OWN, definition, dialect)
    assert made.model(table).model_validate(back).model_dump(by_alias=True).keys() == OWN.keys()


def test_classes_of_the_settings_do_not_open_columns_to_other_values(
    own: tuple[handmade.Package, TypeTable],
) -> None:
    """A number or an object of another class is no text."""
    made, types = own
    for value in (1, b"x", object(), ["x"], memoryview(b"x")):
        with pytest.raises(made.conversion_error, match=r"aws\.own\.uuid of k: expected str"):
            made.sql.parameters({"_key": "k", "uuid": value}, made.table(_own(types)), "duckdb")
