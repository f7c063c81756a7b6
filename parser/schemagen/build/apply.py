"""Write a `BuildPlan` to the output folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemagen.build import manifest
from schemagen.build.changes import change
from schemagen.build.plan import BuildPlan
from schemagen.diagnostics import Problem, ProblemsFound


@dataclass(frozen=True, slots=True)
class Changes:
    """What a build did: paths relative to the output folder, sorted.

    ``kept`` are files that are no longer produced but were modified by hand, so never deleted.
    ``problems`` are those that a build with ``keep_going`` passed over; ``held`` are the ids of the
    tables that it left as they were, and ``waiting`` those of new tables that it did not build.
    ``recovered`` are messages about what earlier runs that were killed have left.
    """

    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    tables: int = 0
    problems: tuple[Problem, ...] = ()
    held: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.written or self.removed or self.recovered)


def apply(plan: BuildPlan, recovered: tuple[str, ...] = ()) -> Changes:
    """Write what is out of date and remove what is no longer produced.

    ``recovered`` is what `schemagen.build.recovery.recover` returned before the plan was made.

    Raises `ProblemsFound`, before anything has changed, if a file that schemagen did not write is in
    the way, or the folder cannot be written.
    """
    files = plan.out_of_date
    _refuse_foreign_files(plan, files)
    removed = [path for path in plan.orphans if not plan.tree.is_modified(path)]
    kept = [path for path in plan.orphans if plan.tree.is_modified(path)]
    text = manifest.render(plan.manifest)
    if text != plan.tree.manifest_text:
        # Last, so that the next build sees that one that was killed before it is unfinished.
        files[manifest.FILE] = text
    done = bool(files or removed) and change(plan.tree.folder, files, removed, plan.tree.hashes)
    return Changes(
        written=tuple(sorted(files)) if done else (),
        removed=tuple(removed) if done else (),
        kept=tuple(kept),
        tables=len(plan.manifest.tables),
        recovered=recovered,
    )


def _refuse_foreign_files(plan: BuildPlan, paths: Iterable[str]) -> None:
    """Report files that are in the way and that schemagen did not write."""
    problems = [
        Problem(
            plan.settings.display(plan.settings.out / path),
            1,
            1,
            "SG503",
            "this file was not written by schemagen; move it away or choose another output folder",
        )
        for path in paths
        if path in plan.tree.hashes
        and path not in plan.tree.manifest.written
        and _is_foreign((plan.settings.out / path).read_bytes())
    ]
    if problems:
        raise ProblemsFound(problems)


def _is_foreign(content: bytes) -> bool:
    """Return whether a file that no manifest lists was not written by schemagen, whose files are empty
    or contain a mark."""
    from schemagen.emit.paths import OWN_MARKS

    return bool(content) and not any(mark.encode() in content for mark in OWN_MARKS)
