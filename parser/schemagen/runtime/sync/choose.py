# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Choose the tables of a run, and what of them is loaded."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from ..calls import TableCalls
from ..lookup import is_pattern, listed_texts, match
from ..sql import Table
from ..usage import UsageError
from .choice import Choice
from .collector import Mapper

if TYPE_CHECKING:
    from ..load.package import Package


@dataclass(frozen=True, slots=True)
class Chosen:
    """A table, what of it is loaded, and the calls that fill that."""

    full: Table
    table: Table
    calls: TableCalls
    mapper: Mapper
    left_out: frozenset[str]


def choose(
    package: Package, patterns: Sequence[str], choice: Choice
) -> tuple[dict[str, Chosen], tuple[str, ...]]:
    """Return the tables that the patterns match and that can be collected, by id, and sentences about
    the others.

    Raises `UsageError` if there is none, if a table cannot be collected that is named without a
    pattern, or if ``choice`` does not fit them.
    """
    catalog = package.catalog
    patterns = listed_texts(patterns)
    if not patterns:
        raise UsageError(
            f"no table is named; `{package.name} tables` lists them, and '*' is all of them"
        )
    named = {pattern for pattern in patterns if not is_pattern(pattern)}
    found: list[tuple[Table, TableCalls, Mapper]] = []
    notes: list[str] = []
    for id in match("table", patterns, catalog.tables):
        calls = catalog.calls(id)
        mapper = cast("Mapper", catalog.mapper(id))
        if calls is None:
            obstacle = "which calls fill it is not known"
        else:
            obstacle = _obstacle(calls, mapper)
            if not obstacle:
                found.append((package.table(id), calls, mapper))
                continue
        notes.append(f"{id} cannot be collected: {obstacle}")
        if id in named:
            raise UsageError(f"{notes[-1]}; leave the table out")
    if not found:
        raise UsageError("; ".join(notes))
    choice.check([(table, calls) for table, calls, _ in found])
    return {
        table.id: Chosen(
            *(table, choice.table(table, calls), choice.calls(table, calls), mapper),
            choice.left_out(table, calls),
        )
        for table, calls, mapper in found
    }, tuple(notes)


def _obstacle(calls: TableCalls, mapper: Mapper) -> str:
    """Say why the rows of a table cannot be collected; "" if they can be."""
    if calls.obstacle:
        return calls.obstacle
    key = inspect.signature(mapper.from_item).parameters.get("key")
    if key is not None and key.default is inspect.Parameter.empty:
        return "no member of its items identifies a row (an override of the binding can set _key)"
    return ""
