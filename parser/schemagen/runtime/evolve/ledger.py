# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Define the tables that say which unit each row of a database came from, and their statements.

Rows do not say which account and region they were read from, and the tables are as the documentation
has them. So a schema of our own in the same database, `SCHEMA`, records which keys each unit holds. A
row is deleted when no unit holds its key any more.

Tables and statements are the same in PostgreSQL and DuckDB, except for how a parameter is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, LiteralString, NamedTuple, cast

SCHEMA = "ddsql_sync"
FORMAT = 1
"""The format of the ledger. A database whose ledger has a later one is refused."""

# Both engines have these types, under these names. They are not those of the package's type table:
# settings may change what a type of the documentation is, and the ledger stays as it is.
STRING_TYPE = "TEXT"
NUMBER_TYPE = "BIGINT"
TIME_TYPE = "TIMESTAMPTZ"

Engine = Literal["postgres", "duckdb"]
State = Literal["complete", "partial"]
"""How far a unit was read: "complete" if its listing was read in full and no column was unread."""


class LedgerTable(NamedTuple):
    """A table of the ledger. ``columns`` maps names to types that both engines have."""

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]


TABLES: tuple[LedgerTable, ...] = (
    LedgerTable("ledger", {"format": NUMBER_TYPE}, ("format",)),
    # The tables that rows are loaded into. `version` is that of the package which the table fits.
    LedgerTable(
        "tables",
        {
            "table_id": STRING_TYPE,
            "dialect": STRING_TYPE,
            "version": STRING_TYPE,
            "recorded": TIME_TYPE,
        },
        ("table_id",),
    ),
    # Their columns, with DDSQL types: several of these are one type to a database.
    LedgerTable(
        "columns",
        {"table_id": STRING_TYPE, "name": STRING_TYPE, "type": STRING_TYPE},
        ("table_id", "name"),
    ),
    # What was loaded as a whole, by which run and when; `read_in_full` is the last time at which the
    # listing was read to its end.
    LedgerTable(
        "units",
        {
            "unit": NUMBER_TYPE,
            "account": STRING_TYPE,
            "region": STRING_TYPE,
            "table_id": STRING_TYPE,
            "partition": STRING_TYPE,
            "run": STRING_TYPE,
            "state": STRING_TYPE,
            "loaded": TIME_TYPE,
            "read_in_full": TIME_TYPE,
            "row_count": NUMBER_TYPE,
        },
        ("account", "region", "table_id"),
    ),
    # The keys that a unit holds. Of a table without a key, it holds `copies` rows with the hash `key`.
    LedgerTable(
        "held",
        {"unit": NUMBER_TYPE, "key": STRING_TYPE, "copies": NUMBER_TYPE},
        ("unit", "key"),
    ),
    # Columns of rows that could not be read again: their values are as old as `since`.
    LedgerTable(
        "stale",
        {
            "unit": NUMBER_TYPE,
            "key": STRING_TYPE,
            "column_name": STRING_TYPE,
            "since": TIME_TYPE,
        },
        ("unit", "key", "column_name"),
    ),
)

SEQUENCE = "unit_numbers"
_SEQUENCE = f'"{SCHEMA}"."{SEQUENCE}"'


def table(name: str) -> LedgerTable:
    """Return the table of the ledger with a name."""
    return next(table for table in TABLES if table.name == name)


def name(table: str) -> str:
    """Return the name of a table of the ledger in SQL."""
    return f'"{SCHEMA}"."{table}"'


def ddl(engine: Engine) -> Iterator[LiteralString]:
    """Yield the statements that create the ledger. They can be run repeatedly.

    DuckDB gets no indexes: its only writer checks before it inserts, and an index slows both.
    """
    yield _literal(f'CREATE SCHEMA IF NOT EXISTS "{SCHEMA}"')
    yield _literal(f"CREATE SEQUENCE IF NOT EXISTS {_SEQUENCE}")
    for table in TABLES:
        columns = [
            f'"{column}" {type}'
            + (f" DEFAULT nextval('{_SEQUENCE}')" if _numbered(table, column) else "")
            for column, type in table.columns.items()
        ]
        if engine == "postgres":
            columns.append(f"PRIMARY KEY ({', '.join(map(_quoted, table.key))})")
        yield _literal(
            f"CREATE TABLE IF NOT EXISTS {name(table.name)} ({', '.join(columns)})"
        )
    if engine == "postgres":
        # Who else holds a key? A hash is smaller than a second copy of the keys.
        yield _literal(
            f'CREATE INDEX IF NOT EXISTS "held_key" ON {name("held")} USING hash ("key")'
        )
        yield _literal(
            f'CREATE UNIQUE INDEX IF NOT EXISTS "units_unit" ON {name("units")} ("unit")'
        )


def _numbered(table: LedgerTable, column: str) -> bool:
    return table.name == "units" and column == "unit"


class Statements:
    """The statements of the ledger, for a driver's way to write a named parameter.

    ``marker`` makes ``%(unit)s`` or ``$unit`` of ``unit``. Relations that a statement takes are SQL of
    the caller's: each selects the ``key`` of rows, as text.
    """

    def __init__(self, marker: Callable[[str], str]) -> None:
        self._marker = marker

    def _sql(self, statement: str, *parameters: str, **relations: str) -> LiteralString:
        """Fill in the ledger's tables, ``relations``, and the markers of ``parameters``."""
        names = {table.name: name(table.name) for table in TABLES}
        markers = {f"_{parameter}": self._marker(parameter) for parameter in parameters}
        return _literal(statement.format(**names, **markers, **relations))

    # --- the format, and what is known of tables -------------------------------------------------

    def format(self) -> LiteralString:
        """Select the format of the ledger."""
        return self._sql('SELECT max("format") FROM {ledger}')

    def set_format(self) -> LiteralString:
        """Record the ``format`` of a ledger that has none."""
        return self._sql(
            'INSERT INTO {ledger} ("format") SELECT {_format} '
            "WHERE NOT EXISTS (SELECT 1 FROM {ledger})",
            "format",
        )

    def recorded_tables(self) -> LiteralString:
        """Select id, dialect and version of those of ``ids`` that rows are loaded into."""
        return self._sql(
            'SELECT "table_id", "dialect", "version" FROM {tables} '
            'WHERE "table_id" = ANY({_ids})',
            "ids",
        )

    def all_tables(self) -> LiteralString:
        """Select the ids of all tables that rows are loaded into."""
        return self._sql('SELECT "table_id" FROM {tables} ORDER BY "table_id"')

    def recorded_columns(self) -> LiteralString:
        """Select table, name and DDSQL type of every recorded column of the tables ``ids``."""
        return self._sql(
            'SELECT "table_id", "name", "type" FROM {columns} WHERE "table_id" = ANY({_ids})',
            "ids",
        )

    def forget_table(self) -> tuple[LiteralString, LiteralString]:
        """Delete what is recorded of ``table_id`` and its columns, before it is recorded anew."""
        return (
            self._sql(
                'DELETE FROM {columns} WHERE "table_id" = {_table_id}', "table_id"
            ),
            self._sql(
                'DELETE FROM {tables} WHERE "table_id" = {_table_id}', "table_id"
            ),
        )

    def record_table(self) -> LiteralString:
        """Record the ``table_id``, the ``dialect`` and the package's ``version``."""
        return self._sql(
            'INSERT INTO {tables} ("table_id", "dialect", "version", "recorded") '
            "VALUES ({_table_id}, {_dialect}, {_version}, CURRENT_TIMESTAMP)",
            *("table_id", "dialect", "version"),
        )

    def record_column(self) -> LiteralString:
        """Record a column's ``table_id``, ``name`` and ``type``."""
        return self._sql(
            'INSERT INTO {columns} ("table_id", "name", "type") '
            "VALUES ({_table_id}, {_name}, {_type})",
            *("table_id", "name", "type"),
        )

    # --- units -----------------------------------------------------------------------------------

    def find_unit(self) -> LiteralString:
        """Select the number of the unit of ``account``, ``region`` and ``table_id``."""
        return self._sql(
            'SELECT "unit" FROM {units} WHERE "account" = {_account} '
            'AND "region" = {_region} AND "table_id" = {_table_id}',
            *("account", "region", "table_id"),
        )

    def add_unit(self) -> LiteralString:
        """Record a new unit, and return its number."""
        return self._sql(
            'INSERT INTO {units} ("account", "region", "table_id", "partition", "run", "state", '
            '"loaded", "row_count") VALUES ({_account}, {_region}, {_table_id}, {_partition}, '
            """{_run}, 'partial', CURRENT_TIMESTAMP, 0) RETURNING "unit\"""",
            *("account", "region", "table_id", "partition", "run"),
        )

    def update_unit(self) -> LiteralString:
        """Record that ``run`` loaded the unit, its ``state``, and whether its listing was read in
        ``full``."""
        return self._sql(
            'UPDATE {units} SET "run" = {_run}, "state" = {_state}, "partition" = {_partition}, '
            '"loaded" = CURRENT_TIMESTAMP, "row_count" = '
            '(SELECT COALESCE(sum(h."copies"), 0) FROM {held} h WHERE h."unit" = {_unit}), '
            '"read_in_full" = CASE WHEN {_full} THEN CURRENT_TIMESTAMP ELSE "read_in_full" END '
            'WHERE "unit" = {_unit}',
            *("run", "state", "partition", "unit", "full"),
        )

    def finished_units(self) -> LiteralString:
        """Select account, region and table of the units that ``run`` has loaded completely."""
        return self._sql(
            'SELECT "account", "region", "table_id" FROM {units} '
            """WHERE "run" = {_run} AND "state" = 'complete'""",
            "run",
        )

    def last_run(self) -> LiteralString:
        """Select the run of the unit that was loaded last, of runs whose name ends as ``part``."""
        return self._sql(
            'SELECT "run" FROM {units} WHERE right("run", length({_part})) = {_part} '
            'ORDER BY "loaded" DESC LIMIT 1',
            "part",
        )

    def matching_units(self) -> LiteralString:
        """Select number, account, region and table of the units of ``account``, ``region`` and
        ``table_id``; NULL matches any."""
        return self._sql(
            'SELECT "unit", "account", "region", "table_id" FROM {units} '
            'WHERE "account" = COALESCE({_account}, "account") '
            'AND "region" = COALESCE({_region}, "region") '
            'AND "table_id" = COALESCE({_table_id}, "table_id") ORDER BY "unit"',
            *("account", "region", "table_id"),
        )

    def delete_unit(self) -> tuple[LiteralString, ...]:
        """Delete all that is recorded of the ``unit``."""
        return tuple(
            self._sql(
                'DELETE FROM {relation} WHERE "unit" = {_unit}',
                "unit",
                relation=name(table),
            )
            for table in ("stale", "held", "units")
        )

    # --- keys ------------------------------------------------------------------------------------

    def holds(self) -> LiteralString:
        """Select whether the ``unit`` holds anything."""
        return self._sql(
            'SELECT EXISTS (SELECT 1 FROM {held} WHERE "unit" = {_unit})', "unit"
        )

    def hold(self, keys: str) -> LiteralString:
        """Record that the ``unit`` holds ``keys``."""
        return self._sql(
            'INSERT INTO {held} ("unit", "key", "copies") SELECT {_unit}, k."key", 1 '
            "FROM ({keys}) k WHERE NOT EXISTS "
            '(SELECT 1 FROM {held} h WHERE h."unit" = {_unit} AND h."key" = k."key")',
            "unit",
            keys=keys,
        )

    def vanished(self, keys: str) -> LiteralString:
        """Select the keys that the ``unit`` holds and that are not in ``keys``."""
        return self._sql(
            'SELECT h."key" FROM {held} h WHERE h."unit" = {_unit} '
            'AND NOT EXISTS (SELECT 1 FROM ({keys}) k WHERE k."key" = h."key")',
            "unit",
            keys=keys,
        )

    def only_held_by_unit(self, keys: str) -> LiteralString:
        """Select those of ``keys`` that no unit of the table ``table_id`` holds but ``unit``."""
        return self._sql(
            'SELECT k."key" FROM ({keys}) k WHERE NOT EXISTS (SELECT 1 FROM {held} h '
            'JOIN {units} u ON u."unit" = h."unit" WHERE h."key" = k."key" '
            'AND h."unit" <> {_unit} AND u."table_id" = {_table_id})',
            *("unit", "table_id"),
            keys=keys,
        )

    def release(self, keys: str) -> tuple[LiteralString, LiteralString]:
        """Delete ``keys`` from what the ``unit`` holds."""
        return self._release("stale", keys), self._release("held", keys)

    def release_all(self) -> LiteralString:
        """Delete all that the ``unit`` holds."""
        return self._sql('DELETE FROM {held} WHERE "unit" = {_unit}', "unit")

    def _release(self, table: str, keys: str) -> LiteralString:
        return self._sql(
            'DELETE FROM {relation} WHERE "unit" = {_unit} '
            'AND "key" IN (SELECT k."key" FROM ({keys}) k)',
            "unit",
            keys=keys,
            relation=name(table),
        )

    # --- stale columns ---------------------------------------------------------------------------

    def refresh(self, read: str) -> LiteralString:
        """Delete what the ``unit`` has of stale columns that were read again. ``read`` selects ``key``
        of every row that was read; `mark_stale` adds what was not read."""
        return self._sql(
            'DELETE FROM {stale} s WHERE s."unit" = {_unit} '
            'AND s."key" IN (SELECT k."key" FROM ({read}) k)',
            "unit",
            read=read,
        )

    def mark_stale(self, unread: str) -> LiteralString:
        """Record stale columns of the ``unit``. ``unread`` selects ``key``, ``column_name`` and the
        time since when (NULL: now)."""
        return self._sql(
            'INSERT INTO {stale} ("unit", "key", "column_name", "since") '
            'SELECT {_unit}, n."key", n."column_name", COALESCE(n."since", CURRENT_TIMESTAMP) '
            "FROM ({unread}) n",
            "unit",
            unread=unread,
        )


def _quoted(identifier: str) -> str:
    return f'"{identifier}"'


def _literal(statement: str) -> LiteralString:
    """Return a statement made of this module's own text and of quoted names as what drivers ask for."""
    safe: LiteralString = cast("Any", statement)
    return safe
