# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Load rows into a DuckDB database, unit by unit, and keep them in step.

The rows of a unit are written to files of JSON lines beside the database, and read from there into a
temporary table while further rows are collected, so that few rows are in memory at a time. Then, in one
transaction, rows that differ are deleted and inserted (which takes a sixth of the time of MERGE or
UPDATE), rows that the unit no longer has are deleted, and the ledger is brought up to date.
"""

from __future__ import annotations

import glob
import logging
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import duckdb

from ..convert import ConversionError
from ..evolve import ledger
from ..quoting import duckdb_literal, identifier
from ..sql import Table
from ..units import CollectedRow, Collection, Unit
from . import keyless, ledger_checks
from .destination import Destination, DestinationError
from .duckdb_chunks import Chunks, LineFile, opened
from .duckdb_file import MEMORY, open_file
from .duckdb_schema import Schema
from .duckdb_tables import (
    CHANGED,
    DIALECT,
    GONE,
    STAGE,
    STALE,
    TEMPORARY,
    TableStatements,
)
from .ndjson import Lines
from .sink import LoadCounts

if TYPE_CHECKING:
    from .package import Package

_log = logging.getLogger(__name__)

_T = TypeVar("_T")

_COMPARED = 80 * 2**20
"""How many bytes of lines are compared with stored rows at a time."""


class _Staged(NamedTuple):
    """What the temporary table has: the size of the lines, and which combinations of columns were not
    read. ``refused`` rows were left out. ``loaded`` says what was loaded already. Columns that were
    ``left_out`` are unread on purpose."""

    size: int
    unread: frozenset[tuple[str, ...]]
    refused: int
    loaded: LoadCounts | None = None
    left_out: frozenset[str] = frozenset()

    @property
    def is_stale(self) -> bool:
        """Whether anything that should have been read was not."""
        return any(not self.left_out.issuperset(columns) for columns in self.unread)


class DuckDBSink:
    """A DuckDB database that rows are loaded into. One process at a time can write to it."""

    def __init__(
        self,
        destination: Destination,
        package: Package,
        run: str = "",
        connection: duckdb.DuckDBPyConnection | None = None,
    ) -> None:
        """Open the file, or use ``connection`` to it, whose settings stay as they are."""
        self._package = package
        self._run = run
        self._destination = destination
        self.schema = Schema(self._execute, self._session, destination, package)
        self._prepared: dict[str, Table] = {}
        self._ledger = ledger.Statements("${}".format)
        self._tables: dict[tuple[str, ...], tuple[TableStatements, Lines]] = {}
        self._compared: set[str] = set()
        self._has_file = connection is None
        self._has_more_memory = False
        self._has_one_thread = False
        file = Path(destination.address)
        self._connection = connection or open_file(file, destination)
        try:
            [self._database] = self._execute("SELECT current_database()").fetchone()
            if self._has_file:
                # Only the owner of the database's lock gets here: what is there was left by a killed
                # run.
                for folder in file.parent.glob(
                    f"{glob.escape(_scratch_prefix(file))}*"
                ):
                    shutil.rmtree(folder)
                self._scratch = Path(
                    tempfile.mkdtemp(prefix=_scratch_prefix(file), dir=file.parent)
                )
                self._execute(
                    f"SET temp_directory = {duckdb_literal(str(self._scratch))}"
                )
            else:
                self._scratch = Path(tempfile.mkdtemp(prefix=_scratch_prefix(file)))
        except BaseException:
            self._connection.close()
            raise
        self._reader = ThreadPoolExecutor(1, "duckdb-reader")

    def prepare(self, tables: Sequence[Table]) -> None:
        """Create missing tables, and compare the others with this package's.

        Raises `SchemaMismatch` before anything is changed if a table does not fit.
        """
        with self._destination.refusals(), self._transaction():
            self._prepared |= self.schema.prepare(tables)

    def load(self, unit: Unit, table: Table, rows: Collection) -> LoadCounts:
        """Load the rows of a unit in a transaction of its own.

        If rows have the same key, the last one is loaded. A row that cannot be stored is logged and left
        out. ``table`` may lack columns of the prepared one: these keep their values, and are NULL in new
        rows. If the listing fails, the unit stays as it was.
        """
        whole = self._prepared.get(table.id, table)
        left_out = keyless.left_out(table, whole)
        if left_out:
            table, rows = whole, keyless.Whole(rows, left_out)
        statements, lines = self._statements(table)
        number = self._find_unit(unit)
        try:
            # The rows of a new unit are inserted as they are read, which saves the way through the
            # temporary table, unless it turns out that some are stored already.
            if (
                statements.has_key
                and not statements.updates
                and (number is None or not self._holds(number))
            ):
                staged = self._insert(statements, lines, unit, rows)
                if staged.loaded is not None:
                    return staged.loaded
            else:
                staged = self._stage(statements, lines, rows)
                staged = staged._replace(left_out=left_out)
            self._restore_threads()
            return self._with_more_memory(
                lambda: self._merge(statements, unit, rows.complete, staged)
            )
        finally:
            for relation in TEMPORARY:
                self._execute(f"DROP TABLE IF EXISTS {relation}")
            self._restore_threads()
            self._restore_memory()

    def close(self) -> None:
        """Write all changes to the file, and release it."""
        self._reader.shutdown()
        try:
            self._connection.close()
        finally:
            shutil.rmtree(self._scratch)

    def finished(self, run: str) -> set[tuple[str, str, str]]:
        """Return account, region and table of the units that ``run`` has loaded."""
        found = self._execute(self._ledger.finished_units(), run=run).fetchall()
        return {(account, region, table) for account, region, table in found}

    def last_run(self, part: str) -> str:
        """Return the run that loaded the last unit, of runs whose name ends as ``part``; "" if none."""
        found = self._execute(self._ledger.last_run(), part=part).fetchone()
        return found[0] if found else ""

    def forget(self, *, account: str = "", region: str = "", table: str = "") -> int:
        """Delete the units of an account, a region and a table ("" is any), and the rows that no other
        unit holds. Returns how many rows were deleted.
        """
        deleted = 0
        with self._destination.refusals(), self._transaction():
            self.schema.open_ledger()
            units = self._execute(
                self._ledger.matching_units(),
                account=account or None,
                region=region or None,
                table_id=table or None,
            ).fetchall()
            for number, _, _, table_id in units:
                deleted += self._forget(number, table_id)
        return deleted

    # --- loading a unit ---------------------------------------------------------------------------

    def _insert(
        self, statements: TableStatements, lines: Lines, unit: Unit, rows: Collection
    ) -> _Staged:
        """Insert the rows of a unit that holds none. If that cannot be, the rows are in the temporary table
        afterwards."""
        with opened(
            self._scratch, self._reading(statements.insert), self._reader, keep=True
        ) as chunks:
            [before] = self._execute(statements.last_row()).fetchone()
            self._execute("BEGIN")
            try:
                staged = self._write(chunks, lines, rows)
                if not chunks.conflict and not staged.unread:
                    keys = statements.keys_after(before) if chunks.lines else ""
                    if self._hold(unit, keys, rows.complete, staged):
                        self._execute("COMMIT")
                        counts = LoadCounts(chunks.lines, chunks.lines)
                        return staged._replace(
                            loaded=counts.with_refused(staged.refused)
                        )
            except BaseException:
                chunks.give_up()  # DuckDB refuses what a connection does meanwhile
                self._execute("ROLLBACK")
                raise
            self._execute("ROLLBACK")
            self._execute(statements.create_stage())
            chunks.read_again(self._staging(statements))
        return staged

    def _hold(self, unit: Unit, keys: str, listed: bool, staged: _Staged) -> bool:
        """Record ``keys`` in the ledger. False if memory does not suffice."""
        try:
            if keys:
                number = self._unit(unit)
                self._execute(self._ledger.hold(keys), unit=number)
            self._finish_unit(unit, listed, staged)
        except duckdb.OutOfMemoryException:
            return False
        return True

    def _stage(
        self, statements: TableStatements, lines: Lines, rows: Iterable[CollectedRow]
    ) -> _Staged:
        """Read rows into the temporary table."""
        self._execute(statements.create_stage())
        read = self._staging(statements)
        with opened(self._scratch, read, self._reader) as chunks:
            return self._write(chunks, lines, rows)

    def _reading(self, statement: Callable[..., str]) -> Callable[[LineFile], object]:
        def read(file: LineFile) -> None:
            if file.more:
                self._use_one_thread()
            sql = statement(nested=file.nested, longest=file.longest)
            self._execute(sql, file=str(file.path))

        return read

    def _staging(self, statements: TableStatements) -> Callable[[LineFile], object]:
        read = self._reading(statements.read)
        return lambda file: self._with_more_memory(lambda: read(file))

    def _with_more_memory(self, action: Callable[[], _T]) -> _T:
        """Repeat what has failed for want of memory with DuckDB's own limit. What a unit needs is bounded;
        what the index of a large table or a very long row needs is not."""
        try:
            return action()
        except duckdb.OutOfMemoryException:
            if not self._has_file:
                raise
            self._has_more_memory = True
            self._execute("RESET memory_limit")
            return action()

    def _restore_memory(self) -> None:
        """Give DuckDB the usual memory again, unless it needs more still: then after the next unit."""
        if self._has_more_memory:
            with suppress(duckdb.OutOfMemoryException):
                self._execute(f"SET memory_limit = '{MEMORY}'")
                self._has_more_memory = False

    def _use_one_thread(self) -> None:
        """Leave the other processors to the encoding of rows. One thread reads lines as quickly as they are
        written, and two would take a quarter more of the processors' time for the same lines.
        """
        if self._has_file and not self._has_one_thread:
            self._execute("SET threads = 1")
            self._has_one_thread = True

    def _restore_threads(self) -> None:
        if self._has_one_thread:
            self._execute("RESET threads")
            self._has_one_thread = False

    def _write(
        self, chunks: Chunks, lines: Lines, rows: Iterable[CollectedRow]
    ) -> _Staged:
        unread: set[tuple[str, ...]] = set()
        refused = 0
        for number, (row, missing) in enumerate(rows):
            try:
                line = lines.line(row, missing, number)
            except ConversionError as error:
                _log.warning("left out: %s", error)
                refused += 1
                continue
            if missing:
                unread.add(tuple(sorted(missing)))
            chunks.add(line)
        chunks.end()
        return _Staged(chunks.size, frozenset(unread), refused)

    def _merge(
        self, statements: TableStatements, unit: Unit, listed: bool, staged: _Staged
    ) -> LoadCounts:
        """Bring the unit's rows in step with the temporary table, and the ledger with them."""
        with self._transaction():
            number = self._unit(unit)
            complete = listed and not staged.refused
            merges = staged.size or (complete and self._holds(number))
            if merges:
                load = self._load_keys if statements.has_key else self._load_rows
                counts = load(statements, unit, number, complete, staged)
            else:
                counts = LoadCounts()
            self._finish_unit(unit, listed, staged)
        if merges:  # An empty unit has compared nothing.
            self._compared.add(unit.table)
        return counts.with_refused(staged.refused)

    def _finish_unit(self, unit: Unit, listed: bool, staged: _Staged) -> None:
        """Record in the ledger what was loaded."""
        complete = listed and not staged.refused
        self._execute(
            self._ledger.update_unit(),
            run=self._run,
            state="complete" if complete and not staged.is_stale else "partial",
            partition=unit.partition,
            unit=self._unit(unit),
            full=complete,
        )

    def _load_keys(
        self,
        statements: TableStatements,
        unit: Unit,
        number: int,
        complete: bool,
        staged: _Staged,
    ) -> LoadCounts:
        rows, keys = self._execute(statements.count()).fetchone()
        if keys < rows:
            self._execute(statements.delete_repeated())
        for columns in staged.unread:
            for statement in statements.keep_unread(columns):
                self._execute(statement)
        parts = 1 + staged.size // _COMPARED
        changed = sum(map(self._count, statements.find_changed(parts)))
        if changed:
            self._execute(statements.update_changed())
        inserted = self._count(statements.insert_missing())
        if not statements.updates:  # changed rows were deleted, and are new now
            inserted -= changed
        deleted = 0
        parameters = {"unit": number}
        if complete:
            gone = self._ledger.vanished(statements.keys())
            if self._count(f"CREATE TEMP TABLE {_bare(GONE)} AS {gone}", **parameters):
                keys_of_gone = f'SELECT g."key" FROM {GONE} g'
                unheld = self._ledger.only_held_by_unit(keys_of_gone)
                deleted = self._count(
                    statements.delete_keys(unheld), table_id=unit.table, **parameters
                )
                for statement in self._ledger.release(keys_of_gone):
                    self._execute(statement, **parameters)
        self._execute(self._ledger.hold(statements.keys()), **parameters)
        self._mark_stale(statements, number, staged)
        return LoadCounts(keys, inserted, changed, keys - inserted - changed, deleted)

    def _mark_stale(
        self,
        statements: TableStatements,
        number: int,
        staged: _Staged,
    ) -> None:
        """Record which columns of the unit's rows were not read, and since when."""
        stale = ledger.name("stale")
        found = self._count(
            f'CREATE TEMP TABLE {_bare(STALE)} AS SELECT * FROM {stale} WHERE "unit" = $unit',
            unit=number,
        )
        if found:
            self._execute(self._ledger.refresh(statements.keys()), unit=number)
        if staged.unread:
            self._execute(
                self._ledger.mark_stale(
                    f'SELECT n."key", n."column_name", o."since" FROM ({statements.unread()}) n '
                    f'LEFT JOIN {STALE} o ON o."key" = n."key" '
                    'AND o."column_name" = n."column_name"'
                ),
                unit=number,
            )

    def _load_rows(
        self,
        statements: TableStatements,
        unit: Unit,
        number: int,
        complete: bool,
        staged: _Staged,
    ) -> LoadCounts:
        """Load rows without a key: the unit holds so many copies of each."""
        [lacks_rows] = self._execute(statements.lacks_rows()).fetchone()
        if lacks_rows or unit.table not in self._compared:
            missing, others = self._execute(statements.differences()).fetchone()
            keyless.warn_of_others(_log, unit.table, missing, others)
            if missing:
                for statement in statements.hold_what_is_there():
                    self._execute(statement)
        for columns in staged.unread:
            self._execute(statements.keep_unread_of(columns))
        held_table = ledger.name("held")
        held = f'SELECT "key", "copies" FROM {held_table} WHERE "unit" = {number:d}'
        self._execute(statements.count_copies())
        [rows] = self._execute(f"SELECT count(*) FROM {STAGE}").fetchone()
        deleted = self._count(statements.delete_copies(held)) if complete else 0
        inserted = self._count(statements.insert_copies(held))
        if complete:
            copies = f'SELECT "key", "copies" FROM {CHANGED}'
        else:
            copies = (
                f'SELECT "key", max("copies") FROM ({held} UNION ALL '
                f'SELECT "key", "copies" FROM {CHANGED}) GROUP BY "key"'
            )
        self._execute(f"CREATE TEMP TABLE {_bare(GONE)} AS {copies}")
        self._execute(f'DELETE FROM {held_table} WHERE "unit" = {number:d}')
        self._execute(
            f'INSERT INTO {held_table} ("unit", "key", "copies") '
            f"SELECT {number:d}, * FROM {GONE}"
        )
        return LoadCounts(rows, inserted, 0, rows - inserted, deleted)

    def _forget(self, number: int, table: str) -> int:
        known = ledger_checks.forgotten_table(self._package, table)
        statements, _ = self._statements(self.schema.whole(known))
        held = ledger.name("held")
        if statements.has_key:
            keys = f'SELECT "key" FROM {held} WHERE "unit" = {number:d}'
            deleted = self._count(
                statements.delete_keys(self._ledger.only_held_by_unit(keys)),
                unit=number,
                table_id=table,
            )
        else:
            copies = f'SELECT "key", "copies" FROM {held} WHERE "unit" = {number:d}'
            deleted = self._count(statements.delete_copies(copies, keep=False))
        for statement in self._ledger.delete_unit():
            self._execute(statement, unit=number)
        return deleted

    def _find_unit(self, unit: Unit) -> int | None:
        """Return the number of the unit in the ledger, None if it has none yet."""
        found = self._execute(
            self._ledger.find_unit(),
            account=unit.account,
            region=unit.region,
            table_id=unit.table,
        ).fetchone()
        return None if found is None else found[0]

    def _unit(self, unit: Unit) -> int:
        """Return the number of the unit in the ledger, which it gets on the first call."""
        number = self._find_unit(unit)
        if number is None:
            [number] = self._execute(
                self._ledger.add_unit(),
                account=unit.account,
                region=unit.region,
                table_id=unit.table,
                partition=unit.partition,
                run=self._run,
            ).fetchone()
        return int(number)

    def _holds(self, number: int) -> bool:
        """Whether the unit holds any row."""
        [holds] = self._execute(self._ledger.holds(), unit=number).fetchone()
        return bool(holds)

    # --- the connection ---------------------------------------------------------------------------

    def _statements(self, table: Table) -> tuple[TableStatements, Lines]:
        """Return the statements and lines for the columns of ``table``."""
        columns = (table.id, *table.columns)
        found = self._tables.get(columns)
        if found is None:
            loader = self._package.loader
            lines = Lines(table, loader, DIALECT)
            relation = f"{identifier(self._database)}.{loader.relation(table, DIALECT)}"
            described = self._execute(f"DESCRIBE {relation}").fetchall()
            types = {name: type for name, type, *_ in described}
            whole = self._prepared.get(table.id, table)
            statements = TableStatements(
                table, lines.fields, relation, types, whole.columns
            )
            found = self._tables[columns] = statements, lines
        return found

    def _execute(self, statement: str, /, **parameters: object) -> Any:
        return self._connection.execute(statement, parameters or None)

    def _session(self) -> duckdb.DuckDBPyConnection:
        cursor = self._connection.cursor()
        return cursor.execute(f"USE {identifier(self._database)}")

    def _count(self, statement: str, /, **parameters: object) -> int:
        """Run a statement that returns how many rows it wrote."""
        [count] = self._execute(statement, **parameters).fetchone()
        written: int = count
        return written

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._execute("BEGIN")
        try:
            yield
        except BaseException:
            self._execute("ROLLBACK")
            raise
        self._execute("COMMIT")


def from_connection(
    connection: duckdb.DuckDBPyConnection, package: Package
) -> DuckDBSink:
    """Load through a cursor of ``connection``, into the database that it opened.

    What a transaction of ``connection`` has changed and not committed is not seen.
    """
    cursor = connection.cursor()
    [name, file] = cursor.execute(
        "SELECT database_name, path FROM duckdb_databases() "
        "WHERE database_name = current_database()"
    ).fetchone() or ("", "")
    schemas = {ledger.SCHEMA, *(id.partition(".")[0] for id in package.catalog.tables)}
    if name.lower() in schemas:
        cursor.close()
        raise DestinationError(
            f"the database is called {name}, as a schema of the package is, so names such as {name}.… would "
            "be ambiguous; close the connection and pass duckdb:FILE, or open a file of another name"
        )
    cursor.execute("SET TimeZone = 'UTC'")
    return DuckDBSink(
        Destination.of("duckdb", file or ":memory:"), package, connection=cursor
    )


def _bare(relation: str) -> str:
    return relation.removeprefix('"temp".')


def _scratch_prefix(file: Path) -> str:
    return f".{file.name}.loading-"
