# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Define what tables without a key need, whose rows the ledger knows by a hash of all their values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from logging import Logger

from ..evolve import ledger
from ..sql import Table
from ..units import CollectedRow, Collection


class Whole:
    """Rows with all columns of a table, of which ``left_out`` are unread in every row: they keep the values
    of a stored row that is equal otherwise, and so its hash."""

    def __init__(self, rows: Collection, left_out: frozenset[str]) -> None:
        self._rows = rows
        self._left_out = left_out

    def __iter__(self) -> Iterator[CollectedRow]:
        for row, unread in self._rows:
            yield CollectedRow(row, unread | self._left_out)

    @property
    def complete(self) -> bool:
        """Whether the listing was read to its end."""
        return self._rows.complete


def left_out(table: Table, whole: Table) -> frozenset[str]:
    """Return the columns that a table without a key lacks; none for other tables."""
    if table.key is not None:
        return frozenset()
    return frozenset(whole.columns.keys() - table.columns.keys())


def differences(relation: str, row_hash: str, table_id: str) -> str:
    """Select how many rows the units of a table hold that it lacks, and how many it has that no unit holds.

    ``row_hash`` hashes a row ``t``. This reads the whole table.
    """
    number = ledger.NUMBER_TYPE
    return (
        f'SELECT CAST(COALESCE(sum(GREATEST(d."held" - d."there", 0)), 0) AS {number}), '
        f'CAST(COALESCE(sum(GREATEST(d."there" - d."held", 0)), 0) AS {number}) FROM '
        '(SELECT COALESCE(c."copies", 0) AS "there", COALESCE(h."copies", 0) AS "held" FROM '
        f'(SELECT {row_hash} AS "key", count(*) AS "copies" FROM {relation} t GROUP BY 1) c FULL JOIN '
        f'(SELECT h."key", sum(h."copies") AS "copies" FROM {ledger.name("held")} h '
        f'WHERE h."unit" IN ({_units(table_id)}) GROUP BY 1) h ON h."key" = c."key") d'
    )


def _units(table_id: str) -> str:
    return (
        f'SELECT u."unit" FROM {ledger.name("units")} u WHERE u."table_id" = {table_id}'
    )


def warn_of_others(log: Logger, table: str, missing: int, others: int) -> None:
    """Log what others did to a table, if they changed rows of units: what these are now belongs to no unit,
    and may be rows of the user's own, so it stays."""
    if missing and others:
        rows = "1 row belongs" if others == 1 else f"{others:,} rows belong"
        log.warning(
            "%s: %s to no unit, since others have changed or added them; the rows that units had in their place "
            "are loaded again, and these stay. To be rid of them, empty the table: the next run loads all rows again",
            table,
            rows,
        )


def lacks_rows(relation: str, table_id: str) -> str:
    """Select whether a table has fewer rows than its units hold, because somebody else deleted some."""
    return (
        f'SELECT (SELECT count(*) FROM {relation}) < (SELECT COALESCE(sum(u."row_count"), 0) '
        f'FROM {ledger.name("units")} u WHERE u."table_id" = {table_id})'
    )


def hold_what_is_there(relation: str, row_hash: str, table_id: str) -> Sequence[str]:
    """Return statements that let the units of a table hold no rows that it lacks, so that they are inserted
    again.

    ``row_hash`` hashes a row ``t``.
    """
    held, units = ledger.name("held"), ledger.name("units")
    earlier = (
        'COALESCE(sum(h."copies") OVER (PARTITION BY h."key" ORDER BY h."unit" '
        "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)"
    )
    there = (
        'SELECT h."unit", h."key", LEAST(h."copies", '
        f'GREATEST(COALESCE(c."copies", 0) - {earlier}, 0)) AS "copies" FROM {held} h '
        f'LEFT JOIN (SELECT {row_hash} AS "key", count(*) AS "copies" FROM {relation} t GROUP BY 1) c '
        f'ON c."key" = h."key" WHERE h."unit" IN ({_units(table_id)})'
    )
    return (
        f'UPDATE {held} SET "copies" = f."copies" FROM ({there}) f WHERE {held}."unit" = f."unit" '
        f'AND {held}."key" = f."key" AND {held}."copies" <> f."copies"',
        f'DELETE FROM {held} WHERE "copies" = 0 AND "unit" IN ({_units(table_id)})',
        f'UPDATE {units} SET "row_count" = (SELECT COALESCE(sum(h."copies"), 0) FROM {held} h '
        f'WHERE h."unit" = {units}."unit") WHERE "table_id" = {table_id}',
    )
