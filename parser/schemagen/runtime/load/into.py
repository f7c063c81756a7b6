# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Load rows that were collected by another program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from ..convert import text
from ..units import GLOBAL, CollectedRow, Unit
from .destination import Destination, open_connection

if TYPE_CHECKING:
    from ..sql import Table
    from .package import Package
    from .sink import LoadCounts, Sink


class GivenRows:
    """Rows as a `Collection`. ``listed`` says whether they are all that there are."""

    def __init__(self, rows: Iterable[Mapping[str, object]], listed: bool) -> None:
        self._rows = rows
        self._listed = listed
        self._read = False

    def __iter__(self) -> Iterator[CollectedRow]:
        for number, row in enumerate(self._rows, 1):
            # Whoever passes one row in place of several learns it here.
            if not isinstance(cast("object", row), Mapping):
                raise TypeError(
                    f"row {number} is a {type(row).__name__}; rows are mappings of columns to values"
                )
            yield CollectedRow(row)
        self._read = True

    @property
    def complete(self) -> bool:
        """Whether all rows were read, and nothing is missing among them."""
        return self._listed and self._read


class Connection(Protocol):
    """A connection to a database: a ``psycopg.Connection`` or a ``duckdb.DuckDBPyConnection``."""

    def cursor(self) -> Any: ...


def _opened(package: Package, to: Destination | Connection | str) -> Sink:
    if isinstance(to, str):
        return Destination.parse(to).open(package)
    if isinstance(to, Destination):
        return to.open(package)
    return open_connection(to, package)


def load_rows(
    package: Package,
    to: Destination | Connection | str,
    table: Table,
    rows: Iterable[Mapping[str, object]],
    *,
    account: str,
    region: str = GLOBAL,
    complete: bool = True,
) -> LoadCounts:
    """Load the rows of a table in an account and a region, in a transaction of its own.

    Raises `ConversionError` for an account or region that no database can store.
    """
    text(account, "account", "strict")
    text(region, "region", "strict")
    sink = _opened(package, to)
    try:
        sink.prepare([table])
        unit = Unit(account, region, table.id)
        return sink.load(unit, table, GivenRows(rows, complete))
    finally:
        sink.close()
