"""Resolve the data types of pages, once for all readers, into `TypedPages`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from schemagen.diagnostics import Problem, ProblemsFound, did_you_mean, shown
from schemagen.model.pages import Column, Pages, Parameter, Table
from schemagen.resolved_types import (
    MAX_ARRAYS,
    ArraysTooDeep,
    Resolved,
    TypeTable,
    UnknownType,
    innermost_type,
)


@dataclass(frozen=True, slots=True)
class TypedTable:
    """A table with the types of its columns and parameters, in their order.

    Documented values are kept for columns of strings only.
    """

    table: Table
    columns: tuple[Resolved, ...]
    parameters: tuple[Resolved, ...]

    @property
    def types(self) -> Mapping[str, Resolved]:
        """The types of the columns by name."""
        names = (column.name for column in self.table.columns)
        return dict(zip(names, self.columns, strict=True))


@dataclass(frozen=True, slots=True)
class TypedPages:
    """Pages whose data types are resolved with ``types``; ``tables`` are sorted by id."""

    pages: Pages
    tables: tuple[TypedTable, ...]
    types: TypeTable


def resolve_types(pages: Pages, types: TypeTable) -> TypedPages:
    """Resolve every data type of ``pages``, applying the rules of the settings.

    Raises `ProblemsFound` with an SG118 for each unknown type.
    """
    problems: list[Problem] = []
    tables: list[TypedTable] = []
    for table in sorted(pages.tables, key=lambda table: table.id):
        columns = [_resolved(types, table.id, column, problems) for column in table.columns]
        parameters = [_resolved(types, table.id, item, problems) for item in table.parameters]
        tables.append(
            TypedTable(
                replace(
                    table,
                    columns=tuple(
                        column if resolved and resolved.is_string else replace(column, values=())
                        for column, resolved in zip(table.columns, columns, strict=True)
                    ),
                ),
                tuple(filter(None, columns)),
                tuple(filter(None, parameters)),
            )
        )
    if problems:
        raise ProblemsFound(problems)
    resolved = replace(pages, tables=tuple(table.table for table in tables))
    return TypedPages(resolved, tuple(tables), types)


def _resolved(
    types: TypeTable, table: str, item: Column | Parameter, problems: list[Problem]
) -> Resolved | None:
    """Resolve the type of a column or parameter, or add an SG118 to ``problems`` and return None."""
    where = (table, item.name) if isinstance(item, Column) else ("", "")
    try:
        return types.resolve_column(*where, item.type)
    except ArraysTooDeep:
        message = f"arrays are nested deeper than {MAX_ARRAYS} levels: {shown(item.type)}"
    except UnknownType:
        found = f"unknown data type {shown(item.type)}" if item.type else "no data type"
        hint = did_you_mean(innermost_type(item.type), types.types)
        message = f"{found}; known types: {types.known}{hint}"
    origin = item.origin
    problems.append(Problem(origin.path, origin.line, item.type_column, "SG118", message))
    return None
