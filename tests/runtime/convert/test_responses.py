"""schemagen.runtime.convert.responses: what mappers accept as responses, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from schemagen.runtime.convert import (
    ConversionError,
    Operation,
    checked_structure,
    identified,
    joined,
    optional_structure,
    page,
    pages,
    require_functions,
    structure_list,
    structures_in_map,
)

Response = dict[str, Any]
THINGS: Operation[Any] = Operation(
    "aws.thing",
    "ListThings",
    read=frozenset({"Things"}),
    unread=frozenset({"Count", "NextToken"}),
    tokens=("NextToken",),
)
OBJECTS: Operation[Any] = Operation(
    "aws.object",
    "ListObjects",
    read=frozenset({"Contents"}),
    unread=frozenset({"IsTruncated", "NextMarker", "Inner"}),
    tokens=("NextMarker || Contents[-1].Key", "Inner.Token"),
    more="IsTruncated",
)
WHOLE: Operation[Any] = Operation("aws.thing", "GetThing", read=frozenset({"Id"}))
METADATA = {"RequestId": "r"}

NOT_LAST = (
    "aws.thing: this response of ListThings is not its last page, because it has NextToken; pass all "
    "pages as an iterable, such as a paginator or a list"
)


@pytest.mark.parametrize("token", [{"NextToken": None}, {"NextToken": ""}, {}])
def test_pages_yields_a_complete_response(token: Response) -> None:
    """A response without token, or with an empty one, is the last page."""
    response: Response = {"Things": [1], "ResponseMetadata": METADATA, **token}
    [found] = pages(response, THINGS)
    assert found is response
    assert joined(response, THINGS) is response


@pytest.mark.parametrize("read", [pages, joined])
def test_a_response_that_is_not_the_last_page_is_refused(read: Any) -> None:
    """The message says that all pages are to be passed."""
    with pytest.raises(ConversionError) as raised:
        list(read({"Things": [1], "NextToken": "a"}, THINGS))
    assert str(raised.value) == NOT_LAST


def test_pages_follows_the_flag_that_tells_whether_there_are_more() -> None:
    """A marker on the last page, which the flag declares, is no token; the last element of a list is
    one while the flag is set."""
    assert list(pages({"Contents": [{"Key": "a"}], "IsTruncated": False}, OBJECTS))
    assert list(pages({"Contents": [{"Key": "a"}], "NextMarker": "a"}, OBJECTS))
    with pytest.raises(ConversionError, match="not its last page"):
        list(pages({"Contents": [{"Key": "a"}], "IsTruncated": True}, OBJECTS))


@pytest.mark.parametrize("make", [list, tuple, iter])
def test_pages_and_joined_accept_iterables(make: Any) -> None:
    """Lists, tuples and iterators of pages are read in full."""
    given = [{"Things": [1], "NextToken": "a"}, {"Things": [2], "Count": 2}, {}]
    assert list(pages(make(given), THINGS)) == given
    assert joined(make(given), THINGS) == {"Things": [1, 2], "Count": 2}
    assert given[0] == {"Things": [1], "NextToken": "a"}


def test_joined_merges_maps_and_removes_tokens() -> None:
    """Lists in structures are concatenated, maps merged; the tokens of all but the last page go."""
    first = {"Contents": [{"Key": "a"}], "Inner": {"Token": "t", "L": [1]}, "IsTruncated": True}
    last = {"Contents": [{"Key": "b"}], "Inner": {"M": {"b": 2}, "L": [2]}, "IsTruncated": False}
    assert joined([{**first, "NextMarker": "a"}, last], OBJECTS) == {
        "Contents": [{"Key": "a"}, {"Key": "b"}],
        "Inner": {"L": [1, 2], "M": {"b": 2}},
        "IsTruncated": False,
    }
    assert first["Contents"] == [{"Key": "a"}]
    assert first["Inner"] == {"Token": "t", "L": [1]}


def test_pages_refuses_an_iterable_that_ends_early() -> None:
    """Rows of what was read are yielded, then the missing pages raise."""
    given = [{"Things": [1], "NextToken": "a"}, {"Things": [2], "NextToken": "b"}]
    found = pages(given, THINGS)
    assert [next(found), next(found)] == given
    with pytest.raises(
        ConversionError, match=r"^aws\.thing: the last of the responses of ListThin"
    ):
        next(found)
    nothing: list[Response] = []
    with pytest.raises(ConversionError, match="is empty; pass at least one page"):
        list(pages(nothing, THINGS))


def test_pages_refuses_a_paginator_that_stopped_at_its_limit() -> None:
    """boto3's paginators cut the last page and keep the token where to resume to themselves."""

    class Stopped:
        resume_token = "here"  # noqa: S105

        def __iter__(self) -> Iterator[Response]:
            yield {"Things": [1]}

    stopped: Any = Stopped()
    with pytest.raises(ConversionError, match="stopped before the end; do not set MaxItems"):
        list(pages(stopped, THINGS))


@pytest.mark.parametrize("given", [None, "text", b"bytes", 1, len])
def test_pages_refuses_other_types(given: Any) -> None:
    """What is neither a response nor an iterable of pages is a mistake of the program."""
    wanted = r": expected a response of ListThings \(a dict\) or an iterable of its pages, got \w+$"
    with pytest.raises(ConversionError, match=wanted):
        list(pages(given, THINGS))


def test_pages_refuses_a_dict_whose_keys_are_no_names() -> None:
    """A dict of something else is no response, whatever its keys are."""
    other: Any = {1: 2}
    with pytest.raises(ConversionError, match="not a response of ListThings: it has 1, and lacks"):
        list(pages(other, THINGS))


@pytest.mark.parametrize("element", [None, "text", ["x"]])
def test_pages_refuses_other_types_among_pages(element: Any) -> None:
    """Each page must be a dict."""
    with pytest.raises(
        ConversionError, match=r"^aws\.thing: expected a response of ListThings, wh"
    ):
        list(pages([element], THINGS))


@pytest.mark.parametrize(
    "response",
    [
        {},
        {"ResponseMetadata": METADATA},
        {"Count": 0},
        {"NextToken": None},
        {"Things": []},
        {"Things": [], "MemberOfTomorrow": 1},
    ],
)
def test_page_accepts_absent_lists_and_new_members(response: Response) -> None:
    """Some protocols leave empty lists out, and responses gain members."""
    assert page(response, THINGS) is response


@pytest.mark.parametrize(
    "response",
    [{"Others": []}, {"Others": [], "Count": 1}, {"Others": [], "ResponseMetadata": METADATA}],
)
def test_page_refuses_responses_of_other_operations(response: Response) -> None:
    """Members that the operation does not return, without any that is read, are another's."""
    with pytest.raises(ConversionError) as raised:
        page(response, THINGS)
    assert str(raised.value) == (
        "aws.thing: not a response of ListThings: it has Others, and lacks Things"
    )


def test_page_names_few_members() -> None:
    """A message does not list all members of a large response."""
    with pytest.raises(ConversionError, match=r"it has A, B, C …, and lacks Id$"):
        page(dict.fromkeys("ABCDEFG"), WHOLE)


@pytest.mark.parametrize("function", [checked_structure, optional_structure])
def test_structures_must_be_dicts(function: Any) -> None:
    """The message names the place."""
    assert function({"A": 1}, "at") == {"A": 1}
    with pytest.raises(ConversionError, match=r"^at: expected dict, got list$"):
        function([], "at")


def test_structure_list_checks_elements() -> None:
    """None is an absent list; a string is not taken for a list of characters."""
    empty: dict[str, Any] = {}
    assert structure_list(None, "at") == ()
    assert structure_list([empty], "at") == [empty]
    with pytest.raises(ConversionError, match=r"^at: expected list, got str$"):
        structure_list("text", "at")
    with pytest.raises(ConversionError, match=r"^at\[1\]: expected dict, got NoneType$"):
        structure_list([empty, None], "at")
    assert optional_structure(None, "at") is None


def test_structures_in_map_checks_values() -> None:
    """None is an absent map; a list is not taken for a map; a value that is no structure is named by
    its key."""
    empty: dict[str, Any] = {}
    assert structures_in_map(None, "at") == ()
    assert list(structures_in_map({"a": empty}, "at")) == [empty]
    with pytest.raises(ConversionError, match=r"^at: expected dict, got list$"):
        structures_in_map(cast("Any", [empty]), "at")
    with pytest.raises(ConversionError, match=r"^at\['b'\]: expected dict, got NoneType$"):
        structures_in_map({"a": empty, "b": None}, "at")


def test_require_functions_names_the_argument() -> None:
    """A response in the place of a function of the item is refused before anything is read."""
    require_functions(None, list_tags=None, key=str)
    require_functions(print)
    kinds: list[object] = [{"Tags": []}, [{}], "text"]
    for given in kinds:
        with pytest.raises(TypeError, match=r"takes an item as list_tags, got .*pass list_tags=la"):
            require_functions(None, list_tags=given)
    with pytest.raises(TypeError, match="takes a ConversionError as on_error, got list"):
        require_functions([])


@pytest.mark.parametrize(
    ("key", "item", "resource"),
    [
        ("mine", {"Id": "i"}, "mine"),
        (None, {"Id": "i"}, "Id i"),
        (None, {"Id": 1, "Attributes": {"Arn": "arn:aws:x"}}, "arn:aws:x"),
        (None, {"Id": "\0", "Attributes": {"Arn": "x"}}, "Arn x"),
        ("two\nlines", {}, ""),
        (None, "no item", ""),
        ("k" * 400, {}, "k" * 300 + "…"),
    ],
)
def test_identified_names_the_item(key: str | None, item: object, resource: str) -> None:
    """The key, or the first member that identifies the item and that a message can show."""
    error = identified(ConversionError("aws.t.c", "reason"), key, item, ("Id", "Attributes[Arn]"))
    assert error.resource == resource
    assert str(error) == f"aws.t.c{f' of {resource}' if resource else ''}: reason"
