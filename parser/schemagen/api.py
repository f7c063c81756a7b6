"""Use schemagen from Python. The command line calls the same functions.

    from pathlib import Path
    from schemagen import api

    settings = api.settings(Path.cwd())
    pages = api.read(settings)        # documentation -> model
    files = api.render(settings)      # model -> {path: text}, nothing is written
    findings = api.check(settings)    # what a build would change, and why
    changes = api.build(settings)     # write it
    catalog = api.load_catalog("v1.2")  # what the package of a git revision holds
    found = api.diff(settings, "git:v1.2")  # in what the pages differ from it, and whom that breaks
    sql = api.migration(settings, "postgres", "git:v1.2").sql()  # what brings its tables here

    outcome = api.bind(settings)      # bring the bindings up to date; needs botocore
    figures = api.coverage(settings).figures  # how much of the pages they fill
    [chain] = api.explain(settings, "aws.s3_bucket.tags")  # from the page's line to every output

Every function raises `ProblemsFound` when an input is wrong; it carries all problems of the run.
Functions that take table ids raise `UnknownTables` for ids that do not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from schemagen.diagnostics import Problem, ProblemsFound, UnknownTables, matching_tables
from schemagen.settings.load import Settings, load_settings

if TYPE_CHECKING:
    from schemagen.bind.run import BindResult
    from schemagen.build.apply import Changes
    from schemagen.build.check import Finding
    from schemagen.coverage import Coverage
    from schemagen.evolution.migrations import PlannedMigration
    from schemagen.evolution.verdicts import Finding as ChangeFinding
    from schemagen.explanation import Explanation
    from schemagen.model.pages import Pages
    from schemagen.runtime.calls import TableCalls
    from schemagen.runtime.catalog_data import CatalogData

__all__ = [
    "Problem",
    "ProblemsFound",
    "Settings",
    "UnknownTables",
    "bind",
    "build",
    "calls",
    "calls_of",
    "check",
    "coverage",
    "explain",
    "load_catalog",
    "migration",
    "read",
    "render",
    "settings",
]

# Each function imports what it needs: reading settings must not load parsers, and reading pages must not
# load emitters.


def settings(start: Path | str) -> Settings:
    """Load the settings of the project that contains the folder ``start``.

    To change them, use `dataclasses.replace`.
    """
    return load_settings(Path(start))


def read(settings: Settings) -> Pages:
    """Read the pages. Every element of the result has an origin: path and line."""
    from schemagen import inputs

    return inputs.read_pages(settings).pages


def render(settings: Settings) -> Mapping[str, str]:
    """Render every file of the generated package, without reading or writing the output folder.

    Returns the texts by path, relative to the output folder.
    """
    from schemagen.build.plan import render_all

    return render_all(settings)


def check(settings: Settings, *, full: bool = False) -> tuple[Finding, ...]:
    """List what a build would change, and why; the list is empty if the output folder is up to date.

    ``full`` renders everything, whatever the manifest says.
    """
    from schemagen.build.check import findings, leftovers
    from schemagen.build.plan import plan

    return leftovers(settings) or findings(plan(settings, full=full))


def build(
    settings: Settings, *, full: bool = False, jobs: int | None = None, keep_going: bool = False
) -> Changes:
    """Bring the output folder up to date.

    ``full`` renders everything. ``jobs`` is the number of processes, by default one per processor.
    ``keep_going`` passes over pages and lock files that have problems, and leaves what was made from
    them as it is; the result has the problems.
    """
    from schemagen.build.apply import apply

    if keep_going:
        from schemagen.build.keep_going import build_despite_problems

        return build_despite_problems(settings, full=full, jobs=jobs)
    from schemagen.build.plan import plan
    from schemagen.build.recovery import recover

    recovered = recover(settings)
    return apply(plan(settings, full=full, jobs=jobs, trust_times=True), recovered)


def load_catalog(source: Path | str, settings: Settings | None = None) -> CatalogData:
    """Read a generated catalogue from a file, a folder, an installed package or a git revision.

    A folder is a project, its output folder or a package. A string that is not an existing path is
    ``package:NAME``, ``git:REVISION``, ``git:REVISION:FOLDER``, or a revision of the project; ``settings``
    are by default those of the current folder's project.
    """
    from schemagen import catalog_source

    return catalog_source.load(source, settings)


def diff(settings: Settings, old: str = "git:HEAD", new: str = "") -> tuple[ChangeFinding, ...]:
    """Find in what two states of the tables differ, and whom each difference breaks.

    ``old`` and ``new`` are what `load_catalog` takes, or folders of pages; "" are the project's pages as
    they are. Rules that the settings turn off are left out.
    """
    from schemagen.evolution import sources
    from schemagen.evolution.differences import compare
    from schemagen.evolution.verdicts import assess

    found = compare(sources.read(old, settings), sources.read(new, settings))
    return assess(found, settings.rules)


def migration(
    settings: Settings,
    dialect: str,
    old: str = "git:HEAD",
    new: str = "",
    *,
    renames: Collection[str] = (),
    allow_loss: Collection[str] = (),
) -> PlannedMigration:
    """Plan the migration of tables in ``dialect`` between two of what `diff` takes.

    The result has the SQL, unless there are refusals. ``renames`` and ``allow_loss`` are what the options
    of `schemagen migrate` take. Raises `schemagen.runtime.usage.UsageError` for those that name nothing,
    and for catalogues without the dialect.
    """
    from schemagen.evolution import migrations, sources

    return migrations.plan_migration(
        sources.read(old, settings),
        sources.read(new, settings),
        dialect,
        settings,
        renames,
        allow_loss,
    )


def bind(
    settings: Settings,
    tables: Iterable[str] | str = (),
    *,
    again: bool = False,
    check: bool = False,
    some_pages: bool = False,
    jobs: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> BindResult:
    """Bring bindings up to date: infer missing ones, apply overrides, and record botocore's shapes.

    ``tables`` are ids or patterns of ids, or a single one; by default all tables are bound. ``again``
    infers all of them again, keeping overrides; ``check`` writes nothing. Bindings whose page is gone are
    dropped, unless ``some_pages`` says that the pages of the settings are not all of the project's.
    ``jobs`` is the number of processes, by default one a processor; ``progress`` is called with what is
    being done, how much of it is done, and how much there is. The result holds what changed, and what stays
    unbound.
    """
    from schemagen.bind import run as binder

    return binder.bind(
        settings,
        _ids(tables),
        again=again,
        check=check,
        some_pages=some_pages,
        jobs=jobs,
        progress=progress or binder.silent,
    )


def calls(settings: Settings, table: str) -> TableCalls | None:
    """Return the calls that fill a table, as recorded in the lock; None if none are recorded.

    Raises `UnknownTables` if no page has the id.
    """
    return calls_of(settings, [table])[table]


def calls_of(settings: Settings, tables: Iterable[str]) -> dict[str, TableCalls | None]:
    """Return `calls` for each of ``tables``, which are ids or patterns of ids, by id."""
    from schemagen import inputs

    _require_bindings(settings)
    _, catalog = inputs.read_catalog(settings)
    linked = {found.table.id: found for found in catalog.tables}
    return {table: linked[table].calls for table in sorted(matching_tables(tables, linked))}


def explain(settings: Settings, subject: str) -> tuple[Explanation, ...]:
    """Explain tables or columns: the chain from the line of the page to the names in every output.

    ``subject`` is the id of a table, ``TABLE.COLUMN``, or a pattern of either. Raises `UnknownTables` if
    it names nothing.
    """
    from schemagen import explanation, inputs

    _require_bindings(settings)
    if explanation.is_pattern(subject):
        inspected = inputs.inspect(settings)
    else:
        inspected = inputs.inspect_table(settings, subject)
    return explanation.explanations(settings, inspected, subject)


def coverage(settings: Settings, tables: Iterable[str] | str = ()) -> Coverage:
    """Compute which columns the bindings fill, and where pages and botocore differ.

    ``tables`` are ids or patterns of ids, or a single one; by default, all tables that are bound or that
    botocore could fill are covered.
    """
    from schemagen import coverage as coverages
    from schemagen import inputs
    from schemagen.model.bindings import PROVIDER

    _require_bindings(settings)
    pages, catalog = inputs.read_catalog(settings)
    selected = matching_tables(_ids(tables), {table.table.id for table in catalog.tables})
    covered = selected or {
        table.table.id
        for table in catalog.tables
        if table.binding is not None or table.table.provider == PROVIDER
    }
    return coverages.coverage(pages, catalog, covered, inputs.reasons_of_unbound_tables(settings))


def _require_bindings(settings: Settings) -> None:
    if not settings.bindings.exists():
        from schemagen.build.plan import require_bindings

        require_bindings(settings)


def _ids(tables: Iterable[str] | str) -> Iterable[str]:
    return [tables] if isinstance(tables, str) else tables
