"""Mappers rendered from a lock and pages made by hand, and imported."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Protocol, cast

import handmade
from schemagen.catalog import LinkedTable, facts
from schemagen.emit import package, paths, shapes
from schemagen.emit.mappers import module
from schemagen.link import link
from schemagen.lockfile import lock
from schemagen.model.pages import Column, Pages, Table
from schemagen.names import NestedNames
from schemagen.resolved_types import TypeTable
from schemagen.runtime.calls import CallRules, Pagination
from schemagen.typed_pages import resolve_types

Row = dict[str, Any]
_numbers = count()


class Mapper(Protocol):
    """What the tests use of a generated mapper; what it is typed as is tests/typing's business."""

    __doc__: str | None
    ConversionError: type[ValueError]

    def from_item(self, item: Any, **others: Any) -> Row: ...
    def from_response(self, response: Any, **others: Any) -> Iterator[Row]: ...
    def unmapped(self, item: Mapping[str, Any]) -> tuple[str, ...]: ...


def bound(table: str, **entry: Any) -> dict[str, Any]:
    """One table of a lock."""
    empty: dict[str, Any] = {"path": "@", "columns": {}, "auxiliary": {}, "unbound": []}
    return {table: {**empty, **entry}}


def service(
    tables: Mapping[str, Any],
    outputs: Mapping[str, str],
    structures: Mapping[str, Mapping[str, str]],
    enumerations: Mapping[str, list[str]] | None = None,
    paged: Mapping[str, str] | None = None,
) -> lock.LockFile:
    """The lock of a service called made. ``paged`` maps operations to the member that holds the token
    of the next page; the others return everything at once."""
    document = {
        "service": "made",
        "tables": tables,
        "outputs": outputs,
        "enumerations": enumerations or {},
        "shapes": structures,
    }
    made = lock.read("bindings/aws/made.json", json.dumps(document).encode())
    rules = {
        operation: CallRules(Pagination((token,), (token,)))
        for operation, token in (paged or {}).items()
    }
    return replace(made, record=replace(made.record, operations=rules))


def linked(
    made: lock.LockFile, columns: Mapping[str, Iterable[Column]], types: TypeTable | None = None
) -> list[LinkedTable]:
    """Tables with these columns, bound as ``made`` says."""
    tables = [
        Table(id, "Made up", "", tuple(cells), handmade.column("x").origin)
        for id, cells in columns.items()
    ]
    pages = Pages(tables=tuple(tables))
    return list(
        link(
            resolve_types(pages, types or TypeTable()), made.bindings, [made.recorded_service]
        ).tables
    )


def files(
    made: lock.LockFile,
    tables: Iterable[LinkedTable],
    nested_names: NestedNames = NestedNames.SNAKE_CASE,
) -> dict[str, str]:
    """The generated mappers of ``tables``, and what they import."""
    tables = list(tables)
    texts = package.modules([facts(table) for table in tables], TypeTable(), handmade.DISTRIBUTION)
    texts[paths.shapes_path("aws", made.service_name)] = shapes.render_shapes(
        made.recorded_service, nested_names
    )
    for table in tables:
        texts[paths.mapper_path("aws", table.module)] = module.render_table(table)
    return texts | package.init_modules(texts)


@contextmanager
def imported(
    folder: Path,
    made: lock.LockFile,
    columns: Mapping[str, str],
    nested_names: NestedNames = NestedNames.SNAKE_CASE,
) -> Generator[Mapper]:
    """The mapper of the lock's one table, which has ``columns``: names -> types."""
    [binding] = made.bindings
    tables = linked(made, {binding.table: handmade.columns(columns)})
    # A name of its own: several may be imported at the same time.
    name = f"made_up_{next(_numbers)}"
    with handmade.imported(folder, name, files(made, tables, nested_names)) as package:
        yield cast("Mapper", package.module(f"mappers.aws.{tables[0].module}"))
