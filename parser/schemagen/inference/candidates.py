"""An item of a service as a table's row, and what fills the columns if it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from schemagen.api_models.index import IndexedItem, IndexedMember
from schemagen.diagnostics import Problem
from schemagen.inference.arguments import included, is_about_tags
from schemagen.inference.evidence import ACCOUNT, TAGS, Known, Wanted
from schemagen.inference.fillers import Filler, Sources
from schemagen.inference.identity import Identity
from schemagen.inference.listing import listing_of
from schemagen.inference.nouns import noun, singular
from schemagen.lockfile.notation import argument_members
from schemagen.model.bindings import (
    Binding,
    BoundColumn,
    Constant,
    DerivedColumn,
    Enrichment,
    Evidence,
)
from schemagen.model.origin import NOWHERE
from schemagen.model.pages import KEY, Column
from schemagen.model.paths import steps
from schemagen.names import READ_VERBS, folded
from schemagen.typetable import CONVERTIBLE

ENOUGH = 0.5
"""The share of a table's columns that names alone must reach."""

DOCUMENTED_ENOUGH = 0.2
"""The share of a table's columns that must be reached where documentation agrees, too."""

_CONTENDERS = 24
"""How many items are looked at closely: those with most columns of their own."""

_WITHOUT_ACCOUNT = frozenset({"apigateway", "s3", "route53"})
"""Services whose ARNs name no account:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""


@dataclass(frozen=True, slots=True)
class Inference:
    """What was found for one table: no binding where nothing is certain, and why."""

    binding: Binding | None
    findings: tuple[Problem, ...]


def either(names: Iterable[str]) -> str:
    """Names as they stand in a message."""
    return " and ".join(names)


# --- what could be the row ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pinned:
    """Where a table's item is known to be; what is "" is free."""

    service: str = ""
    operation: str = ""
    path: str = ""

    def __str__(self) -> str:
        parts = (self.service, self.operation, self.path and f"({self.path})")
        return " ".join(part for part in parts if part)

    def allows(self, item: IndexedItem) -> bool:
        return self.operation in ("", item.operation) and self.path in ("", item.path)


ANYWHERE = Pinned()


def choices_of(wanted: Wanted, known: Known, pinned: Pinned = ANYWHERE) -> list[Choice]:
    """The items of a service with most of the wanted columns."""
    by_structure: dict[str, dict[str, tuple[IndexedMember, Evidence]]] = {}
    for column in wanted.columns:
        for structure, member in known.named.get(folded(column), ()):
            found = by_structure.setdefault(structure, {})
            evidence: Evidence = (
                "both" if member.words and member.words == wanted.words[column] else "name"
            )
            if known.fits(wanted.types[column], member, evidence):
                found[column] = (member, evidence)
    choices = [
        Choice(wanted, known, item, by_structure.get(item.structure, {}))
        for item in known.index.items
        if pinned.allows(item) and (pinned.operation or by_structure.get(item.structure))
    ]
    choices.sort(key=lambda choice: (-len(choice.named), *choice.preference))
    return choices[:_CONTENDERS]


@dataclass(frozen=True)
class Choice:
    """An item that could be a table's row, and what follows from that."""

    wanted: Wanted
    known: Known
    item: IndexedItem
    named: Mapping[str, tuple[IndexedMember, Evidence]]

    @cached_property
    def identity(self) -> Identity:
        return Identity(self.known.index, self.item, self.wanted.table.name)

    @cached_property
    def sources(self) -> Sources:
        return Sources(self.wanted, self.known, self.identity)

    def __str__(self) -> str:
        return f"{self.known.index.name}'s {self.item.operation} ({self.item.path})"

    @property
    def several(self) -> bool:
        return self.item.is_repeated

    @property
    def preference(self) -> tuple[bool, bool, int, int, bool]:
        """Smaller is better, where as many columns are reached."""
        verb = next(n for n, verb in enumerate(READ_VERBS) if self.item.operation.startswith(verb))
        nouns = singular(noun(self.item.operation))
        called = self.identity.subject in nouns
        subject = self.identity.subject
        related = any(
            one.endswith(subject) or (subject.endswith(one) and not self.several) for one in nouns
        )
        return (self.several, not called, len(steps(self.item.path)), verb, not related)

    @cached_property
    def rank(self) -> tuple[int, int, int, bool, bool, int, int, bool, str]:
        """Smaller is better; all but the last decide."""
        return (
            -self.reached,
            -self.documented,
            -len(self.named),
            *self.preference,
            f"{self.item.operation} {self.item.path}",
        )

    @property
    def reached(self) -> int:
        """How many columns are filled. Those with rules of their own do not count: an ARN and tags
        are in most items."""
        return len(self.wanted.columns.keys() & self.fillers.keys())

    @property
    def documented(self) -> int:
        """How many of these are filled by documentation, or by documentation and name."""
        return sum(
            1
            for column, filler in self.fillers.items()
            if column in self.wanted.columns and filler.evidence != "name"
        )

    @property
    def is_evidence(self) -> bool:
        """True where it is no accident that names agree, and the item is no small part of the row:
        some other resource has one column of many, documented alike, nearly always."""
        columns = len(self.wanted.columns)
        both = any(filler.evidence == "both" for filler in self.fillers.values())
        several = both and self.reached >= DOCUMENTED_ENOUGH * columns
        return several or len(self.named) >= ENOUGH * columns

    @property
    def is_enough(self) -> bool:
        """True where no other service needs to be looked at: most columns are reached, and most of
        what the page says is what the service says."""
        said = sum(1 for column in self.wanted.columns if self.wanted.words[column])
        enough = self.reached >= ENOUGH * len(self.wanted.columns)
        return enough and self.documented >= ENOUGH * said

    # --- columns by rule --------------------------------------------------------------------------

    @cached_property
    def key_and_account(self) -> Mapping[str, DerivedColumn]:
        """What `KEY` and `ACCOUNT` are computed from, where no member is the account."""
        identity = self.identity
        found: dict[str, DerivedColumn] = {}
        if identity.arn is not None:
            found[KEY] = DerivedColumn(KEY, "arn", identity.arn.name)
            if self.known.index.name not in _WITHOUT_ACCOUNT:
                found[ACCOUNT] = DerivedColumn(ACCOUNT, "account_from_arn", identity.arn.name)
        elif identity.built is not None:
            found[KEY] = replace(identity.built, column=KEY)
            if identity.built.member:
                found[ACCOUNT] = DerivedColumn(ACCOUNT, "account_from_arn", identity.built.member)
        if ACCOUNT not in found and self.sources.account() is None:
            found[ACCOUNT] = DerivedColumn(ACCOUNT, "account_given")
        columns = {column.name for column in self.wanted.table.columns}
        return {name: one for name, one in found.items() if name in columns}

    @cached_property
    def derived(self) -> tuple[DerivedColumn, ...]:
        """Every column that a rule computes."""
        found = dict(self.key_and_account)
        for name in self.wanted.columns.keys() - self.fillers.keys():
            if self.identity.built is not None and self.is_own_arn(name):
                found[name] = replace(self.identity.built, column=name)
        return tuple(one for _, one in sorted(found.items()))

    def is_own_arn(self, column: str) -> bool:
        """True for a column that is called as the resource's own ARN: ``arn``, ``instance_arn``."""
        called = {"", folded(self.wanted.table.name), *self.identity.nouns}
        name = folded(column)
        fits = "string" in CONVERTIBLE[self.wanted.types[column].scalar.convert]
        return fits and name.endswith("arn") and name.removesuffix("arn") in called

    # --- columns by evidence ----------------------------------------------------------------------

    @cached_property
    def fillers(self) -> Mapping[str, Filler]:
        return self.decided[0]

    @cached_property
    def decided(self) -> tuple[Mapping[str, Filler], Mapping[str, str]]:
        """What fills each column, and why nothing fills the others."""
        found = {name: self.sources.direct(*evidence) for name, evidence in self.named.items()}
        columns = {column.name for column in self.wanted.table.columns}
        if ACCOUNT not in self.key_and_account and (account := self.sources.account()):
            found[ACCOUNT] = account
        options: dict[str, list[Filler]] = {}
        for name in self.wanted.columns:
            if name not in found:
                options[name] = sorted(self.sources.options(name))
        if TAGS in columns:
            options[TAGS] = sorted(self.sources.tags())
        reasons: dict[str, str] = {}
        paths: dict[str, str] = {}
        # How many columns an operation could fill, at one path.
        serves = Counter(
            (one.operation, one.path) for several in options.values() for one in set(several)
        )
        for name, several in sorted(options.items(), key=lambda pair: _best(pair[1])):
            several = [
                one
                for one in several
                if not one.operation or paths.get(one.operation, one.path) == one.path
            ]
            if not several:
                continue
            equal = [one for one in several if one.quality == several[0].quality]
            most = max(serves[one.operation, one.path] for one in equal)
            equal = [one for one in equal if serves[one.operation, one.path] == most]
            if len(equal) > 1:
                equal = self.called(equal)
            if len(equal) > 1:
                named = either(f"{one.operation}'s {one.member} ({one.path})" for one in equal)
                reasons[name] = f"{named} fill it alike"
                continue
            found[name] = equal[0]
            if equal[0].operation:
                paths[equal[0].operation] = equal[0].path
        found.update(self.drifted(found))
        return found, reasons

    def drifted(self, found: Mapping[str, Filler]) -> Iterator[tuple[str, Filler]]:
        """Columns whose page lags behind a response that fills others with both name and text."""
        for name in self.wanted.columns:
            if name in found:
                continue
            proven = {
                (one.operation, one.path): one
                for one in found.values()
                if one.operation and one.evidence == "both"
            }
            for item in self.known.index.items:
                one = proven.get((item.operation, item.path))
                member = self.known.index.by_name[item.structure].get(folded(name))
                if one and member and self.known.fits(self.wanted.types[name], member, "name"):
                    yield name, replace(one, member=member.name, evidence="name")
                    break

    def called(self, fillers: list[Filler]) -> list[Filler]:
        """Those whose operation is called after the table's subject, if any is; of these, the one
        with the shortest name, which says nothing else."""
        own = [
            one
            for one in fillers
            if any(noun in folded(one.operation) for noun in self.identity.nouns)
        ]
        own = own or fillers
        shortest = min(len(one.operation) for one in own)
        return [one for one in own if len(one.operation) == shortest]

    # --- the result -------------------------------------------------------------------------------

    @cached_property
    def inference(self) -> Inference:
        table = self.wanted.table
        fillers, reasons = self.decided
        derived = {column.column for column in self.derived}
        listings = listing_of(self.identity)
        unbound = [
            column
            for column in table.columns
            if column.name not in fillers and column.name not in derived
        ]
        enrichments = {one.operation: one for one in fillers.values() if one.operation}
        binding = Binding(
            table=table.id,
            service=self.known.index.name,
            operation=self.item.operation,
            path=self.item.path,
            columns=tuple(
                BoundColumn(name, one.member, one.evidence, one.operation or None)
                for name, one in sorted(fillers.items())
            ),
            derived=self.derived,
            enrichments=tuple(
                Enrichment(
                    name,
                    one.path,
                    one.asked.members,
                    (*one.asked.constants, *self.included(name, fillers)),
                )
                for name, one in sorted(enrichments.items())
            ),
            origin=NOWHERE,
            unbound=tuple(sorted(column.name for column in unbound)),
            listing=listings.listing,
            constants=tuple(self.included(self.item.operation, fillers)),
        )
        findings = [self.finding(column, reasons) for column in unbound]
        if listings.alike:
            named = either(f"{one.operation} ({one.path})" for one in listings.alike)
            message = f"{table.id} has no listing: {named} list what it is asked for alike"
            findings.append(Problem(table.origin.path, table.origin.line, 1, "SG404", message))
        return Inference(binding, tuple(findings))

    def included(
        self, operation: str, fillers: Mapping[str, Filler]
    ) -> Iterator[tuple[str, Constant]]:
        """What an operation must be asked to include, for the columns that are bound to it."""
        asked = {one.member for one in fillers.values() if one.operation == operation}
        if operation == self.item.operation:
            asked |= {one.member for one in fillers.values() if not one.operation}
            asked |= {one.member for one in self.derived}
            asked |= {
                member
                for one in fillers.values()
                for _, text in one.asked.members
                for member in argument_members(text)
            }
        yield from included(self.known.index.operations[operation], sorted(asked))

    def finding(self, column: Column, reasons: Mapping[str, str]) -> Problem:
        reason = reasons.get(column.name)
        if reason is None:
            member = self.identity.members.get(folded(column.name))
            reason = "no response has evidence for it"
            if column.name == KEY:
                reason = (
                    f"{self.item.structure} has no ARN of its own, and no format is known that "
                    "would build one"
                )
            elif column.name == TAGS and any(
                map(is_about_tags, self.known.index.operations.values())
            ):
                reason = "the operations that list tags cannot be asked for this resource"
            elif member is not None:
                kind = f"{self.item.structure}.{member.name} is {member.type}"
                reason = f"{kind}, which does not fit {column.type}"
        message = f"{self.wanted.table.id}.{column.name} stays unbound: {reason}"
        return Problem(column.origin.path, column.origin.line, 1, "SG404", message)


def _best(fillers: Sequence[Filler]) -> tuple[int, bool, bool, bool, int]:
    return fillers[0].quality if fillers else (9, True, True, True, 9)
