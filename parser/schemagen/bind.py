"""Infer and renew bindings, apply the overrides of the settings, and record botocore's shapes.

`schemagen bind` is the only command that needs botocore. A build reads what was recorded here, so a
new botocore changes no output until this command is run and its change of the lock is reviewed.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from schemagen.build import disk
from schemagen.build.changes import change
from schemagen.build.recovery import bindings_folder, interrupted, recover
from schemagen.diagnostics import Problem, ProblemsFound, UnknownTables, during, matching_tables
from schemagen.inputs import excluded_tables, find_locks, find_pages, read_locks, read_pages
from schemagen.lockfile.fields import FORMAT
from schemagen.model.bindings import PROVIDER, Binding
from schemagen.model.origin import NOWHERE
from schemagen.model.pages import Table
from schemagen.model.recorded import RecordedResponses
from schemagen.pages.sources import Kind, Source, kind_of
from schemagen.settings.load import Settings
from schemagen.settings.overrides import ItemOverride, Overrides, is_reflected, without_page
from schemagen.typed_pages import TypedTable

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    from schemagen.api_models.cache import Indexes
    from schemagen.inference.infer import ChosenItem, Inference
    from schemagen.lockfile.lock import LockFile


PACKAGE = Path(__file__).parent

_LIBRARIES = ("markdown-it-py", "pyyaml")
"""The libraries that read pages."""


@dataclass(frozen=True, slots=True)
class LockChange:
    """A lock file to be written, or to be removed because all its tables moved to other services.

    ``path`` is its name in messages, ``name`` is relative to the folder of the bindings. ``before`` is
    None for a new file, ``text`` for one to be removed.
    """

    path: str
    name: str
    before: str | None
    text: str | None
    diff: str


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
"""Is told what is being done, how much of it is done, and how much there is."""


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
    run = _BindRun(settings, read.bindings, services, old, again)
    to_bind = [
        id
        for id, table in pages.items()
        if table.provider == PROVIDER and (not inputs.tables or id in selected)
    ]
    work = _Work(run, tables_by_id, locks, selected)
    with _workers(work, to_bind, jobs) as workers:
        found: dict[str, _Found] = {}
        for group in workers.bind(_groups(to_bind)):
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
        merged = list(_merged_locks(run, locks).values())
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
            _lock_change(settings, path, locks.get(path), text)
            for path, text in sorted(texts.items())
            if text != (locks[path].text if path in locks else None)
        ),
        tuple(run.findings),
    )


# --- in several processes -------------------------------------------------------------------------

MIN_TABLES_PER_JOB = 4
"""With fewer, starting a process costs more than it saves."""

_LockText = tuple[bool, str | None, Sequence[Problem]]
"""Whether a lock file belongs to the run, its text, None for one without tables, and its problems."""


@dataclass
class _Work:
    """What the processes of a run share. A forked process has it already; others get a copy."""

    run: _BindRun
    tables: Mapping[str, TypedTable]
    locks: Mapping[str, LockFile]
    selected: set[str]

    def bind_group(self, group: Sequence[str]) -> dict[str, _Found]:
        """Infer or renew the bindings of tables."""
        found: dict[str, _Found] = {}
        for id in group:
            with during(f"binding {id}"):
                self.run.update(self.tables[id])
            found[id] = self.run.take()
        return found

    def record(self, lock: LockFile) -> _LockText:
        """Refresh the recorded shapes of a lock file, if it is to be."""
        with during(f"recording {lock.path}"):
            return _lock_text(self.run.settings, lock, self.locks.get(lock.path), self)


@dataclass(frozen=True, slots=True)
class _Workers:
    """Does the parts of the work in order, in processes if there is an ``executor``."""

    work: _Work
    executor: ProcessPoolExecutor | None

    def bind(self, groups: Sequence[Sequence[str]]) -> Iterator[dict[str, _Found]]:
        if self.executor is None:
            return map(self.work.bind_group, groups)
        return self.executor.map(_bind_group, groups)

    def record(self, locks: Sequence[LockFile]) -> Iterator[_LockText]:
        if self.executor is None:
            return map(self.work.record, locks)
        return self.executor.map(_record, locks)


@contextmanager
def _workers(work: _Work, ids: Sequence[str], jobs: int | None) -> Generator[_Workers]:
    """Provide as many processes as pay off for binding the tables ``ids``."""
    run = work.run
    to_infer = [id for id in ids if run.again or id not in run.locked]
    jobs = min(jobs or os.cpu_count() or 1, len(to_infer) // MIN_TABLES_PER_JOB)
    if jobs < 2:
        yield _Workers(work, None)
        return
    # Imported once, before processes are forked.
    from schemagen.build.workers import pool

    with pool(jobs, _set_work, work) as executor:
        yield _Workers(work, executor)


_shared: list[_Work] = []
"""The work of this process."""


def _set_work(work: _Work) -> None:
    _shared[:] = [work]


def _bind_group(group: Sequence[str]) -> dict[str, _Found]:
    return _shared[0].bind_group(group)


def _record(lock: LockFile) -> _LockText:
    return _shared[0].record(lock)


# --- findings and writing -------------------------------------------------------------------------


def _without_page(binding: Binding) -> Problem:
    message = (
        f"{binding.table} was bound here; its binding is dropped, because no page describes it"
    )
    return Problem(binding.origin.path, binding.origin.line, 1, "SG405", message)


def write(settings: Settings, changes: Iterable[LockChange]) -> None:
    """Write changed lock files. If interrupted, the next run finishes or undoes it.

    Raises `ProblemsFound` with SG502 if another run has changed a file since ``changes`` were found.
    """
    changes = tuple(changes)
    folder = bindings_folder(settings)
    seen: dict[str, str] = {}
    for lock in changes:
        if lock.before is not None:
            on_disk = disk.read(folder, lock.name) or b""
            before = lock.before.encode()
            # A checkout may have other line ends.
            same = on_disk.replace(b"\r\n", b"\n") == before
            seen[lock.name] = disk.digest(on_disk if same else before)
    texts = {lock.name: lock.text for lock in changes if lock.text is not None}
    change(folder, texts, [lock.name for lock in changes if lock.text is None], seen)


def _wrong_targets(overrides: Overrides, pages: Mapping[str, Table]) -> Iterator[Problem]:
    """SG303 and SG304 for overrides of tables and columns that cannot be bound."""
    for override in overrides:
        if problem := without_page(override, pages):
            yield problem
        elif pages[override.table].provider != PROVIDER:
            message = f"only tables of {PROVIDER} can be bound, not {override.table}"
            yield override.position.problem("SG304", message, "table")


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found of a table, see `_BindRun`."""

    changed: Mapping[str, Binding]
    dropped: Collection[str]
    unbound: Mapping[str, tuple[str, str]]
    inferred: Collection[str]
    problems: Sequence[Problem]
    findings: Sequence[Problem]


@dataclass
class _BindRun:
    """Collects the bindings, problems and findings of a run.

    ``locked`` are the bindings of the lock by table, ``locks`` its files by service, ``old_format`` those
    tables whose lock file does not say how they are enumerated, ``changed`` the bindings that differ from
    those locked, and ``dropped`` the tables whose bindings are removed. ``unbound`` are the tables for
    which nothing was inferred, with service and reason; ``inferred`` are all tables that the run has dealt
    with.
    """

    settings: Settings
    locked: Mapping[str, Binding]
    locks: Mapping[str, LockFile]
    old_format: Collection[str]
    again: bool
    changed: dict[str, Binding] = field(default_factory=dict[str, Binding])
    dropped: set[str] = field(default_factory=set[str])
    unbound: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    inferred: set[str] = field(default_factory=set[str])
    problems: list[Problem] = field(default_factory=list[Problem])
    findings: list[Problem] = field(default_factory=list[Problem])

    @cached_property
    def indexes(self) -> Indexes:
        from schemagen.api_models.botocore import BotocoreModels
        from schemagen.api_models.cache import Indexes

        return Indexes(BotocoreModels())

    def update(self, typed: TypedTable) -> None:
        """Infer or renew the binding of a table, and apply its overrides."""
        table = typed.table
        overrides = self.settings.overrides.of(table.id)
        locked = self.locked.get(table.id)
        problems_before = len(self.problems)
        if (
            self.again
            or locked is None
            or not all(is_reflected(item, locked) for item in overrides.items)
        ):
            binding = self.infer_binding(typed, overrides)
        else:
            binding = self.renew(typed, locked, overrides)
        self.inferred.add(table.id)
        if binding is None and locked is not None:
            self.dropped.add(table.id)
        if binding is None or len(self.problems) > problems_before:
            return
        binding = self.apply(overrides, binding, table)
        if binding != locked or table.id in self.old_format:
            binding = self.enumerate(binding, table)
        if binding != locked:
            self.changed[table.id] = binding

    def take(self) -> _Found:
        """Return what was found since the last time, and forget it."""
        found = _Found(
            self.changed, self.dropped, self.unbound, self.inferred, self.problems, self.findings
        )
        self.changed, self.dropped, self.unbound = {}, set(), {}
        self.inferred, self.problems, self.findings = set(), [], []
        return found

    def add(self, found: _Found) -> None:
        """Add what `take` has returned, in this process or another."""
        self.changed.update(found.changed)
        self.dropped.update(found.dropped)
        self.unbound.update(found.unbound)
        self.inferred.update(found.inferred)
        self.problems += found.problems
        self.findings += found.findings

    def enumerate(self, binding: Binding, table: Table) -> Binding:
        """Find the listings that lead to the table's rows. What prevents that is a finding."""
        from schemagen.inference.parents import enumerated

        if binding.service not in self.indexes.services:
            return binding  # Reported when it is recorded.
        binding = enumerated(binding, self.indexes.of(binding.service))
        if binding.obstacle:
            message = f"{table.id} cannot be enumerated: {binding.obstacle}"
            origin = table.origin
            self.findings.append(Problem(origin.path, origin.line, 1, "SG404", message))
        return binding

    def apply(self, overrides: Overrides, binding: Binding, table: Table) -> Binding:
        """Apply overrides of columns. A service that botocore lacks is reported when it is recorded."""
        from schemagen.api_models.botocore import service_api
        from schemagen.inference import by_hand

        if not overrides.columns or binding.service not in self.indexes.services:
            return binding
        infer_arguments = by_hand.argument_inference(binding, table, self.indexes)
        service = service_api(binding.service)
        applied = by_hand.apply(binding, overrides.columns, infer_arguments, table, service)
        self.problems += applied.problems
        self.findings += applied.findings
        return applied.binding

    def infer_binding(self, typed: TypedTable, overrides: Overrides) -> Binding | None:
        """Infer a binding, from the item that an override chooses, if any.

        None if nothing is inferred; that is a problem of every override that needs a binding.
        """
        from schemagen.api_models.botocore import service_api
        from schemagen.inference import by_hand
        from schemagen.inference.infer import ChosenItem

        item = next(iter(overrides.items), None)
        if item and item.service:
            if item.service not in self.indexes.services:
                message = f"botocore has no service {item.service!r}"
                self.problems.append(item.position.problem("SG303", message, "service"))
                return None
            if problem := by_hand.item_problem(item, service_api(item.service)):
                self.problems.append(problem)
                return None
        chosen = ChosenItem(item.service, item.operation, item.path) if item else ChosenItem()
        inference = self.infer(typed, chosen, overrides)
        if inference.binding is not None:
            return inference.binding
        self.unbound[typed.table.id] = (inference.service, inference.reason)
        if item and item.service and item.operation and item.path:
            # An item that is chosen in full needs no evidence.
            table = typed.table
            del self.unbound[table.id]
            return Binding(
                table.id,
                item.service,
                item.operation,
                item.path,
                columns=(),
                derived=(),
                enrichments=(),
                origin=NOWHERE,
                unbound=tuple(sorted(column.name for column in table.columns)),
            )
        for override in overrides:
            # An override that leaves a column unbound needs no binding.
            if isinstance(override, ItemOverride) or override.member:
                message = "; ".join(finding.message for finding in inference.findings)
                self.problems.append(override.position.problem("SG304", message))
        return None

    def infer(
        self,
        typed: TypedTable,
        chosen: ChosenItem,
        overrides: Overrides,
        reported: Collection[str] = (),
    ) -> Inference:
        """Run the inference, and keep its findings except those of columns that have an override, or that are
        ``reported`` already."""
        from schemagen.inference.infer import infer

        inference = infer(typed, self.indexes, chosen)
        known = {override.column for override in overrides.columns}.union(reported)
        lines = {column.origin.line for column in typed.table.columns if column.name in known}
        self.findings += [
            finding
            for finding in inference.findings
            if finding.code != "SG404" or finding.line not in lines
        ]
        return inference

    def renew(self, typed: TypedTable, locked: Binding, overrides: Overrides) -> Binding:
        """Bring a binding of the lock up to its page.

        Columns are inferred that are new on the page, that were bound by an override that is gone, or whose
        type has changed so that their member does not fit it any more, or may fit it now.
        """
        from schemagen.inference import renewal
        from schemagen.inference.infer import ChosenItem

        binding = renewal.on_page(locked, typed.table)
        by_hand = {column.column for column in binding.columns if column.evidence == "hand"}
        overridden = {override.column for override in overrides.columns}
        responses = RecordedResponses(self.locks[binding.service].recorded_service)
        misfits = renewal.misfits(binding, typed, responses)
        retyped = renewal.outdated_misfits(binding, typed).union(misfits)
        to_infer = (renewal.unmentioned(binding, typed.table) | by_hand | retyped) - overridden
        if not to_infer or binding.service not in self.indexes.services:
            return binding
        chosen = ChosenItem(binding.service, binding.operation, binding.path)
        inference = self.infer(typed, chosen, overrides, reported=misfits)
        binding = renewal.renewed(binding, to_infer, inference.binding, misfits)
        for column in typed.table.columns:
            if column.name in misfits.keys() & set(binding.unbound) - overridden:
                message = (
                    f"{typed.table.id}.{column.name} is no longer bound: {misfits[column.name]}"
                )
                place = column.origin.path, column.origin.line, 1
                self.findings.append(Problem(*place, "SG404", message))
        return binding


def _lock_text(
    settings: Settings, lock: LockFile, before: LockFile | None, work: _Work
) -> _LockText:
    """Refresh the recorded shapes in a lock file, if it has one of the selected tables.

    Returns the text, None for a file without tables, which is to be removed, and what botocore does not
    have.
    """
    from schemagen.api_models import recording
    from schemagen.api_models.botocore import service_api
    from schemagen.inference import by_hand
    from schemagen.lockfile.lock import write as write_lock
    from schemagen.lockfile.record import Record

    bindings = {binding.table: binding for binding in lock.bindings}
    lost = before and any(binding.table not in bindings for binding in before.bindings)
    same = lock.unbound == (before.unbound if before else ())
    if work.selected and work.selected.isdisjoint(bindings) and not lost and same:
        return False, None, ()
    if not bindings:
        changed = lost or not same
        without_record = write_lock(replace(lock, record=Record())) if lock.unbound else None
        return True, without_record if changed else lock.text, ()
    overrides = {table: settings.overrides.of(table) for table in bindings}
    override_problems = {
        key_path: make_problem
        for table, binding in bindings.items()
        for key_path, make_problem in by_hand.overridden_entries(overrides[table], binding)
    }
    try:
        recorded = recording.refresh(replace(lock, override_problems=override_problems))
    except ProblemsFound as error:
        return False, None, error.problems
    service = service_api(recorded.service_name)
    problems = [
        problem
        for table in bindings
        if any(overrides[table]) and table in work.tables
        for problem in by_hand.column_problems(
            recorded, overrides[table], work.tables[table], service
        )
    ]
    return True, recorded.text, problems


def _groups(ids: Iterable[str]) -> list[list[str]]:
    """Group tables by the first words of their names, which are mostly those of services: a service is
    read by one process."""
    groups: dict[str, list[str]] = {}
    for id in ids:
        groups.setdefault(id.partition("_")[0], []).append(id)
    return list(groups.values())


def _merged_locks(run: _BindRun, locks: Mapping[str, LockFile]) -> dict[str, LockFile]:
    """Return the lock files by path, with changed bindings, and the reasons of unbound tables, in the file
    of their service."""
    from schemagen.lockfile.lock import LockFile
    from schemagen.lockfile.record import Record

    merged = {
        path: replace(
            lock,
            bindings=tuple(
                binding
                for binding in lock.bindings
                if binding.table not in run.changed and binding.table not in run.dropped
            ),
            unbound=tuple(
                (table, reason)
                for table, reason in lock.unbound
                if table not in run.inferred and table not in run.dropped
            ),
        )
        for path, lock in locks.items()
    }
    paths = {lock.service_name: path for path, lock in merged.items()}

    def file_of(service: str) -> LockFile:
        new = run.settings.bindings / PROVIDER / f"{service}.json"
        path = paths.setdefault(service, run.settings.display(new))
        return merged.get(path) or LockFile(path, service, (), Record())

    for binding in run.changed.values():
        lock = file_of(binding.service)
        merged[lock.path] = replace(lock, bindings=(*lock.bindings, binding))
    for table, (service, reason) in run.unbound.items():
        lock = file_of(service)
        unbound = tuple(sorted((*lock.unbound, (table, reason))))
        merged[lock.path] = replace(lock, unbound=unbound)
    return merged


def _lock_change(
    settings: Settings, path: str, lock: LockFile | None, text: str | None
) -> LockChange:
    diff = difflib.unified_diff(
        lock.text.splitlines(keepends=True) if lock else [],
        (text or "").splitlines(keepends=True),
        f"{path} (on disk)",
        f"{path} (botocore)",
    )
    name = (settings.root / path).relative_to(settings.bindings).as_posix()
    return LockChange(path, name, lock.text if lock else None, text, "".join(diff))
