# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Say what becomes of stored values when a column's DDSQL type changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Loss = Literal["lossless", "guarded", "lossy"]
"""What a cast does to stored values: none changes; none changes if a check of them holds; some change,
or mean something else."""


class Cast(NamedTuple):
    """A change of a column's type. ``why`` says, for people, what happens to the values."""

    loss: Loss
    why: str


_TO_JSON = Cast("lossless", "every value is also a JSON value")
_AS_TEXT = Cast("lossy", "the text of a value is not what the API returns")
_PARSED = Cast("lossy", "text need not be a value of that type")
_OTHER = Cast("lossy", "the values of one are not values of the other")
_ONE_OF_MANY = Cast("lossy", "a JSON value need not be a value of that type")

CASTS: Mapping[tuple[str, str], Cast] = {
    ("bool", "float64"): _OTHER,
    ("bool", "hstore"): _OTHER,
    ("bool", "hstore_csv"): _OTHER,
    ("bool", "int64"): _OTHER,
    ("bool", "json"): _TO_JSON,
    ("bool", "string"): _AS_TEXT,
    ("bool", "timestamp"): _OTHER,
    ("float64", "bool"): _OTHER,
    ("float64", "hstore"): _OTHER,
    ("float64", "hstore_csv"): _OTHER,
    ("float64", "int64"): Cast("guarded", "only whole numbers of 64 bits are integers"),
    ("float64", "json"): Cast("guarded", "NaN and infinities are not JSON"),
    ("float64", "string"): _AS_TEXT,
    ("float64", "timestamp"): _OTHER,
    ("hstore", "bool"): _OTHER,
    ("hstore", "float64"): _OTHER,
    ("hstore", "hstore_csv"): Cast(
        "guarded", "a value with a comma or quote would be read as several values"
    ),
    ("hstore", "int64"): _OTHER,
    ("hstore", "json"): _TO_JSON,
    ("hstore", "string"): _AS_TEXT,
    ("hstore", "timestamp"): _OTHER,
    ("hstore_csv", "bool"): _OTHER,
    ("hstore_csv", "float64"): _OTHER,
    ("hstore_csv", "hstore"): Cast(
        "guarded", "only keys with at most one value keep it"
    ),
    ("hstore_csv", "int64"): _OTHER,
    ("hstore_csv", "json"): Cast("lossless", "keys map to lists of their values"),
    ("hstore_csv", "string"): _AS_TEXT,
    ("hstore_csv", "timestamp"): _OTHER,
    ("int64", "bool"): _OTHER,
    ("int64", "float64"): Cast("guarded", "integers beyond 2^53 are rounded"),
    ("int64", "hstore"): _OTHER,
    ("int64", "hstore_csv"): _OTHER,
    ("int64", "json"): _TO_JSON,
    ("int64", "string"): _AS_TEXT,
    ("int64", "timestamp"): _OTHER,
    ("json", "bool"): _ONE_OF_MANY,
    ("json", "float64"): _ONE_OF_MANY,
    ("json", "hstore"): _ONE_OF_MANY,
    ("json", "hstore_csv"): _ONE_OF_MANY,
    ("json", "int64"): _ONE_OF_MANY,
    ("json", "string"): _AS_TEXT,
    ("json", "timestamp"): _ONE_OF_MANY,
    ("string", "bool"): _PARSED,
    ("string", "float64"): _PARSED,
    ("string", "hstore"): _PARSED,
    ("string", "hstore_csv"): _PARSED,
    ("string", "int64"): _PARSED,
    ("string", "json"): _TO_JSON,
    ("string", "timestamp"): _PARSED,
    ("timestamp", "bool"): _OTHER,
    ("timestamp", "float64"): _OTHER,
    ("timestamp", "hstore"): _OTHER,
    ("timestamp", "hstore_csv"): _OTHER,
    ("timestamp", "int64"): _OTHER,
    ("timestamp", "json"): Cast("lossless", "a time is a string in RFC 3339"),
    ("timestamp", "string"): _AS_TEXT,
}
"""Every change from one DDSQL type of the type table to another."""

CONVERSIONS: Mapping[str, Mapping[tuple[str, str], str]] = {
    "postgres": {
        ("bool", "json"): "to_jsonb({})",
        ("hstore", "json"): "to_jsonb({})",
        ("int64", "json"): "to_jsonb({})",
        ("string", "json"): "to_jsonb({})",
    },
    "duckdb": {
        ("bool", "json"): "to_json({})",
        ("hstore", "json"): "to_json({})",
        ("hstore_csv", "json"): "to_json({})",
        ("int64", "json"): "to_json({})",
        ("string", "json"): "to_json({})",
        # As `rfc3339` writes a time.
        ("timestamp", "json"): (
            "to_json(strftime({0}, CASE WHEN date_part('microseconds', {0}) % 1000000 = 0 "
            "THEN '%Y-%m-%dT%H:%M:%SZ' ELSE '%Y-%m-%dT%H:%M:%S.%fZ' END))"
        ),
    },
}
"""The SQL around a column that converts its values without loss, by engine. Where two types are one to
the engine, none is needed."""

SAME = Cast("lossless", "the type is the same")
UNKNOWN = Cast("lossy", "the values of the two types are not known to be the same")

JSON = "json"
_ARRAY, _END = "array<", ">"


def cast(old: str, new: str) -> Cast:
    """Say what becomes of the values of a column whose DDSQL type changes from ``old`` to ``new``.

    The elements of an array are cast one by one, and an array whose elements are JSON is JSON.
    """
    if old == new:
        return SAME
    if old.startswith(_ARRAY):
        element = _element(old)
        if new.startswith(_ARRAY):
            return cast(element, _element(new))
        # Only JSON holds lists, whatever their elements are.
        return cast(element, new) if new == JSON else _OTHER
    return CASTS.get((old, new), UNKNOWN)


def _element(array: str) -> str:
    return array[len(_ARRAY) : -len(_END)]
