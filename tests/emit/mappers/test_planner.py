"""schemagen.emit.mappers.planner: the responses of a table, their items, and names."""

from __future__ import annotations

from pathlib import Path

import pytest

import mappers
from mapper_cases import (
    ARN,
    AWKWARD_COLUMNS,
    NESTED_COLUMNS,
    OWN,
    THINGS,
    by,
    nested,
    own,
    whole,
)
from mappers import Row


def test_plan_mapper_accepts_any_column_name(tmp_path: Path) -> None:
    """Whatever a column is called, the row has it under that name, and it never is code."""
    made = mappers.service(
        mappers.bound(
            "aws.t", operation="GetThing", columns={name: by("Text") for name in AWKWARD_COLUMNS}
        ),
        {"GetThing": "R"},
        {"R": {"Text": "string"}},
    )
    with mappers.imported(tmp_path, made, dict.fromkeys(AWKWARD_COLUMNS, "string")) as mapper:
        assert mapper.from_item({"Text": "x"}) == dict.fromkeys(AWKWARD_COLUMNS, "x")


TAGS = [{"Key": "k", "Value": "v"}]


WAYS: list[tuple[str, str, Row, list[object]]] = [
    ("List", "Outer[].Things[]", {"Outer": [{"Things": THINGS}, {}, {"Things": THINGS}]}, [1, None, 1, None]),
    ("List", "Outer[].Inner.Things[]", {"Outer": [{"Inner": {"Things": THINGS}}, {}]}, [1, None]),
    ("List", "Outer[].Inner.Thing", {"Outer": [{"Inner": {"Thing": THINGS[0]}}, {"Inner": {}}]}, [1]),
    ("List", "Outer[].Things[]", {}, []),
    ("Get", "Outer.Things[]", {"Outer": {"Things": THINGS}}, [1, None]),
    ("Batch", "Things{}", {"Things": {"x": THINGS[0], "y": THINGS[1]}}, [1, None]),
    ("Batch", "Things{}", {}, []),
    ("Batch", "Boxes{}.Things[]", {"Boxes": {"x": {"Things": THINGS}, "y": {}}}, [1, None]),
    ("Get", "Outer.Inner.Thing", {"Outer": {"Inner": {"Thing": THINGS[0]}}}, [1]),
    ("Get", "Outer.Inner.Thing", {"Outer": {}}, []),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "path", "response", "sizes"), WAYS)
def test_from_response_follows_the_path(
    tmp_path: Path, operation: str, path: str, response: Row, sizes: list[object]
) -> None:
    """`from_response` makes a row of every item on the path, and none where it ends."""
    with mappers.imported(tmp_path, nested(operation, path), NESTED_COLUMNS) as mapper:
        assert [row["size"] for row in mapper.from_response(response)] == sizes


def test_from_response_calls_functions_for_each_item(tmp_path: Path) -> None:
    """Where a response has several items, keys and enrichments come from functions."""
    called_with: list[object] = []

    def key(item: Row) -> str:
        return str(item["Arn"])[-3:]

    def list_tags(item: Row) -> Row | None:
        called_with.append(item)
        return {"Tags": TAGS} if item["Arn"] == ARN else None

    made = nested("List", "Outer[].Things[]")
    with mappers.imported(tmp_path, made, NESTED_COLUMNS) as mapper:
        rows = list(
            mapper.from_response(
                {"Outer": [{"Things": THINGS}]},
                list_tags=list_tags,
                key=key,
            )
        )
    assert rows == [
        {"_key": "one", "size": 1, "tags": {"k": ["v"]}},
        {"_key": "two", "size": None, "tags": None},
    ]
    assert called_with == THINGS


def test_from_response_passes_enrichments_of_a_single_item(tmp_path: Path) -> None:
    """Enrichments and the key go to the only item; without them, their columns are None."""
    made = nested("Get", "Outer.Inner.Thing")
    response = {"Outer": {"Inner": {"Thing": THINGS[0]}}}
    with mappers.imported(tmp_path, made, NESTED_COLUMNS) as mapper:
        [row] = mapper.from_response(response, list_tags={"Tags": TAGS}, key="mine")
        assert row == {"_key": "mine", "size": 1, "tags": {"k": ["v"]}}
        assert mapper.from_item(THINGS[0])["tags"] is None
        assert mapper.from_item(THINGS[0], list_tags={"Tags": []})["tags"] == {}
        assert mapper.from_item(THINGS[0], list_tags={})["tags"] == {}


@pytest.mark.parametrize(
    ("path", "response", "tags"),
    [
        ("Sets[]", {"Sets": [{"Tags": TAGS}]}, {"k": ["v"]}),
        ("Sets[]", {"Sets": []}, None),
        ("Set", {"Set": {"Tags": []}}, {}),
        ("Set", {}, None),
    ],
)
def test_from_item_follows_paths_of_enrichments(
    tmp_path: Path, path: str, response: Row, tags: object
) -> None:
    """The members of an enrichment may stand deeper in it, also in a list of one."""
    made = nested("Get", "Outer.Inner.Thing", path)
    with mappers.imported(tmp_path, made, NESTED_COLUMNS) as mapper:
        assert mapper.from_item(THINGS[0], list_tags=response)["tags"] == tags


def test_from_item_refuses_enrichments_of_several_items(tmp_path: Path) -> None:
    """Which of several items is meant is not guessed."""
    made = nested("Get", "Outer.Inner.Thing", "Sets[]")
    with (
        mappers.imported(tmp_path, made, NESTED_COLUMNS) as mapper,
        pytest.raises(mapper.ConversionError) as raised,
    ):
        mapper.from_item(THINGS[0], list_tags={"Sets": [{}, {}]})
    assert str(raised.value) == (
        f"aws.t of {ARN}: expected at most one item, got 2; pass the response of ListTags for this item"
    )


METADATA = {"RequestId": "r", "HTTPStatusCode": 200}


@pytest.mark.parametrize(
    ("path", "response", "value"),
    [
        ("@", {"Status": "Enabled", "Inner": {"S3Uri": "u"}, "NewMember": 1}, {"status": "Enabled", "inner": {"s3_uri": "u"}, "new_member": 1}),
        ("@", {}, {}),
        ("Inner", {"Inner": {"S3Uri": "u"}}, {"s3_uri": "u"}),
        ("Inner", {"Inner": {}}, {}),
        ("Inner", {}, None),
    ],
)  # fmt: skip
def test_from_item_stores_whole_enrichments(
    tmp_path: Path, path: str, response: Row, value: object
) -> None:
    """The answer is the column's value, without what boto3 adds to it; an answer that says nothing
    is an answer."""
    with mappers.imported(tmp_path, whole(path), {"id": "string", "c": "json"}) as mapper:
        answered = {**response, "ResponseMetadata": METADATA}
        assert mapper.from_item({"Id": "i"}, get_settings=answered)["c"] == value
        assert mapper.from_item({"Id": "i"})["c"] is None
        assert answered["ResponseMetadata"] == METADATA


@pytest.mark.parametrize(
    ("type", "value"), [("hstore", {"Status": "on"}), ("string", '{"Status":"on"}')]
)
def test_from_item_converts_whole_enrichments(tmp_path: Path, type: str, value: object) -> None:
    """The page's type says what becomes of the answer, and boto3's addition is in none."""
    response = {"Status": "on", "ResponseMetadata": METADATA}
    with mappers.imported(tmp_path, whole("@"), {"id": "string", "c": type}) as mapper:
        assert mapper.from_item({"Id": "i"}, get_settings=response)["c"] == value


def test_conversion_error_names_the_member_of_a_whole_enrichment(tmp_path: Path) -> None:
    """The place inside the answer is named, and an answer must be one."""
    with mappers.imported(tmp_path, whole("@"), {"id": "string", "c": "json"}) as mapper:
        with pytest.raises(mapper.ConversionError) as raised:
            mapper.from_item({}, get_settings={"Inner": {"S3Uri": 1}})
        assert str(raised.value) == "aws.t.c.inner.s3_uri: expected str, got int"
        with pytest.raises(mapper.ConversionError) as raised:
            mapper.from_item({"Id": "i"}, get_settings={"Inner": 1})
        assert str(raised.value) == "aws.t.c.inner of Id i: expected dict, got int"
        wanted = r"expected a response of GetSettings .*, got str$"
        with pytest.raises(mapper.ConversionError, match=wanted):
            mapper.from_item({}, get_settings="text")


def test_from_item_stores_the_whole_primary_item(tmp_path: Path) -> None:
    """Then no member of the item is unmapped but a new one."""
    made = mappers.service(
        mappers.bound("aws.t", operation="GetThing", columns={"c": by("@"), "id": by("Id")}),
        {"GetThing": "R"},
        {"R": {"Id": "string", "Name": "string"}},
    )
    item = {"Id": "i", "Name": "n", "New": 1, "ResponseMetadata": METADATA}
    with mappers.imported(tmp_path, made, {"c": "json", "id": "string"}) as mapper:
        row = {"c": {"id": "i", "name": "n", "new": 1}, "id": "i"}
        assert list(mapper.from_response(item)) == [row]
        assert mapper.unmapped(item) == ("New",)


@pytest.mark.parametrize("case", OWN)
def test_from_response_reads_columns_outside_the_item(tmp_path: Path, case: str) -> None:
    """`from_response` takes from the response what is in it; `from_item` is passed the response."""
    path, of, structures, response, pairs = OWN[case]
    columns = {"id": "string", "owner": "string"}
    with mappers.imported(tmp_path, own(path, of, structures), columns) as mapper:
        rows = list(mapper.from_response(response))
        assert [(row["id"], row["owner"]) for row in rows] == pairs
        assert mapper.from_item({"Id": "a"}) == {"id": "a", "owner": None}
        if len(pairs) == 1:
            assert mapper.from_item({"Id": "a"}, get_thing=response)["owner"] == "me"
        with pytest.raises(TypeError, match="get_thing"):
            list(mapper.from_response(response, get_thing=response))
        assert mapper.unmapped({"Id": "a", "New": 1}) == ("New",)
