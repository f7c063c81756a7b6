"""Random pairs of databases, migrated in a real PostgreSQL by the script that `schemagen migrate` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import engines
import handmade
from evolve import pairs
from evolve.pairs import Pair, Row
from evolve.states import DIALECTS
from schemagen.runtime import quoting
from schemagen.runtime.evolve import postgres
from schemagen.runtime.evolve.script import script
from schemagen.runtime.evolve.state import TableState
from schemagen.runtime.evolve.steps import Migration

PAIRS = 100
TABLE = handmade.table("made.up", handmade.columns({"name": "string"}))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[handmade.Package]:
    folder = tmp_path_factory.mktemp("loaders")
    with handmade.imported(folder, "evolve_postgres", handmade.files([TABLE])) as package:
        yield package


class Postgres:
    """A database of PostgreSQL, in a dialect."""

    def __init__(
        self,
        made: handmade.Package,
        connection: psycopg.Connection,
        dialect: str,
        *,
        batches: bool = False,
    ) -> None:
        self._batches = batches
        self._sql: Any = made.module("sql")
        self.connection = connection
        self.dialect = dialect

    def run(
        self, statement: str, parameters: Sequence[object] | None = None
    ) -> list[tuple[Any, ...]]:
        cursor = self.connection.execute(statement.encode(), parameters)
        return cursor.fetchall() if cursor.description else []

    def clear(self) -> None:
        """Drop what an earlier pair left."""
        for (schema,) in self.run(
            "SELECT quote_ident(nspname) FROM pg_namespace "
            "WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')"
        ):
            self.run(f"DROP SCHEMA {schema} CASCADE")

    def create(self, tables: Iterable[TableState]) -> None:
        for table in tables:
            for statement in postgres.create(table, DIALECTS[self.dialect]):
                self.run(statement)

    def insert(self, table: TableState, rows: Sequence[Row]) -> None:
        loading = self._loading(table)
        insert = self._sql.LOADER.insert(loading, self.dialect)
        for row in rows:
            self.run(insert, self._sql.LOADER.parameters(row, loading, self.dialect))

    def rows(self, table: TableState) -> list[Row]:
        loading = self._loading(table)
        selected = self.run(self._sql.LOADER.select(loading, self.dialect))
        return [self._sql.LOADER.read(values, loading, self.dialect) for values in selected]

    def described(self) -> dict[str, Any]:
        columns = self.run(
            "SELECT c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), "
            "col_description(c.oid, a.attnum), a.attnotnull, a.atthasdef "
            "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
            f"AND NOT a.attisdropped WHERE {_OWN}"
        )
        tables = self.run(
            f"SELECT c.oid::regclass::text, obj_description(c.oid, 'pg_class') FROM pg_class c WHERE {_OWN}"
        )
        keys = self.run(
            "SELECT c.oid::regclass::text, k.contype, pg_get_constraintdef(k.oid) "
            f"FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE {_OWN}"
        )
        return {
            name: sorted(map(repr, found))
            for name, found in (("columns", columns), ("tables", tables), ("keys", keys))
        }

    def order(self, table: TableState) -> list[str]:
        place = f"{quoting.identifier(table.schema)}.{quoting.identifier(table.name)}"
        columns = self.run(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 "
            "AND NOT attisdropped ORDER BY attnum",
            [place],
        )
        return [name for (name,) in columns]

    def migrate(self, migration: Migration) -> None:
        """Run the script, in a session of another time zone, and once more: it must change nothing."""
        text = self._script(migration)
        self.run("SET TIME ZONE 'America/New_York'")
        try:
            self._run_script(text)
            if migration:
                before = self.described()
                with suppress(psycopg.errors.RaiseException):
                    self._run_script(text)
                assert self.described() == before
        finally:
            self.run("SET TIME ZONE 'UTC'")

    def _script(self, migration: Migration) -> list[str]:
        dialect = DIALECTS[self.dialect]
        if not self._batches:
            return [script(migration, dialect, "2")]
        # Statement by statement, as psql does it: batches commit.
        sections = postgres.sections(migration, dialect, "2", batches=True)
        return [statement for _, statements in sections for statement in statements]

    def _run_script(self, statements: list[str]) -> None:
        try:
            for statement in statements:
                self.run(statement)
        except psycopg.Error:
            self.run("ROLLBACK")
            raise

    def _loading(self, table: TableState) -> Any:
        stored = {column.name: column.stored for column in table.columns}
        columns = {column.name: column.type for column in table.columns}
        schema, _, name = table.id.partition(".")
        stored |= {schema: table.schema, name: table.name}
        return self._sql.Table(table.id, table.key, columns, {self.dialect: stored})


_OWN = (
    "c.relkind = 'r' AND c.relnamespace::regnamespace::text NOT IN ('ddsql_sync', 'pg_catalog', "
    "'information_schema', 'pg_toast')"
)


@pytest.mark.parametrize(
    ("dialect", "batches"),
    [("postgres", False), ("postgres_jsonb", False), ("postgres", True), ("postgres_jsonb", True)],
)
def test_migrations_lead_from_old_tables_to_new_ones(
    dialect: str,
    batches: bool,
    made: handmade.Package,
    postgres_server: engines.Server,
    request: pytest.FixtureRequest,
) -> None:
    """Afterwards, the tables are those of the new catalogue, with all values that could be kept; where a
    value would be lost, nothing has happened. A second run changes nothing."""
    if dialect == "postgres" and not postgres_server.hstore:
        engines.skip("this PostgreSQL has no hstore")
    became = Counter[str]()
    # One transaction or many small ones: each for half of the pairs.
    count: int = (request.config.getoption("--pairs") or PAIRS) // 2
    with postgres_server.database() as one, postgres_server.database() as two:
        databases = (
            Postgres(made, one, dialect, batches=batches),
            Postgres(made, two, dialect),
        )

        @settings(
            max_examples=count,
            derandomize=count == PAIRS // 2,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
            phases=set(Phase) - {Phase.explain},
        )
        @given(pair=pairs.pairs(dialect))
        def migrated(pair: Pair) -> None:
            for database in databases:
                database.run("RESET ALL; SET TIME ZONE 'UTC'")
                database.clear()
            became[pairs.check(pair, *databases)] += 1

        migrated()
    assert became["migrated"] > count / 4
    assert became.total() > became["migrated"]
