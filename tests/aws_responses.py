"""Responses of AWS services, made from botocore's models: minimal, full, random.

botocore's own validation accepts them. They are not realistic beyond their shapes, except that ARNs
and accounts are well-formed, that a tag has a key, each key once, and that IAM's policies are JSON,
quoted as they arrive.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from typing import Any, cast
from urllib.parse import quote

from botocore.handlers import json_decode_policies
from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape
from botocore.utils import is_json_value_header
from botocore.validate import ParamValidator
from hypothesis import strategies as st

from schemagen.api_models.botocore import service_model
from schemagen.model.paths import Step, steps

Response = dict[str, Any]

ACCOUNT = "123456789012"
TIME = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=timezone(timedelta(hours=2)))

METADATA = "ResponseMetadata"
"""What botocore adds to every response."""

_POLICY = "policyDocumentType"
_ACCOUNTS = ("accountid", "awsid", "ownerid")
_TAG_KEYS = ("Key", "key", "TagKey", "tagKey")


def minimal(service: str, operation: str, path: str = "@") -> Response:
    """The response with the required members and one item at ``path`` only, and no element where
    none must be."""
    output = output_shape(service, operation)
    response = cast("Response", _value(output, output.name, full=False))
    shape, value = cast("Shape", output), response
    for step in steps(path):
        shape = cast("StructureShape", shape).members[step.member]
        if isinstance(shape, ListShape):
            shape = shape.member
            value[step.member] = value.get(step.member) or [_value(shape, step.member, full=False)]
            value = value[step.member][0]
        elif isinstance(shape, MapShape):
            shape = shape.value
            inside = value.setdefault(step.member, {})
            value = inside.setdefault("key", _value(shape, step.member, full=False))
        else:
            value = value.setdefault(step.member, _value(shape, step.member, full=False))
    return response


def full(service: str, operation: str) -> Response:
    """The response with every member (a union has one), two elements in every list and map, which
    differ. A structure that contains itself ends at the second time."""
    output = output_shape(service, operation)
    return cast("Response", _value(output, output.name, full=True))


def random(service: str, operation: str, path: str = "@") -> st.SearchStrategy[Response]:
    """Responses with any members and any values, and at least one item at ``path``."""
    output = output_shape(service, operation)
    return cast("st.SearchStrategy[Response]", _along(output, output.name, steps(path)))


def output_shape(service: str, operation: str) -> StructureShape:
    """The shape of an operation's response."""
    output = _model(service, operation).output_shape
    assert output is not None, f"{operation} has no response"
    return output


def received(service: str, operation: str, response: Response) -> Response:
    """``response`` as botocore's client hands it out. Raises AssertionError where botocore's own
    validation refuses it."""
    errors = ParamValidator().validate(response, output_shape(service, operation))
    assert not errors.has_errors(), f"{service}'s {operation}: {errors.generate_report()}"
    decoded = deepcopy(response)
    if service == "iam":
        cast("Any", json_decode_policies)(parsed=decoded, model=_model(service, operation))
    decoded[METADATA] = {"RequestId": "1", "HTTPStatusCode": 200, "HTTPHeaders": {}}
    return decoded


def _model(service: str, operation: str) -> OperationModel:
    return service_model(service).operation_model(operation)


# --- one value of each shape ----------------------------------------------------------------------


def _value(
    shape: Shape, name: str, around: tuple[str, ...] = (), number: int = 0, *, full: bool
) -> object:
    """A value of ``shape``, the member ``name``; ``around`` are the structures that it is in,
    ``number`` says which element of the nearest list or map it belongs to."""
    if is_json_value_header(shape):
        return {"json": [number, None]}
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return {"document": [1.5, "text", None]}
        within = (*around, shape.name)
        names = list(shape.members) if full else list(shape.required_members)
        if shape.is_tagged_union:
            names = [list(shape.members)[number % len(shape.members)]]
        return {
            key: _value(shape.members[key], key, within, number, full=full)
            for key in names
            if key in shape.required_members or not _ends(shape.members[key], within)
        }
    if isinstance(shape, ListShape):
        count = 2 if full else 0
        least, most = _limits(shape, "min", "max", 0, count)
        return [
            _value(shape.member, name, around, place, full=full)
            for place in range(max(least, min(count, most)))
        ]
    if isinstance(shape, MapShape):
        keys = ["First.Key", "second_key"] if full else []
        if isinstance(shape.key, StringShape) and shape.key.enum:
            keys = list(shape.key.enum)[: len(keys)]
        least, _ = _limits(shape.key, "min", "max", 0, 0)
        keys = [key.ljust(least, ".") for key in keys]
        return {
            key: _value(shape.value, name, around, place, full=full)
            for place, key in enumerate(keys)
        }
    return _scalar(shape, name, number)


def _ends(shape: Shape, within: tuple[str, ...]) -> bool:
    """True where the value would be a structure that it is already in."""
    if isinstance(shape, ListShape):
        return _ends(shape.member, within)
    if isinstance(shape, MapShape):
        return _ends(shape.value, within)
    return isinstance(shape, StructureShape) and shape.name in within


def _scalar(shape: Shape, name: str, number: int) -> object:
    match shape.type_name:
        case "string" | "character":
            return _text(shape, name, number)
        case "integer" | "long":
            least, most = _limits(shape, "min", "max", 0, 2**31 - 1)
            return max(least, min(most, 7 + number))
        case "float" | "double":
            lowest, highest = _bounds(shape)
            return max(lowest, min(highest, 1.5))
        case "boolean":
            return number == 0
        case "timestamp":
            return TIME + timedelta(days=number)
        case "blob":
            return b"\x00\xff" + name.encode()
        case other:
            raise AssertionError(f"{shape.name} is a {other}")


def _text(shape: Shape, name: str, number: int) -> str:
    if isinstance(shape, StringShape) and shape.enum:
        return shape.enum[number % len(shape.enum)]
    if shape.name == _POLICY:
        return _quoted({"Version": "2012-10-17", "Statement": [{"Sid": name, "Number": number}]})
    least, most = _limits(shape, "min", "max", 0, 10_000)
    if known := _identifier(name, number):
        return known
    return f"{number or ''}{name} é".ljust(least, ".")[:most]


def _identifier(name: str, number: int) -> str | None:
    """The value of a member whose name says that it is an ARN or an account; None where it is not."""
    folded = name.lower()
    if folded.endswith("arn"):
        return f"arn:aws:service:us-east-1:{ACCOUNT}:kind/{name}{number or ''}"
    return ACCOUNT if folded.endswith(_ACCOUNTS) else None


def _quoted(policy: object) -> str:
    return quote(json.dumps(policy))


def _limits(shape: Shape, low: str, high: str, least: int, most: int) -> tuple[int, int]:
    metadata = cast("Mapping[str, Any]", shape.metadata)
    return int(metadata.get(low, least)), int(metadata.get(high, most))


def _bounds(shape: Shape) -> tuple[float, float]:
    """The least and the greatest float."""
    metadata = cast("Mapping[str, Any]", shape.metadata)
    return float(metadata.get("min", 0)), float(metadata.get("max", 2**31))


# --- strategies -----------------------------------------------------------------------------------

_DEPTH = 4
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
_TIMES = st.datetimes(
    datetime(2, 1, 1),
    datetime(9998, 1, 1),
    timezones=st.sampled_from([timezone(timedelta(hours=hours)) for hours in (-12, 0, 14)]),
)
_POLICIES = st.dictionaries(_TEXT, _TEXT | st.integers(), max_size=2).map(_quoted)


def _along(shape: Shape, name: str, way: tuple[Step, ...]) -> st.SearchStrategy[object]:
    """Any value of ``shape`` with at least one item at the end of ``way``."""
    if not way or not isinstance(shape, StructureShape):
        return _strategy(shape, name, _DEPTH)
    first = way[0]
    member = shape.members[first.member]
    inner = member
    if isinstance(member, ListShape):
        inner = member.member
    elif isinstance(member, MapShape):
        inner = member.value
    made = _along(inner, first.member, way[1:])
    if first.mark == "{}":
        made = st.dictionaries(_TEXT, made, min_size=1, max_size=2)
    elif first.each:
        made = st.lists(made, min_size=1, max_size=2)
    return _structure(shape, _DEPTH, {first.member: made})


def _strategy(shape: Shape, name: str, depth: int) -> st.SearchStrategy[object]:
    if is_json_value_header(shape) or (
        isinstance(shape, StructureShape) and shape.is_document_type
    ):
        return st.just({"json": [1, None, "text"]})
    if isinstance(shape, StructureShape):
        return _structure(shape, depth, {})
    if isinstance(shape, ListShape):
        least, _ = _limits(shape, "min", "max", 0, 0)
        unique = _tag_key(shape.member)
        return st.lists(
            _strategy(shape.member, name, depth),
            min_size=least,
            max_size=max(least, 2),
            unique_by=(lambda tag: cast("Response", tag)[unique]) if unique else None,
        )
    if isinstance(shape, MapShape):
        keys = _strategy(shape.key, name, depth).map(str)
        return st.dictionaries(keys, _strategy(shape.value, name, depth), max_size=2)
    return _scalars(shape, name)


def _structure(
    shape: StructureShape, depth: int, given: Mapping[str, st.SearchStrategy[object]]
) -> st.SearchStrategy[Response]:
    """A structure with the members ``given`` and any others; below the depth, with what it needs."""
    always = {*_always(shape), *given}
    inner = {
        key: given[key] if key in given else _strategy(member, key, depth - 1)
        for key, member in shape.members.items()
        if depth > 0 or key in always
    }
    if shape.is_tagged_union:
        return st.one_of([st.fixed_dictionaries({key: made}) for key, made in inner.items()])
    return st.fixed_dictionaries(
        {key: made for key, made in inner.items() if key in always},
        optional={key: made for key, made in inner.items() if key not in always},
    )


def _always(shape: StructureShape) -> Iterable[str]:
    """The members that a value has in any case. The end of the depth leaves a union one, too."""
    if shape.is_tagged_union:
        return list(shape.members)[:1]
    key = _tag_key(shape)
    return {*shape.required_members, *([key] if key else [])}


def _tag_key(shape: Shape) -> str | None:
    """Return the member that is the key of a tag; None if the shape is not a tag."""
    if isinstance(shape, StructureShape) and shape.name.endswith("Tag"):
        return next((name for name in _TAG_KEYS if name in shape.members), None)
    return None


def _scalars(shape: Shape, name: str) -> st.SearchStrategy[object]:
    least, most = _limits(shape, "min", "max", 0, 2**31 - 1)
    match shape.type_name:
        case "string" | "character":
            if identifier := _identifier(name, 0):
                return st.just(identifier)
            if shape.name == _POLICY:
                return _POLICIES
            known = list(shape.enum) if isinstance(shape, StringShape) and shape.enum else []
            plain = _TEXT.map(lambda text: text.ljust(least, "."))
            return st.sampled_from(known) | plain if known else plain
        case "integer" | "long":
            return st.integers(least, most)
        case "float" | "double":
            return st.floats(*_bounds(shape), allow_nan=False)
        case "boolean":
            return st.booleans()
        case "timestamp":
            return _TIMES
        case "blob":
            return st.binary(max_size=4)
        case other:
            raise AssertionError(f"{shape.name} is a {other}")
