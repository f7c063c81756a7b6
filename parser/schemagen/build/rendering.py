"""Step 3 of a build: parse and link what is out of date, render it, and make the new manifest.

The only module of this package that imports parsers and emitters: `plan` imports it when there is
something to render, because that takes longer than a build with nothing to do.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import PurePosixPath

from schemagen.build.disk import digest
from schemagen.build.manifest import InputHashes, Manifest, TableEntry
from schemagen.build.progress import Rendered, Track, untracked
from schemagen.build.reading import BuildInputs
from schemagen.build.selection import select
from schemagen.build.up_to_date import (
    NOTHING_HELD,
    BindingHashes,
    Held,
    UpToDate,
    with_changed_templates,
)
from schemagen.build.workers import MIN_PARTS_PER_JOB, in_order, pool
from schemagen.catalog import Catalog, LinkedTable, facts
from schemagen.diagnostics import Problem, ProblemsFound, during
from schemagen.emit import package
from schemagen.emit.catalog_data import structure_data, structure_name, table_data
from schemagen.emit.parts import Part, part_name
from schemagen.emit.paths import located, owner
from schemagen.emit.render import render_catalog, render_parts, renderer, shared_parts
from schemagen.emit.structure_models import StructureModels, structure_models
from schemagen.inputs import link_all
from schemagen.model.table_facts import TableFacts
from schemagen.runtime import catalog_json
from schemagen.runtime.catalog_json import split_groups, structure_group, table_group
from schemagen.settings.load import Settings
from schemagen.targets.registry import Target


@dataclass(frozen=True, slots=True)
class Rendering:
    """``files`` are the rendered texts: of each table that was out of date, and of shared files.
    ``manifest`` covers the whole tree, with what was up to date."""

    files: Mapping[str, str]
    manifest: Manifest


def render_out_of_date(
    settings: Settings,
    inputs: BuildInputs,
    up_to_date: UpToDate,
    recorded: Manifest,
    catalog_text: str = "",
    held: Held = NOTHING_HELD,
    *,
    jobs: int | None = None,
    track: Track = untracked,
    warm: Executor | None = None,
) -> Rendering:
    """Render everything that is not ``up_to_date``. Raises `ProblemsFound` with every problem of
    pages, locks and overrides. ``warm`` is a process that has imported what takes long to import.

    ``recorded`` is the manifest of the last build, and ``catalog_text`` the catalogue that it wrote:
    it has the tables that are up to date or ``held``. If it is "", all pages are parsed.
    """
    selection = select(settings, inputs, recorded, up_to_date, parse_all=not catalog_text)
    up_to_date = selection.up_to_date
    _, catalog = link_all(
        _without_others(settings, selection.services, held.services),
        selection.parsed,
        selection.locks,
        {*up_to_date.tables, *held.table_ids},
    )

    models = structure_models(catalog)
    linked = {table.table.id for table in catalog.tables}
    all_facts = [entry.facts for id, entry in up_to_date.tables.items() if id not in linked]
    all_facts += [facts(table) for table in catalog.tables]
    kept_tables = {id: entry for id, entry in held.tables.items() if id not in linked}
    shared = located(
        settings.package,
        shared_parts(selection.facts(all_facts), catalog, models, settings.outputs),
    )
    changed_shared = [part for path, part in shared.items() if path not in up_to_date.shared]
    out_of_date = [table for table in catalog.tables if table.table.id not in up_to_date.tables]
    restyled = up_to_date.but_for_templates
    changed = with_changed_templates(settings.outputs, recorded.inputs, inputs.hashes)
    anew = [table for table in out_of_date if table.table.id not in restyled]
    again = [table for table in out_of_date if table.table.id in restyled]
    works = (
        _Work([*anew, *changed_shared], settings, models),
        _Work(again, replace(settings, outputs=changed), models),
    )
    parts = [part for work in works for part in work.parts]

    all_facts += [entry.facts for entry in kept_tables.values()]
    tables = {**up_to_date.tables, **kept_tables}
    table_files: dict[str, str] = {}
    shared_files: dict[str, str] = {}
    texts_of_parts = chain.from_iterable(_render_parts(work, jobs, warm) for work in works)
    rendered = track(texts_of_parts, len(parts))
    for part, texts in zip(parts, rendered, strict=True):
        if isinstance(part, LinkedTable):
            entry = _table_entry(part, texts, inputs, selection.binding_hashes)
            entry = replace(entry, misfits=tuple(_misfits(part, catalog)))
            if before := restyled.get(part.table.id):
                others = _outputs_of_others(before, changed, settings.package)
                entry = replace(entry, outputs={**others, **entry.outputs})
            tables[part.table.id] = entry
            table_files.update(texts)
        else:
            shared_files.update(texts)
    _refuse_collisions(tables.values())

    distribution = package.Distribution(
        settings.package, settings.package_version, settings.outputs
    )
    type_modules = {path: path for path in package.type_modules(settings.types, distribution)}
    same = {
        place: path
        for place, path in located(settings.package, type_modules).items()
        if place in up_to_date.shared
    }
    modules = package.modules(all_facts, settings.types, distribution, same.values())
    modules |= package.catalog_json(
        distribution, *_catalog_groups(settings, all_facts, catalog, catalog_text)
    )
    catalog_files = render_catalog(modules[catalog_json.FILE], settings, models)
    shared_files |= package.project_files(all_facts, distribution, inputs.changelog)
    shared_files |= located(settings.package, modules)
    kept = {path: up_to_date.shared[path] for path in (*shared, *same) if path in up_to_date.shared}
    kept |= selection.shared
    kept |= {path: content for path, content in held.shared.items() if path not in shared_files}
    paths = [
        *shared_files,
        *shared,
        *kept,
        *(path for entry in tables.values() for path in entry.outputs),
    ]
    catalog_files = located(settings.package, catalog_files)
    shared_files.update(package.init_modules([*paths, *catalog_files]))
    written = dict.fromkeys([*paths, *shared_files])
    _refuse_shared_paths([*written, *catalog_files], settings)
    shared_files |= catalog_files
    return Rendering(
        files={**table_files, **shared_files},
        manifest=Manifest(
            inputs=_hashes_with(held, inputs.hashes, recorded.inputs),
            services={**selection.documented, **held.api},
            shared={**kept, **_hashes(shared_files)},
            tables=tables,
        ),
    )


def catalog_text(
    settings: Settings,
    inputs: BuildInputs,
    up_to_date: UpToDate,
    recorded: Manifest,
    catalog_text: str,
) -> str:
    """Render the catalogue that `render_out_of_date` renders, and nothing else."""
    selection = select(settings, inputs, recorded, up_to_date, parse_all=not catalog_text)
    up_to_date = selection.up_to_date
    chosen = _without_others(settings, selection.services, ())
    _, catalog = link_all(chosen, selection.parsed, selection.locks, up_to_date.tables)
    linked = {table.table.id for table in catalog.tables}
    all_facts = [entry.facts for id, entry in up_to_date.tables.items() if id not in linked]
    all_facts += [facts(table) for table in catalog.tables]
    distribution = package.Distribution(settings.package, settings.package_version)
    groups = _catalog_groups(settings, all_facts, catalog, catalog_text)
    return package.catalog_json(distribution, *groups)[catalog_json.FILE]


def _hashes_with(held: Held, now: InputHashes, before: InputHashes) -> InputHashes:
    """Return the hashes to record, with none for unread files that something is held of, so that they
    count as changed. The toolchain, the settings and the templates stay those that the held files were made
    with."""
    if not held.tables and not held.shared:
        return now
    return replace(
        now,
        toolchain=before.toolchain,
        settings=before.settings,
        templates=before.templates,
        api={**now.api, **dict.fromkeys(held.api, "")},
        locks={**now.locks, **dict.fromkeys(held.locks, "")},
    )


def _without_others(
    settings: Settings, services: Collection[str] | None, held: Collection[str]
) -> Settings:
    """Drop the choices between sources of services that are not linked: they were checked before."""
    members = tuple(
        choice
        for choice in settings.members
        if (services is None or choice.service in services) and choice.service not in held
    )
    return replace(settings, members=members)


def _catalog_groups(
    settings: Settings, tables: Iterable[TableFacts], catalog: Catalog, catalog_text: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the catalogue's texts of all ``tables``, and of the structures that they reach.

    They are rendered from ``catalog`` or, for what it does not contain, taken from ``catalog_text``.
    """
    tables = list(tables)
    table_groups, structure_groups = split_groups(catalog_text)
    for table in catalog.tables:
        table_groups[table.table.id] = table_group(table_data(table))
    for key, structure in catalog.structures.items():
        data = structure_data(structure, catalog.classes[key], settings.nested_names)
        structure_groups[structure_name(key)] = structure_group(data)
    reached = {structure_name(key) for table in tables for key in table.structures}
    return (
        {table.id: table_groups[table.id] for table in tables},
        {key: structure_groups[key] for key in reached},
    )


def _table_entry(
    table: LinkedTable, texts: dict[str, str], inputs: BuildInputs, binding_hashes: BindingHashes
) -> TableEntry:
    page = table.table.origin.path
    table_facts = facts(table)
    return TableEntry(
        facts=table_facts,
        page=page,
        page_hash=inputs.page_hashes[page],
        binding_hash=binding_hashes.of(table_facts),
        outputs=_hashes(texts),
    )


def _misfits(table: LinkedTable, catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Yield the columns for which the mapper of a table refuses every value, with the reasons."""
    of = f"{table.table.id}."
    for found in catalog.misfits:
        if found.column.startswith(of):
            yield found.column.removeprefix(of), found.reason


def _outputs_of_others(
    entry: TableEntry, targets: Collection[Target], package: str
) -> dict[str, str]:
    """Return the recorded files of a table that are not those of ``targets``."""
    return {
        path: content
        for path, content in entry.outputs.items()
        if owner(path.removeprefix(f"{package}/"), targets) is None
    }


def _hashes(texts: dict[str, str]) -> dict[str, str]:
    return {path: digest(text.encode()) for path, text in texts.items()}


def _refuse_collisions(entries: Iterable[TableEntry]) -> None:
    """Report tables that would share a file, as ``aws.class`` and ``aws.class_`` would."""
    owners: dict[str, TableEntry] = {}
    problems: list[Problem] = []
    for entry in sorted(entries, key=lambda entry: entry.page):
        for path in entry.outputs:
            first = owners.setdefault(path, entry)
            if first is not entry:
                ids = f"{entry.facts.id} and {first.facts.id} ({first.page})"
                message = f"{ids} would both be written to {path}; move one to another package"
                problems.append(Problem(entry.page, 1, 1, "SG120", message))
                break
    if problems:
        raise ProblemsFound(problems)


def _refuse_shared_paths(paths: Iterable[str], settings: Settings) -> None:
    """Report targets of the settings (SG308) with a file that cannot be beside those of others."""
    if all(target.user_template is None for target in settings.outputs):
        return
    paths = list(paths)
    written = _WrittenPaths.of(paths)
    problems: dict[str, Problem] = {}
    for path in paths:
        target = owner(path.removeprefix(f"{settings.package}/"), settings.outputs)
        if target is None or target.user_template is None or target.name in problems:
            continue
        if fault := written.fault(path):
            message = f"{path}, a file of the target {target.name!r}, {fault}"
            position = target.user_template.position
            problems[target.name] = position.problem(
                "SG308", f"{message}; choose another path", "path"
            )
    if problems:
        raise ProblemsFound(problems.values())


@dataclass(frozen=True, slots=True)
class _WrittenPaths:
    """The paths that a build writes to, in lower case: names that differ only in case are the same on many
    file systems. ``modules`` maps Python modules, without their suffix, to their paths; ``packages`` are
    the folders above modules."""

    counts: Mapping[str, int]
    folders: Collection[str]
    modules: Mapping[str, str]
    packages: Collection[str]

    @classmethod
    def of(cls, paths: Collection[str]) -> _WrittenPaths:
        modules = {path[: -len(_PY)].lower(): path for path in paths if path.lower().endswith(_PY)}
        return cls(
            Counter(path.lower() for path in paths),
            {above for path in paths for above in _above(path)},
            modules,
            {above for name in modules for above in _above(name)},
        )

    def fault(self, path: str) -> str:
        """Say why the file at ``path`` cannot be beside the others; "" if it can."""
        if path.lower() in self.folders:
            return "is a folder of another target"
        if self.counts[path.lower()] > 1:
            return "would also be written by another target"
        if file := next((above for above in _above(path) if above in self.counts), ""):
            return f"is in {path[: len(file)]}, which is a file of another target"
        if not path.lower().endswith(_PY):
            return ""
        # Of a module and a package of the same name, Python imports the package.
        module = path[: -len(_PY)]
        if module.lower() in self.packages:
            return f"would be hidden by the folder {module}"
        if hidden := next((above for above in _above(module) if above in self.modules), ""):
            return f"is in a folder that would hide the module {self.modules[hidden]}"
        return ""


_PY = ".py"


def _above(path: str) -> list[str]:
    """Return the folders above ``path``, in lower case."""
    return [str(folder).lower() for folder in PurePosixPath(path).parents]


FEW_PARTS = 96
"""With fewer, importing what renders models takes longer than rendering everything else."""
CHUNKS_PER_JOB = 16
"""Enough that no process idles for long at the end; the parts of a chunk are rendered together."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What the processes of a build share. A forked process has it already; others get a copy."""

    parts: Sequence[Part]
    settings: Settings
    models: StructureModels

    def render(
        self, chunk: slice, executor: Executor | None = None
    ) -> list[dict[str, str]] | ProblemsFound:
        """Render some of the parts, or return what is wrong with the project's templates."""
        parts = self.parts[chunk]
        names = " to ".join(dict.fromkeys(map(part_name, (*parts[:1], *parts[-1:]))))
        try:
            with during(f"rendering {names}"):
                rendered = render_parts(parts, self.settings, self.models, executor)
        except ProblemsFound as error:
            return error
        return [located(self.settings.package, files) for files in rendered]


def _render_parts(work: _Work, jobs: int | None, warm: Executor | None) -> Rendered:
    """Render all parts in their order, using as many processes as pay off."""
    count = len(work.parts)
    if warm is not None and 0 < count <= FEW_PARTS:
        yield from _without_problems([work.render(slice(count), warm)])
        return
    jobs = min(jobs or os.cpu_count() or 1, count // MIN_PARTS_PER_JOB + 1)
    size = count // (jobs * CHUNKS_PER_JOB) + 1
    chunks = [slice(first, first + size) for first in range(0, count, size)]
    if jobs == 1:
        yield from _without_problems(map(work.render, chunks))
        return
    # A forked process has the emitters already; importing them takes half a second each time.
    for target in work.settings.outputs:
        renderer(target)
    with pool(jobs, _set_work, work) as executor:
        yield from _without_problems(in_order(executor, _render_chunk, chunks))


def _without_problems(
    rendered: Iterable[list[dict[str, str]] | ProblemsFound],
) -> Rendered:
    """Yield what was rendered. Once all is done, raise `ProblemsFound` with one problem for each line of
    a template that failed, whichever tables it failed for."""
    failed: dict[tuple[str, int, int], Problem] = {}
    for chunk in rendered:
        if isinstance(chunk, ProblemsFound):
            for problem in chunk.problems:
                failed.setdefault((problem.path, problem.line, problem.column), problem)
        elif not failed:
            yield from chunk
    if failed:
        raise ProblemsFound(failed.values())


_work: list[_Work] = []
"""In a process of the pool: what it works on."""


def _set_work(work: _Work) -> None:
    _work[:] = [work]


def _render_chunk(chunk: slice) -> list[dict[str, str]] | ProblemsFound:
    return _work[0].render(chunk)
