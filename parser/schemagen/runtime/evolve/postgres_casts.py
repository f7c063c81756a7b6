# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Make the statements of a migration for PostgreSQL that change the types and values of columns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import count

from ..quoting import identifier as _name
from ..quoting import literal as _text
from . import ledger
from .ddl import on_column
from .postgres_functions import BARE, FREE, REFUSE, SHOW_INDEXES, TRY
from .steps import CastColumn, Relation

Batched = Mapping[tuple[Relation, str], str]
"""The columns that hold converted values already, by the table and the name of what they replace."""


def rewrites(step: CastColumn) -> bool:
    """Whether the column gets another type of the database."""
    return step.conversion.old != step.conversion.new


def cast_functions(casts: Iterable[CastColumn]) -> Iterator[str]:
    """Create a function for each conversion that ALTER TABLE does not take as it is."""
    yield from dict.fromkeys(f"""\
CREATE OR REPLACE FUNCTION pg_temp.{_cast_function(step)}({step.old.sql}) RETURNS {step.new.sql}
LANGUAGE sql IMMUTABLE STRICT AS $ddsql$
SELECT {value_of(step, "$1")}
$ddsql$""" for step in casts if step.conversion.query)


def _cast_function(step: CastColumn) -> str:
    """Name the function of a conversion: what does the same has the same name."""
    what = "\0".join((step.old.sql, step.new.sql, value_of(step, "$1")))
    return f"ddsql_cast_{hashlib.sha256(what.encode()).hexdigest()[:8]}"


def value_of(step: CastColumn, column: str) -> str:
    """Return the new value of ``column``, which is not NULL."""
    value = step.conversion.value_of(column)
    lost = step.conversion.lost_of(column)
    if lost and step.lose:
        return f"CASE WHEN {lost} THEN NULL ELSE {value} END"
    return value


def converted_columns(casts: Iterable[CastColumn]) -> str:
    """Return the arguments that name the columns which get another type."""
    columns = [(quoted(step.relation), step.new.stored) for step in casts]
    if not columns:
        return ""
    return ", ".join(array(part) for part in zip(*columns, strict=True))


def cast_columns(casts: list[CastColumn], batched: Batched) -> Iterator[str]:
    """Yield the statements that change the types of columns of a table: the table is written once."""
    for step in casts:
        if step.conversion.lost and not step.lose:
            yield guard(step)
    [relation] = {quoted(step.relation) for step in casts}
    actions: list[str] = []
    settings: list[str] = []
    changed: list[str] = []
    for step in casts:
        column = _name(step.new.stored)
        if name := batched.get((step.relation, step.new.stored)):
            yield from replace_column(step, name)
        elif rewrites(step):
            value = value_of(step, column)
            if step.conversion.query:
                value = f"pg_temp.{_cast_function(step)}({column})"
            actions.append(f"ALTER COLUMN {column} TYPE {step.new.sql} USING {value}")
            where = f"{_text(relation)}, {_text(step.new.stored)}"
            yield perform(f"pg_temp.{SHOW_INDEXES}({where})")
        elif not step.conversion.keeps or (step.lose and step.conversion.lost):
            value = value_of(step, f"t.{column}")
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
            if rewrites(step) and (step.relation, step.new.stored) not in batched
        ]
        names = array(step.new.stored for step in rewritten)
        at = _text(", ".join(f"{step.table}.{step.new.name}" for step in rewritten))
        yield perform(
            f"pg_temp.{TRY}({at}, {_text(relation)}, {names}, {_text(statement)})"
        )
        yield statement


def guard(step: CastColumn) -> str:
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
    return perform(
        f"pg_temp.{REFUSE}({at}, {why}, r.row) FROM (SELECT {row} AS row "
        f"FROM {quoted(step.relation)} AS t WHERE {column} IS NOT NULL "
        f"AND ({step.conversion.lost_of(column)}) ORDER BY {order} LIMIT 1) AS r"
    )


def convert(step: CastColumn, name: str) -> str:
    """Return an UPDATE of the rows whose value in the column ``name`` is not the converted one."""
    column = f"t.{_name(step.new.stored)}"
    value = f"CASE WHEN {column} IS NOT NULL THEN {value_of(step, column)} END"
    return (
        f"UPDATE {quoted(step.relation)} AS t SET {_name(name)} = {value} "
        f"WHERE t.{_name(name)} IS DISTINCT FROM {value}"
    )


def replace_column(step: CastColumn, name: str) -> Iterator[str]:
    """Yield what puts the column ``name`` in the place of the old one, with what was written since."""
    relation, column = quoted(step.relation), _name(step.new.stored)
    yield convert(step, name)
    yield bare(step.relation, f"{step.table}.{step.new.name}", step.new.stored)
    at = _text(f"{step.table}.{step.new.name}")
    yield perform(f"pg_temp.{FREE}({at}, {_text(relation)}, {_text(step.new.stored)})")
    yield f"ALTER TABLE {relation} DROP COLUMN {column}"
    yield f"ALTER TABLE {relation} RENAME COLUMN {_name(name)} TO {column}"
    if step.new.comment and step.new.comment == step.old.comment:
        yield on_column(relation, step.new.stored, _text(step.new.comment))


def bare(relation: Relation, name: str, column: str) -> str:
    """Return a statement that fails if a column, whose place another one takes, has more than that gets."""
    arguments = map(_text, (name, quoted(relation), column))
    return perform(f"pg_temp.{BARE}({', '.join(arguments)})")


def perform(query: str) -> str:
    """Return a statement that runs a query, which is written without its SELECT, and shows no result."""
    body = f"BEGIN PERFORM {query}; END"
    tags = (f"$ddsql{number or ''}$" for number in count())
    tag = next(tag for tag in tags if tag not in body)
    return f"DO {tag}{body}{tag}"


def quoted(relation: Relation) -> str:
    return f"{_name(relation.schema)}.{_name(relation.name)}"


def array(values: Iterable[str]) -> str:
    return f"CAST(ARRAY[{', '.join(map(_text, values))}] AS {ledger.STRING_TYPE}[])"
