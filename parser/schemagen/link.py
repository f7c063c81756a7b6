"""Pages + type table + bindings -> one `Catalog`, in which every name and type is settled.

Emitters read a `Catalog` and decide nothing: which type a column has, which structure types a json
column, what a column is called in Python and in each SQL dialect, is said here once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from schemagen import names
from schemagen.model import (
    Binding,
    Column,
    ListOf,
    MapOf,
    Pages,
    Parameter,
    Scalar,
    Service,
    Shape,
    Structure,
    StructureRef,
    Table,
)
from schemagen.typetable import DIALECTS, Resolved, TypeTable

_PARAMETERS = "Parameters"


@dataclass(frozen=True, slots=True)
class LinkedColumn:
    """A column with its type. ``shape`` is what the API pages say a json column holds, or None.

    ``service`` is the service of its structures ("" without a shape). ``field`` is the Python
    attribute; ``sql_names`` maps dialects to unquoted identifiers.
    """

    column: Column
    type: Resolved
    shape: Shape | None
    service: str
    field: str
    sql_names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LinkedParameter:
    """A parameter of a table function with its type; ``field`` is the Python attribute."""

    parameter: Parameter
    type: Resolved
    field: str


@dataclass(frozen=True, slots=True)
class LinkedTable:
    """A table ready for every emitter.

    ``module`` is the stem of its files, ``class_name`` the name of its model. ``structures`` are the
    API pages' structures that its columns reach, sorted by name. ``service`` is what the lock
    records for the binding's service.
    """

    table: Table
    columns: tuple[LinkedColumn, ...]
    parameters: tuple[LinkedParameter, ...]
    module: str
    class_name: str
    structures: tuple[Structure, ...]
    binding: Binding | None
    service: Service | None

    @property
    def parameters_class(self) -> str:
        """The name of the model of the table function's parameters."""
        return self.class_name + _PARAMETERS


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What the shared files say of a table; the manifest keeps it for tables that are not read.

    ``service`` is the service that the lock binds the table to, or "". ``structures`` are the
    structures of API pages that the table reaches, as (service, name), sorted.
    """

    id: str
    module: str
    model: str
    key: bool
    function: bool
    deprecated: bool
    service: str
    structures: tuple[tuple[str, str], ...]

    @property
    def provider(self) -> str:
        return self.id.partition(".")[0]


def facts(table: LinkedTable) -> TableFacts:
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
class Catalog:
    """All tables, sorted by id, and all structures, by (service, name)."""

    tables: tuple[LinkedTable, ...]
    structures: Mapping[tuple[str, str], Structure]
    services: Mapping[str, Service]


def structure_classes(
    structures: Iterable[tuple[str, str]], types: TypeTable
) -> dict[tuple[str, str], str]:
    """(service, structure) -> the name of its model, unique in its service."""
    taken: dict[str, set[str]] = {}
    classes: dict[tuple[str, str], str] = {}
    for service, name in sorted(structures):
        others = taken.setdefault(service, {*names.MODEL_IMPORTS, *types.python_names})
        classes[service, name] = names.model_name(name, others)
        others.add(classes[service, name])
    return classes


def _table_class(table: Table, others: Iterable[str], types: TypeTable) -> str:
    """The name of a table's model. Its module imports types, and the models ``others``."""
    taken = {*names.MODEL_IMPORTS, *types.python_names, *others}
    # That of its parameters stands beside it.
    beside = {name.removesuffix(_PARAMETERS) for name in taken if name.endswith(_PARAMETERS)}
    return names.model_name(table.name, taken | beside if table.parameters else taken)


def link(
    pages: Pages,
    types: TypeTable,
    bindings: Iterable[Binding] = (),
    services: Iterable[Service] = (),
) -> Catalog:
    """Settle every name and type. Types were checked when the pages were read."""
    by_name = {service.name: service for service in services}
    structures = _structures(pages, by_name)
    classes = structure_classes(structures, types)
    by_table = {binding.table: binding for binding in bindings}
    tables = tuple(
        _link_table(table, types, pages, structures, classes, by_table.get(table.id), by_name)
        for table in sorted(pages.tables, key=lambda table: table.id)
    )
    return Catalog(tables, structures, by_name)


def _link_table(
    table: Table,
    types: TypeTable,
    pages: Pages,
    structures: Mapping[tuple[str, str], Structure],
    classes: Mapping[tuple[str, str], str],
    binding: Binding | None,
    services: Mapping[str, Service],
) -> LinkedTable:
    usages = dict(_usages(table, binding, pages))
    fields = names.field_names(column.name for column in table.columns)
    columns: list[LinkedColumn] = []
    reached: dict[str, Structure] = {}
    for column in table.columns:
        resolved = types.resolve_column(table.id, column.name, column.type)
        service, shape = usages.get(column.name, ("", None))
        if not (shape and resolved.is_json and _exist(service, shape, structures)):
            service, shape = "", None
        else:
            reached.update(closure(service, shape, structures))
        columns.append(
            LinkedColumn(
                column=column,
                type=resolved,
                shape=shape,
                service=service,
                field=fields[column.name],
                sql_names={
                    dialect.name: names.sql_name(
                        column.name,
                        max_bytes=dialect.max_identifier,
                        reserved=dialect.system_columns,
                    )
                    for dialect in DIALECTS
                },
            )
        )
    parameter_fields = names.field_names(parameter.name for parameter in table.parameters)
    return LinkedTable(
        table=table,
        columns=tuple(columns),
        parameters=tuple(
            LinkedParameter(
                parameter, types.resolve(parameter.type), parameter_fields[parameter.name]
            )
            for parameter in table.parameters
        ),
        module=names.module_name(table.name),
        class_name=_table_class(
            table, {classes[one.service, one.name] for one in reached.values()}, types
        ),
        structures=tuple(reached[name] for name in sorted(reached)),
        binding=binding,
        service=services.get(binding.service) if binding else None,
    )


def _structures(pages: Pages, services: Mapping[str, Service]) -> dict[tuple[str, str], Structure]:
    """The structures by (service, name). A member whose structure has no page is any JSON.

    A member is required only where the lock, if it records the structure, requires it as well:
    pages are older than the API, and a row must not be lost to a member that became optional.
    """
    optional = {
        (service.name, structure.name): {
            member.name for member in structure.members if not member.required
        }
        for service in services.values()
        for structure in service.structures
    }
    known = {(item.service, item.name): item for item in pages.structures}

    def settled(service: str, shape: Shape) -> Shape:
        match shape:
            case StructureRef(name):
                return shape if (service, name) in known else Scalar("json")
            case ListOf(element):
                return ListOf(settled(service, element))
            case MapOf(value):
                return MapOf(settled(service, value))
            case Scalar():
                return shape

    return {
        key: replace(
            item,
            members=tuple(
                replace(
                    member,
                    shape=settled(item.service, member.shape),
                    required=member.required and member.name not in optional.get(key, ()),
                )
                for member in item.members
            ),
        )
        for key, item in known.items()
    }


def structure_names(shape: Shape) -> Iterator[str]:
    """The structures that ``shape`` itself names."""
    match shape:
        case StructureRef(name):
            yield name
        case ListOf(inner) | MapOf(inner):
            yield from structure_names(inner)
        case Scalar():
            pass


def closure(
    service: str, shape: Shape, structures: Mapping[tuple[str, str], Structure]
) -> dict[str, Structure]:
    """The structures that ``shape`` reaches, by name."""
    reached: dict[str, Structure] = {}
    waiting = list(structure_names(shape))
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        structure = reached[name] = structures[service, name]
        for member in structure.members:
            waiting.extend(structure_names(member.shape))
    return reached


_READ_VERBS = ("Describe", "Get", "List")


def _usages(
    table: Table, binding: Binding | None, pages: Pages
) -> Iterator[tuple[str, tuple[str, Shape]]]:
    """Columns that API pages type, as (column, (service, shape)).

    A page says so in two ways: a structure names the operation's member it is an element of, or the
    operation's own page gives the member's type. The operation is the table's when the binding says
    so, or when its name without the verb is the table's name without the service: that is how
    DescribeTrainingJob of sagemaker belongs to aws.sagemaker_trainingjob.
    """
    agreeing = Counter(names.folded(column.name) for column in table.columns)
    # Two columns that agree with one member would be a coin toss.
    columns = {
        names.folded(column.name): column.name
        for column in table.columns
        if agreeing[names.folded(column.name)] == 1
    }
    bound = (
        {
            (column.operation or binding.operation, column.member): column.column
            for column in binding.columns
        }
        if binding
        else {}
    )

    def column_of(service: str, operation: str, member: str) -> str | None:
        if binding and service == binding.service and (operation, member) in bound:
            return bound[operation, member]
        if _describes(service, operation, table):
            return columns.get(names.folded(member))
        return None

    for structure in pages.structures:
        for usage in structure.usages:
            if name := column_of(structure.service, usage.operation, usage.member):
                ref = StructureRef(structure.name)
                yield name, (structure.service, ListOf(ref) if usage.element else ref)
    for operation in pages.operations:
        for member in operation.response:
            if next(structure_names(member.shape), None) is None:
                continue
            if name := column_of(operation.service, operation.name, member.name):
                yield name, (operation.service, member.shape)


def _describes(service: str, operation: str, table: Table) -> bool:
    for verb in _READ_VERBS:
        if operation.startswith(verb):
            noun = operation.removeprefix(verb)
            return names.folded(service + noun) == names.folded(table.name)
    return False


def _exist(service: str, shape: Shape, structures: Mapping[tuple[str, str], Structure]) -> bool:
    return all((service, name) in structures for name in structure_names(shape))
