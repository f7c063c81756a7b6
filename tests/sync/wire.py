"""AWS's protocols as they are on the wire: requests decoded, errors and answers written, lists cut.

Operations, parameters and shapes come from botocore's models. Bodies of responses are cut where they
are, as JSON or XML, so that the items in them stay as the service wrote them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlencode
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from botocore.loaders import Loader
from botocore.model import ListShape, OperationModel, Shape, StructureShape
from botocore.parsers import create_parser
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model

from schemagen.api_models.botocore import service_model

SERVICES = (
    "account",
    "cloudfront",
    "dynamodb",
    "ec2",
    "ecs",
    "eks",
    "elasticache",
    "elb",
    "elbv2",
    "emr",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "organizations",
    "redshift",
    "route53",
    "s3",
    "sagemaker",
    "secretsmanager",
    "sns",
    "sqs",
    "stepfunctions",
    "sts",
)
"""The services that requests may be for."""

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_LABEL = re.compile(r"\{(\w+)(\+?)\}")


@dataclass(frozen=True)
class Http:
    """A request or a response: ``status`` is 0 in a request, ``target`` "" in a response."""

    headers: Mapping[str, str]
    body: bytes
    status: int = 0
    method: str = ""
    target: str = ""

    def header(self, name: str) -> str:
        """The value of a header, whatever its case, or ""."""
        return next((text for key, text in self.headers.items() if key.lower() == name), "")


@dataclass(frozen=True)
class Request:
    """A request for an operation. ``arguments`` are those of the outermost level, by the names of
    boto3; lists and structures of the query protocols are missing from them."""

    service: str
    operation: str
    region: str
    access_key: str
    arguments: Mapping[str, Any]
    http: Http = field(repr=False)

    @property
    def model(self) -> OperationModel:
        return service_model(self.service).operation_model(self.operation)

    @property
    def protocol(self) -> str:
        return str(service_model(self.service).resolved_protocol)

    def with_arguments(self, **changed: object) -> Http:
        """The request with some scalar parameters set, or left out where they are None."""
        http = self.http
        for name, value in changed.items():
            http = self._with_argument(http, name, value)
        return http

    def _with_argument(self, http: Http, name: str, value: object) -> Http:
        shape = cast("StructureShape", self.model.input_shape).members[name]
        if shape.serialization.get("location") == "querystring":
            path, _, query = http.target.partition("?")
            query = _set(query, str(shape.serialization["name"]), value)
            return _replaced(http, target=f"{path}?{query}" if query else path)
        if self.protocol in ("query", "ec2"):
            return _replaced(
                http,
                body=_set(
                    http.body.decode(), _in_query(shape, name, self.protocol), value
                ).encode(),
            )
        body = json.loads(http.body or b"{}")
        key = shape.serialization.get("name", name)
        body = {other: inner for other, inner in body.items() if other != key}
        if value is not None:
            body[key] = value
        return _replaced(http, body=json.dumps(body).encode())


def decoded(http: Http) -> Request:
    """What a request of botocore is for. Raises ValueError where that cannot be seen."""
    found = _CREDENTIAL.search(http.header("authorization"))
    if found is None:
        raise ValueError(f"{http.method} {http.target}: not signed")
    access_key, region, signing_name = found.groups()
    candidates = [name for name in SERVICES if service_model(name).signing_name == signing_name]
    if not candidates:
        raise ValueError(f"no service in SERVICES signs as {signing_name}")
    form = dict(parse_qsl(http.body.decode(), keep_blank_values=True)) if _is_form(http) else {}
    if "Version" in form:
        candidates = [
            name for name in candidates if service_model(name).api_version == form["Version"]
        ]
    (service,) = candidates
    protocol = service_model(service).resolved_protocol
    if protocol in ("query", "ec2"):
        operation = form["Action"]
        arguments = _arguments(service, operation, form, protocol)
    elif protocol == "json":
        operation = http.header("x-amz-target").rpartition(".")[2]
        arguments = json.loads(http.body or b"{}")
    else:
        operation, arguments = _routed(service, http)
        if protocol == "rest-json" and http.body:
            arguments = {**json.loads(http.body), **arguments}
    return Request(service, operation, region, access_key, arguments, http)


def _is_form(http: Http) -> bool:
    return http.header("content-type").startswith("application/x-www-form-urlencoded")


def _arguments(
    service: str, operation: str, form: Mapping[str, str], protocol: str
) -> dict[str, str]:
    shape = service_model(service).operation_model(operation).input_shape
    members: Mapping[str, Shape] = shape.members if shape else {}
    names = {_in_query(inner, name, protocol): name for name, inner in members.items()}
    return {names[key]: value for key, value in form.items() if key in names}


def _in_query(shape: Shape, name: str, protocol: str) -> str:
    """The name of a parameter in a form."""
    if protocol == "ec2":
        if "queryName" in shape.serialization:
            return str(shape.serialization["queryName"])
        written = str(shape.serialization.get("name", name))
        return written[0].upper() + written[1:]
    return str(shape.serialization.get("name", name))


@dataclass(frozen=True)
class _Route:
    operation: str
    method: str
    path: re.Pattern[str]
    literals: int
    query: Mapping[str, str]


@cache
def _routes(service: str) -> tuple[_Route, ...]:
    """The routes of a service, those with most that is literal first."""
    routes: list[_Route] = []
    model = service_model(service)
    for name in model.operation_names:
        http = cast("Mapping[str, str]", model.operation_model(name).http)
        path, _, query = http["requestUri"].partition("?")
        pattern, end = "", 0
        for label in _LABEL.finditer(path):
            pattern += re.escape(path[end : label.start()])
            pattern += f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})"
            end = label.end()
        pattern += re.escape(path[end:])
        literals = len(_LABEL.sub("", path))
        wanted = dict(parse_qsl(query, keep_blank_values=True))
        routes.append(_Route(name, http["method"], re.compile(f"{pattern}/?"), literals, wanted))
    return tuple(sorted(routes, key=lambda route: (-len(route.query), -route.literals)))


def _routed(service: str, http: Http) -> tuple[str, dict[str, Any]]:
    path, _, query = http.target.partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    for route in _routes(service):
        found = route.path.fullmatch(path)
        if route.method != http.method or found is None or route.query.items() - given.items():
            continue
        shape = service_model(service).operation_model(route.operation).input_shape
        members: Mapping[str, Shape] = shape.members if shape else {}
        places = {
            (inner.serialization.get("location"), inner.serialization.get("name", name)): name
            for name, inner in members.items()
        }
        labels = {key: unquote(text) for key, text in found.groupdict().items()}
        arguments: dict[str, Any] = {}
        for location, values in (("uri", labels), ("querystring", given)):
            for key, value in values.items():
                if (location, key) in places:
                    arguments[places[location, key]] = value
        return route.operation, arguments
    raise ValueError(f"{service} has no operation for {http.method} {http.target}")


def _set(form: str, name: str, value: object) -> str:
    pairs = [pair for pair in parse_qsl(form, keep_blank_values=True) if pair[0] != name]
    if value is not None:
        pairs.append((name, str(value)))
    return urlencode(pairs)


def _replaced(http: Http, *, target: str | None = None, body: bytes | None = None) -> Http:
    return Http(
        http.headers,
        http.body if body is None else body,
        http.status,
        http.method,
        http.target if target is None else target,
    )


# --- answers --------------------------------------------------------------------------------------


def parsed(request: Request, response: Http) -> dict[str, Any]:
    """A response as botocore parses it."""
    raw = {
        "status_code": response.status,
        "headers": _Headers(response.headers),
        "body": response.body,
    }
    parser = create_parser(request.protocol)
    return cast("dict[str, Any]", parser.parse(raw, cast("Any", request.model.output_shape)))


class _Headers(dict[str, str]):
    """Headers whose names have no case."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())


def written(request: Request, response: Mapping[str, Any]) -> Http:
    """A response of an operation, in the form of its protocol."""
    model = get_service_model(request.service).operation_model(request.operation)
    serializer = get_serializer_class(request.service, request.protocol)(
        model, SerializationContext("made")
    )
    made = serializer.serialize(dict(response))
    body = made["body"]
    return Http(
        dict(made["headers"]), body.encode() if isinstance(body, str) else body, made["status_code"]
    )


def error(request: Request, status: int, code: str, message: str) -> Http:
    """An error in the form of the request's protocol."""
    body = {"message": message}
    if request.protocol == "json":
        text = json.dumps({"__type": f"com.amazonaws.{request.service}#{code}", **body})
        return Http({"Content-Type": "application/x-amz-json-1.1"}, text.encode(), status)
    if request.protocol == "rest-json":
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": f"{code}:http://x/"}
        return Http(headers, json.dumps(body).encode(), status)
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if request.protocol == "ec2":
        text = (
            f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>r</RequestID></Response>"
        )
    elif request.service == "s3":
        text = f"<Error>{inner}<RequestId>r</RequestId></Error>"
    else:
        text = f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error><RequestId>r</RequestId></ErrorResponse>"
    return Http({"Content-Type": "text/xml"}, f'<?xml version="1.0"?>{text}'.encode(), status)


# --- pages ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paging:
    """How an operation is paged, as botocore's paginator has it."""

    lists: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    more: str
    limit: str


@cache
def paging(service: str, operation: str) -> Paging | None:
    """How the SDK pages an operation; None if it does not, or not by one token."""
    loader = Loader()
    if service not in loader.list_available_services("paginators-1"):
        return None
    entry = loader.load_service_model(service, "paginators-1")["pagination"].get(operation)
    if entry is None:
        return None
    keys = {
        name: _list(entry.get(name, ())) for name in ("result_key", "input_token", "output_token")
    }
    outputs = tuple(place.split(" || ")[0] for place in keys["output_token"])
    if any("[" in place for place in (*outputs, *keys["result_key"])):
        return None
    return Paging(
        keys["result_key"],
        keys["input_token"],
        outputs,
        entry.get("more_results", ""),
        entry.get("limit_key", ""),
    )


def _list(value: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


class Body:
    """The body of a response, whose lists can be counted and cut and whose tokens can be set."""

    def __init__(self, request: Request, response: Http) -> None:
        self._request = request
        self._response = response
        self._json = request.protocol in ("json", "rest-json")
        self._root: Any = None
        if self._json:
            self._root = json.loads(response.body or b"{}")
        else:
            self._root = ElementTree.fromstring(response.body)  # noqa: S314 - moto's

    def http(self) -> Http:
        """The response with what was changed."""
        body = (
            json.dumps(self._root).encode()
            if self._json
            else b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(self._root)
        )
        checksums = {"x-amz-crc32"}  # of the body that it was
        headers = {
            name: value
            for name, value in self._response.headers.items()
            if name.lower() not in checksums
        }
        return Http(headers, body, self._response.status)

    def count(self, place: str) -> int:
        """How many elements the list at ``place`` has."""
        return len(self._elements(place)[1])

    def cut(self, place: str, start: int, end: int) -> None:
        """Keep some elements of a list."""
        holder, elements = self._elements(place)
        if self._json:
            elements[:] = elements[start:end]
            return
        for number, element in enumerate(elements):
            if not start <= number < end:
                holder.remove(element)

    def extend(self, place: str, other: Body) -> None:
        """Add the elements of the same list of another body."""
        holder, elements = self._elements(place)
        more = other._elements(place)[1]
        if self._json:
            elements.extend(more)
        else:
            holder.extend(more)

    def set(self, place: str, value: object) -> None:
        """Set a scalar, or remove it where ``value`` is None."""
        holder, shape, name = self._holder(place)
        if self._json:
            holder.pop(name, None)
            if value is not None:
                holder[name] = value
            return
        for element in self._children(holder, name):
            holder.remove(element)
        if value is not None:
            text = str(value).lower() if shape.type_name == "boolean" else str(value)
            ElementTree.SubElement(holder, self._namespace(holder) + name).text = text

    def get(self, place: str) -> object:
        """A scalar; None if it is missing."""
        holder, shape, name = self._holder(place)
        if self._json:
            return holder.get(name)
        found = self._children(holder, name)
        if not found:
            return None
        text = found[0].text or ""
        return text == "true" if shape.type_name == "boolean" else text

    def _holder(self, place: str) -> tuple[Any, Shape, str]:
        """What contains a member, the member's shape, and its name on the wire."""
        shape = cast("StructureShape", self._request.model.output_shape)
        holder = self._root
        if not self._json and (wrapper := shape.serialization.get("resultWrapper")):
            (holder,) = self._children(holder, wrapper)
        *outer, last = place.split(".")
        for name in outer:
            inner = shape.members[name]
            holder = self._inside(holder, str(inner.serialization.get("name", name)))
            shape = cast("StructureShape", inner)
        inner = shape.members[last]
        return holder, inner, str(inner.serialization.get("name", last))

    def _inside(self, holder: Any, name: str) -> Any:
        if self._json:
            return holder.setdefault(name, {})
        if self._request.model.output_shape and self._is_payload(name):
            return holder
        found = self._children(holder, name)
        return found[0] if found else ElementTree.SubElement(holder, self._namespace(holder) + name)

    def _is_payload(self, name: str) -> bool:
        shape = cast("StructureShape", self._request.model.output_shape)
        return shape.serialization.get("payload") == name

    def _elements(self, place: str) -> tuple[Any, Any]:
        holder, shape, name = self._holder(place)
        if self._json:
            elements: list[Any] | None = holder.get(name)
            if elements is None:
                elements = holder[name] = list[Any]()
            return holder, elements
        assert isinstance(shape, ListShape), f"{place} is no list"
        if shape.serialization.get("flattened"):
            name = str(shape.member.serialization.get("name", name))
            return holder, self._children(holder, name)
        found = self._inside(holder, name)
        return found, list(found)

    def _children(self, holder: Any, name: str) -> list[Any]:
        return [element for element in holder if element.tag.rpartition("}")[2] == name]

    def _namespace(self, holder: Any) -> str:
        space, brace, _ = str(holder.tag).rpartition("}")
        return space + brace
