"""Record what a lock needs of an API's models, and check what the lock names against them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from schemagen.api_models.botocore import BotocoreService, UnknownShape, service_api
from schemagen.api_models.index import UnknownService
from schemagen.diagnostics import ProblemsFound, did_you_mean
from schemagen.lockfile import lock as locks
from schemagen.lockfile.lock import LockFile
from schemagen.lockfile.notation import argument_members
from schemagen.model.bindings import Binding, BoundColumn, Constant
from schemagen.model.paths import WHOLE, map_key
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
    try:
        recorded = replace(lock, record=service.record(sorted(names)))
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
            yield (*at, "auxiliary", enrichment.operation), enrichment.operation, arguments


def _wrong_operations(lock: LockFile, service: BotocoreService) -> Iterator[tuple[KeyPath, str]]:
    """Yield operations that cannot fill columns, and arguments that are not their parameters."""
    for at, name, arguments in _operations(lock):
        if name not in service.operations:
            yield at, f"botocore's {lock.service_name} has no operation {name!r}"
        elif not service.has_response(name):
            yield at, f"operation {name!r} has no response"
        else:
            parameters = service.parameters(name)
            for argument in arguments:
                if argument not in parameters:
                    entry = (*at, "arguments", argument)
                    yield entry, f"operation {name!r} has no parameter {argument!r}"


def _wrong_constants(lock: LockFile, service: BotocoreService) -> Iterator[tuple[KeyPath, str]]:
    """Yield constants that their operation rejects."""
    for binding in lock.bindings:
        at: KeyPath = ("tables", binding.table)
        yield from _rejected(service, binding.operation, binding.constants, at)
        for enrichment in binding.enrichments:
            name = enrichment.operation
            yield from _rejected(service, name, enrichment.constants, (*at, "auxiliary", name))


def _rejected(
    service: BotocoreService,
    operation: str,
    constants: Iterable[tuple[str, Constant]],
    at: KeyPath,
) -> Iterator[tuple[KeyPath, str]]:
    if operation not in service.operations:
        return  # Reported with the operation.
    for parameter, value in constants:
        entry = (*at, "constants", parameter)
        if parameter not in service.parameters(operation):
            yield entry, f"operation {operation!r} has no parameter {parameter!r}"
            continue
        for text in service.rejected_values(operation, parameter, value):
            yield entry, f"operation {operation!r} does not accept {text!r} as {parameter}"


def _wrong_listings(lock: LockFile, service: BotocoreService) -> Iterator[tuple[KeyPath, str]]:
    """Yield what listings name and botocore does not have.

    A build does not read listings, so their responses are not recorded, and nothing else checks
    them.
    """
    for binding in lock.bindings:
        listing = binding.listing
        if listing is None:
            continue
        at: KeyPath = ("tables", binding.table, "listing")
        if listing.operation not in service.operations:
            message = f"botocore's {lock.service_name} has no operation {listing.operation!r}"
            yield (*at, "operation"), message
            continue
        try:
            element = service.element_at(listing.operation, listing.path)
        except ValueError as error:
            yield (*at, "path"), str(error)
            continue
        if binding.operation in service.operations:
            parameters = service.parameters(binding.operation)
            members = element.members
            for parameter, member in listing.arguments:
                if parameter not in parameters:
                    message = f"operation {binding.operation!r} has no parameter {parameter!r}"
                    yield (*at, "arguments", parameter), message
                if (members is not None) == (member == WHOLE):
                    kind = (
                        "structures: name a member"
                        if member == WHOLE
                        else 'no structures: write "@"'
                    )
                    message = f"{listing.path} of {listing.operation} holds {kind}"
                    yield (*at, "arguments", parameter), message
                elif members is not None and member not in members:
                    message = f"{element.name} has no member {member!r}"
                    yield (*at, "arguments", parameter), message
        for number, parameter in enumerate(listing.needs):
            if parameter not in service.parameters(listing.operation):
                message = f"operation {listing.operation!r} has no parameter {parameter!r}"
                yield (*at, "needs", number), message


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
        yield (*at, "columns", column.column, "member"), operation, column.member
    for enrichment in binding.enrichments:
        for parameter, text in enrichment.arguments:
            entry = (*at, "auxiliary", enrichment.operation, "arguments", parameter)
            yield from ((entry, None, member) for member in argument_members(text))
