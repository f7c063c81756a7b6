"""Walk git's history of the catalogue: what became of a table or column, and which commit was released."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
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


def log(settings: Settings, table: str, column: str = "") -> tuple[Entry, ...]:
    """Return the commits that changed a table, or one of its columns or parameters, newest first.

    What was renamed is followed under its former name; the last entry is where the table or column came
    from. Raises `ProblemsFound` with SG603 if there is no history, and `UnknownTables` if no commit has
    the table or column.
    """
    entries: list[Entry] = []
    subject = _Subject(table, column)
    history = catalog_source.commits(settings)
    snapshots = [*(_source(settings, commit) for commit in history[:1]), *[None] * len(history)]
    known = _tables(snapshots[0])
    for number, commit in enumerate(history):
        older = history[number + 1 : number + 2]
        snapshots[number + 1] = _source(settings, older[0]) if older else None
        found = subject.changes(snapshots[number + 1], snapshots[number])
        snapshots[number] = (
            None  # A long history of a large catalogue takes no more memory than two.
        )
        if found:
            entries.append(Entry(commit, tuple(found)))
    if not entries:
        missing, names = (f"{table}.{column}", ()) if column else (table, known)
        raise UnknownTables([missing], "no commit of this branch has", names)
    return tuple(entries)


def split_subject(subject: str) -> tuple[str, str]:
    """Split TABLE or TABLE.COLUMN: the id of a table has one dot."""
    provider, _, rest = subject.partition(".")
    table, _, column = rest.partition(".")
    return f"{provider}.{table}", column


@dataclass
class _Subject:
    """What is followed through the history, from new to old, with the names of the moment."""

    table: str
    column: str

    def changes(self, before: Source | None, after: Source | None) -> list[Difference]:
        """Return what became of the subject between two snapshots, and go on with its former name."""
        was, is_ = self.table in _tables(before), self.table in _tables(after)
        if not was and not is_:
            return []
        if before is None or after is None:
            return self._whole(before, after)
        if was and is_:
            pair = _only(before, self.table), _only(after, self.table)
            found = compare(*pair)
        else:
            found = compare(before, after)
        chosen = [difference for difference in found if self._concerns(difference, before, after)]
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
        table = _only(source, self.table).catalog.tables[self.table]
        columns = {column.name for column in table.columns}
        parameters = {parameter.name for parameter in table.parameters}
        return not self.column or self.column in columns | parameters


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
