"""The operation that enumerates what a table's primary operation is asked for.

An operation lists a kind of resource where it is called after the resource's plural: ``ListTables``,
``GetRestApis``, ``ListDomainNames``. The elements of its list must answer what the primary operation
asks, but for what the caller gave the listing too. Of several, the one goes first that lists the
table's own resources, needs least, is collected by botocore's paginator, and answers by the same
name. What is equal even then is left open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schemagen.api_models.index import IndexedItem, ReadOperation, ServiceIndex
from schemagen.inference.arguments import narrowing, takes_arns
from schemagen.inference.identity import Identity
from schemagen.inference.nouns import noun, singular
from schemagen.model.bindings import Listing
from schemagen.model.paths import WHOLE, map_key, steps
from schemagen.names import LISTING_VERBS, folded

_ENDINGS = ("identifier", "name", "arn", "url", "id")
"""What is said of a resource to identify it, the longest first."""


@dataclass(frozen=True, slots=True)
class Listings:
    """The listing of an item; or else those that are it alike."""

    listing: Listing | None = None
    alike: tuple[Listing, ...] = ()


def listing_of(item: Identity) -> Listings:
    """What enumerates the identifiers that ``item``'s operation needs, if it needs any."""
    operation = item.index.operations[item.item.operation]
    best: tuple[int, ...] | None = None
    equal: list[Listing] = []
    for order, parameters in enumerate(_asked(item, operation)):
        question = _Question(item, operation, parameters)
        for place in (*item.index.items, *item.index.texts):
            answer = question.answered(place)
            if answer is None:
                continue
            rank, listing = answer
            rank = (*rank[:3], order, *rank[3:])
            if best is None or rank < best:
                best, equal = rank, []
            if rank == best:
                equal.append(listing)
    return Listings(equal[0]) if len(equal) == 1 else Listings(alike=tuple(equal))


def _asked(item: Identity, operation: ReadOperation) -> Iterator[Sequence[str]]:
    """The parameters that say what is described; one way after the other, where there are several.
    None for an operation that describes everything when it is asked for nothing."""
    if operation.required:
        yield operation.required
        return
    several = item.item.is_repeated
    if several and operation.pages:
        return
    named = (
        one for one in operation.parameters if not item.nouns.isdisjoint(_forms(operation, one))
    )
    for parameter in (*(one for one, _ in narrowing(item, operation)), *named):
        if not several or _has_default(item.index, operation, parameter):
            yield (parameter,)


def _has_default(index: ServiceIndex, operation: ReadOperation, parameter: str) -> bool:
    """True where a parameter that is left out means one resource of several: "If you do not specify
    a cluster, the default cluster is assumed", and there are more clusters to list."""
    text = operation.parameters[parameter]
    for stem in {_parts(form)[0] for form in _forms(operation, parameter)} - {""}:
        several = any(
            stem in singular(plural) and stem != plural for plural in map(noun, index.operations)
        )
        if several and f"default{stem}" in text:
            return True
    return False


def _forms(operation: ReadOperation, parameter: str) -> tuple[str, ...]:
    """What one value of a parameter is called."""
    name = folded(parameter)
    return singular(name) if parameter in operation.lists else (name,)


def _parts(name: str) -> tuple[str, str]:
    """A folded name as the resource that it is about and what it says of it: ``tablename`` is
    ("table", "name"), ``name`` ("", "name"), ``table`` ("table", "")."""
    for ending in _ENDINGS:
        if name.endswith(ending):
            return name.removesuffix(ending), ending
    return name, ""


@dataclass(frozen=True, slots=True)
class _Question:
    """What the operation of an item must be asked with."""

    item: Identity
    operation: ReadOperation
    parameters: Sequence[str]

    def answered(self, place: IndexedItem) -> tuple[tuple[int, ...], Listing] | None:
        """The listing that the elements at ``place`` make, with its rank; None if they make none."""
        operation = self.item.index.operations[place.operation]
        called = singular(noun(operation.name))
        own = not self.item.nouns.isdisjoint(called)
        if operation.name == self.operation.name or not operation.name.startswith(LISTING_VERBS):
            return None
        if not _is_list(place) and not self.is_called(place, called):
            return None
        needs = [*operation.required, *self.defaults(operation)]
        given = {form for one in needs for form in _forms(operation, one)}
        arguments: list[tuple[str, str]] = []
        quality = 0
        for parameter in self.parameters:
            member = self.member(place, parameter, called, own=own)
            if member is not None:
                quality += member[0]
                arguments.append((parameter, member[1]))
            elif parameter not in needs:
                return None
        # One member does not answer two questions.
        if len({member for _, member in arguments}) < len(arguments):
            return None
        # A listing that must be told what it is to tell is none.
        new = [one for one, _ in arguments if one not in needs]
        if not new or any(given.intersection(_forms(self.operation, one)) for one in new):
            return None
        path = place.path.replace("[]", "")
        rank = (
            not own,
            noun(self.operation.name) not in called,
            len(needs),
            path not in operation.pages,
            quality,
            not place.structure,
            len(steps(place.path)),
            next(n for n, verb in enumerate(LISTING_VERBS) if operation.name.startswith(verb)),
        )
        return rank, Listing(operation.name, place.path, tuple(arguments), tuple(needs))

    def is_called(self, place: IndexedItem, called: Sequence[str]) -> bool:
        """True for what lies in the elements of a list and is called as what is listed."""
        if "[]" not in place.path:
            return False
        names = {folded(place.structure), *singular(folded(steps(place.path)[-1].member))}
        return not names.isdisjoint((*called, *self.item.nouns))

    def defaults(self, operation: ReadOperation) -> Iterator[str]:
        """What the caller should say to both operations, because both assume a default."""
        for parameter in operation.parameters:
            shared = parameter in self.operation.parameters and parameter not in operation.required
            if shared and _has_default(self.item.index, operation, parameter):
                yield parameter

    def member(
        self, place: IndexedItem, parameter: str, called: Sequence[str], *, own: bool
    ) -> tuple[int, str] | None:
        """What of an element answers a parameter, with how far-fetched that is."""
        text = self.operation.parameters.get(parameter, "")
        takes = takes_arns(text)
        forms = _forms(self.operation, parameter)
        for form in forms:
            stem, ending = _parts(form)
            about = {*called, *(self.item.nouns if own else ())}
            related = stem in about or form in about if stem else own
            # "JobName" where transform jobs are listed.
            shorter = bool(stem) and any(one.endswith(stem) for one in about)
            if not own and not related:
                continue
            nouns = about if related else {stem} if shorter else set[str]()
            exact = ending not in ("", "identifier")
            endings = (ending,) if exact else _said(forms, ending, text)
            # "BucketName" and "Name" before "BucketArn", where a name is asked for.
            about_one = (*sorted(nouns), "") if nouns else ()
            names = [form, *(one + end for end in endings for one in about_one)]
            tail = form if shorter or not stem else ""
            found = (
                _of_structure(self.item, place, names, tail, takes=takes)
                if place.structure
                else _of_text(place, names, nouns)
            )
            if found is not None:
                return found
        return None


def _said(nouns: Sequence[str], ending: str, text: str) -> Sequence[str]:
    """What identifies a resource, what documentation speaks of first: "A list of job IDs"."""
    ids = ending == "identifier" or any(f"{one}id" in text for one in nouns)
    said = {"arn": takes_arns(text), "id": ids, "name": True}
    return sorted(said, key=lambda one: not said[one])


def _is_list(place: IndexedItem) -> bool:
    """True where one list is all that is on the way."""
    return place.path.endswith("[]") and place.path.count("[]") == 1


def _of_structure(
    item: Identity, place: IndexedItem, names: Sequence[str], form: str, *, takes: bool
) -> tuple[int, str] | None:
    element = Identity(item.index, place, item.table)
    for number, name in enumerate(names):
        if (member := element.string(name)) and not map_key(member.name):
            return min(number, 1), member.name
    if takes and form and element.arn and not map_key(element.arn.name):
        return 2, element.arn.name
    # "MonitoringJobDefinitionName" for "JobDefinitionName".
    longer = [
        name
        for name, member in element.members.items()
        if form and name.endswith(form) and element.string(name) and not map_key(member.name)
    ]
    return (3, element.members[longer[0]].name) if len(longer) == 1 else None


def _of_text(place: IndexedItem, names: Sequence[str], nouns: set[str]) -> tuple[int, str] | None:
    """``TableNames[]`` holds table names, ``clusters[]`` whatever identifies a cluster."""
    called = singular(folded(steps(place.path)[-1].member))
    for number, name in enumerate(names):
        if name in called:
            return min(number, 1), WHOLE
    return (2, WHOLE) if not nouns.isdisjoint(called) else None
