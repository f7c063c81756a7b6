"""The intermediate model: what pages say, free of their format and of any target.

Everything is frozen and hashable, and every element that a person can point at on a page keeps its
`Origin`. Types of columns stay DDSQL type expressions (``array<string>``) until the type table
resolves them; types of structure members are `Shape` expressions over the scalars of the type table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A place in an input: path relative to the project's root (forward slashes), line from 1."""

    path: str
    line: int


NOWHERE = Origin("", 0)
"""The origin of what was read from no input."""


# --- types of structure members -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar, by its name in `typetable.SCALARS` ("string", "timestamp", …)."""

    name: str


@dataclass(frozen=True, slots=True)
class StructureRef:
    """A structure of the same service, by its name ("SecondaryStatusTransition")."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf:
    element: Shape


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map with string keys. Its keys are data and are never renamed."""

    value: Shape


Shape = Scalar | StructureRef | ListOf | MapOf


# --- dataset pages --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Value:
    """A documented value of an open enumeration.

    ``deprecated`` marks a value that the documentation calls no longer supported; old rows may
    still hold it. ``wording`` is the piece of the description that the value was read from.
    """

    value: str
    description: str = ""
    deprecated: bool = False
    wording: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One row of a Fields table.

    ``type`` is the DDSQL type expression as written. ``description`` is plain text ("" where the
    page has none). ``title`` is None on pages whose rows lack it.
    """

    name: str
    kind: str
    type: str
    origin: Origin
    title: str | None = None
    description: str = ""
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a polymorphic table function ("Query Parameters")."""

    name: str
    type: str
    required: bool
    description: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Example:
    """One example query: the text of an sql fence."""

    sql: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Table:
    """One dataset page.

    ``source`` is the URL that the page names as its own, or None. ``deprecated`` is the text of the
    page's deprecation alert, or None.
    """

    id: str
    title: str
    description: str
    columns: tuple[Column, ...]
    origin: Origin
    source: str | None = None
    parameters: tuple[Parameter, ...] = ()
    examples: tuple[Example, ...] = ()
    deprecated: str | None = None

    @property
    def documentation(self) -> str:
        """The description, and that the table is deprecated where it is."""
        notice = self.deprecated or ""
        if notice and not notice.lower().startswith("deprecated"):
            notice = f"Deprecated: {notice}"
        return "\n\n".join(part for part in (self.description, notice) if part)

    @property
    def provider(self) -> str:
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        return self.id.partition(".")[2]

    @property
    def key(self) -> str | None:
        """The name of the primary key column: ``_key``, or None where the page has no such column."""
        return KEY if any(column.name == KEY for column in self.columns) else None


KEY = "_key"


# --- API pages ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Constraints:
    """Limits that an API page states for a member. None where it states none.

    Lengths count characters, items count elements; both ends are inclusive.
    """

    min_length: int | None = None
    max_length: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    min_items: int | None = None
    max_items: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a structure, or of an operation's request or response.

    ``required`` is None where the page does not say (response elements never do).
    """

    name: str
    shape: Shape
    origin: Origin
    required: bool | None = None
    description: str = ""
    values: tuple[Value, ...] = ()
    constraints: Constraints = field(default_factory=Constraints)


@dataclass(frozen=True, slots=True)
class Usage:
    """Where a structure says it is used: ``operation``'s member ``member``, as an element or whole."""

    operation: str
    member: str
    element: bool


@dataclass(frozen=True, slots=True)
class Structure:
    service: str
    name: str
    members: tuple[Member, ...]
    origin: Origin
    description: str = ""
    usages: tuple[Usage, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    service: str
    name: str
    request: tuple[Member, ...]
    response: tuple[Member, ...]
    origin: Origin
    description: str = ""


@dataclass(frozen=True, slots=True)
class Pages:
    """Everything that the documentation says, each kind sorted by name.

    ``indexes`` are the API pages that only list other pages.
    """

    tables: tuple[Table, ...] = ()
    structures: tuple[Structure, ...] = ()
    operations: tuple[Operation, ...] = ()
    indexes: tuple[Origin, ...] = ()


# --- bindings -------------------------------------------------------------------------------------

Constant = str | tuple[str, ...]
"""An argument that is the same for every item: a text, or a list of texts."""

Evidence = Literal["name", "documentation", "both", "hand"]
DerivedRule = Literal["arn", "account_from_arn", "arn_format", "account_given"]


@dataclass(frozen=True, slots=True)
class BoundColumn:
    """A column that one member of a response fills.

    ``member`` is the member's name in the operation's item, ``Attributes[QueueArn]`` for the value
    at a key of a member that is a map (see `responses.map_key`), or "@" for the whole item of an auxiliary operation; ``operation`` is None for the primary operation and names an auxiliary one
    otherwise.
    """

    column: str
    member: str
    evidence: Evidence
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class DerivedColumn:
    """A column that a rule computes.

    | rule | value |
    |---|---|
    | arn | ``member`` of the primary item, the resource's own ARN |
    | account_from_arn | the account in the ARN that ``member`` holds |
    | arn_format | the resource's own ARN, built after ``format`` (see `arn_format`); partition, \
region and account are those of the ARN in ``member``, or where that is "" the caller's |
    | account_given | the caller's account |
    """

    column: str
    rule: DerivedRule
    member: str = ""
    format: str = ""


@dataclass(frozen=True, slots=True)
class Auxiliary:
    """An operation whose response adds columns to the primary item.

    ``path`` leads from the response to the item that the columns' members belong to ("@" is the
    response itself); ``arguments`` maps the operation's parameters to members of the primary item,
    ``basename(Id)`` being what stands in the member Id after the last "/", and what begins with
    "arn:" a format that members fill (see `arn_format`), its partition, region and account being
    those that are asked; ``constants`` maps others to what they are for every item of the table.
    """

    operation: str
    path: str
    arguments: tuple[tuple[str, str], ...] = ()
    constants: tuple[tuple[str, Constant], ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """The operation that enumerates what the primary operation is asked for.

    ``path`` leads from its response to the identified elements, structures or strings
    ("TrainingJobSummaries[]"); ``arguments`` maps the primary operation's parameters to members of
    an element, "@" being an element that is a string. ``needs`` are the parameters without which
    the listing itself cannot be called: what its items are part of.
    """

    operation: str
    path: str
    arguments: tuple[tuple[str, str], ...]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """Which response fills which column of one table.

    ``path`` leads from the primary operation's response to the item: "@" for the response itself,
    member names joined by dots otherwise, ``[]`` after a list ("Reservations[].Instances[]").
    ``constants`` are arguments of the primary operation, without which its response lacks members.
    ``unbound`` are the columns for which there is no evidence. ``listing`` is None where the primary
    operation enumerates by itself, or where nothing does.
    """

    table: str
    service: str
    operation: str
    path: str
    columns: tuple[BoundColumn, ...]
    derived: tuple[DerivedColumn, ...]
    auxiliary: tuple[Auxiliary, ...]
    origin: Origin
    unbound: tuple[str, ...] = ()
    listing: Listing | None = None
    constants: tuple[tuple[str, Constant], ...] = ()

    @property
    def filled(self) -> tuple[BoundColumn | DerivedColumn, ...]:
        """The columns that are bound or derived."""
        return (*self.columns, *self.derived)

    def path_of(self, operation: str | None) -> str | None:
        """The path to the item of an auxiliary operation, None being the primary one; None where
        ``operation`` is not among them."""
        if operation is None:
            return self.path
        return next((one.path for one in self.auxiliary if one.operation == operation), None)


@dataclass(frozen=True, slots=True)
class ResponseMember:
    """A member of a recorded botocore structure. ``required`` as botocore's model says.

    ``values`` are botocore's enumeration of the string at the bottom of lists and maps.
    """

    name: str
    shape: Shape
    required: bool
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResponseStructure:
    """A structure of a service's responses, as recorded from botocore's model."""

    name: str
    members: tuple[ResponseMember, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """What the lock records of one service: response structures and each operation's output.

    ``outputs`` are pairs of operation and the name of its output structure, sorted. ``whole`` are
    the operations whose response, as it is, fills a column of some table, sorted.
    """

    name: str
    structures: tuple[ResponseStructure, ...]
    outputs: tuple[tuple[str, str], ...]
    whole: tuple[str, ...] = ()
