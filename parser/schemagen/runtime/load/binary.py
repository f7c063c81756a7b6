# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Encode rows for PostgreSQL's binary COPY.

Every value is what `Loader.parameters` makes of it, in the format of the wire: `WIRES` has the plain
way for each format. `FAST` and `RowEncoder` have quicker ways for what rows usually hold, and take the
plain way for anything else.

https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"; the formats of values are those
of the types' receive functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from struct import Struct
from typing import Any, NamedTuple, cast

import orjson

from ..convert import ConversionError, Errors
from ..convert.containers import array, hstore, tags
from ..convert.decode import hstore_from_text
from ..convert.encode import (
    CSV_SPECIAL,
    csv_line,
    hstore_csv_json_text,
    hstore_csv_text,
    hstore_json_text,
    hstore_text,
    json_text,
)
from ..convert.scalars import int64, text, timestamp
from ..sql import Convert, Encoding, Loader, Table
from .documents import OPTIONS, check_finite

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""The start of a COPY: the signature, no flags, no extension."""
TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"

TEXT_OID = 25
"""The number of the type text, which is the same in every database."""

Encode = Callable[[Any], bytes]
"""From a value to its length and its bytes."""

_length = Struct(">i").pack
_length_int64 = Struct(">iq").pack
_length_double = Struct(">id").pack
_length_version = Struct(">iB").pack
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


# --- the formats -------------------------------------------------------------------------------------


def _text(value: str) -> bytes:
    data = value.encode()
    return _length(len(data)) + data


def _int64(value: int) -> bytes:
    return _length_int64(8, value)


def _float64(value: float) -> bytes:
    return _length_double(8, value)


def _bool(value: bool) -> bytes:
    return b"\0\0\0\1\1" if value else b"\0\0\0\1\0"


def _timestamp(value: datetime) -> bytes:
    since = value - _EPOCH
    seconds = since.days * 86400 + since.seconds
    return _length_int64(8, seconds * 1_000_000 + since.microseconds)


def _json(value: str) -> bytes:
    data = value.encode()
    return _length(len(data) + 1) + b"\1" + data


def _hstore(value: str) -> bytes:
    return _pairs(hstore_from_text(value, "", "strict"))


def _pairs(pairs: Mapping[str, str | None]) -> bytes:
    parts = [_length(len(pairs))]
    for key, item in pairs.items():
        parts.append(_text(key))
        parts.append(NULL if item is None else _text(item))
    data = b"".join(parts)
    return _length(len(data)) + data


WIRES: Mapping[str, Encode] = {
    "bool": _bool,
    "float64": _float64,
    "hstore": _hstore,
    "int64": _int64,
    "json": _json,
    "text": _text,
    "timestamp": _timestamp,
}
"""The formats, by the names that the type table gives them. They take what an encoder of `convert`
returns."""


# --- quicker ways ------------------------------------------------------------------------------------


def _fast_text(value: object) -> bytes:
    if type(value) is not str or "\0" in value:
        value = text(value, "")
    try:
        data = value.encode()
    except UnicodeEncodeError:
        data = text(value, "").encode()  # reports the lone surrogate
    return _length(len(data)) + data


def _fast_int64(value: object) -> bytes:
    return _length_int64(8, int64(value, ""))


def _fast_timestamp(value: object) -> bytes:
    return _timestamp(timestamp(value, ""))


def _fast_hstore(value: object) -> bytes:
    if type(value) is not dict:
        return _pairs(hstore(value, ""))
    pairs = cast("dict[object, object]", value)
    parts = [_length(len(pairs))]
    for key, item in pairs.items():
        parts.append(_fast_text(key))
        parts.append(NULL if item is None else _fast_text(item))
    data = b"".join(parts)
    return _length(len(data)) + data


def _fast_tags(value: object) -> bytes:
    data = _tag_pairs(value)
    if data is not None:
        return _length(len(data)) + data
    lines = {
        key: csv_line(values) if values else None
        for key, values in tags(value, "").items()
    }
    return _pairs(lines)


def _tag_pairs(value: object) -> bytes | None:
    """Encode tags in their canonical form, unique values in order; None for others."""
    if type(value) is not dict:
        return None
    pairs = cast("dict[object, list[object]]", value)
    parts = [_length(len(pairs))]
    for key, values in pairs.items():
        parts.append(_fast_text(key))
        if type(values) is not list:
            return None
        if not values:
            parts.append(NULL)
        elif len(values) == 1:
            [item] = values
            if type(item) is not str:
                return None
            line = csv_line([item]) if CSV_SPECIAL.search(item) else item
            parts.append(_fast_text(line))
        else:
            if not all(type(item) is str for item in values):
                return None
            strings = cast("list[str]", values)
            if strings != sorted(set(strings)):
                return None
            parts.append(_fast_text(csv_line(strings)))
    return b"".join(parts)


def _fast_json_hstore(value: object) -> bytes:
    # Strings that can be stored are the same JSON to orjson and to `json_text`.
    return _json_bytes(orjson.dumps(hstore(value, "")))


def _fast_json_tags(value: object) -> bytes:
    return _json_bytes(orjson.dumps(tags(value, "")))


def _json_bytes(data: bytes) -> bytes:
    return _length_version(len(data) + 1, 1) + data


FAST: Mapping[tuple[str, Convert], Encode] = {
    ("hstore", hstore_csv_text): _fast_tags,
    ("hstore", hstore_text): _fast_hstore,
    ("int64", int64): _fast_int64,
    ("json", hstore_csv_json_text): _fast_json_tags,
    ("json", hstore_json_text): _fast_json_hstore,
    ("text", text): _fast_text,
    ("timestamp", timestamp): _fast_timestamp,
}


def _is_exact(documents: bytes, values: list[object]) -> bool:
    """Whether JSON that orjson wrote is to jsonb what `json_text` would have written.

    It is not for U+0000, for NaN and infinities, and for floats of 1e16 or more, which jsonb would return as
    integers. A string that looks so counts, too. All documents of a row are searched at once.
    """
    if (b"\\" in documents and b"\\u0000" in documents) or b"e+" in documents:
        return False
    try:
        check_finite(documents, values)
    except ValueError:
        return False
    return True


# --- rows --------------------------------------------------------------------------------------------


class NoWire(LookupError):
    """Raised for a table with a column whose type has no binary format. Its rows are loaded by
    statements."""


class _Column(NamedTuple):
    """A column. Its values are JSON as they are, unless `_is_exact` says otherwise."""

    name: str
    encode: Encode
    json: bool


class RowEncoder:
    """The encoder of a table's rows.

    ``elements`` maps the names of array columns to the numbers (OIDs) of their elements' types.
    """

    def __init__(
        self,
        loader: Loader[Any],
        table: Table,
        dialect: str,
        elements: Mapping[str, int],
    ) -> None:
        rules = loader.dialects[dialect]
        self._loader, self._table, self._dialect = loader, table, dialect
        self._columns = tuple(
            _Column(
                name,
                _encoder(rules.types[type], elements.get(name)),
                _is_json(rules.types[type]),
            )
            for name, type in table.columns.items()
        )
        self._names = frozenset(table.columns)
        self._key = table.key
        self._max_key = rules.max_key

    def __call__(self, row: Mapping[str, object]) -> bytes:
        """Encode the fields of a row, without the number of fields in front.

        Raises the `ConversionError` of `Loader.parameters`. A tuple in a document is written as a list.
        """
        try:
            fields = self._fast(row) or self._plain(row)
        except ConversionError:
            fields = None
        if fields is None or not self._is_usual(row):
            # Reports what is wrong, and where.
            self._loader.parameters(row, self._table, self._dialect)
            fields = self._plain(row)
        return fields

    def _fast(self, row: Mapping[str, object]) -> bytes | None:
        """Encode a row whose json columns hold nothing but JSON; None for other rows."""
        get, dumps = row.get, orjson.dumps
        fields: list[bytes] = []
        add = fields.append
        documents: list[bytes] = []
        values: list[object] = []
        try:
            for name, encode, json in self._columns:
                value = get(name)
                if value is None:
                    add(NULL)
                elif json:
                    data = dumps(value, option=OPTIONS)
                    documents.append(data)
                    values.append(value)
                    add(_length_version(len(data) + 1, 1))
                    add(data)
                else:
                    add(encode(value))
        except (TypeError, RecursionError):
            return None
        if not documents or _is_exact(b"".join(documents), values):
            return b"".join(fields)
        return None

    def _plain(self, row: Mapping[str, object]) -> bytes:
        return b"".join(
            NULL if (value := row.get(name)) is None else encode(value)
            for name, encode, _ in self._columns
        )

    def _is_usual(self, row: Mapping[str, object]) -> bool:
        """Whether a row certainly has a key, a short one, and no unknown columns."""
        if not row.keys() <= self._names:
            return False
        if self._key is None:
            return True
        key = row.get(self._key)
        # A character has at most four bytes.
        return type(key) is str and not len(key) * 4 > self._max_key > 0


def _is_json(encoding: Encoding) -> bool:
    return (encoding.wire, encoding.depth, encoding.encode) == ("json", 0, json_text)


def _encoder(encoding: Encoding, element: int | None) -> Encode:
    """Return the encoder of a column. Raises `NoWire`."""
    wire = WIRES.get(encoding.wire)
    if wire is None or encoding.depth > 1:
        raise NoWire(encoding.type)
    encode = FAST.get((encoding.wire, encoding.encode)) or _plain(wire, encoding.encode)
    if encoding.depth == 0:
        return encode
    if element is None:
        raise NoWire(encoding.type)
    return _array(encode, element)


def _plain(wire: Encode, convert: Convert) -> Encode:
    def encode(value: object) -> bytes:
        return wire(convert(value, "", "strict"))

    return encode


def _array(encode: Encode, element: int) -> Encode:
    def convert(value: object, at: str, errors: Errors) -> bytes:
        return encode(value)

    def encode_array(value: object) -> bytes:
        elements = array(value, "", "strict", convert)
        if not elements:
            return _EMPTY_ARRAY + element.to_bytes(4, "big")
        nulls = None in elements
        data = _length(1) + _length(nulls) + element.to_bytes(4, "big")
        data += _length(len(elements)) + _length(1)
        data += b"".join(NULL if item is None else item for item in elements)
        return _length(len(data)) + data

    return encode_array


_EMPTY_ARRAY = _length(12) + _length(0) + _length(0)


text_field = _text
"""Encode a string, which must be storable."""


def texts(values: list[str], element: int = TEXT_OID) -> bytes:
    """Encode an array of strings."""
    data = _length(1) + _length(0) + element.to_bytes(4, "big")
    data += _length(len(values)) + _length(1) + b"".join(map(_text, values))
    return _length(len(data)) + data


def fields(count: int) -> bytes:
    """Return what precedes a row of ``count`` fields."""
    return count.to_bytes(2, "big")
