"""Parse the notation of types and arguments in lock files.

| written | meaning |
|---|---|
| ``string``, ``int64``, … | a scalar of `typetable.SCALARS` |
| ``$Name`` | a string with the values of the lock's enumeration Name |
| ``#Name`` | a structure |
| ``list<T>``, ``map<T>`` | a list of T, a map from strings to T |
| ``T!`` | a member that botocore's model requires |
| ``Id``, ``basename(Id)`` | an argument: a member, or the part of it after its last "/" |
| ``Latest.Version`` | an argument: a member of the structure that a member is |
| ``arn:${Partition}:…`` | an argument: an ARN built from a format (see `model.arn_format`) |
| ``${Account}`` | an argument: the caller's account |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from schemagen.diagnostics import shown
from schemagen.limits import MAX_DEPTH
from schemagen.model import arn_format
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef
from schemagen.names import API_NAME
from schemagen.typetable import SCALARS_BY_NAME


@dataclass(frozen=True, slots=True)
class Notation:
    """A parsed type. ``enumeration`` names the values of the string that it holds, directly or at the
    bottom of lists and maps; "" if there are none."""

    shape: Shape
    required: bool
    enumeration: str


_BASENAME = re.compile(r"basename\((.+)\)")


@cache  # A lock spells the same few types thousands of times.
def parse_type(text: str) -> Notation:
    """Parse a type. Raises ValueError with a message for users."""
    if text.count("<") > MAX_DEPTH:
        raise ValueError(f"{shown(text)} is nested deeper than {MAX_DEPTH} levels")
    required = text.endswith("!")
    shape, enumeration = _parse(text.removesuffix("!"))
    return Notation(shape, required, enumeration)


def _parse(text: str) -> tuple[Shape, str]:
    if text in SCALARS_BY_NAME:
        return Scalar(text), ""
    head, mark, inner = text.partition("<")
    if mark and inner.endswith(">") and head in ("list", "map"):
        shape, enumeration = _parse(inner[:-1])
        return (ListOf(shape) if head == "list" else MapOf(shape)), enumeration
    if text[:1] in ("#", "$") and API_NAME.fullmatch(text, 1):
        return (StructureRef(text[1:]), "") if text[0] == "#" else (Scalar("string"), text[1:])
    raise ValueError(
        f"{shown(text)} is not a type; types are {', '.join(SCALARS_BY_NAME)}, "
        "#Structure, $Enumeration, list<T>, map<T>"
    )


def type_text(shape: Shape, enumeration: str = "") -> str:
    """Write a type; the reverse of `parse_type` for a member that is not required."""
    match shape:
        case Scalar(name):
            return f"${enumeration}" if enumeration else name
        case StructureRef(name):
            return f"#{name}"
        case ListOf(element):
            return f"list<{type_text(element, enumeration)}>"
        case MapOf(value):
            return f"map<{type_text(value, enumeration)}>"


def basename(member: str) -> str:
    """Write the argument that is the part of ``member`` after its last "/"."""
    return f"basename({member})"


def argument_members(text: str) -> tuple[str, ...]:
    """Return the members of the item that an argument is made from. ``text`` must be valid."""
    if text == arn_format.ACCOUNT:
        return ()
    if arn_format.is_format(text):
        return arn_format.parse(text).members
    match = _BASENAME.fullmatch(text)
    return (match[1] if match else text,)
