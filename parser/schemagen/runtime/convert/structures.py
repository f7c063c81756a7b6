"""Opens the structures of a response, and keeps those of their members that are new."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar, cast

from .containers import json_value
from .scalars import ConversionError, Errors, Map, expected, text

T = TypeVar("T")


def structure(value: object, at: str) -> Mapping[str, object]:
    """The members of a structure of an API, by the API's names."""
    if type(value) is not dict and not isinstance(value, Mapping):
        raise ConversionError(at, expected("dict", value))
    return cast("Mapping[str, object]", value)


def map_entries(value: Map[T] | None, at: str) -> Mapping[str, T]:
    """The entries of a map of a response, or no entries where the response lacks the map."""
    return {} if value is None else cast("Mapping[str, T]", structure(value, at))


def answer(value: object, at: str) -> Mapping[str, object]:
    """The members of a whole response, without the one that boto3 adds to every response."""
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
    """``error`` seen from the structure ``at``, whose members were being put into ``row``.

    ``names`` maps members to keys of the row in the order of conversion, so the member that failed
    is the first one that has a value and no key. Finding it afterwards costs nothing where all members convert.
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
    """Add the members that ``names`` does not know to ``row``, as strict JSON.

    A member that ``rename`` would give the name of another one keeps its own, with underscores
    after it where even that is taken.
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


def only(items: Iterable[T], at: str, operation: str) -> T | None:
    """The only item of a response that may hold several, or None where it holds no item."""
    found = list(items)
    if len(found) > 1:
        raise ConversionError(
            at,
            f"the response of {operation} holds {len(found)} items; pass one for this item only",
        )
    return found[0] if found else None


_PLURAL = re.compile(r"([A-Z]{2,})s(?=[A-Z]|$)")
_ACRONYM = re.compile(r"([A-Z]+)([A-Z][a-z])")
_CAMEL = re.compile(r"([a-z0-9])([A-Z])")
_NOT_WORD = re.compile(r"[^A-Za-z0-9_]+")


def snake_case(name: str) -> str:
    """``S3Uri`` -> ``s3_uri``, ``VPCConfig`` -> ``vpc_config``, ``ARNs`` -> ``arns``."""
    words = _PLURAL.sub(lambda plural: plural[1].capitalize() + "s", name)
    words = _ACRONYM.sub(r"\1_\2", words)
    words = _CAMEL.sub(r"\1_\2", words)
    return _NOT_WORD.sub("_", words).lower()
