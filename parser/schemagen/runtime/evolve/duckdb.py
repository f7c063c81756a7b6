# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Turn the steps of a migration into statements of DuckDB.

DuckDB changes tables in transactions, but not all of what PostgreSQL does. It adds columns and comments
to any table; while a table has an index of the user's, it changes nothing else. It does not change the
type of a primary key, drop a key or a column before the key, or move a table to another schema, so such
a table is rebuilt. Views are text, which breaks without a sign if what it names is renamed or dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..quoting import duckdb_literal, identifier
from . import identity, records
from .ddl import create_table, on_column, on_table
from .duckdb_guards import (
    cast_guard,
    checks,
    fail,
    guards,
    is_rebuilt,
    key_guards,
    obstacles,
    only,
    relation,
    renamed_columns,
)
from .state import ColumnState, Dialect, TableState
from .steps import (
    AddColumn,
    AddKey,
    CastColumn,
    CreateTable,
    DropColumn,
    DropKey,
    DropTable,
    Migration,
    Relation,
    RenameColumn,
    RenameTable,
    SetComment,
    Step,
    TableChange,
)

Section = tuple[str, Iterable[str]]


def create(table: TableState, _: Dialect) -> Iterator[str]:
    """Yield the statements that create a table and its schema."""
    yield from create_table(table, duckdb_literal)


class Surroundings(NamedTuple):
    """What users have put on the tables of a database: statements that drop and create ``indexes`` which
    would be in the way, and queries of the ``views`` that work now."""

    indexes: Mapping[str, str] = {}
    views: Sequence[str] = ()


def sections(
    migration: Migration,
    dialect: Dialect,
    version: str,
    surroundings: Surroundings | None = None,
) -> Iterator[Section]:
    """Yield the parts of a script that migrates to a version: what each does, and its statements.

    Without the ``surroundings``, the script stops at indexes, and at views that name what vanishes.
    """
    yield (
        "One transaction: run it with `duckdb -bail -f FILE DATABASE`.",
        ["SET TimeZone = 'UTC'", "BEGIN TRANSACTION"],
    )
    yield (
        "Stop unless the tables are as they were"
        + (
            ", and if indexes or views are in the way." if surroundings is None else "."
        ),
        [
            *records.prepare("duckdb"),
            *guards(migration),
            *(obstacles(migration) if surroundings is None else ()),
        ],
    )
    found = surroundings or Surroundings()
    yield "Drop the indexes that are in the way; they are created again.", found.indexes
    yield "Let the ledger find the rows again.", identities(migration)
    yield "What loses nothing.", statements(migration)
    yield "What loses values, as allowed.", destructive(migration)
    yield (
        "Record the types of the columns.",
        records.record(migration, dialect.name, version),
    )
    yield "Create the indexes again.", found.indexes.values()
    working = checks(migration) if surroundings is None else found.views
    yield "Stop if a view does not work any more.", working
    yield "Nothing has happened before this.", ["COMMIT"]


def statements(migration: Migration) -> Iterator[str]:
    """Yield the statements of all steps that lose nothing, in their order. Run them in a transaction."""
    stored = {
        Relation.of(change.old): change.old
        for change in migration.changes
        if change.old
    }
    for rename in migration.renames:
        table = stored.pop(rename.old)
        stored[rename.new] = table
        yield from _renamed(rename, table)
    for change in migration.changes:
        yield from _changed(change)


def destructive(migration: Migration) -> Iterator[str]:
    """Yield the statements of the steps that lose something. They come last."""
    for change in migration.changes:
        for step in change.destructive:
            yield from _step(step)


def unindexable(migration: Migration, change: TableChange) -> frozenset[str] | None:
    """Return the stored names, before the migration, of columns whose index cannot be dropped and created
    again in the transaction. None if that is so for all: the table is rebuilt, renamed or dropped.
    """
    old, new = change.old, change.new
    if old is None or new is None or is_rebuilt(change):
        return None
    if any(rename.old == Relation.of(old) for rename in migration.renames):
        return None
    renames = renamed_columns(change)
    before = {new: old for old, new in renames.items()}
    names = [
        step.new.stored if isinstance(step, CastColumn) else step.column
        for step in (*change.steps, *change.destructive)
        if isinstance(step, CastColumn | DropColumn)
    ]
    return frozenset([*renames, *(before.get(name, name) for name in names)])


# --- steps ----------------------------------------------------------------------------------------


def _changed(change: TableChange) -> Iterator[str]:
    old, new = change.old, change.new
    if old is None or new is None or not is_rebuilt(change):
        for step in change.steps:
            yield from _step(step, renamed_columns(change))
        return
    renames = renamed_columns(change)
    for step in change.steps:
        if isinstance(step, RenameColumn):
            yield from _step(step)
    place = Relation.of(new)
    stored = {
        column.stored: renames.get(column.stored, column.stored)
        for column in old.columns
    }
    yield from only(place, stored.values())
    casts = {
        step.new.stored: step for step in change.steps if isinstance(step, CastColumn)
    }
    for step in casts.values():
        yield from cast_guard(step, renames)
    for step in change.steps:
        if isinstance(step, AddKey):
            yield from key_guards(step)
    columns: dict[str, tuple[str, str]] = {}
    added = {step.column.stored for step in change.steps if isinstance(step, AddColumn)}
    for column in new.columns:
        name = column.stored
        value = identifier(name)
        if name in added:
            value = f"CAST(NULL AS {column.sql})"
        elif name in casts:
            value = _value(casts[name])
        columns[name] = column.sql, value
    for column in old.columns:  # those that are dropped, in the end
        name = stored[column.stored]
        columns.setdefault(name, (column.sql, identifier(name)))
    yield from _made_anew(place, place, columns, new.key_column)
    yield from _comments(new)


def _step(step: Step, renames: Mapping[str, str] | None = None) -> Iterator[str]:
    """Yield the statements of a step. ``renames`` maps the names that columns had before."""
    match step:
        case CreateTable(table):
            yield from create_table(table, duckdb_literal)
        case RenameTable():
            raise AssertionError("tables are renamed before their steps")
        case RenameColumn(place, _, old, new):
            yield f"ALTER TABLE {relation(place)} RENAME COLUMN {identifier(old)} TO {identifier(new)}"
        case AddColumn(place, column):
            yield f"ALTER TABLE {relation(place)} ADD COLUMN {identifier(column.stored)} {column.sql}"
        case CastColumn(place, _, _, new):
            yield from cast_guard(step, renames or {})
            yield (
                f"ALTER TABLE {relation(place)} ALTER COLUMN {identifier(new.stored)} "
                f"SET DATA TYPE {new.sql} USING {_value(step)}"
            )
        case AddKey(place, _, _, name):
            yield from key_guards(step)
            yield f"ALTER TABLE {relation(place)} ADD PRIMARY KEY ({identifier(name)})"
        case DropKey():
            raise AssertionError("a table whose key is dropped is rebuilt")
        case SetComment():
            yield _comment(step)
        case DropColumn(place, _, _, name):
            yield f"ALTER TABLE {relation(place)} DROP COLUMN {identifier(name)}"
        case DropTable(place, _):
            yield f"DROP TABLE {relation(place)}"


def _renamed(rename: RenameTable, table: TableState) -> Iterator[str]:
    """Rename a table. One that moves to another schema is rebuilt."""
    old, new = rename.old, rename.new
    if old.schema == new.schema:
        yield f"ALTER TABLE {relation(old)} RENAME TO {identifier(new.name)}"
        return
    columns = {
        column.stored: (column.sql, identifier(column.stored))
        for column in table.columns
    }
    yield from only(old, columns)
    yield _create_schema(new.schema)
    yield from _made_anew(old, new, columns, table.key_column)
    yield from _comments(table, new)


def _made_anew(
    old: Relation,
    new: Relation,
    columns: Mapping[str, tuple[str, str]],
    key: ColumnState | None,
) -> Iterator[str]:
    """Replace a table by one with ``columns``: the type and the value of each, by name."""
    made = new if old != new else Relation(new.schema, f"{new.name} (new)")
    types = {name: type for name, (type, _) in columns.items()}
    yield _create_table(made, types, key)
    values = ", ".join(value for _, value in columns.values())
    yield f"INSERT INTO {relation(made)} SELECT {values} FROM {relation(old)} ORDER BY rowid"
    yield f"DROP TABLE {relation(old)}"
    if made != new:
        yield f"ALTER TABLE {relation(made)} RENAME TO {identifier(new.name)}"


def _create_schema(schema: str) -> str:
    return f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}"


def _create_table(
    place: Relation, columns: Mapping[str, str], key: ColumnState | None
) -> str:
    parts = [
        f"{identifier(name)} {type}"
        + (" NOT NULL" if key is not None and name == key.stored else "")
        for name, type in columns.items()
    ]
    if key is not None:
        parts.append(f"PRIMARY KEY ({identifier(key.stored)})")
    return f"CREATE TABLE {relation(place)} ({', '.join(parts)})"


def _comments(table: TableState, place: Relation | None = None) -> Iterator[str]:
    """Comment on a new table and its columns."""
    place = place or Relation.of(table)
    if table.comment:
        yield _comment(SetComment(place, table.comment))
    for column in table.columns:
        if column.comment:
            yield _comment(SetComment(place, column.comment, column.stored))


def _comment(step: SetComment) -> str:
    text = duckdb_literal(step.comment) if step.comment else "NULL"
    if not step.column:
        return on_table(relation(step.relation), text)
    return on_column(relation(step.relation), step.column, text)


def _value(step: CastColumn) -> str:
    """Return the new value of a column."""
    column = identifier(step.new.stored)
    value = step.conversion.value_of(column)
    lost = step.conversion.lost_of(column)
    if step.lose and lost:
        # A value that would be lost need not be one that can be converted.
        return f"CASE WHEN {lost} THEN NULL ELSE {value} END"
    return value


# --- the ledger -----------------------------------------------------------------------------------


def identities(migration: Migration) -> Iterator[str]:
    """Yield statements with which the ledger finds the rows of the changed tables again. Run them before
    those of the steps, in a session whose time zone is UTC."""
    for change in identity.changed(migration):
        yield from _identities(change)


def _identities(change: TableChange) -> Iterator[str]:
    for statement in identity.statements(change, "duckdb"):
        if statement.why:
            found = f'SELECT f."place" AS name FROM ({statement.sql}) f'
            yield fail(f"{statement.why}; it has rows of the account ", found)
        else:
            yield statement.sql
