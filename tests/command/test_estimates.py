"""schemagen.runtime.command.estimates: how often operations are called, as formulas."""

from __future__ import annotations

from math import ceil

import pytest

from schemagen.runtime.calls import Call, CallRules, Limit, Pagination, Scope, TableCalls
from schemagen.runtime.command.estimates import PER_ACCOUNT, PER_REGION, Estimate, estimate

REGIONAL = Scope()
PAGES = Pagination(("NextToken",), ("NextToken",))


def paged(operation: str, size: int | None = 100, scope: Scope = REGIONAL) -> Call:
    limit = Limit("MaxResults", size)
    return Call(operation, "Items[]", rules=CallRules(PAGES, limit=limit, scope=scope))


def table(*chain: Call, enrichments: tuple[Call, ...] = ()) -> TableCalls:
    return TableCalls("aws.made", "made", chain[:-1], chain[-1], enrichments)


def value(formula: str, **variables: int) -> int:
    """What the formula says for these numbers."""
    return int(eval(formula, {"__builtins__": {}}, {"ceil": ceil, "max": max, **variables}))  # noqa: S307


DESCRIBE = Call("DescribeItem", "@")
BATCH = Call("DescribeItems", "Items[]", rules=CallRules(batch=Limit("Names", 10)))
TAGS = Call("ListTags", "@", columns=("tags",))
TAG_PAGES = Call("ListTagPages", "@", rules=CallRules(PAGES), columns=("tags",))


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
    assert batched.variables == (("a", "items of ListItems"), ("n", "rows"))
    assert batched.total == "max(1, ceil(a / 100)) + ceil(a / 10)"
    assert value(batched.total, a=25) == 4


def test_listings_below_others_have_pages_for_each_item() -> None:
    """The formula holds for items that are spread evenly."""
    found = estimate(table(paged("ListParents"), paged("ListItems"), DESCRIBE))
    assert found.variables == (("a", "items of ListParents"), ("n", "rows"))
    assert found.counts == (
        "max(1, ceil(a / 100))",
        "a * max(1, ceil(n / a / 100))",
        "n",
    )
    assert value(found.total, a=4, n=1000) == 1 + 4 * 3 + 1000


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
