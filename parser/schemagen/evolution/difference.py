"""What a difference between two catalogues is, and how the differences of a table are collected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemagen.evolution.sources import Place


@dataclass(frozen=True, slots=True)
class Difference:
    """A finding. ``rule`` is an id of ``rules.toml``, and ``values`` are what the rule's message needs.

    ``table`` is "" where the whole package differs. ``column`` may be a parameter; "" is the table itself.
    ``member`` is the path from the column to a member of the JSON in it, with ``[]`` after a list and
    ``{}`` after a map. ``old`` and ``new`` are where that is documented in either catalogue or, where only
    the other one has it, where what it belonged to is; None if there is nothing.
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
        """The table, column and member, joined by dots: ``aws.ec2_instance.volumes[].size``."""
        dot = "." if self.member and self.member[0] not in "[{" else ""
        return ".".join(filter(None, (self.table, self.column))) + dot + self.member


@dataclass(frozen=True)
class Findings:
    """Collects the differences of something, whose name and places all of them have."""

    table: str
    old: Place | None = None
    new: Place | None = None
    column: str = ""
    member: str = ""
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    differences: list[Difference] = field(default_factory=list[Difference])

    def at(
        self,
        column: str,
        old: Place | None,
        new: Place | None,
        member: str = "",
        **values: str,
    ) -> Findings:
        """Return a collector for a part, whose differences are added to these."""
        return Findings(
            self.table, old or self.old, new or self.new, column, member, values, self.differences
        )

    def add(self, rule: str, **values: str) -> None:
        self.differences.append(
            Difference(
                rule,
                self.table,
                self.column,
                self.member,
                self.old,
                self.new,
                {**self.values, **values},
            )
        )

    def changed(self, rule: str, old: str, new: str, **values: str) -> None:
        """Add a difference if the two values differ."""
        if old != new:
            self.add(rule, old=old, new=new, **values)
