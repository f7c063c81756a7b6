"""Rows into a folder of Parquet files: what readers see, and that they see all of it or nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import pytest

import test_round_trip as values
from load import killed
from load.load_cases import (
    EVERY,
    EVERY_TYPE,
    KEYED,
    KEYLESS,
    MadePackage,
    Rows,
    keyed,
    load,
    package,
    unit,
)
from projects import tree
from schemagen.runtime.units import CollectedRow, Unit

# pyarrow has no types.
pa: Any = import_module("pyarrow")
pq: Any = import_module("pyarrow.parquet")
dataset: Any = import_module("pyarrow.dataset")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadePackage]:
    with package(tmp_path_factory.mktemp("made"), name="loaded_parquet") as found:
        yield found


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def sink(made: MadePackage, lake: Path) -> Iterator[Any]:
    opened = made.open(f"parquet:{lake}/", "first")
    try:
        yield opened
    finally:
        opened.close()


def files(lake: Path, table: str = KEYED) -> list[str]:
    return sorted(path.name for path in (lake / table).iterdir())


def info(lake: Path, name: str = "111111111111.eu-west-1.parquet") -> dict[str, Any]:
    metadata = pq.read_metadata(lake / KEYED / name).metadata
    found: dict[str, Any] = json.loads(metadata[b"ddsql_sync"])
    return found


@pytest.mark.parametrize("expression", EVERY_TYPE.values(), ids=str)
def test_load_stores_awkward_values_as_records_do(
    made: MadePackage, sink: Any, lake: Path, expression: str
) -> None:
    """A file holds what `records.encode` makes of each row, and refuses what that refuses."""
    [column] = [name for name, found in EVERY_TYPE.items() if found == expression]
    table = made.table(EVERY)
    records: list[dict[str, object]] = []
    rows: list[dict[str, object]] = []
    refused = 0
    for number, value in enumerate(values._awkward(expression)):  # pyright: ignore[reportPrivateUsage]
        rows.append({"_key": f"{number}", column: value})
        try:
            records.append(made.records.encode(rows[-1], table, "arrow"))
        except made.errors:
            refused += 1
    assert records
    counts = sink.load(unit(EVERY), table, Rows(rows))
    assert (counts.inserted, counts.refused) == (len(records), refused)
    [path] = (lake / EVERY).glob("*.parquet")
    expected = pa.Table.from_pylist(records, schema=made.arrow(EVERY))
    assert pq.read_table(path, schema=made.arrow(EVERY)).equals(expected)
    assert sink.load(unit(EVERY), table, Rows(rows))[1:4] == (0, 0, len(records))


def test_readers_see_the_columns_of_the_table_only(
    made: MadePackage, sink: Any, lake: Path
) -> None:
    """DuckDB and pyarrow read the folder of a table, all units together, with the documented columns."""
    load(sink, made, Rows(keyed(1, 2)), unit(region="eu-west-1"))
    load(sink, made, Rows(keyed(3)), unit(region="global", account="222222222222"))
    names = list(made.table(KEYED).columns)
    with duckdb.connect() as connection:
        read = connection.execute(f"SELECT * FROM '{lake}/{KEYED}/*.parquet' ORDER BY _key")
        assert [column[0] for column in read.description or []] == names
        assert [row[0] for row in read.fetchall()] == ["arn:1", "arn:2", "arn:3"]
        tags = f"SELECT tags['team'] FROM '{lake}/{KEYED}/*.parquet' WHERE _key = 'arn:1'"
        assert connection.execute(tags).fetchone() == (["a", "b"],)
    found = dataset.dataset(lake / KEYED)
    assert found.schema.names == names
    assert found.count_rows() == 3


def test_files_of_an_older_package_are_read_beside_newer_ones(tmp_path: Path, lake: Path) -> None:
    """After a package got a column, DuckDB's union_by_name reads old and new files as one table, and a
    unit that is loaded again keeps rows that its listing did not reach."""
    old = {KEYED: {"_key": "string", "name": "string"}}
    new = {KEYED: {"_key": "string", "tags": "hstore_csv", "name": "string"}}
    with package(tmp_path / "1", old, "older_parquet") as older:
        sink = older.open(f"parquet:{lake}/")
        load(sink, older, Rows([{"_key": "1", "name": "x"}, {"_key": "2"}]), unit(region="a"))
        load(sink, older, Rows([{"_key": "3", "name": "y"}]), unit(region="b"))
        sink.close()
    query = f"FROM read_parquet('{lake}/{KEYED}/*', union_by_name = true) ORDER BY _key"
    with package(tmp_path / "2", new, "newer_parquet") as newer, duckdb.connect() as connection:
        sink = newer.open(f"parquet:{lake}/")
        rows = [{"_key": "1", "name": "x", "tags": {"a": ["b"]}}]
        assert load(sink, newer, Rows(rows, complete=False), unit(region="a")) == (1, 0, 1, 0, 0)
        assert connection.execute(f"SELECT _key, name, tags {query}").fetchall() == [
            ("1", "x", {"a": ["b"]}),
            ("2", None, None),
            ("3", "y", None),
        ]
        unchanged = [{"_key": "3", "name": "y"}]
        assert load(sink, newer, Rows(unchanged), unit(region="b")) == (1, 0, 0, 1, 0)
        sink.close()


def test_prepare_refuses_another_type(tmp_path: Path, lake: Path) -> None:
    """Files whose hstore became hstore_csv are refused with both types and what to do, and stay."""
    with package(tmp_path / "1", {KEYED: {"_key": "string", "t": "hstore"}}, "old_pq") as older:
        sink = older.open(f"parquet:{lake}/")
        load(sink, older, Rows([{"_key": "1", "t": {"a": "b"}}]))
        sink.close()
    csv = {KEYED: {"_key": "string", "t": "hstore_csv"}}
    with package(tmp_path / "2", csv, "new_pq") as newer:
        with pytest.raises(
            Exception, match=r"made\.keyed\.t: .*hstore .*hstore_csv.*move the folder"
        ):
            newer.open(f"parquet:{lake}/")
        shutil.rmtree(lake / "_ddsql_sync")
        with pytest.raises(Exception, match=r"no sync made it.*--adopt 1"):
            newer.open(f"parquet:{lake}/")


def test_load_keeps_the_file_if_nothing_differs(made: MadePackage, sink: Any, lake: Path) -> None:
    """A second run leaves the very file alone; one change replaces it."""
    load(sink, made, Rows(keyed(1, 2)))
    [path] = (lake / KEYED).glob("*.parquet")
    before = path.stat()
    assert load(sink, made, Rows(keyed(2, 1))) == (2, 0, 0, 2, 0)
    assert os.path.samestat(before, path.stat())
    assert load(sink, made, Rows(keyed(1, 2, name="x"))) == (2, 0, 2, 0, 0)
    assert not os.path.samestat(before, path.stat())


def test_unit_without_rows_has_no_file(made: MadePackage, sink: Any, lake: Path) -> None:
    """The file of a unit goes with its last row, and not before its listing is complete. The run's journal
    has the unit in any case."""
    load(sink, made, Rows([]))
    assert files(lake) == []
    load(sink, made, Rows(keyed(1)))
    load(sink, made, Rows([], complete=False))
    assert files(lake) == ["111111111111.eu-west-1.parquet"]
    assert load(sink, made, Rows([])) == (0, 0, 0, 0, 1)
    assert files(lake) == []
    assert sink.finished("first") == {("111111111111", "eu-west-1", KEYED)}
    assert sink.finished("other") == set()
    [journal] = lake.glob("_ddsql_sync/runs/first/*")
    with journal.open("ab") as file:
        file.write(b'{"account": "cut of')
    assert sink.finished("first") == {("111111111111", "eu-west-1", KEYED)}


def test_metadata_say_what_a_file_holds(made: MadePackage, sink: Any, lake: Path) -> None:
    """The file names its unit, run and package, and the columns that are stale, and since when."""
    load(sink, made, Rows(keyed(1)))
    found = info(lake)
    assert {**found, "stale": {}} == {
        "account": "111111111111",
        "region": "eu-west-1",
        "partition": "aws",
        "table": KEYED,
        "run": "first",
        "package": "made-schemas",
        "version": "1",
        "complete": True,
        "stale": {},
    }
    unread = CollectedRow({"_key": "arn:1"}, frozenset({"tags"}))
    load(sink, made, Rows([unread]))
    since = info(lake)["stale"]
    assert list(since) == ["tags"]
    load(sink, made, Rows([unread]))
    assert info(lake)["stale"] == since
    load(sink, made, Rows(keyed(1)))
    assert info(lake)["stale"] == {}


def test_forget_deletes_the_files_of_a_region(made: MadePackage, sink: Any, lake: Path) -> None:
    """Files of the region go, of all tables; others stay."""
    load(sink, made, Rows(keyed(1, 2)), unit(region="a"))
    load(sink, made, Rows(keyed(2, 3)), unit(region="b"))
    load(sink, made, Rows([{"name": "x"}]), unit(KEYLESS, region="a"))
    assert sink.forget(region="a") == 3
    assert files(lake) == ["111111111111.b.parquet"]
    assert files(lake, KEYLESS) == []
    assert sink.finished("first") == {("111111111111", "b", KEYED)}, "a resumed run reads region a"
    assert sink.forget(table=KEYED, account="2") == 0
    assert sink.forget(table=KEYED) == 2
    assert sink.finished("first") == set()


def test_forget_leaves_files_of_others_alone(made: MadePackage, sink: Any, lake: Path) -> None:
    """A file that no sync wrote stays, whatever it is called and wherever it is."""
    load(sink, made, Rows(keyed(1)), unit(region="a"))
    (lake / "mine").mkdir()
    others = [lake / "mine" / "111111111111.a.parquet", lake / KEYED / "copy.a.parquet"]
    for path in others:
        pq.write_table(pa.table({"n": [1, 2]}), path)
    assert sink.forget(region="a") == 1
    assert sink.forget(account="111111111111") == 0
    assert sink.forget(table=KEYED) == 0
    assert sorted(lake.rglob("*.parquet")) == sorted(others)


@pytest.mark.parametrize(
    "place",
    [KEYED, "_ddsql_sync", "_ddsql_sync/tables", "_ddsql_sync/runs", "_ddsql_sync/runs/first"],
)
def test_nothing_is_changed_behind_links(made: MadePackage, lake: Path, place: str) -> None:
    """A folder that is a link is named, and what it leads to stays as it is."""
    sink = made.open(f"parquet:{lake}/", "first")
    load(sink, made, Rows(keyed(1)))
    sink.close()
    (lake / place).rename(lake.parent / "elsewhere")
    (lake / place).symlink_to("../" * (place.count("/") + 1) + "elsewhere")
    before = tree(lake.parent / "elsewhere")
    assert before

    def change(action: str) -> None:
        opened = made.open(f"parquet:{lake}/", "first")
        try:
            if action == "load":
                load(opened, made, Rows(keyed(2)))
            else:
                opened.forget(table=KEYED)
        finally:
            opened.close()

    message = rf"{lake / place} is a link, and nothing is written"
    for action in ("load", "forget"):
        with pytest.raises(refused(made), match=message):
            change(action)
    assert tree(lake.parent / "elsewhere") == before


def test_turns_are_not_taken_by_links_and_pipes(made: MadePackage, sink: Any, lake: Path) -> None:
    """The file that a new one is written to, and its copy, may be there already, but must be our own."""
    victim = lake.parent / "victim"
    victim.write_text("mine")
    name = ".111111111111.eu-west-1.parquet.new"
    turn, copy = lake / KEYED / name, lake / KEYED / f"{name}.all"
    turn.symlink_to("../../victim")
    with pytest.raises(refused(made), match=rf"{turn} is a link; remove it"):
        load(sink, made, Rows(keyed(1)))
    turn.unlink()
    os.mkfifo(turn)
    with pytest.raises(refused(made), match=rf"{turn} is no file; remove it"):
        load(sink, made, Rows(keyed(1)))
    turn.unlink()
    copy.symlink_to("../../victim")
    assert load(sink, made, Rows([*keyed(1), *keyed(1, size=2)])) == (1, 1, 0, 0, 0)
    assert victim.read_text() == "mine"
    assert files(lake) == ["111111111111.eu-west-1.parquet"]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(1000), b"name,size\n"])
def test_files_that_are_damaged_are_named(
    made: MadePackage, sink: Any, lake: Path, content: bytes
) -> None:
    """A file that cannot be read is neither replaced nor deleted: the message says which, and what to do."""
    load(sink, made, Rows(keyed(1)), unit(region="a"))
    [path] = (lake / KEYED).glob("*.parquet")
    path.write_bytes(content)
    message = rf"{path} cannot be read \(.*; move it aside, and sync again"
    with pytest.raises(refused(made), match=message):
        load(sink, made, Rows(keyed(1)), unit(region="a"))
    with pytest.raises(refused(made), match=message):
        sink.forget(region="a")
    assert path.read_bytes() == content
    path.unlink()
    assert load(sink, made, Rows(keyed(1)), unit(region="a")) == (1, 1, 0, 0, 0)


def test_files_without_the_key_are_not_replaced(made: MadePackage, sink: Any, lake: Path) -> None:
    """A file of another program may have the name of a unit's."""
    path = lake / KEYED / "111111111111.a.parquet"
    pq.write_table(pa.table({"n": [1, 2]}), path)
    with pytest.raises(refused(made), match=rf"{path} lacks the column _key"):
        load(sink, made, Rows(keyed(1)), unit(region="a"))
    assert pq.read_table(path).num_rows == 2


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b"", b'{"version": "1", "columns": 3}'])
def test_files_of_the_ledger_that_are_damaged_are_named(
    made: MadePackage, sink: Any, lake: Path, content: bytes
) -> None:
    """Neither the types of a table nor the journal of a run is guessed."""
    load(sink, made, Rows(keyed(1)))
    types = lake / "_ddsql_sync" / "tables" / f"{KEYED}.json"
    types.write_bytes(content)
    with pytest.raises(refused(made), match=rf"{types} does not have the types of a table"):
        made.open(f"parquet:{lake}/")
    journal = lake / "_ddsql_sync" / "runs" / "x" / "made.jsonl"
    journal.parent.mkdir()
    journal.write_bytes(content + b"\n")
    for action in (lambda: sink.last_run(""), lambda: sink.finished("x"), sink.forget):
        with pytest.raises(refused(made), match=rf"{journal}, line 1, is not an entry of a run"):
            action()
    assert files(lake) == ["111111111111.eu-west-1.parquet"]


def refused(made: MadePackage) -> type[Exception]:
    assert made.made is not None
    error: type[Exception] = made.made.module("_runtime.load.destination").DestinationError
    return error


@pytest.mark.parametrize(
    "name",
    ["../../x", "a/b", "", ".", "..", "_x", "A", "a=b", "*", "~41", "ü" * 300, "a\\b", "x" * 300],
)
def test_names_are_data(made: MadePackage, sink: Any, lake: Path, name: str) -> None:
    """Any account or region has a file of its own in the folder of the table, which every reader finds."""
    others = [Unit(other, "r", KEYED) for other in ("a", "41", "b", "x")]
    for number, where in enumerate([Unit(name, "r", KEYED), Unit("r", name, KEYED), *others]):
        load(sink, made, Rows(keyed(number)), where)
    found = files(lake)
    assert len(found) == len({file.lower() for file in found}) == 6
    assert all(len(file.encode()) < 250 for file in found)
    assert dataset.dataset(lake / KEYED, format="parquet").count_rows() == 6
    assert sorted(path.name for path in lake.parent.iterdir()) == ["lake"]
    assert sink.forget(account=name) == 6 if name == "" else 1


def test_two_writers_take_turns(made: MadePackage, sink: Any, lake: Path) -> None:
    """The second writer of a unit waits for the first, and compares with what that wrote."""
    started, go_on = threading.Event(), threading.Event()
    results: dict[str, tuple[int, ...]] = {}

    class Slow(Rows):
        def __iter__(self) -> Iterator[CollectedRow]:
            started.set()
            assert go_on.wait(30)
            return super().__iter__()

    def first() -> None:
        results["first"] = load(sink, made, Slow(keyed(1, 2)))

    def second() -> None:
        other = made.open(f"parquet:{lake}/", "second")
        results["second"] = load(other, made, Rows(keyed(2, 3)))
        other.close()

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert started.wait(30)
    threads[1].start()
    threads[1].join(0.5)
    assert threads[1].is_alive()
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert results == {"first": (2, 2, 0, 0, 0), "second": (2, 1, 0, 1, 1)}
    assert files(lake) == ["111111111111.eu-west-1.parquet"]


def test_load_reads_many_groups(
    made: MadePackage, sink: Any, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of many groups are compared, copied and filled as those of one are."""
    module = made.made and made.made.module("_runtime.load.parquet_file")
    monkeypatch.setattr(module, "_GROUP_ROWS", 7)
    rows = [*keyed(*range(100)), *keyed(0, 50, name="later")]
    assert load(sink, made, Rows(rows)) == (100, 100, 0, 0, 0)
    [path] = (lake / KEYED).glob("*.parquet")
    assert pq.ParquetFile(path).num_row_groups >= 14
    unread = [CollectedRow({"_key": f"arn:{n}"}, frozenset({"size"})) for n in range(99, 9, -1)]
    assert load(sink, made, Rows(unread, complete=False)) == (90, 0, 90, 0, 0)
    sizes = {row["_key"]: row["size"] for row in pq.read_table(path).to_pylist()}
    assert sizes == {f"arn:{number}": number for number in range(100)}
    names = {row["_key"]: row["name"] for row in pq.read_table(path).to_pylist()}
    assert names["arn:0"] == "later"
    assert names["arn:50"] is None


def test_files_of_other_programs_are_compared_row_by_row(
    made: MadePackage, sink: Any, lake: Path
) -> None:
    """A file that another program wrote again, without our metadata, is compared by its rows."""
    load(sink, made, Rows(keyed(1, 2)))
    [path] = (lake / KEYED).glob("*.parquet")
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata(None), path)
    assert load(sink, made, Rows(keyed(1, 2))) == (2, 0, 0, 2, 0)
    assert info(lake)["run"] == "first"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_killed_load_leaves_the_file_old_or_new(
    part: int, tmp_path: Path, loads: killed.Loads
) -> None:
    """A process that is killed, before any change of the disk or at any time, leaves the file of the unit
    as it was or as it should become, and the next run works."""
    start = tmp_path / "start"
    killed.load(f"parquet:{start}", 0)
    moments = [*range(1, 16), *(f"{number * 3.5:.1f}" for number in range(1, 28))][part::4]
    ends: set[int] = set()
    statuses: set[int] = set()
    for moment in moments:
        lake = tmp_path / str(moment)
        shutil.copytree(start, lake)
        status = loads.run(f"parquet:{lake}", moment, 1)
        statuses.add(status)
        ends.add(_edition(lake))
        killed.load(f"parquet:{lake}", 1)
        assert _edition(lake) == 1
        assert files(lake, killed.TABLE) == ["111111111111.eu-west-1.parquet"]
    assert len(moments) >= 10
    assert -signal.SIGKILL in statuses, "no change of the disk is counted"
    assert 0 in ends


def _edition(lake: Path) -> int:
    """Check that the rows are those of one edition, and return it."""
    rows = dataset.dataset(lake / killed.TABLE).to_table().to_pylist()
    found = {(row["_key"], row["role_arn"]) for row in rows}
    assert len(rows) == len(found)
    [edition] = [edition for edition in (0, 1) if killed.content(edition) == found]
    return edition
