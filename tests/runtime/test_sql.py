"""schemagen.runtime.sql: statements and parameters from the rules of made-up dialects.

tests/emit/test_sql.py runs the statements of the real dialects in their engines.
"""

from __future__ import annotations

import pytest

from schemagen.runtime.convert import ConversionError, int64, json_from_text, json_text, text
from schemagen.runtime.lookup import UnknownName
from schemagen.runtime.sql import DialectRules, Encoding, Loader, Table

DOCUMENT = Encoding("AS_DOCUMENT({})", json_text, json_from_text, 0)
TYPES = {
    "string": Encoding("{}", text, None, 0),
    "array<int64>": Encoding("{}", int64, None, 1),
    "json": DOCUMENT,
}
LOADER = Loader[str](
    {
        "plain": DialectRules(marker="?", max_key=0, types=TYPES),
        "percent": DialectRules(marker="%s", max_key=3, types=TYPES),
    }
)
TABLE = Table(
    "made.thing%",
    "_key",
    {"_key": "string", 'a"b': "array<int64>", "c": "json"},
    renamed={"plain": {"c": "c_"}},
)
ROW = {"_key": "k", 'a"b': [1, None], "c": {"d": 1}}


def test_insert_quotes_names_and_wraps_markers() -> None:
    """Names are quoted and renamed for the dialect that needs it; a driver that marks parameters
    with percent signs gets those of names doubled."""
    assert LOADER.insert(TABLE, "plain") == (
        'INSERT INTO "made"."thing%" ("_key", "a""b", "c_") VALUES (?, ?, AS_DOCUMENT(?))'
    )
    assert LOADER.insert(TABLE, "percent") == (
        'INSERT INTO "made"."thing%%" ("_key", "a""b", "c") VALUES (%s, %s, AS_DOCUMENT(%s))'
    )
    assert LOADER.insert(TABLE, "percent", marker=":{}").endswith("(:1, :2, AS_DOCUMENT(:3))")


def test_select_reads_columns_in_their_order() -> None:
    """The values of a fetched row stand in the order of the columns."""
    assert LOADER.select(TABLE, "plain") == 'SELECT "_key", "a""b", "c_" FROM "made"."thing%"'


def test_read_reverses_parameters() -> None:
    """What `parameters` encodes, `read` decodes."""
    encoded = LOADER.parameters(ROW, TABLE, "plain")
    assert encoded == ["k", [1, None], '{"d":1}']
    assert LOADER.read(encoded, TABLE, "plain") == ROW


def test_parameters_checks_the_key_against_the_dialect() -> None:
    """A key that the index cannot hold is refused by the dialect whose limit it exceeds."""
    row = {**ROW, "_key": "éé"}
    assert LOADER.parameters(row, TABLE, "plain")[0] == "éé"
    with pytest.raises(ConversionError, match="longer than 3 bytes"):
        LOADER.parameters(row, TABLE, "percent")


def test_read_refuses_a_row_of_another_length() -> None:
    """A value too many or too few would end up in the wrong column."""
    with pytest.raises(ValueError, match="zip"):
        LOADER.read(["k"], TABLE, "plain")


@pytest.mark.parametrize("method", ["relation", "insert", "select"])
def test_unknown_dialects_are_named_with_a_hint(method: str) -> None:
    """The error names the dialects there are and the one that was probably meant."""
    with pytest.raises(UnknownName) as caught:
        getattr(LOADER, method)(TABLE, "plane")
    assert str(caught.value) == (
        "unknown dialect 'plane' (known: plain, percent); did you mean 'plain'?"
    )
