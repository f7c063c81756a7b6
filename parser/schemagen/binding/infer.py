"""Table + indexes of botocore's models -> Binding, with the evidence for each column.

A column is filled by a member when their names agree and their documentation, where both have one,
agrees too. In the primary item a name is enough when the texts differ, because pages lag behind
botocore; elsewhere it is not.

The primary item of a table is the one from which most columns are reached, those of auxiliary
operations included, whose arguments must come from the primary item. Among equals, the operation
that returns a single item goes before one that lists, one that is called as the table is before
others, a shorter path before a longer one, and Describe before Get before List. What is equal even
then is a finding, and the table stays unbound.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from schemagen.binding.index import (
    READ_VERBS,
    Directory,
    Item,
    Member,
    ReadOperation,
    ServiceIndex,
    fingerprint,
    words,
)
from schemagen.binding.notation import parse_type
from schemagen.errors import Problem
from schemagen.model import (
    KEY,
    Auxiliary,
    Binding,
    BoundColumn,
    Column,
    DerivedColumn,
    Evidence,
    ListOf,
    MapOf,
    Origin,
    Scalar,
    Shape,
    StructureRef,
    Table,
)
from schemagen.names import folded
from schemagen.responses import WHOLE, steps
from schemagen.typetable import CONVERTIBLE, Resolved, TypeTable

ACCOUNT = "account_id"
TAGS = "tags"

_ENOUGH = 0.5
"""The share of a table's columns that names alone must reach."""

_LONG = 24
"""Letters of documentation below which it proves nothing without the name."""

_CONTENDERS = 24
"""How many items are looked at closely: those with most columns of their own."""

_WITHOUT_ACCOUNT = frozenset({"s3", "route53"})
"""Services whose ARNs name no account:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""

_ACCOUNT_MEMBERS = frozenset(
    {"accountid", "awsaccountid", "customerawsid", "owneraccountid", "ownerid"}
)
_TAG_MEMBERS = frozenset({"resourcetags", "taglist", "tags", "tagset", "tagslist"})
_TAG_KEYS = frozenset({"Key", "key", "TagKey", "tagKey"})
_ARN_PARAMETERS = frozenset({"arn", "resource", "resourcearn", "resourceidentifier"})
_IDENTIFIERS = ("arn", "id", "name")
_NAMES = ("name", "id", "arn")
_RANKS: Mapping[Evidence, int] = {"both": 0, "documentation": 1, "name": 2, "hand": 3}


class Services(Protocol):
    """Where indexes come from."""

    @property
    def services(self) -> Collection[str]: ...

    @property
    def directory(self) -> Directory: ...

    def of(self, service: str, /) -> ServiceIndex: ...


@dataclass(frozen=True, slots=True)
class Inference:
    """What was found for one table: no binding where nothing is certain, and why."""

    binding: Binding | None
    findings: tuple[Problem, ...]


def infer(table: Table, types: TypeTable, services: Services) -> Inference:
    """The binding of ``table``; findings say what is ambiguous and what stays unbound, and why."""
    wanted = _wanted(table, types)
    choices: list[_Choice] = []
    for names in _candidates(wanted, services):
        for name in names:
            choices += _choices(wanted, _Known(services.of(name)))
        if any(choice.reached >= _ENOUGH * len(wanted.columns) for choice in choices):
            break
    ranked = sorted(
        (choice for choice in choices if choice.is_evidence), key=lambda choice: choice.rank
    )
    if not ranked:
        return _nothing(table, "no read operation returns its columns")
    ties = [choice for choice in ranked if choice.rank[:-1] == ranked[0].rank[:-1]]
    if len(ties) > 1:
        return _nothing(table, f"its columns are in {_either(map(str, ties))} alike")
    return ranked[0].inference


def _nothing(table: Table, reason: str) -> Inference:
    origin = table.origin
    message = f"{table.id} stays unbound: {reason}"
    return Inference(None, (Problem(origin.path, origin.line, 1, "SG403", message),))


def _either(names: Iterable[str]) -> str:
    return " and ".join(names)


# --- what is looked for ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A table's columns with what evidence there is for each.

    ``columns`` are those that a member fills; `KEY`, `ACCOUNT` and `TAGS` have rules of their own.
    """

    table: Table
    columns: Mapping[str, Column]
    types: Mapping[str, Resolved]
    words: Mapping[str, str]


def _wanted(table: Table, types: TypeTable) -> _Wanted:
    resolved = {
        column.name: types.resolve_column(table.id, column.name, column.type)
        for column in table.columns
    }
    return _Wanted(
        table,
        {
            column.name: column
            for column in table.columns
            if column.name not in (KEY, ACCOUNT, TAGS)
        },
        resolved,
        {column.name: words(column.description) for column in table.columns},
    )


def _candidates(wanted: _Wanted, services: Services) -> Iterator[Sequence[str]]:
    """Services that the table may belong to: first those whose name the table's begins with, then
    those that AWS also calls so, and those that document most of its columns."""
    parts = wanted.table.name.split("_")
    prefixes = {folded("".join(parts[: count + 1])) for count in range(len(parts))}
    named = [name for name in services.services if _plain(name) in prefixes]
    if named:
        yield sorted(named)
    directory = services.directory
    known = {
        name
        for name, aliases in directory.aliases.items()
        if prefixes.intersection(map(_plain, aliases))
    }
    counts = Counter(
        service
        for column, text in wanted.words.items()
        if text
        for service in directory.documented.get(fingerprint(column, text), ())
    )
    most = max(counts.values(), default=0)
    known |= {service for service, count in counts.items() if count == most}
    yield sorted(known.difference(named))


def _plain(service: str) -> str:
    return folded(service.replace("-", "").replace(" ", ""))


# --- what a service has ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Known:
    """The index of a service, turned around."""

    index: ServiceIndex

    @cached_property
    def places(self) -> Mapping[str, Sequence[Item]]:
        """The items that are of a structure."""
        found: defaultdict[str, list[Item]] = defaultdict(list)
        for item in self.index.items:
            found[item.structure].append(item)
        return found

    @cached_property
    def named(self) -> Mapping[str, Sequence[tuple[str, Member]]]:
        """Structure and member, by the member's folded name."""
        return self._by(lambda member: folded(member.name))

    @cached_property
    def documented(self) -> Mapping[str, Sequence[tuple[str, Member]]]:
        """Structure and member, by documentation that is long enough to prove something."""
        return self._by(lambda member: member.words if len(member.words) >= _LONG else "")

    def _by(self, key: Callable[[Member], str]) -> Mapping[str, Sequence[tuple[str, Member]]]:
        found: defaultdict[str, list[tuple[str, Member]]] = defaultdict(list)
        for structure, members in self.index.structures.items():
            for member in members:
                found[key(member)].append((structure, member))
        found.pop("", None)
        return found

    def fits(self, type: Resolved, member: Member, evidence: Evidence) -> bool:
        """True where the column's converter takes what boto3 returns for ``member``."""
        return self._takes(type, parse_type(member.type).shape, evidence)

    def _takes(self, type: Resolved, shape: Shape, evidence: Evidence) -> bool:
        if type.element is not None:
            return isinstance(shape, ListOf) and self._takes(type.element, shape.element, evidence)
        takes = CONVERTIBLE[type.scalar.convert]
        if shape == Scalar("string") and "json" in takes:
            # A text is JSON too, but hardly what a json column holds.
            return evidence == "both"
        return not takes.isdisjoint(self._kinds(shape))

    def _kinds(self, shape: Shape) -> Iterator[str]:
        """What a shape is, in the words of `CONVERTIBLE`."""
        match shape:
            case Scalar(name):
                yield name
            case StructureRef():
                yield "structure"
            case MapOf(value):
                yield "map"
                if value == Scalar("string"):
                    yield "map of strings"
                if value == ListOf(Scalar("string")):
                    yield "map of lists"
            case ListOf(element):
                yield "list"
                if isinstance(element, StructureRef):
                    members = self.index.structures.get(element.name, ())
                    if any(member.name in _TAG_KEYS for member in members):
                        yield "tag list"


# --- what could be the row ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class _Filler:
    """A member that could fill a column, best first in order. ``operation`` is "" for the primary
    item, and ``arguments`` then empty."""

    evidence_rank: int
    foreign: bool
    unscoped: bool
    several: bool
    depth: int
    operation: str
    path: str
    member: str
    evidence: Evidence
    arguments: tuple[tuple[str, str], ...] = ()

    @property
    def quality(self) -> tuple[int, bool, bool, bool, int]:
        return (self.evidence_rank, self.foreign, self.unscoped, self.several, self.depth)


def _choices(wanted: _Wanted, known: _Known) -> list[_Choice]:
    """The items of a service with most of the wanted columns."""
    by_structure: dict[str, dict[str, tuple[Member, Evidence]]] = {}
    for column in wanted.columns:
        for structure, member in known.named.get(folded(column), ()):
            found = by_structure.setdefault(structure, {})
            evidence: Evidence = (
                "both" if member.words and member.words == wanted.words[column] else "name"
            )
            if known.fits(wanted.types[column], member, evidence):
                found[column] = (member, evidence)
    choices = [
        _Choice(wanted, known, item, found)
        for structure, found in by_structure.items()
        for item in known.places[structure]
        if found
    ]
    choices.sort(key=lambda choice: (-len(choice.named), *choice.preference))
    return choices[:_CONTENDERS]


@dataclass(frozen=True)
class _Choice:
    """An item that could be a table's row, and what follows from that."""

    wanted: _Wanted
    known: _Known
    item: Item
    named: Mapping[str, tuple[Member, Evidence]]

    def __str__(self) -> str:
        return f"{self.known.index.name}'s {self.item.operation} ({self.item.path})"

    @cached_property
    def members(self) -> Mapping[str, Member]:
        """The item's members by folded name."""
        return self.known.index.by_name[self.item.structure]

    @property
    def several(self) -> bool:
        return "[]" in self.item.path

    @cached_property
    def subject(self) -> str:
        """What the table is about: its name without the service's."""
        name = folded(self.wanted.table.name)
        service = _plain(self.known.index.name)
        first = self.wanted.table.name.split("_")[0]
        for prefix in sorted({service, folded(first)}, key=len, reverse=True):
            if name.startswith(prefix) and name != prefix:
                return name.removeprefix(prefix)
        return name

    @cached_property
    def nouns(self) -> frozenset[str]:
        """What the item may be called: as the table, the operation, the structure, the path."""
        last = [step.member for step in steps(self.item.path)][-1:]
        names = [_noun(self.item.operation), folded(self.item.structure), *map(folded, last)]
        return frozenset([self.subject, *(form for name in names for form in _singular(name))])

    @property
    def preference(self) -> tuple[bool, bool, int, int]:
        """Smaller is better, where as many columns are reached."""
        verb = next(n for n, verb in enumerate(READ_VERBS) if self.item.operation.startswith(verb))
        called = self.subject in _singular(_noun(self.item.operation))
        return (self.several, not called, len(steps(self.item.path)), verb)

    @cached_property
    def rank(self) -> tuple[int, int, int, bool, bool, int, int, str]:
        """Smaller is better; all but the last decide."""
        documented = sum(1 for filler in self.fillers.values() if filler.evidence != "name")
        return (
            -self.reached,
            -documented,
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
    def is_evidence(self) -> bool:
        """True where it is no accident that names agree."""
        documented = any(filler.evidence == "both" for filler in self.fillers.values())
        return documented or len(self.named) >= _ENOUGH * len(self.wanted.columns)

    # --- columns by rule --------------------------------------------------------------------------

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

    @cached_property
    def derived(self) -> tuple[DerivedColumn, ...]:
        found: list[DerivedColumn] = []
        columns = {column.name for column in self.wanted.table.columns}
        if self.arn is not None:
            if KEY in columns:
                found.append(DerivedColumn(KEY, "arn", self.arn.name))
            if ACCOUNT in columns and self.known.index.name not in _WITHOUT_ACCOUNT:
                found.append(DerivedColumn(ACCOUNT, "account_from_arn", self.arn.name))
        return tuple(found)

    def account(self) -> _Filler | None:
        """The member whose documentation says that it is the account."""
        for name in sorted(_ACCOUNT_MEMBERS & set(self.members)):
            member = self.members[name]
            fits = self.known.fits(self.wanted.types[ACCOUNT], member, "documentation")
            if fits and "account" in member.words:
                return self.direct(member, "name" if name == folded(ACCOUNT) else "documentation")
        return None

    def tags(self) -> Iterator[_Filler]:
        """What could hold the tags: a member, the response, the service's tag-listing operations."""
        type = self.wanted.types[TAGS]
        for name, member in self.members.items():
            if name in _TAG_MEMBERS and self.known.fits(type, member, "name"):
                yield self.direct(member, "name")
        for item in self.known.index.items:
            own = item.operation == self.item.operation
            if not own and not _is_about_tags(self.known.index.operations[item.operation]):
                continue
            last = folded(item.path.split(".")[-1])
            for name, member in self.known.index.by_name[item.structure].items():
                called = name in _TAG_MEMBERS or (name == "items" and last in _TAG_MEMBERS)
                if called and self.known.fits(type, member, "name"):
                    yield from self.auxiliary(item, member, "name")

    # --- columns by evidence ----------------------------------------------------------------------

    def direct(self, member: Member, evidence: Evidence) -> _Filler:
        return _Filler(_RANKS[evidence], False, False, False, 0, "", WHOLE, member.name, evidence)

    @cached_property
    def fillers(self) -> Mapping[str, _Filler]:
        return self.decided[0]

    @cached_property
    def decided(self) -> tuple[Mapping[str, _Filler], Mapping[str, str]]:
        """What fills each column, and why nothing fills the others."""
        found = {name: self.direct(*evidence) for name, evidence in self.named.items()}
        columns = {column.name for column in self.wanted.table.columns}
        derived = {column.column for column in self.derived}
        if ACCOUNT in columns and ACCOUNT not in derived and (account := self.account()):
            found[ACCOUNT] = account
        options: dict[str, list[_Filler]] = {}
        for name in self.wanted.columns:
            if name not in found:
                options[name] = sorted(self.options(name))
        if TAGS in columns:
            options[TAGS] = sorted(self.tags())
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
                named = _either(f"{one.operation}'s {one.member} ({one.path})" for one in equal)
                reasons[name] = f"{named} fill it alike"
                continue
            found[name] = equal[0]
            if equal[0].operation:
                paths[equal[0].operation] = equal[0].path
        found.update(self.drifted(found))
        return found, reasons

    def drifted(self, found: Mapping[str, _Filler]) -> Iterator[tuple[str, _Filler]]:
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

    def called(self, fillers: list[_Filler]) -> list[_Filler]:
        """Those whose operation is called after the table's subject, if any is; of these, the one
        with the shortest name, which says nothing else."""
        own = [one for one in fillers if any(noun in folded(one.operation) for noun in self.nouns)]
        own = own or fillers
        shortest = min(len(one.operation) for one in own)
        return [one for one in own if len(one.operation) == shortest]

    def options(self, column: str) -> Iterator[_Filler]:
        """What could fill a column that no member of the item is called after."""
        text = self.wanted.words[column]
        type = self.wanted.types[column]
        if len(text) >= _LONG:
            same = [member for member in self.members.values() if member.words == text]
            if len(same) == 1 and self.known.fits(type, same[0], "documentation"):
                yield self.direct(same[0], "documentation")
        for structure, member in self.known.named.get(folded(column), ()):
            evidence = _evidence(text, member)
            if evidence and self.known.fits(type, member, evidence):
                for item in self.known.places[structure]:
                    yield from self.auxiliary(item, member, evidence)
        if text:
            for structure, member in self.known.documented.get(text, ()):
                if folded(member.name) != folded(column) and self.known.fits(
                    type, member, "documentation"
                ):
                    for item in self.known.places[structure]:
                        yield from self.auxiliary(item, member, "documentation")

    def auxiliary(self, item: Item, member: Member, evidence: Evidence) -> Iterator[_Filler]:
        if item == self.item:
            return
        own = item.operation == self.item.operation
        operation = self.known.index.operations[item.operation]
        arguments = self.arguments(operation)
        if arguments is None:
            return
        several = "[]" in item.path
        # An operation that is asked for a list of one returns a list of one; but what is more than
        # tags is a row of its own.
        lists = [name for name, _ in arguments if name in operation.lists]
        if several and not (lists and _is_about_tags(operation)):
            return
        if not arguments and evidence != "both":
            return
        yield _Filler(
            _RANKS[evidence],
            not own,
            not arguments,
            several,
            len(steps(item.path)),
            item.operation,
            item.path,
            member.name,
            evidence,
            arguments,
        )

    # --- arguments --------------------------------------------------------------------------------

    def arguments(self, operation: ReadOperation) -> tuple[tuple[str, str], ...] | None:
        """What ``operation`` needs to be asked for the item, from the item; None where the item
        does not have it all. An operation that needs nothing is narrowed down where it can be."""
        found: list[tuple[str, str]] = []
        for parameter in operation.required:
            # What kind of resource is meant is no member of it.
            if folded(parameter) == "resourcetype" and _is_about_tags(operation):
                continue
            member = self.argument(parameter, operation)
            if member is None:
                return None
            found.append((parameter, member.name))
        if not operation.required:
            for ending in _IDENTIFIERS:
                for parameter in operation.parameters:
                    if folded(parameter).rstrip("s").endswith(ending):
                        member = self.argument(parameter, operation)
                        if member is not None:
                            return ((parameter, member.name),)
        return tuple(found)

    def argument(self, parameter: str, operation: ReadOperation) -> Member | None:
        """The member of the item that a parameter asks for, by name."""
        if parameter not in operation.parameters:
            return None
        text = operation.parameters[parameter]
        name = folded(parameter)
        forms = _singular(name) if parameter in operation.lists else (name,)
        for form in forms:
            if member := self.string(form):
                return member
            for noun in sorted(self.nouns, key=lambda noun: (-len(noun), noun)):
                endings: tuple[str, ...] = _NAMES if form == noun else ()
                if form.startswith(noun) and form.removeprefix(noun) in _IDENTIFIERS:
                    endings = (form.removeprefix(noun),)
                for ending in endings:
                    for called in (noun + ending, ending):
                        if member := self.string(called):
                            return member
                # "The ARN or name of the secret."
                if endings and self.arn and "arn" in text:
                    return self.arn
            if form in _ARN_PARAMETERS and self.arn is not None:
                return self.arn
            if form in ("resourceid", "resourcename") and self.arn is not None and "arn" in text:
                return self.arn
            if form == "resourceid":
                return self.string("id")
            if member := self.string(f"default{form}"):
                return member
        return None

    def string(self, name: str) -> Member | None:
        """The member with a folded name, if it is a string."""
        member = self.members.get(name)
        if member is not None and parse_type(member.type).shape == Scalar("string"):
            return member
        return None

    # --- the result -------------------------------------------------------------------------------

    @cached_property
    def inference(self) -> Inference:
        table = self.wanted.table
        fillers, reasons = self.decided
        derived = {column.column for column in self.derived}
        unbound = [
            column
            for column in table.columns
            if column.name not in fillers and column.name not in derived
        ]
        auxiliary = {one.operation: one for one in fillers.values() if one.operation}
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
            auxiliary=tuple(
                Auxiliary(name, one.path, one.arguments) for name, one in sorted(auxiliary.items())
            ),
            origin=Origin("", 0),
            unbound=tuple(sorted(column.name for column in unbound)),
        )
        return Inference(binding, tuple(self.finding(column, reasons) for column in unbound))

    def finding(self, column: Column, reasons: Mapping[str, str]) -> Problem:
        reason = reasons.get(column.name)
        if reason is None:
            member = self.members.get(folded(column.name))
            reason = "no response has evidence for it"
            if member is not None:
                kind = f"{self.item.structure}.{member.name} is {member.type}"
                reason = f"{kind}, which does not fit {column.type}"
        message = f"{self.wanted.table.id}.{column.name} stays unbound: {reason}"
        return Problem(column.origin.path, column.origin.line, 1, "SG404", message)


def _best(fillers: Sequence[_Filler]) -> tuple[int, bool, bool, bool, int]:
    return fillers[0].quality if fillers else (9, True, True, True, 9)


def _evidence(text: str, member: Member) -> Evidence | None:
    """The evidence for a member whose name agrees; None where the documentation contradicts it."""
    if not text or not member.words:
        return "name"
    return "both" if text == member.words else None


def _is_about_tags(operation: ReadOperation) -> bool:
    return "Tag" in operation.name


def _noun(operation: str) -> str:
    """What an operation reads: ``ListHostedZones`` reads ``hostedzones``."""
    verb = next(verb for verb in READ_VERBS if operation.startswith(verb))
    return folded(operation.removeprefix(verb))


def _singular(name: str) -> tuple[str, ...]:
    """``name``, and the words that it may be the plural of."""
    forms = [name]
    if name.endswith("ies"):
        forms.append(name[:-3] + "y")
    if name.endswith("s"):
        forms.append(name[:-1])
    if name.endswith("list"):
        forms.append(name[:-4])
    return tuple(forms)
