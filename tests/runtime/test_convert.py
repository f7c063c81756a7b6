"""schemagen.runtime.convert: what boto3 returns becomes rows, and what cannot is refused by name."""

from __future__ import annotations

import importlib
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemagen.runtime import convert
from schemagen.runtime.convert import ConversionError, Errors
from schemagen.typetable import FROM_MAP_TEXT, SCALARS, TYPES

AT = "aws.thing.column"
MODULES = ("scalars", "containers", "arn", "structures", "encode", "decode")
Convert = Callable[[object, str, Errors], object]
PLUS_TWO = timezone(timedelta(hours=2))


class Colour(StrEnum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


class NoOffset(tzinfo):
    """A time zone that does not know its offset: such a datetime is naive all the same."""

    def utcoffset(self, dt: datetime | None) -> None:
        return None

    dst = utcoffset

    def tzname(self, dt: datetime | None) -> None:
        return None


def json_message(text: str) -> str:
    """Return what the standard library says of a text that is not JSON; Pythons differ in it."""
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        (convert.text, "é", "é"),
        (convert.text, Colour.RED, "red"),
        (convert.int64, Number.ONE, 1),
        (convert.float64, 3, 3.0),
        (convert.float64, Decimal("0.1"), 0.1),
        (convert.float64, Decimal("-Infinity"), float("-inf")),
        (convert.finite, Decimal("1E+3"), 1000.0),
        (convert.timestamp, datetime(2026, 1, 1, 2, tzinfo=PLUS_TWO), datetime(2026, 1, 1, tzinfo=UTC)),
        (convert.rfc3339, datetime(2026, 1, 1, 2, tzinfo=PLUS_TWO), "2026-01-01T00:00:00Z"),
        (convert.rfc3339, datetime(1, 1, 1, 0, 0, 0, 7, tzinfo=UTC), "0001-01-01T00:00:00.000007Z"),
        (convert.base64_text, b"\x00\xff", "AP8="),
        (convert.base64_text, bytearray(b""), ""),
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
def test_what_boto3_returns_becomes_a_rows_value(
    function: Convert, value: object, expected: object
) -> None:
    """Each kind of value has one form in a row, of exactly the annotated type."""
    made = function(value, AT, "strict")
    assert repr(made) == repr(expected)


@pytest.mark.parametrize(
    ("function", "value", "message"),
    [
        (convert.text, 1, "expected str, got int"),
        (convert.text, "ab\0", "U+0000 at character 3 cannot be stored; remove it, or pass errors='replace' to put U+FFFD in its place"),
        (convert.text, "\udc00", "the lone surrogate U+DC00 at character 1 cannot be stored; remove it, or pass errors='replace' to put U+FFFD in its place"),
        (convert.int64, True, "expected int, got bool"),
        (convert.int64, 1.0, "expected int, got float"),
        (convert.int64, 2**63, "the integer does not fit 64 bits; store it as text"),
        (convert.float64, False, "expected float, int or Decimal, got bool"),
        (convert.float64, "1", "expected float, int or Decimal, got str"),
        (convert.float64, 10**400, "the number is too large for a double; store it as text"),
        (convert.float64, Decimal("-1E+400"), "the number is too large for a double; store it as text"),
        (convert.float64, Decimal("sNaN"), "a signalling NaN is not a double; use a quiet NaN"),
        (convert.finite, float("nan"), "nan does not exist in JSON; use None or text"),
        (convert.finite, Decimal("-Infinity"), "-inf does not exist in JSON; use None or text"),
        (convert.boolean, 1, "expected bool, got int"),
        (convert.timestamp, "2026-01-01", "expected an aware datetime, got str"),
        (convert.timestamp, datetime(2026, 1, 1), "the datetime has no time zone; give it the one it was meant in (tzinfo=)"),
        (convert.timestamp, datetime(2026, 1, 1, tzinfo=NoOffset()), "the datetime has no time zone; give it the one it was meant in (tzinfo=)"),
        (convert.rfc3339, datetime(1, 1, 1, 1, tzinfo=PLUS_TWO), "the datetime lies outside the years 1 to 9999 in UTC"),
        (convert.base64_text, 1, "expected bytes, got int"),
        (convert.json_value, {1: 2}, "a key is wrong: expected str, got int"),
        (convert.json_value, {"a", "b"}, "set is not a JSON value; convert it to text or a dict first"),
        (convert.json_value, Decimal("NaN"), "nan does not exist in JSON; use None or text"),
        (convert.json_value, Decimal("sNaN"), "a signalling NaN is not a double; use a quiet NaN"),
        (convert.hstore, "a", "expected dict, got str"),
        (convert.hstore, [{"Key": 1}], "a tag's key is wrong: expected str, got int"),
        (convert.hstore, [{"Key": "a"}, {"key": "a"}], "duplicate tag key"),
        (convert.tags, "a", "expected a list of tags or a dict, got str"),
        (convert.json_text, [10**5000], "an integer has too many digits, or the value is nested too deeply"),
        (convert.json_from_text, "[1,]", f"not JSON text: {json_message('[1,]')}"),
        (convert.json_from_text, [1], "expected JSON text, got list"),
        (convert.hstore_from_text, '"a"=>"b", c', "not hstore text from character 11 on"),
        (convert.hstore_csv_from_text, {"a": "b\"c"}, "not a line of CSV from character 1 on"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(
    function: Convert, value: object, message: str
) -> None:
    """The message starts with the place, says what is wrong and, where it helps, what to do."""
    with pytest.raises(ConversionError) as caught:
        function(value, AT, "strict")
    assert caught.value.at.startswith(AT)
    assert caught.value.reason == message
    assert str(caught.value) == f"{caught.value.at}: {message}"


@pytest.mark.parametrize(
    ("function", "value", "place"),
    [
        (convert.json_value, {"a": [0, {"b": "\0"}]}, f"{AT}['a'][1]['b']"),
        (convert.hstore, {"a": 1}, f"{AT}['a']"),
        (convert.tags, [{"Key": "a"}, {"Key": 1}], f"{AT}[1]"),
        (convert.tags, {"a": ["b", 1]}, f"{AT}['a']"),
        (convert.hstore_csv_from_text, {"a": '"'}, f"{AT}['a']"),
    ],
)
def test_the_place_leads_into_the_value(function: Convert, value: object, place: str) -> None:
    """A fault deep inside a value is found without reading the value."""
    with pytest.raises(ConversionError) as caught:
        function(value, AT, "strict")
    assert caught.value.at == place


def test_errors_never_show_the_value() -> None:
    """A message may land in a log, where a value, perhaps a secret, must not."""
    for value in ("hunter2\0", "hunter2\ud800", b"hunter2"):
        with pytest.raises(ConversionError) as caught:
            convert.text(value, AT)
        assert "hunter2" not in str(caught.value)


def test_errors_survive_pickling() -> None:
    """A worker process hands its error to its parent."""
    error = pickle.loads(pickle.dumps(ConversionError(AT, "no")))  # noqa: S301 - made one line above
    assert (error.at, error.reason, str(error)) == (AT, "no", f"{AT}: no")


@given(st.text(st.characters(exclude_categories=())))
@example("\0")
@example("a\ud800b")
def test_replaced_text_can_be_stored(value: str) -> None:
    """errors="replace" changes what no database stores, one for one, and nothing else."""
    replaced = convert.text(value, AT, "replace")
    assert convert.text(replaced, AT) == replaced
    assert len(replaced) == len(value)
    assert all(new in (old, "\ufffd") for old, new in zip(value, replaced, strict=True))
    assert convert.json_text([value], AT, "replace") == convert.json_text([replaced], AT)


@pytest.mark.parametrize("function", [convert.hstore, convert.json_value])
def test_replacing_never_merges_keys(function: Convert) -> None:
    """Two keys that would become one are refused: one of the values would be lost."""
    with pytest.raises(ConversionError, match="two keys become one"):
        function({"\0": "a", "\ud800": "b"}, AT, "replace")


def test_a_value_that_contains_itself_is_refused() -> None:
    """Endless values end in a message, not in a crash."""
    endless: list[object] = []
    endless.append(endless)
    for function in (convert.json_value, convert.json_text):
        with pytest.raises(ConversionError, match="contains itself or is nested too deeply"):
            function(endless, AT)


# --- tags -----------------------------------------------------------------------------------------


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
def test_tags_in_every_spelling(value: object, expected: object) -> None:
    """All spellings of AWS come to one form: each key with its sorted unique values."""
    assert convert.tags(value, AT) == expected
    assert convert.tags(expected, AT) == expected


@pytest.mark.parametrize("item", [{"Name": "a"}, {"Value": "a"}, {"Key": "a", "key": "b"}])
def test_a_tag_without_one_key_is_refused(item: object) -> None:
    """Nothing is guessed about a tag that has no key, or two."""
    with pytest.raises(ConversionError, match="needs exactly one of the members Key, key, TagKey"):
        convert.tags([item], AT)


def test_distinct_takes_each_value_once() -> None:
    """The models' lists of values refuse what the JSON Schema's uniqueItems refuses."""
    values = ["a", "b"]
    assert convert.distinct(values) is values
    with pytest.raises(ValueError, match="appears twice"):
        convert.distinct(["a", "a"])


@pytest.mark.parametrize(
    ("arn", "account"),
    [
        ("arn:aws:sagemaker:us-east-1:123456789012:training-job/x", "123456789012"),
        ("arn:aws-us-gov:s3:::bucket", None),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", None),
        ("arn:aws:logs:us-east-1:123456789012:log-group:a:*", "123456789012"),
    ],
)
def test_the_account_of_an_arn(arn: str, account: str | None) -> None:
    """The fifth part, where there is one."""
    assert convert.arn_account(arn, AT) == account


@pytest.mark.parametrize("arn", ["", "arn:aws:s3", "urn:aws:s3:::x", "arn:aws:s3:::", 1])
def test_what_is_no_arn_is_refused(arn: object) -> None:
    """No account is read out of something else."""
    with pytest.raises(ConversionError):
        convert.arn_account(arn, AT)


# --- the text of drivers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"team": ["compute_provisioning", "database_ops"]}, '"team"=>"compute_provisioning,database_ops"'),
        ({"a": [], "b": [""], "c": ["", "d"]}, '"a"=>NULL, "b"=>"", "c"=>",d"'),
        ({"a": ["b,c", "d"]}, r'"a"=>"\"b,c\",d"'),
        ({"a": ['say "x"']}, r'"a"=>"\"say \"\"x\"\"\""'),
        ({"a\\": ["b\\c"]}, r'"a\\"=>"b\\c"'),
        ({"a": ["NULL", "b c"]}, '"a"=>"NULL,b c"'),
    ],
)  # fmt: skip
def test_tags_as_hstore_text(value: object, text: str) -> None:
    """A line of values reads as DDSQL shows it; only what would be misread is quoted."""
    assert convert.hstore_csv_text(value, AT) == text
    assert convert.hstore_csv_from_text(text, AT) == value


def test_json_text_keeps_floats_floats() -> None:
    """Large floats are written with all digits and a point, and text that looks like one stays."""
    assert convert.json_text([1e22, -1.5e16, 1e-7, "1e+22", {"2e+22": 3.0}], AT) == (
        '[10000000000000000000000.0,-15000000000000000.0,1e-07,"1e+22",{"2e+22":3.0}]'
    )


@pytest.mark.parametrize("value", [{1: "a"}, {True: "a"}, {None: "a"}, [(1, 2)], {"a": {1.5: 2}}])
def test_json_text_refuses_what_json_would_change(value: object) -> None:
    """Keys that are no strings and tuples would come back as something else."""
    with pytest.raises(ConversionError):
        convert.json_text(value, AT)


def test_json_text_takes_a_models_dump() -> None:
    """Times inside a typed json column, as pydantic's model_dump returns them, are written too."""
    value = {"at": datetime(2026, 1, 1, tzinfo=UTC), "big": 1e300}
    assert convert.json_from_text(convert.json_text(value, AT), AT) == {
        "at": "2026-01-01T00:00:00Z",
        "big": 1e300,
    }


# --- the module itself ----------------------------------------------------------------------------


def test_the_type_table_names_functions_that_exist() -> None:
    """Every function that a row names is here, under that name."""
    names = {row.convert for row in TYPES} | {row.convert for row in SCALARS}
    names |= {sql.encode for row in TYPES for sql in row.sql.values()}
    names |= {sql.decode for row in TYPES for sql in row.sql.values() if sql.decode}
    names |= {*FROM_MAP_TEXT, *FROM_MAP_TEXT.values()}
    assert all(callable(getattr(convert, name)) for name in names)


def test_converters_are_exported_from_one_place() -> None:
    """``convert`` offers what its modules define, and nothing else under another name."""
    modules = [importlib.import_module(f"{convert.__name__}.{name}") for name in MODULES]
    defined = {
        name
        for module in modules
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__
        and not (name.startswith("_") or isinstance(value, TypeVar))
    }
    assert sorted(convert.__all__) == convert.__all__
    assert defined - {"expected"} == {*convert.__all__} - {"Errors", "Json"}


# --- text of JSON, and JSON as text ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('{"a": [1, 2.5, null, true, "é"]}', {"a": [1, 2.5, None, True, "é"]}),
        (" \n[]", []),
        ('"text"', '"text"'),
        ("1", "1"),
        ("", ""),
        ("{not JSON}", "{not JSON}"),
        ("[NaN]", "[NaN]"),
        ("[-Infinity]", "[-Infinity]"),
        ("[1e400]", "[1e400]"),
        ("[" * 100_000, "[" * 100_000),
        (f"[{'9' * 5000}]", f"[{'9' * 5000}]"),
        ('["\\u00e9"]', ["é"]),
        ({"a": b"\0"}, {"a": "AA=="}),
    ],
)
def test_text_that_holds_a_document(value: object, expected: object) -> None:
    """Objects and arrays are read; what is no strict JSON, and scalars, stay text."""
    found = convert.document(value, AT)
    assert found == expected
    assert convert.document(found, AT) == expected


@pytest.mark.parametrize("value", ["\0", '["\\u0000"]', '{"\\ud800": 1}'])
def test_documents_hold_what_databases_store(value: str) -> None:
    """What no database stores is refused or replaced, also where an escape stands for it."""
    with pytest.raises(ConversionError):
        convert.document(value, AT)
    assert "\ufffd" in str(convert.document(value, AT, "replace"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{ }", "{ }"),
        ({"ApiName": [1, None, b"\0"]}, '{"ApiName":[1,null,"AA=="]}'),
        ([], "[]"),
        (7, "7"),
    ],
)
def test_json_written_as_text(value: object, expected: str) -> None:
    """Text stays as it is, anything else is its JSON without spaces."""
    assert convert.written(value, AT) == expected
    assert convert.written(convert.written(value, AT), AT) == expected


# --- text at the keys of maps ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        (convert.int64_from_text, "0", 0),
        (convert.int64_from_text, "-9223372036854775808", -(2**63)),
        (convert.int64_from_text, "+0262144", 262144),
        (convert.int64_from_text, 7, 7),
        (convert.boolean_from_text, "true", True),
        (convert.boolean_from_text, "FALSE", False),
        (convert.boolean_from_text, True, True),
        (convert.timestamp_from_text, "0", datetime(1970, 1, 1, tzinfo=UTC)),
        (convert.timestamp_from_text, "1767323045", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (convert.timestamp_from_text, "1767323045.1234567", datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        (convert.timestamp_from_text, "253402300799.999999", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        (convert.timestamp_from_text, "-1", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (convert.timestamp_from_text, datetime(2026, 1, 1, 2, tzinfo=PLUS_TWO), datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_values_in_text(function: Convert, value: object, expected: object) -> None:
    """Numbers, truth and seconds that are written as text, and values that are none of text."""
    found = function(value, AT, "strict")
    assert found == expected
    assert type(found) is type(expected)


INTEGER = "the text is not a decimal integer of 64 bits"
TRUTH = "the text is neither true nor false"
SECONDS = "the text is not a number of seconds since 1970"


@pytest.mark.parametrize(
    ("function", "value", "message"),
    [
        *((convert.int64_from_text, text, INTEGER) for text in ("", " 1", "1.0", "1e3", "0x1", "1_0", "\u0661", "1\n", "-", "9" * 5000)),
        (convert.int64_from_text, "9223372036854775808", "the integer does not fit 64 bits; store it as text"),
        (convert.int64_from_text, True, "expected int, got bool"),
        *((convert.boolean_from_text, text, TRUTH) for text in ("", "1", "yes", " true", "true\n")),
        (convert.boolean_from_text, 1, "expected bool, got int"),
        *((convert.timestamp_from_text, text, SECONDS) for text in ("", "1.", ".5", "1e9", "2026-01-02T03:04:05Z", "1 ")),
        # Milliseconds are not taken for seconds.
        (convert.timestamp_from_text, "1767323045000", "the seconds since 1970 lie outside the years 1 to 9999"),
        (convert.timestamp_from_text, "-9223372036854775808", "the seconds since 1970 lie outside the years 1 to 9999"),
        (convert.timestamp_from_text, 1, "expected an aware datetime, got int"),
    ],
)  # fmt: skip
def test_text_that_is_no_such_value(function: Convert, value: object, message: str) -> None:
    """Nothing is guessed, and the message does not show the text."""
    with pytest.raises(ConversionError) as caught:
        function(value, AT, "strict")
    assert str(caught.value) == f"{AT}: {message}"


def test_a_map_is_opened() -> None:
    """What a response lacks is a map without entries; what is no map is refused."""
    assert convert.map_entries(None, AT) == {}
    assert convert.map_entries(MappingProxyType({"a": 1}), AT) == {"a": 1}
    with pytest.raises(ConversionError, match="expected dict, got list"):
        convert.map_entries([("a", 1)], AT)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
