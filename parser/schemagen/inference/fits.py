"""Whether the converter of a column takes what boto3 returns for a member."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef
from schemagen.typetable import CONVERTIBLE, FROM_MAP_TEXT, Resolved

Members = Callable[[str], Collection[str]]
"""The names of a structure's members."""

_TAG_KEYS = frozenset({"Key", "key", "TagKey", "tagKey"})

_WRITTEN = frozenset({"json", "structure", "list", "map"})
"""What can be written as JSON text."""


def fits(
    type: Resolved, shape: Shape, members: Members, *, texts: bool, at_key: bool = False
) -> bool:
    """True where the converter of ``type`` takes ``shape``. ``texts`` says whether a json column
    may hold a text, and a text column JSON written as text: either can be, but hardly is.
    ``at_key`` is True for the value at a key of a map, where texts stand for values of all types."""
    if type.element is not None:
        return isinstance(shape, ListOf) and fits(type.element, shape.element, members, texts=texts)
    if at_key and shape == Scalar("string") and type.scalar.convert in FROM_MAP_TEXT:
        return True
    takes = CONVERTIBLE[type.scalar.convert]
    if shape == Scalar("string") and "json" in takes:
        return texts
    kinds = frozenset(_kinds(shape, members))
    if "string" in takes and not _WRITTEN.isdisjoint(kinds):
        return texts
    return not takes.isdisjoint(kinds)


def _kinds(shape: Shape, members: Members) -> Iterator[str]:
    """What a shape is, in the words of `CONVERTIBLE`."""
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
