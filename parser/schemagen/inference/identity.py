"""What an item is called, and which of its members identify it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from schemagen.api_models.index import IndexedItem, IndexedMember, ServiceIndex
from schemagen.inference.arn_formats import resource_arns
from schemagen.inference.nouns import noun, plain, singular
from schemagen.lockfile.notation import parse_type
from schemagen.model.bindings import DerivedColumn
from schemagen.model.paths import steps
from schemagen.model.shapes import Scalar
from schemagen.names import folded

_ACCOUNT_MEMBERS = frozenset(
    {"accountid", "awsaccountid", "customerawsid", "owneraccount", "owneraccountid", "ownerid"}
)

_OF_SOME = ("onlysupportedfor", "onlyavailablefor", "onlypresentfor", "onlyreturned")
"""What the documentation of a member says, in `words`, that not every resource has."""

_FOR = re.compile("arnofthe(.+?)forthe(.+)")


_USED = ("iamrole", "theresourcethat", "topublishto", "toconnectto", "beingusedas")
"""What the documentation of an ARN says, in `words`, that is of something the resource works with:
"The resource that the task used during execution"."""


def _is_of_other(text: str, nouns: Collection[str]) -> bool:
    """True where the documentation of an ARN says that it is of something that the resource has:
    "The ARN of the SNS topic for the notification"."""
    found = _FOR.search(text)
    return (
        found is not None
        and any(noun.endswith(found[2]) for noun in nouns)
        and not any(noun in found[1] for noun in nouns)
    )


@dataclass(frozen=True)
class Identity:
    """An item as the row of a table; ``table`` is the table's name without the provider."""

    index: ServiceIndex
    item: IndexedItem
    table: str

    @cached_property
    def members(self) -> Mapping[str, IndexedMember]:
        """The item's members by folded name."""
        return self.index.by_name[self.item.structure]

    @cached_property
    def subject(self) -> str:
        """What the table is about: its name without the service's."""
        name = folded(self.table)
        service = plain(self.index.name)
        first = self.table.split("_")[0]
        # What a longer first word says of the resource ("s3express_bucket") is part of its name.
        prefixes = {service} if first.startswith(service) else {service, folded(first)}
        for prefix in sorted(prefixes, key=len, reverse=True):
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
    def arn(self) -> IndexedMember | None:
        """The member that holds the resource's own ARN: ``Arn``, or that of what it is called."""
        best: tuple[int, IndexedMember] | None = None
        for name, member in self.members.items():
            if not name.endswith("arn") or self.string(name) is None:
                continue
            if any(phrase in member.words for phrase in _OF_SOME):
                continue
            of = name.removesuffix("arn")
            if _is_of_other(member.words, self.nouns):
                continue
            if of and of not in self.nouns and any(phrase in member.words for phrase in _USED):
                continue
            own = not of or (len(of) > 2 and any(noun.endswith(of) for noun in self.nouns))
            if of == "resource":
                own = self.is_own(member)
            length = len(of) if of else 1000
            if own and (best is None or length > best[0]):
                best = (length, member)
        return best[1] if best else None

    def is_own(self, member: IndexedMember) -> bool:
        """True where documentation says that a member is of the resource itself: "The Amazon
        Resource Name (ARN) of the file system resource"."""
        starts = ("ofthe", "ofthespecified")
        return any(start + noun in member.words for start in starts for noun in self.nouns)

    @cached_property
    def account(self) -> IndexedMember | None:
        """The member whose documentation says that it is the account that the resource is in."""
        for name in sorted(_ACCOUNT_MEMBERS.intersection(self.members)):
            member = self.string(name)
            if member is not None and "account" in member.words:
                return member
        return None

    @property
    def may_have_tags(self) -> bool:
        """False where it is known that resources of this kind have none."""
        row = resource_arns().get((self.index.name, self.item.structure))
        return row is None or row.has_tags

    @cached_property
    def built(self) -> DerivedColumn | None:
        """How the resource's own ARN is built where no member holds it; the column is for the
        caller to name."""
        row = resource_arns().get((self.index.name, self.item.structure))
        if row is None or self.arn is not None:
            return None
        format = row.format
        if self.account is not None:
            # Whoever asks may not be the owner: VPCs are shared.
            format = format.replace("${Account}", f"${{{self.account.name}}}")
        return DerivedColumn("", "arn_format", row.location_member, format)

    def string(self, name: str) -> IndexedMember | None:
        """The member with a folded name, if it is a string."""
        member = self.members.get(name)
        if member is not None and parse_type(member.type).shape == Scalar("string"):
            return member
        return None
