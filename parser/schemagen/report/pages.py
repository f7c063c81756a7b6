"""Format the content of the pages, with its origins, for ``schemagen inspect``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from schemagen.model.origin import Origin
from schemagen.model.pages import (
    Column,
    Constraints,
    DocumentedMember,
    DocumentedValue,
    Operation,
    Pages,
    Parameter,
    Structure,
    Table,
)
from schemagen.model.shapes import shape_text
from schemagen.report.elements import origin_json

# --- for programs ---------------------------------------------------------------------------------


def to_json(pages: Pages) -> dict[str, Any]:
    """Return what ``inspect --format json`` prints. Other programs rely on these names."""
    return {
        "tables": [_table(table) for table in pages.tables],
        "structures": [_structure(structure) for structure in pages.structures],
        "operations": [_operation(operation) for operation in pages.operations],
        "indexes": [origin_json(origin) for origin in pages.indexes],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "id": table.id,
        "title": table.title,
        "description": table.description,
        "source": table.source,
        "key": table.key,
        "columns": [_column(column) for column in table.columns],
        "parameters": [_parameter(parameter) for parameter in table.parameters],
        "examples": [
            {"sql": example.sql, "origin": origin_json(example.origin)}
            for example in table.examples
        ],
        "deprecated": table.deprecated,
        "origin": origin_json(table.origin),
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "title": column.title,
        "kind": column.kind,
        "type": column.type,
        "description": column.description,
        "values": [_value(value) for value in column.values],
        "origin": origin_json(column.origin),
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "type": parameter.type,
        "required": parameter.required,
        "description": parameter.description,
        "origin": origin_json(parameter.origin),
    }


def _structure(structure: Structure) -> dict[str, Any]:
    return {
        "service": structure.service,
        "name": structure.name,
        "description": structure.description,
        "members": [_member(member) for member in structure.members],
        "usages": [
            {"operation": usage.operation, "member": usage.member, "element": usage.element}
            for usage in structure.usages
        ],
        "origin": origin_json(structure.origin),
    }


def _operation(operation: Operation) -> dict[str, Any]:
    return {
        "service": operation.service,
        "name": operation.name,
        "description": operation.description,
        "request": [_member(member) for member in operation.request],
        "response": [_member(member) for member in operation.response],
        "origin": origin_json(operation.origin),
    }


def _member(member: DocumentedMember) -> dict[str, Any]:
    return {
        "name": member.name,
        "type": shape_text(member.shape),
        "required": member.required,
        "description": member.description,
        "values": [_value(value) for value in member.values],
        "constraints": _constraints(member.constraints),
        "origin": origin_json(member.origin),
    }


def _constraints(constraints: Constraints) -> dict[str, Any]:
    return {name: limit for name, limit in asdict(constraints).items() if limit is not None}


def _value(value: DocumentedValue) -> dict[str, Any]:
    return {
        "value": value.value,
        "description": value.description,
        "deprecated": value.deprecated,
    }


# --- documented values, with the wording they were read from --------------------------------------


@dataclass(frozen=True, slots=True)
class ValueOf:
    """A documented value; ``owner`` names the column or member that has it."""

    owner: str
    origin: Origin
    value: DocumentedValue


def documented_values(pages: Pages) -> Iterator[ValueOf]:
    """List every documented value of columns and members."""
    for table in pages.tables:
        for column in table.columns:
            owner = f"{table.id}.{column.name}"
            yield from (ValueOf(owner, column.origin, value) for value in column.values)
    for structure in pages.structures:
        yield from _member_values(f"{structure.service}.{structure.name}", structure.members)
    for operation in pages.operations:
        members = (*operation.request, *operation.response)
        yield from _member_values(f"{operation.service}.{operation.name}", members)


def _member_values(parent: str, members: Iterable[DocumentedMember]) -> Iterator[ValueOf]:
    for member in members:
        owner = f"{parent}.{member.name}"
        yield from (ValueOf(owner, member.origin, value) for value in member.values)


def values_json(pages: Pages) -> list[dict[str, Any]]:
    """Return what ``inspect --values --format json`` prints. Other programs rely on these names."""
    return [
        {
            "of": item.owner,
            **_value(item.value),
            "wording": item.value.wording,
            "origin": origin_json(item.origin),
        }
        for item in documented_values(pages)
    ]


VALUE_HEADINGS = ("owner", "value", "deprecated", "source", "wording")


def value_rows(pages: Pages) -> list[tuple[str, ...]]:
    """Format every documented value beside the wording that it was read from, for review."""
    return [
        (
            item.owner,
            item.value.value,
            "yes" if item.value.deprecated else "",
            f"{item.origin.path}:{item.origin.line}",
            item.value.wording,
        )
        for item in documented_values(pages)
    ]


# --- for people -----------------------------------------------------------------------------------

COLUMN_HEADINGS = ("column", "kind", "type", "values", "description")


def column_rows(table: Table) -> list[tuple[str, ...]]:
    """Format the columns of a table; a description is its first line, with [...] for the rest."""
    return [
        (
            column.name,
            column.kind,
            column.type,
            str(len(column.values) or ""),
            _first_line(column.description),
        )
        for column in table.columns
    ]


PARAMETER_HEADINGS = ("parameter", "required", "type", "description")


def parameter_rows(table: Table) -> list[tuple[str, ...]]:
    """Format the query parameters of a table function like `column_rows`."""
    return [
        (
            parameter.name,
            _REQUIRED[parameter.required],
            parameter.type,
            _first_line(parameter.description),
        )
        for parameter in table.parameters
    ]


MEMBER_HEADINGS = ("member", "required", "type", "values", "description")
_REQUIRED = {True: "yes", False: "no", None: ""}


def member_rows(members: Iterable[DocumentedMember]) -> list[tuple[str, ...]]:
    """Format the members of a structure or a response like `column_rows`."""
    return [
        (
            member.name,
            _REQUIRED[member.required],
            shape_text(member.shape),
            str(len(member.values) or ""),
            _first_line(member.description),
        )
        for member in members
    ]


def _first_line(description: str) -> str:
    first, _, rest = description.partition("\n")
    return f"{first} [...]" if rest else first
