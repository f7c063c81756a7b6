"""What a table asks for and what a service has, side by side: which member is evidence for a column.

A column is filled by a member when their names agree and their documentation, where both have one,
agrees too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from schemagen.api_models.index import IndexedItem, IndexedMember, ServiceIndex, words
from schemagen.inference.fits import fits
from schemagen.lockfile.notation import parse_type
from schemagen.model.bindings import Evidence
from schemagen.model.pages import KEY, Column, Table
from schemagen.model.paths import map_key
from schemagen.typetable import Resolved, TypeTable

ACCOUNT = "account_id"
TAGS = "tags"

LONG = 24
"""Letters of documentation below which it proves nothing without the name."""

# --- what is looked for ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """A table's columns with what evidence there is for each.

    ``columns`` are those that a member fills; `KEY`, `ACCOUNT` and `TAGS` have rules of their own.
    """

    table: Table
    columns: Mapping[str, Column]
    types: Mapping[str, Resolved]
    words: Mapping[str, str]


def wanted_of(table: Table, types: TypeTable) -> Wanted:
    """What ``table`` asks for, its columns resolved."""
    resolved = {
        column.name: types.resolve_column(table.id, column.name, column.type)
        for column in table.columns
    }
    return Wanted(
        table,
        {
            column.name: column
            for column in table.columns
            if column.name not in (KEY, ACCOUNT, TAGS)
        },
        resolved,
        {column.name: words(column.description) for column in table.columns},
    )


# --- what a service has ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """The index of a service, turned around."""

    index: ServiceIndex

    @cached_property
    def places(self) -> Mapping[str, Sequence[IndexedItem]]:
        """The items that are of a structure."""
        found: defaultdict[str, list[IndexedItem]] = defaultdict(list)
        for item in self.index.items:
            found[item.structure].append(item)
        return found

    @cached_property
    def named(self) -> Mapping[str, Sequence[tuple[str, IndexedMember]]]:
        """Structure and member, by the member's folded name."""
        return self._by(lambda member: member.folded_name)

    @cached_property
    def documented(self) -> Mapping[str, Sequence[tuple[str, IndexedMember]]]:
        """Structure and member, by documentation that is long enough to prove something."""
        return self._by(lambda member: member.words if len(member.words) >= LONG else "")

    def _by(
        self, key: Callable[[IndexedMember], str]
    ) -> Mapping[str, Sequence[tuple[str, IndexedMember]]]:
        found: defaultdict[str, list[tuple[str, IndexedMember]]] = defaultdict(list)
        for structure, members in self.index.structures.items():
            for member in members:
                found[key(member)].append((structure, member))
        found.pop("", None)
        return found

    def fits(self, type: Resolved, member: IndexedMember, evidence: Evidence) -> bool:
        """True where the column's converter takes what boto3 returns for ``member``."""
        return fits(
            type,
            parse_type(member.type).shape,
            self.members,
            texts=evidence == "both",
            at_key=map_key(member.name) is not None,
        )

    def members(self, structure: str) -> Collection[str]:
        found = self.index.structures.get(structure, ())
        return [member.name for member in found if not map_key(member.name)]


def evidence_of(text: str, member: IndexedMember) -> Evidence | None:
    """The evidence for a member whose name agrees; None where the documentation contradicts it."""
    if not text or not member.words:
        return "name"
    return "both" if text == member.words else None
