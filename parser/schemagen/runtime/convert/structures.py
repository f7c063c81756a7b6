# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Read the structures of responses, and preserve members that the bindings do not know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TypeVar, cast

from .containers import json_value
from .scalars import ConversionError, Errors, Map, expected, text

T = TypeVar("T")


def structure(value: object, at: str) -> Mapping[str, object]:
    """Return the members of an API's structure, by the API's names."""
    if type(value) is not dict and not isinstance(value, Mapping):
        raise ConversionError(at, expected("dict", value))
    return cast("Mapping[str, object]", value)


def map_entries(value: Map[T] | None, at: str) -> Mapping[str, T]:
    """Return the entries of a response's map. Empty if the response lacks the map."""
    return {} if value is None else cast("Mapping[str, T]", structure(value, at))


def response_members(value: object, at: str) -> Mapping[str, object]:
    """Return the members of a response, except the one that boto3 adds to every response."""
    return {
        member: item
        for member, item in structure(value, at).items()
        if member != "ResponseMetadata"
    }


def at_member(
    error: ConversionError,
    at: str,
    members: Mapping[str, object],
    row: Mapping[str, object],
    names: Mapping[str, str],
) -> ConversionError:
    """Add the failed member of the structure ``at`` to the path of ``error``.

    ``names`` maps members to keys of ``row`` in the order of conversion, so the first member that has
    a value but no key failed. Looking for it only after a failure keeps the normal case fast.
    """
    for member, name in names.items():
        if members.get(member) is not None and name not in row:
            return error.below(at, f".{name}")
    return error


def keep_unknown(
    row: Mapping[str, object],
    members: Mapping[str, object],
    names: Mapping[str, str],
    at: str,
    errors: Errors,
    rename: Callable[[str], str],
) -> None:
    """Add members that are not in ``names`` to ``row``, as strict JSON.

    A member keeps its own name if the one that ``rename`` gives is taken. If both are taken, underscores
    are appended.
    """
    kept = cast("dict[str, object]", row)
    known = set(names.values())
    for member, value in members.items():
        if member in names or value is None:
            continue
        name = rename(member)
        if name in known or name in kept:
            name = member
        while name in known or name in kept:
            name += "_"
        try:
            kept[text(name, at, errors)] = json_value(value, at, errors)
        except ConversionError as error:
            raise error.below(at, f".{name}") from None


def require_single(items: Iterable[T], at: str, operation: str) -> T | None:
    """Return the only item of a response. None if there is no item; raises if there are several."""
    found = list(items)
    if len(found) > 1:
        raise ConversionError(
            at,
            f"expected at most one item, got {len(found)}",
            advice=f"pass the response of {operation} for this item",
        )
    return found[0] if found else None


_PLURAL = re.compile(r"([A-Z]{2,})s(?=[A-Z]|$)")
_ACRONYM = re.compile(r"([A-Z]+)([A-Z][a-z])")
_CAMEL = re.compile(r"([a-z0-9])([A-Z])")
_NOT_WORD = re.compile(r"[^A-Za-z0-9_]+")


@lru_cache(maxsize=1 << 16)
def snake_case(name: str) -> str:
    """Convert a name: ``S3Uri`` -> ``s3_uri``, ``VPCConfig`` -> ``vpc_config``, ``ARNs`` -> ``arns``."""
    words = _PLURAL.sub(lambda plural: plural[1].capitalize() + "s", name)
    words = _ACRONYM.sub(r"\1_\2", words)
    words = _CAMEL.sub(r"\1_\2", words)
    return _NOT_WORD.sub("_", words).lower()
