"""Rows into DuckDB, unit by unit: what is stored, what changes, and what is left alone."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import test_round_trip as values
from load import killed
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
from projects import CHECKOUT
from schemagen.runtime.units import CollectedRow

ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(str(CHECKOUT / folder) for folder in ("generated", "tests")),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadePackage]:
    with package(tmp_path_factory.mktemp("made"), name="loaded_duckdb") as found:
        yield found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "made.duckdb"  # named like the schema


@pytest.fixture
def sink(made: MadePackage, file: Path) -> Iterator[Any]:
    opened = made.open(f"duckdb:{file}", "first")
    try:
        yield opened
    finally:
        opened.close()


def stored(sink: Any, made: MadePackage, table: str = KEYED) -> list[dict[str, Any]]:
    """The rows of a table, as the package's own code reads them."""
    selected = sink._connection.execute(made.loader.select(made.table(table), "duckdb")).fetchall()
    rows = [made.loader.read(row, made.table(table), "duckdb") for row in selected]
    return sorted(rows, key=lambda row: str(row.get("_key", row)))


def keys(sink: Any, made: MadePackage) -> list[str]:
    return [row["_key"] for row in stored(sink, made)]


def files(file: Path) -> list[str]:
    return sorted(path.name for path in file.parent.iterdir())


# --- what is stored -------------------------------------------------------------------------------


def _same_as_parameters(made: MadePackage, sink: Any, rows: list[dict[str, Any]]) -> None:
    """Load ``rows`` in both ways, into two tables, and compare the texts of what is stored. A row that
    `parameters` refuses must be refused with the same message."""
    table = made.table(EVERY)
    sound: list[dict[str, Any]] = []
    for number, row in enumerate(rows):
        row = {**row, "_key": f"k{number}"}
        refusal = ""
        try:
            made.loader.parameters(row, table, "duckdb")
            sound.append(row)
        except made.errors as error:
            refusal = str(error)
        if refusal:
            with pytest.raises(made.errors) as told:
                sink.load(unit(EVERY, "refused"), table, Rows([row]))
            assert str(told.value) == refusal
    execute = sink._connection.execute
    sink.load(unit(EVERY), table, Rows(sound))
    columns = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in table.columns)
    query = f'SELECT {columns} FROM made."every" ORDER BY "_key"'
    loaded = execute(query).fetchall()
    execute('DELETE FROM made."every"')
    if sound:
        sink._connection.executemany(
            made.loader.insert(table, "duckdb"),
            [made.loader.parameters(row, table, "duckdb") for row in sound],
        )
    assert loaded == execute(query).fetchall()
    assert len(loaded) == len(sound)


@pytest.mark.parametrize("expression", EVERY_TYPE.values(), ids=str)
def test_load_stores_awkward_values_as_parameters_do(
    made: MadePackage, sink: Any, expression: str
) -> None:
    """Loading in bulk stores the same text as INSERT with `parameters`, and refuses what that refuses."""
    [column] = [name for name, found in EVERY_TYPE.items() if found == expression]
    rows = [{column: value} for value in values._awkward(expression)]  # pyright: ignore[reportPrivateUsage]
    assert rows
    _same_as_parameters(made, sink, rows)


@pytest.mark.parametrize("expression", EVERY_TYPE.values(), ids=str)
def test_load_stores_any_value_as_parameters_do(
    made: MadePackage, sink: Any, expression: str
) -> None:
    """So with every value that hypothesis finds."""
    [column] = [name for name, found in EVERY_TYPE.items() if found == expression]

    @settings(max_examples=15, deadline=None, database=None, derandomize=True)
    @given(st.lists(values._strategy(expression), min_size=1, max_size=8))  # pyright: ignore[reportPrivateUsage]
    def check(found: list[object]) -> None:
        _same_as_parameters(made, sink, [{column: value} for value in found])

    check()


def test_load_stores_documents_letter_by_letter_as_parameters_do(
    made: MadePackage, sink: Any
) -> None:
    """Numbers, escapes and nesting that writers of JSON spell differently have the text of `json_text`."""
    [column] = [name for name, found in EVERY_TYPE.items() if found == "json"]
    documents: list[object] = [
        *[1e15, 1e16, 1e21, 1e22, 1e300, 1e-4, 1e-5, 1e-7, 5e-324, 0.1, 100.0, 123456789012345.6],
        *[2**53 + 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**40, -0.0],
        *[
            "\x01\x1f\x7f\u2028\ufffe",
            "/",
            "é\U0010ffff",
            '"\\\b\f\n\r\t',
            "1e16",
            "0.00001",
            ":1e5",
        ],
        *["null", [None], {"a": None, "b": "null"}, {"key": None, "value": [1, "x"]}],
        *[[math.nan, None], {"a": datetime(2026, 1, 1, tzinfo=UTC)}, [b"bytes"]],
        json.loads("[" * 300 + "]" * 300),
    ]
    rows = [
        {column: wrapped} for document in documents for wrapped in (document, {"x": [document]})
    ]
    _same_as_parameters(made, sink, rows)


def test_load_takes_any_name(made: MadePackage, sink: Any) -> None:
    """Quotes, capitals and the names that the sink itself uses are ordinary names of columns."""
    rows = [{"_key": "1", 'a "quoted" name': {"x": 1}, "it's": "x'y", "row": 7, "Ünï": "c0"}]
    load(sink, made, Rows(rows), unit(ODD))
    assert stored(sink, made, ODD) == rows
    assert load(sink, made, Rows(rows), unit(ODD)) == (1, 0, 0, 1, 0)


def test_load_reads_long_rows(made: MadePackage, sink: Any) -> None:
    """A row may be longer than what DuckDB reads unless told otherwise, 16 MiB."""
    rows = keyed(1, name="x" * 20_000_000) + keyed(2)
    assert load(sink, made, Rows(rows)) == (2, 2, 0, 0, 0)
    assert len(stored(sink, made)[0]["name"]) == 20_000_000


def test_load_reads_many_chunks(
    made: MadePackage, sink: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unit that is read in many chunks, and compared in many parts, is loaded as a small one is."""
    module = sys.modules[type(sink).__module__]
    monkeypatch.setattr(module, "_CHUNK", 2000)
    monkeypatch.setattr(module, "_COMPARED", 10_000)
    rows = keyed(*range(500))
    assert load(sink, made, Rows(rows)) == (500, 500, 0, 0, 0)
    changed = keyed(*range(10, 510), size=1)
    assert load(sink, made, Rows(changed)) == (500, 10, 490, 0, 10)
    assert {row["_key"]: row["size"] for row in stored(sink, made)} == {
        row["_key"]: 1 for row in changed
    }


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
        ("ratio", 1.0, math.nan),
        ("ratio", math.nan, None),
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
    stale = 'SELECT "key", "column_name", "since" FROM ddsql_sync.stale ORDER BY ALL'
    before = sink._connection.execute(stale).fetchall()
    assert [row[:2] for row in before] == [
        ("arn:1", "document"),
        ("arn:1", "tags"),
        ("arn:2", "document"),
        ("arn:3", "tags"),
    ]
    load(sink, made, Rows([*partial[:1], *keyed(2, 3)]))
    assert sink._connection.execute(stale).fetchall() == before[:2]
    load(sink, made, Rows(keyed(1, 2, 3)))
    assert sink._connection.execute(stale).fetchall() == []


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
    ledger = "SELECT * EXCLUDE (loaded, read_in_full) FROM ddsql_sync.units"
    before = sink._connection.execute(ledger).fetchall()
    with pytest.raises(RuntimeError, match="cut off"):
        load(sink, made, Rows(keyed(2, 3, name="x"), fails=RuntimeError("cut off")))
    assert [row["name"] for row in stored(sink, made)] == ["name 1", "name 2"]
    assert sink._connection.execute(ledger).fetchall() == before
    assert list(sink._scratch.iterdir()) == []
    assert load(sink, made, Rows(keyed(1, 2))) == (2, 0, 0, 2, 0)


def test_load_deletes_a_row_when_no_unit_holds_it(made: MadePackage, sink: Any) -> None:
    """Units never delete each other's rows; a row that several units list goes with the last of them."""
    west, east = unit(region="eu-west-1"), unit(region="eu-east-1")
    load(sink, made, Rows(keyed(1, 2, 3)), west)
    assert load(sink, made, Rows(keyed(3, 4)), east) == (2, 1, 0, 1, 0)
    assert load(sink, made, Rows(keyed(1)), west) == (1, 0, 0, 1, 1)
    assert keys(sink, made) == ["arn:1", "arn:3", "arn:4"]
    assert load(sink, made, Rows([]), east) == (0, 0, 0, 0, 2)
    assert keys(sink, made) == ["arn:1"]


def test_forget_deletes_what_only_the_forgotten_units_held(made: MadePackage, sink: Any) -> None:
    """A region that is no longer read keeps its rows until it is forgotten."""
    load(sink, made, Rows(keyed(1, 2)), unit(region="a"))
    load(sink, made, Rows(keyed(2, 3)), unit(region="b"))
    load(sink, made, Rows([{"name": "x"}]), unit(KEYLESS, region="a"))
    assert sink.forget(region="a") == 2
    assert keys(sink, made) == ["arn:2", "arn:3"]
    assert stored(sink, made, KEYLESS) == []
    assert sink.finished("first") == {("111111111111", "b", KEYED)}


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


# --- the file -------------------------------------------------------------------------------------


def test_close_leaves_the_database_only(made: MadePackage, file: Path) -> None:
    """Files of rows are gone when a sink is closed, also those of a run that was killed."""
    left = file.parent / f".{file.name}.loading-killed"
    left.mkdir()
    (left / "0-nested.jsonl").write_text("{}\n")
    sink = made.open(f"duckdb:{file}")
    load(sink, made, Rows(keyed(1)))
    sink.close()
    assert files(file) == [file.name]
    with duckdb.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM made.made.keyed").fetchone() == (1,)


def test_open_says_who_has_the_database_open(made: MadePackage, file: Path) -> None:
    """A second writer is told which process to wait for; a second connection, to close the first."""
    with (
        duckdb.connect(file),
        pytest.raises(ValueError, match="this process has the database open"),
    ):
        made.open(f"duckdb:{file}")
    program = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print(1, flush=True); input()"
    command = [sys.executable, "-c", program, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(ValueError, match=f"process {process.pid} has the database open"):
            made.open(f"duckdb:{file}")
        process.kill()
    assert files(file) == [file.name]


def test_open_refuses_what_is_no_database(made: MadePackage, tmp_path: Path) -> None:
    """A file of another kind, and a folder that does not exist, are errors that name the destination."""
    other = tmp_path / "notes.duckdb"
    other.write_text("text" * 10_000)
    for path in (other, tmp_path / "no" / "x.duckdb"):
        with pytest.raises(ValueError, match=str(path)):
            made.open(f"duckdb:{path}")
    assert other.read_text() == "text" * 10_000


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_killed_load_leaves_the_unit_old_or_new(part: int, tmp_path: Path) -> None:
    """A process that is killed, before any statement or in the middle of one, leaves rows and ledger of
    the unit as they were or as they should become, and the next run works."""
    start = tmp_path / "start.duckdb"
    killed.load(f"duckdb:{start}", 0)
    began = time.monotonic()
    moments = [*range(1, 24), *(f"{number * 4.5:.1f}" for number in range(1, 20))][part::4]
    ends: set[bool] = set()
    for moment in moments:
        file = tmp_path / f"{moment}.duckdb"
        shutil.copy(start, file)
        command = [sys.executable, killed.__file__, f"duckdb:{file}", str(moment), "1"]
        ended = subprocess.run(command, env=ENVIRONMENT, capture_output=True, timeout=60)
        assert ended.returncode in (0, -signal.SIGKILL, -signal.SIGALRM), ended.stderr
        edition = _edition(file)
        ends.add(bool(edition))
        killed.load(f"duckdb:{file}", 1)
        assert _edition(file) == 1
        assert files(file) == sorted({path.name for path in tmp_path.glob("*.duckdb")})
    assert len(moments) >= 10
    assert False in ends, f"never killed before the end, in {time.monotonic() - began} s"


def _edition(file: Path) -> int:
    """Check that rows and ledger are those of one edition, and return it."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH '{file}' AS found")
        rows = connection.execute(
            "SELECT _key, role_arn FROM found.aws.sagemaker_trainingjob"
        ).fetchall()
        held = connection.execute("SELECT key FROM found.ddsql_sync.held").fetchall()
        [(run, count)] = connection.execute(
            "SELECT run, row_count FROM found.ddsql_sync.units"
        ).fetchall()
        connection.execute("DETACH found")
    edition = int(run.removeprefix("run "))
    assert set(rows) == killed.content(edition)
    assert {(key,) for key, _ in killed.content(edition)} == set(held)
    assert count == len(rows) == len(held)
    return edition
