"""schemagen.emit.mappers.from_item: keys, accounts and ARNs that are built."""

from __future__ import annotations

from pathlib import Path

import pytest

import mappers
from mapper_cases import ARN, ARN_COLUMNS, INSTANCE, ZONE, built, each_value
from mappers import Mapper, Row


def test_from_item_prefers_the_key_argument(thing: Mapper) -> None:
    """An argument wins over the item's ARN; with neither, the message says what to pass."""
    assert thing.from_item({"Arn": ARN})["_key"] == ARN
    assert thing.from_item({"Arn": ARN}, key="mine")["_key"] == "mine"
    assert thing.from_item({}, key="mine")["_key"] == "mine"
    with pytest.raises(thing.ConversionError) as raised:
        thing.from_item({"Config": {}})
    assert str(raised.value) == "aws.made_thing._key: the response has no Arn; pass key="


def test_from_item_requires_the_key_of_an_unbound_column(tmp_path: Path) -> None:
    """Where nothing fills the key, the caller does."""
    made = mappers.service(
        mappers.bound("aws.t", operation="GetThing", unbound=["_key"]), {"GetThing": "R"}, {"R": {}}
    )
    with mappers.imported(tmp_path, made, {"_key": "string"}) as mapper:
        assert mapper.from_item({}, key="mine") == {"_key": "mine"}
        with pytest.raises(mapper.ConversionError) as raised:
            mapper.from_item({})
    assert str(raised.value) == "aws.t._key: no member is bound to the key; pass key="


@pytest.mark.parametrize(
    ("arn", "account"),
    [(ARN, "123456789012"), ("arn:aws:s3:::bucket", None), (None, None)],
)
def test_from_item_takes_the_account_from_an_arn(
    tmp_path: Path, arn: str | None, account: str
) -> None:
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


PLACE = {"partition": "aws-cn", "region": "cn-north-1", "account_id": "123456789012"}


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
def test_from_item_builds_arns(tmp_path: Path, format: str, item: Row, arn: str) -> None:
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
        ({"Id": "i"}, {}, "building the ARN requires partition, region, account_id; pass partition=, region=, account_id=, or key="),
        ({"Id": "i"}, {**PLACE, "region": None}, "building the ARN requires region; pass region=, or key="),
        ({"Id": "i"}, {**PLACE, "region": ""}, "building the ARN requires region; pass region=, or key="),
        ({}, PLACE, "the response has no Id; pass key="),
        ({"Id": ""}, {}, "the response has no Id; pass key="),
        ({"Id": "/instance/"}, PLACE, "cannot build the ARN; pass key="),
    ],
)  # fmt: skip
def test_from_item_refuses_incomplete_arns(
    tmp_path: Path, item: Row, given: Row, reason: str
) -> None:
    """Where anything is missing the ARN is None, and the message of the key says what to pass."""
    with mappers.imported(tmp_path, built(INSTANCE), ARN_COLUMNS) as mapper:
        assert mapper.from_item(item, **given, key="mine") == {"_key": "mine", "arn": None}
        with pytest.raises(mapper.ConversionError) as raised:
            mapper.from_item(item, **given)
    of = f" of Id {item['Id']}" if item.get("Id") else ""
    assert str(raised.value) == f"aws.t._key{of}: {reason}"


@pytest.mark.parametrize(
    ("item", "given", "reason"),
    [
        ({"Id": 1}, PLACE, "expected str, got int"),
        ({"Id": "i"}, {**PLACE, "account_id": 123456789012}, "expected str, got int"),
        ({"Id": "i"}, {**PLACE, "region": "a:b"}, "a partition, region or account of an ARN cannot contain a colon"),
        ({"Id": "\0"}, PLACE, "U+0000 at character 1 cannot be stored; remove it, or pass errors='replace' to replace it with U+FFFD"),
    ],
)  # fmt: skip
def test_from_item_checks_parts_of_arns(tmp_path: Path, item: Row, given: Row, reason: str) -> None:
    """What stands in an ARN is text that can be stored, and makes no other parts."""
    with (
        mappers.imported(tmp_path, built(INSTANCE), ARN_COLUMNS) as mapper,
        pytest.raises(mapper.ConversionError) as raised,
    ):
        mapper.from_item(item, **given)
    of = " of Id i" if item == {"Id": "i"} else ""  # nothing that a message can show
    assert str(raised.value) == f"aws.t.arn{of}: {reason}"


def test_from_item_takes_only_the_scope_it_needs(tmp_path: Path) -> None:
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
def test_from_item_takes_the_scope_from_another_arn(
    tmp_path: Path, role: str | None, arn: str | None, reason: str
) -> None:
    """An ARN in the item supplies partition, region and account, so callers pass none of them."""
    item = {"Id": "i", "RoleArn": role}
    with mappers.imported(tmp_path, built(INSTANCE, "RoleArn"), ARN_COLUMNS) as mapper:
        assert mapper.from_item(item, key="mine") == {"_key": "mine", "arn": arn}
        with pytest.raises(TypeError, match="partition"):
            mapper.from_item(item, partition="aws")
        with pytest.raises(mapper.ConversionError, match=r"^aws\.t\.arn of Id i: not an ARN"):
            mapper.from_item({"Id": "i", "RoleArn": "role"})
        if arn:
            assert mapper.from_item(item)["_key"] == arn
        else:
            with pytest.raises(mapper.ConversionError) as raised:
                mapper.from_item(item)
            assert str(raised.value) == f"aws.t._key of Id i: {reason}"


def test_from_item_builds_no_arn_for_a_given_key(tmp_path: Path) -> None:
    """What only the key is built of is not looked at when the caller passes the key."""
    with mappers.imported(tmp_path, built(ZONE), {"_key": "string"}) as mapper:
        assert mapper.from_item({"Id": 1}, key="mine") == {"_key": "mine"}
        assert mapper.from_item({"Id": "Z1"}, partition="aws")["_key"].endswith("hostedzone/Z1")


def test_from_item_takes_the_account_argument(tmp_path: Path) -> None:
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
    assert str(raised.value) == "aws.t.account_id of Id a: expected str, got int"


def test_from_item_takes_arguments_of_the_call(tmp_path: Path) -> None:
    """What the operation was called with fills a column, and takes part in an ARN. A parameter with
    the name of another argument of the mapper gets an underscore."""
    format = "arn:${Partition}:made:::${Key}/${ApiId}/${Id}"
    made = built(
        ZONE,
        "",
        "Things[]",
        _key={"derived": "arn_format", "format": format, "parameters": ["ApiId", "Key"]},
        api_id={"derived": "argument_given", "parameter": "ApiId"},
    )
    columns = {"_key": "string", "api_id": "string"}
    with mappers.imported(tmp_path, made, columns) as mapper:
        response = {"Things": [{"Id": "a"}, {"Id": "b"}]}
        rows = list(mapper.from_response(response, partition="aws", api_id="x", key_="k"))
        assert rows == [
            {"_key": "arn:aws:made:::k/x/a", "api_id": "x"},
            {"_key": "arn:aws:made:::k/x/b", "api_id": "x"},
        ]
        with pytest.raises(mapper.ConversionError) as raised:
            mapper.from_item({"Id": "a"}, partition="aws", key_="k")
        assert "api_id=" in str(raised.value)
        assert mapper.from_item({"Id": "a"}, key="mine")["api_id"] is None


@pytest.mark.parametrize("derived", ["account_given", "account_from_arn"])
def test_from_item_accepts_an_account_as_key(tmp_path: Path, derived: str) -> None:
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


@pytest.mark.parametrize("path", ["@", "Things[]"])
def test_from_item_lists_what_several_calls_return(tmp_path: Path, path: str) -> None:
    """A column of an operation that is called with each of several values has an element for each response
    that has the member: none if nothing was found, and None if the caller passes no responses."""
    columns = {"name": "string", "contacts": "json", "sizes": "array<int64>"}
    found = [{"Contact": {"FullName": "Ann"}, "Size": 1}, {"Size": 2}]
    with mappers.imported(tmp_path, each_value(path), columns) as mapper:
        row = mapper.from_item({"Name": "n"}, get_contact=iter(found))
        assert row == {"name": "n", "contacts": [{"full_name": "Ann"}], "sizes": [1, 2]}
        assert mapper.from_item({"Name": "n"}, get_contact=[])["contacts"] == []
        assert mapper.from_item({"Name": "n"})["contacts"] is None
        for wrong, message in (
            (
                found[0],
                "expected an iterable of responses of GetContact, one for each call, got dict",
            ),
            ([found[0], {"Other": 1}], "not a response of GetContact: it has Other"),
        ):
            with pytest.raises(mapper.ConversionError, match=message):
                mapper.from_item({"Name": "n"}, get_contact=wrong)
        several = path != "@"

        def answered(item: object) -> object:
            return found

        response = {"Things": [{"Name": "n"}]} if several else {"Name": "n"}
        given = answered if several else found
        assert next(mapper.from_response(response, get_contact=given)) == row
        documented = " ".join(str(mapper.from_response.__doc__).split())
        the = "A function of the item that returns the" if several else "The"
        assert (
            f"get_contact: {the} responses of GetContact, called with Name (the item's Name), Kind "
            '(each of "BILLING", "SECURITY"); leave out calls that find nothing.' in documented
        )
