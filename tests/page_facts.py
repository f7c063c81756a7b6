"""Pages made from facts: which columns a real page has is written down, and whose documentation each
has; the documentation itself is taken from botocore's models.

The form of a file of facts, of which `AWS_TABLES` is one:

    table: service operation path     where the table's item is, or anything without a place
        | type: column …              without a description
        | type: column*               with that of the item's member of the same name
        | type: column*Structure.Member, column*service:Structure.Member
                                      with that of another member
        | type: column*?              with one that botocore does not have

Lines that are indented without the "|" are not about the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from botocore.model import ListShape, MapShape, StructureShape

import projects
from schemagen.api_models.botocore import service_model
from schemagen.model.paths import steps
from schemagen.names import folded

AWS_TABLES = Path(__file__).with_name("aws_tables.txt")
"""The facts of 43 pages, those of the corpus."""

GONE = "What botocore said of it once."
"""Stands for a description that no member has."""


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """A column of a page. ``source`` says whose documentation it has, as the file does after the
    "*"; None where it has no description."""

    name: str
    type: str
    source: str | None


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A page: its table and columns, in the page's order. ``item`` is what the file says first."""

    table: str
    item: tuple[str, ...]
    columns: tuple[ColumnFacts, ...]


def facts(path: Path = AWS_TABLES) -> dict[str, TableFacts]:
    """The facts of a file, by table."""
    found: dict[str, TableFacts] = {}
    for block in re.split(r"\n{2,}", path.read_text("utf-8")):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        if lines:
            table, _, item = lines[0].partition(":")
            columns = sorted(_columns(lines[1:]), key=lambda column: column.name)
            found[table] = TableFacts(table, tuple(item.split()), tuple(columns))
    return found


def _columns(lines: list[str]) -> Iterator[ColumnFacts]:
    type = ""
    for line in lines:
        if not line.startswith("    | "):
            continue
        for word in line.removeprefix("    | ").split():
            if word.endswith(":"):
                type = word.removesuffix(":")
                continue
            column, mark, source = word.partition("*")
            yield ColumnFacts(column, type, source if mark else None)


def page(table: TableFacts) -> str:
    """The text of the dataset page, rows without the title's cell as the real ones are."""
    rows = [f"{column.name} | core | {column.type}" for column in table.columns]
    # As on the real pages, one line, and pipes are not escaped.
    texts = [" ".join(documentation(table, column).split()) for column in table.columns]
    described = [f"{row} | {text}" if text else row for row, text in zip(rows, texts, strict=True)]
    return projects.page(table.table, *described)


def documentation(table: TableFacts, column: ColumnFacts) -> str:
    """The description of a column, in botocore's HTML; "" where it has none. Raises `KeyError` or a
    botocore error where the installed botocore has no such member."""
    match column.source:
        case None:
            return ""
        case "?":
            return GONE
        case "":
            service, operation, path = table.item
            structure = _item(service, operation, path)
            named = {folded(name): name for name in structure.members}
            member = named[folded(column.name)]
        case source:
            service, _, place = source.rpartition(":")
            name, member = place.split(".")
            structure = _structure(service or table.item[0], name)
    return structure.members[member].documentation


def _item(service: str, operation: str, path: str) -> StructureShape:
    """What ``path`` leads to in the response of an operation."""
    shape = service_model(service).operation_model(operation).output_shape
    assert shape is not None
    for step in steps(path):
        inner = shape.members[step.member]
        if isinstance(inner, ListShape):
            inner = inner.member
        elif isinstance(inner, MapShape):
            inner = inner.value
        assert isinstance(inner, StructureShape)
        shape = inner
    return shape


def _structure(service: str, name: str) -> StructureShape:
    shape = service_model(service).shape_for(name)
    assert isinstance(shape, StructureShape)
    return shape


def write(folder: Path, path: Path = AWS_TABLES) -> Path:
    """The pages of a file of facts, written into ``folder``, a new one, which is returned."""
    folder.mkdir()
    for table, known in facts(path).items():
        (folder / f"{table}.dataset.md").write_text(page(known), "utf-8")
    return folder
