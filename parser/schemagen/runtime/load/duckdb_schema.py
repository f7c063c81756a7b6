# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Read what tables a DuckDB database has, and bring them up to date with a package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import duckdb as driver

from ..evolve import duckdb, duckdb_guards, ledger, records
from ..evolve.compare import (
    Comparer,
    Comparison,
    RecordedTable,
    SchemaMismatch,
    StoredTable,
    not_a_table,
    with_columns,
)
from ..evolve.script import as_text
from ..evolve.state import Dialect
from ..evolve.steps import Migration
from ..quoting import identifier
from ..sql import Table
from . import ledger_checks
from .destination import Destination
from .duckdb_dependents import Dependents
from .duckdb_tables import DIALECT
from .migrations import MigrationStopped, Place, plan_table

if TYPE_CHECKING:
    from .package import Package

_COLUMNS = """\
SELECT column_name, data_type, NOT is_nullable AND column_default IS NULL, comment, column_default IS NOT NULL
FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = $schema AND table_name = $name
ORDER BY column_index"""
_RELATIONS = """\
SELECT c.table_name, v.view_name IS NOT NULL, c.column_name, c.data_type FROM duckdb_columns() c
LEFT JOIN duckdb_views() v ON v.view_oid = c.table_oid AND v.schema_name = c.schema_name
AND v.database_name = c.database_name AND v.view_name = c.table_name
WHERE c.database_name = current_database() AND c.schema_name = $schema AND c.table_name IN (SELECT unnest($names))"""
_VIEW = """\
SELECT 1 FROM duckdb_views()
WHERE database_name = current_database() AND schema_name = $schema AND view_name = $name"""
_COMMENT = """\
SELECT comment FROM duckdb_tables()
WHERE database_name = current_database() AND schema_name = $schema AND table_name = $name"""
_KEY = """\
SELECT constraint_column_names FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'
AND database_name = current_database() AND schema_name = $schema AND table_name = $name"""


class Schema:
    """The tables of a database. ``execute`` runs a statement with named parameters; ``session`` opens a
    session beside it, in the same database."""

    engine = "duckdb"

    def __init__(
        self,
        execute: Callable[..., Any],
        session: Callable[[], driver.DuckDBPyConnection],
        destination: Destination,
        package: Package,
    ) -> None:
        self._execute = execute
        self._destination = destination
        self._package = package
        self._statements = ledger.Statements("${}".format)
        self._dependents = Dependents(execute, session, destination)

    def prepare(self, tables: Sequence[Table]) -> dict[str, Table]:
        """Create the ledger and missing tables, and change tables that are behind, if that was allowed.
        Returns the tables as rows are known by.

        Call it in a transaction. Raises `SchemaMismatch` before anything is changed if a table does not
        fit.
        """
        self.open_ledger()
        comparisons = list(self._compare(tables))
        findings = [finding for each in comparisons for finding in each.findings]
        if findings:
            raise SchemaMismatch(str(self._destination), findings)
        for comparison in comparisons:
            self._settle(comparison)
        return {each.table.id: each.whole for each in comparisons}

    def whole(self, table: Table) -> Table:
        """Return a table with the columns that its rows are known by."""
        stored = self._stored(table)
        recorded = self._recorded([table.id]).get(table.id)
        if stored is None or recorded is None:
            return table
        return with_columns(
            table, self._comparer().kept(table, DIALECT, stored, recorded)
        )

    def open_ledger(self) -> None:
        """Create the ledger if it is missing. Raises `DestinationError` for a later format, and for other
        relations with the names of the ledger's."""
        self._check_relations()
        for statement in ledger.ddl("duckdb"):
            self._execute(statement)
        self._execute(self._statements.set_format(), format=ledger.FORMAT)
        self._check_format()

    def _check_relations(self) -> None:
        found: dict[str, ledger_checks.Relation] = {}
        for name, is_view, column, type in self._execute(
            _RELATIONS, schema=ledger.SCHEMA, names=ledger_checks.names()
        ).fetchall():
            kind = "a view" if is_view else ledger_checks.TABLE
            relation = found.setdefault(name, ledger_checks.Relation(kind, {}))
            relation.columns[column] = type
        types = (ledger.STRING_TYPE, ledger.NUMBER_TYPE, ledger.TIME_TYPE)
        ledger_checks.check_relations(found, self._spellings(types), self._destination)

    def _check_format(self) -> None:
        [found] = self._execute(self._statements.format()).fetchone()
        ledger_checks.check_format(found, self._destination, self._package)

    def _compare(self, tables: Sequence[Table]) -> Iterator[Comparison]:
        recorded = self._recorded([table.id for table in tables])
        comparer = self._comparer()
        for table in tables:
            yield comparer.compare(
                table, DIALECT, self._stored(table), recorded.get(table.id)
            )

    def _comparer(self) -> Comparer:
        return Comparer(
            self._package.loader,
            self._package.version,
            "duckdb",
            self._spelled(),
            self._package.name,
            adopt=self._destination.adopt,
            migrate=self._destination.migrate,
        )

    def _stored(self, table: Table) -> StoredTable | None:
        schema, _, name = table.id.partition(".")
        loader = self._package.loader
        place = Place(
            loader.name(schema, table, DIALECT), loader.name(name, table, DIALECT)
        )
        return self.stored_at({table.id: place}).get(table.id)

    def stored_at(self, places: Mapping[str, Place]) -> dict[str, StoredTable]:
        """Read how the database describes those of the tables, by id, that it has."""
        found: dict[str, StoredTable] = {}
        for id, place in places.items():
            at = place._asdict()
            columns = self._execute(_COLUMNS, **at).fetchall()
            if not columns:
                continue
            key = self._execute(_KEY, **at).fetchone()
            comment = self._execute(_COMMENT, **at).fetchone()
            is_view = self._execute(_VIEW, **at).fetchone()
            has_default = any(default for *_, default in columns)
            found[id] = StoredTable(
                {name: type for name, type, *_ in columns},
                frozenset(name for name, _, required, *_ in columns if required),
                tuple(key[0]) if key else (),
                {name: comment or "" for name, _, _, comment, _ in columns},
                (comment and comment[0]) or "",
                self._generated(place, columns) if has_default else frozenset(),
                (not_a_table("a view"),) if is_view else (),
            )
        return found

    def _generated(
        self, place: Place, columns: list[tuple[Any, ...]]
    ) -> frozenset[str]:
        """Return the generated columns. Their expressions are called defaults, but not by DESCRIBE; versions
        before 2.0 have no other sign of them."""
        relation = f"{identifier(place.schema)}.{identifier(place.name)}"
        described = self._execute(f"DESCRIBE {relation}").fetchall()
        defaults = {name for name, _, _, _, default, *_ in described if default}
        return frozenset(
            name for name, *_, default in columns if default and name not in defaults
        )

    def has_ledger(self) -> bool:
        """Whether a sync has ever loaded anything into the database."""
        found = self._execute(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() "
            "AND schema_name = $schema AND table_name = 'tables'",
            schema=ledger.SCHEMA,
        ).fetchone()
        return bool(found[0])

    def all_recorded(self) -> dict[str, RecordedTable]:
        """Read what the ledger knows of all tables. Raises `DestinationError` as `open_ledger` does."""
        self._check_relations()
        self._check_format()
        found = self._execute(self._statements.all_tables()).fetchall()
        return self._recorded([id for (id,) in found])

    def spelled_types(self, dialect: str) -> Mapping[str, str]:
        """Return how the database spells the SQL types of a dialect."""
        return self._spelled() if dialect == DIALECT else {}

    def _recorded(self, ids: Sequence[str]) -> dict[str, RecordedTable]:
        columns: dict[str, dict[str, str]] = {}
        for id, name, type in self._execute(
            self._statements.recorded_columns(), ids=ids
        ).fetchall():
            columns.setdefault(id, {})[name] = type
        return {
            id: RecordedTable(dialect, version, columns.get(id, {}))
            for id, dialect, version in self._execute(
                self._statements.recorded_tables(), ids=ids
            ).fetchall()
        }

    def _spelled(self) -> Mapping[str, str]:
        """Return how the database spells the types of the package."""
        types = self._package.loader.rules(DIALECT).types.values()
        return self._spellings(sorted({encoding.type for encoding in types}))

    def _spellings(self, names: Sequence[str]) -> Mapping[str, str]:
        nulls = ", ".join(f"CAST(NULL AS {name})" for name in names)
        described = self._execute(f"DESCRIBE SELECT {nulls}").fetchall()
        return dict(zip(names, (type for _, type, *_ in described), strict=True))

    def _settle(self, comparison: Comparison) -> None:
        table = comparison.table
        if comparison.verdict == "create":
            self._execute(self._package.ddl(table.id, DIALECT))
        if comparison.changes and comparison.stored and comparison.recorded:
            migration = plan_table(
                self._package,
                self,
                table,
                DIALECT,
                comparison.stored,
                comparison.recorded,
            )
            self._run(migration)
            return
        if comparison.verdict != "equal" or comparison.adopted:
            self._record(table)

    def _record(self, table: Table) -> None:
        for statement in self._statements.forget_table():
            self._execute(statement, table_id=table.id)
        self._execute(
            self._statements.record_table(),
            table_id=table.id,
            dialect=DIALECT,
            version=self._package.version,
        )
        for name, type in table.columns.items():
            self._execute(
                self._statements.record_column(),
                table_id=table.id,
                name=name,
                type=type,
            )

    # --- migrations -------------------------------------------------------------------------------

    def script(self, migration: Migration, dialect: Dialect, title: str) -> str:
        """Return what `apply` runs, as a script, with the indexes, views and macros that the database has
        now."""
        queries = list(self._dependents.queries(migration))
        indexes = self._dependents.indexes(migration)
        found = duckdb.Surroundings(indexes, queries)
        sections = duckdb.sections(migration, dialect, self._package.version, found)
        return as_text(sections, [title])

    def apply(self, migration: Migration, dialect: Dialect) -> None:
        """Migrate in one transaction, with the ledger. Raises `MigrationStopped`."""
        del dialect  # DuckDB has one
        self._execute("BEGIN")
        try:
            self._run(migration)
        except BaseException:
            self._execute("ROLLBACK")
            raise
        self._execute("COMMIT")

    def _run(self, migration: Migration) -> None:
        queries = self._dependents.queries(migration)
        indexes = self._dependents.indexes(migration)
        statements = [
            *records.prepare("duckdb"),
            *duckdb_guards.guards(migration),
            *indexes,
            *duckdb.identities(migration),
            *duckdb.statements(migration),
            *duckdb.destructive(migration),
            *records.record(migration, DIALECT, self._package.version),
            *indexes.values(),
        ]
        self._execute_all(statements)
        self._dependents.check(queries)

    def _execute_all(self, statements: Iterable[str]) -> None:
        """Execute statements of a migration. Raises `MigrationStopped`."""
        try:
            for statement in statements:
                self._execute(statement)
        except driver.Error as error:
            message = str(error).partition("\n")[0]
            message = message.removeprefix("Invalid Input Error: ")
            raise MigrationStopped(
                f"{self._destination}: {message}; nothing was changed"
            ) from None
