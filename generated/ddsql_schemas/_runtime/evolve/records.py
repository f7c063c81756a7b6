# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Make the statements that bring the ledger up to date with a migration, in its transaction.

Afterwards the ledger has the new types, so no cast is made twice, and the next sync finds what it loaded.
The statements are the same in both engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..quoting import literal
from . import ledger
from .state import TableState
from .steps import Migration, TableChange

_LEDGER, _TABLES, _COLUMNS, _UNITS, _HELD, _STALE = (
    ledger.name(table)
    for table in ("ledger", "tables", "columns", "units", "held", "stale")
)


def prepare(engine: ledger.Engine) -> Iterator[str]:
    """Yield the statements that create the ledger if the database has none."""
    yield from ledger.ddl(engine)
    yield (
        f'INSERT INTO {_LEDGER} ("format") SELECT {ledger.FORMAT} '
        f"WHERE NOT EXISTS (SELECT 1 FROM {_LEDGER})"
    )


def record(migration: Migration, dialect: str, version: str) -> Iterator[str]:
    """Yield the statements that record what ``migration`` made of each table: that it fits ``version``
    of the package, in ``dialect``, and the types of its columns."""
    changes = [change for change in migration.changes if _facts(change)]
    if not changes:
        return
    gone = [change.old.id for change in changes if change.old and not change.new]
    new = [change.new.id for change in changes if change.new and not change.old]
    for id in (*gone, *new):
        # A table that is new has no rows, whatever the ledger knows of an earlier one.
        yield from _forget_rows(id)
    yield from _rename_tables(
        {
            change.old.id: change.new.id
            for change in changes
            if change.old and change.new and change.old.id != change.new.id
        }
    )
    for change in changes:
        yield from _record_stale(change)
    ids = sorted(
        {table.id for change in changes for table in (change.old, change.new) if table}
    )
    for relation in (_COLUMNS, _TABLES):
        yield f'DELETE FROM {relation} WHERE "table_id" IN ({_list(ids)})'
    tables = [change.new for change in changes if change.new]
    if tables:
        rows = (
            f"({_list((table.id, dialect, version))}, CURRENT_TIMESTAMP)"
            for table in tables
        )
        yield (
            f'INSERT INTO {_TABLES} ("table_id", "dialect", "version", "recorded") '
            f"VALUES {', '.join(rows)}"
        )
    columns = [
        f"({_list((table.id, column.name, column.type))})"
        for table in tables
        for column in table.columns
    ]
    if columns:
        yield f'INSERT INTO {_COLUMNS} ("table_id", "name", "type") VALUES {", ".join(columns)}'


def _facts(change: TableChange) -> bool:
    """Whether a change is one of what the ledger records; comments are not."""
    old, new = change.old, change.new
    if old is None or new is None:
        return True
    return _recorded(old) != _recorded(new) or bool(change.renamed)


def _recorded(table: TableState) -> tuple[str, Mapping[str, str]]:
    return table.id, {column.name: column.type for column in table.columns}


def _forget_rows(id: str) -> Iterator[str]:
    units = f'SELECT "unit" FROM {_UNITS} WHERE "table_id" = {literal(id)}'
    for relation in (_STALE, _HELD):
        yield f'DELETE FROM {relation} WHERE "unit" IN ({units})'
    yield f'DELETE FROM {_UNITS} WHERE "table_id" = {literal(id)}'


def _rename_tables(renamed: Mapping[str, str]) -> Iterator[str]:
    # In two steps: tables may swap their ids.
    for old, new in renamed.items():
        yield f'UPDATE {_UNITS} SET "table_id" = {literal(f" {new}")} WHERE "table_id" = {literal(old)}'
    for new in renamed.values():
        yield f'UPDATE {_UNITS} SET "table_id" = {literal(new)} WHERE "table_id" = {literal(f" {new}")}'


def _record_stale(change: TableChange) -> Iterator[str]:
    """Yield what becomes of the columns that are known as stale."""
    if change.old is None or change.new is None:
        return
    units = f'SELECT "unit" FROM {_UNITS} WHERE "table_id" = {literal(change.new.id)}'
    kept = {column.name for column in change.new.columns}
    renamed = dict(change.renamed)
    gone = sorted(
        column.name
        for column in change.old.columns
        if column.name not in kept and column.name not in renamed
    )
    if gone:
        yield (
            f'DELETE FROM {_STALE} WHERE "column_name" IN ({_list(gone)}) AND "unit" IN ({units})'
        )
    for old, new in renamed.items():
        yield (
            f'UPDATE {_STALE} SET "column_name" = {literal(f" {new}")} '
            f'WHERE "column_name" = {literal(old)} AND "unit" IN ({units})'
        )
    for new in renamed.values():
        yield (
            f'UPDATE {_STALE} SET "column_name" = {literal(new)} '
            f'WHERE "column_name" = {literal(f" {new}")} AND "unit" IN ({units})'
        )


def _list(values: Iterable[str]) -> str:
    return ", ".join(map(literal, values))
