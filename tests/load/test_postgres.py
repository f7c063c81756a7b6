"""Rows into PostgreSQL, unit by unit: what is stored, what changes, and what is left alone."""

from __future__ import annotations

import json
import logging
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, cast

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

import test_round_trip as values
from load import killed, load_cases
from load.load_cases import (
    EVERY,
    EVERY_TYPE,
    KEYED,
    KEYLESS,
    ODD,
    MadePackage,
    Rows,
    keyed,
    load,
    package,
    unit,
)
from schemagen.runtime.units import CollectedRow

DIALECTS = ("postgres", "postgres_jsonb")


@dataclass(frozen=True)
class Place:
    """A new database, and the dialect that is loaded into it."""

    connection: psycopg.Connection
    dialect: str

    @property
    def address(self) -> str:
        info = self.connection.info
        return f"postgresql://postgres@/{info.dbname}?host={info.host}&dialect={self.dialect}"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.encode()).fetchall()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadePackage]:
    with package(tmp_path_factory.mktemp("made"), name="loaded_postgres") as found:
        yield found


@pytest.fixture(params=DIALECTS)
def place(request: pytest.FixtureRequest) -> Place:
    hstore = request.param == "postgres"
    fixture = "postgres_with_hstore" if hstore else "postgres"
    return Place(request.getfixturevalue(fixture), request.param)


@pytest.fixture
def sink(made: MadePackage, place: Place) -> Iterator[Any]:
    opened = made.open(place.address, "first")
    try:
        yield opened
    finally:
        opened.close()


def stored(place: Place, made: MadePackage, table: str = KEYED) -> list[dict[str, Any]]:
    """The rows of a table, as the package's own code reads them."""
    found = made.table(table)
    selected = place.rows(made.loader.select(found, place.dialect))
    rows = [made.loader.read(row, found, place.dialect) for row in selected]
    return sorted(rows, key=lambda row: str(row.get("_key", row)))


def keys(place: Place, made: MadePackage) -> list[str]:
    return [row["_key"] for row in stored(place, made)]


# --- what is stored -------------------------------------------------------------------------------


def _same_as_parameters(
    made: MadePackage,
    place: Place,
    sink: Any,
    rows: list[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Load ``rows`` in both ways and compare the texts of what is stored. A row that `parameters`
    refuses must be left out, with the same message. Rows are merged and copied directly."""
    table = made.table(EVERY)
    sound: list[dict[str, Any]] = []
    refused: list[str] = []
    for number, row in enumerate(rows):
        row = {**row, "_key": f"k{number}"}
        try:
            made.loader.parameters(row, table, place.dialect)
            sound.append(row)
        except made.errors as error:
            refused.append(f"a row was left out: {error}")
    caplog.clear()
    with caplog.at_level(logging.WARNING, "ddsql.load"):
        given_rows = [{**row, "_key": f"k{number}"} for number, row in enumerate(rows)]
        counts = sink.load(unit(EVERY), table, Rows(given_rows))
    assert [record.getMessage() for record in caplog.records] == refused
    assert (counts.rows, counts.refused) == (len(rows), len(refused))
    columns = sql.SQL(", ").join(
        sql.SQL("CAST({} AS text)").format(sql.Identifier(name)) for name in table.columns
    )
    query = sql.SQL('SELECT {} FROM made."every" ORDER BY "_key"').format(columns)
    directly = place.connection.execute(query).fetchall()
    place.connection.execute('DELETE FROM made."every"')
    sink.load(unit(EVERY), table, Rows(sound))  # the unit holds the keys, so this one merges
    merged = place.connection.execute(query).fetchall()
    place.connection.execute('DELETE FROM made."every"')
    with place.connection.cursor() as cursor:
        cursor.executemany(
            made.loader.insert(table, place.dialect).encode(),
            [made.loader.parameters(row, table, place.dialect) for row in sound],
        )
    expected = place.connection.execute(query).fetchall()
    assert directly == expected
    assert merged == expected
    assert len(expected) == len(sound)


@pytest.mark.parametrize("expression", EVERY_TYPE.values(), ids=str)
def test_load_stores_awkward_values_as_parameters_do(
    made: MadePackage,
    place: Place,
    sink: Any,
    expression: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A binary COPY stores the same text as INSERT with `parameters`, and refuses what that refuses."""
    [column] = [name for name, found in EVERY_TYPE.items() if found == expression]
    rows = [{column: value} for value in values._awkward(expression)]  # pyright: ignore[reportPrivateUsage]
    assert rows
    _same_as_parameters(made, place, sink, rows, caplog)


HOSTILE = st.text(
    st.characters(codec=None, categories=None)
    | st.sampled_from(list("\0\ud800\udfff\\\"',{}[]e\n\r\t\x7f\u2028é数😀")),
    max_size=12,
)
NUMBERS = (
    st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from([1e15, 1e16, 1e17, 1e300, -1e16, 1.5e20, 5e-324, 2**63, 10**30])
)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | NUMBERS | HOSTILE | st.binary(max_size=4) | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(HOSTILE, inner, max_size=4)
        | st.dictionaries(st.integers(), inner, max_size=2)
    ),
    max_leaves=12,
)


def test_encoder_writes_what_parameters_write(made: MadePackage) -> None:
    """Any value, sound or not, is encoded as its parameter is, or refused with the same error."""
    binary = made.made.module("_runtime.load.binary")  # type: ignore[union-attr]
    table = made.table(EVERY)
    names = {expression: name for name, expression in EVERY_TYPE.items()}
    elements = dict.fromkeys(EVERY_TYPE, 25)
    encoders = {
        dialect: (
            binary.RowEncoder(made.loader, table, dialect, elements),
            _plain_encoder(binary, made, table, dialect),
        )
        for dialect in DIALECTS
    }
    row_values = {
        "json": DOCUMENTS,
        "array<json>": st.lists(DOCUMENTS, max_size=3) | DOCUMENTS,
        "string": HOSTILE | NUMBERS,
        "array<string>": st.lists(st.none() | HOSTILE, max_size=4),
        "int64": NUMBERS | st.booleans(),
        "float64": NUMBERS | st.booleans() | HOSTILE,
        "hstore": st.dictionaries(HOSTILE, st.none() | HOSTILE | NUMBERS, max_size=4),
        "hstore_csv": st.dictionaries(
            HOSTILE, st.none() | HOSTILE | st.lists(st.none() | HOSTILE, max_size=3), max_size=4
        )
        | st.lists(st.fixed_dictionaries({"Key": HOSTILE, "Value": HOSTILE}), max_size=3),
        "timestamp": st.datetimes(timezones=st.none() | st.just(UTC)) | HOSTILE,
        "bool": st.booleans() | NUMBERS,
    }
    drawn = st.fixed_dictionaries(
        {"_key": st.just("k")},
        optional={names[expression]: found for expression, found in row_values.items()},
    )

    @settings(max_examples=600, deadline=None)
    @given(drawn)
    def check(row: dict[str, Any]) -> None:
        for encode, plain in encoders.values():
            assert _outcome(encode, row, made) == _outcome(plain, row, made)

    check()


def test_encoder_writes_a_tuple_in_a_document_as_a_list(made: MadePackage) -> None:
    """As the other sinks do; `parameters` refuses it."""
    binary = made.made.module("_runtime.load.binary")  # type: ignore[union-attr]
    table = made.table(EVERY)
    encode = binary.RowEncoder(made.loader, table, "postgres", dict.fromkeys(EVERY_TYPE, 25))
    [column] = [name for name, type in table.columns.items() if type == "json"][:1]
    assert encode({"_key": "k", column: {"x": (1, None)}}) == encode(
        {"_key": "k", column: {"x": [1, None]}}
    )


def _plain_encoder(
    binary: Any, made: MadePackage, table: Any, dialect: str
) -> Callable[[dict[str, Any]], bytes]:
    """The plain way for every value: the wire format of what `parameters` returns."""
    types = [made.loader.rules(dialect).types[type] for type in table.columns.values()]

    def encode(row: dict[str, Any]) -> bytes:
        found = made.loader.parameters(row, table, dialect)
        parts: list[bytes] = []
        for value, encoding in zip(found, types, strict=True):
            wire = binary.WIRES[encoding.wire]
            if value is None:
                parts.append(binary.NULL)
            elif encoding.depth == 0:
                parts.append(wire(value))
            else:
                parts.append(_array(binary, cast("list[Any]", value), wire))
        return b"".join(parts)

    return encode


def _array(binary: Any, value: list[Any], wire: Callable[[Any], bytes]) -> bytes:
    def number(value: int) -> bytes:
        return value.to_bytes(4, "big")

    data = number(1 if value else 0) + number(int(None in value)) + number(25)
    if value:
        data += number(len(value)) + number(1)
        data += b"".join(binary.NULL if item is None else wire(item) for item in value)
    return number(len(data)) + data


def _outcome(encode: Callable[[Any], bytes], row: dict[str, Any], made: MadePackage) -> object:
    """The encoded fields of a row, or why it was refused."""
    try:
        data = encode(row)
    except made.errors as error:
        return str(error)
    fields: list[object] = []
    position = 0
    for expression in made.table(EVERY).columns.values():
        length = int.from_bytes(data[position : position + 4], "big", signed=True)
        start, position = position + 4, position + 4 + max(length, 0)
        field = data[start:position]
        fields.append(
            json.loads(field[1:], parse_float=_number) if expression == "json" and field else field
        )
    assert position == len(data)
    return fields


def _number(text: str) -> tuple[Decimal, bool]:
    """A number as jsonb reads it: a float that is written without decimals becomes an integer."""
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return number, exponent >= 0


def test_load_takes_any_name(made: MadePackage, place: Place, sink: Any) -> None:
    """Quotes, percent signs and words of SQL in names are names."""
    row = {"_key": "k", 'a "quoted" name': [1], "it's": "x", "row": 1, "Ünï": "y"}
    assert load(sink, made, Rows([row]), unit(ODD)) == (1, 1, 0, 0, 0)
    assert load(sink, made, Rows([{**row, "it's": "z"}]), unit(ODD)) == (1, 0, 1, 0, 0)
    unread = CollectedRow({"_key": "k", "row": 2}, frozenset({"it's", 'a "quoted" name', "Ünï"}))
    assert load(sink, made, Rows([unread]), unit(ODD)) == (1, 0, 1, 0, 0)
    assert stored(place, made, ODD) == [{**row, "it's": "z", "row": 2}]
    assert load(sink, made, Rows([]), unit(ODD)) == (0, 0, 0, 0, 1)


@pytest.mark.parametrize("first", [0, 2**40])
def test_load_streams_units_of_any_size(
    made: MadePackage, place: Place, sink: Any, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are the same whether they are sent at once or as they come, copied, merged or staged."""
    staging = made.made.module("_runtime.load.postgres_staging")  # type: ignore[union-attr]
    monkeypatch.setattr(staging, "_FIRST", first)
    monkeypatch.setattr(staging, "_BUFFER", 1000)
    monkeypatch.setattr(staging, "_LONGEST_COPY", 0.0)
    numbers = range(600)
    assert load(sink, made, Rows(keyed(*numbers))) == (600, 600, 0, 0, 0)
    assert len(place.rows("SELECT * FROM ddsql_sync.held")) == 600
    assert load(sink, made, Rows(keyed(*numbers))) == (600, 0, 0, 600, 0)
    assert load(sink, made, Rows(keyed(*numbers, name="x"))) == (600, 0, 600, 0, 0)
    # Another unit that holds nothing finds the keys there; and rows of its own twice.
    other = unit(region="other")
    again = [*keyed(*numbers, 601), *keyed(601, name="last")]
    assert load(sink, made, Rows(again), other) == (601, 1, 600, 0, 0)
    third = [*keyed(700, 701), *keyed(700, name="last")]
    assert load(sink, made, Rows(third), unit(region="third")) == (2, 2, 0, 0, 0)
    names = {row["_key"]: row["name"] for row in stored(place, made)}
    assert (names["arn:601"], names["arn:700"], len(names)) == ("last", "last", 603)
    unread = [CollectedRow(row, frozenset({"tags"})) for row in keyed(801, 802)]
    assert load(sink, made, Rows(unread), unit(region="fourth")) == (2, 2, 0, 0, 0)
    assert len(place.rows("SELECT * FROM ddsql_sync.stale")) == 2
    assert place.rows("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'") == [(0,)]


@pytest.mark.parametrize("first", [0, 2**40])
def test_load_takes_types_that_have_no_binary_format(
    made: MadePackage, place: Place, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of a table with a type of the settings are staged by statements, and compared as text."""
    staging = made.made.module("_runtime.load.postgres_staging")  # type: ignore[union-attr]
    monkeypatch.setattr(staging, "_FIRST", first)
    types: Any = made.loader.rules(place.dialect).types
    monkeypatch.setitem(types, "int64", types["int64"]._replace(wire=""))
    monkeypatch.setitem(types, "json", types["json"]._replace(wire=""))
    sink = made.open(place.address)
    assert load(sink, made, Rows(keyed(1, 2, 3))) == (3, 3, 0, 0, 0)
    rows: list[Any] = [*keyed(1), *keyed(2, size=5), *keyed(2, document=[1.5]), *keyed(4)]
    rows[0] = CollectedRow({**rows[0], "tags": None}, frozenset({"tags"}))
    assert load(sink, made, Rows(rows)) == (3, 1, 1, 1, 1)
    assert [row["document"] for row in stored(place, made)] == [
        keyed(1)[0]["document"],
        [1.5],
        keyed(4)[0]["document"],
    ]
    assert stored(place, made)[0]["tags"] == keyed(1)[0]["tags"]
    keyless = Rows([{"name": "x", "size": 1}, {"name": "x", "size": 1}])
    assert load(sink, made, keyless, unit(KEYLESS)) == (2, 2, 0, 0, 0)
    assert load(sink, made, keyless, unit(KEYLESS)) == (2, 0, 0, 2, 0)
    sink.close()


def test_load_of_some_columns_leaves_others_alone(
    made: MadePackage, place: Place, sink: Any
) -> None:
    """Columns that are left out of a run keep their values, and are NULL in new rows."""
    load(sink, made, Rows(keyed(1)))
    table = made.table(KEYED)
    some = table._replace(columns={"_key": "string", "name": "string"})
    rows = [{"_key": f"arn:{number}", "name": "new"} for number in (1, 2)]
    assert sink.load(unit(), some, Rows(rows))[:5] == (2, 1, 1, 0, 0)
    first, second = stored(place, made)
    assert (first["name"], first["size"], second["size"]) == ("new", 1, None)


# --- what changes ---------------------------------------------------------------------------------


def test_load_writes_only_rows_that_differ(made: MadePackage, place: Place, sink: Any) -> None:
    """A second load counts what was inserted, changed, left alone and deleted, and stores the new rows."""
    assert load(sink, made, Rows(keyed(1, 2, 3, 4))) == (4, 4, 0, 0, 0)
    written = place.rows('SELECT _key, xmin::text FROM made."keyed" ORDER BY 1')
    assert load(sink, made, Rows(keyed(1, 2, 3, 4))) == (4, 0, 0, 4, 0)
    assert place.rows('SELECT _key, xmin::text FROM made."keyed" ORDER BY 1') == written
    rows = keyed(1, 2) + keyed(3, name="other") + keyed(5)
    assert load(sink, made, Rows(rows)) == (4, 1, 1, 2, 1)
    assert [(row["_key"], row["name"]) for row in stored(place, made)] == [
        (row["_key"], row["name"]) for row in rows
    ]


@pytest.mark.parametrize(
    ("column", "old", "new"),
    [
        ("name", None, ""),
        ("size", 1, None),
        ("document", {"a": 1}, {"a": 1.5}),
        ("document", {"a": None}, {}),
        ("environment", {}, None),
        ("environment", {"A": None}, {"A": ""}),
        ("tags", {"a": []}, {"a": [""]}),
        ("ratio", 1.0, math.nan),
        ("ratio", math.nan, None),
        ("seen", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)),
    ],
)
def test_load_sees_every_difference(
    made: MadePackage, sink: Any, column: str, old: object, new: object
) -> None:
    """NULL, NaN and the empty value count as different from each other."""
    load(sink, made, Rows(keyed(1, **{column: old})))
    assert load(sink, made, Rows(keyed(1, **{column: new}))) == (1, 0, 1, 0, 0)
    assert load(sink, made, Rows(keyed(1, **{column: new}))) == (1, 0, 0, 1, 0)


def test_load_leaves_out_rows_that_cannot_be_stored(
    made: MadePackage, place: Place, sink: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A bad row is counted and logged; the others are stored, and nothing is deleted."""
    load(sink, made, Rows(keyed(1, 2)))
    rows: list[dict[str, Any]] = [
        *keyed(1, name="a\0b"),
        *keyed(3),
        *keyed(4, size=2**63),
        {"name": "no key"},
    ]
    counts = sink.load(unit(), made.table(KEYED), Rows(rows))
    assert counts == (4, 1, 0, 0, 0, 3)
    assert keys(place, made) == ["arn:1", "arn:2", "arn:3"]
    assert "made.keyed.name of arn:1: U+0000" in caplog.text
    assert "the primary key is missing" in caplog.text
    assert place.rows("SELECT state FROM ddsql_sync.units") == [("partial",)]


def test_load_keeps_stored_values_of_unread_columns(
    made: MadePackage, place: Place, sink: Any
) -> None:
    """A column that was not read keeps its value, is NULL in a new row, and is stale until it is read."""
    load(sink, made, Rows(keyed(1, 2)))
    unread: list[Any] = [
        CollectedRow({"_key": "arn:1", "name": "new"}, frozenset({"tags", "document"})),
        CollectedRow({**keyed(2)[0], "document": None}, frozenset({"document"})),
        CollectedRow({"_key": "arn:3"}, frozenset({"tags"})),
    ]
    assert load(sink, made, Rows(unread)) == (3, 1, 1, 1, 0)
    first, second, third = stored(place, made)
    assert (first["name"], first["tags"], first["size"]) == ("new", keyed(1)[0]["tags"], None)
    assert first["document"] == keyed(1)[0]["document"]
    assert second["document"] == keyed(2)[0]["document"]
    assert third["tags"] is None
    stale = 'SELECT "key", "column_name", "since" FROM ddsql_sync.stale ORDER BY 1, 2'
    before = place.rows(stale)
    assert [row[:2] for row in before] == [
        ("arn:1", "document"),
        ("arn:1", "tags"),
        ("arn:2", "document"),
        ("arn:3", "tags"),
    ]
    load(sink, made, Rows([*unread[:1], *keyed(2, 3)]))
    assert place.rows(stale) == before[:2]
    load(sink, made, Rows(keyed(1, 2, 3)))
    assert place.rows(stale) == []


# --- which rows are deleted -----------------------------------------------------------------------


def test_load_deletes_nothing_unless_the_listing_is_complete(
    made: MadePackage, place: Place, sink: Any
) -> None:
    """A listing that was cut short inserts and changes rows, and deletes none."""
    load(sink, made, Rows(keyed(1, 2, 3)))
    cut = Rows(keyed(2, 4, name="x"), complete=False)
    assert load(sink, made, cut) == (2, 1, 1, 0, 0)
    assert load(sink, made, Rows([], complete=False)) == (0, 0, 0, 0, 0)
    assert keys(place, made) == ["arn:1", "arn:2", "arn:3", "arn:4"]
    assert load(sink, made, Rows([])) == (0, 0, 0, 0, 4)
    assert keys(place, made) == []


@pytest.mark.parametrize("first", [0, 2**40])
def test_load_leaves_a_unit_alone_if_its_listing_fails(
    made: MadePackage, place: Place, sink: Any, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception in the middle of a listing leaves rows and ledger as they were."""
    staging = made.made.module("_runtime.load.postgres_staging")  # type: ignore[union-attr]
    monkeypatch.setattr(staging, "_FIRST", first)
    failing = Rows(keyed(2, 3, name="x"), fails=RuntimeError("cut off"))
    with pytest.raises(RuntimeError, match="cut off"):
        load(sink, made, failing)
    assert place.rows("SELECT * FROM ddsql_sync.units") == []
    assert load(sink, made, Rows(keyed(1, 2))) == (2, 2, 0, 0, 0)
    before = place.rows("SELECT * FROM ddsql_sync.units")
    with pytest.raises(RuntimeError, match="cut off"):
        load(sink, made, failing)
    assert [row["name"] for row in stored(place, made)] == ["name 1", "name 2"]
    assert place.rows("SELECT * FROM ddsql_sync.units") == before
    assert load(sink, made, Rows(keyed(1, 2))) == (2, 0, 0, 2, 0)


def test_load_deletes_a_row_when_no_unit_holds_it(
    made: MadePackage, place: Place, sink: Any
) -> None:
    """Units never delete each other's rows; a row that several units list goes with the last of them."""
    west, east = unit(region="eu-west-1"), unit(region="eu-east-1")
    load(sink, made, Rows(keyed(1, 2, 3)), west)
    assert load(sink, made, Rows(keyed(3, 4)), east) == (2, 1, 0, 1, 0)
    assert load(sink, made, Rows(keyed(1)), west) == (1, 0, 0, 1, 1)
    assert keys(place, made) == ["arn:1", "arn:3", "arn:4"]
    assert load(sink, made, Rows([]), east) == (0, 0, 0, 0, 2)
    assert keys(place, made) == ["arn:1"]


def test_forget_deletes_what_only_the_forgotten_units_held(
    made: MadePackage, place: Place, sink: Any
) -> None:
    """A region that is no longer read keeps its rows until it is forgotten, by another process too."""
    load(sink, made, Rows(keyed(1, 2)), unit(region="a"))
    load(sink, made, Rows(keyed(2, 3)), unit(region="b"))
    load(sink, made, Rows([{"name": "x"}]), unit(KEYLESS, region="a"))
    other = made.open(place.address, tables=())
    assert other.forget(region="a") == 2
    other.close()
    assert keys(place, made) == ["arn:2", "arn:3"]
    assert stored(place, made, KEYLESS) == []
    assert sink.finished("first") == {("111111111111", "b", KEYED)}
    assert (sink.last_run("rst"), sink.last_run("other")) == ("first", "")


def test_forget_refuses_a_ledger_of_a_later_format(
    made: MadePackage, place: Place, sink: Any
) -> None:
    """What a later version keeps is not known, so nothing is deleted."""
    load(sink, made, Rows(keyed(1)))
    place.connection.execute("UPDATE ddsql_sync.ledger SET format = 99")
    with pytest.raises(Exception, match=r"has format 99, of a later version"):
        sink.forget()
    assert keys(place, made) == ["arn:1"]


def test_ledger_of_a_new_database_is_empty(made: MadePackage, place: Place) -> None:
    """Nothing was loaded and nothing is forgotten where no sync has been."""
    sink = made.open(place.address, tables=())
    assert (sink.last_run(""), sink.finished("x"), sink.forget()) == ("", set(), 0)
    sink.close()
    assert place.rows("SELECT to_regnamespace('ddsql_sync')") == [(None,)]


def test_load_replaces_rows_without_a_key_by_unit(
    made: MadePackage, place: Place, sink: Any
) -> None:
    """Equal rows are counted: a unit holds so many copies of each, and two units hold their own."""
    row, other = {"name": "x", "size": 1, "document": {"a": 1}}, {"name": "y"}
    west, east = unit(KEYLESS, "west"), unit(KEYLESS, "east")
    assert load(sink, made, Rows([row, row, other]), west) == (3, 3, 0, 0, 0)
    assert load(sink, made, Rows([row]), east) == (1, 1, 0, 0, 0)
    assert load(sink, made, Rows([row, row, other]), west) == (3, 0, 0, 3, 0)
    assert load(sink, made, Rows([other], complete=False), west) == (1, 0, 0, 1, 0)
    assert load(sink, made, Rows([row]), west) == (1, 0, 0, 1, 2)
    assert [found["name"] for found in stored(place, made, KEYLESS)] == ["x", "x"]
    assert load(sink, made, Rows([]), east) == (0, 0, 0, 0, 1)
    unread = CollectedRow({"name": "x", "size": 1}, frozenset({"document"}))
    assert load(sink, made, Rows([unread]), west) == (1, 0, 0, 1, 0)
    assert load(sink, made, Rows([unread]), east) == (1, 1, 0, 0, 0)
    assert stored(place, made, KEYLESS) == [{**row, "document": None}, row]


def test_load_keeps_left_out_columns_of_a_table_without_a_key(
    made: MadePackage, place: Place, sink: Any
) -> None:
    """Rows that are equal in what is loaded are the same: none is stored twice, and none loses a value."""
    load_cases.leave_out_a_column_of_a_table_without_a_key(
        sink, made, lambda: stored(place, made, KEYLESS)
    )


def test_load_restores_rows_without_a_key_that_somebody_deleted(
    made: MadePackage, place: Place, sink: Any
) -> None:
    """What a unit holds is compared with what is there, whoever deleted it, or the table."""
    load_cases.restore_rows_of_a_table_without_a_key(
        sink,
        made,
        lambda: stored(place, made, KEYLESS),
        lambda statement: place.connection.execute(statement.encode()),
    )


# --- several at once ------------------------------------------------------------------------------


def _at_once(*actions: Callable[[], object]) -> list[object]:
    """Run ``actions`` in threads that start together; returns their results or errors."""
    results: list[object] = [None] * len(actions)
    start = threading.Barrier(len(actions))

    def run(number: int) -> None:
        start.wait()
        try:
            results[number] = actions[number]()
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_units_with_the_same_keys_are_loaded_at_once(made: MadePackage, place: Place) -> None:
    """Regions that list the same buckets are loaded by several workers: no error, and no row is lost
    while one of them drops it and another finds it."""
    sinks = [made.open(place.address) for _ in range(4)]
    regions = [unit(region=f"r{number}") for number in range(4)]
    for turn in range(6):
        numbers = range(turn * 20, turn * 20 + 60)
        rows = [
            keyed(*(numbers if region % 2 else reversed(numbers)), name=f"{turn}")
            for region in range(4)
        ]
        results = _at_once(
            *(
                partial(load, sink, made, Rows(found), where)
                for sink, found, where in zip(sinks, rows, regions, strict=True)
            )
        )
        assert all(isinstance(result, tuple) for result in results), results
        expected = sorted(f"arn:{number}" for number in numbers)
        assert keys(place, made) == expected
    for sink in sinks:
        sink.close()


def test_two_loads_of_one_unit_take_turns(made: MadePackage, place: Place) -> None:
    """A second sync of a unit waits until the first has committed, and begins to collect then."""
    first, second = made.open(place.address), made.open(place.address)
    events: list[str] = []

    def rows(name: str) -> Iterator[Any]:
        events.append(f"{name} begins")
        time.sleep(0.2)
        yield from map(CollectedRow, keyed(1, name=name))
        events.append(f"{name} ends")

    _at_once(
        lambda: load(first, made, Rows(rows("a"))),
        lambda: load(second, made, Rows(rows("b"))),
    )
    assert events[0][0] == events[1][0] != events[2][0] == events[3][0]
    assert stored(place, made)[0]["name"] == events[2][0]
    first.close()
    second.close()


# --- faults ---------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_killed_load_leaves_the_unit_old_or_new(
    part: int, postgres: psycopg.Connection, loads: killed.Loads
) -> None:
    """A process that is killed, before any statement or in the middle of one, leaves rows and ledger of
    the unit as they were or as they should become, and the next run works."""
    place = Place(postgres, "postgres_jsonb")
    moments = [*range(1, 27), *(f"{number * 6.5:.1f}" for number in range(1, 20))][part::4]
    assert len(moments) >= 10
    ends: set[int] = set()
    statuses: set[int] = set()
    edition = 0
    killed.load(place.address, edition)
    for moment in moments:
        status = loads.run(place.address, moment, edition + 1)
        statuses.add(status)
        found = _edition(place)
        assert found in (edition, edition + 1)
        ends.add(found - edition)
        edition += 1
        killed.load(place.address, edition)
        assert _edition(place) == edition
    assert -signal.SIGKILL in statuses, "no statement is counted"
    assert 0 in ends, "never killed before the end"


def _edition(place: Place) -> int:
    """Check that rows and ledger are those of one edition, and return it."""
    _wait_for_the_server(place)
    found = set(place.rows("SELECT _key, role_arn FROM aws.sagemaker_trainingjob"))
    first = min(int(key.removeprefix("arn:")) for key, _ in found)
    edition = first // killed.COUNT
    assert found == killed.content(edition)
    held = set(place.rows('SELECT "key" FROM ddsql_sync.held'))
    assert held == {(key,) for key, _ in found}
    [(state, count, run)] = place.rows("SELECT state, row_count, run FROM ddsql_sync.units")
    assert (state, count, run) == ("complete", len(found), f"run {edition}")
    return edition


def _wait_for_the_server(place: Place) -> None:
    """Wait until the server has ended the sessions of killed clients, which may commit until then."""
    others = (
        "SELECT 1 FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    end = time.monotonic() + 30
    while place.rows(others):
        assert time.monotonic() < end, "a session goes on without its client"
        time.sleep(0.01)


def test_load_connects_again_when_the_server_has_closed_the_connection(
    made: MadePackage, place: Place, sink: Any
) -> None:
    """A unit fails whose connection is cut; the next one is loaded."""
    load(sink, made, Rows(keyed(1)))

    def cut() -> Iterator[Any]:
        yield from map(CollectedRow, keyed(2))
        place.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )

    with pytest.raises(psycopg.OperationalError):
        load(sink, made, Rows(cut()))
    assert keys(place, made) == ["arn:1"]
    assert load(sink, made, Rows(keyed(1, 2))) == (2, 1, 0, 1, 0)


def test_prepare_says_what_the_database_refuses(
    made: MadePackage, postgres: psycopg.Connection
) -> None:
    """Privileges that a role lacks, and a schema of another program, are errors of the destination."""
    place = Place(postgres, "postgres_jsonb")
    assert made.made is not None
    refused = made.made.module("_runtime.load.destination").DestinationError
    postgres.execute("CREATE ROLE unprivileged LOGIN")
    address = place.address.replace("postgres@", "unprivileged@")
    with pytest.raises(refused, match=r"unprivileged@/test_\d+.*: permission denied for database"):
        made.open(address)
    postgres.execute("CREATE SCHEMA ddsql_sync")
    postgres.execute("CREATE TYPE ddsql_sync.units AS ENUM ()")
    with pytest.raises(refused, match='type "units" already exists'):
        made.open(place.address)


def test_open_says_what_is_wrong_without_the_password(made: MadePackage) -> None:
    """A server that cannot be reached is an error that names the destination only."""
    with pytest.raises(
        Exception, match=r"cannot connect to postgres://me@127.0.0.1:1/db"
    ) as raised:
        made.open("postgres://me:s3cretWord@127.0.0.1:1/db")
    assert "s3cretWord" not in str(raised.value)
