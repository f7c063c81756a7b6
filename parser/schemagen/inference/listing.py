"""Find the operation that enumerates the arguments of a table's primary operation.

An operation lists a kind of resource if it is named after the plural of the resource: ``ListTables``,
``GetRestApis``, ``ListDomainNames``. The elements of its list must supply the parameters of the
primary operation, apart from those that the caller must pass to the listing as well. See
`ListingRank` for the choice among several; if the best are equal, none is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from schemagen.api_models.index import IndexedItem, IndexedMember, ReadOperation, ServiceIndex
from schemagen.inference.arguments import narrowing, requires_own_arn, takes_arns, value_names
from schemagen.inference.identity import Identity
from schemagen.inference.nouns import VERSION, singular, without_response
from schemagen.inference.patterns import overlap
from schemagen.inference.required_parameters import alternatives, known_values
from schemagen.model.bindings import Listing
from schemagen.model.paths import WHOLE, map_key, steps
from schemagen.model.shapes import Scalar
from schemagen.names import folded

_IDENTIFIER_KINDS = ("identifier", "name", "arn", "url", "id")
"""The ends of names for identifiers, the longest of those that share an end first."""

_VAGUE_ENDINGS = ("", "identifier")
"""Endings that do not say which identifier of a resource is meant."""

# How far a member is from what a parameter takes.
_SAME_NAME = 0
_EQUIVALENT_NAME = 1
_OWN_IDENTIFIER = 2
_LONGER_NAME = 3


class Supply(NamedTuple):
    """The member of a listing's element that a parameter takes. A smaller ``distance`` between their
    names is better."""

    distance: int
    member: str


class ListingRank(NamedTuple):
    """How well a listing suits an operation. A smaller rank is better, and earlier fields count
    more."""

    lists_other_resources: bool
    """Whether the operation is not named after the table's resource."""
    has_other_noun: bool
    """Whether the noun of the operation is not the plural of the primary operation's."""
    requirements: int
    """The number of arguments that the caller must pass to the listing."""
    parameters: int
    """The position among the alternative parameters of the primary operation."""
    is_not_paginated: bool
    """Whether pagination does not collect the list."""
    distance: int
    """The sum of the distances of `Supply`."""
    holds_strings: bool
    """Whether the elements are strings instead of structures."""
    depth: int
    """The number of steps from the response to the elements."""
    verb: int
    """`ReadVerb.listing_rank` of the operation's verb."""


@dataclass(frozen=True, slots=True)
class FoundListing:
    """The listing of an item, or the ``ambiguous`` ones that suit it equally well."""

    listing: Listing | None = None
    ambiguous: tuple[Listing, ...] = ()


def find_listing(item: Identity) -> FoundListing:
    """Find the operation that enumerates the identifiers with which ``item``'s operation is called."""
    operation = item.index.operations[item.item.operation]
    ranked: list[tuple[ListingRank, Listing]] = []
    for position, parameters in enumerate(identifying_parameters(item, operation)):
        search = _ListingSearch(item, operation, parameters, position, item.nouns)
        narrowed = 0 < len(operation.required) < len(parameters)
        ranked += [
            (rank, listing)
            for rank, listing in search.listings()
            # A listing that needs an argument saves nothing: the operation can be called with that argument,
            # for all items at once.
            if not (narrowed and listing.needs)
        ]
    return _best(ranked)


def find_parent_listing(item: Identity, parameters: Sequence[str]) -> FoundListing:
    """Find the operation that enumerates ``parameters`` of ``item``'s operation by listing other
    resources than the item: what the item is part of."""
    operation = item.index.operations[item.item.operation]
    search = _ListingSearch(item, operation, parameters, 0, frozenset())
    return _best(search.listings())


def _best(ranked: Iterable[tuple[ListingRank, Listing]]) -> FoundListing:
    ranked = tuple(ranked)
    best = min((rank for rank, _ in ranked), default=None)
    found = tuple(listing for rank, listing in ranked if rank == best)
    return FoundListing(found[0]) if len(found) == 1 else FoundListing(ambiguous=found)


def identifying_parameters(item: Identity, operation: ReadOperation) -> Iterator[Sequence[str]]:
    """Yield the parameters that choose what is described, one alternative after the other.

    Yields nothing for an operation that describes everything if it is called without arguments.
    """
    if operation.required:
        yield operation.required
        if item.item.is_repeated:
            _, missing = known_values(operation, operation.required)
            if missing and missing != operation.required:
                yield missing
            for parameter, _ in narrowing(item, operation, to_item=True):
                yield (*operation.required, parameter)
        return
    if either := alternatives(item.index.name, operation):
        yield from ((parameter,) for parameter in either)
        return
    is_repeated = item.item.is_repeated
    if is_repeated and operation.collected_paths:
        return
    named = (
        parameter
        for parameter in operation.parameters
        if not item.nouns.isdisjoint(value_names(operation, parameter))
    )
    for parameter in (*(parameter for parameter, _ in narrowing(item, operation)), *named):
        if not is_repeated or has_default(item.index, operation, parameter):
            yield (parameter,)


def has_default(index: ServiceIndex, operation: ReadOperation, parameter: str) -> bool:
    """Whether a parameter that is left out means one of several resources: "If you do not specify a
    cluster, the default cluster is assumed", in a service that can list clusters."""
    text = operation.words_of(parameter)
    stems = {split_identifier(name)[0] for name in value_names(operation, parameter)}
    return any(
        f"default{stem}" in text and stem in _nouns_in_plural(_nouns(index))
        for stem in stems - {""}
    )


def _nouns(index: ServiceIndex, *, listed: bool = False) -> tuple[str, ...]:
    """Return the folded nouns of a service's operations; with ``listed``, of its listings only."""
    return tuple(
        operation.folded_noun
        for operation in index.operations.values()
        if not listed or operation.verb.listing_rank is not None
    )


@cache
def _nouns_in_plural(nouns: tuple[str, ...]) -> frozenset[str]:
    """Return the singulars of ``nouns`` that are plurals."""
    return frozenset(form for plural in nouns for form in singular(plural) if form != plural)


@cache
def _listed_nouns(nouns: tuple[str, ...], ending: str) -> frozenset[str]:
    """Return the singulars of ``nouns`` that end with ``ending`` and are longer."""
    return frozenset(
        name
        for plural in nouns
        for name in singular(plural)
        if name != ending and name.endswith(ending)
    )


def split_identifier(name: str) -> tuple[str, str]:
    """Split a folded name into the resource and the kind of identifier: ``tablename`` is ("table",
    "name"), ``name`` is ("", "name"), ``table`` is ("table", "")."""
    for ending in _IDENTIFIER_KINDS:
        if name.endswith(ending):
            return name.removesuffix(ending), ending
    return name, ""


@dataclass(frozen=True, slots=True)
class _ListingSearch:
    """A search for listings that supply ``parameters`` of an item's operation. ``position`` is that
    of the parameters among the alternatives, ``nouns`` are what the item is called."""

    item: Identity
    operation: ReadOperation
    parameters: Sequence[str]
    position: int
    nouns: frozenset[str]

    def listings(self) -> Iterator[tuple[ListingRank, Listing]]:
        """Yield every listing that supplies the parameters, with its rank."""
        index = self.item.index
        yield from filter(None, map(self.listing, (*index.items, *index.string_lists)))

    def listing(self, listed_item: IndexedItem) -> tuple[ListingRank, Listing] | None:
        """Return the listing whose elements are at ``listed_item``, with its rank; None if they do not
        supply all parameters."""
        operation = self.item.index.operations[listed_item.operation]
        verb_rank = operation.verb.listing_rank
        if operation.name == self.operation.name or verb_rank is None:
            return None
        listed = singular(operation.folded_noun)
        if listed_item.structure.endswith("Response"):
            # Pinpoint's GetApps lists each "ApplicationResponse"; a "FormOutput" is a part of something.
            listed += without_response(listed_item.structure)
        own = not self.nouns.isdisjoint(listed)
        if not _is_flat_list(listed_item) and not self.is_named_after(listed_item, listed):
            return None
        required = [*operation.required, *self.shared_defaults(operation)]
        supplies: dict[str, Supply] = {}
        for parameter in self.parameters:
            supply = self.supply(listed_item, parameter, listed, own=own)
            if supply is not None:
                supplies[parameter] = supply
            elif parameter not in required:
                return None
        if not self.enumerates(operation, required, supplies):
            return None
        if own and not self.identifies(supplies, listed):
            return None
        arguments = tuple((parameter, supply.member) for parameter, supply in supplies.items())
        rank = ListingRank(
            lists_other_resources=not own,
            has_other_noun=self.operation.folded_noun not in listed,
            requirements=len(required),
            parameters=self.position,
            is_not_paginated=listed_item.path.replace("[]", "") not in operation.collected_paths,
            distance=sum(supply.distance for supply in supplies.values()),
            holds_strings=not listed_item.structure,
            depth=len(steps(listed_item.path)),
            verb=verb_rank,
        )
        return rank, Listing(operation.name, listed_item.path, arguments, tuple(required))

    def enumerates(
        self, operation: ReadOperation, required: Sequence[str], supplies: dict[str, Supply]
    ) -> bool:
        """Whether a listing supplies something new, each parameter from another member."""
        if len({supply.member for supply in supplies.values()}) < len(supplies):
            return False
        new = [parameter for parameter in supplies if parameter not in required]
        # Skip listings that require the parameter they would supply.
        passed = {name for parameter in required for name in value_names(operation, parameter)}
        return bool(new) and not any(
            passed.intersection(value_names(self.operation, parameter)) for parameter in new
        )

    def identifies(self, supplied: Iterable[str], listed: Sequence[str]) -> bool:
        """Whether a listing of the table's own resources supplies what identifies one of them. A
        listing that supplies only their parent would repeat each parent once per resource."""
        names = {name for name in (*listed, *self.nouns) if name}
        for parameter in supplied:
            for form in value_names(self.operation, parameter):
                stem = split_identifier(form)[0]
                if not stem or any(stem in name or name in form for name in names):
                    return True
        return False

    def is_named_after(self, listed_item: IndexedItem, listed: Sequence[str]) -> bool:
        """Whether ``listed_item`` is inside the elements of a list and named after what is listed."""
        if "[]" not in listed_item.path:
            return False
        names = {
            folded(listed_item.structure),
            *singular(folded(steps(listed_item.path)[-1].member)),
        }
        return not names.isdisjoint((*listed, *self.nouns))

    def documented_resource(self, stem: str, text: str) -> str:
        """Return what the documentation of a parameter calls its resource, if a listing is named
        after it and it is more than the parameter's own ``stem``: "ARN of a TestGridProject" for
        ``projectArn``."""
        if not stem or stem in self.nouns:
            return ""
        nouns = _listed_nouns(_nouns(self.item.index, listed=True), stem)
        found = [name for name in nouns if name in text]
        return max(found, key=lambda name: (len(name), name), default="")

    def shared_defaults(self, operation: ReadOperation) -> Iterator[str]:
        """Yield the optional parameters that the caller should pass to both operations because both
        assume a default."""
        for parameter in operation.parameters:
            shared = parameter in self.operation.parameters and parameter not in operation.required
            if shared and has_default(self.item.index, operation, parameter):
                yield parameter

    def supply(
        self, listed_item: IndexedItem, parameter: str, listed: Sequence[str], *, own: bool
    ) -> Supply | None:
        """Return the member of an element that a parameter takes. ``own`` says whether the listing
        is named after the table's resource."""
        text = self.operation.words_of(parameter)
        forms = value_names(self.operation, parameter)
        if parameter in self.operation.numbers:
            return _number(self.item, listed_item, forms)
        if parameter not in self.operation.parameters:
            return None
        pattern = self.operation.parameters[parameter].pattern
        if own and listed_item.structure and (arn := self.required_arn(listed_item, parameter)):
            return Supply(_OWN_IDENTIFIER, arn)
        for form in forms:
            stem, ending = split_identifier(form)
            resources = {*listed, *(self.nouns if own else ())}
            related = stem in resources or form in resources if stem else own
            if longer := self.documented_resource(stem, text):
                related = longer in resources
            # "JobName" if transform jobs are listed.
            shortened = bool(stem) and any(resource.endswith(stem) for resource in resources)
            if not own and not related:
                continue
            nouns = resources if related else {stem} if shortened else set[str]()
            endings = (
                (ending,) if ending not in _VAGUE_ENDINGS else _likely_endings(forms, ending, text)
            )
            # "BucketName" and "Name" precede "BucketArn" if a name is taken.
            prefixes = (*sorted(nouns), "") if nouns else ()
            names = [form, *(prefix + end for end in endings for prefix in prefixes)]
            if form in resources and form.endswith(VERSION):
                names.insert(1, VERSION)
            tail = form if shortened or not stem else ""
            found = (
                _member_of_structure(
                    self.item, listed_item, names, tail, pattern, takes_arn=takes_arns(text)
                )
                if listed_item.structure
                else _string_itself(listed_item, names, nouns)
            )
            if found is not None:
                return found
        return None

    def required_arn(self, listed_item: IndexedItem, parameter: str) -> str:
        """Return the member with the ARN of an element if a parameter takes nothing else in some cases,
        or ""."""
        if not requires_own_arn(self.item, parameter, self.operation):
            return ""
        element = Identity(self.item.index, listed_item, self.item.table)
        return element.arn.name if element.arn else ""


def _likely_endings(nouns: Sequence[str], ending: str, text: str) -> Sequence[str]:
    """Return the kinds of identifiers, those that the documentation of a parameter mentions first:
    "A list of job IDs". Names are the default."""
    ids = ending == "identifier" or any(f"{noun}id" in text for noun in nouns)
    mentioned = {"arn": takes_arns(text), "id": ids, "name": True}
    likely = sorted(mentioned, key=lambda kind: not mentioned[kind])
    return [ending, *likely] if ending else likely


def _is_flat_list(listed_item: IndexedItem) -> bool:
    """Whether the path has one list, at its end."""
    return listed_item.path.endswith("[]") and listed_item.path.count("[]") == 1


def _by_name(position: int) -> int:
    return _SAME_NAME if position == 0 else _EQUIVALENT_NAME


def _number(item: Identity, listed_item: IndexedItem, names: Sequence[str]) -> Supply | None:
    """Return the member with one of ``names`` that is an integer."""
    if not listed_item.structure:
        return None
    members = Identity(item.index, listed_item, item.table).members
    for position, name in enumerate(names):
        member = members.get(name)
        if member and member.shape == Scalar("int64") and not map_key(member.name):
            return Supply(_by_name(position), member.name)
    return None


def _member_of_structure(
    item: Identity,
    listed_item: IndexedItem,
    names: Sequence[str],
    tail: str,
    pattern: str,
    *,
    takes_arn: bool,
) -> Supply | None:
    """Return the member with one of ``names``, the best first, or else the ARN, or else the only
    member whose name ends with ``tail``. What it holds may match ``pattern``."""
    element = Identity(item.index, listed_item, item.table)

    def fits(member: IndexedMember) -> bool:
        return not map_key(member.name) and overlap(pattern, element.pattern_of(member))

    for position, name in enumerate(names):
        if (member := element.string(name)) and fits(member):
            return Supply(_by_name(position), member.name)
    if takes_arn and tail and element.arn and fits(element.arn):
        return Supply(_OWN_IDENTIFIER, element.arn.name)
    # "MonitoringJobDefinitionName" for "JobDefinitionName".
    longer = [
        member
        for name, member in element.members.items()
        if tail and name.endswith(tail) and element.string(name) and fits(member)
    ]
    return Supply(_LONGER_NAME, longer[0].name) if len(longer) == 1 else None


def _string_itself(
    listed_item: IndexedItem, names: Sequence[str], nouns: set[str]
) -> Supply | None:
    """Return the element of a list of strings if the list is named after what a parameter takes:
    ``TableNames[]`` holds table names, ``clusters[]`` some identifier of clusters."""
    forms = singular(folded(steps(listed_item.path)[-1].member))
    for position, name in enumerate(names):
        if name in forms:
            return Supply(_by_name(position), WHOLE)
    return Supply(_OWN_IDENTIFIER, WHOLE) if not nouns.isdisjoint(forms) else None
