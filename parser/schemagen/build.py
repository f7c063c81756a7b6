"""Read, compare with the manifest, render what is stale, write or check.

`plan` does everything but touch the output folder; `build` and `check` are two readers of a `Plan`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from schemagen import disk, manifest, toolchain
from schemagen.config import Settings
from schemagen.disk import digest
from schemagen.errors import Problem, ProblemsFound
from schemagen.link import TableFacts, facts, link
from schemagen.manifest import Inputs, Manifest, TableEntry
from schemagen.model import Pages
from schemagen.pages.sources import Kind, Source, find_sources, kind_of

if TYPE_CHECKING:
    from schemagen.link import LinkedTable
    from schemagen.model import Binding, Service, Structure


@dataclass(frozen=True, slots=True)
class Plan:
    """What the tree should be, and what it is.

    ``files`` holds the texts that had to be rendered: all files of stale tables, and the shared
    files when anything is stale. ``new`` and ``old`` are the manifests after and before; ``found``
    has the hashes of the files on disk, of both manifests' paths.
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


def build(settings: Settings, *, full: bool = False, jobs: int | None = None) -> Changes:
    """Bring the output folder up to date. Raises `ProblemsFound`; then nothing was written.

    ``full`` renders everything, whatever the manifest says. ``jobs`` is the number of processes
    (default: one for each processor).
    """
    planned = plan(settings, full=full, jobs=jobs)
    return apply(planned)


def apply(planned: Plan) -> Changes:
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


def _refuse_foreign(planned: Plan, files: Iterable[str]) -> None:
    """Never write over a file that schemagen did not write."""
    from schemagen.emit.tree import notice

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


def plan(settings: Settings, *, full: bool = False, jobs: int | None = None) -> Plan:
    """Read all inputs and render what is stale. Raises `ProblemsFound` with every problem."""
    sources = find_sources(settings.docs, settings.root)
    locks = _find_locks(settings)
    old, text = _read_manifest(settings.out)
    inputs = Inputs(
        toolchain=toolchain.fingerprint(),
        settings=_settings_hash(settings),
        api=_sources_hash(source for source in sources if kind_of(source.path) is Kind.API),
        locks=_sources_hash(locks),
    )
    found = disk.digests(settings.out, old.outputs)
    pages = {source.path: source for source in sources if kind_of(source.path) is not Kind.API}
    same = replace(old.inputs, locks="") == replace(inputs, locks="") and not full
    hashes = {path: digest(source.data) for path, source in pages.items()}
    fresh = {
        name: entry
        for name, entry in old.tables.items()
        if same
        and hashes.get(entry.page) == entry.page_hash
        and all(found.get(path) == value for path, value in entry.outputs.items())
    }
    unchanged = (
        same
        and old.inputs.locks == inputs.locks
        and len(fresh) == len(pages) == len(old.tables)
        and all(found.get(path) == value for path, value in old.shared.items())
    )
    if unchanged:
        return Plan(settings, {}, old, old, found, text)
    files, new = _render_stale(settings, sources, locks, inputs, hashes, fresh, jobs)
    missing = [path for path in files if path not in found]
    found = {**found, **disk.digests(settings.out, missing)}
    return Plan(settings, files, new, old, found, text)


def _render_stale(
    settings: Settings,
    sources: Iterable[Source],
    locks: Iterable[Source],
    inputs: Inputs,
    hashes: Mapping[str, str],
    fresh: Mapping[str, TableEntry],
    jobs: int | None,
) -> tuple[dict[str, str], Manifest]:
    """Render every table that is not fresh, and what tables share."""
    # Imported here: a build with nothing to do needs neither parsers nor emitters.
    from schemagen import render
    from schemagen.emit import package

    catalog, services, binding_hashes, fresh = _read_stale(settings, sources, locks, fresh)
    modules = render.structure_modules(catalog.structures)
    rendered = _render_tables(catalog.tables, settings, modules, jobs)
    entries = dict(fresh)
    files: dict[str, str] = {}
    for table, texts in zip(catalog.tables, rendered, strict=True):
        files.update(texts)
        entries[table.table.id] = TableEntry(
            facts=facts(table),
            page=table.table.origin.path,
            page_hash=hashes[table.table.origin.path],
            binding_hash=binding_hashes.get(table.table.id, ""),
            outputs={path: digest(text.encode()) for path, text in texts.items()},
        )
    _refuse_collisions(entries.values())
    shared = render.render_shared(
        [entry.facts for entry in entries.values()], catalog.structures, services, settings
    )
    paths = [*shared, *(path for entry in entries.values() for path in entry.outputs)]
    shared.update(package.init_modules(paths))
    files.update(shared)
    new = Manifest(
        inputs=inputs,
        shared={path: digest(text.encode()) for path, text in shared.items()},
        tables=entries,
    )
    return files, new


def _find_locks(settings: Settings) -> tuple[Source, ...]:
    """The files of the lock. A project without bindings has none."""
    sources: list[Source] = []
    problems: list[Problem] = []
    for path in sorted(settings.bindings.rglob("*.json")):
        name = settings.display(path)
        try:
            sources.append(Source(name, path.read_bytes()))
        except OSError as error:
            problems.append(Problem(name, 1, 1, "SG101", error.strerror or str(error)))
    if problems:
        raise ProblemsFound(problems)
    return tuple(sources)


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
        settings.package_version,
        settings.types,
    )
    return digest(repr(parts).encode())


def _sources_hash(sources: Iterable[Source]) -> str:
    parts = [part for source in sources for part in (source.path.encode(), source.data)]
    return digest(*parts)
