"""schemagen.runtime.convert.containers: lists, maps, tags and whole JSON values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

import pytest

from schemagen.runtime import convert
from schemagen.runtime.convert import ConversionError, Errors

AT = "aws.thing.column"
Convert = Callable[[object, str, Errors], object]


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        (convert.json_value, {"a": [datetime(2026, 1, 1, tzinfo=UTC), b"\x00", None]}, {"a": ["2026-01-01T00:00:00Z", "AA==", None]}),
        (convert.json_value, Decimal("12345678901234567890123"), 12345678901234567890123),
        (convert.json_value, Decimal("0.1"), 0.1),
        (convert.json_value, Decimal("-0"), -0.0),
        (convert.json_value, Decimal("0.10000000000000000000001"), "0.10000000000000000000001"),
        (convert.json_value, Decimal("1E+400"), "1E+400"),
        (convert.hstore, MappingProxyType({"a": "b", "c": None}), {"a": "b", "c": None}),
        (convert.hstore, [{"Key": "a", "Value": "b"}, {"Key": "c"}], {"a": "b", "c": None}),
    ],
)  # fmt: skip
def test_containers_convert_every_value_inside(
    function: Convert, value: object, expected: object
) -> None:
    """Each value inside has one form; decimals keep every digit."""
    assert repr(function(value, AT, "strict")) == repr(expected)


@pytest.mark.parametrize(
    ("function", "value", "message"),
    [
        (convert.json_value, {1: 2}, "invalid key: expected str, got int"),
        (convert.json_value, {"a", "b"}, "set is not a JSON value; convert it to a string or a dict first"),
        (convert.json_value, Decimal("NaN"), "nan does not exist in JSON; use None or a string"),
        (convert.json_value, Decimal("sNaN"), "a signalling NaN is not a double; use a quiet NaN"),
        (convert.hstore, "a", "expected dict, got str"),
        (convert.hstore, [{"Key": 1}], "invalid tag key: expected str, got int"),
        (convert.hstore, [{"Key": "a"}, {"key": "a"}], "duplicate tag key"),
        (convert.tags, "a", "expected a list of tags or a dict, got str"),
    ],
)  # fmt: skip
def test_containers_refuse_what_does_not_fit(
    function: Convert, value: object, message: str
) -> None:
    """The message begins with the path, and says what is wrong and what to do."""
    with pytest.raises(ConversionError) as caught:
        function(value, AT, "strict")
    assert caught.value.at.startswith(AT)
    assert caught.value.reason == message
    assert str(caught.value) == f"{caught.value.at}: {message}"


@pytest.mark.parametrize(
    ("function", "value", "path"),
    [
        (convert.json_value, {"a": [0, {"b": "\0"}]}, f"{AT}['a'][1]['b']"),
        (convert.hstore, {"a": 1}, f"{AT}['a']"),
        (convert.tags, [{"Key": "a"}, {"Key": 1}], f"{AT}[1]"),
        (convert.tags, {"a": ["b", 1]}, f"{AT}['a']"),
    ],
)
def test_containers_name_the_path_of_a_wrong_value(
    function: Convert, value: object, path: str
) -> None:
    """The path leads to the wrong value inside the container."""
    with pytest.raises(ConversionError) as caught:
        function(value, AT, "strict")
    assert caught.value.at == path


@pytest.mark.parametrize("function", [convert.hstore, convert.json_value])
def test_mappings_never_merge_keys_by_replacing(function: Convert) -> None:
    """Keys that would be equal after replacing are refused, because one of the values would be lost."""
    with pytest.raises(ConversionError, match="two keys are equal"):
        function({"\0": "a", "\ud800": "b"}, AT, "replace")


def test_json_value_refuses_a_value_that_contains_itself() -> None:
    """Endless values raise a ConversionError, not a RecursionError."""
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ConversionError, match="contains itself or is nested too deeply"):
        convert.json_value(endless, AT)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], {}),
        ({}, {}),
        ([{"Key": "team", "Value": "b"}, {"Key": "team", "Value": "a"}], {"team": ["a", "b"]}),
        ([{"key": "team", "value": "a"}], {"team": ["a"]}),
        ([{"TagKey": "team", "TagValue": "a"}], {"team": ["a"]}),
        ([{"tagKey": "team", "tagValue": "a"}], {"team": ["a"]}),
        ([{"Key": "team", "Value": "a"}, {"Key": "team", "Value": "a"}], {"team": ["a"]}),
        ([{"Key": "team"}], {"team": []}),
        ([{"Key": "team", "Value": None}], {"team": []}),
        ([{"Key": "team", "Value": ""}], {"team": [""]}),
        ([{"Key": "team"}, {"Key": "team", "Value": ""}], {"team": [""]}),
        ([{"Key": "team", "Value": "a,b"}], {"team": ["a,b"]}),
        ([{"Key": "team", "Value": "a", "PropagateAtLaunch": True}], {"team": ["a"]}),
        ({"team": "a,b"}, {"team": ["a,b"]}),
        ({"team": None}, {"team": []}),
        ({"team": ["b", "a", "b"]}, {"team": ["a", "b"]}),
        ({"Key": "team", "Value": "a"}, {"Key": ["team"], "Value": ["a"]}),
    ],
)
def test_tags_accept_every_spelling(value: object, expected: object) -> None:
    """All spellings of AWS become the same form: each key with its sorted unique values."""
    assert convert.tags(value, AT) == expected
    assert convert.tags(expected, AT) == expected


@pytest.mark.parametrize("item", [{"Name": "a"}, {"Value": "a"}, {"Key": "a", "key": "b"}])
def test_tags_refuse_a_tag_without_exactly_one_key(item: object) -> None:
    """A tag without a key, or with two, is refused instead of guessed at."""
    with pytest.raises(ConversionError, match="needs exactly one of the members Key, key, TagKey"):
        convert.tags([item], AT)


def test_distinct_refuses_repeated_values() -> None:
    """The models' lists of values refuse what the JSON Schema's uniqueItems refuses."""
    values = ["a", "b"]
    assert convert.distinct(values) is values
    with pytest.raises(ValueError, match="appears twice"):
        convert.distinct(["a", "a"])
