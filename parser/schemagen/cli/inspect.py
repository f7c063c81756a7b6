"""``schemagen inspect``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schemagen.cli import completion
from schemagen.cli.options import (
    folder_options,
    format_option,
    settings_with,
    unknown_tables_as_usage_errors,
)
from schemagen.cli.verbosity import message
from schemagen.diagnostics import matching_tables
from schemagen.runtime.command.streams import output_line
from schemagen.runtime.text import counted

if TYPE_CHECKING:
    from schemagen.model.pages import Pages


@click.command()
@folder_options
@click.argument("tables", nargs=-1, shell_complete=completion.tables)
@format_option("table", "json")
@click.option("--values", is_flag=True, help="Show the documented values and their wording.")
def inspect(
    docs: Path | None, out: Path | None, tables: Sequence[str], output_format: str, values: bool
) -> int:
    """Show what the pages say: tables, columns, parameters, structures. TABLES are ids or patterns, such as
    'aws.s3_*'; by default, all tables are shown."""
    from schemagen import api
    from schemagen.report import pages as report
    from schemagen.report.terminal import print_table

    pages = api.read(settings_with(docs, out))
    if tables:
        pages = _only(pages, tables)
    if output_format == "json":
        shown = report.values_json(pages) if values else report.to_json(pages)
        output_line(json.dumps(shown, indent=2))
    elif values:
        rows = report.value_rows(pages)
        print_table("", report.VALUE_HEADINGS, rows)
        if not rows:
            message("no documented values")
    else:
        _print(pages)
    return 0


def _only(pages: Pages, ids: Sequence[str]) -> Pages:
    with unknown_tables_as_usage_errors():
        named = matching_tables(ids, {table.id for table in pages.tables})
    chosen = tuple(table for table in pages.tables if table.id in named)
    return replace(pages, tables=chosen, structures=(), operations=(), indexes=())


def _print(pages: Pages) -> None:
    from schemagen.report import pages as report
    from schemagen.report.terminal import print_table, print_words

    for table in pages.tables:
        note = f" (deprecated: {table.deprecated})" if table.deprecated else ""
        title = f"{table.id}: {table.title}, {counted(len(table.columns), 'column')}{note}"
        print_table(title, report.COLUMN_HEADINGS, report.column_rows(table))
        if table.parameters:
            title = f"{table.id}: {counted(len(table.parameters), 'query parameter')}"
            print_table(title, report.PARAMETER_HEADINGS, report.parameter_rows(table))
    for structure in pages.structures:
        count = counted(len(structure.members), "member")
        title = f"{structure.service}.{structure.name}, {count}"
        rows = report.member_rows(structure.members)
        print_table(title, report.MEMBER_HEADINGS, rows)
    for operation in pages.operations:
        count = counted(len(operation.response), "response element")
        title = f"{operation.service}.{operation.name}, {count}"
        rows = report.member_rows(operation.response)
        print_table(title, report.MEMBER_HEADINGS, rows)
    print_words(f"{origin.path}: an index of other pages" for origin in pages.indexes)
