# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Leave out columns, such as those that hold secrets, and calls, such as those that cost much.

A column that is left out is removed before its row leaves the process that read it. Loading neither
reads nor writes it: a stored value stays as it is, and is NULL in a new row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from ..calls import Call, TableCalls
from ..lookup import did_you_mean
from ..sql import Table
from ..units import CollectedRow, Collection
from ..usage import UsageError


@dataclass(frozen=True, slots=True)
class Choice:
    """What is left out.

    ``exclude`` are patterns of columns, ``table.column``: ``*.environment``,
    ``aws.s3_bucket.policy``. ``skip`` are patterns of operations, with or without their service:
    ``GetBucketPolicy``, ``s3.Get*``; only operations that add columns to rows can be skipped.
    """

    exclude: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.exclude or self.skip)

    def check(self, chosen: Iterable[tuple[Table, TableCalls]]) -> None:
        """Raise `UsageError` for a pattern that matches nothing of the ``chosen`` tables, and for one
        that would leave out what every row needs."""
        tables = tuple(chosen)
        names = [
            f"{table.id}.{column}" for table, _ in tables for column in table.columns
        ]
        for pattern in self.exclude:
            matching = [name for name in names if fnmatchcase(name, pattern)]
            if not matching:
                columns = {name for table, _ in tables for name in table.columns}
                if pattern in columns:
                    raise UsageError(
                        f"{pattern!r} is a column without its table; write TABLE.COLUMN, such as "
                        f"'*.{pattern}' for that of all tables"
                    )
                hint = did_you_mean([pattern], names) or did_you_mean(
                    [pattern.rpartition(".")[2]], sorted(columns)
                )
                raise UsageError(
                    f"no column of these tables matches {pattern!r}; write TABLE.COLUMN, such as "
                    f"'*.environment'{hint}"
                )
            for table, _ in tables:
                if table.key is not None and f"{table.id}.{table.key}" in matching:
                    raise UsageError(
                        f"{pattern!r} matches the key of {table.id}, without which no row can be "
                        "stored; write a pattern that does not"
                    )
        for pattern in self.skip:
            self._check_skip(pattern, [calls for _, calls in tables])
        for table, calls in tables:
            if table.columns and self.left_out(table, calls) >= table.columns.keys():
                raise UsageError(
                    f"every column of {table.id} is left out; leave the table out instead"
                )

    def _check_skip(self, pattern: str, tables: Iterable[TableCalls]) -> None:
        known: dict[str, None] = {}
        found = False
        for calls in tables:
            for call in (*calls.listings, calls.primary):
                if _matches(pattern, calls, call):
                    raise UsageError(
                        f"{pattern!r} matches {call.operation}, without which {calls.table} has no "
                        "rows; leave the table out instead"
                    )
            for call in calls.enrichments:
                known[call.operation] = None
                found = found or _matches(pattern, calls, call)
        if not found:
            raise UsageError(
                f"no operation that adds columns to these tables matches {pattern!r}"
                f"{did_you_mean([pattern], known)}"
            )

    def left_out(self, table: Table, calls: TableCalls) -> frozenset[str]:
        """Return the columns that are not loaded: the excluded ones, and those that only skipped
        operations fill."""
        columns = {
            column
            for column in table.columns
            if any(fnmatchcase(f"{table.id}.{column}", each) for each in self.exclude)
        }
        for call in calls.enrichments:
            if any(_matches(pattern, calls, call) for pattern in self.skip):
                columns.update(call.columns)
        return frozenset(columns - {table.key})

    def table(self, table: Table, calls: TableCalls) -> Table:
        """Return ``table`` with the columns that are loaded."""
        left_out = self.left_out(table, calls)
        kept = {
            name: type for name, type in table.columns.items() if name not in left_out
        }
        return table._replace(columns=kept) if left_out else table

    def calls(self, table: Table, calls: TableCalls) -> TableCalls:
        """Return ``calls`` without the operations that are skipped, or whose columns are all
        excluded."""
        left_out = self.left_out(table, calls)
        if not left_out:
            return calls
        kept = tuple(
            call
            for call in calls.enrichments
            if not call.columns or not left_out.issuperset(call.columns)
        )
        return replace(calls, enrichments=kept)


class Reduced:
    """A collection without the columns that are left out."""

    def __init__(self, rows: Collection, left_out: frozenset[str]) -> None:
        self._rows = rows
        self._left_out = left_out

    def __iter__(self) -> Iterator[CollectedRow]:
        for row, unread in self._rows:
            kept = {
                name: value for name, value in row.items() if name not in self._left_out
            }
            yield CollectedRow(kept, unread - self._left_out)

    @property
    def complete(self) -> bool:
        """Whether the listing was read to its end."""
        return self._rows.complete


def _matches(pattern: str, calls: TableCalls, call: Call) -> bool:
    return fnmatchcase(call.operation, pattern) or fnmatchcase(
        f"{calls.service}.{call.operation}", pattern.replace(":", ".")
    )
