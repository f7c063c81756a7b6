"""From what boto3 returns to rows, and from rows to what database drivers take. Standard library only.

Every function takes ``(value, at, errors)``: ``at`` names the place for messages (``table.column``),
``errors`` says what happens to characters that no database stores, U+0000 and lone surrogates:
``"strict"`` raises, ``"replace"`` puts U+FFFD in their place. Values are never None here: callers
keep None. The functions that make a row's value accept that value again and return it equal. What
cannot be converted raises `ConversionError`; its message holds the place and the kind of the value,
never the value itself, because values can be secret.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, ItemsView, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal, Protocol, TypeAlias, TypeVar, cast

Errors = Literal["strict", "replace"]

Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
"""A strict JSON value: no NaN, no infinity, keys are strings."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Map(Protocol[T_co]):
    """A dict with text as keys, as an argument: boto3's stubs know some keys as Literals, and no
    Mapping whose keys are str would take those."""

    def items(self) -> ItemsView[str, T_co]: ...


class ConversionError(ValueError):
    """A value that its column cannot hold: ``at`` is the place, ``reason`` says why and what to do."""

    def __init__(self, at: str, reason: str) -> None:
        super().__init__(at, reason)
        self.at = at
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.at}: {self.reason}"

    def below(self, at: str, step: str) -> ConversionError:
        """The same error seen from the container ``at``, in which ``step`` leads to the value."""
        return ConversionError(f"{at}{step}{self.at.removeprefix(at)}", self.reason)


def _expected(what: str, value: object) -> str:
    return f"expected {what}, got {type(value).__name__}"


# --- scalars --------------------------------------------------------------------------------------

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_LEAST = -(2**63)
_MOST = 2**63 - 1
_ZERO = timedelta()


def text(value: object, at: str, errors: Errors = "strict") -> str:
    """A string that every database can store."""
    if type(value) is str and "\0" not in value:
        if value.isascii():
            return value
        try:
            value.encode()
        except UnicodeEncodeError:
            pass  # A lone surrogate: named, or replaced, below.
        else:
            return value
    if not isinstance(value, str):
        raise ConversionError(at, _expected("str", value))
    found = _UNSTORABLE.search(value)
    if found is None:
        return str.__str__(value)  # an exact str, also from an enumeration's member
    if errors == "replace":
        return _UNSTORABLE.sub("\ufffd", value)
    what = "U+0000" if found[0] == "\0" else f"the lone surrogate U+{ord(found[0]):04X}"
    raise ConversionError(
        at,
        f"{what} at character {found.start() + 1} cannot be stored; "
        "remove it, or pass errors='replace' to put U+FFFD in its place",
    )


def int64(value: object, at: str, errors: Errors = "strict") -> int:
    """An integer of 64 bits with sign. bool is no integer here."""
    if type(value) is int and _LEAST <= value <= _MOST:
        return value
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConversionError(at, _expected("int", value))
    if not _LEAST <= value <= _MOST:
        raise ConversionError(at, "the integer does not fit 64 bits; store it as text")
    return int(value)


def float64(value: object, at: str, errors: Errors = "strict") -> float:
    """A double, the nearest one for int and Decimal. NaN and infinities are allowed."""
    if type(value) is float:
        return value
    if isinstance(value, bool) or not isinstance(value, float | int | Decimal):
        raise ConversionError(at, _expected("float, int or Decimal", value))
    if isinstance(value, Decimal) and value.is_snan():
        raise ConversionError(at, "a signalling NaN is no double; use a quiet one")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if abs(number) == float("inf") and abs(value) != float("inf"):
        raise ConversionError(
            at, "the number is too large for a double; store it as text"
        )
    return number


def finite(value: object, at: str, errors: Errors = "strict") -> float:
    """A double as it may stand inside JSON: neither NaN nor infinite."""
    number = float64(value, at, errors)
    if number - number != 0.0:
        raise ConversionError(at, f"{number} does not exist in JSON; use None or text")
    return number


def boolean(value: object, at: str, errors: Errors = "strict") -> bool:
    if not isinstance(value, bool):
        raise ConversionError(at, _expected("bool", value))
    return value


def timestamp(value: object, at: str, errors: Errors = "strict") -> datetime:
    """An aware datetime in UTC."""
    if not isinstance(value, datetime):
        raise ConversionError(at, _expected("an aware datetime", value))
    if value.tzinfo is UTC:
        return value
    if value.utcoffset() is None:
        raise ConversionError(
            at,
            "the datetime has no time zone; give it the one it was meant in (tzinfo=)",
        )
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ConversionError(
            at, "the datetime lies outside the years 1 to 9999 in UTC"
        ) from None


# A map of a response has one type of values, so APIs write numbers, truth and times there as text.
_INTEGER = re.compile("[+-]?[0-9]{1,19}")
_SECONDS = re.compile(r"[+-]?[0-9]{1,19}(?:\.[0-9]{1,9})?")
_TRUTH = {"true": True, "false": False}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def int64_from_text(value: object, at: str, errors: Errors = "strict") -> int:
    """An integer of 64 bits, from its decimal digits. An int stays."""
    if not isinstance(value, str):
        return int64(value, at, errors)
    if _INTEGER.fullmatch(value) is None:
        raise ConversionError(at, "the text is no decimal integer of 64 bits")
    return int64(int(value), at, errors)


def boolean_from_text(value: object, at: str, errors: Errors = "strict") -> bool:
    """``true`` or ``false`` in upper or lower case. A bool stays."""
    if not isinstance(value, str):
        return boolean(value, at, errors)
    found = _TRUTH.get(value.lower())
    if found is None:
        raise ConversionError(at, "the text is neither true nor false")
    return found


def timestamp_from_text(value: object, at: str, errors: Errors = "strict") -> datetime:
    """An aware datetime in UTC, from the seconds since 1970-01-01T00:00:00Z, fractions cut after
    microseconds. A datetime stays."""
    if not isinstance(value, str):
        return timestamp(value, at, errors)
    if _SECONDS.fullmatch(value) is None:
        raise ConversionError(at, "the text is no number of seconds since 1970")
    try:
        return _EPOCH + timedelta(microseconds=int(Decimal(value).scaleb(6)))
    except OverflowError:
        raise ConversionError(
            at, "the seconds since 1970 lie outside the years 1 to 9999"
        ) from None


def rfc3339(value: object, at: str, errors: Errors = "strict") -> str:
    """An aware datetime as ``2026-01-01T00:00:00Z``; microseconds are kept. Such text stays."""
    if isinstance(value, str):
        return text(value, at, errors)
    if not isinstance(value, datetime) or value.utcoffset() != _ZERO:
        value = timestamp(value, at, errors)
    return value.isoformat().removesuffix("+00:00") + "Z"


def base64_text(value: object, at: str, errors: Errors = "strict") -> str:
    """Bytes as base64 of RFC 4648, section 4. Such text stays."""
    if isinstance(value, str):
        return text(value, at, errors)
    if not isinstance(value, bytes | bytearray):
        raise ConversionError(at, _expected("bytes", value))
    return base64.b64encode(value).decode("ascii")


# --- containers -----------------------------------------------------------------------------------

# Responses hold many small containers. A tuple of types is asked faster than a union, which is made
# anew each time, and a dict is known faster by its type than as a Mapping.
_LISTS = (list, tuple)


def array(
    value: object, at: str, errors: Errors, convert: Callable[[object, str, Errors], T]
) -> list[T | None]:
    """A list, each element but None converted by ``convert``."""
    if not isinstance(value, _LISTS):
        raise ConversionError(at, _expected("list", value))
    elements = cast("list[object]", value)
    result: list[T | None] = []
    try:
        for element in elements:
            result.append(None if element is None else convert(element, at, errors))
    except ConversionError as error:
        raise error.below(at, f"[{len(result)}]") from None
    return result


def json_value(value: object, at: str, errors: Errors = "strict") -> Json:
    """Any value that boto3 returns, as strict JSON.

    Times become RFC 3339 text in UTC, bytes base64 text. A Decimal becomes a number where the
    number's digits are the Decimal's, and text otherwise, so that no digit is lost.
    """
    try:
        return _json(value, at, errors)
    except RecursionError:
        raise ConversionError(
            at, "the value contains itself or is nested too deeply"
        ) from None


def _json(value: object, at: str, errors: Errors) -> Json:
    match value:
        case None | bool():
            return value
        case str():
            return text(value, at, errors)
        case int():
            return int(value)
        case float():
            return finite(value, at, errors)
        case dict():
            return mapping(cast("dict[object, object]", value), at, errors, _json)
        case list():
            return array(cast("list[object]", value), at, errors, _json)
        case datetime():
            return rfc3339(value, at, errors)
        case bytes() | bytearray():
            return base64_text(value, at, errors)
        case Decimal():
            return _decimal(value, at, errors)
        case _:
            raise ConversionError(
                at,
                f"{type(value).__name__} is no JSON value; convert it to text or a dict first",
            )


def _decimal(value: Decimal, at: str, errors: Errors) -> int | float | str:
    if not value.is_finite():
        return finite(value, at, errors)
    if value.as_tuple().exponent == 0 and (value or not value.is_signed()):
        return int(value)
    number = float(value)
    return number if Decimal(repr(number)) == value else str(value)


def mapping(
    value: object, at: str, errors: Errors, convert: Callable[[object, str, Errors], T]
) -> dict[str, T | None]:
    """A dict with text as keys, each value but None converted by ``convert``.

    Keys are data: they are checked and kept as they are.
    """
    if type(value) is not dict and not isinstance(value, Mapping):
        raise ConversionError(at, _expected("dict", value))
    result: dict[str, T | None] = {}
    for key, item in cast("Mapping[object, object]", value).items():
        try:
            name = text(key, at, errors)
        except ConversionError as error:
            raise ConversionError(at, f"a key is wrong: {error.reason}") from None
        if name in result:
            raise ConversionError(
                at, "two keys become one when U+FFFD replaces characters"
            )
        try:
            result[name] = None if item is None else convert(item, at, errors)
        except ConversionError as error:
            raise error.below(at, f"[{name!r}]") from None
    return result


def hstore(value: object, at: str, errors: Errors = "strict") -> dict[str, str | None]:
    """A map from text to text or None; a list of AWS tags is one where no key is repeated."""
    if not isinstance(value, _LISTS):
        return mapping(value, at, errors, text)
    found: dict[str, str | None] = {}
    for number, item in enumerate(cast("list[object] | tuple[object, ...]", value)):
        try:
            key, tag_value = _tag(item, at)
            name = _tag_key(key, at, errors)
            if name in found:
                raise ConversionError(at, "its key stands before it already")
            found[name] = None if tag_value is None else text(tag_value, at, errors)
        except ConversionError as error:
            raise error.below(at, f"[{number}]") from None
    return found


# The four ways in which AWS services spell the members of a tag.
_TAG_SPELLINGS = (
    ("Key", "Value"),
    ("key", "value"),
    ("TagKey", "TagValue"),
    ("tagKey", "tagValue"),
)


def tags(value: object, at: str, errors: Errors = "strict") -> dict[str, list[str]]:
    """AWS tags, as a list of key and value or as a map: each key with its sorted unique values.

    A repeated key adds its value. A key whose value is missing or None has no values, one whose
    value is empty has the value ``""``. A comma inside a value separates nothing. In a map a value
    is text, None or a list of text; a list of tags may have further members, which say nothing
    about the tags.
    """
    found: dict[str, set[str]] = {}
    if type(value) is not list and isinstance(value, Mapping):
        for key, values in cast("Mapping[object, object]", value).items():
            name, step = _tag_key(key, at, errors), f"[{key!r}]"
            listed = (
                cast("list[object]", values) if isinstance(values, list) else [values]
            )
            try:
                _add_tag(found, name, listed, at, errors)
            except ConversionError as error:
                raise error.below(at, step) from None
    elif isinstance(value, _LISTS):
        for number, item in enumerate(cast("list[object] | tuple[object, ...]", value)):
            try:
                key, tag_value = _tag(item, at)
                _add_tag(found, _tag_key(key, at, errors), [tag_value], at, errors)
            except ConversionError as error:
                raise error.below(at, f"[{number}]") from None
    else:
        raise ConversionError(at, _expected("a list of tags or a dict", value))
    return {name: sorted(values) for name, values in found.items()}


def _tag_key(key: object, at: str, errors: Errors) -> str:
    try:
        return text(key, at, errors)
    except ConversionError as error:
        raise ConversionError(at, f"a tag's key is wrong: {error.reason}") from None


def _add_tag(
    found: dict[str, set[str]], name: str, values: list[object], at: str, errors: Errors
) -> None:
    known = found.setdefault(name, set())
    for value in values:
        if value is not None:
            known.add(text(value, at, errors))


def _tag(item: object, at: str) -> tuple[object, object]:
    """Key and value of one element of a tag list; the value is None where it is missing."""
    if type(item) is not dict and not isinstance(item, Mapping):
        raise ConversionError(at, _expected("a tag as dict", item))
    members = cast("Mapping[object, object]", item)
    spellings = [names for names in _TAG_SPELLINGS if names[0] in members]
    if len(spellings) != 1:
        known = ", ".join(names[0] for names in _TAG_SPELLINGS)
        raise ConversionError(at, f"a tag needs exactly one of the members {known}")
    key, value = spellings[0]
    return members[key], members.get(value)


def distinct(values: list[str]) -> list[str]:
    """``values`` itself. Raises ValueError where a value appears twice."""
    if len(set(values)) != len(values):
        raise ValueError("a value appears twice")
    return values


# --- ARNs -----------------------------------------------------------------------------------------

_ACCOUNT = re.compile("[0-9]{12}")


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
def arn_place(
    arn: object, at: str, errors: Errors = "strict"
) -> tuple[str, str | None, str | None]:
    """Partition, region and account in an ARN, None for what it does not name.

    The account of what AWS itself owns is no account (``arn:aws:iam::aws:policy/…``).
    """
    parts = text(arn, at, errors).split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not (parts[1] and parts[2] and parts[5]):
        raise ConversionError(
            at, "not an ARN (arn:partition:service:region:account:resource)"
        )
    _, partition, _, region, account, _ = parts
    return partition, region or None, account if _ACCOUNT.fullmatch(account) else None


def arn_account(arn: object, at: str, errors: Errors = "strict") -> str | None:
    """The account in an ARN, or None where the ARN names no account (an S3 bucket's)."""
    return arn_place(arn, at, errors)[2]


def built_arn(
    values: tuple[object, ...], at: str, errors: Errors, literals: tuple[str, ...]
) -> str | None:
    """The ARN of ``literals`` with ``values`` between them. None where a value is None or empty.

    A value may bring the path that stands before it: Route 53 calls a zone ``/hostedzone/Z1``,
    and the ARN ends in ``hostedzone/Z1``.
    """
    arn, *others = literals
    for value, literal in zip(values, others, strict=True):
        if value is None:
            return None
        part = text(value, at, errors)
        if arn.count(":") < 5:
            if ":" in part:
                raise ConversionError(
                    at, "a colon in a partition, region or account makes no ARN"
                )
        elif arn.endswith("/"):
            part = part.removeprefix("/" + arn.rpartition(":")[2].lstrip("/"))
        if not part:
            return None
        arn += part + literal
    return arn


def no_arn(at: str, parts: Mapping[str, object]) -> ConversionError:
    """The error where no ARN could be built for a key.

    ``parts`` are what it is built of: arguments are named ``region=``, members of the response
    ``InstanceId``.
    """
    lacking = [name for name, part in parts.items() if part is None or part == ""]
    members = " and ".join(name for name in lacking if not name.endswith("="))
    if members:
        return ConversionError(at, f"the response has no {members}; pass key=")
    if lacking:
        return ConversionError(
            at, f"the ARN is made with {', '.join(lacking)}; pass that, or key="
        )
    return ConversionError(at, "no ARN can be built; pass key=")


# --- structures -----------------------------------------------------------------------------------


def structure(value: object, at: str) -> Mapping[str, object]:
    """The members of a structure of an API, by the API's names."""
    if type(value) is not dict and not isinstance(value, Mapping):
        raise ConversionError(at, _expected("dict", value))
    return cast("Mapping[str, object]", value)


def map_entries(value: Map[T] | None, at: str) -> Mapping[str, T]:
    """What a map of a response holds, by key; nothing where the response lacks the map."""
    return {} if value is None else cast("Mapping[str, T]", structure(value, at))


def answer(value: object, at: str) -> Mapping[str, object]:
    """The members of a whole response, without the one that boto3 adds to every response."""
    return {
        member: item
        for member, item in structure(value, at).items()
        if member != "ResponseMetadata"
    }


def at_member(
    error: ConversionError,
    at: str,
    members: Mapping[str, object],
    row: Mapping[str, object],
    names: Mapping[str, str],
) -> ConversionError:
    """``error`` seen from the structure ``at``, whose members were being put into ``row``.

    ``names`` maps members to keys of the row in the order of conversion, so the member that failed
    is the first one that has a value and no key. Finding it afterwards costs what works nothing.
    """
    for member, name in names.items():
        if members.get(member) is not None and name not in row:
            return error.below(at, f".{name}")
    return error


def keep_unknown(
    row: Mapping[str, object],
    members: Mapping[str, object],
    names: Mapping[str, str],
    at: str,
    errors: Errors,
    rename: Callable[[str], str],
) -> None:
    """Add the members that ``names`` does not know to ``row``, as strict JSON.

    A member that ``rename`` would give the name of another one keeps its own, with underscores
    after it where even that is taken.
    """
    kept = cast("dict[str, object]", row)
    known = set(names.values())
    for member, value in members.items():
        if member in names or value is None:
            continue
        name = rename(member)
        if name in known or name in kept:
            name = member
        while name in known or name in kept:
            name += "_"
        try:
            kept[text(name, at, errors)] = json_value(value, at, errors)
        except ConversionError as error:
            raise error.below(at, f".{name}") from None


def only(items: Iterable[T], at: str, operation: str) -> T | None:
    """The one item of a response that may hold several; None where it holds none."""
    found = list(items)
    if len(found) > 1:
        raise ConversionError(
            at,
            f"the response of {operation} holds {len(found)} items; pass one for this item only",
        )
    return found[0] if found else None


_PLURAL = re.compile(r"([A-Z]{2,})s(?=[A-Z]|$)")
_ACRONYM = re.compile(r"([A-Z]+)([A-Z][a-z])")
_CAMEL = re.compile(r"([a-z0-9])([A-Z])")
_NOT_WORD = re.compile(r"[^A-Za-z0-9_]+")


def snake_case(name: str) -> str:
    """``S3Uri`` -> ``s3_uri``, ``VPCConfig`` -> ``vpc_config``, ``ARNs`` -> ``arns``."""
    words = _PLURAL.sub(lambda plural: plural[1].capitalize() + "s", name)
    words = _ACRONYM.sub(r"\1_\2", words)
    words = _CAMEL.sub(r"\1_\2", words)
    return _NOT_WORD.sub("_", words).lower()


# --- rows to drivers ------------------------------------------------------------------------------

_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":")
).encode
_STRING_OR_LARGE_FLOAT = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9.]+e\+[0-9]+')


def json_text(value: object, at: str, errors: Errors = "strict") -> str:
    """A value as JSON text from which every reader gets an equal value.

    PostgreSQL's jsonb reads ``1e+300`` back as an integer; with all its digits and ``.0`` it stays
    a float.
    """
    written = _exact(value)
    if written is None:
        try:
            written = _encode(json_value(value, at, errors))
        except (ValueError, RecursionError) as error:
            if isinstance(error, ConversionError):
                raise
            raise ConversionError(
                at, "an integer has too many digits, or the value is nested too deeply"
            ) from None
    if "e+" in written:
        return _STRING_OR_LARGE_FLOAT.sub(_all_digits, written)
    return written


def document(value: object, at: str, errors: Errors = "strict") -> Json:
    """What a text of JSON holds, where that is an object or an array. Text that is no such document
    stays text, and a value that is no text is as `json_value` makes it."""
    if not isinstance(value, str):
        return json_value(value, at, errors)
    checked = text(value, at, errors)
    if not checked.lstrip(" \t\r\n").startswith(("{", "[")):
        return checked
    try:
        found = json.loads(checked, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        return checked
    # Escapes may stand for what no database stores; the rest was looked at as text.
    return json_value(found, at, errors) if "\\u" in checked else cast("Json", found)


def _finite(number: str) -> float:
    found = float(number)
    if found - found != 0.0:
        raise ValueError(f"{number} is no number of JSON")
    return found


def written(value: object, at: str, errors: Errors = "strict") -> str:
    """Text, or the JSON text of anything else, names as they are: boto3 decodes some members, such
    as policies, that are text for AWS."""
    if isinstance(value, str):
        return text(value, at, errors)
    return json_text(value, at, errors)


def _exact(value: object) -> str | None:
    """JSON text, quickly, where the value is strict JSON already; None where it needs a closer look."""
    try:
        written = _encode(value)
        written.encode()
        if "\\u0000" in written or json.loads(written) != value:
            return None
    except (TypeError, ValueError, RecursionError):
        return None
    return written


def _all_digits(token: re.Match[str]) -> str:
    return token[0] if token[0][0] == '"' else f"{Decimal(token[0]):f}.0"


def hstore_json_text(value: object, at: str, errors: Errors = "strict") -> str:
    """A map from text to text or None, as JSON text."""
    return json_text(hstore(value, at, errors), at, errors)


def hstore_csv_json_text(value: object, at: str, errors: Errors = "strict") -> str:
    """A map from text to values, as JSON text."""
    return json_text(tags(value, at, errors), at, errors)


# https://www.postgresql.org/docs/current/hstore.html
def hstore_text(value: object, at: str, errors: Errors = "strict") -> str:
    """A map from text to text or None, as PostgreSQL's hstore text."""
    return ", ".join(
        f"{_hstore_quoted(key)}=>{'NULL' if item is None else _hstore_quoted(item)}"
        for key, item in hstore(value, at, errors).items()
    )


def _hstore_quoted(part: str) -> str:
    return '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'


def hstore_csv_text(value: object, at: str, errors: Errors = "strict") -> str:
    """A map from text to values, as hstore text in which each value is a line of CSV.

    ``["a", "b"]`` is ``a,b``, as DDSQL shows it; ``[]`` is NULL, ``[""]`` the empty text.
    """
    return hstore_text(
        {
            key: _csv(values) if values else None
            for key, values in tags(value, at, errors).items()
        },
        at,
        errors,
    )


_CSV_SPECIAL = re.compile(r'[",\r\n]')


def _csv(values: list[str]) -> str:
    return ",".join(
        '"' + value.replace('"', '""') + '"' if _CSV_SPECIAL.search(value) else value
        for value in values
    )


# --- drivers to rows ------------------------------------------------------------------------------


def json_from_text(value: object, at: str, errors: Errors = "strict") -> Json:
    """The value of JSON text, as a driver returns it."""
    if not isinstance(value, str):
        raise ConversionError(at, _expected("JSON text", value))
    try:
        return cast("Json", json.loads(value))
    except (ValueError, RecursionError) as error:
        raise ConversionError(at, f"not JSON text: {error}") from None


_HSTORE_STRING = r'"((?:[^"\\]|\\.)*+)"'
_HSTORE_PAIR = re.compile(
    rf"{_HSTORE_STRING}=>(?:NULL|{_HSTORE_STRING})(?:, |\Z)", re.DOTALL
)
_HSTORE_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def hstore_from_text(
    value: object, at: str, errors: Errors = "strict"
) -> dict[str, str | None]:
    """The map of hstore text as the server writes it, or of a dict as a driver makes it."""
    if not isinstance(value, str):
        return hstore(value, at, errors)
    result: dict[str, str | None] = {}
    place = 0
    while place < len(value):
        pair = _HSTORE_PAIR.match(value, place)
        if pair is None:
            raise ConversionError(at, f"not hstore text from character {place + 1} on")
        item = pair[2]
        result[_HSTORE_ESCAPE.sub(r"\1", pair[1])] = (
            None if item is None else _HSTORE_ESCAPE.sub(r"\1", item)
        )
        place = pair.end()
    return result


_CSV_FIELD = re.compile(r'(?:"((?:[^"]|"")*+)"|([^",\r\n]*+))(,|\Z)')


def hstore_csv_from_text(
    value: object, at: str, errors: Errors = "strict"
) -> dict[str, list[str]]:
    """The map from text to values of hstore text whose values are CSV, or of such a dict."""
    return {
        key: [] if line is None else _csv_values(line, f"{at}[{key!r}]")
        for key, line in hstore_from_text(value, at, errors).items()
    }


def _csv_values(line: str, at: str) -> list[str]:
    values: list[str] = []
    place = 0
    while True:
        found = _CSV_FIELD.match(line, place)
        if found is None:
            raise ConversionError(
                at, f"not a line of CSV from character {place + 1} on"
            )
        quoted, plain, end = found.groups()
        values.append(plain if quoted is None else quoted.replace('""', '"'))
        place = found.end()
        if not end:
            return values
