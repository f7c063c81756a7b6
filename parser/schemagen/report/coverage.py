"""Format the coverage for ``schemagen coverage``: filled columns, and differences of page and record."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from schemagen.coverage import Coverage, Figures, TableCoverage
from schemagen.model.shapes import shape_text
from schemagen.report.elements import origin_json
from schemagen.report.terminal import escape_controls

# --- for programs ---------------------------------------------------------------------------------


def to_json(coverage: Coverage) -> dict[str, Any]:
    """Return what ``coverage --format json`` prints. Other programs rely on these names."""
    return {
        "tables": [_table(table) for table in coverage.tables],
        "total": _figures(coverage.figures),
    }


def _table(table: TableCoverage) -> dict[str, Any]:
    binding = table.binding
    return {
        "id": table.table,
        "service": binding.service if binding else None,
        "operation": binding.operation if binding else None,
        "reason": table.reason or None,
        "obstacle": (binding.obstacle or None) if binding else None,
        **_figures(table.figures),
        "states": [
            {
                "column": column.column,
                "state": column.state,
                "by": column.by,
                "reason": column.reason or None,
                "origin": origin_json(column.origin),
            }
            for column in table.columns
        ],
        "unmapped": list(table.unmapped),
        "values": [
            {
                "of": values.of,
                "page_only": list(values.page_only),
                "recorded_only": list(values.recorded_only),
                "origin": origin_json(values.origin),
            }
            for values in table.values
        ],
        "members": [
            {
                "of": members.of,
                "page_only": list(members.page_only),
                "recorded_only": list(members.recorded_only),
                "required_on_page": list(members.required_on_page),
                "required_in_record": list(members.required_in_record),
                "origin": origin_json(members.origin),
            }
            for members in table.members
        ],
        "types": [
            {
                "of": types.of,
                "page": shape_text(types.page),
                "recorded": shape_text(types.recorded),
                "origin": origin_json(types.origin),
            }
            for types in table.types
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


# --- for people: figures --------------------------------------------------------------------------

HEADINGS = ("table", "covered", "columns", "derived", "unbound", "bound by")


def rows(coverage: Coverage) -> list[tuple[str, ...]]:
    """Format the figures of each table, and of all tables together."""
    tables = [(table.table, *_figure_cells(table.figures)) for table in coverage.tables]
    return [*tables, ("in all", *_figure_cells(coverage.figures))]


def _figure_cells(figures: Figures) -> tuple[str, ...]:
    numbers = (figures.columns, figures.total("derived"), figures.total("unbound"))
    evidence = [f"{by} {number}" for by, number in figures.by("bound").items()]
    return (percent(figures), *map(str, numbers), ", ".join(evidence))


def percent(figures: Figures) -> str:
    """Format ``97.8 %``, rounded down, so that 100 means all columns."""
    tenths = 1000 * figures.covered // figures.columns if figures.columns else 1000
    return f"{tenths // 10}.{tenths % 10} %"


# --- for people: findings -------------------------------------------------------------------------

FINDING_HEADINGS = ("of", "finding", "what")
FINDING_WORDS = ("finding",)
"""The headings of the columns that hold prose."""


def finding_lines(coverage: Coverage) -> list[str]:
    """Format `finding_rows` as lines of text: names are long, and a table would be wider than a screen."""
    return [escape_controls(": ".join(filter(None, row))) for row in finding_rows(coverage)]


def finding_rows(coverage: Coverage) -> list[tuple[str, ...]]:
    """List what is not covered, and where pages and botocore differ; each finding once."""
    findings = (row for table in coverage.tables for row in _findings(table))
    return list(dict.fromkeys(findings))


def _findings(table: TableCoverage) -> Iterator[tuple[str, ...]]:
    unbound = [column for column in table.columns if column.state == "unbound"]
    if table.binding is None:
        for reason in dict.fromkeys(column.by for column in unbound):
            yield table.table, reason, table.reason
    else:
        for column in unbound:
            yield f"{table.table}.{column.column}", column.by, column.reason
    for column in table.columns:
        if column.state != "unbound" and column.reason:
            yield f"{table.table}.{column.column}", "bound to what does not fit", column.reason
    if table.binding is not None and table.binding.obstacle:
        yield table.table, "cannot be enumerated", table.binding.obstacle
    if table.unmapped:
        yield table.table, "members without a column", ", ".join(table.unmapped)
    for values in table.values:
        yield from _difference(values.of, "values", values.page_only, values.recorded_only)
    for members in table.members:
        yield from _difference(members.of, "members", members.page_only, members.recorded_only)
        yield from _difference(
            members.of, "required", members.required_on_page, members.required_in_record
        )
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
