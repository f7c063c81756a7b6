"""schemagen.runtime.convert.scalars: single values, and the error that all converters raise."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import IntEnum, StrEnum
from ipaddress import ip_network
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemagen.runtime import convert
from schemagen.runtime.convert import ConversionError, Errors

AT = "aws.thing.column"
Convert = Callable[[object, str, Errors], object]
PLUS_TWO = timezone(timedelta(hours=2))


class Colour(StrEnum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


class NoOffset(tzinfo):
    """A time zone without an offset, which leaves a datetime naive."""

    def utcoffset(self, dt: datetime | None) -> None:
        return None

    dst = utcoffset

    def tzname(self, dt: datetime | None) -> None:
        return None


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        (convert.text, "é", "é"),
        (convert.text, Colour.RED, "red"),
        (convert.int64, Number.ONE, 1),
        (convert.int64, Decimal("7.0"), 7),
        (convert.json_value, {"a": UUID(int=1)}, {"a": "00000000-0000-0000-0000-000000000001"}),
        (convert.text_from_value, UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (convert.text_from_value, ip_network("fe80::/64"), "fe80::/64"),
        (convert.text_from_value, Decimal("1.50"), "1.50"),
        (convert.text_from_value, date(2026, 1, 2), "2026-01-02"),
        (convert.text_from_value, datetime(2026, 1, 1), "2026-01-01T00:00:00"),
        (convert.text_from_value, datetime(2026, 1, 1, 2, tzinfo=PLUS_TWO), "2026-01-01T00:00:00Z"),
        (convert.float64, 3, 3.0),
        (convert.float64, Decimal("0.1"), 0.1),
        (convert.double, Decimal("-Infinity"), float("-inf")),
        (convert.float64, Decimal("1E+3"), 1000.0),
        (convert.timestamp, datetime(2026, 1, 1, 2, tzinfo=PLUS_TWO), datetime(2026, 1, 1, tzinfo=UTC)),
        (convert.rfc3339, datetime(2026, 1, 1, 2, tzinfo=PLUS_TWO), "2026-01-01T00:00:00Z"),
        (convert.rfc3339, datetime(1, 1, 1, 0, 0, 0, 7, tzinfo=UTC), "0001-01-01T00:00:00.000007Z"),
        (convert.base64_text, b"\x00\xff", "AP8="),
        (convert.base64_text, bytearray(b""), ""),
    ],
)  # fmt: skip
def test_scalars_convert_to_the_annotated_type(
    function: Convert, value: object, expected: object
) -> None:
    """Each kind of value has one form in a row, and exactly the annotated type."""
    assert repr(function(value, AT, "strict")) == repr(expected)


@pytest.mark.parametrize(
    ("function", "value", "message"),
    [
        (convert.text, 1, "expected str, got int"),
        (convert.text, "ab\0", "U+0000 at character 3 cannot be stored; remove it, or pass errors='replace' to replace it with U+FFFD"),
        (convert.text, "\udc00", "the lone surrogate U+DC00 at character 1 cannot be stored; remove it, or pass errors='replace' to replace it with U+FFFD"),
        (convert.int64, True, "expected int, got bool"),
        (convert.int64, Decimal("1.5"), "expected int, got Decimal"),
        (convert.int64, Decimal("sNaN"), "expected int, got Decimal"),
        (convert.int64, Decimal("1E+999999"), "expected int, got Decimal"),
        (convert.int64, 1.0, "expected int, got float"),
        (convert.int64, 2**63, "the integer does not fit 64 bits; store it as a string"),
        (convert.float64, False, "expected float, int or Decimal, got bool"),
        (convert.float64, "1", "expected float, int or Decimal, got str"),
        (convert.float64, 10**400, "the number is too large for a double; store it as a string"),
        (convert.float64, Decimal("-1E+400"), "the number is too large for a double; store it as a string"),
        (convert.float64, Decimal("sNaN"), "a signalling NaN is not a double; use a quiet NaN"),
        (convert.float64, float("nan"), "nan does not exist in JSON; use None or a string"),
        (convert.float64, Decimal("-Infinity"), "-inf does not exist in JSON; use None or a string"),
        (convert.boolean, 1, "expected bool, got int"),
        (convert.timestamp, "2026-01-01", "expected an aware datetime, got str"),
        (convert.timestamp, datetime(2026, 1, 1), "the datetime is naive; set its time zone (tzinfo=)"),
        (convert.timestamp, datetime(2026, 1, 1, tzinfo=NoOffset()), "the datetime is naive; set its time zone (tzinfo=)"),
        (convert.rfc3339, datetime(1, 1, 1, 1, tzinfo=PLUS_TWO), "the datetime is outside the years 1 to 9999 in UTC"),
        (convert.base64_text, 1, "expected bytes, got int"),
    ],
)  # fmt: skip
def test_scalars_refuse_what_does_not_fit(function: Convert, value: object, message: str) -> None:
    """The message begins with the path, and says what is wrong and what to do."""
    with pytest.raises(ConversionError) as caught:
        function(value, AT, "strict")
    assert caught.value.at.startswith(AT)
    assert caught.value.reason == message
    assert str(caught.value) == f"{caught.value.at}: {message}"


def test_conversion_errors_never_show_the_value() -> None:
    """Messages can end up in a log, and values can be secret."""
    for value in ("hunter2\0", "hunter2\ud800", b"hunter2"):
        with pytest.raises(ConversionError) as caught:
            convert.text(value, AT)
        assert "hunter2" not in str(caught.value)


def test_conversion_errors_survive_pickling() -> None:
    """A worker process can send the error to its parent."""
    error = pickle.loads(pickle.dumps(ConversionError(AT, "no", "r", "pass x=")))  # noqa: S301 - made here
    assert (error.at, error.resource) == (AT, "r")
    assert (error.finding, error.advice, error.reason) == ("no", "pass x=", "no; pass x=")


def test_conversion_errors_keep_their_advice_in_messages_of_containers() -> None:
    """What is wrong and what to pass stay apart, wherever the error comes from: people who run
    `ddsql-schemas sync` pass nothing."""
    error = ConversionError(AT, "U+0000 at character 1", "", "pass errors='replace'")
    assert str(error) == f"{AT}: U+0000 at character 1; pass errors='replace'"
    inner = error.below(AT, "[0]").of("arn:1")
    assert (inner.at, inner.finding) == (f"{AT}[0]", error.finding)
    assert (inner.advice, inner.resource) == (error.advice, "arn:1")
    outer = error.within("aws.t.d", "invalid key")
    assert (outer.at, outer.finding) == ("aws.t.d", "invalid key: U+0000 at character 1")
    assert outer.advice == error.advice
    with pytest.raises(ConversionError) as caught:
        convert.text("a\0", AT)
    assert caught.value.finding == "U+0000 at character 2 cannot be stored"
    assert caught.value.advice.startswith("remove it, or pass errors='replace'")


@given(st.text(st.characters(exclude_categories=())))
@example("\0")
@example("a\ud800b")
def test_text_with_replace_returns_what_can_be_stored(value: str) -> None:
    """errors="replace" replaces each character that no database stores, and nothing else."""
    replaced = convert.text(value, AT, "replace")
    assert convert.text(replaced, AT) == replaced
    assert len(replaced) == len(value)
    assert all(new in (old, "\ufffd") for old, new in zip(value, replaced, strict=True))
    assert convert.json_text([value], AT, "replace") == convert.json_text([replaced], AT)


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
def test_converters_from_text_parse_strings_and_keep_other_values(
    function: Convert, value: object, expected: object
) -> None:
    """Integers, booleans and seconds are parsed; values of the target's own type are only checked."""
    found = function(value, AT, "strict")
    assert found == expected
    assert type(found) is type(expected)


INTEGER = "the string is not a decimal integer of 64 bits"
BOOLEAN = "the string is neither true nor false"
SECONDS = "the string is not a number of seconds since 1970"


@pytest.mark.parametrize(
    ("function", "value", "message"),
    [
        *((convert.int64_from_text, text, INTEGER) for text in ("", " 1", "1.0", "1e3", "0x1", "1_0", "\u0661", "1\n", "-", "9" * 5000)),
        (convert.int64_from_text, "9223372036854775808", "the integer does not fit 64 bits; store it as a string"),
        (convert.int64_from_text, True, "expected int, got bool"),
        *((convert.boolean_from_text, text, BOOLEAN) for text in ("", "1", "yes", " true", "true\n")),
        (convert.boolean_from_text, 1, "expected bool, got int"),
        *((convert.timestamp_from_text, text, SECONDS) for text in ("", "1.", ".5", "1e9", "2026-01-02T03:04:05Z", "1 ")),
        # Milliseconds are not taken for seconds.
        (convert.timestamp_from_text, "1767323045000", "the seconds since 1970 are outside the years 1 to 9999"),
        (convert.timestamp_from_text, "-9223372036854775808", "the seconds since 1970 are outside the years 1 to 9999"),
        (convert.timestamp_from_text, 1, "expected an aware datetime, got int"),
    ],
)  # fmt: skip
def test_converters_from_text_refuse_other_strings(
    function: Convert, value: object, message: str
) -> None:
    """Nothing is guessed, and the message does not show the string."""
    with pytest.raises(ConversionError) as caught:
        function(value, AT, "strict")
    assert str(caught.value) == f"{AT}: {message}"
