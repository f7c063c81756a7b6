"""Hostile and awkward text of pages, through the whole program and into every real consumer.

One project is made of nothing else. Each piece of text is written on pages as their format wants it,
and must arrive as the text that was meant: in the catalogues of the databases, in the JSON Schema,
in the models. None of it may run: the payloads would create tables named ``pwned``, or files.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import catalogues
import engines
import handmade
import loading
import projects
from handmade import DIALECTS
from parsed_pages import parse_sources
from schemagen import api
from schemagen.catalog import LinkedTable
from schemagen.diagnostics import ProblemsFound
from schemagen.emit import paths
from schemagen.emit.render import render_part
from schemagen.link import link
from schemagen.pages.read import parse_source
from schemagen.pages.sources import Source
from schemagen.resolved_types import TypeTable
from schemagen.targets import limits
from schemagen.typed_pages import resolve_types
from schemagen.typetable import Dialect

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

NAMES = [*(text for text in PLAIN if not set("\u0085\u200b") & set(text)), *COLLIDING, *LONG]


@dataclass(frozen=True)
class Meant:
    """A table as its page means it; columns and parameters with their descriptions."""

    title: str
    description: str
    columns: dict[str, str]
    parameters: dict[str, str]


@dataclass(frozen=True)
class Page:
    """A page as it is written, and what it means."""

    text: str
    meant: Meant


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _name(name: str) -> str:
    """Write a name as Markdown that means it; names are read without markup."""
    return _cell(re.sub(r"([!-/:-@\[-`{}~])", r"\\\1", name))


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
    parameters: Mapping[str, str] | None = None,
) -> Page:
    """A page whose columns and parameters have these descriptions, as they are written in cells."""
    columns = {"_key": "The key.", **columns}
    rows = [
        f"{_cell(_escaped(text))} | {_name(name)} | core | {type if name != '_key' else 'string'}"
        f" | {_cell(text)} "
        for name, text in columns.items()
    ]
    text = projects.page(table, *rows)
    text = text.replace("# Made up", f"# {_escaped(title)}", 1)
    parameters = parameters or {}
    if parameters:
        table = "".join(
            f"| {_name(name)} | string | no | {_cell(text)} |\n"
            for name, text in parameters.items()
        )
        header = "| Parameter | Type | Required | Description |\n|-|-|-|-|\n"
        text = text.replace("## Fields", f"## Query Parameters\n\n{header}{table}\n## Fields", 1)
    return Page(
        text.replace("A made-up table.", _escaped(prose), 1),
        Meant(
            REPLACED.get(title, title),
            REPLACED.get(prose, prose),
            {name: REPLACED.get(text, text) for name, text in columns.items()},
            {name: REPLACED.get(text, text) for name, text in parameters.items()},
        ),
    )


MEGABYTE = 'it\'s "1 MB" of \\ and {{ 7*7 }}, ' * 30_000 + "end"
TEXTS = [*PLAIN, *REPLACED]
IDS = [
    "con.nul",
    "class.none",
    "aws.class",
    "aws.__init__",
    "aws.con",
    "aws._",
    "aws.2",
    "aws.t",
    f"aws.{'long' * 20}",
    "import.base_model",
    "aws.field",
    "aws.list",
    "aws.json_value",
]

PAGES: dict[str, Page] = {
    "aws.descriptions": _page(
        "aws.descriptions", {f"c{number}": text for number, text in enumerate(TEXTS)}
    ),
    "aws.names": _page("aws.names", dict.fromkeys(NAMES, "")),
    "aws.words": _page("aws.words", {word: f"{word}." for word in WORDS}),
    "aws.arrays": _page("aws.arrays", dict.fromkeys(WORDS, ""), type="array<timestamp>"),
    "aws.function": _page(
        "aws.function",
        dict.fromkeys([*COLLIDING, "key"], ""),
        parameters=dict(zip([*NAMES, *WORDS, "key", "_key"], TEXTS * 4, strict=False)),
    ),
    "aws.megabyte": _page("aws.megabyte", {"cell": MEGABYTE}),
    "aws.svc_nasty": _page("aws.svc_nasty", {"things": "Structures."}, type="json"),
    **{
        f"aws.prose_{number}": _page(f"aws.prose_{number}", {}, title=text, prose=text)
        for number, text in enumerate(TEXTS)
    },
    **{id: _page(id, {"hidden": ""}, prose=f"See {id}.") for id in IDS},
}

# Names of members have no blanks: a bold text that has one is no name.
MEMBERS = [
    *(name for name in (*WORDS, *COLLIDING) if " " not in name),
    *("Copy", "COPY", 'a"b', "it's", "back\\slash", "{{7}}"),
]
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
    return {table.table.id: table for table in link(resolve_types(pages, TypeTable())).tables}


def test_build_accepts_every_hostile_page(tables: dict[str, LinkedTable]) -> None:
    """The other tests of this module cover all of these pages."""
    assert sorted(tables) == sorted(PAGES)


# --- databases ------------------------------------------------------------------------------------


def _statements(project: Path, table: LinkedTable, dialect: str) -> str:
    path = paths.ddl_path(dialect, table.table.provider, table.module)
    return (project / "generated" / SETTINGS.package / path).read_text("utf-8")


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: str(dialect.name))
def test_ddl_gives_databases_the_names_and_comments_of_pages(
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
        found = described(*(handmade.identifier(part, dialect) for part in id.split(".")))
        meant = page.meant
        assert found.comment == "\n\n".join(filter(None, [meant.title, meant.description]))
        assert found.key == ("_key",)
        expected: list[tuple[str, str | None]] = []
        for name, description in meant.columns.items():
            column = handmade.identifier(name, dialect)
            called = f"The documentation calls this column {name}." if column != name else ""
            comment = "\n\n".join(filter(None, [description, called]))
            expected.append((column, comment or None))
        assert [(column.name, column.comment) for column in found.columns] == expected


def test_sql_name_renames_what_postgresql_cuts_or_refuses() -> None:
    """A name is renamed if the server would truncate or refuse it, and always to the same name."""
    postgres = next(dialect for dialect in DIALECTS if dialect.name == "postgres")
    renamed = {name: handmade.identifier(name, postgres) for name in [*LONG, "ctid", "oid"]}
    assert renamed == {
        "x" * 64: f"{'x' * 54}_7ce10097",
        "x" * 63 + "y": f"{'x' * 54}_d0019407",
        "\u00e9" * 32: "\u00e9" * 27 + "_2e5152e6",
        "ctid": "ctid_a6768917",
        "oid": "oid",
    }


@pytest.mark.parametrize("dialect", [dialect.name for dialect in DIALECTS])
@pytest.mark.parametrize("id", ["aws.names", "aws.words"])
def test_rows_of_hostile_columns_make_the_round_trip(
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
        path: text.decode()
        for path, text in projects.tree(project / "generated" / SETTINGS.package).items()
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


def test_json_schema_keeps_names_and_texts_of_pages(
    project: Path, tables: dict[str, LinkedTable]
) -> None:
    """Every schema is valid by the meta-schema; names, titles and descriptions are those of the
    page."""
    for id, page in PAGES.items():
        path = paths.json_schema_path(tables[id].table.provider, tables[id].module)
        text = (project / "generated" / SETTINGS.package / path).read_text("ascii")
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

        parameters = schema.get("$defs", {}).get(tables[id].parameters_class, {"properties": {}})
        assert {
            name: parameter["description"] for name, parameter in parameters["properties"].items()
        } == meant.parameters


def test_json_schema_keeps_names_and_texts_of_structures(
    project: Path, tables: dict[str, LinkedTable]
) -> None:
    """Members of an API page keep their descriptions and values, whatever their names are."""
    path = paths.json_schema_path("aws", tables["aws.svc_nasty"].module)
    schema = json.loads((project / "generated" / SETTINGS.package / path).read_text("ascii"))
    members = schema["$defs"]["Thing"]["properties"]
    meant = [REPLACED.get(text, text) for text in TEXTS * 3]
    assert [member["description"] for member in members.values()] == meant[: len(MEMBERS)]
    assert json.dumps(VALUES) in json.dumps(members)


# --- Python ---------------------------------------------------------------------------------------

_INSPECT = """
import inspect
import json
import sys
from ddsql_schemas import catalog

def fields(model):
    return {field.alias or name: field.description or "" for name, field in model.model_fields.items()}

found = {}
for id, entry in catalog.TABLES.items():
    model = catalog.model(id)
    model.model_validate({"_key": "k"})
    parameters = {}
    if entry.function:
        beside = getattr(sys.modules[model.__module__], entry.model + "Parameters")
        parameters = fields(beside)
        beside.model_validate(dict.fromkeys(parameters, "x"))
    found[id] = [inspect.cleandoc(model.__doc__ or ""), fields(model), parameters]
print(json.dumps(found))
"""


def test_models_keep_names_and_texts_of_pages(project: Path, tmp_path: Path) -> None:
    """Every model is imported without a warning, accepts a row, and has the page's words; no
    text is run as code."""
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
        meant = page.meant
        assert found[id] == [meant.description, meant.columns, meant.parameters]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_package_of_hostile_pages_is_formatted_and_typed(project: Path) -> None:
    """black and mypy --strict find nothing."""
    for command in (
        ["black", "--check"],
        # pyarrow has no types.
        ["mypy", "--strict", "--disable-error-code=import-untyped", f"--cache-dir={project}/mypy"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command, "ddsql_schemas"],
            cwd=project / "generated",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


# --- what is refused ------------------------------------------------------------------------------


def _wide(number: int) -> Page:
    return _page("aws.wide", {f"c{column}": "" for column in range(number - 1)})


BOMB = "".join(
    f"{name}: &{name} [*{before}, *{before}]\n" for before, name in pairwise("abcdefghij")
)

REFUSED: dict[str, tuple[dict[str, str], list[str]]] = {
    "more columns than PostgreSQL takes": (
        {"a": _wide(1700).text},
        [
            "a:10:1: SG121 the table has 1700 columns; PostgreSQL takes at most 1600; correct its page",
            "a:10:1: SG121 the table has 1700 columns; PostgreSQL, no extension takes at most 1600; correct its page",
        ],
    ),
    "no column at all": (
        {"a": projects.page("aws.empty")},
        ["a:10:1: SG121 the table has 0 columns; DuckDB needs at least 1; correct its page"],
    ),
    "columns that differ by case": (
        {"a": projects.page("aws.case", "Name | core | string", "NAME | core | string")},
        [
            "a:18:1: SG120 columns 'Name' and 'NAME' have the same name in DuckDB; rename one of them on the page"
        ],
    ),
    "two tables in one file": (
        {"a": projects.page("aws.con", "x | core | string")}
        | {"b": projects.page("aws.con_", "x | core | string")},
        [
            "b:1:1: SG120 aws.con_ and aws.con (docs_src/ddsql/a.dataset.md) would both be written"
            " to ddsql_schemas/models/aws/con_.py; move one to another package"
        ],
    ),
    "two providers in one folder": (
        {"a": projects.page("con.t", "x | core | string")}
        | {"b": projects.page("con_.t", "x | core | string")},
        [
            "b:1:1: SG120 con_.t and con.t (docs_src/ddsql/a.dataset.md) would both be written"
            " to ddsql_schemas/models/con_/t.py; move one to another package"
        ],
    ),
    "an id that climbs": (
        {"a": projects.page("aws../../x", "x | core | string")},
        [
            "a:10:1: SG112 the table's id 'aws../../x' is not provider.name (lower-case letters,"
            " digits and underscores, as in 'aws.ec2_instance')"
        ],
    ),
    "an id that no file can be named after": (
        {"a": projects.page(f"aws.{'x' * 201}", "x | core | string")},
        [
            f"a:10:1: SG112 the table's id 'aws.{'x' * 55}\u2026' has a part of 201 characters;"
            " file names allow at most 200"
        ],
    ),
    "a name with a bidirectional control": (
        {"a": projects.page("aws.t", "txt\u202egnp | core | string")},
        ["a:17:6: SG122 the column 'txt\ufffdgnp' contains U+202E, which is not allowed in names"],
    ),
    "YAML that doubles itself": (
        {"a": projects.page("aws.t", "x | core | string").replace("title: Made up\n", BOMB)},
        ["a:2:4: SG110 the front matter is not valid YAML: anchors and aliases are not allowed"],
    ),
    "YAML without end": (
        {"a": projects.page("aws.t", "x | core | string").replace("Made up", "[" * 100_000, 1)},
        ["a:2:23: SG110 the front matter is not valid YAML: nested more than 16 levels deep"],
    ),
    "YAML that makes objects": (
        {
            "a": projects.page("aws.t", "x | string").replace(
                "title: Made up", "title: !!python/object/apply:os.system ['touch pwned']"
            )
        },
        [
            "a:17:7: SG115 expected core or event_attribute in the kind cell, found 'string'; correct it, or put a blank line before text that follows the table"
        ],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_build_refuses_what_no_target_can_hold(tmp_path: Path, case: str) -> None:
    """Such a page is reported with its place, quickly, and nothing is written."""
    pages, expected = REFUSED[case]
    project = projects.pages(
        tmp_path, {f"ddsql/{name}.dataset.md": text for name, text in pages.items()}
    )
    started = time.monotonic()
    with pytest.raises(ProblemsFound) as found:
        api.build(api.settings(project))
    assert time.monotonic() - started < 5
    assert [str(problem) for problem in found.value.problems] == [
        re.sub(r"^(\w)", r"docs_src/ddsql/\1.dataset.md", line) for line in expected
    ]
    assert {path.name for path in project.iterdir()} == {"docs_src", "schemagen.toml"}


def test_escapes_of_yaml_bring_nothing_new_into_titles() -> None:
    """A title cannot contain more through escapes than the page itself could."""
    title = '"nul \\0 half \\ud800 turned \\u202e line \\u2028 mojibake \\x92"'
    text = projects.page("aws.t", "x | core | string").replace("# Made up\n", "")
    page = parse_source(
        Source("docs_src/ddsql/a.dataset.md", text.replace("Made up", title).encode())
    )
    assert page.problems == ()
    assert page.table is not None
    assert page.table.title == f"nul {LOST} half {LOST} turned {LOST} line mojibake \x92"


def test_problems_show_any_file_name_on_one_line(tmp_path: Path) -> None:
    """A file can have any name: its problems stay on one line and move no cursor."""
    name = "line\nescape\x1b[31m turned \u202e.dataset.md"
    projects.pages(tmp_path, {f"ddsql/{name}": projects.page("aws.t", "x | string")})
    done = projects.run(tmp_path, "build")
    assert (done.returncode, done.stderr) == (
        2,
        "docs_src/ddsql/line\\nescape\\x1b[31m turned \\u202e.dataset.md:17:7: SG115 expected core or"
        " event_attribute in the kind cell, found 'string'; correct it, or put a blank line before text"
        " that follows the table\n",
    )


# --- whole pages, made up -------------------------------------------------------------------------

AWKWARD = [
    '"',
    "'",
    "\\",
    "`",
    "{",
    "}",
    "%",
    "$",
    ";",
    "*",
    "/",
    "-",
    "<",
    ">",
    "&",
    "|",
    "#",
    "[",
    "]",
    "(",
    ")",
    "!",
    "?",
    ":",
    "@",
    ".",
    "_",
    "a",
    "Z",
    "9",
    "~",
    "=",
    ",",
    "+",
    "^",
    '"""',
    "'''",
    "{{",
    "}}",
    "{%",
    "alert",
    "%}",
    "--",
    "';",
    "$$",
    "\\|",
    "&#0;",
    "&lt;",
    "<ul>",
    "<li>",
    "<code>",
    "</code>",
    "<note>",
    "array<",
    "é",
    "😀",
    "class",
    "_key",
    "core",
    "string",
    "model_",
    "__",
    "one",
    "of",
    "values:",
    "active",
    "|",
    "failed",
    "https://x.y",
    "\\N{BULLET}",
    "\\x41",
    "${x}",
]
BROKEN = [
    "\0",
    "\x1b",
    "\x85",
    "\u2028",
    "\u202e",
    LOST,
    "\ufeff",
    "\t",
    "\f",
    "\r",
    "\n",
    "\n\n"  # lines that change what a page is
    "\n```\n",
    "\n---\n",
    "\n## Fields\n",
    "\n| a | core | string |\n",
    "{% alert %}",
    "\n> ",
]


def _texts(*pieces: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from([" ", *pieces]), max_size=12).map("".join)


CELLS = _texts(*AWKWARD)
NAMES_OF_ANYTHING = st.one_of(CELLS, st.sampled_from([*WORDS, *COLLIDING, *LONG]))
TYPES = st.sampled_from([*TypeTable().types, "array<string>", "array<array<json>>"])
IDENTIFIERS = st.sampled_from(IDS)


@st.composite
def whole_pages(draw: st.DrawFn) -> str:
    """A dataset page of awkward pieces where the format wants them; in one page of three, of broken
    ones as well, anywhere."""
    broken = _texts(*AWKWARD, *BROKEN) if draw(st.integers(0, 2)) == 0 else st.nothing()
    texts, names = CELLS | broken, NAMES_OF_ANYTHING | broken
    types, identifiers = TYPES | broken, IDENTIFIERS | broken
    front = draw(st.dictionaries(names, texts, max_size=2))
    quoted = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in front.items()]
    lines = ["---", *quoted, draw(broken | st.just("")), "---"]
    lines += ["", f"# {draw(texts)}", "", draw(texts), "", "```", draw(identifiers), "```", ""]
    if draw(st.booleans()):
        lines += ["## Query Parameters", "", "| Parameter | Type | Required | Description |"]
        lines += ["|-|-|-|-|", f"| p{draw(names)} | {draw(types)} | yes | {draw(texts)} |", ""]
    lines += ["## Fields", "", "| Title | ID | Type | Data Type | Description |", "|-|-|-|-|-|"]
    for number in range(draw(st.integers(1, 4))):
        title = draw(st.just("") | texts.map(lambda text: f"{text} | "))
        name = f"{draw(names)}{number}".replace("|", "\\|")
        lines.append(f"| {title}{name} | core | {draw(types)} | {draw(texts)} |")
    return "\n".join(lines)


SETTINGS = api.settings(projects.CHECKOUT)
ENOUGH = 20


def test_build_accepts_or_refuses_any_page() -> None:
    """Any page has problems with their places, or outputs that their consumers read; and enough
    of the generated pages get that far."""
    built: list[str] = []

    @settings(
        max_examples=150,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(page=whole_pages())
    def build(page: str) -> None:
        source = Source("docs_src/ddsql/a.dataset.md", page.encode())
        try:
            (table,) = link(resolve_types(parse_sources([source]), SETTINGS.types)).tables
        except ProblemsFound as found:
            _check_places(found, source)
            return
        if not list(limits.problems(table, DIALECTS)):
            built.append(table.table.id)
            for path, text in render_part(table, SETTINGS, {}).items():
                _consume(path, text, table)

    build()
    assert len(built) >= ENOUGH


def _check_places(found: ProblemsFound, source: Source) -> None:
    lines = re.split(r"\r\n?|\n", source.data.decode())
    assert found.problems
    for problem in found.problems:
        assert problem.path == source.path
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert str(problem).isprintable()


def _consume(path: str, text: str, table: LinkedTable) -> None:
    """Let the consumer of an output read it. PostgreSQL is left to other tests: it takes longer."""
    if path.endswith(".py"):
        compile(text, path, "exec")
    elif path.endswith(".json"):
        Draft202012Validator.check_schema(json.loads(text))
    elif "/duckdb/" in path:
        with engines.duck() as duck:
            duck.execute(text)
            (created,) = duck.execute(
                "SELECT schema_name, table_name FROM duckdb_tables()"
            ).fetchall()
            columns = catalogues.duckdb(duck, *created).columns
        assert [(column.name, column.comment or "") for column in columns] == [
            (column.column.name, column.column.description) for column in table.columns
        ]


def test_inspect_escapes_control_characters(project: Path) -> None:
    """`inspect` shows markup as text, and no control reaches the terminal; JSON keeps
    everything."""
    shown = projects.run(project, "inspect", "aws.descriptions")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "{{ 7*7 }}" in shown.stdout
    assert "\\x99" in shown.stdout
    assert not re.search(r"[\0-\x08\x0b-\x1f\x7f-\x9f]", shown.stdout)
    # Tabs separate cells, and are in none of them.
    assert {line.count("\t") for line in shown.stdout.splitlines()[1:-1]} == {4}
    data = json.loads(projects.run(project, "inspect", "--format", "json").stdout)
    (table,) = (table for table in data["tables"] if table["id"] == "aws.descriptions")
    meant = PAGES["aws.descriptions"].meant.columns
    assert {column["name"]: column["description"] for column in table["columns"]} == meant
