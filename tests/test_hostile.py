"""Hostile and awkward text of pages, through the whole program and into every real consumer.

One project is made of nothing else. Each piece of text is written on pages as their format wants it,
and must arrive as the text that was meant: in the catalogues of the databases, in the JSON Schema,
in the models. None of it may run: the payloads would create tables named ``pwned``, or files.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from jsonschema import Draft202012Validator

import catalogues
import engines
import handmade
import loading
import projects
from schemagen import api
from schemagen.emit import ddl, tree
from schemagen.link import LinkedTable, link
from schemagen.typetable import DIALECTS, Dialect, TypeTable

LOST = "\ufffd"

PLAIN = [
    '"""',
    '""""',
    "'''",
    'ends with a quote"',
    "ends with a backslash \\",
    "\\",
    "\\\\",
    "\\N{BULLET} \\x41 \\u0041 \\777 \\n \\0",
    "{{ 7*7 }} ${7*7} #{7*7} {% raw %} {# no comment #} {0} {x!r} %s %(x)s %% $1 :name ?",
    "*/ /* -- // <!-- --> ]]>",
    "'; CREATE TABLE pwned(); --",
    "\\'; CREATE TABLE pwned(); --",
    '"; CREATE TABLE pwned(); --',
    "$$; CREATE TABLE pwned(); $$ $x$ $x$",
    '"""; import os; os.system("touch pwned"); """',
    "'; __import__('os').system('touch pwned')#",
    "$(touch pwned) ; touch pwned & ${HOME} %PATH%",
    "</script><script>alert(1)</script> <region> array<string>",
    "\u00e2\u0080\u0099 and \u0085 and \u009f: broken before it reached the page",
    "\U0001f600 \u200b\u200d e\u0301 \ufdd0 \uffff \U0010ffff",
    "# no comment",
    "pi|pe",
]
"""Text that pages may hold as it is, and that must arrive as it is."""

REPLACED = {
    "nul \0 escape \x1b bell \a delete \x7f": f"nul {LOST} escape {LOST} bell {LOST} delete {LOST}",
    "\u202ereversed\u202c \u2066isolated\u2069 \u200e\u200f\u061c": (
        f"{LOST}reversed{LOST} {LOST}isolated{LOST} {LOST}{LOST}{LOST}"
    ),
    "entities &#0; &#xd800; &#x202e; &lrm;": f"entities {LOST} {LOST} {LOST} {LOST}",
    "once &amp;lt; &lt;b&gt; &quot;&#39;": "once &lt; <b> \"'",
    "line \u2028 paragraph \u2029 form \f tab \t end": "line paragraph form tab end",
    "a `touch pwned` b": "a touch pwned b",
}
"""Text as pages write it, and what is meant."""

WORDS = [
    "class",
    "None",
    "True",
    "json",
    "copy",
    "dict",
    "schema",
    "validate",
    "construct",
    "model_config",
    "model_fields",
    "model_dump",
    "model_validate_json",
    "match",
    "case",
    "type",
    "_",
    "__class__",
    "__init__",
    "self",
    "cls",
    "str",
    "list",
    "int",
    "float",
    "bool",
    "bytes",
    "object",
    "BaseModel",
    "Field",
    "ConfigDict",
    "JsonValue",
    "StrictStr",
    "Annotated",
    "Literal",
    "datetime",
    "AwareDatetime",
    "builtins",
    "typing",
    "annotations",
    "oid",
    "user",
    "table",
    "select",
    "ctid",
    "xmin",
    "tableoid",
]
"""Names that Python, pydantic, the generated code or a database has for itself."""

COLLIDING = ["a-b", "a.b", "a b", "a_b", "@a_b", "_a_b", "a_b_2", "Names.a_b", "\u00e9", "\u00e8"]
"""Names of which several become one Python name."""

LONG = ["x" * 64, "x" * 63 + "y", "\u00e9" * 32]
"""Names of more than 63 bytes; two of them would be cut to the same one."""

NAMES = [*(text for text in PLAIN if "\u0085" not in text), *COLLIDING, *LONG]


@dataclass(frozen=True)
class Meant:
    """A table as its page means it; columns with their descriptions."""

    title: str
    description: str
    columns: dict[str, str]


@dataclass(frozen=True)
class Page:
    """A page as it is written, and what it means."""

    text: str
    meant: Meant


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _escaped(text: str) -> str:
    """``text`` as Markdown that means it; what is more than text stays as it is."""
    return text if text in REPLACED else re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def _page(
    table: str,
    columns: Mapping[str, str],
    *,
    title: str = "Made up",
    prose: str = "",
    type: str = "string",
) -> Page:
    """A page whose columns have these descriptions, as they are written in cells."""
    columns = {"_key": "The key.", **columns}
    rows = [
        f"{_cell(_escaped(text))} | {_cell(name)} | core | {type if name != '_key' else 'string'}"
        f" | {_cell(text)} "
        for name, text in columns.items()
    ]
    text = projects.page(table, *rows)
    text = text.replace("# Made up", f"# {_escaped(title)}", 1)
    return Page(
        text.replace("A made-up table.", _escaped(prose), 1),
        Meant(
            REPLACED.get(title, title),
            REPLACED.get(prose, prose),
            {name: REPLACED.get(text, text) for name, text in columns.items()},
        ),
    )


MEGABYTE = 'it\'s "1 MB" of \\ and {{ 7*7 }}, ' * 30_000 + "end"
TEXTS = [*PLAIN, *REPLACED]
IDS = ["con.nul", "class.none", "aws.class", "aws.__init__", "aws.con", "aws._", "aws.2", "aws.t"]
IDS += [f"aws.{'long' * 20}", "import.base_model", "aws.field", "aws.list", "aws.json_value"]

PAGES: dict[str, Page] = {
    "aws.descriptions": _page(
        "aws.descriptions", {f"c{number}": text for number, text in enumerate(TEXTS)}
    ),
    "aws.names": _page("aws.names", dict.fromkeys(NAMES, "")),
    "aws.words": _page("aws.words", {word: f"{word}." for word in WORDS}),
    "aws.arrays": _page("aws.arrays", dict.fromkeys(WORDS, ""), type="array<timestamp>"),
    "aws.megabyte": _page("aws.megabyte", {"cell": MEGABYTE}),
    "aws.svc_nasty": _page("aws.svc_nasty", {"things": "Structures."}, type="json"),
    **{
        f"aws.prose_{number}": _page(f"aws.prose_{number}", {}, title=text, prose=text)
        for number, text in enumerate(TEXTS)
    },
    **{id: _page(id, {"hidden": ""}, prose=f"See {id}.") for id in IDS},
}

MEMBERS = [*WORDS, *COLLIDING, "Copy", "COPY", 'a"b', "it's", "back\\slash", "{{ 7 }}"]
VALUES = ["A", '"""', "{{ 7*7 }}", "\\", "class"]
SERVICE = "aws_api/svc/API_{}.md"


def _api_page() -> str:
    """A structure whose members have awkward names, descriptions and values."""
    texts = TEXTS * 3
    members = "".join(
        f'\n **{_escaped(name)}** <a name="svc-Type-Thing-{number}"></a>  \n'
        f"{_escaped(text)}  \nType: String  \nValid Values:` {' | '.join(VALUES)} `  \n"
        "Required: No\n"
        for number, (name, text) in enumerate(zip(MEMBERS, texts, strict=False))
    )
    usage = "An array element of [DescribeNasty:Things](API_DescribeNasty.md#svc-Things)."
    return f'# Thing<a name="API_Thing"></a>\n\n{usage}\n\n## Contents<a name="c"></a>\n{members}'


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project made of these pages, built by the command line in its own folder."""
    folder = projects.pages(
        tmp_path_factory.mktemp("hostile"),
        {
            **{f"ddsql/{id}.dataset.md": page.text for id, page in PAGES.items()},
            SERVICE.format("Thing"): _api_page(),
        },
    )
    done = projects.run(folder, "build")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in folder.iterdir()} == {"docs_src", "generated", "schemagen.toml"}
    return folder


@pytest.fixture(scope="module")
def tables(project: Path) -> dict[str, LinkedTable]:
    """The project's tables by id."""
    pages = api.read(api.settings(project))
    return {table.table.id: table for table in link(pages, TypeTable()).tables}


def test_every_page_is_built(tables: dict[str, LinkedTable]) -> None:
    """The other tests of this module are about all of these pages."""
    assert sorted(tables) == sorted(PAGES)


# --- databases ------------------------------------------------------------------------------------


def _statements(project: Path, table: LinkedTable, dialect: str) -> str:
    path = tree.ddl_path(dialect, table.table.provider, table.module)
    return (project / "generated" / path).read_text("utf-8")


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: str(dialect.name))
def test_databases_store_what_was_meant(
    project: Path,
    tables: dict[str, LinkedTable],
    dialect: Dialect,
    request: pytest.FixtureRequest,
) -> None:
    """All DDL runs, twice, in one database; names and comments are the texts meant, letter by
    letter, and nothing else was created."""
    statements = [_statements(project, table, dialect.name) for table in tables.values()]
    described: Callable[[str, str], catalogues.Described]
    if dialect.name == "duckdb":
        duck: engines.DuckDB = request.getfixturevalue("duck")
        for statement in [*statements, *statements]:
            duck.execute(statement)
        described = partial(catalogues.duckdb, duck)
        created = duck.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    else:
        postgres: psycopg.Connection = request.getfixturevalue("postgres")
        for statement in [*statements, *statements]:
            postgres.execute(statement.encode())
        described = partial(catalogues.postgres, postgres)
        created = postgres.execute(
            "SELECT tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
    assert len(created) == len(tables)
    for id, page in PAGES.items():
        found = described(*(ddl.identifier(part, dialect) for part in id.split(".")))
        meant = page.meant
        assert found.comment == "\n\n".join(filter(None, [meant.title, meant.description]))
        assert found.key == ("_key",)
        expected: list[tuple[str, str | None]] = []
        for name, description in meant.columns.items():
            column = ddl.identifier(name, dialect)
            called = f"The documentation calls this column {name}." if column != name else ""
            comment = "\n\n".join(filter(None, [description, called]))
            expected.append((column, comment or None))
        assert [(column.name, column.comment) for column in found.columns] == expected


def test_long_and_reserved_names_in_postgresql() -> None:
    """A name is renamed where the server would cut or refuse it, and always to the same name."""
    postgres = next(dialect for dialect in DIALECTS if dialect.name == "postgres")
    renamed = {name: ddl.identifier(name, postgres) for name in [*LONG, "ctid", "oid"]}
    assert renamed == {
        "x" * 64: f"{'x' * 54}_7ce10097",
        "x" * 63 + "y": f"{'x' * 54}_d0019407",
        "\u00e9" * 32: "\u00e9" * 27 + "_2e5152e6",
        "ctid": "ctid_a6768917",
        "oid": "oid",
    }


@pytest.mark.parametrize("dialect", [dialect.name for dialect in DIALECTS])
@pytest.mark.parametrize("id", ["aws.names", "aws.words"])
def test_rows_of_awkward_columns_make_the_round_trip(
    project: Path,
    tables: dict[str, LinkedTable],
    id: str,
    dialect: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """The model takes a row by the names of the page, and the package's own statements store it and
    read it back."""
    table = tables[id]
    values = dict(zip(PAGES[id].meant.columns, [*PLAIN, *WORDS], strict=False))
    files = {
        path.removeprefix("generated/"): text.decode()
        for path, text in projects.tree(project).items()
        if path.endswith(".py")
    }
    with handmade.imported(tmp_path, f"hostile_{dialect}_{id[4:]}", files) as package:
        model = package.model(table).model_validate(values)
        row = model.model_dump(by_alias=True)
        assert row == dict.fromkeys(PAGES[id].meant.columns) | values
        statements = _statements(project, table, dialect)
        rows = loading.trip(request, package.sql, package.table(table), dialect, statements, [row])
    assert rows == [row]


# --- JSON Schema ----------------------------------------------------------------------------------


def test_json_schema_says_what_was_meant(project: Path, tables: dict[str, LinkedTable]) -> None:
    """Every schema is one, by the meta-schema; names, titles and descriptions are the texts meant."""
    for id, page in PAGES.items():
        path = tree.json_schema_path(tables[id].table.provider, tables[id].module)
        text = (project / "generated" / path).read_text("ascii")
        schema = cast("dict[str, Any]", json.loads(text))
        Draft202012Validator.check_schema(schema)
        meant = page.meant
        assert (schema["title"], schema.get("description", "")) == (meant.title, meant.description)
        assert {
            name: column.get("description", "") for name, column in schema["properties"].items()
        } == meant.columns
        assert {
            name: column.get("title", "") for name, column in schema["properties"].items()
        } == meant.columns


def test_json_schema_of_structures(project: Path, tables: dict[str, LinkedTable]) -> None:
    """Members of an API page keep their descriptions and values, whatever they are called."""
    path = tree.json_schema_path("aws", tables["aws.svc_nasty"].module)
    schema = json.loads((project / "generated" / path).read_text("ascii"))
    members = schema["$defs"]["Thing"]["properties"]
    meant = [REPLACED.get(text, text) for text in TEXTS * 3]
    assert [member["description"] for member in members.values()] == meant[: len(MEMBERS)]
    assert json.dumps(VALUES) in json.dumps(members)


# --- Python ---------------------------------------------------------------------------------------

_INSPECT = """
import json
from ddsql_schemas import catalog

found = {}
for id in catalog.TABLES:
    model = catalog.model(id)
    model.model_validate({"_key": "k"})
    fields = {field.alias or name: field.description for name, field in model.model_fields.items()}
    found[id] = [model.__doc__, fields, model.model_json_schema()["properties"].keys() == fields.keys()]
print(json.dumps(found))
"""


def test_python_says_what_was_meant(project: Path, tmp_path: Path) -> None:
    """Every model is imported without a warning, takes a row, and documents what was meant; nothing
    in it runs."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _INSPECT],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(project / "generated")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert sorted(found) == sorted(PAGES)
    for id, page in PAGES.items():
        documentation, fields, named = found[id]
        assert inspect.cleandoc(documentation or "") == page.meant.description
        assert {name: text or "" for name, text in fields.items()} == page.meant.columns
        assert named
    assert list(tmp_path.iterdir()) == []


def test_python_is_formatted_and_typed(project: Path) -> None:
    """black has nothing to change, and mypy --strict nothing to say."""
    for command in (
        ["black", "--check"],
        ["mypy", "--strict", "--cache-dir", str(project / "mypy")],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command, "ddsql_schemas"],
            cwd=project / "generated",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
