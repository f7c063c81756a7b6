"""Walk git's history of the catalogue: what became of a table or column, and which commit was released."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from itertools import takewhile

from schemagen import catalog_source
from schemagen.catalog_source import GIT, Commit
from schemagen.diagnostics import ProblemsFound, UnknownTables
from schemagen.evolution import groups, sources
from schemagen.evolution.difference import Difference
from schemagen.evolution.differences import compare
from schemagen.evolution.sources import Source
from schemagen.settings.load import Settings


@dataclass(frozen=True, slots=True)
class Entry:
    """A commit that changed a table or column, and how: under the names that these got there."""

    commit: Commit
    differences: tuple[Difference, ...]


# --- tables and columns ---------------------------------------------------------------------------


def log(
    settings: Settings,
    table: str,
    column: str = "",
    pass_over: Callable[[Commit, ProblemsFound], None] = lambda commit, problems: None,
) -> tuple[Entry, ...]:
    """Return the commits that changed a table, or one of its columns or parameters, newest first.

    What was renamed is followed under its former name; the last entry is where the table or column came
    from. A commit whose catalogue cannot be read is given to ``pass_over``, and what it changed belongs to
    the next one. Raises `ProblemsFound` with SG603 if there is no history, and `UnknownTables` if no
    commit has the table or column.
    """
    entries: list[Entry] = []
    subject = _Subject(table, column, pass_over)
    known: Collection[str] | None = None
    after: _Snapshot | None = None
    for commit in catalog_source.commits(settings):
        before = _Snapshot(commit, _source(settings, commit))
        if not subject.is_readable(before):
            continue
        known = _known(before.source, table, column) if known is None else known
        if after and (found := subject.changes(before, after)):
            entries.append(Entry(after.commit, tuple(found)))
        # A long history of a large catalogue takes no more memory than two.
        after = before
    if after and (found := subject.changes(None, after)):
        entries.append(Entry(after.commit, tuple(found)))
    if not entries:
        missing = f"{table}.{column}" if column else table
        raise UnknownTables([missing], "no commit of this branch has", known or ())
    return tuple(entries)


def _known(source: Source | None, table: str, column: str) -> Collection[str]:
    """Return the names that may have been meant: the tables, or the columns of ``table``."""
    tables = _tables(source)
    if not column:
        return tables
    if source is None or table not in tables:
        return ()
    return [f"{table}.{name}" for name in _columns(source, table)]


def split_subject(subject: str) -> tuple[str, str]:
    """Split TABLE or TABLE.COLUMN: the id of a table has one dot."""
    provider, _, rest = subject.partition(".")
    table, _, column = rest.partition(".")
    return f"{provider}.{table}", column


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What a commit left: its catalogue, or None if it removed that."""

    commit: Commit
    source: Source | None


def _unreadable(source: Source) -> ProblemsFound | None:
    """Return why a whole catalogue, whose problems name lines, cannot be parsed; None if it can."""
    try:
        source.catalog  # noqa: B018 -- parsed to see whether it can be
    except ProblemsFound as error:
        return error
    return None


@dataclass
class _Subject:
    """What is followed through the history, from new to old, with the names of the moment."""

    table: str
    column: str
    pass_over: Callable[[Commit, ProblemsFound], None]
    passed_over: set[str] = field(default_factory=set[str])

    def is_readable(self, snapshot: _Snapshot) -> bool:
        """Whether the table can be read in a snapshot that has it."""
        source = snapshot.source
        if source is None:
            return True
        if source.groups is not None and self.table not in source.groups.tables:
            return True
        try:
            _only(source, self.table).catalog  # noqa: B018 -- parsed to see whether it can be
        except ProblemsFound as error:
            self._report(snapshot.commit, _unreadable(source) or error)
            return False
        return True

    def _report(self, commit: Commit, error: ProblemsFound) -> None:
        """Pass over a commit, once."""
        if commit.id not in self.passed_over:
            self.passed_over.add(commit.id)
            self.pass_over(commit, error)

    def changes(self, before: _Snapshot | None, after: _Snapshot) -> list[Difference]:
        """Return what became of the subject between two snapshots, and go on with its former name."""
        old, new = before.source if before else None, after.source
        was, is_ = self.table in _tables(old), self.table in _tables(new)
        if not was and not is_:
            return []
        if old is None or new is None:
            return self._whole(old, new)
        if was and is_:
            old, new = _only(old, self.table), _only(new, self.table)
        try:
            found = compare(old, new)
        except ProblemsFound:
            # Another table cannot be read, so a rename cannot be recognized.
            for snapshot in (before, after):
                if snapshot and snapshot.source and (error := _unreadable(snapshot.source)):
                    self._report(snapshot.commit, error)
            return self._whole(old if was else None, new if is_ else None)
        chosen = [difference for difference in found if self._concerns(difference, old, new)]
        for difference in chosen:
            self._go_back(difference)
        return chosen

    def _whole(self, before: Source | None, after: Source | None) -> list[Difference]:
        """Return what became of the subject where the catalogue came or went."""
        rule, source = ("table-added", after) if before is None else ("table-removed", before)
        assert source is not None  # noqa: S101 - one of them has the table
        table = _only(source, self.table).catalog.tables[self.table]
        place = source.table_place(table)
        old, new = (None, place) if before is None else (place, None)
        difference = Difference(rule, self.table, old=old, new=new)
        return [difference] if self._has_column(source) else []

    def _concerns(self, difference: Difference, before: Source, after: Source) -> bool:
        former = difference.values.get("old")
        if difference.rule == "table-renamed":
            if self.table == difference.table:
                return self._has_column(after)
            return self.table == former and self._has_column(before)
        if difference.table != self.table:
            return False
        if difference.rule == "table-added":
            return self._has_column(after)
        if difference.rule == "table-removed":
            return self._has_column(before)
        renamed = difference.rule == "column-renamed" and former == self.column
        return not self.column or difference.column == self.column or renamed

    def _go_back(self, difference: Difference) -> None:
        if difference.rule == "table-renamed":
            self.table = difference.values["old"]
        if difference.rule == "column-renamed" and difference.column == self.column:
            self.column = difference.values["old"]

    def _has_column(self, source: Source) -> bool:
        return not self.column or self.column in _columns(source, self.table)


def _source(settings: Settings, commit: Commit) -> Source | None:
    """Read the catalogue of a commit; None if the commit removed it."""
    try:
        return sources.read(f"{GIT}{commit.id}", settings)
    except ProblemsFound as error:
        if any(problem.code != "SG603" for problem in error.problems):
            raise
        return None


def _tables(source: Source | None) -> Collection[str]:
    if source is None:
        return ()
    return (source.groups or source.catalog).tables


def _only(source: Source, table: str) -> Source:
    """Return the source with no other table, which is decoded in no time."""
    if source.groups is None:
        return source
    text = groups.only(source.groups, (table,)).text
    return replace(source, file=replace(source.file, data=text.encode()))


def _columns(source: Source, id: str) -> set[str]:
    """Return the names of the columns and parameters of a table."""
    table = _only(source, id).catalog.tables[id]
    return {item.name for items in (table.columns, table.parameters) for item in items}


# --- releases -------------------------------------------------------------------------------------


def released(settings: Settings) -> Commit | None:
    """Return the commit that the project's version was released by: the first of the last ones whose
    catalogue has it. None if the last catalogue that was committed has another version.

    Raises `ProblemsFound` with SG603 if there is no history.
    """
    same = takewhile(
        lambda commit: _version(settings, commit) == settings.package_version,
        catalog_source.commits(settings),
    )
    return next(reversed(tuple(same)), None)


def _version(settings: Settings, commit: Commit) -> str:
    """Read the version of the package in a commit; "" if its catalogue has none."""
    source = _source(settings, commit)
    return groups.version(source.file.data) if source else ""
