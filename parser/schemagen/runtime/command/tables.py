# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""List tables: ``tables``."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from .. import text
from . import selection, streams

if TYPE_CHECKING:
    from ..load.package import Package


def add_arguments(parser: argparse.ArgumentParser, package: Package) -> None:
    """Add the arguments of the command."""
    selection.add_tables(parser, required=False)
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace, package: Package) -> int:
    """Print the tables, and return the exit status."""
    entries = package.catalog.tables
    found = {id: entries[id] for id in selection.tables(package, arguments.tables)}
    if arguments.format == "json":
        listed = [
            {
                "table": id,
                "key": entry.key,
                "collected": entry.mapper,
                "deprecated": entry.deprecated,
            }
            for id, entry in found.items()
        ]
        streams.output_line(json.dumps(listed, indent=2))
        return 0
    rows = [
        (
            id,
            "yes" if entry.key else "no",
            "yes" if entry.mapper else "no",
            "deprecated" if entry.deprecated else "",
        )
        for id, entry in found.items()
    ]
    for line in text.table([("table", "key", "collected", ""), *rows]):
        streams.output_line(line)
    return 0
