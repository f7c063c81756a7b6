"""Compute what the bindings cover, and where pages and recorded shapes differ.

Figures exclude the column `KEY`, which is filled by a convention of this project and needs no evidence.
Pages are compared as parsed, because the catalogue is already reconciled with the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from schemagen.catalog import Catalog, LinkedTable
from schemagen.model.bindings import Binding, BoundColumn, DerivedColumn
from schemagen.model.origin import Origin
from schemagen.model.pages import KEY, Column, DocumentedMember, DocumentedValue, Pages, Table
from schemagen.model.paths import fetched_member
from schemagen.model.recorded import RecordedMember, RecordedResponses, RecordedStructure
from schemagen.model.shapes import Shape
from schemagen.reconcile import satisfies

State = Literal["bound", "derived", "unbound"]

NO_BINDING = "no binding for this table"
LISTED = "listed as unbound"
NOT_IN_LOCK = "not in the lock"


@dataclass(frozen=True, slots=True)
class ColumnCoverage:
    """Whether a column is filled, and why.

    ``by`` is the evidence that binds it, the rule that derives it, or the kind of reason for which it is
    unbound. ``reason`` is what the lock records of an unbound column, or why a column that is bound cannot be
    filled, or "".
    """

    column: str
    state: State
    by: str
    origin: Origin
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of columns, `KEY` excluded: the number for each pair of state and ``by``, sorted."""

    counts: tuple[tuple[tuple[State, str], int], ...]

    @property
    def columns(self) -> int:
        return sum(number for _, number in self.counts)

    @property
    def covered(self) -> int:
        """The number of columns that are bound or derived."""
        return self.columns - self.total("unbound")

    @property
    def percent(self) -> float:
        """The share of covered columns; 100 where there are no columns."""
        return 100 * self.covered / self.columns if self.columns else 100.0

    def total(self, state: State) -> int:
        return sum(self.by(state).values())

    def by(self, state: State) -> dict[str, int]:
        """Return the numbers for ``state`` by evidence, rule or reason, sorted."""
        return {by: number for (other, by), number in self.counts if other == state}


@dataclass(frozen=True, slots=True)
class ValuesDifference:
    """An enumeration whose values differ between page and record.

    ``of`` names the column or the member: ``aws.made_thing.state``, ``sagemaker.Transition.Status``.
    """

    of: str
    page_only: tuple[str, ...]
    recorded_only: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class MembersDifference:
    """A structure, or an operation's response, whose members differ between API page and record.

    ``required_on_page`` and ``required_in_record`` are members that both have and only one requires.
    Members whose page does not say whether they are required are not compared.
    """

    of: str
    page_only: tuple[str, ...]
    recorded_only: tuple[str, ...]
    required_on_page: tuple[str, ...]
    required_in_record: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class TypesDifference:
    """A member that has incompatible types on the API page and in the record.

    ``of`` names the member of a structure or of a response: ``sagemaker.Transition.Status``.
    """

    of: str
    page: Shape
    recorded: Shape
    origin: Origin


@dataclass(frozen=True)
class TableCoverage:
    """The coverage of a table.

    ``unmapped`` are the members of the primary item that fill no column, in recorded order: what the
    mapper's ``unmapped`` returns for an item with all members. ``reason`` is what the lock records of a
    table without binding, or "".
    """

    table: str
    binding: Binding | None
    columns: tuple[ColumnCoverage, ...]
    unmapped: tuple[str, ...]
    values: tuple[ValuesDifference, ...]
    members: tuple[MembersDifference, ...]
    types: tuple[TypesDifference, ...]
    reason: str = ""

    @cached_property
    def figures(self) -> Figures:
        return _figures(self.columns)


@dataclass(frozen=True)
class Coverage:
    """The coverage of several tables, sorted by id."""

    tables: tuple[TableCoverage, ...]

    @cached_property
    def figures(self) -> Figures:
        """The figures of all tables together."""
        return _figures(column for table in self.tables for column in table.columns)


def coverage(
    pages: Pages, catalog: Catalog, tables: Collection[str], reasons: Mapping[str, str]
) -> Coverage:
    """Compute the coverage of ``tables`` (ids). ``catalog`` must be linked from ``pages``; ``reasons`` say
    why tables have no binding."""
    documented = {table.id: table for table in pages.tables}
    recorded = {name: RecordedResponses(service) for name, service in catalog.services.items()}
    misfits = {found.column: found.reason for found in catalog.misfits}
    return Coverage(
        tuple(
            _table(documented[linked.table.id], linked, pages, recorded, reasons, misfits)
            for linked in catalog.tables
            if linked.table.id in tables
        )
    )


def _table(
    table: Table,
    linked: LinkedTable,
    pages: Pages,
    recorded: Mapping[str, RecordedResponses],
    reasons: Mapping[str, str],
    misfits: Mapping[str, str],
) -> TableCoverage:
    binding = linked.binding
    unmapped: tuple[str, ...] = ()
    values: list[ValuesDifference] = []
    if binding is not None:
        responses = recorded[binding.service]
        item = responses.item(binding.operation, binding.path)
        taken = {
            fetched_member(column.member)
            for column in binding.filled
            if isinstance(column, DerivedColumn) or column.operation is None
        }
        unmapped = tuple(member.name for member in item.members if member.name not in taken)
        values += _column_values(table, binding, responses)
    members: list[MembersDifference] = []
    types: list[TypesDifference] = []
    for described in _described(linked, pages, recorded):
        values += described.values()
        members += described.difference()
        types += described.types()
    return TableCoverage(
        table=table.id,
        binding=binding,
        columns=tuple(
            _column(column, binding, misfits.get(f"{table.id}.{column.name}", ""))
            for column in table.columns
        ),
        unmapped=unmapped,
        values=tuple(values),
        members=tuple(members),
        types=tuple(types),
        reason="" if binding else reasons.get(table.id, ""),
    )


def _figures(columns: Iterable[ColumnCoverage]) -> Figures:
    counted = Counter[tuple[State, str]](
        (column.state, column.by) for column in columns if column.column != KEY
    )
    return Figures(tuple(sorted(counted.items())))


# --- columns --------------------------------------------------------------------------------------


def _column(column: Column, binding: Binding | None, misfit: str) -> ColumnCoverage:
    state: State = "unbound"
    by = NO_BINDING
    reason = misfit
    if binding is not None:
        by = LISTED if column.name in binding.unbound else NOT_IN_LOCK
        reason = dict(binding.reasons).get(column.name, misfit)
        for filled in binding.filled:
            if filled.column == column.name:
                match filled:
                    case BoundColumn():
                        state, by = "bound", filled.evidence
                    case DerivedColumn():
                        state, by = "derived", filled.rule
    return ColumnCoverage(column.name, state, by, column.origin, reason)


def _column_values(
    table: Table, binding: Binding, responses: RecordedResponses
) -> Iterator[ValuesDifference]:
    """Find columns whose documented values differ from those of the members that fill them."""
    bound = {column.column: column for column in binding.columns}
    for column in table.columns:
        if filled := bound.get(column.name):
            member = responses.column_member(binding, filled)
            yield from _values(f"{table.id}.{column.name}", column.values, member, column.origin)


def _values(
    of: str, documented: Iterable[DocumentedValue], member: RecordedMember, origin: Origin
) -> Iterator[ValuesDifference]:
    """Yield the difference, if page and record both have an enumeration."""
    page = tuple(value.value for value in documented)
    recorded = member.values
    if page and recorded and set(page) != set(recorded):
        yield ValuesDifference(of, _without(page, recorded), _without(recorded, page), origin)


def _without(names: Iterable[str], others: Collection[str]) -> tuple[str, ...]:
    """Return the ``names`` that are not among ``others``, in their order."""
    return tuple(name for name in names if name not in others)


# --- structures -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Described:
    """A structure or response that is both documented on a page and recorded."""

    of: str
    page: tuple[DocumentedMember, ...]
    record: RecordedStructure
    origin: Origin

    def both(self) -> Iterator[tuple[DocumentedMember, RecordedMember]]:
        """Pair the members that are both on the page and in the record."""
        recorded = {member.name: member for member in self.record.members}
        for member in self.page:
            if same := recorded.get(member.name):
                yield member, same

    def values(self) -> Iterator[ValuesDifference]:
        for member, same in self.both():
            yield from _values(f"{self.of}.{member.name}", member.values, same, member.origin)

    def types(self) -> Iterator[TypesDifference]:
        for member, same in self.both():
            if not satisfies(same.shape, member.shape):
                of = f"{self.of}.{member.name}"
                yield TypesDifference(of, member.shape, same.shape, member.origin)

    def difference(self) -> Iterator[MembersDifference]:
        page = {member.name: member.required for member in self.page}
        recorded = {member.name: member.required for member in self.record.members}
        found = MembersDifference(
            of=self.of,
            page_only=_without(page, recorded),
            recorded_only=_without(recorded, page),
            required_on_page=tuple(
                name for name, required in page.items() if required and recorded.get(name) is False
            ),
            required_in_record=tuple(
                name for name, required in page.items() if required is False and recorded.get(name)
            ),
            origin=self.origin,
        )
        if any(
            (
                found.page_only,
                found.recorded_only,
                found.required_on_page,
                found.required_in_record,
            )
        ):
            yield found


def _described(
    linked: LinkedTable, pages: Pages, recorded: Mapping[str, RecordedResponses]
) -> Iterator[_Described]:
    """Find the structures of a table, and the responses that fill it, that are documented and recorded."""
    binding = linked.binding
    if binding is not None:
        responses = recorded[binding.service]
        filling = {binding.operation, *(call.operation for call in binding.enrichments)}
        for operation in pages.operations:
            if operation.service == binding.service and operation.name in filling:
                yield _Described(
                    f"{operation.service}.{operation.name}",
                    operation.response,
                    responses.output(operation.name),
                    operation.origin,
                )
    reached = {(structure.service, structure.name) for structure in linked.structures}
    for structure in pages.structures:
        if (structure.service, structure.name) in reached and structure.service in recorded:
            record = recorded[structure.service].structures.get(structure.name)
            if record is not None:
                of = f"{structure.service}.{structure.name}"
                yield _Described(of, structure.members, record, structure.origin)
