# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Work out the units of a run: which tables are collected in which regions of which accounts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from ..calls import Scope, TableCalls
from ..units import GLOBAL, Unit
from ..usage import UsageError
from .regions import Place


class Target(NamedTuple):
    """A table, the service that is called for it, and what part of an account its listing covers."""

    table: str
    service: str
    scope: Scope

    @classmethod
    def of(cls, calls: TableCalls) -> Target:
        """Return the target of a table's calls."""
        first = (*calls.listings, calls.primary)[0]
        return cls(calls.table, calls.service, first.rules.scope)


class InvalidShard(UsageError, ValueError):
    """A shard is not as it should be."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of the units: those whose identity falls to ``number``, of 1 to ``total``.

    Which shard a unit falls to depends on nothing but its account, region and table, so runs of
    different shards never have a unit in common.
    """

    number: int
    total: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.total:
            raise InvalidShard(
                f"shard {self.number}/{self.total}: the number must be from 1 to {self.total}"
            )

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``3/8``."""
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
        if found is None:
            raise InvalidShard(
                f"{text!r} is not a shard; the third of eight is written 3/8"
            )
        return cls(int(found[1]), int(found[2]))

    def __contains__(self, unit: Unit) -> bool:
        identity = "\0".join((unit.account, unit.region, unit.table))
        value = int.from_bytes(sha256(identity.encode()).digest()[:8], "big")
        return value % self.total == self.number - 1


Available = Callable[[str, str], Sequence[str]]
"""Tells the regions of a service in a partition; none if they are not known."""


def plan(
    targets: Iterable[Target],
    places: Iterable[Place],
    available: Available,
    shard: Shard | None = None,
) -> Iterator[Unit]:
    """Yield the units, sorted by account, table and region.

    ``places`` are sorted by account, and are taken one after another. Units of an account follow each
    other, so that its session is made once; those of a table too, in different regions, whose quotas
    are different ones.
    """
    ordered = sorted(targets)
    for place in places:
        for target in ordered:
            for unit in _units(target, place, available):
                if shard is None or unit in shard:
                    yield unit


def _units(target: Target, place: Place, available: Available) -> Iterator[Unit]:
    account, partition = place.account, place.partition
    answering = target.scope.region(partition)
    if target.scope.kind == "global" and answering is not None:
        yield Unit(account, GLOBAL, target.table, partition, answering)
        return
    known = available(target.service, partition)
    regions = [region for region in place.regions if not known or region in known]
    if target.scope.kind == "account":
        # Regions that are not collected answer as well.
        if place.home not in regions:
            regions = [*regions, *known]
        endpoint = place.home if place.home in regions else regions[0]
        yield Unit(account, GLOBAL, target.table, partition, endpoint)
        return
    for region in regions:
        yield Unit(account, region, target.table, partition, region)
