"""Small tables made by hand, and packages made of them, for tests that need no page."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import cast

from pydantic import BaseModel

from loading import SqlModule
from schemagen.catalog import LinkedTable, facts
from schemagen.emit import package, paths, sql
from schemagen.emit.catalog_data import table_data
from schemagen.emit.pydantic import models
from schemagen.link import link
from schemagen.model.origin import Origin
from schemagen.model.pages import Column, Pages, Table
from schemagen.names import NestedNames, sql_name
from schemagen.resolved_types import TypeTable
from schemagen.runtime.catalog_json import table_group
from schemagen.typed_pages import resolve_types
from schemagen.typetable import Dialect

DIALECTS = TypeTable().dialects
"""The SQL targets."""

DISTRIBUTION = package.Distribution("made_schemas", "0")
PAGE = "docs_src/ddsql/made/up.dataset.md"


def column(name: str, type: str = "string", *, description: str = "", line: int = 10) -> Column:
    return Column(name, "core", type, Origin(PAGE, line), description=description)


def columns(types: Mapping[str, str]) -> list[Column]:
    """Columns without documentation, from names and types."""
    return [column(name, expression) for name, expression in types.items()]


def table(
    id: str,
    columns: Iterable[Column],
    *,
    title: str = "Made up",
    description: str = "",
    deprecated: str | None = None,
    types: TypeTable | None = None,
) -> LinkedTable:
    """A linked table, as if its page were read."""
    made = Table(id, title, description, tuple(columns), Origin(PAGE, 1), deprecated=deprecated)
    return link(resolve_types(Pages(tables=(made,)), types or TypeTable())).tables[0]


def identifier(name: str, dialect: Dialect) -> str:
    """The unquoted identifier of ``name`` in a dialect."""
    return sql_name(name, max_bytes=dialect.max_identifier, reserved=dialect.system_columns)


class Package:
    """A generated package, imported under its own name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def module(self, path: str) -> ModuleType:
        return importlib.import_module(f"{self.name}.{path}")

    @property
    def sql(self) -> SqlModule:
        return cast("SqlModule", self.module("sql"))

    @property
    def conversion_error(self) -> type[ValueError]:
        """The package's own `ConversionError`, which is not schemagen's."""
        return cast("type[ValueError]", self.module("_convert").ConversionError)

    def model(self, made: LinkedTable) -> type[BaseModel]:
        module = self.module(f"models.{made.table.provider}.{made.module}")
        return cast("type[BaseModel]", getattr(module, made.class_name))

    def table(self, made: LinkedTable) -> object:
        return self.module(f"tables.{made.table.provider}.{made.module}").TABLE


def files(tables: Iterable[LinkedTable], types: TypeTable | None = None) -> dict[str, str]:
    """What is generated for ``tables``, as far as Python and loading need it."""
    tables = list(tables)
    types = types or TypeTable()
    made = package.modules([facts(table) for table in tables], types, DISTRIBUTION)
    for item in tables:
        provider = item.table.provider
        made[paths.model_path(provider, item.module)] = models.render_table(
            item, types, NestedNames.SNAKE_CASE, {}
        )
        made[paths.table_path(provider, item.module)] = sql.render_table(item, types)
    made |= package.catalog_json(
        DISTRIBUTION, {item.table.id: table_group(table_data(item)) for item in tables}, {}
    )
    return made | package.init_modules(made)


def inside(rendered: Mapping[str, str], package: str = "ddsql_schemas") -> dict[str, str]:
    """The files of ``package`` among those of an output folder, by their paths in the package."""
    prefix = f"{package}/"
    return {
        path.removeprefix(prefix): text
        for path, text in rendered.items()
        if path.startswith(prefix)
    }


@contextmanager
def imported(folder: Path, name: str, made: Mapping[str, str]) -> Generator[Package]:
    """``made`` written to ``folder`` as package ``name``, importable until the end of the block."""
    for path, text in made.items():
        target = folder / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    sys.path.insert(0, str(folder))
    try:
        yield Package(name)
    finally:
        sys.path.remove(str(folder))
        for module in [key for key in sys.modules if key.partition(".")[0] == name]:
            del sys.modules[module]
