"""``schemagen log``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from schemagen.cli import completion
from schemagen.cli.options import (
    format_option,
    settings_with,
    unknown_tables_as_usage_errors,
)
from schemagen.cli.verbosity import message
from schemagen.runtime.command.streams import output, output_line

if TYPE_CHECKING:
    from schemagen.catalog_source import Commit
    from schemagen.diagnostics import ProblemsFound


@click.command()
@click.argument("subject", metavar="TABLE[.COLUMN]", shell_complete=completion.tables)
@format_option("text", "json")
def log(subject: str, output_format: str) -> int:
    """Show what became of a table or column in git's history of the catalogue.

    The newest commit is first. What was renamed is followed under its former name; the last
    commit is the one that the table or column came with. A commit whose catalogue cannot be read is
    named and passed over: what it changed is shown with the next one.
    """
    from schemagen import catalog_source
    from schemagen.evolution import history
    from schemagen.report import log as report

    if subject.count(".") < 1:
        raise click.UsageError(f"{subject!r} is no table; its id is like aws.s3_bucket")
    settings = settings_with(reads_pages=False)

    def pass_over(commit: Commit, error: ProblemsFound) -> None:
        first, *others = error.problems
        more = f" (and {len(others)} more)" if others else ""
        message(f"{first}{more}; the commit of {commit.date} is passed over")

    with unknown_tables_as_usage_errors():
        entries = history.log(settings, *history.split_subject(subject), pass_over)
    if output_format == "json":
        output_line(json.dumps([report.to_json(entry) for entry in entries], indent=2))
    else:
        output(report.text(entries))
    if catalog_source.is_shallow(settings):
        message("the clone is shallow: earlier commits are not known; run `git fetch --unshallow`")
    return 0
