"""What an item is called, and which of its members identify it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from schemagen.binding.index import Item, Member, ServiceIndex
from schemagen.binding.notation import parse_type
from schemagen.binding.nouns import noun, plain, singular
from schemagen.model import Scalar
from schemagen.names import folded
from schemagen.responses import steps


@dataclass(frozen=True)
class Identity:
    """An item as the row of a table; ``table`` is the table's name without the provider."""

    index: ServiceIndex
    item: Item
    table: str

    @cached_property
    def members(self) -> Mapping[str, Member]:
        """The item's members by folded name."""
        return self.index.by_name[self.item.structure]

    @property
    def several(self) -> bool:
        return "[]" in self.item.path

    @cached_property
    def subject(self) -> str:
        """What the table is about: its name without the service's."""
        name = folded(self.table)
        service = plain(self.index.name)
        first = self.table.split("_")[0]
        for prefix in sorted({service, folded(first)}, key=len, reverse=True):
            if name.startswith(prefix) and name != prefix:
                return name.removeprefix(prefix)
        return name

    @cached_property
    def nouns(self) -> frozenset[str]:
        """What the item may be called: as the table, the operation, the structure, the path."""
        last = [step.member for step in steps(self.item.path)][-1:]
        names = [noun(self.item.operation), folded(self.item.structure), *map(folded, last)]
        return frozenset([self.subject, *(form for name in names for form in singular(name))])

    @cached_property
    def arn(self) -> Member | None:
        """The member that holds the resource's own ARN: ``Arn``, or that of what it is called."""
        best: tuple[int, Member] | None = None
        for name, member in self.members.items():
            if not name.endswith("arn") or parse_type(member.type).shape != Scalar("string"):
                continue
            of = name.removesuffix("arn")
            own = not of or (len(of) > 2 and any(noun.endswith(of) for noun in self.nouns))
            length = len(of) if of else 1000
            if own and (best is None or length > best[0]):
                best = (length, member)
        return best[1] if best else None

    def string(self, name: str) -> Member | None:
        """The member with a folded name, if it is a string."""
        member = self.members.get(name)
        if member is not None and parse_type(member.type).shape == Scalar("string"):
            return member
        return None
