"""Migrations of DuckDB databases: what steps do, and what is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import handmade
from evolve import pairs
from evolve.pairs import Pair, Row
from evolve.states import DIALECTS, table
from schemagen.runtime.evolve import duckdb as statements
from schemagen.runtime.evolve import records
from schemagen.runtime.evolve.plan import plan
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


class DuckDB:
    """A new database in memory."""

    def __init__(self, made: handmade.Package) -> None:
        self._sql: Any = made.module("sql")
        self.connection = duckdb.connect()
        self.run("SET TimeZone = 'UTC'")  # in others, Python cannot read all times

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement).fetchall()

    def close(self) -> None:
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
            "FROM duckdb_columns() WHERE NOT internal AND schema_name <> 'ddsql_sync'"
        )
        tables = self.run(
            "SELECT schema_name, table_name, comment FROM duckdb_tables() "
            "WHERE schema_name <> 'ddsql_sync'"
        )
        keys = self.run(
            "SELECT schema_name, table_name, constraint_type, constraint_column_names "
            "FROM duckdb_constraints() WHERE schema_name <> 'ddsql_sync'"
        )
        return {
            name: sorted(map(repr, found))
            for name, found in (("columns", columns), ("tables", tables), ("keys", keys))
        }

    def migrate(self, migration: Migration) -> None:
        self.run("SET TimeZone = 'America/New_York'")
        self.run("BEGIN")
        try:
            for statement in (
                *records.prepare("duckdb"),
                *statements.guards(migration),
                *statements.obstacles(migration),
                "SET TimeZone = 'UTC'",  # as the script does, for the times in hashes
                *statements.identities(migration),
                "SET TimeZone = 'America/New_York'",
                *statements.statements(migration),
                *statements.destructive(migration),
                *records.record(migration, DIALECT, "2"),
                *statements.checks(migration),
            ):
                self.run(statement)
        except duckdb.Error:
            self.run("ROLLBACK")
            raise
        else:
            self.run("COMMIT")
        finally:
            self.run("SET TimeZone = 'UTC'")

    def _loading(self, table: TableState) -> Any:
        stored = {column.name: column.stored for column in table.columns}
        columns = {column.name: column.type for column in table.columns}
        return self._sql.Table(table.id, table.key, columns, {DIALECT: stored})


@pytest.mark.slow
def test_migrations_lead_from_old_tables_to_new_ones(
    made: handmade.Package, request: pytest.FixtureRequest
) -> None:
    """Afterwards, the tables are those of the new catalogue, with all values that could be kept; where a
    value would be lost, nothing has happened."""
    count: int = request.config.getoption("--pairs") or PAIRS
    became = Counter[str]()

    @settings(
        max_examples=count,
        derandomize=count == PAIRS,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        phases=set(Phase) - {Phase.explain},
    )
    @given(pair=pairs.pairs(DIALECT))
    def migrated(pair: Pair) -> None:
        with closing(DuckDB(made)) as database, closing(DuckDB(made)) as other:
            became[pairs.check(pair, database, other)] += 1

    migrated()
    assert became["migrated"] > count / 4
    assert became["stopped"]
    assert became["refused"]


# --- what users have put on the tables ----------------------------------------------------------------

THING = table("made.thing", {"_key": "string", "size": "int64", "tags": "hstore"}, DIALECT)
NEW_THING = table("made.thing", {"_key": "string", "size": "json", "tags": "hstore"}, DIALECT)


@pytest.fixture
def database(made: handmade.Package) -> Iterator[DuckDB]:
    """A table with a row."""
    with closing(DuckDB(made)) as found:
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
    with pytest.raises(duckdb.Error) as told:
        database.run(script_of(new, *allow_loss))
    database.run("ROLLBACK")
    assert database.described() == before
    return str(told.value)


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
    told = refused(database, without, "made.thing.tags")
    assert told.endswith("drop them before: with_tags")
    database.run("DROP VIEW with_tags")
    database.run("CREATE INDEX by_size ON made.thing (size)")
    told = refused(database, without, "made.thing.tags")
    assert "indexes are in the way" in told
    assert "CREATE INDEX by_size ON made.thing(size);" in told
    database.run("DROP INDEX made.by_size")
    database.run(script_of(without, "made.thing.tags"))
    assert database.run("FROM sizes") == [(1,)]


def test_script_refuses_to_break_a_view_by_a_new_type(database: DuckDB) -> None:
    """What a view does with a column shows only when it is read."""
    database.run("CREATE VIEW sums AS SELECT size + 1 FROM made.thing")
    assert "No function matches" in refused(database, NEW_THING)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("ALTER TABLE made.thing ADD COLUMN own INTEGER", "would lose columns of yours"),
        (
            "CREATE TABLE made.old AS FROM made.thing; DROP TABLE made.thing; CREATE TABLE made.thing "
            "(_key VARCHAR PRIMARY KEY, size BIGINT CHECK (size > 0), tags MAP(VARCHAR, VARCHAR))",
            "would lose constraints of yours",
        ),
    ],
)
def test_script_refuses_to_make_a_table_anew_without_what_is_the_users(
    database: DuckDB, statement: str, why: str
) -> None:
    """DuckDB cannot drop a primary key, so the table is made anew: without what only the user has."""
    database.run(statement)
    keyless = table("made.thing", {"_key": "string", "size": "int64", "tags": "hstore"}, DIALECT)
    assert why in refused(database, replace(keyless, key=None))


def test_script_makes_a_table_anew_whose_key_goes(database: DuckDB) -> None:
    """Rows, comments and types are those of the new state."""
    keyless = replace(NEW_THING, key=None, comment="A thing.")
    database.run(script_of(keyless))
    assert database.rows(keyless) == [{"_key": "a", "size": 1, "tags": {"x": None}}]
    assert database.run("SELECT comment FROM duckdb_tables() WHERE schema_name = 'made'") == [
        ("A thing.",)
    ]
    assert database.run("SELECT 1 FROM duckdb_constraints() WHERE schema_name = 'made'") == []
