"""Rows through the real databases, by the generated package's own loading code alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import psycopg
import pytest

import engines


class SqlModule(Protocol):
    """What the tests use of the generated module ``sql``. Tables are opaque to them."""

    def insert(self, table: object, dialect: str, marker: str | None = None) -> str: ...
    def select(self, table: object, dialect: str) -> str: ...
    def relation(self, table: object, dialect: str) -> str: ...
    def parameters(
        self, row: Mapping[str, object], table: object, dialect: str, errors: str = "strict"
    ) -> list[object]: ...
    def read(self, values: Sequence[object], table: object, dialect: str) -> dict[str, object]: ...


Connection = engines.DuckDB | psycopg.Connection


def trip(
    request: pytest.FixtureRequest,
    code: SqlModule,
    table: object,
    dialect: str,
    ddl: str,
    rows: Iterable[Mapping[str, object]],
) -> list[dict[str, object]]:
    """Create ``table`` by ``ddl`` in a new database of ``dialect``, insert ``rows``, and return
    them as they are read back."""
    hstore = "EXTENSION" in ddl
    fixture = "duck" if dialect == "duckdb" else "postgres_with_hstore" if hstore else "postgres"
    connection: Connection = request.getfixturevalue(fixture)
    return load(connection, code, table, dialect, ddl, rows)


def load(
    connection: Connection,
    code: SqlModule,
    table: object,
    dialect: str,
    ddl: str,
    rows: Iterable[Mapping[str, object]],
) -> list[dict[str, object]]:
    """The same in the database of ``connection``."""
    insert, select = code.insert(table, dialect), code.select(table, dialect)
    parameters = [code.parameters(row, table, dialect) for row in rows]
    if isinstance(connection, psycopg.Connection):
        connection.execute(ddl.encode())
        with connection.cursor() as cursor:
            cursor.executemany(insert.encode(), parameters)
        fetched = connection.execute(select.encode()).fetchall()
    else:
        connection.execute(ddl)
        connection.executemany(insert, parameters)
        fetched = connection.execute(select).fetchall()
    return [code.read(values, table, dialect) for values in fetched]


def execute(connection: Connection, statement: str) -> None:
    """Run one statement, whatever the database."""
    if isinstance(connection, psycopg.Connection):
        connection.execute(statement.encode())
    else:
        connection.execute(statement)
