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

import logging
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, cast

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from ..evolve import ledger
from ..sql import Table
from ..units import Collection, Unit
from . import keyless, ledger_checks
from .destination import Destination, DestinationError, url_of
from .postgres_schema import TEXTS, Schema
from .postgres_session import Session, digest, lock_number
from .postgres_staging import CONFLICTS, Staging
from .postgres_tables import (
    HAS_SURPLUS,
    HASHES,
    HOLD_HASHES,
    HOLD_MOST,
    VANISHED,
    TableStatements,
)
from .sink import LoadCounts

if TYPE_CHECKING:
    from .package import Package

_ATTEMPTS = 8
"""How often a merge is tried if other transactions conflict with it."""
_LOG = logging.getLogger("ddsql.load")
Triggers = Sequence[str]
"""The names of the triggers of a table that may change what is stored."""
_VANISHED_KEYS = f'SELECT "key" FROM {VANISHED}'


def from_connection(
    connection: psycopg.Connection[Any], package: Package
) -> PostgresSink:
    """Open a connection of our own to the database of ``connection``, as the same user.

    Raises `DestinationError` if ``connection`` is in a transaction: ours would not see what it has changed,
    and would wait for its locks.
    """
    info = connection.info
    if info.transaction_status != pq.TransactionStatus.IDLE:
        raise DestinationError(
            f"the connection is in a transaction or closed (its status is {info.transaction_status.name}); commit first: "
            "rows are loaded through a connection of their own"
        )
    parameters = {**conninfo_to_dict(info.dsn), "password": info.password}
    return PostgresSink(Destination.of("postgresql", url_of(parameters)), package)


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
        self._dialects: dict[str, str] = {}
        self._whole: dict[str, Table] = {}
        self._elements: dict[str, dict[str, int]] = {}
        self._compared: set[str] = set()
        self._statements: dict[tuple[str, tuple[str, ...]], TableStatements] = {}
        self._session = Session(destination, package)
        self.schema = Schema(self._session, destination, package)

    # --- tables ----------------------------------------------------------------------------------

    def prepare(self, tables: Sequence[Table]) -> None:
        """Create missing tables, and compare the others with this package's.

        Raises `SchemaMismatch` before anything is changed if a table does not fit.
        """
        with self._destination.refusals():
            prepared = self.schema.prepare(tables)
            self._dialects |= {id: each.dialect for id, each in prepared.items()}
            self._whole |= {id: each.table for id, each in prepared.items()}
            self._statements.clear()
            self._read_elements([each.table for each in prepared.values()])

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
            found = self._session.rows(
                "SELECT t, (SELECT typelem FROM pg_type WHERE oid = to_regtype(t)) "
                f"FROM unnest({TEXTS.format('names')}) t",
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
        if self._session.connect():
            self._statements.clear()
        left_out = keyless.left_out(table, self._whole[table.id])
        if left_out:
            table, rows = self._whole[table.id], keyless.Whole(rows, left_out)
        statements = self._for(table)
        with self._turn(unit):
            number = self._number(unit)
            empty = number is None or not self._session.value(
                self._ledger.holds(), unit=number
            )
            triggers = self._triggers(statements)
            direct = empty and not triggers
            staging = Staging(self._session.connection, statements, direct=direct)
            try:
                for row in rows:
                    staging.add(row)
                stale = bool(staging.unread - left_out)
                counts = self._commit(
                    unit, statements, staging, rows.complete, empty, stale, triggers
                )
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
        stale: bool,
        triggers: Triggers,
    ) -> LoadCounts:
        """Load the collected rows in a transaction, which a unit with many new rows has begun already."""
        staging.begin()
        number = self._number(unit)
        if number is None:
            number = self._add_unit(unit)
        complete = complete and not staging.refused
        merges = False
        if not staging.count and empty:
            counts = LoadCounts(rows=staging.refused, refused=staging.refused)
        elif staging.copy_directly(number):
            counts = LoadCounts(
                staging.count + staging.refused,
                inserted=staging.count,
                refused=staging.refused,
            )
        else:
            merges = True
            staging.stage()
            load = self._load_rows if statements.table.key is None else self._load_keys
            counts = load(statements, staging, unit, number, complete, triggers)
        self._session.execute(
            self._ledger.update_unit(),
            run=self._run,
            state="complete" if complete and not stale else "partial",
            partition=unit.partition,
            unit=number,
            full=complete,
        )
        staging.commit()
        if merges:  # An empty unit has compared nothing.
            self._compared.add(unit.table)
        return counts

    def _load_keys(
        self,
        statements: TableStatements,
        staging: Staging,
        unit: Unit,
        number: int,
        complete: bool,
        triggers: Triggers,
    ) -> LoadCounts:
        """Merge staged rows that have a key."""
        table = statements.table
        count = staging.count
        if staging.repeats:
            count -= self._session.count(statements.delete_duplicates)
        for column in sorted(staging.unread):
            self._session.execute(statements.keep(column))
        gone = 0
        if complete:
            vanished = self._ledger.vanished(statements.staged_keys)
            gone = self._vanish(vanished, unit=number)
        # A row must not be deleted while another unit finds it there and relies on it.
        self._lock_table(table.id, shared=not gone)
        written, inserted = self._merge(statements) if count else (0, 0)
        self._session.execute(self._ledger.hold(statements.staged_keys), unit=number)
        self._session.execute(statements.delete_refreshed, unit=number)
        if staging.unread:
            self._session.execute(
                self._ledger.mark_stale(statements.unread_keys), unit=number
            )
        deleted = 0
        keys = self._ledger.only_held_by_unit(_VANISHED_KEYS)
        if gone:
            deleted = self._session.count(
                statements.delete(keys), unit=number, table_id=table.id
            )
            for statement in self._ledger.release(_VANISHED_KEYS):
                self._session.execute(statement, unit=number)
        if triggers:
            self._run_deferred_triggers()
            wrong = self._number_of(statements.count_not_stored)
            if gone:
                wrong += self._number_of(
                    statements.count_rows(keys), unit=number, table_id=table.id
                )
            self._check_triggers(table, triggers, wrong)
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
        triggers: Triggers,
    ) -> LoadCounts:
        """Replace the unit's rows of a table without a key, as far as they differ."""
        self._lock_table(statements.table.id)
        others = self._compare(statements, always=bool(triggers))
        if staging.unread:
            for (names,) in self._session.rows(statements.unread_columns):
                self._session.execute(
                    statements.keep_in_rows(names), unit=number, names=names
                )
        self._session.execute(f"TRUNCATE {HASHES}")
        self._session.execute(statements.hash_stage)
        deleted = 0
        if complete and self._session.value(HAS_SURPLUS, unit=number):
            deleted = self._session.count(statements.delete_copies, unit=number)
        inserted = self._session.count(statements.insert_copies, unit=number)
        if not complete:
            self._session.execute(HOLD_MOST, unit=number)
        *_, release = self._ledger.release(f'SELECT "key" FROM {HASHES}')
        self._session.execute(release, unit=number)
        if complete:
            self._session.execute(self._ledger.release_all(), unit=number)
        self._session.execute(HOLD_HASHES, unit=number)
        if triggers:
            self._check_rows(statements, triggers, others)
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
        with self._destination.refusals():
            return self._forget(account, region, table)

    def _forget(self, account: str, region: str, table: str) -> int:
        deleted = 0
        if not self.schema.has_ledger():
            return 0
        self.schema.check_format()
        found = self._units(account, region, table)
        for id in sorted({id for *_, id in found} - self._dialects.keys()):
            self.prepare([ledger_checks.forgotten_table(self._package, id)])
        for number, its_account, its_region, id in found:
            statements = self._for(self._whole[id])
            unit = Unit(its_account, its_region, id)
            with self._turn(unit), self._session.connection.transaction():
                self._lock_table(id)
                deleted += self._empty(statements, number)
        return deleted

    def _empty(self, statements: TableStatements, number: int) -> int:
        """Delete the unit, and the rows that only it holds."""
        table = statements.table
        triggers = self._triggers(statements)
        if table.key is None:
            others = self._compare(statements, always=True) if triggers else 0
            self._session.execute(f"TRUNCATE {HASHES}")
            deleted = self._session.count(statements.delete_copies, unit=number)
            self._delete_unit(number)
            if triggers:
                self._check_rows(statements, triggers, others)
            return deleted
        none = f'SELECT "key" FROM {VANISHED} WHERE false'
        self._vanish(self._ledger.vanished(none), unit=number)
        keys = self._ledger.only_held_by_unit(_VANISHED_KEYS)
        held = {"unit": number, "table_id": table.id}
        deleted = self._session.count(statements.delete(keys), **held)
        if triggers:
            self._run_deferred_triggers()
            wrong = self._number_of(statements.count_rows(keys), **held)
            self._check_triggers(table, triggers, wrong)
        self._delete_unit(number)
        return deleted

    # --- what others do to tables ----------------------------------------------------------------

    def _compare(self, statements: TableStatements, *, always: bool) -> int:
        """See to it that the units of a table without a key hold no rows that it lacks. Returns how many
        rows no unit holds; 0 if nothing says that others changed rows since the first load of this sink,
        unless ``always``."""
        id = statements.table.id
        if not (
            always
            or id not in self._compared
            or self._session.value(statements.lacks_rows)
        ):
            return 0
        [(missing, others)] = self._session.rows(statements.differences)
        keyless.warn_of_others(_LOG, id, missing, others)
        if missing:
            for statement in statements.hold_what_is_there:
                self._session.execute(statement)
        return int(others)

    def _triggers(self, statements: TableStatements) -> Triggers:
        return [name for (name,) in self._session.rows(statements.triggers)]

    def _run_deferred_triggers(self) -> None:
        self._session.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def _check_rows(
        self, statements: TableStatements, triggers: Triggers, others: int
    ) -> None:
        """Raise `DestinationError` unless a table without a key has the rows that its units hold, and
        ``others`` that no unit holds."""
        self._run_deferred_triggers()
        [(missing, found)] = self._session.rows(statements.differences)
        wrong = max(missing, abs(found - others))
        self._check_triggers(statements.table, triggers, wrong)

    def _check_triggers(self, table: Table, triggers: Triggers, wrong: int) -> None:
        """Raise `DestinationError` if rows are ``wrong``, for which ``triggers`` are to blame."""
        if wrong:
            rows = "1 row is" if wrong == 1 else f"{wrong:,} rows are"
            names = ", ".join(triggers)
            raise DestinationError(
                f"{table.id}: {rows} not stored as read, or not deleted, because of the "
                f"trigger{'s' if len(triggers) > 1 else ''} {names}; a trigger may fill columns that the package "
                "does not have, and write to other tables, but not leave out or change rows: change or drop it"
            )

    def _number_of(self, statement: str, /, **parameters: object) -> int:
        return cast("int", self._session.value(statement, **parameters))

    def finished(self, run: str) -> set[tuple[str, str, str]]:
        """Return account, region and table of the units that ``run`` has loaded."""
        if not self.schema.has_ledger():
            return set()
        found = self._session.rows(self._ledger.finished_units(), run=run)
        return {(account, region, table) for account, region, table in found}

    def last_run(self, part: str) -> str:
        """Return the run that loaded a unit last, of those whose name ends in ``part``; "" if none."""
        if not self.schema.has_ledger():
            return ""
        found = self._session.value(self._ledger.last_run(), part=part)
        return found if isinstance(found, str) else ""

    def close(self) -> None:
        """Close the connection."""
        self._session.connection.close()

    # --- what loading a unit does ----------------------------------------------------------------

    def _for(self, table: Table) -> TableStatements:
        """Return the statements for the columns of ``table``, which may be some of the table's."""
        key = table.id, tuple(table.columns)
        found = self._statements.get(key)
        if found is None:
            dialect = self._dialects[table.id]
            # A table that was migrated gets a new temporary table.
            number = digest(table.id, dialect, *table.columns, *table.columns.values())
            found = self._statements[key] = TableStatements(
                self._package.loader,
                table,
                self._whole[table.id],
                dialect,
                f"ddsql_stage_{number:016x}",
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
                with self._session.connection.transaction():
                    new = cast("int", self._session.value(statements.count_new))
                    return self._session.count(statements.merge), new
            except CONFLICTS:
                if attempt == _ATTEMPTS:
                    raise
                time.sleep(0.05 * attempt)
        raise AssertionError

    def _vanish(self, keys: str, **parameters: object) -> int:
        """Fill `VANISHED`, and return with how many keys."""
        self._session.execute(f"TRUNCATE {VANISHED}")
        return self._session.count(
            f'INSERT INTO {VANISHED} ("key") {keys}',
            **parameters,
        )

    def _lock_table(self, table: str, *, shared: bool = False) -> None:
        """Wait for transactions that delete rows of the table; unless ``shared``, for all others too."""
        function = "pg_advisory_xact_lock" + ("_shared" if shared else "")
        self._session.execute(
            f"SELECT {function}(%(lock)s)", lock=lock_number("table", table)
        )

    def _number(self, unit: Unit) -> int | None:
        found = self._session.value(
            self._ledger.find_unit(),
            account=unit.account,
            region=unit.region,
            table_id=unit.table,
        )
        return cast("int | None", found)

    def _add_unit(self, unit: Unit) -> int:
        number = self._session.value(
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
        found = self._session.rows(
            self._ledger.matching_units(),
            account=account or None,
            region=region or None,
            table_id=table or None,
        )
        return cast("list[tuple[int, str, str, str]]", found)

    def _delete_unit(self, number: int) -> None:
        for statement in self._ledger.delete_unit():
            self._session.execute(statement, unit=number)

    def _turn(self, unit: Unit) -> AbstractContextManager[None]:
        """Wait for another sync of the same unit."""
        return self._session.locked("unit", unit.account, unit.region, unit.table)
