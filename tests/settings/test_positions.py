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
def test_every_entry_of_toml_has_a_place(text: str) -> None:
    """Comments, strings of four kinds, dates, dotted and quoted keys, nested arrays of tables."""
    assert set(positions.toml(text).offsets) == set(entries(tomllib.loads(text)))


def test_places_are_those_of_keys_and_headers() -> None:
    """The n-th header of an array of tables is that of its n-th entry."""
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
def test_no_text_leads_the_walk_astray(key: str, value: str) -> None:
    """Whatever stands in strings and quoted keys, in every spelling that TOML takes it in."""
    for name in (f'"{key}"', f"'{key}'"):
        for spelling in (f'"{value}"', f"'{value}'", f'"""{value}"""', f"'''{value}'''"):
            text = f"before = 1\n[[{name}]]\n{name}.x = [{spelling}, {spelling}]\n[after]\n"
            try:
                document = tomllib.loads(text)
            except tomllib.TOMLDecodeError:
                continue  # This spelling cannot hold the text.
            assert set(positions.toml(text).offsets) == set(entries(document))
