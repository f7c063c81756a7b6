"""LinkedTable and Structure -> the objects of ``catalog.json``, see `schemagen.runtime.catalog_data`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Literal

from schemagen.catalog import LinkedColumn, LinkedTable
from schemagen.model.bindings import Binding, BoundColumn, DerivedColumn
from schemagen.model.origin import NOWHERE
from schemagen.model.pages import Constraints, DocumentedMember, DocumentedValue, Structure
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef
from schemagen.model.table_facts import StructureKey
from schemagen.names import NestedNames
from schemagen.resolved_types import PAGE_RULE
from schemagen.runtime.calls import TableCalls
from schemagen.runtime.catalog_data import (
    BindingData,
    ColumnData,
    ExampleData,
    FillData,
    MemberData,
    ParameterData,
    ShapeData,
    StructureData,
    TableData,
    ValueData,
)

PYTHON = "python"
"""What the rows of mappers and the fields of models are called among targets."""


def structure_name(key: StructureKey) -> str:
    """Make the key of a structure in the file."""
    service, name = key
    return f"{service}.{name}"


def table_data(table: LinkedTable) -> TableData:
    """Convert a table to data."""
    source = table.table
    return TableData(
        id=source.id,
        title=source.title,
        page=source.origin.path,
        line=source.origin.line,
        module=table.module,
        model=table.class_name,
        description=source.description,
        deprecated=source.deprecated,
        source=source.source,
        key=source.key,
        schemas=_renamed(table, source.provider, "schema"),
        names=_renamed(table, source.name, "name"),
        columns=tuple(_column(column) for column in table.columns),
        parameters=tuple(
            ParameterData(
                name=parameter.parameter.name,
                type=parameter.type.expression,
                line=parameter.parameter.origin.line,
                required=parameter.parameter.required,
                description=parameter.parameter.description,
                names=dict.fromkeys(types, parameter.parameter.name) | {PYTHON: parameter.field},
                types=types,
            )
            for parameter in table.parameters
            for types in [{**parameter.types, PYTHON: parameter.type.row}]
        ),
        examples=tuple(ExampleData(item.sql, item.origin.line) for item in source.examples),
        structures=tuple(structure_name((item.service, item.name)) for item in table.structures),
        binding=_binding(table.binding, table.calls) if table.binding else None,
    )


def _renamed(table: LinkedTable, name: str, part: Literal["schema", "name"]) -> dict[str, str]:
    """Find the notations in which ``part`` of the table's name is not ``name``."""
    found = {notation: getattr(item, part) for notation, item in table.relations.items()}
    return {notation: new for notation, new in found.items() if new != name}


def structure_data(structure: Structure, model: str, nested_names: NestedNames) -> StructureData:
    """Convert a structure to data; ``model`` is its class."""
    keys = nested_names.of([member.name for member in structure.members])
    on_page = structure.origin != NOWHERE
    return StructureData(
        service=structure.service,
        name=structure.name,
        model=model,
        page=structure.origin.path if on_page else None,
        line=structure.origin.line if on_page else None,
        description=structure.description,
        members=tuple(
            _member(member, keys[member.name], structure.service) for member in structure.members
        ),
    )


def _column(column: LinkedColumn) -> ColumnData:
    source = column.column
    return ColumnData(
        name=source.name,
        kind=source.kind,
        type=column.type.expression,
        line=source.origin.line,
        title=source.title,
        description=source.description,
        rule="" if column.type.rule == PAGE_RULE else column.type.rule,
        values=tuple(_values(source.values)),
        shape=_shape(column.shape, column.service) if column.shape else None,
        names={**column.names, PYTHON: column.field},
        types={**column.types, PYTHON: column.type.row},
    )


def _values(values: Iterable[DocumentedValue]) -> Iterator[ValueData]:
    for value in values:
        yield ValueData(value.value, value.description, value.deprecated)


def _shape(shape: Shape, service: str) -> ShapeData:
    match shape:
        case Scalar(name):
            return ShapeData("scalar", name)
        case StructureRef(name):
            return ShapeData("structure", structure_name((service, name)))
        case ListOf(element):
            return ShapeData("list", "", _shape(element, service))
        case MapOf(value):
            return ShapeData("map", "", _shape(value, service))


def _member(member: DocumentedMember, key: str, service: str) -> MemberData:
    return MemberData(
        name=member.name,
        key=key,
        shape=_shape(member.shape, service),
        line=None if member.origin == NOWHERE else member.origin.line,
        required=bool(member.required),
        description=member.description,
        values=tuple(_values(member.values)),
        constraints=_constraints(member.constraints),
    )


def _constraints(constraints: Constraints) -> dict[str, int | float | str]:
    return {name: limit for name, limit in asdict(constraints).items() if limit is not None}


def _binding(binding: Binding, calls: TableCalls | None) -> BindingData:
    return BindingData(
        service=binding.service,
        operation=binding.operation,
        path=binding.path,
        calls=calls,
        columns={filled.column: _fill(filled, binding.operation) for filled in binding.filled},
        unbound=binding.unbound,
    )


def _fill(filled: BoundColumn | DerivedColumn, primary: str) -> FillData:
    match filled:
        case BoundColumn():
            return FillData(filled.operation or primary, filled.member, filled.evidence)
        case DerivedColumn():
            return FillData(
                primary,
                filled.member,
                rule=filled.rule,
                format=filled.format,
                parameters=filled.parameters,
            )
