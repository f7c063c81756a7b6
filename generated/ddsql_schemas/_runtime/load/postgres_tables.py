# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Make the statements that load the rows of one table into PostgreSQL.

Names are quoted, and nothing else of a table reaches a statement. Statements that take parameters have
the percent signs of names doubled, as psycopg needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, LiteralString, cast

from ..evolve import ledger
from ..evolve.identity import row_hash
from ..quoting import identifier, literal
from ..sql import Loader, Table
from . import keyless
from .binary import NoWire, RowEncoder

HASHES = '"ddsql_hashes"'
"""A temporary table of a session: the hashes of staged rows, and how many rows have each."""
VANISHED = '"ddsql_vanished"'
"""A temporary table of a session: keys that a unit held and no longer has."""

TEMPORARY: tuple[LiteralString, ...] = cast(
    "Any",
    (
        f'CREATE TEMPORARY TABLE IF NOT EXISTS {HASHES} ("key" {ledger.STRING_TYPE}, '
        f'"copies" {ledger.NUMBER_TYPE})',
        f'CREATE TEMPORARY TABLE IF NOT EXISTS {VANISHED} ("key" {ledger.STRING_TYPE})',
    ),
)


class TableStatements:
    """The statements for a table, or for some of its columns, in a dialect.

    ``whole`` is the table with all columns. ``elements`` maps array columns to the numbers of their
    elements' types.
    """

    def __init__(
        self,
        loader: Loader[Any],
        table: Table,
        whole: Table,
        dialect: str,
        stage: str,
        elements: dict[str, int],
    ) -> None:
        self._loader, self.table, self._whole, self._dialect = (
            loader,
            table,
            whole,
            dialect,
        )
        self._types = loader.rules(dialect).types
        self.columns = tuple(table.columns)
        self.relation = loader.relation(table, dialect)
        self.stage = identifier(stage)
        # Names that no column has.
        self._number, self._unread = _free(
            ("ddsql number", "ddsql unread"),
            {loader.name(column, whole, dialect) for column in whole.columns},
        )
        self.encoder: RowEncoder | None
        try:
            self.encoder = RowEncoder(loader, table, dialect, elements)
        except NoWire:
            self.encoder = None

    def quote(self, column: str) -> str:
        return self._loader.quote(column, self._whole, self._dialect)

    def parameters(self, row: Any) -> list[object]:
        return self._loader.parameters(row, self.table, self._dialect)

    @property
    def direct(self) -> bool:
        """Whether rows can be copied into the table itself: keys that are text go to the ledger as they
        are."""
        if self.encoder is None or self.table.key is None:
            return False
        return self._types[self.table.columns[self.table.key]].wire == "text"

    # --- staging ---------------------------------------------------------------------------------

    @cached_property
    def create_stage(self) -> LiteralString:
        """Create the session's temporary table for rows, empty. Rows that fit a page stay in it: nobody
        keeps them, so compressing them is not worth its time."""
        return _safe(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {self.stage} "
            f"WITH (toast_tuple_target = 8160) AS SELECT {self._list()}, "
            f"CAST(NULL AS {ledger.NUMBER_TYPE}) AS {self._number}, "
            f"CAST(NULL AS {ledger.STRING_TYPE}[]) AS {self._unread} FROM {self.relation} WITH NO DATA"
        )

    @cached_property
    def truncate_stage(self) -> LiteralString:
        return _safe(f"TRUNCATE {self.stage}")

    @cached_property
    def analyze_stage(self) -> LiteralString:
        column = self._number if self.table.key is None else self.quote(self.table.key)
        return _safe(f"ANALYZE {self.stage} ({column})")

    @cached_property
    def copy_to_stage(self) -> LiteralString:
        """Copy rows, each with its number and the names of columns that were not read."""
        columns = f"{self._list()}, {self._number}, {self._unread}"
        return _safe(f"COPY {self.stage} ({columns}) FROM STDIN (FORMAT BINARY)")

    @cached_property
    def insert_into_stage(self) -> LiteralString:
        """Insert a row by parameters, for tables that have no binary encoder."""
        columns = _doubled(f"{self._list()}, {self._number}, {self._unread}")
        values = [
            self._types[type].parameter.format("%s")
            for type in self.table.columns.values()
        ]
        return _safe(
            f"INSERT INTO {_doubled(self.stage)} ({columns}) "
            f"VALUES ({', '.join([*values, '%s', '%s'])})"
        )

    @cached_property
    def copy(self) -> LiteralString:
        """Copy rows into the table itself."""
        return _safe(
            f"COPY {self.relation} ({self._list()}) FROM STDIN (FORMAT BINARY)"
        )

    @cached_property
    def delete_duplicates(self) -> LiteralString:
        """Delete all but the last of the staged rows with one key."""
        key = self._key
        return _safe(
            f"DELETE FROM {self.stage} s USING {self.stage} later WHERE s.{key} = later.{key} "
            f"AND s.{self._number} < later.{self._number}"
        )

    def keep(self, column: str) -> LiteralString:
        """Stage the stored value of a column in the rows where it was not read."""
        name = self.quote(column)
        return _safe(
            f"UPDATE {self.stage} s SET {name} = t.{name} FROM {self.relation} t "
            f"WHERE s.{self._key} = t.{self._key} AND {literal(column)} = ANY(s.{self._unread})"
        )

    # --- rows with a key -------------------------------------------------------------------------

    @property
    def _key(self) -> str:
        return self.quote(self.table.key or "")

    @cached_property
    def staged_keys(self) -> str:
        """Select the staged keys, for statements with parameters."""
        return _doubled(
            f'SELECT CAST({self._key} AS {ledger.STRING_TYPE}) AS "key" FROM {self.stage}'
        )

    @cached_property
    def unread_keys(self) -> str:
        """Select key and column of what was not read, and since when: now, unless the ``unit`` has it as
        stale already."""
        stage = _doubled(
            f'SELECT CAST({self._key} AS {ledger.STRING_TYPE}) AS "key", '
            f'unnest({self._unread}) AS "column_name" FROM {self.stage}'
        )
        return (
            'SELECT s."key", s."column_name", CAST(NULL AS '
            f'{ledger.TIME_TYPE}) AS "since" FROM ({stage}) s '
            f"WHERE NOT EXISTS (SELECT 1 FROM {ledger.name('stale')} o WHERE o.\"unit\" = %(unit)s "
            'AND o."key" = s."key" AND o."column_name" = s."column_name")'
        )

    @cached_property
    def delete_refreshed(self) -> LiteralString:
        """Delete what the ``unit`` has of stale columns that were read again."""
        stage = _doubled(
            f'SELECT CAST({self._key} AS {ledger.STRING_TYPE}) AS "key", {self._unread} AS "unread" '
            f"FROM {self.stage}"
        )
        return _safe(
            f"DELETE FROM {ledger.name('stale')} o USING ({stage}) s "
            'WHERE o."unit" = %(unit)s AND s."key" = o."key" '
            'AND (s."unread" IS NULL OR o."column_name" <> ALL(s."unread"))'
        )

    @cached_property
    def count_new(self) -> LiteralString:
        """Count the staged rows that the table does not have."""
        return _safe(
            f"SELECT count(*) FROM {self.stage} s WHERE NOT EXISTS "
            f"(SELECT 1 FROM {self.relation} t WHERE t.{self._key} = s.{self._key})"
        )

    @cached_property
    def merge(self) -> LiteralString:
        """Update the rows that differ, and insert those that are new."""
        columns = [self.quote(column) for column in self.columns]
        others = [column for column in self.columns if column != self.table.key]
        changed = ""
        if others:
            old, new = (
                ", ".join(self._comparable(alias, column) for column in others)
                for alias in ("t", "s")
            )
            settings = ", ".join(
                f"{self.quote(column)} = s.{self.quote(column)}" for column in others
            )
            changed = (
                f"WHEN MATCHED AND ROW({old}) IS DISTINCT FROM ROW({new}) "
                f"THEN UPDATE SET {settings} "
            )
        values = ", ".join(f"s.{column}" for column in columns)
        return _safe(
            f"MERGE INTO {self.relation} t USING {self.stage} s ON t.{self._key} = s.{self._key} "
            f"{changed}WHEN NOT MATCHED THEN INSERT ({', '.join(columns)}) VALUES ({values})"
        )

    def delete(self, keys: str) -> LiteralString:
        """Delete the rows with ``keys``, SQL that selects them as text."""
        key = _doubled(f"t.{self._key}")
        if self._types[self.table.columns[self.table.key or ""]].wire != "text":
            key = f"CAST({key} AS {ledger.STRING_TYPE})"
        relation = _doubled(self.relation)
        return _safe(
            f'DELETE FROM {relation} t USING ({keys}) gone WHERE {key} = gone."key"'
        )

    @cached_property
    def triggers(self) -> LiteralString:
        """Select the names of the triggers that may change what is stored."""
        return _safe(
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') "
            f"AND tgrelid = CAST({literal(self.relation)} AS regclass) ORDER BY 1"
        )

    @cached_property
    def count_not_stored(self) -> LiteralString:
        """Count the staged rows that the table does not have as they are."""
        old, new = (
            ", ".join(self._comparable(alias, column) for column in self.columns)
            for alias in ("t", "s")
        )
        return _safe(
            f"SELECT count(*) FROM {self.stage} s LEFT JOIN {self.relation} t ON t.{self._key} = s.{self._key} "
            f"WHERE ROW({old}) IS DISTINCT FROM ROW({new})"
        )

    def count_rows(self, keys: str) -> LiteralString:
        """Count the rows with ``keys``, SQL that selects them as text."""
        key = _doubled(f"CAST(t.{self._key} AS {ledger.STRING_TYPE})")
        return _safe(
            f"SELECT count(*) FROM {_doubled(self.relation)} t JOIN ({keys}) gone "
            f'ON {key} = gone."key"'
        )

    def _comparable(self, alias: str, column: str) -> str:
        """Return a value that ``=`` compares. Types of the settings need not have an ``=``."""
        value = f"{alias}.{self.quote(column)}"
        known = self._types[self.table.columns[column]].wire
        return value if known else f"CAST({value} AS {ledger.STRING_TYPE})"

    # --- rows without a key ----------------------------------------------------------------------

    def _hash(self, alias: str, columns: Iterable[str]) -> str:
        """Hash the values of a row."""
        values = {column: f"{alias}.{self.quote(column)}" for column in columns}
        return row_hash(values, "postgres")

    @cached_property
    def unread_columns(self) -> LiteralString:
        """Select the sets of columns that were not read in some staged row."""
        return _safe(
            f"SELECT DISTINCT {self._unread} FROM {self.stage} WHERE {self._unread} IS NOT NULL"
        )

    def keep_in_rows(self, unread: Sequence[str]) -> LiteralString:
        """Stage the stored values of ``unread`` columns, the ``names``, where a row that the ``unit``
        holds is the same in all others."""
        rest = [column for column in self.columns if column not in unread]
        names = [_doubled(self.quote(column)) for column in unread]
        settings = ", ".join(f"{name} = t.{name}" for name in names)
        relation, stage = _doubled(self.relation), _doubled(self.stage)
        stored = (
            f'SELECT DISTINCT ON ("ddsql rest") {", ".join(names)}, '
            f'{_doubled(self._hash("t", rest))} AS "ddsql rest" FROM {relation} t '
            f"WHERE {_doubled(self._hash('t', self._whole.columns))} IN "
            f"(SELECT h.\"key\" FROM {ledger.name('held')} h WHERE h.\"unit\" = %(unit)s) "
            'ORDER BY "ddsql rest"'
        )
        return _safe(
            f"UPDATE {stage} s SET {settings} FROM ({stored}) t "
            f"WHERE s.{_doubled(self._unread)} = CAST(%(names)s AS {ledger.STRING_TYPE}[]) "
            f'AND {_doubled(self._hash("s", rest))} = t."ddsql rest"'
        )

    @cached_property
    def lacks_rows(self) -> LiteralString:
        """Select whether the table has fewer rows than its units hold."""
        return _safe(keyless.lacks_rows(self.relation, literal(self.table.id)))

    @cached_property
    def differences(self) -> LiteralString:
        """Select how many rows the units hold that the table lacks, and how many no unit holds."""
        row_hash = self._hash("t", self._whole.columns)
        return _safe(
            keyless.differences(self.relation, row_hash, literal(self.table.id))
        )

    @cached_property
    def hold_what_is_there(self) -> tuple[LiteralString, ...]:
        """Let the units hold no rows that the table lacks."""
        row_hash = self._hash("t", self._whole.columns)
        statements = keyless.hold_what_is_there(
            self.relation, row_hash, literal(self.table.id)
        )
        return tuple(_safe(statement) for statement in statements)

    @cached_property
    def hash_stage(self) -> LiteralString:
        """Fill `HASHES` from the staged rows."""
        return _safe(
            f'INSERT INTO {HASHES} ("key", "copies") SELECT {self._hash("s", self.columns)}, '
            f"count(*) FROM {self.stage} s GROUP BY 1"
        )

    @cached_property
    def delete_copies(self) -> LiteralString:
        """Delete as many rows as the ``unit`` holds too many."""
        row_hash = _doubled(self._hash("t", self._whole.columns))
        relation = _doubled(self.relation)
        return _safe(
            f"DELETE FROM {relation} t WHERE t.ctid IN (SELECT x.ctid FROM "
            f'(SELECT t.ctid, {row_hash} AS "key", '
            f'row_number() OVER (PARTITION BY {row_hash}) AS "copy" FROM {relation} t) x '
            'JOIN (SELECT h."key", h."copies" - COALESCE(n."copies", 0) AS "copies" '
            f"FROM {ledger.name('held')} h LEFT JOIN {HASHES} n ON n.\"key\" = h.\"key\" "
            'WHERE h."unit" = %(unit)s) many ON many."key" = x."key" '
            'WHERE x."copy" <= many."copies")'
        )

    @cached_property
    def insert_copies(self) -> LiteralString:
        """Insert as many of the staged rows as the ``unit`` holds too few."""
        columns = _doubled(self._list())
        row_hash = _doubled(self._hash("s", self.columns))
        return _safe(
            f"INSERT INTO {_doubled(self.relation)} ({columns}) SELECT {columns} FROM "
            f'(SELECT s.*, {row_hash} AS "ddsql key", '
            f'row_number() OVER (PARTITION BY {row_hash}) AS "ddsql copy" '
            f"FROM {_doubled(self.stage)} s) x "
            'JOIN (SELECT n."key" AS "ddsql few", '
            'n."copies" - COALESCE(h."copies", 0) AS "ddsql copies" '
            f"FROM {HASHES} n LEFT JOIN {ledger.name('held')} h ON n.\"key\" = h.\"key\" "
            'AND h."unit" = %(unit)s) few ON few."ddsql few" = x."ddsql key" '
            'WHERE x."ddsql copy" <= few."ddsql copies"'
        )

    def _list(self) -> str:
        return ", ".join(map(self.quote, self.columns))


HAS_SURPLUS: LiteralString = cast(
    "Any",
    f"SELECT EXISTS (SELECT 1 FROM {ledger.name('held')} h LEFT JOIN {HASHES} n "
    'ON n."key" = h."key" WHERE h."unit" = %(unit)s AND h."copies" > COALESCE(n."copies", 0))',
)
"""Select whether the ``unit`` holds rows that are not staged."""
HOLD_MOST: LiteralString = cast(
    "Any",
    f'INSERT INTO {HASHES} ("key", "copies") SELECT h."key", h."copies" '
    f"FROM {ledger.name('held')} h WHERE h.\"unit\" = %(unit)s",
)
"""Add to `HASHES` what the ``unit`` holds already: nothing of it is deleted."""
HOLD_HASHES: LiteralString = cast(
    "Any",
    f"INSERT INTO {ledger.name('held')} (\"unit\", \"key\", \"copies\") "
    f'SELECT %(unit)s, "key", max("copies") FROM {HASHES} GROUP BY "key"',
)
"""Record that the ``unit`` holds what is in `HASHES`."""


def _free(names: tuple[str, str], taken: set[str]) -> tuple[str, str]:
    while taken.intersection(names):
        names = (f"{names[0]}_", f"{names[1]}_")
    return identifier(names[0]), identifier(names[1])


def _doubled(statement: str) -> str:
    return statement.replace("%", "%%")


def _safe(statement: str) -> LiteralString:
    """Return a statement whose names are all quoted as the type that psycopg asks for."""
    safe: LiteralString = cast("Any", statement)
    return safe
