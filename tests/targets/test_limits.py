"""schemagen.targets.limits: what it refuses, the real engines refuse, and they take what it allows."""

from __future__ import annotations

from dataclasses import replace

import duckdb as duckdb_driver
import psycopg
import pytest

import engines
import handmade
from handmade import DIALECTS
from schemagen.catalog import LinkedTable
from schemagen.emit import ddl
from schemagen.resolved_types import Rule, TypeTable
from schemagen.targets import limits

DIALECT = {dialect.name: dialect for dialect in DIALECTS}


def _problems(table: LinkedTable) -> list[str]:
    return [str(problem) for problem in limits.problems(table, DIALECTS)]


def test_problems_report_the_first_column_too_many(postgres: psycopg.Connection) -> None:
    """The limit is the engine's: it creates a table of 1600 columns and refuses 1601."""
    fits = handmade.table(
        "aws.fits", handmade.columns({f"c{number}": "string" for number in range(1600)})
    )
    assert _problems(fits) == []
    postgres.execute(ddl.render(fits, DIALECT["postgres"]).encode())
    wide = handmade.table(
        "aws.wide", handmade.columns({f"c{number}": "string" for number in range(1601)})
    )
    assert _problems(wide) == [
        f"{handmade.PAGE}:1:1: SG121 the table has 1601 columns; {title} takes at most 1600; correct its page"
        for title in ("PostgreSQL", "PostgreSQL, no extension")
    ]
    with pytest.raises(psycopg.errors.TooManyColumns):
        postgres.execute(ddl.render(wide, DIALECT["postgres"]).encode())


def test_problems_report_tables_without_columns_for_duckdb_only(
    postgres: psycopg.Connection, duck: engines.DuckDB
) -> None:
    """PostgreSQL has tables without columns, DuckDB does not."""
    table = handmade.table("aws.empty", [])
    assert _problems(table) == [
        f"{handmade.PAGE}:1:1: SG121 the table has 0 columns; DuckDB needs at least 1; correct its page"
    ]
    postgres.execute(ddl.render(table, DIALECT["postgres"]).encode())
    with pytest.raises(duckdb_driver.ParserException):
        duck.execute(ddl.render(table, DIALECT["duckdb"]))


def test_problems_report_names_that_an_engine_folds_into_one(
    postgres: psycopg.Connection, duck: engines.DuckDB
) -> None:
    """DuckDB folds the case of ASCII letters, and of no others."""
    columns = [handmade.column("Name", line=5), handmade.column("name", line=6)]
    table = handmade.table("aws.case", columns)
    assert _problems(table) == [
        f"{handmade.PAGE}:6:1: SG120 columns 'Name' and 'name' have the same name in DuckDB; rename one of them on the page"
    ]
    postgres.execute(ddl.render(table, DIALECT["postgres"]).encode())
    with pytest.raises(duckdb_driver.CatalogException):
        duck.execute(ddl.render(table, DIALECT["duckdb"]))
    accents = handmade.table("aws.accents", handmade.columns({"É": "string", "é": "string"}))
    assert _problems(accents) == []
    duck.execute(ddl.render(accents, DIALECT["duckdb"]))


def test_problems_report_a_name_that_another_column_is_renamed_to() -> None:
    """PostgreSQL renames ``ctid``; a column that has the new name already is reported."""
    columns = [handmade.column("ctid"), handmade.column("ctid_a6768917", line=11)]
    assert _problems(handmade.table("aws.thing", columns)) == [
        f"{handmade.PAGE}:11:1: SG120 columns 'ctid' and 'ctid_a6768917' have the same name in {title}; rename one of them on the page"
        for title in ("PostgreSQL", "PostgreSQL, no extension")
    ]


def test_problems_report_arrays_nested_too_deeply() -> None:
    """Arrays that the generated package cannot load are reported at the cell with their type, and with
    the rule of the settings if that gives the type."""
    deep = "array<array<array<string>>>"
    column = replace(handmade.column("a", deep), type_column=23)
    assert _problems(handmade.table("aws.thing", [column])) == [
        f"{handmade.PAGE}:10:23: SG121 arrays are nested deeper than 2 levels in 'a'; give the column the type json with [[tool.schemagen.columns]]"
    ]
    types = TypeTable(rules=(Rule(deep, column="a"),))
    table = handmade.table("aws.thing", [replace(column, type="json")], types=types)
    assert _problems(table) == [
        f"{handmade.PAGE}:10:23: SG121 arrays are nested deeper than 2 levels in 'a', which is {deep}"
        " by the settings' rule for *.a; give the column the type json with [[tool.schemagen.columns]]"
    ]
