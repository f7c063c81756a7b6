# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Check that a ledger, and what it knows, fits this package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from ..evolve import ledger
from ..lookup import UnknownName
from .destination import Destination, DestinationError

if TYPE_CHECKING:
    from ..sql import Table
    from .package import Package

TABLE, SEQUENCE = "a table", "a sequence"
"""Kinds of relations, as messages name them."""


class Relation(NamedTuple):
    """A relation of the ledger's schema as the database describes it: its kind, and its columns."""

    kind: str
    columns: dict[str, str]


def names() -> list[str]:
    """Return the names of the relations of the ledger."""
    return [*(table.name for table in ledger.TABLES), ledger.SEQUENCE]


def check_relations(
    found: Mapping[str, Relation], spelled: Mapping[str, str], destination: Destination
) -> None:
    """Raise `DestinationError` if one of the ``found`` relations has the name of one of the ledger's, but
    another kind or other columns. ``spelled`` maps types of the ledger to how the database spells them.

    Others may add columns and relations.
    """
    expected = {
        table.name: Relation(TABLE, dict(table.columns)) for table in ledger.TABLES
    }
    expected[ledger.SEQUENCE] = Relation(SEQUENCE, {})
    for name, relation in found.items():
        wrong = ""
        if relation.kind != expected[name].kind:
            wrong = f"is {relation.kind}, not {expected[name].kind}"
        else:
            for column, type in expected[name].columns.items():
                stored = relation.columns.get(column)
                if stored is None:
                    wrong = f"has no column {column}"
                elif stored != spelled[type]:
                    wrong = (
                        f"has a column {column} of type {stored}, not {spelled[type]}"
                    )
                if wrong:
                    break
        if wrong:
            raise DestinationError(
                f"{destination}: {ledger.SCHEMA}.{name} {wrong}, so it is not what a sync made to record what it "
                f"loads; rename it, or the schema {ledger.SCHEMA} if that is not of a sync"
            )


def check_format(found: object, destination: Destination, package: Package) -> None:
    """Raise `DestinationError` if the ``found`` format of a ledger is later than this package knows."""
    if isinstance(found, int) and found > ledger.FORMAT:
        raise DestinationError(
            f"{destination}: the schema {ledger.SCHEMA} has format {found}, of a later version; this one knows "
            f"{ledger.FORMAT}: upgrade {package.name}"
        )


def forgotten_table(package: Package, id: str) -> Table:
    """Return a table whose rows are to be forgotten. Raises `DestinationError` if the package lacks it."""
    try:
        return package.table(id)
    except UnknownName:
        raise DestinationError(
            f"this package does not have {id}, whose rows would be forgotten; use the version that loaded "
            "them, or name the tables to forget"
        ) from None
