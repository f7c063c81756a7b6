# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Say what a table is in a database: the state that a migration starts from, or ends in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ..catalog_data import CatalogData, TableData
from . import comments


class Dialect(NamedTuple):
    """A dialect of SQL: its ``name`` among the targets of a catalogue, and the ``engine`` that
    understands it. ``extensions`` maps SQL types to the extensions of the engine that have them.
    """

    name: str
    engine: str
    extensions: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class ColumnState:
    """A column. ``name`` is the documented name and ``stored`` the one in the database; ``type`` is the
    DDSQL type and ``sql`` the one of the database. ``comment`` is "" for none."""

    name: str
    stored: str
    type: str
    sql: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class TableState:
    """A table. ``id`` is the documented id, and ``schema`` and ``name`` are those in the database.

    ``key`` is the documented name of the primary key's column, which takes no NULL, or None.
    """

    id: str
    schema: str
    name: str
    key: str | None = None
    columns: tuple[ColumnState, ...] = ()
    comment: str = ""

    def column(self, name: str) -> ColumnState | None:
        """Return the column with a documented name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def key_column(self) -> ColumnState | None:
        """The column of the primary key, or None."""
        return None if self.key is None else self.column(self.key)


States = Mapping[str, TableState]
"""The tables of a database by their documented ids."""


def catalogue_states(catalog: CatalogData, dialect: str) -> dict[str, TableState]:
    """Return the tables that the DDL of ``catalog`` creates in ``dialect``, one of its targets."""
    return {
        id: table_state(table, dialect)
        for id, table in catalog.tables.items()
        if all(dialect in column.types for column in table.columns)
    }


def table_state(table: TableData, dialect: str) -> TableState:
    """Return the table that the DDL of ``table`` creates in ``dialect``."""
    return TableState(
        table.id,
        table.schema_in(dialect),
        table.name_in(dialect),
        table.key,
        tuple(_column_states(table, dialect)),
        comments.of_table(
            table.title, comments.documentation(table.description, table.deprecated)
        ),
    )


def _column_states(table: TableData, dialect: str) -> Iterator[ColumnState]:
    for column in table.columns:
        stored = column.names.get(dialect, column.name)
        yield ColumnState(
            column.name,
            stored,
            column.type,
            column.types[dialect],
            comments.of_column(column.name, stored, column.description),
        )
