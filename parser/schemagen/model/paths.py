"""Paths into an operation's response, as the lock and the overrides write them.

| written | leads to |
|---|---|
| ``@`` | the response itself; as the member of an item, the whole item |
| ``Reservations[].Instances[]`` | an item: members joined by dots, ``[]`` after a list for each element |
| ``Channels{}`` | an item: ``{}`` after a map for each value |
| ``Arn`` | a member of an item |
| ``Attributes[QueueArn]`` | the value at the key QueueArn of an item's member that is a map |
| ``Latest.Version`` | a member of the structure that an item's member is; arguments only |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

from schemagen.names import API_NAME

Mark = Literal["", "[]", "{}"]
"""What stands after the member of a step: "[]" after a list, "{}" after a map."""

WHOLE = "@"
"""The path to the response itself; as the member of an item, the whole item."""


PATH_FORM = (
    "'@' for the response itself, or members joined by dots with [] after each list and {} after "
    "each map, such as 'Reservations[].Instances[]'"
)
"""The form of a path, as messages describe it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a path: into ``member``, and into every element of its list or value of its map,
    as its ``mark`` says."""

    member: str
    mark: Mark = ""

    @property
    def each(self) -> bool:
        """Whether the step leads to several elements or values."""
        return self.mark != ""


_STEP = re.compile(rf"({API_NAME.pattern})(\[\]|\{{\}})?")


def steps(path: str) -> tuple[Step, ...]:
    """Parse the path to an item: none for ``@``. Raises ValueError with a message for users."""
    if path == WHOLE:
        return ()
    parsed: list[Step] = []
    for part in path.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            raise ValueError(f"{path!r} is not a path: write {PATH_FORM}")
        parsed.append(Step(match[1], cast("Mark", match[2] or "")))
    return tuple(parsed)


def wrong_mark(step: Step, name: str, mark: Mark) -> str:
    """Return the message for a step into the member ``name`` whose mark is not that of the member,
    or ""."""
    if step.mark == mark:
        return ""
    if mark:
        kind = "list" if mark == "[]" else "map"
        return f"{name} is a {kind}: write {step.member}{mark}"
    kind = "list" if step.mark == "[]" else "map"
    return f"{name} is not a {kind}: remove the {step.mark} after it"


def is_repeated(path: str) -> bool:
    """Whether ``path``, which must be valid, may lead to several items in one response."""
    return any(step.each for step in steps(path))


def inner_member(member: str) -> tuple[str, str] | None:
    """Split ``Latest.Version`` into the member that is a structure, and its own member."""
    outer, dot, inner = member.partition(".")
    return (
        (outer, inner) if dot and API_NAME.fullmatch(outer) and API_NAME.fullmatch(inner) else None
    )


_AT_KEY = re.compile(rf"({API_NAME.pattern})\[([A-Za-z0-9_.:/-]+)\]")


def map_key(member: str) -> tuple[str, str] | None:
    """Split ``Attributes[QueueArn]`` into the map and the key; None for a member without a key."""
    match = _AT_KEY.fullmatch(member)
    return (match[1], match[2]) if match else None


def fetched_member(member: str) -> str:
    """Return the item's member that contains ``member``: the map of ``Attributes[QueueArn]``."""
    at_key = map_key(member)
    return at_key[0] if at_key else member
