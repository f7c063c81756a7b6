# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Convert row values to parameters of database drivers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal

from .containers import hstore, json_value, tags
from .scalars import ConversionError, Errors, text, text_from_value

_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":")
).encode
_STRING_OR_LARGE_FLOAT = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9.]+e\+[0-9]+')


def json_text(value: object, at: str, errors: Errors = "strict") -> str:
    """Convert a value to JSON text that every reader parses to an equal value.

    Large floats are written with all their digits and ``.0``: PostgreSQL's jsonb would return
    ``1e+300`` as an integer.
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


def text_or_json(value: object, at: str, errors: Errors = "strict") -> str:
    """Convert anything but a string to JSON text, without renaming members: boto3 parses some
    members that are JSON text in the API, such as policies."""
    if isinstance(value, str):
        return text(value, at, errors)
    return json_text(value, at, errors)


def text_of(kind: object) -> Callable[[object, str, Errors], str]:
    """Return a converter to text that takes instances of the class ``kind``, and of the classes that
    drivers and pydantic use for values with a text, besides strings."""

    def encode(value: object, at: str, errors: Errors = "strict") -> str:
        known = isinstance(kind, type) and isinstance(value, kind)
        return (
            text(str(value), at, errors)
            if known
            else text_from_value(value, at, errors)
        )

    return encode


def _exact(value: object) -> str | None:
    """Convert a value that is strict JSON already, which is fast. None if it may not be."""
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
    """Convert a map from strings to strings or None to JSON text."""
    return json_text(hstore(value, at, errors), at, errors)


def hstore_csv_json_text(value: object, at: str, errors: Errors = "strict") -> str:
    """Convert tags to JSON text."""
    return json_text(tags(value, at, errors), at, errors)


# https://www.postgresql.org/docs/current/hstore.html
def hstore_text(value: object, at: str, errors: Errors = "strict") -> str:
    """Convert a map from strings to strings or None to hstore text."""
    return ", ".join(
        f"{_hstore_quoted(key)}=>{'NULL' if item is None else _hstore_quoted(item)}"
        for key, item in hstore(value, at, errors).items()
    )


def _hstore_quoted(part: str) -> str:
    return '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'


def hstore_csv_text(value: object, at: str, errors: Errors = "strict") -> str:
    """Convert tags to hstore text in which each value is a line of CSV.

    ``["a", "b"]`` is ``a,b``, as DDSQL shows it; ``[]`` is NULL, ``[""]`` the empty string.
    """
    return hstore_text(
        {
            key: csv_line(values) if values else None
            for key, values in tags(value, at, errors).items()
        },
        at,
        errors,
    )


CSV_SPECIAL = re.compile(r'[",\r\n]')


def csv_line(values: list[str]) -> str:
    """Write values as a line of CSV, each quoted only where it must be."""
    return ",".join(
        '"' + value.replace('"', '""') + '"' if CSV_SPECIAL.search(value) else value
        for value in values
    )
