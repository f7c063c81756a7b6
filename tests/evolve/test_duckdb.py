"""Migrations of DuckDB databases: what steps do, and what is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import handmade
from evolve import pairs
from evolve.pairs import Pair, Row
from evolve.states import DIALECTS
from schemagen.runtime.evolve import duckdb as statements
from schemagen.runtime.evolve import records
from schemagen.runtime.evolve.plan import plan
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
        suppress_health_check=list(HealthCheck),
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
