# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Turn the steps of a migration into statements of DuckDB.

DuckDB changes tables in transactions, but not all of what PostgreSQL does. It adds columns and comments
to any table; while a table has an index of the user's, it changes nothing else. It does not change the
type of a primary key, drop a key or a column before the key, or move a table to another schema, so such
a table is made anew. Views are text, which breaks without a sign if what it names is renamed or dropped.

An error aborts the transaction, so a statement that raises one is a guard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..quoting import duckdb_literal, identifier
from . import identity, ledger, records
from .ddl import create_table, on_column, on_table
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

_BLOCKED = (RenameColumn, DropKey, CastColumn, AddKey, DropColumn, DropTable)
"""Steps that DuckDB refuses while the table has an index of the user's."""


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


def is_blocked(migration: Migration, change: TableChange) -> bool:
    """Whether an index of the user's is in the way of a change."""
    if change.old is None:
        return False
    place = Relation.of(change.old)
    return any(rename.old == place for rename in migration.renames) or any(
        isinstance(step, _BLOCKED) for step in (*change.steps, *change.destructive)
    )


def unindexable(migration: Migration, change: TableChange) -> frozenset[str] | None:
    """Return the stored names, before the migration, of columns whose index cannot be dropped and created
    again in the transaction. None if that is so for all: the table is made anew, renamed or dropped.
    """
    old, new = change.old, change.new
    if old is None or new is None or is_rebuilt(change):
        return None
    if any(rename.old == Relation.of(old) for rename in migration.renames):
        return None
    renames = _renames(change)
    before = {new: old for old, new in renames.items()}
    names = [
        step.new.stored if isinstance(step, CastColumn) else step.column
        for step in (*change.steps, *change.destructive)
        if isinstance(step, CastColumn | DropColumn)
    ]
    return frozenset([*renames, *(before.get(name, name) for name in names)])


def is_rebuilt(change: TableChange) -> bool:
    """Whether a table is made anew: its key is dropped or changes its type, or a column is dropped that
    is before the key."""
    old, new = change.old, change.new
    if old is None or new is None:
        return False
    if any(
        isinstance(step, DropKey)
        or (isinstance(step, CastColumn) and step.new.name == new.key)
        for step in change.steps
    ):
        return True
    renames = _renames(change)
    names = [renames.get(column.stored, column.stored) for column in old.columns]
    dropped = {
        step.column for step in change.destructive if isinstance(step, DropColumn)
    }
    key = new.key_column.stored if new.key_column else ""
    before_key = names[: names.index(key)] if key in names else names
    return key != "" and not dropped.isdisjoint(before_key)


def relation(of: Relation | TableState) -> str:
    """Return the name of a table in SQL."""
    return f"{identifier(of.schema)}.{identifier(of.name)}"


def at(of: Relation | TableState) -> str:
    """Return the condition for a table of functions such as ``duckdb_columns()``."""
    return (
        f"database_name = current_database() AND schema_name = {duckdb_literal(of.schema)} "
        f"AND table_name = {duckdb_literal(of.name)}"
    )


# --- steps ----------------------------------------------------------------------------------------


def _changed(change: TableChange) -> Iterator[str]:
    old, new = change.old, change.new
    if old is None or new is None or not is_rebuilt(change):
        for step in change.steps:
            yield from _step(step, _renames(change))
        return
    renames = _renames(change)
    for step in change.steps:
        if isinstance(step, RenameColumn):
            yield from _step(step)
    place = Relation.of(new)
    stored = {
        column.stored: renames.get(column.stored, column.stored)
        for column in old.columns
    }
    yield from _only(place, stored.values())
    casts = {
        step.new.stored: step for step in change.steps if isinstance(step, CastColumn)
    }
    for step in casts.values():
        yield from _cast_guard(step, renames)
    for step in change.steps:
        if isinstance(step, AddKey):
            yield from _key_guards(step)
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
            yield from _cast_guard(step, renames or {})
            yield (
                f"ALTER TABLE {relation(place)} ALTER COLUMN {identifier(new.stored)} "
                f"SET DATA TYPE {new.sql} USING {_value(step)}"
            )
        case AddKey(place, _, _, name):
            yield from _key_guards(step)
            yield f"ALTER TABLE {relation(place)} ADD PRIMARY KEY ({identifier(name)})"
        case DropKey():
            raise AssertionError("a table whose key is dropped is made anew")
        case SetComment():
            yield _comment(step)
        case DropColumn(place, _, _, name):
            yield f"ALTER TABLE {relation(place)} DROP COLUMN {identifier(name)}"
        case DropTable(place, _):
            yield f"DROP TABLE {relation(place)}"


def _renamed(rename: RenameTable, table: TableState) -> Iterator[str]:
    """Rename a table. One that moves to another schema is made anew."""
    old, new = rename.old, rename.new
    if old.schema == new.schema:
        yield f"ALTER TABLE {relation(old)} RENAME TO {identifier(new.name)}"
        return
    columns = {
        column.stored: (column.sql, identifier(column.stored))
        for column in table.columns
    }
    yield from _only(old, columns)
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


def _renames(change: TableChange) -> dict[str, str]:
    """Map stored names of columns to what they are called after the renames of a change."""
    now: dict[str, str] = {}
    for step in change.steps:
        if isinstance(step, RenameColumn):
            first = next((old for old, new in now.items() if new == step.old), step.old)
            now[first] = step.new
    return now


# --- guards ---------------------------------------------------------------------------------------


def guards(migration: Migration) -> Iterator[str]:
    """Yield statements that fail unless the database is in the old state. The ledger must exist."""
    old = {Relation.of(change.old) for change in migration.changes if change.old}
    for change in migration.changes:
        if change.old is not None:
            yield from _state(change.old)
        elif change.new is not None and Relation.of(change.new) not in old:
            place = Relation.of(change.new)
            found = f"SELECT table_name AS name FROM duckdb_tables() WHERE {at(place)}"
            yield _fail(f"{change.id}: the table exists already: ", found)


def identities(migration: Migration) -> Iterator[str]:
    """Yield statements with which the ledger finds the rows of the changed tables again. Run them before
    those of the steps, in a session whose time zone is UTC."""
    for change in identity.changed(migration):
        yield from _identities(change)


def _identities(change: TableChange) -> Iterator[str]:
    for statement in identity.statements(change, "duckdb"):
        if statement.why:
            found = f'SELECT f."place" AS name FROM ({statement.sql}) f'
            yield _fail(f"{statement.why}; it has rows of the account ", found)
        else:
            yield statement.sql


def obstacles(migration: Migration) -> Iterator[str]:
    """Yield statements that fail if indexes or views of the user's are in the way. Views are found by their
    text, which may name more than they read."""
    for change in migration.changes:
        if change.old is None or not is_blocked(migration, change):
            continue
        place = Relation.of(change.old)
        found = (
            "SELECT string_agg(sql, ' ' ORDER BY index_name) AS name FROM duckdb_indexes() "
            f"WHERE {at(place)} HAVING count(*) > 0"
        )
        why = "indexes are in the way; drop them, and create them again afterwards: "
        yield _fail(f"{change.id}: {why}", found)
        if names := _vanishing(migration, change):
            named = " OR ".join(map(_mentions, names))
            found = (
                "SELECT string_agg(view_name, ', ' ORDER BY view_name) AS name FROM duckdb_views() "
                f"WHERE NOT internal AND database_name = current_database() "
                f"AND {_mentions(place.name)} AND ({named}) HAVING count(*) > 0"
            )
            what = "views would break, because they name what is renamed or dropped"
            yield _fail(f"{change.id}: {what}; drop them before: ", found)


def checks(migration: Migration) -> Iterator[str]:
    """Yield statements that fail if a view of the changed tables does not work in the end."""
    places = {
        place.name: None
        for change in migration.changes
        for place in (change.old, change.new)
        if place is not None and change.old is not None
    }
    if not places:
        return
    yield (
        f"SET VARIABLE {_VIEWS} = (SELECT COALESCE(string_agg('(SELECT 1 FROM \"' || "
        "replace(schema_name, '\"', '\"\"') || '\".\"' || replace(view_name, '\"', '\"\"') || '\" LIMIT 0)', "
        "' UNION ALL '), 'SELECT 1 LIMIT 0') FROM duckdb_views() WHERE NOT internal "
        f"AND database_name = current_database() AND ({' OR '.join(map(_mentions, places))}))"
    )
    yield f"FROM query(getvariable('{_VIEWS}'))"


_VIEWS = "ddsql_views"


def _fail(message: str, found: str) -> str:
    """Raise an error with each ``name`` that a query finds."""
    return f"SELECT error({duckdb_literal(message)} || f.name) FROM ({found}) f"


def _mentions(name: str) -> str:
    """Return the condition that the text of a view has a name in it."""
    quoted = duckdb_literal(name.replace('"', '""'))
    return f"regexp_matches(sql, '(?i)(^|\\W)' || regexp_escape({quoted}) || '(\\W|$)')"


def _vanishing(migration: Migration, change: TableChange) -> list[str]:
    """Return the stored names that are gone after a change: of columns, and of the table itself."""
    names = [
        step.old if isinstance(step, RenameColumn) else step.column
        for step in (*change.steps, *change.destructive)
        if isinstance(step, RenameColumn | DropColumn)
    ]
    if change.old is not None and (
        change.new is None or Relation.of(change.new) != Relation.of(change.old)
    ):
        names.append(change.old.name)
    return names


def _state(table: TableState) -> Iterator[str]:
    place = Relation.of(table)
    expected = ", ".join(
        f"({duckdb_literal(column.stored)}, typeof(CAST(NULL AS {column.sql})))"
        for column in table.columns
    )
    found = (
        f"SELECT string_agg(w.name || ' ' || w.type, ', ' ORDER BY w.name) AS name "
        f"FROM (VALUES {expected}) w(name, type) WHERE (w.name, w.type) NOT IN "
        f"(SELECT (column_name, data_type) FROM duckdb_columns() WHERE {at(place)}) HAVING count(*) > 0"
    )
    why = "the database is not in the state that this migration starts from, or has been migrated already; "
    yield _fail(f"{why}{table.id} does not have: ", found)
    recorded = ", ".join(
        f"({duckdb_literal(column.name)}, {duckdb_literal(column.type)})"
        for column in table.columns
    )
    found = (
        'SELECT string_agg(c."name" || \' \' || c."type", \', \' ORDER BY c."name") AS name '
        f'FROM {ledger.name("columns")} c JOIN (VALUES {recorded}) w(name, type) ON w.name = c."name" '
        f'WHERE c."table_id" = {duckdb_literal(table.id)} AND w.type <> c."type" HAVING count(*) > 0'
    )
    yield _fail(f"{why}{table.id} holds, for its ledger: ", found)
    key = table.key_column
    names = f"[{duckdb_literal(key.stored)}]" if key else "NULL"
    found = (
        f"SELECT COALESCE(CAST(k.names AS {ledger.STRING_TYPE}), 'none') AS name FROM (SELECT "
        f"(SELECT constraint_column_names FROM duckdb_constraints() WHERE {at(place)} "
        f"AND constraint_type = 'PRIMARY KEY' LIMIT 1) AS names) k WHERE k.names IS DISTINCT FROM {names}"
    )
    yield _fail(f"{why}{table.id} has another primary key: ", found)


def _cast_guard(step: CastColumn, renames: Mapping[str, str]) -> Iterator[str]:
    """Raise an error that names the first row whose value a cast would lose."""
    column = identifier(step.new.stored)
    lost = step.conversion.lost_of(column)
    if not lost or step.lose:
        return
    row = "'with rowid ' || rowid"
    if step.key is not None:
        row = f"CAST({identifier(renames.get(step.key, step.key))} AS {ledger.STRING_TYPE})"
    message = (
        f"{step.table}.{step.new.name}: {step.cast.why}, and the value of the row "
    )
    yield (
        f"SELECT error({duckdb_literal(message)} || row_name || ' would be lost') FROM "
        f"(SELECT {row} AS row_name FROM {relation(step.relation)} "
        f"WHERE {column} IS NOT NULL AND ({lost}) ORDER BY rowid LIMIT 1)"
    )


def _key_guards(step: AddKey) -> Iterator[str]:
    """Raise an error that names a row without a key, or a key that several rows have."""
    column, place = identifier(step.column), relation(step.relation)
    where = f"{step.table}.{step.name}: "
    yield (
        f"SELECT error({duckdb_literal(where + 'the column becomes the primary key, and has no value in the row with rowid ')} "
        f"|| first_row) FROM (SELECT rowid AS first_row FROM {place} WHERE {column} IS NULL "
        "ORDER BY rowid LIMIT 1)"
    )
    yield (
        f"SELECT error({duckdb_literal(where + 'the column becomes the primary key, and several rows have the value ')} "
        f"|| repeated) FROM (SELECT CAST({column} AS {ledger.STRING_TYPE}) AS repeated FROM {place} "
        f"WHERE {column} IS NOT NULL GROUP BY {column} HAVING count(*) > 1 ORDER BY 1 LIMIT 1)"
    )


def _only(place: Relation, columns: Iterable[str]) -> Iterator[str]:
    """Raise an error if a table that is made anew has more than that needs: columns or constraints."""
    known = ", ".join(map(duckdb_literal, columns))
    advice = "drop them, or move the table aside"
    name = f"{place.schema}.{place.name}"
    message = (
        f"{name} has to be made anew, which would lose columns of yours; {advice}: "
    )
    yield (
        f"SELECT error({duckdb_literal(message)} || names) FROM (SELECT "
        f"string_agg(column_name, ', ' ORDER BY column_index) AS names FROM duckdb_columns() "
        f"WHERE {at(place)} AND column_name NOT IN ({known})) WHERE names IS NOT NULL"
    )
    message = (
        f"{name} has to be made anew, which would lose constraints of yours; {advice}: "
    )
    yield (
        f"SELECT error({duckdb_literal(message)} || texts) FROM (SELECT string_agg(constraint_text, ', ' "
        f"ORDER BY constraint_index) AS texts FROM duckdb_constraints() WHERE {at(place)} "
        "AND constraint_type NOT IN ('PRIMARY KEY', 'NOT NULL')) WHERE texts IS NOT NULL"
    )
