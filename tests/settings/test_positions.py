"""schemagen.settings.positions: where the entries of TOML stand, compared with what tomllib reads."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemagen.settings import positions
from schemagen.settings.positions import KeyPath

ODD = '''\
# [[tool.schemagen.overrides]] in a comment
title = "a # b [c]" # [[x]]
text = """
[[tool.schemagen.overrides]]
table = "no"  \\"""
five quotes: """""
raw = \'\'\'
[[tool.schemagen.overrides]] \'\'\'\'
date = 1979-05-27 07:32:00 # not [x]
[ tool . "schema.gen" ]
'quoted \\' = 'C:\\'
"esc\\"aped\\u00e9" = [ [1, 2], # [
  ["]", "}"], { a.b = 1, c = [{}, {}] },
]
empty = []
[[tool.schemagen.overrides]]
table = "one"
[[tool.schemagen.overrides.inner]]
[[tool.schemagen.overrides.inner]]
deep.er = true
[tool.schemagen.overrides.plain]
[[tool.schemagen.overrides]]
  table = "two"
[tool.schemagen.columns]
'''


def entries(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The paths of everything in a document."""
    steps: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        steps = list(cast("dict[str, object]", value).items())
    elif isinstance(value, list):
        steps = list(enumerate(cast("list[object]", value)))
    for step, inner in steps:
        yield (*path, step)
        yield from entries(inner, (*path, step))


@pytest.mark.parametrize("text", [ODD, ODD.replace("\n", "\r\n"), "", "# only\n", "a=1"])
def test_toml_finds_every_entry(text: str) -> None:
    """Comments, four kinds of strings, dates, dotted and quoted keys and nested arrays have positions."""
    assert set(positions.toml(text).offsets) == set(entries(tomllib.loads(text)))


def test_toml_positions_are_those_of_keys_and_headers() -> None:
    """The n-th entry of an array of tables stands at the array's n-th header."""
    found = positions.toml(ODD)
    lines = ODD.splitlines()

    def line(*path: str | int) -> str:
        number, column = found.line_column(path)
        return lines[number - 1][column - 1 :]

    at = ("tool", "schemagen", "overrides")
    assert line(*at, 0, "table") == 'table = "one"'
    assert line(*at, 1, "table") == 'table = "two"'
    assert line(*at, 1) == "[[tool.schemagen.overrides]]"
    assert found.line_column((*at, 1))[0] == found.line_column((*at, 1, "table"))[0] - 1
    assert line(*at, 0, "inner", 1, "deep", "er") == "deep.er = true"
    assert line("tool", "schema.gen", 'esc"apedé', 2, "c", 1) == "{}] },"
    assert found.line_column((*at, 1, "column")) == found.line_column((*at, 1))
    assert found.line_column(("no", "such")) == (1, 1)


TEXT = st.text(st.sampled_from("ab\"'\\#[]{}=,\n\r\t é."), max_size=12)


@given(TEXT, TEXT)
def test_toml_is_not_misled_by_strings_and_quoted_keys(key: str, value: str) -> None:
    """Strings and quoted keys may hold any text, in every spelling that TOML accepts."""
    for name in (f'"{key}"', f"'{key}'"):
        for spelling in (f'"{value}"', f"'{value}'", f'"""{value}"""', f"'''{value}'''"):
            text = f"before = 1\n[[{name}]]\n{name}.x = [{spelling}, {spelling}]\n[after]\n"
            try:
                document = tomllib.loads(text)
            except tomllib.TOMLDecodeError:
                continue  # This spelling cannot hold the text.
            assert set(positions.toml(text).offsets) == set(entries(document))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_undecodable_counts_every_kind_of_line_end(end: str) -> None:
    """The position of a byte that is not UTF-8 is in lines as editors count them."""
    data = f"a{end}{end}äb".encode() + b"\xff"
    with pytest.raises(UnicodeDecodeError) as raised:
        data.decode()
    assert positions.undecodable(raised.value) == (3, 3)
