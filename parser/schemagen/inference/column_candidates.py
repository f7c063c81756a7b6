"""Find the members that could fill a column if an item is the table's row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from schemagen.api_models.index import IndexedItem, IndexedMember, ReadOperation
from schemagen.inference.arguments import (
    NO_ARGUMENTS,
    CallArguments,
    call_arguments,
    is_about_tags,
)
from schemagen.inference.evidence import (
    ACCOUNT,
    CONCLUSIVE_LENGTH,
    TAGS,
    ServiceLookup,
    TableRequirements,
    evidence_by_name,
)
from schemagen.inference.identity import Identity
from schemagen.inference.nouns import singular
from schemagen.model.bindings import Evidence
from schemagen.model.paths import WHOLE, is_repeated, map_key, steps
from schemagen.model.shapes import ListOf, StructureRef
from schemagen.names import folded
from schemagen.resolved_types import Resolved
from schemagen.typetable import CONVERTIBLE

_TAG_MEMBERS = frozenset({"resourcetags", "taglist", "tags", "tagset", "tagslist"})
_EVIDENCE_RANKS: Mapping[Evidence, int] = {"both": 0, "documentation": 1, "name": 2, "hand": 3}


class CandidateRank(NamedTuple):
    """How good a candidate is. A smaller rank is better, and earlier fields count more."""

    evidence: int
    """The rank of the evidence: name and documentation, then documentation, then name."""
    other_operation: bool
    """Whether another operation than the primary one must be called."""
    without_arguments: bool
    """Whether that operation takes no arguments from the item, so that its response may cover other
    resources."""
    is_related: bool
    """Whether the operation is called for another resource, which a member of the item identifies."""
    is_repeated: bool
    """Whether one response may hold several such items."""
    depth: int
    """The number of steps from the response to the item."""


_OWN_ITEM_DEPTH = 0


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A member that could fill a column; sorting puts the best first.

    ``operation`` is "" and ``arguments`` are empty for a member of the primary item.
    """

    rank: CandidateRank
    operation: str
    path: str
    member: str
    evidence: Evidence
    arguments: CallArguments = NO_ARGUMENTS


@dataclass(frozen=True)
class CandidateFinder:
    """Finds candidates for the columns of a table whose row is the item of ``identity``."""

    requirements: TableRequirements
    service: ServiceLookup
    identity: Identity

    def own_member(self, member: IndexedMember, evidence: Evidence) -> Candidate:
        """Return a member of the item itself as a candidate."""
        rank = CandidateRank(
            _EVIDENCE_RANKS[evidence],
            other_operation=False,
            without_arguments=False,
            is_related=False,
            is_repeated=False,
            depth=_OWN_ITEM_DEPTH,
        )
        return Candidate(rank, "", WHOLE, member.name, evidence)

    def account(self) -> Candidate | None:
        """Return the member that is documented as the account, for the column `ACCOUNT`."""
        member = self.identity.account
        if ACCOUNT not in self.requirements.types or member is None:
            return None
        if not self.service.fits(self.requirements.types[ACCOUNT], member, "documentation"):
            return None
        named = member.folded_name == folded(ACCOUNT)
        return self.own_member(member, "name" if named else "documentation")

    def tags(self) -> Iterator[Candidate]:
        """Yield candidates for the column `TAGS`: members of the item and of its response, and the
        operations of the service that list tags."""
        type = self.requirements.types[TAGS]
        for name, member in self.identity.members.items():
            if name in _TAG_MEMBERS and self.service.fits(type, member, "name"):
                yield self.own_member(member, "name")
        for item in self._items_with_tags():
            last = folded(item.path.split(".")[-1])
            for name, member in self.service.index.by_name[item.structure].items():
                named = name in _TAG_MEMBERS or (name == "items" and last in _TAG_MEMBERS)
                if named and self.service.fits(type, member, "name"):
                    yield from self.enrichment(item, member, "name")

    @property
    def tag_operations(self) -> Sequence[ReadOperation]:
        """The operations that list the tags of a resource which they are called with."""
        operations = self.service.index.operations
        own = self.identity.item.operation
        found = {
            item.operation: operations[item.operation]
            for item in self._items_with_tags()
            if item.operation != own and operations[item.operation].required
            for name in self.service.index.by_name[item.structure]
            if name in _TAG_MEMBERS
        }
        return tuple(found.values())

    def _items_with_tags(self) -> Iterator[IndexedItem]:
        """Yield the items of the own operation, and of those about tags."""
        index = self.service.index
        own = self.identity.item.operation
        for name, operation in index.operations.items():
            for item in index.items_by_operation.get(name, ()):
                # A structure elsewhere in the own response may have tags for something else.
                if is_about_tags(operation) or (name == own and self._holds(item)):
                    yield item

    def _holds(self, item: IndexedItem) -> bool:
        """Whether an item of the own response is around the row's item, or only holds the tags of one that
        is."""
        outer, _, last = item.path.rpartition(".")
        around = outer if folded(last) in _TAG_MEMBERS else item.path
        return around in ("", WHOLE) or f"{self.identity.item.path}.".startswith(f"{around}.")

    @cached_property
    def _arguments(self) -> dict[str, CallArguments | None]:
        return {}

    def call_arguments(self, operation: ReadOperation) -> CallArguments | None:
        """Return the arguments of an operation for the item, see `arguments.call_arguments`."""
        if operation.name not in self._arguments:
            self._arguments[operation.name] = call_arguments(self.identity, operation)
        return self._arguments[operation.name]

    def other_members(self, column: str) -> Iterator[Candidate]:
        """Yield candidates for a column that no member of the item has the name of."""
        text = self.requirements.words[column]
        type = self.requirements.types[column]
        if len(text) >= CONCLUSIVE_LENGTH:
            same = [member for member in self.identity.members.values() if member.words == text]
            if len(same) == 1 and self.service.fits(type, same[0], "documentation"):
                yield self.own_member(same[0], "documentation")
        for structure, member in self.service.index.members_by_name.get(folded(column), ()):
            evidence = evidence_by_name(text, member)
            for item in self.service.index.items_by_structure.get(structure, ()):
                by = evidence or self.evidence_of_operation(item, column)
                if (
                    by
                    and self.service.fits(type, member, by)
                    and self.is_evidence(item, member, by)
                ):
                    yield from self.enrichment(item, member, by)
        if text:
            for structure, member in self.service.documented(text):
                if member.folded_name != folded(column) and self.service.fits(
                    type, member, "documentation"
                ):
                    for item in self.service.index.items_by_structure.get(structure, ()):
                        yield from self.enrichment(item, member, "documentation")
        else:
            yield from self.whole_response(column, type)
        yield from self.listed_by_calls(column, type)

    def listed_by_calls(self, column: str, type: Resolved) -> Iterator[Candidate]:
        """Yield members for a column that is a list of what an operation returns for each value of an
        enumeration: ``alternate_contacts`` has the ``AlternateContact`` of each type."""
        index, text = self.service.index, self.requirements.words[column]
        name = folded(column)
        for form in set(singular(name)) - {name}:
            for structure, member in index.members_by_name.get(form, ()):
                by = evidence_by_name(text, member)
                listed = replace(member, shape=ListOf(member.shape))
                if by is None or not self.service.fits(type, listed, by):
                    continue
                for item in index.items_by_structure.get(structure, ()):
                    if item.path == WHOLE and self.folded_noun(item) == form:
                        yield from self.listed_by_operation(item, member, by)

    def needed_value(self, column: str) -> str:
        """Say which operation returns a column for one value of an enumeration at a time; "" if there is no
        such operation."""
        for structure, member in self.service.index.members_by_name.get(folded(column), ()):
            if evidence_by_name(self.requirements.words[column], member) != "both":
                continue
            for item in self.service.index.items_by_structure.get(structure, ()):
                operation = self.service.index.operations[item.operation]
                arguments = call_arguments(self.identity, operation, each_value=True)
                if arguments and arguments.values and not item.is_repeated:
                    [(parameter, values)] = arguments.values
                    return (
                        f"{item.operation} returns it for one {parameter} at a time "
                        f"({', '.join(values)})"
                    )
        return ""

    def _lists_rows(self, item: IndexedItem, member: IndexedMember) -> bool:
        """Whether a member is or holds the list that has the row among its elements, and so is about all of
        them."""
        place = f"{item.path}.{member.name}".removeprefix(f"{WHOLE}.")
        path = self.identity.item.path
        inside = path.startswith(f"{place}.") and is_repeated(path.removeprefix(f"{place}."))
        return inside or path.startswith((f"{place}[]", f"{place}{{}}"))

    def _is_unique(self, item: IndexedItem, member: IndexedMember) -> bool:
        """Whether no other operation returns a member with this name and documentation. A call that has
        nothing to do with the row is no evidence if others return the same: "The elements from this
        collection"."""
        index = self.service.index
        return not any(
            other.operation != item.operation
            for structure, same in index.members_by_name.get(member.folded_name, ())
            if same.words == member.words
            for other in index.items_by_structure.get(structure, ())
            if other.path == item.path
        )

    def listed_by_operation(
        self, item: IndexedItem, member: IndexedMember, evidence: Evidence
    ) -> Iterator[Candidate]:
        """Yield a member of a whole response, if its operation is called with each value of an enumeration
        for the row, and returns one page each time."""
        operation = self.service.index.operations[item.operation]
        if item.operation == self.identity.item.operation or operation.collected_paths:
            return
        arguments = call_arguments(self.identity, operation, each_value=True)
        if arguments is None or not arguments.values or arguments.is_related:
            return
        if not (arguments.is_about_item or evidence == "both"):
            return
        rank = CandidateRank(
            _EVIDENCE_RANKS[evidence],
            other_operation=True,
            without_arguments=not arguments.is_about_item,
            is_related=False,
            is_repeated=False,
            depth=0,
        )
        yield Candidate(rank, item.operation, item.path, member.name, evidence, arguments)

    def evidence_of_operation(self, item: IndexedItem, column: str) -> Evidence | None:
        """Return the evidence of an operation that is named after the resource and the column, for a
        member with the name of the column, whatever its documentation is: pages lag behind the API."""
        name = folded(column)
        noun = self.folded_noun(item)
        whole = name.startswith(tuple(self.identity.nouns)) and noun == name
        return "name" if whole or noun in {own + name for own in self.identity.nouns} else None

    def is_evidence(self, item: IndexedItem, member: IndexedMember, evidence: Evidence) -> bool:
        """Whether a member with the name of a column is evidence. A key of a map in another
        operation's response needs documentation too: keys are common words ("low", "Owner"), and
        every map of that kind has them."""
        own = item.operation == self.identity.item.operation
        return own or evidence == "both" or not map_key(member.name)

    def whole_response(self, column: str, type: Resolved) -> Iterator[Candidate]:
        """Yield whole responses for a column that no member has the name of: those of operations
        with the column's name, or else those whose structure has it."""
        name = folded(column)
        if (
            name in self.service.index.members_by_name
            or "structure" not in CONVERTIBLE[type.scalar.convert]
        ):
            return
        names = {name, *(noun + name for noun in self.identity.nouns)}
        responses = [item for item in self.service.index.items if self.is_about_the_item(item)]
        named = [item for item in responses if self.folded_noun(item) in names]
        for item in named or [item for item in responses if folded(item.structure) == name]:
            member = IndexedMember(WHOLE, StructureRef(item.structure), "")
            yield from self.enrichment(item, member, "name")

    def folded_noun(self, item: IndexedItem) -> str:
        """Return the folded noun of an item's operation."""
        return self.service.index.operations[item.operation].folded_noun

    def is_about_the_item(self, response: IndexedItem) -> bool:
        """Whether ``response`` is the whole response of an operation, and about the item alone."""
        operation = self.service.index.operations[response.operation]
        if response.path != WHOLE or operation.collected_paths or operation.verb.only_lists:
            return False
        arguments = self.call_arguments(operation)
        return arguments is not None and arguments.is_about_item and not arguments.is_related

    def encloses(self, item: IndexedItem) -> bool:
        """Whether the row's item is a part of ``item``, which has no other such part."""
        path = self.identity.item.path
        return (item.path == WHOLE or path.startswith(f"{item.path}.")) and not is_repeated(path)

    def enrichment(
        self, item: IndexedItem, member: IndexedMember, evidence: Evidence
    ) -> Iterator[Candidate]:
        """Yield a member of ``item``, which is another item of this or another operation, if it is
        about one row and its operation can be called; otherwise yield nothing."""
        if item == self.identity.item:
            return
        operation = self.service.index.operations[item.operation]
        own = item.operation == self.identity.item.operation
        if own and self._lists_rows(item, member):
            return
        arguments = self.call_arguments(operation)
        if own and not item.is_repeated:
            # What is beside the item in its own response needs no call.
            arguments = arguments or NO_ARGUMENTS
        if arguments is None or (arguments.is_related and evidence != "both"):
            return
        # An operation that is called with a list of one resource returns a list of one item. Only
        # for tags: any other repeated item is a row of its own.
        lists = [name for name, _ in arguments.members if name in operation.lists]
        if item.is_repeated and not (lists and is_about_tags(operation)):
            return
        if not (arguments.is_about_item or (own and self.encloses(item))) and evidence != "both":
            return
        if not (own or arguments.is_about_item) and not self._is_unique(item, member):
            return
        rank = CandidateRank(
            _EVIDENCE_RANKS[evidence],
            other_operation=item.operation != self.identity.item.operation,
            without_arguments=not arguments.is_about_item,
            is_related=arguments.is_related,
            is_repeated=item.is_repeated,
            depth=len(steps(item.path)),
        )
        yield Candidate(rank, item.operation, item.path, member.name, evidence, arguments)
