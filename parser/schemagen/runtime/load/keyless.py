# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Define what tables without a key need, whose rows the ledger knows by a hash of all their values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..evolve import ledger
from ..sql import Table
from ..units import CollectedRow, Collection


class Whole:
    """Rows with all columns of a table, of which ``left_out`` are unread in every row: they keep the values of
    a stored row that is equal otherwise, and so its hash."""

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


def lacks_rows(relation: str, table_id: str) -> str:
    """Select whether a table has fewer rows than its units hold, because somebody else deleted some."""
    return (
        f'SELECT (SELECT count(*) FROM {relation}) < (SELECT COALESCE(sum(u."row_count"), 0) '
        f'FROM {ledger.name("units")} u WHERE u."table_id" = {table_id})'
    )


def hold_what_is_there(
    relation: str, row_hash: str, unit: str, table_id: str
) -> Sequence[str]:
    """Return statements that let ``unit`` hold no rows that the table lacks, so that they are inserted again.

    ``row_hash`` hashes a row ``t``; ``unit`` is a parameter.
    """
    held, units = ledger.name("held"), ledger.name("units")
    there = (
        'SELECT h."key", LEAST(h."copies", '
        'GREATEST(COALESCE(c."copies", 0) - COALESCE(o."copies", 0), 0)) AS "copies" '
        f"FROM {held} h "
        f'LEFT JOIN (SELECT {row_hash} AS "key", count(*) AS "copies" FROM {relation} t GROUP BY 1) c '
        'ON c."key" = h."key" '
        f'LEFT JOIN (SELECT o."key", sum(o."copies") AS "copies" FROM {held} o '
        f'JOIN {units} u ON u."unit" = o."unit" WHERE u."table_id" = {table_id} '
        f'AND o."unit" <> {unit} GROUP BY 1) o ON o."key" = h."key" WHERE h."unit" = {unit}'
    )
    return (
        f'UPDATE {held} SET "copies" = f."copies" FROM ({there}) f '
        f'WHERE {held}."unit" = {unit} AND {held}."key" = f."key"',
        f'DELETE FROM {held} WHERE "unit" = {unit} AND "copies" = 0',
    )
