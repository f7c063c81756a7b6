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
    """Print the differences, and return 1 if there are any."""
    from ..load.migrations import describe

    with live.opened(arguments, package) as opened:
        found = list(describe(opened.plans))
        destination = str(opened.destination)
    if arguments.format == "json":
        streams.output_line(
            json.dumps({"database": destination, "differences": found}, indent=2)
        )
    else:
        for line in found:
            streams.output_line(line)
        if not found:
            messages.message(f"{destination} fits {package.name} {package.version}")
    return DIFFERENT if found else 0
