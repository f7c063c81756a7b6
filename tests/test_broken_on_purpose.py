"""The table of functions that are broken on purpose; `make test-broken` runs its rows."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from broken.sitecustomize import ONLY, WAYS, break_in
from broken_on_purpose import FAILED, PASSED, ROWS, Row, run_row
from projects import CHECKOUT

SOURCES = CHECKOUT / "parser" / "schemagen"

# They hold what other emitters use; breaking these breaks them.
HELPERS = {
    *("emit/__init__", "emit/mappers/__init__", "emit/pydantic/__init__"),
    *("emit/formatting", "emit/imports", "emit/paths", "emit/strongly_connected"),
    *("emit/parts", "emit/template_folders", "emit/templating", "emit/typed_dicts"),
    "emit/mappers/plan",
    "emit/sandbox",  # it changes no output of a template that is right
    *("inference/__init__", "inference/ranks"),
}


@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
def test_rows_break_functions_and_run_tests_that_exist(row: Row) -> None:
    """A row whose function was renamed would break nothing, and one whose test was renamed run none."""
    way, _, _ = row.way.partition(ONLY)
    assert way in WAYS
    found = importlib.import_module(f"schemagen.{row.module}")
    *owners, attribute = row.name.split(".")
    for owner in owners:
        found = getattr(found, owner)
    assert attribute in vars(found)
    assert row.selected
    for test in row.selected:
        path, _, name = test.partition("::")
        assert f"def {name}" in (CHECKOUT / "tests" / path).read_text("utf-8")


@pytest.mark.parametrize("folder", ["emit", "inference"])
def test_every_module_that_emits_or_infers_has_a_row(folder: str) -> None:
    """A new emitter cannot be forgotten: it has a row, in which the golden trees differ."""
    modules = {
        path.relative_to(SOURCES).with_suffix("").as_posix()
        for path in (SOURCES / folder).rglob("*.py")
    }
    assert len(modules) > 10
    golden = folder == "emit"
    broken = {row.module.replace(".", "/") for row in ROWS if row.golden or not golden}
    assert modules - HELPERS - broken == set()


SOURCE = """
from dataclasses import dataclass
from functools import cached_property

LIMIT = 3

@dataclass(frozen=True)
class Page:
    columns: tuple[str, ...]

    @property
    def names(self): return list(self.columns)

    @cached_property
    def count(self): return len(self.columns)

    def text(self): return "".join(f"{column}\\n" for column in self.columns)

def parse(page): return page, "a problem"

def render(page, target): return list(page.columns)
"""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Any]:
    """Imports a module with a function of every kind that can be broken."""
    name = "made_to_be_broken"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    spec = spec_from_file_location(name, tmp_path / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    yield module
    del sys.modules[name]


def results(made: Any) -> dict[str, object]:
    """Call everything in the module for a page of two columns."""
    page = made.Page(("a", "b"))
    parsed, problem = made.parse(page)
    return {
        "text": page.text(),
        "names": list(page.names),
        "count": page.count,
        "parsed": parsed and parsed.columns,
        "problem": problem,
        "duckdb": made.render(page, SimpleNamespace(name="duckdb")),
        "postgres": made.render(page, SimpleNamespace(name="postgres")),
    }


@pytest.mark.parametrize(
    ("name", "way", "changed"),
    [
        ("Page.text", "returns ''", {"text": ""}),
        ("Page.text", "drops the last", {"text": "a\n"}),
        ("Page.names", "returns []", {"names": []}),
        ("Page.names", "yields nothing", {"names": []}),
        ("Page.names", "drops the last", {"names": ["a"]}),
        ("Page.count", "returns None", {"count": None}),
        ("parse", "forgets the columns", {"parsed": ()}),
        ("parse", "returns no page", {"parsed": None}),
        ("render", "returns []", {"duckdb": [], "postgres": []}),
        ("render", "returns [] for duckdb", {"duckdb": []}),
        ("render", "loses the last column", {"duckdb": ["a"], "postgres": ["a"]}),
        ("render", "swaps the first columns", {"duckdb": ["b", "a"], "postgres": ["b", "a"]}),
    ],
)
def test_break_in_changes_what_the_row_says_and_nothing_else(
    made: Any, name: str, way: str, changed: dict[str, object]
) -> None:
    """Functions, methods and properties can be broken; all others do what they did."""
    before = results(made)
    break_in(made, name, way)
    assert results(made) == before | changed
    assert before != before | changed


def test_break_in_refuses_what_is_no_function(made: Any) -> None:
    """A row that named a constant would break nothing."""
    with pytest.raises(TypeError, match=r"made_to_be_broken\.LIMIT is no function: 3"):
        break_in(made, "LIMIT", "returns None")


@pytest.mark.slow
def test_run_row_tells_tests_that_notice_from_tests_that_do_not() -> None:
    """Every file of a row must fail; a file that stays green although its subject is broken is found."""
    row = Row("report.markdown", "table", "returns ''", ("report/test_markdown.py",))
    noticed = run_row(row)
    assert noticed.status == FAILED
    assert noticed.noticed
    assert noticed.failed("report/test_markdown.py")
    other = "report/test_terminal.py"
    missed = run_row(replace(row, tests=(other,)))
    assert missed.status == PASSED
    assert not missed.noticed
    assert set(missed.passed.values()) == {True}
    assert not run_row(replace(row, tests=(*row.tests, other))).noticed
