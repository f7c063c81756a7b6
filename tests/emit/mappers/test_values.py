"""schemagen.emit.mappers.values: columns of every type, and those at keys of maps."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import mappers
from mapper_cases import ARN, COLUMNS, KEY_COLUMNS, at_keys, by
from mappers import Row


@pytest.mark.parametrize("column", COLUMNS)
def test_from_item_converts_columns_of_every_type(tmp_path: Path, column: str) -> None:
    """A column's type decides how a member is converted; inside json, the member's shape does."""
    type, shape, value, expected = COLUMNS[column]
    made = mappers.service(
        mappers.bound("aws.t", operation="GetThing", columns={column: by("Member")}),
        {"GetThing": "R"},
        {"R": {"Member": shape}, "Tag": {"Key": "string", "Value": "string"}},
    )
    with mappers.imported(tmp_path, made, {column: type}) as mapper:
        assert mapper.from_item({"Member": value}) == {column: expected}
        assert mapper.from_item({}) == {column: None}


@pytest.mark.parametrize(
    ("type", "shape", "value", "message"),
    [
        ("string", "json", "\0", "U+0000 at character 1 cannot be stored; remove it, or pass errors='replace' to replace it with U+FFFD"),
        ("string", "int64", 1, "expected str, got int"),
        ("int64", "string", "1", "expected int, got str"),
        ("hstore", "string", "a", "expected dict, got str"),
        ("array<string>", "string", "a", "expected list, got str"),
    ],
)  # fmt: skip
def test_from_item_refuses_shapes_that_do_not_fit(
    tmp_path: Path, type: str, shape: str, value: object, message: str
) -> None:
    """The page's type is kept, whatever the response has: no silent conversion to text."""
    made = mappers.service(
        mappers.bound("aws.t", operation="GetThing", columns={"c": by("Member")}),
        {"GetThing": "R"},
        {"R": {"Member": shape}, "Tag": {"Key": "string"}},
    )
    with (
        mappers.imported(tmp_path, made, {"c": type}) as mapper,
        pytest.raises(mapper.ConversionError) as raised,
    ):
        mapper.from_item({"Member": value})
    assert str(raised.value) == f"aws.t.c: {message}"


ATTRIBUTES = {
    "Arn": ARN,
    "class": "standard",
    "Count": "12",
    "Is:Open": "True",
    "MadeAt": "1767323045",
    "Policy": '{"Version": "1"}',
    "New": "x",
}


@pytest.mark.parametrize("path", ["@", "Inner"])
def test_from_item_reads_keys_of_maps(tmp_path: Path, path: str) -> None:
    """Texts at keys become what their columns are, other values are as they are; the map itself may
    also be a column. The account, the key and arguments of enrichments may come from a key."""
    tags = [{"Key": "k", "Value": "v"}]
    item = {"Attributes": ATTRIBUTES, "Shares": {"Attributes": 7}, "Owners": {"Owner": tags}}
    more: Row = {"Counts": {"More": "3"}}
    with mappers.imported(tmp_path, at_keys(path), KEY_COLUMNS) as mapper:
        row = mapper.from_item(item, get_more=more if path == "@" else {"Inner": more})
        assert row == {
            "_key": ARN,
            "account_id": "123456789012",
            "arn": ARN,
            "attributes": ATTRIBUTES,
            "class": "standard",
            "count": 12,
            "is_open": True,
            "made_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "policy": {"Version": "1"},
            "share": 7,
            "owner": {"k": ["v"]},
            "more": 3,
            "counts": {"More": ["3"]},
        }
        new = ("Attributes[Arn]", "New")
        assert mapper.unmapped({**item, **dict.fromkeys(new)}) == new
        assert "Arn (the item's Attributes[Arn])" in " ".join(str(mapper.__doc__).split())


@pytest.mark.parametrize("item", [{}, {"Attributes": {}}, {"Attributes": None, "Shares": {}}])
def test_from_item_gives_none_for_missing_map_keys(tmp_path: Path, item: Row) -> None:
    """A map, or a key, that is not there is None; the row's key must be passed then."""
    with mappers.imported(tmp_path, at_keys("Inner"), KEY_COLUMNS) as mapper:
        answers: list[Row | None] = [None, {}, {"Inner": {}}, {"Inner": {"Counts": {}}}]
        for more in answers:
            row = mapper.from_item(item, key="mine", get_more=more)
            assert row.pop("_key") == "mine"
            assert row.keys() == KEY_COLUMNS.keys() - {"_key"}
            given = {name: value for name, value in row.items() if value is not None}
            assert given.keys() <= {"attributes", "counts"}
        with pytest.raises(mapper.ConversionError) as raised:
            mapper.from_item(item)
    assert str(raised.value) == "aws.t._key: the response has no Attributes[Arn]; pass key="


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"Count": "a dozen"}, "count: the string is not a decimal integer of 64 bits"),
        ({"Count": 1.5}, "count: expected int, got float"),
        ({"Is:Open": "1"}, "is_open: the string is neither true nor false"),
        ({"MadeAt": "today"}, "made_at: the string is not a number of seconds since 1970"),
        ({"class": 1}, "class: expected str, got int"),
        ("Arn", "_key: expected dict, got str"),
    ],
)
def test_from_item_refuses_wrong_text_at_map_keys(
    tmp_path: Path, attributes: object, message: str
) -> None:
    """The message names the column."""
    columns = {name: type for name, type in KEY_COLUMNS.items() if name != "attributes"}
    with (
        mappers.imported(tmp_path, at_keys(), columns) as mapper,
        pytest.raises(mapper.ConversionError) as raised,
    ):
        mapper.from_item({"Attributes": attributes}, key="mine")
    column, _, reason = message.partition(": ")
    assert str(raised.value) == f"aws.t.{column} of mine: {reason}"
