"""Load a unit and be killed at a moment: ``killed.py ADDRESS MOMENT ROWS``.

A moment is a number of calls, before which the process is killed: statements of a database, or changes
of the disk; or, with a decimal point, a number of milliseconds after the load began. 0 is never.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import psycopg
from ddsql_schemas._runtime.load.destination import Destination
from ddsql_schemas._runtime.load.duckdb import DuckDBSink
from ddsql_schemas._runtime.load.package import Package
from ddsql_schemas._runtime.units import CollectedRow, Unit

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


if __name__ == "__main__":
    _, address, moment, edition = sys.argv
    load(address, int(edition), lambda sink: _arm(sink, moment))
