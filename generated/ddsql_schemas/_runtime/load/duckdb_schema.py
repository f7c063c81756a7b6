# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Read what tables a DuckDB database has, and bring them up to date with a package."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..evolve import ledger
from ..evolve.casts import conversion
from ..evolve.compare import (
    Change,
    Comparer,
    Comparison,
    RecordedTable,
    SchemaMismatch,
    StoredTable,
)
from ..sql import Table
from . import ledger_checks
from .destination import Destination
from .duckdb_tables import DIALECT

if TYPE_CHECKING:
    from .package import Package

_COLUMNS = """\
SELECT column_name, data_type, NOT is_nullable AND column_default IS NULL FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = $schema AND table_name = $name
ORDER BY column_index"""
_KEY = """\
SELECT constraint_column_names FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'
AND database_name = current_database() AND schema_name = $schema AND table_name = $name"""


class Schema:
    """The tables of a database. ``execute`` runs a statement with named parameters."""

    def __init__(
        self,
        execute: Callable[..., Any],
        destination: Destination,
        package: Package,
    ) -> None:
        self._execute = execute
        self._destination = destination
        self._package = package
        self._statements = ledger.Statements("${}".format)

    def prepare(self, tables: Sequence[Table]) -> None:
        """Create the ledger and missing tables, and change tables that are behind, if that was allowed.

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

    def open_ledger(self) -> None:
        """Create the ledger if it is missing. Raises `DestinationError` for a later format."""
        for statement in ledger.ddl("duckdb"):
            self._execute(statement)
        self._execute(self._statements.set_format(), format=ledger.FORMAT)
        [found] = self._execute(self._statements.format()).fetchone()
        ledger_checks.check_format(found, self._destination, self._package)

    def _compare(self, tables: Sequence[Table]) -> Iterator[Comparison]:
        recorded = self._recorded([table.id for table in tables])
        comparer = Comparer(
            self._package.loader,
            self._package.version,
            "duckdb",
            self._spelled(),
            adopt=self._destination.adopt,
            migrate=self._destination.migrate,
        )
        for table in tables:
            yield comparer.compare(
                table, DIALECT, self._stored(table), recorded.get(table.id)
            )

    def _stored(self, table: Table) -> StoredTable | None:
        schema, _, name = table.id.partition(".")
        loader = self._package.loader
        at = {
            "schema": loader.name(schema, table, DIALECT),
            "name": loader.name(name, table, DIALECT),
        }
        columns = self._execute(_COLUMNS, **at).fetchall()
        if not columns:
            return None
        key = self._execute(_KEY, **at).fetchone()
        return StoredTable(
            columns={name: type for name, type, _ in columns},
            required=frozenset(name for name, _, required in columns if required),
            key=tuple(key[0]) if key else (),
        )

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
        names = sorted({encoding.type for encoding in types})
        nulls = ", ".join(f"CAST(NULL AS {name})" for name in names)
        described = self._execute(f"DESCRIBE SELECT {nulls}").fetchall()
        return dict(zip(names, (type for _, type, *_ in described), strict=True))

    def _settle(self, comparison: Comparison) -> None:
        table = comparison.table
        if comparison.verdict == "create":
            self._execute(self._package.ddl(table.id, DIALECT))
        for change in comparison.changes:
            self._execute(self._changed(table, change))
        if comparison.verdict != "equal" or comparison.adopted:
            self._record(table)

    def _changed(self, table: Table, change: Change) -> str:
        """Return the statement of a change that loses nothing."""
        loader = self._package.loader
        relation = loader.relation(table, DIALECT)
        column = loader.quote(change.column, table, DIALECT)
        types = loader.rules(DIALECT).types
        type = types[change.type].type
        if not change.old:
            return f"ALTER TABLE {relation} ADD COLUMN {column} {type}"
        found = conversion(
            "duckdb", change.old, change.type, types[change.old].type, type
        )
        value = found.value_of(column) if found else column
        return f"ALTER TABLE {relation} ALTER COLUMN {column} SET DATA TYPE {type} USING {value}"

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
