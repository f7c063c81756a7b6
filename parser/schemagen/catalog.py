"""The linked catalogue: pages, types and bindings put together, every name and type settled.

`link` makes it. Emitters read it and decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from keyword import iskeyword
from typing import Literal

from schemagen.model.bindings import Binding, Listing
from schemagen.model.origin import Origin
from schemagen.model.pages import Column, Parameter, Structure, Table
from schemagen.model.recorded import RecordedService
from schemagen.model.shapes import Shape, structure_names
from schemagen.model.table_facts import StructureKey, TableFacts
from schemagen.names import snake_case
from schemagen.resolved_types import Resolved
from schemagen.runtime import convert
from schemagen.runtime.calls import Call, CallRules, TableCalls

PARAMETERS = "Parameters"
"""What the name of the model of a table function's parameters ends with."""

Structures = Mapping[StructureKey, Structure]


ShapeSource = Literal["page", "record"]
"""Where the shape of a column comes from: an API page, or the lock's record of botocore's model."""


@dataclass(frozen=True, slots=True)
class ShapeCandidate:
    """What one source says that a column holds. ``service`` is that of its structures.

    ``origin`` is that of the documentation, and ``key_path`` leads to the recorded member in the lock
    file of ``service``. ``ignored`` marks a page where the settings choose the record. ``narrows`` says
    whether the shape says more than the column's type does.
    """

    source: ShapeSource
    service: str
    shape: Shape
    origin: Origin
    key_path: tuple[str, ...] = ()
    ignored: bool = False
    narrows: bool = False

    @property
    def is_usable(self) -> bool:
        return self.narrows and not self.ignored


def chosen_shape(shapes: Iterable[ShapeCandidate]) -> ShapeCandidate | None:
    """Return the first shape that says more about a json column, or an array of json, than its type does;
    None if none does."""
    return next((shape for shape in shapes if shape.is_usable), None)


@dataclass(frozen=True, slots=True)
class LinkedColumn:
    """A column with its type. ``shapes`` are what API pages and the lock's record say that it holds,
    in the order of precedence.

    ``column.values`` combines the documented values with the recorded ones. ``field`` is the Python
    attribute; ``names`` maps notations to unquoted identifiers, ``types`` to spelled types.
    """

    column: Column
    type: Resolved
    shapes: tuple[ShapeCandidate, ...]
    field: str
    names: Mapping[str, str]
    types: Mapping[str, str]

    @property
    def shape(self) -> Shape | None:
        """The shape that is chosen; None is any JSON."""
        chosen = chosen_shape(self.shapes)
        return chosen.shape if chosen else None

    @property
    def service(self) -> str:
        """The service of the structures of ``shape``; "" without one."""
        chosen = chosen_shape(self.shapes)
        return chosen.service if chosen else ""


@dataclass(frozen=True, slots=True)
class Relation:
    """The unquoted names of a table and its schema in a notation."""

    schema: str
    name: str


@dataclass(frozen=True, slots=True)
class LinkedParameter:
    """A parameter of a table function with its type; ``field`` is the Python attribute."""

    parameter: Parameter
    type: Resolved
    field: str
    types: Mapping[str, str]


def given_arguments(binding: Binding) -> tuple[tuple[str, str], ...]:
    """Return the keyword arguments of the mapper that are arguments of the primary operation, each with
    the parameter whose argument it takes."""
    parameters = {name for column in binding.derived for name in column.parameters}
    return tuple((_keyword_argument(name), name) for name in sorted(parameters))


_NAMES_IN_MAPPERS = frozenset(vars(convert)) | {
    *("item", "response", "key", "errors", "on_error", "shapes"),
    *("partition", "region", "account_id"),
}


def _keyword_argument(parameter: str) -> str:
    name = snake_case(parameter)
    return f"{name}_" if iskeyword(name) or name in _NAMES_IN_MAPPERS else name


@dataclass(frozen=True, slots=True)
class LinkedTable:
    """A table ready for every emitter.

    ``module`` is the stem of its files, ``class_name`` the name of its model. ``structures`` are the
    structures that its columns reach, sorted by service and name. ``service`` is what the lock
    records for the binding's service. ``relations`` maps notations to the table's names there.
    """

    table: Table
    columns: tuple[LinkedColumn, ...]
    parameters: tuple[LinkedParameter, ...]
    module: str
    class_name: str
    structures: tuple[Structure, ...]
    binding: Binding | None
    service: RecordedService | None
    relations: Mapping[str, Relation]

    @property
    def parameters_class(self) -> str:
        """The name of the model of the table function's parameters."""
        return self.class_name + PARAMETERS

    @property
    def calls(self) -> TableCalls | None:
        """The calls that fill the table; None if its lock does not tell how they are made."""
        binding, rules = self.binding, dict(self.service.calls) if self.service else {}
        if binding is None or not rules:
            return None
        above: Listing | None = None
        listings: list[Call] = []
        for listing in binding.listings:
            listings.append(
                Call(
                    listing.operation,
                    listing.path,
                    above.arguments if above else (),
                    above.shared if above else (),
                    listing.values,
                    rules=rules.get(listing.operation, CallRules()),
                )
            )
            above = listing
        primary = Call(
            binding.operation,
            binding.path,
            above.arguments if above else (),
            above.shared if above else (),
            binding.values,
            binding.constants,
            rules.get(binding.operation, CallRules()),
            given=given_arguments(binding),
        )
        enrichments = tuple(
            Call(
                enrichment.operation,
                enrichment.path,
                enrichment.arguments,
                values=enrichment.values,
                constants=enrichment.constants,
                rules=rules.get(enrichment.operation, CallRules()),
                columns=tuple(
                    column.column
                    for column in binding.columns
                    if column.operation == enrichment.operation
                ),
            )
            for enrichment in binding.enrichments
            if enrichment.operation != binding.operation
        )
        return TableCalls(
            binding.table, binding.service, tuple(listings), primary, enrichments, binding.obstacle
        )


def facts(table: LinkedTable) -> TableFacts:
    """Return what the shared files say about ``table``."""
    return TableFacts(
        id=table.table.id,
        module=table.module,
        model=table.class_name,
        key=table.table.key is not None,
        function=bool(table.parameters),
        deprecated=table.table.deprecated is not None,
        service=table.binding.service if table.binding else "",
        structures=tuple((structure.service, structure.name) for structure in table.structures),
    )


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A member that an API page and the lock's record type so that no value satisfies both.

    ``structure`` and ``member`` are the names that a setting chooses by. ``origin`` is the member's
    on the page; ``key_path`` leads to the recorded one in the lock file of ``service``.
    """

    structure: StructureKey
    member: str
    page: str
    record: str
    origin: Origin
    service: str
    key_path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FailingColumn:
    """A column whose type no value of its member converts to.

    ``column`` is ``table.column``. ``member`` is ``Structure.Member``, or "" for a derived column, and has
    the shape ``recorded``; ``key_path`` leads to it in the lock file of ``service``. ``reason`` says what
    does not fit.
    """

    column: str
    type: Resolved
    member: str
    recorded: str
    service: str
    key_path: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """All tables, sorted by id, and all structures, those that no table reaches too, by (service,
    name): names must not depend on which tables were read. ``classes`` are the names of their models.

    ``services`` are the records that mappers are made from. Nothing may be made from a catalogue
    with ``disagreements`` or ``failing`` columns, whose types a rule of the settings chose. ``misfits`` have
    the type of their page, which has changed since they were bound: their mapper refuses every value.
    """

    tables: tuple[LinkedTable, ...]
    structures: Structures
    classes: Mapping[StructureKey, str]
    services: Mapping[str, RecordedService]
    disagreements: tuple[Disagreement, ...] = ()
    failing: tuple[FailingColumn, ...] = ()
    misfits: tuple[FailingColumn, ...] = ()


def closure(service: str, shape: Shape, structures: Structures) -> dict[StructureKey, Structure]:
    """Return the structures that ``shape`` reaches."""
    reached: dict[StructureKey, Structure] = {}
    waiting = list(structure_names(shape))
    while waiting:
        key = service, waiting.pop()
        if key in reached:
            continue
        structure = reached[key] = structures[key]
        for member in structure.members:
            waiting.extend(structure_names(member.shape))
    return reached
