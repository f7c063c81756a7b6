"""Pages + type table + bindings -> one `Catalog`, in which every name and type is settled.

Which type a column has, which structure types a json column, what a column is called in Python and
in each SQL dialect, is decided here, once.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from schemagen import names
from schemagen.catalog import (
    PARAMETERS,
    Catalog,
    LinkedColumn,
    LinkedParameter,
    LinkedTable,
    StructureKey,
    Structures,
    closure,
)
from schemagen.diagnostics import Problem, ProblemsFound, shown
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
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef, structure_names
from schemagen.typetable import DIALECTS, Resolved, TypeTable, UnknownType

RECORDED = NOWHERE
"""The origin of what only the lock's record holds, and no page."""


def link(
    pages: Pages,
    types: TypeTable,
    bindings: Iterable[Binding] = (),
    services: Iterable[RecordedService] = (),
) -> Catalog:
    """Settle every name and type. Raises `ProblemsFound` with every data type that is unknown."""
    recorded = {service.name: RecordedResponses(service) for service in services}
    structures = _structures(pages, recorded)
    classes = structure_classes(structures, types)
    by_table = {binding.table: binding for binding in bindings}
    tables: list[LinkedTable] = []
    problems: list[Problem] = []
    for table in sorted(pages.tables, key=lambda table: table.id):
        typed = resolve_types(table, types)
        problems += typed.problems
        if not typed.problems:
            linker = _TableLinker(typed, by_table.get(table.id), pages, structures, recorded)
            tables.append(linker.link(classes, types))
    if problems:
        raise ProblemsFound(problems)
    services_by_name = {name: responses.service for name, responses in recorded.items()}
    return Catalog(tuple(tables), structures, classes, services_by_name)


# --- data types -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TypedTable:
    """A table with the types of its columns and parameters, in their order, and SG118 for those whose
    type is unknown, which are None. Only columns of strings have values."""

    table: Table
    columns: tuple[Resolved | None, ...]
    parameters: tuple[Resolved | None, ...]
    problems: tuple[Problem, ...]


def resolve_types(table: Table, types: TypeTable) -> TypedTable:
    """Resolve every data type of ``table``, the settings' rules included."""
    columns = [_resolved(types, column.type, table.id, column.name) for column in table.columns]
    parameters = [_resolved(types, parameter.type) for parameter in table.parameters]
    written: list[Column | Parameter] = [*table.columns, *table.parameters]
    return TypedTable(
        replace(
            table,
            columns=tuple(
                column if resolved and resolved.is_string else replace(column, values=())
                for column, resolved in zip(table.columns, columns, strict=True)
            ),
        ),
        tuple(columns),
        tuple(parameters),
        tuple(
            _unknown_type(item, types)
            for item, resolved in zip(written, [*columns, *parameters], strict=True)
            if resolved is None
        ),
    )


def _resolved(
    types: TypeTable, expression: str, table: str = "", column: str = ""
) -> Resolved | None:
    try:
        return types.resolve_column(table, column, expression)
    except UnknownType:
        return None


def _unknown_type(item: Column | Parameter, types: TypeTable) -> Problem:
    found = f"unknown data type {shown(item.type)}" if item.type else "no data type"
    message = f"{found}; known are {types.known}"
    return Problem(item.origin.path, item.origin.line, item.type_column, "SG118", message)


# --- tables ---------------------------------------------------------------------------------------


def structure_classes(
    structures: Iterable[StructureKey], types: TypeTable
) -> dict[StructureKey, str]:
    """(service, structure) -> the name of its model, unique in its service."""
    taken: dict[str, set[str]] = {}
    classes: dict[StructureKey, str] = {}
    for service, name in sorted(structures):
        others = taken.setdefault(service, {*names.MODEL_IMPORTS, *types.python_names})
        classes[service, name] = names.model_name(name, others)
        others.add(classes[service, name])
    return classes


def _table_class(table: Table, others: Iterable[str], types: TypeTable) -> str:
    """The name of a table's model. Its module imports types, and the models ``others``."""
    taken = {*names.MODEL_IMPORTS, *types.python_names, *others}
    # The model of its parameters is in the same module.
    beside = {name.removesuffix(PARAMETERS) for name in taken if name.endswith(PARAMETERS)}
    return names.model_name(table.name, taken | beside if table.parameters else taken)


@dataclass(frozen=True, slots=True)
class _ColumnShape:
    """What a column holds, in structures of ``service``."""

    service: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class _TableLinker:
    """One table, and what its columns are linked with."""

    typed: TypedTable
    binding: Binding | None
    pages: Pages
    structures: Structures
    recorded: Mapping[str, RecordedResponses]

    def link(self, classes: Mapping[StructureKey, str], types: TypeTable) -> LinkedTable:
        table = self.typed.table
        fields = names.field_names(column.name for column in table.columns)
        documented = dict(self._documented())
        members = self._recorded_members()
        columns: list[LinkedColumn] = []
        reached: dict[StructureKey, Structure] = {}
        for column, resolved in zip(table.columns, self.typed.columns, strict=True):
            if resolved is None:
                raise AssertionError(f"{table.id}.{column.name} has no type")
            member = members.get(column.name)
            shape = self._shape(resolved, documented.get(column.name), member)
            if shape:
                reached.update(closure(shape.service, shape.shape, self.structures))
            values = united(column.values, member.values) if member else column.values
            columns.append(
                LinkedColumn(
                    column=replace(column, values=values),
                    type=resolved,
                    shape=shape.shape if shape else None,
                    service=shape.service if shape else "",
                    field=fields[column.name],
                    sql_names=_sql_names(column.name),
                )
            )
        responses = self.recorded.get(self.binding.service) if self.binding else None
        return LinkedTable(
            table=table,
            columns=tuple(columns),
            parameters=self._parameters(),
            module=names.module_name(table.name),
            class_name=_table_class(table, {classes[key] for key in reached}, types),
            structures=tuple(reached[key] for key in sorted(reached)),
            binding=self.binding,
            service=responses.service if responses else None,
        )

    def _parameters(self) -> tuple[LinkedParameter, ...]:
        parameters = self.typed.table.parameters
        fields = names.field_names(parameter.name for parameter in parameters)
        return tuple(
            LinkedParameter(parameter, resolved, fields[parameter.name])
            for parameter, resolved in zip(parameters, self.typed.parameters, strict=True)
            if resolved is not None
        )

    def _shape(
        self, type: Resolved, documented: _ColumnShape | None, member: RecordedMember | None
    ) -> _ColumnShape | None:
        """What a column of ``type`` holds: what its API page says, or else its record."""
        if documented and _narrows(type, documented, self.structures):
            return documented
        if member and self.binding:
            recorded = _ColumnShape(self.binding.service, member.shape)
            if _narrows(type, recorded, self.structures):
                return recorded
        return None

    def _recorded_members(self) -> dict[str, RecordedMember]:
        """The recorded members that fill columns, by column."""
        responses = self.recorded.get(self.binding.service) if self.binding else None
        if self.binding is None or responses is None:
            return {}
        return {
            column.column: responses.column_member(self.binding, column)
            for column in self.binding.columns
        }

    # --- what API pages type ---

    def _documented(self) -> Iterator[tuple[str, _ColumnShape]]:
        """Columns that API pages type.

        A page does so in two ways: a structure names the operation's member it is an element of, or
        the operation's own page gives the member's type.
        """
        for structure in self.pages.structures:
            for usage in structure.usages:
                name = self._column_of(structure.service, usage.operation, usage.member)
                if name:
                    ref = StructureRef(structure.name)
                    shape = ListOf(ref) if usage.element else ref
                    yield name, _ColumnShape(structure.service, shape)
        for operation in self.pages.operations:
            for member in operation.response:
                if any(structure_names(member.shape)) and (
                    name := self._column_of(operation.service, operation.name, member.name)
                ):
                    yield name, _ColumnShape(operation.service, member.shape)

    def _column_of(self, service: str, operation: str, member: str) -> str | None:
        """The column that a member of an operation's response fills: the one that is bound to it, or,
        where the operation is named after the table, the only one that is called like it."""
        binding, table = self.binding, self.typed.table
        if binding and service == binding.service:
            for bound in binding.columns:
                if (bound.operation or binding.operation, bound.member) == (operation, member):
                    return bound.column
        if names.reads_table(service, operation, table.name):
            folded = names.folded(member)
            # Two columns that agree with one member would be a coin toss.
            same = [column.name for column in table.columns if names.folded(column.name) == folded]
            return same[0] if len(same) == 1 else None
        return None


def _sql_names(column: str) -> dict[str, str]:
    """The column's identifier in each dialect, unquoted."""
    return {
        dialect.name: names.sql_name(
            column, max_bytes=dialect.max_identifier, reserved=dialect.system_columns
        )
        for dialect in DIALECTS
    }


def _narrows(type: Resolved, found: _ColumnShape, structures: Structures) -> bool:
    """Whether a shape says more about a column than its type does: about json, or the elements of an
    array.

    Only structures do. A json column that a string, a number or a document fills stays any JSON:
    DDSQL calls the column json because there is more in it than the API's type tells, and a policy
    that boto3 returns as text is the same policy when the caller has it decoded.
    """
    if type.element is not None:
        return isinstance(found.shape, ListOf) and _narrows(
            type.element, _ColumnShape(found.service, found.shape.element), structures
        )
    reached = list(structure_names(found.shape))
    return (
        type.is_json
        and bool(reached)
        and all((found.service, name) in structures for name in reached)
    )


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
