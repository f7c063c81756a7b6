"""Check that every selected target spells the types of every table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemagen.diagnostics import Problem
from schemagen.model.origin import Origin
from schemagen.model.pages import Column, Parameter
from schemagen.resolved_types import NotSpelled, TypeTable
from schemagen.targets.registry import Target
from schemagen.typed_pages import TypedTable


def problems(
    tables: Iterable[TypedTable], types: TypeTable, targets: Iterable[Target]
) -> Iterator[Problem]:
    """Report each type that a table uses and a target does not spell (SG307), once per target."""
    tables = list(tables)
    notations = {notation.name: notation for notation in types.notations}
    for target in targets:
        notation = notations.get(target.notation)
        if notation is None:
            continue
        reported: set[str] = set()
        for table in tables:
            columns: list[Column | Parameter] = [*table.table.columns, *table.table.parameters]
            types_of = [*table.columns, *table.parameters]
            for column, type in zip(columns, types_of, strict=True):
                try:
                    type.spelled(notation)
                except NotSpelled as error:
                    if error.type in reported:
                        continue
                    reported.add(error.type)
                    yield _problem(target, error.type, table.table.id, column.name, column.origin)


def _problem(target: Target, type: str, table: str, column: str, origin: Origin) -> Problem:
    where = f"{table}.{column} ({origin.path}:{origin.line})"
    message = f"the target {target.name!r} does not spell the type {type} of {where}"
    if target.user_template is None:
        raise AssertionError(f"{message}, but it is built in")
    key = "array" if type == "array<T>" else "types"
    example = 'array = "…"' if key == "array" else f'types = {{ {type} = "…" }}'
    message += f"; add {example} to targets.{target.name}"
    return target.user_template.position.problem("SG307", message, key)
