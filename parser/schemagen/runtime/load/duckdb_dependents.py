# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Keep what users have put on the tables of a DuckDB database through a migration: indexes are created
again, and views and macros that work now must work afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import duckdb as driver

from ..evolve import duckdb_guards
from ..evolve.duckdb import unindexable
from ..evolve.steps import CastColumn, Migration, Relation, TableChange
from ..quoting import duckdb_literal, identifier
from .destination import Destination
from .migrations import MigrationStopped


class _Dependent(NamedTuple):
    """A view or a macro: its quoted name, its definition, and a query that fails if it does not work."""

    kind: str
    place: str
    name: str
    definition: str
    query: str


class Dependents:
    """What users have put on tables. ``execute`` runs a statement; ``session`` opens a session beside it,
    in the same database."""

    def __init__(
        self,
        execute: Callable[..., Any],
        session: Callable[[], driver.DuckDBPyConnection],
        destination: Destination,
    ) -> None:
        self._execute = execute
        self._session = session
        self._destination = destination

    def indexes(self, migration: Migration) -> dict[str, str]:
        """Find the indexes that have to be dropped, and can be created again: the statements that do both.
        Raises `MigrationStopped` for others."""
        found: dict[str, str] = {}
        for change in migration.changes:
            if change.old is None or not duckdb_guards.is_blocked(migration, change):
                continue
            place = Relation.of(change.old)
            gone = unindexable(migration, change)
            for name, columns, statement, comment in self._execute(
                "SELECT index_name, expressions, sql, comment FROM duckdb_indexes() "
                f"WHERE {duckdb_guards.at(place)}"
            ).fetchall():
                if gone is None or any(_mentions(columns, column) for column in gone):
                    raise MigrationStopped(
                        f"{self._destination}: the index {name} of {change.old.id} is in the way; drop it, "
                        f"and create it again after the migration: {statement}"
                    )
                index = f"{identifier(place.schema)}.{identifier(name)}"
                create = statement.rstrip(";")
                if comment is not None:
                    create += (
                        f";\nCOMMENT ON INDEX {index} IS {duckdb_literal(comment)}"
                    )
                found[f"DROP INDEX {index}"] = create
        return found

    def queries(self, migration: Migration) -> dict[str, str]:
        """Return a query for each view and macro that works now, with what it is called. Run them after the
        migration: they fail if it does not work any more. Raises `MigrationStopped` for macros that cannot
        be called with NULL, and that name what changes."""
        found: dict[str, str] = {}
        for dependent in self._all():
            if self._works(dependent.query):
                found[dependent.query] = f"{dependent.kind} {dependent.place}"
            elif dependent.kind == "macro":
                self._check_text(dependent, migration)
        return found

    def check(self, queries: dict[str, str]) -> None:
        """Raise `MigrationStopped` for the first of the ``queries`` that fails."""
        for query, called in queries.items():
            try:
                self._execute(query)
            except driver.Error as error:
                message = str(error).partition("\n")[0]
                raise MigrationStopped(
                    f"{self._destination}: the {called} would not work any more ({message}); drop it, and "
                    "create it again after the migration; nothing was changed"
                ) from None

    def _all(self) -> Iterator[_Dependent]:
        found = self._execute(f"{duckdb_guards.DEPENDENTS} ORDER BY ALL").fetchall()
        return (_Dependent(*row) for row in found)

    def _works(self, query: str) -> bool:
        # An error would end the transaction that the migration is part of.
        with self._session() as session:
            try:
                session.execute(query)
            except driver.Error:
                return False
            return True

    def _check_text(self, macro: _Dependent, migration: Migration) -> None:
        for change in migration.changes:
            if change.old is None or not _mentions(macro.definition, change.old.name):
                continue
            for name in _changing(migration, change):
                if _mentions(macro.definition, name):
                    raise MigrationStopped(
                        f"{self._destination}: the macro {macro.place} names {name} of {change.old.id}, which "
                        "changes, and cannot be tried, because it does not work with NULL for each "
                        "parameter; drop it, and create it again after the migration"
                    )


def _changing(migration: Migration, change: TableChange) -> list[str]:
    """Return the stored names of what a change renames, drops or gives another type."""
    casts = [
        step.new.stored
        for step in (*change.steps, *change.destructive)
        if isinstance(step, CastColumn)
    ]
    return [*duckdb_guards.vanishing(migration, change), *casts]


def _mentions(text: str, name: str) -> bool:
    """Whether the text of an expression has a name in it, quoted or not."""
    return (
        identifier(name) in text
        or re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)
        is not None
    )
