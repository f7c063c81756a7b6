"""Record what a lock needs of an API's models, and check what the lock names against them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from schemagen.api_models.botocore import (
    BotocoreService,
    UnknownShape,
    paginator_of,
    scope_of_service,
    service_api,
    signature,
)
from schemagen.api_models.calls.absent import absent_errors
from schemagen.api_models.calls.actions import actions
from schemagen.api_models.calls.batches import batch
from schemagen.api_models.calls.optional import optional_members
from schemagen.api_models.calls.owner import owner
from schemagen.api_models.calls.pagination import page_size, pagination
from schemagen.api_models.calls.scope import scope
from schemagen.api_models.index import UnknownService
from schemagen.diagnostics import ProblemsFound, did_you_mean
from schemagen.lockfile import lock as locks
from schemagen.lockfile.lock import LockFile
from schemagen.lockfile.notation import argument_members
from schemagen.model.arn_format import ACCOUNT
from schemagen.model.bindings import Binding, BoundColumn, Constant, Listing
from schemagen.model.paths import WHOLE, is_repeated, map_key
from schemagen.runtime.calls import CallRules, Scope
from schemagen.settings.positions import KeyPath

_REMEDY = "run `schemagen bind --again`"


def refresh(lock: LockFile) -> LockFile:
    """Return ``lock`` with its bindings checked and its record taken again from the installed
    botocore.

    Raises `ProblemsFound` with every SG402: a service, operation, argument, path or member that
    botocore does not have, or a botocore type that the type table does not know.
    """
    try:
        service = service_api(lock.service_name)
    except UnknownService as error:
        message = f"botocore has no service {lock.service_name!r}"
        raise ProblemsFound(locks.problems(lock, [(("service",), message)], _REMEDY)) from error
    found = [
        *_wrong_operations(lock, service),
        *_wrong_constants(lock, service),
        *_wrong_listings(lock, service),
        *_wrong_keys(lock, service),
    ]
    names = {name for _, name, _ in _operations(lock)}.intersection(service.operations)
    service_scope = scope_of_service(service.name)
    try:
        record = replace(
            service.record(sorted(names)),
            scope=service_scope,
            operations=_call_rules(lock, service, service_scope),
        )
        recorded = replace(lock, record=record)
    except UnknownShape as error:
        raise ProblemsFound(locks.problems(lock, [(("service",), str(error))])) from error
    # An operation that was reported above is not recorded; do not report that as well.
    reported = {at for at, _ in found}
    found += [(at, message) for at, message in locks.unrecorded(recorded) if at not in reported]
    if found:
        raise ProblemsFound(locks.problems(lock, found, _REMEDY))
    return replace(recorded, text=locks.write(recorded))


def _operations(lock: LockFile) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    """Yield every operation that fills columns: the key path of its entry, its name, and the names
    of its arguments."""
    for binding in lock.bindings:
        at: KeyPath = ("tables", binding.table)
        yield (*at, "operation"), binding.operation, ()
        for enrichment in binding.enrichments:
            arguments = tuple(parameter for parameter, _ in enrichment.arguments)
            yield (*at, "enrichments", enrichment.operation), enrichment.operation, arguments


def _wrong_operations(lock: LockFile, service: BotocoreService) -> Iterator[tuple[KeyPath, str]]:
    """Yield operations that cannot fill columns, and arguments that are not their parameters."""
    for at, name, arguments in _operations(lock):
        if name not in service.operations:
            yield at, _no_operation(service, name)
        elif not service.has_response(name):
            yield at, f"operation {name!r} has no response"
        else:
            parameters = service.parameters(name)
            for argument in arguments:
                if argument not in parameters:
                    yield (*at, "arguments", argument), _no_parameter(service, name, argument)


def _wrong_constants(lock: LockFile, service: BotocoreService) -> Iterator[tuple[KeyPath, str]]:
    """Yield constants that their operation rejects."""
    for binding in lock.bindings:
        at: KeyPath = ("tables", binding.table)
        yield from _rejected(service, binding.operation, binding.constants, (*at, "constants"))
        for enrichment in binding.enrichments:
            name = enrichment.operation
            entry = (*at, "enrichments", name)
            yield from _rejected(service, name, enrichment.constants, (*entry, "constants"))
            each = [(parameter, value) for parameter, found in enrichment.values for value in found]
            yield from _rejected(service, name, each, (*entry, "values"))


def _rejected(
    service: BotocoreService,
    operation: str,
    constants: Iterable[tuple[str, Constant]],
    at: KeyPath,
) -> Iterator[tuple[KeyPath, str]]:
    if operation not in service.operations:
        return  # Reported with the operation.
    for parameter, value in constants:
        entry = (*at, parameter)
        if parameter not in service.parameters(operation):
            yield entry, _no_parameter(service, operation, parameter)
            continue
        for text, accepted in service.rejected_values(operation, parameter, value):
            message = f"operation {operation!r} does not accept {text!r} as {parameter}"
            yield entry, message + did_you_mean(text, accepted)


def _no_operation(service: BotocoreService, operation: str) -> str:
    hint = did_you_mean(operation, service.operations)
    return f"{service.name} has no operation {operation!r}{hint}"


def _no_parameter(service: BotocoreService, operation: str, parameter: str) -> str:
    hint = did_you_mean(parameter, service.parameters(operation))
    return f"operation {operation!r} has no parameter {parameter!r}{hint}"


def _wrong_listings(lock: LockFile, service: BotocoreService) -> Iterator[tuple[KeyPath, str]]:
    """Yield what listings name and botocore does not have.

    A build does not read listings, so their responses are not recorded, and nothing else checks
    them.
    """
    for binding in lock.bindings:
        at: KeyPath = ("tables", binding.table)
        entries: list[KeyPath] = [
            *((*at, "parents", number) for number in range(len(binding.parents))),
            (*at, "listing"),
        ]
        called = [*(listing.operation for listing in binding.listings[1:]), binding.operation]
        for entry, listing, operation in zip(entries, binding.listings, called, strict=False):
            yield from _wrong_listing(service, entry, listing, operation)
        yield from _wrong_parameters(
            service, (*at, "values"), binding.operation, (name for name, _ in binding.values)
        )


def _wrong_listing(
    service: BotocoreService, at: KeyPath, listing: Listing, called: str
) -> Iterator[tuple[KeyPath, str]]:
    """Yield what is wrong with a listing of the arguments of ``called``."""
    if listing.operation not in service.operations:
        yield (*at, "operation"), _no_operation(service, listing.operation)
        return
    try:
        element = service.element_at(listing.operation, listing.path)
    except ValueError as error:
        yield (*at, "path"), str(error)
        return
    if called in service.operations:
        parameters = service.parameters(called)
        members = element.members
        for parameter, member in listing.arguments:
            entry = (*at, "arguments", parameter)
            if parameter not in parameters:
                yield entry, _no_parameter(service, called, parameter)
            if (members is not None) == (member == WHOLE):
                kind = (
                    "structures: name a member" if member == WHOLE else 'no structures: write "@"'
                )
                yield entry, f"{listing.path} of {listing.operation} holds {kind}"
            elif members is not None and member not in members:
                hint = did_you_mean(member, members)
                yield entry, f"{element.name} has no member {member!r}{hint}"
        yield from _wrong_parameters(service, (*at, "shared"), called, listing.shared)
    for number, parameter in enumerate(listing.needs):
        if parameter not in service.parameters(listing.operation):
            message = _no_parameter(service, listing.operation, parameter)
            yield (*at, "needs", number), message


def _wrong_parameters(
    service: BotocoreService, at: KeyPath, operation: str, parameters: Iterable[str]
) -> Iterator[tuple[KeyPath, str]]:
    if operation in service.operations:
        known = service.parameters(operation)
        for parameter in parameters:
            if parameter not in known:
                yield at, _no_parameter(service, operation, parameter)


def _wrong_keys(lock: LockFile, service: BotocoreService) -> Iterator[tuple[KeyPath, str]]:
    """Yield keys of maps that are not in botocore's enumeration of them.

    The record has no keys, so nothing else checks them; other mistakes in the same entries are left
    to `locks.unrecorded`.
    """
    for binding in lock.bindings:
        for at, operation, member in _members_read(binding):
            at_key = map_key(member)
            path = binding.item_path(operation)
            name = operation or binding.operation
            if at_key is None or path is None or name not in service.operations:
                continue
            try:
                item = service.element_at(name, path)
            except ValueError:
                continue  # Reported by `locks.unrecorded`.
            holder, key = at_key
            known = item.enumerated_keys(holder)
            if known and key not in known:
                yield at, f"{item.name}.{holder} has no key {key!r}{did_you_mean(key, known)}"


def _members_read(binding: Binding) -> Iterator[tuple[KeyPath, str | None, str]]:
    """Yield every member that columns and arguments are made from: the key path of the entry, the
    operation (None for the primary one), and the member."""
    at: KeyPath = ("tables", binding.table)
    for column in binding.filled:
        operation = column.operation if isinstance(column, BoundColumn) else None
        for key, member in column.sources:
            yield (*at, "columns", column.column, key), operation, member
    for enrichment in binding.enrichments:
        for parameter, text in enrichment.arguments:
            entry = (*at, "enrichments", enrichment.operation, "arguments", parameter)
            yield from ((entry, None, member) for member in argument_members(text))


# --- how operations are called --------------------------------------------------------------------


def _call_rules(lock: LockFile, service: BotocoreService, scope: Scope) -> Mapping[str, CallRules]:
    """Return what is known about calling the operations of the lock's tables, by operation. What
    botocore does not have is left out; it is reported by `refresh`. ``scope`` is the service's."""
    arguments: dict[str, set[str]] = {}
    for operation, parameters in _calls(lock):
        arguments.setdefault(operation, set()).update(parameters)
    return {
        operation: replace(
            _rules(service, operation, passed, scope),
            optional=optional_members(
                service.name, operation, _documented_sources(lock, service, operation)
            ),
        )
        for operation, passed in sorted(arguments.items())
        if operation in service.operations
    }


def _documented_sources(
    lock: LockFile, service: BotocoreService, operation: str
) -> Mapping[str, str]:
    """Return the members of a listing's items that another operation is called with, with their
    documentation."""
    found: dict[str, str] = {}
    for binding in lock.bindings:
        for listing in binding.listings:
            if listing.operation == operation:
                try:
                    element = service.element_at(operation, listing.path)
                except ValueError:
                    continue  # Reported with the listing.
                found.update(
                    (member, element.documentation(member)) for _, member in listing.arguments
                )
    return found


def _calls(lock: LockFile) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield every operation that is called for a table, with the arguments that differ from call to
    call, and choose what is returned."""
    for binding in lock.bindings:
        passed: list[str] = []
        for listing in binding.listings:
            yield listing.operation, passed
            passed = [*listing.shared, *(parameter for parameter, _ in listing.arguments)]
        if not is_repeated(binding.path):
            # The contact of each type: there may be none of a type.
            passed += [name for name, values in binding.values if values != (ACCOUNT,)]
        yield binding.operation, passed
        for enrichment in binding.enrichments:
            given = (*enrichment.arguments, *enrichment.values)
            yield enrichment.operation, [parameter for parameter, _ in given]


def _rules(
    api: BotocoreService, operation: str, passed: Collection[str], of_service: Scope
) -> CallRules:
    service = api.name
    called = signature(service, operation)
    paginator = paginator_of(service, operation)
    batches = (batch(called, parameter) for parameter in sorted(passed))
    return CallRules(
        pagination=pagination(called, paginator),
        absent=absent_errors(service, operation, called.errors, named=bool(passed)),
        limit=page_size(called, paginator),
        batch=next((found for found in batches if found), None),
        scope=scope(service, operation, of_service),
        owner=owner(service, called),
        actions=actions(service, operation, api.signing_name),
    )
