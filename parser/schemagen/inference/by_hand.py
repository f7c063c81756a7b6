"""Apply the overrides of the settings to a binding, and check them against the API."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from schemagen.api_models.index import ServiceApi
from schemagen.diagnostics import Problem, did_you_mean
from schemagen.fits import fits, misfit
from schemagen.inference.arguments import call_arguments
from schemagen.inference.identity import Identity
from schemagen.inference.infer import Services
from schemagen.inference.renewal import fills, reasons_of
from schemagen.lockfile.lock import LockFile
from schemagen.model.bindings import Binding, BoundColumn, Enrichment
from schemagen.model.pages import Table
from schemagen.model.paths import WHOLE, fetched_member, map_key
from schemagen.model.recorded import RecordedResponses
from schemagen.settings.overrides import ColumnOverride, ItemOverride, Overrides, is_reflected
from schemagen.settings.positions import KeyPath
from schemagen.typed_pages import TypedTable

T = TypeVar("T")

InferArguments = Callable[[str, Collection[str]], Enrichment | None]
"""Infers the arguments of an operation, apart from parameters that are set, as an enrichment call whose path
means nothing. Returns None if the item lacks a required argument."""


_LEFT_UNBOUND = "an override leaves it unbound"


@dataclass(frozen=True, slots=True)
class Applied:
    """A binding with its overrides.

    ``problems`` are mistakes in the overrides; ``findings`` are about columns that are no longer
    filled because of an override for another one.
    """

    binding: Binding
    problems: tuple[Problem, ...]
    findings: tuple[Problem, ...]


def apply(
    binding: Binding,
    overrides: Sequence[ColumnOverride],
    infer_arguments: InferArguments,
    table: Table,
    service: ServiceApi,
) -> Applied:
    """Bind columns of ``table`` as ``overrides`` say, or leave them unbound.

    Problems are SG304: arguments that are neither set nor inferred, and overrides that contradict
    each other.
    """
    work = _EnrichmentOverrides(binding, overrides, infer_arguments, service)
    overridden = {override.column for override in overrides}
    columns = {
        column.column: column for column in binding.columns if column.column not in overridden
    }
    unbound = {name for name in binding.unbound if name not in overridden}
    inferred = {
        enrichment.operation: enrichment
        for enrichment in binding.enrichments
        if fills(enrichment.operation, columns.values())
    }
    by_hand = work.enrichments(inferred)
    findings: list[Problem] = []
    for name, column in list(columns.items()):
        # An operation is called once, for one item: that of the override.
        enrichment = by_hand.get(column.operation or "")
        if enrichment and (enrichment.path, enrichment.values) != (
            inferred[enrichment.operation].path,
            inferred[enrichment.operation].values,
        ):
            del columns[name]
            unbound.add(name)
            findings.append(_displaced(table, name, enrichment, inferred[enrichment.operation]))
    for override in overrides:
        if override.member:
            called = override.enrichment(binding)
            operation = called[0] if called else None
            columns[override.column] = BoundColumn(
                override.column, override.member, "hand", operation
            )
        else:
            unbound.add(override.column)
    applied = replace(
        binding,
        columns=tuple(columns.values()),
        derived=tuple(column for column in binding.derived if column.column not in overridden),
        enrichments=tuple(
            enrichment
            for name, enrichment in {**inferred, **by_hand}.items()
            if fills(name, columns.values())
        ),
        unbound=tuple(sorted(unbound)),
        reasons=reasons_of(
            unbound, binding.reasons, [(name, _LEFT_UNBOUND) for name in overridden]
        ),
    )
    return Applied(applied, tuple(work.problems), tuple(findings))


def _displaced(table: Table, name: str, enrichment: Enrichment, before: Enrichment) -> Problem:
    [origin] = [column.origin for column in table.columns if column.name == name]
    message = f"{table.id}.{name} stays unbound: an override calls {enrichment.operation} "
    if enrichment.values == before.values:
        message += f"for the item {enrichment.path}; name a member of that item in an override"
    elif enrichment.values:
        message += f"with values of {_parameters(enrichment)}; name the column in an override, too"
    else:
        message += f"once, and not with each value of {_parameters(before)}"
    return Problem(origin.path, origin.line, 1, "SG404", message)


def _parameters(enrichment: Enrichment) -> str:
    return " and ".join(parameter for parameter, _ in enrichment.values)


@dataclass
class _EnrichmentOverrides:
    """The enrichment calls that the overrides of a table name, with their problems."""

    binding: Binding
    overrides: Sequence[ColumnOverride]
    infer_arguments: InferArguments
    service: ServiceApi
    problems: list[Problem] = field(default_factory=list[Problem])

    def enrichments(self, inferred: Mapping[str, Enrichment]) -> dict[str, Enrichment]:
        """Return the enrichment calls that overrides name. ``inferred`` are those that fill columns
        anyway."""
        by_operation: dict[str, list[ColumnOverride]] = {}
        for override in self.overrides:
            if override.member and (called := override.enrichment(self.binding)):
                by_operation.setdefault(called[0], []).append(override)
        return {
            name: self._enrichment(name, overrides, inferred.get(name))
            for name, overrides in by_operation.items()
        }

    def _enrichment(
        self, name: str, overrides: Sequence[ColumnOverride], inferred: Enrichment | None
    ) -> Enrichment:
        path = self._agreed(overrides, "path", lambda override: override.path or WHOLE)
        arguments = self._agreed(overrides, "arguments", lambda override: override.arguments)
        constants = self._agreed(overrides, "constants", lambda override: override.constants)
        values = self._agreed(overrides, "values", lambda override: override.values)
        given = {name for pairs in (arguments, constants, values) for name, _ in pairs or ()}
        found = Enrichment(name, WHOLE)
        if inferred and inferred.values and (path or WHOLE) != WHOLE:
            inferred = None  # What several calls return is a list of whole responses.
        if arguments is None:
            found = (
                inferred or self.infer_arguments(name, given) or self._not_inferred(overrides[0])
            )
        return Enrichment(
            name,
            path or WHOLE,
            _without(found.arguments, given) if arguments is None else arguments,
            _without(found.constants, given) if constants is None else constants,
            _without(found.values, given) if values is None else values,
        )

    def _not_inferred(self, override: ColumnOverride) -> Enrichment:
        enrichment = Enrichment(override.operation, WHOLE)
        if override.operation not in self.service.operations:
            return enrichment  # Reported as SG303.
        known = self.service.parameters(override.operation)
        for key, parameter in override.given:
            if parameter not in known:
                hint = did_you_mean(parameter, known)
                message = f"operation {override.operation!r} has no parameter {parameter!r}{hint}"
                self.problems.append(override.position.problem("SG303", message, key))
        if self.problems:
            return enrichment
        item = f"{self.binding.operation} ({self.binding.path})"
        message = (
            f"cannot derive the arguments of {override.operation} from {item}; set `arguments` in "
            "the override"
        )
        self.problems.append(override.position.problem("SG304", message, "operation"))
        return enrichment

    def _agreed(
        self,
        overrides: Sequence[ColumnOverride],
        key: str,
        value: Callable[[ColumnOverride], T | None],
    ) -> T | None:
        """Return the value that the overrides of an operation set, or None if none sets one. Report
        those that set another."""
        first: ColumnOverride | None = None
        for override in overrides:
            if value(override) is None:
                continue
            first = first or override
            if value(override) != value(first):
                message = (
                    f"the override in line {first.position.line} sets another `{key}` for "
                    f"{override.operation}, which is called once; set the same in both"
                )
                self.problems.append(override.position.problem("SG304", message, key))
        return value(first) if first else None


def _without(
    pairs: tuple[tuple[str, T], ...], parameters: Collection[str]
) -> tuple[tuple[str, T], ...]:
    return tuple(pair for pair in pairs if pair[0] not in parameters)


def argument_inference(binding: Binding, table: Table, services: Services) -> InferArguments:
    """Return what infers the arguments of operations from the item of ``binding``."""

    def infer_arguments(operation: str, given: Collection[str]) -> Enrichment | None:
        index = services.of(binding.service)
        path = (binding.operation, binding.path)
        items = [item for item in index.items if (item.operation, item.path) == path]
        indexed = index.operations.get(operation)
        if not items or indexed is None:
            return None
        found = call_arguments(Identity(index, items[0], table.name), indexed, given=given)
        return Enrichment(operation, WHOLE, found.members, found.constants) if found else None

    return infer_arguments


# --- checking overrides against the API -----------------------------------------------------------


def item_problem(override: ItemOverride, service: ServiceApi) -> Problem | None:
    """Return SG303 if the service lacks the operation or path that the override names."""
    if override.operation and override.operation not in service.operations:
        hint = did_you_mean(override.operation, service.operations)
        message = f"{service.name} has no operation {override.operation!r}{hint}"
        return override.position.problem("SG303", message, "operation")
    try:
        if override.operation and override.path:
            service.element_at(override.operation, override.path)
    except ValueError as error:
        return override.position.problem("SG303", str(error), "path")
    return None


def overridden_entries(
    overrides: Overrides, binding: Binding
) -> Iterator[tuple[KeyPath, Callable[[str], Problem]]]:
    """Yield the entries of ``binding`` that come from overrides, each with what makes an SG303 at the
    override from a message, for `LockFile.override_problems`."""
    at: KeyPath = ("tables", binding.table)
    for item in overrides.items:
        yield from _entries(item, at, "operation", "path")
    for override in overrides.columns:
        if not override.member or not is_reflected(override, binding):
            continue
        yield from _entries(override, (*at, "columns", override.column), "", "operation", "member")
        if called := override.enrichment(binding):
            entry: KeyPath = (*at, "enrichments", called[0])
            yield entry, partial(override.position.problem, "SG303", key="operation")
            yield from _entries(override, entry, "path", "arguments", "constants", "values")


def _entries(
    override: ItemOverride | ColumnOverride, at: KeyPath, *keys: str
) -> Iterator[tuple[KeyPath, Callable[[str], Problem]]]:
    for key in keys:
        yield (
            (*at, key) if key else at,
            partial(override.position.problem, "SG303", key=key),
        )


def column_problems(
    lock: LockFile, overrides: Overrides, typed: TypedTable, service: ServiceApi
) -> Iterator[Problem]:
    """Yield SG304 for members that do not fit their columns, and for required parameters that are
    not set. ``lock`` must have been checked by `recording.refresh`."""
    [binding] = [binding for binding in lock.bindings if binding.table == typed.table.id]
    responses = RecordedResponses(lock.recorded_service)
    types = typed.types
    for override in overrides.columns:
        if not override.member or not is_reflected(override, binding):
            continue  # Not of this run, or reported because another override contradicts it.
        called = override.enrichment(binding)
        operation, path = called or (binding.operation, binding.path)
        structure = responses.item(operation, path)
        [column] = [column for column in binding.columns if column.column == override.column]
        member = responses.column_member(binding, column)
        type = types[override.column]
        at_key = map_key(override.member) is not None
        if not fits(type, member.shape, responses.member_names, texts=True, at_key=at_key):
            recorded = lock.record.shapes[structure.name]
            written = recorded.get(fetched_member(override.member), f"#{structure.name}")
            written = written.rstrip("!")
            if at_key:
                written = written.removeprefix("map<").removesuffix(">")
            if binding.is_listed(column):
                written = f"list<{written}>"
            message = misfit(f"{structure.name}.{override.member}", written, type.expression)
            yield override.position.problem("SG304", message, "member")
        for call in binding.enrichments:
            if called and override.arguments is not None and call.operation == operation:
                yield from _missing_arguments(service, override, call)
        if override.values and operation == binding.operation:
            message = (
                f"{operation} is called once for each item of {binding.table}, and cannot be called with "
                "each of `values`; delete them"
            )
            yield override.position.problem("SG304", message, "values")
        elif override.values and lock.record.operations[operation].pagination:
            message = (
                f"{operation} returns pages, and can therefore not be called with each of `values`; "
                "set one of them in `constants`"
            )
            yield override.position.problem("SG304", message, "values")


def _missing_arguments(
    service: ServiceApi, override: ColumnOverride, call: Enrichment
) -> Iterator[Problem]:
    passed = dict((*call.arguments, *call.constants, *call.values))
    for parameter in service.required_parameters(call.operation):
        if parameter not in passed:
            message = (
                f"{call.operation} requires {parameter}; set it in `arguments`, `constants` or `values` of "
                "the override"
            )
            yield override.position.problem("SG304", message, "arguments")
