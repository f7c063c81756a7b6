"""schemagen.fits: which shapes the converters of columns accept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemagen.fits import can_convert
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef
from schemagen.resolved_types import TypeTable
from schemagen.runtime import convert
from schemagen.typetable import TYPES, Type

MEMBERS = {"Tag": ["Key", "Value"], "Plain": ["Size"]}
# A value that boto3 could return for each shape. No container is empty.
VALUES: dict[Shape, object] = {
    Scalar("string"): "abc",
    Scalar("int64"): 12,
    Scalar("float64"): 1.5,
    Scalar("bool"): True,
    Scalar("timestamp"): datetime(2026, 1, 1, tzinfo=UTC),
    Scalar("binary"): b"abc",
    StructureRef("Plain"): {"Size": 1},
    ListOf(Scalar("string")): ["abc"],
    ListOf(StructureRef("Plain")): [{"Size": 1}],
    ListOf(StructureRef("Tag")): [{"Key": "a", "Value": "b"}],
    MapOf(Scalar("int64")): {"a": 1},
}


@pytest.mark.parametrize("row", TYPES, ids=lambda row: row.name)
def test_can_convert_is_false_only_where_the_converter_raises(row: Type) -> None:
    """A shape that is ruled out has no value that the converter of the type accepts."""
    type = TypeTable().resolve(row.name)
    refused = [
        value
        for shape, value in VALUES.items()
        if not can_convert(type, shape, MEMBERS.__getitem__)
    ]
    assert bool(refused) == (row.name != "json")
    for value in refused:
        with pytest.raises(convert.ConversionError):
            getattr(convert, row.convert)(value, "table.column", "strict")


def test_can_convert_looks_into_arrays() -> None:
    """Elements must be convertible, and a value that is no list is not."""
    ints = TypeTable().resolve("array<int64>")
    assert can_convert(ints, ListOf(Scalar("int64")), MEMBERS.__getitem__)
    assert not can_convert(ints, ListOf(Scalar("string")), MEMBERS.__getitem__)
    assert not can_convert(ints, Scalar("int64"), MEMBERS.__getitem__)


def test_can_convert_accepts_documents_and_texts_at_keys_of_maps() -> None:
    """A document may hold a value of any type, and the text at a key of a map is parsed."""
    number = TypeTable().resolve("int64")
    assert can_convert(number, Scalar("json"), MEMBERS.__getitem__)
    assert not can_convert(number, Scalar("string"), MEMBERS.__getitem__)
    assert can_convert(number, Scalar("string"), MEMBERS.__getitem__, at_key=True)
