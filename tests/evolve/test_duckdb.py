"""Migrations of DuckDB databases: what steps do, and what is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from itertools import count
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import handmade
from evolve import pairs
from evolve.pairs import Pair, Row
from evolve.states import DIALECTS, table
from schemagen.runtime.evolve import duckdb as statements
from schemagen.runtime.evolve.duckdb_guards import at
from schemagen.runtime.evolve.plan import Renames, plan
from schemagen.runtime.evolve.script import script
from schemagen.runtime.evolve.state import TableState
from schemagen.runtime.evolve.steps import Migration

DIALECT = "duckdb"
PAIRS = 100
TABLE = handmade.table("made.up", handmade.columns({"name": "string"}))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[handmade.Package]:
    folder = tmp_path_factory.mktemp("loaders")
    with handmade.imported(folder, "evolve_duckdb", handmade.files([TABLE])) as package:
        yield package


@pytest.fixture(scope="module")
def instance() -> Iterator[duckdb.DuckDBPyConnection]:
    """To which databases are attached: a new instance costs more time than what most tests do in it."""
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


class DuckDB:
    """A new database in memory."""

    _numbers = count()

    def __init__(self, made: handmade.Package, instance: duckdb.DuckDBPyConnection) -> None:
        self._sql: Any = made.module("sql")
        self._name = f"database_{next(self._numbers)}"
        self.connection = instance.cursor()
        self.run(f"ATTACH ':memory:' AS {self._name}")
        self.run(f"USE {self._name}")
        self.run("SET TimeZone = 'UTC'")  # in others, Python cannot read all times

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement).fetchall()

    def close(self) -> None:
        self.run("USE memory")
        self.run(f"DETACH {self._name}")
        self.connection.close()

    def create(self, tables: Iterable[TableState]) -> None:
        new = {table.id: table for table in tables}
        for statement in statements.statements(plan({}, new, DIALECTS[DIALECT])):
            self.run(statement)

    def insert(self, table: TableState, rows: Sequence[Row]) -> None:
        loading = self._loading(table)
        insert = self._sql.LOADER.insert(loading, DIALECT)
        for row in rows:
            self.connection.execute(insert, self._sql.LOADER.parameters(row, loading, DIALECT))

    def rows(self, table: TableState) -> list[Row]:
        loading = self._loading(table)
        selected = self.run(self._sql.LOADER.select(loading, DIALECT))
        return [self._sql.LOADER.read(values, loading, DIALECT) for values in selected]

    def described(self) -> dict[str, Any]:
        columns = self.run(
            "SELECT schema_name, table_name, column_name, data_type, comment, is_nullable "
            f"FROM duckdb_columns() WHERE {_OWN} AND table_oid IN (SELECT table_oid FROM duckdb_tables())"
        )
        tables = self.run(
            f"SELECT schema_name, table_name, comment FROM duckdb_tables() WHERE {_OWN}"
        )
        keys = self.run(
            "SELECT schema_name, table_name, constraint_type, constraint_column_names "
            f"FROM duckdb_constraints() WHERE {_OWN}"
        )
        return {
            name: sorted(map(repr, found))
            for name, found in (("columns", columns), ("tables", tables), ("keys", keys))
        }

    def order(self, table: TableState) -> list[str]:
        columns = self.run(
            f"SELECT column_name FROM duckdb_columns() WHERE {at(table)} ORDER BY column_index"
        )
        return [name for (name,) in columns]

    def migrate(self, migration: Migration) -> None:
        """Run the script, in a session of another time zone, and once more: it must change nothing."""
        text = script(migration, DIALECTS[DIALECT], "2")
        self.run("SET TimeZone = 'America/New_York'")
        try:
            self._run_script(text)
            if migration:
                before = self.described()
                with suppress(duckdb.Error):
                    self._run_script(text)
                assert self.described() == before
        finally:
            self.run("SET TimeZone = 'UTC'")

    def _run_script(self, text: str) -> None:
        try:
            self.run(text)
        except duckdb.Error:
            self.run("ROLLBACK")
            raise

    def _loading(self, table: TableState) -> Any:
        stored = {column.name: column.stored for column in table.columns}
        columns = {column.name: column.type for column in table.columns}
        return self._sql.Table(table.id, table.key, columns, {DIALECT: stored})


_OWN = "database_name = current_database() AND schema_name <> 'ddsql_sync'"


@pytest.mark.slow
def test_migrations_lead_from_old_tables_to_new_ones(
    made: handmade.Package, instance: duckdb.DuckDBPyConnection, request: pytest.FixtureRequest
) -> None:
    """Afterwards, the tables are those of the new catalogue, with all values that could be kept; where a
    value would be lost, nothing has happened."""
    number: int = request.config.getoption("--pairs") or PAIRS
    became = Counter[str]()

    @settings(
        max_examples=number,
        derandomize=number == PAIRS,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        phases=set(Phase) - {Phase.explain},
    )
    @given(pair=pairs.pairs(DIALECT))
    def migrated(pair: Pair) -> None:
        with closing(DuckDB(made, instance)) as database, closing(DuckDB(made, instance)) as other:
            became[pairs.check(pair, database, other)] += 1

    migrated()
    assert became["migrated"] > number / 4
    assert became["stopped"]
    assert became["refused"]


# --- what users have put on the tables ----------------------------------------------------------------

THING = table("made.thing", {"_key": "string", "size": "int64", "tags": "hstore"}, DIALECT)
NEW_THING = table("made.thing", {"_key": "string", "size": "json", "tags": "hstore"}, DIALECT)


@pytest.fixture
def database(made: handmade.Package, instance: duckdb.DuckDBPyConnection) -> Iterator[DuckDB]:
    """A table with a row."""
    with closing(DuckDB(made, instance)) as found:
        found.create([THING])
        found.insert(THING, [{"_key": "a", "size": 1, "tags": {"x": None}}])
        yield found


def script_of(new: TableState, *allow_loss: str) -> str:
    migration = plan({THING.id: THING}, {new.id: new}, DIALECTS[DIALECT], None, allow_loss)
    assert not migration.refusals
    return script(migration, DIALECTS[DIALECT], "2")


def refused(database: DuckDB, new: TableState, *allow_loss: str) -> str:
    """Run a script that fails, and return why. Nothing has changed."""
    before = database.described()
    with pytest.raises(duckdb.Error) as raised:
        database.run(script_of(new, *allow_loss))
    database.run("ROLLBACK")
    assert database.described() == before
    return str(raised.value)


def test_script_runs_once(database: DuckDB) -> None:
    """As one text, as a client runs it. The second time it says that it has run."""
    database.run(script_of(NEW_THING))
    assert database.rows(NEW_THING) == [{"_key": "a", "size": 1, "tags": {"x": None}}]
    recorded = "SELECT name, type FROM ddsql_sync.columns ORDER BY 1"
    assert database.run(recorded) == [("_key", "string"), ("size", "json"), ("tags", "hstore")]
    assert "has been migrated already; made.thing does not have: size BIGINT" in refused(
        database, NEW_THING
    )


def test_script_names_indexes_and_views_that_are_in_the_way(database: DuckDB) -> None:
    """Indexes stop all but new columns and comments; views stop names from vanishing."""
    without = table("made.thing", {"_key": "string", "size": "int64"}, DIALECT)
    database.run("CREATE VIEW sizes AS SELECT size FROM made.thing")
    database.run("CREATE VIEW with_tags AS SELECT tags FROM made.thing")
    message = refused(database, without, "made.thing.tags")
    assert message.endswith("drop them before: view with_tags")
    database.run("DROP VIEW with_tags")
    database.run("CREATE INDEX by_size ON made.thing (size)")
    message = refused(database, without, "made.thing.tags")
    assert "indexes are in the way" in message
    assert "CREATE INDEX by_size ON made.thing(size);" in message
    database.run("DROP INDEX made.by_size")
    database.run(script_of(without, "made.thing.tags"))
    assert database.run("FROM sizes") == [(1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW mine AS SELECT size FROM made.thing",
        "CREATE MACRO mine() AS TABLE SELECT size FROM made.thing",
        "CREATE MACRO mine(a, b := 1) AS (SELECT max(size) FROM made.thing WHERE size > a), (a) AS a",
    ],
)
def test_script_names_views_and_macros_that_a_rename_would_break(
    database: DuckDB, statement: str
) -> None:
    """Both are texts; DuckDB does not know what they read."""
    renamed = table("made.thing", {"_key": "string", "bulk": "int64", "tags": "hstore"}, DIALECT)
    migration = plan(
        {THING.id: THING},
        {THING.id: renamed},
        DIALECTS[DIALECT],
        Renames({}, {(THING.id, "size"): "bulk"}),
    )
    text = script(migration, DIALECTS[DIALECT], "2")
    database.run(statement)
    with pytest.raises(duckdb.Error, match=r"would break.*; drop them before: (view|macro) mine$"):
        database.run(text)
    database.run("ROLLBACK")
    database.run(
        f"DROP {'VIEW' if 'VIEW' in statement else 'MACRO'}{' TABLE' * ('AS TABLE' in statement)} mine"
    )
    database.run(text)
    assert database.rows(renamed)


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE VIEW sums AS SELECT size + 1 FROM made.thing"],
        [
            "CREATE VIEW texts AS SELECT left(size::VARCHAR, 1) AS text, size FROM made.thing",
            'CREATE VIEW "it\'s ""mine""" AS SELECT size + 1 FROM texts',
        ],
        ["CREATE MACRO made.sums(a) AS TABLE SELECT size + 1, a FROM made.thing"],
        ["CREATE MACRO sum_of(a, b := 2) AS (SELECT sum(size) FROM made.thing) + a + b, (a) AS a"],
        [
            "CREATE MACRO sizes() AS TABLE SELECT size FROM made.thing",
            "CREATE MACRO total() AS (SELECT sum(size) FROM sizes())",
        ],
    ],
)
def test_script_refuses_to_break_views_and_macros_by_a_new_type(
    database: DuckDB, statements: list[str]
) -> None:
    """What they do with a column shows only when they are read, also by way of others."""
    for statement in statements:
        database.run(statement)
    assert re.search("No function matches|types don't match", refused(database, NEW_THING))


def test_script_keeps_macros_that_go_on_working(database: DuckDB) -> None:
    """They are not run: only that they fit the tables is checked."""
    database.run("CREATE MACRO texts(a) AS TABLE SELECT size::VARCHAR || a AS text FROM made.thing")
    database.run("CREATE MACRO fails(a) AS TABLE SELECT error('run') FROM made.thing")
    database.run(script_of(NEW_THING))
    assert database.run("FROM texts('x')") == [("1x",)]


def _made_by_hand(size: str, key: str = "VARCHAR PRIMARY KEY") -> str:
    """SQL that makes the table with another column, or another key."""
    return (
        "CREATE TABLE old AS FROM made.thing; DROP TABLE made.thing; "
        f"CREATE TABLE made.thing (_key {key}, {size}, tags MAP(VARCHAR, VARCHAR)); "
        "INSERT INTO made.thing FROM old; DROP TABLE old"
    )


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (
            "CREATE TABLE made.mine (thing VARCHAR REFERENCES made.thing (_key))",
            "DuckDB does not change a table that foreign keys refer to; drop these tables before: mine",
        ),
        (
            "CREATE TABLE made.log (number BIGINT); CREATE TRIGGER logged AFTER INSERT ON made.thing "
            "FOR EACH STATEMENT INSERT INTO made.log VALUES (1)",
            "DuckDB does not change a table that triggers use",
        ),
        (
            _made_by_hand("size BIGINT CHECK (size > 0)"),
            "made.thing.size: constraints of yours are in the way",
        ),
        (
            _made_by_hand("size BIGINT UNIQUE"),
            "are in the way; rebuild the table without them: UNIQUE(size)",
        ),
    ],
)
def test_script_names_what_keeps_duckdb_from_changing_a_table(
    database: DuckDB, statement: str, why: str
) -> None:
    """DuckDB itself would say that something depends on the table, or that a column has a constraint."""
    if "TRIGGER" in statement and not database.run(
        "SELECT 1 FROM duckdb_functions() WHERE function_name = 'duckdb_triggers'"
    ):
        pytest.skip("this version of DuckDB has no triggers")
    database.run(statement)
    assert why in refused(database, NEW_THING)
    more = table(
        "made.thing",
        {"_key": "string", "size": "int64", "tags": "hstore", "more": "string"},
        DIALECT,
    )
    database.run(script_of(more))  # which is possible all the same
    assert database.rows(more)[0]["more"] is None


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("ALTER TABLE made.thing ADD COLUMN own INTEGER", "would lose columns of yours"),
        (_made_by_hand("size BIGINT CHECK (size > 0)"), "would lose constraints of yours"),
        (
            "ALTER TABLE made.thing ALTER size SET NOT NULL",
            "constraints of yours; .*: NOT NULL of size",
        ),
        (
            "ALTER TABLE made.thing ALTER size SET DEFAULT 7",
            "would lose defaults of yours; .*: size 7",
        ),
        (
            "CREATE SEQUENCE made.own; ALTER TABLE made.thing ALTER size SET DEFAULT nextval('made.own')",
            "would lose defaults of yours; .*: size nextval",
        ),
        (
            _made_by_hand("size BIGINT", "VARCHAR COLLATE NOCASE PRIMARY KEY"),
            "would lose collations of yours; .*COLLATE NOCASE",
        ),
    ],
)
def test_script_refuses_to_make_a_table_anew_without_what_is_the_users(
    database: DuckDB, statement: str, why: str
) -> None:
    """DuckDB cannot drop a primary key, so the table is rebuilt, without what only the user has."""
    database.run(statement)
    keyless = table("made.thing", {"_key": "string", "size": "int64", "tags": "hstore"}, DIALECT)
    assert re.search(why, refused(database, replace(keyless, key=None)))


def test_script_makes_a_table_anew_whose_key_goes(database: DuckDB) -> None:
    """Rows, comments and types are those of the new state."""
    keyless = replace(NEW_THING, key=None, comment="A thing.")
    database.run(script_of(keyless))
    assert database.rows(keyless) == [{"_key": "a", "size": 1, "tags": {"x": None}}]
    assert database.run("SELECT comment FROM duckdb_tables() WHERE schema_name = 'made'") == [
        ("A thing.",)
    ]
    assert database.run("SELECT 1 FROM duckdb_constraints() WHERE schema_name = 'made'") == []


@pytest.mark.parametrize(
    ("old_type", "new_type", "value"),
    [
        ("float64", "int64", 0.5),
        ("int64", "float64", 2**53 + 1),
        ("string", "int64", "01"),
        ("string", "bool", "True"),
        ("string", "timestamp", "2024-02-30T00:00:00Z"),
        ("json", "int64", 1.5),
        ("json", "hstore", {"a": 1}),
        ("hstore_csv", "hstore", {"a": ["b", "c"]}),
    ],
)
def test_script_stops_at_values_that_a_cast_would_lose(
    database: DuckDB, old_type: str, new_type: str, value: object
) -> None:
    """The first row is named by its key, and nothing has changed; --allow-loss makes the value NULL."""
    old, new = (
        table("made.lossy", {"_key": "string", "x": type}, DIALECT) for type in (old_type, new_type)
    )
    strict, lossy = (
        plan({old.id: old}, {new.id: new}, DIALECTS[DIALECT], None, loss)
        for loss in ([], ["made.lossy.x"])
    )
    rows: list[Row] = [{"_key": "a", "x": None}, {"_key": "b", "x": value}]
    database.create([old])
    database.insert(old, rows)
    with pytest.raises(duckdb.Error, match=r"made\.lossy\.x: .* row b would be lost"):
        database.migrate(strict)
    assert database.rows(old) == rows
    database.migrate(lossy)
    assert [row["x"] for row in database.rows(new)] == [None, None]
