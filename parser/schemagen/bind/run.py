"""Infer and renew bindings, apply the overrides of the settings, and record botocore's shapes.

`schemagen bind` is the only command that needs botocore. A build reads what was recorded here, so a
new botocore changes no output until this command is run and its change of the lock is reviewed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from schemagen.bind.locks import LockChange, lock_change, merged_locks, write
from schemagen.bind.processes import Work, groups, workers_for
from schemagen.bind.tables import Found, TableBinder
from schemagen.build import disk
from schemagen.build.recovery import interrupted, recover
from schemagen.diagnostics import Problem, ProblemsFound, UnknownTables, matching_tables
from schemagen.inputs import excluded_tables, find_locks, find_pages, read_locks, read_pages
from schemagen.lockfile.fields import FORMAT
from schemagen.model.bindings import PROVIDER, Binding
from schemagen.model.pages import Table
from schemagen.pages.sources import Kind, Source, kind_of
from schemagen.settings.load import Settings
from schemagen.settings.overrides import Overrides, without_page

if TYPE_CHECKING:
    pass


PACKAGE = Path(__file__).parents[1]
"""The sources of schemagen."""

_LIBRARIES = ("markdown-it-py", "pyyaml")
"""The libraries that read pages."""


@dataclass(frozen=True, slots=True)
class BindResult:
    """The lock files that change, and findings about what stays unbound, and why.

    ``interrupted`` are the paths of what runs that were killed have left. Nothing else is found before a
    run that writes has finished or undone it; then ``recovered`` are messages about that.
    """

    changes: tuple[LockChange, ...]
    findings: tuple[Problem, ...] = ()
    interrupted: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()


Progress = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and how much there is in all."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Show no progress."""


def bind(
    settings: Settings,
    tables: Iterable[str] = (),
    *,
    again: bool = False,
    check: bool = False,
    some_pages: bool = False,
    jobs: int | None = None,
    progress: Progress = silent,
) -> BindResult:
    """Bring the lock up to date, or with ``check``, only find what would change.

    Raises what `changes` raises, and `ProblemsFound` with SG501 and SG502.
    """
    recovered: tuple[str, ...] = ()
    if not check:
        recovered = recover(settings)
    elif left := interrupted(settings):
        return BindResult((), interrupted=left)
    result = changes(
        settings, tables, again=again, some_pages=some_pages, jobs=jobs, progress=progress
    )
    if result.changes and not check:
        write(settings, result.changes)
    return replace(result, recovered=recovered)


def changes(
    settings: Settings,
    tables: Iterable[str] = (),
    *,
    again: bool = False,
    some_pages: bool = False,
    jobs: int | None = None,
    progress: Progress = silent,
) -> BindResult:
    """Find what would change in the lock, for ``tables`` only, if any: ids, or patterns of ids.

    Tables without a binding get one, and all tables get their overrides. In existing bindings, columns
    are inferred that are new on their page, that were bound by an override that is gone, or whose type
    has changed so that their member does not fit it any more, or may fit it now; columns that are no longer
    on their page are dropped. With ``again``, every binding is inferred again. Bindings whose page is gone
    are dropped, with a finding; those of pages that the settings exclude are kept, and with ``some_pages``,
    which says that the pages are not all of the project's, all others, too.

    ``jobs`` is the number of processes, by default one a processor. The result is the same with any.

    A run that finds no change is recorded in the user's cache folder, and not repeated while nothing
    that it depends on changes: see `_Run`.

    Raises `UnknownTables`, and `ProblemsFound` with the problems of the pages, SG401 and SG402 (the
    lock names what botocore does not have), SG303 and SG304 (an override is wrong).
    """
    run = _Run.of(settings, tables, some_pages)
    if again:
        return _find_changes(run, again=True, jobs=jobs, progress=progress)
    if (findings := run.recorded_findings()) is not None:
        return BindResult((), findings)
    result = _find_changes(run, jobs=jobs, progress=progress)
    if not result.changes:
        run.record(result.findings)
    return result


@dataclass(frozen=True, slots=True)
class _Run:
    """What a run reads, as bytes, with the fingerprint of everything that its result depends on: these
    bytes, the settings, the tables of the call, schemagen's own sources, botocore's models, and the
    libraries that read pages."""

    settings: Settings
    pages: tuple[Source, ...]
    excluded: frozenset[str]
    locks: tuple[Source, ...]
    tables: frozenset[str]
    some_pages: bool
    fingerprint: str

    @classmethod
    def of(cls, settings: Settings, tables: Iterable[str], some_pages: bool) -> _Run:
        """Read the inputs of a run."""
        from schemagen.api_models.botocore import BotocoreModels

        sources = find_pages(settings)
        pages = tuple(source for source in sources if kind_of(source.path) is not Kind.API)
        locks = find_locks(settings)
        selected = frozenset(tables)
        excluded = frozenset(excluded_tables(settings))
        known = (
            sys.version,
            [(library, version(library)) for library in _LIBRARIES],
            BotocoreModels().version,
            str(settings.root),
            str(settings.bindings),
            settings.types,
            settings.overrides,
            sorted(selected),
            sorted(excluded),
            some_pages,
        )
        parts = [repr(known).encode()]
        for path in sorted(PACKAGE.rglob("*")):
            if path.suffix in (".py", ".toml"):
                parts += [path.relative_to(PACKAGE).as_posix().encode(), path.read_bytes()]
        for group in (pages, locks):
            parts.append(str(len(group)).encode())
            parts += [part for source in group for part in (source.path.encode(), source.data)]
        fingerprint = disk.digest(*parts)
        return cls(settings, pages, excluded, locks, selected, some_pages, fingerprint)

    def recorded_findings(self) -> tuple[Problem, ...] | None:
        """Return the findings of a run with the same fingerprint that found no change, or None if none
        is recorded."""
        from schemagen.api_models.cache import load_record

        record = load_record(self.fingerprint)
        return None if record is None else tuple(Problem(*finding) for finding in record)

    def record(self, findings: Iterable[Problem]) -> None:
        """Record that this run found no change, with its findings."""
        from schemagen.api_models.cache import save_record

        save_record(
            self.fingerprint,
            [
                (found.path, found.line, found.column, found.code, found.message)
                for found in findings
            ],
        )


def _find_changes(
    inputs: _Run,
    *,
    again: bool = False,
    jobs: int | None = None,
    progress: Progress = silent,
) -> BindResult:
    settings = inputs.settings
    read = read_locks(inputs.locks, recorded=False)
    locks = {lock.path: lock for lock in read.files}
    tables_by_id = {typed.table.id: typed for typed in read_pages(settings, inputs.pages).tables}
    pages = {id: typed.table for id, typed in tables_by_id.items()}
    known = {*read.bindings, *pages}
    selected = matching_tables(inputs.tables, known, "no page and no binding has the id")
    bindable = {id for id, page in pages.items() if page.provider == PROVIDER} | {*read.bindings}
    if foreign := {
        table for table in inputs.tables if bindable.isdisjoint(matching_tables([table], known))
    }:
        raise UnknownTables(foreign, f"only tables of {PROVIDER} can be bound, not")
    if problems := [*read.problems, *_wrong_targets(settings.overrides, pages)]:
        raise ProblemsFound(problems)
    old = {
        binding.table for lock in read.files if lock.format < FORMAT for binding in lock.bindings
    }
    services = {lock.service_name: lock for lock in read.files}
    run = TableBinder(settings, read.bindings, services, old, again)
    to_bind = [
        id
        for id, table in pages.items()
        if table.provider == PROVIDER and (not inputs.tables or id in selected)
    ]
    work = Work(run, tables_by_id, locks, selected)
    with workers_for(work, to_bind, jobs) as workers:
        found: dict[str, Found] = {}
        for group in workers.bind(groups(to_bind)):
            found.update(group)
            progress("inferring bindings", len(found), len(to_bind))
        lost = [
            binding
            for table, binding in read.bindings.items()
            if table not in pages
            and table not in inputs.excluded
            and not inputs.some_pages
            and (table in selected or not inputs.tables)
        ]
        run.dropped.update(binding.table for binding in lost)
        run.findings += map(_without_page, lost)
        run.dropped.update(
            table
            for lock in read.files
            for table, _ in lock.unbound
            if table not in pages
            and table not in inputs.excluded
            and not (inputs.some_pages or inputs.tables)
        )
        for id in to_bind:
            run.add(found[id])
        merged = list(merged_locks(run, locks).values())
        texts: dict[str, str | None] = {}
        recorded = zip(merged, workers.record(merged), strict=True)
        for done, (lock, (belongs, text, found_problems)) in enumerate(recorded, 1):
            run.problems += found_problems
            if belongs:
                texts[lock.path] = text
            progress("recording shapes", done, len(merged))
    if run.problems:
        raise ProblemsFound(run.problems)
    return BindResult(
        tuple(
            lock_change(settings, path, locks.get(path), text)
            for path, text in sorted(texts.items())
            if text != (locks[path].text if path in locks else None)
        ),
        tuple(run.findings),
    )


def _without_page(binding: Binding) -> Problem:
    message = (
        f"{binding.table} was bound here; its binding is dropped, because no page describes it"
    )
    return Problem(binding.origin.path, binding.origin.line, 1, "SG405", message)


def _wrong_targets(overrides: Overrides, pages: Mapping[str, Table]) -> Iterator[Problem]:
    """SG303 and SG304 for overrides of tables and columns that cannot be bound."""
    for override in overrides:
        if problem := without_page(override, pages):
            yield problem
        elif pages[override.table].provider != PROVIDER:
            message = f"only tables of {PROVIDER} can be bound, not {override.table}"
            yield override.position.problem("SG304", message, "table")
