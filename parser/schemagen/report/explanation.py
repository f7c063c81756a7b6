"""Format explanations of tables and columns for ``schemagen explain``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemagen.explanation import (
    ColumnExplanation,
    Explanation,
    Filling,
    TableExplanation,
    TypeChoice,
    ValueOrigin,
)
from schemagen.model.origin import Origin
from schemagen.report.elements import origin_json
from schemagen.runtime.command import call_text
from schemagen.runtime.text import on_one_line, shortened

_EVIDENCE: Mapping[str, str] = {
    "both": "its name and its documentation are those of the column",
    "name": "its name is that of the column",
    "documentation": "its documentation is that of the column",
    "hand": "an override of the settings names it",
}
_MOST_WORDS = 1000
"""Characters of what is quoted from a page."""


# --- for programs ---------------------------------------------------------------------------------


def to_json(explanation: Explanation) -> dict[str, Any]:
    """Return what ``explain TABLE --format json`` prints. Other programs rely on these names."""
    match explanation:
        case TableExplanation():
            return _table_json(explanation)
        case ColumnExplanation():
            return _column_json(explanation)


_NO_CALLS: Mapping[str, Any] = {
    "service": None,
    "listings": [],
    "primary": None,
    "enrichments": [],
    "obstacle": "",
}
"""What stands for the calls of a table that has none."""


def _table_json(explanation: TableExplanation) -> dict[str, Any]:
    linked = explanation.linked
    table, binding = linked.table, linked.binding
    calls = call_text.to_json(explanation.calls) if explanation.calls else _NO_CALLS
    return {
        **calls,
        "table": table.id,
        "title": table.title,
        "origin": origin_json(table.origin),
        "deprecated": table.deprecated,
        "key": table.key,
        "binding": {
            "service": binding.service,
            "operation": binding.operation,
            "path": binding.path,
            "origin": _origin_json(explanation.origin),
        }
        if binding
        else None,
        "reason": explanation.reason or None,
        "outputs": dict(explanation.outputs),
        "columns": [_column_json(column) for column in explanation.columns],
    }


def _column_json(explanation: ColumnExplanation) -> dict[str, Any]:
    column = explanation.column
    return {
        "table": explanation.table,
        "column": column.name,
        "page": {
            "origin": origin_json(column.origin),
            "words": explanation.words,
            "title": column.title,
            "kind": column.kind,
            "type": column.type.strip(),
            "description": column.description,
        },
        "type": explanation.type,
        "types": [
            {
                "type": choice.type,
                "by": choice.by,
                "origin": origin_json(choice.origin),
                "won": choice.won,
                "reason": choice.reason,
            }
            for choice in explanation.types
        ],
        "shapes": [
            {
                "source": choice.source,
                "shape": choice.shape,
                "origin": origin_json(choice.origin),
                "won": choice.won,
                "reason": choice.reason,
            }
            for choice in explanation.shapes
        ],
        "structures": [
            {
                "name": structure.name,
                "source": structure.source,
                "origin": origin_json(structure.origin),
            }
            for structure in explanation.structures
        ],
        "binding": _filling_json(explanation.filling),
        "calls": list(explanation.calls),
        "values": [
            {
                "value": value.value,
                "description": value.description,
                "deprecated": value.deprecated,
                "words": value.words or None,
            }
            for value in explanation.values
        ],
        "outputs": {
            output.target: {"path": output.path, "name": output.name, "type": output.type}
            for output in explanation.outputs
        },
    }


def _filling_json(filling: Filling) -> dict[str, Any]:
    return {
        "state": filling.state,
        "operation": filling.operation or None,
        "path": filling.path or None,
        "member": filling.member or None,
        "evidence": filling.evidence or None,
        "rule": filling.rule or None,
        "format": filling.format or None,
        "parameters": list(filling.parameters),
        "origin": _origin_json(filling.origin),
        "override": _origin_json(filling.override),
        "reason": filling.reason or None,
    }


def _origin_json(origin: Origin | None) -> dict[str, Any] | None:
    return origin_json(origin) if origin else None


# --- for people -----------------------------------------------------------------------------------


def text(explanation: Explanation) -> str:
    """Format an explanation as lines of text."""
    match explanation:
        case TableExplanation():
            lines = _table_lines(explanation)
        case ColumnExplanation():
            lines = _column_lines(explanation)
    return "".join(f"{line}\n" for line in lines)


def _table_lines(explanation: TableExplanation) -> Iterator[str]:
    linked = explanation.linked
    table = linked.table
    yield f"{table.id}: {on_one_line(table.title)}"
    yield f"    page     {_place(table.origin)}"
    if table.deprecated:
        yield f"    {on_one_line(table.deprecated)}"
    yield f"    key      {table.key or 'none: the page has no _key'}"
    if linked.binding and explanation.origin:
        yield f"    binding  {_place(explanation.origin)}"
    else:
        yield f"    unbound  {on_one_line(explanation.reason)}"
    yield ""
    if explanation.calls:
        yield from call_text.text(explanation.calls).splitlines()
        yield ""
    yield "Columns:"
    cells = [
        (column.column.name, column.type, _summary(column.filling))
        for column in explanation.columns
    ]
    yield from _aligned(cells)
    yield ""
    yield "Files:"
    yield from _aligned(list(explanation.outputs.items()))
    yield ""
    yield f"`schemagen explain {table.id}.COLUMN` explains a column."


def _summary(filling: Filling) -> str:
    match filling.state:
        case "bound":
            return f"{filling.member} of {filling.operation} ({filling.evidence})"
        case "derived":
            return f"derived: {_derivation(filling)}"
        case "unbound":
            return f"unbound: {filling.reason}"


def _column_lines(explanation: ColumnExplanation) -> Iterator[str]:
    column = explanation.column
    yield f"{explanation.id}: {explanation.type}"
    yield ""
    yield f"Page, {_place(column.origin)}:"
    yield f"    {shortened(explanation.words, _MOST_WORDS)}"
    yield ""
    yield "Type:"
    yield from (f"    {_type_line(choice)}" for choice in explanation.types)
    if explanation.shapes:
        yield ""
        yield "Shape:"
        for shape in explanation.shapes:
            source = "the API page" if shape.source == "page" else "the record"
            mark = "won " if shape.won else "lost"
            yield f"    {mark}  {shape.shape}, by {source}, {_place(shape.origin)}: {shape.reason}"
        yield from (
            f"          {structure.name}: {_place(structure.origin)}"
            for structure in explanation.structures
        )
    yield ""
    yield "Binding:"
    yield from (f"    {line}" for line in _filling_lines(explanation.filling))
    if explanation.calls:
        yield ""
        yield "Calls:"
        yield f"    {', then '.join(explanation.calls)}"
    if explanation.values:
        yield ""
        yield "Documented values, which are not the only ones allowed:"
        yield from _value_lines(explanation.values)
    yield ""
    yield "Outputs:"
    cells = [
        (output.target, output.name, output.path, output.type) for output in explanation.outputs
    ]
    yield from _aligned(cells)


def _type_line(choice: TypeChoice) -> str:
    mark = "won " if choice.won else "lost"
    return f"{mark}  {choice.type}, by {on_one_line(choice.by)}, {_place(choice.origin)}: {choice.reason}"


def _filling_lines(filling: Filling) -> Iterator[str]:
    match filling.state:
        case "bound":
            yield (
                f"{filling.member} of the item at {filling.path} in the response of {filling.operation}"
            )
            yield f"evidence {filling.evidence}: {_EVIDENCE[filling.evidence]}"
        case "derived":
            yield f"derived: {_derivation(filling)}"
        case "unbound":
            yield f"unbound: {on_one_line(filling.reason)}"
    if filling.origin:
        yield f"recorded in {_place(filling.origin)}"
    if filling.override:
        yield f"by the override in {_place(filling.override)}"


def _derivation(filling: Filling) -> str:
    """Say what a derived column is computed from; rules are those of `model.bindings.DerivedColumn`."""
    match filling.rule:
        case "arn":
            return f"{filling.member}, the resource's own ARN"
        case "account_from_arn":
            return f"the account in the ARN {filling.member}"
        case "arn_format":
            return f"the ARN {filling.format}" + (
                f", with the location of {filling.member}" if filling.member else ""
            )
        case "account_given":
            return "the caller's account"
        case _:
            return f"the argument {', '.join(filling.parameters)} of {filling.operation}"


def _value_lines(values: tuple[ValueOrigin, ...]) -> Iterator[str]:
    """Yield the values, below the words that each group of them was read from."""
    words: str | None = None
    for value in values:
        if value.words != words:
            words = value.words
            yield (
                f"    from {shortened(words)!r}"
                if words
                else "    from botocore's model, as recorded"
            )
        description = f": {shortened(value.description)}" if value.description else ""
        deprecated = " (deprecated)" if value.deprecated else ""
        yield f"        {on_one_line(value.value)}{deprecated}{description}"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    cells = [tuple(map(on_one_line, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"    {'  '.join(padded).rstrip()}"


def _place(origin: Origin) -> str:
    return f"{on_one_line(origin.path)}:{origin.line}"
