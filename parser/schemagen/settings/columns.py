"""Parse and check the setting ``columns``: rules that give columns another type than their page.

An entry has ``type`` and optionally ``table`` and ``column``, which are names or glob patterns, and
``was``, the type on the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from schemagen.diagnostics import Problem, SourcePosition, did_you_mean
from schemagen.model.pages import Table
from schemagen.resolved_types import (
    ArraysTooDeep,
    Rule,
    TypeTable,
    UnknownType,
    innermost_type,
)
from schemagen.settings.entries import read
from schemagen.settings.positions import KeyPath
from schemagen.settings.setting import Setting, matching

_NOT_EMPTY = re.compile(r".+", re.DOTALL)

_KEYS = (
    Setting("table", "the id of a table, or a pattern such as 'aws.*'", matching(_NOT_EMPTY)),
    Setting("column", "the name of a column, or a pattern such as '*_id'", matching(_NOT_EMPTY)),
    Setting("was", "the type on the page, such as 'string'", matching(_NOT_EMPTY)),
    Setting("type", "a type, such as 'timestamp' or 'array<string>'", matching(_NOT_EMPTY)),
)


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """A rule, with its position in the settings."""

    rule: Rule
    position: SourcePosition = field(repr=False, compare=False)


def parse(
    entries: Iterable[object],
    path: str,
    key_path: KeyPath,
    line_column: Callable[[KeyPath], tuple[int, int]],
    types: TypeTable,
) -> tuple[tuple[ColumnRule, ...], list[Problem]]:
    """Parse the array at ``key_path`` of the settings; the problems are SG302.

    ``path`` is the name of the file in messages; ``line_column`` finds an entry in it. ``types`` has the
    types that rules can choose.
    """
    rules: list[ColumnRule] = []
    problems: list[Problem] = []
    for entry in read("entry of columns", entries, path, key_path, line_column):
        values = {} if entry.problems else entry.parsed(_KEYS, ("type",))
        if "type" in values:
            try:
                types.resolve(values["type"])
            except ArraysTooDeep as error:
                entry.wrong(str(error), "type")
            except UnknownType as error:
                hint = did_you_mean(innermost_type(values["type"]), types.types)
                entry.wrong(f"{error}{hint}", "type")
        if entry.problems:
            problems += entry.problems
        else:
            rules.append(ColumnRule(Rule(**values), entry.position))
    return tuple(rules), problems


def problems(
    rules: Iterable[ColumnRule], tables: Collection[Table], up_to_date: Collection[str] = ()
) -> Iterator[Problem]:
    """Report rules that match no column, as SG306.

    ``tables`` are those that were read. If there are others, whose ids are ``up_to_date``, they may
    match a pattern, so only rules that name a table are checked.
    """
    for entry in rules:
        rule = entry.rule
        if any(_matches(rule, table) for table in tables):
            continue
        if not up_to_date or (rule.exact and rule.table not in up_to_date):
            message, key = _reason(rule, tables, up_to_date)
            yield entry.position.problem("SG306", message, key)


def _matches(rule: Rule, table: Table) -> bool:
    return any(
        rule.matches(table.id, item.name, item.type.strip()) for item in table.columns
    ) or any(rule.matches("", "", item.type.strip()) for item in table.parameters)


def _reason(rule: Rule, tables: Collection[Table], up_to_date: Collection[str]) -> tuple[str, str]:
    """Explain why a rule matches no column, and return the key to report it at."""
    if not rule.exact:
        was = f" with the type {rule.was}" if rule.was else ""
        message = f"no column matches {rule.table}.{rule.column}{was}"
        return f"{message}; correct the patterns, or delete the rule", ""
    pages = {table.id: table for table in tables}
    if rule.table not in pages:
        hint = did_you_mean(rule.table, [*pages, *up_to_date])
        return f"no page has the id {rule.table}{hint}", "table"
    columns = {column.name: column for column in pages[rule.table].columns}
    if rule.column not in columns:
        hint = did_you_mean(rule.column, columns)
        return f"{rule.table} has no column {rule.column!r}{hint}", "column"
    type = columns[rule.column].type
    return f"{rule.table}.{rule.column} is {type} on its page, not {rule.was}", "was"
