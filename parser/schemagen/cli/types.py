"""``schemagen types``."""

from __future__ import annotations

import json

import click

from schemagen.cli.options import format_option, settings_with
from schemagen.runtime.command.streams import output, output_line


@click.command()
@format_option("table", "markdown", "json")
def types(output_format: str) -> int:
    """Show the type table: what each DDSQL type is in every target, with the settings applied.

    For people, a second table lists the targets: where their files are, whether they are built, and
    whether the settings define or replace them.
    """
    from schemagen.report import markdown
    from schemagen.report import types as report
    from schemagen.report.terminal import print_table

    settings = settings_with(reads_pages=False)
    headings, rows = report.headings(settings), report.rows(settings)
    targets = report.target_rows(settings)
    if output_format == "json":
        output_line(json.dumps(report.to_json(settings), indent=2))
    elif output_format == "markdown":
        output_line(markdown.table(headings, rows, words=report.WORDS))
        text = markdown.table(report.TARGET_HEADINGS, targets, words=report.TARGET_HEADINGS)
        output(text)
    else:
        print_table("", headings, rows)
        print_table("", report.TARGET_HEADINGS, targets)
    return 0
