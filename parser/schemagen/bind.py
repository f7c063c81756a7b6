"""`schemagen bind`: compare the lock with the installed botocore, and record it anew.

The only command that needs botocore. A build reads what was recorded here, so a new botocore
changes the output only after this command was run and its change of the lock was reviewed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from schemagen import disk
from schemagen.build import find_locks
from schemagen.config import Settings
from schemagen.errors import Problem, ProblemsFound


@dataclass(frozen=True, slots=True)
class Change:
    """A file of the lock that differs from what botocore says. ``path`` is for people."""

    path: str
    name: str
    text: str
    diff: str


def changes(settings: Settings, tables: Iterable[str] = ()) -> tuple[Change, ...]:
    """The files of the lock that a new record would change; those of ``tables`` only, if any.

    Raises `ProblemsFound` with SG401 and SG402: what the lock names and botocore does not have.
    """
    from schemagen.binding import lock, snapshot

    wanted = set(tables)
    found: list[Change] = []
    problems: list[Problem] = []
    for source in find_locks(settings):
        try:
            old = lock.parse(source.path, source.data)
            if wanted and wanted.isdisjoint(binding.table for binding in old.bindings):
                continue
            new = snapshot.refresh(old)
        except ProblemsFound as error:
            problems.extend(error.problems)
            continue
        if new.text != old.text:
            diff = difflib.unified_diff(
                old.text.splitlines(keepends=True),
                new.text.splitlines(keepends=True),
                f"{source.path} (on disk)",
                f"{source.path} (botocore)",
            )
            name = (settings.root / source.path).relative_to(settings.bindings).as_posix()
            found.append(Change(source.path, name, new.text, "".join(diff)))
    if problems:
        raise ProblemsFound(problems)
    return tuple(found)


def write(settings: Settings, found: Iterable[Change]) -> None:
    """Write the changed files of the lock."""
    texts = {change.name: change.text for change in found}
    disk.write(settings.bindings, texts, (), settings.display)
