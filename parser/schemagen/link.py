"""Pages + type table + bindings -> one `Catalog`, in which every name and type is settled.

Emitters read a `Catalog` and decide nothing: which type a column has, which structure types a json
column, what a column is called in Python and in each SQL dialect, is said here once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from schemagen import names
from schemagen.errors import Problem, ProblemsFound
from schemagen.model import (
    Binding,
    Column,
    ListOf,
    MapOf,
    Pages,
    Scalar,
    Service,
    Shape,
    Structure,
    StructureRef,
    Table,
)
from schemagen.typetable import DIALECTS, Resolved, TypeTable, UnknownType


@dataclass(frozen=True, slots=True)
class LinkedColumn:
    """A column with its type. ``shape`` is what the API pages say a json column holds, or None.

    ``field`` is the Python attribute; ``sql_names`` maps dialects to unquoted identifiers.
    """

    column: Column
    type: Resolved
    shape: Shape | None
    field: str
    sql_names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LinkedTable:
    """A table ready for every emitter.

    ``module`` is the stem of its files, ``class_name`` the name of its model. ``structures`` are the
    API pages' structures that its columns reach, sorted by name. ``service`` is what the lock
    records for the binding's service.
    """

    table: Table
    columns: tuple[LinkedColumn, ...]
    module: str
    class_name: str
    structures: tuple[Structure, ...]
    binding: Binding | None
    service: Service | None


@dataclass(frozen=True, slots=True)
class Catalog:
    """All tables, sorted by id, and all structures, by (service, name)."""

    tables: tuple[LinkedTable, ...]
    structures: Mapping[tuple[str, str], Structure]
    services: Mapping[str, Service]


def link(
    pages: Pages,
    types: TypeTable,
    bindings: Iterable[Binding] = (),
    services: Iterable[Service] = (),
) -> Catalog:
    """Settle every name and type. Raises `ProblemsFound` with all problems at once."""
    structures = {(item.service, item.name): item for item in pages.structures}
    by_table = {binding.table: binding for binding in bindings}
    by_name = {service.name: service for service in services}
    problems: list[Problem] = []
    tables: list[LinkedTable] = []
    for table in sorted(pages.tables, key=lambda table: table.id):
        binding = by_table.get(table.id)
        usages = dict(_usages(table, binding, pages))
        columns: list[LinkedColumn] = []
        fields = _fields(table)
        for column in table.columns:
            try:
                resolved = types.resolve_column(table.id, column.name, column.type)
            except UnknownType as error:
                origin = column.origin
                problems.append(Problem(origin.path, origin.line, 1, "SG118", str(error)))
                continue
            usage = usages.get(column.name) if resolved.expression == "json" else None
            shape = usage[1] if usage and _exists(usage, structures) else None
            sql_names = {
                dialect.name: names.sql_name(
                    column.name,
                    max_bytes=dialect.max_identifier,
                    reserved=dialect.system_columns,
                )
                for dialect in DIALECTS
            }
            columns.append(LinkedColumn(column, resolved, shape, fields[column.name], sql_names))
        reached: dict[str, Structure] = {}
        for linked in columns:
            if linked.shape is not None:
                service = usages[linked.column.name][0]
                reached.update(closure(service, linked.shape, structures))
        tables.append(
            LinkedTable(
                table=table,
                columns=tuple(columns),
                module=names.module_name(table.name),
                class_name=names.class_name(table.name),
                structures=tuple(reached[name] for name in sorted(reached)),
                binding=binding,
                service=by_name.get(binding.service) if binding else None,
            )
        )
    if problems:
        raise ProblemsFound(problems)
    return Catalog(tuple(tables), structures, by_name)


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
    """The structures that ``shape`` reaches, by name; those without a page are left out."""
    reached: dict[str, Structure] = {}
    waiting = list(structure_names(shape))
    while waiting:
        name = waiting.pop()
        structure = structures.get((service, name))
        if structure is None or name in reached:
            continue
        reached[name] = structure
        for member in structure.members:
            waiting.extend(structure_names(member.shape))
    return reached


def _fields(table: Table) -> dict[str, str]:
    """Python attributes of the columns. Where two columns would share one, the later ones, in the
    page's order, get a number."""
    taken: set[str] = set()
    fields: dict[str, str] = {}
    for column in table.columns:
        stem = field = names.field_name(column.name)
        number = 2
        while field in taken:
            field = f"{stem}_{number}"
            number += 1
        taken.add(field)
        fields[column.name] = field
    return fields


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
    columns = {_folded(column.name): column.name for column in table.columns}
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
            return columns.get(_folded(member))
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
            return _folded(service + noun) == _folded(table.name)
    return False


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


def _exists(usage: tuple[str, Shape], structures: Mapping[tuple[str, str], Structure]) -> bool:
    service, shape = usage
    return all((service, name) in structures for name in structure_names(shape))
