"""schemagen.lockfile: lock files are read and written without loss, and errors have a position."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

import handmade
from schemagen.diagnostics import ProblemsFound
from schemagen.lockfile import lock
from schemagen.model.bindings import Binding, BoundColumn, DerivedColumn, Enrichment, Listing
from schemagen.model.origin import Origin
from schemagen.model.recorded import (
    RecordedMember,
    RecordedResponses,
    RecordedService,
    RecordedStructure,
)
from schemagen.model.shapes import ListOf, MapOf, Scalar, StructureRef
from schemagen.runtime.calls import CallRules, Limit, Pagination, Scope

ROOT = Path(__file__).resolve().parents[2]
PATH = "bindings/aws/made.json"
TEXT = """\
{
  "service": "made",
  "tables": {
    "aws.made_thing": {
      "operation": "DescribeThing",
      "path": "Things[].Thing",
      "columns": {
        "_key": {"derived": "arn", "member": "Arn"},
        "name": {"member": "Name", "evidence": "both"},
        "tags": {"operation": "ListTags", "member": "Tags", "evidence": "hand"}
      },
      "auxiliary": {
        "ListTags": {"path": "@", "arguments": {"ResourceArn": "Arn"}}
      },
      "unbound": ["zone"]
    }
  },
  "outputs": {
    "DescribeThing": "DescribeThingResponse",
    "ListTags": "ListTagsResponse"
  },
  "enumerations": {
    "Mode": ["On", "Off"]
  },
  "shapes": {
    "DescribeThingResponse": {"Things": "list<#Holder>!"},
    "Holder": {"Thing": "#Thing", "Words": "map<list<$Mode>>"},
    "ListTagsResponse": {"Tags": "map<string>"},
    "Thing": {"Arn": "string!", "Name": "string", "Mode": "$Mode"}
  }
}
"""

"""A file of format 1, which is still read."""

CURRENT = """\
{
  "format": 2,
  "service": "made",
  "scope": {"kind": "global", "regions": {"aws": "us-east-1"}},
  "tables": {
    "aws.made_thing": {
      "operation": "DescribeThing",
      "path": "Things[].Thing",
      "constants": {"include": ["A", "B"]},
      "values": {"Kind": ["red", "blue"]},
      "parents": [{"operation": "ListBoxes", "path": "Boxes[]", "arguments": {"BoxId": "Id"}}],
      "listing": {"operation": "ListThings", "path": "Names[]", "arguments": {"Name": "@"}, "needs": ["BoxId", "AccountId"], "values": {"AccountId": ["${Account}"]}, "shared": ["BoxId"]},
      "obstacle": "no operation lists what it requires",
      "columns": {
        "_key": {"derived": "arn", "member": "Arn"},
        "name": {"member": "Name", "evidence": "both"},
        "tags": {"operation": "ListTags", "member": "Tags", "evidence": "hand"}
      },
      "enrichments": {
        "ListTags": {"path": "@", "arguments": {"ResourceArn": "Arn"}}
      },
      "unbound": {
        "area": "",
        "zone": "no response has a member with evidence for it"
      }
    }
  },
  "operations": {
    "DescribeThing": {"pagination": null, "absent": ["NotFound"], "batch": {"parameter": "Names", "maximum": 10}},
    "ListBoxes": {"pagination": {"input": ["NextToken"], "output": ["NextToken"], "more": "IsTruncated", "inferred": true}, "limit": {"parameter": "MaxResults"}, "owner": {"Filters": [{"Key": "Owner", "Values": ["Self"]}]}, "actions": ["made:ListBoxes"]},
    "ListTags": {"pagination": null},
    "ListThings": {"pagination": {"input": ["Marker"], "output": ["List.NextMarker"]}, "scope": {"kind": "account"}}
  },
  "outputs": {
    "DescribeThing": "DescribeThingResponse",
    "ListTags": "ListTagsResponse"
  },
  "enumerations": {
    "Mode": ["On", "Off"]
  },
  "shapes": {
    "DescribeThingResponse": {"Things": "list<#Holder>!"},
    "Holder": {"Thing": "#Thing", "Words": "map<list<$Mode>>"},
    "ListTagsResponse": {"Tags": "map<string>"},
    "Thing": {"Arn": "string!", "Name": "string", "Mode": "$Mode"}
  }
}
"""
"""A file of the newest format with every entry of it."""


def test_read_returns_bindings_and_recorded_service() -> None:
    """Every entry of the file is in the bindings or in the service's record."""
    read = lock.read(PATH, TEXT.encode())
    assert read.bindings == (
        Binding(
            table="aws.made_thing",
            service="made",
            operation="DescribeThing",
            path="Things[].Thing",
            columns=(
                BoundColumn("name", "Name", "both"),
                BoundColumn("tags", "Tags", "hand", "ListTags"),
            ),
            derived=(DerivedColumn("_key", "arn", "Arn"),),
            enrichments=(Enrichment("ListTags", "@", (("ResourceArn", "Arn"),)),),
            origin=Origin(PATH, 4),
            unbound=("zone",),
        ),
    )
    text, mode = Scalar("string"), ("On", "Off")
    assert read.recorded_service == RecordedService(
        "made",
        (
            RecordedStructure(
                "DescribeThingResponse",
                (RecordedMember("Things", ListOf(StructureRef("Holder")), True),),
            ),
            RecordedStructure(
                "Holder",
                (
                    RecordedMember("Thing", StructureRef("Thing"), False),
                    RecordedMember("Words", MapOf(ListOf(text)), False, mode),
                ),
            ),
            RecordedStructure("ListTagsResponse", (RecordedMember("Tags", MapOf(text), False),)),
            RecordedStructure(
                "Thing",
                (
                    RecordedMember("Arn", text, True),
                    RecordedMember("Name", text, False),
                    RecordedMember("Mode", text, False, mode),
                ),
            ),
        ),
        (("DescribeThing", "DescribeThingResponse"), ("ListTags", "ListTagsResponse")),
    )


@pytest.mark.parametrize(
    "path", [PATH, *sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("bindings/*/*"))]
)
def test_write_is_the_inverse_of_read(path: str) -> None:
    """A lock that was written is rewritten byte for byte, and so are those of this repository."""
    text = CURRENT if path == PATH else (ROOT / path).read_text("utf-8")
    read = lock.read(path, text.encode())
    assert lock.write(read) == text
    assert lock.read(path, lock.write(read).encode()) == read


def test_write_sorts_entries() -> None:
    """The order of entries in a file does not reach the text that is written."""
    lines = CURRENT.splitlines()
    tags, key = lines[16], lines[14].removesuffix(",")
    moved = CURRENT.replace("\n".join(lines[14:17]), f"{tags},\n{lines[15]}\n{key}")
    assert moved != CURRENT
    assert lock.write(lock.read(PATH, moved.encode())) == CURRENT


def test_format_1_is_read_and_written_in_the_newest() -> None:
    """A file without a format says the same in the newest one, which adds rules, listings above
    listings and reasons as far as they are known: not at all."""
    old = lock.read(PATH, TEXT.encode())
    assert old.format == 1
    text = lock.write(old)
    new = lock.read(PATH, text.encode())
    [binding] = old.bindings
    assert new.bindings == (replace(binding, origin=Origin(PATH, 5)),)
    assert (new.record, new.format) == (old.record, 2)
    assert text == (
        TEXT.replace('  "service"', '  "format": 2,\n  "service"', 1)
        .replace('"auxiliary"', '"enrichments"')
        .replace('["zone"]', '{\n        "zone": ""\n      }')
        .replace('  "outputs"', '  "operations": {},\n  "outputs"')
    )


def test_read_returns_rules_and_listings() -> None:
    """The rules of operations have the service's scope unless they have their own, and lists of
    arguments are tuples; listings and reasons are those of the file."""
    read = lock.read(PATH, CURRENT.encode())
    rules = dict(read.recorded_service.calls)
    everywhere = Scope("global", (("aws", "us-east-1"),))
    assert rules == {
        "DescribeThing": CallRules(
            absent=("NotFound",), batch=Limit("Names", 10), scope=everywhere
        ),
        "ListBoxes": CallRules(
            Pagination(("NextToken",), ("NextToken",), "IsTruncated", inferred=True),
            limit=Limit("MaxResults"),
            scope=everywhere,
            owner=(("Filters", ({"Key": "Owner", "Values": ("Self",)},)),),
            actions=("made:ListBoxes",),
        ),
        "ListTags": CallRules(scope=everywhere),
        "ListThings": CallRules(
            Pagination(("Marker",), ("List.NextMarker",)), scope=Scope("account")
        ),
    }
    [binding] = read.bindings
    assert binding.values == (("Kind", ("red", "blue")),)
    assert binding.listings == (
        Listing("ListBoxes", "Boxes[]", (("BoxId", "Id"),)),
        Listing(
            "ListThings",
            "Names[]",
            (("Name", "@"),),
            ("BoxId", "AccountId"),
            (("AccountId", ("${Account}",)),),
            ("BoxId",),
        ),
    )
    assert binding.obstacle == "no operation lists what it requires"
    assert binding.unbound == ("area", "zone")
    assert binding.reasons == (("zone", "no response has a member with evidence for it"),)


@pytest.mark.parametrize("format", ["3", "0", "true", '"2"', "null"])
def test_unknown_formats_are_refused_by_name(format: str) -> None:
    """A file of another format is one problem, at the format, which says what to do; nothing else of
    the file is looked at."""
    text = CURRENT.replace('"format": 2', f'"format": {format}').replace('"tables"', '"rows"')
    with pytest.raises(ProblemsFound) as raised:
        lock.read(PATH, text.encode())
    assert str(raised.value) == (
        f"{PATH}:2:3: SG401 format {format} is unknown (this schemagen reads 1 and 2); install the "
        "schemagen that wrote the file, or a newer one"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"pagination": null, "absent"', '"absent"', '29:5: SG401 "DescribeThing" lacks "pagination"'),
        ('"maximum": 10', '"maximum": 0', '29:99: SG401 "maximum" must be a positive integer, not 0'),
        ('"inferred": true', '"inferred": false', '30:106: SG401 "inferred" must be true, or left out, not false'),
        ('"kind": "account"', '"kind": "planet"', '32:98: SG401 "kind" must be one of regional, account, global, not "planet"'),
        ('"zone": "no', '"name": "no', "24:9: SG401 'name' is both bound and unbound"),
        ('"parents": [', '"parents": [1, ', '11:19: SG401 "0" must be an object, not 1'),
    ],
)  # fmt: skip
def test_entries_of_the_newest_format_are_checked(old: str, new: str, message: str) -> None:
    """What is wrong with rules, listings and reasons is reported at its position."""
    assert old in CURRENT
    with pytest.raises(ProblemsFound) as raised:
        lock.read(PATH, CURRENT.replace(old, new, 1).encode())
    assert str(raised.value) == f"{PATH}:{message}"


@pytest.mark.parametrize(
    ("entry", "column"),
    [
        (
            '{"derived": "argument_given", "parameter": "ApiId"}',
            DerivedColumn("_key", "argument_given", parameters=("ApiId",)),
        ),
        (
            '{"derived": "arn_format", "format": "arn:${Partition}:made:::${ApiId}/${Name}", '
            '"parameters": ["ApiId"]}',
            DerivedColumn(
                "_key", "arn_format", "", "arn:${Partition}:made:::${ApiId}/${Name}", ("ApiId",)
            ),
        ),
    ],
)
def test_columns_of_arguments_are_read_and_written(entry: str, column: DerivedColumn) -> None:
    """Columns that are made from arguments of the primary operation survive a round trip; their
    parameters are no members of the item."""
    old = '{"derived": "arn", "member": "Arn"}'
    assert CURRENT.count(old) == 1
    read = lock.read(PATH, CURRENT.replace(old, entry).encode())
    assert column in read.bindings[0].derived
    assert lock.read(PATH, lock.write(read).encode()) == read
    assert "ApiId" not in dict(column.sources).values()


def test_optional_entries_are_read_and_written() -> None:
    """Listings, constants, built ARNs and columns filled by a whole response survive a round trip."""
    text = CURRENT
    for old, new in (
        ('{"derived": "arn", "member": "Arn"}', '{"derived": "account_given"}'),
        (
            '{"member": "Name", "evidence": "both"}',
            '{"derived": "arn_format", "format": "arn:${Partition}:made:::thing/${Name}", '
            '"member": "Arn"}',
        ),
        ('"member": "Tags"', '"member": "@"'),
        (
            '{"ResourceArn": "Arn"}',
            '{"ResourceArn": "arn:${Partition}:made:${Region}:${Account}:thing/${Name}", '
            '"Id": "basename(Arn)"}, "constants": {"Kind": "thing"}, "values": {"Size": ["S", "L"]}',
        ),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    read = lock.read(PATH, text.encode())
    assert read.bindings == (
        Binding(
            table="aws.made_thing",
            service="made",
            operation="DescribeThing",
            path="Things[].Thing",
            columns=(BoundColumn("tags", "@", "hand", "ListTags"),),
            derived=(
                DerivedColumn("_key", "account_given"),
                DerivedColumn("name", "arn_format", "Arn", "arn:${Partition}:made:::thing/${Name}"),
            ),
            enrichments=(
                Enrichment(
                    "ListTags",
                    "@",
                    (
                        ("ResourceArn", "arn:${Partition}:made:${Region}:${Account}:thing/${Name}"),
                        ("Id", "basename(Arn)"),
                    ),
                    (("Kind", "thing"),),
                    (("Size", ("S", "L")),),
                ),
            ),
            origin=Origin(PATH, 6),
            unbound=("area", "zone"),
            listing=lock.read(PATH, CURRENT.encode()).bindings[0].listing,
            constants=(("include", ("A", "B")),),
            parents=(Listing("ListBoxes", "Boxes[]", (("BoxId", "Id"),)),),
            values=(("Kind", ("red", "blue")),),
            obstacle="no operation lists what it requires",
            reasons=(("zone", "no response has a member with evidence for it"),),
        ),
    )
    assert lock.write(read) == text
    [binding] = read.bindings
    for entry in (binding, binding.listing, *binding.enrichments):
        assert entry is not None
        empty = [field.name for field in fields(entry) if not getattr(entry, field.name)]
        assert empty == [], f"this test must give {type(entry).__name__} a value for each field"


def test_members_may_be_values_at_the_keys_of_a_map() -> None:
    """Columns and arguments may be filled from the value at a key of a map, which has the type and the
    enumeration of the map's values."""
    text = CURRENT
    for old, new in (
        ('"derived": "arn", "member": "Arn"', '"derived": "arn", "member": "Words[Arn]"'),
        ('"member": "Name"', '"member": "Words[AWS::S3/a-b.c]"'),
        ('"ResourceArn": "Arn"', '"ResourceArn": "basename(Words[Arn])"'),
        ('"Name": "string"', '"Words": "map<$Mode>"'),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    read = lock.read(PATH, text.encode())
    [binding] = read.bindings
    assert binding.columns[0] == BoundColumn("name", "Words[AWS::S3/a-b.c]", "both")
    assert binding.derived == (DerivedColumn("_key", "arn", "Words[Arn]"),)
    assert binding.enrichments[0].arguments == (("ResourceArn", "basename(Words[Arn])"),)
    assert lock.write(read) == text
    member = RecordedResponses(read.recorded_service).column_member(binding, binding.columns[0])
    assert member == RecordedMember("Words[AWS::S3/a-b.c]", Scalar("string"), False, ("On", "Off"))


def test_arguments_may_be_members_of_structures_in_the_item() -> None:
    """They are written and read alike; what is no such member is reported with its place."""
    text = CURRENT.replace('"ResourceArn": "Arn"', '"ResourceArn": "Latest.Words"')
    text = text.replace('"Name": "string"', '"Latest": "#Holder", "Name": "string"')
    read = lock.read(PATH, text.encode())
    [binding] = read.bindings
    assert binding.enrichments[0].arguments == (("ResourceArn", "Latest.Words"),)
    assert lock.write(read) == text
    for wrong, message in (
        ("Latest.Word", "Holder has no member 'Word'; did you mean 'Words'?"),
        ("Last.Words", "Thing has no member 'Last'"),
        ("Name.Words", "Thing.Name is not a structure"),
        (
            "Latest.Thing.Name",
            "'Latest.Thing.Name' is not an API name (ASCII letters, digits and _)",
        ),
        ("Latest.", "'Latest.' is not an API name (ASCII letters, digits and _)"),
    ):
        with pytest.raises(ProblemsFound) as raised:
            lock.read(PATH, text.replace("Latest.Words", wrong).encode())
        assert message in str(raised.value)


def test_reasons_of_unbound_tables_are_read_and_written() -> None:
    """Tables without binding stand beside those that have one, sorted; no table is both."""
    after = '  "operations": {'
    unbound = '  "unbound": {\n    "aws.b": "none",\n    "aws.made": "two"\n  },\n'
    text = CURRENT.replace(after, unbound + after)
    read = lock.read(PATH, text.encode())
    assert read.unbound == (("aws.b", "none"), ("aws.made", "two"))
    assert lock.write(read) == text
    twice = text.replace('"aws.b": "none"', '"aws.made_thing": "none"')
    with pytest.raises(ProblemsFound) as raised:
        lock.read(PATH, twice.encode())
    assert str(raised.value) == (f"{PATH}:29:5: SG401 'aws.made_thing' is both bound and unbound")


def test_arguments_may_be_the_account_of_the_caller() -> None:
    """``${Account}`` is no member of the item, and no other placeholder stands alone."""
    text = CURRENT.replace('{"ResourceArn": "Arn"}', '{"AccountId": "${Account}"}')
    read = lock.read(PATH, text.encode())
    [binding] = read.bindings
    assert binding.enrichments[0].arguments == (("AccountId", "${Account}"),)
    assert lock.write(read) == text
    with pytest.raises(ProblemsFound, match="is not an API name"):
        lock.read(PATH, text.replace("${Account}", "${Region}").encode())


def test_lock_without_tables_is_read_and_written() -> None:
    """A lock file may record a service without tables."""
    empty = '{"service":"made","tables":{},"outputs":{},"enumerations":{},"shapes":{}}'
    read = lock.read(PATH, empty.encode())
    assert lock.read(PATH, lock.write(read).encode()) == read


# Text of the lock, its replacement, and the problems that follow.
WRONG: list[tuple[str, str, list[str]]] = [
    # no JSON
    ('"unbound": ["zone"]', '"unbound": ["zone"', ["16:5: SG401 is not JSON: Expecting ',' delimiter"]),
    (TEXT, "", ["1:1: SG401 is not JSON: Expecting value"]),
    (TEXT, "[" * 100_000, ["1:101: SG401 is nested deeper than 100 levels"]),
    ('"Name"', '"N\udce9me"', ["9:30: SG401 is not UTF-8"]),
    # not of the form
    (TEXT, "[]", ["1:1: SG401 the file must be an object, not a list"]),
    (TEXT, "{}", [f'1:1: SG401 the file lacks "{name}"' for name in ("enumerations", "outputs", "service", "shapes", "tables")]),
    ('"unbound": ["zone"]', '"unbound": ["zone"], "unbound": []', ['15:28: SG401 duplicate key "unbound"']),
    ('"Mode": ["On", "Off"]', '"Mode": ["On", "Off"], "Mode": []', ['23:28: SG401 duplicate key "Mode"']),
    ('"service": "made"', '"service": "other"', ["2:3: SG401 the file of service 'other' must be called other.json"]),
    ('"service": "made"', '"service": "../made"', ['2:3: SG401 "service" must be the name of a service, such as s3, not "../made"']),
    ('"service": "made"', '"service": 1', ['2:3: SG401 "service" must be a non-empty string, not 1']),
    ('"service": "made"', '"service": null', ['2:3: SG401 "service" must be a non-empty string, not null']),
    ('"unbound": ["zone"]', '"unbound": "zone"', ['15:7: SG401 "unbound" must be a list of strings, not "zone"']),
    ('"unbound": ["zone"]', '"unbound": ["zone", 1]', ['15:7: SG401 "unbound" must hold strings, not 1']),
    ('"unbound": ["zone"]', '"unbound": ["name"]', ["15:19: SG401 'name' is both bound and unbound"]),
    (',\n      "unbound": ["zone"]', "", ['4:5: SG401 "aws.made_thing" lacks "unbound"']),
    ('"path": "Things[].Thing"', '"way": "@"', ['4:5: SG401 "aws.made_thing" lacks "path"', '6:7: SG401 unknown key "way" (known keys: operation, path, constants, listing, columns, auxiliary, unbound)']),
    ('"Things[].Thing"', '"Things[0]"', ["6:7: SG401 'Things[0]' is not a path: write '@' for the response itself, or members joined by dots with [] after each list and {} after each map, such as 'Reservations[].Instances[]'"]),
    ('"DescribeThing",', '"import os",', ["5:7: SG401 'import os' is not an API name (ASCII letters, digits and _)"]),
    ('"evidence": "both"', '"evidence": "guess"', ['9:36: SG401 "evidence" must be one of name, documentation, both, hand, not "guess"']),
    (', "evidence": "both"', "", ['9:9: SG401 "name" lacks "evidence"']),
    ('"derived": "arn"', '"derived": "name"', ['8:18: SG401 "derived" must be one of arn, account_from_arn, arn_format, account_given, argument_given, not "name"']),
    ('{"derived": "arn", "member": "Arn"}', "[]", ['8:9: SG401 "_key" must be an object, not a list']),
    ('"map<string>"', '"map<strin>"', ["28:26: SG401 'strin' is not a type; types are string, int64, float64, bool, timestamp, binary, json, #Structure, $Enumeration, list<T>, map<T>"]),
    ('"map<string>"', '"#a b"', ["28:26: SG401 '#a b' is not a type; types are string, int64, float64, bool, timestamp, binary, json, #Structure, $Enumeration, list<T>, map<T>"]),
    ('"Holder": {', '"Hol der": {', ["27:5: SG401 'Hol der' is not an API name (ASCII letters, digits and _)"]),
    ('"derived": "arn"', '"derived": "account_given"', ['8:46: SG401 unknown key "member" (known keys: derived)']),
    ('{"derived": "arn", "member": "Arn"}', '{"derived": "argument_given"}', ['8:9: SG401 "_key" lacks "parameter"']),
    ('{"derived": "arn", "member": "Arn"}', '{"derived": "argument_given", "parameter": "a b"}', ["8:47: SG401 'a b' is not an API name (ASCII letters, digits and _)"]),
    ('"derived": "arn"', '"derived": "arn_format"', ['8:9: SG401 "_key" lacks "format"']),
    ('"derived": "arn"', '"derived": "arn_format", "format": "{Arn}"', ["8:43: SG401 '{Arn}' is not a format of an ARN, such as 'arn:${Partition}:ec2:${Region}:${Account}:instance/${InstanceId}'"]),
    ('"member": "Name"', '"member": "Na me"', ["9:18: SG401 'Na me' is not an API name (ASCII letters, digits and _)"]),
    ('{"ResourceArn": "Arn"}', '{"ResourceArn": "Arn"}, "constants": {"Kind": 1}', ['13:86: SG401 "Kind" must be a non-empty string or a list of them, not 1']),
    ('{"ResourceArn": "Arn"}', '{"ResourceArn": "Arn"}, "constants": {"Kind": ["a", ""]}', ['13:86: SG401 "Kind" must be a non-empty string or a list of them, not a list']),
    ('{"ResourceArn": "Arn"}', '{"ResourceArn": "Arn"}, "values": {"ResourceArn": ["x"]}', ['13:83: SG401 "ResourceArn" is both an argument and one with several values']),
    ('{"path": "@", "arguments": {"ResourceArn": "Arn"}', '{"path": "Set", "arguments": {}, "values": {"Kind": ["a"]}', ["13:22: SG401 must be '@' where there are `values`"]),
    ('{"ResourceArn": "Arn"}', '{"ResourceArn": "Arn"}, "constants": {"ResourceArn": "x"}', ['13:86: SG401 "ResourceArn" is both an argument and a constant']),
    ('"member": "Name"', '"member": "Name[]"', ["9:18: SG401 'Name[]' is not an API name (ASCII letters, digits and _)"]),
    ('"member": "Name"', '"member": "Name[a b]"', ["9:18: SG401 'Name[a b]' is not an API name (ASCII letters, digits and _)"]),
    ('"member": "Name"', '"member": "Name[a][b]"', ["9:18: SG401 'Name[a][b]' is not an API name (ASCII letters, digits and _)"]),
    ('{"ResourceArn": "Arn"}', '{"ResourceArn": "Arn[\']"}', ["13:49: SG401 \"Arn[']\" is not an API name (ASCII letters, digits and _)"]),
    # names what does not exist
    ('"member": "Name"', '"member": "Name[A]"', ["9:18: SG402 Thing.Name is not a map: remove the [A]; MEND"]),
    ('"member": "Name"', '"member": "Nam[A]"', ["9:18: SG402 Thing has no member 'Nam'; did you mean 'Name'?; MEND"]),
    ('"member": "Arn"}', '"member": "Arn[A]"}', ["8:36: SG402 Thing.Arn is not a map: remove the [A]; MEND"]),
    ('{"ResourceArn": "Arn"}', '{"ResourceArn": "Arn[A]"}', ["13:49: SG402 Thing.Arn is not a map: remove the [A]; MEND"]),
    ('"derived": "arn"', '"derived": "arn_format", "format": "arn:${Partition}:made:::thing/${Id}"', ["8:43: SG402 Thing has no member 'Id'; MEND"]),
    ('"DescribeThing",', '"DescribeThin",', ["5:7: SG402 operation 'DescribeThin' is not recorded; did you mean 'DescribeThing'?; MEND"]),
    ('"Things[].Thing"', '"Things[].Arn"', ["6:7: SG402 Holder has no member 'Arn'; MEND"]),
    ('"Things[].Thing"', '"Things"', ["6:7: SG402 DescribeThingResponse.Things is a list: write Things[]; MEND"]),
    ('"Things[].Thing"', '"Things[].Thing[]"', ["6:7: SG402 Holder.Thing is not a list: remove the [] after it; MEND"]),
    ('"Things[].Thing"', '"Things{}.Thing"', ["6:7: SG402 DescribeThingResponse.Things is a list: write Things[]; MEND"]),
    ('"Things[].Thing"', '"Things[].Thing{}"', ["6:7: SG402 Holder.Thing is not a map: remove the {} after it; MEND"]),
    ('"Things[].Thing"', '"Things[].Words"', ["6:7: SG402 Holder.Words does not hold a structure; MEND"]),
    ('"member": "Arn"}', '"member": "ARNs"}', ["8:36: SG402 Thing has no member 'ARNs'; did you mean 'Arn'?; MEND"]),
    ('"member": "Name"', '"member": "Zone"', ["9:18: SG402 Thing has no member 'Zone'; MEND"]),
    ('"member": "Tags"', '"member": "Name"', ["10:43: SG402 ListTagsResponse has no member 'Name'; MEND"]),
    ('"operation": "ListTags"', '"operation": "GetTags"', ["10:18: SG402 operation 'GetTags' is not among the enrichments of aws.made_thing; MEND", "13:9: SG402 operation 'ListTags' fills no column; MEND"]),
    ('{"path": "@"', '{"path": "Tags"', ["13:22: SG402 ListTagsResponse.Tags does not hold a structure; MEND"]),
    ('{"ResourceArn": "Arn"}', '{"ResourceArn": "dirname(Arn)"}', ["13:49: SG401 'dirname(Arn)' is not an API name (ASCII letters, digits and _)"]),
    ('{"ResourceArn": "Arn"}', '{"ResourceArn": "basename(Id)"}', ["13:49: SG402 Thing has no member 'Id'; MEND"]),
    ('{"ResourceArn": "Arn"}', '{"ResourceArn": "arn:aws:made:::thing/${Name}"}', ["13:49: SG401 'arn:aws:made:::thing/${Name}' is not a format of an ARN, such as 'arn:${Partition}:ec2:${Region}:${Account}:instance/${InstanceId}'"]),
    ('{"ResourceArn": "Arn"}', '{"ResourceArn": "arn:${Partition}:made:::${Name}/${Id}"}', ["13:49: SG402 Thing has no member 'Id'; MEND"]),
    ('{"ResourceArn": "Arn"}', '{"ResourceArn": "Name2"}', ["13:49: SG402 Thing has no member 'Name2'; did you mean 'Name'?; MEND"]),
    ('"ListTags": "ListTagsResponse"', '"ListTag": "ListTagsResponse"', ["13:9: SG402 operation 'ListTags' is not recorded; did you mean 'ListTag'?; MEND"]),
    ('"ListTags": "ListTagsResponse"', '"ListTags": "Tags"', ["20:5: SG402 structure 'Tags' is not in \"shapes\"; MEND"]),
    ('list<#Holder>!', 'list<#Gone>!', ["26:31: SG402 structure 'Gone' is not in \"shapes\"; MEND"]),
    ('"Mode": ["On", "Off"]', '"Moods": ["On", "Off"]', ["27:35: SG402 enumeration 'Mode' is not in \"enumerations\"; MEND", "29:51: SG402 enumeration 'Mode' is not in \"enumerations\"; MEND"]),
]  # fmt: skip
MEND = "run `schemagen bind`"


@pytest.mark.parametrize(("old", "new", "messages"), WRONG)
def test_read_reports_every_mistake_at_its_position(
    old: str, new: str, messages: list[str]
) -> None:
    """Every mistake is a line with path, line, column, code and remedy, all of them at once."""
    assert old in TEXT
    data = TEXT.replace(old, new, 1).encode(errors="surrogateescape")
    with pytest.raises(ProblemsFound) as raised:
        lock.read(PATH, data)
    assert str(raised.value).splitlines() == [
        f"{PATH}:{message.replace('MEND', MEND)}" for message in messages
    ]


def test_check_reports_columns_that_are_not_on_the_page() -> None:
    """A lock must not name a column, bound or unbound, that the page lacks. Columns missing from the
    lock and tables without a page are accepted."""
    read = lock.read(PATH, TEXT.encode())
    columns = ["_key", "name", "tags", "zone"]
    page = handmade.table("aws.made_thing", handmade.columns(dict.fromkeys(columns, "string")))
    more = handmade.table(
        "aws.made_thing", handmade.columns(dict.fromkeys([*columns, "x"], "string"))
    )
    other = handmade.table("aws.other", handmade.columns({"x": "string"}))
    less = handmade.table("aws.made_thing", handmade.columns({"_key": "string"}))
    for made in ([page.table], [more.table], [other.table], []):
        assert lock.check(read, made) == ()
    assert [str(problem) for problem in lock.check(read, [other.table, less.table])] == [
        f"{PATH}:9:9: SG402 aws.made_thing has no column 'name' on its page; {MEND}",
        f"{PATH}:10:9: SG402 aws.made_thing has no column 'tags' on its page; {MEND}",
        f"{PATH}:15:19: SG402 aws.made_thing has no column 'zone' on its page; {MEND}",
    ]
