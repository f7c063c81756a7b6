# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Say how the tables of a database differ from the package: ``drift``."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from . import live, messages, streams

if TYPE_CHECKING:
    from ..load.package import Package

DIFFERENT = 1


def add_arguments(parser: argparse.ArgumentParser, package: Package) -> None:
    """Add the arguments of the command."""
    live.add_arguments(parser)
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="the form of the list",
    )


def run(arguments: argparse.Namespace, package: Package) -> int:
    """Print the differences, and return 1 if there are any. What is kept is a note."""
    from ..load.migrations import describe

    with live.opened(arguments, package) as opened:
        found = list(describe(opened.plans, package.name))
        kept = [item for plan in opened.plans for item in plan.kept]
        destination = str(opened.destination)
    if arguments.format == "json":
        differences = [
            {
                "table": item.table,
                "column": item.column,
                "kind": item.kind,
                "message": item.message,
            }
            for item in found
        ]
        notes = [{"table": item.table, "column": item.column} for item in kept]
        streams.output_line(
            json.dumps(
                {"database": destination, "differences": differences, "kept": notes},
                indent=2,
            )
        )
    else:
        for difference in found:
            streams.output_line(str(difference))
        for item in kept:
            messages.message(str(item))
        if not found:
            messages.message(f"{destination} fits {package.name} {package.version}")
    return DIFFERENT if found else 0
