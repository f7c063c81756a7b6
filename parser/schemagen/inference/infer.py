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

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from schemagen.api_models.index import Directory, ServiceIndex, fingerprint
from schemagen.diagnostics import Problem
from schemagen.inference.candidates import ANYWHERE, Choice, Inference, Pinned, choices_of, either
from schemagen.inference.evidence import Known, Wanted, wanted_of
from schemagen.inference.nouns import plain
from schemagen.model.pages import Table
from schemagen.names import folded
from schemagen.typetable import TypeTable

__all__ = ["ANYWHERE", "Inference", "Pinned", "Services", "infer"]


class Services(Protocol):
    """Where indexes come from."""

    @property
    def services(self) -> Collection[str]: ...

    @property
    def directory(self) -> Directory: ...

    def of(self, service: str, /) -> ServiceIndex: ...


def infer(table: Table, types: TypeTable, services: Services, item: Pinned = ANYWHERE) -> Inference:
    """The binding of ``table``; findings say what is ambiguous and what stays unbound, and why.

    ``item`` says where to look, if somebody knows: an item that is named in full needs no evidence.
    """
    wanted = wanted_of(table, types)
    choices: list[Choice] = []
    for names in _candidates(wanted, services, item.service):
        for name in names:
            choices += choices_of(wanted, Known(services.of(name)), item)
        if any(choice.is_enough for choice in choices):
            break
    ranked = sorted(
        (choice for choice in choices if item.operation or choice.is_evidence),
        key=lambda choice: choice.rank,
    )
    if not ranked:
        where = f" at {item}" if item != ANYWHERE else ""
        reason = f"no read operation returns its columns{where}"
        if choices:
            most = min(choices, key=lambda choice: choice.rank)
            reason += f"; {most} fills {most.reached} of {len(wanted.columns)}, which is too few"
        return _nothing(table, reason)
    ties = [choice for choice in ranked if choice.rank[:-1] == ranked[0].rank[:-1]]
    if len(ties) > 1:
        return _nothing(table, f"its columns are in {either(map(str, ties))} alike")
    return ranked[0].inference


def _nothing(table: Table, reason: str) -> Inference:
    origin = table.origin
    message = f"{table.id} stays unbound: {reason}"
    return Inference(None, (Problem(origin.path, origin.line, 1, "SG403", message),))


def _candidates(wanted: Wanted, services: Services, pinned: str) -> Iterator[Sequence[str]]:
    """Services that the table may belong to: first those whose name the table's begins with, then
    those that AWS also calls so, and those that document most of its columns. Only ``pinned``, where
    that is a name."""
    if pinned:
        yield [pinned] if pinned in services.services else []
        return
    parts = wanted.table.name.split("_")
    prefixes = {folded("".join(parts[: count + 1])) for count in range(len(parts))}
    named = [name for name in services.services if plain(name) in prefixes]
    if named:
        yield sorted(named)
    directory = services.directory
    known = {
        name
        for name, aliases in directory.aliases.items()
        if prefixes.intersection(map(plain, aliases))
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
