# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Convert lists, maps, tags and whole JSON values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypeVar, cast

from .scalars import (
    ConversionError,
    Errors,
    Json,
    base64_text,
    expected,
    float64,
    has_text,
    rfc3339,
    text,
    text_from_value,
)

T = TypeVar("T")

# Responses hold many small containers. isinstance with a tuple of types is faster than with a
# union, which would be built each time, and comparing the type of a dict is faster than isinstance
# with Mapping.
LISTS = (list, tuple)


def array(
    value: object,
    at: str,
    errors: Errors,
    convert: Callable[[object, str, Errors], T],
    *,
    nulls: bool = True,
) -> list[T | None]:
    """Convert each element of a list with ``convert``, except None, which is refused without ``nulls``."""
    if not isinstance(value, LISTS):
        raise ConversionError(at, expected("list", value))
    elements = cast("list[object]", value)
    result: list[T | None] = []
    try:
        for element in elements:
            result.append(None if element is None else convert(element, at, errors))
    except ConversionError as error:
        raise error.below(at, f"[{len(result)}]") from None
    if not nulls and None in result:
        raise ConversionError(f"{at}[{result.index(None)}]", expected("a value", None))
    return result


def json_value(value: object, at: str, errors: Errors = "strict") -> Json:
    """Convert any value that boto3 returns to strict JSON.

    Times become RFC 3339 strings in UTC, bytes base64 strings. A Decimal becomes a number if the
    number has the same digits, and a string otherwise, so that no digit is lost.
    """
    try:
        return _json(value, at, errors)
    except RecursionError:
        raise ConversionError(
            at, "the value contains itself or is nested too deeply"
        ) from None


def _json(value: object, at: str, errors: Errors) -> Json:
    match value:
        case None | bool():
            return value
        case str():
            return text(value, at, errors)
        case int():
            return int(value)
        case float():
            return float64(value, at, errors)
        case dict():
            return mapping(cast("dict[object, object]", value), at, errors, _json)
        case list():
            return array(cast("list[object]", value), at, errors, _json)
        case datetime():
            return rfc3339(value, at, errors)
        case bytes() | bytearray():
            return base64_text(value, at, errors)
        case Decimal():
            return _decimal(value, at, errors)
        case _ if has_text(value):
            return text_from_value(value, at, errors)
        case _:
            raise ConversionError(
                at,
                f"{type(value).__name__} is not a JSON value; convert it to a string or a dict first",
            )


def _decimal(value: Decimal, at: str, errors: Errors) -> int | float | str:
    if not value.is_finite():
        return float64(value, at, errors)
    if value.as_tuple().exponent == 0 and (value or not value.is_signed()):
        return int(value)
    number = float(value)
    return number if Decimal(repr(number)) == value else str(value)


def mapping(
    value: object,
    at: str,
    errors: Errors,
    convert: Callable[[object, str, Errors], T],
    *,
    nulls: bool = True,
) -> dict[str, T | None]:
    """Convert each value of a dict with ``convert``, except None, which is refused without ``nulls``.

    Keys are data: they must be strings that can be stored, and are never renamed.
    """
    if type(value) is not dict and not isinstance(value, Mapping):
        raise ConversionError(at, expected("dict", value))
    result: dict[str, T | None] = {}
    for key, item in cast("Mapping[object, object]", value).items():
        try:
            name = text(key, at, errors)
        except ConversionError as error:
            raise error.within(at, "invalid key") from None
        if name in result:
            raise ConversionError(
                at, "two keys are equal after U+FFFD has replaced characters"
            )
        try:
            result[name] = None if item is None else convert(item, at, errors)
        except ConversionError as error:
            raise error.below(at, f"[{name!r}]") from None
    if not nulls and None in result.values():
        name = next(name for name, item in result.items() if item is None)
        raise ConversionError(f"{at}[{name!r}]", expected("a value", None))
    return result


def hstore(value: object, at: str, errors: Errors = "strict") -> dict[str, str | None]:
    """Convert a map from strings to strings or None, or a list of AWS tags without duplicate keys."""
    if not isinstance(value, LISTS):
        return mapping(value, at, errors, text)
    found: dict[str, str | None] = {}
    for number, item in enumerate(cast("list[object] | tuple[object, ...]", value)):
        try:
            key, tag_value = _tag(item, at)
            name = _tag_key(key, at, errors)
            if name in found:
                raise ConversionError(at, "duplicate tag key")
            found[name] = None if tag_value is None else text(tag_value, at, errors)
        except ConversionError as error:
            raise error.below(at, f"[{number}]") from None
    return found


# The four ways in which AWS services spell the members of a tag.
_TAG_SPELLINGS = (
    ("Key", "Value"),
    ("key", "value"),
    ("TagKey", "TagValue"),
    ("tagKey", "tagValue"),
)


def tags(value: object, at: str, errors: Errors = "strict") -> dict[str, list[str]]:
    """Convert AWS tags, a list or a map, to a map from each key to its sorted unique values.

    Values of a repeated key are collected. A key whose value is missing or None has no values; a key
    whose value is empty has the value ``""``. Values are not split at commas. In a map, a value is a
    string, None or a list of strings. Other members of a tag in a list are ignored.
    """
    found: dict[str, set[str]] = {}
    if type(value) is not list and isinstance(value, Mapping):
        for key, values in cast("Mapping[object, object]", value).items():
            name, step = _tag_key(key, at, errors), f"[{key!r}]"
            listed = (
                cast("list[object]", values) if isinstance(values, list) else [values]
            )
            try:
                _add_tag(found, name, listed, at, errors)
            except ConversionError as error:
                raise error.below(at, step) from None
    elif isinstance(value, LISTS):
        for number, item in enumerate(cast("list[object] | tuple[object, ...]", value)):
            try:
                key, tag_value = _tag(item, at)
                _add_tag(found, _tag_key(key, at, errors), [tag_value], at, errors)
            except ConversionError as error:
                raise error.below(at, f"[{number}]") from None
    else:
        raise ConversionError(at, expected("a list of tags or a dict", value))
    return {name: sorted(values) for name, values in found.items()}


def _tag_key(key: object, at: str, errors: Errors) -> str:
    try:
        return text(key, at, errors)
    except ConversionError as error:
        raise error.within(at, "invalid tag key") from None


def _add_tag(
    found: dict[str, set[str]], name: str, values: list[object], at: str, errors: Errors
) -> None:
    known = found.setdefault(name, set())
    for value in values:
        if value is not None:
            known.add(text(value, at, errors))


def _tag(item: object, at: str) -> tuple[object, object]:
    """Return key and value of an element of a tag list. The value is None if it is missing."""
    if type(item) is not dict and not isinstance(item, Mapping):
        raise ConversionError(at, expected("a tag as dict", item))
    members = cast("Mapping[object, object]", item)
    spellings = [names for names in _TAG_SPELLINGS if names[0] in members]
    if len(spellings) != 1:
        known = ", ".join(names[0] for names in _TAG_SPELLINGS)
        raise ConversionError(at, f"a tag needs exactly one of the members {known}")
    key, value = spellings[0]
    return members[key], members.get(value)
