"""What shared files say about a table: small enough that a build with nothing to do reads only this."""

from __future__ import annotations

from dataclasses import dataclass

StructureKey = tuple[str, str]
"""A structure's service and name."""


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What the shared files say about a table; the manifest keeps it for tables that are not read.

    ``service`` is the service that the lock binds the table to, or "". ``structures`` are the
    structures that the table reaches, as (service, name), sorted.
    """

    id: str
    module: str
    model: str
    key: bool
    function: bool
    deprecated: bool
    service: str
    structures: tuple[StructureKey, ...]

    @property
    def provider(self) -> str:
        return self.id.partition(".")[0]
