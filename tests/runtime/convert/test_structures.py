"""schemagen.runtime.convert.structures: reading the structures of responses."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from schemagen.runtime import convert
from schemagen.runtime.convert import ConversionError

AT = "aws.thing.column"


def test_map_entries_returns_the_entries_of_a_map() -> None:
    """A map that the response lacks has no entries; anything but a map is refused."""
    assert convert.map_entries(None, AT) == {}
    assert convert.map_entries(MappingProxyType({"a": 1}), AT) == {"a": 1}
    with pytest.raises(ConversionError, match="expected dict, got list"):
        convert.map_entries([("a", 1)], AT)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
