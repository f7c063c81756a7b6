"""Paths into an operation's response, as the lock and the overrides write them.

| written | leads to |
|---|---|
| ``@`` | the response itself; as the member of an item, the whole item |
| ``Reservations[].Instances[]`` | an item: members joined by dots, ``[]`` after a list for each element |
| ``Arn`` | a member of an item |
| ``Attributes[QueueArn]`` | the value at the key QueueArn of an item's member that is a map |
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemagen.names import API_NAME

WHOLE = "@"
"""The path to the response itself; as the member of an item, the whole item."""


PATH_FORM = (
    "'@' for the response itself, or members joined by dots with [] after each list, "
    "such as 'Reservations[].Instances[]'"
)
"""The form of a path, as messages describe it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a path: into ``member``, and if ``each``, into every element of its list."""

    member: str
    each: bool


_STEP = re.compile(rf"({API_NAME.pattern})(\[\])?")


def steps(path: str) -> tuple[Step, ...]:
    """Parse the path to an item: none for ``@``. Raises ValueError with a message for users."""
    if path == WHOLE:
        return ()
    parsed: list[Step] = []
    for part in path.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            raise ValueError(f"{path!r} is not a path: write {PATH_FORM}")
        parsed.append(Step(match[1], match[2] is not None))
    return tuple(parsed)


_AT_KEY = re.compile(rf"({API_NAME.pattern})\[([A-Za-z0-9_.:/-]+)\]")


def map_key(member: str) -> tuple[str, str] | None:
    """Split ``Attributes[QueueArn]`` into the map and the key; None for a member without a key."""
    match = _AT_KEY.fullmatch(member)
    return (match[1], match[2]) if match else None


def fetched_member(member: str) -> str:
    """Return the item's member that contains ``member``: the map of ``Attributes[QueueArn]``."""
    at_key = map_key(member)
    return at_key[0] if at_key else member
