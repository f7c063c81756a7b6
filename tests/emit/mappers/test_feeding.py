"""What mappers accept as responses, pages and functions; errors that name items, and are skipped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import mappers
from mapper_cases import ARN, by
from mappers import Mapper, Row

COLUMNS = {"_key": "string", "size": "int64", "tags": "hstore_csv"}
STRUCTURES = {
    "ListThingsResponse": {"Things": "list<#Thing>", "Failures": "list<string>", "Next": "string"},
    "DescribeThingResponse": {"Thing": "#Thing", "Next": "string"},
    "Thing": {"Arn": "string", "Size": "int64"},
    "ListTagsResponse": {"Tags": "list<#Tag>", "NextToken": "string"},
    "Tag": {"Key": "string", "Value": "string"},
}
TAGS_A = {"Tags": [{"Key": "a", "Value": "1"}], "NextToken": "more"}
TAGS_B = {"Tags": [{"Key": "b", "Value": "2"}]}


def mapper_of(folder: Path, operation: str, path: str) -> Any:
    """A mapper of things, whose response is paged, and so are their tags."""
    made = mappers.service(
        mappers.bound(
            "aws.t",
            operation=operation,
            path=path,
            columns={
                "_key": {"derived": "arn", "member": "Arn"},
                "size": by("Size"),
                "tags": by("Tags", operation="ListTags"),
            },
            auxiliary={"ListTags": {"path": "@", "arguments": {"ResourceArn": "Arn"}}},
        ),
        {
            operation: "Thing" if path == "@" else f"{operation}Response",
            "ListTags": "ListTagsResponse",
        },
        {**STRUCTURES, "Thing": {**STRUCTURES["Thing"], "Next": "string"}},
        paged={operation: "Next", "ListTags": "NextToken"},
    )
    return mappers.imported(folder, made, COLUMNS)


@pytest.fixture
def listed(tmp_path: Path) -> Iterator[Mapper]:
    with mapper_of(tmp_path, "ListThings", "Things[]") as mapper:
        yield mapper


@pytest.fixture
def described(tmp_path: Path) -> Iterator[Mapper]:
    with mapper_of(tmp_path, "DescribeThing", "Thing") as mapper:
        yield mapper


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Mapper]:
    with mapper_of(tmp_path, "GetThing", "@") as mapper:
        yield mapper


def thing(name: str, size: object = 1) -> Row:
    return {"Arn": f"{ARN}/{name}", "Size": size}


def test_from_response_refuses_a_page_that_is_not_the_last(
    listed: Mapper, described: Mapper, whole: Mapper
) -> None:
    """A listing, a description and an item that is a whole response: each may have more pages."""
    for mapper, response in (
        (listed, {"Things": [thing("a")]}),
        (described, {"Thing": thing("a")}),
        (whole, thing("a")),
    ):
        with pytest.raises(
            mapper.ConversionError, match="is not its last page, because it has Next"
        ):
            list(mapper.from_response({**response, "Next": "x"}))
        with pytest.raises(mapper.ConversionError, match="the last of the responses of"):
            list(mapper.from_response([response, {**response, "Next": "x"}]))
        assert list(mapper.from_response({**response, "Next": ""}))
    with pytest.raises(whole.ConversionError, match="is not its last page"):
        whole.from_item({**thing("a"), "Next": "x"})


def test_from_response_reads_pages(listed: Mapper, described: Mapper, whole: Mapper) -> None:
    """Pages of a listing are read one after the other; those of one item become one response."""
    pages: list[Row] = [{"Things": [thing("a")], "Next": "x"}, {"Things": [thing("b", 2)]}]
    for given in (pages, tuple(pages), iter(pages)):
        assert [row["size"] for row in listed.from_response(given)] == [1, 2]
    parts: Any = [{"Thing": {"Arn": ARN}, "Next": "x"}, {"Thing": {"Size": 2}}]
    [row] = described.from_response(iter(parts))
    assert (row["_key"], row["size"]) == (ARN, 2)
    parts = [{"Arn": ARN, "Next": "x"}, {"Size": 2}]
    [row] = whole.from_response(iter(parts))
    assert row == whole.from_item(parts) == whole.from_item({"Arn": ARN, "Size": 2})


def test_from_response_reads_pages_lazily(listed: Mapper) -> None:
    """A page is requested only when the rows before it are consumed."""
    requested: list[str] = []

    def pages() -> Iterator[Row]:
        for name in "ab":
            requested.append(name)
            yield {"Things": [thing(name)], "Next": "x" if name == "a" else None}

    rows = listed.from_response(pages())
    assert requested == []
    next(rows)
    assert requested == ["a"]
    assert len(list(rows)) == 1


def test_enrichments_are_responses_or_pages(listed: Mapper, described: Mapper) -> None:
    """An argument, or the result of a function of the item, is a response, all its pages, or None."""
    tags = {"a": ["1"], "b": ["2"]}
    for given in ([TAGS_A, TAGS_B], (TAGS_A, TAGS_B)):
        assert described.from_item(thing("a"), list_tags=given)["tags"] == tags
        [row] = described.from_response({"Thing": thing("a")}, list_tags=iter(given))
        assert row["tags"] == tags
    response = {"Things": [thing("a"), thing("b"), thing("c")]}
    answers: list[Any] = [iter([TAGS_A, TAGS_B]), TAGS_B, None]

    def tags_of(item: Row) -> Any:
        return answers.pop(0)

    rows = listed.from_response(response, list_tags=tags_of)
    assert [row["tags"] for row in rows] == [tags, {"b": ["2"]}, None]


def test_enrichments_that_are_incomplete_or_of_others_are_refused(listed: Mapper) -> None:
    """The error names the item whose enrichment it is."""
    response = {"Things": [thing("a")]}
    for given, reason in (
        (TAGS_A, "this response of ListTags is not its last page, because it has NextToken"),
        ([TAGS_B, TAGS_A], "the last of the responses of ListTags is not its last page"),
        ({"Policy": "{}"}, "not a response of ListTags: it has Policy, and lacks Tags"),
        ([], "the iterable of pages of ListTags is empty"),
    ):

        def answer(item: Row, given: Any = given) -> Any:
            return given

        with pytest.raises(listed.ConversionError) as raised:
            list(listed.from_response(response, list_tags=answer))
        assert str(raised.value).startswith(f"aws.t of {ARN}/a: {reason}")


def test_from_response_refuses_responses_of_other_operations(
    listed: Mapper, described: Mapper, whole: Mapper
) -> None:
    """A response without the list is an empty listing, unless it has what the operation never returns."""
    responses: tuple[Row, ...] = (
        {},
        {"ResponseMetadata": {}},
        {"Failures": []},
        {"Things": []},
        {"Next": None},
    )
    for response in responses:
        assert list(listed.from_response(response)) == []
    assert list(described.from_response({"ResponseMetadata": {}})) == []
    wrong: list[tuple[Mapper, Any]] = [
        (listed, {"Clusters": [], "Failures": []}),
        (described, {"Things": []}),
        (whole, {"Thing": {}}),
        (listed, [{"Things": [], "Next": "x"}, thing("a")]),
    ]
    for mapper, given in wrong:
        with pytest.raises(
            mapper.ConversionError, match=r"^aws\.t: not a response of \w+: it has "
        ):
            list(mapper.from_response(given))


@pytest.mark.parametrize("given", [None, "text", 5, print, date(2026, 1, 1)])
def test_other_values_than_responses_are_conversion_errors(
    listed: Mapper, described: Mapper, given: Any
) -> None:
    """No message comes from inside the mapper."""
    with pytest.raises(
        listed.ConversionError, match=r"expected a response of ListThings \(a dict\) or an"
    ):
        list(listed.from_response(given))
    if given is not None:
        with pytest.raises(
            described.ConversionError, match=r"expected a response of ListTags \(a dict\) or an"
        ):
            list(described.from_response({"Thing": thing("a")}, list_tags=given))


@pytest.mark.parametrize("given", [TAGS_B, [TAGS_B], "text"])
def test_from_response_requires_functions_of_the_item(listed: Mapper, given: Any) -> None:
    """What belongs to one of several items cannot be the same for all of them."""
    response = {"Things": [thing("a")]}
    for name in ("list_tags", "key"):
        with pytest.raises(TypeError, match=f"takes an item as {name}, got .* {name}=lambda item"):
            list(listed.from_response(response, **{name: given}))
    with pytest.raises(TypeError, match="takes a ConversionError as on_error"):
        list(listed.from_response(response, on_error=given))


@pytest.mark.parametrize(
    ("response", "message"),
    [
        ({"Things": "text"}, "aws.t: ListThings.Things: expected list, got str"),
        ({"Things": {"Arn": ARN}}, "aws.t: ListThings.Things: expected list, got dict"),
        (
            {"Things": [thing("a"), None]},
            "aws.t: ListThings.Things[1]: expected dict, got NoneType",
        ),
        ({"Things": ["text"]}, "aws.t: ListThings.Things[0]: expected dict, got str"),
    ],
)
def test_from_response_refuses_malformed_paths(listed: Mapper, response: Row, message: str) -> None:
    """The message names the member that is not what the path needs."""
    with pytest.raises(listed.ConversionError) as raised:
        list(listed.from_response(response))
    assert str(raised.value) == message


@pytest.mark.parametrize("item", [None, "text", [thing("a")]])
def test_from_item_refuses_what_is_no_item(listed: Mapper, item: Any) -> None:
    """An item is a dict."""
    with pytest.raises(listed.ConversionError, match=r"^aws\.t: expected dict, got \w+$"):
        listed.from_item(item)


def test_on_error_lets_the_other_items_pass(listed: Mapper) -> None:
    """Each error is reported with its item, and the rows of all other items follow, on all pages."""
    pages: list[Row] = [
        {"Things": [thing("a"), thing("b", "many")], "Next": "x"},
        {"Things": [{"Size": 3}, thing("d", 4)]},
    ]
    errors: list[Any] = []
    rows = list(listed.from_response(iter(pages), on_error=errors.append))
    assert [row["size"] for row in rows] == [1, 4]
    assert [str(error) for error in errors] == [
        f"aws.t.size of {ARN}/b: expected int, got str",
        "aws.t._key: the response has no Arn; pass key=",
    ]
    assert [error.resource for error in errors] == [f"{ARN}/b", ""]
    with pytest.raises(listed.ConversionError, match="expected int, got str"):
        list(listed.from_response(iter(pages)))


def test_on_error_does_not_hide_missing_pages(listed: Mapper) -> None:
    """What concerns the whole response is raised."""
    errors: list[Any] = []
    responses: list[Row] = [{"Things": [], "Next": "x"}, {"Clusters": []}, {"Things": "text"}]
    for response in responses:
        with pytest.raises(listed.ConversionError):
            list(listed.from_response(response, on_error=errors.append))
    assert errors == []


def test_on_error_leaves_the_errors_of_consumers_alone(listed: Mapper) -> None:
    """An error that is thrown into the generator by its consumer is not an item's."""
    errors: list[Any] = []
    rows: Any = listed.from_response({"Things": [thing("a")]}, on_error=errors.append)
    next(rows)
    with pytest.raises(listed.ConversionError):
        rows.throw(listed.ConversionError("aws.other", "theirs"))
    assert errors == []


def test_on_error_skips_the_single_item(described: Mapper) -> None:
    """A response of one item has no row then."""
    errors: list[Any] = []
    response = {"Thing": thing("a", "many")}
    assert list(described.from_response(response, on_error=errors.append)) == []
    assert len(errors) == 1
