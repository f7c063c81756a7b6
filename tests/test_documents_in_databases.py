"""The documents of this repository, in the real databases: the tables say what the pages say."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

import catalogues
import engines
from catalogues import TYPES, Described, DescribedColumn
from handmade import DIALECTS
from parsed_pages import read_pages
from schemagen.catalog import LinkedTable
from schemagen.emit import ddl
from schemagen.link import link
from schemagen.resolved_types import TypeTable
from schemagen.targets import limits
from schemagen.typed_pages import resolve_types

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def tables() -> dict[str, LinkedTable]:
    """The documents' tables, by id."""
    types = TypeTable()
    catalog = link(resolve_types(read_pages(ROOT / "docs_src", ROOT), types))
    return {table.table.id: table for table in catalog.tables}


def _expected(table: LinkedTable, dialect: str) -> Described:
    page = table.table
    return Described(
        comment=f"{page.title}\n\n{page.description}",
        key=("_key",),
        columns=tuple(
            DescribedColumn(
                column.name,
                TYPES[dialect][column.type],
                column.name != "_key",
                column.description or None,
            )
            for column in page.columns
        ),
    )


@pytest.mark.parametrize("dialect", [dialect.name for dialect in DIALECTS])
def test_ddl_of_documents_gives_the_catalogue_of_the_pages(
    tables: dict[str, LinkedTable], dialect: str, request: pytest.FixtureRequest
) -> None:
    """All documents' DDL runs together and twice; names, order, types, keys and comments agree."""
    statements = [
        ddl.render(table, row)
        for table in tables.values()
        for row in DIALECTS
        if row.name == dialect
    ]
    found: dict[str, Described] = {}
    if dialect == "duckdb":
        duck: engines.DuckDB = request.getfixturevalue("duck")
        for statement in [*statements, *statements]:
            duck.execute(statement)
        found = {name: catalogues.duckdb(duck, *name.split(".")) for name in tables}
    else:
        hstore = dialect == "postgres"
        postgres: psycopg.Connection = request.getfixturevalue(
            "postgres_with_hstore" if hstore else "postgres"
        )
        for statement in [*statements, *statements]:
            postgres.execute(statement.encode())
        found = {name: catalogues.postgres(postgres, *name.split(".")) for name in tables}
    assert found == {name: _expected(table, dialect) for name, table in tables.items()}


def test_documents_have_the_expected_tables_and_columns(tables: dict[str, LinkedTable]) -> None:
    """The test above covers these tables and these numbers of columns."""
    assert {name: len(table.columns) for name, table in tables.items()} == {
        "aws.sagemaker_compilation_job": 21,
        "aws.sagemaker_processing_job": 24,
        "aws.sagemaker_trainingjob": 46,
    }


def test_documents_exceed_no_limit_of_a_target(tables: dict[str, LinkedTable]) -> None:
    """No document has a problem for a target."""
    assert [
        problem for table in tables.values() for problem in limits.problems(table, DIALECTS)
    ] == []


@pytest.mark.slow
def test_ddl_of_real_pages_runs(
    many_pages: Path, postgres_server: engines.Server, duck: engines.DuckDB
) -> None:
    """The DDL of all real pages runs in each engine, together and twice."""
    types = TypeTable()
    made = link(resolve_types(read_pages(many_pages, many_pages), types)).tables
    assert made
    for dialect in DIALECTS:
        statements = [ddl.render(table, dialect) for table in made]
        if dialect.name == "duckdb":
            for statement in [*statements, *statements]:
                duck.execute(statement)
            continue
        with postgres_server.database() as postgres:
            for statement in [*statements, *statements]:
                if postgres_server.hstore or "EXTENSION" not in statement:
                    postgres.execute(statement.encode())
