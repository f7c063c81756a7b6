# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Delete what is no longer collected: ``forget``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..load.destination import Destination
from ..text import counted
from ..usage import UsageError
from . import messages, selection, streams

if TYPE_CHECKING:
    from ..load.package import Package


def add_arguments(parser: argparse.ArgumentParser, package: Package) -> None:
    """Add the arguments of the command."""
    selection.add_tables(parser, required=False)
    parser.add_argument(
        "--to",
        required=True,
        metavar="DESTINATION",
        help="postgres://USER@HOST/DATABASE, duckdb:FILE or parquet:FOLDER/",
    )
    parser.add_argument(
        "--account", default="", metavar="ID", help="of this account only"
    )
    parser.add_argument(
        "--region",
        default="",
        metavar="REGION",
        help="of this region only; `global` for tables that are listed for whole accounts",
    )


def run(arguments: argparse.Namespace, package: Package) -> int:
    """Delete rows that are no longer collected, and return the exit status."""
    account, region = str(arguments.account), str(arguments.region)
    if not (arguments.tables or account or region):
        raise UsageError("name tables, --account or --region; '*' means all tables")
    destination = Destination.parse(arguments.to)
    destination.require()
    # An empty text is any table.
    ids = selection.tables(package, arguments.tables) if arguments.tables else ("",)
    sink = destination.open(package)
    deleted = 0
    try:
        for id in ids:
            number = sink.forget(account=account, region=region, table=id)
            if number:  # Say so at once: it stays deleted if a later table fails.
                rows = counted(number, "row")
                streams.output_line(f"{id or 'all tables'}: {rows} deleted")
            deleted += number
    finally:
        sink.close()
    if not deleted:
        named = (("account", account), ("region", region))
        places = [f"{what} {value}" for what, value in named if value]
        of = ", ".join((*places, *arguments.tables))
        names = (
            "its files are named ACCOUNT.REGION.parquet"
            if destination.kind.local == "folder"
            else "`ddsql_sync.units` lists what it has"
        )
        messages.problem(
            f"nothing was deleted: {destination} has no rows of {of}; {names}"
        )
    return 0
