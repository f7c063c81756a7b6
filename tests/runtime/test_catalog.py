"""schemagen.runtime.catalog: from a table's id to its parts, in a generated package."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import handmade
from schemagen.emit.render import render_part
from schemagen.settings.load import Settings

HOSTILE = "</td><script>alert('1')</script> & \"quotes\""
COLUMNS = [
    handmade.column("_key", description="The key."),
    handmade.column("tags<b>", "hstore_csv", description=HOSTILE),
    handmade.column("plain", "array<int64>"),
]
TABLE = handmade.table("aws.thing", COLUMNS)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[handmade.Package]:
    """A package of one table whose page holds markup."""
    folder = tmp_path_factory.mktemp("catalog")
    settings = Settings(folder, folder, folder, folder, folder)
    files = handmade.files([TABLE]) | render_part(TABLE, settings, {})
    with handmade.imported(folder, "catalog_schemas", files) as made:
        yield made


@pytest.fixture
def catalog(package: handmade.Package) -> Any:
    return package.module("catalog")


def test_table_leads_to_every_part(catalog: Any, package: handmade.Package) -> None:
    """The object and the functions of the module lead to the same parts."""
    table = catalog.table("aws.thing")
    assert table.id == "aws.thing"
    assert table.entry is catalog.TABLES["aws.thing"]
    assert table.model is catalog.model("aws.thing") is package.model(TABLE)
    assert table.mapper is catalog.mapper("aws.thing") is None
    assert table.loading is package.table(TABLE)
    assert table.json_schema == catalog.json_schema("aws.thing")
    assert table.json_schema["properties"]["_key"]["description"] == "The key."
    for dialect in ("postgres", "postgres_jsonb", "duckdb"):
        assert table.ddl(dialect) == catalog.ddl("aws.thing", dialect)
        assert '"aws"."thing"' in table.ddl(dialect)


def test_columns_have_names_types_and_descriptions(catalog: Any) -> None:
    """Columns stand in the order of the page, with the page's words."""
    assert [tuple(column) for column in catalog.table("aws.thing").columns] == [
        ("_key", "string", "The key."),
        ("tags<b>", "hstore_csv", HOSTILE),
        ("plain", "array<int64>", ""),
    ]


def test_mapper_is_a_module_where_the_table_is_bound() -> None:
    """This repository's own tables are bound to boto3's responses."""
    catalog = importlib.import_module("ddsql_schemas.catalog")
    table = catalog.table("aws.sagemaker_trainingjob")
    assert table.mapper.__name__ == "ddsql_schemas.mappers.aws.sagemaker_trainingjob"


def test_calls_are_those_of_the_bound_table(catalog: Any) -> None:
    """A bound table has its calls as data, another has None."""
    assert catalog.table("aws.thing").calls is catalog.calls("aws.thing") is None
    built = importlib.import_module("ddsql_schemas.catalog")
    found = built.table("aws.sagemaker_trainingjob").calls
    assert found is built.calls("aws.sagemaker_trainingjob")
    assert found.primary.operation == "DescribeTrainingJob"


@pytest.mark.parametrize("function", ["table", "model", "mapper", "calls", "json_schema"])
def test_unknown_tables_are_answered_with_similar_ids(catalog: Any, function: str) -> None:
    """The error is a KeyError whose message a person can act on."""
    with pytest.raises(KeyError) as caught:
        getattr(catalog, function)("aws.thin")
    assert str(caught.value) == (
        "unknown table 'aws.thin' (known: aws.thing); did you mean 'aws.thing'?"
    )


@pytest.mark.parametrize("dialect", ["postgre", "../ddl/postgres"])
def test_unknown_dialects_are_refused(catalog: Any, dialect: str) -> None:
    """A dialect is one of the package's, never a path."""
    with pytest.raises(KeyError) as caught:
        catalog.table("aws.thing").ddl(dialect)
    assert str(caught.value).startswith(
        f"unknown dialect {dialect!r} (known: postgres, postgres_jsonb, duckdb); did you mean"
    )


class Page(HTMLParser):
    """The tags and the text of an HTML page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.cells: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


def test_notebooks_show_the_columns_as_a_table(catalog: Any) -> None:
    """The text of pages is shown, and never becomes markup."""
    page = Page(catalog.table("aws.thing")._repr_html_())
    assert page.tags == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert page.cells == [cell for column in catalog.table("aws.thing").columns for cell in column]


def test_repr_is_one_line(catalog: Any) -> None:
    """A terminal shows which table it is, without reading a file."""
    assert repr(catalog.table("aws.thing")) == "<table aws.thing>"


def test_table_ids_are_a_literal(catalog: Any, package: handmade.Package) -> None:
    """Editors and type checkers know the ids: the Literal holds those of ``TABLES``."""
    assert [*catalog.TableId.__args__] == [*catalog.TABLES] == ["aws.thing"]
    assert package.module("sql").Dialect.__args__ == catalog.Dialect.__args__


def test_version_is_the_setting(package: handmade.Package) -> None:
    """``__version__`` is a plain string, and the package imports nothing to have it."""
    module = importlib.import_module(package.name)
    assert module.__version__ == handmade.DISTRIBUTION.version
    assert module.__doc__
    source = Path(str(module.__file__)).read_text("utf-8")
    assert not re.search(r"^(import|from) ", source, re.MULTILINE)
    assert json.dumps(module.__version__) in source
