"""Targets of the settings: chosen, replaced and added without touching the program."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest
import yaml

import handmade
import projects
from environments import build
from projects import CHECKOUT
from schemagen import api, names
from schemagen.build.plan import plan
from schemagen.diagnostics import ProblemsFound
from schemagen.emit.render import renderer
from schemagen.emit.sandbox import FILTERS
from schemagen.targets.registry import TARGETS, selected

TYPES = (
    'types = { string = "VARCHAR", int64 = "BIGINT", float64 = "DOUBLE", bool = "BOOLEAN",'
    ' timestamp = "TIMESTAMPTZ", json = "JSON", hstore = "JSON", hstore_csv = "JSON" }\n'
)
FLAT = (
    "-- {{ notice }}\n"
    'CREATE TABLE {{ [table.provider, table.name] | join("_") | double_quoted }} (\n'
    "{% for column in table.columns %}\n"
    "    {{ column.names[target] | double_quoted }} {{ column.types[target] }}"
    '{{ "," if not loop.last }}\n'
    "{% endfor %}\n);\n"
)
SETTINGS = (
    '[targets.duckdb_flat]\ntemplate = "schema/flat.sql.j2"\n'
    'path = "flat/{provider}/{table}.sql"\narray = "{}[]"\n'
)
ROWS = ("_key | core | string", "a\\`\\`\"b'\\] | core | array<int64>", "tags | core | hstore_csv")


def project(
    folder: Path, settings: str, templates: Mapping[str, str], rows: tuple[str, ...] = ROWS
) -> Path:
    """Make a project of one table, aws.thing."""
    projects.pages(folder, {"ddsql/aws/aws.thing.dataset.md": projects.page("aws.thing", *rows)})
    (folder / "schemagen.toml").write_text(settings)
    for path, text in templates.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def problems(folder: Path) -> list[str]:
    """Render the project, and return what is wrong with it."""
    try:
        api.render(api.settings(folder))
    except ProblemsFound as error:
        return [str(problem) for problem in error.problems]
    return []


def test_registry_names_renderers_that_exist() -> None:
    """Every row of the registry has a function that renders it, and needs rows that exist."""
    names_of = {target.name: target for target in TARGETS}
    assert len(names_of) == len(TARGETS) >= 10
    for target in TARGETS:
        assert callable(renderer(target))
        assert {item.name for item in selected([target.name], names_of)} >= {target.name}


def test_user_target_is_read_by_its_engine_and_offered_by_the_catalogue(tmp_path: Path) -> None:
    """DuckDB creates the table of a user's template, whose hostile name it keeps, and the package's
    catalogue reads the file."""
    folder = project(tmp_path, SETTINGS + TYPES, {"schema/flat.sql.j2": FLAT})
    files = api.render(api.settings(folder))
    statement = files["ddsql_schemas/flat/aws/thing.sql"]
    with duckdb.connect() as connection:
        connection.execute(statement)
        found = connection.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'aws_thing'"
        ).fetchall()
    assert found == [("_key", "VARCHAR"), ("a``\"b']", "BIGINT[]"), ("tags", "JSON")]
    with handmade.imported(tmp_path / "made", "flat_schemas", handmade.inside(files)) as package:
        catalog = package.module("catalog")
        assert catalog.table("aws.thing").text("duckdb_flat") == statement
        assert "duckdb_flat" in catalog.OUTPUTS
    column = json.loads(files["ddsql_schemas/catalog.json"])["tables"]["aws.thing"]["types"]
    assert column["array<int64>"]["duckdb_flat"] == "BIGINT[]"


def test_changed_template_makes_the_output_out_of_date(tmp_path: Path) -> None:
    """A template, and those beside it, are inputs of the build."""
    text = '{% include "head.j2" %}\n{{ table.id }}\n'
    folder = project(tmp_path, SETTINGS + TYPES, {"schema/flat.sql.j2": text})
    (folder / "schema/head.j2").write_text("first")
    api.build(api.settings(folder))
    assert not api.check(api.settings(folder))
    (folder / "schema/head.j2").write_text("second")
    found = [str(finding) for finding in api.check(api.settings(folder))]
    assert found == [
        "generated/ddsql_schemas/flat/aws/thing.sql: template changed (schema/head.j2)"
    ]
    api.build(api.settings(folder))
    assert not api.check(api.settings(folder))
    built = folder / "generated/ddsql_schemas/flat/aws/thing.sql"
    assert built.read_text() == "secondaws.thing\n"


LIST = '[targets.list]\ntemplate = "lists/list.j2"\npath = "tables.txt"\narray = "{}[]"\n' + TYPES


@pytest.mark.parametrize(
    ("changed", "written"),
    [
        (("schema/flat.sql.j2",), {"flat/aws/thing.sql", "flat/aws/other.sql"}),
        (("lists/list.j2",), {"tables.txt"}),
        (
            ("schema/flat.sql.j2", "docs_src/ddsql/aws/aws.thing.dataset.md"),
            {"flat/aws/thing.sql", "flat/aws/other.sql", "models/aws/thing.py"},
        ),
    ],
)
def test_changed_template_renders_the_files_of_its_targets_only(
    tmp_path: Path, changed: tuple[str, ...], written: set[str]
) -> None:
    """What other targets have is not rendered again, unless a page changed as well, and the output is
    that of a full build."""
    templates = {
        "schema/flat.sql.j2": "{{ table.id }} {{ table.title }}\n",
        "lists/list.j2": "{% for table in catalog.tables.values() %}{{ table.title }}{% endfor %}\n",
    }
    folder = project(tmp_path, SETTINGS + TYPES + LIST, templates)
    projects.pages(
        folder, {"ddsql/aws/aws.other.dataset.md": projects.page("aws.other", "a | core | string")}
    )
    (folder / "schemagen.toml").write_text(SETTINGS + TYPES + LIST)
    api.build(api.settings(folder))
    for path in changed:
        old, new = (".title", ".title | upper") if path.endswith(".j2") else ("made-up", "new")
        (folder / path).write_text((folder / path).read_text().replace(old, new))
    partial = plan(api.settings(folder))
    package = "ddsql_schemas/"
    # The files that every build renders are made from the catalogue.
    tables = {path for path in partial.files if path.endswith(("thing.py", "other.py", ".sql"))}
    assert {path.removeprefix(package) for path in partial.out_of_date} >= written
    if len(changed) == 1:
        assert {path.removeprefix(package) for path in partial.out_of_date} == written
        assert tables == {package + path for path in written if path.endswith(".sql")}
    else:
        assert package + "models/aws/other.py" not in tables
    api.build(api.settings(folder))
    built = projects.tree(folder / "generated")
    api.build(api.settings(folder), full=True)
    assert projects.tree(folder / "generated") == built
    assert not api.check(api.settings(folder))


def test_outputs_select_what_is_built_and_the_rest_is_removed(tmp_path: Path) -> None:
    """With DDL only there is DDL only, the catalogue works without the rest, and says what is missing."""
    folder = project(tmp_path, "", {})
    api.build(api.settings(folder))
    (folder / "schemagen.toml").write_text('outputs = ["duckdb"]\n')
    changes = api.build(api.settings(folder))
    assert "ddsql_schemas/models/aws/thing.py" in changes.removed
    out = folder / "generated"
    left = [path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()]
    assert sorted(path for path in left if "_runtime" not in path) == [
        ".gitattributes",
        "README.md",
        *(f"ddsql_schemas/{name}" for name in ("__init__.py", "__main__.py", "_package.py")),
        *(f"ddsql_schemas/{name}" for name in ("catalog.json", "catalog.py")),
        "ddsql_schemas/ddl/duckdb/aws/thing.sql",
        "ddsql_schemas/py.typed",
        "manifest.json",
        "pyproject.toml",
    ]
    assert "dependencies = []" in (out / "pyproject.toml").read_text()
    files = api.render(api.settings(folder))
    with handmade.imported(tmp_path / "made", "ddl_schemas", handmade.inside(files)) as package:
        table = package.module("catalog").table("aws.thing")
        assert "CREATE TABLE" in table.ddl("duckdb")
        assert [column.name for column in table.columns] == ["_key", "a``\"b']", "tags"]
        for part in ("model", "mapper", "loading", "json_schema"):
            with pytest.raises(KeyError, match="this package was built without"):
                getattr(table, part)
        with pytest.raises(KeyError, match=r"unknown dialect 'postgres' \(known: duckdb\)"):
            table.ddl("postgres")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            'outputs = ["duckdbb"]\n',
            "schemagen.toml:1:12: SG302 unknown target 'duckdbb' in outputs",
        ),
        ('outputs = ["tables"]\n', "schemagen.toml:1:1: SG302 'tables' in outputs is for loading"),
        (
            '[targets.duckdb_flat]\npath = "flat/{provider}/{table}.sql"\n',
            "schemagen.toml:1:1: SG302 a target 'duckdb_flat' must have template: ",
        ),
        (SETTINGS + "typs = {}\n", "schemagen.toml:5:1: SG302 unknown key 'typs' of this target"),
        (
            SETTINGS + 'types = { strng = "X" }\n',
            "schemagen.toml:5:11: SG302 unknown type 'strng'",
        ),
        (
            SETTINGS
            + TYPES.replace('hstore_csv = "JSON"', 'bool = "X"').replace('bool = "BOOLEAN",', ""),
            "schemagen.toml:5:1: SG307 the target 'duckdb_flat' does not spell the type hstore_csv of "
            "aws.thing.tags",
        ),
        (
            (SETTINGS + TYPES).replace('array = "{}[]"\n', ""),
            "schemagen.toml:1:1: SG307 the target 'duckdb_flat' does not spell the type array<T>",
        ),
        (
            (SETTINGS + TYPES).replace("flat/{provider}", "{service}"),
            "schemagen.toml:3:1: SG302 unknown placeholder {service} in path",
        ),
        (
            (SETTINGS + TYPES).replace("flat/{provider}", "../{provider}"),
            "schemagen.toml:3:1: SG302 path must be a path in the generated package",
        ),
        (
            (SETTINGS + TYPES).replace("flat/{provider}", "DDL/duckdb/{provider}"),
            "schemagen.toml:3:1: SG308 the targets 'duckdb' and 'duckdb_flat' would both",
        ),
        (
            (SETTINGS + TYPES).replace("flat/{provider}/{table}.sql", "models/aws/Thing.py"),
            "schemagen.toml:3:1: SG308 ddsql_schemas/models/aws/Thing.py, a file of the target",
        ),
        (
            (SETTINGS + TYPES).replace("flat/{provider}/{table}.sql", "models"),
            "schemagen.toml:3:1: SG308 ddsql_schemas/models, a file of the target",
        ),
        (
            (SETTINGS + TYPES).replace("flat/{provider}/{table}.sql", "models/aws/Thing.py/all"),
            "schemagen.toml:3:1: SG308 ddsql_schemas/models/aws/Thing.py/all, a file of the target "
            "'duckdb_flat', is in ddsql_schemas/models/aws/Thing.py, which is a file of another target",
        ),
        (
            (SETTINGS + TYPES).replace("flat/{provider}/{table}.sql", "catalog.json"),
            "schemagen.toml:3:1: SG302 path must not be 'catalog.json'",
        ),
        *(
            (
                (SETTINGS + TYPES).replace("flat/{provider}/{table}.sql", path),
                f"schemagen.toml:3:1: SG302 path must not {fault}",
            )
            for path, fault in {
                ".flat/{provider}/{table}.sql": "contain '.flat': hidden files and caches do not",
                "flat/.{provider}/{table}.sql": "contain '.x'",
                "flat/.all.sql": "contain '.all.sql'",
                "flat/__pycache__/all.sql": "contain '__pycache__'",
                "catalog/all.py": "begin with 'catalog', which would shadow the module 'catalog.py'",
                "SQL/{provider}/{table}.sql": "begin with 'SQL'",
                "records.txt": "begin with 'records.txt'",
                "_runtime/calls.py": "be '_runtime'",
            }.items()
        ),
        (
            (SETTINGS + TYPES).replace("flat/{provider}/{table}.sql", "models/aws.py"),
            "schemagen.toml:3:1: SG308 ddsql_schemas/models/aws.py, a file of the target 'duckdb_flat', "
            "would be hidden by the folder ddsql_schemas/models/aws",
        ),
        (
            (SETTINGS + TYPES).replace("flat/{provider}/{table}.sql", "models/aws/thing/all.py"),
            "schemagen.toml:3:1: SG308 ddsql_schemas/models/aws/thing/all.py, a file of the target "
            "'duckdb_flat', is in a folder that would hide the module ddsql_schemas/models/aws/thing.py",
        ),
        (
            (SETTINGS + TYPES).replace("schema/flat", "schema/flatt"),
            "schemagen.toml:2:1: SG302 cannot read the template schema/flatt.sql.j2: No such file",
        ),
        (
            (SETTINGS + TYPES).replace("duckdb_flat", "pydantic"),
            "schemagen.toml:1:1: SG302 the built-in target 'pydantic' cannot be replaced",
        ),
    ],
)
def test_wrong_settings_are_reported_at_their_position(
    tmp_path: Path, settings: str, expected: str
) -> None:
    """Each mistake in a target or in outputs is one problem, at its line and column."""
    template = {"schema/flat.sql.j2": "text"}
    [found] = problems(project(tmp_path, settings, template))
    assert found.startswith(expected)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("\n{{ tabel.id }}", "2:4: SG309 'tabel' is undefined (for aws.thing)"),
        ("\n {{ table.idd }}", "2:11: SG309 "),
        ("{{ table.id | loud }}", "1:15: SG309 No filter named 'loud'."),
        ("\n{% if %}", "2:1: SG309 Expected an expression"),
        ("{{ table.__class__.__mro__ }}", "1:10: SG309 access to attribute '__class__'"),
        ("{{ table.columns.append(1) }}", "1:18: SG309 "),
        ('{% include "../secret" %}', "1:1: SG309 there is no template '../secret' in the folder"),
        ("{{ 'x' * 100000000 }}", "1:1: SG309 the template builds more than"),
        ("{{ 'x'.ljust(100000000) }}", "1:1: SG309 the template builds more than"),
        (
            "{% for a in range(9999) %}{% for b in range(9999) %}{% set c = 1 %}{% endfor %}{% endfor %}",
            "1:1: SG309 the template takes more than",
        ),
        (
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "1:1: SG309 endless recursion: the template includes itself, or a macro calls itself",
        ),
        (
            "{% include 'flat.sql.j2' %}",
            "1:1: SG309 endless recursion: the template includes itself, or a macro calls itself",
        ),
        ("{{ 1 / 0 }}", "1:1: SG309 division by zero"),
        (
            "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
            "1:1: SG309 the template takes more than",
        ),
    ],
)
def test_failing_templates_are_reported_at_their_line(
    tmp_path: Path, template: str, expected: str
) -> None:
    """Whatever a template does wrong, its line is reported; nothing runs without end."""
    [found] = problems(project(tmp_path, SETTINGS + TYPES, {"schema/flat.sql.j2": template}))
    assert found.startswith(f"schema/flat.sql.j2:{expected}")


def test_target_replaces_a_built_in_one_and_types_shows_it(tmp_path: Path) -> None:
    """A target called duckdb takes the place of ours, keeps its spellings, and is marked."""
    settings = SETTINGS.replace("duckdb_flat", "duckdb") + 'types = { json = "VARCHAR" }\n'
    folder = project(tmp_path, settings, {"schema/flat.sql.j2": FLAT})
    files = api.render(api.settings(folder))
    assert "ddsql_schemas/ddl/duckdb/aws/thing.sql" not in files
    assert '"tags" MAP(VARCHAR, VARCHAR[])' in files["ddsql_schemas/flat/aws/thing.sql"]
    shown = projects.run(folder, "types").stdout
    assert "DuckDB (replaced)" in shown
    assert "in schema/flat.sql.j2, replaces the built-in one" in shown
    rows = json.loads(projects.run(folder, "types", "--format", "json").stdout)
    assert {row["type"]: row["duckdb"] for row in rows}["json"] == "VARCHAR"


def test_types_json_says_where_each_target_comes_from(tmp_path: Path) -> None:
    """Programs learn of each target whether it is built, built in, replaced, or the settings' own, and what
    a type is there, even if its name is that of another key."""
    own = SETTINGS.replace("duckdb_flat", "row").replace("flat/{", "row/{") + TYPES
    settings = 'outputs = ["duckdb", "row"]\n' + SETTINGS.replace("duckdb_flat", "duckdb") + own
    folder = project(tmp_path, settings, {"schema/flat.sql.j2": FLAT})
    printed = json.loads(projects.run(folder, "types", "--format", "json").stdout)
    [row] = [row for row in printed if row["type"] == "hstore_csv"]
    assert row["row"] == "dict[str, list[str]]"
    assert row["targets"].keys() == api.settings(folder).targets.keys()
    assert row["targets"]["duckdb"] == {
        "type": "MAP(VARCHAR, VARCHAR[])",
        "built": True,
        "defined": "replaced",
        "path": "flat/{provider}/{table}.sql",
        "template": "schema/flat.sql.j2",
    }
    assert row["targets"]["row"] == {
        **row["targets"]["duckdb"],
        "type": "JSON",
        "defined": "settings",
        "path": "row/{provider}/{table}.sql",
    }
    assert row["targets"]["pydantic"] == {
        "type": None,
        "built": False,
        "defined": "built in",
        "path": "models/{provider}/{table}.py",
        "template": None,
    }


def test_target_without_placeholders_has_one_file_for_the_catalogue(tmp_path: Path) -> None:
    """Its template gets all tables."""
    settings = SETTINGS.replace("flat/{provider}/{table}.sql", "tables.yml") + TYPES
    text = (
        "{% for table in catalog.tables.values() %}\n- {{ table.id | yaml_literal }}\n{% endfor %}"
    )
    folder = project(tmp_path, settings, {"schema/flat.sql.j2": text})
    files = api.render(api.settings(folder))
    assert yaml.safe_load(files["ddsql_schemas/tables.yml"]) == ["aws.thing"]


def test_modules_of_the_catalogue_are_in_packages(tmp_path: Path) -> None:
    """A target may write one Python module into a folder of its own, which is then a package."""
    settings = SETTINGS.replace("flat/{provider}/{table}.sql", "extra/ids.py") + TYPES
    text = "IDS = [{% for id in catalog.tables %}{{ id | python_literal }}{% endfor %}]\n"
    files = api.render(api.settings(project(tmp_path, settings, {"schema/flat.sql.j2": text})))
    inside = handmade.inside(files)
    assert inside["extra/__init__.py"] == ""
    with handmade.imported(tmp_path / "made", "extra_schemas", inside) as package:
        assert package.module("extra.ids").IDS == ["aws.thing"]


def test_users_types_must_be_spelled_in_every_selected_target(tmp_path: Path) -> None:
    """A type of the settings that a selected target does not spell is an error; other targets may."""
    uuid = (
        '[types.uuid]\npython = "uuid.UUID"\njson_schema = { type = "string" }\nrow = "str"\n'
        'convert = "text"\nduckdb = "UUID"\n'
    )
    settings = 'outputs = ["duckdb", "duckdb_flat"]\n' + SETTINGS + TYPES + uuid
    folder = project(tmp_path, settings, {"schema/flat.sql.j2": FLAT})
    [found] = problems(folder)
    assert found.endswith(
        "SG302 types.uuid needs 'duckdb_flat': it is a new type; "
        "set types.uuid.duckdb_flat or targets.duckdb_flat.types.uuid"
    )
    rule = '[[columns]]\ntable = "aws.thing"\ncolumn = "tags"\ntype = "{}"\n'
    for type in ("uuid", "array<uuid>"):
        (folder / "schemagen.toml").write_text(settings + rule.format(type))
        assert problems(folder) == [found], "a rule that chooses the type is right"
    (folder / "schemagen.toml").write_text(settings + rule.format("uid"))
    assert "SG302 unknown data type 'uid'; known types: string, " in " ".join(problems(folder))
    (folder / "schemagen.toml").write_text(settings + 'duckdb_flat = "UUID"\n')
    assert problems(folder) == []
    (folder / "schemagen.toml").write_text(
        settings.replace('string = "VARCHAR"', 'string = "VARCHAR", uuid = "UUID"')
    )
    assert problems(folder) == []


HOSTILE = 'it\'s "x" `y` [z] \\ {{ 1 }} % \n\t é 😀 \u2028 --'


def test_filters_quote_hostile_text_for_real_readers() -> None:
    """JSON, YAML, Python and DuckDB read back what the filters quote."""
    assert json.loads(FILTERS["json_literal"](HOSTILE)) == HOSTILE
    assert yaml.safe_load(FILTERS["yaml_literal"](HOSTILE)) == HOSTILE
    quoted = FILTERS["python_literal"](HOSTILE)
    namespace: dict[str, object] = {}
    exec(f"value = {quoted}", namespace)  # noqa: S102
    assert namespace["value"] == HOSTILE
    with duckdb.connect() as connection:
        statement = (
            f"SELECT {FILTERS['sql_literal'](HOSTILE)} AS {FILTERS['double_quoted'](HOSTILE)}"
        )
        result = connection.execute(statement)
        assert (result.fetchone(), result.description[0][0]) == ((HOSTILE,), HOSTILE)
    assert FILTERS["backtick_quoted"]("a`b") == "`a``b`"
    assert FILTERS["bracket_quoted"]("a]b") == "[a]]b]"
    assert FILTERS["backslash_literal"]("a'\\\n") == "'a\\'\\\\\\n'"
    assert "\n" not in names.one_line(HOSTILE)


def test_clickhouse_example_of_the_documentation_runs(tmp_path: Path) -> None:
    """The settings and the template that docs/targets.md shows make this statement."""
    page = (CHECKOUT / "docs/targets.md").read_text("utf-8")
    settings, template = re.findall(r"<!-- clickhouse \w+ -->\n```\w+\n(.*?)```", page, re.DOTALL)
    settings = settings.replace("tool.schemagen.", "")
    folder = project(tmp_path, settings, {"schema/clickhouse.sql.j2": template})
    text = api.render(api.settings(folder))["ddsql_schemas/clickhouse/aws/thing.sql"]
    assert text.splitlines()[2:] == [
        "CREATE DATABASE IF NOT EXISTS `aws`;",
        "",
        "CREATE TABLE IF NOT EXISTS `aws`.`thing` (",
        "    `_key` String,",
        "    `a````\"b']` Array(Nullable(Int64)),",
        "    `tags` Map(String, Array(String))",
        ")",
        "ENGINE = ReplacingMergeTree",
        "ORDER BY `_key`;",
    ]


@pytest.mark.slow
def test_wheel_has_the_files_of_user_targets(tmp_path: Path) -> None:
    """pip builds a wheel in which users' files are beside ours."""
    folder = project(tmp_path, SETTINGS + TYPES, {"schema/flat.sql.j2": FLAT})
    api.build(api.settings(folder))
    (tmp_path / "wheels").mkdir()
    wheel = build(folder / "generated", tmp_path / "wheels", "--wheel")
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read("ddsql_schemas/flat/aws/thing.sql").decode()
    assert text == api.render(api.settings(folder))["ddsql_schemas/flat/aws/thing.sql"]
