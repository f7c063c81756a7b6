"""Tables in PostgreSQL that the tests of migrations make, fill, migrate and read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import psycopg

import catalogues
from evolve.states import DIALECTS
from schemagen.runtime.evolve import postgres
from schemagen.runtime.evolve.plan import Renames, plan
from schemagen.runtime.evolve.script import script
from schemagen.runtime.evolve.state import TableState

T = "aws.thing"


def create(connection: psycopg.Connection, dialect: str, *tables: TableState) -> None:
    for each in tables:
        for statement in postgres.create(each, DIALECTS[dialect]):
            connection.execute(statement.encode())


def migrate(
    connection: psycopg.Connection,
    dialect: str,
    old: Iterable[TableState],
    new: Iterable[TableState],
    *,
    renames: Renames | None = None,
    allow_loss: Iterable[str] = (),
) -> str:
    """Run the script of a migration, as psql would, and return it."""
    before, after = ({each.id: each for each in tables} for tables in (old, new))
    migration = plan(before, after, DIALECTS[dialect], renames, tuple(allow_loss))
    assert migration.refusals == ()
    text = script(migration, DIALECTS[dialect], "2")
    try:
        connection.execute(text.encode())
    finally:
        if not connection.autocommit or connection.info.transaction_status:
            connection.execute("ROLLBACK")
    return text


def described(connection: psycopg.Connection, state: TableState) -> catalogues.Described:
    return catalogues.postgres(connection, state.schema, state.name)


def content(connection: psycopg.Connection, state: TableState) -> list[tuple[object, ...]]:
    """The rows as text, by their keys."""
    columns = ", ".join(f'"{column.stored}"::text' for column in state.columns)
    return connection.execute(
        f'SELECT {columns} FROM "{state.schema}"."{state.name}" ORDER BY 1'.encode()
    ).fetchall()


def columns(type: str, **more: str) -> Mapping[str, str]:
    return {"_key": "string", "x": type, **more}


# Old type, new type, old values, new values; as SQL text, where {"a"} may differ between the dialects.
def insert(connection: psycopg.Connection, state: TableState, values: Iterable[str | None]) -> None:
    for number, value in enumerate(values):
        connection.execute(
            f'INSERT INTO "{state.schema}"."{state.name}" ("_key", "x") '
            f"VALUES (%s, CAST(%s AS {state.columns[1].sql}))".encode(),
            [f"key {number}", value],
        )


def statements_of(
    old: TableState, new: TableState, dialect: str, *allow_loss: str, batches: bool = False
) -> list[str]:
    migration = plan({old.id: old}, {new.id: new}, DIALECTS[dialect], None, allow_loss)
    sections = postgres.sections(migration, DIALECTS[dialect], "2", batches=batches)
    return [statement for _, statements in sections for statement in statements]


def run_all(connection: psycopg.Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        connection.execute(statement.encode())
