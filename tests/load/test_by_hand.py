"""Statements for users who load by hand: rows that differ are changed, others are left alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

import engines
from load.load_cases import EVERY, KEYED, KEYLESS, ODD, MadePackage, keyed, package
from loading import execute

ENGINES = ("postgres", "postgres_jsonb", "duckdb")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadePackage]:
    with package(tmp_path_factory.mktemp("made"), name="loaded_by_hand") as found:
        yield found


class Place:
    """A database of a dialect, with a table."""

    def __init__(self, connection: Any, made: MadePackage, dialect: str) -> None:
        self.connection, self.made, self.dialect = connection, made, dialect
        self.sql = made.loader

    def create(self, table: str) -> Any:
        execute(self.connection, self.made.ddl(table, self.dialect))
        return self.made.table(table)

    def many(self, statement: str, parameters: list[list[object]]) -> None:
        if self.dialect == "duckdb":
            self.connection.executemany(statement, parameters)
        else:
            with self.connection.cursor() as cursor:
                cursor.executemany(statement, parameters)

    def run(self, statement: str, *parameters: object) -> int:
        """Run a statement; returns the number of rows that it wrote."""
        done = self.connection.execute(statement, list(parameters) or None)
        if self.dialect != "duckdb":
            return int(done.rowcount)
        found = done.fetchone()
        return int(found[0]) if found else 0

    def rows(self, table: Any) -> list[dict[str, Any]]:
        fetched = self.connection.execute(self.sql.select(table, self.dialect)).fetchall()
        rows = [self.sql.read(row, table, self.dialect) for row in fetched]
        return sorted(rows, key=lambda row: str(row["_key"]))


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, made: MadePackage) -> Place:
    fixture = {"postgres": "postgres_with_hstore", "duckdb": "duck"}.get(request.param, "postgres")
    connection: engines.DuckDB | psycopg.Connection = request.getfixturevalue(fixture)
    return Place(connection, made, request.param)


@pytest.mark.parametrize("id", [KEYED, EVERY, ODD])
def test_upsert_twice_leaves_one_row(place: Place, made: MadePackage, id: str) -> None:
    """The second load of a row replaces the first, whatever the columns are called."""
    table = place.create(id)
    statement = place.sql.upsert(table, place.dialect)
    row = {"_key": "k"} if id == EVERY else {"_key": "k", **SOME[id]}
    for found in ({"_key": "k"}, row, row):
        place.many(statement, [place.sql.parameters(found, table, place.dialect)])
    assert place.rows(table) == [{**dict.fromkeys(table.columns), **row}]


SOME: dict[str, dict[str, object]] = {
    KEYED: {key: value for key, value in keyed(1)[0].items() if key != "_key"},
    ODD: {'a "quoted" name': [1], "it's": "x", "row": 1, "Ünï": "y"},
}


def test_staged_rows_are_merged_and_vanished_ones_deleted(place: Place, made: MadePackage) -> None:
    """The way of a whole listing: stage, merge what differs, delete what is not there any more."""
    table = place.create(KEYED)
    sql, dialect = place.sql, place.dialect
    for batch in sql.batches(keyed(1, 2, 3), table, dialect, size=2):
        place.many(sql.insert(table, dialect), batch)
    staged = 'rows "of" today'
    place.run(sql.stage(table, dialect, staged))
    listing = [*keyed(1), *keyed(2, name="x", tags={"a": ["b"]}), *keyed(4)]
    for batch in sql.batches(listing, table, dialect):
        place.many(sql.insert(table, dialect, into=staged), batch)
    assert place.run(sql.merge(table, dialect, staged)) == 2
    assert place.run(sql.merge(table, dialect, staged)) == 0
    # In scope are the rows whose size is 2: all of these are staged.
    assert place.run(sql.delete_vanished(table, dialect, staged, ["size"]), 2) == 0
    assert place.run(sql.delete_vanished(table, dialect, staged, ["size"]), 3) == 1
    assert [row["name"] for row in place.rows(table)] == ["name 1", "x", "name 4"]
    place.run(f"DELETE FROM {sql.quote(staged, table, dialect)}")
    assert place.run(sql.delete_vanished(table, dialect, staged)) == 3


def test_statements_that_need_a_key_refuse_a_table_without_one(
    place: Place, made: MadePackage
) -> None:
    """Without a key a row cannot be found again."""
    table, sql, dialect = made.table(KEYLESS), place.sql, place.dialect
    refused = pytest.raises(ValueError, match=r"made\.keyless has no primary key")
    with refused:
        sql.upsert(table, dialect)
    with refused:
        sql.merge(table, dialect, "s")
    with refused:
        sql.delete_vanished(table, dialect, "s")
    with pytest.raises(ValueError, match=r"made\.keyed has no column 'nope'"):
        sql.delete_vanished(made.table(KEYED), place.dialect, "s", ["nope"])


def test_batches_have_the_size_that_is_asked_for(place: Place, made: MadePackage) -> None:
    """All rows come, in their order, and the last batch may be smaller."""
    table = made.table(KEYED)
    found = list(place.sql.batches(keyed(*range(5)), table, place.dialect, size=2))
    assert [len(batch) for batch in found] == [2, 2, 1]
    assert [row[0] for batch in found for row in batch] == [f"arn:{n}" for n in range(5)]
    assert list(place.sql.batches([], table, place.dialect)) == []
