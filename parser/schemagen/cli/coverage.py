"""``schemagen coverage``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schemagen.cli import completion
from schemagen.cli.options import (
    OUT_OF_DATE,
    folder_options,
    format_option,
    settings_with,
    unknown_tables_as_usage_errors,
)
from schemagen.cli.verbosity import message
from schemagen.runtime.command.streams import output, output_line

if TYPE_CHECKING:
    from schemagen.coverage import Coverage


@click.command()
@folder_options
@click.argument("tables", nargs=-1, shell_complete=completion.tables)
@format_option("table", "json", "markdown")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Exit with 1 when fewer of the columns, all tables together, are bound or derived.",
)
def coverage(
    docs: Path | None,
    out: Path | None,
    tables: Sequence[str],
    output_format: str,
    fail_under: float | None,
) -> int:
    """Show which columns the bindings fill, and where pages and botocore differ.

    Reads pages and bindings only. The key is not counted. TABLES are ids or patterns, such as
    'aws.s3_*'; by default, tables that are bound or that botocore could fill are covered.
    """
    from schemagen import api
    from schemagen.report import coverage as report
    from schemagen.report.terminal import print_table, print_words

    with unknown_tables_as_usage_errors():
        found = api.coverage(settings_with(docs, out), tables)
    if output_format == "json":
        output_line(json.dumps(report.to_json(found), indent=2))
    elif output_format == "markdown":
        output(_markdown(found))
    else:
        print_table("", report.HEADINGS, report.rows(found))
        print_words(report.finding_lines(found))
    if fail_under is not None and found.figures.percent < fail_under:
        percent = report.percent(found.figures)
        message(f"{percent} of the columns are covered, not {fail_under:g} %")
        return OUT_OF_DATE
    return 0


def _markdown(found: Coverage) -> str:
    from schemagen.report import coverage as report
    from schemagen.report import markdown

    text = markdown.table(report.HEADINGS, report.rows(found), words=report.HEADINGS)
    findings = report.finding_rows(found)
    if not findings:
        return text
    return f"{text}\n" + markdown.table(
        report.FINDING_HEADINGS, findings, words=report.FINDING_WORDS
    )
