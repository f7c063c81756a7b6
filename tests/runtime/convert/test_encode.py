"""schemagen.runtime.convert.encode: values of rows as parameters of database drivers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemagen.runtime import convert
from schemagen.runtime.convert import ConversionError

AT = "aws.thing.column"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"team": ["compute_provisioning", "database_ops"]}, '"team"=>"compute_provisioning,database_ops"'),
        ({"a": [], "b": [""], "c": ["", "d"]}, '"a"=>NULL, "b"=>"", "c"=>",d"'),
        ({"a": ["b,c", "d"]}, r'"a"=>"\"b,c\",d"'),
        ({"a": ['say "x"']}, r'"a"=>"\"say \"\"x\"\"\""'),
        ({"a\\": ["b\\c"]}, r'"a\\"=>"b\\c"'),
        ({"a": ["NULL", "b c"]}, '"a"=>"NULL,b c"'),
    ],
)  # fmt: skip
def test_hstore_csv_text_quotes_only_what_would_be_misread(value: object, text: str) -> None:
    """Values are a line of CSV, as DDSQL shows it, and are read back unchanged."""
    assert convert.hstore_csv_text(value, AT) == text
    assert convert.hstore_csv_from_text(text, AT) == value


def test_json_text_keeps_floats_floats() -> None:
    """Large floats are written with all digits and a point; strings that look like floats are unchanged."""
    assert convert.json_text([1e22, -1.5e16, 1e-7, "1e+22", {"2e+22": 3.0}], AT) == (
        '[10000000000000000000000.0,-15000000000000000.0,1e-07,"1e+22",{"2e+22":3.0}]'
    )


@pytest.mark.parametrize("value", [{1: "a"}, {True: "a"}, {None: "a"}, [(1, 2)], {"a": {1.5: 2}}])
def test_json_text_refuses_what_json_would_change(value: object) -> None:
    """Tuples, and keys that are not strings, would be read back as something else."""
    with pytest.raises(ConversionError):
        convert.json_text(value, AT)


def test_json_text_accepts_the_dump_of_a_model() -> None:
    """Times inside a typed json column, as pydantic's model_dump returns them, are written too."""
    value = {"at": datetime(2026, 1, 1, tzinfo=UTC), "big": 1e300}
    assert convert.json_from_text(convert.json_text(value, AT), AT) == {
        "at": "2026-01-01T00:00:00Z",
        "big": 1e300,
    }


def test_json_text_refuses_integers_with_too_many_digits() -> None:
    """Python refuses to write them, which is reported like any other value that does not fit."""
    with pytest.raises(ConversionError) as caught:
        convert.json_text([10**5000], AT)
    assert str(caught.value) == (
        f"{AT}: an integer has too many digits, or the value is nested too deeply"
    )


def test_json_text_refuses_a_value_that_contains_itself() -> None:
    """Endless values raise a ConversionError, not a RecursionError."""
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ConversionError, match="contains itself or is nested too deeply"):
        convert.json_text(endless, AT)


@given(st.text(st.characters(exclude_categories=())))
@example("\0")
@example("a\ud800b")
def test_json_text_replaces_like_text(value: str) -> None:
    """errors="replace" changes strings inside JSON as it changes a string column."""
    replaced = convert.text(value, AT, "replace")
    assert convert.json_text([value], AT, "replace") == convert.json_text([replaced], AT)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{ }", "{ }"),
        ({"ApiName": [1, None, b"\0"]}, '{"ApiName":[1,null,"AA=="]}'),
        ([], "[]"),
        (7, "7"),
    ],
)
def test_written_keeps_strings_and_writes_anything_else_as_json(
    value: object, expected: str
) -> None:
    """A string is unchanged; anything else becomes JSON without spaces."""
    assert convert.text_or_json(value, AT) == expected
    assert convert.text_or_json(convert.text_or_json(value, AT), AT) == expected
