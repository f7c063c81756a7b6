# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Write rows as lines of JSON, which DuckDB reads into the values that `Loader.parameters` stores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import compress
from operator import itemgetter
from typing import Any, NamedTuple, cast

import orjson

from ..convert import (
    ConversionError,
    Errors,
    array,
    boolean,
    double,
    hstore,
    hstore_csv_json_text,
    hstore_json_text,
    int64,
    json_text,
    tags,
    text,
    timestamp,
)
from ..evolve.ledger import NUMBER_TYPE, STRING_TYPE
from ..sql import Convert, Encoding, Loader, Table
from .documents import OPTIONS, check_finite, is_respelled

NUMBER = "row"
"""The field with a row's number in its unit. Fields of columns are called c0, c1 …, because DuckDB
ignores the case of JSON fields' names."""
UNREAD = "unread"
"""The field with the names of the columns that were not read."""

_OPTIONS = OPTIONS | orjson.OPT_APPEND_NEWLINE


def _unchanged(value: object, at: str, errors: Errors) -> object:
    return value


def _string(value: object, at: str, errors: Errors) -> object:
    # orjson refuses lone surrogates, and what it makes of U+0000 is not taken for granted.
    return value if type(value) is str else text(value, at, errors)


def _finite_or_text(value: object, at: str, errors: Errors) -> object:
    number = double(value, at, errors)
    return number if number - number == 0.0 else str(number)


def _iso(value: object, at: str, errors: Errors) -> object:
    return timestamp(value, at, errors).isoformat()


def _microseconds(value: object, at: str, errors: Errors) -> object:
    """Convert a time to microseconds since 1970, which takes a quarter of the time of ISO 8601."""
    since = timestamp(value, at, errors) - _EPOCH
    return (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _strings(value: object, at: str, errors: Errors) -> object:
    """Convert a map whose values are strings or None."""
    given = value  # whose type does not become narrower
    if type(given) is dict:
        values = cast("dict[object, object]", given).values()
        if _TEXTS.issuperset(map(type, values)):
            return value
    return hstore(value, at, errors)


def _tags(value: object, at: str, errors: Errors) -> object:
    """Convert tags. Of those with one value at most, the order is certain."""
    given = value
    if type(given) is dict:
        for values in cast("dict[object, list[object]]", given).values():
            if (
                type(values) is not list
                or len(values) > 1
                or (values and type(values[0]) is not str)
            ):
                return tags(value, at, errors)
        return value
    return tags(value, at, errors)


_TEXTS = frozenset({str, type(None)})
_NESTED: Mapping[Convert, Convert] = {
    json_text: _unchanged,
    hstore_json_text: _strings,
    hstore_csv_json_text: _tags,
}
"""The encoders of documents, and what makes the JSON value of which they make text."""
_SCALARS: Mapping[Convert, Convert] = {
    double: _finite_or_text,
    text: _string,
    timestamp: _iso,
}
"""The encoders of scalars, and what makes a JSON value from which DuckDB reads an equal one."""


_PLAIN: Mapping[Convert, type] = {boolean: bool, json_text: dict, text: str}
"""The encoders, and a class of values that are written as they are."""


class Line(NamedTuple):
    """A line of JSON. ``nested`` lines hold documents as JSON, the others as text."""

    text: bytes
    nested: bool


class Field(NamedTuple):
    """A field of the lines. ``nested`` and ``text`` are the types that DuckDB reads in the two kinds of
    lines; "" is the type of the column. ``parameter`` is the SQL expression around the field.
    """

    name: str
    column: str
    nested: str
    text: str
    parameter: str


class _Layout(NamedTuple):
    """What rows with values of the same classes have in common: which columns are ``present``, the
    ``names`` of their fields, and those that are ``converted``. Of the others, some are ``times`` and
    ``integers``, which take long enough to be converted without a call."""

    present: tuple[bool, ...]
    names: tuple[str, ...]
    times: tuple[str, ...]
    integers: tuple[str, ...]
    converted: tuple[tuple[str, str, Convert], ...]


_INLINE = frozenset({(_microseconds, datetime), (int64, int)})
"""Converters, and the classes of values, which `Lines.line` converts without calling these."""
_LEAST = -(2**63)
_MOST = 2**63 - 1
_LAYOUTS = 1000
"""How many layouts are kept. Tables have a few dozen, unless most of their columns are often NULL."""


class Lines:
    """The lines of a table's rows in a dialect of DuckDB."""

    def __init__(self, table: Table, loader: Loader[str], dialect: str) -> None:
        self._table = table
        self._loader = loader
        self._dialect = dialect
        types = loader.dialects[dialect].types
        encodings = [types[expression] for expression in table.columns.values()]
        self._columns = {column: f"c{n}" for n, column in enumerate(table.columns)}
        self._key = self._columns[table.key] if table.key is not None else NUMBER
        self._steps = [
            (column, name, *_step(encoding))
            for (column, name), encoding in zip(
                self._columns.items(), encodings, strict=True
            )
        ]
        self._values = _getter(tuple(table.columns))
        self._layouts: dict[tuple[type, ...], _Layout] = {}
        self.fields = tuple(
            _field(name, column, encoding)
            for (column, name), encoding in zip(
                self._columns.items(), encodings, strict=True
            )
        )

    def line(
        self, row: Mapping[str, object], unread: frozenset[str], number: int
    ) -> Line:
        """Return the line of a row. Raises `ConversionError` as `Loader.parameters` does.

        A tuple inside of a document is written as a list.
        """
        try:
            try:
                values = self._values(row)
                is_known = len(row) == len(values)
            except KeyError:
                values = tuple(map(row.get, self._columns))
                is_known = False
            kinds = tuple(map(type, values))
            layout = self._layouts.get(kinds)
            if layout is None:
                if len(self._layouts) == _LAYOUTS:
                    self._layouts.clear()
                layout = self._layouts[kinds] = self._layout(kinds)
            fields: dict[str, object] = dict(
                zip(layout.names, compress(values, layout.present), strict=True)
            )
            fields[NUMBER] = number
            if unread:
                fields[UNREAD] = sorted(unread)
            for name in layout.times:
                time = cast("datetime", fields[name])
                if time.tzinfo is not UTC:
                    time = timestamp(time, name)
                since = time - _EPOCH
                seconds = since.days * 86400 + since.seconds
                fields[name] = seconds * 1_000_000 + since.microseconds
            for name in layout.integers:
                if not _LEAST <= cast("int", fields[name]) <= _MOST:
                    raise ValueError
            for column, name, convert in layout.converted:
                fields[name] = convert(fields[name], column, "strict")
            line = orjson.dumps(fields, option=_OPTIONS)
            if (
                self._key in fields
                and (is_known or self._columns.keys() >= row.keys())
                and (not unread or self._columns.keys() >= unread)
                and not is_respelled(line)
            ):
                check_finite(line, fields)
                return Line(line, nested=True)
        except (ConversionError, TypeError, ValueError, RecursionError):
            pass  # The parameters are exact, or the error names the value.
        return Line(self._parameters(row, unread, number), nested=False)

    def _layout(self, kinds: Sequence[type]) -> _Layout:
        """Return what is done with rows whose values are of ``kinds``."""
        given = [
            (step, kind)
            for step, kind in zip(self._steps, kinds, strict=True)
            if kind is not type(None)
        ]
        return _Layout(
            tuple(kind is not type(None) for kind in kinds),
            tuple(name for (_, name, _, _), _ in given),
            tuple(
                name
                for (_, name, convert, _), kind in given
                if convert is _microseconds and kind is datetime
            ),
            tuple(
                name
                for (_, name, convert, _), kind in given
                if convert is int64 and kind is int
            ),
            tuple(
                (column, name, convert)
                for (column, name, convert, plain), kind in given
                if kind is not plain
                and convert is not _unchanged
                and (convert, kind) not in _INLINE
            ),
        )

    def _parameters(
        self, row: Mapping[str, object], unread: frozenset[str], number: int
    ) -> bytes:
        if unknown := unread - self._columns.keys():
            raise ConversionError(f"{self._table.id}.{min(unknown)}", "unknown column")
        values = self._loader.parameters(row, self._table, self._dialect)
        fields: dict[str, object] = {NUMBER: number}
        if unread:
            fields[UNREAD] = sorted(unread)
        for name, value in zip(self._columns.values(), values, strict=True):
            if type(value) is datetime:
                fields[name] = _microseconds(value, self._table.id, "strict")
            elif value is not None:
                fields[name] = _json_scalar(value)
        return orjson.dumps(fields, option=_OPTIONS)


def _getter(columns: tuple[str, ...]) -> Callable[[Mapping[str, object]], Any]:
    """Return what gets the values of all ``columns`` of a row. It raises KeyError if the row lacks one."""
    if len(columns) > 1:
        return itemgetter(*columns)
    return lambda row: tuple(row[column] for column in columns)


def _step(encoding: Encoding) -> tuple[Convert, type]:
    """Return the converter to what a nested line holds, and the class of values that need none."""
    if _is_time(encoding):
        return _microseconds, type(None)
    known = _NESTED.get(encoding.encode) or _SCALARS.get(encoding.encode)
    convert = known or encoding.encode
    for _ in range(encoding.depth):
        convert = _elements(convert)
    plain = _PLAIN.get(encoding.encode, type(None))
    return convert, type(None) if encoding.depth else plain


def _elements(convert: Convert) -> Convert:
    def elements(value: object, at: str, errors: Errors) -> object:
        return array(value, at, errors, convert)

    return elements


def _is_time(encoding: Encoding) -> bool:
    """Whether the column's values are written as microseconds. Times in arrays are written as text."""
    return encoding.encode is timestamp and encoding.depth == 0


def _field(name: str, column: str, encoding: Encoding) -> Field:
    if _is_time(encoding):
        time = f"CAST(make_timestamp({encoding.parameter}) AS {encoding.type})"
        return Field(name, column, NUMBER_TYPE, NUMBER_TYPE, time)
    arrays = "[]" * encoding.depth
    if encoding.parameter == "{}":
        return Field(name, column, "", "", "{}")
    nested = "JSON" if encoding.encode in _NESTED else STRING_TYPE
    return Field(
        name, column, nested + arrays, f"{STRING_TYPE}{arrays}", encoding.parameter
    )


def _json_scalar(value: object) -> object:
    """Convert a parameter, or the elements of an array, to a value that JSON has."""
    match value:
        case bool() | int() | str():
            return value
        case float() if value - value == 0.0:
            return value
        case list() | tuple():
            elements = cast("Sequence[object]", value)
            return [None if item is None else _json_scalar(item) for item in elements]
        case _:
            return str(value)  # DuckDB reads times, decimals and NaN from text
