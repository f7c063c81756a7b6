# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Define what a place that rows are loaded into does: a database, or a folder of files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ..sql import Table
from ..units import Collection, Unit


class LoadCounts(NamedTuple):
    """How many rows of a unit were read, and what loading them did.

    ``refused`` counts rows that were left out because the place cannot store them, which is logged as a
    warning for each: what is stored of them stays, and nothing of the unit is deleted.
    """

    rows: int = 0
    inserted: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    refused: int = 0

    def with_refused(self, refused: int) -> LoadCounts:
        """Return the counts with rows that were read, but ``refused``."""
        return self._replace(rows=self.rows + refused, refused=refused)


class Sink(Protocol):
    """A place that rows are loaded into, unit by unit. A unit is loaded as a whole or not at all."""

    def prepare(self, tables: Sequence[Table]) -> None:
        """Create missing tables, and compare the others with this package's.

        Raises `SchemaMismatch` before anything is changed if a table does not fit.
        """
        ...

    def load(self, unit: Unit, table: Table, rows: Collection) -> LoadCounts:
        """Load the rows of a unit in a transaction of its own.

        Only rows that differ are written. If ``rows`` is complete, rows that only this unit held and
        that it no longer has are deleted.
        """
        ...

    def forget(self, *, account: str = "", region: str = "", table: str = "") -> int:
        """Delete the units of an account, a region and a table ("" is any), and the rows that no other
        unit holds. Returns how many rows were deleted."""
        ...

    def close(self) -> None:
        """Release the connection or the files."""
        ...
