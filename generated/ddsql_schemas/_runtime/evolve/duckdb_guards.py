# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Make the statements that stop a migration of DuckDB.

An error aborts the transaction, so a statement that raises one is a guard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..quoting import duckdb_literal, identifier
from . import ledger
from .state import TableState
from .steps import (
    AddKey,
    CastColumn,
    DropColumn,
    DropKey,
    DropTable,
    Migration,
    Relation,
    RenameColumn,
    TableChange,
)

_BLOCKED = (RenameColumn, DropKey, CastColumn, AddKey, DropColumn, DropTable)
"""Steps that DuckDB refuses while the table has an index of the user's."""


def relation(of: Relation | TableState) -> str:
    """Return the name of a table in SQL."""
    return f"{identifier(of.schema)}.{identifier(of.name)}"


def at(of: Relation | TableState) -> str:
    """Return the condition for a table of functions such as ``duckdb_columns()``."""
    return (
        f"database_name = current_database() AND schema_name = {duckdb_literal(of.schema)} "
        f"AND table_name = {duckdb_literal(of.name)}"
    )


def is_blocked(migration: Migration, change: TableChange) -> bool:
    """Whether an index of the user's is in the way of a change."""
    if change.old is None:
        return False
    place = Relation.of(change.old)
    return any(rename.old == place for rename in migration.renames) or any(
        isinstance(step, _BLOCKED) for step in (*change.steps, *change.destructive)
    )


def is_rebuilt(change: TableChange) -> bool:
    """Whether a table is rebuilt: its key is dropped or changes its type, or a column is dropped that
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
    renames = renamed_columns(change)
    names = [renames.get(column.stored, column.stored) for column in old.columns]
    dropped = {
        step.column for step in change.destructive if isinstance(step, DropColumn)
    }
    key = new.key_column.stored if new.key_column else ""
    before_key = names[: names.index(key)] if key in names else names
    return key != "" and not dropped.isdisjoint(before_key)


def renamed_columns(change: TableChange) -> dict[str, str]:
    """Map stored names of columns to their names after the renames of a change."""
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
            yield from _in_the_way(migration, change)
        elif change.new is not None and Relation.of(change.new) not in old:
            place = Relation.of(change.new)
            found = f"SELECT table_name AS name FROM duckdb_tables() WHERE {at(place)}"
            yield fail(f"{change.id}: the table exists already: ", found)


def _in_the_way(migration: Migration, change: TableChange) -> Iterator[str]:
    """Fail if foreign keys or triggers use a table: DuckDB then refuses to change it, or drops them with the
    table that is rebuilt."""
    old = change.old
    if old is None or not is_blocked(migration, change):
        return
    place = Relation.of(old)
    found = (
        "SELECT string_agg(DISTINCT table_name, ', ' ORDER BY table_name) AS name FROM duckdb_constraints() "
        f"WHERE database_name = current_database() AND schema_name = {duckdb_literal(place.schema)} "
        f"AND constraint_type = 'FOREIGN KEY' AND referenced_table = {duckdb_literal(place.name)} "
        "HAVING count(*) > 0"
    )
    why = "DuckDB does not change a table that foreign keys refer to; drop these tables before: "
    yield fail(f"{change.id}: {why}", found)
    # Dependents that are neither indexes nor tables are triggers; duckdb_triggers() exists since DuckDB 2.0.
    found = (
        "SELECT string_agg(d.refobjid, ', ' ORDER BY d.refobjid) AS name FROM duckdb_dependencies() d "
        "JOIN duckdb_tables() t ON t.table_oid = d.objid AND t.database_name = current_database() "
        f"AND t.schema_name = {duckdb_literal(place.schema)} AND t.table_name = {duckdb_literal(place.name)} "
        "WHERE d.refobjid NOT IN (SELECT index_oid FROM duckdb_indexes()) "
        "AND d.refobjid NOT IN (SELECT table_oid FROM duckdb_tables()) HAVING count(*) > 0"
    )
    why = (
        "DuckDB does not change a table that triggers use, or drops them; drop them before, and create them "
        "again afterwards (their trigger_oid in duckdb_triggers()): "
    )
    yield fail(f"{change.id}: {why}", found)
    yield from _constraints(change)


def _constraints(change: TableChange) -> Iterator[str]:
    """Fail if constraints of the user's are on columns whose type changes, or that are dropped."""
    if change.old is None or is_rebuilt(change):
        return  # then no constraints of the user's are allowed
    place = Relation.of(change.old)
    before = {new: old for old, new in renamed_columns(change).items()}
    names = {
        step.new.stored if isinstance(step, CastColumn) else step.column: step
        for step in (*change.steps, *change.destructive)
        if isinstance(step, CastColumn | DropColumn)
    }
    for name, step in names.items():
        found = (
            "SELECT string_agg(constraint_text, ', ' ORDER BY constraint_index) AS name "
            f"FROM duckdb_constraints() WHERE {at(place)} AND constraint_type NOT IN ('PRIMARY KEY', 'NOT NULL') "
            f"AND list_contains(constraint_column_names, {duckdb_literal(before.get(name, name))}) "
            "HAVING count(*) > 0"
        )
        column = step.new.name if isinstance(step, CastColumn) else step.name
        why = "constraints of yours are in the way; rebuild the table without them: "
        yield fail(f"{change.id}.{column}: {why}", found)


_QUOTED = """'"' || replace(schema_name, '"', '""') || '"."' || replace({}, '"', '""') || '"'"""

DEPENDENTS = f"""\
SELECT 'view' AS kind, {_QUOTED.format("view_name")} AS place, view_name AS name, sql AS definition,
'SELECT 1 FROM ' || {_QUOTED.format("view_name")} || ' LIMIT 0' AS query
FROM duckdb_views() WHERE NOT internal AND database_name = current_database()
UNION ALL SELECT 'macro', place, function_name, macro_definition,
CASE function_type WHEN 'macro' THEN 'SELECT 1 FROM (SELECT ' || call || ')' ELSE 'SELECT 1 FROM ' || call END || ' LIMIT 0'
FROM (SELECT *, place || '(' || rtrim(repeat('NULL, ', len(parameters)), ', ') || ')' AS call
FROM (SELECT *, {_QUOTED.format("function_name")} AS place FROM duckdb_functions()
WHERE function_type IN ('macro', 'table_macro') AND NOT internal AND database_name = current_database()))"""
"""The views and macros of users: both are text, which breaks without a sign. The ``query`` reads no row, and
fails if that of a view does; macros are called with NULL for each parameter."""


_FOUND = 'temp."ddsql_dependents"'
"""The views and macros, as a script finds them at its start: a migration changes none of their texts."""


def obstacles(migration: Migration) -> Iterator[str]:
    """Yield statements that fail if indexes, views or macros of the user's are in the way. Views and macros
    are found by their text, which may name more than they read."""
    if any(change.old is not None for change in migration.changes):
        yield f"CREATE OR REPLACE TEMP TABLE {_FOUND} AS {DEPENDENTS}"
    for change in migration.changes:
        if change.old is None or not is_blocked(migration, change):
            continue
        place = Relation.of(change.old)
        found = (
            "SELECT string_agg(sql, ' ' ORDER BY index_name) AS name FROM duckdb_indexes() "
            f"WHERE {at(place)} HAVING count(*) > 0"
        )
        why = "indexes are in the way; drop them, and create them again afterwards: "
        yield fail(f"{change.id}: {why}", found)
        if names := vanishing(migration, change):
            named = " OR ".join(map(_mentions, names))
            found = (
                "SELECT string_agg(DISTINCT kind || ' ' || name, ', ' ORDER BY kind || ' ' || name) AS name "
                f"FROM {_FOUND} WHERE {_mentions(place.name)} AND ({named}) HAVING count(*) > 0"
            )
            what = "views or macros would break, because they name what is renamed or dropped"
            yield fail(f"{change.id}: {what}; drop them before: ", found)


def checks(migration: Migration) -> Iterator[str]:
    """Yield statements that fail if a view or a macro that uses the changed tables, also by way of others,
    does not work in the end. Run those of `obstacles` at the start."""
    places = {
        place.name: None
        for change in migration.changes
        for place in (change.old, change.new)
        if place is not None and change.old is not None
    }
    if not places:
        return
    name = "'(?i)(^|\\W)' || regexp_escape(replace(u.name, '\"', '\"\"')) || '(\\W|$)'"
    yield (
        f"SET VARIABLE {_QUERIES} = (WITH RECURSIVE u AS (SELECT * FROM {_FOUND} "
        f"WHERE {' OR '.join(map(_mentions, places))} UNION SELECT d.* FROM {_FOUND} d, u "
        f"WHERE regexp_matches(d.definition, {name})) "
        "SELECT COALESCE(string_agg('(' || query || ')', ' UNION ALL '), 'SELECT 1 LIMIT 0') FROM u)"
    )
    yield f"FROM query(getvariable('{_QUERIES}'))"


_QUERIES = "ddsql_queries"


def fail(message: str, found: str) -> str:
    """Raise an error with each ``name`` that a query finds."""
    return f"SELECT error({duckdb_literal(message)} || f.name) FROM ({found}) f"


def _mentions(name: str) -> str:
    """Return the condition that the text of a view or macro has a name in it."""
    quoted = duckdb_literal(name.replace('"', '""'))
    return f"regexp_matches(definition, '(?i)(^|\\W)' || regexp_escape({quoted}) || '(\\W|$)')"


def vanishing(migration: Migration, change: TableChange) -> list[str]:
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
    yield fail(f"{why}{table.id} does not have: ", found)
    recorded = ", ".join(
        f"({duckdb_literal(column.name)}, {duckdb_literal(column.type)})"
        for column in table.columns
    )
    found = (
        'SELECT string_agg(c."name" || \' \' || c."type", \', \' ORDER BY c."name") AS name '
        f'FROM {ledger.name("columns")} c JOIN (VALUES {recorded}) w(name, type) ON w.name = c."name" '
        f'WHERE c."table_id" = {duckdb_literal(table.id)} AND w.type <> c."type" HAVING count(*) > 0'
    )
    yield fail(f"{why}{table.id} holds, for its ledger: ", found)
    key = table.key_column
    names = f"[{duckdb_literal(key.stored)}]" if key else "NULL"
    found = (
        f"SELECT COALESCE(CAST(k.names AS {ledger.STRING_TYPE}), 'none') AS name FROM (SELECT "
        f"(SELECT constraint_column_names FROM duckdb_constraints() WHERE {at(place)} "
        f"AND constraint_type = 'PRIMARY KEY' LIMIT 1) AS names) k WHERE k.names IS DISTINCT FROM {names}"
    )
    yield fail(f"{why}{table.id} has another primary key: ", found)


def cast_guard(step: CastColumn, renames: Mapping[str, str]) -> Iterator[str]:
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


def key_guards(step: AddKey) -> Iterator[str]:
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


def only(place: Relation, columns: Iterable[str]) -> Iterator[str]:
    """Raise an error if a table that is rebuilt has more than is created again: ``columns`` and a key."""
    where = f"WHERE {at(place)}"
    known = ", ".join(map(duckdb_literal, columns))
    keys = (
        f"SELECT unnest(constraint_column_names) FROM duckdb_constraints() {where} "
        "AND constraint_type = 'PRIMARY KEY'"
    )
    lost = {
        "columns": (
            "string_agg(column_name, ', ' ORDER BY column_index)",
            f"duckdb_columns() {where} AND column_name NOT IN ({known})",
        ),
        "constraints": (
            "string_agg(CASE constraint_type WHEN 'NOT NULL' THEN 'NOT NULL of ' || constraint_column_names[1] "
            "ELSE constraint_text END, ', ' ORDER BY constraint_index)",
            f"duckdb_constraints() {where} AND constraint_type <> 'PRIMARY KEY' "
            f"AND (constraint_type <> 'NOT NULL' OR constraint_column_names[1] NOT IN ({keys}))",
        ),
        "defaults": (
            "string_agg(column_name || ' ' || column_default, ', ' ORDER BY column_index)",
            f"duckdb_columns() {where} AND column_default IS NOT NULL",
        ),
        "collations": (
            "string_agg(sql, ' ')",
            f"duckdb_tables() {where} AND contains(sql, ' COLLATE ')",
        ),
    }
    for what, (names, source) in lost.items():
        message = (
            f"{place.schema}.{place.name} has to be rebuilt, which would lose {what} of yours; drop them, "
            "or move the table aside: "
        )
        yield fail(message, f"SELECT {names} AS name FROM {source} HAVING count(*) > 0")
