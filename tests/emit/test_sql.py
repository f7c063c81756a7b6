"""schemagen.emit.sql: the generated package loads rows and reads them back."""

from __future__ import annotations

import json
import random
import string
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg.types import TypeInfo
from psycopg.types.hstore import register_hstore

import handmade
import loading
from handmade import DIALECTS
from schemagen.catalog import LinkedTable
from schemagen.emit import ddl, sql
from schemagen.emit.formatting import format_python
from schemagen.resolved_types import TypeTable
from schemagen.typetable import TYPES

DIALECT = {dialect.name: dialect for dialect in DIALECTS}
PERCENT = 'a%s "b" {} ?'
LONG = "long_" * 16
NAMES = {
    "_key": "string",
    "ctid": "string",
    PERCENT: "int64",
    LONG: "array<string>",
    "tags": "hstore_csv",
    "labels": "hstore",
    "settings": "json",
    "created": "timestamp",
}
TABLES = {
    "thing": handmade.table("aws.thing", handmade.columns(NAMES)),
    "keyless": handmade.table("aws.keyless", handmade.columns({"a": "string"})),
    "nested": handmade.table(
        "aws.nested",
        handmade.columns({row.name: f"array<array<{row.name}>>" for row in TYPES}),
    ),
}
ROW: dict[str, object] = {
    "_key": "arn:aws:thing",
    "ctid": "x",
    PERCENT: 1,
    LONG: ["a", None],
    "tags": {"team": ["a", "b"], "none": []},
    "labels": {"key": "a", "value": None},
    "settings": {"size": 1e300},
    "created": datetime(2026, 1, 1, tzinfo=UTC),
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[handmade.Package]:
    folder = tmp_path_factory.mktemp("sql")
    with handmade.imported(folder, "sql_schemas", handmade.files(TABLES.values())) as made:
        yield made


Trip = Callable[[LinkedTable, list[Mapping[str, object]]], list[dict[str, object]]]


@pytest.fixture(params=[*DIALECT])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def trip(request: pytest.FixtureRequest, dialect: str, package: handmade.Package) -> Trip:
    """Rows through one dialect's database and back."""

    def run(made: LinkedTable, rows: list[Mapping[str, object]]) -> list[dict[str, object]]:
        create = ddl.render(made, DIALECT[dialect])
        return loading.trip(request, package.sql, package.table(made), dialect, create, rows)

    return run


def test_read_returns_the_inserted_row(trip: Trip) -> None:
    """A whole row, with names that engines and drivers stumble over, comes back as it went in."""
    assert trip(TABLES["thing"], [ROW]) == [ROW]


def test_parameters_stores_null_for_missing_columns(trip: Trip) -> None:
    """Only the key is required; a missing column becomes NULL."""
    assert trip(TABLES["thing"], [{"_key": "k"}]) == [{**dict.fromkeys(NAMES), "_key": "k"}]


def test_insert_accepts_any_row_of_a_table_without_key(trip: Trip) -> None:
    """Without _key, any number of equal or empty rows can be inserted."""
    assert trip(TABLES["keyless"], [{}, {"a": "x"}]) == [{"a": None}, {"a": "x"}]


# PostgreSQL's arrays are rectangular, so arrays of arrays are JSON there, and in JSON ...
NESTED_CHANGES: Mapping[str, object] = {
    # ... times are text.
    "timestamp": [[None, "2026-01-01T00:00:00Z"], [], None],
}


def test_arrays_of_arrays_of_any_shape(trip: Trip, dialect: str) -> None:
    """Inner arrays of different lengths, empty ones and missing ones come back."""
    elements: dict[str, object] = {
        "string": "a",
        "int64": 2**63 - 1,
        "float64": 1e300,
        "bool": True,
        "timestamp": datetime(2026, 1, 1, tzinfo=UTC),
        "json": {"key": 1, "value": [None]},
        "hstore": {"key": "a", "value": None},
        "hstore_csv": {"key": ["a"], "value": []},
    }
    row: dict[str, object] = {name: [[None, value], [], None] for name, value in elements.items()}
    changes: Mapping[str, object] = {} if dialect == "duckdb" else NESTED_CHANGES
    assert trip(TABLES["nested"], [row]) == [{**row, **changes}]


def test_hstore_as_text_or_as_dict(
    package: handmade.Package, postgres_with_hstore: psycopg.Connection
) -> None:
    """It makes no difference whether the driver returns text, or was taught JSON and hstore."""
    code, table = package.sql, package.table(TABLES["thing"])
    connection = postgres_with_hstore
    connection.execute(ddl.render(TABLES["thing"], DIALECT["postgres"]).encode())
    connection.execute(
        code.insert(table, "postgres").encode(), code.parameters(ROW, table, "postgres")
    )
    (as_text,) = connection.execute(code.select(table, "postgres").encode()).fetchall()
    (half,) = connection.execute("SELECT * FROM aws.thing").fetchall()
    info = TypeInfo.fetch(connection, "hstore")
    assert info is not None
    register_hstore(info, connection)
    (as_dict,) = connection.execute("SELECT * FROM aws.thing").fetchall()
    assert as_text != half != as_dict
    for values in (as_text, half, as_dict):
        assert code.read(values, table, "postgres") == ROW


def test_parameters_accepts_a_dumped_model(package: handmade.Package, trip: Trip) -> None:
    """A model dumped by alias has the column names, and can be loaded as a row."""
    model = package.model(TABLES["thing"])
    dumped = model.model_validate(ROW).model_dump(by_alias=True)
    assert trip(TABLES["thing"], [dumped]) == [ROW]


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ctid": "\0"}, "aws.thing.ctid of arn:aws:thing: U+0000 at character 1 cannot be stored"),
        ({LONG: ["a", 1]}, f"aws.thing.{LONG}[1] of arn:aws:thing: expected str, got int"),
        ({"tags": {"a": [1]}}, "aws.thing.tags['a'] of arn:aws:thing: expected str, got int"),
        (
            {"settings": {"a": [float("nan")]}},
            "aws.thing.settings['a'][0] of arn:aws:thing: nan does not exist",
        ),
        ({"_key": None}, "aws.thing._key: the primary key is missing"),
        ({"Tags": {}}, "aws.thing.Tags: unknown column"),
    ],
)
def test_refusals_name_column_and_row(
    package: handmade.Package, dialect: str, change: dict[str, object], message: str
) -> None:
    """A row that a database would refuse or change is refused before, with the column's name and the
    row's key."""
    with pytest.raises(package.conversion_error) as caught:
        package.sql.parameters(ROW | change, package.table(TABLES["thing"]), dialect)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("row", [["_key"], "_key", datetime(2026, 1, 1, tzinfo=UTC)])
def test_parameters_refuses_what_is_no_row(package: handmade.Package, row: object) -> None:
    """A list or a text has no columns."""
    with pytest.raises(package.conversion_error, match=r"aws\.thing: expected dict, got "):
        package.module("sql").parameters(row, package.table(TABLES["thing"]), "duckdb")


def test_unstorable_characters_can_be_replaced(package: handmade.Package) -> None:
    """errors="replace" reaches every column."""
    table = package.table(TABLES["thing"])
    row = {**ROW, "ctid": "a\0", "labels": {"\ud800": "b\0"}}
    parameters = package.sql.parameters(row, table, "postgres", errors="replace")
    assert parameters[1] == "a\ufffd"
    assert parameters[5] == '"\ufffd"=>"b\ufffd"'


def test_keys_that_the_index_cannot_hold(
    package: handmade.Package, postgres: psycopg.Connection
) -> None:
    """The limit is the engine's: the longest key that is let through fits, one byte more does not."""
    made = handmade.table("aws.keyed", handmade.columns({"_key": "string"}))
    table, code = package.module("sql").Table("aws.keyed", "_key", {"_key": "string"}), package.sql
    postgres.execute(ddl.render(made, DIALECT["postgres"]).encode())
    limit = DIALECT["postgres"].max_key
    # Random text, because the server compresses what repeats itself.
    letters = random.Random(0)  # noqa: S311 - not a secret
    longest = "é" + "".join(letters.choices(string.printable.strip(), k=limit - 2))
    insert = code.insert(table, "postgres").encode()
    postgres.execute(insert, code.parameters({"_key": longest}, table, "postgres"))
    with pytest.raises(package.conversion_error, match=r"aws\.keyed\._key: .* 2692 bytes"):
        code.parameters({"_key": longest + "x"}, table, "postgres")
    with pytest.raises(psycopg.errors.ProgramLimitExceeded):
        postgres.execute(insert, ["x" + longest])
    assert code.parameters({"_key": longest + "x"}, table, "duckdb") == [longest + "x"]


def test_insert_uses_the_markers_of_other_drivers(package: handmade.Package) -> None:
    """A driver that numbers its parameters gets numbers; names keep their percent signs there."""
    table = package.table(TABLES["thing"])
    statement = package.sql.insert(table, "postgres", marker="${}")
    assert statement.endswith(
        "VALUES ($1, $2, $3, $4, CAST($5 AS hstore), CAST($6 AS hstore), CAST($7 AS jsonb), $8)"
    )
    assert '"a%s ""b"" {} ?"' in statement


# --- the code itself ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*TABLES])
def test_the_columns_are_as_black_writes_them(name: str) -> None:
    """black --check accepts the committed tree."""
    source = sql.render_table(TABLES[name], TypeTable())
    assert format_python(source) == source != ""


def test_the_loading_code_is_as_black_writes_it() -> None:
    """black --check accepts the committed tree."""
    source = sql.render(TypeTable(), "made_schemas")
    assert format_python(source) == source != ""


@pytest.mark.slow
def test_loading_code_passes_mypy_and_pyright(tmp_path: Path) -> None:
    """mypy --strict and pyright strict find nothing in the loading code and the columns."""
    made = handmade.files(TABLES.values())
    loading = {path: text for path, text in made.items() if not path.startswith("models/")}
    with handmade.imported(tmp_path, "typed_schemas", loading):
        # Where the types of boto3 are installed, which the module sync uses.
        venv = Path(sys.prefix)
        strict = {"typeCheckingMode": "strict", "venvPath": str(venv.parent), "venv": venv.name}
        (tmp_path / "pyrightconfig.json").write_text(json.dumps(strict))
        for command in (["mypy", "--strict", "-p", "typed_schemas"], ["pyright", "-p", "."]):
            checked = subprocess.run(
                [sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True
            )
            assert checked.returncode == 0, checked.stdout + checked.stderr
