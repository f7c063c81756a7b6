"""schemagen.runtime.convert.decode: values of database drivers, and JSON text, as values of rows."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from schemagen.runtime import convert
from schemagen.runtime.convert import ConversionError, Errors

AT = "aws.thing.column"
Convert = Callable[[object, str, Errors], object]


def json_message(text: str) -> str:
    """Return the standard library's message for text that is not JSON; it differs between Pythons."""
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("function", "value", "message"),
    [
        (convert.json_from_text, "[1,]", f"not JSON text: {json_message('[1,]')}"),
        (convert.json_from_text, [{1}], "set is not a JSON value; convert it to a string or a dict first"),
        (convert.text_from_value, 1, "expected str, got int"),
        (convert.text_from_value, memoryview(b"a"), "expected str, got memoryview"),
        (convert.hstore_from_text, '"a"=>"b", c', "invalid hstore text at character 11"),
        (convert.hstore_csv_from_text, {"a": "b\"c"}, "invalid CSV at character 1"),
    ],
)  # fmt: skip
def test_decoders_refuse_what_is_not_their_format(
    function: Convert, value: object, message: str
) -> None:
    """The message begins with the path, and says where parsing failed."""
    with pytest.raises(ConversionError) as caught:
        function(value, AT, "strict")
    assert caught.value.at.startswith(AT)
    assert caught.value.reason == message
    assert str(caught.value) == f"{caught.value.at}: {message}"


@pytest.mark.parametrize(
    ("function", "value", "path"),
    [
        (convert.hstore_csv_from_text, {"a": '"'}, f"{AT}['a']"),
    ],
)
def test_hstore_csv_from_text_names_the_path_of_a_wrong_value(
    function: Convert, value: object, path: str
) -> None:
    """The path leads to the key whose value is wrong."""
    with pytest.raises(ConversionError) as caught:
        function(value, AT, "strict")
    assert caught.value.at == path


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('{"a": [1, 2.5, null, true, "é"]}', {"a": [1, 2.5, None, True, "é"]}),
        (" \n[]", []),
        ('"text"', '"text"'),
        ("1", "1"),
        ("", ""),
        ("{not JSON}", "{not JSON}"),
        ("[NaN]", "[NaN]"),
        ("[-Infinity]", "[-Infinity]"),
        ("[1e400]", "[1e400]"),
        ("[" * 100_000, "[" * 100_000),
        (f"[{'9' * 5000}]", f"[{'9' * 5000}]"),
        ('["\\u00e9"]', ["é"]),
        ({"a": b"\0"}, {"a": "AA=="}),
    ],
)
def test_document_parses_objects_and_arrays_only(value: object, expected: object) -> None:
    """JSON text of objects and arrays is parsed; scalars, and text that is not strict JSON, stay strings."""
    found = convert.parse_document(value, AT)
    assert found == expected
    assert convert.parse_document(found, AT) == expected


@pytest.mark.parametrize("value", ["\0", '["\\u0000"]', '{"\\ud800": 1}'])
def test_document_refuses_or_replaces_what_no_database_stores(value: str) -> None:
    """The rule for characters also applies to those that are written as escapes."""
    with pytest.raises(ConversionError):
        convert.parse_document(value, AT)
    assert "\ufffd" in str(convert.parse_document(value, AT, "replace"))
