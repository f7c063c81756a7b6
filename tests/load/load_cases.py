"""What the tests of loading share: a package of a few small tables, and rows as a collector gives them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import handmade
from schemagen.catalog import LinkedTable
from schemagen.emit import columnar, ddl, records
from schemagen.emit.parts import RenderContext
from schemagen.resolved_types import TypeTable
from schemagen.runtime.load.package import Package
from schemagen.runtime.sql import Loader, Table
from schemagen.runtime.units import CollectedRow, Unit
from schemagen.targets.registry import TARGETS
from schemagen.typetable import TYPES

GENERATED = Package("ddsql_schemas", "ddsql-schemas")
"""The committed package."""
EXPRESSIONS = [*(row.name for row in TYPES), *(f"array<{row.name}>" for row in TYPES)]
EVERY_TYPE = {f"c_{number}": expression for number, expression in enumerate(EXPRESSIONS)}

[ARROW] = [target for target in TARGETS if target.name == "arrow"]
CONTEXT = cast("RenderContext", None)  # which the Arrow target does not use

KEYED, KEYLESS, EVERY, ODD = "made.keyed", "made.keyless", "made.every", "made.odd"
TABLES: Mapping[str, Mapping[str, str]] = {
    KEYED: {
        "_key": "string",
        "name": "string",
        "size": "int64",
        "tags": "hstore_csv",
        "environment": "hstore",
        "document": "json",
        "ratio": "float64",
        "seen": "timestamp",
    },
    KEYLESS: {"name": "string", "size": "int64", "document": "json"},
    EVERY: {"_key": "string", **EVERY_TYPE},
    ODD: {
        "_key": "string",
        'a "quoted" name': "json",
        "it's": "string",
        "row": "int64",
        "Ünï": "string",
    },
}


@dataclass(frozen=True)
class MadePackage:
    """A package that is made for a test, as sinks see a package."""

    loader: Loader[Any]
    tables: Mapping[str, LinkedTable] = field(repr=False)
    name: str = "made-schemas"
    version: str = "1"
    types: TypeTable = field(default_factory=TypeTable)
    made: handmade.Package | None = None

    def table(self, id: str) -> Table:
        assert self.made is not None
        lookup = self.made.module("_runtime.lookup")
        return cast("Table", self.made.table(lookup.find("table", id, self.tables)))

    def ddl(self, table: str, dialect: str) -> str:
        [found] = [item for item in self.types.dialects if item.name == dialect]
        return ddl.render(self.tables[table], found)

    @property
    def catalog(self) -> Any:
        assert self.made is not None
        return self.made.module("catalog").CATALOG

    @property
    def data(self) -> Any:
        return self.catalog.data

    @property
    def records(self) -> Any:
        assert self.made is not None
        return self.made.module("records").RECORDS

    def arrow(self, table: str) -> Any:
        assert self.made is not None
        return self.made.module(f"arrow.{table}").SCHEMA

    def open(
        self, address: str, run: str = "", tables: Iterable[str] | None = None, **options: Any
    ) -> Any:
        """A sink of the package's own runtime, prepared for ``tables``; all without it."""
        assert self.made is not None
        parse = self.made.module("_runtime.load.destination").Destination.parse
        sink = parse(address, **options).open(self, run)
        try:
            sink.prepare([self.table(id) for id in (self.tables if tables is None else tables)])
        except BaseException:
            sink.close()
            raise
        return sink

    @property
    def errors(self) -> type[ValueError]:
        """The `ConversionError` of the package, which is not schemagen's."""
        assert self.made is not None
        return self.made.conversion_error


@contextmanager
def package(
    folder: Path, tables: Mapping[str, Mapping[str, str]] = TABLES, name: str = "loaded"
) -> Generator[MadePackage]:
    """A package of ``tables``, importable as ``name`` until the end of the block."""
    linked = {id: handmade.table(id, handmade.columns(columns)) for id, columns in tables.items()}
    files = handmade.files(linked.values())
    files["records.py"] = records.render(TypeTable(), name, ["arrow"])
    modules = columnar.render_arrow(list(linked.values()), ARROW, CONTEXT)
    for id, text in zip(linked, modules, strict=True):
        files[f"arrow/{id.replace('.', '/')}.py"] = text
    with handmade.imported(folder, name, files) as made:
        yield MadePackage(made.module("sql").LOADER, linked, made=made)


@dataclass
class Rows:
    """Rows of a unit as a collector gives them. ``fails`` is raised after the last row."""

    rows: Iterable[Mapping[str, object] | CollectedRow]
    complete: bool = True
    fails: Exception | None = None

    def __iter__(self) -> Iterator[CollectedRow]:
        for row in self.rows:
            yield row if isinstance(row, CollectedRow) else CollectedRow(row)
        if self.fails is not None:
            raise self.fails


def unit(table: str = KEYED, region: str = "eu-west-1", account: str = "111111111111") -> Unit:
    return Unit(account, region, table)


def keyed(*numbers: int, **values: object) -> list[dict[str, object]]:
    """Rows of the table `KEYED`."""
    return [
        {
            "_key": f"arn:{number}",
            "name": f"name {number}",
            "size": number,
            "tags": {"team": ["a", "b"], "empty": []},
            "environment": {"A": "1", "B": None},
            "document": {"a": [number, {"b": None}]},
            **values,
        }
        for number in numbers
    ]


def load(sink: Any, made: MadePackage, rows: Rows, where: Unit | None = None) -> tuple[int, ...]:
    """Load into the table of the unit; returns rows, inserted, changed, unchanged, deleted."""
    where = where or unit()
    return tuple(sink.load(where, made.table(where.table), rows)[:5])


def leave_out_a_column_of_a_table_without_a_key(
    sink: Any, made: MadePackage, stored: Callable[[], list[dict[str, Any]]]
) -> None:
    """Load with and without a column: each row is there once, and keeps its value of the column."""
    rows: list[dict[str, object]] = [
        {"name": name, "size": 1, "document": {"a": name}} for name in ("x", "y")
    ]
    whole = made.table(KEYLESS)
    fewer = whole._replace(columns={"name": "string", "size": "int64"})
    west, east = unit(KEYLESS, "west"), unit(KEYLESS, "east")
    assert load(sink, made, Rows(rows), west) == (2, 2, 0, 0, 0)
    left = [{"name": name, "size": 1} for name in ("x", "y", "z")]
    assert sink.load(west, fewer, Rows(left))[:5] == (3, 1, 0, 2, 0)
    assert sink.load(west, fewer, Rows(left[1:]))[:5] == (2, 0, 0, 2, 1)
    assert (west.account, west.region, KEYLESS) in sink.finished("first")
    assert stored() == [rows[1], {**left[2], "document": None}]
    assert load(sink, made, Rows(rows[1:]), west) == (1, 0, 0, 1, 1)
    assert sink.load(east, fewer, Rows([]))[:5] == (0, 0, 0, 0, 0)
    assert stored() == rows[1:]


def restore_rows_of_a_table_without_a_key(
    sink: Any,
    made: MadePackage,
    stored: Callable[[], list[dict[str, Any]]],
    execute: Callable[[str], object],
) -> None:
    """Delete rows behind the back of the ledger: the next load of their unit inserts them again, once."""
    row, other = {"name": "x", "size": 1, "document": {"a": 1}}, {"name": "y"}
    west, east = unit(KEYLESS, "west"), unit(KEYLESS, "east")
    assert load(sink, made, Rows([row, row, other]), west) == (3, 3, 0, 0, 0)
    assert load(sink, made, Rows([row]), east) == (1, 1, 0, 0, 0)
    execute("DELETE FROM made.keyless WHERE name = 'y'")
    assert load(sink, made, Rows([row, row, other], complete=False), west) == (3, 1, 0, 2, 0)
    execute("DELETE FROM made.keyless")
    assert load(sink, made, Rows([row, row, other]), west) == (3, 3, 0, 0, 0)
    assert load(sink, made, Rows([row]), east) == (1, 1, 0, 0, 0)
    assert [found["name"] for found in stored()] == ["x", "x", "x", "y"]
    execute("DELETE FROM made.keyless")
    assert load(sink, made, Rows([]), east) == (0, 0, 0, 0, 0)
    assert load(sink, made, Rows([row, other]), west) == (2, 2, 0, 0, 0)
    assert load(sink, made, Rows([row, other]), west) == (2, 0, 0, 2, 0)
    assert [found["name"] for found in stored()] == ["x", "y"]
