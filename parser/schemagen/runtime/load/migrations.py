# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Plan what leads from the tables of a live database to those of a package.

A database does not say what its values mean, so the DDSQL types of its columns are those that the ledger
recorded. Columns and tables that the package does not have any more stay, with their values, unless the
user says that they may be lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ..evolve import comments
from ..evolve.choices import parse_allowed, parse_renames
from ..evolve.compare import (
    GENERATED,
    Finding,
    RecordedTable,
    StoredTable,
    obstacles,
)
from ..evolve.plan import Renames, plan, possible_columns, possible_tables
from ..evolve.sentences import Deviation, deviations
from ..evolve.state import (
    ColumnState,
    Dialect,
    TableState,
    catalogue_states,
    table_state,
)
from ..evolve.steps import Migration, loss_advice
from ..lookup import UnknownName
from ..usage import UsageError
from .destination import Destination, DestinationError

if TYPE_CHECKING:
    from ..sql import Table
    from .package import Package


class MigrationStopped(UsageError):
    """Raised if the database refused a migration; it is as it was before."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What users choose: the ``tables`` to look at, all that were loaded if it is empty, what was renamed,
    and what may be lost, as `evolve.choices` reads it."""

    tables: tuple[str, ...] = ()
    renames: tuple[str, ...] = ()
    allow_loss: tuple[str, ...] = ()


class Place(NamedTuple):
    """The names of a table in a database, unquoted."""

    schema: str
    name: str


class Database(Protocol):
    """What is read of a database, and how a migration is applied to it."""

    engine: str

    def has_ledger(self) -> bool: ...

    def all_recorded(self) -> Mapping[str, RecordedTable]:
        """Return what the ledger knows of all tables."""
        ...

    def stored_at(self, places: Mapping[str, Place]) -> Mapping[str, StoredTable]:
        """Return how the database describes those of the tables, by id, that it has."""
        ...

    def spelled_types(self, dialect: str) -> Mapping[str, str]:
        """Return how the database spells the SQL types of a dialect."""
        ...

    def script(self, migration: Migration, dialect: Dialect, title: str) -> str:
        """Return what `apply` runs, as a script. Raises `MigrationStopped`."""
        ...

    def apply(self, migration: Migration, dialect: Dialect) -> None:
        """Migrate in one transaction, with the ledger. Raises `MigrationStopped`."""
        ...


class Kept(NamedTuple):
    """A table, or with ``column`` a column, that only the database has, and that stays there. ``renames``
    are what to pass to ``--rename`` if it only has another name now."""

    table: str
    column: str = ""
    renames: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}" if self.column else self.table

    def __str__(self) -> str:
        return f"{self.name}: kept, though this package does not have it"

    @property
    def advice(self) -> str:
        """The options of ``migrate`` that settle it."""
        return loss_advice(self.name, self.renames)


@dataclass(frozen=True, slots=True)
class LivePlan:
    """What leads from a database to the package. ``kept`` is what only the database has; ``findings`` are
    differences that no migration settles. ``missing`` are tables that were dropped, which the next sync
    creates."""

    dialect: Dialect
    migration: Migration
    kept: tuple[Kept, ...] = ()
    missing: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def settled(self) -> Iterator[Deviation]:
        """The differences that the migration settles."""
        return deviations(self.migration)

    @property
    def absent(self) -> Iterator[Deviation]:
        """The tables that are missing."""
        for id in self.missing:
            message = "the table is missing; the next sync creates it"
            yield Deviation(id, "", "table-missing", message)


def dialect_state(package: Package, name: str) -> Dialect:
    """Return the dialect of a package as migrations need it."""
    rules = package.loader.rules(name)
    # Extensions are named after the types that they bring.
    return Dialect(name, rules.engine, {each: each for each in rules.extensions})


def plan_live(
    package: Package, database: Database, destination: Destination, choices: Choices
) -> list[LivePlan]:
    """Plan the migration of the tables of each dialect. Raises `DestinationError` for a database that no
    sync has loaded tables into, and `ChoiceError`."""
    recorded: Mapping[str, RecordedTable] = {}
    if database.has_ledger():
        recorded = database.all_recorded()
    if not recorded:
        raise DestinationError(
            f"{destination}: no sync has loaded tables there, so what their columns mean is not known; "
            "`sync --adopt VERSION` takes over the tables that a package created"
        )
    dialects = sorted({table.dialect for table in recorded.values()})
    unknown = [name for name in dialects if name not in package.loader.dialects]
    if unknown:
        raise DestinationError(
            f"{destination} has tables of the dialect {unknown[0]}, which this package was built without"
        )
    return [
        _Planner(
            package,
            database,
            {id: table for id, table in recorded.items() if table.dialect == dialect},
            dialect,
            choices,
        ).plan()
        for dialect in dialects
    ]


def plan_table(
    package: Package,
    database: Database,
    table: Table,
    dialect: str,
    stored: StoredTable,
    recorded: RecordedTable,
) -> Migration:
    """Plan what brings a table up to date with the package, without loss."""
    schema, _, name = table.id.partition(".")
    loader = package.loader
    place = Place(
        loader.name(schema, table, dialect), loader.name(name, table, dialect)
    )
    old, _ = _old_state(
        package, database, table.id, table, place, dialect, stored, recorded
    )
    new = table_state(package.data.tables[table.id], dialect)
    new, _ = _with_kept(old, new, Renames(), frozenset())
    # Only what the sync needs: comments wait for `migrate`.
    new = replace(
        new,
        comment=old.comment,
        columns=tuple(
            (
                replace(column, comment=found.comment)
                if (found := old.column(column.name))
                else column
            )
            for column in new.columns
        ),
    )
    return plan({old.id: old}, {new.id: new}, dialect_state(package, dialect))


class _Planner:
    def __init__(
        self,
        package: Package,
        database: Database,
        recorded: Mapping[str, RecordedTable],
        dialect: str,
        choices: Choices,
    ) -> None:
        self._package = package
        self._database = database
        self._recorded = recorded
        self._dialect = dialect
        self._choices = choices

    def plan(self) -> LivePlan:
        tables = {id: self._table(id) for id in self._recorded}
        places = {id: self._place(id, table) for id, table in tables.items()}
        stored = self._database.stored_at(places)
        findings: list[Finding] = []
        old: dict[str, TableState] = {}
        for id, found in stored.items():
            old[id], problems = _old_state(
                self._package,
                self._database,
                id,
                tables[id],
                places[id],
                self._dialect,
                found,
                self._recorded[id],
            )
            findings += problems
        known = catalogue_states(self._package.data, self._dialect)
        renames = parse_renames(self._choices.renames, old, known)
        allowed = parse_allowed(self._choices.allow_loss, old)
        chosen = self._choices.tables
        sources = {new: id for id, new in renames.tables.items()}
        new: dict[str, TableState] = {}
        kept: list[Kept] = []
        before: dict[str, TableState] = {}
        for id, table in known.items():
            source = sources.get(id, id)
            if id not in sources and id in renames.tables:
                source = ""  # another table gives its name to this one's rows
            if chosen and id not in chosen and source not in chosen:
                continue
            if source in old:
                before[source] = old[source]
                new[id], names = _with_kept(old[source], table, renames, allowed)
                kept += names
            elif id in chosen:
                new[id] = table
        for id, table in old.items():
            if id in before or (chosen and id not in chosen):
                continue
            if id in allowed:
                before[id] = table
            elif id not in known:
                came = [new for new in known.values() if new.id not in self._recorded]
                kept.append(Kept(id, "", possible_tables(table, came)))
        ids = {*before, *new}
        return LivePlan(
            dialect_state(self._package, self._dialect),
            plan(
                before,
                new,
                dialect_state(self._package, self._dialect),
                renames,
                allowed,
            ),
            tuple(kept),
            tuple(id for id in tables if id not in stored and id not in ids),
            tuple(item for item in findings if not chosen or item.table in chosen),
        )

    def _table(self, id: str) -> Table | None:
        try:
            return self._package.table(id)
        except UnknownName:
            return None

    def _place(self, id: str, table: Table | None) -> Place:
        schema, _, name = id.partition(".")
        if table is None:
            return Place(schema, name)
        loader = self._package.loader
        return Place(
            loader.name(schema, table, self._dialect),
            loader.name(name, table, self._dialect),
        )


def _old_state(
    package: Package,
    database: Database,
    id: str,
    table: Table | None,
    place: Place,
    dialect: str,
    stored: StoredTable,
    recorded: RecordedTable,
) -> tuple[TableState, list[Finding]]:
    """Return a table as it is in the database, in the order that its columns have there, and what is
    wrong with it."""
    spelled = database.spelled_types(dialect)
    types = package.loader.rules(dialect).types
    findings: list[Finding] = []
    columns: dict[str, ColumnState] = {}
    for name, type in recorded.columns.items():
        column = name if table is None else package.loader.name(name, table, dialect)
        if column not in stored.columns:
            column = _renamed_column(name, stored)
        if column not in stored.columns:
            continue
        sql = stored.columns[column]
        if type in types:
            own = types[type].type
            expected = spelled.get(own, own)
            if expected != sql:
                message = (
                    f"the column's type is {sql}, but {type} is stored as {expected}; it was changed "
                    "outside of a sync"
                )
                findings.append(Finding(id, name, message, sql, expected))
            else:
                sql = own
        columns[column] = ColumnState(
            name, column, type, sql, stored.comments.get(column, "")
        )
    names = {column.stored: column.name for column in columns.values()}
    key = None
    if stored.key:
        key = names.get(stored.key[0]) if len(stored.key) == 1 else None
        if key is None:
            message = f"the primary key is {', '.join(stored.key)}, which no sync made"
            findings.append(Finding(id, "", message))
    findings += _blocking(id, table, package, dialect, stored, columns)
    ordered = [columns[name] for name in stored.columns if name in columns]
    state = TableState(
        id, place.schema, place.name, key, tuple(ordered), stored.comment
    )
    return state, findings


def _blocking(
    id: str,
    table: Table | None,
    package: Package,
    dialect: str,
    stored: StoredTable,
    columns: Mapping[str, ColumnState],
) -> Iterator[Finding]:
    """Find columns of the user's that stand in the way of the package's, or of its rows."""
    yield from obstacles(id, stored)
    for name in sorted(stored.generated & columns.keys()):
        yield Finding(id, columns[name].name, GENERATED)
    for name in sorted(stored.required - columns.keys()):
        message = "the column is not of a sync, and takes no NULL; give it a default, or drop the NOT NULL"
        yield Finding(id, name, message)
    for name in table.columns if table else ():
        column = package.loader.name(name, table, dialect) if table else name
        if column in stored.columns and column not in columns:
            message = (
                f"the column exists with type {stored.columns[column]}, but no sync made it; "
                "rename or drop it"
            )
            yield Finding(id, name, message)


def _renamed_column(name: str, stored: StoredTable) -> str:
    """Find the column that has another name than the documented one: its comment says so."""
    for column, comment in stored.comments.items():
        if (
            comment
            and comments.of_column(name, column, "") == comment.rpartition("\n\n")[2]
        ):
            return column
    return name


def _with_kept(
    old: TableState, new: TableState, renames: Renames, allowed: frozenset[str]
) -> tuple[TableState, list[Kept]]:
    """Add the columns to ``new`` that only ``old`` has and that may not be lost. Returns also these."""
    taken = {column.stored for column in new.columns}
    names = {column.name for column in new.columns}
    kept = [
        column
        for column in old.columns
        if column.name not in names
        and (old.id, column.name) not in renames.columns
        and f"{old.id}.{column.name}" not in allowed
        and column.stored not in taken
    ]
    renamed = {name for (id, _), name in renames.columns.items() if id == old.id}
    known = renamed | {column.name for column in old.columns}
    came = [column for column in new.columns if column.name not in known]
    columns = (*new.columns, *kept)
    return (
        replace(new, columns=columns),
        [
            Kept(old.id, column.name, possible_columns(old.id, column, came))
            for column in kept
        ],
    )


def describe(plans: Sequence[LivePlan], command: str) -> Iterator[Deviation]:
    """Yield every difference between a database and the package, each once, except what the database keeps.

    ``command`` is the package's, whose ``migrate`` settles what may not be lost silently.
    """
    for found in plans:
        for finding in found.findings:
            yield Deviation(finding.table, finding.column, "changed", finding.message)
        for refusal in found.migration.refusals:
            kind = "column-type" if refusal.column else "table-dropped"
            advice = f"; `{command} migrate` needs {refusal.advice}"
            message = refusal.message + (advice if refusal.option else "")
            yield Deviation(refusal.table, refusal.column, kind, message)
        yield from found.settled
        yield from found.absent
