"""Render the code that loads rows: ``sql.py`` from the type table, and a module for each table."""

from __future__ import annotations

from collections.abc import Sequence

from schemagen.catalog import LinkedTable
from schemagen.emit import paths, templating
from schemagen.emit.formatting import format_python
from schemagen.emit.layout import WIDTH
from schemagen.emit.parts import RenderContext
from schemagen.targets.limits import MAX_DEPTH
from schemagen.targets.registry import Target
from schemagen.typetable import SqlType, TypeTable


def render(types: TypeTable, package: str) -> str:
    """Render the module ``sql``: statements and parameters for every dialect."""
    rows = {
        dialect.name: {
            expression: types.resolve(expression).sql(dialect) for expression in expressions(types)
        }
        for dialect in types.dialects
    }
    used = {
        name
        for by_expression in rows.values()
        for row in by_expression.values()
        for name in (row.encode, row.decode)
        if name
    }
    return format_python(
        templating.render(
            "package/sql.py.j2",
            notice=paths.notice("the type table"),
            package=package,
            converters=sorted(used),
            dialects=types.dialects,
            rows={
                dialect: {expression: _row(row) for expression, row in by_expression.items()}
                for dialect, by_expression in rows.items()
            },
        )
    )


def expressions(types: TypeTable) -> list[str]:
    """List the types that a package can load, arrays included."""
    return [
        "array<" * depth + name + ">" * depth
        for name in sorted(types.types)
        for depth in range(MAX_DEPTH + 1)
    ]


def _row(row: SqlType) -> dict[str, object]:
    return {
        "parameter": row.parameter("{}"),
        "encode": row.encode,
        "decode": row.decode or None,
        "depth": row.depth,
    }


def render_tables(
    tables: Sequence[LinkedTable], target: Target, context: RenderContext
) -> list[str]:
    """Render the modules of ``tables``."""
    return [render_table(table, context.settings.types) for table in tables]


def render_table(table: LinkedTable, types: TypeTable) -> str:
    """Render the module with the columns of ``table``, which ``sql`` needs."""
    notations = [notation.name for notation in types.notations]
    named = [(column.column.name, column.names) for column in table.columns]
    renamed: dict[str, dict[str, str]] = {}
    for notation in notations:
        relation = table.relations[notation]
        names = {table.table.provider: relation.schema, table.table.name: relation.name}
        names |= {name: new[notation] for name, new in named}
        renamed[notation] = {name: new for name, new in names.items() if name != new}
    source = templating.render(
        "package/table.py.j2",
        notice=paths.notice(table.table.id),
        id=table.table.id,
        key=table.table.key,
        columns={column.column.name: column.type.expression for column in table.columns},
        renamed={dialect: pairs for dialect, pairs in renamed.items() if pairs},
    )
    # Laid out as black lays it out; only where a line is too long, black has to decide. It leaves
    # comments and docstrings alone.
    fits = all(len(line) <= WIDTH for line in source.splitlines()[2:])
    return source if fits else format_python(source)
