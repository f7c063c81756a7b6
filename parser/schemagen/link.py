"""Pages + type table + bindings -> one `Catalog`, in which every name and type is settled.

Emitters read a `Catalog` and decide nothing: which type a column has, which structure types a json
column, what a column is called in Python and in each SQL dialect, is said here once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from schemagen import names
from schemagen.model.bindings import Binding
from schemagen.model.origin import NOWHERE
from schemagen.model.pages import (
    Column,
    DocumentedMember,
    DocumentedValue,
    Pages,
    Parameter,
    Structure,
    Table,
)
from schemagen.model.recorded import (
    RecordedMember,
    RecordedResponses,
    RecordedService,
    RecordedStructure,
)
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef
from schemagen.typetable import DIALECTS, Resolved, TypeTable

_PARAMETERS = "Parameters"

RECORDED = NOWHERE
"""The origin of what no page says, but only the lock's record."""


@dataclass(frozen=True, slots=True)
class LinkedColumn:
    """A column with its type. ``shape`` is what API pages or the lock's record say that a json
    column, or an array of json, holds; None where neither does.

    ``service`` is the service of its structures ("" without a shape). The column's values are the
    documented ones and the record's. ``field`` is the Python attribute; ``sql_names`` maps dialects
    to unquoted identifiers.
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
    structures that its columns reach, sorted by service and name. ``service`` is what the lock
    records for the binding's service.
    """

    table: Table
    columns: tuple[LinkedColumn, ...]
    parameters: tuple[LinkedParameter, ...]
    module: str
    class_name: str
    structures: tuple[Structure, ...]
    binding: Binding | None
    service: RecordedService | None

    @property
    def parameters_class(self) -> str:
        """The name of the model of the table function's parameters."""
        return self.class_name + _PARAMETERS


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What the shared files say of a table; the manifest keeps it for tables that are not read.

    ``service`` is the service that the lock binds the table to, or "". ``structures`` are the
    structures that the table reaches, as (service, name), sorted.
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


Structures = Mapping[tuple[str, str], Structure]


@dataclass(frozen=True, slots=True)
class Catalog:
    """All tables, sorted by id, and all structures, those that no table reaches too, by (service,
    name): names must not depend on which tables were read. ``classes`` are the names of their models.
    """

    tables: tuple[LinkedTable, ...]
    structures: Structures
    classes: Mapping[tuple[str, str], str]
    services: Mapping[str, RecordedService]


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
    services: Iterable[RecordedService] = (),
) -> Catalog:
    """Settle every name and type. Types were checked when the pages were read."""
    recorded = {service.name: RecordedResponses(service) for service in services}
    structures = _structures(pages, recorded)
    classes = structure_classes(structures, types)
    by_table = {binding.table: binding for binding in bindings}
    tables = tuple(
        _link_table(table, types, pages, structures, classes, by_table.get(table.id), recorded)
        for table in sorted(pages.tables, key=lambda table: table.id)
    )
    return Catalog(
        tables, structures, classes, {name: one.service for name, one in recorded.items()}
    )


def _link_table(
    table: Table,
    types: TypeTable,
    pages: Pages,
    structures: Structures,
    classes: Mapping[tuple[str, str], str],
    binding: Binding | None,
    recorded: Mapping[str, RecordedResponses],
) -> LinkedTable:
    usages = dict(_usages(table, binding, pages))
    responses = recorded.get(binding.service) if binding else None
    members = (
        {one.column: responses.column_member(binding, one) for one in binding.columns}
        if binding and responses
        else {}
    )
    fields = names.field_names(column.name for column in table.columns)
    columns: list[LinkedColumn] = []
    reached: dict[tuple[str, str], Structure] = {}
    for column in table.columns:
        resolved = types.resolve_column(table.id, column.name, column.type)
        candidates = [usages[column.name]] if column.name in usages else []
        values = column.values
        if binding and (member := members.get(column.name)):
            candidates.append((binding.service, member.shape))
            values = united(values, member.values)
        # The page wins.
        service, shape = next(
            (one for one in candidates if _narrows(resolved, *one, structures)), ("", None)
        )
        if shape:
            reached.update(closure(service, shape, structures))
        columns.append(
            LinkedColumn(
                column=replace(column, values=values),
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
        class_name=_table_class(table, {classes[one] for one in reached}, types),
        structures=tuple(reached[one] for one in sorted(reached)),
        binding=binding,
        service=responses.service if responses else None,
    )


def _narrows(type: Resolved, service: str, shape: Shape, structures: Structures) -> bool:
    """True where ``shape`` says more of a column than its type does: of json, or the elements of an
    array.

    Only structures do. A json column that a string, a number or a document fills stays any JSON:
    DDSQL calls the column json because there is more in it than the API's type tells, and a policy
    that boto3 returns as text is the same policy when the caller has it decoded.
    """
    if type.element is not None:
        return isinstance(shape, ListOf) and _narrows(
            type.element, service, shape.element, structures
        )
    reached = list(structure_names(shape))
    return type.is_json and bool(reached) and all((service, one) in structures for one in reached)


# --- structures -----------------------------------------------------------------------------------


def _structures(
    pages: Pages, recorded: Mapping[str, RecordedResponses]
) -> dict[tuple[str, str], Structure]:
    """The structures by (service, name). Where both a page and the record type one, the page wins,
    down to a member whose structure has no page: that is the record's, or else any JSON.

    No member is required because the record says so: AWS leaves out what its models require, and a
    row must not be lost to that. One that a page requires is required only if the record, where
    there is one, requires it as well: pages are older than the API.
    """
    known = {
        (service, structure.name): _from_record(service, structure)
        for service, responses in recorded.items()
        for structure in responses.service.structures
    }
    documented = {(item.service, item.name): item for item in pages.structures}
    for key, item in documented.items():
        responses = recorded.get(item.service)
        record = responses.structures.get(item.name) if responses else None
        others = {member.name: member for member in record.members} if record else {}
        known[key] = replace(
            item,
            members=tuple(_with_record(member, others.get(member.name)) for member in item.members),
        )
    for key, item in documented.items():
        known[key] = replace(
            known[key],
            members=tuple(
                replace(member, shape=_settled(item.service, member.shape, known))
                for member in known[key].members
            ),
        )
    return known


def _from_record(service: str, structure: RecordedStructure) -> Structure:
    return Structure(
        service,
        structure.name,
        tuple(
            DocumentedMember(member.name, member.shape, RECORDED, values=united((), member.values))
            for member in structure.members
        ),
        RECORDED,
    )


def _with_record(member: DocumentedMember, recorded: RecordedMember | None) -> DocumentedMember:
    """A page's member and what the record adds to it."""
    if recorded is None:
        return member
    return replace(
        member,
        required=member.required and recorded.required,
        values=united(member.values, recorded.values),
    )


def _settled(service: str, shape: Shape, known: Container[tuple[str, str]]) -> Shape:
    """``shape`` with any JSON for each structure that is not known."""
    match shape:
        case StructureRef(name):
            return shape if (service, name) in known else Scalar("json")
        case ListOf(element):
            return ListOf(_settled(service, element, known))
        case MapOf(value):
            return MapOf(_settled(service, value, known))
        case Scalar():
            return shape


def united(
    documented: tuple[DocumentedValue, ...], recorded: Iterable[str]
) -> tuple[DocumentedValue, ...]:
    """The documented values, as the page has them, then those that only the record has."""
    there = {value.value for value in documented}
    return (*documented, *(DocumentedValue(value) for value in recorded if value not in there))


def structure_names(shape: Shape) -> Iterator[str]:
    """The structures that ``shape`` itself names."""
    match shape:
        case StructureRef(name):
            yield name
        case ListOf(inner) | MapOf(inner):
            yield from structure_names(inner)
        case Scalar():
            pass


def closure(service: str, shape: Shape, structures: Structures) -> dict[tuple[str, str], Structure]:
    """The structures that ``shape`` reaches."""
    reached: dict[tuple[str, str], Structure] = {}
    waiting = list(structure_names(shape))
    while waiting:
        key = service, waiting.pop()
        if key in reached:
            continue
        structure = reached[key] = structures[key]
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
