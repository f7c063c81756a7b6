# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Collect tables and load them: ``sync``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..usage import UsageError
from . import messages, options, selection, streams
from .display import display

if TYPE_CHECKING:
    from ..load.package import Package
    from ..sync.report import Report


def add_arguments(parser: argparse.ArgumentParser, package: Package) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "tables",
        nargs="*",
        metavar="TABLE",
        help="the id of a table, or a pattern in quotes: 'aws.s3_*'",
    )
    options.add(parser)
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="a TOML file with tables and options; those of the command line take precedence",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="leave out what the last run, which was interrupted, has completed",
    )
    parser.add_argument(
        "--shard",
        metavar="N/TOTAL",
        help="collect a part of the units, such as 3/8; other runs collect the others",
    )
    parser.add_argument(
        "--adopt",
        metavar="VERSION",
        help=f"take over existing tables, which this version of {package.name} created",
    )
    parser.add_argument(
        "--migrate",
        choices=("safe",),
        help="change tables of an older version where nothing is lost: new columns, wider types",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="the form of the report on stdout",
    )
    parser.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="the form of what is written to stderr during the run",
    )
    parser.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        help="write problems only, and no report as text",
    )


def run(arguments: argparse.Namespace, package: Package) -> int:
    """Collect and load, print the report, and return the exit status."""
    from ..load.destination import Destination
    from ..sync.plan import Shard
    from ..sync.report import INCOMPLETE
    from ..sync.run import run as run_sync

    if arguments.quiet:
        messages.be_quiet()
    settled = options.settled(arguments)
    tables = options.texts(settled["tables"])
    selection.check_named(package, arguments, tables)
    if settled["to"] is None:
        raise UsageError(
            "--to is missing: pass --to duckdb:FILE, postgres://… or parquet:FOLDER/"
        )
    destination = Destination.parse(
        settled["to"],
        adopt=arguments.adopt or "",
        migrate=arguments.migrate is not None,
    )
    given: dict[str, Any] = {
        "regions": options.texts(settled["regions"]),
        "exclude": options.texts(settled["exclude"]),
        "skip": options.texts(settled["skip"]),
        "shard": None if arguments.shard is None else Shard.parse(arguments.shard),
        **_optional(settled),
    }
    if arguments.resume:
        given["resume"] = True
    with display(arguments.log_format) as progress:
        report = run_sync(package, tables, destination, progress=progress, **given)
    try:
        _print(report, arguments)
    except OSError as error:
        # What was loaded stays loaded: this is no wrong call.
        streams.discard_output()
        messages.problem(f"the report cannot be written: {error.strerror or error}")
        messages.problem(report.summary())
        return report.exit_status or INCOMPLETE
    return report.exit_status


def _optional(settled: dict[str, Any]) -> dict[str, Any]:
    """Return the options that are given, and that the run has other defaults for."""
    given = {
        "accounts": None if settled["accounts"] is None else Path(settled["accounts"]),
        "threads": settled["threads"],
        "scheduler": settled["scheduler"],
        "endpoint_url": settled["endpoint-url"],
        "limits": settled[options.LIMITS],
    }
    return {name: value for name, value in given.items() if value is not None}


def _print(report: Report, arguments: argparse.Namespace) -> None:
    if arguments.format == "json":
        text = json.dumps(report.to_json(), indent=2)
        streams.output_line(messages.without_secrets(text))
    elif not arguments.quiet:
        streams.output_line(messages.without_secrets(str(report)))
    sys.stdout.flush()
