"""Responses of AWS services, made from botocore's models: minimal, full, random.

botocore's own Stubber accepts them. They are not realistic beyond their shapes, except for ARNs,
which are well-formed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, cast

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from botocore.utils import is_json_value_header
from hypothesis import strategies as st

from schemagen.binding.snapshot import service_model

Response = dict[str, Any]

ACCOUNT = "123456789012"
TIME = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=timezone(timedelta(hours=2)))


def minimal(service: str, operation: str) -> Response:
    """The response with the required members only, and no element where none must be."""
    output = _output(service, operation)
    return cast("Response", _value(output, output.name, (), full=False))


def full(service: str, operation: str) -> Response:
    """The response with every member, two elements in every list and map. A structure that
    contains itself ends at the second time."""
    output = _output(service, operation)
    return cast("Response", _value(output, output.name, (), full=True))


def random(service: str, operation: str) -> st.SearchStrategy[Response]:
    """Responses with any members and any values."""
    output = _output(service, operation)
    return cast("st.SearchStrategy[Response]", _strategy(output, output.name, 4))


def _output(service: str, operation: str) -> StructureShape:
    output = service_model(service).operation_model(operation).output_shape
    assert output is not None, f"{operation} has no response"
    return output


# --- one value of each shape ----------------------------------------------------------------------


def _value(shape: Shape, name: str, around: tuple[str, ...], *, full: bool) -> object:
    """A value of ``shape``, the member ``name``; ``around`` are the structures that it is in."""
    if is_json_value_header(shape):
        return {"json": [1, None]}
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return {"document": [1.5, "text", None]}
        within = (*around, shape.name)
        members = shape.members if full else {}
        members = {**members, **{key: shape.members[key] for key in shape.required_members}}
        return {
            key: _value(member, key, within, full=full)
            for key, member in members.items()
            if key in shape.required_members or not _ends(member, within)
        }
    if isinstance(shape, ListShape):
        count = 2 if full else 0
        least, most = _limits(shape, "min", "max", 0, count)
        return [
            _value(shape.member, name, around, full=full)
            for _ in range(max(least, min(count, most)))
        ]
    if isinstance(shape, MapShape):
        keys = ["First.Key", "second_key"] if full else []
        if isinstance(shape.key, StringShape) and shape.key.enum:
            keys = list(shape.key.enum)[: len(keys)]
        return {key: _value(shape.value, name, around, full=full) for key in keys}
    return _scalar(shape, name)


def _ends(shape: Shape, within: tuple[str, ...]) -> bool:
    """True where the value would be a structure that it is already in."""
    if isinstance(shape, ListShape):
        return _ends(shape.member, within)
    if isinstance(shape, MapShape):
        return _ends(shape.value, within)
    return isinstance(shape, StructureShape) and shape.name in within


def _scalar(shape: Shape, name: str) -> object:
    match shape.type_name:
        case "string" | "character":
            return _text(shape, name)
        case "integer" | "long":
            least, most = _limits(shape, "min", "max", 0, 2**31 - 1)
            return max(least, min(most, 7))
        case "float" | "double":
            least, most = _limits(shape, "min", "max", 0, 100)
            return float(max(least, min(most, 1))) + (0.5 if most > 1 else 0.0)
        case "boolean":
            return True
        case "timestamp":
            return TIME
        case "blob":
            return b"\x00\xff" + name.encode()
        case other:
            raise AssertionError(f"{shape.name} is a {other}")


def _text(shape: Shape, name: str) -> str:
    if isinstance(shape, StringShape) and shape.enum:
        return shape.enum[0]
    least, most = _limits(shape, "min", "max", 0, 10_000)
    if name.lower().endswith("arn"):
        return f"arn:aws:service:us-east-1:{ACCOUNT}:kind/{name}"
    return f"{name} é".ljust(least, ".")[:most]


def _limits(shape: Shape, low: str, high: str, least: int, most: int) -> tuple[int, int]:
    metadata = cast("Mapping[str, Any]", shape.metadata)
    return int(metadata.get(low, least)), int(metadata.get(high, most))


# --- strategies -----------------------------------------------------------------------------------

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
_TIMES = st.datetimes(
    datetime(2, 1, 1),
    datetime(9998, 1, 1),
    timezones=st.sampled_from([timezone(timedelta(hours=hours)) for hours in (-12, 0, 14)]),
)


def _strategy(shape: Shape, name: str, depth: int) -> st.SearchStrategy[object]:
    if is_json_value_header(shape) or (
        isinstance(shape, StructureShape) and shape.is_document_type
    ):
        return st.just({"json": [1, None, "text"]})
    if isinstance(shape, StructureShape):
        inner = {
            key: _strategy(member, key, depth - 1)
            for key, member in shape.members.items()
            if depth > 0 or key in shape.required_members
        }
        required = {key: inner[key] for key in shape.required_members}
        optional = {key: made for key, made in inner.items() if key not in required}
        return st.fixed_dictionaries(required, optional=optional)
    if isinstance(shape, ListShape):
        least, _ = _limits(shape, "min", "max", 0, 0)
        return st.lists(
            _strategy(shape.member, name, depth), min_size=least, max_size=max(least, 2)
        )
    if isinstance(shape, MapShape):
        keys = _strategy(shape.key, name, depth).map(str)
        return st.dictionaries(keys, _strategy(shape.value, name, depth), max_size=2)
    return _scalars(shape, name)


def _scalars(shape: Shape, name: str) -> st.SearchStrategy[object]:
    least, most = _limits(shape, "min", "max", 0, 2**31 - 1)
    match shape.type_name:
        case "string" | "character":
            if name.lower().endswith("arn"):
                return st.just(_text(shape, name))
            known = list(shape.enum) if isinstance(shape, StringShape) and shape.enum else []
            plain = _TEXT.map(lambda text: text.ljust(least, "."))
            return st.sampled_from(known) | plain if known else plain
        case "integer" | "long":
            return st.integers(least, most)
        case "float" | "double":
            return st.floats(least, most, allow_nan=False)
        case "boolean":
            return st.booleans()
        case "timestamp":
            return _TIMES
        case "blob":
            return st.binary(max_size=4)
        case other:
            raise AssertionError(f"{shape.name} is a {other}")
