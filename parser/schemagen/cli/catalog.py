"""``schemagen catalog``."""

from __future__ import annotations

from pathlib import Path

import click

from schemagen.cli.options import format_option, settings_with
from schemagen.runtime.command.streams import output


@click.command()
@click.argument("source", required=False)
@format_option("table", "json")
def catalog(source: str | None, output_format: str) -> int:
    """Show a generated catalogue: the tables as the package in the output folder has them.

    SOURCE is another catalogue: a file, a folder, or a git revision of the project.
    """
    from schemagen import api
    from schemagen.report import catalog as report
    from schemagen.report.terminal import print_table

    settings = settings_with(reads_pages=False)
    found = api.load_catalog(Path(settings.out) if source is None else source, settings)
    if output_format == "json":
        output(report.text(found))
    else:
        print_table("", report.HEADINGS, report.rows(found))
    return 0
