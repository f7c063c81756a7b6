"""Share the work of `schemagen bind` out to processes."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemagen.bind.locks import LockText, lock_text
from schemagen.bind.tables import Found, TableBinder
from schemagen.diagnostics import during
from schemagen.typed_pages import TypedTable

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

    from schemagen.lockfile.lock import LockFile


MIN_TABLES_PER_JOB = 4
"""With fewer, starting a process costs more than it saves."""


@dataclass
class Work:
    """What the processes of a run share. A forked process has it already; others get a copy."""

    run: TableBinder
    tables: Mapping[str, TypedTable]
    locks: Mapping[str, LockFile]
    selected: set[str]

    def bind_group(self, group: Sequence[str]) -> dict[str, Found]:
        """Infer or renew the bindings of tables."""
        found: dict[str, Found] = {}
        for id in group:
            with during(f"binding {id}"):
                self.run.update(self.tables[id])
            found[id] = self.run.take()
        return found

    def record(self, lock: LockFile) -> LockText:
        """Refresh the recorded shapes of a lock file, if the run covers it."""
        with during(f"recording {lock.path}"):
            return lock_text(
                self.run.settings, lock, self.locks.get(lock.path), self.tables, self.selected
            )


@dataclass(frozen=True, slots=True)
class Workers:
    """Does the parts of the work in order, in processes if there is an ``executor``."""

    work: Work
    executor: ProcessPoolExecutor | None

    def bind(self, groups: Sequence[Sequence[str]]) -> Iterator[dict[str, Found]]:
        if self.executor is None:
            return map(self.work.bind_group, groups)
        from schemagen.build.workers import in_order

        return in_order(self.executor, _bind_group, groups)

    def record(self, locks: Sequence[LockFile]) -> Iterator[LockText]:
        if self.executor is None:
            return map(self.work.record, locks)
        from schemagen.build.workers import in_order

        return in_order(self.executor, _record, locks)


@contextmanager
def workers_for(work: Work, ids: Sequence[str], jobs: int | None) -> Generator[Workers]:
    """Provide as many processes as pay off for binding the tables ``ids``."""
    run = work.run
    to_infer = [id for id in ids if run.again or id not in run.locked]
    jobs = min(jobs or os.cpu_count() or 1, len(to_infer) // MIN_TABLES_PER_JOB)
    if jobs < 2:
        yield Workers(work, None)
        return
    # Imported once, before processes are forked.
    from schemagen.build.workers import pool

    with pool(jobs, _set_work, work) as executor:
        yield Workers(work, executor)


_shared: list[Work] = []
"""The work of this process."""


def _set_work(work: Work) -> None:
    _shared[:] = [work]


def _bind_group(group: Sequence[str]) -> dict[str, Found]:
    return _shared[0].bind_group(group)


def _record(lock: LockFile) -> LockText:
    return _shared[0].record(lock)


def groups(ids: Iterable[str]) -> list[list[str]]:
    """Group tables by the first words of their names, which are mostly those of services, so that
    one process reads a service."""
    groups: dict[str, list[str]] = {}
    for id in ids:
        groups.setdefault(id.partition("_")[0], []).append(id)
    return list(groups.values())
