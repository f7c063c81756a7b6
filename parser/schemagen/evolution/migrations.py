"""Plan the migration between two catalogues, and print it as SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from schemagen.diagnostics import did_you_mean
from schemagen.evolution import renames as evidence
from schemagen.evolution import sources
from schemagen.evolution.sources import Source
from schemagen.runtime.catalog_data import CatalogData
from schemagen.runtime.evolve import choices, plan, script
from schemagen.runtime.evolve.plan import Renames
from schemagen.runtime.evolve.state import Dialect, catalogue_states
from schemagen.runtime.evolve.steps import Migration
from schemagen.runtime.usage import UsageError
from schemagen.settings.load import Settings


@dataclass(frozen=True, slots=True)
class PlannedMigration:
    """A migration from the tables of ``old`` to those of ``new``, both as labels, in ``dialect``.

    ``version`` is that of the new package. ``assumed`` are the renames that are made without a
    ``--rename``, because nothing else is possible, as pairs of an old and a new name; ``probable`` ones are
    not made.
    """

    migration: Migration
    old: str
    new: str
    dialect: Dialect
    version: str
    assumed: tuple[tuple[str, str], ...] = ()
    probable: tuple[tuple[str, str], ...] = ()

    def sql(self, *, batches: bool = False) -> str:
        """Format the migration as a script: one transaction, or ``batches``. Raises `UsageError` if the
        engine knows no batches."""
        heading = [f"Migrates the tables of {self.dialect.name} from {self.old} to {self.new}."]
        heading += [f"Renamed, by its documentation: {old} to {new}." for old, new in self.assumed]
        return script.script(self.migration, self.dialect, self.version, heading, batches=batches)


def plan_migration(
    old: Source,
    new: Source,
    dialect: str,
    settings: Settings,
    renames: Collection[str] = (),
    allow_loss: Collection[str] = (),
) -> PlannedMigration:
    """Plan the migration from ``old`` to ``new`` in ``dialect``.

    ``renames`` and ``allow_loss`` are what the options of these names take. Raises `ProblemsFound` if a
    catalogue cannot be read, or has other providers, and `UsageError` for catalogues without the dialect
    and for a choice that names nothing.
    """
    engine_dialect = _dialect(dialect, settings)
    before, after = sources.differing(old, new)
    if renames or allow_loss:
        # Choices may name tables that do not differ.
        before, after = old.catalog, new.catalog
    _check(before, after, old, new, dialect)
    states = catalogue_states(before, dialect), catalogue_states(after, dialect)
    chosen = choices.parse_renames(renames, *states)
    found = evidence.find(before, after)
    sure, probable = _with_evidence(found, chosen)
    return PlannedMigration(
        plan.plan(
            *states,
            engine_dialect,
            Renames({**sure.tables, **chosen.tables}, {**sure.columns, **chosen.columns}),
            choices.parse_allowed(allow_loss, states[0]),
        ),
        old.label,
        new.label,
        engine_dialect,
        after.version,
        tuple(_named(sure)),
        tuple(_named(probable)),
    )


def _check(before: CatalogData, after: CatalogData, old: Source, new: Source, dialect: str) -> None:
    """Raise `UsageError` for catalogues that were built without the dialect."""
    for source, catalog in ((old, before), (new, after)):
        if catalog.tables and dialect not in catalog.targets:
            built = ", ".join(catalog.targets)
            raise UsageError(f"{source.label} was built without {dialect!r}, only with: {built}")


def _dialect(name: str, settings: Settings) -> Dialect:
    """Describe a dialect of the type table for the runtime. Raises `UsageError`."""
    types = settings.types
    known = {dialect.name: dialect for dialect in types.dialects}
    if name not in known:
        raise UsageError(
            f"unknown dialect {name!r}{did_you_mean(name, known)}; the project has: {', '.join(known)}"
        )
    spelled = (row.sql[name] for row in types.types.values())
    extensions = {sql.name: sql.extension for sql in spelled if sql.extension}
    return Dialect(name, known[name].template, extensions)


# --- renames --------------------------------------------------------------------------------------


def _with_evidence(found: evidence.Renames, chosen: Renames) -> tuple[Renames, Renames]:
    """Split the renames with evidence, but for those that were chosen otherwise, into those that are sure
    and those that are only probable."""
    by_sure: dict[bool, tuple[dict[str, str], dict[tuple[str, str], str]]] = {
        True: ({}, {}),
        False: ({}, {}),
    }
    for rename in found.tables:
        if rename.old not in chosen.tables and rename.new not in chosen.tables.values():
            by_sure[rename.sure][0][rename.old] = rename.new
    former = {new: old for tables, _ in by_sure.values() for old, new in tables.items()}
    former |= {new: old for old, new in chosen.tables.items()}
    for table, renames in found.columns.items():
        before = former.get(table, table)
        taken = {new for (old, _), new in chosen.columns.items() if old == before}
        for rename in renames:
            if (before, rename.old) not in chosen.columns and rename.new not in taken:
                by_sure[rename.sure][1][before, rename.old] = rename.new
    return Renames(*by_sure[True]), Renames(*by_sure[False])


def _named(renames: Renames) -> Iterator[tuple[str, str]]:
    yield from renames.tables.items()
    for (table, column), new in renames.columns.items():
        yield f"{table}.{column}", new
