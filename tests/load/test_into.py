"""The module ``load`` of a generated package: rows that somebody has already, into a database."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from ddsql_schemas import load

from projects import CHECKOUT

TABLE = "aws.sagemaker_trainingjob"
ACCOUNT = "111122223333"


def rows(*names: str, status: str = "Completed") -> list[dict[str, object]]:
    return [
        {
            "_key": f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:training-job/{name}",
            "training_job_name": name,
            "training_job_status": status,
            "tags": {"team": ["data", "growth"]},
        }
        for name in names
    ]


def stored(file: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(
            "SELECT training_job_name, training_job_status, tags FROM aws.sagemaker_trainingjob "
            "ORDER BY 1"
        ).fetchall()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "inventory.duckdb"


def test_into_writes_only_what_differs(file: Path) -> None:
    """The same rows again change nothing; others are inserted, changed and deleted."""
    to = f"duckdb:{file}"
    first = load.into(to, TABLE, rows("a", "b", "c"), account=ACCOUNT, region="eu-west-1")
    assert first == load.LoadCounts(rows=3, inserted=3)
    again = load.into(to, TABLE, rows("a", "b", "c"), account=ACCOUNT, region="eu-west-1")
    assert again == load.LoadCounts(rows=3, unchanged=3)
    later = [*rows("a"), *rows("b", status="Failed"), *rows("d")]
    third = load.into(to, TABLE, iter(later), account=ACCOUNT, region="eu-west-1")
    assert third == load.LoadCounts(rows=3, inserted=1, changed=1, unchanged=1, deleted=1)
    tags = {"team": ["data", "growth"]}
    assert stored(file) == [
        ("a", "Completed", tags),
        ("b", "Failed", tags),
        ("d", "Completed", tags),
    ]


def test_into_leaves_other_regions_and_incomplete_rows_alone(file: Path) -> None:
    """Rows are deleted only where the given ones are all that there are."""
    to = f"duckdb:{file}"
    load.into(to, TABLE, rows("a", "b"), account=ACCOUNT, region="eu-west-1")
    other = load.into(to, TABLE, rows("c"), account=ACCOUNT, region="us-east-1")
    assert other.deleted == 0
    part = load.into(to, TABLE, rows("a"), account=ACCOUNT, region="eu-west-1", complete=False)
    assert part == load.LoadCounts(rows=1, unchanged=1)
    assert [row[0] for row in stored(file)] == ["a", "b", "c"]


def test_into_refuses_unknown_tables_and_destinations(tmp_path: Path) -> None:
    """Both errors are usage errors that say what is right."""
    with pytest.raises(load.UsageError, match=r"did you mean 'aws\.sagemaker_trainingjob'"):
        load.into("duckdb:x", "aws.sagemaker_trainingjb", [], account=ACCOUNT)
    with pytest.raises(load.DestinationError, match="write one of postgres://"):
        load.into("sqlite:x", TABLE, [], account=ACCOUNT)


@pytest.mark.parametrize("given", [[None], ["abc"], rows("a")[0], [*rows("a"), ("_key", "b")]])
def test_into_refuses_rows_that_are_none(file: Path, given: Any) -> None:
    """A row in place of rows, or anything else, is named; what is stored stays."""
    to = f"duckdb:{file}"
    load.into(to, TABLE, rows("a", "b"), account=ACCOUNT)
    with pytest.raises(TypeError, match=r"row \d is a (NoneType|str|tuple); rows are mappings"):
        load.into(to, TABLE, given, account=ACCOUNT)
    assert [row[0] for row in stored(file)] == ["a", "b"]


def test_into_refuses_accounts_and_regions_that_no_database_stores(file: Path) -> None:
    """A unit's name is text like any other."""
    for account, region in (("a\0b", "r"), ("\ud800", "r"), (ACCOUNT, "\0")):
        with pytest.raises(ValueError, match=r"cannot be stored"):
            load.into(f"duckdb:{file}", TABLE, rows("a"), account=account, region=region)
    assert not file.exists()


def test_into_refuses_databases_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows would be lost when the call returns. Names that DuckDB would take for those of extensions are
    names of files."""
    monkeypatch.chdir(tmp_path)
    for name in (":memory:", ":memory:name"):
        with pytest.raises(load.DestinationError, match="would be lost with the process"):
            load.into(f"duckdb:{name}", TABLE, rows("a"), account=ACCOUNT)
    with pytest.raises(load.DestinationError, match=r"contains U\+0000"):
        load.into("duckdb:a\0b", TABLE, rows("a"), account=ACCOUNT)
    assert list(tmp_path.iterdir()) == []
    load.into("duckdb:sqlite:x.db", TABLE, rows("a"), account=ACCOUNT)
    assert [row[0] for row in stored(tmp_path / "sqlite:x.db")] == ["a"]


def test_into_says_what_a_database_refuses(file: Path) -> None:
    """An error of the database about its tables is one of the destination, not of the program."""
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SCHEMA ddsql_sync")
        connection.execute("CREATE TABLE ddsql_sync.ledger (other INTEGER)")
    with pytest.raises(load.DestinationError, match=rf"duckdb:{file}: .*format"):
        load.into(f"duckdb:{file}", TABLE, rows("a"), account=ACCOUNT)


def forget(file: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ddsql_schemas", "forget", "--to", f"duckdb:{file}", *arguments],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT / "generated")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_forget_deletes_the_rows_of_a_region(file: Path) -> None:
    """What is no longer collected stays until somebody says that it should go."""
    to = f"duckdb:{file}"
    load.into(to, TABLE, rows("a", "b"), account=ACCOUNT, region="eu-west-1")
    load.into(to, TABLE, rows("c"), account=ACCOUNT, region="us-east-1")
    assert forget(file, "--region", "eu-west-1") == "all tables: 2 rows deleted\n"
    assert [row[0] for row in stored(file)] == ["c"]
    assert forget(file, "aws.*", "--account", ACCOUNT) == f"{TABLE}: 1 row deleted\n"
    assert stored(file) == []


def test_into_takes_a_connection_of_duckdb(file: Path) -> None:
    """A program that has the database open passes its connection, which stays open and as it was; the next
    program finds units and rows as ever."""
    with duckdb.connect(str(file)) as connection:
        connection.execute("SET memory_limit = '1GiB'")
        limit = connection.execute("SELECT current_setting('memory_limit')").fetchone()
        for expected in (load.LoadCounts(2, 2), load.LoadCounts(2, 0, 0, 2)):
            counts = load.into(
                connection, TABLE, rows("a", "b"), account=ACCOUNT, region="eu-west-1"
            )
            assert counts == expected
        assert connection.execute("FROM aws.sagemaker_trainingjob").fetchall()
        assert connection.execute("SELECT current_setting('memory_limit')").fetchone() == limit
    assert list(file.parent.iterdir()) == [file]
    later = load.into(f"duckdb:{file}", TABLE, rows("b"), account=ACCOUNT, region="eu-west-1")
    assert later == load.LoadCounts(rows=1, unchanged=1, deleted=1)


def test_into_takes_a_connection_to_memory() -> None:
    """A database in memory is one that only its connection can reach."""
    with duckdb.connect() as connection:
        load.into(connection, TABLE, rows("a"), account=ACCOUNT)
        assert connection.execute("SELECT count(*) FROM aws.sagemaker_trainingjob").fetchall() == [
            (1,)
        ]


def test_into_refuses_a_database_that_is_called_like_a_schema(tmp_path: Path) -> None:
    """In `aws.duckdb`, the name aws.sagemaker_trainingjob would be ambiguous; a path works."""
    file = tmp_path / "aws.duckdb"
    with (
        duckdb.connect(str(file)) as connection,
        pytest.raises(load.DestinationError, match="is called aws, as a schema of the package"),
    ):
        load.into(connection, TABLE, rows("a"), account=ACCOUNT)
    assert load.into(f"duckdb:{file}", TABLE, rows("a"), account=ACCOUNT).inserted == 1


def test_into_takes_a_connection_of_psycopg(postgres: psycopg.Connection) -> None:
    """The rows go into the connection's database; while it is in a transaction, whose locks the load might
    wait for without end, it is refused."""
    postgres.commit()
    postgres.autocommit = False
    counts = load.into(postgres, TABLE, rows("a", "b"), account=ACCOUNT)
    assert counts == load.LoadCounts(2, 2)
    select = "SELECT training_job_name FROM aws.sagemaker_trainingjob ORDER BY 1"
    assert postgres.execute(select).fetchall() == [("a",), ("b",)]
    with pytest.raises(load.DestinationError, match=r"INTRANS.*commit first"):
        load.into(postgres, TABLE, rows("a"), account=ACCOUNT)
    postgres.commit()
    counts = load.into(postgres, TABLE, rows("b"), account=ACCOUNT)
    assert counts == load.LoadCounts(rows=1, unchanged=1, deleted=1)


def test_into_refuses_other_connections() -> None:
    """What is neither a text nor a connection is refused by its class, and the message lists what is
    taken."""
    with (
        contextlib.closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(
            load.DestinationError, match=r"rows cannot be loaded into a Connection; pass one of"
        ),
    ):
        load.into(connection, TABLE, rows("a"), account=ACCOUNT)
