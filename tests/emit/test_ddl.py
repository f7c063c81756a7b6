"""schemagen.emit.ddl, in the real engines: what they were told is what their catalogues say."""

from __future__ import annotations

from collections.abc import Callable

import duckdb as duckdb_driver
import psycopg
import pytest

import catalogues
import engines
import handmade
from catalogues import TYPES, Described
from schemagen.catalog import LinkedTable
from schemagen.emit import ddl
from schemagen.runtime.convert import hstore_csv_text, tags
from schemagen.targets import limits
from schemagen.typetable import DIALECTS

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
            ddl.identifier(part, DIALECT[dialect]) for part in table.table.id.split(".", 1)
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


def test_every_type(create: Create, dialect: str) -> None:
    """A column of every type exists, in the page's order, nullable but for the key."""
    types = {"_key": "string"} | {f"a {name}": name for name in TYPES[dialect]}
    found = create(handmade.table("aws.thing", handmade.columns(types)))
    assert found.key == ("_key",)
    assert [(column.name, column.type, column.nullable) for column in found.columns] == [
        (name, TYPES[dialect][expression], name != "_key") for name, expression in types.items()
    ]


def test_no_key_no_primary_key(create: Create) -> None:
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
def test_text_of_pages_is_data(create: Create, text: str) -> None:
    """Whatever a page says reaches the catalogue unchanged and is never run."""
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


def test_names_that_an_engine_would_cut_or_refuse(create: Create, dialect: str) -> None:
    """Such names get a stable suffix; the comment says what the documentation calls them."""
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
        assert long.name == ddl.identifier(LONG, DIALECT[dialect])
        assert len(long.name.encode()) <= 63
        assert long.comment == f"Long.\n\nThe documentation calls this column {LONG}."


def test_ddsqls_own_query_runs(postgres_with_hstore: psycopg.Connection) -> None:
    """A condition on tags reads as in DDSQL: one text of sorted values, separated by commas."""
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


def test_the_variant_without_extension_needs_none() -> None:
    """The variant for servers without hstore creates no extension; the other one does, first."""
    table = handmade.table("aws.thing", handmade.columns({"tags": "hstore_csv"}))
    assert "EXTENSION" not in ddl.render(table, DIALECT["postgres_jsonb"])
    statements = ddl.render(table, DIALECT["postgres"])
    assert statements.index("CREATE EXTENSION") < statements.index("CREATE TABLE")
    plain = handmade.table("aws.thing", handmade.columns({"a": "string"}))
    assert "EXTENSION" not in ddl.render(plain, DIALECT["postgres"])


# --- what does not fit ----------------------------------------------------------------------------


def _problems(table: LinkedTable) -> list[str]:
    return [str(problem) for problem in limits.problems(table)]


def test_too_many_columns(postgres: psycopg.Connection) -> None:
    """The limit is the engine's: the last table that fits runs, the next is a problem."""
    fits = handmade.table(
        "aws.fits", handmade.columns({f"c{number}": "string" for number in range(1600)})
    )
    assert _problems(fits) == []
    postgres.execute(ddl.render(fits, DIALECT["postgres"]).encode())
    wide = handmade.table(
        "aws.wide", handmade.columns({f"c{number}": "string" for number in range(1601)})
    )
    assert _problems(wide) == [
        f"{handmade.PAGE}:1:1: SG121 the table has 1601 columns; {title} takes at most 1600"
        for title in ("PostgreSQL", "PostgreSQL, no extension")
    ]
    with pytest.raises(psycopg.errors.TooManyColumns):
        postgres.execute(ddl.render(wide, DIALECT["postgres"]).encode())


def test_no_columns(postgres: psycopg.Connection, duck: engines.DuckDB) -> None:
    """PostgreSQL has tables without columns, DuckDB does not."""
    table = handmade.table("aws.empty", [])
    assert _problems(table) == [
        f"{handmade.PAGE}:1:1: SG121 the table has 0 columns; DuckDB needs at least 1"
    ]
    postgres.execute(ddl.render(table, DIALECT["postgres"]).encode())
    with pytest.raises(duckdb_driver.ParserException):
        duck.execute(ddl.render(table, DIALECT["duckdb"]))


def test_names_that_differ_only_in_case(postgres: psycopg.Connection, duck: engines.DuckDB) -> None:
    """DuckDB folds ASCII letters: two such columns are a problem; beyond ASCII they are not."""
    columns = [handmade.column("Name", line=5), handmade.column("name", line=6)]
    table = handmade.table("aws.case", columns)
    assert _problems(table) == [
        f"{handmade.PAGE}:6:1: SG120 columns 'Name' and 'name' are one name in DuckDB"
    ]
    postgres.execute(ddl.render(table, DIALECT["postgres"]).encode())
    with pytest.raises(duckdb_driver.CatalogException):
        duck.execute(ddl.render(table, DIALECT["duckdb"]))
    accents = handmade.table("aws.accents", handmade.columns({"É": "string", "é": "string"}))
    assert _problems(accents) == []
    duck.execute(ddl.render(accents, DIALECT["duckdb"]))


def test_a_name_that_is_another_columns_new_name() -> None:
    """A column that is already called what another one would be renamed to is a problem."""
    columns = [handmade.column("ctid"), handmade.column("ctid_a6768917", line=11)]
    assert _problems(handmade.table("aws.thing", columns)) == [
        f"{handmade.PAGE}:11:1: SG120 columns 'ctid' and 'ctid_a6768917' are one name in {title}"
        for title in ("PostgreSQL", "PostgreSQL, no extension")
    ]


def test_arrays_nested_too_deeply() -> None:
    """What the loading module does not know is refused when the page is read."""
    table = handmade.table("aws.thing", handmade.columns({"a": "array<array<array<string>>>"}))
    assert _problems(table) == [
        f"{handmade.PAGE}:10:1: SG121 arrays are nested deeper than 2 levels in 'a'"
    ]
