"""Migrations of live databases, by the command of a package: `migrate` and `drift`, in both engines."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

import engines
from load.load_cases import TABLES, MadePackage, Rows, load, package, unit

KEYED, KEYLESS = "made.keyed", "made.keyless"
OLD = {
    KEYED: {
        "_key": "string",
        "name": "string",
        "tags": "hstore",
        "size": "int64",
        "gone": "string",
    },
    KEYLESS: {"name": "string", "size": "int64"},
}
NEW = {
    KEYED: {
        "_key": "string",
        "tags": "hstore_csv",
        "name": "json",
        "more": "string",
        "bulk": "float64",
    },
    KEYLESS: {"more": "int64", "name": "string", "size": "int64"},
}
ROW = {"_key": "a", "name": "n", "tags": {"x": "1,2", "y": None}, "size": 5, "gone": "g"}
NEW_ROW = {"_key": "a", "name": "n", "tags": {"x": ["1,2"], "y": []}, "bulk": 5.0}
KEYLESS_ROWS = [{"name": "a", "size": 1}, {"name": "b", "size": 2}]
RENAME = ("--rename", f"{KEYED}.size=bulk")


@dataclass(frozen=True)
class Place:
    """A new database, by its address, and how to run SQL in it."""

    address: str
    connection: psycopg.Connection | None = None

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        if self.connection is not None:
            cursor = self.connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []
        with duckdb.connect(self.address.partition(":")[2]) as connection:
            return connection.execute(statement).fetchall()

    def types(self) -> list[tuple[Any, ...]]:
        """The columns of the package's tables, and what the ledger has of them."""
        columns = (
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'made' ORDER BY 1, 2"
        )
        recorded = "SELECT table_id, name, type FROM ddsql_sync.columns ORDER BY 1, 2"
        return [*self.run(columns), *self.run(recorded)]


@pytest.fixture(params=["duckdb", "postgres_jsonb", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "duckdb":
        return Place(f"duckdb:{tmp_path / 'my.duckdb'}")
    fixture = "postgres_with_hstore" if request.param == "postgres" else "postgres"
    connection = request.getfixturevalue(fixture)
    host, name = connection.info.host, connection.info.dbname
    address = f"postgresql://postgres@/{name}?host={host}&dialect={request.param}"
    return Place(address, connection)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadePackage]:
    with package(tmp_path_factory.mktemp("old"), OLD, "migrated_old") as found:
        yield found


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadePackage]:
    with newer(tmp_path_factory.mktemp("new"), NEW, "migrated_new") as found:
        yield found


@contextmanager
def newer(
    folder: Path, tables: Mapping[str, Mapping[str, str]], name: str
) -> Generator[MadePackage]:
    with package(folder, tables, name) as found:
        yield replace(found, version="2")


@pytest.fixture
def filled(place: Place, old: MadePackage) -> Place:
    """The tables of the old package, with rows."""
    sink = old.open(place.address)
    load(sink, old, Rows([ROW]))
    load(sink, old, Rows(KEYLESS_ROWS), unit(KEYLESS))
    sink.close()
    return place


def run(made: MadePackage, *arguments: str) -> int:
    """Run the command of a package, and return its exit status."""
    assert made.made is not None
    status: int = made.made.module("_runtime.command.app").status(made, list(arguments))
    return status


def migrate(made: MadePackage, place: Place, *arguments: str) -> int:
    return run(made, "migrate", "--to", place.address, *arguments)


def drift(made: MadePackage, place: Place) -> int:
    return run(made, "drift", "--to", place.address)


def test_migrate_keeps_rows_that_the_next_sync_finds_again(
    filled: Place, new: MadePackage, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each value is cast once, however often the command runs; then nothing has to be loaded anew."""
    assert drift(new, filled) == 1
    printed = capsys.readouterr()
    found = printed.out.splitlines()
    assert f"{KEYED}.tags: the column holds hstore, and is hstore_csv in the package" in found
    assert [line for line in found if line.startswith(f"{KEYED}.more:")] == [
        f"{KEYED}.more: the column is missing; its type is string"
    ]
    assert f"{KEYED}.gone: kept, though this package does not have it" in printed.err.splitlines()
    before = filled.types()
    assert migrate(new, filled, *RENAME) == 0
    assert "BEGIN" in capsys.readouterr().out
    assert filled.types() == before
    for _ in range(2):
        assert migrate(new, filled, *(RENAME if filled.types() == before else ()), "--apply") == 0
    assert "is up to date" in capsys.readouterr().err
    sink = new.open(filled.address)
    assert load(sink, new, Rows([NEW_ROW])) == (1, 0, 0, 1, 0)
    assert load(sink, new, Rows(KEYLESS_ROWS), unit(KEYLESS)) == (2, 0, 0, 2, 0)
    sink.close()
    assert filled.run("SELECT gone FROM made.keyed") == [("g",)]
    assert filled.run("SELECT count(*) FROM made.keyless") == [(2,)]


def test_migrate_drops_what_may_be_lost_and_drift_says_when_nothing_is_left(
    filled: Place, new: MadePackage, capsys: pytest.CaptureFixture[str]
) -> None:
    """A column that the package does not have any more goes only if the user says so."""
    assert migrate(new, filled, *RENAME, "--apply") == 0
    assert f"{KEYED}.bulk: renamed the column from size\n" in capsys.readouterr().err
    assert drift(new, filled) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err.splitlines()[0]) == (
        "",
        f"{KEYED}.gone: kept, though this package does not have it",
    )
    assert migrate(new, filled, "--allow-loss", f"{KEYED}.gone", "--apply") == 0
    assert f"{KEYED}.gone: dropped the column and its values\n" in capsys.readouterr().err
    assert drift(new, filled) == 0
    assert "kept" not in capsys.readouterr().err
    assert not filled.run(
        "SELECT 1 FROM information_schema.columns WHERE table_schema = 'made' AND column_name = 'gone'"
    )


def test_migrate_refuses_a_cast_that_would_lose_a_value_and_names_the_row(
    filled: Place, old: MadePackage, new: MadePackage, capsys: pytest.CaptureFixture[str]
) -> None:
    """The guard runs in the transaction: what came before it is undone, too."""
    sink = old.open(filled.address)
    load(sink, old, Rows([ROW, {**ROW, "_key": "b", "size": 2**53 + 1}]))
    sink.close()
    before = filled.types()
    assert migrate(new, filled, *RENAME, "--apply") == 1
    message = capsys.readouterr().err
    assert f"{KEYED}.bulk" in message
    assert "row" in message
    assert " b" in message
    assert "nothing was changed" in message
    assert filled.types() == before
    allowed = ("--allow-loss", f"{KEYED}.size")
    assert migrate(new, filled, *RENAME, *allowed, "--apply") == 0
    assert filled.run("SELECT _key, bulk FROM made.keyed ORDER BY 1") == [("a", 5.0), ("b", None)]


def test_sync_migrates_what_loses_nothing(filled: Place, new: MadePackage) -> None:
    """`--migrate safe` takes the same steps. Columns that the package does not have stay."""
    sink = new.open(filled.address, migrate=True)
    row = {name: value for name, value in NEW_ROW.items() if name != "bulk"}
    assert load(sink, new, Rows([row])) == (1, 0, 0, 1, 0)
    assert load(sink, new, Rows(KEYLESS_ROWS), unit(KEYLESS)) == (2, 0, 0, 2, 0)
    sink.close()
    assert filled.run("SELECT size, gone FROM made.keyed") == [(5, "g")]


def test_sync_keeps_columns_that_the_package_does_not_have_and_drift_names_them(
    filled: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their old values are not forgotten silently, whichever version loaded last."""
    columns = {name: type for name, type in OLD[KEYED].items() if name != "gone"}
    with newer(tmp_path, {KEYED: columns, KEYLESS: OLD[KEYLESS]}, "migrated_without") as less:
        for _ in range(2):
            less.open(filled.address).close()
        assert drift(less, filled) == 0
    assert f"{KEYED}.gone: kept, though this package does not have it\n" in capsys.readouterr().err


def test_drift_lists_a_refused_type_once_and_names_what_is_kept(
    filled: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `migrate` would refuse is one difference, with the command that settles it; a table that
    only the database has is no difference. JSON has table, column and kind as fields."""
    with newer(tmp_path, {KEYED: {**OLD[KEYED], "size": "hstore"}}, "migrated_types") as other:
        assert drift(other, filled) == 1
        output = capsys.readouterr()
        [line] = output.out.splitlines()
        assert line.startswith(f"{KEYED}.size: its type changes from int64 to hstore: ")
        assert line.endswith(f"; `{other.name} migrate` needs --allow-loss {KEYED}.size")
        assert f"{KEYLESS}: kept, though this package does not have it\n" in output.err
        assert run(other, "drift", "--to", filled.address, "--format", "json") == 1
        printed = json.loads(capsys.readouterr().out)
        [difference] = printed["differences"]
        assert difference.pop("message").startswith("its type changes")
        assert difference == {"table": KEYED, "column": "size", "kind": "column-type"}
        assert printed["kept"] == [{"table": KEYLESS, "column": ""}]
        allowed = ("--allow-loss", KEYED)
        assert migrate(other, filled, *allowed, "--apply") == 0
        capsys.readouterr()
        assert drift(other, filled) == 0
        assert migrate(other, filled, "--apply") == 0
        assert "is up to date" in capsys.readouterr().err


def test_migrate_names_renames_of_what_is_kept(
    filled: Place, new: MadePackage, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new column with the type of one that is gone may be that column."""
    assert migrate(new, filled) == 0
    assert (
        f"{KEYED}.gone: kept, though this package does not have it; pass --rename {KEYED}.gone=more "
        f"if it was renamed; --allow-loss {KEYED}.gone drops it\n"
    ) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rename", f"{KEYED}.sise=bulk"), f"did you mean '{KEYED}.size'?"),
        (("--rename", f"{KEYED}.size=bulkk"), "has no column 'bulkk'; did you mean 'bulk'?"),
        (("--allow-loss", f"{KEYED}.gnoe"), f"did you mean '{KEYED}.gone'?"),
        (("made.nothing",), "unknown table 'made.nothing'"),
        (("--apply", "--dry-run"), "not allowed with argument"),
    ],
)
def test_migrate_refuses_names_that_nobody_has(
    filled: Place,
    new: MadePackage,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    """Wrong usage gets a line that says what is right."""
    assert migrate(new, filled, *arguments) == 2
    assert message in capsys.readouterr().err


def test_migrate_refuses_databases_that_no_sync_has_loaded_into(
    place: Place, new: MadePackage, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What the columns of such tables mean is not known; and a missing file is not created."""
    place.run("CREATE SCHEMA made")
    assert migrate(new, place) == 2
    assert "no sync has loaded tables there" in capsys.readouterr().err
    missing = tmp_path / "missing.duckdb"
    assert run(new, "drift", "--to", f"duckdb:{missing}") == 2
    assert "there is no such file" in capsys.readouterr().err
    assert not missing.exists()
    assert run(new, "drift", "--to", f"parquet:{tmp_path}") == 2
    assert "Parquet files are not migrated" in capsys.readouterr().err


def test_drift_finds_what_was_changed_outside_of_a_sync(
    filled: Place, old: MadePackage, capsys: pytest.CaptureFixture[str]
) -> None:
    """A type, a comment, and a table that somebody changed by hand."""
    assert drift(old, filled) == 0
    filled.run("ALTER TABLE made.keyed ALTER size TYPE integer")
    filled.run("COMMENT ON COLUMN made.keyed.name IS 'mine'")
    filled.run("DROP TABLE made.keyless")
    assert drift(old, filled) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(
        line.startswith(f"{KEYED}.size: the column's type is")
        and line.endswith("changed outside of a sync")
        for line in lines
    )
    assert f"{KEYED}.name: the column's comment differs" in lines
    assert f"{KEYLESS}: the table is missing; the next sync creates it" in lines
    assert migrate(old, filled, "--apply") == 1
    assert "nothing was changed" in capsys.readouterr().err


LONG = "x" * 70
HOSTILE = {
    **TABLES,
    "made.odd names": {"_key": "string", "ctid": "json", LONG: "string", "it's 50% \\": "int64"},
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadePackage]:
    with package(tmp_path_factory.mktemp("hostile"), HOSTILE, "migrated_hostile") as found:
        yield found


def test_drift_of_what_a_sync_created_is_nothing(
    place: Place, hostile: MadePackage, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every type, and names that the database does not accept as they are."""
    hostile.open(place.address).close()
    assert drift(hostile, place) == 0
    assert capsys.readouterr().out == ""
    assert migrate(hostile, place, "--apply") == 0
    assert "is up to date" in capsys.readouterr().err


def test_migrate_finds_dropped_columns_that_the_database_calls_otherwise(
    place: Place, hostile: MadePackage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The package does not have the column any more, but its comment says what it was called."""
    id = "made.odd names"
    hostile.open(place.address, tables=[id]).close()
    left = {name: type for name, type in HOSTILE[id].items() if name not in ("ctid", LONG)}
    with newer(tmp_path, {id: left}, "migrated_less") as less:
        assert drift(less, place) == 0
        found = capsys.readouterr().err
        for name in ("ctid", LONG):
            assert f"{id}.{name}: kept, though this package does not have it" in found
        allowed = [f"{id}.{name}" for name in ("ctid", LONG)]
        losses = [part for name in allowed for part in ("--allow-loss", name)]
        assert migrate(less, place, *losses, "--apply") == 0
        assert drift(less, place) == 0
    columns = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'odd names'"
    assert place.run(columns) == [(2,)]


def test_drift_refuses_a_ledger_of_a_later_format(
    filled: Place, old: MadePackage, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a later version keeps is not known."""
    filled.run("UPDATE ddsql_sync.ledger SET format = 99")
    assert drift(old, filled) == 2
    assert "has format 99, of a later version" in capsys.readouterr().err


@pytest.mark.slow
def test_migrate_does_not_make_others_wait_for_its_locks(
    postgres: psycopg.Connection,
    old: MadePackage,
    new: MadePackage,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """PostgreSQL gives up after seconds if a table is in use, and nothing has happened."""
    host, name = postgres.info.host, postgres.info.dbname
    place = Place(f"postgresql://postgres@/{name}?host={host}&dialect=postgres_jsonb", postgres)
    old.open(place.address).close()
    before = place.types()
    with postgres.transaction():
        place.run("SELECT count(*) FROM made.keyed")
        assert migrate(new, place, *RENAME, "--apply") == 1
    assert "others have used a table for 5s" in capsys.readouterr().err
    assert place.types() == before


# --- what users have put on the tables, in DuckDB ------------------------------------------------------


@pytest.fixture
def database(tmp_path: Path, old: MadePackage) -> Place:
    found = Place(f"duckdb:{tmp_path / 'my.duckdb'}")
    sink = old.open(found.address)
    load(sink, old, Rows([ROW]))
    sink.close()
    return found


def apply(
    made: MadePackage, place: Place, how: str, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, str]:
    """Migrate with --apply, or by running the script that --dry-run prints. Returns the status, and why it
    failed."""
    capsys.readouterr()
    if how == "apply":
        return migrate(made, place, *options, "--apply"), capsys.readouterr().err
    status = migrate(made, place, *options)
    printed = capsys.readouterr()
    if status:
        return status, printed.err
    try:
        place.run(printed.out)
    except duckdb.Error as error:
        return 1, str(error)
    return 0, ""


HOW = pytest.mark.parametrize("how", ["apply", "script"])


@engines.NOT_IN_DUCKDB_1
@HOW
def test_migrate_creates_indexes_again_and_refuses_those_in_the_way(
    database: Place, new: MadePackage, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """DuckDB changes nothing of a table that has an index, and no column that had one."""
    database.run('CREATE INDEX "my own" ON made.keyed (gone)')
    database.run("CREATE UNIQUE INDEX wide ON made.keyed ((lower(gone)), _key)")
    assert apply(new, database, how, capsys, *RENAME) == (0, "") or how == "apply"
    index = "SELECT index_name FROM duckdb_indexes() ORDER BY 1"
    assert database.run(index) == [("my own",), ("wide",)]
    status, message = apply(new, database, how, capsys, "--allow-loss", f"{KEYED}.gone")
    assert status == 1
    assert "the index my own of made.keyed is in the way" in message
    assert 'CREATE INDEX "my own"' in message
    assert database.run(index) == [("my own",), ("wide",)]
    assert drift(new, database) == 0


@engines.NOT_IN_DUCKDB_1
@HOW
def test_migrate_refuses_to_break_views(
    database: Place, new: MadePackage, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A view that works must work afterwards. One that was broken before may stay broken, and a view that
    only mentions a column's name in a literal is not affected."""
    database.run("CREATE VIEW broken AS SELECT size FROM made.keyless")
    database.run("CREATE VIEW sizes AS SELECT size FROM made.keyed")
    database.run("CREATE VIEW everything AS SELECT * FROM made.keyed")
    database.run("CREATE VIEW named AS SELECT name AS size, 'size' AS text FROM made.keyed")
    database.run("DROP TABLE made.keyless")
    before = database.types()
    status, message = apply(new, database, how, capsys, *RENAME)
    assert status == 1
    assert ("sizes" if how == "apply" else '"size" not found') in message
    assert database.types() == before
    database.run("DROP VIEW sizes")
    assert apply(new, database, how, capsys, *RENAME)[0] == 0
    assert len(database.run("FROM everything")) == len(database.run("FROM named")) == 1


@HOW
@pytest.mark.parametrize(
    ("statement", "called"),
    [
        ("CREATE MACRO mine(a) AS TABLE SELECT size, a FROM made.keyed", 'macro "main"."mine"'),
        ("CREATE MACRO made.mine() AS (SELECT max(size) FROM made.keyed)", 'macro "made"."mine"'),
        (
            "CREATE MACRO mine(a) AS a, (a, b) AS (SELECT max(size) FROM made.keyed)",
            'macro "main"."mine"',
        ),
    ],
)
def test_migrate_refuses_to_break_macros(
    database: Place,
    new: MadePackage,
    how: str,
    statement: str,
    called: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A macro that can be called must still be afterwards; others of the same name do not hide it."""
    database.run(statement)
    database.run("CREATE MACRO keeps(a) AS TABLE SELECT name, a FROM made.keyed")
    before = database.types()
    status, message = apply(new, database, how, capsys, *RENAME)
    assert status == 1
    assert (
        f"the {called} would not work any more" if how == "apply" else '"size" not found'
    ) in message
    assert database.types() == before
    in_schema = "made.mine" if "made.mine" in statement else "mine"
    database.run(f"DROP MACRO {'TABLE ' * ('AS TABLE' in statement)}{in_schema}")
    assert apply(new, database, how, capsys, *RENAME)[0] == 0
    assert len(database.run("FROM keeps(1)")) == 1


@HOW
def test_migrate_refuses_what_a_macro_names_that_cannot_be_tried(
    database: Place, new: MadePackage, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only with the name of a table can it be called. What it names must not change."""
    database.run(
        "CREATE MACRO other(t) AS TABLE SELECT name FROM made.keyless JOIN query_table(t) USING (name)"
    )
    database.run(
        "CREATE MACRO mine(t) AS TABLE SELECT size FROM made.keyed JOIN query_table(t) USING (size)"
    )
    before = database.types()
    status, message = apply(new, database, how, capsys, *RENAME)
    assert status != 0
    assert 'the macro "main"."mine" names size of made.keyed, which changes' in message
    assert database.types() == before
    database.run("DROP MACRO TABLE mine")
    assert apply(new, database, how, capsys, *RENAME)[0] == 0


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW mine AS SELECT upper(map_extract(tags, 'x')[1]) FROM made.keyed",
        "CREATE MACRO mine() AS (SELECT max(upper(map_extract(tags, 'x')[1])) FROM made.keyed)",
    ],
)
def test_sync_refuses_to_break_views_and_macros(
    database: Place, new: MadePackage, statement: str
) -> None:
    """A sync that migrates looks at them, too."""
    database.run(statement)
    before = database.types()
    with pytest.raises(Exception, match=r'"main"."mine" would not work any more'):
        new.open(database.address, migrate=True)
    assert database.types() == before


@HOW
def test_migrate_keeps_comments_of_indexes(
    database: Place, new: MadePackage, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An index that is created again has its comment."""
    database.run("CREATE INDEX mine ON made.keyed (gone)")
    database.run("COMMENT ON INDEX made.mine IS 'it''s mine'")
    assert apply(new, database, how, capsys, *RENAME)[0] == 0
    assert database.run("SELECT comment FROM duckdb_indexes()") == [("it's mine",)]


# --- a process that is killed --------------------------------------------------------------------------


def killed(made: MadePackage, place: Place, moment: int) -> bool:
    """Migrate in a process that is killed before a statement of the migration, counted from 0. Returns
    False if it came to its end."""
    process = os.fork()
    if process == 0:
        try:
            _die_at(made, place, moment)
            os._exit(migrate(made, place, *RENAME, "--apply"))
        finally:
            os._exit(99)
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


def _die_at(made: MadePackage, place: Place, moment: int) -> None:
    assert made.made is not None
    if place.connection is None:
        owner, name = made.made.module("_runtime.load.duckdb").DuckDBSink, "_execute"
    else:
        owner, name = made.made.module("_runtime.load.postgres_session").Session, "execute"
    execute = getattr(owner, name)
    count = [-1]

    def counted(self: Any, statement: str, /, **parameters: Any) -> Any:
        if "pg_advisory_unlock" in statement:  # after the transaction's end
            return execute(self, statement, **parameters)
        if count[0] >= 0 or statement.startswith('CREATE SCHEMA IF NOT EXISTS "ddsql_sync"'):
            count[0] += 1
            if count[0] == moment:
                os.kill(os.getpid(), signal.SIGKILL)
        return execute(self, statement, **parameters)

    setattr(owner, name, counted)


@pytest.mark.slow
def test_migrate_that_is_killed_leaves_the_old_tables(filled: Place, new: MadePackage) -> None:
    """Columns, values and ledger are those of before, whichever statement was the last; then the migration
    succeeds."""
    before = filled.types()
    moments = 0
    while killed(new, filled, moments):
        assert filled.types() == before
        assert filled.run("SELECT size, gone FROM made.keyed") == [(5, "g")]
        moments += 5
    assert moments > 20
    assert filled.types() != before
    sink = new.open(filled.address)
    assert load(sink, new, Rows([NEW_ROW])) == (1, 0, 0, 1, 0)
    sink.close()
