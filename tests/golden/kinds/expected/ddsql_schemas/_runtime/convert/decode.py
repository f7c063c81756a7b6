# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Convert values that database drivers return to row values, and parse JSON text."""

from __future__ import annotations

import json
import re
from typing import cast

from .containers import hstore, json_value
from .scalars import ConversionError, Errors, Json, text


def json_from_text(value: object, at: str, errors: Errors = "strict") -> Json:
    """Parse JSON text that a driver returned; check a value that a driver parsed."""
    if not isinstance(value, str):
        return json_value(value, at, errors)
    try:
        return cast("Json", json.loads(value))
    except (ValueError, RecursionError) as error:
        raise ConversionError(at, f"not JSON text: {error}") from None


_HSTORE_STRING = r'"((?:[^"\\]|\\.)*+)"'
_HSTORE_PAIR = re.compile(
    rf"{_HSTORE_STRING}=>(?:NULL|{_HSTORE_STRING})(?:, |\Z)", re.DOTALL
)
_HSTORE_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def hstore_from_text(
    value: object, at: str, errors: Errors = "strict"
) -> dict[str, str | None]:
    """Parse hstore text as the server writes it; check a dict, which some drivers return."""
    if not isinstance(value, str):
        return hstore(value, at, errors)
    result: dict[str, str | None] = {}
    position = 0
    while position < len(value):
        pair = _HSTORE_PAIR.match(value, position)
        if pair is None:
            raise ConversionError(
                at, f"invalid hstore text at character {position + 1}"
            )
        item = pair[2]
        result[_HSTORE_ESCAPE.sub(r"\1", pair[1])] = (
            None if item is None else _HSTORE_ESCAPE.sub(r"\1", item)
        )
        position = pair.end()
    return result


_CSV_FIELD = re.compile(r'(?:"((?:[^"]|"")*+)"|([^",\r\n]*+))(,|\Z)')


def hstore_csv_from_text(
    value: object, at: str, errors: Errors = "strict"
) -> dict[str, list[str]]:
    """Parse hstore text, or a dict, whose values are lines of CSV: keys to lists of values."""
    return {
        key: [] if line is None else _csv_values(line, f"{at}[{key!r}]")
        for key, line in hstore_from_text(value, at, errors).items()
    }


def _csv_values(line: str, at: str) -> list[str]:
    values: list[str] = []
    position = 0
    while True:
        found = _CSV_FIELD.match(line, position)
        if found is None:
            raise ConversionError(at, f"invalid CSV at character {position + 1}")
        quoted, plain, end = found.groups()
        values.append(plain if quoted is None else quoted.replace('""', '"'))
        position = found.end()
        if not end:
            return values


def parse_document(value: object, at: str, errors: Errors = "strict") -> Json:
    """Parse the JSON text of an object or array. Other strings are returned unchanged, and other
    values are converted by `json_value`."""
    if not isinstance(value, str):
        return json_value(value, at, errors)
    checked = text(value, at, errors)
    if not checked.lstrip(" \t\r\n").startswith(("{", "[")):
        return checked
    try:
        found = json.loads(checked, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        return checked
    # Escapes can hide characters that no database stores; the rest was checked above.
    return json_value(found, at, errors) if "\\u" in checked else cast("Json", found)


def _finite(number: str) -> float:
    found = float(number)
    if found - found != 0.0:
        raise ValueError(f"{number} is not a number in JSON")
    return found
