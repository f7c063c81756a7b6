# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Load rows into a PostgreSQL database, unit by unit, and keep them in step.

Rows are encoded as they are collected. A unit that holds nothing is copied into its table; otherwise
rows are copied into a temporary table of the session, and one transaction merges those that differ,
deletes those that no unit holds any more, and brings the ledger up to date. No transaction is open
while rows are collected, unless a unit with many rows is loaded for the first time.

The temporary tables and the locks belong to the session: a connection pooler must pool sessions, not
transactions.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, LiteralString, cast

import psycopg

from ..sql import Table
from ..units import Collection, Unit
from . import ledger
from .casts import CONVERSIONS
from .compare import (
    Comparer,
    Comparison,
    RecordedTable,
    SchemaMismatch,
    StoredTable,
)
from .destination import Destination, DestinationError
from .postgres_staging import CONFLICTS, Staging
from .postgres_tables import (
    HAS_SURPLUS,
    HASHES,
    HOLD_HASHES,
    HOLD_MOST,
    TEMPORARY,
    VANISHED,
    TableStatements,
)
from .sink import LoadCounts

if TYPE_CHECKING:
    from .package import Package

ENGINE = "postgres"
OLDEST = 15
"""The oldest major version, which has MERGE."""

_CREATED_AT_ONCE = 50
"""How many tables are created in a transaction."""
_ATTEMPTS = 8
"""How often a merge is tried if other transactions conflict with it."""
_TEXTS = f"CAST(%({{}})s AS {ledger.STRING_TYPE}[])"
_VANISHED_KEYS = f'SELECT "key" FROM {VANISHED}'


class PostgresSink:
    """A PostgreSQL database that rows are loaded into. A sink is used by one thread at a time; others
    have sinks of their own."""

    def __init__(
        self, destination: Destination, package: Package, run: str = ""
    ) -> None:
        self._destination = destination
        self._package = package
        self._run = run
        self._ledger = ledger.Statements("%({})s".format)
        self._default = ""
        self._type_names: dict[str, str] = {}
        self._dialects: dict[str, str] = {}
        self._whole: dict[str, Table] = {}
        self._elements: dict[str, dict[str, int]] = {}
        self._statements: dict[tuple[str, tuple[str, ...]], TableStatements] = {}
        self._connection = self._connect()

    # --- tables ----------------------------------------------------------------------------------

    def prepare(self, tables: Sequence[Table]) -> None:
        """Create missing tables, and compare the others with this package's.

        Raises `SchemaMismatch` before anything is changed if a table does not fit.
        """
        with self._locked("prepare"):
            found, dialects, recorded = self._compare(tables)
            findings = [finding for item in found for finding in item.findings]
            if findings:
                raise SchemaMismatch(str(self._destination), findings)
            # The locks of hundreds of new tables in one transaction might be more than a server has.
            for first in range(0, len(found), _CREATED_AT_ONCE):
                with self._connection.transaction():
                    self._create_ledger()
                    for comparison in found[first : first + _CREATED_AT_ONCE]:
                        self._settle(comparison, recorded.get(comparison.table.id))
        self._dialects |= dialects
        self._whole |= {table.id: table for table in tables}
        self._statements.clear()
        self._read_elements(tables)

    def _compare(
        self, tables: Sequence[Table]
    ) -> tuple[list[Comparison], dict[str, str], dict[str, RecordedTable]]:
        """Compare tables. Returns also their dialects, and what the ledger knows of them."""
        with self._connection.transaction():
            recorded = self._recorded([table.id for table in tables])
            default = self._default_dialect()
            dialects = {
                table.id: self._dialect(recorded.get(table.id), default)
                for table in tables
            }
            stored = self._stored(tables, dialects)
            comparer = Comparer(
                self._package.loader,
                self._package.version,
                ENGINE,
                self._spelled(set(dialects.values())),
                self._destination.adopt,
                self._destination.migrate,
            )
            found = [
                comparer.compare(
                    table,
                    dialects[table.id],
                    stored.get(table.id),
                    recorded.get(table.id),
                )
                for table in tables
            ]
        return found, dialects, recorded

    def _create_ledger(self) -> None:
        if not self._has_ledger():
            for statement in ledger.ddl("postgres"):
                self._execute(statement)
            self._execute(self._ledger.set_format(), format=ledger.FORMAT)

    def _has_ledger(self) -> bool:
        found = "SELECT to_regclass(%(name)s) IS NOT NULL"
        return bool(self._value(found, name=ledger.name("ledger")))

    def _check_format(self) -> None:
        """Raise `DestinationError` for a ledger of a later format."""
        found = self._value(self._ledger.format())
        ledger.check_format(found, self._destination, self._package)

    def _recorded(self, ids: Sequence[str]) -> dict[str, RecordedTable]:
        """Read what the ledger knows of tables. Raises `DestinationError` for a later format."""
        if not self._has_ledger():
            return {}
        self._check_format()
        columns: dict[str, dict[str, str]] = {}
        for table, name, type in self._rows(self._ledger.recorded_columns(), ids=ids):
            columns.setdefault(table, {})[name] = type
        return {
            table: RecordedTable(dialect, version, columns.get(table, {}))
            for table, dialect, version in self._rows(
                self._ledger.recorded_tables(), ids=ids
            )
        }

    def _dialect(self, recorded: RecordedTable | None, default: str) -> str:
        """Return the dialect of a table: as the destination says, or as the table was created."""
        chosen = self._destination.option("dialect")
        if chosen or recorded is None or recorded.dialect not in self._own_dialects():
            return default
        return recorded.dialect

    def _own_dialects(self) -> list[str]:
        dialects = self._package.loader.dialects
        return [name for name, rules in dialects.items() if rules.engine == ENGINE]

    def _default_dialect(self) -> str:
        """Return the dialect that the destination names, or the first whose extensions are there or can
        be created."""
        if self._default:
            return self._default
        own = self._own_dialects()
        chosen = self._destination.option("dialect")
        if chosen:
            if chosen not in own:
                raise DestinationError(
                    f"unknown dialect {chosen!r}; the package has {', '.join(own) or 'none'}"
                )
            return chosen
        usable = (
            "SELECT count(*) FROM pg_available_extensions WHERE name = ANY(%(names)s) AND "
            "(installed_version IS NOT NULL "
            "OR has_database_privilege(current_database(), 'CREATE'))"
        )
        for name in own:
            needed = list(self._package.loader.rules(name).extensions)
            if self._value(usable, names=needed) == len(needed):
                self._default = name
                return name
        raise DestinationError(
            f"the package has no dialect that {self._destination} can hold; build it with the output "
            "postgres_jsonb, or have an administrator create the extensions of: "
            + ", ".join(own)
        )

    def _stored(
        self, tables: Sequence[Table], dialects: Mapping[str, str]
    ) -> dict[str, StoredTable]:
        """Read how the database describes those of ``tables`` that it has."""
        loader = self._package.loader
        by_name: dict[tuple[str, str], str] = {}
        for table in tables:
            schema, _, name = table.id.partition(".")
            dialect = dialects[table.id]
            names = (
                loader.name(schema, table, dialect),
                loader.name(name, table, dialect),
            )
            by_name[names] = table.id
        columns: dict[str, dict[str, str]] = {}
        required: dict[str, set[str]] = {}
        keys: dict[str, list[str]] = {}
        for schema, name, column, type, needed, in_key in self._rows(
            "SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), "
            "a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', "
            "COALESCE(a.attnum = ANY(i.indkey), false) "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"JOIN unnest({_TEXTS.format('schemas')}, {_TEXTS.format('names')}) AS w(schema, name) "
            "ON w.schema = n.nspname AND w.name = c.relname "
            "LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
            "AND NOT a.attisdropped "
            "LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary "
            "ORDER BY c.oid, a.attnum",
            schemas=[schema for schema, _ in by_name],
            names=[name for _, name in by_name],
        ):
            id = by_name[schema, name]
            found = columns.setdefault(id, {})
            if column is None:
                continue
            found[column] = type
            if needed:
                required.setdefault(id, set()).add(column)
            if in_key:
                keys.setdefault(id, []).append(column)
        return {
            id: StoredTable(
                found, frozenset(required.get(id, ())), tuple(keys.get(id, ()))
            )
            for id, found in columns.items()
        }

    def _spelled(self, dialects: Iterable[str]) -> dict[str, str]:
        """Ask the database how it spells the types of ``dialects``. Those of an extension are missing
        until it is created."""
        names = sorted(
            {
                encoding.type
                for dialect in dialects
                for encoding in self._package.loader.rules(dialect).types.values()
            }
            - self._type_names.keys()
        )
        known = self._rows(
            f"SELECT t FROM unnest({_TEXTS.format('names')}) t WHERE to_regtype(t) IS NOT NULL",
            names=names,
        )
        types = [name for (name,) in known]
        if not types:
            return self._type_names
        columns = ", ".join(f'"{number}" {type}' for number, type in enumerate(types))
        self._execute(f'CREATE TEMPORARY TABLE "ddsql_types" ({columns})')
        spelled = self._rows(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
            """WHERE attrelid = to_regclass('pg_temp."ddsql_types"') AND attnum > 0 ORDER BY attnum"""
        )
        self._execute('DROP TABLE pg_temp."ddsql_types"')
        self._type_names |= {
            name: text for name, (text,) in zip(types, spelled, strict=True)
        }
        return self._type_names

    def _settle(self, comparison: Comparison, recorded: RecordedTable | None) -> None:
        """Create a table or bring it up to date, and record it."""
        table, dialect = comparison.table, comparison.dialect
        loader = self._package.loader
        if comparison.verdict == "create":
            self._connection.execute(self._package.ddl(table.id, dialect))
            if recorded is not None:  # The table was dropped, and its rows with it.
                for number, *_ in self._units(table=table.id):
                    self._delete_unit(number)
        relation = loader.relation(table, dialect)
        types = loader.rules(dialect).types
        for change in comparison.changes:
            column = loader.quote(change.column, table, dialect)
            type = types[change.type].type
            if not change.old:
                self._execute(f"ALTER TABLE {relation} ADD COLUMN {column} {type}")
            elif types[change.old].type != type:
                value = CONVERSIONS[ENGINE][change.old, change.type].format(column)
                self._execute(
                    f"ALTER TABLE {relation} ALTER COLUMN {column} TYPE {type} USING {value}"
                )
        if (
            recorded is not None
            and comparison.verdict == "equal"
            and recorded.version == self._package.version
            and recorded.columns == table.columns
        ):
            return
        for statement in self._ledger.forget_table():
            self._execute(statement, table_id=table.id)
        self._execute(
            self._ledger.record_table(),
            table_id=table.id,
            dialect=dialect,
            version=self._package.version,
        )
        with self._connection.cursor() as cursor:
            cursor.executemany(
                self._ledger.record_column(),
                [
                    {"table_id": table.id, "name": name, "type": type}
                    for name, type in table.columns.items()
                ],
            )

    def _read_elements(self, tables: Sequence[Table]) -> None:
        """Read the numbers of the types of arrays' elements."""
        loader = self._package.loader
        for table in tables:
            dialect = self._dialects[table.id]
            types = loader.rules(dialect).types
            self._elements[table.id] = {}
            arrays = {
                name: types[type].type
                for name, type in table.columns.items()
                if types[type].depth
            }
            if not arrays:
                continue
            found = self._rows(
                "SELECT t, (SELECT typelem FROM pg_type WHERE oid = to_regtype(t)) "
                f"FROM unnest({_TEXTS.format('names')}) t",
                names=sorted(set(arrays.values())),
            )
            numbers = dict(found)
            self._elements[table.id] = {
                name: int(numbers[type])
                for name, type in arrays.items()
                if numbers[type] is not None
            }

    # --- units -----------------------------------------------------------------------------------

    def load(self, unit: Unit, table: Table, rows: Collection) -> LoadCounts:
        """Load the rows of a unit in a transaction of its own, after another sync's of the same unit.

        If rows have the same key, the last one is loaded. Rows that cannot be stored are left out and
        counted. If the listing fails, the unit stays as it was.
        """
        if self._connection.closed:
            self._connection = self._connect()
        statements = self._for(table)
        with self._turn(unit):
            number = self._number(unit)
            empty = number is None or not self._value(self._ledger.holds(), unit=number)
            staging = Staging(self._connection, statements, direct=empty)
            try:
                for row in rows:
                    staging.add(row)
                counts = self._commit(unit, statements, staging, rows.complete, empty)
            except BaseException as error:
                staging.abort(error)
                raise
        return counts

    def _commit(
        self,
        unit: Unit,
        statements: TableStatements,
        staging: Staging,
        complete: bool,
        empty: bool,
    ) -> LoadCounts:
        """Load the collected rows in a transaction, which a unit with many new rows has begun already."""
        staging.begin()
        number = self._number(unit)
        if number is None:
            number = self._add_unit(unit)
        complete = complete and not staging.refused
        if not staging.count and empty:
            counts = LoadCounts(rows=staging.refused, refused=staging.refused)
        elif staging.copy_directly(number):
            counts = LoadCounts(
                staging.count + staging.refused,
                inserted=staging.count,
                refused=staging.refused,
            )
        else:
            staging.stage()
            load = self._load_rows if statements.table.key is None else self._load_keys
            counts = load(statements, staging, unit, number, complete)
        self._execute(
            self._ledger.update_unit(),
            run=self._run,
            state="complete" if complete and not staging.unread else "partial",
            partition=unit.partition,
            unit=number,
            full=complete,
        )
        staging.commit()
        return counts

    def _load_keys(
        self,
        statements: TableStatements,
        staging: Staging,
        unit: Unit,
        number: int,
        complete: bool,
    ) -> LoadCounts:
        """Merge staged rows that have a key."""
        table = statements.table
        count = staging.count
        if staging.repeats:
            count -= self._count(statements.delete_duplicates)
        for column in sorted(staging.unread):
            self._execute(statements.keep(column))
        gone = 0
        if complete:
            keys = self._ledger.vanished(statements.staged_keys)
            gone = self._vanish(keys, unit=number)
        # A row must not be deleted while another unit finds it there and relies on it.
        self._lock_table(table.id, shared=not gone)
        written, inserted = self._merge(statements) if count else (0, 0)
        self._execute(self._ledger.hold(statements.staged_keys), unit=number)
        self._execute(statements.delete_refreshed, unit=number)
        if staging.unread:
            self._execute(self._ledger.mark_stale(statements.unread_keys), unit=number)
        deleted = 0
        if gone:
            keys = self._ledger.only_held_by_unit(_VANISHED_KEYS)
            deleted = self._count(
                statements.delete(keys), unit=number, table_id=table.id
            )
            for statement in self._ledger.release(_VANISHED_KEYS):
                self._execute(statement, unit=number)
        return LoadCounts(
            count + staging.refused,
            inserted,
            written - inserted,
            count - written,
            deleted,
            staging.refused,
        )

    def _load_rows(
        self,
        statements: TableStatements,
        staging: Staging,
        unit: Unit,
        number: int,
        complete: bool,
    ) -> LoadCounts:
        """Replace the unit's rows of a table without a key, as far as they differ."""
        self._lock_table(statements.table.id)
        if staging.unread:
            for (names,) in self._rows(statements.unread_columns):
                self._execute(statements.keep_in_rows(names), unit=number, names=names)
        self._execute(f"TRUNCATE {HASHES}")
        self._execute(statements.hash_stage)
        deleted = 0
        if complete and self._value(HAS_SURPLUS, unit=number):
            deleted = self._count(statements.delete_copies, unit=number)
        inserted = self._count(statements.insert_copies, unit=number)
        if not complete:
            self._execute(HOLD_MOST, unit=number)
        *_, release = self._ledger.release(f'SELECT "key" FROM {HASHES}')
        self._execute(release, unit=number)
        if complete:
            self._execute(self._ledger.release_all(), unit=number)
        self._execute(HOLD_HASHES, unit=number)
        return LoadCounts(
            staging.count + staging.refused,
            inserted,
            0,
            staging.count - inserted,
            deleted,
            staging.refused,
        )

    def forget(self, *, account: str = "", region: str = "", table: str = "") -> int:
        """Delete the units of an account, a region and a table ("" is any), and the rows that no other
        unit holds. Returns how many rows were deleted."""
        deleted = 0
        if not self._has_ledger():
            return 0
        self._check_format()
        found = self._units(account, region, table)
        for id in sorted({id for *_, id in found} - self._dialects.keys()):
            self.prepare([ledger.forgotten_table(self._package, id)])
        for number, its_account, its_region, id in found:
            statements = self._for(self._whole[id])
            unit = Unit(its_account, its_region, id)
            with self._turn(unit), self._connection.transaction():
                self._lock_table(id)
                deleted += self._empty(statements, number)
                self._delete_unit(number)
        return deleted

    def _empty(self, statements: TableStatements, number: int) -> int:
        """Delete the rows that only the unit holds."""
        id = statements.table.id
        if statements.table.key is None:
            self._execute(f"TRUNCATE {HASHES}")
            return self._count(statements.delete_copies, unit=number)
        none = f'SELECT "key" FROM {VANISHED} WHERE false'
        self._vanish(self._ledger.vanished(none), unit=number)
        keys = self._ledger.only_held_by_unit(_VANISHED_KEYS)
        return self._count(statements.delete(keys), unit=number, table_id=id)

    def finished(self, run: str) -> set[tuple[str, str, str]]:
        """Return account, region and table of the units that ``run`` has loaded."""
        if not self._has_ledger():
            return set()
        found = self._rows(self._ledger.finished_units(), run=run)
        return {(account, region, table) for account, region, table in found}

    def last_run(self, part: str) -> str:
        """Return the run that loaded a unit last, of those whose name ends in ``part``; "" if none."""
        if not self._has_ledger():
            return ""
        found = self._value(self._ledger.last_run(), part=part)
        return found if isinstance(found, str) else ""

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    # --- what loading a unit does ----------------------------------------------------------------

    def _for(self, table: Table) -> TableStatements:
        """Return the statements for the columns of ``table``, which may be some of the table's."""
        key = table.id, tuple(table.columns)
        found = self._statements.get(key)
        if found is None:
            dialect = self._dialects[table.id]
            # A table that was migrated gets a new temporary table.
            digest = _digest(table.id, dialect, *table.columns, *table.columns.values())
            found = self._statements[key] = TableStatements(
                self._package.loader,
                table,
                self._whole[table.id],
                dialect,
                f"ddsql_stage_{digest:016x}",
                self._elements[table.id],
            )
        return found

    def _merge(self, statements: TableStatements) -> tuple[int, int]:
        """Merge the staged rows. Returns how many were written, and how many of these are new.

        Another unit may write a row with the same key at the same time. Then the merge is tried again:
        it sees what the other one has committed.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._connection.transaction():
                    new = cast("int", self._value(statements.count_new))
                    return self._count(statements.merge), new
            except CONFLICTS:
                if attempt == _ATTEMPTS:
                    raise
                time.sleep(0.05 * attempt)
        raise AssertionError

    def _vanish(self, keys: str, **parameters: object) -> int:
        """Fill `VANISHED`, and return with how many keys."""
        self._execute(f"TRUNCATE {VANISHED}")
        return self._count(
            f'INSERT INTO {VANISHED} ("key") {keys}',
            **parameters,
        )

    def _lock_table(self, table: str, *, shared: bool = False) -> None:
        """Wait for transactions that delete rows of the table; unless ``shared``, for all others too."""
        function = "pg_advisory_xact_lock" + ("_shared" if shared else "")
        self._execute(f"SELECT {function}(%(lock)s)", lock=_lock("table", table))

    def _number(self, unit: Unit) -> int | None:
        found = self._value(
            self._ledger.find_unit(),
            account=unit.account,
            region=unit.region,
            table_id=unit.table,
        )
        return cast("int | None", found)

    def _add_unit(self, unit: Unit) -> int:
        number = self._value(
            self._ledger.add_unit(),
            account=unit.account,
            region=unit.region,
            table_id=unit.table,
            partition=unit.partition,
            run=self._run,
        )
        return cast("int", number)

    def _units(
        self, account: str = "", region: str = "", table: str = ""
    ) -> list[tuple[int, str, str, str]]:
        found = self._rows(
            self._ledger.matching_units(),
            account=account or None,
            region=region or None,
            table_id=table or None,
        )
        return cast("list[tuple[int, str, str, str]]", found)

    def _delete_unit(self, number: int) -> None:
        for statement in self._ledger.delete_unit():
            self._execute(statement, unit=number)

    def _turn(self, unit: Unit) -> AbstractContextManager[None]:
        """Wait for another sync of the same unit."""
        return self._locked("unit", unit.account, unit.region, unit.table)

    @contextmanager
    def _locked(self, *names: str) -> Generator[None]:
        """Wait for whoever else has a lock of ``names``, and keep it."""
        lock = _lock(*names)
        self._execute("SELECT pg_advisory_lock(%(lock)s)", lock=lock)
        try:
            yield
        finally:
            if not self._connection.closed:
                with suppress(
                    psycopg.OperationalError
                ):  # the end of the session unlocks
                    self._execute("SELECT pg_advisory_unlock(%(lock)s)", lock=lock)

    # --- the connection --------------------------------------------------------------------------

    def _connect(self) -> psycopg.Connection[Any]:
        """Connect. Raises `DestinationError`, without the password."""
        try:
            # Plans of prepared statements would not survive a migration of a table.
            connection: psycopg.Connection[Any] = psycopg.connect(
                self._destination.address,
                autocommit=True,
                prepare_threshold=None,
                application_name=self._package.name,
            )
        except (psycopg.Error, ValueError) as error:
            text = self._destination.redact(str(error)).strip()
            raise DestinationError(
                f"cannot connect to {self._destination}: {text}"
            ) from None
        version = connection.info.server_version // 10000
        if version < OLDEST:
            connection.close()
            raise DestinationError(
                f"{self._destination} is PostgreSQL {version}; loading needs {OLDEST} or later"
            )
        try:
            connection.execute("SET TIME ZONE 'UTC'")
            connection.execute("SET client_min_messages = warning")
            for statement in TEMPORARY:
                connection.execute(statement)
        except psycopg.Error as error:
            connection.close()
            text = self._destination.redact(str(error)).strip()
            raise DestinationError(
                f"{self._destination} cannot be used: {text}"
            ) from None
        self._statements.clear()
        return connection

    def _execute(self, statement: str, /, **parameters: object) -> psycopg.Cursor[Any]:
        # All text is this module's own, but for quoted names of tables and the types of the package.
        safe: LiteralString = cast("Any", statement)
        return self._connection.execute(safe, parameters or None)

    def _rows(self, statement: str, /, **parameters: object) -> list[tuple[Any, ...]]:
        return self._execute(statement, **parameters).fetchall()

    def _value(self, statement: str, /, **parameters: object) -> object:
        row = self._execute(statement, **parameters).fetchone()
        return None if row is None else row[0]

    def _count(self, statement: str, /, **parameters: object) -> int:
        return self._execute(statement, **parameters).rowcount


def _lock(*names: str) -> int:
    """Return the number of an advisory lock."""
    return _digest(ledger.SCHEMA, *names) - 2**63


def _digest(*names: str) -> int:
    text = "\0".join(names).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
