"""What the mapper of a table fetches, builds, and calls its variables and types.

`planner` makes a plan of a table and its binding. What renders it only spells it.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemagen.link import LinkedColumn, LinkedTable
from schemagen.model.bindings import Binding, Enrichment, RecordedService, ResponseStructure
from schemagen.model.pages import KEY
from schemagen.model.responses import Step
from schemagen.model.shapes import Shape


@dataclass(frozen=True)
class Response:
    """One operation that fills columns: its types, and the variable that holds its response.

    ``steps`` lead to the item, and ``trail`` are the structures on the way. ``parameter`` is what
    the caller passes. ``auxiliary`` is None for the primary operation. ``own`` is True for an
    auxiliary operation that is the primary one: both items are in one response.
    """

    operation: str
    steps: tuple[Step, ...]
    trail: tuple[ResponseStructure, ...]
    parameter: str
    response_type: str
    item_type: str
    enrichments: Enrichment | None = None
    own: bool = False

    @property
    def item(self) -> ResponseStructure:
        return self.trail[-1]

    @property
    def whole(self) -> bool:
        """True where the response itself is the item."""
        return not self.steps

    @property
    def several(self) -> bool:
        """True where one response may hold several items."""
        return any(step.each for step in self.steps)

    @property
    def item_variable(self) -> str:
        """The variable that holds the item. A caller passes the primary one as it is."""
        return (
            self.parameter if self.whole or self.enrichments is None else f"{self.parameter}_item"
        )


@dataclass(frozen=True)
class Fetched:
    """A member of a response's item, "@" being the item itself, and the variable that holds it.

    ``at`` is the first column that is made of it, for messages. ``absent`` is the Python literal
    that stands for it where the item lacks it, or "". ``map`` is the variable of the map that holds
    it at a key, or "". ``opened`` is True for such a map.
    """

    response: Response
    member: str
    shape: Shape
    variable: str
    at: str
    absent: str
    map: str = ""
    opened: bool = False

    @property
    def is_item(self) -> bool:
        """True where the item's variable already holds it."""
        return self.variable == self.response.item_variable


@dataclass(frozen=True)
class ArnPlace:
    """The place in an ARN that other ARNs are built of: its variable, and the ARN's."""

    variable: str
    arn: str
    at: str


@dataclass(frozen=True)
class BuiltArn:
    """An ARN that is built: the variable that holds it, and what it is built of.

    ``parts`` are pairs of how messages call a value and of its expression; ``literals`` stand around
    them. ``lazy`` is True where only the key needs it.
    """

    variable: str
    at: str
    literals: tuple[str, ...]
    parts: tuple[tuple[str, str], ...]
    lazy: bool


@dataclass(frozen=True)
class ArnAccount:
    """The account in an ARN that is fetched."""

    arn: Fetched


@dataclass(frozen=True)
class GivenAccount:
    """The account that the caller passes, and the parameter that holds it."""

    variable: str


Value = Fetched | BuiltArn | ArnAccount | GivenAccount


@dataclass(frozen=True)
class ColumnPlan:
    """What a column is made of: None where nothing is bound to it. ``at`` names it in messages."""

    column: LinkedColumn
    at: str
    value: Value | None

    @property
    def name(self) -> str:
        return self.column.column.name

    @property
    def is_key(self) -> bool:
        """True for the primary key."""
        return self.name == KEY

    @property
    def shape(self) -> Shape | None:
        """The recorded shape of what fills the column; None where nothing of the response does."""
        return self.value.shape if isinstance(self.value, Fetched) else None

    @property
    def at_key(self) -> bool:
        """True where the value at a key of a map fills the column."""
        return isinstance(self.value, Fetched) and bool(self.value.map)


@dataclass(frozen=True)
class InputType:
    """The type of a structure on the way to an item: the members that are read, and those that lead
    on, with their types. There are no others, so that stubs which are older than the record fit."""

    name: str
    read: tuple[tuple[str, Shape], ...]
    onward: tuple[tuple[Step, str], ...]


@dataclass(frozen=True)
class MapperPlan:
    """What the mapper of a table does.

    ``place`` are the parameters that say where the items are. ``columns`` are all columns of the
    table. Of ``inputs`` each stands before those that refer to it. ``mapped`` are the members of the
    primary item that fill columns, sorted.
    """

    table: LinkedTable
    binding: Binding
    service: RecordedService
    place: tuple[str, ...]
    primary: Response
    enrichments: tuple[Response, ...]
    fetched: tuple[Fetched, ...]
    arn_places: tuple[ArnPlace, ...]
    arns: tuple[BuiltArn, ...]
    columns: tuple[ColumnPlan, ...]
    inputs: tuple[InputType, ...]
    mapped: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.table.table.id

    @property
    def key(self) -> ColumnPlan | None:
        """The primary key, if the table has one."""
        return next((column for column in self.columns if column.is_key), None)

    @property
    def own(self) -> tuple[Response, ...]:
        """The auxiliary items that are in the primary operation's response."""
        return tuple(one for one in self.enrichments if one.own)

    @property
    def asked(self) -> tuple[Response, ...]:
        """The responses of operations that have to be asked besides the primary one."""
        return tuple(one for one in self.enrichments if not one.own)
