# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Print the columns of a table: ``schema``."""

from __future__ import annotations

import argparse
import json
import shlex
from typing import TYPE_CHECKING

from .. import text
from ..lookup import is_pattern
from ..usage import UsageError
from . import streams

if TYPE_CHECKING:
    from ..load.package import Package


def add_arguments(parser: argparse.ArgumentParser, package: Package) -> None:
    """Add the arguments of the command."""
    parser.add_argument("table", metavar="TABLE", help="the id of a table")
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="json prints the JSON Schema of a row",
    )


def run(arguments: argparse.Namespace, package: Package) -> int:
    """Print the columns, and return the exit status."""
    if is_pattern(arguments.table):
        raise UsageError(
            f"{arguments.table!r} is a pattern, and schema prints one table; `{package.name} tables"
            f" {shlex.quote(arguments.table)}` lists those that match"
        )
    if arguments.format == "json":
        schema = package.catalog.json_schema(arguments.table)
        streams.output_line(json.dumps(schema, indent=2, ensure_ascii=False))
        return 0
    columns = package.catalog.columns(arguments.table)
    rows = [(name, type, description) for name, type, description in columns]
    for line in text.table([("column", "type", "description"), *rows]):
        streams.output_line(line)
    return 0
