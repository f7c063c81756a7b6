"""Render the code that loads rows: ``sql.py`` from the type table, and a module for each table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemagen.catalog import LinkedTable
from schemagen.emit import paths, templating
from schemagen.emit.formatting import format_python
from schemagen.emit.imports import sorted_imports
from schemagen.emit.layout import WIDTH
from schemagen.emit.parts import RenderContext
from schemagen.resolved_types import Resolved, TypeTable
from schemagen.targets.limits import MAX_DEPTH
from schemagen.targets.registry import Target
from schemagen.typetable import (
    TYPES,
    Dialect,
    PythonType,
    Type,
)


def render(types: TypeTable, package: str) -> str:
    """Render the module ``sql``: statements and parameters for every dialect."""
    encoders = Encoders.of(types)
    rows = {
        dialect.name: {
            expression: _row(types.resolve(expression), dialect, encoders)
            for expression in expressions(types)
        }
        for dialect in types.dialects
    }
    return format_python(
        templating.render(
            "package/sql.py.j2",
            notice=paths.notice("the type table"),
            package=package,
            imports=encoders.imports(
                {"typing": {"Final", "Literal"}},
                {
                    "._convert": {"ConversionError", "Errors"},
                    "._runtime.sql": {"DialectRules", "Encoding", "Loader", "Table"},
                },
                [row for by_expression in rows.values() for row in by_expression.values()],
            ),
            dialects=types.dialects,
            extensions={dialect.name: _extensions(types, dialect) for dialect in types.dialects},
            rows=rows,
        )
    )


@dataclass(frozen=True, slots=True)
class Encoders:
    """How generated modules encode text: strings, and instances of the classes that the settings chose.

    ``classes`` maps types to their classes, and ``aliases`` classes to their names in the module.
    """

    classes: Mapping[str, PythonType]
    aliases: Mapping[tuple[str, str], str]

    @classmethod
    def of(cls, types: TypeTable) -> Encoders:
        text = _BUILT_IN["string"].python
        classes = {name: row.python for name, row in types.types.items() if row.python != text}
        keys = sorted(
            {
                (python.module, python.name)
                for python in classes.values()
                if python.module and not _is_pydantic(python)
            }
        )
        aliases: dict[tuple[str, str], str] = {}
        for module, name in keys:
            same = sum(other == name for _, other in aliases)
            aliases[module, name] = f"_{name}{same + 1 if same else ''}"
        return cls(classes, aliases)

    def encoder(self, type: Type, encode: str) -> str:
        """Return the expression of the converter ``encode`` for values of ``type``."""
        python = self.classes.get(type.name)
        if encode != "text" or python is None:
            return encode
        alias = self.aliases.get((python.module, python.name))
        return f"text_of({alias})" if alias else "text_from_value"

    def imports(
        self,
        modules: Mapping[str, set[str]],
        own: Mapping[str, set[str]],
        rows: Iterable[Mapping[str, object]],
    ) -> list[list[str]]:
        """Return the sorted imports of ``modules``, of those of the package, and of what ``rows`` use."""
        needed = {name: set(names) for name, names in {**modules, **own}.items()}
        used = {value for row in rows for value in (row["encode"], row["decode"])}
        for expression in filter(None, used):
            name, _, alias = str(expression).partition("(")
            needed["._convert"].add(name)
            for (module, original), known in self.aliases.items():
                if alias == f"{known})":
                    needed.setdefault(module, set()).add(f"{original} as {known}")
        return sorted_imports(needed)


_BUILT_IN = {row.name: row for row in TYPES}


def _is_pydantic(python: PythonType) -> bool:
    return python.module.partition(".")[0] == "pydantic"


def expressions(types: TypeTable) -> list[str]:
    """List the types that a package can load, arrays included."""
    return [
        "array<" * depth + name + ">" * depth
        for name in sorted(types.types)
        for depth in range(MAX_DEPTH + 1)
    ]


def _row(type: Resolved, dialect: Dialect, encoders: Encoders) -> dict[str, object]:
    row = type.sql(dialect)
    return {
        "parameter": row.parameter("{}"),
        "encode": encoders.encoder(type.scalar, row.encode),
        "decode": row.decode or None,
        "depth": row.depth,
        "selected": row.selected,
        "type": row.name,
        "wire": row.wire,
    }


def _extensions(types: TypeTable, dialect: Dialect) -> tuple[str, ...]:
    needed = {row.sql[dialect.name].extension for row in types.types.values()}
    return tuple(sorted(needed - {""}))


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
