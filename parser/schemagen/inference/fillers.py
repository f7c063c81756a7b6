"""What could fill a column, if an item is the table's row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemagen.api_models.index import IndexedItem, IndexedMember
from schemagen.inference.arguments import NOTHING, Asked, asked, is_about_tags
from schemagen.inference.evidence import ACCOUNT, LONG, TAGS, Known, Wanted, evidence_of
from schemagen.inference.identity import Identity
from schemagen.inference.nouns import noun
from schemagen.model.bindings import Evidence
from schemagen.model.paths import WHOLE, map_key, steps
from schemagen.names import folded
from schemagen.typetable import CONVERTIBLE, Resolved

_TAG_MEMBERS = frozenset({"resourcetags", "taglist", "tags", "tagset", "tagslist"})
_RANKS: Mapping[Evidence, int] = {"both": 0, "documentation": 1, "name": 2, "hand": 3}


@dataclass(frozen=True, slots=True, order=True)
class Filler:
    """A member that could fill a column, best first in order. ``operation`` is "" for the primary
    item, and ``asked`` then empty."""

    evidence_rank: int
    foreign: bool
    unscoped: bool
    several: bool
    depth: int
    operation: str
    path: str
    member: str
    evidence: Evidence
    asked: Asked = NOTHING

    @property
    def quality(self) -> tuple[int, bool, bool, bool, int]:
        return (self.evidence_rank, self.foreign, self.unscoped, self.several, self.depth)


@dataclass(frozen=True)
class Sources:
    """Where the columns of a table may come from, beside the members that are called as they are."""

    wanted: Wanted
    known: Known
    identity: Identity

    def direct(self, member: IndexedMember, evidence: Evidence) -> Filler:
        """A member of the item itself."""
        return Filler(_RANKS[evidence], False, False, False, 0, "", WHOLE, member.name, evidence)

    def account(self) -> Filler | None:
        """The member that is the account, as filler of its column."""
        member = self.identity.account
        if ACCOUNT not in self.wanted.types or member is None:
            return None
        if not self.known.fits(self.wanted.types[ACCOUNT], member, "documentation"):
            return None
        own = member.folded_name == folded(ACCOUNT)
        return self.direct(member, "name" if own else "documentation")

    def tags(self) -> Iterator[Filler]:
        """What could hold the tags: a member, the response, the service's tag-listing operations."""
        type = self.wanted.types[TAGS]
        for name, member in self.identity.members.items():
            if name in _TAG_MEMBERS and self.known.fits(type, member, "name"):
                yield self.direct(member, "name")
        for item in self.known.index.items:
            own = item.operation == self.identity.item.operation
            if not own and not is_about_tags(self.known.index.operations[item.operation]):
                continue
            last = folded(item.path.split(".")[-1])
            for name, member in self.known.index.by_name[item.structure].items():
                called = name in _TAG_MEMBERS or (name == "items" and last in _TAG_MEMBERS)
                if called and self.known.fits(type, member, "name"):
                    yield from self.enrichment(item, member, "name")

    def options(self, column: str) -> Iterator[Filler]:
        """What could fill a column that no member of the item is called after."""
        text = self.wanted.words[column]
        type = self.wanted.types[column]
        if len(text) >= LONG:
            same = [member for member in self.identity.members.values() if member.words == text]
            if len(same) == 1 and self.known.fits(type, same[0], "documentation"):
                yield self.direct(same[0], "documentation")
        for structure, member in self.known.named.get(folded(column), ()):
            evidence = evidence_of(text, member)
            if evidence and self.known.fits(type, member, evidence):
                for item in self.known.places[structure]:
                    if self.is_evidence(item, member, evidence):
                        yield from self.enrichment(item, member, evidence)
        if text:
            for structure, member in self.known.documented.get(text, ()):
                if member.folded_name != folded(column) and self.known.fits(
                    type, member, "documentation"
                ):
                    for item in self.known.places[structure]:
                        yield from self.enrichment(item, member, "documentation")
        else:
            yield from self.whole(column, type)

    def is_evidence(self, item: IndexedItem, member: IndexedMember, evidence: Evidence) -> bool:
        """False for a key of a map in another operation's response that agrees by name alone: keys
        are common words ("low", "Owner"), and every map of that kind has them."""
        own = item.operation == self.identity.item.operation
        return own or evidence == "both" or not map_key(member.name)

    def whole(self, column: str, type: Resolved) -> Iterator[Filler]:
        """What could fill a column with all that it returns, where no member is called so: an
        operation that is called as the column, or else one whose output is."""
        name = folded(column)
        if name in self.known.named or "structure" not in CONVERTIBLE[type.scalar.convert]:
            return
        called = {name, *(noun + name for noun in self.identity.nouns)}
        found = [item for item in self.known.index.items if self.is_about_one(item)]
        named = [item for item in found if noun(item.operation) in called]
        for item in named or [item for item in found if folded(item.structure) == name]:
            member = IndexedMember(WHOLE, f"#{item.structure}", "")
            yield from self.enrichment(item, member, "name")

    def is_about_one(self, place: IndexedItem) -> bool:
        """True for the whole response of an operation that says something of the item, once."""
        operation = self.known.index.operations[place.operation]
        if place.path != WHOLE or operation.pages or operation.name.startswith("List"):
            return False
        arguments = asked(self.identity, operation)
        return arguments is not None and bool(arguments.members)

    def enrichment(
        self, item: IndexedItem, member: IndexedMember, evidence: Evidence
    ) -> Iterator[Filler]:
        """A member of ``item``, of this or another operation, if it says something of one row and
        its operation can be asked; nothing otherwise."""
        if item == self.identity.item:
            return
        own = item.operation == self.identity.item.operation
        operation = self.known.index.operations[item.operation]
        arguments = asked(self.identity, operation)
        if arguments is None:
            return
        # An operation that is asked for a list of one returns a list of one; but what is more than
        # tags is a row of its own.
        lists = [name for name, _ in arguments.members if name in operation.lists]
        if item.is_repeated and not (lists and is_about_tags(operation)):
            return
        if not arguments.members and evidence != "both":
            return
        yield Filler(
            _RANKS[evidence],
            not own,
            not arguments.members,
            item.is_repeated,
            len(steps(item.path)),
            item.operation,
            item.path,
            member.name,
            evidence,
            arguments,
        )
