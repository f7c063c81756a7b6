"""Structures of responses in generated mappers: the JSON that they become."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

import mappers
from mapper_cases import ARN, TIME, structures
from mappers import Mapper, Row
from schemagen.names import NestedNames

CONFIG: Row = {
    "Name": "n",
    "Mode": "a value that is new",
    "Count": 7,
    "Ratio": 1.5,
    "Enabled": True,
    "CreatedAt": TIME,
    "Blob": b"\x00\xff",
    "Anything": {"KeptAsItIs": [Decimal("1.25"), None]},
    "S3Uris": ["s3://a", "s3://b"],
    "EnvironmentVariables": {"KeptAsItIs": "1", "aws:Kept": ""},
    "Parts": [{"PartName": "a", "Size": 1}, {"PartName": "b"}],
    "NamedParts": {"KeptAsItIs": {"PartName": "c"}},
    "Grid": [[1, 2], []],
    "PartGroups": {"g": [{"PartName": "d"}]},
    "Filter": {"Not": {"AnyOf": [{"Equals": "x"}, {"Not": {}}]}},
    "Nothing": {},
    "None": "none",
    "lambda": "function",
    "x-amz.Header": "h",
    "FooBar": "upper",
    "foo_bar": "lower",
    "list": ["l"],
    "str": "s",
    "Config": "c",
    "Mapping": {"To": {"Text": "t"}},
}


IN_SNAKE_CASE: Row = {
    "name": "n",
    "mode": "a value that is new",
    "count": 7,
    "ratio": 1.5,
    "enabled": True,
    "created_at": "2026-01-02T01:04:05Z",
    "blob": "AP8=",
    "anything": {"KeptAsItIs": [1.25, None]},
    "s3_uris": ["s3://a", "s3://b"],
    "environment_variables": {"KeptAsItIs": "1", "aws:Kept": ""},
    "parts": [{"part_name": "a", "size": 1}, {"part_name": "b"}],
    "named_parts": {"KeptAsItIs": {"part_name": "c"}},
    "grid": [[1, 2], []],
    "part_groups": {"g": [{"part_name": "d"}]},
    "filter": {"not": {"any_of": [{"equals": "x"}, {"not": {}}]}},
    "nothing": {},
    "none": "none",
    "lambda": "function",
    "x_amz_header": "h",
    "FooBar": "upper",
    "foo_bar": "lower",
    "list": ["l"],
    "str": "s",
    "config": "c",
    "mapping": {"to": {"text": "t"}},
}


def test_from_item_writes_structures_as_json(thing: Mapper) -> None:
    """Each scalar has its JSON form, members get snake_case names, keys of maps stay, and names
    that would become one stay as the API has them."""
    assert thing.from_item({"Arn": ARN, "Config": CONFIG})["config"] == IN_SNAKE_CASE


def test_nested_names_api_keeps_member_names(tmp_path: Path) -> None:
    """With nested_names = "api" the members keep their names, unknown ones too."""
    columns = {"_key": "string", "config": "json"}
    with mappers.imported(tmp_path, structures(), columns, NestedNames.API) as mapper:
        config = {"Name": "n", "Parts": [{"PartName": "a", "NewMember": 1}], "NewMember": b"\0"}
        assert mapper.from_item({"Arn": ARN, "Config": config})["config"] == {
            "Name": "n",
            "Parts": [{"PartName": "a", "NewMember": 1}],
            "NewMember": "AA==",
        }


def test_from_item_keeps_unknown_members(thing: Mapper) -> None:
    """A member that AWS adds stands in the JSON under its snake_case name, converted; one whose
    name is taken keeps its own, and one without a value is left out."""
    part = {"PartName": "a", "NewAt": TIME, "partName": 1, "part_name": 2, "Gone": None}
    row = thing.from_item(
        {"Arn": ARN, "Config": {"Parts": [part], "Nothing": {"NewHere": {"A": 1}}}}
    )
    assert row["config"] == {
        "parts": [
            {"part_name": "a", "new_at": "2026-01-02T01:04:05Z", "partName": 1, "part_name_": 2}
        ],
        "nothing": {"new_here": {"A": 1}},
    }


def test_from_item_leaves_out_missing_members(thing: Mapper) -> None:
    """A member without a value has no key in the JSON, a column without a value is None."""
    assert thing.from_item({"Arn": ARN, "Config": {"Name": None}})["config"] == {}
    assert thing.from_item({"Arn": ARN}) == {"_key": ARN, "config": None}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("text", "config: expected dict, got str"),
        ({"Name": 1}, "config.name: expected str, got int"),
        ({"Count": True}, "config.count: expected int, got bool"),
        ({"Parts": "text"}, "config.parts: expected list, got str"),
        ({"Parts": [{}, {"Size": 2**63}]}, "config.parts[1].size: the integer does not fit 64 bits; store it as a string"),
        ({"NamedParts": {"k": {"PartName": []}}}, "config.named_parts['k'].part_name: expected str, got list"),
        ({"Grid": [[0], [1, "2"]]}, "config.grid[1][1]: expected int, got str"),
        ({"Filter": {"AnyOf": [{"Not": {"Equals": 1}}]}}, "config.filter.any_of[0].not.equals: expected str, got int"),
        ({"Ratio": float("nan")}, "config.ratio: nan does not exist in JSON; use None or a string"),
        ({"NewMember": object()}, "config.new_member: object is not a JSON value; convert it to a string or a dict first"),
        ({"FooBar": "\0"}, "config.FooBar: U+0000 at character 1 cannot be stored; remove it, or pass errors='replace' to replace it with U+FFFD"),
    ],
)  # fmt: skip
def test_conversion_error_names_the_member(thing: Mapper, config: object, message: str) -> None:
    """A value that cannot be converted is named by table, column and the way inside it."""
    with pytest.raises(thing.ConversionError) as raised:
        thing.from_item({"Arn": ARN, "Config": config})
    column, _, reason = message.partition(": ")
    assert str(raised.value) == f"aws.made_thing.{column} of {ARN}: {reason}"


def test_from_item_replaces_characters(thing: Mapper) -> None:
    """errors="replace" reaches columns and structures."""
    item = {"Arn": ARN, "Config": {"Name": "a\0", "Parts": [{"PartName": "\ud800"}]}}
    config = thing.from_item(item, errors="replace")["config"]
    assert config == {"name": "a\ufffd", "parts": [{"part_name": "\ufffd"}]}


def test_from_item_leaves_its_input_unchanged(thing: Mapper) -> None:
    """The mapper does not change what it reads."""
    item = {"Arn": ARN, "Config": {"Parts": [{"NewAt": TIME}]}}
    assert thing.from_item(item) == thing.from_item(item)
    assert item == {"Arn": ARN, "Config": {"Parts": [{"NewAt": TIME}]}}
