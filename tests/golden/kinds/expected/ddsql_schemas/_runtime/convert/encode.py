"""Converts the values of a row to what database drivers take."""

from __future__ import annotations

import json
import re
from decimal import Decimal

from .containers import hstore, json_value, tags
from .scalars import ConversionError, Errors, text

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
