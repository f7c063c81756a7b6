"""``schemagen diff``."""

from __future__ import annotations

import json

import click

from schemagen.cli.options import format_option, settings_with
from schemagen.cli.verbosity import message
from schemagen.runtime.command.streams import output_line


@click.command()
@click.argument("old", default="git:HEAD")
@click.argument("new", default="")
@format_option("table", "json")
def diff(old: str, new: str, output_format: str) -> int:
    """Show in what two states of the tables differ, and whom each difference breaks.

    OLD is by default the last commit, git:HEAD, and NEW the pages as they are. Both may be a folder of
    pages, a generated package or its catalog.json, package:NAME for an installed package, and git:REV
    or git:REV:FOLDER.
    """
    from schemagen.evolution import sources
    from schemagen.evolution.differences import compare
    from schemagen.evolution.verdicts import assess
    from schemagen.report import differences as report
    from schemagen.report.terminal import print_table

    settings = settings_with(reads_pages=False)
    compared = sources.read(old, settings), sources.read(new, settings)
    findings = assess(compare(*compared), settings.rules)
    if output_format == "json":
        output_line(json.dumps(report.to_json(findings, *compared), indent=2))
    elif findings:
        print_table("", report.HEADINGS, report.rows(findings))
    message(report.summary(findings, *compared))
    return 0
