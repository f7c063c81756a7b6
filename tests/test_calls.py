"""The calls of the generated package, as data; tests/sync makes them."""

from __future__ import annotations

from typing import cast

import pytest

import page_facts
from corpus_package import CorpusPackage
from schemagen.runtime.calls import (
    Call,
    CallRules,
    Pagination,
    TableCalls,
    next_page,
)

pytestmark = pytest.mark.xdist_group("corpus")

TABLES = sorted(page_facts.facts())


def calls_of(package: CorpusPackage, table: str) -> TableCalls:
    entry = package.catalog.TABLES[table]
    return cast("TableCalls", package.module(f"calls.{entry.provider}.{entry.module}").CALLS)


def test_tables_can_be_enumerated(corpus_package: CorpusPackage) -> None:
    """At least 95 % of the bound tables are enumerated from credentials alone; the others say why
    not."""
    obstacles = [calls_of(corpus_package, table).obstacle for table in TABLES]
    assert len(obstacles) == 43
    assert len([text for text in obstacles if not text]) >= 0.95 * len(obstacles)


@pytest.mark.parametrize("table", TABLES)
def test_enrichments_name_the_columns_that_they_fill(
    corpus_package: CorpusPackage, table: str
) -> None:
    """Every column that is bound to another operation than the primary one is named by the call of that
    operation, so that a program knows what a denied call leaves unread."""
    bound: dict[str, list[str]] = {}
    binding = corpus_package.bindings[table]
    for column in binding.columns:
        if column.operation not in (None, binding.operation):
            bound.setdefault(str(column.operation), []).append(column.column)
    calls = calls_of(corpus_package, table)
    assert {call.operation: list(call.columns) for call in calls.enrichments} == bound
    assert not any(call.columns for call in (*calls.listings, calls.primary))


@pytest.mark.parametrize(
    ("pagination", "response", "expected"),
    [
        (None, {"NextToken": "a"}, None),
        (Pagination(("T",), ("NextToken",)), {"NextToken": "a"}, {"T": "a"}),
        (Pagination(("T",), ("NextToken",)), {"NextToken": ""}, None),
        (Pagination(("T",), ("NextToken",)), {}, None),
        (Pagination(("T",), ("Token",), "More"), {"Token": "a", "More": False}, None),
        (Pagination(("T",), ("Token",), "L.More"), {"Token": "a", "L": {"More": True}}, {"T": "a"}),
        (Pagination(("A", "B"), ("X", "L.Y")), {"X": "a", "L": {"Y": "b"}}, {"A": "a", "B": "b"}),
        (Pagination(("A", "B"), ("X", "Y")), {"X": "a"}, {"A": "a"}),
        (Pagination(("M",), ("Jobs[-1].Id",)), {"Jobs": [{"Id": "a"}, {"Id": "b"}]}, {"M": "b"}),
        (Pagination(("M",), ("Jobs[-1].Id",)), {"Jobs": []}, None),
        (Pagination(("M",), ("N || C[-1].K",)), {"C": [{"K": "b"}]}, {"M": "b"}),
        (Pagination(("M",), ("N || C[-1].K",)), {"N": "a", "C": [{"K": "b"}]}, {"M": "a"}),
    ],
)
def test_next_page_is_what_botocore_requests(
    pagination: Pagination | None,
    response: dict[str, object],
    expected: dict[str, object] | None,
) -> None:
    """Tokens come from members, nested members and last elements; a flag that says no, or no token,
    ends."""
    assert next_page(pagination, response) == expected


def test_calls_are_frozen() -> None:
    """Calls cannot be changed: other parts of a program read the same objects."""
    with pytest.raises(AttributeError):
        Call("ListThings", "Things[]").rules = CallRules()  # type: ignore[misc]
