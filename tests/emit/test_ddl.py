"""schemagen.emit.ddl, in the real engines: their catalogues hold what the DDL declares."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

import catalogues
import engines
import handmade
from catalogues import TYPES, Described
from handmade import DIALECTS
from schemagen.catalog import LinkedTable
from schemagen.emit import ddl
from schemagen.runtime.convert import hstore_csv_text, tags

DIALECT = {dialect.name: dialect for dialect in DIALECTS}

Create = Callable[[LinkedTable], Described]


@pytest.fixture(params=[dialect.name for dialect in DIALECTS])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def create(dialect: str, request: pytest.FixtureRequest) -> Create:
    """Run a table's DDL in the engine of ``dialect``, twice, and return what its catalogue says."""

    def run(table: LinkedTable) -> Described:
        statements = ddl.render(table, DIALECT[dialect])
        schema, name = (
            handmade.identifier(part, DIALECT[dialect]) for part in table.table.id.split(".", 1)
        )
        if dialect == "duckdb":
            duck: engines.DuckDB = request.getfixturevalue("duck")
            duck.execute(statements)
            duck.execute(statements)
            return catalogues.duckdb(duck, schema, name)
        hstore = "EXTENSION" in statements
        postgres: psycopg.Connection = request.getfixturevalue(
            "postgres_with_hstore" if hstore else "postgres"
        )
        postgres.execute(statements.encode())
        postgres.execute(statements.encode())
        return catalogues.postgres(postgres, schema, name)

    return run


def test_create_table_has_a_column_of_every_type(create: Create, dialect: str) -> None:
    """Columns of every type exist, in the page's order, nullable except for the key."""
    types = {"_key": "string"} | {f"a {name}": name for name in TYPES[dialect]}
    found = create(handmade.table("aws.thing", handmade.columns(types)))
    assert found.key == ("_key",)
    assert [(column.name, column.type, column.nullable) for column in found.columns] == [
        (name, TYPES[dialect][expression], name != "_key") for name, expression in types.items()
    ]


def test_table_without_key_has_no_primary_key(create: Create) -> None:
    """A page without _key has no primary key, and every column may be null."""
    found = create(handmade.table("aws.thing", handmade.columns({"a": "string"})))
    assert found.key == ()
    assert found.columns[0].nullable


HOSTILE = [
    "it's",
    '\'; DROP TABLE "aws"."thing"; --',
    "\\'; DROP TABLE t; --",
    "back\\slash \\n \\u0041 \\",
    "two\nlines\r\nand a tab\t",
    "$$ $1 %s ? :name {{ 7 * 7 }} {% raw %} */ /* --",
    "“quotes” \U0001f600 \u202e",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_pages_reaches_the_catalogue_as_data(create: Create, text: str) -> None:
    """Any text of a page reaches the catalogue unchanged and is never run."""
    name = text if "\n" not in text else "plain"
    columns = [handmade.column("_key", description=text), handmade.column(name, description=text)]
    table = handmade.table(
        "aws.thing", columns, title="Title", description=text, deprecated=f"Gone. {text}"
    )
    found = create(table)
    assert found.comment == f"Title\n\n{text}\n\nDeprecated: Gone. {text}"
    assert [(column.name, column.comment) for column in found.columns] == [
        ("_key", text),
        (name, text),
    ]


def test_comments_do_not_depend_on_a_setting(postgres: psycopg.Connection) -> None:
    """A server that reads backslashes in plain strings stores the same comments."""
    postgres.execute("SET standard_conforming_strings = off; SET escape_string_warning = off")
    columns = [handmade.column("a", description="C:\\new 'x'"), handmade.column("b")]
    table = handmade.table("aws.thing", columns, description="\\")
    postgres.execute(ddl.render(table, DIALECT["postgres_jsonb"]).encode())
    found = catalogues.postgres(postgres, "aws", "thing")
    assert found.comment == "Made up\n\n\\"
    assert [column.comment for column in found.columns] == ["C:\\new 'x'", None]


def test_unstorable_characters_are_replaced_in_comments(create: Create) -> None:
    """A page with U+0000 or a lone surrogate still yields its table."""
    found = create(handmade.table("aws.thing", [handmade.column("a", description="x\0y\ud800z")]))
    assert found.columns[0].comment == "x\ufffdy\ufffdz"


LONG = "a" * 60 + "éé"  # 64 bytes of UTF-8, 62 characters


def test_names_that_an_engine_truncates_or_refuses_get_a_suffix(
    create: Create, dialect: str
) -> None:
    """Such names get a stable suffix, and the comment has the documented name."""
    columns = [handmade.column("ctid"), handmade.column(LONG, description="Long.")]
    found = create(handmade.table(f"aws.{LONG}", columns))
    if dialect == "duckdb":
        assert [(column.name, column.comment) for column in found.columns] == [
            ("ctid", None),
            (LONG, "Long."),
        ]
    else:
        ctid, long = found.columns
        assert (ctid.name, ctid.comment) == (
            "ctid_a6768917",
            "The documentation calls this column ctid.",
        )
        assert long.name == handmade.identifier(LONG, DIALECT[dialect])
        assert len(long.name.encode()) <= 63
        assert long.comment == f"Long.\n\nThe documentation calls this column {LONG}."


def test_query_on_tags_runs_as_in_ddsql(postgres_with_hstore: psycopg.Connection) -> None:
    """A condition on tags reads as in DDSQL: a string of sorted values, separated by commas."""
    table = handmade.table("aws.thing", handmade.columns({"_key": "string", "tags": "hstore_csv"}))
    postgres_with_hstore.execute(ddl.render(table, DIALECT["postgres"]).encode())
    listed = [
        {"Key": "team", "Value": "database_ops"},
        {"Key": "team", "Value": "compute_provisioning"},
    ]
    postgres_with_hstore.execute(
        'INSERT INTO "aws"."thing" VALUES (%s, CAST(%s AS hstore))',
        ("k", hstore_csv_text(tags(listed, "tags"), "tags")),
    )
    found = postgres_with_hstore.execute(
        "SELECT _key FROM aws.thing WHERE tags->'team' = 'compute_provisioning,database_ops'"
    ).fetchall()
    assert found == [("k",)]


def test_postgres_jsonb_creates_no_extension() -> None:
    """The variant for servers without hstore creates no extension; the other one creates it
    first."""
    table = handmade.table("aws.thing", handmade.columns({"tags": "hstore_csv"}))
    assert "EXTENSION" not in ddl.render(table, DIALECT["postgres_jsonb"])
    statements = ddl.render(table, DIALECT["postgres"])
    assert statements.index("CREATE EXTENSION") < statements.index("CREATE TABLE")
    plain = handmade.table("aws.thing", handmade.columns({"a": "string"}))
    assert "EXTENSION" not in ddl.render(plain, DIALECT["postgres"])
