# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Plan the migration of a live database: what ``migrate`` and ``drift`` share."""

from __future__ import annotations

import argparse
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, cast

from ..usage import UsageError
from . import selection

if TYPE_CHECKING:
    from ..load.destination import Destination
    from ..load.migrations import Database, LivePlan
    from ..load.package import Package


class Live(NamedTuple):
    """A database that is open, and what leads from it to the package."""

    database: Database
    destination: Destination
    plans: list[LivePlan]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that choose a database, its tables, and what was renamed."""
    selection.add_tables(parser, required=False)
    parser.add_argument(
        "--to",
        required=True,
        metavar="DATABASE",
        help="postgres://USER@HOST/DATABASE or duckdb:FILE",
    )
    parser.add_argument(
        "--rename",
        action="append",
        default=[],
        metavar="OLD=NEW",
        help="TABLE=TABLE or TABLE.COLUMN=COLUMN: it keeps its values under a new name; can be repeated",
    )


@contextmanager
def opened(
    arguments: argparse.Namespace, package: Package, allow_loss: tuple[str, ...] = ()
) -> Generator[Live]:
    """Open the database, and plan. Raises `UsageError` for one that no sync has loaded tables into."""
    from ..load.destination import Destination
    from ..load.migrations import Choices, plan_live

    destination = Destination.parse(arguments.to)
    if "parquet" in destination.kind.schemes:
        raise UsageError(
            f"{destination}: Parquet files are not migrated; sync into a new folder instead"
        )
    destination.require()
    tables = selection.tables(package, arguments.tables) if arguments.tables else ()
    choices = Choices(tables, tuple(arguments.rename), allow_loss)
    sink = destination.open(package)
    try:
        database = cast("Database", getattr(sink, "schema"))  # noqa: B009
        with destination.refusals():
            plans = plan_live(package, database, destination, choices)
        yield Live(database, destination, plans)
    finally:
        sink.close()
