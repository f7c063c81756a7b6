"""What rows must be, worked out a second time: from botocore's shapes, where mappers are made from
the lock's record. It is slow, general code, as mappers are not.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.utils import is_json_value_header

from aws_responses import METADATA, Response, output_shape
from schemagen.model.bindings import Binding, BoundColumn, DerivedColumn, Enrichment
from schemagen.model.pages import KEY
from schemagen.model.paths import WHOLE, steps
from schemagen.runtime.convert import snake_case

Row = dict[str, Any]

_TAGS = {"Key": "Value", "key": "value", "TagKey": "TagValue", "tagKey": "tagValue"}


@dataclass(frozen=True)
class Answers:
    """What a service answers: the primary operation, and the other ones by their names."""

    primary: Response
    others: Mapping[str, Response]


def rows(
    binding: Binding,
    types: Mapping[str, str],
    answers: Answers,
    keys: Iterator[str] | None,
    place: Mapping[str, str],
) -> list[Row]:
    """The rows that ``answers`` make. ``types`` are the columns' DDSQL types, ``keys`` the keys
    that the caller gives to the items, if any, ``place`` is where the caller says that they are."""
    return [
        row_of(binding, types, item, answers, None if keys is None else next(keys), place)
        for item in items(answers.primary, binding.path)
    ]


def row_of(
    binding: Binding,
    types: Mapping[str, str],
    item: Response,
    answers: Answers,
    key: str | None,
    place: Mapping[str, str],
) -> Row:
    """The row of one item of the primary response."""
    enrichments = {enrichment.operation: enrichment for enrichment in binding.enrichments}
    bound = {column.column: column for column in binding.columns}
    derived = {column.column: column for column in binding.derived}
    row: Row = {}
    for name, type in types.items():
        if name == KEY and key is not None:
            row[name] = key
        elif name in bound:
            row[name] = _bound(binding, bound[name], enrichments, type, item, answers)
        elif name in derived:
            row[name] = derive(derived[name], item, place)
        else:
            row[name] = None
    return row


def items(response: Response, path: str) -> list[Any]:
    """What ``path`` leads to in ``response``."""
    found: list[Any] = [response]
    for step in steps(path):
        inside = [container[step.member] for container in found if step.member in container]
        if step.mark == "{}":
            inside = [list(value.values()) for value in inside]
        found = [item for value in inside for item in value] if step.each else inside
    return found


def shape_at(service: str, operation: str, path: str) -> StructureShape:
    """The shape of what ``path`` leads to in an operation's response."""
    shape = output_shape(service, operation)
    for step in steps(path):
        member = shape.members[step.member]
        inner = member
        if isinstance(member, ListShape):
            inner = member.member
        elif isinstance(member, MapShape):
            inner = member.value
        assert isinstance(inner, StructureShape)
        shape = inner
    return shape


def is_structure(shape: Shape | None) -> bool:
    """True where a shape's members are known by name."""
    return (
        isinstance(shape, StructureShape)
        and not shape.is_document_type
        and not is_json_value_header(shape)
    )


# --- columns --------------------------------------------------------------------------------------


def _bound(
    binding: Binding,
    column: BoundColumn,
    enrichments: Mapping[str, Enrichment],
    type: str,
    item: Response,
    answers: Answers,
) -> object:
    operation, path = binding.operation, binding.path
    if column.operation is not None:
        operation, path = column.operation, enrichments[column.operation].path
        # Members beside or above the item come from the primary response, without another call.
        response = (
            answers.primary if operation == binding.operation else answers.others.get(operation)
        )
        if response is None:
            return None
        if (operation, path) != (binding.operation, binding.path):
            found = items(response, path)
            if not found:
                return None
            (item,) = found
    shape = shape_at(binding.service, operation, path)
    if column.member == WHOLE:
        there = {name: value for name, value in item.items() if name != METADATA}
        return _cell(type, shape, there)
    if column.member not in item:
        # A response without tags means that the resource has none.
        return {} if type == "hstore_csv" and column.operation is not None else None
    return _cell(type, shape.members[column.member], item[column.member])


def derive(column: DerivedColumn, item: Response, place: Mapping[str, str]) -> str | None:
    """The value of a derived column."""
    arn: str | None = item.get(column.member)
    match column.rule:
        case "arn":
            return arn
        case "account_from_arn":
            return None if arn is None else arn.split(":")[4] or None
        case "account_given":
            return place["account_id"]
        case "argument_given":
            return place.get(column.parameters[0])
        case "arn_format":
            if column.member and arn is None:
                return None
            here = [place["partition"], place["region"], place["account_id"]]
            if arn is not None:
                here = [arn.split(":")[number] for number in (1, 3, 4)]
            given = {name: place[name] for name in column.parameters if name in place}
            values = {
                **item,
                **given,
                **dict(zip(("Partition", "Region", "Account"), here, strict=True)),
            }
            if not all(values.get(name) for name in placeholders(column.format)):
                return None
            return filled(column.format, values)


def filled(format: str, values: Mapping[str, str]) -> str:
    """An ARN's format with values in place of the names."""
    return re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], format)


def placeholders(format: str) -> list[str]:
    """The names in an ARN's format."""
    return re.findall(r"\$\{(\w+)\}", format)


def _cell(type: str, shape: Shape, value: Any) -> object:
    """The value of a column of a DDSQL type."""
    if value is None:  # S3 has a region without a name
        return None
    if type.startswith("array<"):
        inner = cast("ListShape", shape).member
        return [_cell(type[6:-1], inner, element) for element in value]
    match type:
        case "json":
            return nested(shape, value)
        case "hstore":
            return dict(_pairs(value))
        case "hstore_csv":
            tags: dict[str, set[str]] = {}
            for key, text in _pairs(value):
                tags.setdefault(key, set()).update(() if text is None else (text,))
            return {key: sorted(values) for key, values in tags.items()}
        case "timestamp":
            return value
        case _:
            # A structure where the page has text has the API's names.
            plain = nested(None if type == "string" else shape, value)
            return _written(plain) if type == "string" and not isinstance(plain, str) else plain


def _written(value: object) -> str:
    """A structure where the page has text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _pairs(tags: Any) -> Iterator[tuple[str, str | None]]:
    if isinstance(tags, dict):
        yield from cast("dict[str, str]", tags).items()
        return
    for tag in cast("Sequence[Mapping[str, str]]", tags):
        (key,) = tag.keys() & _TAGS.keys()
        yield tag[key], tag.get(_TAGS[key])


def nested(shape: Shape | None, value: object) -> object:
    """A value inside a json column. Members are renamed, the keys of maps and whatever botocore has
    no ``shape`` for are not."""
    match value:
        case dict():
            members = cast("dict[str, object]", value)
            if isinstance(shape, StructureShape) and is_structure(shape):
                return {
                    snake_case(name): nested(shape.members.get(name), inner)
                    for name, inner in members.items()
                }
            inner = shape.value if isinstance(shape, MapShape) else None
            return {name: nested(inner, entry) for name, entry in members.items()}
        case list():
            inner = shape.member if isinstance(shape, ListShape) else None
            return [nested(inner, element) for element in cast("list[object]", value)]
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case bytes():
            return b64encode(value).decode()
        case _:
            return value
