# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Look up a table's model, mapper, schema and DDL by its id.

Parts are imported or read on first use, so the number of tables does not matter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, LiteralString, NamedTuple, TypeVar, cast

from .lookup import NotBuilt, UnknownName, find

if TYPE_CHECKING:
    from types import ModuleType

    from .calls import TableCalls
    from .catalog_data import CatalogData
    from .sql import Table

D = TypeVar("D", bound=str)
M = TypeVar("M")


class Entry(NamedTuple):
    """The location of a table's parts.

    ``key`` is whether the table has a primary key, ``function`` whether it is a function
    with parameters, ``mapper`` whether boto3 responses can be mapped to its rows.
    """

    provider: str
    module: str
    model: str
    key: bool
    function: bool
    mapper: bool
    deprecated: bool


class Column(NamedTuple):
    """A column: its name, its DDSQL type, and what the documentation says about it."""

    name: str
    type: str
    description: str


class Catalog(Generic[D, M]):
    """The tables of ``package``. ``D`` are the names of its dialects, ``M`` is the base of its
    models. ``outputs`` maps the outputs of the package to the paths of their files.

    All methods raise `UnknownName`, a KeyError, for an unknown table or dialect, and `NotBuilt`,
    also a KeyError, for a part that the package was built without.
    """

    def __init__(
        self,
        package: str,
        tables: Mapping[str, Entry],
        dialects: Iterable[D],
        outputs: Mapping[str, str],
    ) -> None:
        self._package = package
        self._tables = tables
        self._outputs = outputs
        self._dialects: dict[str, D] = {str(dialect): dialect for dialect in dialects}

    @property
    def tables(self) -> Mapping[str, Entry]:
        """All tables by their ids, in alphabetical order."""
        return self._tables

    @property
    def dialects(self) -> tuple[D, ...]:
        """The SQL dialects in which the package has statements."""
        return tuple(self._dialects.values())

    @property
    def outputs(self) -> Mapping[str, str]:
        """The paths of the outputs that the package was built with, by name."""
        return self._outputs

    def table(self, table: str) -> CatalogTable[D, M]:
        """Return the table, as an object with its parts as attributes."""
        return CatalogTable(self, table, self.entry(table))

    def entry(self, table: str) -> Entry:
        """Return the table's entry in ``TABLES``."""
        return find("table", table, self._tables)

    def of_mapper(self, mapper: str) -> str:
        """Return the table whose mapper is the module of this name."""
        for id, entry in self._tables.items():
            path = self._outputs.get("mappers", "").format(
                provider=entry.provider, table=entry.module
            )
            module = path.removesuffix(".py").replace("/", ".")
            if entry.mapper and mapper == f"{self._package}.{module}":
                return id
        raise UnknownName("mapper", mapper)

    def model(self, table: str) -> type[M]:
        """Import the pydantic model of a row."""
        entry = self.entry(table)
        return cast("type[M]", getattr(self._module("pydantic", entry), entry.model))

    def mapper(self, table: str) -> ModuleType | None:
        """Import the module that maps boto3 responses to rows. None if the table has no mapper."""
        entry = self.entry(table)
        self._path("mappers", entry)
        return self._module("mappers", entry) if entry.mapper else None

    def calls(self, table: str) -> TableCalls | None:
        """Import the calls of AWS that fill the table, as data. None if the table has no mapper."""
        entry = self.entry(table)
        self._path("calls", entry)
        if not entry.mapper:
            return None
        return cast("TableCalls", self._module("calls", entry).CALLS)

    def loading(self, table: str) -> Table:
        """Import the table's names and types, for the functions of ``sql``."""
        return cast("Table", self._module("tables", self.entry(table)).TABLE)

    def json_schema(self, table: str) -> dict[str, object]:
        """Read the JSON Schema of a row."""
        entry = self.entry(table)
        text = self._read(self._path("json_schema", entry))
        return cast("dict[str, object]", json.loads(text))

    def arrow(self, table: str) -> Any:
        """Import the pyarrow schema of a row. Needs pyarrow, the extra ``arrow``."""
        return self._module("arrow", self.entry(table)).SCHEMA

    def text(self, table: str, output: str) -> str:
        """Read the file that an output, one of ``OUTPUTS``, has for the table."""
        entry = self.entry(table)
        find("output", output, self._outputs)
        return self._read(self._path(output, entry))

    def ddl(self, table: str, dialect: D) -> LiteralString:
        """Read the statements that create the table. They can be run repeatedly."""
        entry = self.entry(table)
        output = find("dialect", dialect, self._dialects)
        # Files of the package are as trustworthy as literals, which drivers ask for (PEP 675).
        statements: LiteralString = cast("Any", self._read(self._path(output, entry)))
        return statements

    def columns(self, table: str) -> tuple[Column, ...]:
        """Read the columns, in the order of the documentation."""
        self.entry(table)
        entry = json.loads(_group(self._read("catalog.json"), table))
        return tuple(
            Column(column["name"], column["type"], column.get("description", ""))
            for column in entry["columns"]
        )

    @property
    def data(self) -> CatalogData:
        """Read everything that the package knows about its tables and their structures."""
        from .catalog_json import FILE, parse

        return parse(self._read(FILE))

    def _path(self, output: str, entry: Entry) -> str:
        if output not in self._outputs:
            raise NotBuilt(output, self._outputs)
        return self._outputs[output].format(provider=entry.provider, table=entry.module)

    def _module(self, output: str, entry: Entry) -> ModuleType:
        path = self._path(output, entry).removesuffix(".py").replace("/", ".")
        return import_module(f".{path}", self._package)

    def _read(self, path: str) -> str:
        # Imported here because this import takes longer than the rest of the catalogue.
        from importlib.resources import files

        return files(self._package).joinpath(path).read_text("utf-8")


def _group(catalog: str, table: str) -> str:
    """Extract a table's text from catalog.json without parsing the other tables."""
    start = catalog.index(f"\n{json.dumps(table)}: {{\n")
    end = catalog.index("\n}", start)
    return catalog[catalog.index("{", start) : end + 2]


class CatalogTable(Generic[D, M]):
    """A table of the catalogue. Its parts are imported or read on first use."""

    def __init__(self, catalog: Catalog[D, M], id: str, entry: Entry) -> None:
        self._catalog = catalog
        self.id = id
        self.entry = entry

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, in the order of the documentation."""
        return self._catalog.columns(self.id)

    @property
    def model(self) -> type[M]:
        """The pydantic model of a row."""
        return self._catalog.model(self.id)

    @property
    def mapper(self) -> ModuleType | None:
        """The module that maps boto3 responses to rows; None if the table has no mapper."""
        return self._catalog.mapper(self.id)

    @property
    def calls(self) -> TableCalls | None:
        """The calls of AWS that fill the table, as data; None if the table has no mapper."""
        return self._catalog.calls(self.id)

    @property
    def loading(self) -> Table:
        """The table's names and types, for the functions of ``sql``."""
        return self._catalog.loading(self.id)

    @property
    def json_schema(self) -> dict[str, object]:
        """The JSON Schema of a row."""
        return self._catalog.json_schema(self.id)

    @property
    def arrow(self) -> Any:
        """The pyarrow schema of a row. Needs pyarrow, the extra ``arrow``."""
        return self._catalog.arrow(self.id)

    def ddl(self, dialect: D) -> LiteralString:
        """Read the statements that create the table. They can be run repeatedly."""
        return self._catalog.ddl(self.id, dialect)

    def text(self, output: str) -> str:
        """Read the file that an output of the package has for the table."""
        return self._catalog.text(self.id, output)

    def __repr__(self) -> str:
        return f"<table {self.id}>"

    def _repr_html_(self) -> str:
        """Format the columns as a table, for notebooks."""
        from html import escape

        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in column)}</tr>"
            for column in self.columns
        )
        heads = "".join(f"<th>{field}</th>" for field in Column._fields)
        return (
            f"<table><caption>{escape(self.id)}</caption>"
            f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        )
