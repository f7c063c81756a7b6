"""Compare two catalogues: what a difference is, and how all of them are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemagen.evolution.sources import Place


@dataclass(frozen=True, slots=True)
class Difference:
    """A finding. ``rule`` is an id of ``rules.toml``, and ``values`` are what the rule's message needs.

    ``column`` may be a parameter; "" is the table itself. ``member`` is the path from the column to a
    member of the JSON in it, with ``[]`` after a list and ``{}`` after a map. ``old`` and ``new`` are
    where what differs is documented in either catalogue; None where it is not.
    """

    rule: str
    table: str
    column: str = ""
    member: str = ""
    old: Place | None = None
    new: Place | None = None
    values: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def subject(self) -> str:
        """The table, column or member, joined by dots."""
        return ".".join(part for part in (self.table, self.column, self.member) if part)
