"""Check the JSON Schema that the settings give a type."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import cast

_NAMED_SCHEMAS = ("properties", "patternProperties", "dependentSchemas")
"""The keywords whose keys are names, not keywords."""
_VALUES = ("const", "default", "enum", "examples")
"""The keywords that hold values, not schemas."""
_ELSEWHERE = frozenset(
    [
        "$anchor",
        "$defs",
        "$dynamicAnchor",
        "$dynamicRef",
        "$id",
        "$ref",
        "$schema",
        "$vocabulary",
        "definitions",
    ]
)
"""The keywords that give a schema a place or lead to another one: tables embed the schema of a type."""


def fault(value: object) -> str:
    """Explain why ``value`` is no schema of a type; "" if it is one."""
    from jsonschema import Draft202012Validator, SchemaError

    if not isinstance(value, dict):
        return "it is not a table"
    try:
        # TOML has dates and infinite numbers, JSON has neither.
        json.dumps(value, allow_nan=False)
    except TypeError:
        return "JSON has no dates and times; write a string"
    except ValueError:
        return "JSON has no infinite numbers and no NaN"
    try:
        Draft202012Validator.check_schema(cast("dict[str, object]", value))
    except SchemaError as error:
        where = "".join(f"{step}: " for step in error.absolute_path)
        return f"{where}{error.message}"
    except RecursionError:  # It is not nested too deeply, so one of its patterns is.
        return "a pattern is nested too deeply"
    if keyword := next(_keywords_elsewhere(cast("dict[str, object]", value)), ""):
        return f"{keyword} cannot be used here; write the schema out"
    return ""


def _keywords_elsewhere(schema: object) -> Iterator[str]:
    if isinstance(schema, list):
        for item in cast("list[object]", schema):
            yield from _keywords_elsewhere(item)
    if not isinstance(schema, dict):
        return
    for keyword, value in cast("Mapping[str, object]", schema).items():
        if keyword in _ELSEWHERE:
            yield keyword
        elif keyword in _NAMED_SCHEMAS and isinstance(value, dict):
            for inner in cast("Mapping[str, object]", value).values():
                yield from _keywords_elsewhere(inner)
        elif keyword not in _VALUES:
            yield from _keywords_elsewhere(value)
