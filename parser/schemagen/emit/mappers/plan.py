"""The plan of a mapper: what it fetches and builds, and the names of its variables and types.

`planner` makes the plan from a table and its binding; the other modules only render it.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemagen.catalog import LinkedColumn, LinkedTable
from schemagen.model.bindings import Binding, Enrichment
from schemagen.model.pages import KEY
from schemagen.model.paths import Step
from schemagen.model.recorded import RecordedService, RecordedStructure
from schemagen.model.shapes import Shape
from schemagen.runtime.calls import Pagination


@dataclass(frozen=True)
class Response:
    """The response of one operation that fills columns: its types and its variable.

    ``steps`` lead to the item, and ``trail`` are the structures on the way. ``parameter`` is the
    mapper's argument that takes the response. ``enrichment`` is None for the primary operation.
    ``in_primary`` is True for an enrichment that reads the primary operation's own response.
    """

    operation: str
    steps: tuple[Step, ...]
    trail: tuple[RecordedStructure, ...]
    parameter: str
    response_type: str
    item_type: str
    enrichment: Enrichment | None = None
    in_primary: bool = False

    @property
    def item(self) -> RecordedStructure:
        return self.trail[-1]

    @property
    def whole(self) -> bool:
        """True where the response itself is the item."""
        return not self.steps

    @property
    def several_calls(self) -> bool:
        """True where a column is a list of what several calls return."""
        return self.enrichment is not None and bool(self.enrichment.values)

    @property
    def multiple_items(self) -> bool:
        """True where one response may hold several items."""
        return any(step.each for step in self.steps)

    @property
    def item_variable(self) -> str:
        """The variable that holds the item. Callers pass the primary item itself."""
        return self.parameter if self.whole or self.enrichment is None else f"{self.parameter}_item"


@dataclass(frozen=True)
class OperationPlan:
    """What the mapper checks of an operation's responses, and the constant that holds it.

    ``read`` are the members of the response that lead to what it reads, ``unread`` its other
    members, both sorted. ``pagination`` is None if one response holds everything.
    """

    operation: str
    constant: str
    read: tuple[str, ...]
    unread: tuple[str, ...]
    pagination: Pagination | None


@dataclass(frozen=True)
class Fetched:
    """A member of a response's item, "@" being the item itself, and the variable that holds it.

    ``at`` names the first column that uses it, for messages. ``absent`` is the Python literal to use
    where the item lacks the member, or "". ``map`` is the variable of the map that holds
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
class ArnLocation:
    """Partition, region and account of an ARN, which other ARNs are built from: the variable that
    holds them, and that of the ARN."""

    variable: str
    arn: str
    at: str


@dataclass(frozen=True)
class BuiltArn:
    """An ARN that the mapper builds: its variable and its parts.

    ``parts`` are pairs of a value's name in messages and its expression; ``literals`` are the texts
    around them. ``lazy`` is True where only the key needs the ARN.
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
class Given:
    """What the caller passes: the account, or an argument of the primary operation. ``variable`` is the
    parameter of the mapper that holds it."""

    variable: str


Value = Fetched | BuiltArn | ArnAccount | Given


@dataclass(frozen=True)
class ColumnPlan:
    """The value of a column, None where it is unbound. ``at`` names the column in messages."""

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
        """The recorded shape of the member that fills the column, if one does."""
        return self.value.shape if isinstance(self.value, Fetched) else None

    @property
    def at_key(self) -> bool:
        """True where the column is filled from a key of a map."""
        return isinstance(self.value, Fetched) and bool(self.value.map)


@dataclass(frozen=True)
class InputType:
    """The type of a structure on the path to an item.

    ``read`` are the members that the mapper reads, ``onward`` the steps to inner structures, with
    their types. Other members are left out, so that stubs older than the lock still match.
    """

    name: str
    read: tuple[tuple[str, Shape], ...]
    onward: tuple[tuple[Step, str], ...]


@dataclass(frozen=True)
class MapperPlan:
    """Everything that the module of a mapper is rendered from.

    ``given`` are the parameters for the items' partition, region and account, and for arguments of the
    primary operation. ``columns`` are all columns of the table. Of ``inputs`` each stands before those that
    refer to it. ``mapped`` are the members of the primary item that fill columns, sorted. ``operations``
    are those that are called, the primary one first. ``identifiers`` are members of the item that identify
    it in messages.
    """

    table: LinkedTable
    binding: Binding
    service: RecordedService
    given: tuple[str, ...]
    primary: Response
    enrichments: tuple[Response, ...]
    fetched: tuple[Fetched, ...]
    arn_locations: tuple[ArnLocation, ...]
    arns: tuple[BuiltArn, ...]
    columns: tuple[ColumnPlan, ...]
    inputs: tuple[InputType, ...]
    mapped: tuple[str, ...]
    operations: tuple[OperationPlan, ...]
    identifiers: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.table.table.id

    @property
    def key(self) -> ColumnPlan | None:
        """The primary key, if the table has one."""
        return next((column for column in self.columns if column.is_key), None)

    def operation_of(self, response: Response) -> OperationPlan:
        """Return what is checked of ``response``."""
        return next(found for found in self.operations if found.operation == response.operation)

    @property
    def enrichments_in_primary(self) -> tuple[Response, ...]:
        """The enrichments that read the primary operation's own response."""
        return tuple(response for response in self.enrichments if response.in_primary)

    @property
    def additional_calls(self) -> tuple[Response, ...]:
        """The enrichments that need a call besides the primary operation."""
        return tuple(response for response in self.enrichments if not response.in_primary)
