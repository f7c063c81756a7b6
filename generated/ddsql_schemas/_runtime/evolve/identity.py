# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Define by what the ledger knows a row, and bring it up to date where a migration changes that.

A row is known by the text of its key or, in a table without a key, by a hash of its values. The new
identity of each row is computed from the old row, before anything is changed, so that the ledger finds the
rows again and no sync loads them a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from ..quoting import duckdb_literal, identifier, literal
from . import ledger
from .state import ColumnState, TableState
from .steps import (
    AddColumn,
    AddKey,
    CastColumn,
    DropColumn,
    DropKey,
    Migration,
    RenameColumn,
    TableChange,
)

LITERALS: Mapping[str, Callable[[str], str]] = {
    "postgres": literal,
    "duckdb": duckdb_literal,
}

_UNITS, _HELD, _STALE = (ledger.name(table) for table in ("units", "held", "stale"))

_NEW = '"ddsql_new_identities"'
_NEW_HELD = '"ddsql_new_held"'
_NEW_STALE = '"ddsql_new_stale"'
_TEMPORARY: Mapping[str, Mapping[str, str]] = {
    _NEW: {"before": ledger.STRING_TYPE, "after": ledger.STRING_TYPE},
    _NEW_HELD: ledger.table("held").columns,
    _NEW_STALE: ledger.table("stale").columns,
}
"""The temporary tables of a migration, with their columns."""
_SCHEMAS = {"postgres": "pg_temp", "duckdb": "temp"}


def row_hash(values: Mapping[str, str], engine: str) -> str:
    """Return the hash of a row: of ``values``, SQL by the documented names of their columns.

    Neither NULLs nor the order of columns count, so new columns and columns that moved change no hash.
    """
    quote = LITERALS[engine]
    parts = [
        f"COALESCE({quote(identifier(name))} || length({text}) || ':' || {text}, '')"
        for name, value in sorted(values.items())
        for text in (_text(value),)
    ]
    return f"md5({' || '.join(parts) or quote('')})"


def identity(table: TableState, engine: str) -> str:
    """Return by what the ledger knows a row ``t`` of a table."""
    if table.key_column is not None:
        return _text(_column(table.key_column))
    columns = {column.name: _column(column) for column in table.columns}
    return row_hash(columns, engine)


class Statement(NamedTuple):
    """A statement or, with ``why``, a query that finds what speaks against the migration: a ``place`` of
    each row."""

    sql: str
    why: str = ""


def changed(migration: Migration) -> Iterator[TableChange]:
    """Yield the changes after which the ledger would not find its rows again."""
    for change in migration.changes:
        if changes_identity(change):
            yield change


def changes_identity(change: TableChange) -> bool:
    """Whether rows get another key or hash, or may get one."""
    old, new = change.old, change.new
    if old is None or new is None:
        return False
    steps = (*change.steps, *change.destructive)
    if any(isinstance(step, DropKey | AddKey) for step in steps):
        return True
    if new.key is not None:
        return any(
            isinstance(step, CastColumn)
            and step.new.name == new.key
            and not step.conversion.keeps
            for step in steps
        )
    return any(
        isinstance(step, RenameColumn | DropColumn)
        or (
            isinstance(step, CastColumn)
            and (not step.conversion.keeps or (step.lose and step.conversion.lost))
        )
        for step in steps
    )


def statements(change: TableChange, engine: str) -> Iterator[Statement]:
    """Yield what makes the ledger know the rows of a table as they will be after ``change``. Run it before
    the table is changed, in the same transaction, in a session whose time zone is UTC.
    """
    old, new = change.old, change.new
    if old is None or new is None:
        return
    for name, types in _TEMPORARY.items():
        typed = ", ".join(
            f"{identifier(column)} {type}" for column, type in types.items()
        )
        ending = " ON COMMIT DROP" if engine == "postgres" else ""
        yield Statement(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {name} ({typed}){ending}"
        )
        yield Statement(f"DELETE FROM {_temporary(name, engine)}")
    identities, new_held, new_stale = (_temporary(name, engine) for name in _TEMPORARY)
    relation = f"{identifier(old.schema)}.{identifier(old.name)}"
    table = LITERALS[engine](old.id)
    units = f'SELECT u."unit" FROM {_UNITS} u WHERE u."table_id" = {table}'
    held = f'SELECT * FROM {_HELD} h WHERE h."unit" IN ({units})'
    after = _after(change, old, new, engine)
    # A table that no sync has loaded into is not read.
    yield Statement(
        f'INSERT INTO {identities} ("before", "after") SELECT DISTINCT {identity(old, engine)}, {after} '
        f"FROM {relation} t WHERE EXISTS ({held})"
    )
    if old.key is None:
        yield _find_unknown(old.id, relation, table, held, identities)
    copies = 'sum(h."copies")' if new.key is None else "1"
    alone = ""
    if old.key is not None and new.key is None:
        # Several units may hold a key, but a row without a key belongs to one.
        alone = (
            f'AND h."unit" = (SELECT min(o."unit") FROM {_HELD} o '
            f'WHERE o."key" = h."key" AND o."unit" IN ({units})) '
        )
    yield Statement(
        f'INSERT INTO {new_held} ("unit", "key", "copies") SELECT h."unit", n."after", {copies} '
        f'FROM ({held}) h JOIN {identities} n ON n."before" = h."key" '
        f'WHERE n."after" IS NOT NULL {alone}GROUP BY h."unit", n."after"'
    )
    if new.key is not None:
        # In a table without a key, no value is known to be older than its row.
        yield Statement(
            f'INSERT INTO {new_stale} ("unit", "key", "column_name", "since") '
            f'SELECT s."unit", n."after", s."column_name", s."since" FROM {_STALE} s '
            f'JOIN {identities} n ON n."before" = s."key" WHERE s."unit" IN ({units})'
        )
    for name, rows in (("held", new_held), ("stale", new_stale)):
        place = ledger.name(name)
        columns = ", ".join(map(identifier, ledger.table(name).columns))
        yield Statement(f'DELETE FROM {place} WHERE "unit" IN ({units})')
        yield Statement(f"INSERT INTO {place} ({columns}) SELECT {columns} FROM {rows}")
    yield Statement(
        f'UPDATE {_UNITS} SET "row_count" = (SELECT COALESCE(sum(h."copies"), 0) FROM {_HELD} h '
        f'WHERE h."unit" = {_UNITS}."unit") WHERE "table_id" = {table}'
    )
    if engine != "postgres":  # where they end with the transaction
        for name in _TEMPORARY:
            yield Statement(f"DROP TABLE {_temporary(name, engine)}")


def _temporary(name: str, engine: str) -> str:
    return f"{_SCHEMAS[engine]}.{name}"


def _find_unknown(
    id: str, relation: str, table: str, held: str, identities: str
) -> Statement:
    """Find the units of a table whose rows have other hashes than the ledger has. Rows may also be gone,
    because somebody deleted them; then there are not more rows than hashes that are found.
    """
    known = f'SELECT 1 FROM {identities} n WHERE n."before" = h."key"'
    count = f'SELECT COALESCE(sum(h."copies"), 0) FROM ({held}) h WHERE'
    return Statement(
        f'SELECT u."account" AS "place" FROM {_UNITS} u WHERE u."table_id" = {table} '
        f"AND ({count} NOT EXISTS ({known})) > 0 "
        f"AND (SELECT count(*) FROM {relation}) > ({count} EXISTS ({known})) "
        'ORDER BY u."unit" LIMIT 1',
        f"{id}: the ledger does not find its rows again, because somebody has changed them; forget its units "
        "before, with the version of the package that loaded them, and collect them anew afterwards",
    )


def _after(change: TableChange, old: TableState, new: TableState, engine: str) -> str:
    """Return the identity that a row gets."""
    if new.key_column is not None:
        return _text(_values(change, old, new).get(new.key_column.name, "NULL"))
    values = _values(change, old, new)
    return row_hash(
        {
            column.name: values[column.name]
            for column in new.columns
            if column.name in values
        },
        engine,
    )


def _values(change: TableChange, old: TableState, new: TableState) -> dict[str, str]:
    """Return the values of the new columns, as SQL around the old ones; a column without values has none."""
    added = {step.column.name for step in change.steps if isinstance(step, AddColumn)}
    casts = {
        step.new.name: step for step in change.steps if isinstance(step, CastColumn)
    }
    former = {new: old for old, new in change.renamed}
    found: dict[str, str] = {}
    for column in new.columns:
        source = old.column(former.get(column.name, column.name))
        if source is None or column.name in added:
            continue
        step = casts.get(column.name)
        found[column.name] = _converted(step) if step else _column(source)
    return found


def _converted(step: CastColumn) -> str:
    """Return the value after a cast: NULL if it would be lost, which the migration refuses or allows."""
    column = _column(step.old)
    lost = step.conversion.lost_of(column)
    value = f"CAST({step.conversion.value_of(column)} AS {step.new.sql})"
    if step.conversion.keeps and not (step.lose and lost):
        return value
    unless = f" WHEN {lost} THEN NULL" if lost else ""
    return f"CASE WHEN {column} IS NULL THEN NULL{unless} ELSE {value} END"


def _column(column: ColumnState) -> str:
    return f"t.{identifier(column.stored)}"


def _text(value: str) -> str:
    return f"CAST({value} AS {ledger.STRING_TYPE})"
