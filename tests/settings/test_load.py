"""schemagen.settings.load: where settings come from, and what is wrong with them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from schemagen.diagnostics import ProblemsFound
from schemagen.names import NestedNames
from schemagen.settings.load import load_settings
from schemagen.settings.overrides import Overrides


def problems(folder: Path) -> list[str]:
    with pytest.raises(ProblemsFound) as caught:
        load_settings(folder)
    return [str(problem) for problem in caught.value.problems]


def test_load_settings_uses_defaults_without_a_file(tmp_path: Path) -> None:
    """A folder without settings is a project with the default settings."""
    settings = load_settings(tmp_path)
    assert settings.root == tmp_path
    assert settings.docs == tmp_path / "docs_src"
    assert settings.out == tmp_path / "generated"
    assert settings.nested_names is NestedNames.SNAKE_CASE


def test_load_settings_uses_the_nearest_file_with_settings(tmp_path: Path) -> None:
    """A pyproject.toml without [tool.schemagen] is skipped; a run below the root finds the root."""
    (tmp_path / "schemagen.toml").write_text('docs = "pages"\nnested_names = "api"\n')
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text('[project]\nname = "other"\n')
    settings = load_settings(inner)
    assert settings.root == tmp_path
    assert settings.docs == tmp_path / "pages"
    assert settings.nested_names is NestedNames.API


def test_types_adds_rows_changes_fields_and_applies_rules(tmp_path: Path) -> None:
    """A new type, a changed field of a known type, and rules for columns take effect."""
    (tmp_path / "pyproject.toml").write_text(
        """
[tool.schemagen.types.uuid]
python = "uuid.UUID"
json_schema = { type = "string", format = "uuid" }
row = "str"
convert = "text"
postgres = "uuid"
duckdb = "UUID"

[tool.schemagen.types.float64]
duckdb = { name = "DECIMAL(18, 3)", encode = "float64" }

[tool.schemagen.types.hstore_csv]
duckdb = "MAP(VARCHAR, VARCHAR[])"

[[tool.schemagen.columns]]
column = "*_id"
was = "string"
type = "uuid"

[[tool.schemagen.columns]]
table = "aws.vpc"
column = "owner_id"
type = "string"
"""
    )
    types = load_settings(tmp_path).types
    row = types.types["uuid"]
    assert (row.python.module, row.python.name) == ("uuid", "UUID")
    assert row.sql["postgres_jsonb"].name == "uuid"
    assert row.sql["postgres"].parameter("%s") == "CAST(%s AS uuid)"
    assert types.types["float64"].sql["duckdb"].name == "DECIMAL(18, 3)"
    assert types.types["float64"].sql["postgres"].name == "double precision"
    assert types.types["hstore_csv"].sql["duckdb"].name == "MAP(VARCHAR, VARCHAR[])"
    by_pattern = types.resolve_column("aws.x", "vpc_id", "string")
    assert (by_pattern.expression, by_pattern.rule) == (
        "uuid",
        "the settings' rule for *.*_id, was string",
    )
    assert types.resolve_column("aws.x", "vpc_id", "int64").expression == "int64"
    exact = types.resolve_column("aws.vpc", "owner_id", "string")
    assert (exact.expression, exact.rule) == ("string", "the settings' rule for aws.vpc.owner_id")


KNOWN = (
    "(known settings: docs, out, bindings, changelog, exclude, base_uri, nested_names, package, package_version, types, "
    "targets, outputs, "
    "columns, overrides, members, rules)"
)
PACKAGE = (
    "lower-case words joined by underscores, such as 'ddsql_schemas', and no keyword, module of the "
    "standard library or package that the generated code is used with"
)
ROW = (
    "a Python type made of str, int, float, bool, datetime, Json, dict, list, None and |, such as "
    "'dict[str, int | None]'"
)
SQL_TYPE = (
    "must be an SQL type, such as 'numeric(10, 2)', or a table {name, encode, decode, via}, not"
)


MONEY = """row = "str"
convert = "text"
json_schema = { type = "string" }
postgres = "money"
duckdb = "VARCHAR"
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("docs = [", ["schemagen.toml:1:9: SG301 is not valid TOML: invalid value"]),
        (
            "docs = 3",
            [
                "schemagen.toml:1:1: SG302 docs must be a string: a folder, relative to this file, "
                "not 3"
            ],
        ),
        (
            'nested_names = "camel"',
            [
                "schemagen.toml:1:1: SG302 nested_names must be one of 'snake_case', 'api', "
                "not 'camel'"
            ],
        ),
        (
            'nested_names = ["api"]',
            [
                "schemagen.toml:1:1: SG302 nested_names must be one of 'snake_case', 'api', "
                "not ['api']"
            ],
        ),
        (
            "types = 3",
            ["schemagen.toml:1:1: SG302 types must be a table with a table for each type, not 3"],
        ),
        ("types.x = 3", ["schemagen.toml:1:1: SG302 types.x must be a table, not 3"]),
        (
            "types.X = {}",
            [
                "schemagen.toml:1:1: SG302 the name of a type must be lower-case letters, digits "
                "and _, with a letter first, not 'X'"
            ],
        ),
        (
            "types.string = { row = 'bytes', convrt = 'text' }",
            [
                f"schemagen.toml:1:18: SG302 types.string.row must be {ROW}, not 'bytes'",
                "schemagen.toml:1:33: SG302 types.string has the unknown field 'convrt' (known "
                "fields: python, json_schema, row, convert, postgres, postgres_jsonb, duckdb, arrow, spark, bigquery, avro); did "
                "you mean 'convert'?",
            ],
        ),
        ('\nduck = "x"', [f"schemagen.toml:2:1: SG302 unknown setting 'duck' {KNOWN}"]),
        (
            '[tool.schemagen]\ndocs = "x"',
            [
                f"schemagen.toml:1:1: SG302 unknown setting 'tool' {KNOWN}; settings are at the top "
                "level of schemagen.toml: write `[types.uuid]`, not `[tool.schemagen.types.uuid]`"
            ],
        ),
        (
            'base_url = "x:"',
            [
                f"schemagen.toml:1:1: SG302 unknown setting 'base_url' {KNOWN}; did you mean "
                "'base_uri'?"
            ],
        ),
        (
            'base_uri = "x y"',
            [
                "schemagen.toml:1:1: SG302 base_uri must be a URI in printable ASCII, such as "
                "'urn:ddsql-schemas:' or 'https://example.com/schemas/', not 'x y'"
            ],
        ),
        (
            'package_version = "one"',
            [
                "schemagen.toml:1:1: SG302 package_version must be a version as PEP 440 defines it, "
                "such as '0.1.0', not 'one'"
            ],
        ),
        (
            "\npackage = 3",
            [f"schemagen.toml:2:1: SG302 package must be {PACKAGE}, not 3"],
        ),
        (
            '\npackage = "my-schemas"',
            [f"schemagen.toml:2:1: SG302 package must be {PACKAGE}, not 'my-schemas'"],
        ),
        (
            "[types.money]\npython = 'decimal.Decimal'\njson_schema = {}\nrow = 'str'\n"
            "convert = 'text'\npostgres = 'numeric; DROP'\nduckdb = 'DECIMAL'",
            [
                f"schemagen.toml:6:1: SG302 types.money.postgres {SQL_TYPE} 'numeric; DROP'",
                f"schemagen.toml:1:1: SG302 types.money.postgres_jsonb {SQL_TYPE} 'numeric; DROP'",
            ],
        ),
        (
            "types.string.duckdb = { name = 'TEXT', encode = 'base64' }",
            [
                "schemagen.toml:1:1: SG302 types.string.duckdb must be an SQL type, such as "
                "'numeric(10, 2)', or a table {name, encode, decode, via} (encode: boolean, double, float64, "
                "hstore_csv_json_text, hstore_csv_text, hstore_json_text, hstore_text, int64, "
                "json_text, text, timestamp; decode: double, hstore_csv_from_text, "
                "hstore_from_text, int64, json_from_text, text_from_value, timestamp), not {'name': 'TEXT', 'encode': 'base64'}"
            ],
        ),
        (
            "[[columns]]\ncolumn = 'a'",
            [
                "schemagen.toml:1:1: SG302 an entry of columns must have type: a type, such as "
                "'timestamp' or 'array<string>'"
            ],
        ),
        (
            "[[columns]]\ncolum = 'a'\ntype = 'string'",
            [
                "schemagen.toml:2:1: SG302 unknown key 'colum' of this entry of columns (known keys: "
                "table, column, was, type); did you mean 'column'?"
            ],
        ),
        (
            "types.string.python = 'uuidd.UUID'",
            [
                "schemagen.toml:1:1: SG302 types.string.python is uuidd.UUID, but the module 'uuidd' "
                "is not installed; did you mean 'uuid'?"
            ],
        ),
        (
            "[types.money]\nrow = 'str'",
            [
                "schemagen.toml:1:1: SG302 types.money needs 'convert': it is a new type",
                "schemagen.toml:1:1: SG302 types.money needs 'duckdb': it is a new type",
                "schemagen.toml:1:1: SG302 types.money needs 'json_schema': it is a new type",
                "schemagen.toml:1:1: SG302 types.money needs 'postgres': it is a new type",
                "schemagen.toml:1:1: SG302 types.money needs 'postgres_jsonb': it is a new type",
                "schemagen.toml:1:1: SG302 types.money needs 'python': it is a new type",
            ],
        ),
        (
            f"[types.money]\npyton = 'str'\n{MONEY}",
            [
                "schemagen.toml:1:1: SG302 types.money needs 'python': it is a new type",
                "schemagen.toml:2:1: SG302 types.money has the unknown field 'pyton' (known fields: "
                "python, json_schema, row, convert, postgres, postgres_jsonb, duckdb, arrow, spark, "
                "bigquery, avro); did you mean 'python'?",
            ],
        ),
        (
            f"[types.money]\npython = 'uuid.UUID'\n{MONEY.replace('text', 'txt')}",
            [
                "schemagen.toml:4:1: SG302 types.money.convert must be one of boolean, float64, "
                "hstore, int64, json_value, tags, text, timestamp, not 'txt'"
            ],
        ),
        (
            "[[columns]]\ncolumn = 'a'\ntype = 'strng'",
            [
                "schemagen.toml:3:1: SG302 unknown data type 'strng'; known types: string, int64, "
                "float64, bool, timestamp, json, hstore, hstore_csv, array<T>; did you mean 'string'?"
            ],
        ),
    ],
)
def test_load_settings_reports_every_mistake_at_its_position(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    """Every mistake is a problem at its line and column, all of them at once."""
    (tmp_path / "schemagen.toml").write_text(text)
    assert sorted(problems(tmp_path)) == sorted(expected)


# --- overrides ------------------------------------------------------------------------------------

NO_TABLE = "SG302 an override must have table: the id of a table, such as 'aws.s3_bucket'"
NO_TARGET = "SG302 an override must have column, or service, operation or path to choose the item of the table"
PATH_FORM = (
    "'@' for the response itself, or members joined by dots with [] after each list and {} after "
    "each map, such as 'Reservations[].Instances[]'"
)
MEMBER_FORM = (
    "a member, such as 'Name', the value at a key of a map, such as 'Attributes[QueueArn]', or '@' for "
    "the whole item"
)
ARGUMENTS_FORM = (
    "a table of parameters and the members of the primary item that are their arguments"
)
CONSTANTS_FORM = "a table of parameters and their arguments: non-empty strings, or lists of them"
ITEM_KEYS = "(known keys: table, service, operation, path)"
COLUMN_KEYS = (
    "(known keys: table, column, member, operation, path, arguments, constants, values, unbound)"
)
OVERRIDES = '''\
[tool.other]
text = """
[[tool.schemagen.overrides]]
"""

[[tool.schemagen.overrides]]  # the item
table = "aws.made"
operation = "DescribeThing"
path = "Things[]"

[[tool.schemagen.overrides]]
table = "aws.made"
column = "policy"
operation = "GetPolicy"
member = "@"
constants = { Kind = "a", Only = ["b", "c"] }
[tool.schemagen.overrides.arguments]
"Id" = "basename(Arn)"

[tool.schemagen.types.float64]
duckdb = "REAL"

[[ tool . schemagen . "overrides" ]]
table = "aws.made"
column = "dotted.name"
unbound = true
'''


@pytest.mark.parametrize(
    "text",
    [
        'package_version = "1.--+"',
        f'package_version = "1.dev{"1" * 5000}"',
        'types.string.postgres = "text DEFAULT pg_sleep(5)"',
        "types.string.duckdb = { name = 'TEXT', via = 'TEXT UNIQUE' }",
        "types.string.json_schema = { minimum = nan }",
        "types.string.json_schema = { items = { '$ref' = '#/nowhere' } }",
        'docs = ""',
        'out = "a\\u0000b"',
        f'bindings = "a/{"b" * 256}"',
        'package_version = "\u0661.0"',
        'package_version = " 1.0"',
        'types.string.python = "class.def"',
        'types.string.python = "str"',
        'types.string.json_schema = { type = "strng" }',
        'types.string.json_schema = { pattern = "(" }',
        "types.string.json_schema = { const = 2026-01-02 }",
        "types.string.json_schema = { maximum = inf }",
        'types.string.row = "list["',
        'types.string.row = "||"',
        'types.string.row = "str int"',
        'types.string.row = "str["',
        'types.string.row = "dict[str]"',
        'types.string.row = "str[int]"',
        'types.string.row = "[str]"',
    ],
)
def test_load_settings_refuses_what_no_file_could_be_generated_from(
    tmp_path: Path, text: str
) -> None:
    """Versions that no installer reads, Python that does not parse, and invalid JSON Schemas are
    problems of the settings, not failures of a later step."""
    (tmp_path / "schemagen.toml").write_text(text)
    (problem,) = problems(tmp_path)
    key = text.partition(" = ")[0]
    assert problem.startswith(f"schemagen.toml:1:1: SG302 {key} must be ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'docs = "a"\nout = "a/b"',
            "2:1: SG302 out (a/b) is inside docs (a); choose a folder outside",
        ),
        (
            'out = "docs_src/b"',
            "1:1: SG302 out (docs_src/b) is inside docs (docs_src); choose a folder outside",
        ),
        (
            'docs = "link/c"\nout = "a"',
            "2:1: SG302 docs (link/c) is inside out (a); choose a folder outside",
        ),
        ('docs = "generated"', "1:1: SG302 out must be another folder than docs, not 'generated'"),
        (
            'bindings = "generated"',
            "1:1: SG302 out must be another folder than bindings, not 'generated'",
        ),
        (
            'out = "bindings/a"',
            "1:1: SG302 out (bindings/a) is inside bindings (bindings); choose a folder outside",
        ),
        (
            'docs = "b"\nbindings = "a/../generated/c"',
            "2:1: SG302 bindings (generated/c) is inside out (generated); choose a folder outside",
        ),
        (
            'changelog = "docs_src/a.dataset.md"',
            "1:1: SG302 changelog (docs_src/a.dataset.md) is inside docs (docs_src); choose a file outside",
        ),
        (
            'bindings = "b"\nchangelog = "b/c.json"',
            "2:1: SG302 changelog (b/c.json) is inside bindings (b); choose a file outside",
        ),
        (
            'out = "o"\nchangelog = "schemagen.toml"',
            "2:1: SG302 changelog must be a file of its own, not 'schemagen.toml'",
        ),
    ],
)
def test_load_settings_refuses_inputs_among_generated_files(
    tmp_path: Path, text: str, message: str
) -> None:
    """Neither folder may be in the other, also behind a link: generated files would be read as pages or
    lock files, and a release would write a changelog over them, or over the settings."""
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "schemagen.toml").write_text(text)
    assert problems(tmp_path) == [f"schemagen.toml:{message}"]


def test_folders_are_where_messages_say(tmp_path: Path) -> None:
    """The way back from a link is the way that it came, not that of the folder that it leads to."""
    (tmp_path / "else/where").mkdir(parents=True)
    (tmp_path / "project").mkdir()
    (tmp_path / "project/link").symlink_to("../else/where")
    (tmp_path / "project/schemagen.toml").write_text(
        'docs = "link/../a"\nout = "link/../b"\nbindings = "link/../c"\nchangelog = "link/../d"'
    )
    settings = load_settings(tmp_path / "project/link/../../project")
    places = (settings.docs, settings.out, settings.bindings, settings.changelog)
    assert places == tuple(tmp_path / "project" / name for name in "abcd")
    assert list(map(settings.display, places)) == list("abcd")


def test_load_settings_accepts_folders_with_similar_names(tmp_path: Path) -> None:
    """`a` is not inside `a_b`, and both may be beside each other anywhere."""
    (tmp_path / "schemagen.toml").write_text('docs = "x/a"\nout = "x/a_b"')
    assert load_settings(tmp_path).out == tmp_path / "x/a_b"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f"outputs = [{'0,' * 100_000}]", 100_000),
        ("".join(f"[types.t{n}]\npython = 'uuid.UUID'\n" for n in range(4000)), 24_000),
    ],
)
def test_load_settings_reports_thousands_of_mistakes_in_seconds(
    tmp_path: Path, text: str, count: int
) -> None:
    """The time is proportional to the number of mistakes, not to its square."""
    (tmp_path / "schemagen.toml").write_text(text)
    before = time.process_time()
    assert len(problems(tmp_path)) == count
    assert time.process_time() - before < 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"docs = {'9' * 5000}", "1:8: SG301 has a number of more than 300 digits"),
        (f"docs = {'[' * 2000}{']' * 2000}", "1:108: SG301 is nested deeper than 100 levels"),
        (f"docs.{'.'.join('a' * 20_000)} = 1", "1:1: SG301 is nested deeper than 100 levels"),
        (
            f"docs = '{'a' * 300}'",
            f"1:1: SG302 docs must be a string: a folder, relative to this file, not '{'a' * 59}…': "
            "a part of it is longer than 255 bytes",
        ),
        (
            "docs = {a = 1, b = [1, 2, {c = 1979-01-01}]}",
            "1:1: SG302 docs must be a string: a folder, relative to this file, not "
            "{'a': 1, 'b': [1, 2, {'c': datetime.date(1979, 1, 1)}]}",
        ),
        (
            f"[[columns]]\ntype = '{'array<' * 2000}string{'>' * 2000}'",
            f"2:1: SG302 arrays are nested deeper than 8 levels: '{'array<' * 10}'…",
        ),
        (
            f"[types.string]\njson_schema = {{pattern = '{'(' * 3000}{')' * 3000}'}}",
            "2:1: SG302 types.string.json_schema must be a table: a valid JSON Schema (2020-12) of a value, not "
            f"{{'pattern': '{'(' * 59}…'}}: a pattern is nested too deeply",
        ),
    ],
)
def test_load_settings_survives_hostile_files(tmp_path: Path, text: str, message: str) -> None:
    """Long numbers, deep nesting, dates and long names are problems of one short line."""
    (tmp_path / "schemagen.toml").write_text(text)
    assert problems(tmp_path) == [f"schemagen.toml:{message}"]


@pytest.mark.parametrize(
    "version", ["1", "1.2.3", "2026.11", "1.0rc1", "1.0.post1", "1.0.dev3+local.1", "1!2.0"]
)
def test_load_settings_accepts_versions_of_pep_440(tmp_path: Path, version: str) -> None:
    """Every form of a version that installers read is accepted and kept as it is."""
    (tmp_path / "schemagen.toml").write_text(f'package_version = "{version}"')
    assert load_settings(tmp_path).package_version == version


@pytest.mark.parametrize(
    ("written", "row"),
    [
        ("str", "str"),
        ("dict[str,list[int|None]]", "dict[str, list[int | None]]"),
        ("Json | None", "Json | None"),
    ],
)
def test_load_settings_formats_row_types(tmp_path: Path, written: str, row: str) -> None:
    """The annotation of a type's values in rows is accepted in any layout."""
    (tmp_path / "schemagen.toml").write_text(f'types.string.row = "{written}"')
    assert load_settings(tmp_path).types.types["string"].row == row


def test_overrides_keep_their_order_and_positions(tmp_path: Path) -> None:
    """Items, columns and unbound columns keep the order of the file, with their positions."""
    (tmp_path / "pyproject.toml").write_text(OVERRIDES)
    found = load_settings(tmp_path).overrides
    assert [(item.table, item.service, item.operation, item.path) for item in found.items] == [
        ("aws.made", "", "DescribeThing", "Things[]")
    ]
    policy, dotted = found.columns
    assert (policy.operation, policy.path, policy.member) == ("GetPolicy", "", "@")
    assert policy.arguments == (("Id", "basename(Arn)"),)
    assert policy.constants == (("Kind", "a"), ("Only", ("b", "c")))
    assert (dotted.column, dotted.member, dotted.arguments) == ("dotted.name", "", None)
    assert [str(override.position.problem("SG303", "x")) for override in found] == [
        "pyproject.toml:6:1: SG303 x",
        "pyproject.toml:11:1: SG303 x",
        "pyproject.toml:23:1: SG303 x",
    ]
    assert policy.position.keys["arguments"] == (17, 1)
    assert found.of("aws.other") == Overrides()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("overrides = {}", ["1:1: SG302 overrides must be an array of tables, not {}"]),
        ("overrides = [\n  1,\n]", ["2:3: SG302 an override must be a table, not 1"]),
        (
            "overrides = [\n  {},\n  { table = 'a.b' }, { column = 'c' }]",
            [
                f"2:3: {NO_TARGET}",
                f"2:3: {NO_TABLE}",
                f"3:3: {NO_TARGET}",
                f"3:22: {NO_TABLE}",
                "3:22: SG302 an override of a column must have member, or unbound = true",
            ],
        ),
        (
            "[[overrides]]\ntable = 'a.b'\ncolumn = 'c'\nmember = 'D'\n# and again\n"
            "[[overrides]]\ntable = 'a.b'\ncolumn = 'c'\nunbound = true",
            ["6:1: SG302 a.b.c has another override on line 1; delete one of them"],
        ),
        (
            "[[overrides]]\ntable = 'a.b'\npath = '@'\n[[overrides]]\ntable = 'a.b'\npath = 'X'",
            ["4:1: SG302 a.b has another override on line 1; delete one of them"],
        ),
        (
            "[[overrides]]\ntable = 'a.b'\ncolumn = 'c'\nunbound = true\nmember = 'D'",
            [
                "5:1: SG302 unknown key 'member' of this override (known keys: table, column, unbound)"
            ],
        ),
        (
            "[[overrides]]\ntable = 'a.b'\ncolum = 'c'\nmember = 'D'",
            [
                f"1:1: {NO_TARGET}",
                f"3:1: SG302 unknown key 'colum' of this override {ITEM_KEYS}; did you mean 'column'?",
                f"4:1: SG302 unknown key 'member' of this override {ITEM_KEYS}",
            ],
        ),
        (
            "[[overrides]]\ntable = 'a.b'\ncolumn = 'c'\nunbound = false",
            ["4:1: SG302 unbound must be true, or left out, not False"],
        ),
        (
            "[[overrides]]\ntable = 'a.b'\nmember = 'D'\nservice = 'S 3'",
            [
                f"3:1: SG302 unknown key 'member' of this override {ITEM_KEYS}",
                "4:1: SG302 service must be the name of a service in botocore, such as 's3', not 'S 3'",
            ],
        ),
        (
            "[[overrides]]\ntable = 3\ncolumn = ''\nmember = 'a.b'\noperation = 'x-y'\n"
            "path = 'A['\nservice = 's3'",
            [
                "2:1: SG302 table must be the id of a table, such as 'aws.s3_bucket', not 3",
                "3:1: SG302 column must be the name of a column, not ''",
                f"4:1: SG302 member must be {MEMBER_FORM}, not 'a.b'",
                "5:1: SG302 operation must be the name of an operation, such as 'ListBuckets', not 'x-y'",
                f"6:1: SG302 path must be {PATH_FORM}, not 'A['",
                f"7:1: SG302 unknown key 'service' of this override {COLUMN_KEYS}",
            ],
        ),
        (
            "[[overrides]]\ntable = 'a.b'\ncolumn = 'c'\nmember = 'D'\npath = '@'\n"
            "arguments.X = 'Y'",
            [
                "5:1: SG302 path applies to the call of another operation; set operation as well",
                "6:1: SG302 arguments applies to the call of another operation; set operation as well",
            ],
        ),
        (
            "[[overrides]]\ntable = 'a.b'\ncolumn = 'c'\nmember = 'D'\noperation = 'E'\n"
            "arguments = 'X'\nconstants = { X = 1, Y = [] }",
            [
                f"6:1: SG302 arguments must be {ARGUMENTS_FORM}, not 'X'",
                f"7:1: SG302 constants must be {CONSTANTS_FORM}, not {{'X': 1, 'Y': []}}",
            ],
        ),
        (
            "[[overrides]]\ntable = 'a.b'\ncolumn = 'c'\nmember = 'D'\noperation = 'E'\n"
            "arguments = { X = ['Y'] }\nconstants = { \"x y\" = 'a' }",
            [
                f"6:1: SG302 arguments must be {ARGUMENTS_FORM}, not {{'X': ['Y']}}",
                f"7:1: SG302 constants must be {CONSTANTS_FORM}, not {{'x y': 'a'}}",
            ],
        ),
        (
            "[[overrides]]\ntable = 'a.b'\ncolumn = 'c'\nmember = 'D'\noperation = 'E'\n"
            "arguments = { X = 'Y' }\nconstants = { X = 'a' }",
            ["7:1: SG302 X is both an argument and a constant; delete one of them"],
        ),
    ],
)
def test_overrides_report_every_mistake_at_its_key(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    """Every mistake is a problem at the key that it is in, or else at its entry."""
    (tmp_path / "schemagen.toml").write_text(text)
    assert problems(tmp_path) == [f"schemagen.toml:{line}" for line in expected]
