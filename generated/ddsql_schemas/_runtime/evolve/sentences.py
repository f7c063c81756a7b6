# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Say in a sentence what each step of a migration is for."""

from __future__ import annotations

from collections.abc import Iterator

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


def sentences(migration: Migration) -> Iterator[str]:
    """Yield a line for each difference that a migration settles, with documented names."""
    for change in migration.changes:
        if change.old and change.new and change.old.id != change.new.id:
            yield f"{change.new.id}: the table is called {change.old.id}"
        for old, new in change.renamed:
            yield f"{change.id}.{new}: the column is called {old}"
        for step in (*change.steps, *change.destructive):
            yield from _sentence(change, step)


def _sentence(change: TableChange, step: Step) -> Iterator[str]:
    names = {
        column.stored: column.name
        for table in (change.old, change.new)
        if table
        for column in table.columns
    }
    match step:
        case CreateTable(table):
            yield f"{table.id}: the table is missing"
        case AddColumn(_, column):
            yield f"{change.id}.{column.name}: the column is missing; its type is {column.type}"
        case CastColumn(old=old, new=new):
            yield f"{change.id}.{new.name}: the column holds {old.type}, and is {new.type} in the package"
        case DropKey(_, column):
            yield f"{change.id}: {names.get(column, column)} is not the primary key any more"
        case AddKey(name=name):
            yield f"{change.id}: {name} is not the primary key yet"
        case SetComment(column=""):
            yield f"{change.id}: the table's comment differs"
        case SetComment(column=column):
            yield f"{change.id}.{names.get(column, column)}: the column's comment differs"
        case DropColumn(name=name):
            yield f"{change.id}.{name}: the package does not have the column; it may be lost"
        case DropTable(table=table):
            yield f"{table}: the package does not have the table; it may be lost"
        case RenameColumn() | RenameTable():
            pass
