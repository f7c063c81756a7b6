"""The columns that a table requires and the members that a service has: which member is evidence for
which column.

A column can be filled by a member if their names agree, and their documentation too if both have
any.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from schemagen.api_models.index import IndexedMember, ServiceIndex, words
from schemagen.fits import fits
from schemagen.model.bindings import Evidence
from schemagen.model.pages import KEY, Column, Table
from schemagen.model.paths import map_key
from schemagen.resolved_types import Resolved
from schemagen.typed_pages import TypedTable

ACCOUNT = "account_id"
TAGS = "tags"

CONCLUSIVE_LENGTH = 24
"""The number of letters from which documentation is evidence even if the names differ."""


# --- what is looked for ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TableRequirements:
    """The columns of a table, with their types and documentation.

    ``columns`` are those that are matched with members; `KEY`, `ACCOUNT` and `TAGS` have rules of
    their own. ``types`` and ``words`` have all columns.
    """

    table: Table
    columns: Mapping[str, Column]
    types: Mapping[str, Resolved]
    words: Mapping[str, str]


def table_requirements(typed: TypedTable) -> TableRequirements:
    """Return what inference looks for on behalf of a table."""
    table = typed.table
    return TableRequirements(
        table,
        {
            column.name: column
            for column in table.columns
            if column.name not in (KEY, ACCOUNT, TAGS)
        },
        typed.types,
        {column.name: words(column.description) for column in table.columns},
    )


# --- what a service has ---------------------------------------------------------------------------


@dataclass(frozen=True)
class ServiceLookup:
    """The index of a service, with what its members have in common with columns."""

    index: ServiceIndex

    def documented(self, text: str) -> Sequence[tuple[str, IndexedMember]]:
        """Return structures and members with the documentation ``text``, if that has at least
        `CONCLUSIVE_LENGTH`."""
        if len(text) < CONCLUSIVE_LENGTH:
            return ()
        return self.index.members_by_words.get(text, ())

    def fits(self, type: Resolved, member: IndexedMember, evidence: Evidence) -> bool:
        """Whether the converter of a column of ``type`` accepts what boto3 returns for ``member``."""
        return fits(
            type,
            member.shape,
            self.members,
            texts=evidence == "both",
            at_key=map_key(member.name) is not None,
        )

    def members(self, structure: str) -> Collection[str]:
        """Return the names of a structure's members, without the keys of maps."""
        found = self.index.structures.get(structure, ())
        return [member.name for member in found if not map_key(member.name)]


def evidence_by_name(text: str, member: IndexedMember) -> Evidence | None:
    """Return the evidence of a member whose name agrees with a column documented as ``text``, or
    None if the documentation contradicts it."""
    if not text or not member.words:
        return "name"
    return "both" if text == member.words else None
