# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Make the statements of a migration for PostgreSQL.

They are plain SQL that any client runs, in one transaction. What users have put on the tables is found
when they run: views of a column whose type changes are created again, everything else that stands in
the way is named by an error, after which the database is as before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count, groupby

from ..quoting import identifier as _name
from ..quoting import literal as _text
from . import identity, ledger, records
from .ddl import create_table, on_column, on_table
from .postgres_functions import (
    EXPECT,
    FREE,
    FUNCTIONS,
    REFUSE,
    RESTORE_VIEWS,
    SHOW_INDEXES,
    STATE,
    TAKE_VIEWS,
    TRY,
)
from .state import Dialect, TableState
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

LOCK_TIMEOUT = "5s"


def sections(
    migration: Migration, dialect: Dialect, version: str, *, batches: bool = False
) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield the parts of a script that migrates to ``version`` of the package.

    With ``batches``, columns are converted in many small transactions before that, into columns that take
    the place of the old ones in the end.
    """
    batched: Batched = _batched(migration) if batches else {}
    if batched:
        yield (
            "Not one transaction: if it stops, run it again, and it goes on. "
            "Run it with: psql --set ON_ERROR_STOP=1 --file FILE",
            (
                "SET client_min_messages = 'warning'",
                f"SET lock_timeout = {_text(LOCK_TIMEOUT)}",
                "SET statement_timeout = 0",
                "SET TIME ZONE 'UTC'",
            ),
        )
        yield (
            "Stop unless the tables are as they were, and all values can be converted.",
            (*_states(migration, lock=False), *_early_guards(migration, batched)),
        )
        yield (
            "Convert values, some thousands of rows at a time; others may read and write.",
            _batches(migration, batched),
        )
        yield "What is left is one short transaction.", begin()
    else:
        yield (
            "One transaction; run it with: psql --set ON_ERROR_STOP=1 --file FILE",
            begin(),
        )
    yield (
        "Stop unless the tables are as they were.",
        (*records.prepare("postgres"), *guards(migration)),
    )
    yield "Let the ledger find the rows again.", identities(migration)
    yield "What loses nothing.", statements(migration, dialect, batched)
    yield "What loses values, as allowed.", destructive(migration)
    yield (
        "Record the types of the columns.",
        records.record(migration, dialect.name, version),
    )
    yield "All of it, or nothing.", ("COMMIT",)


def begin() -> Iterator[str]:
    """Yield what a transaction begins with: it fails rather than let others wait for its locks."""
    yield "BEGIN"
    # Functions that name views and indexes show their notices all the same.
    yield "SET LOCAL client_min_messages = 'warning'"
    yield f"SET LOCAL lock_timeout = {_text(LOCK_TIMEOUT)}"
    # A long table takes its time to rewrite, whatever the role's own limit is.
    yield "SET LOCAL statement_timeout = 0"
    yield "SET LOCAL TIME ZONE 'UTC'"
    # Times are hashed as texts.
    yield "SET LOCAL DateStyle = 'ISO'"


def guards(migration: Migration) -> Iterator[str]:
    """Yield statements that fail unless the database is in the old state."""
    yield from _states(migration, lock=True)


def identities(migration: Migration) -> Iterator[str]:
    """Yield statements with which the ledger finds the rows of the changed tables again. Run them before
    those of the steps."""
    for change in identity.changed(migration):
        yield from _identities(change)


def _identities(change: TableChange) -> Iterator[str]:
    for statement in identity.statements(change, "postgres"):
        if statement.why:
            yield from _functions([REFUSE])
            at, why = _text(change.id), _text(
                statement.why.removeprefix(f"{change.id}: ")
            )
            yield _perform(
                f"pg_temp.{REFUSE}({at}, {why}, 'of the account ' || f.\"place\") FROM ({statement.sql}) f"
            )
        else:
            yield statement.sql


def _states(migration: Migration, *, lock: bool) -> Iterator[str]:
    """Yield statements that fail unless the tables are in the old state, and ``lock`` them."""
    yield from _functions([STATE, EXPECT])
    old = {Relation.of(change.old) for change in migration.changes if change.old}
    renamed = {rename.old for rename in migration.renames}
    for change in migration.changes:
        before = (
            _absent(change, old)
            if change.old is None
            else _state(change.old, change, lock=lock)
        )
        after = _state(change.new) if change.new else _absent(change, renamed)
        yield _perform(f"pg_temp.{EXPECT}({before}, {after})")


def _absent(change: TableChange, others: Collection[Relation]) -> str:
    """Return SQL that is NULL unless a table exists that is new, or is dropped. If it is one of
    ``others``, they make room for it."""
    table = change.new or change.old
    if table is None or Relation.of(table) in others:
        return "NULL"
    where = _text(_relation(Relation.of(table)))
    found = _text(f"{change.id}: there is a table {_relation(Relation.of(table))}")
    return f"CASE WHEN to_regclass({where}) IS NOT NULL THEN {found} END"


def _locks(steps: Iterable[Step]) -> bool:
    """Whether steps need a table to themselves from the start."""
    return any(not isinstance(step, SetComment | AddColumn) for step in steps)


def _state(
    table: TableState, change: TableChange | None = None, *, lock: bool = False
) -> str:
    """Return SQL that is NULL if a table is in a state. That which ``change`` begins with lacks the
    columns that are added, and is locked for what follows."""
    columns = table.columns
    key = table.key_column
    known = {column.stored for column in columns}
    steps = change.steps if change else ()
    added = {step.column.stored for step in steps if isinstance(step, AddColumn)}
    if change is not None and not change.destructive:
        lock = lock and _locks(steps)
    parts = [
        _text(table.id),
        _text(_relation(Relation.of(table))),
        _text(key.stored) if key else "NULL",
        *(
            _array(values)
            for values in (
                [column.stored for column in columns],
                [column.sql for column in columns],
                [column.name for column in columns],
                [column.type for column in columns],
                sorted(added - known),
            )
        ),
        str(lock).lower(),
    ]
    return f"pg_temp.{STATE}({', '.join(parts)})"


Batched = Mapping[tuple[Relation, str], str]
"""The columns that hold converted values already, by the table and the name of what they replace."""


def statements(
    migration: Migration, dialect: Dialect, batched: Batched | None = None
) -> Iterator[str]:
    """Yield the statements of all steps that lose nothing, in their order.

    Run them in a transaction, in a session whose time zone is UTC.
    """
    batched = batched or {}
    steps = [step for change in migration.changes for step in change.steps]
    casts = [step for step in steps if isinstance(step, CastColumn)]
    yield from _extensions(steps, dialect)
    for rename in migration.renames:
        yield from _rename_table(rename)
    needed = _needed(steps)
    yield from _functions([*needed, FREE] if batched else needed)
    taken = [
        step
        for step in casts
        if _rewrites(step) or (step.relation, step.new.stored) in batched
    ]
    yield from _cast_functions(taken)
    views = _views(taken)
    for change in migration.changes:
        yield from _before_casts(change.steps)
    if views:
        yield _perform(f"pg_temp.{TAKE_VIEWS}({views})")
    for change in migration.changes:
        yield from _from_casts(change.steps, batched)
    if views:
        yield _perform(f"pg_temp.{RESTORE_VIEWS}()")


def destructive(migration: Migration) -> Iterator[str]:
    """Yield the statements of the steps that lose something. They come last."""
    steps = [step for change in migration.changes for step in change.destructive]
    if any(isinstance(step, DropColumn) for step in steps):
        yield from _functions([FREE])
    for step in steps:
        match step:
            case DropColumn(relation, table, name, column):
                at = _text(f"{table}.{name}")
                where = _text(_relation(relation))
                yield _perform(f"pg_temp.{FREE}({at}, {where}, {_text(column)})")
                yield f"ALTER TABLE {_relation(relation)} DROP COLUMN {_name(column)}"
            case DropTable(relation):
                yield f"DROP TABLE {_relation(relation)}"
            case _:
                raise AssertionError(step)


def create(table: TableState, dialect: Dialect) -> Iterator[str]:
    """Yield the statements that create a table, its schema, and the extensions of its types."""
    yield from _extensions([CreateTable(table)], dialect)
    yield from create_table(table, _text)


# --- extensions -----------------------------------------------------------------------------------


def _extensions(steps: Iterable[Step], dialect: Dialect) -> Iterator[str]:
    """Create the extensions of types that steps bring in."""
    types: set[str] = set()
    for step in steps:
        match step:
            case CreateTable(table):
                types |= {column.sql for column in table.columns}
            case AddColumn(_, column):
                types.add(column.sql)
            case CastColumn(new=column):
                types.add(column.sql)
            case _:
                pass
    scalars = {type.removesuffix("[]") for type in types}
    needed = {
        extension for type, extension in dialect.extensions.items() if type in scalars
    }
    for extension in sorted(needed):
        yield from create_extension(extension)


def create_extension(extension: str) -> Iterator[str]:
    """Yield the statements that create an extension, and check that its types can be found."""
    yield f"CREATE EXTENSION IF NOT EXISTS {_name(extension)}"
    yield f"""\
DO $$
BEGIN
    IF to_regtype({_text(extension)}) IS NULL THEN
        RAISE EXCEPTION 'the schema of the extension % is not on the search_path', {_text(extension)}
            USING HINT = 'Add it to the search_path, for instance with ALTER ROLE … SET search_path.';
    END IF;
END
$$"""


# --- tables and columns ---------------------------------------------------------------------------


def _rename_table(step: RenameTable) -> Iterator[str]:
    old, new = step.old, step.new
    if old.schema != new.schema:
        yield f"CREATE SCHEMA IF NOT EXISTS {_name(new.schema)}"
        yield f"ALTER TABLE {_relation(old)} SET SCHEMA {_name(new.schema)}"
    if old.name != new.name:
        moved = _relation(Relation(new.schema, old.name))
        yield f"ALTER TABLE {moved} RENAME TO {_name(new.name)}"


def _before_casts(steps: Iterable[Step]) -> Iterator[str]:
    """Yield what comes before the types of columns change: names, keys that go, and new columns."""
    for step in steps:
        match step:
            case CreateTable(table):
                yield from create_table(table, _text)
            case RenameColumn(relation, _, old, new):
                yield (
                    f"ALTER TABLE {_relation(relation)} RENAME COLUMN {_name(old)} TO {_name(new)}"
                )
            case DropKey(relation, column):
                yield from _drop_key(relation, column)
            case AddColumn(relation, column):
                yield (
                    f"ALTER TABLE {_relation(relation)} ADD COLUMN {_name(column.stored)} {column.sql}"
                )
            case _:
                pass


def _from_casts(steps: Iterable[Step], batched: Batched) -> Iterator[str]:
    """Yield what comes with the new types of columns and after them."""
    for casts, group in groupby(steps, lambda step: isinstance(step, CastColumn)):
        if casts:
            found = [step for step in group if isinstance(step, CastColumn)]
            yield from _casts(found, batched)
            continue
        for step in group:
            match step:
                case AddKey():
                    yield from _add_key(step)
                case SetComment(relation, comment, column):
                    at = _relation(relation)
                    value = _text(comment) if comment else "NULL"
                    yield (
                        on_column(at, column, value) if column else on_table(at, value)
                    )
                case _:
                    pass


# --- keys -----------------------------------------------------------------------------------------


def _drop_key(relation: Relation, column: str) -> Iterator[str]:
    where = _text(_relation(relation))
    yield f"""\
DO $$
BEGIN
    EXECUTE (
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname)
        FROM pg_constraint AS c WHERE c.conrelid = to_regclass({where}) AND c.contype = 'p'
    );
END
$$"""
    yield f"ALTER TABLE {_relation(relation)} ALTER COLUMN {_name(column)} DROP NOT NULL"


def _add_key(step: AddKey) -> Iterator[str]:
    at, key = _text(f"{step.table}.{step.name}"), _name(step.column)
    relation = _relation(step.relation)
    yield _perform(
        f"pg_temp.{REFUSE}({at}, 'it cannot be the primary key, because it is NULL', r.row) "
        f"FROM (SELECT 'ctid ' || CAST(t.ctid AS {ledger.STRING_TYPE}) AS row FROM {relation} AS t "
        f"WHERE t.{key} IS NULL ORDER BY t.ctid LIMIT 1) AS r"
    )
    yield _perform(
        f"pg_temp.{REFUSE}({at}, 'it cannot be the primary key, because several rows have it', "
        f"r.row) FROM (SELECT CAST(t.{key} AS {ledger.STRING_TYPE}) AS row FROM {relation} AS t "
        f"GROUP BY t.{key} HAVING count(*) > 1 ORDER BY t.{key} LIMIT 1) AS r"
    )
    yield f"ALTER TABLE {relation} ADD PRIMARY KEY ({key})"


# --- casts ----------------------------------------------------------------------------------------


def _rewrites(step: CastColumn) -> bool:
    """Whether the column gets another type of the database."""
    return step.conversion.old != step.conversion.new


def _needed(steps: Iterable[Step]) -> list[str]:
    """Find the functions that statements of steps call."""
    needed: set[str] = set()
    for step in steps:
        if isinstance(step, AddKey):
            needed.add(REFUSE)
        if isinstance(step, CastColumn):
            if step.conversion.lost and not step.lose:
                needed.add(REFUSE)
            if _rewrites(step) or not step.conversion.keeps:
                needed |= {SHOW_INDEXES, TAKE_VIEWS, RESTORE_VIEWS, TRY}
    return [name for name in FUNCTIONS if name in needed]


def _functions(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield from FUNCTIONS[name]


def _cast_functions(casts: Iterable[CastColumn]) -> Iterator[str]:
    """Create a function for each conversion that ALTER TABLE does not take as it is."""
    yield from dict.fromkeys(f"""\
CREATE OR REPLACE FUNCTION pg_temp.{_cast_function(step)}({step.old.sql}) RETURNS {step.new.sql}
LANGUAGE sql IMMUTABLE STRICT AS $ddsql$
SELECT {_value(step, "$1")}
$ddsql$""" for step in casts if step.conversion.query)


def _cast_function(step: CastColumn) -> str:
    """Name the function of a conversion: what does the same has the same name."""
    what = "\0".join((step.old.sql, step.new.sql, _value(step, "$1")))
    return f"ddsql_cast_{hashlib.sha256(what.encode()).hexdigest()[:8]}"


def _value(step: CastColumn, column: str) -> str:
    """Return the new value of ``column``, which is not NULL."""
    value = step.conversion.value_of(column)
    lost = step.conversion.lost_of(column)
    if lost and step.lose:
        return f"CASE WHEN {lost} THEN NULL ELSE {value} END"
    return value


def _views(casts: Iterable[CastColumn]) -> str:
    """Return the arguments that name the columns which get another type."""
    columns = [(_relation(step.relation), step.new.stored) for step in casts]
    if not columns:
        return ""
    return ", ".join(_array(part) for part in zip(*columns, strict=True))


def _casts(casts: list[CastColumn], batched: Batched) -> Iterator[str]:
    """Yield the statements that change the types of columns of a table: the table is written once."""
    for step in casts:
        if step.conversion.lost and not step.lose:
            yield _guard(step)
    [relation] = {_relation(step.relation) for step in casts}
    actions: list[str] = []
    settings: list[str] = []
    changed: list[str] = []
    for step in casts:
        column = _name(step.new.stored)
        if name := batched.get((step.relation, step.new.stored)):
            yield from _replace(step, name)
        elif _rewrites(step):
            value = _value(step, column)
            if step.conversion.query:
                value = f"pg_temp.{_cast_function(step)}({column})"
            actions.append(f"ALTER COLUMN {column} TYPE {step.new.sql} USING {value}")
            where = f"{_text(relation)}, {_text(step.new.stored)}"
            yield _perform(f"pg_temp.{SHOW_INDEXES}({where})")
        elif not step.conversion.keeps or (step.lose and step.conversion.lost):
            value = _value(step, f"t.{column}")
            case = f"CASE WHEN t.{column} IS NOT NULL THEN {value} END"
            settings.append(f"{column} = {case}")
            changed.append(f"t.{column} IS DISTINCT FROM {case}")
    if settings:
        yield (
            f"UPDATE {relation} AS t SET {', '.join(settings)} WHERE {' OR '.join(changed)}"
        )
    if actions:
        statement = f"ALTER TABLE {relation} {', '.join(actions)}"
        rewritten = [
            step
            for step in casts
            if _rewrites(step) and (step.relation, step.new.stored) not in batched
        ]
        names = _array(step.new.stored for step in rewritten)
        at = _text(", ".join(f"{step.table}.{step.new.name}" for step in rewritten))
        yield _perform(
            f"pg_temp.{TRY}({at}, {_text(relation)}, {names}, {_text(statement)})"
        )
        yield statement


def _guard(step: CastColumn) -> str:
    """Return a statement that fails with the first row whose value would be lost."""
    at = _text(f"{step.table}.{step.new.name}")
    why = _text(
        f"a value would be lost from {step.old.type} to {step.new.type}: {step.cast.why}"
    )
    column = f"t.{_name(step.new.stored)}"
    if step.key is None:
        order, row = "t.ctid", f"'ctid ' || CAST(t.ctid AS {ledger.STRING_TYPE})"
    else:
        order = f"t.{_name(step.key)}"
        row = f"CAST({order} AS {ledger.STRING_TYPE})"
    return _perform(
        f"pg_temp.{REFUSE}({at}, {why}, r.row) FROM (SELECT {row} AS row "
        f"FROM {_relation(step.relation)} AS t WHERE {column} IS NOT NULL "
        f"AND ({step.conversion.lost_of(column)}) ORDER BY {order} LIMIT 1) AS r"
    )


# --- batches --------------------------------------------------------------------------------------

PAGES = 500
"""How many pages of a table, of 8 kB each, are converted in a transaction."""


def _batched(migration: Migration) -> Batched:
    """Choose the columns that are converted in batches: those whose values change, but for keys."""
    found: dict[tuple[Relation, str], str] = {}
    for change in migration.changes:
        if change.old is None or change.new is None:
            continue
        taken = {
            column.stored
            for table in (change.old, change.new)
            for column in table.columns
        }
        names = (
            name for number in count(1) if (name := f"ddsql_new_{number}") not in taken
        )
        for step in change.steps:
            if (
                isinstance(step, CastColumn)
                and not step.conversion.keeps
                and step.old.name != change.old.key
                and step.new.name != change.new.key
            ):
                found[step.relation, step.new.stored] = next(names)
    return found


def _old_casts(
    migration: Migration, batched: Batched
) -> Iterator[tuple[CastColumn, str]]:
    """Yield the casts as they are before anything has another name, each with the column that holds
    converted values, or "" if it is not among those."""
    for change in migration.changes:
        for step in change.steps:
            if change.old is None or not isinstance(step, CastColumn):
                continue
            key = change.old.key_column
            yield (
                replace(
                    step,
                    relation=Relation.of(change.old),
                    new=replace(step.new, stored=step.old.stored),
                    key=key.stored if key else None,
                ),
                batched.get((step.relation, step.new.stored), ""),
            )


def _early_guards(migration: Migration, batched: Batched) -> Iterator[str]:
    yield from _functions([REFUSE])
    for step, _ in _old_casts(migration, batched):
        if step.conversion.lost and not step.lose:
            yield _guard(step)


def _batches(migration: Migration, batched: Batched) -> Iterator[str]:
    """Yield statements that convert the values. Rows that were converted before are only read."""
    for step, name in _old_casts(migration, batched):
        if not name:
            continue
        relation = _relation(step.relation)
        yield f"ALTER TABLE {relation} ADD COLUMN IF NOT EXISTS {_name(name)} {step.new.sql}"
        # Rows that are updated move to later pages, where they are the same already.
        yield f"""\
DO $ddsql$
DECLARE
    first {ledger.NUMBER_TYPE} := 0;
    pages {ledger.NUMBER_TYPE} := pg_relation_size({_text(relation)}) / current_setting('block_size')::{ledger.NUMBER_TYPE};
BEGIN
    WHILE first <= pages LOOP
        {_convert(step, name)}
            AND t.ctid >= format('(%s,0)', first)::tid AND t.ctid < format('(%s,0)', first + {PAGES})::tid;
        COMMIT;
        first := first + {PAGES};
    END LOOP;
END
$ddsql$"""


def _convert(step: CastColumn, name: str) -> str:
    """Return an UPDATE of the rows whose value in the column ``name`` is not the converted one."""
    column = f"t.{_name(step.new.stored)}"
    value = f"CASE WHEN {column} IS NOT NULL THEN {_value(step, column)} END"
    return (
        f"UPDATE {_relation(step.relation)} AS t SET {_name(name)} = {value} "
        f"WHERE t.{_name(name)} IS DISTINCT FROM {value}"
    )


def _replace(step: CastColumn, name: str) -> Iterator[str]:
    """Yield what puts the column ``name`` in the place of the old one, with what was written since."""
    relation, column = _relation(step.relation), _name(step.new.stored)
    yield _convert(step, name)
    at = _text(f"{step.table}.{step.new.name}")
    yield _perform(f"pg_temp.{FREE}({at}, {_text(relation)}, {_text(step.new.stored)})")
    yield f"ALTER TABLE {relation} DROP COLUMN {column}"
    yield f"ALTER TABLE {relation} RENAME COLUMN {_name(name)} TO {column}"
    if step.new.comment and step.new.comment == step.old.comment:
        yield on_column(relation, step.new.stored, _text(step.new.comment))


def _perform(query: str) -> str:
    """Return a statement that runs a query, which is written without its SELECT, and shows no result."""
    body = f"BEGIN PERFORM {query}; END"
    tags = (f"$ddsql{number or ''}$" for number in count())
    tag = next(tag for tag in tags if tag not in body)
    return f"DO {tag}{body}{tag}"


def _relation(relation: Relation) -> str:
    return f"{_name(relation.schema)}.{_name(relation.name)}"


def _array(values: Iterable[str]) -> str:
    return f"CAST(ARRAY[{', '.join(map(_text, values))}] AS {ledger.STRING_TYPE}[])"
