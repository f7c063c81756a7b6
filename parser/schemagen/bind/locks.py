"""Make the lock files that hold bindings: with the shapes of botocore, and as changes of files on disk."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from schemagen.bind.tables import TableBinder
from schemagen.build import disk
from schemagen.build.changes import change
from schemagen.build.recovery import bindings_folder
from schemagen.diagnostics import Problem, ProblemsFound
from schemagen.model.bindings import PROVIDER
from schemagen.settings.load import Settings
from schemagen.typed_pages import TypedTable

if TYPE_CHECKING:
    from schemagen.lockfile.lock import LockFile


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


LockText = tuple[bool, str | None, Sequence[Problem]]
"""Whether a lock file belongs to the run, its text, None for one without tables, and its problems."""


def lock_text(
    settings: Settings,
    lock: LockFile,
    before: LockFile | None,
    tables: Mapping[str, TypedTable],
    selected: Set[str],
) -> LockText:
    """Refresh the recorded shapes in a lock file, if it has one of the ``selected`` tables, or if none are
    selected.

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
    if selected and selected.isdisjoint(bindings) and not lost and same:
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
        if any(overrides[table]) and table in tables
        for problem in by_hand.column_problems(recorded, overrides[table], tables[table], service)
    ]
    return True, recorded.text, problems


def merged_locks(run: TableBinder, locks: Mapping[str, LockFile]) -> dict[str, LockFile]:
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


def lock_change(
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
