# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Print the statements that create tables: ``ddl``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..lookup import find
from ..usage import UsageError
from . import selection, streams

if TYPE_CHECKING:
    from ..load.package import Package


def add_arguments(parser: argparse.ArgumentParser, package: Package) -> None:
    """Add the arguments of the command."""
    selection.add_tables(parser, required=True)
    dialects = ", ".join(package.catalog.dialects) or "none in this package"
    parser.add_argument("--dialect", help=f"the SQL dialect: {dialects}")


def run(arguments: argparse.Namespace, package: Package) -> int:
    """Print the statements, and return the exit status."""
    dialects = {name: name for name in package.catalog.dialects}
    if not dialects:
        raise UsageError("this package was built without DDL")
    dialect = arguments.dialect
    if dialect is None:
        if len(dialects) > 1:
            raise UsageError(f"--dialect is missing: {', '.join(dialects)}")
        (dialect,) = dialects
    find("dialect", dialect, dialects)
    for id in selection.tables(package, arguments.tables):
        streams.output_sql(package.ddl(id, dialect))
    return 0
