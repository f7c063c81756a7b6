# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Read what tables a PostgreSQL database has, and bring them up to date with a package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..evolve import ledger
from ..evolve.casts import conversion
from ..evolve.compare import (
    Comparer,
    Comparison,
    RecordedTable,
    SchemaMismatch,
    StoredTable,
)
from ..sql import Table
from . import ledger_checks
from .destination import Destination, DestinationError
from .postgres_session import Session

if TYPE_CHECKING:
    from .package import Package

ENGINE = "postgres"

_CREATED_AT_ONCE = 50
"""How many tables are created in a transaction."""
TEXTS = f"CAST(%({{}})s AS {ledger.STRING_TYPE}[])"


class Schema:
    """The tables of a database, and what its ledger knows of them."""

    def __init__(
        self, session: Session, destination: Destination, package: Package
    ) -> None:
        self._session = session
        self._destination = destination
        self._package = package
        self._ledger = ledger.Statements("%({})s".format)
        self._default = ""
        self._type_names: dict[str, str] = {}

    def prepare(self, tables: Sequence[Table]) -> Mapping[str, str]:
        """Create missing tables, and change tables that are behind, if that was allowed. Returns the
        dialects of the tables.

        Raises `SchemaMismatch` before anything is changed if a table does not fit.
        """
        with self._session.locked("prepare"):
            found, dialects, recorded = self._compare(tables)
            findings = [finding for item in found for finding in item.findings]
            if findings:
                raise SchemaMismatch(str(self._destination), findings)
            # The locks of hundreds of new tables in one transaction might be more than a server has.
            for first in range(0, len(found), _CREATED_AT_ONCE):
                with self._session.connection.transaction():
                    self._create_ledger()
                    for comparison in found[first : first + _CREATED_AT_ONCE]:
                        self._settle(comparison, recorded.get(comparison.table.id))
        return dialects

    def _compare(
        self, tables: Sequence[Table]
    ) -> tuple[list[Comparison], dict[str, str], dict[str, RecordedTable]]:
        """Compare tables. Returns also their dialects, and what the ledger knows of them."""
        with self._session.connection.transaction():
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
        if not self.has_ledger():
            for statement in ledger.ddl("postgres"):
                self._session.execute(statement)
            self._session.execute(self._ledger.set_format(), format=ledger.FORMAT)

    def has_ledger(self) -> bool:
        """Whether a sync has ever loaded anything into the database."""
        found = "SELECT to_regclass(%(name)s) IS NOT NULL"
        return bool(self._session.value(found, name=ledger.name("ledger")))

    def check_format(self) -> None:
        """Raise `DestinationError` for a ledger of a later format."""
        found = self._session.value(self._ledger.format())
        ledger_checks.check_format(found, self._destination, self._package)

    def _recorded(self, ids: Sequence[str]) -> dict[str, RecordedTable]:
        """Read what the ledger knows of tables. Raises `DestinationError` for a later format."""
        if not self.has_ledger():
            return {}
        self.check_format()
        columns: dict[str, dict[str, str]] = {}
        for table, name, type in self._session.rows(
            self._ledger.recorded_columns(), ids=ids
        ):
            columns.setdefault(table, {})[name] = type
        return {
            table: RecordedTable(dialect, version, columns.get(table, {}))
            for table, dialect, version in self._session.rows(
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
            if self._session.value(usable, names=needed) == len(needed):
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
        for schema, name, column, type, needed, in_key in self._session.rows(
            "SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), "
            "a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', "
            "COALESCE(a.attnum = ANY(i.indkey), false) "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"JOIN unnest({TEXTS.format('schemas')}, {TEXTS.format('names')}) AS w(schema, name) "
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
        known = self._session.rows(
            f"SELECT t FROM unnest({TEXTS.format('names')}) t WHERE to_regtype(t) IS NOT NULL",
            names=names,
        )
        types = [name for (name,) in known]
        if not types:
            return self._type_names
        columns = ", ".join(f'"{number}" {type}' for number, type in enumerate(types))
        self._session.execute(f'CREATE TEMPORARY TABLE "ddsql_types" ({columns})')
        spelled = self._session.rows(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
            """WHERE attrelid = to_regclass('pg_temp."ddsql_types"') AND attnum > 0 ORDER BY attnum"""
        )
        self._session.execute('DROP TABLE pg_temp."ddsql_types"')
        self._type_names |= {
            name: text for name, (text,) in zip(types, spelled, strict=True)
        }
        return self._type_names

    def _settle(self, comparison: Comparison, recorded: RecordedTable | None) -> None:
        """Create a table or bring it up to date, and record it."""
        table, dialect = comparison.table, comparison.dialect
        loader = self._package.loader
        if comparison.verdict == "create":
            self._session.connection.execute(self._package.ddl(table.id, dialect))
            if recorded is not None:  # The table was dropped, and its rows with it.
                self._forget_units(table)
        relation = loader.relation(table, dialect)
        types = loader.rules(dialect).types
        for change in comparison.changes:
            column = loader.quote(change.column, table, dialect)
            type = types[change.type].type
            if not change.old:
                self._session.execute(
                    f"ALTER TABLE {relation} ADD COLUMN {column} {type}"
                )
            elif types[change.old].type != type:
                found = conversion(
                    ENGINE, change.old, change.type, types[change.old].type, type
                )
                value = found.value_of(column) if found else column
                self._session.execute(
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
            self._session.execute(statement, table_id=table.id)
        self._session.execute(
            self._ledger.record_table(),
            table_id=table.id,
            dialect=dialect,
            version=self._package.version,
        )
        with self._session.connection.cursor() as cursor:
            cursor.executemany(
                self._ledger.record_column(),
                [
                    {"table_id": table.id, "name": name, "type": type}
                    for name, type in table.columns.items()
                ],
            )

    def _forget_units(self, table: Table) -> None:
        """Delete from the ledger what the units of a table hold."""
        units = self._session.rows(
            self._ledger.matching_units(), account=None, region=None, table_id=table.id
        )
        for number, *_ in units:
            for statement in self._ledger.delete_unit():
                self._session.execute(statement, unit=number)
