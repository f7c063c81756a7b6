# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Check that a ledger, and what it knows, fits this package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..evolve import ledger
from ..lookup import UnknownName
from .destination import Destination, DestinationError

if TYPE_CHECKING:
    from ..sql import Table
    from .package import Package


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
