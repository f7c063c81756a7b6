"""What the command line shows of types, pages and coverage: as data, as Markdown, as a table on a terminal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from schemagen.coverage import Coverage, Figures, TableCoverage
from schemagen.model.origin import Origin
from schemagen.model.pages import (
    Column,
    Constraints,
    DocumentedMember,
    DocumentedValue,
    Operation,
    Pages,
    Parameter,
    Structure,
    Table,
)
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef
from schemagen.typetable import DIALECTS, Type, TypeTable, array_row

# --- the type table -------------------------------------------------------------------------------

TYPE_HEADINGS = (
    "DDSQL",
    "Python / pydantic",
    "JSON Schema",
    *(dialect.title for dialect in DIALECTS),
    "from boto3",
)
TYPE_WORDS = ("from boto3",)


def type_rows(types: TypeTable) -> list[tuple[str, ...]]:
    """The type table for people: one row per type, then the rule for arrays."""
    rows = [_type_row(row) for row in types.types.values()]
    arrays = [dialect.array.format("T") for dialect in DIALECTS]
    rows.append(("array<T>", array_row("T"), "array of T or null", *arrays, "list"))
    return rows


def _type_row(row: Type) -> tuple[str, ...]:
    return (
        row.name,
        row.python.definition or row.python.name,
        json.dumps(row.json_schema),
        *(row.sql[dialect.name].name for dialect in DIALECTS),
        row.boto3,
    )


def types_json(types: TypeTable) -> list[dict[str, Any]]:
    """The type table for programs."""
    return [
        {
            "type": row.name,
            "python": row.python.definition or row.python.name,
            "json_schema": dict(row.json_schema),
            **{dialect.name: row.sql[dialect.name].name for dialect in DIALECTS},
            "row": row.row,
            "convert": row.convert,
            "boto3": row.boto3,
        }
        for row in types.types.values()
    ]


def markdown(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, words: Collection[str]
) -> str:
    """A Markdown table; cells are code, but for those below a heading in ``words``."""

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cells) + " |\n"

    def cell(text: str, index: int) -> str:
        text = text.replace("|", "\\|")
        if headings[index] in words or not text:
            return text
        return f"`` {text} ``" if "`" in text else f"`{text}`"

    body = "".join(line(cell(text, index) for index, text in enumerate(row)) for row in rows)
    return line(headings) + line("---" for _ in headings) + body


# --- pages ----------------------------------------------------------------------------------------


def pages_json(pages: Pages) -> dict[str, Any]:
    """What ``inspect --format json`` prints. Other programs rely on these names."""
    return {
        "tables": [_table(table) for table in pages.tables],
        "structures": [_structure(structure) for structure in pages.structures],
        "operations": [_operation(operation) for operation in pages.operations],
        "indexes": [_origin(origin) for origin in pages.indexes],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "id": table.id,
        "title": table.title,
        "description": table.description,
        "source": table.source,
        "key": table.key,
        "columns": [_column(column) for column in table.columns],
        "parameters": [_parameter(parameter) for parameter in table.parameters],
        "examples": [
            {"sql": example.sql, "origin": _origin(example.origin)} for example in table.examples
        ],
        "deprecated": table.deprecated,
        "origin": _origin(table.origin),
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "title": column.title,
        "kind": column.kind,
        "type": column.type,
        "description": column.description,
        "values": [_value(value) for value in column.values],
        "origin": _origin(column.origin),
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "type": parameter.type,
        "required": parameter.required,
        "description": parameter.description,
        "origin": _origin(parameter.origin),
    }


def _structure(structure: Structure) -> dict[str, Any]:
    return {
        "service": structure.service,
        "name": structure.name,
        "description": structure.description,
        "members": [_member(member) for member in structure.members],
        "usages": [
            {"operation": usage.operation, "member": usage.member, "element": usage.element}
            for usage in structure.usages
        ],
        "origin": _origin(structure.origin),
    }


def _operation(operation: Operation) -> dict[str, Any]:
    return {
        "service": operation.service,
        "name": operation.name,
        "description": operation.description,
        "request": [_member(member) for member in operation.request],
        "response": [_member(member) for member in operation.response],
        "origin": _origin(operation.origin),
    }


def _member(member: DocumentedMember) -> dict[str, Any]:
    return {
        "name": member.name,
        "type": shape_text(member.shape),
        "required": member.required,
        "description": member.description,
        "values": [_value(value) for value in member.values],
        "constraints": _constraints(member.constraints),
        "origin": _origin(member.origin),
    }


def _constraints(constraints: Constraints) -> dict[str, Any]:
    limits = {name: getattr(constraints, name) for name in type(constraints).__dataclass_fields__}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _value(value: DocumentedValue) -> dict[str, Any]:
    return {
        "value": value.value,
        "description": value.description,
        "deprecated": value.deprecated,
    }


def _origin(origin: Origin) -> dict[str, Any]:
    return {"path": origin.path, "line": origin.line}


def shape_text(shape: Shape) -> str:
    """A shape as people write it: ``list<SecondaryStatusTransition>``."""
    match shape:
        case Scalar(name) | StructureRef(name):
            return name
        case ListOf(element):
            return f"list<{shape_text(element)}>"
        case MapOf(value):
            return f"map<{shape_text(value)}>"


VALUE_HEADINGS = ("where", "value", "deprecated", "place", "words that it was read from")


def documented_values(pages: Pages) -> Iterator[tuple[str, Origin, DocumentedValue]]:
    """Every documented value with the name and the place of what it is a value of."""
    for table in pages.tables:
        for column in table.columns:
            for value in column.values:
                yield f"{table.id}.{column.name}", column.origin, value
    for structure in pages.structures:
        for member in structure.members:
            for value in member.values:
                yield f"{structure.service}.{structure.name}.{member.name}", member.origin, value
    for operation in pages.operations:
        for member in (*operation.request, *operation.response):
            for value in member.values:
                yield f"{operation.service}.{operation.name}.{member.name}", member.origin, value


def values_json(pages: Pages) -> list[dict[str, Any]]:
    """What ``inspect --values --format json`` prints."""
    return [
        {"of": name, **_value(value), "wording": value.wording, "origin": _origin(origin)}
        for name, origin, value in documented_values(pages)
    ]


def value_rows(pages: Pages) -> list[tuple[str, ...]]:
    """Every documented value for people, to judge the reading by its words."""
    return [
        (
            name,
            value.value,
            "yes" if value.deprecated else "",
            f"{origin.path}:{origin.line}",
            value.wording,
        )
        for name, origin, value in documented_values(pages)
    ]


TABLE_HEADINGS = ("column", "kind", "type", "values", "description")


def table_rows(table: Table) -> list[tuple[str, ...]]:
    """The columns of a table for people; descriptions are cut to their first line."""
    return [
        (
            column.name,
            column.kind,
            column.type,
            str(len(column.values) or ""),
            column.description.partition("\n")[0],
        )
        for column in table.columns
    ]


MEMBER_HEADINGS = ("member", "required", "type", "values", "description")


def member_rows(members: Iterable[DocumentedMember]) -> list[tuple[str, ...]]:
    return [
        (
            member.name,
            {True: "yes", False: "no", None: ""}[member.required],
            shape_text(member.shape),
            str(len(member.values) or ""),
            member.description.partition("\n")[0],
        )
        for member in members
    ]


# --- coverage -------------------------------------------------------------------------------------


def coverage_json(coverage: Coverage) -> dict[str, Any]:
    """What ``coverage --format json`` prints. Other programs rely on these names."""
    return {
        "tables": [_table_coverage(table) for table in coverage.tables],
        "total": _figures(coverage.figures),
    }


def _table_coverage(table: TableCoverage) -> dict[str, Any]:
    binding = table.binding
    return {
        "id": table.table,
        "service": binding.service if binding else None,
        "operation": binding.operation if binding else None,
        **_figures(table.figures),
        "states": [
            {
                "column": column.column,
                "state": column.state,
                "by": column.by,
                "origin": _origin(column.origin),
            }
            for column in table.columns
        ],
        "unmapped": list(table.unmapped),
        "values": [
            {
                "of": one.of,
                "page_only": list(one.page_only),
                "recorded_only": list(one.recorded_only),
                "origin": _origin(one.origin),
            }
            for one in table.values
        ],
        "members": [
            {
                "of": one.of,
                "page_only": list(one.page_only),
                "recorded_only": list(one.recorded_only),
                "required_on_page": list(one.required_on_page),
                "required_in_record": list(one.required_in_record),
                "origin": _origin(one.origin),
            }
            for one in table.members
        ],
        "types": [
            {
                "of": one.of,
                "page": shape_text(one.page),
                "recorded": shape_text(one.recorded),
                "origin": _origin(one.origin),
            }
            for one in table.types
        ],
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "columns": figures.columns,
        "percent": figures.percent,
        "bound": figures.by("bound"),
        "derived": figures.by("derived"),
        "unbound": figures.by("unbound"),
    }


COVERAGE_HEADINGS = ("table", "covered", "columns", "derived", "unbound", "bound by")


def coverage_rows(coverage: Coverage) -> list[tuple[str, ...]]:
    """The figures of each table, and of all of them."""
    rows = [(table.table, *_figure_cells(table.figures)) for table in coverage.tables]
    return [*rows, ("in all", *_figure_cells(coverage.figures))]


def _figure_cells(figures: Figures) -> tuple[str, ...]:
    numbers = (figures.columns, figures.total("derived"), figures.total("unbound"))
    evidence = [f"{by} {number}" for by, number in figures.by("bound").items()]
    return (percent(figures), *map(str, numbers), ", ".join(evidence))


def percent(figures: Figures) -> str:
    """``97.8 %``, rounded down: 100 means all of them."""
    tenths = 1000 * figures.covered // figures.columns if figures.columns else 1000
    return f"{tenths // 10}.{tenths % 10} %"


FINDING_HEADINGS = ("of", "finding", "what")
FINDING_WORDS = ("finding",)


def finding_lines(coverage: Coverage) -> list[str]:
    """`finding_rows` as lines of text: names are long, and a table would be wider than a screen."""
    return [_still(": ".join(filter(None, row))) for row in finding_rows(coverage)]


def finding_rows(coverage: Coverage) -> list[tuple[str, ...]]:
    """What is not covered, and where pages and botocore part; what concerns several tables once."""
    rows = (row for table in coverage.tables for row in _finding_rows(table))
    return list(dict.fromkeys(rows))


def _finding_rows(table: TableCoverage) -> Iterator[tuple[str, ...]]:
    unbound = [column for column in table.columns if column.state == "unbound"]
    if table.binding is None:
        for reason in dict.fromkeys(column.by for column in unbound):
            yield table.table, reason, ""
    else:
        for column in unbound:
            yield f"{table.table}.{column.column}", column.by, ""
    if table.unmapped:
        yield table.table, "members without a column", ", ".join(table.unmapped)
    for values in table.values:
        yield from _difference(values.of, "values", values.page_only, values.recorded_only)
    for one in table.members:
        yield from _difference(one.of, "members", one.page_only, one.recorded_only)
        yield from _difference(one.of, "required", one.required_on_page, one.required_in_record)
    for types in table.types:
        yield types.of, "type on the page", shape_text(types.page)
        yield types.of, "type in botocore", shape_text(types.recorded)


def _difference(
    of: str, what: str, page: Collection[str], recorded: Collection[str]
) -> Iterator[tuple[str, ...]]:
    if page:
        yield of, f"{what} only on the page", ", ".join(page)
    if recorded:
        yield of, f"{what} only in botocore", ", ".join(recorded)


# --- the terminal ---------------------------------------------------------------------------------


def print_table(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], *, wrap: bool
) -> None:
    """Print a table to stdout: as wide as it needs to be where stdout is no terminal; on one,
    cells are wrapped (``wrap``), or the last column is cut. Cells are plain text: no markup of a
    page is interpreted."""
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(title=Text(title) if title else None, title_justify="left", box=None)
    table.pad_edge = False
    for number, heading in enumerate(headings):
        first, last = number == 0, number == len(headings) - 1
        fold = wrap and not first
        table.add_column(
            heading, no_wrap=not fold, overflow="ellipsis" if last and not wrap else "fold"
        )
    for row in rows:
        table.add_row(*(Text(_still(cell)) for cell in row))
    console = Console()
    if not console.is_terminal:
        unbounded = console.options.update(max_width=sys.maxsize)
        console.width = console.measure(table, options=unbounded).maximum
    console.print(table)
    console.print()


_C1 = re.compile("[\x80-\x9f]")


def _still(text: str) -> str:
    """``text`` without the controls that broken text of a page may hold: some move the cursor."""
    return _C1.sub(lambda found: repr(found[0])[1:-1], text)
