"""Lock files and columns that need every kind of statement in a mapper."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import mappers
from mappers import Row
from schemagen.lockfile.lock import LockFile

ARN = "arn:aws:made:eu-west-1:123456789012:thing/one"


TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))


def by(member: str, **others: str) -> dict[str, str]:
    return {"member": member, "evidence": "hand", **others}


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


ZONE = "arn:${Partition}:route53:::hostedzone/${Id}"


INSTANCE = "arn:${Partition}:ec2:${Region}:${Account}:instance/${Id}"


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


COLUMNS: dict[str, tuple[str, str, object, object]] = {
    "text": ("string", "string", "x", "x"),
    "number": ("int64", "int64", 1, 1),
    "ratio": ("float64", "float64", 1, 1.0),
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


NESTED = {
    "List": {"Outer": "list<#Outer>"},
    "Batch": {"Things": "map<#Thing>", "Boxes": "map<#Outer>"},
    "Outer": {"Inner": "#Inner", "Things": "list<#Thing>"},
    "Inner": {"Things": "list<#Thing>", "Thing": "#Thing"},
    "Thing": {"Arn": "string", "Size": "int64"},
    "Get": {"Outer": "#Outer"},
    "Tags": {"Sets": "list<#TagSet>", "Set": "#TagSet", "Tags": "list<#Tag>"},
    "TagSet": {"Tags": "list<#Tag>"},
    "Tag": {"Key": "string!", "Value": "string!"},
}


THINGS: list[Row] = [{"Arn": ARN, "Size": 1}, {"Arn": f"{ARN}/two"}]


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
        {"List": "List", "Batch": "Batch", "Get": "Get", "ListTags": "Tags"},
        NESTED,
    )


NESTED_COLUMNS = {"_key": "string", "size": "int64", "tags": "hstore_csv"}


def whole(path: str) -> LockFile:
    """A table with a column that a whole enrichment fills, at ``path`` of its response."""
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


def own(path: str, of: str, structures: Row) -> LockFile:
    """A table whose items are at ``path`` of a response that also has columns at ``of``."""
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
    "around each item in a map": (
        "Groups{}.Things[]",
        "Groups{}",
        {
            "R": {"Groups": "map<#Group>"},
            "Group": {"Things": "list<#Thing>", "Owner": "string"},
            "Thing": {"Id": "string"},
        },
        {"Groups": {"x": {"Things": [{"Id": "a"}], "Owner": "me"}, "y": {"Things": [{"Id": "b"}]}}},
        [("a", "me"), ("b", None)],
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


def each_value(path: str = "@") -> LockFile:
    """A table with lists of what an operation returns for each of several values."""
    return mappers.service(
        mappers.bound(
            "aws.t",
            operation="Get",
            path=path,
            columns={
                "name": by("Name"),
                "contacts": by("Contact", operation="GetContact"),
                "sizes": by("Size", operation="GetContact"),
            },
            auxiliary={
                "GetContact": {
                    "path": "@",
                    "arguments": {"Name": "Name"},
                    "values": {"Kind": ["BILLING", "SECURITY"]},
                }
            },
        ),
        {"Get": "R", "GetContact": "Found"},
        {
            "R": {"Name": "string", "Things": "list<#R>"},
            "Found": {"Contact": "#Person", "Size": "int64"},
            "Person": {"FullName": "string"},
        },
    )


def awkward() -> Iterator[tuple[LockFile, dict[str, str]]]:
    """Locks, each with its table's columns, that need every kind of statement."""
    yield structures(), {"_key": "string", "config": "json"}
    yield nested("List", "Outer[].Inner.Things[]", "Sets[]"), NESTED_COLUMNS
    yield nested("Batch", "Boxes{}.Things[]", "Set"), NESTED_COLUMNS
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
    yield each_value(), {"name": "string", "contacts": "json", "sizes": "array<int64>"}
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
