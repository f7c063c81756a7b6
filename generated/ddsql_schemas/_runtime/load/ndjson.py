# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Write rows as lines of JSON, which DuckDB reads into the values that `Loader.parameters` stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import orjson

from ..convert import (
    ConversionError,
    Errors,
    array,
    double,
    hstore,
    hstore_csv_json_text,
    hstore_json_text,
    json_text,
    tags,
    timestamp,
)
from ..sql import Convert, Encoding, Loader, Table
from .documents import OPTIONS, check_finite, is_respelled
from .ledger import STRING_TYPE

NUMBER = "row"
"""The field with a row's number in its unit. Fields of columns are called c0, c1 …, because DuckDB
ignores the case of JSON fields' names."""
UNREAD = "unread"
"""The field with the names of the columns that were not read."""

_OPTIONS = OPTIONS | orjson.OPT_APPEND_NEWLINE


def _unchanged(value: object, at: str, errors: Errors) -> object:
    return value


def _finite_or_text(value: object, at: str, errors: Errors) -> object:
    number = double(value, at, errors)
    return number if number - number == 0.0 else str(number)


def _iso(value: object, at: str, errors: Errors) -> object:
    return timestamp(value, at, errors).isoformat()


_NESTED: Mapping[Convert, Convert] = {
    json_text: _unchanged,
    hstore_json_text: hstore,
    hstore_csv_json_text: tags,
}
"""The encoders of documents, and what makes the JSON value of which they make text."""
_SCALARS: Mapping[Convert, Convert] = {double: _finite_or_text, timestamp: _iso}
"""The encoders of values that JSON lacks, and what makes a value from which DuckDB reads an equal one."""


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
        fields: dict[str, object] = {NUMBER: number}
        try:
            if unread:
                fields[UNREAD] = sorted(unread)
            for column, name, convert, depth in self._steps:
                value = row.get(column)
                if value is not None:
                    fields[name] = (
                        array(value, column, "strict", convert)
                        if depth
                        else convert(value, column, "strict")
                    )
            text = orjson.dumps(fields, option=_OPTIONS)
            if (
                self._key in fields
                and self._columns.keys() >= row.keys() | unread
                and not is_respelled(text)
            ):
                check_finite(text, fields)
                return Line(text, nested=True)
        except (ConversionError, TypeError, ValueError, RecursionError):
            pass  # The parameters are exact, or the error names the value.
        return Line(self._parameters(row, unread, number), nested=False)

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
            if value is not None:
                fields[name] = _json_scalar(value)
        return orjson.dumps(fields, option=_OPTIONS)


def _step(encoding: Encoding) -> tuple[Convert, int]:
    """Return the converter to what a nested line holds, and how deep its arrays are."""
    known = _NESTED.get(encoding.encode) or _SCALARS.get(encoding.encode)
    convert = known or encoding.encode
    for _ in range(encoding.depth - 1):
        convert = _elements(convert)
    return convert, encoding.depth


def _elements(convert: Convert) -> Convert:
    def elements(value: object, at: str, errors: Errors) -> object:
        return array(value, at, errors, convert)

    return elements


def _field(name: str, column: str, encoding: Encoding) -> Field:
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
