"""Describe tables and columns as plain text, for comments in databases and schemas."""

from __future__ import annotations

from schemagen.catalog import LinkedColumn, LinkedTable
from schemagen.runtime.convert import text


def of_table(table: LinkedTable) -> str:
    """Describe a table: its title and documentation."""
    page = table.table
    return _paragraphs(page.title, page.documentation)


def of_column(column: LinkedColumn, notation: str) -> str:
    """Describe a column, and say what the documentation calls it if its name in ``notation`` differs."""
    name = column.column.name
    renamed = column.names[notation] != name
    return _paragraphs(
        column.column.description, f"The documentation calls this column {name}." if renamed else ""
    )


def _paragraphs(*parts: str) -> str:
    # A comment that lost an unstorable character is still useful, so replace it without a report.
    return text("\n\n".join(filter(None, parts)), "comment", errors="replace")
