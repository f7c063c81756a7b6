"""Define the model of pages, independent of their format and of any target.

Everything is frozen and hashable, and every element that is visible on a page has its `Origin`. Types of
columns are DDSQL type expressions (``array<string>``), which the type table resolves later; types of
structure members are `Shape` expressions over the scalars of the type table.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from schemagen.model.origin import Origin
from schemagen.model.shapes import Shape
from schemagen.runtime.evolve import comments

# --- dataset pages --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DocumentedValue:
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

    ``type`` is the DDSQL type expression as written, and ``type_column`` the position of its cell in
    the line of ``origin``, from 1. ``description`` is plain text ("" where the page has none).
    ``title`` is None on pages whose rows lack it. ``values`` are what the description lists: they are
    values of the column only where its type is a string.
    """

    name: str
    kind: str
    type: str
    origin: Origin
    title: str | None = None
    description: str = ""
    values: tuple[DocumentedValue, ...] = ()
    type_column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a polymorphic table function ("Query Parameters"). ``type`` and
    ``type_column`` are those of `Column`."""

    name: str
    type: str
    required: bool
    description: str
    origin: Origin
    type_column: int = field(default=1, compare=False)


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
        """The description, followed by the deprecation notice, if any."""
        return comments.documentation(self.description, self.deprecated)

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
class DocumentedMember:
    """A member of a structure, or of an operation's request or response.

    ``required`` is None where the page does not say (response elements never do).
    """

    name: str
    shape: Shape
    origin: Origin
    required: bool | None = None
    description: str = ""
    values: tuple[DocumentedValue, ...] = ()
    constraints: Constraints = field(default_factory=Constraints)


@dataclass(frozen=True, slots=True)
class Usage:
    """A use of a structure that its page states: as ``member`` of ``operation``'s response, or as an
    element of it."""

    operation: str
    member: str
    element: bool


@dataclass(frozen=True, slots=True)
class Structure:
    service: str
    name: str
    members: tuple[DocumentedMember, ...]
    origin: Origin
    description: str = ""
    usages: tuple[Usage, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    service: str
    name: str
    request: tuple[DocumentedMember, ...]
    response: tuple[DocumentedMember, ...]
    origin: Origin
    description: str = ""


@dataclass(frozen=True, slots=True)
class Pages:
    """The content of all pages, each kind sorted by name.

    ``indexes`` are the API pages that only list other pages.
    """

    tables: tuple[Table, ...] = ()
    structures: tuple[Structure, ...] = ()
    operations: tuple[Operation, ...] = ()
    indexes: tuple[Origin, ...] = ()
