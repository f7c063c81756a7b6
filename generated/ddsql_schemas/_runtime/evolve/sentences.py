# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Say in a sentence what each step of a migration is for, and what it has done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .steps import (
    AddColumn,
    AddKey,
    CastColumn,
    CreateTable,
    DropColumn,
    DropKey,
    DropTable,
    Migration,
    RenameColumn,
    RenameTable,
    SetComment,
    Step,
    TableChange,
)


class Deviation(NamedTuple):
    """A difference between a database and a package. ``column`` is "" for the whole table.

    ``kind`` is a word for programs, ``message`` says what differs, and ``done`` what a migration does
    about it.
    """

    table: str
    column: str
    kind: str
    message: str
    done: str = ""

    @property
    def at(self) -> str:
        return f"{self.table}.{self.column}" if self.column else self.table

    def __str__(self) -> str:
        return f"{self.at}: {self.message}"


def deviations(migration: Migration) -> Iterator[Deviation]:
    """Yield each difference that a migration settles, with documented names."""
    for change in migration.changes:
        if change.old and change.new and change.old.id != change.new.id:
            old = change.old.id
            yield Deviation(
                change.new.id,
                "",
                "table-renamed",
                f"the table is called {old}",
                f"renamed the table from {old}",
            )
        for old, new in change.renamed:
            yield Deviation(
                change.id,
                new,
                "column-renamed",
                f"the column is called {old}",
                f"renamed the column from {old}",
            )
        refused = {
            refusal.column
            for refusal in migration.refusals
            if change.old and refusal.table == change.old.id
        }
        for step in (*change.steps, *change.destructive):
            for found in _deviation(change, step):
                # The refusal reports it already.
                if found.column not in refused or not found.column:
                    yield found


def _deviation(change: TableChange, step: Step) -> Iterator[Deviation]:
    names = {
        column.stored: column.name
        for table in (change.old, change.new)
        if table
        for column in table.columns
    }
    id = change.id
    match step:
        case CreateTable(table):
            yield Deviation(
                table.id,
                "",
                "table-missing",
                "the table is missing",
                "created the table",
            )
        case AddColumn(_, column):
            yield Deviation(
                id,
                column.name,
                "column-missing",
                f"the column is missing; its type is {column.type}",
                f"added the column, with type {column.type}",
            )
        case CastColumn(old=old, new=new):
            yield Deviation(
                id,
                new.name,
                "column-type",
                f"the column holds {old.type}, and is {new.type} in the package",
                f"converted the column from {old.type} to {new.type}",
            )
        case DropKey(_, column):
            name = names.get(column, column)
            yield Deviation(
                id,
                "",
                "key",
                f"{name} is not the primary key any more",
                f"dropped the primary key {name}",
            )
        case AddKey(name=name):
            yield Deviation(
                id,
                "",
                "key",
                f"{name} is not the primary key yet",
                f"made {name} the primary key",
            )
        case SetComment(column=""):
            yield Deviation(
                id,
                "",
                "comment",
                "the table's comment differs",
                "set the table's comment",
            )
        case SetComment(column=column):
            added = (
                step.column.stored
                for step in change.steps
                if isinstance(step, AddColumn)
            )
            if column not in added:
                yield Deviation(
                    id,
                    names.get(column, column),
                    "comment",
                    "the column's comment differs",
                    "set the column's comment",
                )
        case DropColumn(name=name):
            yield Deviation(
                id,
                name,
                "column-dropped",
                "the package does not have the column; it may be lost",
                "dropped the column and its values",
            )
        case DropTable(table=table):
            yield Deviation(
                table,
                "",
                "table-dropped",
                "the package does not have the table; it may be lost",
                "dropped the table and its rows",
            )
        case RenameColumn() | RenameTable():
            pass
