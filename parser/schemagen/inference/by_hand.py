"""A binding with the overrides of the settings, and what botocore says to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from schemagen.api_models.index import ServiceApi
from schemagen.diagnostics import Problem
from schemagen.inference import arguments
from schemagen.inference.fits import fits
from schemagen.inference.identity import Identity
from schemagen.inference.infer import Services
from schemagen.inference.renewal import fills
from schemagen.lockfile.lock import LockFile
from schemagen.model.bindings import Binding, BoundColumn, Enrichment
from schemagen.model.pages import Table
from schemagen.model.paths import WHOLE, fetched_member, map_key
from schemagen.model.recorded import RecordedResponses
from schemagen.settings.overrides import ColumnOverride, ItemOverride, Overrides, is_reflected
from schemagen.settings.positions import KeyPath
from schemagen.typetable import TypeTable

T = TypeVar("T")

Asked = Callable[[str], Enrichment | None]
"""What inference asks an operation with, of the given name; the path does not count. None where the
item lacks what the operation needs."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A binding with its overrides. ``problems`` are those of the overrides, ``findings`` those of
    columns that lost what filled them."""

    binding: Binding
    problems: tuple[Problem, ...]
    findings: tuple[Problem, ...]


def apply(
    binding: Binding,
    by_hand: Sequence[ColumnOverride],
    asked: Asked,
    table: Table,
    service: ServiceApi,
) -> Applied:
    """``binding`` with columns of ``table`` that are bound by hand, or kept unbound.

    Problems are SG304: arguments that nobody says, and overrides that contradict each other.
    """
    work = _Work(binding, by_hand, asked, service)
    named = {one.column for one in by_hand}
    columns = {one.column: one for one in binding.columns if one.column not in named}
    unbound = {name for name in binding.unbound if name not in named}
    inferred = {one.operation: one for one in binding.enrichments}
    others = {name: one for name, one in inferred.items() if fills(name, columns.values())}
    made = work.enrichments(others)
    findings: list[Problem] = []
    for name, column in list(columns.items()):
        # An operation is asked once, for one item: that of the override.
        other = made.get(column.operation or "")
        if other and other.path != others[other.operation].path:
            del columns[name]
            unbound.add(name)
            findings.append(_lost(table, name, other))
    for one in by_hand:
        if one.member:
            asks = one.enrichment(binding)
            operation = asks[0] if asks else None
            columns[one.column] = BoundColumn(one.column, one.member, "hand", operation)
        else:
            unbound.add(one.column)
    enrichments = {**others, **made}
    applied = replace(
        binding,
        columns=tuple(columns.values()),
        derived=tuple(one for one in binding.derived if one.column not in named),
        enrichments=tuple(
            one for name, one in enrichments.items() if fills(name, columns.values())
        ),
        unbound=tuple(sorted(unbound)),
    )
    return Applied(applied, tuple(work.problems), tuple(findings))


def _lost(table: Table, column: str, other: Enrichment) -> Problem:
    [origin] = [one.origin for one in table.columns if one.name == column]
    reason = f"an override asks {other.operation} for the item {other.path}"
    message = f"{table.id}.{column} stays unbound: {reason}"
    return Problem(origin.path, origin.line, 1, "SG404", message)


@dataclass
class _Work:
    binding: Binding
    by_hand: Sequence[ColumnOverride]
    asked: Asked
    service: ServiceApi
    problems: list[Problem] = field(default_factory=list[Problem])

    def enrichments(self, others: Mapping[str, Enrichment]) -> dict[str, Enrichment]:
        """The operations that overrides name. ``others`` are those that fill columns anyway."""
        named: dict[str, list[ColumnOverride]] = {}
        for one in self.by_hand:
            if one.member and (other := one.enrichment(self.binding)):
                named.setdefault(other[0], []).append(one)
        return {name: self.enrichment(name, some, others.get(name)) for name, some in named.items()}

    def enrichment(
        self, name: str, overrides: Sequence[ColumnOverride], other: Enrichment | None
    ) -> Enrichment:
        path = self.said(overrides, "path", lambda one: one.path or WHOLE)
        arguments = self.said(overrides, "arguments", lambda one: one.arguments)
        constants = self.said(overrides, "constants", lambda one: one.constants)
        known = Enrichment(name, WHOLE)
        if arguments is None:
            known = other or self.asked(name) or self.nothing(overrides[0])
        return Enrichment(
            name,
            path or WHOLE,
            known.arguments if arguments is None else arguments,
            known.constants if constants is None else constants,
        )

    def nothing(self, one: ColumnOverride) -> Enrichment:
        if one.operation not in self.service.operations:
            return Enrichment(one.operation, WHOLE)  # SG303 says so.
        item = f"{self.binding.operation} ({self.binding.path})"
        message = f"say the arguments of {one.operation}: {item} has no members for them"
        self.problems.append(one.position.problem("SG304", message, "operation"))
        return Enrichment(one.operation, WHOLE)

    def said(
        self,
        overrides: Sequence[ColumnOverride],
        key: str,
        value: Callable[[ColumnOverride], T | None],
    ) -> T | None:
        """What overrides of one operation say, which must be one thing; None where they do not."""
        first: ColumnOverride | None = None
        for one in overrides:
            if value(one) is None:
                continue
            first = first or one
            if value(one) != value(first):
                message = f"{one.operation} has another {key} in line {first.position.line}"
                self.problems.append(one.position.problem("SG304", message, key))
        return value(first) if first else None


def asked_of(binding: Binding, table: Table, services: Services) -> Asked:
    """What inference asks operations with, for the item of ``binding``."""

    def asked(operation: str) -> Enrichment | None:
        index = services.of(binding.service)
        place = (binding.operation, binding.path)
        items = [item for item in index.items if (item.operation, item.path) == place]
        known = index.operations.get(operation)
        if not items or known is None:
            return None
        found = arguments.asked(Identity(index, items[0], table.name), known)
        return Enrichment(operation, WHOLE, found.members, found.constants) if found else None

    return asked


# --- what botocore says ---------------------------------------------------------------------------


def wrong_item(one: ItemOverride, service: ServiceApi) -> Problem | None:
    """SG303 where botocore's ``service`` lacks what the override names."""
    if one.operation and one.operation not in service.operations:
        message = f"botocore's {service.name} has no operation {one.operation!r}"
        return one.position.problem("SG303", message, "operation")
    try:
        if one.operation and one.path:
            service.element_at(one.operation, one.path)
    except ValueError as error:
        return one.position.problem("SG303", str(error), "path")
    return None


def places(
    overrides: Overrides, binding: Binding
) -> Iterator[tuple[KeyPath, Callable[[str], Problem]]]:
    """The entries of ``binding`` that come from overrides, for `LockFile.override_problems`: their problems are
    SG303."""
    at: KeyPath = ("tables", binding.table)
    for item in overrides.items:
        yield from _places(item, at, "operation", "path")
    for one in overrides.columns:
        if not one.member or not is_reflected(one, binding):
            continue
        yield from _places(one, (*at, "columns", one.column), "", "operation", "member")
        if other := one.enrichment(binding):
            place: KeyPath = (*at, "auxiliary", other[0])
            yield place, partial(one.position.problem, "SG303", key="operation")
            yield from _places(one, place, "path", "arguments", "constants")


def _places(
    one: ItemOverride | ColumnOverride, at: KeyPath, *keys: str
) -> Iterator[tuple[KeyPath, Callable[[str], Problem]]]:
    for key in keys:
        yield (*at, key) if key else at, partial(one.position.problem, "SG303", key=key)


def misfits(
    lock: LockFile, overrides: Overrides, table: Table, types: TypeTable, service: ServiceApi
) -> Iterator[Problem]:
    """SG304 for members that the converters of their columns do not take, and for parameters that
    an operation needs and nobody says. ``lock`` was verified."""
    [binding] = [one for one in lock.bindings if one.table == table.id]
    responses = RecordedResponses(lock.recorded_service)
    expressions = {column.name: column.type for column in table.columns}
    for one in overrides.columns:
        if not one.member or not is_reflected(one, binding):
            continue  # Not one of this run, or contradicted by another, which was said before.
        other = one.enrichment(binding)
        operation, path = other or (binding.operation, binding.path)
        structure = responses.item(operation, path)
        member = responses.member(structure, one.member)
        type = types.resolve_column(table.id, one.column, expressions[one.column])
        at_key = map_key(one.member) is not None
        if not fits(type, member.shape, partial(_members, responses), texts=True, at_key=at_key):
            recorded = lock.record.shapes[structure.name]
            written = recorded.get(fetched_member(one.member), f"#{structure.name}").rstrip("!")
            if at_key:
                written = written.removeprefix("map<").removesuffix(">")
            kind = f"{structure.name}.{one.member} is {written}"
            message = f"{kind}, which does not fit {type.expression}"
            yield one.position.problem("SG304", message, "member")
        if other and one.arguments is not None:
            yield from _unsaid(service, one, operation)


def _members(responses: RecordedResponses, structure: str) -> list[str]:
    return [member.name for member in responses.structures[structure].members]


def _unsaid(service: ServiceApi, one: ColumnOverride, operation: str) -> Iterator[Problem]:
    said = {parameter for parameter, _ in (*(one.arguments or ()), *(one.constants or ()))}
    for parameter in service.required_parameters(operation):
        if parameter not in said:
            message = f"{operation} needs {parameter}: say it in arguments or constants"
            yield one.position.problem("SG304", message, "arguments")
