"""What all folders and files that rows are loaded into have in common: which rows change, and which stay."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from load import load_cases
from load.load_cases import KEYED, KEYLESS, MadePackage, Rows, keyed, load, package, unit
from schemagen.runtime.sql import Table
from schemagen.runtime.units import CollectedRow

pq: Any = import_module("pyarrow.parquet")  # which has no types


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadePackage]:
    with package(tmp_path_factory.mktemp("made"), name="loaded_sinks") as found:
        yield found


@dataclass
class Place:
    """A place that rows are loaded into: its address, and how its rows are read."""

    address: str
    read: Callable[[MadePackage, Any, str], list[dict[str, Any]]]


def read_duckdb(made: MadePackage, sink: Any, table: str) -> list[dict[str, Any]]:
    found = made.table(table)
    selected = sink._connection.execute(made.loader.select(found, "duckdb")).fetchall()
    return [made.loader.read(row, found, "duckdb") for row in selected]


def read_parquet(made: MadePackage, sink: Any, table: str) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for path in sorted((sink._folder / table).glob("*.parquet")):
        for record in pq.read_table(path).to_pylist(maps_as_pydicts="strict"):
            row = made.records.decode(record, made.table(table), "arrow")
            rows[row.get("_key", f"{path} {len(rows)}")] = row
    return list(rows.values())


PLACES = {
    "duckdb": ("duckdb:{}/made.duckdb", read_duckdb),
    "parquet": ("parquet:{}/lake/", read_parquet),
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    address, read = PLACES[request.param]
    return Place(address.format(tmp_path), read)


@pytest.fixture
def sink(made: MadePackage, place: Place) -> Iterator[Any]:
    opened = made.open(place.address, "first")
    opened.place = place
    try:
        yield opened
    finally:
        opened.close()


def stored(sink: Any, made: MadePackage, table: str = KEYED) -> list[dict[str, Any]]:
    """The rows of a table, as the package's own code reads them. A row of several units counts once."""
    rows = sink.place.read(made, sink, table)
    return sorted(rows, key=lambda row: str(row.get("_key", row)))


def keys(sink: Any, made: MadePackage) -> list[str]:
    return [row["_key"] for row in stored(sink, made)]


# --- what changes ---------------------------------------------------------------------------------


def test_load_writes_only_rows_that_differ(made: MadePackage, sink: Any) -> None:
    """A second load counts what was inserted, changed, left alone and deleted, and stores the new rows."""
    assert load(sink, made, Rows(keyed(1, 2, 3, 4))) == (4, 4, 0, 0, 0)
    assert load(sink, made, Rows(keyed(1, 2, 3, 4))) == (4, 0, 0, 4, 0)
    rows = keyed(1, 2) + keyed(3, name="other") + keyed(5)
    assert load(sink, made, Rows(rows)) == (4, 1, 1, 2, 1)
    assert [(row["_key"], row["name"]) for row in stored(sink, made)] == [
        (row["_key"], row["name"]) for row in rows
    ]


@pytest.mark.parametrize(
    ("column", "old", "new"),
    [
        ("name", None, ""),
        ("size", 1, None),
        ("document", {"a": 1}, {"a": 1.0}),
        ("document", {"a": None}, {}),
        ("environment", {}, None),
        ("environment", {"A": None}, {"A": ""}),
        ("tags", {"a": []}, {"a": [""]}),
        ("ratio", 0.1, None),
        ("seen", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)),
    ],
)
def test_load_sees_every_difference(
    made: MadePackage, sink: Any, column: str, old: object, new: object
) -> None:
    """NULL, NaN, the empty value and the type of a number count as different from each other."""
    load(sink, made, Rows(keyed(1, **{column: old})))
    assert load(sink, made, Rows(keyed(1, **{column: new}))) == (1, 0, 1, 0, 0)
    assert load(sink, made, Rows(keyed(1, **{column: new}))) == (1, 0, 0, 1, 0)


def test_load_ignores_the_order_of_maps(made: MadePackage, sink: Any) -> None:
    """An API lists tags in any order, which changes nothing."""
    load(sink, made, Rows(keyed(1, environment={"A": "1", "B": "2"}, tags={"x": ["1"], "y": []})))
    again = keyed(1, environment={"B": "2", "A": "1"}, tags={"y": [], "x": ["1"]})
    assert load(sink, made, Rows(again)) == (1, 0, 0, 1, 0)


def test_load_takes_the_last_of_rows_with_one_key(made: MadePackage, sink: Any) -> None:
    """A resource that a listing shows twice, because it changed meanwhile, is stored as it was last."""
    rows = [*keyed(1, 2), *keyed(1, name="later")]
    assert load(sink, made, Rows(rows)) == (2, 2, 0, 0, 0)
    assert [row["name"] for row in stored(sink, made)] == ["later", "name 2"]


def test_load_keeps_stored_values_of_unread_columns(made: MadePackage, sink: Any) -> None:
    """A column that was not read keeps its value, is NULL in a new row, and is stale until it is read."""
    load(sink, made, Rows(keyed(1, 2)))
    partial = [
        CollectedRow({"_key": "arn:1", "name": "new"}, frozenset({"tags", "document"})),
        CollectedRow({**keyed(2)[0], "document": None}, frozenset({"document"})),
        CollectedRow({"_key": "arn:3"}, frozenset({"tags"})),
    ]
    assert load(sink, made, Rows(partial)) == (3, 1, 1, 1, 0)
    first, second, third = stored(sink, made)
    assert (first["name"], first["tags"], first["size"]) == ("new", keyed(1)[0]["tags"], None)
    assert first["document"] == keyed(1)[0]["document"]
    assert second["document"] == keyed(2)[0]["document"]
    assert third["tags"] is None
    load(sink, made, Rows(keyed(1, 2, 3)))
    assert [row["document"] for row in stored(sink, made)] == [
        row["document"] for row in keyed(1, 2, 3)
    ]


# --- which rows are deleted -----------------------------------------------------------------------


def test_load_deletes_nothing_unless_the_listing_is_complete(made: MadePackage, sink: Any) -> None:
    """A listing that was cut short inserts and changes rows, and deletes none."""
    load(sink, made, Rows(keyed(1, 2, 3)))
    cut = Rows(keyed(2, 4, name="x"), complete=False)
    assert load(sink, made, cut) == (2, 1, 1, 0, 0)
    assert load(sink, made, Rows([], complete=False)) == (0, 0, 0, 0, 0)
    assert keys(sink, made) == ["arn:1", "arn:2", "arn:3", "arn:4"]
    assert load(sink, made, Rows([])) == (0, 0, 0, 0, 4)
    assert keys(sink, made) == []


def test_load_leaves_a_unit_alone_if_its_listing_fails(made: MadePackage, sink: Any) -> None:
    """An exception in the middle of a listing leaves rows, ledger and folder as they were."""
    load(sink, made, Rows(keyed(1, 2)))
    with pytest.raises(RuntimeError, match="cut off"):
        load(sink, made, Rows(keyed(2, 3, name="x"), fails=RuntimeError("cut off")))
    assert [row["name"] for row in stored(sink, made)] == ["name 1", "name 2"]
    assert load(sink, made, Rows(keyed(1, 2))) == (2, 0, 0, 2, 0)


def test_load_replaces_rows_without_a_key_by_unit(made: MadePackage, sink: Any) -> None:
    """Equal rows are counted: a unit holds so many copies of each, and two units hold their own."""
    row, other = {"name": "x", "size": 1, "document": {"a": 1}}, {"name": "y"}
    west, east = unit(KEYLESS, "west"), unit(KEYLESS, "east")
    assert load(sink, made, Rows([row, row, other]), west) == (3, 3, 0, 0, 0)
    assert load(sink, made, Rows([row]), east) == (1, 1, 0, 0, 0)
    assert load(sink, made, Rows([row, row, other]), west) == (3, 0, 0, 3, 0)
    assert load(sink, made, Rows([other], complete=False), west) == (1, 0, 0, 1, 0)
    assert load(sink, made, Rows([row]), west) == (1, 0, 0, 1, 2)
    assert [found["name"] for found in stored(sink, made, KEYLESS)] == ["x", "x"]
    assert load(sink, made, Rows([]), east) == (0, 0, 0, 0, 1)
    unread = CollectedRow({"name": "x", "size": 1}, frozenset({"document"}))
    assert load(sink, made, Rows([unread]), west) == (1, 0, 0, 1, 0)
    assert stored(sink, made, KEYLESS) == [row]


def test_load_keeps_left_out_columns_of_a_table_without_a_key(made: MadePackage, sink: Any) -> None:
    """Rows that are equal in what is loaded are the same: none is stored twice, and none loses a value."""
    load_cases.leave_out_a_column_of_a_table_without_a_key(
        sink, made, lambda: stored(sink, made, KEYLESS)
    )


# --- rows and columns that are left out -----------------------------------------------------------


def test_load_leaves_out_rows_that_cannot_be_stored(
    made: MadePackage, sink: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A row with a value that the place cannot hold is named in the log. Its stored row stays, the others
    are loaded, and nothing is deleted."""
    load(sink, made, Rows(keyed(1, 2, 3)))
    rows = [*keyed(1, name="a\0b"), *keyed(2, name="new"), *keyed(4)]
    counts = sink.load(unit(), made.table(KEYED), Rows(rows))
    assert counts == (3, 1, 1, 0, 0, 1)
    assert [row["name"] for row in stored(sink, made)] == ["name 1", "new", "name 3", "name 4"]
    [message] = caplog.messages
    assert "made.keyed.name of arn:1: U+0000 at character 2" in message
    assert caplog.records[0].levelno == logging.WARNING


def test_load_keeps_columns_that_the_table_leaves_out(made: MadePackage, sink: Any) -> None:
    """A column that a setting excludes keeps its values, and is NULL in new rows."""
    load(sink, made, Rows(keyed(1, 2)))
    whole = made.table(KEYED)
    columns = {name: type for name, type in whole.columns.items() if name not in ("tags", "size")}
    fewer: Table = whole._replace(columns=columns)
    rows = [{name: row[name] for name in columns if name in row} for row in keyed(1, 2, 3)]
    rows[0]["name"] = "new"
    assert sink.load(unit(), fewer, Rows(rows))[:5] == (3, 1, 1, 1, 0)
    assert [(row["name"], row["size"], row["tags"]) for row in stored(sink, made)] == [
        ("new", 1, keyed(1)[0]["tags"]),
        ("name 2", 2, keyed(2)[0]["tags"]),
        ("name 3", None, None),
    ]
    assert sink.load(unit(), fewer, Rows(keyed(1))).refused == 1


# --- runs -----------------------------------------------------------------------------------------


def test_last_run_is_that_of_the_unit_loaded_last(made: MadePackage, place: Place) -> None:
    """A run that goes on with another finds out its name, and what it has loaded already."""
    for run in ("1-all", "2-all", "3-1of2"):
        sink = made.open(place.address, run)
        assert sink.last_run("nobody") == ""
        load(sink, made, Rows([]), unit(region=f"region {run}"))
        load(sink, made, Rows(keyed(1)), unit())
        sink.close()
    sink = made.open(place.address, "4-all")
    assert sink.last_run("-all") == "2-all"
    assert sink.last_run("-1of2") == "3-1of2"
    assert ("111111111111", "region 2-all", KEYED) in sink.finished("2-all")
    sink.close()
