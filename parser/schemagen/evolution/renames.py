"""Find tables and columns that are probably the same under another name, by the evidence that bindings
are inferred from: documentation, and the member of a response that fills a column.

A name alone is no evidence, and neither is documentation that several candidates share.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final, Literal, TypeVar

from schemagen.api_models.index import words
from schemagen.inference.evidence import CONCLUSIVE_LENGTH
from schemagen.names import folded
from schemagen.runtime.catalog_data import (
    CatalogData,
    ColumnData,
    FillData,
    MemberData,
    ShapeData,
    StructureData,
    TableData,
)

Evidence = Literal["documentation", "member", "title", "columns", "name"]
"""What two names have in common: the documentation, what fills them, the title, most columns of a table,
the letters of the name itself."""

MAX_CANDIDATES: Final = 8
"""Texts or members that more pairs than this have in common say nothing about any of them."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Rename:
    """A table or column that probably has another name now.

    ``sure`` is true where nothing else is possible: type and documentation are the same, and so is what
    fills it or its title, and nothing else that came or went has any of this in common with it.
    """

    old: str
    new: str
    evidence: tuple[Evidence, ...]
    sure: bool = False

    @property
    def certainty(self) -> str:
        """How messages say whether the rename is sure."""
        return "" if self.sure else "probably "


@dataclass(frozen=True, slots=True)
class Renames:
    """The renames between two catalogues: of tables, and of columns by the new id of their table."""

    tables: tuple[Rename, ...] = ()
    columns: Mapping[str, tuple[Rename, ...]] = field(default_factory=dict[str, tuple[Rename, ...]])


def find(old: CatalogData, new: CatalogData) -> Renames:
    """Find the renamed tables, and the renamed columns of every table that both catalogues have."""
    tables = renamed_tables(old, new)
    former = {rename.new: rename.old for rename in tables}
    columns = {
        id: found
        for id, table in new.tables.items()
        if (before := old.tables.get(former.get(id, id))) is not None
        and (found := renamed_columns(before, table))
    }
    return Renames(tables, columns)


# --- columns --------------------------------------------------------------------------------------


def renamed_columns(old: TableData, new: TableData) -> tuple[Rename, ...]:
    """Find the columns of a table that are probably renamed, in the order of the new page."""
    kept = {column.name for column in old.columns} & {column.name for column in new.columns}
    gone = [column for column in old.columns if column.name not in kept]
    came = [column for column in new.columns if column.name not in kept]
    if not gone or not came:
        return ()
    telling = _telling(old.columns) & _telling(new.columns)
    traits = tuple(
        [_column_traits(column, fills.get(column.name), telling) for column in columns]
        for columns, fills in ((gone, _fills(old)), (came, _fills(new)))
    )
    return tuple(
        Rename(
            before.name,
            after.name,
            evidence,
            sure=alone and _is_conclusive(evidence) and bool(_conclusive_words(after.description)),
        )
        for before, after, evidence, alone in _pairs(gone, came, traits[0], traits[1])
        if "documentation" in evidence or "member" in evidence
        # Two columns of different types are only the same if nothing else speaks against it.
        if before.type == after.type or {"documentation", "member"} <= set(evidence)
        for alone in [alone and before.type == after.type]
    )


def _is_conclusive(evidence: Sequence[Evidence]) -> bool:
    return "documentation" in evidence and ("member" in evidence or "title" in evidence)


Traits = Mapping[Evidence, Hashable]
"""What evidence compares, where there is any."""


def _telling(parts: Iterable[ColumnData | MemberData]) -> set[str]:
    """Return the descriptions that only one column of a table or member of a structure has, as words: within
    these, even a short one tells them apart."""
    counts = Counter(words(part.description) for part in parts)
    return {found for found, count in counts.items() if found and count == 1}


def _column_traits(column: ColumnData, fill: Hashable, telling: Collection[str]) -> Traits:
    traits: dict[Evidence, Hashable] = {"name": folded(column.name)}
    found = words(column.description)
    if found in telling or len(found) >= CONCLUSIVE_LENGTH:
        traits["documentation"] = found
    if fill is not None:
        traits["member"] = fill
    if column.title:
        traits["title"] = column.title
    return traits


def _fills(table: TableData) -> dict[str, Hashable]:
    """Return what fills each column; rules that need no member fill many columns in the same way."""
    binding = table.binding
    if binding is None:
        return {}
    return {
        column: _filled_by(fill)
        for column, fill in binding.columns.items()
        if fill.member or fill.format
    }


def _filled_by(fill: FillData) -> Hashable:
    return (fill.operation, fill.member, fill.rule, fill.format, fill.parameters)


# --- members of JSON ------------------------------------------------------------------------------


def renamed_members(
    old: StructureData, new: StructureData, are_alike: Callable[[ShapeData, ShapeData], bool]
) -> tuple[Rename, ...]:
    """Find the members of a structure that are probably renamed, in the order of the new page. Both hold what
    ``are_alike``."""
    kept = {member.key for member in old.members} & {member.key for member in new.members}
    gone = [member for member in old.members if member.key not in kept]
    came = [member for member in new.members if member.key not in kept]
    if not gone or not came:
        return ()
    telling = _telling(old.members) & _telling(new.members)
    traits = tuple(
        [_member_traits(member, telling) for member in members] for members in (gone, came)
    )
    return tuple(
        Rename(
            before.key,
            after.key,
            evidence,
            sure=alone and _is_conclusive(evidence) and bool(_conclusive_words(after.description)),
        )
        for before, after, evidence, alone in _pairs(gone, came, traits[0], traits[1])
        if ("documentation" in evidence or "member" in evidence)
        and are_alike(before.shape, after.shape)
    )


def _member_traits(member: MemberData, telling: Collection[str]) -> Traits:
    traits: dict[Evidence, Hashable] = {"name": folded(member.key), "member": member.name}
    found = words(member.description)
    if found in telling or len(found) >= CONCLUSIVE_LENGTH:
        traits["documentation"] = found
    return traits


# --- tables ---------------------------------------------------------------------------------------


def renamed_tables(old: CatalogData, new: CatalogData) -> tuple[Rename, ...]:
    """Find the tables that are probably renamed, sorted by their new ids."""
    gone = [table for id, table in old.tables.items() if id not in new.tables]
    came = [table for id, table in new.tables.items() if id not in old.tables]
    found = [
        Rename(before.id, after.id, evidence, sure=alone and _is_conclusive(evidence))
        for before, after, evidence, alone in _pairs(
            gone, came, list(map(_table_traits, gone)), list(map(_table_traits, came))
        )
        for similar, same in [_columns_in_common(before, after)]
        if similar and ("documentation" in evidence or "member" in evidence)
        for alone in [alone and same]
    ]
    return tuple(sorted(found, key=lambda rename: rename.new))


def _table_traits(table: TableData) -> Traits:
    traits: dict[Evidence, Hashable] = {"name": (table.provider, folded(table.name))}
    if conclusive := _conclusive_words(table.description):
        traits["documentation"] = (table.provider, conclusive)
    if table.binding is not None:
        binding = table.binding
        traits["member"] = (binding.service, binding.operation, binding.path)
    traits["title"] = (table.provider, table.title)
    return traits


def _columns_in_common(old: TableData, new: TableData) -> tuple[bool, bool]:
    """Return whether two tables have at least half of all their columns in common, with their types, and
    whether the new one has all of the old one's."""
    before, after = (
        {(column.name, column.type) for column in table.columns} for table in (old, new)
    )
    return 2 * len(before & after) >= max(len(before | after), 1), before <= after


# --- pairs ----------------------------------------------------------------------------------------


def _pairs(
    old: Sequence[Item],
    new: Sequence[Item],
    old_traits: Sequence[Traits],
    new_traits: Sequence[Traits],
) -> Iterable[tuple[Item, Item, tuple[Evidence, ...], bool]]:
    """Yield the pairs that have more in common than either of them has with any other, in the order of
    ``new``: both items, what they have in common, and whether neither has another candidate."""
    found: dict[tuple[int, int], list[Evidence]] = defaultdict(list)
    for kind in _WEIGHTS:
        having: dict[Hashable, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for side, traits in enumerate((old_traits, new_traits)):
            for number, item in enumerate(traits):
                if kind in item:
                    having[item[kind]][side].append(number)
        for olds, news in having.values():
            if len(olds) * len(news) <= MAX_CANDIDATES:
                for pair in product(olds, news):
                    found[pair].append(kind)
    best_old, best_new = _best(found, 0), _best(found, 1)
    for (before, after), evidence in sorted(found.items(), key=lambda entry: entry[0][1]):
        if best_old[before] == [after] and best_new[after] == [before]:
            alone = all(
                (first == before) == (second == after)
                for first, second in found
                if first == before or second == after
            )
            yield old[before], new[after], tuple(sorted(evidence)), alone


def _best(found: Mapping[tuple[int, int], Sequence[Evidence]], side: int) -> dict[int, list[int]]:
    """Return the best candidates of every item on a side: those with the most in common with it."""
    best: dict[int, tuple[int, list[int]]] = {}
    for pair, evidence in found.items():
        item, other = pair[side], pair[1 - side]
        weight = sum(_WEIGHTS[kind] for kind in evidence)
        before, others = best.get(item, (0, []))
        if weight > before:
            best[item] = (weight, [other])
        elif weight == before:
            others.append(other)
    return {item: others for item, (_, others) in best.items()}


_WEIGHTS: Final[Mapping[Evidence, int]] = {
    "member": 8,
    "documentation": 4,
    "title": 2,
    "name": 1,
}


def _conclusive_words(documentation: str) -> str:
    """Return the words of a text, or "" if they are too few to say that two texts are one."""
    found = words(documentation)
    return found if len(found) >= CONCLUSIVE_LENGTH else ""
