# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Plan a migration: the steps that lead from the tables of a database to those of a catalogue."""

from __future__ import annotations

from collections.abc import (
    Callable,
    Collection,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TypeVar

from .casting import cast, conversion
from .state import ColumnState, Dialect, States, TableState
from .steps import (
    AddColumn,
    AddKey,
    CastColumn,
    CreateTable,
    DropColumn,
    DropKey,
    DropTable,
    Migration,
    Refusal,
    Relation,
    RenameColumn,
    RenameTable,
    SetComment,
    Step,
    TableChange,
)


@dataclass(frozen=True, slots=True)
class Renames:
    """What kept its values under a new name. ``tables`` maps old ids to new ones, ``columns`` an old
    table's id and a column's old name to its new name."""

    tables: Mapping[str, str] = field(default_factory=dict[str, str])
    columns: Mapping[tuple[str, str], str] = field(
        default_factory=dict[tuple[str, str], str]
    )


def plan(
    old: States,
    new: States,
    dialect: Dialect,
    renames: Renames | None = None,
    allow_loss: Collection[str] = (),
) -> Migration:
    """Plan what leads from ``old`` to ``new``.

    ``allow_loss`` names what may be lost: ``TABLE.COLUMN`` a column, whose values need not survive a
    change of its type, or which may be dropped; ``TABLE`` a table that may be dropped. Names are those
    of the old tables.
    """
    return _Planner(old, new, dialect, renames or Renames(), allow_loss).plan()


def possible_columns(
    table: str, gone: ColumnState, came: Iterable[ColumnState]
) -> tuple[str, ...]:
    """Return what ``--rename`` takes if a column of an old ``table`` is one of those that ``came``: one
    that has its type."""
    return tuple(
        f"{table}.{gone.name}={column.name}"
        for column in came
        if column.type == gone.type
    )


def possible_tables(gone: TableState, came: Iterable[TableState]) -> tuple[str, ...]:
    """Return what ``--rename`` takes if a table is one of those that ``came``: one that has most of its
    columns."""
    columns = {(column.name, column.type) for column in gone.columns}
    return tuple(
        f"{gone.id}={table.id}"
        for table in came
        for common in [
            columns & {(column.name, column.type) for column in table.columns}
        ]
        if 2 * len(common) > max(len(columns), len(table.columns))
    )


class _Planner:
    def __init__(
        self,
        old: States,
        new: States,
        dialect: Dialect,
        renames: Renames,
        allow_loss: Collection[str],
    ) -> None:
        self._old = old
        self._new = new
        self._dialect = dialect
        self._renames = renames
        self._allowed = frozenset(allow_loss)
        self._refusals: list[Refusal] = []

    def plan(self) -> Migration:
        sources = self._sources()
        kept = {table.id for table in sources.values()}
        dropped = [table for id, table in self._old.items() if id not in kept]
        renames = self._table_renames(sources, dropped)
        changes: list[TableChange] = []
        for id, table in self._new.items():
            source = sources.get(id)
            if source is None:
                changes.append(TableChange(id, None, table, (CreateTable(table),)))
            elif change := self._changed(source, table):
                changes.append(change)
        for table in dropped:
            relation = Relation.of(table)
            for step in renames:
                relation = step.new if step.old == relation else relation
            came = [new for id, new in self._new.items() if id not in sources]
            self._refuse_loss(
                table.id,
                "",
                "the table is gone, and its rows would be lost",
                possible_tables(table, came),
            )
            drop = DropTable(relation, table.id)
            changes.append(TableChange(table.id, table, None, destructive=(drop,)))
        return Migration(tuple(changes), renames, tuple(self._refusals))

    # --- tables ----------------------------------------------------------------------------------

    def _sources(self) -> dict[str, TableState]:
        """Find the old table of each new one that has one."""
        renamed = {
            new: old
            for old, new in self._renames.tables.items()
            if old in self._old and new in self._new
        }
        gone = set(renamed.values())
        found: dict[str, TableState] = {}
        for id in self._new:
            if id in renamed:
                found[id] = self._old[renamed[id]]
            elif id in self._old and id not in gone:
                found[id] = self._old[id]
        return found

    def _table_renames(
        self, sources: Mapping[str, TableState], dropped: Sequence[TableState]
    ) -> tuple[RenameTable, ...]:
        """Rename what has another name, and what is in the way of that and of new tables."""
        targets = {Relation.of(table) for table in self._new.values()}
        moves = {
            Relation.of(source): Relation.of(self._new[id])
            for id, source in sources.items()
        }
        aside = [Relation.of(table) for table in dropped]
        occupied = {Relation.of(table) for table in self._old.values()}
        schemas = {item.schema for item in moves} | {item.schema for item in aside}
        free = (
            Relation(schema, f"{_ASIDE}{number}")
            for number in count(1)
            for schema in sorted(schemas)
        )
        return tuple(
            RenameTable(old, new)
            for old, new in _moved(moves, aside, occupied, targets, free)
        )

    def _changed(self, old: TableState, new: TableState) -> TableChange | None:
        """Plan the steps of a table that stays."""
        changed = _Columns(
            self._dialect, self._renames, old, new, self._refuse_loss, self._allowed
        )
        steps = (*changed.steps(), *_table_comment(old, new))
        destructive = changed.destructive
        if not (steps or destructive) and _record(old) == _record(new):
            return None
        renamed = tuple(
            (source.name, name)
            for name, source in changed.sources.items()
            if source.name != name
        )
        return TableChange(new.id, old, new, steps, destructive, renamed)

    def _refuse_loss(
        self, table: str, column: str, message: str, renames: tuple[str, ...] = ()
    ) -> bool:
        """Refuse a loss unless it is allowed. Returns whether it is."""
        option = f"{table}.{column}" if column else table
        if option in self._allowed:
            return True
        self._refusals.append(Refusal(table, column, message, option, renames))
        return False


class _Columns:
    """The steps for the columns of a table, from ``old`` to ``new``. ``sources`` maps the names of new
    columns to the old columns that keep their values."""

    def __init__(
        self,
        dialect: Dialect,
        renames: Renames,
        old: TableState,
        new: TableState,
        allow: Callable[[str, str, str, tuple[str, ...]], bool],
        allowed: Collection[str],
    ) -> None:
        self._dialect = dialect
        self._old, self._new = old, new
        self._relation = Relation.of(new)
        self._allow = allow
        self._allowed = allowed
        self._replaced: list[ColumnState] = []
        self.destructive: tuple[DropColumn, ...] = ()
        renamed = {
            name: before
            for (table, before), name in renames.columns.items()
            if table == old.id and old.column(before) and new.column(name)
        }
        gone = set(renamed.values())
        self.sources: dict[str, ColumnState] = {}
        for column in new.columns:
            before = renamed.get(column.name)
            if before is None and column.name not in gone:
                before = column.name
            source = old.column(before) if before is not None else None
            if source is not None:
                self.sources[column.name] = source

    def steps(self) -> Iterator[Step]:
        casts = list(self._casts())
        kept = {source.name for source in self.sources.values()}
        dropped = [column for column in self._old.columns if column.name not in kept]
        for column in dropped:
            if not any(column is replaced for replaced in self._replaced):
                message = "the column is gone, and its values would be lost"
                came = [
                    new for new in self._new.columns if new.name not in self.sources
                ]
                renames = possible_columns(self._old.id, column, came)
                self._allow(self._old.id, column.name, message, renames)
        stored = {column.stored: column.stored for column in self._old.columns}
        for rename in self._column_renames(dropped):
            yield rename
            stored = {
                name: rename.new if now == rename.old else now
                for name, now in stored.items()
            }
        old_key, new_key = self._old.key_column, self._new.key_column
        same_key = (
            old_key is not None
            and new_key is not None
            and self.sources.get(new_key.name) == old_key
        )
        if old_key is not None and not same_key:
            yield DropKey(self._relation, stored[old_key.stored])
        for column in self._new.columns:
            if column.name not in self.sources:
                yield AddColumn(self._relation, column)
        for change in casts:
            key = stored[old_key.stored] if old_key else None
            yield replace(change, key=key)
        if new_key is not None and not same_key:
            yield AddKey(self._relation, self._new.id, new_key.name, new_key.stored)
        for column in self._new.columns:
            source = self.sources.get(column.name)
            if column.comment != (source.comment if source else ""):
                yield SetComment(self._relation, column.comment, column.stored)
        self.destructive = tuple(
            DropColumn(self._relation, self._new.id, column.name, stored[column.stored])
            for column in dropped
        )

    def _casts(self) -> Iterator[CastColumn]:
        """Cast the columns whose type changes. What cannot be cast is replaced by an empty column."""
        for column in self._new.columns:
            source = self.sources.get(column.name)
            if source is None or (source.type, source.sql) == (column.type, column.sql):
                continue
            change = cast(source.type, column.type)
            found = conversion(
                self._dialect.engine, source.type, column.type, source.sql, column.sql
            )
            message = (
                f"its type changes from {source.type} to {column.type}: {change.why}"
            )
            if found is None:
                if change.loss != "lossy":
                    message = (
                        f"its type changes from {source.type} ({source.sql}) to {column.type} "
                        f"({column.sql}), and there is no conversion in {self._dialect.name}"
                    )
                self._allow(self._old.id, source.name, message, ())
                self._replaced.append(source)
                del self.sources[column.name]
                continue
            lose = f"{self._old.id}.{source.name}" in self._allowed
            if change.loss == "lossy":
                lose = self._allow(self._old.id, source.name, message, ())
            yield CastColumn(
                self._relation,
                self._new.id,
                source,
                column,
                change,
                found,
                lose=lose,
            )

    def _column_renames(self, dropped: Sequence[ColumnState]) -> Iterator[RenameColumn]:
        names = {column.stored: column.name for column in self._old.columns}
        moves = {
            source.stored: column.stored
            for column in self._new.columns
            if (source := self.sources.get(column.name))
        }
        targets = {column.stored for column in self._new.columns}
        free = (f"{_ASIDE}{number}" for number in count(1))
        aside = [column.stored for column in dropped]
        for old, new in _moved(moves, aside, set(names), targets, free):
            name = names[new] = names.pop(old)
            yield RenameColumn(self._relation, name, old, new)


_ASIDE = "ddsql_old_"
"""What the name of a column or table begins with that is moved out of the way."""

N = TypeVar("N", bound=Hashable)


def _moved(
    moves: Mapping[N, N],
    aside: Iterable[N],
    occupied: Collection[N],
    targets: Collection[N],
    free: Iterator[N],
) -> Iterator[tuple[N, N]]:
    """Yield renames, one after the other, that make ``moves`` without two things of one name.

    What is ``aside`` gets a ``free`` name if its own is among the ``targets``; cycles are broken by one.
    """
    taken = {*occupied, *targets}
    names = (name for name in free if name not in taken)
    for name in aside:
        if name in targets:
            yield name, next(names)
    waiting = {old: new for old, new in moves.items() if old != new}
    while waiting:
        ready = [old for old, new in waiting.items() if new not in waiting]
        if ready:
            for old in ready:
                yield old, waiting.pop(old)
        else:
            old, name = next(iter(waiting)), next(names)
            yield old, name
            waiting[name] = waiting.pop(old)


def _table_comment(old: TableState, new: TableState) -> Iterator[SetComment]:
    if old.comment != new.comment:
        yield SetComment(Relation.of(new), new.comment)


def _record(table: TableState) -> tuple[str, Mapping[str, str]]:
    """Return what the ledger of a database records of a table."""
    return table.id, {column.name: column.type for column in table.columns}
