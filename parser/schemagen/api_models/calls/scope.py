"""What part of an account a call covers, and which region it is sent to.

A service whose endpoint rules give all regions of a partition one endpoint is global, and its region
is the one that requests are signed for. Exceptions to these rules are in `scopes.toml`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from schemagen.api_models.calls.rows import EVERY, read_rows
from schemagen.runtime.calls import Scope

FILE = Path(__file__).with_name("scopes.toml")

REGIONAL = Scope()

MAIN = "aws"
"""The partition that has every service. A service that is regional there is not global."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service is called from a region. ``signing_region`` is "" if it is the caller's."""

    url: str
    signing_region: str = ""


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition with its regions, and the region that global services use by default."""

    name: str
    regions: tuple[str, ...]
    global_region: str


def service_scope(
    partitions: Iterable[Partition], endpoint: Callable[[str], Endpoint | None]
) -> Scope:
    """Return the scope of a service. ``endpoint`` returns its endpoint for a region, or None if
    it has none there, or if that depends on more than the region."""
    regions: dict[str, str] = {}
    for partition in partitions:
        found = {endpoint(region) for region in partition.regions}
        if len(partition.regions) > 1 and len(found) == 1 and (only := found.pop()) is not None:
            regions[partition.name] = only.signing_region or partition.global_region
    return Scope("global", tuple(sorted(regions.items()))) if MAIN in regions else REGIONAL


def scope(service: str, operation: str, of_service: Scope) -> Scope:
    """Return the scope of an operation; ``of_service`` is that of its service."""
    rows = _rows()
    return rows.get((service, operation)) or rows.get((service, EVERY)) or of_service


@cache
def _rows() -> Mapping[tuple[str, str], Scope]:
    return parse(FILE.read_text("utf-8"))


def parse(text: str) -> Mapping[tuple[str, str], Scope]:
    """Read the text of the file: scopes by service and operation. Raises ValueError with the row and
    what is wrong."""
    found: dict[tuple[str, str], Scope] = {}
    for row in read_rows(FILE.name, text, ("kind",), ("regions", "only")):
        kind, regions, only = row.text("kind"), row.table("regions"), row.table("only")
        if kind == "regional" and only and not regions:
            pairs = [(name, tuple(sorted(values.items()))) for name, values in only.items()]
            found[row.service, row.operation] = Scope("regional", (), tuple(sorted(pairs)))
        elif only:
            raise ValueError(f'{row.label}: only is for kind "regional", not {kind!r}')
        elif kind == "account" and not regions:
            found[row.service, row.operation] = Scope("account")
        elif kind == "global" and regions:
            found[row.service, row.operation] = Scope("global", tuple(sorted(regions.items())))
        else:
            raise ValueError(
                f'{row.label}: kind must be "account", "global" with regions, or "regional" with only, not {kind!r}'
            )
    return found
