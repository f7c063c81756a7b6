# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""The catalogue as data: the objects of ``catalog.json``.

They hold everything that pages, types and bindings say about each table, with all names and types
settled. Objects are frozen and compare by value; `catalog_json` writes them and reads them back
equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

from .calls import TableCalls

SCALARS: Final = (
    "string",
    "int64",
    "float64",
    "bool",
    "timestamp",
    "binary",
    "json",
)
"""The names of scalars inside JSON."""

ShapeKind = Literal["scalar", "structure", "list", "map"]


@dataclass(frozen=True, slots=True)
class ShapeData:
    """What a value inside JSON is: a scalar or a structure by its ``name``, or a list or a map (whose
    keys are strings) of ``element``."""

    kind: ShapeKind
    name: str = ""
    element: ShapeData | None = None

    def __str__(self) -> str:
        return self.name if self.element is None else f"{self.kind}<{self.element}>"


@dataclass(frozen=True, slots=True)
class ValueData:
    """A documented value of an open enumeration."""

    value: str
    description: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class ColumnData:
    """A column. ``types`` and ``names`` map each target to the column's type and its name there,
    unquoted.

    ``type`` is the DDSQL type, and ``rule`` the setting that chose it; "" is the page. ``shape`` is
    what a json column, or an array of json, holds; None is any JSON. ``line`` is the one of the
    table's page.
    """

    name: str
    kind: str
    type: str
    line: int
    title: str | None = None
    description: str = ""
    rule: str = ""
    values: tuple[ValueData, ...] = ()
    shape: ShapeData | None = None
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    types: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ParameterData:
    """A parameter of a table function. ``types`` and ``names`` are those of `ColumnData`."""

    name: str
    type: str
    line: int
    required: bool = False
    description: str = ""
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    types: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ExampleData:
    """An example query of the page."""

    sql: str
    line: int


@dataclass(frozen=True, slots=True)
class FillData:
    """What fills a column: ``member`` of the item of ``operation``, with the ``evidence`` for it, or,
    where ``rule`` is not "", the rule that computes it from ``member``, by ``format``, or from the
    arguments of ``parameters``.
    """

    operation: str
    member: str = ""
    evidence: str = ""
    rule: str = ""
    format: str = ""
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BindingData:
    """Which response fills which column. ``path`` leads from the response of the primary
    ``operation`` to the item of a row; ``unbound`` are the columns that no member fills. ``calls``
    are the calls to make, or None if the lock file of the service does not record how.
    """

    service: str
    operation: str
    path: str
    calls: TableCalls | None = None
    columns: Mapping[str, FillData] = field(default_factory=dict[str, FillData])
    unbound: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableData:
    """A table. ``module`` is the stem of its files and ``model`` the class of a row.

    ``key`` is the name of the primary key column, or None. ``deprecated`` is the page's notice.
    ``page`` and ``line`` are where the table is documented, ``source`` the URL that the page names.
    ``structures`` are those that its columns reach, as keys of `CatalogData.structures`. ``schemas`` and
    ``names`` hold what its schema and the table are called in targets that do not accept the provider
    and the table's own name.
    """

    id: str
    title: str
    page: str
    line: int
    module: str
    model: str
    description: str = ""
    deprecated: str | None = None
    source: str | None = None
    key: str | None = None
    columns: tuple[ColumnData, ...] = ()
    parameters: tuple[ParameterData, ...] = ()
    examples: tuple[ExampleData, ...] = ()
    structures: tuple[str, ...] = ()
    binding: BindingData | None = None
    schemas: Mapping[str, str] = field(default_factory=dict[str, str])
    names: Mapping[str, str] = field(default_factory=dict[str, str])

    def schema_in(self, target: str) -> str:
        """Return the name of the table's schema in ``target``, unquoted."""
        return self.schemas.get(target, self.provider)

    def name_in(self, target: str) -> str:
        """Return the table's name in ``target``, unquoted."""
        return self.names.get(target, self.name)

    @property
    def provider(self) -> str:
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        return self.id.partition(".")[2]


@dataclass(frozen=True, slots=True)
class MemberData:
    """A member of a structure: ``name`` in the API, ``key`` in rows. ``line`` is that of the
    structure's page, or None where only the lock has the member. ``constraints`` are the limits that
    the page states, by name."""

    name: str
    key: str
    shape: ShapeData
    line: int | None = None
    required: bool = False
    description: str = ""
    values: tuple[ValueData, ...] = ()
    constraints: Mapping[str, int | float | str] = field(
        default_factory=dict[str, int | float | str]
    )


@dataclass(frozen=True, slots=True)
class StructureData:
    """A structure of a service; ``model`` is its class. ``page`` and ``line`` are None where only the
    lock has it."""

    service: str
    name: str
    model: str
    page: str | None = None
    line: int | None = None
    description: str = ""
    members: tuple[MemberData, ...] = ()


@dataclass(frozen=True)
class CatalogData:
    """All tables by id and all structures by ``service.Name``, both sorted. ``package`` and
    ``version`` are those of the generated package."""

    package: str
    version: str
    tables: Mapping[str, TableData]
    structures: Mapping[str, StructureData]

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """The targets that types are spelled in, sorted."""
        return tuple(
            sorted(
                {
                    target
                    for table in self.tables.values()
                    for column in table.columns
                    for target in column.types
                }
            )
        )
