"""Read, compare with the manifest, render what is stale, write or check.

`plan` does everything but touch the output folder; `build` and `check` are two readers of a `BuildPlan`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from schemagen.build import disk, manifest, toolchain
from schemagen.build.disk import digest
from schemagen.build.manifest import Inputs, Manifest, TableEntry
from schemagen.catalog import Catalog, TableFacts, facts
from schemagen.diagnostics import Problem, ProblemsFound
from schemagen.inputs import find_locks, link_all, read_locks
from schemagen.model.origin import NOWHERE
from schemagen.pages.sources import Kind, Source, find_sources, kind_of
from schemagen.settings.load import Settings
from schemagen.settings.overrides import Overrides

if TYPE_CHECKING:
    from schemagen.emit.pydantic.models import StructureModels
    from schemagen.emit.render import Part


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """What the tree should be, and what it is.

    ``files`` holds the texts that had to be rendered: all files of stale tables, and, when anything
    is stale, those of the shared files that may have changed. ``new`` and ``old`` are the manifests
    after and before; ``found`` has the hashes of the files on disk, of both manifests' paths.
    """

    settings: Settings
    files: Mapping[str, str]
    new: Manifest
    old: Manifest
    found: Mapping[str, str]
    manifest_text: str | None
    """The manifest on disk, or None where there is none that can be read."""

    @property
    def stale(self) -> dict[str, str]:
        """The files whose text on disk is not what it should be, with the right text."""
        return {
            path: text
            for path, text in self.files.items()
            if self.found.get(path) != digest(text.encode())
        }

    @property
    def orphans(self) -> list[str]:
        """Files that schemagen wrote, that are on disk, and that are no longer produced."""
        gone = set(self.old.outputs) - set(self.new.outputs)
        return sorted(path for path in gone if path in self.found)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a build did: paths relative to the output folder, sorted.

    ``kept`` are orphans that were edited by hand: they are nobody's but the editor's now.
    """

    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    tables: int = 0

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)


def apply(planned: BuildPlan) -> Changes:
    """Write a plan."""
    out = planned.settings.out
    files = planned.stale
    _refuse_foreign(planned, files)
    removed = [path for path in planned.orphans if planned.found[path] == planned.old.outputs[path]]
    kept = [path for path in planned.orphans if path not in removed]
    text = manifest.render(planned.new)
    if text != planned.manifest_text:
        # Last, so that a build that is killed before it is seen as unfinished by the next one.
        files[manifest.FILE] = text
    if files or removed:
        disk.write(out, files, removed, planned.settings.display)
    return Changes(
        written=tuple(sorted(files)),
        removed=tuple(removed),
        kept=tuple(kept),
        tables=len(planned.new.tables),
    )


def _refuse_foreign(planned: BuildPlan, files: Iterable[str]) -> None:
    """Never write over a file that schemagen did not write."""
    from schemagen.emit.paths import notice

    mark = notice("")[:30].encode()
    known = planned.old.outputs
    problems = [
        Problem(
            planned.settings.display(planned.settings.out / path),
            1,
            1,
            "SG503",
            "this file was not written by schemagen; move it away or choose another output folder",
        )
        for path in files
        if path in planned.found
        and path not in known
        and mark not in (content := (planned.settings.out / path).read_bytes())
        and content
    ]
    if problems:
        raise ProblemsFound(problems)


@dataclass(frozen=True, slots=True)
class _Read:
    """Everything that was read, before any of it is parsed. ``hashes`` are those of the dataset
    pages, by path."""

    sources: tuple[Source, ...]
    locks: tuple[Source, ...]
    inputs: Inputs
    hashes: Mapping[str, str]


Rendered = Iterator[dict[str, str]]
Track = Callable[[Rendered, int], Rendered]
"""Passes on the files of each part, of so many parts, and shows how far it is."""


def untracked(rendered: Rendered, parts: int) -> Rendered:
    """Shows nothing."""
    return rendered


def plan(
    settings: Settings, *, full: bool = False, jobs: int | None = None, track: Track = untracked
) -> BuildPlan:
    """Read all inputs and render what is stale. Raises `ProblemsFound` with every problem.

    ``full`` renders everything, whatever the manifest says. ``jobs`` is the number of processes
    (default: one for each processor). ``track`` sees every table, and everything else that takes
    time, as it is rendered.
    """
    read = _read(settings)
    old, text = _read_manifest(settings.out)
    found = disk.digests(settings.out, old.outputs)
    same = not full and replace(old.inputs, locks="") == replace(read.inputs, locks="")
    fresh = {
        name: entry
        for name, entry in old.tables.items()
        if same
        and read.hashes.get(entry.page) == entry.page_hash
        and all(found.get(path) == value for path, value in entry.outputs.items())
    }
    kept = {
        path: value
        for path, value in old.shared.items()
        if same and old.inputs.locks == read.inputs.locks and found.get(path) == value
    }
    unchanged = (
        same
        and old.inputs.locks == read.inputs.locks
        and len(fresh) == len(read.hashes) == len(old.tables)
        and len(kept) == len(old.shared)
    )
    if unchanged:
        return BuildPlan(settings, {}, old, old, found, text)
    files, new = _render_stale(settings, read, fresh, kept, jobs, track)
    others = disk.digests(settings.out, [path for path in files if path not in found])
    return BuildPlan(settings, files, new, old, {**found, **others}, text)


def render_all(settings: Settings, *, jobs: int | None = None) -> dict[str, str]:
    """Every file of the output folder, whatever is there now."""
    files, new = _render_stale(settings, _read(settings), {}, {}, jobs, untracked)
    return {**files, manifest.FILE: manifest.render(new)}


def _read(settings: Settings) -> _Read:
    sources = find_sources(settings.docs, settings.root)
    locks = find_locks(settings)
    datasets = [source for source in sources if kind_of(source.path) is not Kind.API]
    return _Read(
        sources,
        locks,
        Inputs(
            toolchain=toolchain.fingerprint(),
            settings=_settings_hash(settings),
            api=_sources_hash(source for source in sources if kind_of(source.path) is Kind.API),
            locks=_locks_hash(locks, settings.overrides),
        ),
        {source.path: digest(source.data) for source in datasets},
    )


def _render_stale(
    settings: Settings,
    read: _Read,
    fresh: Mapping[str, TableEntry],
    kept: Mapping[str, str],
    jobs: int | None,
    track: Track,
) -> tuple[dict[str, str], Manifest]:
    """Render every table that is not fresh, and what tables share, but for the parts whose hashes
    are ``kept``."""
    # Imported here: a build with nothing to do needs neither parsers nor emitters.
    from schemagen.emit import package, render
    from schemagen.emit.paths import located
    from schemagen.emit.pydantic import models

    catalog, lock_hash, fresh = _read_stale(settings, read, fresh)
    structure_models = models.structure_models(catalog)
    linked = [facts(table) for table in catalog.tables]
    parts = located(
        settings.package,
        render.shared_parts(
            [*(entry.facts for entry in fresh.values()), *linked], catalog, structure_models
        ),
    )
    stale = [part for path, part in parts.items() if path not in kept]
    rendered = track(
        _render_parts([*catalog.tables, *stale], settings, structure_models, jobs),
        len(catalog.tables) + len(stale),
    )
    entries = dict(fresh)
    files: dict[str, str] = {}
    for table, texts in zip(catalog.tables, rendered, strict=False):
        files.update(texts)
        page = table.table.origin.path
        entries[table.table.id] = TableEntry(
            facts=facts(table),
            page=page,
            page_hash=read.hashes[page],
            binding_hash=lock_hash(facts(table)),
            outputs={path: digest(text.encode()) for path, text in texts.items()},
        )
    _refuse_collisions(entries.values())
    all_facts = [entry.facts for entry in entries.values()]
    distribution = package.Distribution(settings.package, settings.package_version)
    shared = package.project_files(all_facts, distribution)
    shared |= located(settings.package, package.modules(all_facts, settings.types, distribution))
    for texts in rendered:
        shared.update(texts)
    paths = [*shared, *parts, *(path for entry in entries.values() for path in entry.outputs)]
    shared = package.init_modules(paths) | shared
    files.update(shared)
    new = Manifest(
        inputs=read.inputs,
        shared={
            **{path: kept[path] for path in parts if path in kept},
            **{path: digest(text.encode()) for path, text in shared.items()},
        },
        tables=entries,
    )
    return files, new


def _read_stale(
    settings: Settings, read: _Read, fresh: Mapping[str, TableEntry]
) -> tuple[Catalog, Callable[[TableFacts], str], dict[str, TableEntry]]:
    """The catalogue of the tables that are not fresh, what hashes their part of the lock, and the
    entries that are still fresh when the lock is taken into account."""
    from schemagen.pages.read import parse_source

    locks = read_locks(read.locks)
    recorded = {one.service_name: repr(one.recorded_service).encode() for one in locks.files}

    def lock_hash(table: TableFacts) -> str:
        """A hash of what lock and overrides say of a table and of the services of its structures."""
        binding = locks.bindings.get(table.id)
        services = {service for service, _ in table.structures}
        parts: list[bytes] = []
        if any(by_hand := settings.overrides.of(table.id)):
            parts.append(repr(by_hand).encode())
        if binding is not None:
            services.add(binding.service)
            parts.append(repr(replace(binding, origin=NOWHERE)).encode())
        parts += [recorded[service] for service in sorted(services) if service in recorded]
        return digest(*parts) if parts else ""

    fresh = {
        name: entry for name, entry in fresh.items() if entry.binding_hash == lock_hash(entry.facts)
    }
    fresh_pages = {entry.page for entry in fresh.values()}
    parsed = [parse_source(source) for source in read.sources if source.path not in fresh_pages]
    # A page may have taken the id of a table whose page did not change: both are at fault.
    taken = {page.table.id for page in parsed if page.table is not None} & set(fresh)
    again = {fresh.pop(name).page for name in taken}
    parsed += [parse_source(source) for source in read.sources if source.path in again]
    _, catalog = link_all(settings, parsed, locks, fresh)
    return catalog, lock_hash, fresh


def _refuse_collisions(entries: Iterable[TableEntry]) -> None:
    """Two tables may not share a file: ``aws.class`` and ``aws.class_`` would."""
    owners: dict[str, TableEntry] = {}
    problems: list[Problem] = []
    for entry in sorted(entries, key=lambda entry: entry.page):
        for path in entry.outputs:
            first = owners.setdefault(path, entry)
            if first is not entry:
                ids = f"{entry.facts.id} and {first.facts.id} ({first.page})"
                message = f"{ids} would both be written to {path}"
                problems.append(Problem(entry.page, 1, 1, "SG120", message))
                break
    if problems:
        raise ProblemsFound(problems)


# Below this many parts, starting processes costs more than it saves.
_WORTH_PROCESSES = 24

_render: Callable[[Part], dict[str, str]] | None = None
"""What a worker process does with each part; set when the process starts."""


def _render_parts(
    parts: Sequence[Part],
    settings: Settings,
    structure_models: StructureModels,
    jobs: int | None,
) -> Rendered:
    """The files of each of ``parts``, in their order."""
    work = partial(_render_part, settings=settings, structure_models=structure_models)
    jobs = min(jobs or os.cpu_count() or 1, len(parts) // _WORTH_PROCESSES + 1)
    if jobs == 1:
        yield from map(work, parts)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # A fork has everything already: the emitters' imports cost half a second each time.
    context = get_context("fork" if sys.platform == "linux" else None)
    with ProcessPoolExecutor(jobs, context, _start_worker, (work,)) as pool:
        yield from pool.map(_render_in_worker, parts, chunksize=_WORTH_PROCESSES // 2)


def _render_part(
    part: Part, settings: Settings, structure_models: StructureModels
) -> dict[str, str]:
    from schemagen.emit.paths import located
    from schemagen.emit.render import render_part

    return located(settings.package, render_part(part, settings, structure_models))


def _start_worker(work: Callable[[Part], dict[str, str]]) -> None:
    global _render
    _render = work


def _render_in_worker(part: Part) -> dict[str, str]:
    if _render is None:
        raise RuntimeError("the worker process was not started by _render_parts")
    return _render(part)


def _read_manifest(out: Path) -> tuple[Manifest, str | None]:
    """The manifest and its text. One that cannot be read counts as none: everything is rendered
    again, and nothing is taken for an orphan."""
    try:
        return manifest.read(out)
    except manifest.Unreadable:
        return Manifest(), None


def _settings_hash(settings: Settings) -> str:
    """A hash of the settings that shape the output: folders do not."""
    parts = (
        settings.base_uri,
        settings.nested_names.value,
        settings.package,
        settings.package_version,
        settings.types,
    )
    return digest(repr(parts).encode())


def _locks_hash(locks: Iterable[Source], by_hand: Overrides) -> str:
    """A hash of what says which response fills which column."""
    parts = [_sources_hash(locks).encode()]
    if any(by_hand):
        parts.append(repr(by_hand).encode())
    return digest(*parts)


def _sources_hash(sources: Iterable[Source]) -> str:
    parts = [part for source in sources for part in (source.path.encode(), source.data)]
    return digest(*parts)
