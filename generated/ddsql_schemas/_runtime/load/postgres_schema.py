# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Read what tables a PostgreSQL database has, and bring them up to date with a package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from ..evolve import ledger, postgres, records
from ..evolve.compare import (
    Comparer,
    Comparison,
    RecordedTable,
    SchemaMismatch,
    StoredTable,
    not_a_table,
)
from ..evolve.script import script
from ..evolve.state import Dialect
from ..evolve.steps import Migration
from ..sql import Table
from . import ledger_checks
from .destination import Destination, DestinationError
from .migrations import (
    MigrationStopped,
    Place,
    dialect_state,
    plan_table,
)
from .postgres_session import Session

if TYPE_CHECKING:
    from .package import Package

ENGINE = "postgres"

_CREATED_AT_ONCE = 50
"""How many tables are created in a transaction."""
TEXTS = f"CAST(%({{}})s AS {ledger.STRING_TYPE}[])"


_KINDS: Mapping[str, str] = {
    "r": ledger_checks.TABLE,
    "S": ledger_checks.SEQUENCE,
    "v": "a view",
    "m": "a materialized view",
    "f": "a foreign table",
    "p": "a partitioned table",
    "c": "a type",
}
"""What messages call the kinds of relations."""


def _kind(code: str) -> str:
    return _KINDS.get(code, "an index")


class Prepared(NamedTuple):
    """A table as rows are known by, and the dialect that it has."""

    table: Table
    dialect: str


class Schema:
    """The tables of a database, and what its ledger knows of them."""

    engine = ENGINE

    def __init__(
        self, session: Session, destination: Destination, package: Package
    ) -> None:
        self._session = session
        self._destination = destination
        self._package = package
        self._ledger = ledger.Statements("%({})s".format)
        self._default = ""
        self._type_names: dict[str, str] = {}
        self._checked = False

    def prepare(self, tables: Sequence[Table]) -> Mapping[str, Prepared]:
        """Create missing tables, and change tables that are behind, if that was allowed.

        Raises `SchemaMismatch` before anything is changed if a table does not fit.
        """
        with self._session.locked("prepare"):
            found, recorded = self._compare(tables)
            findings = [finding for item in found for finding in item.findings]
            if findings:
                raise SchemaMismatch(str(self._destination), findings)
            # The locks of hundreds of new tables in one transaction might be more than a server has.
            for first in range(0, len(found), _CREATED_AT_ONCE):
                with self._session.connection.transaction():
                    self._create_ledger()
                    for comparison in found[first : first + _CREATED_AT_ONCE]:
                        self._settle(comparison, recorded.get(comparison.table.id))
        return {each.table.id: Prepared(each.whole, each.dialect) for each in found}

    def _compare(
        self, tables: Sequence[Table]
    ) -> tuple[list[Comparison], dict[str, RecordedTable]]:
        """Compare tables. Returns also what the ledger knows of them."""
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
                self._package.name,
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
        return found, recorded

    def _create_ledger(self) -> None:
        if not self.has_ledger():
            for statement in ledger.ddl("postgres"):
                self._session.execute(statement)
            self._session.execute(self._ledger.set_format(), format=ledger.FORMAT)

    def has_ledger(self) -> bool:
        """Whether a sync has ever loaded anything into the database. Raises `DestinationError` for other
        relations with the names of the ledger's."""
        self._check_relations()
        found = "SELECT to_regclass(%(name)s) IS NOT NULL"
        return bool(self._session.value(found, name=ledger.name("ledger")))

    def _check_relations(self) -> None:
        if self._checked:
            return
        found: dict[str, ledger_checks.Relation] = {}
        for name, kind, column, type in self._session.rows(
            f"SELECT c.relname, CAST(c.relkind AS {ledger.STRING_TYPE}), a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_class c "
            "LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
            "WHERE c.relnamespace = to_regnamespace(%(schema)s) "
            f"AND c.relname = ANY({TEXTS.format('names')})",
            schema=ledger.SCHEMA,
            names=ledger_checks.names(),
        ):
            relation = ledger_checks.Relation(_kind(kind), {})
            relation = found.setdefault(name, relation)
            if column is not None:
                relation.columns[column] = type
        types = (ledger.STRING_TYPE, ledger.NUMBER_TYPE, ledger.TIME_TYPE)
        spelled = self._session.rows(
            f"SELECT t, format_type(to_regtype(t), NULL) FROM unnest({TEXTS.format('types')}) t",
            types=list(types),
        )
        ledger_checks.check_relations(found, dict(spelled), self._destination)
        self._checked = True

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

    def all_recorded(self) -> dict[str, RecordedTable]:
        """Read what the ledger knows of all tables. Raises `DestinationError` for a later format."""
        self.check_format()
        ids = [id for (id,) in self._session.rows(self._ledger.all_tables())]
        return self._recorded(ids)

    def spelled_types(self, dialect: str) -> Mapping[str, str]:
        """Return how the database spells the SQL types of a dialect."""
        return self._spelled([dialect])

    def statements(self, migration: Migration, dialect: Dialect) -> list[str]:
        """Return the statements that migrate, for one transaction, with those of the ledger."""
        return [
            f"SET LOCAL lock_timeout = '{postgres.LOCK_TIMEOUT}'",
            *records.prepare("postgres"),
            *postgres.guards(migration),
            *postgres.identities(migration),
            *postgres.statements(migration, dialect),
            *postgres.destructive(migration),
            *records.record(migration, dialect.name, self._package.version),
        ]

    def script(self, migration: Migration, dialect: Dialect, title: str) -> str:
        """Return what `apply` runs, as a script."""
        return script(migration, dialect, self._package.version, [title])

    def apply(self, migration: Migration, dialect: Dialect) -> None:
        """Migrate in one transaction, with the ledger. Raises `MigrationStopped`."""
        with self._session.locked("prepare"), self._session.connection.transaction():
            self._run(migration, dialect)

    def _run(self, migration: Migration, dialect: Dialect) -> None:
        self._execute_all(self.statements(migration, dialect))

    def _execute_all(self, statements: Iterable[str]) -> None:
        """Execute statements of a migration. Raises `MigrationStopped`."""
        try:
            for statement in statements:
                self._session.execute(statement)
        except psycopg.errors.LockNotAvailable:
            raise MigrationStopped(
                f"{self._destination}: others have used a table for {postgres.LOCK_TIMEOUT}, such as a sync "
                "that loads into it; nothing was changed, try again later"
            ) from None
        except psycopg.errors.RaiseException as error:
            raise MigrationStopped(
                f"{self._destination}: {error.diag.message_primary}; nothing was changed"
            ) from None
        except psycopg.Error as error:
            text = self._destination.redact(str(error)).strip()
            raise MigrationStopped(
                f"{self._destination}: {text}; nothing was changed"
            ) from None

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
        places: dict[str, Place] = {}
        for table in tables:
            schema, _, name = table.id.partition(".")
            dialect = dialects[table.id]
            places[table.id] = Place(
                loader.name(schema, table, dialect),
                loader.name(name, table, dialect),
            )
        return self.stored_at(places)

    def stored_at(self, places: Mapping[str, Place]) -> dict[str, StoredTable]:
        """Read how the database describes those of the tables, by id, that it has."""
        by_name = {place: id for id, place in places.items()}
        comments: dict[str, dict[str, str]] = {}
        comment: dict[str, str] = {}
        columns: dict[str, dict[str, str]] = {}
        required: dict[str, set[str]] = {}
        generated: dict[str, set[str]] = {}
        keys: dict[str, list[str]] = {}
        for (
            schema,
            name,
            column,
            type,
            needed,
            is_generated,
            in_key,
            text,
            whole,
        ) in self._session.rows(
            "SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), "
            "a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', "
            "a.attgenerated <> '' OR a.attidentity = 'a', "
            "COALESCE(a.attnum = ANY(i.indkey), false), "
            "col_description(c.oid, a.attnum), obj_description(c.oid, 'pg_class') "
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
            id = by_name[Place(schema, name)]
            found = columns.setdefault(id, {})
            comment[id] = whole or ""
            if column is None:
                continue
            found[column] = type
            comments.setdefault(id, {})[column] = text or ""
            if needed:
                required.setdefault(id, set()).add(column)
            if is_generated:
                generated.setdefault(id, set()).add(column)
            if in_key:
                keys.setdefault(id, []).append(column)
        obstacles = self._obstacles(by_name)
        return {
            id: StoredTable(
                found,
                frozenset(required.get(id, ())),
                tuple(keys.get(id, ())),
                comments.get(id, {}),
                comment[id],
                frozenset(generated.get(id, ())),
                tuple(obstacles.get(id, ())),
            )
            for id, found in columns.items()
        }

    def _obstacles(self, by_name: Mapping[Place, str]) -> dict[str, list[str]]:
        """Find relations that are not plain tables, or do not store rows as plain tables do."""
        found: dict[str, list[str]] = {}
        for schema, name, kind, has_children, rules in self._session.rows(
            f"SELECT n.nspname, c.relname, CAST(c.relkind AS {ledger.STRING_TYPE}), EXISTS "
            "(SELECT 1 FROM pg_inherits i WHERE i.inhparent = c.oid), "
            f"ARRAY(SELECT CAST(r.rulename AS {ledger.STRING_TYPE}) FROM pg_rewrite r WHERE r.ev_class = c.oid "
            "AND r.ev_type <> '1' AND r.ev_enabled <> 'D' ORDER BY 1) "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"JOIN unnest({TEXTS.format('schemas')}, {TEXTS.format('names')}) AS w(schema, name) "
            "ON w.schema = n.nspname AND w.name = c.relname",
            schemas=[schema for schema, _ in by_name],
            names=[name for _, name in by_name],
        ):
            obstacles = found.setdefault(by_name[Place(schema, name)], [])
            if _kind(kind) != ledger_checks.TABLE:
                obstacles.append(not_a_table(_kind(kind)))
            elif has_children:
                obstacles.append(
                    "it has child tables, whose rows would be taken for its own; detach them with "
                    "ALTER TABLE … NO INHERIT"
                )
            elif rules:
                obstacles.append(
                    f"the rule {rules[0]} changes what statements do to it; drop the rule"
                )
        return found

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
        if comparison.verdict == "create":
            self._session.connection.execute(self._package.ddl(table.id, dialect))
            if recorded is not None:  # The table was dropped, and its rows with it.
                self._forget_units(table)
        if comparison.changes and comparison.stored and comparison.recorded:
            migration = plan_table(
                self._package,
                self,
                table,
                dialect,
                comparison.stored,
                comparison.recorded,
            )
            self._run(migration, dialect_state(self._package, dialect))
            return
        columns = table.columns
        if recorded is not None and comparison.verdict == "equal":
            # Columns that the package does not have any more are there still.
            columns = {**recorded.columns, **table.columns}
            if (
                recorded.version == self._package.version
                and recorded.columns == columns
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
                    for name, type in columns.items()
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
