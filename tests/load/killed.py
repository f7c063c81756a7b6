"""Load units in processes that are killed at a moment.

`Loads` starts this file as a program that has imported everything, and forks a process for each load. A
moment is a number of calls, before which the process is killed: statements of a database, or changes
of the disk; or, with a decimal point, a number of milliseconds after the load began. 0 is never.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import psycopg
from ddsql_schemas._runtime.load.destination import Destination
from ddsql_schemas._runtime.load.duckdb import DuckDBSink
from ddsql_schemas._runtime.load.package import Package
from ddsql_schemas._runtime.units import CollectedRow, Unit

from projects import CHECKOUT

TABLE = "aws.sagemaker_trainingjob"
UNIT = Unit("111111111111", "eu-west-1", TABLE)
COUNT = 300


class Rows:
    """Rows of an edition: some have changed in the next, some are gone and some are new."""

    complete = True

    def __init__(self, edition: int) -> None:
        self.edition = edition

    def __iter__(self) -> Any:
        for number in range(COUNT * self.edition, COUNT * (self.edition + 2)):
            yield CollectedRow(
                {
                    "_key": f"arn:{number}",
                    "role_arn": f"edition {self.edition}" if number % 2 else "same",
                    "environment": {"A": str(number)},
                    "tags": {"team": ["x" * 100]},
                    "vpc_config": {"subnets": [f"subnet-{number}"]},
                }
            )


def content(edition: int) -> set[tuple[object, object]]:
    """The key and the edition of the rows that are stored then."""
    return {(row["_key"], row["role_arn"]) for row, _ in Rows(edition)}


def load(address: str, edition: int, before: Callable[[Any], None] = lambda sink: None) -> None:
    package = Package("ddsql_schemas", "ddsql-schemas")
    sink = Destination.parse(address).open(package, f"run {edition}")
    sink.prepare([package.table(TABLE)])
    before(sink)
    sink.load(UNIT, package.table(TABLE), Rows(edition))
    sink.close()


def _dying(owner: Any, name: str, moment: int, count: list[int]) -> None:
    function = getattr(owner, name)

    def counted(*arguments: Any, **options: Any) -> Any:
        count[0] += 1
        if count[0] == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)

    setattr(owner, name, counted)


def _arm(sink: Any, moment: str) -> None:
    if "." in moment:
        signal.setitimer(signal.ITIMER_REAL, float(moment) / 1000)  # SIGALRM kills, too
        return
    count = [0]
    if isinstance(sink, DuckDBSink):
        # The methods of DuckDB's own connection cannot be replaced.
        _dying(sink, "_execute", int(moment), count)
    _dying(psycopg.Cursor, "execute", int(moment), count)
    _dying(psycopg.Cursor, "copy", int(moment), count)
    for name in ("open", "replace", "rename", "unlink", "fsync", "mkdir"):
        _dying(os, name, int(moment), count)


class Loads:
    """Loads in processes of their own."""

    def __init__(self) -> None:
        paths = (str(CHECKOUT / folder) for folder in ("generated", "tests"))
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, address: str, moment: object, edition: int) -> int:
        """Load an edition, and return the status of the process, which was killed or came to its end."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps([address, str(moment), edition]) + "\n")
        self._server.stdin.flush()
        status = int(self._server.stdout.readline())
        assert status in (0, -signal.SIGKILL, -signal.SIGALRM)
        return status

    def close(self) -> None:
        self._server.communicate(timeout=60)
        assert self._server.returncode == 0


def _serve() -> None:
    for name in ("duckdb", "postgres", "parquet"):
        import_module(f"ddsql_schemas._runtime.load.{name}")
    for line in sys.stdin:
        address, moment, edition = json.loads(line)
        process = os.fork()
        if process == 0:
            try:
                load(address, edition, partial(_arm, moment=moment))
                os._exit(0)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(99)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)  # noqa: T201


if __name__ == "__main__":
    _serve()
