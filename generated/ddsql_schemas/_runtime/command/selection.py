# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Choose tables, and what of them is left out."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from ..lookup import is_pattern, match
from ..sync.choice import Choice
from ..usage import UsageError
from . import options

if TYPE_CHECKING:
    from ..calls import TableCalls
    from ..load.package import Package
    from ..sql import Table


_KEY = "_key"


class Chosen(NamedTuple):
    """A table, and the calls that fill the columns that are not left out."""

    table: Table
    calls: TableCalls


def add_tables(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Add the argument that names tables."""
    parser.add_argument(
        "tables",
        nargs="+" if required else "*",
        metavar="TABLE",
        help="the id of a table, or a pattern in quotes: 'aws.s3_*'",
    )


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Add the options that leave out columns and calls."""
    options.add(parser, ("exclude", "skip"))


def choice(arguments: argparse.Namespace) -> Choice:
    """Return what the options of `add_choice` leave out."""
    return Choice(options.texts(arguments.exclude), options.texts(arguments.skip))


def check_named(
    package: Package, arguments: argparse.Namespace, patterns: Sequence[str]
) -> None:
    """Raise `UsageError` if there are no patterns of tables, and for a table that was read as a value of
    an option with several values."""
    known = package.catalog.tables
    for option in options.OPTIONS:
        values = getattr(arguments, option.name.replace("-", "_"), None)
        if option.kind not in ("texts", "names") or values is None:
            continue
        for value in values:
            # A pattern may be of columns, unless tables are missing.
            taken = (
                not patterns
                and is_pattern(value)
                and any(fnmatchcase(id, value) for id in known)
            )
            if value in known or taken:
                raise UsageError(
                    f"{value} was read as a value of --{option.name}; name tables first, or end the list "
                    f"with --: --{option.name} {option.metavar} -- {value}"
                )
    if not patterns:
        raise UsageError(f"no table is named; `{package.name} tables` lists them")


def tables(package: Package, patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of the tables that match, all if there is no pattern."""
    known = package.catalog.tables
    return match("table", patterns, known) if patterns else tuple(known)


def chosen(
    package: Package, patterns: Sequence[str], choice: Choice
) -> tuple[Chosen, ...]:
    """Return the tables that match and that can be collected, with their calls.

    Raises `UsageError` if there is none, or if ``choice`` does not fit them.
    """
    found: list[Chosen] = []
    for id in tables(package, patterns):
        calls = package.catalog.calls(id)
        if calls is not None:
            found.append(Chosen(_table(package, id), calls))
    if not found:
        raise UsageError(
            f"{', '.join(patterns)}: no such table can be collected; `{package.name} tables` says "
            "which can"
        )
    choice.check(found)
    return tuple(Chosen(table, choice.calls(table, calls)) for table, calls in found)


def _table(package: Package, id: str) -> Table:
    from ..sql import Table

    if "tables" in package.catalog.outputs:
        return package.table(id)
    # A package that loads nothing still knows the columns.
    columns = {column.name: column.type for column in package.catalog.columns(id)}
    return Table(id, _KEY if _KEY in columns else None, columns)
