"""Pages that are made from facts, compared with the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

import page_facts
from made_services import typed
from page_facts import ColumnFacts, TableFacts
from parsed_pages import read_pages
from schemagen.api_models.cache import Indexes
from schemagen.api_models.index import words
from schemagen.inference.infer import infer
from schemagen.model.pages import Table
from schemagen.pages import ddsql
from schemagen.resolved_types import TypeTable

FACTS = page_facts.facts()
FILES = (page_facts.AWS_TABLES, Path(__file__).with_name("tables_behind_the_rules.txt"))


@pytest.fixture(scope="module")
def real(corpus: Path) -> dict[str, Table]:
    """The aws tables of the corpus."""
    found = read_pages(corpus / "ddsql", corpus).tables
    return {table.id: table for table in found if table.provider == "aws"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Table]:
    """The same tables, from pages that are made from facts."""
    folder = page_facts.write(tmp_path_factory.mktemp("facts") / "ddsql")
    return {table.id: table for table in read_pages(folder, folder).tables}


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_made_pages_have_the_words_of_the_documentation(file: Path) -> None:
    """Whatever markup botocore has, the page is read without problems and has the same words for each
    column."""
    tables = page_facts.facts(file)
    assert len(tables) > 10
    for table, facts in tables.items():
        assert facts.columns
        page, problems = ddsql.parse(page_facts.page(facts), table)
        assert problems == ()
        assert page.id == table
        assert [
            (column.name, column.type, words(column.description)) for column in page.columns
        ] == [
            (column.name, column.type, words(page_facts.documentation(facts, column)))
            for column in facts.columns
        ]


def test_made_pages_need_sources_that_botocore_has() -> None:
    """No column loses its documentation unnoticed."""
    item = ("ec2", "DescribeVpcs", "Vpcs[]")
    for source in ("", "Vpc.NoSuchMember"):
        column = ColumnFacts("no_such_column", "string", source)
        with pytest.raises(KeyError):
            page_facts.page(TableFacts("aws.vpc", item, (column,)))


def test_facts_agree_with_the_real_pages(real: dict[str, Table], indexes: Indexes) -> None:
    """Tables, columns and types are the same and in the same order, and so is the documentation."""
    assert real.keys() == FACTS.keys()
    for name, table in real.items():
        facts = FACTS[name]
        assert [(column.name, column.type, column.kind) for column in table.columns] == [
            (column.name, column.type, "core") for column in facts.columns
        ]
        for column, known in zip(table.columns, facts.columns, strict=True):
            text = words(column.description)
            if known.source == "?":
                service = indexes.of(facts.item[0])
                documented = {
                    member.words for members in service.structures.values() for member in members
                }
                assert text not in {"", *documented}, f"{name}.{column.name}"
            else:
                documentation = words(page_facts.documentation(facts, known))
                assert text == documentation, f"{name}.{column.name}"


def test_infer_binds_made_pages_as_the_real_ones(
    real: dict[str, Table], made: dict[str, Table], indexes: Indexes
) -> None:
    """The bindings of made pages are those of the real ones, and so are the findings."""
    types = TypeTable()
    assert made.keys() == real.keys()
    for name, table in made.items():
        found, right = (infer(typed(page, types), indexes) for page in (table, real[name]))
        assert found.binding is not None
        assert found.binding == right.binding
        assert [finding.message for finding in found.findings] == [
            finding.message for finding in right.findings
        ]
