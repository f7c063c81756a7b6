"""schemagen.settings.sql_types: types pass, and nothing that does more than name a type."""

from __future__ import annotations

import time

import duckdb
import pytest

from schemagen.settings.sql_types import is_sql_type
from schemagen.typetable import TYPES

POSTGRES = (
    *("uuid", "text", "TEXT", "numeric(10, 2)", "numeric( 10,2 )", "varchar(10)[]", "text[][]"),
    *("double precision", "character varying(20)", "bit varying(3)", "timestamp with time zone"),
    *("timestamp(3) without time zone", "time(6) with time zone", "integer[3]", "public.hstore"),
    *("extensions.vector(3)", "geometry(Point, 4326)", "interval"),
)
DUCKDB = (
    *("HUGEINT", "DECIMAL(18, 3)", "VARCHAR[]", "INTEGER[3]", "MAP(VARCHAR, VARCHAR[])"),
    *("STRUCT(a INTEGER, b VARCHAR)", "STRUCT(a TIMESTAMP WITH TIME ZONE, x DOUBLE PRECISION)"),
    *("MAP(VARCHAR, STRUCT(a DECIMAL(4, 1)[], b MAP(INTEGER, DATE)))[]",),
    "UNION(num INTEGER, str VARCHAR)",
)
NO_TYPES = (
    *("", " ", "text DEFAULT pg_sleep(5)", "text NOT NULL", "text PRIMARY KEY", "text UNIQUE"),
    *("text CHECK (true)", "text REFERENCES t", "text GENERATED ALWAYS AS IDENTITY", "text NULL"),
    *(
        "as(random)",
        "check(1)",
        "default",
        "text; DROP TABLE t",
        'text COLLATE "C"',
        "text--",
        "a.b.",
    ),
    *("text /* */", "text'", "numeric(10, 2", "numeric(10, 2))", "numeric()", "numeric(10,,2)"),
    *("text)", "[]", "text[", "text[a]", "text]", "1a", "numeric(-1)", "numeric(pg_sleep(5) 3)"),
    *("two words", "timestamp with zone", "double", "text\0", "MAP(VARCHAR DEFAULT 1, INTEGER)"),
    *("serial", "BIGSERIAL", "serial8[]"),
    *("numeric(1234567890)", "te\u00e9xt", "STRUCT(a b c)", "varchar(10) varchar(10)"),
)


@pytest.mark.parametrize("text", [*POSTGRES, *DUCKDB])
def test_is_sql_type_accepts_types(text: str) -> None:
    """Types of one or more words, with arguments, of a schema, arrays and nested types are types."""
    assert is_sql_type(text)


@pytest.mark.parametrize("text", [text for text in NO_TYPES if text != "double"])
def test_is_sql_type_refuses_whatever_else_a_column_may_have(text: str) -> None:
    """Constraints, defaults, collations, statements and comments are no types."""
    assert not is_sql_type(text)


def test_is_sql_type_accepts_the_built_in_types() -> None:
    """Every type of the type table passes."""
    names = [
        name for row in TYPES for sql in row.sql.values() for name in (sql.name, sql.via) if name
    ]
    assert names
    assert [name for name in names if not is_sql_type(name)] == []


@pytest.mark.parametrize("text", DUCKDB)
def test_is_sql_type_accepts_what_duckdb_takes(text: str) -> None:
    """The nested types are DuckDB's: it makes tables with them."""
    duckdb.connect().execute(f'CREATE TABLE t ("a" {text})')


def test_is_sql_type_is_quick() -> None:
    """Deep nesting is refused, and no text takes long."""
    before = time.monotonic()
    assert not is_sql_type("MAP(" * 5000)
    assert not is_sql_type("STRUCT(a " * 90 + "1" + ")" * 90 + " b")
    assert is_sql_type("STRUCT(a " * 90 + "INTEGER" + ")" * 90)
    assert not is_sql_type("a" * 100_000 + " " + "b" * 100_000)
    assert time.monotonic() - before < 2
