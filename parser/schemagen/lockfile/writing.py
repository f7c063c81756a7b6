"""The text of a lock's file: sorted, one column and one structure per line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from schemagen.lockfile.record import Record
from schemagen.model.bindings import Binding, BoundColumn, DerivedColumn, Enrichment, Listing


def write(service: str, bindings: Iterable[Binding], record: Record) -> str:
    """The text from which `binding.lock_form` reads just that."""
    ordered = sorted(bindings, key=lambda binding: binding.table)
    document = _Block(
        {
            "service": service,
            "tables": _Block({binding.table: _binding(binding) for binding in ordered}),
            "outputs": _Block(sorted(record.outputs.items())),
            "enumerations": _Block(
                {name: list(values) for name, values in sorted(record.enumerations.items())}
            ),
            "shapes": _Block(
                {name: dict(members) for name, members in sorted(record.shapes.items())}
            ),
        }
    )
    return _layout(document, 0) + "\n"


class _Block(dict[str, Any]):
    """An object whose entries stand on lines of their own."""


def _layout(value: object, depth: int) -> str:
    if not isinstance(value, _Block) or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = "  " * (depth + 1)
    entries = [
        f"{inner}{json.dumps(key, ensure_ascii=False)}: {_layout(item, depth + 1)}"
        for key, item in value.items()
    ]
    return "{\n" + ",\n".join(entries) + "\n" + "  " * depth + "}"


def _binding(binding: Binding) -> _Block:
    columns = {one.column: _column(one) for one in binding.filled}
    enrichments = {one.operation: _auxiliary(one) for one in binding.enrichments}
    return _Block(
        {
            "operation": binding.operation,
            "path": binding.path,
            **_given("constants", dict(binding.constants)),
            **_given("listing", _listing(binding.listing)),
            "columns": _Block(sorted(columns.items())),
            "auxiliary": _Block(sorted(enrichments.items())),
            "unbound": sorted(binding.unbound),
        }
    )


def _column(column: BoundColumn | DerivedColumn) -> dict[str, str]:
    if isinstance(column, DerivedColumn):
        return {
            "derived": column.rule,
            **_given("format", column.format),
            **_given("member", column.member),
        }
    return {
        **_given("operation", column.operation),
        "member": column.member,
        "evidence": column.evidence,
    }


def _auxiliary(enrichments: Enrichment) -> dict[str, Any]:
    return {
        "path": enrichments.path,
        "arguments": dict(enrichments.arguments),
        **_given("constants", dict(enrichments.constants)),
    }


def _listing(listing: Listing | None) -> dict[str, Any]:
    if listing is None:
        return {}
    return {
        "operation": listing.operation,
        "path": listing.path,
        "arguments": dict(listing.arguments),
        **_given("needs", list(listing.needs)),
    }


def _given(name: str, value: object) -> dict[str, Any]:
    """An entry that is left out where it is empty."""
    return {name: value} if value else {}
