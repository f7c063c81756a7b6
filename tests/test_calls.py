"""The calls of the generated package, made by a program that knows nothing else."""

from __future__ import annotations

from typing import cast

import pytest

import page_facts
from call_driver import Absent, Driver
from corpus_package import CorpusPackage
from fake_aws import PAGES, FakeAws
from schemagen.runtime.calls import (
    Call,
    CallRules,
    Pagination,
    TableCalls,
    next_page,
)

pytestmark = pytest.mark.xdist_group("corpus")

SCOPE = {"Account": "123456789012", "Region": "us-east-1", "Partition": "aws"}
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
def test_calls_lead_from_credentials_to_rows(corpus_package: CorpusPackage, table: str) -> None:
    """A driver that knows the calls as data only reads every page of every listing, with requests that
    botocore and AWS accept, and gets the rows of all items."""
    calls = calls_of(corpus_package, table)
    aws = FakeAws(calls.service)
    driver = Driver(calls, aws, SCOPE)
    rows = list(driver.rows(corpus_package.mapper(table)))
    assert rows
    assert {row["_key"] for row in rows} != {None}
    called = 1
    for call in (*calls.listings, calls.primary):
        for _, values in call.values:
            called *= len(values)
        batch = call.rules.batch
        size = min(batch.maximum or 1, called) if batch else 1
        # Each page of what is above has two items.
        assert aws.calls[call.operation] == -(-called // size), call.operation
        called *= 2 * (PAGES if call.rules.pagination else 1)
    enriched = {call.operation for call in calls.enrichments}
    assert set(aws.calls) == enriched | {calls.primary.operation} | {
        call.operation for call in calls.listings
    }


@pytest.mark.parametrize("table", TABLES)
def test_absent_errors_leave_columns_empty(corpus_package: CorpusPackage, table: str) -> None:
    """Where an enrichment answers that there is none, its columns are None; any other error of it
    stays an error."""
    calls = calls_of(corpus_package, table)
    absent = {
        call.operation: call.rules.absent[0] for call in calls.enrichments if call.rules.absent
    }
    if not absent:
        assert not any(call.rules.absent for call in calls.enrichments)
        return
    driver = Driver(calls, FakeAws(calls.service, absent), SCOPE)
    rows = list(driver.rows(corpus_package.mapper(table)))
    binding = corpus_package.bindings[table]
    empty = [column.column for column in binding.columns if column.operation in absent]
    assert rows
    assert [(row[name], name) for row in rows for name in empty if row[name] is not None] == []
    operation = next(iter(absent))
    denied = Driver(calls, FakeAws(calls.service, {operation: "AccessDenied"}), SCOPE)
    with pytest.raises(Absent, match="AccessDenied"):
        list(denied.rows(corpus_package.mapper(table)))


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


def test_a_parent_that_is_gone_has_no_parts(corpus_package: CorpusPackage) -> None:
    """What vanishes while its parts are listed is no failure; a listing of everything that answers with
    the same error is one."""
    calls = calls_of(corpus_package, "aws.ecs_service")
    gone = {"ListServices": "ClusterNotFoundException"}
    driver = Driver(calls, FakeAws("ecs", gone), SCOPE)
    assert list(driver.rows(corpus_package.mapper("aws.ecs_service"))) == []
    failed = Driver(calls, FakeAws("ecs", {"ListClusters": "ClusterNotFoundException"}), SCOPE)
    with pytest.raises(Absent):
        list(failed.rows(corpus_package.mapper("aws.ecs_service")))


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
    """Nobody changes what other parts of a program read."""
    with pytest.raises(AttributeError):
        Call("ListThings", "Things[]").rules = CallRules()  # type: ignore[misc]
