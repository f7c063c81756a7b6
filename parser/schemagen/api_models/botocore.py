"""botocore's service models as a source of indexes and of recorded shapes.

This is the only module that imports botocore. The models are read as data: no client is made, and
no credentials are looked for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast

import botocore
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError, UnknownServiceError
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

from schemagen.api_models.calls.scope import Endpoint, Partition, service_scope
from schemagen.api_models.calls.signature import Signature, SignatureMember
from schemagen.api_models.index import (
    ALL_KEYS,
    IndexedItem,
    IndexedMember,
    IndexedParameter,
    ReadOperation,
    ServiceIndex,
    UnknownService,
    documented_arns,
    plain_text,
    words,
)
from schemagen.diagnostics import did_you_mean
from schemagen.lockfile.notation import type_text
from schemagen.lockfile.record import Record
from schemagen.model import shapes as model_shapes
from schemagen.model.bindings import Constant
from schemagen.model.paths import WHOLE, Mark, is_repeated, map_key, steps, wrong_mark
from schemagen.model.shapes import ListOf, MapOf, Scalar, StructureRef
from schemagen.names import ReadVerb, folded, read_verb
from schemagen.runtime.calls import Scope
from schemagen.typetable import BOTOCORE_SCALARS

_INTEGERS = frozenset({"integer", "long"})

_MAX_DEPTH = 3
"""The number of steps that a path to an item has at most. No service nests a resource deeper."""

# Strings that botocore decodes after it has parsed a response, by service and shape: see
# json_decode_policies and json_decode_template_body in botocore/handlers.py.
_DECODED = frozenset({("iam", "policyDocumentType"), ("cloudformation", "TemplateBody")})

# Ids of route53 that are written as paths, by service, structure and member; and the shapes of
# parameters from whose values botocore removes the path: see fix_route53_ids in the same file.
_HOLDING_PATHS = frozenset({("route53", "DelegationSet", "Id"), ("route53", "HostedZone", "Id")})
_TAKING_PATHS = frozenset(
    {("route53", "ChangeId"), ("route53", "DelegationSetId"), ("route53", "ResourceId")}
)


class UnknownShape(ValueError):
    """A service model has a type that the type table does not know."""


class BotocoreModels:
    """The service models of the installed botocore, as `cache.ApiModels`."""

    @property
    def source(self) -> str:
        return botocore.__name__

    @property
    def version(self) -> str:
        return f"botocore-{botocore.__version__}{_user_models(Loader().search_paths)}"

    @property
    def services(self) -> frozenset[str]:
        return frozenset(Loader().list_available_services("service-2"))

    def index(self, service: str) -> ServiceIndex:
        """Build the index of a service. Raises `UnknownService`."""
        return build_index(service)

    def release(self) -> None:
        service_model.cache_clear()
        _paginators.cache_clear()


class _Loader(Loader):
    """Loads one model, with the services found before. botocore's loader caches everything that
    it loads, so each model gets a loader of its own."""

    def list_available_services(self, type_name: str) -> list[str]:
        return _available_services(type_name, tuple(self.search_paths))


@cache
def _available_services(type_name: str, search_paths: tuple[str, ...]) -> list[str]:
    loader = Loader(include_default_search_paths=False)
    loader.search_paths.extend(search_paths)
    return loader.list_available_services(type_name)


@cache
def service_model(service: str) -> ServiceModel:
    """Load botocore's model of a service. Raises `UnknownService`."""
    try:
        return ServiceModel(_Loader().load_service_model(service, "service-2"), service)
    except UnknownServiceError as error:
        raise UnknownService(service) from error


def _user_models(folders: Iterable[str]) -> str:
    """Return a mark for the models that the user has added to botocore's own (~/.aws/models, which
    botocore reads first), or "" if there are none."""
    files = [
        f"{path} {status.st_size} {status.st_mtime_ns}"
        for folder in folders
        if folder != Loader.BUILTIN_DATA_PATH
        for path in sorted(Path(folder).rglob("*.json*"))
        if path.is_file()
        for status in [path.stat()]
    ]
    mark = blake2b("\n".join(files).encode(errors="surrogateescape"), digest_size=6).hexdigest()
    return f"-{mark}" if files else ""


# --- checking what locks and overrides name -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BotocoreElement:
    """The end of a path through a response, as `index.Element`."""

    shape: Shape

    @property
    def name(self) -> str:
        return self.shape.name

    @property
    def members(self) -> Collection[str] | None:
        return self.shape.members if isinstance(self.shape, StructureShape) else None

    def documentation(self, member: str) -> str:
        """Return the documentation of a member, "" for anything else."""
        members = self.shape.members if isinstance(self.shape, StructureShape) else {}
        return members[member].documentation if member in members else ""

    def enumerated_keys(self, member: str) -> tuple[str, ...]:
        """Return the keys of ``member`` if it is a map whose keys are an enumeration, otherwise none."""
        shape = self.shape.members.get(member) if isinstance(self.shape, StructureShape) else None
        return _enumerated_keys(shape) if isinstance(shape, MapShape) else ()


@dataclass(frozen=True, slots=True)
class BotocoreService:
    """All operations of one service, as `index.ServiceApi`. The methods take operations that the
    service has."""

    model: ServiceModel

    @property
    def name(self) -> str:
        return self.model.service_name

    @property
    def signing_name(self) -> str:
        """The name that requests are signed with."""
        return str(self.model.signing_name)

    @property
    def operations(self) -> Collection[str]:
        return self.model.operation_names

    def has_response(self, operation: str) -> bool:
        return self.model.operation_model(operation).output_shape is not None

    def parameters(self, operation: str) -> Collection[str]:
        return self._parameters(operation)

    def required_parameters(self, operation: str) -> tuple[str, ...]:
        shape = self.model.operation_model(operation).input_shape
        return tuple(shape.required_members) if shape else ()

    def rejected_values(
        self, operation: str, parameter: str, value: Constant
    ) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield the texts of a constant that ``parameter``, one of the operation's, rejects, each with
        the values that it accepts, if it is an enumeration."""
        return _rejected(self._parameters(operation)[parameter], value)

    def element_at(self, operation: str, path: str) -> BotocoreElement:
        """Follow ``path`` through the response to a structure, or to what a list or map holds. Raises
        ValueError, with a message for people, if the response has no such path."""
        output = self.model.operation_model(operation).output_shape
        if output is None:
            raise ValueError(f"operation {operation!r} has no response")
        shape: Shape = output
        for step in steps(path):
            if not isinstance(shape, StructureShape) or step.member not in shape.members:
                known = shape.members if isinstance(shape, StructureShape) else ()
                hint = did_you_mean(step.member, known)
                raise ValueError(f"{shape.name} has no member {step.member!r}{hint}")
            name = f"{shape.name}.{step.member}"
            shape = shape.members[step.member]
            shape, mark = _inside(shape)
            if wrong := wrong_mark(step, name, mark):
                raise ValueError(wrong)
        return BotocoreElement(shape)

    def record(self, operations: Iterable[str]) -> Record:
        """Record the outputs of ``operations`` and every structure that they reach. Raises
        `UnknownShape`."""
        outputs: dict[str, str] = {}
        enumerations: dict[str, tuple[str, ...]] = {}
        shapes: dict[str, dict[str, str]] = {}
        waiting: list[StructureShape] = []
        for operation in operations:
            output = self.model.operation_model(operation).output_shape
            if output is not None:
                outputs[operation] = output.name
                waiting.append(output)
        while waiting:
            structure = waiting.pop()
            if structure.name in shapes:
                continue
            members = shapes[structure.name] = {}
            for name, shape in structure.members.items():
                required = "!" if name in structure.required_members else ""
                try:
                    type = type_text(*_shape(self.name, shape, enumerations, waiting))
                except UnknownShape as error:
                    raise UnknownShape(f"{self.name}'s {structure.name}.{name}: {error}") from None
                members[name] = type + required
        return Record(outputs, enumerations, shapes)

    def _parameters(self, operation: str) -> Mapping[str, Shape]:
        shape = self.model.operation_model(operation).input_shape
        return shape.members if shape else {}


def service_api(service: str) -> BotocoreService:
    """Return the operations of a service. Raises `UnknownService`."""
    return BotocoreService(service_model(service))


def _rejected(shape: Shape, value: Constant) -> Iterator[tuple[str, Sequence[str]]]:
    if isinstance(value, str):
        if not isinstance(shape, StringShape):
            yield value, ()
        elif shape.enum and value not in shape.enum:
            yield value, shape.enum
    elif isinstance(shape, ListShape):
        for text in value:
            yield from _rejected(shape.member, text)
    else:
        yield from ((text, ()) for text in value)


# --- shapes ---------------------------------------------------------------------------------------

_DOCUMENT = Scalar(BOTOCORE_SCALARS["document"])
_STRING = Scalar(BOTOCORE_SCALARS["string"])


def _shape(
    service: str,
    shape: Shape,
    enumerations: dict[str, tuple[str, ...]],
    waiting: list[StructureShape],
) -> tuple[model_shapes.Shape, str]:
    """Return ``shape`` in terms of `model.shapes`, with the name of the enumeration that it holds or
    "", and add the enumerations and structures that it names to the collections. Raises
    `UnknownShape`."""
    if (service, shape.name) in _DECODED or is_json_value_header(shape):
        return _DOCUMENT, ""
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return _DOCUMENT, ""
        waiting.append(shape)
        return StructureRef(shape.name), ""
    if isinstance(shape, ListShape):
        element, enumeration = _shape(service, shape.member, enumerations, waiting)
        return ListOf(element), enumeration
    if isinstance(shape, MapShape):
        if BOTOCORE_SCALARS.get(shape.key.type_name) != "string":
            raise UnknownShape(f"the keys of {shape.name} are not strings")
        value, enumeration = _shape(service, shape.value, enumerations, waiting)
        return MapOf(value), enumeration
    if isinstance(shape, StringShape) and shape.enum:
        enumerations[shape.name] = tuple(shape.enum)
        return _STRING, shape.name
    if shape.type_name not in BOTOCORE_SCALARS:
        raise UnknownShape(f"unknown botocore type {shape.type_name!r}")
    return Scalar(BOTOCORE_SCALARS[shape.type_name]), ""


# --- building an index ----------------------------------------------------------------------------


def build_index(service: str) -> ServiceIndex:
    """Build the index of a service from botocore's model. Raises `UnknownService`."""
    model = service_model(service)
    collected_paths = _collected_paths(service)
    operations: dict[str, ReadOperation] = {}
    items: list[IndexedItem] = []
    string_lists: list[IndexedItem] = []
    structures: dict[str, tuple[IndexedMember, ...]] = {}
    for name in model.operation_names:
        verb = read_verb(name)
        if verb is None:
            continue
        operation = model.operation_model(name)
        output = operation.output_shape
        if output is None or operation.deprecated:
            continue
        operations[name] = _read_operation(service, operation, verb, collected_paths.get(name, ()))
        for path, structure in _structures(output):
            items.append(IndexedItem(name, path, structure.name))
            string_lists += [
                IndexedItem(name, found, "") for found in _string_lists(path, structure)
            ]
            if structure.name not in structures:
                members = tuple(_members(service, structure))
                structures[structure.name] = (*members, *_map_values(structure, members))
    return ServiceIndex(
        service, _aliases(model.metadata), operations, tuple(items), structures, tuple(string_lists)
    )


def _aliases(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """List other names of a service: "sfn" is stepfunctions, "elasticmapreduce" is emr."""
    keys = ("serviceId", "endpointPrefix", "signingName", "serviceAbbreviation")
    return tuple(sorted({folded(str(metadata[key])) for key in keys if key in metadata}))


def _collected_paths(service: str) -> Mapping[str, tuple[str, ...]]:
    """Return the paths that the paginators of a service collect, by operation."""
    found: dict[str, tuple[str, ...]] = {}
    for name, page in _paginators(service).items():
        keys: str | list[str] = page.get("result_key", [])
        found[name] = (keys,) if isinstance(keys, str) else tuple(keys)
    return found


@cache
def _paginators(service: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the entries of a service in botocore's file of paginators, by operation."""
    if service not in _paginated_services():
        return {}
    document = _Loader().load_service_model(service, "paginators-1")
    return cast("Mapping[str, Mapping[str, Any]]", document["pagination"])


@cache
def _paginated_services() -> frozenset[str]:
    return frozenset(Loader().list_available_services("paginators-1"))


def _read_operation(
    service: str, operation: OperationModel, verb: ReadVerb, collected_paths: tuple[str, ...]
) -> ReadOperation:
    shape = operation.input_shape
    members = shape.members if shape else {}
    noun = operation.name.removeprefix(verb.name)
    in_messages = shape.required_members if shape and "Tag" in noun else ()
    return ReadOperation(
        operation.name,
        verb,
        noun,
        tuple(shape.required_members) if shape else (),
        {
            name: _parameter(service, member, in_messages=name in in_messages)
            for name, member in members.items()
            if member.type_name in ("string", "list")
        },
        collected_paths,
        {
            name: words(member.documentation)
            for name, member in members.items()
            if member.type_name in _INTEGERS
        },
    )


def _parameter(service: str, shape: Shape, *, in_messages: bool) -> IndexedParameter:
    element, mark = _element(shape)
    values = tuple(element.enum) if isinstance(element, StringShape) else ()
    return IndexedParameter(
        words(shape.documentation),
        is_list=bool(mark),
        values=values,
        enumeration=shape.name if values and not mark else "",
        takes_path=(service, shape.name) in _TAKING_PATHS,
        pattern=str(element.metadata.get("pattern", "")),
        text=plain_text(shape.documentation) if in_messages else "",
    )


def _structures(output: StructureShape) -> Iterator[tuple[str, StructureShape]]:
    """Yield the structures of a response with their paths, nearest first, and each only once. Those
    that only maps hold are the last."""
    seen = {output.name}
    level: list[tuple[str, StructureShape]] = [(WHOLE, output)]
    found: list[tuple[str, StructureShape]] = []
    for _ in range(_MAX_DEPTH + 1):
        found += level
        below: list[tuple[str, StructureShape]] = []
        for path, structure in level:
            for name, shape in structure.members.items():
                inner, mark = _element(shape)
                if isinstance(inner, StructureShape) and inner.name not in seen:
                    seen.add(inner.name)
                    below.append((_joined(path, f"{name}{mark}"), inner))
        level = below
    yield from found
    for path, structure in found:
        for name, shape in structure.members.items():
            inner, mark = _inside(shape)
            if isinstance(inner, StructureShape) and inner.name not in seen:
                seen.add(inner.name)
                yield _joined(path, f"{name}{mark}"), inner


def _joined(path: str, step: str) -> str:
    """Append a step to a path."""
    return step if path == WHOLE else f"{path}.{step}"


def _inside(shape: Shape) -> tuple[Shape, Mark]:
    """Return what a list or map holds, or any other shape itself, and the mark of the step into it,
    see `model.paths`."""
    if isinstance(shape, MapShape):
        return shape.value, "{}"
    return (shape.member, "[]") if isinstance(shape, ListShape) else (shape, "")


def _element(shape: Shape) -> tuple[Shape, str]:
    """Return what a list holds with "[]", and any other shape itself with ""."""
    return (shape.member, "[]") if isinstance(shape, ListShape) else (shape, "")


def _string_lists(path: str, structure: StructureShape) -> Iterator[str]:
    """Yield the paths to lists of strings in a structure, unless it is in a list itself."""
    for name, shape in structure.members.items():
        inner, mark = _element(shape)
        if mark and not is_repeated(path) and isinstance(inner, StringShape):
            yield _joined(path, f"{name}[]")


def _members(service: str, structure: StructureShape) -> Iterator[IndexedMember]:
    for name, shape in structure.members.items():
        try:
            found, enumeration = _shape(service, shape, {}, [])
        except UnknownShape:
            # A table that needs the member cannot be bound; recording reports it by name.
            continue
        holds_path = (service, structure.name, name) in _HOLDING_PATHS
        yield IndexedMember(
            name,
            found,
            words(shape.documentation),
            enumeration,
            holds_path,
            str(shape.metadata.get("pattern", "")),
            documented_arns(shape.documentation) if folded(name).endswith("arn") else (),
        )


# --- maps whose keys are known --------------------------------------------------------------------

_LIST_ITEM = re.compile(
    r"<(?P<tag>ul|/ul|ol|/ol)>|<li>\s*(?:<p>\s*)?<code>(?P<key>[^<>]+)</code>"
    r"\s*(?:[\u2013\u2014:-]\s*)?(?P<text>.*?)(?=<li>|</li>|<ul>|<ol>|$)",
    re.DOTALL,
)


def _map_values(
    structure: StructureShape, members: Iterable[IndexedMember]
) -> Iterator[IndexedMember]:
    """Yield the values at the known keys of the members that are maps.

    Keys are known from an enumeration, or, for maps of strings, from the lists in the
    documentation; in the documentation of other maps, lists describe parts of the values. A key
    with the name and type of a member, or of another map's key, is left out because a column of that
    name could mean either.
    """
    members = tuple(members)
    found: list[IndexedMember] = []
    for member in members:
        shape = structure.members[member.name]
        if isinstance(shape, MapShape) and isinstance(member.shape, MapOf):
            value = member.shape.value
            documented = _documented_keys(shape.documentation)
            keys = _enumerated_keys(shape) or (
                tuple(documented) if value == _STRING and not member.enumeration else ()
            )
            for key in keys:
                name = f"{member.name}[{key}]"
                if key != ALL_KEYS and map_key(name):
                    text = words(documented.get(key, ""))
                    found.append(IndexedMember(name, value, text, member.enumeration))
    occurrences = Counter((member.folded_name, member.shape) for member in (*members, *found))
    yield from (member for member in found if occurrences[member.folded_name, member.shape] == 1)


def _enumerated_keys(shape: MapShape) -> tuple[str, ...]:
    return tuple(shape.key.enum) if isinstance(shape.key, StringShape) else ()


def _documented_keys(documentation: str) -> Mapping[str, str]:
    """Return the keys that lists in documentation describe, with their descriptions, such as
    ``<li><p><code>Owner</code> – The account …``. Inner lists do not count."""
    found: dict[str, str] = {}
    depth = 0
    for item in _LIST_ITEM.finditer(documentation):
        if item["tag"]:
            depth += -1 if item["tag"].startswith("/") else 1
        elif depth == 1:
            found.setdefault(item["key"].strip(), item["text"])
    return found


# --- calling --------------------------------------------------------------------------------------


def signature(service: str, operation: str) -> Signature:
    """Return how an operation of ``service`` is called. Raises `UnknownService`."""
    model = service_model(service).operation_model(operation)
    inputs, outputs = model.input_shape, model.output_shape
    return Signature(
        operation,
        _signature_members(inputs) if inputs else {},
        tuple(inputs.required_members) if inputs else (),
        _signature_members(outputs, nested=True) if outputs else {},
        tuple(sorted({_error_code(error) for error in model.error_shapes})),
        model.documentation,
    )


def paginator_of(service: str, operation: str) -> Mapping[str, Any] | None:
    """Return the entry of an operation in botocore's file of paginators, if it has one."""
    return _paginators(service).get(operation)


def scope_of_service(service: str) -> Scope:
    """Return what part of an account the operations of ``service`` cover, by its endpoint rules."""
    loader = _Loader()
    rules = loader.load_service_model(service, "endpoint-rule-set-1")
    data = loader.load_data("partitions")
    partitions = [
        Partition(
            partition["id"],
            tuple(name for name in partition["regions"] if not name.endswith("-global")),
            partition["outputs"]["implicitGlobalRegion"],
        )
        for partition in data["partitions"]
    ]
    provider = EndpointProvider(rules, data)

    def endpoint(region: str) -> Endpoint | None:
        known = {"Region": region, "UseFIPS": False, "UseDualStack": False}
        given = {name: value for name, value in known.items() if name in rules["parameters"]}
        try:
            found = provider.resolve_endpoint(**given)
        except EndpointProviderError:
            return None  # The rules need more than the region, such as a bucket.
        schemes: list[dict[str, Any]] = found.properties.get("authSchemes", [])
        regions = [scheme["signingRegion"] for scheme in schemes if "signingRegion" in scheme]
        return Endpoint(found.url, next(iter(regions), ""))

    return service_scope(partitions, endpoint)


def _signature_members(
    structure: StructureShape, *, nested: bool = False
) -> Mapping[str, SignatureMember]:
    return {name: _signature_member(shape, nested) for name, shape in structure.members.items()}


def _signature_member(shape: Shape, nested: bool) -> SignatureMember:
    element, mark = _element(shape)
    maximum = shape.metadata.get("max")
    inner = nested and isinstance(shape, StructureShape)
    return SignatureMember(
        shape.type_name,
        element.type_name if mark else "",
        int(maximum) if maximum is not None and shape.type_name != "string" else None,
        tuple(element.enum) if isinstance(element, StringShape) else (),
        shape.documentation,
        _signature_members(shape) if inner and isinstance(shape, StructureShape) else {},
    )


def _error_code(error: Shape) -> str:
    """Return the code that a response has for an error."""
    return str(error.metadata.get("error", {}).get("code") or error.name)
