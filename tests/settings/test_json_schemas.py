"""schemagen.settings.json_schemas: the schema of a type is valid, JSON, and complete in itself."""

from __future__ import annotations

import datetime

import pytest

from schemagen.settings.json_schemas import fault


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "string", "format": "uuid", "minLength": 1},
        {"type": "object", "properties": {"$ref": {"type": "string"}, "definitions": True}},
        {"const": {"$ref": "#/x"}, "default": {"$id": 1}, "enum": [{"$ref": 1}]},
        {"anyOf": [{"type": "integer", "maximum": 10**100}, {"type": "null"}]},
    ],
)
def test_fault_accepts_schemas(schema: dict[str, object]) -> None:
    """Schemas pass, also with names and values that look like references."""
    assert fault(schema) == ""


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ("string", "it is not a table"),
        ({"minimum": float("nan")}, "JSON has no infinite numbers and no NaN"),
        ({"minimum": float("-inf")}, "JSON has no infinite numbers and no NaN"),
        ({"default": datetime.date(2024, 1, 1)}, "JSON has no dates and times; write a string"),
        ({"type": "strng"}, "type: 'strng' is not valid under any of the given schemas"),
        ({"properties": {"a": {"pattern": "("}}}, "properties: a: pattern: '(' is not a 'regex'"),
        ({"$ref": "#/nowhere"}, "$ref cannot be used here; write the schema out"),
        ({"items": [{"$id": "a:b"}]}, "items: [{'$id': 'a:b'}] is not of type 'object', 'boolean'"),
        (
            {"properties": {"a": {"anyOf": [{"$ref": "https://example.com/x"}]}}},
            "$ref cannot be used here; write the schema out",
        ),
        (
            {"$schema": "http://json-schema.org/draft-04/schema#"},
            "$schema cannot be used here; write the schema out",
        ),
    ],
)
def test_fault_explains_what_is_wrong(schema: object, expected: str) -> None:
    """What would make a wrong or unresolvable schema of a table is refused, with the reason."""
    assert fault(schema) == expected
