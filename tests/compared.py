"""Catalogues to compare, and what a comparison finds in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from schemagen.catalog_source import CatalogFile
from schemagen.evolution import differences
from schemagen.evolution.difference import Difference
from schemagen.evolution.sources import Source
from schemagen.rules.registry import rules
from schemagen.runtime import catalog_json
from schemagen.runtime.catalog_data import (
    CatalogData,
    ColumnData,
    ShapeData,
    StructureData,
    TableData,
)

TARGETS: tuple[str, ...] = ("duckdb", "postgres", "python")


def column(name: str, type: str = "string") -> ColumnData:
    names = dict.fromkeys(TARGETS, name)
    types = {target: f"{target} {type}" for target in TARGETS}
    return ColumnData(name, "core", type, 1, names=names, types=types)


def table(id: str, *columns: ColumnData) -> TableData:
    name = id.partition(".")[2]
    return TableData(id, "Made up", f"{id}.md", 1, name, name, columns=columns)


def catalog(
    tables: Iterable[TableData] = (), structures: Iterable[StructureData] = ()
) -> CatalogData:
    keyed = {f"{structure.service}.{structure.name}": structure for structure in structures}
    found = {table.id: _with_structures(table, keyed) for table in tables}
    return CatalogData("made", "1.0.0", dict(sorted(found.items())), dict(sorted(keyed.items())))


def _with_structures(table: TableData, structures: dict[str, StructureData]) -> TableData:
    shapes = [column.shape for column in table.columns if column.shape is not None]
    reached: set[str] = set()
    while shapes:
        key = _end(shapes.pop())
        if key and key not in reached:
            reached.add(key)
            shapes += [member.shape for member in structures[key].members]
    return replace(table, structures=tuple(sorted(reached)))


def _end(shape: ShapeData) -> str:
    while shape.element is not None:
        shape = shape.element
    return shape.name if shape.kind == "structure" else ""


def source(catalog: CatalogData, label: str) -> Source:
    text = catalog_json.render(catalog, "made by hand")
    return Source(label, CatalogFile(label, text.encode()), label)


def compare(old: CatalogData, new: CatalogData) -> tuple[Difference, ...]:
    """Compare two catalogues through their texts. Every finding has what its rule's message needs."""
    found = differences.compare(source(old, "old"), source(new, "new"))
    for difference in found:
        rule = rules()[difference.rule]
        assert rule.fields <= difference.values.keys(), difference
        assert rule.format(
            difference.table, difference.column, difference.member, difference.values
        )
    return found


def listed(old: CatalogData, new: CatalogData) -> list[str]:
    """The differences as ``rule subject``."""
    return [f"{found.rule} {found.subject}".rstrip() for found in compare(old, new)]
