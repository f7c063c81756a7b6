"""Decide whether the converter of a column accepts what boto3 returns for a member.

Inference uses `fits`, which demands more than that a conversion is possible. `can_convert` rules out only
what always fails.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef
from schemagen.resolved_types import Resolved
from schemagen.typetable import CONVERTIBLE, FROM_MAP_TEXT

Members = Callable[[str], Collection[str]]
"""Returns the names of a structure's members."""

_TAG_KEYS = frozenset({"Key", "key", "TagKey", "tagKey"})

_ANY = "json_value"  # converts every value that boto3 returns

_WRITABLE_AS_JSON = frozenset({"json", "structure", "list", "map"})


def fits(
    type: Resolved, shape: Shape, members: Members, *, texts: bool, at_key: bool = False
) -> bool:
    """Whether the converter of ``type`` accepts ``shape``.

    ``texts`` permits a text in a json column, and JSON written as text in a text column; both are
    possible, but rare, so they need strong evidence. ``at_key`` marks the value at a key of a map,
    where texts stand for values of all types.
    """
    if type.element is not None:
        return isinstance(shape, ListOf) and fits(type.element, shape.element, members, texts=texts)
    if at_key and shape == Scalar("string") and type.scalar.convert in FROM_MAP_TEXT:
        return True
    accepted = CONVERTIBLE[type.scalar.convert]
    if shape == Scalar("string") and "json" in accepted:
        return texts
    kinds = frozenset(_kinds(shape, members))
    if "string" in accepted and not _WRITABLE_AS_JSON.isdisjoint(kinds):
        return texts
    return not accepted.isdisjoint(kinds)


def can_convert(type: Resolved, shape: Shape, members: Members, *, at_key: bool = False) -> bool:
    """Whether the converter of ``type`` accepts any value of ``shape`` other than an empty container."""
    if shape == Scalar("json"):
        return True
    if type.element is not None:
        return isinstance(shape, ListOf) and can_convert(type.element, shape.element, members)
    return type.scalar.convert == _ANY or fits(type, shape, members, texts=True, at_key=at_key)


def misfit(member: str, shape: str, type: str) -> str:
    """Say that ``member``, of ``shape``, does not fit a column of ``type``."""
    return f"{member} is {shape}{_DOES_NOT_FIT}{type}"


def misfit_type(reason: str) -> str:
    """Return the type of the column in a sentence of `misfit`; "" for any other reason."""
    return reason.rpartition(_DOES_NOT_FIT)[2] if _DOES_NOT_FIT in reason else ""


_DOES_NOT_FIT = ", which does not fit "


def _kinds(shape: Shape, members: Members) -> Iterator[str]:
    """Yield what a shape is, in the terms of `CONVERTIBLE`."""
    match shape:
        case Scalar(name):
            yield name
        case StructureRef():
            yield "structure"
        case MapOf(value):
            yield "map"
            if value == Scalar("string"):
                yield "map of strings"
            if value == ListOf(Scalar("string")):
                yield "map of lists"
        case ListOf(element):
            yield "list"
            if isinstance(element, StructureRef) and not _TAG_KEYS.isdisjoint(
                members(element.name)
            ):
                yield "tag list"
