# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Define what a cast is: what becomes of stored values, and the SQL that converts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Loss = Literal["lossless", "guarded", "lossy"]
"""What a cast does to stored values: none changes; none changes if a check of them holds; some change,
or mean something else."""


class Conversion(NamedTuple):
    """How a database converts the values of a column from its SQL type ``old`` to ``new``.

    ``value`` is the new value, and ``lost`` is true for values that would be lost ("" if none would):
    both are SQL around a column, ``{0}``, that is not NULL. With ``query``, they contain queries, which
    not every statement takes.
    """

    old: str
    new: str
    value: str
    lost: str = ""
    query: bool = False

    @property
    def keeps(self) -> bool:
        """Whether the values stay as they are."""
        return self.value == "{0}"

    def value_of(self, column: str) -> str:
        """Return the SQL of the new value of ``column``, SQL itself."""
        return self.value.replace("{0}", column)

    def lost_of(self, column: str) -> str:
        """Return the SQL that is true if the value of ``column`` would be lost; "" if none would."""
        return self.lost.replace("{0}", column)


class Cast(NamedTuple):
    """A change of a column's type. ``why`` says, for people, what happens to the values.

    ``conversions`` has those of each engine; a lossy cast without one loses all values. There are several
    for an engine whose dialects store a type in different ways.
    """

    loss: Loss
    why: str
    conversions: Mapping[str, tuple[Conversion, ...]] = {}
