"""Ctrl-C and `kill`, at moments when nothing is collected yet: while a database is opened, or in a query.

The command runs in a process of its own, in which `duckdb.connect` sends the signal.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import psycopg
import pytest
from ddsql_schemas._runtime.load.postgres_session import lock_number

from corpus_package import NAME, CorpusPackage

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "kill"])

PROGRAM = """
import os, sys
import duckdb
from {package}.__main__ import main

connect = duckdb.connect

def interrupted(*arguments, **options):
    duckdb.connect = connect
    connection = connect(*arguments, **options)
    print("the hook was called", file=sys.stderr)
    if {in_a_query}:
        try:
            os.kill(os.getpid(), {number})
        except BaseException:
            raise RuntimeError("Query interrupted") from None  # as DuckDB does in a query
    else:
        os.kill(os.getpid(), {number})
    return connection

duckdb.connect = interrupted
main()
"""


def ended(
    package: CorpusPackage, number: signal.Signals, *arguments: str, in_a_query: bool = False
) -> tuple[int, str, list[str]]:
    """The status, the output and the lines of errors of a command that gets a signal."""
    program = PROGRAM.format(package=NAME, number=int(number), in_a_query=in_a_query)
    environment = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    found = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={
            **environment,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            "PYTHONPATH": str(package.folder / "importable"),
        },
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    lines = found.stderr.splitlines()
    assert lines[:1] == ["the hook was called"], found.stderr
    return found.returncode, found.stdout, lines[1:]


@SIGNALS
def test_sync_that_ends_before_it_calls_anything_reports_what_it_left(
    corpus_package: CorpusPackage, number: signal.Signals, tmp_path: Path
) -> None:
    """Whoever reads the report finds every table in it, however early the run was ended."""
    status, output, lines = ended(
        *(corpus_package, number, "sync", "aws.vpc", "aws.dynamodb"),
        *("--to", f"duckdb:{tmp_path / 'a.duckdb'}", "--format", "json"),
    )
    assert status == 130
    report = json.loads(output)
    assert (report["exit_status"], report["interrupted"]) == (130, True)
    assert [(unit["table"], unit["state"]) for unit in report["units"]] == [
        ("aws.dynamodb", "cancelled"),
        ("aws.vpc", "cancelled"),
    ]
    assert lines == ["interrupted: 2 units cancelled"]


@SIGNALS
def test_signals_in_a_query_are_no_fault_of_the_program(
    corpus_package: CorpusPackage, number: signal.Signals, tmp_path: Path
) -> None:
    """DuckDB raises an error of its own then, which must not be taken for an internal error."""
    file = tmp_path / "a.duckdb"
    duckdb.connect(str(file)).close()
    status, output, lines = ended(
        *(corpus_package, number, "forget", "aws.vpc", "--to", f"duckdb:{file}"), in_a_query=True
    )
    assert output == ""
    said = {signal.SIGINT: (130, ["interrupted"]), signal.SIGTERM: (143, ["terminated"])}
    assert (status, lines) == said[number]


@pytest.mark.slow
@SIGNALS
def test_second_signal_ends_a_sync_that_waits_for_a_database(
    corpus_package: CorpusPackage, number: signal.Signals, postgres: psycopg.Connection
) -> None:
    """Another program may hold the lock for hours. The first signal lets the sync end in good order,
    once it has the lock; the second one ends it at once."""
    info = postgres.info
    to = f"postgres://{info.user}@/{info.dbname}?host={info.host}&port={info.port}"
    environment = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "PYTHONPATH": str(corpus_package.folder / "importable"),
    }
    postgres.execute("SELECT pg_advisory_lock(%s)", [lock_number("prepare")])
    command = [sys.executable, "-m", NAME, "sync", "aws.dynamodb"]
    process = subprocess.Popen(
        [*command, "--to", f"{to}&dialect=postgres_jsonb"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    end = time.monotonic() + 60
    while postgres.execute(waiting).fetchone() != (1,):
        assert time.monotonic() < end, "the sync does not wait for the lock"
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    said = {signal.SIGINT: (130, "interrupted"), signal.SIGTERM: (143, "terminated")}
    assert (process.returncode, errors.splitlines()[-1]) == said[number]
