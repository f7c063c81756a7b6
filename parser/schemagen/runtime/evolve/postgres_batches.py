# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Make the statements that convert columns of large tables in many small transactions, for PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from ..quoting import identifier as _name
from ..quoting import literal as _text
from . import ledger
from .postgres_casts import Batched, bare, convert, guard, quoted
from .postgres_functions import BARE, FUNCTIONS, REFUSE
from .steps import CastColumn, Migration, Relation

PAGES = 500
"""How many pages of a table, of 8 kB each, are converted in a transaction."""


def batched_columns(migration: Migration) -> Batched:
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


def early_guards(migration: Migration, batched: Batched) -> Iterator[str]:
    yield from (*FUNCTIONS[REFUSE], *FUNCTIONS[BARE])
    for step, name in _old_casts(migration, batched):
        if name:
            yield bare(step.relation, f"{step.table}.{step.new.name}", step.new.stored)
        if step.conversion.lost and not step.lose:
            yield guard(step)


def convert_in_batches(migration: Migration, batched: Batched) -> Iterator[str]:
    """Yield statements that convert the values. Rows that were converted before are only read."""
    for step, name in _old_casts(migration, batched):
        if not name:
            continue
        relation = quoted(step.relation)
        yield f"ALTER TABLE {relation} ADD COLUMN IF NOT EXISTS {_name(name)} {step.new.sql}"
        # Rows that are updated move to later pages, where they are the same already.
        yield f"""\
DO $ddsql$
DECLARE
    first {ledger.NUMBER_TYPE} := 0;
    pages {ledger.NUMBER_TYPE} := pg_relation_size({_text(relation)}) / current_setting('block_size')::{ledger.NUMBER_TYPE};
BEGIN
    WHILE first <= pages LOOP
        {convert(step, name)}
            AND t.ctid >= format('(%s,0)', first)::tid AND t.ctid < format('(%s,0)', first + {PAGES})::tid;
        COMMIT;
        first := first + {PAGES};
    END LOOP;
END
$ddsql$"""
