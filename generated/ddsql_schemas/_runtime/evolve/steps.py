# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Define the steps of a migration, independent of the engine that takes them.

The statements of an engine are made of steps by its module, such as `evolve.postgres`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .conversions import Cast, Conversion
from .state import ColumnState, TableState


@dataclass(frozen=True, slots=True)
class Relation:
    """A table by its names in the database, unquoted."""

    schema: str
    name: str

    @classmethod
    def of(cls, table: TableState) -> Relation:
        return cls(table.schema, table.name)


@dataclass(frozen=True, slots=True)
class CreateTable:
    """Create a table, its schema, and the extensions that its types need."""

    table: TableState


@dataclass(frozen=True, slots=True)
class RenameTable:
    """Rename a table, or move it to another schema, which may have to be created."""

    old: Relation
    new: Relation


@dataclass(frozen=True, slots=True)
class RenameColumn:
    """Rename a column. ``name`` is the documented name; ``old`` and ``new`` are stored names."""

    relation: Relation
    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class DropKey:
    """Drop the primary key; ``column`` is the stored name of its column, which takes NULLs then."""

    relation: Relation
    column: str


@dataclass(frozen=True, slots=True)
class AddColumn:
    """Add a column without values."""

    relation: Relation
    column: ColumnState


@dataclass(frozen=True, slots=True)
class CastColumn:
    """Change the type of a column, which has the stored name of ``new``, and convert its values.

    ``key`` is the stored name that the old key's column has then: it names a row whose value would be lost.
    With ``lose``, such values become NULL.
    """

    relation: Relation
    table: str
    old: ColumnState
    new: ColumnState
    cast: Cast
    conversion: Conversion
    key: str | None = None
    lose: bool = False


@dataclass(frozen=True, slots=True)
class AddKey:
    """Make a column, a stored name, the primary key. No row may lack its value, and no two have the
    same; ``table`` and ``name`` are its documented names."""

    relation: Relation
    table: str
    name: str
    column: str


@dataclass(frozen=True, slots=True)
class SetComment:
    """Set the comment of a table, or of the ``column`` with a stored name; "" removes it."""

    relation: Relation
    comment: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class DropColumn:
    """Drop a column and its values. ``name`` is the documented name, ``column`` the stored one."""

    relation: Relation
    table: str
    name: str
    column: str


@dataclass(frozen=True, slots=True)
class DropTable:
    """Drop a table and its rows. ``table`` is the documented id."""

    relation: Relation
    table: str


Step = (
    CreateTable
    | RenameTable
    | RenameColumn
    | DropKey
    | AddColumn
    | CastColumn
    | AddKey
    | SetComment
    | DropColumn
    | DropTable
)


@dataclass(frozen=True, slots=True)
class TableChange:
    """What becomes of the table ``id``: ``old`` is None for a new one, and ``new`` for one that is dropped.

    ``steps`` lose nothing and are taken in their order; ``destructive`` ones come after those of all
    tables. ``renamed`` maps documented names of columns to the new ones.
    """

    id: str
    old: TableState | None
    new: TableState | None
    steps: tuple[Step, ...] = ()
    destructive: tuple[Step, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a migration would lose, and was not allowed to. ``column`` is "" for a whole table.

    ``option`` is what to pass to ``--allow-loss``, or "" if nothing helps. ``renames`` are what to pass to
    ``--rename`` if it only has another name now.
    """

    table: str
    column: str
    message: str
    option: str = ""
    renames: tuple[str, ...] = ()

    def __str__(self) -> str:
        at = f"{self.table}.{self.column}" if self.column else self.table
        advice = f"; pass {self.advice}" if self.option else ""
        return f"{at}: {self.message}{advice}"

    @property
    def advice(self) -> str:
        """The options to pass, as one would write them in a shell."""
        return loss_advice(self.option, self.renames)


MAX_RENAMES = 3
"""More names than this are not suggested for what is gone."""


def loss_advice(option: str, renames: Sequence[str]) -> str:
    """Return the options that settle that something is gone: ``--rename`` comes first, for it loses
    nothing."""
    loss = f"--allow-loss {shlex.quote(option)}"
    if not renames:
        return loss
    return f"{rename_advice(renames)} if it was renamed; {loss} drops it"


def rename_advice(renames: Sequence[str]) -> str:
    """Return the options ``--rename`` of which one may be right."""
    shown = [f"--rename {shlex.quote(rename)}" for rename in renames[:MAX_RENAMES]]
    if len(renames) > MAX_RENAMES:
        shown.append(f"the same with one of {len(renames) - MAX_RENAMES} other names")
    return " or ".join(shown)


@dataclass(frozen=True, slots=True)
class Migration:
    """What leads from the old tables to the new ones: ``renames`` of tables, which come first, and
    ``changes``, one for each table that changes.

    With ``refusals``, there is no way without loss, and ``changes`` are incomplete.
    """

    changes: tuple[TableChange, ...]
    renames: tuple[RenameTable, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes or self.renames)

    @property
    def steps(self) -> Iterator[Step]:
        """All steps in their order: the destructive ones are last."""
        yield from self.renames
        for change in self.changes:
            yield from change.steps
        for change in self.changes:
            yield from change.destructive
