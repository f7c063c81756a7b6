"""`schemagen bind`: infer bindings for tables that have none, and record botocore's shapes anew.

The only command that needs botocore. A build reads what was recorded here, so a new botocore
changes the output only after this command was run and its change of the lock was reviewed.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from schemagen import disk
from schemagen.build import find_locks
from schemagen.config import Settings
from schemagen.errors import Problem, ProblemsFound
from schemagen.model import Auxiliary, Binding, BoundColumn, Table
from schemagen.pages.sources import Kind, find_sources, kind_of

if TYPE_CHECKING:
    from schemagen.binding.lock import Lock

PROVIDER = "aws"
"""The provider whose tables botocore fills."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file of the lock that differs from what botocore says. ``path`` is for people."""

    path: str
    name: str
    text: str
    diff: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The files that change, what could not be inferred, and tables that nobody knows."""

    changes: tuple[Change, ...]
    findings: tuple[Problem, ...] = ()
    unknown: tuple[str, ...] = ()


def changes(settings: Settings, tables: Iterable[str] = (), *, again: bool = False) -> Outcome:
    """What would change in the lock; for ``tables`` only, if any.

    Tables of the pages that have no binding get one. With ``again`` those that have one are
    inferred anew too, but for the columns that somebody bound by hand.

    Raises `ProblemsFound` with the pages' problems, and SG401 and SG402: what the lock names and
    botocore does not have.
    """
    from schemagen.binding import lock, snapshot

    wanted = set(tables)
    problems: list[Problem] = []
    locks: dict[str, Lock] = {}
    for source in find_locks(settings):
        try:
            locks[source.path] = lock.parse(source.path, source.data)
        except ProblemsFound as error:
            problems.extend(error.problems)
    if problems:
        raise ProblemsFound(problems)
    bound = {binding.table: binding for one in locks.values() for binding in one.bindings}
    pages = _pages(settings)
    unknown = wanted.difference(bound, (table.id for table in pages))
    unbound = [
        table
        for table in pages
        if table.provider == PROVIDER
        and (not wanted or table.id in wanted)
        and (again or table.id not in bound)
    ]
    made, findings = _infer(settings, unbound, bound)
    found: list[Change] = []
    for path, old in sorted(_merged(settings, locks, made).items()):
        before = locks[path].text if path in locks else ""
        here = {binding.table for binding in old.bindings}
        if not here or (wanted and wanted.isdisjoint(here)):
            continue
        try:
            new = snapshot.refresh(old)
        except ProblemsFound as error:
            problems.extend(error.problems)
            continue
        if new.text != before:
            diff = difflib.unified_diff(
                before.splitlines(keepends=True),
                new.text.splitlines(keepends=True),
                f"{path} (on disk)",
                f"{path} (botocore)",
            )
            name = (settings.root / path).relative_to(settings.bindings).as_posix()
            found.append(Change(path, name, new.text, "".join(diff)))
    if problems:
        raise ProblemsFound(problems)
    return Outcome(tuple(found), findings, tuple(sorted(unknown)))


def write(settings: Settings, found: Iterable[Change]) -> None:
    """Write the changed files of the lock."""
    texts = {change.name: change.text for change in found}
    disk.write(settings.bindings, texts, (), settings.display)


def _pages(settings: Settings) -> tuple[Table, ...]:
    from schemagen.pages.read import parse_sources

    sources = find_sources(settings.docs, settings.root)
    return parse_sources(
        [source for source in sources if kind_of(source.path) is not Kind.API], settings.types
    ).tables


def _infer(
    settings: Settings, tables: Collection[Table], bound: Mapping[str, Binding]
) -> tuple[tuple[Binding, ...], tuple[Problem, ...]]:
    """The bindings of ``tables``, and what is to be said about them."""
    from schemagen.binding.index import Indexes
    from schemagen.binding.infer import infer

    indexes = Indexes()
    made: list[Binding] = []
    findings: list[Problem] = []
    for table in tables:
        inference = infer(table, settings.types, indexes)
        findings.extend(inference.findings)
        if inference.binding is not None:
            old = bound.get(table.id)
            made.append(_with_overrides(old, inference.binding) if old else inference.binding)
    return tuple(made), tuple(findings)


def _with_overrides(old: Binding, new: Binding) -> Binding:
    """``new`` with the columns that were bound by hand. A hand that bound members of another item
    chose the item too: then the old binding stays."""
    by_hand = {column.column: column for column in old.columns if column.evidence == "hand"}
    if not by_hand:
        return new
    if (old.service, old.operation, old.path) != (new.service, new.operation, new.path):
        return old
    columns: dict[str, BoundColumn] = {column.column: column for column in new.columns}
    columns.update(by_hand)
    known: dict[str, Auxiliary] = {one.operation: one for one in new.auxiliary}
    used = {column.operation for column in by_hand.values()}
    known.update({one.operation: one for one in old.auxiliary if one.operation in used})
    filling = {column.operation for column in columns.values()}
    return replace(
        new,
        columns=tuple(columns.values()),
        derived=tuple(column for column in new.derived if column.column not in by_hand),
        auxiliary=tuple(one for one in known.values() if one.operation in filling),
        unbound=tuple(name for name in new.unbound if name not in by_hand),
    )


def _merged(
    settings: Settings, locks: Mapping[str, Lock], made: Iterable[Binding]
) -> dict[str, Lock]:
    """The locks with the bindings that were made, each in the file of its service."""
    from schemagen.binding.lock import Lock, Record

    new = {binding.table: binding for binding in made}
    merged = {
        path: replace(
            one, bindings=tuple(binding for binding in one.bindings if binding.table not in new)
        )
        for path, one in locks.items()
    }
    for binding in new.values():
        path = settings.display(settings.bindings / PROVIDER / f"{binding.service}.json")
        one = merged.get(path) or Lock(path, binding.service, (), Record())
        merged[path] = replace(one, bindings=(*one.bindings, binding))
    return merged
