# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Read the tokens of paged responses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast


def tokens(
    response: Mapping[str, object], paths: Iterable[str], more: str = ""
) -> list[object]:
    """Return the values at ``paths``, which request the next page; an empty list for the last page.

    Paths, and that of the flag ``more``, are written as in `calls.Pagination`. A path that leads to
    nothing gives None.
    """
    if more and not value_at(response, more):
        return []
    found = [value_at(response, path) for path in paths]
    return found if any(found) else []


def value_at(response: Mapping[str, object], path: str) -> object:
    """Return the value at a path of `calls.Pagination`; None if there is none."""
    for alternative in path.split(" || "):
        value: object = response
        for step in alternative.split("."):
            member, last, _ = step.partition("[-1]")
            value = _member(value, member)
            if last:
                value = cast("list[object]", value)[-1] if value else None
        if value:
            return value
    return None


def _member(value: object, name: str) -> object:
    if not isinstance(value, Mapping):
        return None
    return cast("Mapping[str, object]", value).get(name)
