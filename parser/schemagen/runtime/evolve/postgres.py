# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Make the statements of a migration for PostgreSQL.

They are plain SQL that any client runs, in one transaction. What users have put on the tables is found
when they run: views of a column whose type changes are created again, everything else that stands in
the way is named by an error, after which the database is as before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby

from ..quoting import identifier as _name
from ..quoting import literal as _text
from . import identity, ledger, records
from .ddl import create_table, on_column, on_table
from .postgres_batches import batched_columns, convert_in_batches, early_guards
from .postgres_casts import (
    Batched,
    array,
    bare,
    cast_columns,
    cast_functions,
    converted_columns,
    perform,
    quoted,
    rewrites,
)
from .postgres_functions import (
    BARE,
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
    batched: Batched = batched_columns(migration) if batches else {}
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
            (*_states(migration, lock=False), *early_guards(migration, batched)),
        )
        yield (
            "Convert values, some thousands of rows at a time; others may read and write.",
            convert_in_batches(migration, batched),
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
            yield perform(
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
        yield perform(f"pg_temp.{EXPECT}({before}, {after})")


def _absent(change: TableChange, others: Collection[Relation]) -> str:
    """Return SQL that is NULL unless a table exists that is new, or is dropped. If it is one of
    ``others``, they make room for it."""
    table = change.new or change.old
    if table is None or Relation.of(table) in others:
        return "NULL"
    where = _text(quoted(Relation.of(table)))
    found = _text(f"{change.id}: there is a table {quoted(Relation.of(table))}")
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
        _text(quoted(Relation.of(table))),
        _text(key.stored) if key else "NULL",
        *(
            array(values)
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
    yield from _functions([*needed, BARE, FREE] if batched else needed)
    taken = [
        step
        for step in casts
        if rewrites(step) or (step.relation, step.new.stored) in batched
    ]
    yield from cast_functions(taken)
    views = converted_columns(taken)
    for change in migration.changes:
        yield from _before_casts(change.steps)
    if views:
        yield perform(f"pg_temp.{TAKE_VIEWS}({views})")
    for change in migration.changes:
        yield from _from_casts(change.steps, batched)
    if views:
        yield perform(f"pg_temp.{RESTORE_VIEWS}()")


def destructive(migration: Migration) -> Iterator[str]:
    """Yield the statements of the steps that lose something. They come last."""
    steps = [step for change in migration.changes for step in change.destructive]
    if any(isinstance(step, DropColumn) for step in steps):
        yield from _functions([BARE, FREE])
    for change in migration.changes:
        columns = change.new.columns if change.new else ()
        kept = {column.name for column in columns}
        for step in change.destructive:
            match step:
                case DropColumn(relation, table, name, column):
                    at = f"{table}.{name}"
                    if name in kept:
                        yield bare(relation, at, column)
                    where = _text(quoted(relation))
                    yield perform(
                        f"pg_temp.{FREE}({_text(at)}, {where}, {_text(column)})"
                    )
                    yield f"ALTER TABLE {quoted(relation)} DROP COLUMN {_name(column)}"
                case DropTable(relation):
                    yield f"DROP TABLE {quoted(relation)}"
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
        yield f"ALTER TABLE {quoted(old)} SET SCHEMA {_name(new.schema)}"
    if old.name != new.name:
        moved = quoted(Relation(new.schema, old.name))
        yield f"ALTER TABLE {moved} RENAME TO {_name(new.name)}"


def _before_casts(steps: Sequence[Step]) -> Iterator[str]:
    """Yield what comes before the types of columns change: names, keys that go, and new columns."""
    for step in steps:
        match step:
            case CreateTable(table):
                yield from create_table(table, _text)
            case RenameColumn(relation, _, old, new):
                yield (
                    f"ALTER TABLE {quoted(relation)} RENAME COLUMN {_name(old)} TO {_name(new)}"
                )
            case DropKey(relation, column):
                keyless = not any(isinstance(step, AddKey) for step in steps)
                yield from _drop_key(relation, column, keyless=keyless)
            case AddColumn(relation, column):
                yield (
                    f"ALTER TABLE {quoted(relation)} ADD COLUMN {_name(column.stored)} {column.sql}"
                )
            case _:
                pass


def _from_casts(steps: Iterable[Step], batched: Batched) -> Iterator[str]:
    """Yield what comes with the new types of columns and after them."""
    for casts, group in groupby(steps, lambda step: isinstance(step, CastColumn)):
        if casts:
            found = [step for step in group if isinstance(step, CastColumn)]
            yield from cast_columns(found, batched)
            continue
        for step in group:
            match step:
                case AddKey():
                    yield from _add_key(step)
                case SetComment(relation, comment, column):
                    at = quoted(relation)
                    value = _text(comment) if comment else "NULL"
                    yield (
                        on_column(at, column, value) if column else on_table(at, value)
                    )
                case _:
                    pass


# --- keys -----------------------------------------------------------------------------------------


def _drop_key(relation: Relation, column: str, *, keyless: bool) -> Iterator[str]:
    where = _text(quoted(relation))
    identities = "'d', 'i'" if keyless else "'i'"
    # PostgreSQL would refuse to update and delete rows of the table from then on.
    yield f"""\
DO $$
DECLARE
    publications {ledger.STRING_TYPE};
BEGIN
    SELECT string_agg(DISTINCT p.pubname, ', ') INTO publications FROM pg_class AS c
    JOIN pg_publication_tables AS t ON t.schemaname = c.relnamespace::regnamespace::name AND t.tablename = c.relname
    JOIN pg_publication AS p ON p.pubname = t.pubname AND (p.pubupdate OR p.pubdelete)
    WHERE c.oid = to_regclass({where}) AND c.relreplident IN ({identities}) AND NOT EXISTS (
        SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisreplident AND NOT i.indisprimary);
    IF publications IS NOT NULL THEN
        RAISE EXCEPTION '%: the primary key cannot be dropped, because it is the replica identity for the publication %',
            {where}, publications USING HINT = 'Nothing was changed. Choose another with ALTER TABLE … REPLICA IDENTITY before.';
    END IF;
END
$$"""
    yield f"""\
DO $$
BEGIN
    EXECUTE (
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname)
        FROM pg_constraint AS c WHERE c.conrelid = to_regclass({where}) AND c.contype = 'p'
    );
END
$$"""
    yield f"ALTER TABLE {quoted(relation)} ALTER COLUMN {_name(column)} DROP NOT NULL"


def _add_key(step: AddKey) -> Iterator[str]:
    at, key = _text(f"{step.table}.{step.name}"), _name(step.column)
    relation = quoted(step.relation)
    yield perform(
        f"pg_temp.{REFUSE}({at}, 'it cannot be the primary key, because it is NULL', r.row) "
        f"FROM (SELECT 'ctid ' || CAST(t.ctid AS {ledger.STRING_TYPE}) AS row FROM {relation} AS t "
        f"WHERE t.{key} IS NULL ORDER BY t.ctid LIMIT 1) AS r"
    )
    yield perform(
        f"pg_temp.{REFUSE}({at}, 'it cannot be the primary key, because several rows have it', "
        f"r.row) FROM (SELECT CAST(t.{key} AS {ledger.STRING_TYPE}) AS row FROM {relation} AS t "
        f"GROUP BY t.{key} HAVING count(*) > 1 ORDER BY t.{key} LIMIT 1) AS r"
    )
    yield f"ALTER TABLE {relation} ADD PRIMARY KEY ({key})"


# --- functions ------------------------------------------------------------------------------------


def _needed(steps: Iterable[Step]) -> list[str]:
    """Find the functions that statements of steps call."""
    needed: set[str] = set()
    for step in steps:
        if isinstance(step, AddKey):
            needed.add(REFUSE)
        if isinstance(step, CastColumn):
            if step.conversion.lost and not step.lose:
                needed.add(REFUSE)
            if rewrites(step) or not step.conversion.keeps:
                needed |= {SHOW_INDEXES, TAKE_VIEWS, RESTORE_VIEWS, TRY}
    return [name for name in FUNCTIONS if name in needed]


def _functions(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield from FUNCTIONS[name]
