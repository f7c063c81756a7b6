"""Infer the binding of a table from the indexes of an API, with the evidence for each column.

A member fills a column if their names agree, and their documentation too if both have any. Among the
members of the primary item, names are enough even if the texts differ, because pages lag behind the
API models.

The primary item of a table is the one that fills most columns, those from enrichment calls included;
their arguments must come from the primary item. Items of operations with another noun than the
table's do not count if the item of an operation with exactly that noun holds as many columns. Ties
are decided in favour of the operation that returns a single item, the one that is named after the
table, the shorter path, and the verb that comes first by `names.ReadVerb.item_rank`. If items are
equal even then, the table stays unbound, with a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from schemagen.api_models.index import Directory, ServiceIndex, fingerprint
from schemagen.diagnostics import Problem
from schemagen.inference.evidence import ServiceLookup, TableRequirements, table_requirements
from schemagen.inference.nouns import singular, without_version
from schemagen.inference.ranks import RowRank
from schemagen.inference.row_candidates import (
    ANY_ITEM,
    ChosenItem,
    Inference,
    RowCandidate,
    joined,
    row_candidates,
)
from schemagen.model.pages import Table
from schemagen.names import folded, folded_service
from schemagen.typed_pages import TypedTable

__all__ = ["ANY_ITEM", "ChosenItem", "Inference", "Services", "infer"]


class Services(Protocol):
    """The indexes of an API's services."""

    @property
    def source(self) -> str:
        """The name of the source of the models, for messages."""
        ...

    @property
    def services(self) -> Collection[str]: ...

    @property
    def directory(self) -> Directory: ...

    def of(self, service: str, /) -> ServiceIndex: ...


def infer(typed: TypedTable, services: Services, chosen: ChosenItem = ANY_ITEM) -> Inference:
    """Infer the binding of a table. Findings name everything ambiguous or unbound, with the reason.

    ``chosen`` limits the search; an item that it names in full is accepted without evidence.
    """
    requirements = table_requirements(typed)
    candidates: list[RowCandidate] = []
    for names in _possible_services(requirements, services, chosen.service):
        for name in names:
            service = ServiceLookup(services.of(name))
            candidates += row_candidates(requirements, service, chosen)
        if any(candidate.is_conclusive for candidate in candidates):
            break
    table = requirements.table
    if not (chosen.operation or chosen.path):
        candidates = [
            candidate
            for candidate in candidates
            if not any(other.is_whole_of(candidate) for other in candidates)
        ]
    own = _named(table, services) or _aliased(table, services)
    accepted = [
        candidate
        for candidate in candidates
        if chosen.operation
        or (
            candidate.is_evidence
            and (
                candidate.is_expected(own)
                or candidate.is_of_service
                or (candidate.is_documented and not candidate.is_contradicted)
            )
        )
    ]
    if not accepted and not chosen.service:
        accepted = list(_named_by_operations(requirements, services, chosen))
    if not accepted:
        return _nothing_fits(requirements, services, chosen, candidates)
    if not chosen.operation:
        accepted = _not_superseded(accepted)
    accepted.sort(key=_order)
    best = [candidate for candidate in accepted if candidate.rank == accepted[0].rank]
    if len(best) > 1:
        return _equal(table, best)
    return (best[0] if chosen.path else best[0].identified).inference


def _not_superseded(candidates: Sequence[RowCandidate]) -> list[RowCandidate]:
    """Return the candidates that none of the others supersedes."""
    return [
        candidate
        for candidate in candidates
        if not any(other.supersedes(candidate) for other in candidates)
    ]


def _order(candidate: RowCandidate) -> tuple[RowRank, str]:
    """Sort by rank; names make the order of messages the same in every run."""
    return candidate.rank, f"{candidate.item.operation} {candidate.item.path}"


def _equal(table: Table, candidates: Sequence[RowCandidate]) -> Inference:
    names = joined(map(str, candidates))
    reason = f"{names} match its columns equally well; choose one in an override"
    return _unbound(table, candidates[0].service.index.name, reason)


def _unbound(table: Table, service: str, reason: str) -> Inference:
    origin = table.origin
    message = f"{table.id} stays unbound: {reason}"
    finding = Problem(origin.path, origin.line, 1, "SG403", message)
    return Inference(None, (finding,), service, reason)


def _named_by_operations(
    requirements: TableRequirements, services: Services, chosen: ChosenItem
) -> Iterator[RowCandidate]:
    """Yield items that hold all columns of the table, of operations whose noun is the whole name of the
    table, in any service: ``network_acl`` has neither the name of a service nor, perhaps, documentation."""
    table = requirements.table
    if _named(table, services):
        return
    noun = without_version(folded(table.name))
    found = {
        service
        for plural, names in services.directory.nouns.items()
        if noun in singular(plural)
        for service in names
    }
    for name in sorted(found):
        service = ServiceLookup(services.of(name))
        for candidate in row_candidates(requirements, service, chosen):
            operation = service.index.operations[candidate.item.operation]
            complete = len(candidate.own_members) == len(requirements.columns)
            if complete and noun in singular(operation.folded_noun):
                yield candidate


def _nothing_fits(
    requirements: TableRequirements,
    services: Services,
    chosen: ChosenItem,
    candidates: Sequence[RowCandidate],
) -> Inference:
    """Return the inference of a table whose columns none of ``candidates`` fills."""
    table = requirements.table
    own = sorted(_named(table, services)) or sorted(_aliased(table, services))
    first = next(filter(None, table.name.split("_")), table.provider)
    service = chosen.service or max(own, key=len, default=first)
    where = f" at {chosen}" if chosen != ANY_ITEM else ""
    reason = f"no read operation returns its columns{where}"
    if not (chosen.service or own):
        reason = f"{services.source} has no service {first!r}, and {reason}"
    if candidates:
        closest = min(candidates, key=_order)
        equal = [candidate for candidate in candidates if candidate.rank == closest.rank]
        if closest.is_evidence and len(equal) > 1:
            return _equal(table, sorted(equal, key=_order))
        if closest.service.index.name in own:
            service = closest.service.index.name
        filled = f"fills {closest.filled} of {len(requirements.columns)}"
        reason += f"; the closest, {closest}, {filled}, {closest.objection}"
    return _unbound(table, service, f"{reason}; set the service, operation and path in an override")


def _prefixes(table: Table) -> set[str]:
    """Return the folded beginnings of a table's name: "sso", "ssoapplication"."""
    parts = table.name.split("_")
    return {folded("".join(parts[: count + 1])) for count in range(len(parts))}


def _named(table: Table, services: Services) -> set[str]:
    """Return the services whose name the table's name begins with."""
    prefixes = _prefixes(table)
    return {name for name in services.services if folded_service(name) in prefixes}


def _aliased(table: Table, services: Services) -> set[str]:
    """Return the services that have another name with which the table's name begins."""
    prefixes = _prefixes(table)
    return {
        name
        for name, aliases in services.directory.aliases.items()
        if prefixes.intersection(map(folded_service, aliases))
    }


def _possible_services(
    requirements: TableRequirements, services: Services, chosen: str
) -> Iterator[Sequence[str]]:
    """Yield groups of services that the table may belong to.

    First the services whose name the table's name begins with, then those that have an alias of that
    kind or document most of its columns. Only ``chosen`` if that is a name.
    """
    if chosen:
        yield [chosen] if chosen in services.services else []
        return
    named = _named(requirements.table, services)
    if named:
        yield sorted(named)
    directory = services.directory
    found = _aliased(requirements.table, services)
    counts = Counter(
        service
        for column, text in requirements.words.items()
        if text
        for service in directory.documented.get(fingerprint(column, text), ())
    )
    most = max(counts.values(), default=0)
    found |= {service for service, count in counts.items() if count == most}
    yield sorted(found.difference(named))
