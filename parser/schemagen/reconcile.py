"""Reconcile API pages with recorded shapes: settle one shape for each member.

Mappers make rows from recorded shapes, and JSON Schema and models describe the shapes on the page.
`Reconciled` settles both so that rows satisfy the schema. It also finds the disagreements: members for
which no value satisfies both, and no setting chooses one.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from schemagen.catalog import Disagreement
from schemagen.model.origin import NOWHERE, Origin
from schemagen.model.pages import DocumentedMember, DocumentedValue, Pages, Structure
from schemagen.model.recorded import (
    RecordedMember,
    RecordedResponses,
    RecordedService,
    RecordedStructure,
)
from schemagen.model.shapes import (
    ListOf,
    MapOf,
    Scalar,
    Shape,
    StructureRef,
    shape_text,
    structure_names,
)
from schemagen.model.table_facts import StructureKey
from schemagen.names import NestedNames
from schemagen.settings.members import MemberChoice
from schemagen.typetable import SATISFIED_BY

M = TypeVar("M", DocumentedMember, RecordedMember)

RECORDED = NOWHERE
"""The origin of members and structures that are recorded in the lock, but on no page."""


def satisfies(row: Shape, schema: Shape) -> bool:
    """Whether every value of ``row``, in the form it has in a row, satisfies the schema of ``schema``.

    Structures count as compatible here; their members are compared separately.
    """
    match row, schema:
        case _, Scalar("json"):
            return True
        case Scalar(name), Scalar(other):
            return name in SATISFIED_BY[other]
        case (ListOf(inner), ListOf(other)) | (MapOf(inner), MapOf(other)):
            return satisfies(inner, other)
        case _:
            return isinstance(row, StructureRef) and isinstance(schema, StructureRef)


def united(
    documented: tuple[DocumentedValue, ...], recorded: Iterable[str]
) -> tuple[DocumentedValue, ...]:
    """Combine the values of a page with the recorded ones, which come last and have no description."""
    known = {value.value for value in documented}
    return (*documented, *(DocumentedValue(value) for value in recorded if value not in known))


@dataclass(frozen=True, slots=True)
class Pair:
    """A recorded structure that rows hold, and the structure whose schema they must satisfy."""

    recorded: StructureKey
    described: StructureKey


def pairs_in(
    recorded_service: str, row: Shape, described_service: str, schema: Shape
) -> Iterator[Pair]:
    """Pair the structures at the same position of two shapes, inside lists and maps as well."""
    match row, schema:
        case StructureRef(name), StructureRef(other):
            yield Pair((recorded_service, name), (described_service, other))
        case (ListOf(inner), ListOf(other)) | (MapOf(inner), MapOf(other)):
            yield from pairs_in(recorded_service, inner, described_service, other)
        case _:
            pass


class Reconciled:
    """Every structure, with the shapes of its members settled.

    ``structures`` are what schemas and models describe, ``responses`` what mappers read. Which
    structures are compared follows from ``pages``, ``recorded`` and ``seeds`` only, never from the
    tables that a run reads, because tables share the models and mappers of structures. ``seeds`` are
    the pairs that columns start from.
    """

    def __init__(
        self,
        pages: Pages,
        recorded: Mapping[str, RecordedResponses],
        seeds: Iterable[Pair],
        nested_names: NestedNames,
        choices: Iterable[MemberChoice],
    ) -> None:
        self._recorded = recorded
        self._nested_names = nested_names
        self._choices = {choice.key: choice for choice in choices}
        self._documented = {(item.service, item.name): item for item in pages.structures}
        self._described = self._both_sources()
        same = [Pair(key, key) for key in self._documented if self.record(key)]
        self._partners = self._partners_of([*same, *seeds])
        self._row_shapes: dict[tuple[StructureKey, str], Shape] = {}
        self.structures: Mapping[StructureKey, Structure] = {
            key: self._settled(key) for key in self._described
        }

    def record(self, key: StructureKey) -> RecordedStructure | None:
        """Return the structure ``key`` as it is recorded in the lock, or None."""
        responses = self._recorded.get(key[0])
        return responses.structures.get(key[1]) if responses else None

    @cached_property
    def responses(self) -> Mapping[str, RecordedResponses]:
        """The recorded responses, with the shapes that the settings choose for rows."""
        return {
            name: RecordedResponses(self._with_row_shapes(responses.service))
            for name, responses in self._recorded.items()
        }

    def choice(self, structure: StructureKey, member: str) -> MemberChoice | None:
        """Return the setting that chooses the source of a member, if there is one."""
        return self._choices.get((*structure, member))

    def disagreements(self, pairs: Iterable[Pair], origin: Origin) -> Iterator[Disagreement]:
        """Find the members that disagree in ``pairs``, and in the structures that these reach.

        ``origin`` is reported for members that are on no page: it is that of what leads to the pairs.
        """
        waiting = [(pair, origin) for pair in pairs]
        seen = {pair for pair, _ in waiting}
        while waiting:
            pair, above = waiting.pop()
            record = self._settled_record(pair.recorded)
            if record is None:
                raise AssertionError(f"{pair.recorded} is not recorded")
            recorded = self._by_key(record.members)
            described = self.structures[pair.described]
            for key, member in self._by_key(described.members).items():
                same = recorded.get(key)
                here = above if member.origin == RECORDED else member.origin
                if found := self._disagreement(pair, member, same, here):
                    yield found
                elif same:
                    for inner in pairs_in(
                        pair.recorded[0], same.in_rows, pair.described[0], member.shape
                    ):
                        if inner not in seen:
                            seen.add(inner)
                            waiting.append((inner, here))

    def _disagreement(
        self, pair: Pair, member: DocumentedMember, same: RecordedMember | None, origin: Origin
    ) -> Disagreement | None:
        page, record = shape_text(member.shape), shape_text(same.in_rows) if same else "no member"
        if same is None or satisfies(same.in_rows, member.shape):
            if not member.required or (same and same.required):
                return None
            page, record = f"a required {page}", f"an optional {record}" if same else record
        at = ("shapes", pair.recorded[1], *([same.name] if same else []))
        return Disagreement(pair.described, member.name, page, record, origin, pair.recorded[0], at)

    # --- what is compared ---

    def _both_sources(self) -> dict[StructureKey, Structure]:
        """Collect the structures of pages and record; the page wins if both describe a structure.

        A page without members says nothing about them, so it never wins over a record.
        A member whose structure has no page gets the recorded structure, or any JSON if there is none.
        """
        described = {
            (service, structure.name): _from_record(service, structure)
            for service, responses in self._recorded.items()
            for structure in responses.service.structures
        }
        documented = {
            key: item
            for key, item in self._documented.items()
            if item.members or key not in described
        }
        described.update(documented)
        for key, item in documented.items():
            members = tuple(
                replace(member, shape=_known(item.service, member.shape, described))
                for member in item.members
            )
            described[key] = replace(item, members=members)
        return described

    def _partners_of(self, seeds: Iterable[Pair]) -> dict[StructureKey, list[StructureKey]]:
        """Map each structure to the recorded ones that rows may hold in its place."""
        partners: dict[StructureKey, list[StructureKey]] = {}
        waiting = list(seeds)
        while waiting:
            pair = waiting.pop()
            record = self.record(pair.recorded)
            others = partners.setdefault(pair.described, [])
            if record is None or pair.recorded in others:
                continue
            others.append(pair.recorded)
            recorded = self._by_key(record.members)
            for key, member in self._by_key(self._described[pair.described].members).items():
                if same := recorded.get(key):
                    waiting += pairs_in(
                        pair.recorded[0], same.shape, pair.described[0], member.shape
                    )
        # The structure with the same name comes first.
        return {
            key: sorted(others, key=lambda other: (other != key, other))
            for key, others in partners.items()
        }

    # --- what is settled ---

    def _settled(self, key: StructureKey) -> Structure:
        """Settle a structure as its schema describes it.

        A member is required only if the page and every record that rows may hold require it. AWS omits
        members that its models require, which must not make a row invalid, so the record alone is not
        enough. Pages can be older than the API, so the page alone is not enough either.
        """
        structure = self._described[key]
        partners = [
            (other, self._by_key(record.members))
            for other in self._partners.get(key, ())
            if (record := self.record(other))
        ]
        names = self._by_key(structure.members)
        members: list[DocumentedMember] = []
        for name, member in names.items():
            same = [(other, recorded.get(name)) for other, recorded in partners]
            required = member.required
            if required and not all(found and found.required for _, found in same):
                required = False
            own = next((found for other, found in same if other == key), None)
            values = united(member.values, own.values) if own else member.values
            shape = self._chosen_shape(key, member, same)
            members.append(replace(member, required=required, values=values, shape=shape))
        return replace(structure, members=tuple(members))

    def _chosen_shape(
        self,
        key: StructureKey,
        member: DocumentedMember,
        same: Iterable[tuple[StructureKey, RecordedMember | None]],
    ) -> Shape:
        """Return the shape of a member in the schema: the page's, or the recorded one if chosen.

        If the settings choose the page's shape against the record, the mapper converts to it. It cannot
        make structures.
        """
        choice = self.choice(key, member.name)
        if choice is None:
            return member.shape
        has_structures = any(structure_names(member.shape))
        for other, found in same:
            if found is None or found.shape == member.shape:
                continue
            if choice.use == "record":
                if other[0] == key[0] or not any(structure_names(found.shape)):
                    return found.shape
            elif not has_structures and not satisfies(found.shape, member.shape):
                self._row_shapes.setdefault((other, found.name), member.shape)
        return member.shape

    def _settled_record(self, key: StructureKey) -> RecordedStructure | None:
        responses = self.responses.get(key[0])
        return responses.structures.get(key[1]) if responses else None

    def _with_row_shapes(self, service: RecordedService) -> RecordedService:
        chosen = {key for key, _ in self._row_shapes}
        return replace(
            service,
            structures=tuple(
                replace(
                    structure,
                    members=tuple(
                        replace(member, row_shape=self._row_shapes.get((key, member.name)))
                        for member in structure.members
                    ),
                )
                if (key := (service.name, structure.name)) in chosen
                else structure
                for structure in service.structures
            ),
        )

    def _by_key(self, members: Iterable[M]) -> dict[str, M]:
        """Map the keys that members have in rows to the members."""
        members = list(members)
        keys = self._nested_names.of(member.name for member in members)
        return {keys[member.name]: member for member in members}


def _from_record(service: str, structure: RecordedStructure) -> Structure:
    members = tuple(
        DocumentedMember(member.name, member.shape, RECORDED, values=united((), member.values))
        for member in structure.members
    )
    return Structure(service, structure.name, members, RECORDED)


def _known(service: str, shape: Shape, known: Container[StructureKey]) -> Shape:
    """Replace each structure of ``shape`` that is not in ``known`` by any JSON."""
    match shape:
        case StructureRef(name):
            return shape if (service, name) in known else Scalar("json")
        case ListOf(element):
            return ListOf(_known(service, element, known))
        case MapOf(value):
            return MapOf(_known(service, value, known))
        case Scalar():
            return shape
