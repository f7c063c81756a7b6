"""schemagen.emit.package: the modules that tables share."""

from __future__ import annotations

import pytest

import handmade
from schemagen.emit.formatting import format_python


@pytest.mark.parametrize(
    "tables",
    [["aws.thing"], [f"aws.{'a' * 64}"], [f"aws.{'a' * 65}"], ["aws.other", "aws.thing"]],
    ids=["short", "fits the line", "too long", "several"],
)
def test_catalog_has_the_layout_of_black(tables: list[str]) -> None:
    """The template alone lays the catalogue out as black does, also for a single table, whose id black
    moves to the line of ``TableId`` if it fits there."""
    columns = handmade.columns({"_key": "string"})
    source = handmade.files([handmade.table(table, columns) for table in tables])["catalog.py"]
    assert format_python(source) == source
