# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Convert scalars; define the types and the error that all converters share."""

from __future__ import annotations

import base64
import builtins
import re
from collections.abc import ItemsView
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal, Protocol, TypeAlias, TypeVar

Errors = Literal["strict", "replace"]

Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
"""A strict JSON value: no NaN, no infinity, keys are strings."""

T_co = TypeVar("T_co", covariant=True)


class Map(Protocol[T_co]):
    """An argument that is a dict with strings as keys. Some keys are Literals in boto3's stubs, and
    Mapping[str, …] would reject those."""

    def items(self) -> ItemsView[str, T_co]: ...


class ConversionError(ValueError):
    """Raised for a value that does not fit its column, and for a response that a mapper cannot read.

    ``at`` is the path of the value, ``table.column``. ``finding`` says what is wrong, and ``advice`` what to
    pass to the mapper, if that helps. ``resource`` is what identifies the item, such as its key; "" if
    nothing does.
    """

    def __init__(
        self, at: str, finding: str, resource: str = "", advice: str = ""
    ) -> None:
        super().__init__(at, finding, resource, advice)
        self.at = at
        self.finding = finding
        self.resource = resource
        self.advice = advice

    @property
    def reason(self) -> str:
        """What is wrong and what to do."""
        return f"{self.finding}; {self.advice}" if self.advice else self.finding

    def __str__(self) -> str:
        of = f" of {self.resource}" if self.resource else ""
        return f"{self.at}{of}: {self.reason}"

    def below(self, at: str, step: str) -> ConversionError:
        """Return the error with ``step``, the way from the container ``at`` to the value, in its path."""
        path = f"{at}{step}{self.at.removeprefix(at)}"
        return ConversionError(path, self.finding, self.resource, self.advice)

    def within(self, at: str, what: str) -> ConversionError:
        """Return the error as that of the value ``at``, ``what`` of which is wrong."""
        finding = f"{what}: {self.finding}"
        return ConversionError(at, finding, self.resource, self.advice)

    def of(self, resource: str) -> ConversionError:
        """Return the error with what identifies its item."""
        return ConversionError(self.at, self.finding, resource, self.advice)


def expected(what: str, value: object) -> str:
    """Format what was expected instead of a value, without showing the value."""
    name = type(value).__name__
    # numpy's bool would look like Python's.
    if type(value).__module__ != "builtins" and name in dir(builtins):
        name = f"{type(value).__module__}.{name}"
    return f"expected {what}, got {name}"


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_LEAST = -(2**63)
_MOST = 2**63 - 1
_ZERO = timedelta()


def text(value: object, at: str, errors: Errors = "strict") -> str:
    """Check that every database can store a string."""
    if type(value) is str and "\0" not in value:
        if value.isascii():
            return value
        try:
            value.encode()
        except UnicodeEncodeError:
            pass  # A lone surrogate is reported or replaced below.
        else:
            return value
    if not isinstance(value, str):
        raise ConversionError(at, expected("str", value))
    found = _UNSTORABLE.search(value)
    if found is None:
        return str.__str__(value)  # an exact str, also from an enumeration's member
    if errors == "replace":
        return _UNSTORABLE.sub("\ufffd", value)
    what = "U+0000" if found[0] == "\0" else f"the lone surrogate U+{ord(found[0]):04X}"
    raise ConversionError(
        at,
        f"{what} at character {found.start() + 1} cannot be stored",
        advice="remove it, or pass errors='replace' to replace it with U+FFFD",
    )


def int64(value: object, at: str, errors: Errors = "strict") -> int:
    """Check that a value is a signed 64-bit integer, or a Decimal that is one. A bool is refused."""
    if type(value) is int and _LEAST <= value <= _MOST:
        return value
    if isinstance(value, Decimal) and _is_whole(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConversionError(at, expected("int", value))
    if not _LEAST <= value <= _MOST:
        raise ConversionError(
            at, "the integer does not fit 64 bits; store it as a string"
        )
    return int(value)


def _is_whole(value: Decimal) -> bool:
    # The limit comes first, because int() of 1E+999999 takes long.
    return value.is_finite() and abs(value) <= _MOST + 1 and value == int(value)


def double(value: object, at: str, errors: Errors = "strict") -> float:
    """Convert to a double, the nearest for int and Decimal. NaN and infinities, which databases store
    and JSON lacks, are allowed."""
    if type(value) is float:
        return value
    if isinstance(value, bool) or not isinstance(value, float | int | Decimal):
        raise ConversionError(at, expected("float, int or Decimal", value))
    if isinstance(value, Decimal) and value.is_snan():
        raise ConversionError(at, "a signalling NaN is not a double; use a quiet NaN")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if abs(number) == float("inf") and abs(value) != float("inf"):
        raise ConversionError(
            at, "the number is too large for a double; store it as a string"
        )
    return number


def float64(value: object, at: str, errors: Errors = "strict") -> float:
    """Convert to a double, the nearest for int and Decimal. NaN and infinities are refused: JSON lacks
    them."""
    number = double(value, at, errors)
    if number - number != 0.0:
        raise ConversionError(
            at, f"{number} does not exist in JSON; use None or a string"
        )
    return number


def boolean(value: object, at: str, errors: Errors = "strict") -> bool:
    """Check that a value is a bool."""
    if not isinstance(value, bool):
        raise ConversionError(at, expected("bool", value))
    return value


def timestamp(value: object, at: str, errors: Errors = "strict") -> datetime:
    """Convert an aware datetime to UTC."""
    if type(value) is not datetime:
        value = _exact_datetime(value, at)
    if value.tzinfo is UTC:
        return value
    if value.utcoffset() is None:
        raise ConversionError(
            at,
            "the datetime is naive; set its time zone (tzinfo=)",
        )
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ConversionError(
            at, "the datetime is outside the years 1 to 9999 in UTC"
        ) from None


def _exact_datetime(value: object, at: str) -> datetime:
    """Convert an instance of a subclass, such as pandas' Timestamp, to a datetime."""
    if not isinstance(value, datetime):
        raise ConversionError(at, expected("an aware datetime", value))
    try:
        date = (value.year, value.month, value.day)
        time = (value.hour, value.minute, value.second, value.microsecond)
        found = datetime(*date, *time, tzinfo=value.tzinfo, fold=value.fold)
    except (TypeError, ValueError):  # the fields of pandas' NaT are NaN
        raise ConversionError(
            at, f"{type(value).__name__} is not a time; use None"
        ) from None
    if getattr(value, "nanosecond", 0):
        raise ConversionError(
            at,
            "the time has nanoseconds; round it to microseconds, which databases store",
        )
    return found


# All values of a map in a response have one type, so APIs write numbers, booleans and times in it
# as strings.
_INTEGER = re.compile("[+-]?[0-9]{1,19}")
_SECONDS = re.compile(r"[+-]?[0-9]{1,19}(?:\.[0-9]{1,9})?")
_BOOLEANS = {"true": True, "false": False}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def int64_from_text(value: object, at: str, errors: Errors = "strict") -> int:
    """Parse the decimal digits of a signed 64-bit integer. An int is returned unchanged."""
    if not isinstance(value, str):
        return int64(value, at, errors)
    if _INTEGER.fullmatch(value) is None:
        raise ConversionError(at, "the string is not a decimal integer of 64 bits")
    return int64(int(value), at, errors)


def boolean_from_text(value: object, at: str, errors: Errors = "strict") -> bool:
    """Parse ``true`` or ``false``, whatever the case. A bool is returned unchanged."""
    if not isinstance(value, str):
        return boolean(value, at, errors)
    found = _BOOLEANS.get(value.lower())
    if found is None:
        raise ConversionError(at, "the string is neither true nor false")
    return found


def timestamp_from_text(value: object, at: str, errors: Errors = "strict") -> datetime:
    """Parse seconds since 1970-01-01T00:00:00Z, truncated to microseconds, to an aware datetime in UTC.
    An aware datetime is converted to UTC."""
    if not isinstance(value, str):
        return timestamp(value, at, errors)
    if _SECONDS.fullmatch(value) is None:
        raise ConversionError(at, "the string is not a number of seconds since 1970")
    try:
        return _EPOCH + timedelta(microseconds=int(Decimal(value).scaleb(6)))
    except OverflowError:
        raise ConversionError(
            at, "the seconds since 1970 are outside the years 1 to 9999"
        ) from None


def rfc3339(value: object, at: str, errors: Errors = "strict") -> str:
    """Format an aware datetime as ``2026-01-01T00:00:00Z``; microseconds are kept. A string is
    returned unchanged."""
    if isinstance(value, str):
        return text(value, at, errors)
    if type(value) is not datetime or value.utcoffset() != _ZERO:
        value = timestamp(value, at, errors)
    return value.isoformat().removesuffix("+00:00") + "Z"


def rfc3339_from_text(value: object, at: str, errors: Errors = "strict") -> str:
    """Format an aware datetime, or a string in ISO 8601, as ``2026-01-01T00:00:00Z``."""
    if not isinstance(value, str):
        return rfc3339(timestamp(value, at, errors), at, errors)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise ConversionError(at, "the string is not a time in ISO 8601") from None
    return rfc3339(timestamp(found, at, errors), at, errors)


_WITH_TEXT = frozenset({"datetime", "decimal", "ipaddress", "uuid"})
"""The modules whose classes drivers and pydantic use for values that have a text of their own."""


def has_text(value: object) -> bool:
    """Whether `text_from_value` converts ``value``, which is not a string."""
    module = type(value).__module__
    return module in _WITH_TEXT or module.startswith("pydantic")


def text_from_value(value: object, at: str, errors: Errors = "strict") -> str:
    """Convert a string, or a value such as a UUID, a date or an address, to text."""
    if isinstance(value, str):
        return text(value, at, errors)
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            return value.isoformat()
        return rfc3339(value, at, errors)
    if not has_text(value):
        raise ConversionError(at, expected("str", value))
    return text(str(value), at, errors)


def base64_text(value: object, at: str, errors: Errors = "strict") -> str:
    """Encode bytes as base64 (RFC 4648, section 4). A string is returned unchanged."""
    if isinstance(value, str):
        return text(value, at, errors)
    if not isinstance(value, bytes | bytearray):
        raise ConversionError(at, expected("bytes", value))
    return base64.b64encode(value).decode("ascii")
