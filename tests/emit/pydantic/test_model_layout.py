"""schemagen.emit.pydantic.model_layout: what black would write, or nothing."""

from __future__ import annotations

from dataclasses import replace
from keyword import iskeyword
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsed_pages import read_pages
from projects import CHECKOUT
from schemagen.emit.formatting import format_python
from schemagen.emit.pydantic import model_layout, models
from schemagen.emit.structure_models import structure_models
from schemagen.link import link
from schemagen.names import docstring, escape_unprintable
from schemagen.settings.load import load_settings
from schemagen.typed_pages import resolve_types

HEAD = "# a notice\n\nfrom __future__ import annotations\n\n"


def class_of(*lines: str) -> str:
    return HEAD + "\n".join(["from pydantic import BaseModel", "", "", *lines]) + "\n"


text = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=90)
name = st.from_regex(r"[a-z][a-z_]{0,60}", fullmatch=True).filter(lambda name: not iskeyword(name))
annotation = st.sampled_from(
    ["StrictStr", "list[StrictStr | None] | None", "Literal['a', 'b'] | StrictStr | None"]
) | st.lists(text, min_size=1, max_size=6).map(
    lambda values: f"Literal[{', '.join(map(repr, values))}] | StrictStr"
)


def is_laid_out(source: str) -> bool:
    """Whether ``source`` is laid out, which must be as black does it, or left to black.

    Literals are escaped as in the sources of models, where escapes do not depend on the Python.
    """
    source = "\n".join(map(escape_unprintable, source.split("\n")))
    laid_out = model_layout.lay_out(source)
    assert laid_out is None or laid_out == format_python(source)
    return laid_out is not None


def test_fields_are_laid_out_as_black_does() -> None:
    """A field of any length has black's layout, or is left to black."""
    laid_out: list[bool] = []

    @settings(deadline=None, max_examples=300)
    @given(name=name, annotation=annotation, alias=text, description=text, required=st.booleans())
    def check(name: str, annotation: str, alias: str, description: str, required: bool) -> None:
        default = "..." if required else "default=None"
        field = f"Field({default}, alias={alias!r}, description={description!r})"
        source = class_of("class A(BaseModel):", f"    {name}: {annotation} = {field}")
        laid_out.append(is_laid_out(source))

    check()
    assert sum(laid_out) > 0.5 * len(laid_out)


# How AWS writes values, and structures that are called so.
word = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,40}", fullmatch=True)


def union_of(literals: list[list[str]], structure: str, around: str) -> str:
    values = [f"Literal[{', '.join(map(repr, options))}]" for options in literals]
    return around.format(" | ".join([*values, structure]))


union = st.builds(
    union_of,
    st.lists(st.lists(word, min_size=1, max_size=9), max_size=2),
    st.from_regex(r"[A-Z][A-Za-z]{0,80}", fullmatch=True),
    st.sampled_from(["{}", "{} | None", "list[{}] | None", "dict[str, list[{}]] | None"]),
)
value = (
    st.sampled_from(["", " = None", " = Field(...)"])
    | st.builds(" = Field(default=None, alias={!r})".format, word)
    | st.builds(" = Field(alias={!r})".format, word)
    | st.builds(" = Field(default=None, description={!r})".format, text)
)


def test_recorded_fields_are_laid_out_as_black_does() -> None:
    """Fields have black's layout, and long values and names of structures, as AWS has them, rarely
    need black itself."""
    laid_out: list[bool] = []

    @settings(deadline=None, max_examples=500)
    @given(name=name, annotation=union, value=value)
    def check(name: str, annotation: str, value: str) -> None:
        source = class_of("class A(BaseModel):", f"    {name}: {annotation}{value}")
        laid_out.append(is_laid_out(source))

    check()
    assert sum(laid_out) > 0.9 * len(laid_out)


@pytest.mark.parametrize("letters", ["ü", "日", "“–”", "e\u0301"])
def test_other_alphabets_are_as_wide_as_for_black(letters: str) -> None:
    """Characters of other alphabets count as many columns as black counts."""
    for length in range(60):
        field = f"    a: StrictStr | None = Field(default=None, alias='{letters * length}')"
        assert is_laid_out(class_of("class A(BaseModel):", field))


def test_docstrings_are_laid_out_as_black_does() -> None:
    """A docstring has black's layout, with its line ends and margins."""
    laid_out: list[bool] = []

    @settings(deadline=None)
    @given(lines=st.lists(st.text("ab \\'.", max_size=30), min_size=1, max_size=4))
    def check(lines: list[str]) -> None:
        body = [f"    {line}" if line.strip() else "" for line in lines]
        if not lines[0].strip() or lines[0].startswith(" ") or not lines[-1].strip():
            return
        body = [line.replace("\\", "\\\\") for line in body]
        source = class_of("class A(BaseModel):", '    """', *body, '    """', "", "    a: str")
        laid_out.append(is_laid_out(source))

    check()
    assert sum(laid_out) > 0.2 * len(laid_out)


def test_docstrings_of_fields_are_laid_out_as_black_does() -> None:
    """The docstring below a field has black's layout, whatever its text."""
    laid_out: list[bool] = []

    @settings(deadline=None)
    @given(description=text.filter(str.strip))
    def check(description: str) -> None:
        written = docstring(description, 1, 88)
        source = class_of("class A(BaseModel):", "    a: str", written, "    b: str")
        laid_out.append(is_laid_out(source))

    check()
    assert sum(laid_out) > 0.9 * len(laid_out)


@pytest.mark.parametrize(
    "source",
    [
        "import re\n",
        class_of("class A(BaseModel):", "    def f(self): ..."),
        class_of("class A(BaseModel):", f"    a: Literal['{'a' * 80}'] = Field(default=None)"),
    ],
)
def test_layout_returns_none_for_unknown_forms(source: str) -> None:
    """Other forms and lines that do not fit are left to black."""
    assert model_layout.lay_out(source) is None


@pytest.mark.slow
@pytest.mark.parametrize("docs", ["docs_src", "many_pages"])
def test_models_of_real_pages_are_laid_out_as_black_does(
    docs: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All models of real pages have black's layout, and most of them without black."""
    folder: Path = CHECKOUT / docs if docs == "docs_src" else request.getfixturevalue("many_pages")
    project = replace(load_settings(CHECKOUT), docs=folder)
    sources: list[str] = []

    def keep(source: str) -> None:
        sources.append(source)

    monkeypatch.setattr("schemagen.emit.pydantic.model_layout.lay_out", keep)
    catalog = link(resolve_types(read_pages(project.docs, project.root), project.types))
    places = structure_models(catalog)
    for table in catalog.tables:
        models.render_table(table, project.types, project.nested_names, places)
    monkeypatch.undo()
    laid_out = [model_layout.lay_out(source) for source in sources]
    assert len(laid_out) == len(catalog.tables)
    for source, text in zip(sources, laid_out, strict=True):
        assert text is None or text == format_python(source)
    assert sum(text is not None for text in laid_out) > 0.6 * len(laid_out)
