"""Compare two catalogues and find everything in which their tables differ.

Where a page or line moved is no difference, and neither is the order of members and parameters, which are
named wherever they are used.
"""

from __future__ import annotations

import gc
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

from schemagen.evolution import filling, nested
from schemagen.evolution.difference import Difference as Difference
from schemagen.evolution.difference import Findings
from schemagen.evolution.renames import Rename, Renames, find
from schemagen.evolution.sources import Source, differing
from schemagen.runtime.catalog_data import (
    CatalogData,
    ColumnData,
    ParameterData,
    TableData,
)
from schemagen.runtime.evolve.casting import cast
from schemagen.runtime.evolve.conversions import Loss

PYTHON: Final = "python"
"""What the rows of mappers and the fields of models are called among targets."""
_BY_LOSS: Final[Mapping[Loss, str]] = {
    "lossless": "column-type-widened",
    "guarded": "column-type-guarded",
    "lossy": "column-type-changed",
}


def compare(old: Source, new: Source) -> tuple[Difference, ...]:
    """Find the differences of two sources: those of the whole package first, then by table, in the order
    of the page. Raises `ProblemsFound` if the two cannot be compared."""
    # Hardly anything becomes garbage here, and collecting it among so many objects takes a third of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        comparison = _Comparison(old, new, *differing(old, new))
        return tuple(difference for found in comparison.run() for difference in found.differences)
    finally:
        if collecting:
            gc.enable()


class _Comparison:
    """A comparison of the catalogues ``before`` and ``after``, which are parts of two sources."""

    def __init__(self, old: Source, new: Source, before: CatalogData, after: CatalogData) -> None:
        self.old, self.new = old, new
        self.before, self.after = before, after
        self.renames: Renames = find(before, after)
        self.structures = nested.Structures(old, new, before, after)

    def run(self) -> Iterator[Findings]:
        yield self._package()
        former = {rename.new: rename for rename in self.renames.tables}
        renamed = {rename.old for rename in self.renames.tables}
        for id in sorted(self.before.tables.keys() | self.after.tables.keys()):
            table = self.after.tables.get(id)
            before = self.before.tables.get(former[id].old if id in former else id)
            if table is None:
                if before is not None and id not in renamed:
                    findings = Findings(id, self.old.table_place(before), None)
                    findings.add("table-removed")
                    yield findings
            elif before is None:
                findings = Findings(id, None, self.new.table_place(table))
                findings.add("table-added")
                yield findings
            else:
                yield self._table(before, table, former.get(id))

    # --- the package ------------------------------------------------------------------------------

    def _package(self) -> Findings:
        findings = Findings("")
        if self.before.package != self.after.package:
            findings.add("package-renamed", old=self.before.package, new=self.after.package)
        both = [
            (self.before.tables[id], self.after.tables[id])
            for id in self.before.tables.keys() & self.after.tables.keys()
        ]
        targets = [{target for pair in both for target in _targets(pair[side])} for side in (0, 1)]
        for target in sorted(targets[1] - targets[0]):
            findings.add("target-added", target=target)
        for target in sorted(targets[0] - targets[1]):
            findings.add("target-removed", target=target)
        self.structures.add_whole(findings)
        return findings

    # --- a table ----------------------------------------------------------------------------------

    def _table(self, old: TableData, new: TableData, rename: Rename | None) -> Findings:
        findings = Findings(new.id, self.old.table_place(old), self.new.table_place(new))
        renames = {found.new: found for found in self.renames.columns.get(new.id, ())}
        if rename is not None:
            findings.add("table-renamed", old=old.id, certainty=rename.certainty)
        else:
            findings.changed("module-renamed", old.module, new.module)
            findings.changed("model-renamed", old.model, new.model)
            for target in sorted(_targets(old) & _targets(new)):
                names = (
                    f"{table.schema_in(target)}.{table.name_in(target)}" for table in (old, new)
                )
                findings.changed(f"{_kind(target)}-name-changed", *names, target=target)
        findings.changed("title-changed", old.title, new.title)
        findings.changed("description-changed", old.description, new.description)
        findings.changed("source-changed", old.source or "nothing", new.source or "nothing")
        if [example.sql for example in old.examples] != [example.sql for example in new.examples]:
            findings.add("examples-changed")
        _deprecation(findings, old.deprecated, new.deprecated)
        _key(findings, old, new, renames)
        self._columns(findings, old, new, renames)
        self._parameters(findings, old, new)
        filling.compare(findings, old, new)
        return findings

    def _columns(
        self,
        findings: Findings,
        old: TableData,
        new: TableData,
        renames: Mapping[str, Rename],
    ) -> None:
        before = {column.name: column for column in old.columns}
        gone = before.keys() - {column.name for column in new.columns}
        gone -= {rename.old for rename in renames.values()}
        moved = _moved(old, new, renames)
        fills = filling.Fills(old, new)
        for column in new.columns:
            rename = renames.get(column.name)
            former = before.get(rename.old if rename else column.name)
            place = self.new.place(new.page, column.line)
            if former is None:
                inner = findings.at(column.name, None, place)
                inner.add("column-added", type=column.type)
                continue
            inner = findings.at(column.name, self.old.place(old.page, former.line), place)
            if rename is not None:
                inner.add("column-renamed", old=rename.old, certainty=rename.certainty)
            if column.name in moved:
                inner.changed("column-moved", *map(str, moved[column.name]))
            self._column(inner, former, column, is_renamed=rename is not None)
            fills.compare(inner, former.name, column.name)
        for column in old.columns:
            if column.name in gone:
                inner = findings.at(column.name, self.old.place(old.page, column.line), None)
                inner.add("column-removed", type=column.type)

    def _column(
        self, findings: Findings, old: ColumnData, new: ColumnData, *, is_renamed: bool
    ) -> None:
        findings.changed("title-changed", old.title or "nothing", new.title or "nothing")
        findings.changed("description-changed", old.description, new.description)
        findings.changed("column-kind-changed", old.kind, new.kind)
        if old.type != new.type:
            found = cast(old.type, new.type)
            findings.changed(_BY_LOSS[found.loss], old.type, new.type, loss=found.why)
        else:
            rules = (column.rule or "the page" for column in (old, new))
            findings.changed("column-type-rule-changed", *rules)
            self.structures.compare(findings, old.shape, new.shape)
        if old.values != new.values:
            nested.compare_values(findings, old.values, new.values)
        _spellings(findings, old, new, names=not is_renamed)

    # --- parameters -------------------------------------------------------------------------------

    def _parameters(self, findings: Findings, old: TableData, new: TableData) -> None:
        before = {parameter.name: parameter for parameter in old.parameters}
        for parameter in new.parameters:
            former = before.pop(parameter.name, None)
            place = self.new.place(new.page, parameter.line)
            found = None if former is None else self.old.place(old.page, former.line)
            inner = findings.at(parameter.name, found, place, parameter=parameter.name)
            if former is None:
                rule = "parameter-required" if parameter.required else "parameter-added"
                inner.add(rule, type=parameter.type)
                continue
            inner.changed("description-changed", former.description, parameter.description)
            inner.changed("parameter-type-changed", former.type, parameter.type)
            if parameter.required and not former.required:
                inner.add("parameter-required", type=parameter.type)
            elif former.required and not parameter.required:
                inner.add("parameter-optional")
            _spellings(inner, former, parameter)
        for parameter in before.values():
            place = self.old.place(old.page, parameter.line)
            inner = findings.at(parameter.name, place, None, parameter=parameter.name)
            inner.add("parameter-removed", type=parameter.type)


def _deprecation(findings: Findings, old: str | None, new: str | None) -> None:
    if old == new:
        return
    if new is None:
        findings.add("undeprecated")
    else:
        rule = "deprecated" if old is None else "deprecation-notice-changed"
        findings.add(rule, notice=new)


def _key(findings: Findings, old: TableData, new: TableData, renames: Mapping[str, Rename]) -> None:
    if old.key is None and new.key is not None:
        findings.add("key-added", key=new.key)
    elif new.key is None and old.key is not None:
        findings.add("key-removed", key=old.key)
    elif old.key is not None and new.key is not None:
        former = renames[new.key].old if new.key in renames else new.key
        if old.key != former:
            findings.changed("key-changed", old.key, new.key)


# --- order ----------------------------------------------------------------------------------------


def _moved(
    old: TableData, new: TableData, renames: Mapping[str, Rename]
) -> dict[str, tuple[int, int]]:
    """Return the fewest columns whose moves explain the new order, with their positions, from 1.

    Columns that are added or removed move none of the others.
    """
    before = {column.name: number for number, column in enumerate(old.columns, 1)}
    positions: list[tuple[str, int, int]] = []
    for number, column in enumerate(new.columns, 1):
        former = renames[column.name].old if column.name in renames else column.name
        if former in before:
            positions.append((column.name, before[former], number))
    kept = _longest_increasing([position for _, position, _ in positions])
    return {name: (was, now) for name, was, now in positions if was not in kept}


def _longest_increasing(numbers: Sequence[int]) -> set[int]:
    """Return a longest increasing subsequence of different numbers, as a set."""
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        index = bisect_left(ends, number)
        before[number] = ends[index - 1] if index else None
        ends[index : index + 1] = [number]
    kept: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return kept


# --- targets --------------------------------------------------------------------------------------


def _targets(table: TableData) -> set[str]:
    """Return the targets that the types of a table are spelled in."""
    typed: Iterable[ColumnData | ParameterData] = (*table.columns, *table.parameters)
    return {target for entry in typed for target in entry.types}


def _kind(target: str) -> Literal["python", "target"]:
    return "python" if target == PYTHON else "target"


def _spellings(
    findings: Findings,
    old: ColumnData | ParameterData,
    new: ColumnData | ParameterData,
    *,
    names: bool = True,
) -> None:
    """Compare names and types in the targets that both have. A type that differs because the DDSQL type
    does is no difference of its own."""
    if old.names == new.names and old.types == new.types:
        return
    for target in sorted(old.types.keys() & new.types.keys()):
        kind = _kind(target)
        if names:
            pair = (entry.names.get(target, entry.name) for entry in (old, new))
            findings.changed(f"{kind}-name-changed", *pair, target=target)
        if old.type == new.type:
            findings.changed(
                f"{kind}-type-changed", old.types[target], new.types[target], target=target
            )
