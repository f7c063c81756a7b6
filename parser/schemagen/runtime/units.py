# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Define what is collected, loaded and committed as a whole, and what its rows look like on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

GLOBAL = "global"
"""The region of a unit whose calls cover all regions of an account."""


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """The rows of one table in one region of one account.

    ``region`` is `GLOBAL` where the listing covers the whole account; ``endpoint`` is the region that
    its calls are sent to. The first three fields identify a unit.
    """

    account: str
    region: str
    table: str
    partition: str = "aws"
    endpoint: str = ""


class CollectedRow(NamedTuple):
    """A row, and the columns of it that could not be read: they keep their stored values, and are NULL
    in a new row."""

    row: Mapping[str, object]
    unread: frozenset[str] = frozenset()


class Collection(Protocol):
    """The rows of a unit, read once and in a stream.

    Iterating raises if the listing fails. ``complete`` is set after the last row: whether the listing
    was read to its end without leaving an item out. Only then may rows that are no longer listed be
    deleted.
    """

    def __iter__(self) -> Iterator[CollectedRow]: ...

    @property
    def complete(self) -> bool: ...
