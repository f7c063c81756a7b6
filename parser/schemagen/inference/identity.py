"""The names that an item goes by, and the members that identify it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from schemagen.api_models.index import IndexedItem, IndexedMember, ServiceIndex
from schemagen.inference.arn_formats import resource_arns
from schemagen.inference.nouns import (
    VERSION,
    ends_a_noun,
    singular,
    without_ending,
    without_response,
    without_version,
)
from schemagen.inference.patterns import overlap
from schemagen.model import arn_format
from schemagen.model.bindings import DerivedColumn
from schemagen.model.paths import steps
from schemagen.model.shapes import Scalar
from schemagen.names import folded, folded_service

_ACCOUNT_MEMBERS = frozenset(
    {"accountid", "awsaccountid", "customerawsid", "owneraccount", "owneraccountid", "ownerid"}
)

_OPTIONAL = ("onlysupportedfor", "onlyavailablefor", "onlypresentfor", "onlyreturned")
"""Phrases, as `words` returns them, in the documentation of members that some resources lack."""

_RELATED = ("iamrole", "theresourcethat", "topublishto", "toconnectto", "beingusedas")
"""Phrases, as `words` returns them, in the documentation of ARNs of something that the resource works
with: "The resource that the task used during execution"."""

_PART_OF = re.compile("arnofthe(?P<part>.+?)forthe(?P<whole>.+)")


_ARN_PATTERN = "arn:[^:]+:[^:]+:[^:]*:[^:]*:.+"
_WITH_ACCOUNT = "arn:[^:]+:[^:]+:[^:]*:[0-9]{12}:.+"
_WITHOUT_ACCOUNT = "arn:[^:]+:[^:]+:[^:]*:(aws)?:.+"
_ACCOUNT_FIELD = 4
"""The position of the account among the parts of an ARN."""

_NO_ACCOUNT = ("", "aws")
"""What an ARN without account has in its place."""

_PLACEHOLDER = re.compile(r"\\\$\\\{(\w+)\\\}")
_PLACEHOLDER_PATTERNS = {"Partition": "[^:]+", "Region": "[^:]*", "Account": "[0-9]{12}"}


_OTHER_ACCOUNT = re.compile("amazon(?!webservices)[a-z]{3,16}account")
"""An account of one service in the documentation of a member: "The Amazon Chime account ID"."""


_OWNED = re.compile(
    "(?:owns|created|ownerof)(?:the|this)?(?P<owned>.+?)(?:associatedwith|forthe|fora|thatthis|when"
    "|ifthe|anid|andshare|onlythis|$)|accountidofthe(?P<of>.+?)owner"
)
"""What is owned, in the documentation of an account."""

_IDENTIFIED = re.compile("ofthe(.{3,})$")


def pattern_of_format(format: str) -> str:
    """Return the pattern of the ARNs that a format makes."""
    return _PLACEHOLDER.sub(
        lambda found: _PLACEHOLDER_PATTERNS.get(found[1], ".+"), re.escape(format)
    )


def has_account(member: IndexedMember) -> bool:
    """Whether the ARNs in a member contain the account of the resource, as far as is known: its pattern
    decides, or else the ARNs in its documentation."""
    if not overlap(member.pattern, _WITH_ACCOUNT):
        return False
    if not member.arns or not overlap(member.pattern, _WITHOUT_ACCOUNT):
        return True
    return any(arn.split(":")[_ACCOUNT_FIELD] not in _NO_ACCOUNT for arn in member.arns)


def _documents_a_part(text: str, nouns: Collection[str]) -> bool:
    """Whether the documentation of an ARN is about another resource that this one uses: "The ARN
    of the SNS topic for the notification"."""
    found = _PART_OF.search(text)
    return (
        found is not None
        and any(noun.endswith(found["whole"]) for noun in nouns)
        and not any(noun in found["part"] for noun in nouns)
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
        """The table's folded name without that of the service, and without a version ("v2") that no
        operation of the service has in its noun."""
        name = self.name_in_service
        shorter = without_version(name)
        if shorter == name or any(
            name in singular(operation.folded_noun) for operation in self.index.operations.values()
        ):
            return name
        return shorter

    @cached_property
    def name_in_service(self) -> str:
        """The table's folded name without that of the service."""
        name = folded(self.table)
        service = folded_service(self.index.name)
        first = self.table.split("_")[0]
        # The rest of a longer first word ("s3express_bucket") is part of the resource's name.
        prefixes = {service} if first.startswith(service) else {service, folded(first)}
        for prefix in sorted(prefixes, key=len, reverse=True):
            if name.startswith(prefix) and name != prefix:
                return name.removeprefix(prefix)
        return name

    @property
    def names_with_service(self) -> frozenset[str]:
        """The subject after each name of the service, as in ``ListBackupPlans``."""
        names = (folded_service(self.index.name), *map(folded_service, self.index.aliases))
        return frozenset(name + self.subject for name in names)

    @property
    def is_of_versions(self) -> bool:
        """Whether the table has versions of a resource."""
        return bool(self.whole_of_version)

    @cached_property
    def nouns(self) -> frozenset[str]:
        """The folded names of the item: those of the table, operation, structure and path."""
        last = [step.member for step in steps(self.item.path)][-1:]
        operation = self.index.operations[self.item.operation]
        structure = folded(self.item.structure)
        names = [operation.folded_noun, structure, *map(folded, last)]
        names += without_response(self.item.structure)
        return frozenset([self.subject, *(form for name in names for form in singular(name))])

    @cached_property
    def own_nouns(self) -> frozenset[str]:
        """The nouns of the item itself: without the operation's if that names what the item is a part of, as
        in ``Clusters[].Hsms[]`` of ``DescribeClusters``."""
        path = steps(self.item.path)
        operation = singular(self.index.operations[self.item.operation].folded_noun)
        names = [
            self.subject,
            folded(self.item.structure),
            *(folded(step.member) for step in path[-1:]),
        ]
        forms = {form for name in names for form in singular(name)}
        forms |= set(map(without_ending, forms))
        if len(path) < 2 or any(
            form.endswith(noun) or noun.endswith(form) for noun in operation for form in forms
        ):
            return self.nouns
        return self.nouns.difference(operation) | {self.subject}

    @cached_property
    def arn(self) -> IndexedMember | None:
        """The member that holds the resource's own ARN: ``Arn``, or else the one with the longest of
        the item's names."""
        best: tuple[tuple[bool, int], IndexedMember] | None = None
        for name, member in self.members.items():
            if not name.endswith("arn") or self.string(name) is None:
                continue
            if any(phrase in member.words for phrase in _OPTIONAL):
                continue
            resource = name.removesuffix("arn")
            if _documents_a_part(member.words, self.nouns) or self.is_for_all_versions(member):
                continue
            related = any(phrase in member.words for phrase in _RELATED)
            if resource and resource not in self.nouns and related:
                continue
            own = (
                not resource
                or ends_a_noun(resource, self.nouns)
                or self.is_called_in_other_order(resource, member)
            )
            if resource == "resource":
                own = self.is_own(member)
            rank = (not resource, len(resource))
            if own and (best is None or rank > best[0]):
                best = (rank, member)
        return best[1] if best else None

    def is_called_in_other_order(self, resource: str, member: IndexedMember) -> bool:
        """Whether documentation calls the resource as a noun of the item does, in another order of words:
        ``LocationArn``, "The ARN of the SMB location", is what ``DescribeLocationSmb`` is called with."""
        called = member.words.rpartition("arnofthe")[2].removesuffix(resource)
        if self.index.operations[self.item.operation].required != (member.name,):
            return False
        kinds = {noun.removeprefix(resource) for noun in self.nouns if noun.startswith(resource)}
        return member.words.endswith(resource) and any(kind and kind in called for kind in kinds)

    def is_for_all_versions(self, member: IndexedMember) -> bool:
        """Whether the ARN of a version is that of what it is a version of: "The ARN of the flow"."""
        whole = self.whole_of_version
        documented = f"arnofthe{whole}" in member.words
        return bool(whole) and documented and f"ofthe{whole}{VERSION}" not in member.words

    @cached_property
    def whole_of_version(self) -> str:
        """The folded name of what the table has versions of, or "" for any other table."""
        forms = [form for form in singular(self.subject) if form.endswith(VERSION)]
        return forms[0].removesuffix(VERSION) if forms else ""

    def is_own(self, member: IndexedMember) -> bool:
        """Whether documentation says that a member is about the resource itself: "The Amazon
        Resource Name (ARN) of the file system resource"."""
        nouns = "|".join(map(re.escape, self.nouns))
        # "The ARN of the shared resource" is not that of the share.
        return re.search(f"ofthe(?:specified)?(?:{nouns})(?!e?dresource)", member.words) is not None

    @cached_property
    def account(self) -> IndexedMember | None:
        """The member that is documented as the account of the resource."""
        for name in sorted(_ACCOUNT_MEMBERS.intersection(self.members)):
            member = self.string(name)
            if (
                member is not None
                and "account" in member.words
                and not _OTHER_ACCOUNT.search(member.words)
                and not ("owner" in name and self.is_owner_of_another(member))
            ):
                return member
        return None

    def is_owner_of_another(self, member: IndexedMember) -> bool:
        """Whether documentation says that an account owns something that is not named after the resource
        is: "The account that owns the namespace associated with the operation"."""
        found = _OWNED.search(member.words)
        owned = (found["owned"] or found["of"]).removesuffix("account") if found else ""
        if owned in ("", "it", "resource"):
            return False
        if any(
            noun.endswith(owned) or owned.startswith(noun) or owned.endswith(noun)
            for noun in self.nouns
        ):
            return False
        identifiers = [
            other.words
            for name, other in self.members.items()
            if name.endswith(("id", "arn", "name")) and other != member
        ]
        # What "The ID of the association" or "The FPGA image identifier (AFI ID)" calls the resource.
        called = {found[1] for text in identifiers if (found := _IDENTIFIED.search(text))}
        return not any(owned.endswith(name) for name in called) and not any(
            text.endswith((f"{owned}id", f"{owned}arn")) for text in identifiers
        )

    @property
    def may_have_tags(self) -> bool:
        """Whether resources of this kind may have tags, as far as is known."""
        row = resource_arns().get((self.index.name, self.item.structure))
        return row is None or row.has_tags

    @cached_property
    def built_arn(self) -> DerivedColumn | None:
        """The rule that builds the resource's own ARN if no member holds it. The name of the column
        is "", for the caller to replace."""
        row = resource_arns().get((self.index.name, self.item.structure))
        if row is None or self.arn is not None or not self.identifies(row.format):
            return None
        format = row.format
        parameters = tuple(self.given_parameters(format))
        if any(
            folded(name) not in self.members and name not in parameters
            for name in arn_format.parse(format).members
        ):
            return None
        if self.account is not None:
            # The caller may not be the owner: VPCs can be shared.
            format = format.replace("${Account}", f"${{{self.account.name}}}")
        return DerivedColumn("", "arn_format", row.location_member, format, parameters)

    @property
    def has_key(self) -> bool:
        """Whether the resource's own ARN is in a member, or can be built."""
        return self.arn is not None or self.built_arn is not None

    def given_parameters(self, format: str) -> Iterator[str]:
        """Yield the names in an ARN format that the item has no members for, but its operation requires
        as arguments."""
        required = self.index.operations[self.item.operation].required_strings
        for name in arn_format.parse(format).members:
            member = self.members.get(folded(name))
            if name in required and (member is None or member.name != name):
                yield name

    def identifies(self, format: str) -> bool:
        """Whether an ARN format has all members that identify the resource: if it has some of those that
        an operation requires to return the structure, it has the others, too. All versions of a policy
        have the policy's ARN; a table of policies has one version of each. A format without members is that
        of the account, of which other tables have parts."""
        named = {folded(name) for name in arn_format.parse(format).members}
        if not named:
            return not self.item.is_repeated and self.subject == folded(
                re.split("[:/]", format)[-1]
            )
        if not self.whole_of_version:
            named.add(VERSION)
        for item in self.index.items_by_structure.get(self.item.structure, ()):
            required = {
                name
                for name in map(folded, self.index.operations[item.operation].required)
                if name in self.members and isinstance(self.members[name].shape, Scalar)
            }
            if not item.is_repeated and named & required - {VERSION} and required - named:
                return False
        return True

    def pattern_of(self, member: IndexedMember) -> str:
        """Return a pattern that everything in a member of the item matches, "" if none is known."""
        if member.holds_path:
            return ""  # Its values are cut where that is needed.
        return member.pattern or (_ARN_PATTERN if member == self.arn else "")

    def string(self, name: str) -> IndexedMember | None:
        """Return the member with a folded name if it is a string."""
        member = self.members.get(name)
        if member is not None and member.shape == Scalar("string"):
            return member
        return None
