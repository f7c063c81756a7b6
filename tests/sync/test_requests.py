"""Requests that are worked out from calls as data."""

from __future__ import annotations

from typing import Any

import pytest

from schemagen.runtime.calls import Call, CallRules, Limit, Pagination, Scope
from schemagen.runtime.sync import requests
from schemagen.runtime.sync.errors import Malformed, RepeatedToken
from schemagen.runtime.sync.requests import MOST_GROUPS, Batches, Pages, Place

PLACE = Place("123456789012", "eu-west-1", "aws-cn")
ITEM = {
    "Id": "/hostedzone/Z1",
    "Name": "a",
    "Attributes": {"QueueArn": "arn:q"},
    "Latest": {"Version": 3},
    "Number": 7,
    "None": None,
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Name", "a"),
        ("Number", 7),
        ("@", ITEM),
        ("${Account}", "123456789012"),
        ("basename(Id)", "Z1"),
        ("basename(Name)", "a"),
        ("basename(Attributes[QueueArn])", "arn:q"),
        ("Attributes[QueueArn]", "arn:q"),
        ("Latest.Version", 3),
        (
            "arn:${Partition}:x:${Region}:${Account}:thing/${Name}/${Number}",
            "arn:aws-cn:x:eu-west-1:123456789012:thing/a/7",
        ),
    ],
)
def test_from_item_takes_what_a_source_names(source: str, expected: object) -> None:
    """A source is a member, the whole item, a part of a member, a value of a map, a member of a structure,
    the account or an ARN."""
    call = Call("DescribeThing", "@", (("Parameter", source),))
    assert requests.from_item(call, ITEM, PLACE) == {"Parameter": expected}


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("Other", "Other"),
        ("None", "None"),
        ("basename(Other)", "Other"),
        ("Attributes[Other]", "Other"),
        ("Other[Key]", "Other"),
        ("Name[Key]", "Key"),
        ("Latest.Other", "Latest.Other"),
        ("Name.Version", "Name.Version"),
        ("Other.Version", "Other.Version"),
        ("arn:x:${Other}", "Other"),
    ],
)
def test_from_item_refuses_items_that_lack_a_source(source: str, missing: str) -> None:
    """What an item lacks is named together with the operation that needs it, and never sent as None."""
    call = Call("DescribeThing", "@", (("Parameter", source),))
    with pytest.raises(Malformed, match=f"the item lacks {missing}, which DescribeThing needs"):
        requests.from_item(call, ITEM, PLACE)


def test_items_may_be_strings() -> None:
    """A listing of names gives each name as it is; a string has no members."""
    assert requests.from_item(Call("D", "@", (("N", "@"),)), "a", PLACE) == {"N": "a"}
    with pytest.raises(Malformed, match="the item lacks Name"):
        requests.from_item(Call("D", "@", (("N", "Name"),)), "a", PLACE)


def test_values_are_combined_and_know_the_account() -> None:
    """Each combination of values that are known beforehand is a call of its own."""
    call = Call("List", "@", values=(("Scope", ("A", "B")), ("Owner", ("${Account}", "x"))))
    assert list(requests.values(call, PLACE)) == [
        {"Scope": "A", "Owner": "123456789012"},
        {"Scope": "A", "Owner": "x"},
        {"Scope": "B", "Owner": "123456789012"},
        {"Scope": "B", "Owner": "x"},
    ]
    assert list(requests.values(Call("List", "@"), PLACE)) == [{}]


def test_values_are_left_out_where_they_are_not_accepted() -> None:
    """A value that one region accepts is not passed in others."""
    scope = Scope("regional", (), (("Scope", (("EDGE", "us-east-1"),)),))
    call = Call("List", "@", values=(("Scope", ("EDGE", "HERE")),), rules=CallRules(scope=scope))
    found = {
        region: [each["Scope"] for each in requests.values(call, Place("1", region))]
        for region in ("us-east-1", "eu-west-1")
    }
    assert found == {"us-east-1": ["EDGE", "HERE"], "eu-west-1": ["HERE"]}


def test_below_passes_on_what_is_inherited() -> None:
    """A call below another one gets the item's values, the inherited ones, and each of its own."""
    call = Call("List", "@", (("N", "Name"),), ("Cluster",), (("Kind", ("x", "y")),))
    found = list(requests.below(call, {"Cluster": "c", "Other": "o"}, ITEM, PLACE))
    assert found == [
        {"Kind": "x", "Cluster": "c", "N": "a"},
        {"Kind": "y", "Cluster": "c", "N": "a"},
    ]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (CallRules(), {}),
        (CallRules(limit=Limit("MaxResults", 100)), {"MaxResults": 100}),
        (CallRules(limit=Limit("MaxResults")), {}),
        (CallRules(limit=Limit("MaxResults", 100), batch=Limit("N", 10)), {}),
        (CallRules(owner=(("Owners", ("self",)),)), {"Owners": ["self"]}),
    ],
)
def test_request_adds_what_is_always_the_same(rules: CallRules, expected: dict[str, Any]) -> None:
    """Constants, the owner and the largest page are added; a page has no size beside names of items."""
    call = Call("List", "@", constants=(("F", ({"Name": "n", "Values": ("v",)},)),), rules=rules)
    assert requests.request(call, {"N": "a"}) == {
        "F": [{"Name": "n", "Values": ["v"]}],
        "N": "a",
        **expected,
    }


def test_pages_that_say_that_there_are_more_need_a_token() -> None:
    """A listing that is cut off without a token is malformed: its end would be taken for all."""
    call = Call("List", "@", rules=CallRules(Pagination(("Token",), ("Next",), "More")))
    assert Pages(call).following({"More": False}) is None
    assert Pages(call).following({"More": True, "Next": "a"}) == {"Token": "a"}
    with pytest.raises(Malformed, match=r"there are more \(More\), and lacks Next"):
        Pages(call).following({"More": True})


def test_unread_items_are_what_a_call_for_several_could_not_read() -> None:
    """Failures and unprocessed items are named; those that are gone are not, nor the items themselves."""
    call = Call("Describe", "services[]", rules=CallRules(batch=Limit("services", 10)))
    gone = {"arn": "a", "reason": "MISSING"}
    denied = {"arn": "b", "reason": "ACCESS_DENIED"}
    response: dict[str, Any] = {
        "services": [{}],
        "failures": [gone, denied],
        "UnprocessedKeys": {"T": {}},
    }
    assert list(requests.unread_items(call, response)) == [
        f"failures: {denied}",
        "UnprocessedKeys: {'T': {}}",
    ]
    all_gone: dict[str, Any] = {"services": [], "failures": [gone]}
    assert list(requests.unread_items(call, all_gone)) == []
    assert list(requests.unread_items(Call("Describe", "services[]"), response)) == []


def test_pages_end_and_refuse_to_turn_in_a_circle() -> None:
    """A token requests the next page; one that came before is an error that names it."""
    call = Call("List", "@", rules=CallRules(Pagination(("Token",), ("Next",))))
    pages = Pages(call)
    assert pages.following({"Next": "a"}) == {"Token": "a"}
    assert pages.following({"Next": "b"}) == {"Token": "b"}
    assert pages.following({}) is None
    with pytest.raises(RepeatedToken, match=r"List requests a page that was read before \(Token\)"):
        pages.following({"Next": "a"})
    assert Pages(Call("List", "@")).following({"Next": "a"}) is None


def test_batches_take_as_many_items_as_fit_and_keep_others_apart() -> None:
    """Items whose other arguments are equal share calls; what is left over is called for at the end."""
    batches = Batches(Limit("Names", 2))
    given = [{"C": "x", "Names": "a"}, {"C": "y", "Names": "b"}, {"C": "x", "Names": "c"}]
    full = [found for arguments in given for found in batches.add(arguments)]
    assert full == [{"C": "x", "Names": ["a", "c"]}]
    assert batches
    assert list(batches.rest()) == [{"C": "y", "Names": ["b"]}]
    assert not batches
    assert list(batches.rest()) == []


def test_batches_are_bounded() -> None:
    """However many groups there are, only some are kept; nothing is lost."""
    batches = Batches(Limit("Names", 100))
    taken = [
        found
        for number in range(3 * MOST_GROUPS)
        for found in batches.add({"C": number, "Names": "a"})
    ]
    assert len(taken) == 2 * MOST_GROUPS
    rest = list(batches.rest())
    assert [found["C"] for found in (*taken, *rest)] == list(range(3 * MOST_GROUPS))


def test_a_batch_without_a_known_maximum_takes_one_item() -> None:
    """Where nobody documents how many items a call takes, it gets one."""
    (found,) = Batches(Limit("Names")).add({"Names": "a"})
    assert found == {"Names": ["a"]}


def test_halves_split_the_items_only() -> None:
    """Both halves keep the other arguments, and together have all items."""
    call = Call("D", "@", rules=CallRules(batch=Limit("Names", 10)))
    assert list(requests.halves(call, {"C": "x", "Names": ["a", "b", "c"]})) == [
        {"C": "x", "Names": ["a"]},
        {"C": "x", "Names": ["b", "c"]},
    ]
    assert requests.batch_size(call, {"C": "x", "Names": ["a", "b", "c"]}) == 3
    assert requests.batch_size(Call("D", "@"), {"Name": "a"}) == 1


def test_single_calls_with_a_list_of_one_item() -> None:
    """A parameter that takes several items gets a list of the one."""
    call = Call("D", "@", rules=CallRules(batch=Limit("Names", 10)))
    assert requests.single(call, {"Names": "a", "C": "x"}) == {"Names": ["a"], "C": "x"}
    assert requests.single(call, {"C": "x"}) == {"C": "x"}


def test_depends_on_item_knows_what_is_the_same_for_all() -> None:
    """Calls that take nothing, or the account only, need to be made once."""
    assert not requests.depends_on_item(Call("L", "@"))
    assert not requests.depends_on_item(Call("L", "@", (("A", "${Account}"),)))
    assert requests.depends_on_item(Call("L", "@", (("A", "${Account}"), ("N", "Name"))))


_PATHS: list[tuple[dict[str, Any], str, list[object]]] = [
    ({"A": 1}, "@", [{"A": 1}]),
    ({"A": [{"B": [1, None, 2]}, None, {"B": []}, {}]}, "A[].B[]", [1, 2]),
    ({"A": {"B": {"x": 1, "y": None}}}, "A.B{}", [1]),
    ({"A": {"B": 1}}, "A", [{"B": 1}]),
    ({}, "A[].B", []),
    ({"A": None}, "A", []),
]


@pytest.mark.parametrize(("response", "path", "expected"), _PATHS)
def test_items_at_follows_paths(response: Any, path: str, expected: list[object]) -> None:
    """Lists, maps and members are followed; what is missing has no items."""
    assert list(requests.items_at(response, path)) == expected


@pytest.mark.parametrize(
    ("response", "path"),
    [({"A": "text"}, "A[]"), ({"A": [1]}, "A{}"), ({"A": [1]}, "A[].B"), ([], "A"), ("x", "A[]")],
)
def test_items_at_refuses_other_forms(response: Any, path: str) -> None:
    """A response of another form is an error, and never an empty list."""
    with pytest.raises(Malformed, match="the response should have"):
        list(requests.items_at(response, path))
