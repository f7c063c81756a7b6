"""Rows on their way to PostgreSQL while the server waits for another transaction."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from load.load_cases import KEYED, MadePackage, Rows, keyed, load, package

ROW = 10_000
ROWS = 2000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadePackage]:
    with package(tmp_path_factory.mktemp("made"), name="staged_postgres") as found:
        yield found


@pytest.fixture
def sink(made: MadePackage, postgres: psycopg.Connection) -> Iterator[Any]:
    info = postgres.info
    opened = made.open(
        f"postgresql://postgres@/{info.dbname}?host={info.host}&dialect=postgres_jsonb"
    )
    try:
        yield opened
    finally:
        opened.close()


class Counted:
    """Rows of 10 kB, and how many of them have been read. The first has the key of a row that another
    transaction has inserted and not committed, so that the server waits in the middle of the COPY."""

    def __init__(self) -> None:
        self.read = 0

    def __iter__(self) -> Iterator[dict[str, object]]:
        for number in range(ROWS):
            self.read += 1
            yield keyed(number, name="x" * ROW)[0]


@contextmanager
def held_row(postgres: psycopg.Connection) -> Generator[None]:
    """Hold the key of the first row in a transaction of another connection."""
    with psycopg.connect(postgres.info.dsn) as other:
        other.execute(f"INSERT INTO {KEYED} (_key) VALUES ('arn:0')".encode())
        yield
        other.rollback()


def interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def interrupt_when_idle(rows: Counted) -> None:
    """Interrupt the main thread when it has read no row for a second."""
    read = 0
    while read == 0 or rows.read != read:
        read = rows.read
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGALRM)


def test_interrupt_ends_a_load_that_waits_for_the_server(
    made: MadePackage, sink: Any, postgres: psycopg.Connection
) -> None:
    """No more than a few megabytes of rows are in memory while the server waits. An interrupt ends the wait,
    before the server's lock_timeout of ten seconds does, and the unit can be loaded later."""
    rows = Counted()
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with held_row(postgres):
            watcher = threading.Thread(target=interrupt_when_idle, args=[rows])
            watcher.start()
            start = time.monotonic()
            with pytest.raises(KeyboardInterrupt):
                load(sink, made, Rows(rows))
            assert time.monotonic() - start < 8.0
            watcher.join()
    finally:
        signal.signal(signal.SIGALRM, before)
    # The server reads 1,000 rows of a COPY before it looks for their keys; 2 MiB wait for it.
    assert rows.read < 1350
    assert load(sink, made, Rows(Counted())) == (ROWS, ROWS, 0, 0, 0)


def wait_until_it_reads(postgres: psycopg.Connection, pid: int) -> None:
    """Wait until a backend has read all that it was sent."""
    query = "SELECT wait_event FROM pg_stat_activity WHERE pid = %s"
    until = time.monotonic() + 20
    while postgres.execute(query, [pid]).fetchall() != [("ClientRead",)]:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_rows_are_encoded_while_the_server_is_busy(
    made: MadePackage, sink: Any, postgres: psycopg.Connection
) -> None:
    """The next rows are encoded while the server has not taken the last ones: 1.7 MB of them, while its
    process is stopped."""
    pid = sink._session.connection.info.backend_pid
    stopped: list[float] = []
    timer = threading.Timer(60.0, os.kill, [pid, signal.SIGCONT])

    def rows() -> Iterator[dict[str, object]]:
        for number, row in enumerate(Counted()):
            if 110 < number < 300:  # after the first megabyte, with which the COPY begins
                wait_until_it_reads(postgres, pid)
            if number == 300:
                os.kill(pid, signal.SIGSTOP)
                timer.start()
                stopped.append(time.monotonic())
            if number == 470:
                stopped.append(time.monotonic())
                os.kill(pid, signal.SIGCONT)
            yield row

    try:
        assert load(sink, made, Rows(rows())) == (ROWS, ROWS, 0, 0, 0)
    finally:
        timer.cancel()
        os.kill(pid, signal.SIGCONT)
    start, end = stopped
    assert end - start < 50.0


# Older releases of psycopg raise it once more where nobody can catch it.
@pytest.mark.filterwarnings("ignore:.*generator object Cursor.copy.*")
def test_lost_server_ends_a_load_that_waits_for_it(
    made: MadePackage, sink: Any, postgres: psycopg.Connection
) -> None:
    """If the server ends the session meanwhile, the load fails with the server's reason, and the next one
    connects again."""
    pid = sink._session.connection.info.backend_pid

    def end() -> None:
        with psycopg.connect(postgres.info.dsn, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])

    with held_row(postgres):
        timer = threading.Timer(2.0, end)
        timer.start()
        start = time.monotonic()
        with pytest.raises(psycopg.OperationalError, match="terminat"):
            load(sink, made, Rows(Counted()))
        assert time.monotonic() - start < 6.0
        timer.join()
    assert load(sink, made, Rows(Counted())) == (ROWS, ROWS, 0, 0, 0)


def test_load_whose_first_key_another_transaction_commits_is_merged(
    made: MadePackage, sink: Any, postgres: psycopg.Connection
) -> None:
    """What was sent before the server refused a key is loaded through the temporary table."""
    with psycopg.connect(postgres.info.dsn) as other:
        other.execute(f"INSERT INTO {KEYED} (_key) VALUES ('arn:0')".encode())
        timer = threading.Timer(1.5, other.commit)
        timer.start()
        rows = Counted()
        assert load(sink, made, Rows(rows)) == (ROWS, ROWS - 1, 1, 0, 0)
        timer.join()
    [found] = postgres.execute(f"SELECT count(*), min(length(name)) FROM {KEYED}".encode())
    assert found == (ROWS, ROW)
