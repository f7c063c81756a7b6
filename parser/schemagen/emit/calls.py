"""`TableCalls` -> the module that holds them, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import cast

from schemagen.catalog import LinkedTable
from schemagen.emit import paths, templating
from schemagen.emit.layout import lay_out
from schemagen.emit.parts import RenderContext
from schemagen.names import python_literal
from schemagen.runtime.calls import TableCalls
from schemagen.targets.registry import Target

_RUNTIME = "calls"
"""The name of the runtime's module where the data is."""


def render_tables(
    tables: Sequence[LinkedTable], target: Target, context: RenderContext
) -> list[str | None]:
    """Render the modules of the calls of ``tables``; None for a table without calls."""
    return [
        render_table(table.table.id, calls) if (calls := table.calls) is not None else None
        for table in tables
    ]


def render_table(id: str, calls: TableCalls) -> str:
    """Render the module of a table's calls."""
    return templating.render(
        "calls/table.py.j2",
        notice=paths.notice(id),
        id=id,
        calls=lay_out(f"CALLS = {_literal(calls)}"),
    )


def _literal(value: object) -> str:
    """Format ``value`` as an expression; fields of dataclasses are left out if they have their default."""
    if is_dataclass(value) and not isinstance(value, type):
        given = [
            f"{field.name}={_literal(found)}"
            for field in fields(value)
            if (found := getattr(value, field.name)) != field.default or field.default is MISSING
        ]
        return f"{_RUNTIME}.{type(value).__name__}({', '.join(given)})"
    if isinstance(value, tuple):
        elements = [_literal(element) for element in cast("tuple[object, ...]", value)]
        return f"({', '.join(elements)}{',' if len(elements) == 1 else ''})"
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, object]", value).items()
        inner = (f"{python_literal(name)}: {_literal(found)}" for name, found in entries)
        return f"{{{', '.join(inner)}}}"
    return python_literal(value) if isinstance(value, str) else repr(value)
