"""`schemagen bind`: infer bindings for tables that have none, apply the overrides of the settings, and
record botocore's shapes anew.

The only command that needs botocore. A build reads what was recorded here, so a new botocore
changes the output only after this command was run and its change of the lock was reviewed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from schemagen.build import disk
from schemagen.diagnostics import Problem, ProblemsFound, UnknownTables
from schemagen.inputs import find_locks, read_locks, read_pages
from schemagen.model.bindings import Binding
from schemagen.model.origin import NOWHERE
from schemagen.model.pages import Table
from schemagen.pages.sources import Kind, find_sources, kind_of
from schemagen.settings import overrides
from schemagen.settings.load import Settings
from schemagen.settings.overrides import ItemOverride, Overrides

if TYPE_CHECKING:
    from schemagen.api_models.cache import Indexes
    from schemagen.inference.infer import ChosenItem, Inference
    from schemagen.lockfile.lock import LockFile

PROVIDER = "aws"
"""The provider whose tables botocore fills."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file of the lock that differs from what botocore and the overrides say.

    ``path`` is for people, ``name`` relative to the folder of the bindings. ``before`` is None where
    the file is new, ``text`` where it goes, because all its tables are bound to other services now.
    """

    path: str
    name: str
    before: str | None
    text: str | None
    diff: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The files of the lock that change, and what stays unbound, with the reason."""

    changes: tuple[Change, ...]
    findings: tuple[Problem, ...] = ()


def bind(
    settings: Settings, tables: Iterable[str] = (), *, again: bool = False, check: bool = False
) -> Outcome:
    """Bring the lock up to date and say what has changed. With ``check``, nothing is written.

    Raises what `changes` raises, and `ProblemsFound` with SG501 and SG502.
    """
    outcome = changes(settings, tables, again=again)
    if outcome.changes and not check:
        write(settings, outcome.changes)
    return outcome


def changes(settings: Settings, tables: Iterable[str] = (), *, again: bool = False) -> Outcome:
    """What would change in the lock; for ``tables`` only, if any.

    Tables of the pages that have no binding get one, and all get their overrides. Columns that are
    new on their page, or that an override bound that is gone, are inferred; those that the page has no
    more are dropped. With ``again``, everything is inferred anew.

    Raises `UnknownTables`, and `ProblemsFound` with the pages' problems, with SG401 and SG402 (what
    the lock names and botocore does not have), and with SG303 and SG304 (what is wrong with an
    override).
    """
    read = read_locks(find_locks(settings), recorded=False)
    locks = {one.path: one for one in read.files}
    old = read.bindings
    pages = {table.id: table for table in _pages(settings)}
    wanted = set(tables)
    if unknown := wanted.difference(old, pages):
        raise UnknownTables(unknown, "no page and no binding has the id")
    if foreign := {name for name in wanted.difference(old) if pages[name].provider != PROVIDER}:
        raise UnknownTables(foreign, f"only tables of {PROVIDER} can be bound, not")
    if problems := [*read.problems, *_unknown(settings.overrides, pages)]:
        raise ProblemsFound(problems)
    work = _Work(settings, old, again)
    for table in pages.values():
        if table.provider == PROVIDER and (not wanted or table.id in wanted):
            work.bind(table)
    changed = _refreshed(work, locks, wanted, pages)
    if work.problems:
        raise ProblemsFound(work.problems)
    return Outcome(
        tuple(
            _change(settings, path, locks.get(path), text)
            for path, text in sorted(changed.items())
            if text != (locks[path].text if path in locks else None)
        ),
        tuple(work.findings),
    )


def write(settings: Settings, found: Iterable[Change]) -> None:
    """Write the changed files of the lock. Each is the old one or the new one, whatever happens;
    SG502 where another run has made something else of one since the changes were found."""
    found = tuple(found)
    texts = {change.name: change.text for change in found if change.text is not None}
    gone = [change.name for change in found if change.text is None]

    def ready() -> None:
        now = disk.digests(settings.bindings, [change.name for change in found])
        message = "was changed while this run read it; run `schemagen bind` again"
        if problems := [
            Problem(change.path, 1, 1, "SG502", message)
            for change in found
            if now.get(change.name) not in (_digest(change.before), _digest(change.text))
        ]:
            raise ProblemsFound(problems)

    disk.write(settings.bindings, texts, gone, settings.display, ready)


def _digest(text: str | None) -> str | None:
    return None if text is None else disk.digest(text.encode())


def _pages(settings: Settings) -> tuple[Table, ...]:
    sources = find_sources(settings.docs, settings.root)
    return read_pages(
        settings, [source for source in sources if kind_of(source.path) is not Kind.API]
    ).tables


def _unknown(by_hand: Overrides, pages: Mapping[str, Table]) -> list[Problem]:
    problems: list[Problem] = []
    for one in by_hand:
        if found := overrides.without_page(one, pages):
            problems.append(found)
        elif pages[one.table].provider != PROVIDER:
            message = f"only tables of {PROVIDER} can be bound, not {one.table}"
            problems.append(one.position.problem("SG304", message, "table"))
    return problems


@dataclass
class _Work:
    """The bindings of a run. ``made`` are those that differ from ``old``, by table."""

    settings: Settings
    old: Mapping[str, Binding]
    again: bool
    made: dict[str, Binding] = field(default_factory=dict[str, Binding])
    problems: list[Problem] = field(default_factory=list[Problem])
    findings: list[Problem] = field(default_factory=list[Problem])

    @cached_property
    def indexes(self) -> Indexes:
        from schemagen.api_models.botocore import BotocoreModels
        from schemagen.api_models.cache import Indexes

        return Indexes(BotocoreModels())

    def bind(self, table: Table) -> None:
        """Settle the binding of ``table``."""
        from schemagen.api_models.botocore import service_api
        from schemagen.inference import by_hand

        mine = self.settings.overrides.of(table.id)
        old = self.old.get(table.id)
        before = len(self.problems)
        if (
            self.again
            or old is None
            or not all(overrides.is_reflected(one, old) for one in mine.items)
        ):
            binding = self.inferred(table, mine)
        else:
            binding = self.kept(table, old, mine)
        if binding is None or len(self.problems) > before:
            return
        if mine.columns and binding.service in self.indexes.services:
            infer_arguments = by_hand.argument_inference(binding, table, self.indexes)
            applied = by_hand.apply(
                binding, mine.columns, infer_arguments, table, service_api(binding.service)
            )
            self.problems += applied.problems
            self.findings += applied.findings
            binding = applied.binding
        if binding != old:
            self.made[table.id] = binding

    def inferred(self, table: Table, mine: Overrides) -> Binding | None:
        """The binding that is inferred for the item that the overrides leave; None, with a problem
        where an override wants one, where there is none."""
        from schemagen.api_models.botocore import service_api
        from schemagen.inference import by_hand
        from schemagen.inference.infer import ChosenItem

        item = next(iter(mine.items), None)
        chosen = ChosenItem(item.service, item.operation, item.path) if item else ChosenItem()
        if item and item.service:
            if item.service not in self.indexes.services:
                message = f"botocore has no service {item.service!r}"
                self.problems.append(item.position.problem("SG303", message, "service"))
                return None
            if wrong := by_hand.item_problem(item, service_api(item.service)):
                self.problems.append(wrong)
                return None
        inference = self.infer(table, chosen, mine)
        if inference.binding is not None:
            return inference.binding
        if item and item.service and item.operation and item.path:
            # Somebody knows better than the evidence.
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
        # To keep a column of it unbound is no wish that a table be bound.
        for one in mine:
            if isinstance(one, ItemOverride) or one.member:
                message = "; ".join(finding.message for finding in inference.findings)
                self.problems.append(one.position.problem("SG304", message))
        return None

    def infer(self, table: Table, chosen: ChosenItem, mine: Overrides) -> Inference:
        """What is inferred. Findings of columns that have an override are nobody's business."""
        from schemagen.inference.infer import infer

        inference = infer(table, self.settings.types, self.indexes, chosen)
        named = {one.column for one in mine.columns}
        lines = {column.origin.line for column in table.columns if column.name in named}
        self.findings += [
            one for one in inference.findings if one.code != "SG404" or one.line not in lines
        ]
        return inference

    def kept(self, table: Table, old: Binding, mine: Overrides) -> Binding:
        """``old`` as the page is now, with columns inferred that are new there, or that only an
        override that is gone can have bound."""
        from schemagen.inference import renewal
        from schemagen.inference.infer import ChosenItem

        old = renewal.on_page(old, table)
        by_hand = {one.column for one in old.columns if one.evidence == "hand"}
        wanted = renewal.unmentioned(old, table) | by_hand
        wanted -= {one.column for one in mine.columns}
        if not wanted or old.service not in self.indexes.services:
            return old
        chosen = ChosenItem(old.service, old.operation, old.path)
        inference = self.infer(table, chosen, mine)
        return renewal.renewed(old, wanted, inference.binding)


def _refreshed(
    work: _Work, locks: Mapping[str, LockFile], wanted: set[str], pages: Mapping[str, Table]
) -> dict[str, str | None]:
    """The texts of the locks that ``wanted`` concerns, by path; None for one that is left empty.
    What botocore lacks is added to the problems."""
    from schemagen.api_models import recording
    from schemagen.api_models.botocore import service_api
    from schemagen.inference import by_hand

    texts: dict[str, str | None] = {}
    for path, one in _merged(work, locks).items():
        here = {binding.table: binding for binding in one.bindings}
        moved = path in locks and any(binding.table not in here for binding in locks[path].bindings)
        if wanted and wanted.isdisjoint(here) and not moved:
            continue
        if not here:
            texts[path] = None if moved else one.text
            continue
        mine = {table: work.settings.overrides.of(table) for table in here}
        override_problems = {
            at: problem
            for table, binding in here.items()
            for at, problem in by_hand.overridden_entries(mine[table], binding)
        }
        try:
            new = recording.refresh(replace(one, override_problems=override_problems))
        except ProblemsFound as error:
            work.problems += error.problems
            continue
        for table in here:
            if any(mine[table]) and table in pages:
                types = work.settings.types
                service = service_api(new.service_name)
                work.problems += by_hand.column_problems(
                    new, mine[table], pages[table], types, service
                )
        texts[path] = new.text
    return texts


def _merged(work: _Work, locks: Mapping[str, LockFile]) -> dict[str, LockFile]:
    """The locks with the bindings that were made, each in the file of its service."""
    from schemagen.lockfile.lock import LockFile
    from schemagen.lockfile.record import Record

    merged = {
        path: replace(
            one,
            bindings=tuple(binding for binding in one.bindings if binding.table not in work.made),
        )
        for path, one in locks.items()
    }
    settings = work.settings
    files = {one.service_name: path for path, one in merged.items()}
    for binding in work.made.values():
        new = settings.bindings / PROVIDER / f"{binding.service}.json"
        path = files.setdefault(binding.service, settings.display(new))
        one = merged.get(path) or LockFile(path, binding.service, (), Record())
        merged[path] = replace(one, bindings=(*one.bindings, binding))
    return merged


def _change(settings: Settings, path: str, old: LockFile | None, text: str | None) -> Change:
    diff = difflib.unified_diff(
        old.text.splitlines(keepends=True) if old else [],
        (text or "").splitlines(keepends=True),
        f"{path} (on disk)",
        f"{path} (botocore)",
    )
    name = (settings.root / path).relative_to(settings.bindings).as_posix()
    return Change(path, name, old.text if old else None, text, "".join(diff))
