"""Rows into DuckDB, unit by unit: what is stored, what changes, and what is left alone."""

from __future__ import annotations

import json
import math
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engines
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


def _same_as_parameters(
    made: MadePackage, sink: Any, caplog: pytest.LogCaptureFixture, rows: list[dict[str, Any]]
) -> None:
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
            caplog.clear()
            assert sink.load(unit(EVERY, "refused"), table, Rows([row])).refused == 1
            assert caplog.messages == [f"left out: {refusal}"]
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
    made: MadePackage, sink: Any, caplog: pytest.LogCaptureFixture, expression: str
) -> None:
    """Loading in bulk stores the same text as INSERT with `parameters`, and refuses what that refuses."""
    [column] = [name for name, found in EVERY_TYPE.items() if found == expression]
    awkward = values._awkward(expression)  # pyright: ignore[reportPrivateUsage]
    if engines.DUCKDB_1:
        awkward = [
            item for item in awkward if "NaN in a list" not in values.faults(expression, item)
        ]
    rows = [{column: value} for value in awkward]
    assert rows
    _same_as_parameters(made, sink, caplog, rows)


@pytest.mark.parametrize("expression", EVERY_TYPE.values(), ids=str)
def test_load_stores_any_value_as_parameters_do(
    made: MadePackage, sink: Any, caplog: pytest.LogCaptureFixture, expression: str
) -> None:
    """So with every value that hypothesis finds."""
    [column] = [name for name, found in EVERY_TYPE.items() if found == expression]

    @settings(max_examples=15, deadline=None, database=None, derandomize=True)
    @given(st.lists(values._strategy(expression), min_size=1, max_size=8))  # pyright: ignore[reportPrivateUsage]
    def check(found: list[object]) -> None:
        _same_as_parameters(made, sink, caplog, [{column: value} for value in found])

    check()


def test_load_stores_documents_letter_by_letter_as_parameters_do(
    made: MadePackage, sink: Any, caplog: pytest.LogCaptureFixture
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
    _same_as_parameters(made, sink, caplog, rows)


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
    monkeypatch.setattr(module, "_COMPARED", 10_000)
    monkeypatch.setattr(
        made.made and made.made.module("_runtime.load.duckdb_chunks"), "CHUNK", 2000
    )
    rows = keyed(*range(500))
    assert load(sink, made, Rows(rows)) == (500, 500, 0, 0, 0)
    changed = keyed(*range(10, 510), size=1)
    assert load(sink, made, Rows(changed)) == (500, 10, 490, 0, 10)
    assert {row["_key"]: row["size"] for row in stored(sink, made)} == {
        row["_key"]: 1 for row in changed
    }


@pytest.mark.parametrize("document", [1, 1e-5], ids=["nested", "text"])
def test_load_stores_times_as_parameters_do_in_both_kinds_of_lines(
    made: MadePackage, sink: Any, caplog: pytest.LogCaptureFixture, document: float
) -> None:
    """Times are exact from the year 1 to 9999, in columns and in arrays, also in rows whose documents are
    written as text."""
    columns = {expression: name for name, expression in EVERY_TYPE.items()}
    offset = timezone(timedelta(hours=5, minutes=30))
    times = [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=offset),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ]
    rows: list[dict[str, Any]] = [
        {
            columns["json"]: document,
            columns["timestamp"]: time,
            columns["array<timestamp>"]: [time, None],
        }
        for time in times
    ]
    _same_as_parameters(made, sink, caplog, rows)


def test_load_reads_lines_of_both_kinds_in_chunks(
    made: MadePackage, sink: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where few rows have documents that are written as text, these wait for each other: a file of few lines
    takes DuckDB as long as one of hundreds. Rows of both kinds are loaded, and no file is left."""
    chunks = made.made and made.made.module("_runtime.load.duckdb_chunks")
    monkeypatch.setattr(chunks, "FIRST_CHUNK", 1)
    monkeypatch.setattr(chunks, "CHUNK", 2000)
    spy = sink._connection = _Spy(sink._connection)
    rows = [
        {**row, "document": 1e-5 if number % 10 == 3 else 0.5}
        for number, row in enumerate(keyed(*range(500)))
    ]
    assert load(sink, made, Rows(rows), unit(region="first")) == (500, 500, 0, 0, 0)
    reads: Counter[bool] = Counter()
    for statement, count in spy.statements.items():
        if "read_json" in statement:
            reads["'JSON'" in statement] += count
    assert 0 < reads[False] < 10 < reads[True]
    assert list(sink._scratch.iterdir()) == []
    # The first of these rows are read into the table, and again into the temporary one.
    later = keyed(*range(500, 510)) + rows
    assert load(sink, made, Rows(later), unit(region="later")) == (510, 10, 0, 500, 0)
    assert list(sink._scratch.iterdir()) == []
    found = {row["_key"]: row["document"] for row in stored(sink, made)}
    assert found == {row["_key"]: row["document"] for row in later}


def test_load_uses_one_thread_of_duckdb_while_rows_are_written(
    made: MadePackage, sink: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a unit of several chunks, DuckDB's other threads would take time from the encoding of rows. They are
    there again for the merge and for the next unit, also after an error; a small unit changes nothing."""
    chunks = made.made and made.made.module("_runtime.load.duckdb_chunks")
    monkeypatch.setattr(chunks, "FIRST_CHUNK", 1000)
    spy = sink._connection = _Spy(sink._connection)
    load(sink, made, Rows(keyed(1)))
    one, all_of_them = "SET threads = 1", "RESET threads"
    assert spy.statements[one] == spy.statements[all_of_them] == 0
    load(sink, made, Rows(keyed(*range(100))))
    assert spy.statements[one] == spy.statements[all_of_them] == 1
    assert list(spy.statements).index(all_of_them) < list(spy.statements).index(
        next(
            statement
            for statement in spy.statements
            if "ddsql_changed" in statement and "INSERT" in statement
        )
    )
    with pytest.raises(RuntimeError, match="cut off"):
        load(sink, made, Rows(keyed(*range(100, 200)), fails=RuntimeError("cut off")))
    assert spy.statements[one] == spy.statements[all_of_them] == 2


def test_load_takes_nan_for_itself_alone(made: MadePackage, sink: Any) -> None:
    """NaN is stored, is no change the next time, and is neither NULL nor a number."""
    for count, ratio in enumerate([1.0, math.nan, None, math.nan, math.inf]):
        changed = (1, 0, 1, 0, 0) if count else (1, 1, 0, 0, 0)
        assert load(sink, made, Rows(keyed(1, ratio=ratio))) == changed
        assert load(sink, made, Rows(keyed(1, ratio=ratio))) == (1, 0, 0, 1, 0)
        assert repr(stored(sink, made)[0]["ratio"]) == repr(ratio)


@pytest.mark.parametrize(
    "rows",
    [
        [*keyed(*range(100)), *keyed(50, name="later")],
        [*keyed(*range(99)), *keyed(200), *keyed(50, name="later")],
        [*keyed(*range(99)), CollectedRow({"_key": "arn:200"}, frozenset({"tags"}))],
    ],
    ids=["twice", "stored", "unread"],
)
def test_first_load_goes_through_the_temporary_table_if_it_must(
    made: MadePackage, sink: Any, monkeypatch: pytest.MonkeyPatch, rows: list[Any]
) -> None:
    """A new unit whose rows cannot be inserted as they come is loaded all the same: with a key that comes
    twice, is stored for another unit, or has columns that were not read."""
    monkeypatch.setattr(
        made.made and made.made.module("_runtime.load.duckdb_chunks"), "CHUNK", 2000
    )
    load(sink, made, Rows(keyed(200, 300)), unit(region="other"))
    expected = {row["_key"] for row, _ in Rows(rows)}
    counts = load(sink, made, Rows(rows))
    assert counts[0] == counts[1] + counts[2] + counts[3] == 100
    assert set(keys(sink, made)) == expected | {"arn:200", "arn:300"}
    assert list(sink._scratch.iterdir()) == []
    assert load(sink, made, Rows([])) == (0, 0, 0, 0, len(expected - {"arn:200"}))
    assert keys(sink, made) == ["arn:200", "arn:300"]


@engines.NOT_IN_DUCKDB_1
def test_load_takes_more_memory_if_it_must(
    made: MadePackage, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the memory that DuckDB is given does not suffice, the unit is loaded with more; the next has what
    the first was given, also after an error."""
    first = made.open(f"duckdb:{file}")
    module = sys.modules[type(first).__module__]
    monkeypatch.setattr(module, "_COMPARED", 2**40)
    load(first, made, Rows(keyed(*range(2000), name="x" * 20_000)))
    first.close()
    for name in (module.__name__, f"{module.__name__}_file"):
        monkeypatch.setattr(sys.modules[name], "MEMORY", "72MiB")
    sink = made.open(f"duckdb:{file}")
    limit = "SELECT current_setting('memory_limit')"
    before = sink._connection.execute(limit).fetchone()
    spy = sink._connection = _Spy(sink._connection)
    rows = keyed(*range(1, 2001), name="x" * 19_999 + "y")
    spy.fails_at = "COMMIT"
    with pytest.raises(duckdb.IOException, match="as the test has it"):
        load(sink, made, Rows(rows))
    assert spy.statements.pop("RESET memory_limit")
    assert sink._connection.execute(limit).fetchone() == before
    assert load(sink, made, Rows(rows)) == (2000, 1, 1999, 0, 1)
    assert spy.statements.pop("RESET memory_limit")
    assert sink._connection.execute(limit).fetchone() == before
    sink.close()


class _Spy:
    """A connection that counts statements, and fails once at one of them."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.statements: Counter[str] = Counter()
        self.fails_at = ""

    def execute(self, statement: str, parameters: Any = None) -> Any:
        self.statements[statement] += 1
        if statement == self.fails_at:
            self.fails_at = ""
            self._connection.execute("ROLLBACK")
            raise duckdb.IOException("as the test has it")
        return self._connection.execute(statement, parameters)

    def close(self) -> None:
        self._connection.close()


def test_load_restores_rows_without_a_key_that_somebody_deleted(
    made: MadePackage, sink: Any
) -> None:
    """What a unit holds is compared with what is there, whoever deleted it, or the table."""
    load_cases.restore_rows_of_a_table_without_a_key(
        sink, made, lambda: stored(sink, made, KEYLESS), sink._connection.execute
    )


# --- the ledger -----------------------------------------------------------------------------------


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


def test_forget_refuses_a_ledger_of_a_later_format(made: MadePackage, sink: Any) -> None:
    """What a later version keeps is not known, so nothing is deleted."""
    load(sink, made, Rows(keyed(1)))
    sink._connection.execute("UPDATE ddsql_sync.ledger SET format = 99")
    with pytest.raises(Exception, match=r"has format 99, of a later version"):
        sink.forget()
    assert keys(sink, made) == ["arn:1"]


def test_ledger_says_which_columns_are_stale_since_when(made: MadePackage, sink: Any) -> None:
    """A column that was not read is stale since the first run that could not read it, until it is read."""
    load(sink, made, Rows(keyed(1, 2)))
    partial = [
        CollectedRow({"_key": "arn:1", "name": "new"}, frozenset({"tags", "document"})),
        CollectedRow({**keyed(2)[0], "document": None}, frozenset({"document"})),
        CollectedRow({"_key": "arn:3"}, frozenset({"tags"})),
    ]
    load(sink, made, Rows(partial))
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


def test_failed_listing_leaves_ledger_and_folder_alone(made: MadePackage, sink: Any) -> None:
    """An exception in the middle of a listing changes nothing of the ledger, and leaves no file."""
    load(sink, made, Rows(keyed(1, 2)))
    ledger = "SELECT * FROM ddsql_sync.units"
    before = sink._connection.execute(ledger).fetchall()
    with pytest.raises(RuntimeError, match="cut off"):
        load(sink, made, Rows(keyed(2, 3, name="x"), fails=RuntimeError("cut off")))
    assert sink._connection.execute(ledger).fetchall() == before
    assert list(sink._scratch.iterdir()) == []


# --- the file -------------------------------------------------------------------------------------


@pytest.mark.parametrize("held", [False, True])
def test_error_while_lines_are_read_is_the_one_that_is_raised(
    made: MadePackage, sink: Any, file: Path, monkeypatch: pytest.MonkeyPatch, held: bool
) -> None:
    """A listing that fails, or a disk that is full, while DuckDB reads lines: the unit stays as it was, no
    file is left, and the next unit is loaded."""
    monkeypatch.setattr(sys.modules[f"{type(sink).__module__}_chunks"], "FIRST_CHUNK", 1)
    before = keyed(1) if held else []
    load(sink, made, Rows(before))

    def rows() -> Iterator[dict[str, object]]:
        sink._reader.submit(time.sleep, 0.3)  # so that the lines are not read before the error
        yield from keyed(2)

    for error in (RuntimeError("cut off"), OSError(28, "No space left on device")):
        with pytest.raises(type(error)) as raised:
            load(sink, made, Rows(rows(), fails=error))
        assert raised.value is error
        time.sleep(0.4)
        assert len(keys(sink, made)) == len(before)
        assert [path.name for path in file.parent.rglob("*.jsonl")] == []
    assert load(sink, made, Rows(keyed(3)), unit(region="next"))[:2] == (1, 1)


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
    """A second writer gets the number of the process to wait for; a second connection, the advice to close
    the first."""
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
def test_killed_load_leaves_the_unit_old_or_new(
    part: int, tmp_path: Path, loads: killed.Loads
) -> None:
    """A process that is killed, before any statement or in the middle of one, leaves rows and ledger of
    the unit as they were or as they should become, and the next run works."""
    start = tmp_path / "start.duckdb"
    killed.load(f"duckdb:{start}", 0)
    began = time.monotonic()
    moments = [*range(1, 24), *(f"{number * 4.5:.1f}" for number in range(1, 20))][part::4]
    ends: set[bool] = set()
    statuses: set[int] = set()
    for moment in moments:
        file = tmp_path / f"{moment}.duckdb"
        shutil.copy(start, file)
        status = loads.run(f"duckdb:{file}", moment, 1)
        statuses.add(status)
        edition = _edition(file)
        ends.add(bool(edition))
        killed.load(f"duckdb:{file}", 1)
        assert _edition(file) == 1
        assert files(file) == sorted({path.name for path in tmp_path.glob("*.duckdb")})
    assert len(moments) >= 10
    assert -signal.SIGKILL in statuses, "no statement is counted"
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


# --- tables that exist already --------------------------------------------------------------------


def _columns(types: dict[str, str]) -> dict[str, dict[str, str]]:
    return {KEYED: {"_key": "string", **types}}


def test_prepare_adds_columns_where_that_was_allowed(tmp_path: Path, file: Path) -> None:
    """A table of an older package is refused, with what to do, until safe changes are allowed; then it gets
    the new columns, and its rows stay."""
    with package(tmp_path / "1", _columns({"name": "string"}), "older_duckdb") as older:
        sink = older.open(f"duckdb:{file}")
        load(sink, older, Rows([{"_key": "1", "name": "x"}]))
        sink.close()
    newer_columns = _columns({"name": "string", "tags": "hstore_csv", "times": "array<timestamp>"})
    with package(tmp_path / "2", newer_columns, "newer_duckdb") as newer:
        newer = replace(newer, version="2")
        with pytest.raises(Exception, match=r"tags: .*is missing.*--migrate safe") as error:
            newer.open(f"duckdb:{file}")
        assert "times" in str(error.value)
        sink = newer.open(f"duckdb:{file}", migrate=True)
        assert stored(sink, newer) == [{"_key": "1", "name": "x", "tags": None, "times": None}]
        rows: list[dict[str, object]] = [
            {"_key": "1", "name": "x", "tags": {"a": ["b"]}, "times": []}
        ]
        assert load(sink, newer, Rows(rows)) == (1, 0, 1, 0, 0)
        sink.close()
        newer.open(f"duckdb:{file}").close()


WIDENED = {
    "flag": ("bool", True, True),
    "number": ("int64", 2**63 - 1, 2**63 - 1),
    "text": ("string", 'a"b', 'a"b'),
    "map": ("hstore", {"key": "a", "value": None}, {"key": "a", "value": None}),
    "tags": ("hstore_csv", {"a": ["b", "c"], "d": []}, {"a": ["b", "c"], "d": []}),
    "time": ("timestamp", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
    "moment": (
        "timestamp",
        datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        "2026-01-02T03:04:05.000006Z",
    ),
}


def test_prepare_widens_types_without_loss(tmp_path: Path, file: Path) -> None:
    """Where every value of a type is also a JSON value, a column that becomes json keeps its values."""
    old = _columns({name: type for name, (type, _, _) in WIDENED.items()})
    with package(tmp_path / "1", old, "narrow_duckdb") as older:
        sink = older.open(f"duckdb:{file}")
        load(sink, older, Rows([{"_key": "1", **{n: v for n, (_, v, _) in WIDENED.items()}}]))
        load(sink, older, Rows([{"_key": "2"}]), unit(region="other"))
        sink.close()
    new = _columns(dict.fromkeys(WIDENED, "json"))
    with package(tmp_path / "2", new, "wide_duckdb") as newer:
        sink = newer.open(f"duckdb:{file}", migrate=True)
        rows = [{"_key": "1", **{name: value for name, (_, _, value) in WIDENED.items()}}]
        assert stored(sink, newer) == [*rows, {"_key": "2", **dict.fromkeys(WIDENED)}]
        assert load(sink, newer, Rows(rows)) == (1, 0, 0, 1, 0)
        sink.close()


def test_prepare_converts_types_that_would_mix_up_values(tmp_path: Path, file: Path) -> None:
    """A table whose hstore became hstore_csv is refused, with both types; if it may change, values with
    commas stay one value."""
    with package(tmp_path / "1", _columns({"tags": "hstore"}), "hstore_duckdb") as older:
        sink = older.open(f"duckdb:{file}")
        load(sink, older, Rows([{"_key": "1", "tags": {"a": "b,c"}}]))
        sink.close()
    with package(tmp_path / "2", _columns({"tags": "hstore_csv"}), "csv_duckdb") as newer:
        with pytest.raises(Exception, match=r"made\.keyed\.tags.* hstore.*hstore_csv"):
            newer.open(f"duckdb:{file}")
        sink = newer.open(f"duckdb:{file}", migrate=True)
        assert stored(sink, newer) == [{"_key": "1", "tags": {"a": ["b,c"]}}]
        sink.close()


def test_prepare_adopts_a_table_on_request(made: MadePackage, file: Path) -> None:
    """A table that no sync made is refused unless the version of the package that made it is given."""
    with duckdb.connect(str(file.with_name("other.duckdb"))) as connection:
        connection.execute(made.ddl(KEYED, "duckdb"))
        connection.execute("INSERT INTO made.keyed (_key, name) VALUES ('arn:1', 'by hand')")
    address = f"duckdb:{file.with_name('other.duckdb')}"
    with pytest.raises(Exception, match="--adopt 1"):
        made.open(address)
    sink = made.open(address, adopt="1")
    assert load(sink, made, Rows(keyed(1, 2))) == (2, 1, 1, 0, 0)
    sink.close()
    made.open(address).close()


@pytest.mark.slow
def test_killed_first_load_leaves_all_or_nothing(tmp_path: Path, loads: killed.Loads) -> None:
    """A new unit, whose rows are inserted as they are read, is there as a whole or not at all."""
    counts: list[int] = []
    for moment in (1, 2, 4, 6, 8, 9, 10, 12, "5.0", "30.0"):
        file = tmp_path / f"{moment}.duckdb"
        loads.run(f"duckdb:{file}", moment, 1)
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"ATTACH '{file}' AS found")
            select = "SELECT _key, role_arn FROM found.aws.sagemaker_trainingjob"
            rows = set(connection.execute(select).fetchall())
            held = connection.execute("SELECT key FROM found.ddsql_sync.held").fetchall()
        assert rows in (set(), killed.content(1))
        assert {key for (key,) in held} == {key for key, _ in rows}
        counts.append(len(rows))
        killed.load(f"duckdb:{file}", 1)
        assert _edition(file) == 1
    assert 0 in counts
