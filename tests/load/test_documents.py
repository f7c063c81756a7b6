"""JSON that orjson writes, where others would write another text."""

from __future__ import annotations

import json
import re

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemagen.runtime.load.documents import document_text, is_respelled

RESPELLED = re.compile(rb"\\u00|0\.0000|e\+|(?:^|[:,\[])-*[0-9.]*[0-9]e-")
"""What `is_respelled` looks for, which takes ten times as long so."""


@settings(max_examples=2000, deadline=None, database=None, derandomize=True)
@given(st.text("\\u0e+-1.:,[x", max_size=30))
def test_is_respelled_finds_what_an_expression_finds(text: str) -> None:
    """The search is narrowed to where a byte is that is part of what is looked for, and misses nothing."""
    data = text.encode()
    assert is_respelled(data) == (RESPELLED.search(data) is not None)


@pytest.mark.parametrize(
    "value",
    [
        *[
            1e-5,
            -1e-5,
            1e-7,
            5e-324,
            1e16,
            -1e300,
            "\x01",
            "a\\",
            "\\u00",
            "+",
            "e+",
            "service-role",
        ],
        *["1e-5", "0.00001", 0.0001, 100.0, "\\\\u", "+\\", {"e+": "\\", "a+": -2.5e-9}],
    ],
    ids=repr,
)
def test_document_text_is_what_json_text_writes(value: object) -> None:
    """Whichever of the two writers is used, the text is the same, also inside of a document."""
    for document in (value, [value], {"x": [value, "-+\\"], "y": "+"}):
        written = document_text(document, "t.c")
        assert json.loads(written) == document
        if written != orjson.dumps(document).decode():
            assert is_respelled(orjson.dumps(document))
