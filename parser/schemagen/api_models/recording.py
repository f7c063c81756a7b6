"""What botocore's service models say of responses, recorded for the lock.

The models are read as data; no client is made and no credentials are looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    ServiceModel,
    Shape,
    StringShape,
    StructureShape,
)
from botocore.utils import is_json_value_header

from schemagen.diagnostics import ProblemsFound, did_you_mean
from schemagen.lockfile import lock as locks
from schemagen.lockfile.lock import LockFile
from schemagen.lockfile.notation import argument_members
from schemagen.lockfile.record import Record
from schemagen.model.bindings import Binding, BoundColumn, Constant
from schemagen.model.paths import WHOLE, map_key, steps
from schemagen.settings.positions import KeyPath
from schemagen.typetable import BOTOCORE_SCALARS

# Strings that botocore decodes after it has parsed a response, by service and shape: see
# json_decode_policies and json_decode_template_body in botocore/handlers.py.
_DECODED = frozenset({("iam", "policyDocumentType"), ("cloudformation", "TemplateBody")})


_AGAIN = "run `schemagen bind --again`"


class UnknownShape(ValueError):
    """A service model types something in a way that the type table does not know."""


def refresh(lock: LockFile) -> LockFile:
    """``lock`` with its record taken anew from the installed botocore, bindings verified.

    Raises `ProblemsFound` with every SG402: a service, operation, argument, path or member that
    botocore does not have, or a type of botocore's that the type table does not know.
    """
    try:
        model = service_model(lock.service_name)
    except UnknownServiceError as error:
        message = f"botocore has no service {lock.service_name!r}"
        raise ProblemsFound(locks.problems(lock, [(("service",), message)], _AGAIN)) from error
    found = [
        *_wrong_operations(lock, model),
        *_wrong_constants(lock, model),
        *_wrong_listings(lock, model),
        *_wrong_keys(lock, model),
    ]
    names = {name for _, name, _ in _operations(lock)}.intersection(model.operation_names)
    try:
        operations = [model.operation_model(name) for name in sorted(names)]
        recorded = replace(lock, record=record(lock.service_name, operations))
    except UnknownShape as error:
        raise ProblemsFound(locks.problems(lock, [(("service",), str(error))])) from error
    # What has been said of an operation need not be said again because it is not recorded.
    said = {at for at, _ in found}
    found += [(at, message) for at, message in locks.unknown(recorded) if at not in said]
    if found:
        raise ProblemsFound(locks.problems(lock, found, _AGAIN))
    return replace(recorded, text=locks.write(recorded))


@cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of a service. Raises `UnknownServiceError`."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def record(service: str, operations: Iterable[OperationModel]) -> Record:
    """The outputs of ``operations`` and every structure that they reach. Raises `UnknownShape`."""
    outputs: dict[str, str] = {}
    enumerations: dict[str, tuple[str, ...]] = {}
    shapes: dict[str, dict[str, str]] = {}
    waiting: list[StructureShape] = []
    for operation in operations:
        output = operation.output_shape
        if output is not None:
            outputs[operation.name] = output.name
            waiting.append(output)
    while waiting:
        structure = waiting.pop()
        if structure.name in shapes:
            continue
        members = shapes[structure.name] = {}
        for name, shape in structure.members.items():
            required = "!" if name in structure.required_members else ""
            try:
                members[name] = notation(service, shape, enumerations, waiting) + required
            except UnknownShape as error:
                raise UnknownShape(f"{service}'s {structure.name}.{name}: {error}") from None
    return Record(outputs, enumerations, shapes)


def _operations(lock: LockFile) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    """Path of the entry, name, and arguments of every operation that fills columns."""
    for binding in lock.bindings:
        at: KeyPath = ("tables", binding.table)
        yield (*at, "operation"), binding.operation, ()
        for enrichments in binding.enrichments:
            arguments = tuple(parameter for parameter, _ in enrichments.arguments)
            yield (*at, "auxiliary", enrichments.operation), enrichments.operation, arguments


def _wrong_operations(lock: LockFile, model: ServiceModel) -> Iterator[tuple[KeyPath, str]]:
    """The operations that cannot fill columns, and arguments that they do not take."""
    for at, name, arguments in _operations(lock):
        if name not in model.operation_names:
            yield at, f"botocore's {lock.service_name} has no operation {name!r}"
        elif model.operation_model(name).output_shape is None:
            yield at, f"operation {name!r} has no response"
        else:
            inputs = parameters(model, name)
            for argument in arguments:
                if argument not in inputs:
                    place = (*at, "arguments", argument)
                    yield place, f"operation {name!r} has no parameter {argument!r}"


def _wrong_constants(lock: LockFile, model: ServiceModel) -> Iterator[tuple[KeyPath, str]]:
    """The constants that their operation does not take."""
    for binding in lock.bindings:
        at: KeyPath = ("tables", binding.table)
        yield from _refused(model, binding.operation, binding.constants, at)
        for enrichments in binding.enrichments:
            name = enrichments.operation
            yield from _refused(model, name, enrichments.constants, (*at, "auxiliary", name))


def _refused(
    model: ServiceModel, operation: str, constants: Iterable[tuple[str, Constant]], at: KeyPath
) -> Iterator[tuple[KeyPath, str]]:
    if operation not in model.operation_names:
        return  # Reported with the operation.
    inputs = parameters(model, operation)
    for parameter, value in constants:
        place = (*at, "constants", parameter)
        shape = inputs.get(parameter)
        if shape is None:
            yield place, f"operation {operation!r} has no parameter {parameter!r}"
            continue
        for one in _not_taken(shape, value):
            yield place, f"operation {operation!r} takes no {one!r} as {parameter}"


def _not_taken(shape: Shape, value: Constant) -> Iterator[str]:
    """Those texts of a constant that a parameter of ``shape`` does not take."""
    if isinstance(value, str):
        if not isinstance(shape, StringShape) or (shape.enum and value not in shape.enum):
            yield value
    elif isinstance(shape, ListShape):
        for one in value:
            yield from _not_taken(shape.member, one)
    else:
        yield from value


def _wrong_listings(lock: LockFile, model: ServiceModel) -> Iterator[tuple[KeyPath, str]]:
    """What the listings name and botocore does not have. A build makes nothing of them, so their
    responses are not recorded, and this is the only place that looks."""
    for binding in lock.bindings:
        listing = binding.listing
        if listing is None:
            continue
        at: KeyPath = ("tables", binding.table, "listing")
        if listing.operation not in model.operation_names:
            message = f"botocore's {lock.service_name} has no operation {listing.operation!r}"
            yield (*at, "operation"), message
            continue
        try:
            element = element_at(model, listing.operation, listing.path)
        except ValueError as error:
            yield (*at, "path"), str(error)
            continue
        if binding.operation in model.operation_names:
            inputs = parameters(model, binding.operation)
            for parameter, member in listing.arguments:
                if parameter not in inputs:
                    message = f"operation {binding.operation!r} has no parameter {parameter!r}"
                    yield (*at, "arguments", parameter), message
                if isinstance(element, StructureShape) == (member == WHOLE):
                    kind = "structures" if member == WHOLE else "no structures"
                    message = f"{listing.path} of {listing.operation} holds {kind}"
                    yield (*at, "arguments", parameter), message
                elif isinstance(element, StructureShape) and member not in element.members:
                    message = f"{element.name} has no member {member!r}"
                    yield (*at, "arguments", parameter), message
        for index, parameter in enumerate(listing.needs):
            if parameter not in parameters(model, listing.operation):
                message = f"operation {listing.operation!r} has no parameter {parameter!r}"
                yield (*at, "needs", index), message


def _wrong_keys(lock: LockFile, model: ServiceModel) -> Iterator[tuple[KeyPath, str]]:
    """The keys of maps that botocore enumerates otherwise. The record has no keys, so this is the
    only place that looks; what has other mistakes is left to `locks.unknown`."""
    for binding in lock.bindings:
        for at, operation, member in _read(binding):
            at_key = map_key(member)
            path = binding.item_path(operation)
            name = operation or binding.operation
            if at_key is None or path is None or name not in model.operation_names:
                continue
            try:
                item = element_at(model, name, path)
            except ValueError:
                continue
            holder, key = at_key
            shape = item.members.get(holder) if isinstance(item, StructureShape) else None
            known = enumerated_keys(shape) if isinstance(shape, MapShape) else ()
            if known and key not in known:
                yield at, f"{item.name}.{holder} has no key {key!r}{did_you_mean(key, known)}"


def _read(binding: Binding) -> Iterator[tuple[KeyPath, str | None, str]]:
    """Path of the entry, operation, and member of all that columns and arguments are made of."""
    at: KeyPath = ("tables", binding.table)
    for column in binding.filled:
        operation = column.operation if isinstance(column, BoundColumn) else None
        yield (*at, "columns", column.column, "member"), operation, column.member
    for one in binding.enrichments:
        for parameter, text in one.arguments:
            place = (*at, "auxiliary", one.operation, "arguments", parameter)
            yield from ((place, None, member) for member in argument_members(text))


def enumerated_keys(shape: MapShape) -> tuple[str, ...]:
    """The keys of a map, where they are an enumeration; none where they are any string."""
    return tuple(shape.key.enum) if isinstance(shape.key, StringShape) else ()


def parameters(model: ServiceModel, operation: str) -> Mapping[str, Shape]:
    """The parameters of an operation that the service has."""
    shape = model.operation_model(operation).input_shape
    return shape.members if shape else {}


def required(model: ServiceModel, operation: str) -> tuple[str, ...]:
    """The parameters that an operation that the service has cannot be called without."""
    shape = model.operation_model(operation).input_shape
    return tuple(shape.required_members) if shape else ()


def element_at(model: ServiceModel, operation: str, path: str) -> Shape:
    """What ``path`` leads to in the response of an operation that the service has: a structure, or
    what a list holds. Raises ValueError, with a message for people, where it leads nowhere."""
    output = model.operation_model(operation).output_shape
    if output is None:
        raise ValueError(f"operation {operation!r} has no response")
    shape: Shape = output
    for step in steps(path):
        if not isinstance(shape, StructureShape) or step.member not in shape.members:
            raise ValueError(f"{shape.name} has no member {step.member!r}")
        shape = shape.members[step.member]
        if isinstance(shape, ListShape) != step.each:
            reason = "is a list: write []" if not step.each else "is no list: leave out the []"
            raise ValueError(f"{step.member!r} {reason}")
        if isinstance(shape, ListShape):
            shape = shape.member
    return shape


def notation(
    service: str,
    shape: Shape,
    enumerations: dict[str, tuple[str, ...]],
    waiting: list[StructureShape],
) -> str:
    """``shape`` as `binding.notation` writes it; what it names is added to the collections."""
    if (service, shape.name) in _DECODED or is_json_value_header(shape):
        return BOTOCORE_SCALARS["document"]
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return BOTOCORE_SCALARS["document"]
        waiting.append(shape)
        return f"#{shape.name}"
    if isinstance(shape, ListShape):
        return f"list<{notation(service, shape.member, enumerations, waiting)}>"
    if isinstance(shape, MapShape):
        if BOTOCORE_SCALARS.get(shape.key.type_name) != "string":
            raise UnknownShape(f"the keys of {shape.name} are no strings")
        return f"map<{notation(service, shape.value, enumerations, waiting)}>"
    if isinstance(shape, StringShape) and shape.enum:
        enumerations[shape.name] = tuple(shape.enum)
        return f"${shape.name}"
    if shape.type_name not in BOTOCORE_SCALARS:
        raise UnknownShape(f"unknown botocore type {shape.type_name!r}")
    return BOTOCORE_SCALARS[shape.type_name]
