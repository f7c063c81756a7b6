"""Try an item of a service as a table's row, and decide what fills the columns if it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

from schemagen.api_models.index import IndexedItem, IndexedMember
from schemagen.diagnostics import Problem
from schemagen.inference.arguments import inclusion_parameters
from schemagen.inference.column_candidates import Candidate, CandidateFinder
from schemagen.inference.evidence import ACCOUNT, TAGS, ServiceLookup, TableRequirements
from schemagen.inference.identity import Identity, has_account
from schemagen.inference.listing import find_listing
from schemagen.inference.nouns import (
    DESCRIPTIONS,
    ends_a_noun,
    is_of_versions,
    singular,
    without_ending,
)
from schemagen.inference.ranks import ItemPreference, RowRank
from schemagen.inference.reasons import unbound_reason
from schemagen.inference.required_parameters import ACCOUNT_PARAMETERS
from schemagen.lockfile.notation import argument_members
from schemagen.model.bindings import (
    Binding,
    BoundColumn,
    Constant,
    DerivedColumn,
    Enrichment,
    Evidence,
    Listing,
)
from schemagen.model.origin import NOWHERE
from schemagen.model.pages import KEY, Column
from schemagen.model.paths import WHOLE, is_repeated, steps
from schemagen.model.shapes import StructureRef
from schemagen.names import folded, folded_service
from schemagen.typetable import CONVERTIBLE

MIN_SHARE = 0.5
"""The share of a table's columns that must be matched if only names agree."""

MIN_SHARE_DOCUMENTED = 0.2
"""The share of a table's columns that must be matched if documentation agrees too."""

_MAX_CANDIDATES = 24
"""The number of items of a service that are tried: those with most columns among their own members."""

_FAILURES = re.compile(r"(?:errors?|failed|failures?|invalid|notfound|unprocessed)", re.IGNORECASE)
"""How lists begin of what a call for several resources could not do: ``UnprocessedQueryExecutionIds``."""

_WITHOUT_ACCOUNT = frozenset({"apigateway", "s3", "route53"})
"""Services whose ARNs contain no account:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""


@dataclass(frozen=True, slots=True)
class Inference:
    """The result for one table: the binding, or None if nothing is certain, and findings about
    everything that stays unbound.

    If there is no binding, ``reason`` says why, and ``service`` is the one that the table is probably of,
    or only the name that such a service would have.
    """

    binding: Binding | None
    findings: tuple[Problem, ...]
    service: str = ""
    reason: str = ""


def joined(names: Iterable[str]) -> str:
    """Join the alternatives of a message."""
    return " and ".join(names)


# --- items that could be the row ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChosenItem:
    """The item that an override or a lock has chosen for a table; "" leaves a part open."""

    service: str = ""
    operation: str = ""
    path: str = ""

    def __str__(self) -> str:
        parts = (self.service, self.operation, self.path and f"({self.path})")
        return " ".join(part for part in parts if part)

    def allows(self, item: IndexedItem) -> bool:
        return self.operation in ("", item.operation) and self.path in ("", item.path)


ANY_ITEM = ChosenItem()


@dataclass(frozen=True, slots=True)
class Decisions:
    """The candidate that fills each column, and the reasons why ambiguous columns stay unbound."""

    candidates: Mapping[str, Candidate]
    ambiguous: Mapping[str, str]


def row_candidates(
    requirements: TableRequirements, service: ServiceLookup, chosen: ChosenItem = ANY_ITEM
) -> list[RowCandidate]:
    """Return the items of a service whose members match most of the table's columns."""
    matches: dict[str, dict[str, tuple[IndexedMember, Evidence]]] = {}
    for column in requirements.columns:
        for structure, member in service.index.members_by_name.get(folded(column), ()):
            in_structure = matches.setdefault(structure, {})
            documented = bool(member.words) and member.words == requirements.words[column]
            # The name is enough here even if the texts differ: pages lag behind the API.
            evidence: Evidence = "both" if documented else "name"
            if service.fits(requirements.types[column], member, evidence):
                in_structure.setdefault(column, (member, evidence))
    candidates = [
        RowCandidate(requirements, service, item, matches.get(item.structure, {}))
        for item in service.index.items
        if chosen.allows(item)
        and (chosen.operation or (matches.get(item.structure) and not _is_of_failures(item)))
    ]
    candidates.sort(key=lambda candidate: (-len(candidate.own_members), candidate.preference))
    return candidates[:_MAX_CANDIDATES]


def _is_of_failures(item: IndexedItem) -> bool:
    """Whether an item says what a call for several resources could not do."""
    return bool(_FAILURES.match(item.path.split(".")[-1]))


@dataclass(frozen=True)
class RowCandidate:
    """An item that could be a table's row, and everything that follows from that.

    ``own_members`` are the members of the item that have the names of columns.
    """

    requirements: TableRequirements
    service: ServiceLookup
    item: IndexedItem
    own_members: Mapping[str, tuple[IndexedMember, Evidence]]

    @cached_property
    def identity(self) -> Identity:
        return Identity(self.service.index, self.item, self.requirements.table.name)

    @cached_property
    def finder(self) -> CandidateFinder:
        return CandidateFinder(self.requirements, self.service, self.identity)

    def __str__(self) -> str:
        return f"{self.service.index.name}'s {self.item.operation} ({self.item.path})"

    @property
    def preference(self) -> ItemPreference:
        operation = self.service.index.operations[self.item.operation]
        nouns = singular(operation.folded_noun)
        subject = self.identity.subject
        related = any(
            noun.endswith(subject) or (subject.endswith(noun) and not self.item.is_repeated)
            for noun in nouns
        )
        return ItemPreference(
            among_many=self.item.is_repeated,
            not_named_after_table=subject not in nouns,
            depth=len(steps(self.item.path)),
            verb=operation.verb.item_rank,
            unrelated=not related,
            requires_account=not ACCOUNT_PARAMETERS.isdisjoint(map(folded, operation.required)),
        )

    @cached_property
    def rank(self) -> RowRank:
        columns = len(self.requirements.columns)
        return RowRank(
            unfilled=columns - self.filled,
            undocumented=columns - self.documented,
            not_own=columns - len(self.own_members),
            preference=self.preference,
        )

    @property
    def has_table_noun(self) -> bool:
        """Whether the operation has exactly the table's noun, in the singular or plural."""
        operation = self.service.index.operations[self.item.operation]
        nouns = singular(operation.folded_noun)
        return not set(nouns).isdisjoint(singular(self.identity.subject))

    def supersedes(self, other: RowCandidate) -> bool:
        """Whether the table is about this item and not about ``other``: only this one's operation has
        the table's noun, and its own members hold at least as many columns. Enrichments do not
        count: they fill the columns of the parents and children of a resource as well.

        An item also supersedes one that it calls for each value of an enumeration, unless the table is
        named after that one: ``GetAlternateContact`` returns the contacts of an account one by one."""
        if not self.is_evidence or other.has_table_noun:
            return False
        if self.has_table_noun:
            return len(self.own_members) >= len(other.own_members)
        return any(
            candidate.operation == other.item.operation and candidate.arguments.values
            for candidate in self.candidates.values()
        )

    def is_whole_of(self, part: RowCandidate) -> bool:
        """Whether ``part`` is inside of this item, or beside it, holds fewer columns itself, and is not what
        the table is named after: the platforms of a component, with the component's own columns from
        around them; or the table that a backup is of, beside the details of the backup."""
        path, inner = self.item.path, part.item.path
        inside = inner != WHOLE and (path == WHOLE or inner.startswith(f"{path}."))
        same = part.service.index.name == self.service.index.name
        if not (same and part.item.operation == self.item.operation):
            return False
        fewer = len(part.own_members) < len(self.own_members)
        called, other_called = self._is_called_as_table, part._is_called_as_table
        if not inside:
            single = not (is_repeated(path) or is_repeated(inner))
            return single and called and not other_called and fewer
        if other_called and not called:
            return False
        # The ARN of the one part that a response has is the row's.
        single = not is_repeated(inner.removeprefix(f"{path}."))
        if single and part.identity.has_key and not self.identity.has_key:
            return False
        return fewer

    @property
    def _is_called_as_table(self) -> bool:
        """Whether the item, or a whole response by its operation, is called as the table's resource is."""
        if self.item.path == WHOLE:
            return self.has_table_noun
        names = (folded(self.item.structure), folded(steps(self.item.path)[-1].member))
        return any(self.identity.subject in singular(without_ending(name)) for name in names)

    @property
    def filled(self) -> int:
        """The number of columns that a member fills, apart from those with rules of their own: most
        items have an ARN and tags."""
        return len(self.requirements.columns.keys() & self.candidates.keys())

    @property
    def documented(self) -> int:
        """The number of filled columns that documentation proves."""
        return sum(
            1
            for column, candidate in self.candidates.items()
            if column in self.requirements.columns and candidate.evidence != "name"
        )

    @property
    def is_evidence(self) -> bool:
        """Whether the matches are strong enough to accept this item. One documented column of many
        is not: some other resource nearly always has it as well."""
        columns = len(self.requirements.columns)
        both = any(candidate.evidence == "both" for candidate in self.candidates.values())
        documented = both and self.filled >= MIN_SHARE_DOCUMENTED * columns
        return documented or len(self.own_members) >= MIN_SHARE * columns

    @property
    def is_named_after_table(self) -> bool:
        """Whether the operation has exactly the table's noun, without or with the name of the service or
        what says that it describes a resource (``GetQueueAttributes``), or the table's whole name."""
        noun = self.service.index.operations[self.item.operation].folded_noun
        whole = {folded(self.requirements.table.name), *self.identity.names_with_service}
        return (
            self.has_table_noun
            or without_ending(noun) == self.identity.subject
            or not whole.isdisjoint(singular(noun))
        )

    def is_expected(self, services: Collection[str]) -> bool:
        """Whether the table is named after this item, and its service is one of ``services``."""
        return (
            self.is_named_after_table
            and self.service.index.name in services
            and not self.is_contradicted
        )

    @property
    def is_of_service(self) -> bool:
        """Whether the table is named after its service (``aws.dynamodb``), and the item holds all
        columns: no name says that it is another resource."""
        service = folded_service(self.service.index.name)
        complete = len(self.own_members) == len(self.requirements.columns)
        return complete and self.identity.subject == service

    @property
    def is_contradicted(self) -> bool:
        """Whether the table is of another resource than this item, which the API may not have: versions of
        a resource, or one that is called otherwise and has columns with documentation that this item lacks.

        What an account has only one of, such as its contacts, is returned in parts by many operations.
        """
        operation = self.service.index.operations[self.item.operation]
        version = self.identity.name_in_service != self.identity.subject
        if self.is_named_after_table and not version:
            return False
        if self.identity.is_of_versions != self._returns_versions:
            return True
        only_one = not (operation.required or self.item.is_repeated or operation.verb.only_lists)
        return bool(self.unfilled) and (version or not only_one)

    @property
    def _returns_versions(self) -> bool:
        return is_of_versions(self.service.index.operations[self.item.operation])

    @property
    def unfilled(self) -> tuple[str, ...]:
        """The columns with documentation, or all if none has any, that nothing fills."""
        words = self.requirements.words
        columns = [name for name in self.requirements.columns if words[name]]
        filled = self.candidates.keys() | {column.column for column in self.derived}
        return tuple(name for name in columns or self.requirements.columns if name not in filled)

    @property
    def objection(self) -> str:
        """Why the item is not accepted, to follow the number of columns that it fills."""
        if not self.is_evidence:
            return "which is too few"
        if not self.is_documented:
            return "but its documentation differs from the page's"
        if self.identity.is_of_versions != self._returns_versions:
            return "but only one of the two is about versions"
        return f"but has another name, and lacks {', '.join(self.unfilled)}"

    @property
    def is_documented(self) -> bool:
        """Whether most of the page's documentation is the item's. A table of a service or an operation that
        the source of the models lacks has names and some texts in common with many other items."""
        described = sum(
            1 for column in self.requirements.columns if self.requirements.words[column]
        )
        return self.documented >= MIN_SHARE * described

    @property
    def is_conclusive(self) -> bool:
        """Whether other services need not be tried: most columns are filled, and most of the page's
        documentation is the service's."""
        enough = self.filled >= MIN_SHARE * len(self.requirements.columns)
        return enough and self.is_documented

    @cached_property
    def identified(self) -> RowCandidate:
        """The item whose key is known: this one, or a structure in it that is named after the resource is,
        or only what describes one. ``GetImageRecipe`` returns ``requestId`` beside ``imageRecipe``, whose
        ARN is the row's; ``GetFunction`` returns it in ``Configuration``, as ``FunctionArn``."""
        if self.identity.has_key:
            return self
        parts = [part.identified for part in self._parts()]
        # "metadata" holds the ARN that could be built from members of "pipeline", too.
        found = [part for part in parts if part.identity.arn is not None]
        found = found or [part for part in parts if part.identity.has_key]
        if len(found) == 1 and self.candidates.keys() <= found[0].candidates.keys():
            return found[0]
        return self

    def _parts(self) -> Iterator[RowCandidate]:
        """Yield the structures in this item that are the resource, or hold its ARN."""
        nouns = self.identity.nouns
        paths = {
            f"{self.item.path}.{member.name}".removeprefix(f"{WHOLE}."): name
            for name, member in self.identity.members.items()
            if isinstance(member.shape, StructureRef)
        }
        for item in self.service.index.items_by_operation[self.item.operation]:
            if item.path in paths:
                name = paths[item.path]
                part = RowCandidate(self.requirements, self.service, item, {})
                arn = part.identity.arn
                named = arn.folded_name.removesuffix("arn") if arn else ""
                if name in DESCRIPTIONS:
                    own = named in {"", *nouns}
                else:
                    own = without_ending(name) in nouns or ends_a_noun(name, nouns)
                # "ProductViewDetail" with a "ProductARN", not "TargetProduct".
                if own or (named in nouns - {""} and name.startswith(named)):
                    yield part

    # --- columns by rule --------------------------------------------------------------------------

    @cached_property
    def key_and_account(self) -> Mapping[str, DerivedColumn]:
        """The rules for `KEY`, and for `ACCOUNT` if no member is the account."""
        identity = self.identity
        found: dict[str, DerivedColumn] = {}
        if identity.arn is not None:
            found[KEY] = DerivedColumn(KEY, "arn", identity.arn.name)
            without = self.service.index.name in _WITHOUT_ACCOUNT
            if not without and has_account(identity.arn):
                found[ACCOUNT] = DerivedColumn(ACCOUNT, "account_from_arn", identity.arn.name)
        elif identity.built_arn is not None:
            found[KEY] = replace(identity.built_arn, column=KEY)
            location_member = identity.built_arn.member
            if location_member:
                found[ACCOUNT] = DerivedColumn(ACCOUNT, "account_from_arn", location_member)
        if ACCOUNT not in found and self.finder.account() is None:
            found[ACCOUNT] = DerivedColumn(ACCOUNT, "account_given")
        columns = {column.name for column in self.requirements.table.columns}
        return {name: column for name, column in found.items() if name in columns}

    @cached_property
    def derived(self) -> tuple[DerivedColumn, ...]:
        """All columns that a rule computes."""
        found = dict(self.key_and_account)
        for name in self.requirements.columns.keys() - self.candidates.keys():
            if self.identity.built_arn is not None and self.is_own_arn(name):
                found[name] = replace(self.identity.built_arn, column=name)
            elif parameter := self.given_parameter(name):
                found[name] = DerivedColumn(name, "argument_given", parameters=(parameter,))
        return tuple(column for _, column in sorted(found.items()))

    def given_parameter(self, column: str) -> str:
        """Return the parameter with the column's name that the row's operation requires: what a resource
        belongs to is often not in the response. "" if there is none, or documentation contradicts."""
        operation = self.service.index.operations[self.item.operation]
        type, text = self.requirements.types[column], self.requirements.words[column]
        if "string" not in CONVERTIBLE[type.scalar.convert]:
            return ""
        for name in operation.required_strings:
            documented = operation.words_of(name)
            agrees = not text or not documented or text == documented
            if folded(name) == folded(column) and agrees:
                return name
        return ""

    def is_own_arn(self, column: str) -> bool:
        """Whether a column has a name for the resource's own ARN: ``arn``, ``instance_arn``."""
        names = {"", folded(self.requirements.table.name), *self.identity.nouns}
        name = folded(column)
        type = self.requirements.types[column]
        fits = "string" in CONVERTIBLE[type.scalar.convert]
        return fits and name.endswith("arn") and name.removesuffix("arn") in names

    # --- columns by evidence ----------------------------------------------------------------------

    @property
    def candidates(self) -> Mapping[str, Candidate]:
        """The candidate that fills each column."""
        return self.decisions.candidates

    @cached_property
    def decisions(self) -> Decisions:
        """Decide which candidate fills each column, the best candidates first."""
        chosen = self._own_candidates()
        alternatives = self._alternatives(chosen)
        # The number of columns that an operation could fill, at one path.
        usefulness = Counter(
            (candidate.operation, candidate.path)
            for candidates in alternatives.values()
            for candidate in set(candidates)
        )
        ambiguous: dict[str, str] = {}
        # An operation is called once, for the item at one path.
        paths: dict[str, str] = {}
        for name, candidates in sorted(alternatives.items(), key=lambda pair: pair[1][0].rank):
            possible = [
                candidate
                for candidate in candidates
                if not candidate.operation
                or paths.get(candidate.operation, candidate.path) == candidate.path
            ]
            if not possible:
                continue
            best = self._best(possible, usefulness)
            if len(best) > 1:
                ambiguous[name] = joined(
                    f"{candidate.operation}'s {candidate.member} ({candidate.path})"
                    for candidate in best
                )
                continue
            [chosen[name]] = best
            if best[0].operation:
                paths[best[0].operation] = best[0].path
        chosen.update(self._columns_behind_api(chosen))
        return Decisions(chosen, ambiguous)

    def _own_candidates(self) -> dict[str, Candidate]:
        """Return the item's own members that have the names of columns, and its account."""
        found = {name: self.finder.own_member(*match) for name, match in self.own_members.items()}
        if ACCOUNT not in self.key_and_account and (account := self.finder.account()):
            found[ACCOUNT] = account
        return found

    def _alternatives(self, chosen: Mapping[str, Candidate]) -> dict[str, list[Candidate]]:
        """Return the candidates for the columns that are not ``chosen`` yet, best first. Columns
        without candidates are left out."""
        found = {
            name: sorted(self.finder.other_members(name))
            for name in self.requirements.columns
            if name not in chosen
        }
        if any(column.name == TAGS for column in self.requirements.table.columns):
            found[TAGS] = sorted(self.finder.tags())
        return {name: candidates for name, candidates in found.items() if candidates}

    def _best(
        self, candidates: Sequence[Candidate], usefulness: Mapping[tuple[str, str], int]
    ) -> list[Candidate]:
        """Return the best of ``candidates``, which are sorted; several if they are equal.

        Equal ranks are decided by the operation that could fill most columns, then by its name.
        """
        best = [candidate for candidate in candidates if candidate.rank == candidates[0].rank]
        most = max(usefulness[candidate.operation, candidate.path] for candidate in best)
        best = [
            candidate
            for candidate in best
            if usefulness[candidate.operation, candidate.path] == most
        ]
        return self._named_after_table(best) if len(best) > 1 else best

    def _named_after_table(self, candidates: list[Candidate]) -> list[Candidate]:
        """Return the candidates whose operation is named after the table's subject, or all if none
        is; of these, the one whose noun all others have, too: they mention something else as well."""
        named = [
            candidate
            for candidate in candidates
            if any(noun in folded(candidate.operation) for noun in self.identity.nouns)
        ]
        named = named or candidates
        operations = self.service.index.operations
        nouns = [
            operations[candidate.operation].folded_noun if candidate.operation else ""
            for candidate in named
        ]
        shortest = min(nouns, key=len)
        if not all(shortest in noun for noun in nouns):
            return named
        return [candidate for candidate, noun in zip(named, nouns, strict=True) if noun == shortest]

    def _columns_behind_api(
        self, chosen: Mapping[str, Candidate]
    ) -> Iterator[tuple[str, Candidate]]:
        """Yield columns whose documentation is older than the API's: members that agree by name
        only, in responses that fill other columns by name and documentation."""
        proven = {
            (candidate.operation, candidate.path): candidate
            for candidate in chosen.values()
            if candidate.operation
            and candidate.evidence == "both"
            and not candidate.arguments.values
        }
        if not proven:
            return
        index = self.service.index
        operations = {operation for operation, _ in proven}
        items = [
            item
            for name in index.operations
            if name in operations
            for item in index.items_by_operation[name]
            if (name, item.path) in proven
        ]
        for name in self.requirements.columns:
            if name in chosen:
                continue
            type = self.requirements.types[name]
            for item in items:
                candidate = proven[item.operation, item.path]
                member = index.by_name[item.structure].get(folded(name))
                if member and self.service.fits(type, member, "name"):
                    yield name, replace(candidate, member=member.name, evidence="name")
                    break

    # --- the result -------------------------------------------------------------------------------

    @cached_property
    def inference(self) -> Inference:
        """The binding of the table to this item, with findings about everything unbound."""
        table = self.requirements.table
        listing = find_listing(self.identity)
        listed = dict(self._listed_identifiers(listing.listing))
        candidates = {**self.candidates, **listed}
        filled = candidates.keys() | {column.column for column in self.derived}
        unbound = [column for column in table.columns if column.name not in filled]
        enrichments = {
            candidate.operation: candidate
            for candidate in self.candidates.values()
            if candidate.operation
        }
        binding = Binding(
            table=table.id,
            service=self.service.index.name,
            operation=self.item.operation,
            path=self.item.path,
            columns=tuple(
                BoundColumn(name, candidate.member, candidate.evidence, candidate.operation or None)
                for name, candidate in sorted(candidates.items())
            ),
            derived=self.derived,
            enrichments=tuple(
                Enrichment(
                    name,
                    candidate.path,
                    candidate.arguments.members,
                    (*candidate.arguments.constants, *self._inclusions(name)),
                    candidate.arguments.values,
                )
                for name, candidate in sorted(enrichments.items())
            ),
            origin=NOWHERE,
            unbound=tuple(sorted(column.name for column in unbound)),
            reasons=tuple(
                sorted((column.name, self._unbound_reason(column)) for column in unbound)
            ),
            listing=listing.listing,
            constants=tuple(self._inclusions(self.item.operation)),
        )
        findings = [self._unbound_finding(column) for column in unbound]
        return Inference(binding, tuple(findings))

    def _listed_identifiers(self, listing: Listing | None) -> Iterator[tuple[str, Candidate]]:
        """Yield columns that have name and documentation of an identifier in the listing, which the item
        has under the name of the parameter: ``Id`` of a listed user is the ``UserId`` of a user."""
        if listing is None:
            return
        items = self.service.index.items_by_operation[listing.operation]
        listed = [item.structure for item in items if item.path == listing.path]
        for structure, (parameter, name) in product(listed, listing.arguments):
            member = self.service.index.by_name[structure][folded(name)]
            own = self.identity.string(folded(parameter))
            for column in self.requirements.columns.keys() - self.candidates.keys():
                if (
                    own is not None
                    and folded(column) == member.folded_name
                    and "" != self.requirements.words[column] == member.words
                    and self.service.fits(self.requirements.types[column], own, "documentation")
                ):
                    yield column, self.finder.own_member(own, "documentation")

    def _inclusions(self, operation: str) -> Iterator[tuple[str, Constant]]:
        """Yield the constants that make an operation return the members that are bound to it."""
        candidates = self.candidates.values()
        members = {candidate.member for candidate in candidates if candidate.operation == operation}
        if operation == self.item.operation:
            members |= {candidate.member for candidate in candidates if not candidate.operation}
            members |= {member for column in self.derived for _, member in column.sources}
            members |= {
                member
                for candidate in candidates
                for _, text in candidate.arguments.members
                for member in argument_members(text)
            }
        yield from inclusion_parameters(self.service.index.operations[operation], sorted(members))

    def _unbound_finding(self, column: Column) -> Problem:
        message = (
            f"{self.requirements.table.id}.{column.name} stays unbound: "
            f"{self._unbound_reason(column)}"
        )
        return Problem(column.origin.path, column.origin.line, 1, "SG404", message)

    def _unbound_reason(self, column: Column) -> str:
        if ambiguous := self.decisions.ambiguous.get(column.name):
            return f"{ambiguous} match it equally well; choose one in an override"
        return unbound_reason(self.finder, column)
