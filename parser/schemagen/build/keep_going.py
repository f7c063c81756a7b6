"""Build the tables without problems, and keep the rest as it is: ``schemagen build --keep-going``.

A page or lock file with problems is left out. What the last build made from it, and everything else that
depends on the same service, stays as it is until the problems are corrected; a page that is new has
nothing to keep.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from schemagen.build.apply import Changes, apply
from schemagen.build.manifest import Manifest
from schemagen.build.output_tree import OutputTree
from schemagen.build.plan import plan_of, read_tree
from schemagen.build.progress import Track, untracked
from schemagen.build.reading import read_inputs
from schemagen.build.recovery import recover
from schemagen.build.selection import is_reached
from schemagen.build.up_to_date import Held
from schemagen.diagnostics import Problem, ProblemsFound
from schemagen.files import path_from
from schemagen.pages.sources import Kind, kind_of
from schemagen.settings.load import Settings

DATASET_ENDING = Kind.DATASET.pattern.removeprefix("*")


def build_despite_problems(
    settings: Settings, *, full: bool = False, jobs: int | None = None, track: Track = untracked
) -> Changes:
    """Build without the files that have problems; the result has these problems.

    Raises `ProblemsFound` if there are problems outside pages and lock files, or if nothing is left.
    """
    recovered = recover(settings)
    tree = read_tree(settings, trust_times=not full)
    problems: list[Problem] = []
    failed: set[str] = set()
    while True:
        left_out = _LeftOut.find(settings, tree, failed)
        held = left_out.held
        try:
            inputs = read_inputs(settings, left_out.paths)
            if not inputs.page_hashes and not held.tables:
                raise ProblemsFound([])
            plan = plan_of(settings, inputs, tree, held, full=full, jobs=jobs, track=track)
        except ProblemsFound as error:
            problems += error.problems
            paths = {problem.path for problem in error.problems}
            if failed >= paths or not all(_is_input(settings, path) for path in paths):
                raise ProblemsFound(problems) from None
            failed |= paths
        else:
            return replace(
                apply(plan, recovered),
                problems=ProblemsFound(problems).problems,
                held=tuple(sorted(held.tables.keys() & plan.manifest.tables.keys())),
                waiting=left_out.waiting,
            )


def _is_input(settings: Settings, path: str) -> bool:
    """Return whether ``path``, of a problem, is inside the folder of the pages or of the lock files."""
    folders = (path_from(settings.root, folder) for folder in (settings.docs, settings.bindings))
    return any(folder in PurePosixPath(path).parents for folder in folders)


@dataclass(frozen=True, slots=True)
class _LeftOut:
    """What a build does not read, because of files that have problems: the ``paths`` of these files, and
    of those that depend on them. ``held`` is what was made from them; ``waiting`` are ids of new tables."""

    paths: frozenset[str]
    held: Held
    waiting: tuple[str, ...]

    @classmethod
    def find(cls, settings: Settings, tree: OutputTree, failed: Collection[str]) -> _LeftOut:
        if not failed:
            return cls(frozenset(), Held(), ())
        recorded = tree.manifest
        services = set(_recorded_services(recorded, failed))
        api = {path: service for path, service in recorded.services.items() if service in services}
        locks = {path for path in recorded.inputs.locks if PurePosixPath(path).stem in services}
        failed_ids = _ids_of(failed)
        tables = {
            # Without a hash, so that the page counts as changed.
            table: replace(entry, page_hash="")
            for table, entry in recorded.tables.items()
            if _is_below(entry.page, failed)
            or table in failed_ids  # its page has another name now
            or (is_reached(entry.facts, services) and _exists(settings, entry.page))
        }
        shared = {path: content for path, content in recorded.shared.items() if path in tree.hashes}
        paths = {*failed, *api, *locks, *(entry.page for entry in tables.values())}
        unread = _ids_of(paths)
        documented = {
            PurePosixPath(path).parent.name.lower() for path in failed if kind_of(path) is Kind.API
        }
        held = Held(
            tables,
            shared if tables or services else {},
            api,
            frozenset(locks),
            frozenset(services | documented),
            frozenset(unread),
        )
        return cls(frozenset(paths), held, tuple(sorted(unread - recorded.tables.keys())))


def _ids_of(paths: Collection[str]) -> set[str]:
    """Return the ids of tables that the names of dataset pages suggest."""
    return {
        PurePosixPath(path).name.removesuffix(DATASET_ENDING)
        for path in paths
        if path.endswith(DATASET_ENDING)
    }


def _recorded_services(recorded: Manifest, failed: Collection[str]) -> Iterator[str]:
    """Find the services that the last build read from files that are, or are below, ``failed``."""
    for path, service in recorded.services.items():
        if service and _is_below(path, failed):
            yield service
    for path in recorded.inputs.locks:
        if _is_below(path, failed):
            yield PurePosixPath(path).stem


def _is_below(path: str, paths: Collection[str]) -> bool:
    return path in paths or any(str(parent) in paths for parent in PurePosixPath(path).parents)


def _exists(settings: Settings, page: str) -> bool:
    return os.path.lexists(Path(settings.root, page))
