# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Bring the tables of a database up to date with the package: ``migrate``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from . import live, messages, streams

if TYPE_CHECKING:
    from ..load.package import Package

REFUSED = 1


def add_arguments(parser: argparse.ArgumentParser, package: Package) -> None:
    """Add the arguments of the command."""
    live.add_arguments(parser)
    parser.add_argument(
        "--allow-loss",
        action="append",
        default=[],
        metavar="TABLE[.COLUMN]",
        help="drop this table or column if the package does not have it, and let values of the column be "
        "lost that its new type cannot hold; can be repeated",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--dry-run",
        action="store_true",
        help="print the SQL that --apply would run, and change nothing (the default)",
    )
    what.add_argument(
        "--apply", action="store_true", help="migrate, in one transaction"
    )


def run(arguments: argparse.Namespace, package: Package) -> int:
    """Print or apply the migration, and return the exit status."""
    from ..load.migrations import MigrationStopped

    with live.opened(arguments, package, tuple(arguments.allow_loss)) as opened:
        plans = opened.plans
        for plan in plans:
            for kept in plan.kept:
                messages.message(f"{kept}; pass {kept.advice}")
            for absent in plan.absent:
                messages.message(str(absent))
        problems = [
            str(problem)
            for plan in plans
            for problem in (*plan.findings, *plan.migration.refusals)
        ]
        for problem in problems:
            messages.problem(problem)
        if problems:
            messages.problem(f"{opened.destination}: nothing was changed")
            return REFUSED
        work = [plan for plan in plans if plan.migration]
        if not work:
            messages.message(f"{opened.destination} is up to date")
            return 0
        if not arguments.apply:
            title = f"{opened.destination} to {package.name} {package.version}"
            try:
                scripts = [
                    opened.database.script(plan.migration, plan.dialect, title)
                    for plan in work
                ]
            except MigrationStopped as error:
                messages.problem(f"{package.name}: {error}")
                return REFUSED
            for script in scripts:
                streams.output_sql(script)
            return 0
        for plan in work:
            try:
                opened.database.apply(plan.migration, plan.dialect)
            except MigrationStopped as error:
                messages.problem(f"{package.name}: {error}")
                return REFUSED
            for deviation in plan.settled:
                messages.message(f"{deviation.at}: {deviation.done}")
        messages.message(
            f"{opened.destination} now fits {package.name} {package.version}"
        )
    return 0
