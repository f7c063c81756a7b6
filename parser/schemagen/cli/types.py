"""``schemagen types``."""

from __future__ import annotations

import json

import click

from schemagen.cli.options import format_option, settings_with


@click.command()
@format_option("table", "markdown", "json")
def types(output_format: str) -> int:
    """Show the type table: what each DDSQL type is in every target, with the settings applied."""
    from schemagen.report import markdown
    from schemagen.report import types as report
    from schemagen.report.terminal import print_table

    table = settings_with(reads_pages=False).types
    if output_format == "json":
        click.echo(json.dumps(report.to_json(table), indent=2))
    elif output_format == "markdown":
        text = markdown.table(report.HEADINGS, report.rows(table), words=report.WORDS)
        click.echo(text, nl=False)
    else:
        print_table("", report.HEADINGS, report.rows(table))
    return 0
