"""What `schemagen migrate` and migra print for the same changes, and what becomes of the rows.

    python benchmarks/migrations_compared.py

For each change, a PostgreSQL database with the old table and a row is migrated by both: by the script of
schemagen, and by the SQL that migra finds between that database and one with the new table. The columns
say whether the result is the new table, and what became of the row's value. migra is installed on the
first run.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import NamedTuple

import psycopg
from peers import install, program
from run import ROOT

sys.path.insert(0, str(ROOT / "tests"))

import catalogues
import engines
from evolve.states import DIALECTS, table
from schemagen.runtime.evolve import postgres
from schemagen.runtime.evolve.plan import Renames, plan
from schemagen.runtime.evolve.script import script
from schemagen.runtime.evolve.state import TableState

PEER = "migra"
DIALECT = "postgres_jsonb"
T = "aws.thing"


class Change(NamedTuple):
    """A change of one column: its types, a value before and after, and its new name."""

    title: str
    old: str | None
    new: str | None
    value: str | None = None
    kept: str | None = None
    name: str = "x"
    comment: str = ""


CHANGES = (
    Change("a new column", None, "json"),
    Change("a new comment", "string", "string", "a", "a", comment="What it is."),
    Change("another name", "string", "string", "a", "a", name="y"),
    Change("string → json", "string", "json", "a", '"a"'),
    Change("hstore → hstore_csv", "hstore", "hstore_csv", '{"a": "b"}', '{"a": ["b"]}'),
    Change("int64 → float64, exact", "int64", "float64", "3", "3"),
    Change("int64 → float64, rounded", "int64", "float64", "9007199254740993"),
    Change("string → timestamp, no time", "string", "timestamp", "now"),
    Change("a column that is gone", "string", None, "a"),
)


def states(change: Change) -> tuple[TableState, TableState]:
    old = {"_key": "string"} | ({"x": change.old} if change.old else {})
    new = {"_key": "string"} | ({change.name: change.new} if change.new else {})
    comments = {change.name: change.comment}
    return table(T, old, DIALECT), table(T, new, DIALECT, comments=comments)


def ours(change: Change, old: TableState, new: TableState) -> str:
    """The script of schemagen, or "" if it refuses the change."""
    renames = Renames(columns={(T, "x"): change.name} if change.name != "x" else {})
    migration = plan({T: old}, {T: new}, DIALECTS[DIALECT], renames)
    return "" if migration.refusals else script(migration, DIALECTS[DIALECT], "2")


def url(connection: psycopg.Connection) -> str:
    info = connection.info
    return f"postgresql+psycopg2://postgres@/{info.dbname}?host={info.host}"


def theirs(old: psycopg.Connection, new: psycopg.Connection) -> str:
    command = [program(PEER, "migra"), "--unsafe", "--schema", "aws", url(old), url(new)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 2):  # 2 is a difference
        raise RuntimeError(done.stderr)
    return done.stdout


def create(connection: psycopg.Connection, state: TableState) -> None:
    for statement in postgres.create(state, DIALECTS[DIALECT]):
        connection.execute(statement.encode())


def outcome(sql: str, change: Change, connection: psycopg.Connection, new: TableState) -> str:
    """Run ``sql``, and say what it did."""
    if not sql.strip():
        return "sees nothing"
    try:
        connection.execute(sql.encode())
    except psycopg.Error as error:
        connection.execute("ROLLBACK")
        first = (error.diag.message_primary or str(error)).partition(";")[0]
        return f"fails: {first}"
    found = catalogues.postgres(connection, "aws", "thing")
    if sorted(map(str, found.columns)) != expected(new):
        return "another table"
    if change.old is None:
        return "the new table"
    if change.new is None:
        return "drops the value"
    name = f'"{change.name}"'
    select = f"SELECT {name}::text FROM aws.thing"  # noqa: S608 - a name of CHANGES
    row = connection.execute(select.encode()).fetchone()
    if row == (change.kept,):
        return "the new table, with the value"
    return "the new table, **without the value**" if row == (None,) else "**another value**"


_EXPECTED: dict[TableState, list[str]] = {}


def expected(new: TableState) -> list[str]:
    return _EXPECTED[new]


def compare(server: engines.Server) -> list[Mapping[str, str]]:
    rows: list[Mapping[str, str]] = []
    for change in CHANGES:
        before, after = states(change)
        with (
            server.database() as one,
            server.database() as two,
            server.database() as new,
        ):
            create(new, after)
            _EXPECTED[after] = sorted(map(str, catalogues.postgres(new, "aws", "thing").columns))
            for connection in (one, two):
                create(connection, before)
                value = [change.value] if change.old else []
                marks = f", CAST(%s AS {before.columns[1].sql})" if change.old else ""
                insert = f"INSERT INTO aws.thing VALUES ('k'{marks})"  # noqa: S608 - a type
                connection.execute(insert.encode(), value)
            text = ours(change, before, after)
            mine = outcome(text, change, one, after) if text else "refused, unless it is allowed"
            rows.append(
                {
                    "change": change.title,
                    "schemagen": mine,
                    PEER: outcome(theirs(two, new), change, two, after),
                }
            )
    return rows


def main() -> None:
    version = install(PEER, "migra[pg]")
    found = engines.binaries()
    if found is None:
        raise SystemExit("no PostgreSQL")
    with engines.server(found) as server:
        rows = compare(server)
    print(f"| change | schemagen migrate | migra {version} |\n|---|---|---|")  # noqa: T201
    for row in rows:
        print(f"| {' | '.join(row.values())} |")  # noqa: T201


if __name__ == "__main__":
    main()
