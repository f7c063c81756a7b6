"""Generated mappers: what a response becomes, column by column and structure by structure."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from black import format_str
from black.mode import Mode, TargetVersion

import handmade
import mappers
from mappers import Mapper, Row
from schemagen.lockfile.lock import LockFile
from schemagen.names import NestedNames

ARN = "arn:aws:made:eu-west-1:123456789012:thing/one"
TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))


def by(member: str, **others: str) -> dict[str, str]:
    return {"member": member, "evidence": "hand", **others}


# --- structures -----------------------------------------------------------------------------------

STRUCTURES = {
    "DescribeThingResponse": {"Arn": "string!", "Config": "#Config"},
    "Config": {
        "Name": "string!",
        "Mode": "$Mode",
        "Count": "int64",
        "Ratio": "float64",
        "Enabled": "bool",
        "CreatedAt": "timestamp",
        "Blob": "binary",
        "Anything": "json",
        "S3Uris": "list<string>",
        "EnvironmentVariables": "map<string>",
        "Parts": "list<#Part>",
        "NamedParts": "map<#Part>",
        "Grid": "list<list<int64>>",
        "PartGroups": "map<list<#Part>>",
        "Filter": "#Filter",
        "Nothing": "#Nothing",
        "None": "string",
        "lambda": "string",
        "x-amz.Header": "string",
        "FooBar": "string",
        "foo_bar": "string",
        "list": "list<string>",
        "str": "string",
        "Config": "string",
        "Mapping": "#Mapping",
    },
    "Part": {"PartName": "string!", "Size": "int64"},
    "Filter": {"Not": "#Filter", "AnyOf": "list<#Filter>", "Equals": "string"},
    "Nothing": {},
    "Mapping": {"To": "#Text"},
    "Text": {"Text": "string"},
}

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


def structures() -> LockFile:
    return mappers.service(
        mappers.bound(
            "aws.made_thing",
            operation="DescribeThing",
            columns={"_key": {"derived": "arn", "member": "Arn"}, "config": by("Config")},
        ),
        {"DescribeThing": "DescribeThingResponse"},
        STRUCTURES,
        {"Mode": ["On", "Off"]},
    )


@pytest.fixture(scope="module")
def thing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapper]:
    folder = tmp_path_factory.mktemp("thing")
    columns = {"_key": "string", "config": "json"}
    with mappers.imported(folder, structures(), columns) as mapper:
        yield mapper


def test_structures_become_json(thing: Mapper) -> None:
    """Each scalar has its JSON form, members get snake_case names, keys of maps stay, and names
    that would become one stay as the API has them."""
    assert thing.from_item({"Arn": ARN, "Config": CONFIG})["config"] == IN_SNAKE_CASE


def test_a_setting_keeps_the_names_of_the_api(tmp_path: Path) -> None:
    """With nested_names = "api" the members keep their names, unknown ones too."""
    columns = {"_key": "string", "config": "json"}
    with mappers.imported(tmp_path, structures(), columns, NestedNames.API) as mapper:
        config = {"Name": "n", "Parts": [{"PartName": "a", "NewMember": 1}], "NewMember": b"\0"}
        assert mapper.from_item({"Arn": ARN, "Config": config})["config"] == {
            "Name": "n",
            "Parts": [{"PartName": "a", "NewMember": 1}],
            "NewMember": "AA==",
        }


def test_unknown_members_of_structures_are_kept(thing: Mapper) -> None:
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


def test_missing_members_are_missing(thing: Mapper) -> None:
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
        ({"Parts": [{}, {"Size": 2**63}]}, "config.parts[1].size: the integer does not fit 64 bits; store it as text"),
        ({"NamedParts": {"k": {"PartName": []}}}, "config.named_parts['k'].part_name: expected str, got list"),
        ({"Grid": [[0], [1, "2"]]}, "config.grid[1][1]: expected int, got str"),
        ({"Filter": {"AnyOf": [{"Not": {"Equals": 1}}]}}, "config.filter.any_of[0].not.equals: expected str, got int"),
        ({"Ratio": float("nan")}, "config.ratio: nan does not exist in JSON; use None or text"),
        ({"NewMember": object()}, "config.new_member: object is no JSON value; convert it to text or a dict first"),
        ({"FooBar": "\0"}, "config.FooBar: U+0000 at character 1 cannot be stored; remove it, or pass errors='replace' to put U+FFFD in its place"),
    ],
)  # fmt: skip
def test_errors_say_where(thing: Mapper, config: object, message: str) -> None:
    """A value that cannot be converted is named by table, column and the way inside it."""
    with pytest.raises(thing.ConversionError) as raised:
        thing.from_item({"Arn": ARN, "Config": config})
    assert str(raised.value) == f"aws.made_thing.{message}"


def test_characters_can_be_replaced(thing: Mapper) -> None:
    """errors="replace" reaches columns and structures."""
    item = {"Arn": ARN, "Config": {"Name": "a\0", "Parts": [{"PartName": "\ud800"}]}}
    config = thing.from_item(item, errors="replace")["config"]
    assert config == {"name": "a\ufffd", "parts": [{"part_name": "\ufffd"}]}


def test_members_that_fill_no_column_are_named(thing: Mapper) -> None:
    """`unmapped` names what a response has and the row lacks, but for boto3's own addition."""
    item: Row = {"Zone": 1, "Arn": ARN, "Added": None, "Config": {}, "ResponseMetadata": {}}
    assert thing.unmapped(item) == ("Added", "Zone")


def test_rows_can_be_mapped_again(thing: Mapper) -> None:
    """The mapper does not change what it reads."""
    item = {"Arn": ARN, "Config": {"Parts": [{"NewAt": TIME}]}}
    assert thing.from_item(item) == thing.from_item(item)
    assert item == {"Arn": ARN, "Config": {"Parts": [{"NewAt": TIME}]}}


# --- keys and derived columns ---------------------------------------------------------------------


def test_the_key_is_the_arn_or_what_is_passed(thing: Mapper) -> None:
    """An argument wins over the item's ARN; with neither, the message says what to pass."""
    assert thing.from_item({"Arn": ARN})["_key"] == ARN
    assert thing.from_item({"Arn": ARN}, key="mine")["_key"] == "mine"
    assert thing.from_item({}, key="mine")["_key"] == "mine"
    with pytest.raises(thing.ConversionError) as raised:
        thing.from_item({"Config": {}})
    assert str(raised.value) == "aws.made_thing._key: the response has no Arn; pass key="


def test_a_key_without_a_binding_must_be_passed(tmp_path: Path) -> None:
    """Where nothing fills the key, the caller does."""
    made = mappers.service(
        mappers.bound("aws.t", operation="GetThing", unbound=["_key"]), {"GetThing": "R"}, {"R": {}}
    )
    with mappers.imported(tmp_path, made, {"_key": "string"}) as mapper:
        assert mapper.from_item({}, key="mine") == {"_key": "mine"}
        with pytest.raises(mapper.ConversionError) as raised:
            mapper.from_item({})
    assert str(raised.value) == "aws.t._key: nothing is bound to it; pass key="


@pytest.mark.parametrize(
    ("arn", "account"),
    [(ARN, "123456789012"), ("arn:aws:s3:::bucket", None), (None, None)],
)
def test_the_account_comes_from_the_arn(tmp_path: Path, arn: str | None, account: str) -> None:
    """An ARN without account, or no ARN, gives None. A table without a key takes none."""
    made = mappers.service(
        mappers.bound(
            "aws.t",
            operation="GetThing",
            columns={"account_id": {"derived": "account_from_arn", "member": "Arn"}},
        ),
        {"GetThing": "R"},
        {"R": {"Arn": "string"}},
    )
    with mappers.imported(tmp_path, made, {"account_id": "string"}) as mapper:
        assert mapper.from_item({"Arn": arn} if arn else {}) == {"account_id": account}
        with pytest.raises(TypeError, match="key"):
            mapper.from_item({}, key="x")
        with pytest.raises(mapper.ConversionError, match=r"^aws\.t\.account_id: not an ARN"):
            mapper.from_item({"Arn": "no arn"})


# --- ARNs that are built --------------------------------------------------------------------------

ZONE = "arn:${Partition}:route53:::hostedzone/${Id}"
INSTANCE = "arn:${Partition}:ec2:${Region}:${Account}:instance/${Id}"
PLACE = {"partition": "aws-cn", "region": "cn-north-1", "account_id": "123456789012"}


def built(format: str, member: str = "", path: str = "@", **columns: object) -> LockFile:
    """A table whose key and whose column "arn" are ARNs of ``format``, in the place of ``member``."""
    derived = {"derived": "arn_format", "format": format, **({"member": member} if member else {})}
    return mappers.service(
        mappers.bound(
            "aws.t",
            operation="GetThing",
            path=path,
            columns={"_key": derived, "arn": derived, **columns},
        ),
        {"GetThing": "R"},
        {
            "R": {"Id": "string", "Name": "string", "RoleArn": "string", "Things": "list<#Thing>"},
            "Thing": {"Id": "string"},
        },
    )


ARN_COLUMNS = {"_key": "string", "arn": "string"}


@pytest.mark.parametrize(
    ("format", "item", "arn"),
    [
        (INSTANCE, {"Id": "i-1"}, "arn:aws-cn:ec2:cn-north-1:123456789012:instance/i-1"),
        (ZONE, {"Id": "Z1"}, "arn:aws-cn:route53:::hostedzone/Z1"),
        (ZONE, {"Id": "/hostedzone/Z1"}, "arn:aws-cn:route53:::hostedzone/Z1"),
        (ZONE, {"Id": "/other/Z1"}, "arn:aws-cn:route53:::hostedzone//other/Z1"),
        (f"{ZONE}/set/${{Name}}", {"Id": "/hostedzone/Z1", "Name": "é"}, "arn:aws-cn:route53:::hostedzone/Z1/set/é"),
        ("arn:${Partition}:apigateway:::/apis/${Id}", {"Id": "/apis/a"}, "arn:aws-cn:apigateway:::/apis/a"),
        ("arn:${Partition}:logs:::group:${Id}:*", {"Id": "/group:/a:b"}, "arn:aws-cn:logs:::group:/group:/a:b:*"),
        ("arn:${Partition}:x::${Name}:y/${Id}", {"Id": "1", "Name": "owner"}, "arn:aws-cn:x::owner:y/1"),
    ],
)  # fmt: skip
def test_arns_are_built(tmp_path: Path, format: str, item: Row, arn: str) -> None:
    """An ARN is the format with the caller's place and the item's members in it; a path that a
    member brings along is not in it twice."""
    with mappers.imported(tmp_path, built(format), ARN_COLUMNS) as mapper:
        place = {name: PLACE[name] for name in PLACE if name in str(mapper.from_item.__doc__)}
        assert mapper.from_item(item, **place) == {"_key": arn, "arn": arn}
        assert mapper.from_item(item, **place, key="mine") == {"_key": "mine", "arn": arn}
        assert list(mapper.from_response(item, **place)) == [{"_key": arn, "arn": arn}]


@pytest.mark.parametrize(
    ("item", "given", "reason"),
    [
        ({"Id": "i"}, {}, "the ARN is made with partition=, region=, account_id=; pass that, or key="),
        ({"Id": "i"}, {**PLACE, "region": None}, "the ARN is made with region=; pass that, or key="),
        ({"Id": "i"}, {**PLACE, "region": ""}, "the ARN is made with region=; pass that, or key="),
        ({}, PLACE, "the response has no Id; pass key="),
        ({"Id": ""}, {}, "the response has no Id; pass key="),
        ({"Id": "/instance/"}, PLACE, "no ARN can be built; pass key="),
    ],
)  # fmt: skip
def test_no_arn_is_made_of_parts(tmp_path: Path, item: Row, given: Row, reason: str) -> None:
    """Where anything is missing the ARN is None, and the message of the key says what to pass."""
    with mappers.imported(tmp_path, built(INSTANCE), ARN_COLUMNS) as mapper:
        assert mapper.from_item(item, **given, key="mine") == {"_key": "mine", "arn": None}
        with pytest.raises(mapper.ConversionError) as raised:
            mapper.from_item(item, **given)
    assert str(raised.value) == f"aws.t._key: {reason}"


@pytest.mark.parametrize(
    ("item", "given", "reason"),
    [
        ({"Id": 1}, PLACE, "expected str, got int"),
        ({"Id": "i"}, {**PLACE, "account_id": 123456789012}, "expected str, got int"),
        ({"Id": "i"}, {**PLACE, "region": "a:b"}, "a colon in a partition, region or account makes no ARN"),
        ({"Id": "\0"}, PLACE, "U+0000 at character 1 cannot be stored; remove it, or pass errors='replace' to put U+FFFD in its place"),
    ],
)  # fmt: skip
def test_what_an_arn_is_built_of_is_checked(
    tmp_path: Path, item: Row, given: Row, reason: str
) -> None:
    """What stands in an ARN is text that can be stored, and makes no other parts."""
    with (
        mappers.imported(tmp_path, built(INSTANCE), ARN_COLUMNS) as mapper,
        pytest.raises(mapper.ConversionError) as raised,
    ):
        mapper.from_item(item, **given)
    assert str(raised.value) == f"aws.t.arn: {reason}"


def test_only_the_place_that_is_needed_is_asked_for(tmp_path: Path) -> None:
    """A parameter that no column needs does not exist."""
    with mappers.imported(tmp_path, built(ZONE), ARN_COLUMNS) as mapper:
        for name in ("region", "account_id"):
            with pytest.raises(TypeError, match=name):
                mapper.from_item({"Id": "Z1"}, partition="aws", **{name: "x"})


@pytest.mark.parametrize(
    ("role", "arn", "reason"),
    [
        ("arn:aws:made:eu-west-1:123456789012:role/a", "arn:aws:ec2:eu-west-1:123456789012:instance/i", ""),
        ("arn:aws:s3:::bucket", None, "the response has no region in RoleArn and account in RoleArn; pass key="),
        ("arn:aws:iam:eu-west-1:aws:policy/a", None, "the response has no account in RoleArn; pass key="),
        (None, None, "the response has no partition in RoleArn and region in RoleArn and account in RoleArn; pass key="),
    ],
)  # fmt: skip
def test_the_place_comes_from_another_arn(
    tmp_path: Path, role: str | None, arn: str | None, reason: str
) -> None:
    """Where the item holds an ARN of the same place, the caller is not asked for it."""
    item = {"Id": "i", "RoleArn": role}
    with mappers.imported(tmp_path, built(INSTANCE, "RoleArn"), ARN_COLUMNS) as mapper:
        assert mapper.from_item(item, key="mine") == {"_key": "mine", "arn": arn}
        with pytest.raises(TypeError, match="partition"):
            mapper.from_item(item, partition="aws")
        with pytest.raises(mapper.ConversionError, match=r"^aws\.t\.arn: not an ARN"):
            mapper.from_item({"Id": "i", "RoleArn": "role"})
        if arn:
            assert mapper.from_item(item)["_key"] == arn
        else:
            with pytest.raises(mapper.ConversionError) as raised:
                mapper.from_item(item)
            assert str(raised.value) == f"aws.t._key: {reason}"


def test_a_key_that_is_passed_needs_no_arn(tmp_path: Path) -> None:
    """What only the key is built of is not looked at when the caller passes the key."""
    with mappers.imported(tmp_path, built(ZONE), {"_key": "string"}) as mapper:
        assert mapper.from_item({"Id": 1}, key="mine") == {"_key": "mine"}
        assert mapper.from_item({"Id": "Z1"}, partition="aws")["_key"].endswith("hostedzone/Z1")


def test_the_account_is_the_callers(tmp_path: Path) -> None:
    """account_given is what the caller passes, for all items of a response."""
    account = {"account_id": {"derived": "account_given"}}
    made = built(ZONE, "", "Things[]", **account)
    columns = {"_key": "string", "account_id": "string"}
    with mappers.imported(tmp_path, made, columns) as mapper:
        response = {"Things": [{"Id": "a"}, {"Id": "b"}]}
        rows = mapper.from_response(response, partition="aws", account_id="123456789012")
        assert [row["account_id"] for row in rows] == ["123456789012"] * 2
        assert mapper.from_item({"Id": "a"}, partition="aws")["account_id"] is None
        with pytest.raises(mapper.ConversionError) as raised:
            mapper.from_item({"Id": "a"}, partition="aws", account_id=1)
    assert str(raised.value) == "aws.t.account_id: expected str, got int"


@pytest.mark.parametrize("derived", ["account_given", "account_from_arn"])
def test_an_account_can_be_the_key(tmp_path: Path, derived: str) -> None:
    """A table of accounts has its rows by account, however that is found."""
    entry = {"derived": derived, **({"member": "Arn"} if derived != "account_given" else {})}
    made = mappers.service(
        mappers.bound("aws.t", operation="GetThing", columns={"_key": entry}),
        {"GetThing": "R"},
        {"R": {"Arn": "string"}},
    )
    with mappers.imported(tmp_path, made, {"_key": "string"}) as mapper:
        given = {"account_id": "123456789012"} if derived == "account_given" else {}
        assert mapper.from_item({"Arn": ARN}, **given) == {"_key": "123456789012"}
        with pytest.raises(mapper.ConversionError, match="key="):
            mapper.from_item({})


# --- columns --------------------------------------------------------------------------------------

COLUMNS: dict[str, tuple[str, str, object, object]] = {
    "text": ("string", "string", "x", "x"),
    "number": ("int64", "int64", 1, 1),
    "ratio": ("float64", "float64", 1, 1.0),
    "infinite": ("float64", "float64", float("inf"), float("inf")),
    "flag": ("bool", "bool", False, False),
    "time": ("timestamp", "timestamp", TIME, TIME.astimezone(UTC)),
    "map": ("hstore", "map<string>", {"K": "v"}, {"K": "v"}),
    "tags": ("hstore_csv", "list<#Tag>", [{"Key": "k", "Value": "v"}], {"k": ["v"]}),
    "words": ("array<string>", "list<string>", ["a"], ["a"]),
    "grids": ("array<array<int64>>", "list<list<int64>>", [[1], []], [[1], []]),
    "parts": ("array<json>", "list<#Tag>", [{"Key": "k"}], [{"key": "k"}]),
    "part_groups": ("array<array<json>>", "list<list<#Tag>>", [[{"Key": "k"}]], [[{"key": "k"}]]),
    "list_json": ("json", "list<string>", ["a"], ["a"]),
    "map_json": ("json", "map<#Tag>", {"A": {"Key": "k"}}, {"A": {"key": "k"}}),
    "grid_json": ("json", "list<map<int64>>", [{"A": 1}], [{"A": 1}]),
    "text_json": ("json", "string", "x", "x"),
    "time_json": ("json", "timestamp", TIME, "2026-01-02T01:04:05Z"),
    "any_json": ("json", "json", {"A": [b"\0"]}, {"A": ["AA=="]}),
    "text_of_json": ("json", "string", '{"K": [1.5]}', {"K": [1.5]}),
    "texts_of_json": ("array<json>", "list<string>", ["[1]", "1"], [[1], "1"]),
    "texts_in_json": ("json", "list<string>", ["[1]"], ["[1]"]),
    "structure_text": ("string", "#Tag", {"Key": "k"}, '{"Key":"k"}'),
    "map_text": ("string", "map<list<string>>", {"K": ["v"]}, '{"K":["v"]}'),
    "document_text": ("string", "json", {"K": [b"\0"]}, '{"K":["AA=="]}'),
    "text_of_a_document": ("string", "json", '{ "K": 1 }', '{ "K": 1 }'),
    "document_texts": ("array<string>", "list<json>", [{"K": 1}, "x"], ['{"K":1}', "x"]),
    "structure_texts": ("array<string>", "list<#Tag>", [{"Key": "k"}], ['{"Key":"k"}']),
}


@pytest.mark.parametrize("column", COLUMNS)
def test_columns_of_every_type(tmp_path: Path, column: str) -> None:
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
        ("string", "json", "\0", "U+0000 at character 1 cannot be stored; remove it, or pass errors='replace' to put U+FFFD in its place"),
        ("string", "int64", 1, "expected str, got int"),
        ("int64", "string", "1", "expected int, got str"),
        ("hstore", "string", "a", "expected dict, got str"),
        ("array<string>", "string", "a", "expected list, got str"),
    ],
)  # fmt: skip
def test_a_shape_that_does_not_fit_the_column(
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


AWKWARD_COLUMNS = [
    *["@http.status_code", "class", "__mangled", "with space", "str", "item", "errors", "text"],
    *[
        "shapes",
        "shapes.x",
        "key",
        "Row",
        "dict",
        "None",
        '"""',
        "'",
        "\\",
        "\n",
        "{{ 1 }}",
        "{% raw %}",
        "é",
    ],
    "\u202e" + "__import__('os').abort()",
]


def test_names_of_columns_are_data(tmp_path: Path) -> None:
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


# --- paths and auxiliary operations ---------------------------------------------------------------

NESTED = {
    "List": {"Outer": "list<#Outer>"},
    "Outer": {"Inner": "#Inner", "Things": "list<#Thing>"},
    "Inner": {"Things": "list<#Thing>", "Thing": "#Thing"},
    "Thing": {"Arn": "string", "Size": "int64"},
    "Get": {"Outer": "#Outer"},
    "Tags": {"Sets": "list<#TagSet>", "Set": "#TagSet", "Tags": "list<#Tag>"},
    "TagSet": {"Tags": "list<#Tag>"},
    "Tag": {"Key": "string!", "Value": "string!"},
}
THINGS: list[Row] = [{"Arn": ARN, "Size": 1}, {"Arn": f"{ARN}/two"}]
TAGS = [{"Key": "k", "Value": "v"}]


def nested(operation: str, path: str, tags: str = "@") -> LockFile:
    return mappers.service(
        mappers.bound(
            "aws.t",
            operation=operation,
            path=path,
            columns={
                "_key": {"derived": "arn", "member": "Arn"},
                "size": by("Size"),
                "tags": by("Tags", operation="ListTags"),
            },
            auxiliary={"ListTags": {"path": tags, "arguments": {"ResourceArn": "Arn"}}},
        ),
        {"List": "List", "Get": "Get", "ListTags": "Tags"},
        NESTED,
    )


NESTED_COLUMNS = {"_key": "string", "size": "int64", "tags": "hstore_csv"}


WAYS: list[tuple[str, str, Row, list[object]]] = [
    ("List", "Outer[].Things[]", {"Outer": [{"Things": THINGS}, {}, {"Things": THINGS}]}, [1, None, 1, None]),
    ("List", "Outer[].Inner.Things[]", {"Outer": [{"Inner": {"Things": THINGS}}, {}]}, [1, None]),
    ("List", "Outer[].Inner.Thing", {"Outer": [{"Inner": {"Thing": THINGS[0]}}, {"Inner": {}}]}, [1]),
    ("List", "Outer[].Things[]", {}, []),
    ("Get", "Outer.Things[]", {"Outer": {"Things": THINGS}}, [1, None]),
    ("Get", "Outer.Inner.Thing", {"Outer": {"Inner": {"Thing": THINGS[0]}}}, [1]),
    ("Get", "Outer.Inner.Thing", {"Outer": {}}, []),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "path", "response", "sizes"), WAYS)
def test_paths_lead_to_the_items(
    tmp_path: Path, operation: str, path: str, response: Row, sizes: list[object]
) -> None:
    """`from_response` makes a row of every item on the path, and none where it ends."""
    with mappers.imported(tmp_path, nested(operation, path), NESTED_COLUMNS) as mapper:
        assert [row["size"] for row in mapper.from_response(response)] == sizes


def test_several_items_ask_for_what_belongs_to_each(tmp_path: Path) -> None:
    """Where a response has several items, keys and auxiliary responses come from functions."""
    asked: list[object] = []

    def key(item: Row) -> str:
        return str(item["Arn"])[-3:]

    def list_tags(item: Row) -> Row | None:
        asked.append(item)
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
    assert asked == THINGS


def test_one_item_takes_its_auxiliary_responses(tmp_path: Path) -> None:
    """Auxiliary responses and the key go to the one item; without them, their columns are None."""
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
def test_auxiliary_responses_have_paths(
    tmp_path: Path, path: str, response: Row, tags: object
) -> None:
    """The members of an auxiliary response may stand deeper in it, also in a list of one."""
    made = nested("Get", "Outer.Inner.Thing", path)
    with mappers.imported(tmp_path, made, NESTED_COLUMNS) as mapper:
        assert mapper.from_item(THINGS[0], list_tags=response)["tags"] == tags


def test_an_auxiliary_response_for_several_items_is_refused(tmp_path: Path) -> None:
    """Which of several items is meant is not guessed."""
    made = nested("Get", "Outer.Inner.Thing", "Sets[]")
    with (
        mappers.imported(tmp_path, made, NESTED_COLUMNS) as mapper,
        pytest.raises(mapper.ConversionError) as raised,
    ):
        mapper.from_item(THINGS[0], list_tags={"Sets": [{}, {}]})
    assert str(raised.value) == (
        "aws.t: the response of ListTags holds 2 items; pass one for this item only"
    )


# --- whole responses, and several items in one -----------------------------------------------------


def whole(path: str) -> LockFile:
    """A table with a column that a whole auxiliary item fills, at ``path`` of its response."""
    return mappers.service(
        mappers.bound(
            "aws.t",
            operation="GetThing",
            columns={"id": by("Id"), "c": by("@", operation="GetSettings")},
            auxiliary={"GetSettings": {"path": path, "arguments": {"Id": "Id"}}},
        ),
        {"GetThing": "R", "GetSettings": "Settings"},
        {
            "R": {"Id": "string"},
            "Settings": {"Status": "string", "MfaDelete": "string", "Inner": "#Inner"},
            "Inner": {"Status": "string", "S3Uri": "string"},
        },
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
def test_a_whole_item_fills_a_column(
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
def test_a_whole_item_has_the_columns_type(tmp_path: Path, type: str, value: object) -> None:
    """The page's type says what becomes of the answer, and boto3's addition is in none."""
    response = {"Status": "on", "ResponseMetadata": METADATA}
    with mappers.imported(tmp_path, whole("@"), {"id": "string", "c": type}) as mapper:
        assert mapper.from_item({"Id": "i"}, get_settings=response)["c"] == value


def test_errors_in_a_whole_item_say_where(tmp_path: Path) -> None:
    """The place inside the answer is named, and an answer must be one."""
    with mappers.imported(tmp_path, whole("@"), {"id": "string", "c": "json"}) as mapper:
        with pytest.raises(mapper.ConversionError) as raised:
            mapper.from_item({}, get_settings={"Inner": {"S3Uri": 1}})
        assert str(raised.value) == "aws.t.c.inner.s3_uri: expected str, got int"
        with pytest.raises(mapper.ConversionError) as raised:
            mapper.from_item({}, get_settings="text")
        assert str(raised.value) == "aws.t.c: expected dict, got str"


def test_the_whole_primary_item_fills_a_column(tmp_path: Path) -> None:
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


def own(path: str, of: str, structures: Row) -> LockFile:
    """A table whose items are at ``path`` of a response that has columns at ``of``, too."""
    return mappers.service(
        mappers.bound(
            "aws.t",
            operation="GetThing",
            path=path,
            columns={"id": by("Id"), "owner": by("Owner", operation="GetThing")},
            auxiliary={"GetThing": {"path": of, "arguments": {}}},
        ),
        {"GetThing": "R"},
        structures,
    )


OWN: dict[str, tuple[str, str, Row, Row, list[tuple[str, str | None]]]] = {
    "beside the item": (
        "Thing",
        "@",
        {"R": {"Thing": "#Thing", "Owner": "string"}, "Thing": {"Id": "string"}},
        {"Thing": {"Id": "a"}, "Owner": "me"},
        [("a", "me")],
    ),
    "beside the items": (
        "Things[]",
        "Holder",
        {
            "R": {"Things": "list<#Thing>", "Holder": "#Holder"},
            "Thing": {"Id": "string"},
            "Holder": {"Owner": "string"},
        },
        {"Things": [{"Id": "a"}, {"Id": "b"}], "Holder": {"Owner": "me"}},
        [("a", "me"), ("b", "me")],
    ),
    "in the item": (
        "@",
        "Part",
        {"R": {"Id": "string", "Part": "#Part"}, "Part": {"Owner": "string"}},
        {"Id": "a", "Part": {"Owner": "me"}},
        [("a", "me")],
    ),
    "the item": (
        "Thing",
        "Thing",
        {"R": {"Thing": "#Thing"}, "Thing": {"Id": "string", "Owner": "string"}},
        {"Thing": {"Id": "a", "Owner": "me"}},
        [("a", "me")],
    ),
    "around each item": (
        "In.Groups[].Things[]",
        "In.Groups[]",
        {
            "R": {"In": "#In"},
            "In": {"Groups": "list<#Group>"},
            "Group": {"Things": "list<#Thing>", "Owner": "string"},
            "Thing": {"Id": "string"},
        },
        {
            "In": {
                "Groups": [
                    {"Things": [{"Id": "a"}, {"Id": "b"}], "Owner": "me"},
                    {"Things": [{"Id": "c"}]},
                    {"Things": [{"Id": "d"}], "Owner": "you"},
                ]
            }
        },
        [("a", "me"), ("b", "me"), ("c", None), ("d", "you")],
    ),
}


@pytest.mark.parametrize("case", OWN)
def test_a_response_has_more_than_the_item(tmp_path: Path, case: str) -> None:
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


def test_docstrings_document_operations_and_arguments(tmp_path: Path) -> None:
    """The operations, their arguments and their constants stand in the module's documentation,
    and those of the enrichments beside from_item's parameters; constants stay text."""
    quotes = 'a"""b\\" + str(1/0) + "{{ 1 }}\n\u202e'
    made = mappers.service(
        mappers.bound(
            "aws.t",
            operation="GetThing",
            constants={"include": ["TAGS", quotes]},
            listing={
                "operation": "ListThings",
                "path": "Things[]",
                "arguments": {"Name": "@"},
                "needs": ["Cluster", quotes],
            },
            columns={
                "tags": by("Tags", operation="ListTags"),
                "all": by("Tags", operation="ListAll"),
            },
            auxiliary={
                "ListTags": {
                    "path": "@",
                    "arguments": {"Id": "Id", "Arn": "arn:${Partition}:made:::thing/${Id}"},
                    "constants": {"ResourceType": quotes},
                },
                "ListAll": {"path": "@", "arguments": {}},
            },
        ),
        {"GetThing": "R", "ListTags": "Tags", "ListAll": "Tags"},
        {"R": {"Id": "string"}, "Tags": {"Tags": "map<string>"}},
    )
    literal = repr(quotes)
    columns = {"tags": "hstore_csv", "all": "hstore_csv"}
    with mappers.imported(tmp_path, made, columns) as mapper:
        words = " ".join(str(mapper.__doc__).split())
        listing = f'ListThings lists the resources in Things[]; it requires "Cluster", {literal}.'
        assert listing in words
        assert "GetThing returns the item; it is called with Name (the listed value);" in words
        assert f'without include=["TAGS", {literal}], some columns are None.' in words
        called = "called with Id (the item's Id), Arn (arn:${Partition}:made:::thing/${Id}), "
        called += f"ResourceType={literal}."
        assert f"ListTags adds columns to the item; it is {called}" in words
        assert (
            "ListAll adds columns to the item; it takes no arguments from the item, so its "
            "response may cover other resources." in words
        )
        arguments = " ".join(str(mapper.from_item.__doc__).split())
        assert "Args: item: The response of GetThing." in arguments
        assert f"list_tags: The response of ListTags for this item, {called}" in arguments
        assert "list_all: The response of ListAll, which may cover other resources." in arguments


# --- maps -----------------------------------------------------------------------------------------

KEY_COLUMNS = {
    "_key": "string",
    "account_id": "string",
    "arn": "string",
    "attributes": "json",
    "class": "string",
    "count": "int64",
    "is_open": "bool",
    "made_at": "timestamp",
    "policy": "json",
    "share": "int64",
    "owner": "hstore_csv",
    "more": "int64",
    "counts": "hstore_csv",
}


def at_keys(enrichments: str = "@") -> LockFile:
    """A table whose columns are keys of maps, of the item and of another operation's."""
    return mappers.service(
        mappers.bound(
            "aws.t",
            operation="Get",
            columns={
                "_key": {"derived": "arn", "member": "Attributes[Arn]"},
                "account_id": {"derived": "account_from_arn", "member": "Attributes[Arn]"},
                "arn": by("Attributes[Arn]"),
                "attributes": by("Attributes"),
                "class": by("Attributes[class]"),
                "count": by("Attributes[Count]"),
                "is_open": by("Attributes[Is:Open]"),
                "made_at": by("Attributes[MadeAt]"),
                "policy": by("Attributes[Policy]"),
                "share": by("Shares[Attributes]"),
                "owner": by("Owners[Owner]"),
                "more": by("Counts[More]", operation="GetMore"),
                "counts": by("Counts", operation="GetMore"),
            },
            auxiliary={"GetMore": {"path": enrichments, "arguments": {"Arn": "Attributes[Arn]"}}},
        ),
        {"Get": "R", "GetMore": "Outer"},
        {
            "R": {
                "Attributes": "map<string>",
                "Shares": "map<int64>",
                "Owners": "map<list<#Tag>>",
            },
            "Outer": {"Inner": "#Outer", "Counts": "map<string>"},
            "Tag": {"Key": "string", "Value": "string"},
        },
    )


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
def test_columns_are_keys_of_maps(tmp_path: Path, path: str) -> None:
    """Texts at keys become what their columns are, other values are as they are; the map itself may
    be a column, too. The account, the key and auxiliary arguments may come from a key."""
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
def test_keys_that_a_map_lacks(tmp_path: Path, item: Row) -> None:
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
        ({"Count": "a dozen"}, "count: the text is no decimal integer of 64 bits"),
        ({"Count": 1.5}, "count: expected int, got float"),
        ({"Is:Open": "1"}, "is_open: the text is neither true nor false"),
        ({"MadeAt": "today"}, "made_at: the text is no number of seconds since 1970"),
        ({"class": 1}, "class: expected str, got int"),
        ("Arn", "_key: expected dict, got str"),
    ],
)
def test_a_text_at_a_key_that_is_no_such_value(
    tmp_path: Path, attributes: object, message: str
) -> None:
    """The message names the column."""
    columns = {name: type for name, type in KEY_COLUMNS.items() if name != "attributes"}
    with (
        mappers.imported(tmp_path, at_keys(), columns) as mapper,
        pytest.raises(mapper.ConversionError) as raised,
    ):
        mapper.from_item({"Attributes": attributes}, key="mine")
    assert str(raised.value) == f"aws.t.{message}"


def test_unmapped_looks_at_the_item(tmp_path: Path) -> None:
    """Where the item is inside the response, every other member of the item is named."""
    with mappers.imported(tmp_path, nested("Get", "Outer.Inner.Thing"), NESTED_COLUMNS) as mapper:
        assert mapper.unmapped({"Arn": ARN, "New": 1, "ResponseMetadata": {}}) == (
            "New",
            "ResponseMetadata",
        )


# --- the text -------------------------------------------------------------------------------------


def awkward() -> Iterator[tuple[LockFile, dict[str, str]]]:
    """Locks, each with its table's columns, that need every kind of statement."""
    yield structures(), {"_key": "string", "config": "json"}
    yield nested("List", "Outer[].Inner.Things[]", "Sets[]"), NESTED_COLUMNS
    yield nested("Get", "Outer.Inner.Thing", "Set"), NESTED_COLUMNS
    yield (
        mappers.service(
            mappers.bound(
                "aws.t",
                operation="Get",
                path="Outer.Inner.Thing",
                columns={name: by("Size") for name in AWKWARD_COLUMNS},
            ),
            {"Get": "Get"},
            {name: NESTED[name] for name in ("Get", "Outer", "Inner", "Thing")},
        ),
        dict.fromkeys(AWKWARD_COLUMNS, "int64"),
    )
    yield (
        mappers.service(
            mappers.bound(
                "aws.t",
                operation="Get",
                columns={name: by(name) for name in COLUMNS},
                unbound=["nothing"],
            ),
            {"Get": "Get"},
            {
                "Get": {name: shape for name, (_, shape, *_) in COLUMNS.items()},
                "Tag": {"Key": "string", "Value": "string"},
            },
        ),
        {**{name: type for name, (type, *_) in COLUMNS.items()}, "nothing": "array<json>"},
    )
    yield at_keys(), KEY_COLUMNS
    yield at_keys("Inner"), KEY_COLUMNS
    yield built(INSTANCE), ARN_COLUMNS
    yield (
        built(
            f"{INSTANCE}/{'x' * 60}/${{Name}}", "RoleArn", account_id={"derived": "account_given"}
        ),
        {**ARN_COLUMNS, "account_id": "string"},
    )
    yield built(ZONE, "", "Things[]"), {"_key": "string"}
    yield whole("@"), {"id": "string", "c": "json"}
    yield whole("Inner"), {"id": "string", "c": "json"}
    for path, of, recorded, *_ in OWN.values():
        yield own(path, of, recorded), {"id": "string", "owner": "string"}
    # The first structure is no class, and the loop does not fit on a line.
    several = "TransitGatewayPeeringAttachments"
    yield (
        mappers.service(
            mappers.bound("aws.t", operation="Get", path=f"{several}[]", columns={"c": by("Step")}),
            {"Get": "Get"},
            {
                "Get": {several: "list<#Thing>"},
                "Thing": {"Step": "#Step"},
                "Step": {"lambda": "string"},
            },
        ),
        {"c": "json"},
    )


@pytest.mark.parametrize("nested_names", list(NestedNames))
def test_the_text_is_as_black_writes_it(nested_names: NestedNames) -> None:
    """black changes nothing in the modules, whatever the paths and names are."""
    mode = Mode(target_versions={TargetVersion.PY311})
    for made, columns in awkward():
        tables = mappers.linked(made, {made.bindings[0].table: handmade.columns(columns)})
        texts = mappers.files(made, tables, nested_names)
        modules = [path for path in texts if path.startswith(("mappers/aws/", "shapes/aws/"))]
        modules = [path for path in modules if not path.endswith("/__init__.py")]
        assert len(modules) > 1
        for path in modules:
            assert format_str(texts[path], mode=mode) == texts[path] != "", path


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_the_text_is_typed(tmp_path: Path, checker: str) -> None:
    """mypy --strict and pyright in strict mode find nothing in the modules."""
    for number, (made, columns) in enumerate(awkward()):
        tables = mappers.linked(made, {made.bindings[0].table: handmade.columns(columns)})
        for path, text in mappers.files(made, tables).items():
            target = tmp_path / f"package_{number}" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    command = {
        "mypy": ["mypy", "--strict", "--no-incremental", "--explicit-package-bases", "."],
        "pyright": ["pyright", "--pythonpath", sys.executable],
    }[checker]
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_depends_on_the_order_of_the_lock() -> None:
    """The same lock in another order makes the same text."""
    first = structures()
    second = mappers.service(
        mappers.bound(
            "aws.made_thing",
            operation="DescribeThing",
            columns={"config": by("Config"), "_key": {"derived": "arn", "member": "Arn"}},
        ),
        {"DescribeThing": "DescribeThingResponse"},
        dict(reversed(STRUCTURES.items())),
        {"Mode": ["On", "Off"]},
    )
    columns = {"aws.made_thing": handmade.columns({"_key": "string", "config": "json"})}
    files = mappers.files(first, mappers.linked(first, columns))
    assert "def from_item(" in "".join(files.values())
    assert files == mappers.files(second, mappers.linked(second, columns))
