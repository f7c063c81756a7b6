"""Pages that are made from facts say what the real ones say."""

from __future__ import annotations

from pathlib import Path

import pytest

import page_facts
from page_facts import ColumnFacts, TableFacts
from schemagen.api_models.cache import Indexes
from schemagen.api_models.index import words
from schemagen.inference.infer import infer
from schemagen.model.pages import Table
from schemagen.pages import ddsql
from schemagen.pages.read import read_pages
from schemagen.typetable import TypeTable

FACTS = page_facts.facts()
FILES = (page_facts.AWS_TABLES, Path(__file__).with_name("unseen_tables.txt"))


@pytest.fixture(scope="module")
def real(corpus: Path) -> dict[str, Table]:
    """The aws tables of the corpus."""
    found = read_pages(corpus / "ddsql", corpus).tables
    return {table.id: table for table in found if table.provider == "aws"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Table]:
    """The same from facts."""
    folder = page_facts.write(tmp_path_factory.mktemp("facts") / "ddsql")
    return {table.id: table for table in read_pages(folder, folder).tables}


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_page_has_the_words_of_the_documentation(file: Path) -> None:
    """Whatever markup botocore has, the page is read without problems and says the same of each
    column."""
    tables = page_facts.facts(file)
    assert len(tables) > 10
    for table, facts in tables.items():
        assert facts.columns
        page, problems = ddsql.parse(page_facts.page(facts), table)
        assert problems == ()
        assert page.id == table
        assert [(one.name, one.type, words(one.description)) for one in page.columns] == [
            (one.name, one.type, words(page_facts.documentation(facts, one)))
            for one in facts.columns
        ]


def test_a_source_that_botocore_lacks_is_an_error() -> None:
    """No column silently loses its documentation."""
    item = ("ec2", "DescribeVpcs", "Vpcs[]")
    for source in ("", "Vpc.NoSuchMember"):
        column = ColumnFacts("no_such_column", "string", source)
        with pytest.raises(KeyError):
            page_facts.page(TableFacts("aws.vpc", item, (column,)))


def test_facts_are_those_of_the_real_pages(real: dict[str, Table], indexes: Indexes) -> None:
    """Same tables, columns and types in the same order, and the documentation that is said."""
    assert real.keys() == FACTS.keys()
    for name, table in real.items():
        facts = FACTS[name]
        assert [(one.name, one.type, one.kind) for one in table.columns] == [
            (one.name, one.type, "core") for one in facts.columns
        ]
        for column, known in zip(table.columns, facts.columns, strict=True):
            text = words(column.description)
            if known.source == "?":
                service = indexes.of(facts.item[0])
                members = [one for every in service.structures.values() for one in every]
                assert text not in {"", *(one.words for one in members)}, f"{name}.{column.name}"
            else:
                said = words(page_facts.documentation(facts, known))
                assert text == said, f"{name}.{column.name}"


def test_inference_says_the_same(
    real: dict[str, Table], made: dict[str, Table], indexes: Indexes
) -> None:
    """The bindings of made pages are those of the real ones, and so is what is said of columns that
    stay unbound."""
    types = TypeTable()
    assert made.keys() == real.keys()
    for name, table in made.items():
        found, right = (infer(page, types, indexes) for page in (table, real[name]))
        assert found.binding is not None
        assert found.binding == right.binding
        assert [one.message for one in found.findings] == [one.message for one in right.findings]
