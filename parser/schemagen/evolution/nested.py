"""Compare what is inside JSON: the shapes of columns, and the structures that they reach."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemagen.evolution.difference import Findings
from schemagen.evolution.renames import renamed_members
from schemagen.evolution.sources import Source
from schemagen.runtime.catalog_data import (
    CatalogData,
    MemberData,
    ShapeData,
    StructureData,
    ValueData,
)

_SUFFIXES = {"list": "[]", "map": "{}"}
_ANY = "any JSON"


class Structures:
    """The structures of two catalogues, ``before`` and ``after``, of which ``old`` and ``new`` are the
    sources."""

    def __init__(self, old: Source, new: Source, before: CatalogData, after: CatalogData) -> None:
        self.old, self.new = old, new
        self.before, self.after = before.structures, after.structures
        self.changed = _reaching_a_change(self.before, self.after)

    def add_whole(self, findings: Findings) -> None:
        """Add the differences of structures themselves, which are the same for all columns."""
        for key in sorted(self.before.keys() & self.after.keys() & self.changed):
            old, new = self.before[key], self.after[key]
            places = self.old.member_place(old), self.new.member_place(new)
            inner = findings.at("", *places, structure=key)
            inner.changed("model-renamed", old.model, new.model)
            inner.changed("description-changed", old.description, new.description)

    def compare(self, findings: Findings, old: ShapeData | None, new: ShapeData | None) -> None:
        """Compare what a column holds, with everything in it; ``findings`` are those of the column."""
        if old is None or new is None:
            texts = (_ANY if shape is None else str(shape) for shape in (old, new))
            findings.changed("column-shape-changed", *texts)
            return
        suffix, old_end, new_end = _innermost(old, new)
        if not self._are_comparable(old_end, new_end):
            findings.changed("column-shape-changed", str(old), str(new))
            return
        waiting = deque([(findings, suffix, old_end.name, new_end.name)])
        seen: set[tuple[str, str]] = set()
        while waiting:
            # The nearest first, so that a structure inside itself is reported by its shortest path.
            inner, path, before, after = waiting.popleft()
            if (before, after) in seen or (before == after and before not in self.changed):
                continue
            seen.add((before, after))
            pair = self.before[before], self.after[after]
            if before != after:
                inner.changed("model-renamed", pair[0].model, pair[1].model)
            waiting.extend(self._members(findings, path, *pair))

    def _are_comparable(self, old: ShapeData, new: ShapeData) -> bool:
        """Whether two shapes are structures which are, or could be, two states of one."""
        if old.kind != "structure" or new.kind != "structure":
            return False
        if old.name == new.name:
            return True
        before, after = (
            {member.key for member in structure.members}
            for structure in (self.before[old.name], self.after[new.name])
        )
        return 2 * len(before & after) >= max(len(before | after), 1)

    def _are_alike(self, old: ShapeData, new: ShapeData) -> bool:
        """Whether two shapes hold the same, or structures that could be two states of one."""
        if old == new:
            return True
        _, old_end, new_end = _innermost(old, new)
        return self._are_comparable(old_end, new_end)

    def _members(
        self, column: Findings, path: str, old: StructureData, new: StructureData
    ) -> Iterator[tuple[Findings, str, str, str]]:
        """Compare the members of two structures at ``path``; yield the structures in them."""
        before = {member.key: member for member in old.members}
        renames = {rename.new: rename for rename in renamed_members(old, new, self._are_alike)}
        for member in new.members:
            rename = renames.get(member.key)
            former = before.pop(rename.old if rename else member.key, None)
            inner_path = f"{path}.{member.key}" if path else member.key
            place = self.new.member_place(new, member.line)
            if former is None:
                inner = column.at(column.column, self.old.member_place(old), place, inner_path)
                inner.add("nested-member-added", type=str(member.shape))
                continue
            found = self.old.member_place(old, former.line)
            inner = column.at(column.column, found, place, inner_path)
            if rename:
                inner.add("nested-member-renamed", old=rename.old, certainty=rename.certainty)
            _compare_members(inner, former, member)
            suffix, old_end, new_end = _innermost(former.shape, member.shape)
            if self._are_comparable(old_end, new_end):
                yield inner, inner_path + suffix, old_end.name, new_end.name
            else:
                shapes = str(former.shape), str(member.shape)
                inner.changed("nested-member-type-changed", *shapes)
        for member in before.values():
            places = self.old.member_place(old, member.line), self.new.member_place(new)
            inner_path = f"{path}.{member.key}" if path else member.key
            inner = column.at(column.column, *places, inner_path)
            inner.add("nested-member-removed", type=str(member.shape))


def _innermost(old: ShapeData, new: ShapeData) -> tuple[str, ShapeData, ShapeData]:
    """Go into lists and maps as far as both shapes have the same; return the path there, and both ends."""
    suffix = ""
    while old.kind == new.kind and old.element is not None and new.element is not None:
        suffix += _SUFFIXES[old.kind]
        old, new = old.element, new.element
    return suffix, old, new


def _compare_members(findings: Findings, old: MemberData, new: MemberData) -> None:
    if old.key == new.key:  # otherwise the name follows the key
        findings.changed("nested-member-name-changed", old.name, new.name)
    findings.changed("description-changed", old.description, new.description)
    if old.required != new.required:
        findings.add("became-required" if new.required else "became-optional")
    compare_values(findings, old.values, new.values)
    limits = old.constraints, new.constraints
    changes = [
        f"{name} is {_limit(limits[1].get(name))}, no longer {_limit(limits[0].get(name))}"
        for name in sorted(limits[0].keys() | limits[1].keys())
        if limits[0].get(name) != limits[1].get(name)
    ]
    if changes:
        findings.add("nested-member-constraints-changed", changes="; ".join(changes))


def _limit(value: float | str | None) -> str:
    return "open" if value is None else str(value)


def compare_values(findings: Findings, old: Iterable[ValueData], new: Iterable[ValueData]) -> None:
    """Compare the documented values of a column or member."""
    before, after = ({value.value: value for value in values} for values in (old, new))
    both = [(before[value], after[value]) for value in after if value in before]
    listed = {
        "column-values-added": ("added", [value for value in after if value not in before]),
        "column-values-removed": ("removed", [value for value in before if value not in after]),
        "column-values-deprecated": (
            "values",
            [value.value for was, value in both if value.deprecated and not was.deprecated],
        ),
        "column-values-undeprecated": (
            "values",
            [value.value for was, value in both if was.deprecated and not value.deprecated],
        ),
        "values-description-changed": (
            "values",
            [value.value for was, value in both if was.description != value.description],
        ),
    }
    for rule, (name, values) in listed.items():
        if values:
            findings.add(rule, **{name: ", ".join(values)})


# --- which structures to look into ----------------------------------------------------------------


def _reaching_a_change(
    before: Mapping[str, StructureData], after: Mapping[str, StructureData]
) -> set[str]:
    """Return the structures that differ, and those that reach one, by their keys."""
    users: dict[str, set[str]] = defaultdict(set)
    for structures in (before, after):
        for key, structure in structures.items():
            for member in structure.members:
                users[_reference(member.shape)].add(key)
    waiting = [
        key for key in before.keys() & after.keys() if _content(before[key]) != _content(after[key])
    ]
    found: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting.extend(users[key])
    return found


def _reference(shape: ShapeData) -> str:
    """Return the structure in a shape; "" for a shape without structures."""
    while shape.element is not None:
        shape = shape.element
    return shape.name if shape.kind == "structure" else ""


def _content(structure: StructureData) -> Any:
    """Return what counts of a structure: not where it is documented, nor the order of its members."""
    members = {
        member.key: (
            member.name,
            member.shape,
            member.required,
            member.description,
            member.values,
            member.constraints,
        )
        for member in structure.members
    }
    return structure.model, structure.description, members
