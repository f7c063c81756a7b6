"""The tests' own PostgreSQL: it is a real one, and it goes when they go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

import engines

START_AND_WAIT = """
import engines, sys
with engines.server(engines.binaries()) as running:
    print(running.socket, flush=True)
    sys.stdin.read()
"""


def test_the_server_is_new_enough_and_in_utc(
    postgres_server: engines.Server, postgres: psycopg.Connection
) -> None:
    """What runs is what was looked for."""
    version = postgres.execute("SHOW server_version_num").fetchone()
    zone = postgres.execute("SHOW TimeZone").fetchone()
    listening = postgres.execute("SHOW listen_addresses").fetchone()
    assert version is not None
    assert int(version[0]) // 10_000 == postgres_server.version >= engines.OLDEST_POSTGRES
    assert (zone, listening) == (("UTC",), ("",))


@pytest.mark.slow
def test_the_server_ends_with_a_test_run_that_is_killed(postgres_server: engines.Server) -> None:
    """Not even SIGKILL leaves a server behind."""
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT],
        cwd=Path(engines.__file__).parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        socket = Path(run.stdout.readline().strip())
        server = int((socket / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(server, 0)
        run.send_signal(signal.SIGKILL)
    end = time.monotonic() + 30
    while _runs(server):
        assert time.monotonic() < end, "the server still runs"
        time.sleep(0.05)
    engines.remove(socket)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_missing_engine_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """In CI, a missing engine is a failure, so that no check is silently skipped."""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no server"):
        engines.skip("no server")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="no server"):
        engines.skip("no server")


def test_too_old_or_incomplete_binaries_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PATH may hold a server that is too old, or only its client: neither is used."""
    for name, said in (("postgres", "postgres (PostgreSQL) 14.9"), ("initdb", "")):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho '{said}'\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    found = engines.binaries()
    assert found is None or found.folder != tmp_path
