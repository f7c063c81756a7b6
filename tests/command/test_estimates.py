"""schemagen.runtime.command.estimates: how often operations are called, as formulas."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from math import ceil, floor
from typing import Any

import pytest

from schemagen.runtime.calls import Call, CallRules, Limit, Pagination, Scope, TableCalls
from schemagen.runtime.command.estimates import PER_ACCOUNT, PER_REGION, Estimate, estimate
from schemagen.runtime.convert.scalars import ConversionError
from schemagen.runtime.sync.collector import collect
from schemagen.runtime.units import Unit

REGIONAL = Scope()
PAGES = Pagination(("NextToken",), ("NextToken",))


def paged(operation: str, size: int | None = 100, scope: Scope = REGIONAL) -> Call:
    limit = Limit("MaxResults", size)
    return Call(operation, "Items[]", rules=CallRules(PAGES, limit=limit, scope=scope))


def table(*chain: Call, enrichments: tuple[Call, ...] = ()) -> TableCalls:
    return TableCalls("aws.made", "made", chain[:-1], chain[-1], enrichments)


def value(formula: str, **variables: int) -> int:
    """What the formula says for these numbers."""
    known = {"ceil": ceil, "floor": floor, "max": max, **variables}
    return int(eval(formula, {"__builtins__": {}}, known))  # noqa: S307


DESCRIBE = Call("DescribeItem", "@")
BATCH = Call("DescribeItems", "Items[]", rules=CallRules(batch=Limit("Names", 10)))
TAGS = Call("ListTags", "@", (("Name", "@"),), columns=("tags",))
TAG_PAGES = Call("ListTagPages", "@", (("Name", "@"),), rules=CallRules(PAGES), columns=("tags",))


def test_listings_are_called_once_for_each_page() -> None:
    """An empty account takes a call, too."""
    found = estimate(table(paged("ListItems")))
    assert found == Estimate(
        PER_REGION, (("n", "rows"),), ("max(1, ceil(n / 100))",), "max(1, ceil(n / 100))", ()
    )
    assert [value(found.total, n=n) for n in (0, 1, 100, 101)] == [1, 1, 1, 2]


def test_items_are_described_one_by_one_or_in_batches() -> None:
    """The rows are the items of the listing; a batch takes several of them."""
    single = estimate(table(paged("ListItems"), DESCRIBE, enrichments=(TAGS,)))
    assert single.counts == ("max(1, ceil(n / 100))", "n", "n")
    assert single.total == "max(1, ceil(n / 100)) + 2 * n"
    assert single.variables == (("n", "rows"),)
    batched = estimate(table(paged("ListItems"), BATCH))
    assert batched.variables == (("n", "rows"),)
    assert batched.total == "max(1, ceil(n / 100)) + ceil(n / 10)"
    assert value(batched.total, n=25) == 4


def test_listings_below_others_have_pages_for_each_item() -> None:
    """Each parent takes a call, and may have a page that is not full, however items are spread."""
    found = estimate(table(paged("ListParents"), paged("ListItems"), DESCRIBE))
    assert found.variables == (("a", "items of ListParents"), ("n", "rows"))
    assert found.counts == ("max(1, ceil(a / 100))", "a + floor(n / 100)", "n")
    assert value(found.total, a=4, n=1000) == 1 + 4 + 10 + 1000
    assert value(found.total, a=0, n=0) == 1


def test_batches_are_not_shared_by_items_of_different_parents() -> None:
    """A batch has one cluster: its services are described together, and not with those of others."""
    batch = Call(
        *("DescribeItems", "Items[]", (("Names", "@"),), ("Parent",)),
        rules=CallRules(batch=Limit("Names", 10)),
    )
    found = estimate(table(paged("ListParents", None), paged("ListItems", None), batch))
    assert found.counts == ("1", "a", "a + floor(n / 10)")
    assert found.total == "1 + a + a + floor(n / 10)"


def test_calls_that_take_nothing_from_the_item_are_made_once() -> None:
    """Their responses are those of the account, and the same for each row."""
    shared = Call("ListAll", "@", columns=("all",))
    found = estimate(table(paged("ListItems"), enrichments=(shared, TAGS)))
    assert found.counts == ("max(1, ceil(n / 100))", "1", "n")


def test_values_multiply_calls_of_enrichments() -> None:
    """Each value takes a call, for each row or for all of them."""
    kinds = (("Kind", ("a", "b", "c")),)
    of_item, shared = replace(TAGS, values=kinds), Call("GetContact", "@", values=kinds)
    found = estimate(table(paged("ListItems"), enrichments=(of_item, shared)))
    assert found.counts == ("max(1, ceil(n / 100))", "3 * n", "3")
    assert found.total == "max(1, ceil(n / 100)) + 3 * n + 3"


def test_values_multiply_calls() -> None:
    """A call that is made with each of several values is made so many times."""
    call = Call("ListItems", "Items[]", values=(("Kind", ("a", "b")), ("Size", ("s", "m", "l"))))
    assert estimate(table(call)).total == "6"


def test_pages_without_a_known_size_are_named() -> None:
    """What nothing limits is not counted as if it were nothing."""
    found = estimate(table(paged("ListItems", None), enrichments=(TAG_PAGES,)))
    assert found.counts == ("1", "n")
    assert found.further == ("ListItems", "ListTagPages")


@pytest.mark.parametrize("scope", [Scope("account"), Scope("global", (("aws", "us-east-1"),))])
def test_listings_of_the_whole_account_are_called_once(scope: Scope) -> None:
    """They are not multiplied by the number of regions."""
    assert estimate(table(paged("ListItems", scope=scope))).per == PER_ACCOUNT


class Made:
    """A mapper, and an API of parents that have so many items each, and pages of ``SIZE``."""

    ConversionError = ConversionError
    SIZE = 3

    def __init__(self, items: list[int]) -> None:
        self.items = items
        self.calls: Counter[str] = Counter()

    @staticmethod
    def from_item(item: Any, **_: Any) -> dict[str, object]:
        return {"name": item}

    def from_response(self, *_: Any) -> Any:
        raise NotImplementedError

    def __call__(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        self.calls[operation] += 1
        if operation == "DescribeItems":
            return {"Items": arguments["Names"]}
        if operation in ("ListTags", "ListAll"):
            return {}
        listed: list[Any] = list(range(len(self.items)))
        if operation == "ListItems":
            parent: int = arguments["Parent"]
            listed = [f"{parent}-{number}" for number in range(self.items[parent])]
        start = int(arguments.get("NextToken", "0"))
        end = start + self.SIZE
        more = {"NextToken": str(end)} if end < len(listed) else {}
        return {"Items": listed[start:end], **more}


@pytest.mark.parametrize("seed", range(40))
def test_formulas_are_never_less_than_what_is_called(seed: int) -> None:
    """However items are spread over their parents, in pages and batches; what they are too large by is
    less than a page and a batch for each parent."""
    drawn = random.Random(seed)  # noqa: S311
    made = Made([drawn.randrange(8) for _ in range(drawn.randrange(8))])
    inherited = ("Parent",) if seed % 2 else ()
    below = replace(paged("ListItems", made.SIZE), arguments=(("Parent", "@"),))
    batch = Call(
        *("DescribeItems", "Items[]", (("Names", "@"),), inherited),
        rules=CallRules(batch=Limit("Names", 2)),
    )
    shared = Call("ListAll", "@", columns=("all",))
    calls = table(paged("ListParents", made.SIZE), below, batch, enrichments=(TAGS, shared))
    mapper: Any = made
    rows = list(collect(calls, mapper, made, Unit("1", "r", "aws.made")))
    found = estimate(calls)
    numbers = {"a": len(made.items), "n": sum(made.items)}
    assert len(rows) == numbers["n"]
    counts = dict(
        zip(
            ("ListParents", "ListItems", "DescribeItems", "ListTags", "ListAll"),
            (value(formula, **numbers) for formula in found.counts),
            strict=True,
        )
    )
    for operation, most in counts.items():
        assert most - numbers["a"] <= made.calls[operation] <= most, operation
    assert value(found.total, **numbers) == sum(counts.values())
