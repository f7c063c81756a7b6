"""Describe the tables and columns of a catalogue as plain text, as comments in databases do."""

from __future__ import annotations

from schemagen.catalog import LinkedColumn, LinkedTable
from schemagen.runtime.evolve import comments


def of_table(table: LinkedTable) -> str:
    """Describe a table: its title and documentation."""
    return comments.of_table(table.table.title, table.table.documentation)


def of_column(column: LinkedColumn, notation: str) -> str:
    """Describe a column, and say what the documentation calls it if its name in ``notation`` differs."""
    source = column.column
    return comments.of_column(source.name, column.names[notation], source.description)
