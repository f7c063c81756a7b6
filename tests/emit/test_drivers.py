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
from schemagen.emit import ddl

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
