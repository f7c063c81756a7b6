"""Golden projects: their whole output is frozen, and real consumers use it.

A reviewer sees in the diff of ``tests/golden/`` what a change does to the output.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator, FormatChecker

import golden_trees
import handmade
import projects
from golden_responses import CALLS
from golden_trees import FOLDER, PROJECTS
from loading import Connection, execute

# On one worker, so that each project is rendered once.
pytestmark = pytest.mark.xdist_group("golden")

rendered = cache(golden_trees.rendered)

each_project = pytest.mark.parametrize("project", PROJECTS)
each_dialect = pytest.mark.parametrize("dialect", ["duckdb", "postgres", "postgres_jsonb"])


# --- the frozen output ----------------------------------------------------------------------------


@each_project
def test_tree_is_the_golden_tree(project: str, request: pytest.FixtureRequest) -> None:
    """Compares every file of the package with the golden tree: none added, none removed."""
    files = golden_trees.comparable(rendered(project))
    if request.config.getoption("--update-golden"):
        golden_trees.freeze(project, files)
    if found := golden_trees.differences(golden_trees.frozen(project), files):
        pytest.fail(found, pytrace=False)


@each_project
@pytest.mark.parametrize("command", ["inspect", "coverage"])
def test_json_of_commands_is_golden(
    project: str, command: str, golden: Callable[[str, Path], None]
) -> None:
    """Compares what ``inspect`` and ``coverage`` print for programs with the golden file."""
    done = projects.run(FOLDER / project, command, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)
    golden(done.stdout, FOLDER / project / f"{command}.json")


@each_project
def test_rows_of_mappers_are_golden_and_satisfy_model_and_schema(
    project: str, packages: Packages, golden: Callable[[str, Path], None]
) -> None:
    """Feeds each mapper of the project a realistic response: the rows are the golden ones, and each
    satisfies the table's model and its JSON Schema."""
    package = packages(project)
    catalog = cast("Any", package.module("catalog"))
    mapped = {table for table, entry in catalog.TABLES.items() if entry.mapper}
    assert mapped == CALLS[project].keys()
    shown: dict[str, list[Any]] = {}
    for table, call in CALLS[project].items():
        rows = list(catalog.mapper(table).from_response(call.response, **call.arguments))
        assert len(rows) == call.rows
        model, schema = catalog.model(table), catalog.json_schema(table)
        validator: Any = Draft202012Validator(schema, format_checker=FORMATS)
        shown[table] = []
        for row in rows:
            assert any(value is not None for value in row.values())
            made = model.model_validate(row)
            document = made.model_dump(mode="json", by_alias=True, exclude_unset=True)
            assert document.keys() == row.keys()
            validator.validate(document)
            shown[table].append(document)
    text = json.dumps(shown, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    golden(text, FOLDER / project / "rows.json")


# --- what consumes it -----------------------------------------------------------------------------

FORMATS = FormatChecker()
assert "date-time" in FORMATS.checkers, "rfc3339-validator is not installed"

Packages = Callable[[str], handmade.Package]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Packages]:
    """Imports the package of a project; it stays importable until the tests of this module end."""
    with ExitStack() as stack:

        @cache
        def package(project: str) -> handmade.Package:
            folder = tmp_path_factory.mktemp(project)
            made = handmade.imported(
                folder, f"golden_{project}", handmade.inside(rendered(project))
            )
            return stack.enter_context(made)

        yield package


@each_project
def test_every_module_can_be_imported(project: str, packages: Packages) -> None:
    """Imports every module; each defines something, apart from those that only mark packages."""
    package = packages(project)
    paths = [Path(path) for path in handmade.inside(rendered(project)) if path.endswith(".py")]
    paths = [path for path in paths if path.parts[0] != "spark"]  # needs pyspark
    modules = [path.with_suffix("") for path in paths if path.name != "__init__.py"]
    assert len(modules) > 10
    for path in modules:
        module = package.module(".".join(path.parts))
        assert [name for name in vars(module) if not name.startswith("__")]


@each_project
@each_dialect
def test_ddl_runs_twice(
    project: str, dialect: str, packages: Packages, request: pytest.FixtureRequest
) -> None:
    """Runs the statements of all tables twice in the real engine; afterwards each table has as many
    columns as its model has fields."""
    catalog = cast("Any", packages(project).module("catalog"))
    hstore = any("EXTENSION" in catalog.ddl(table, dialect) for table in catalog.TABLES)
    fixture = "duck" if dialect == "duckdb" else "postgres_with_hstore" if hstore else "postgres"
    connection: Connection = request.getfixturevalue(fixture)
    for _ in range(2):
        for table in catalog.TABLES:
            execute(connection, catalog.ddl(table, dialect))
    assert columns_by_table(connection) == {
        table: len(catalog.model(table).model_fields) for table in catalog.TABLES
    }


def columns_by_table(connection: Connection) -> dict[str, int]:
    """Count the columns of each table."""
    query = (
        "SELECT table_schema || '.' || table_name, count(*) FROM information_schema.columns "
        "WHERE table_schema NOT IN ('information_schema', 'pg_catalog', 'main') GROUP BY 1"
    )
    return dict(connection.execute(query).fetchall())


# --- the comparison itself ------------------------------------------------------------------------


def test_differences_of_equal_trees_are_empty() -> None:
    """Equal trees pass."""
    assert golden_trees.differences({"a": "1\n"}, {"a": "1\n"}) == ""


@pytest.mark.parametrize(
    ("expected", "actual", "found"),
    [
        ({"a": "1\n", "b": "2\n"}, {"a": "1\n"}, ["  removed: b", "-2"]),
        ({"a": ""}, {"a": "1\n", "b": ""}, ["  changed: a", "  added: b", "+1"]),
        ({"a": "1\n"}, {"a": "1\n", "b": ""}, ["  added: b"]),
        ({"a": "1\n"}, {"a": "1\r\n"}, ["  changed: a", "'+1\\r'"]),
        ({"a": "1\n"}, {"a": "1"}, ["  changed: a", "\\ No newline at end of file"]),
        ({"a": "1\n"}, {}, ["schemagen rendered no file at all"]),
        ({}, {}, ["schemagen rendered no file at all"]),
    ],
)
def test_differences_name_files_that_are_added_removed_or_changed(
    expected: dict[str, str], actual: dict[str, str], found: list[str]
) -> None:
    """Every difference is shown, and an empty result is an error even where nothing is expected."""
    lines = golden_trees.differences(expected, actual).splitlines()
    assert [line for line in found if line in lines] == found
    if actual:
        assert lines[-1].endswith(golden_trees.UPDATE)


def test_freeze_writes_changed_files_and_removes_surplus_ones(tmp_path: Path) -> None:
    """Reads back exactly what was frozen; files that equal those of the first project are not stored
    twice."""
    first, other = PROJECTS[:2]
    golden_trees.freeze(first, {"a": "1\r\n", "old/b": "2", "c": "3"}, tmp_path)
    golden_trees.freeze(first, {"a": "1\r\n", "new/b": "2", "c": "4"}, tmp_path)
    assert golden_trees.frozen(first, tmp_path) == {"a": "1\r\n", "new/b": "2", "c": "4"}
    files = {"a": "1\r\n", "c": "5", "d": ""}
    golden_trees.freeze(other, files, tmp_path)
    assert golden_trees.frozen(other, tmp_path) == files
    assert not (tmp_path / other / "expected/a").exists()
    golden_trees.freeze(other, {"a": "6"}, tmp_path)
    assert golden_trees.frozen(other, tmp_path) == {"a": "6"}


@each_project
def test_freeze_refuses_an_empty_tree(project: str, tmp_path: Path) -> None:
    """Refuses to freeze the output of a program that renders nothing."""
    with pytest.raises(ValueError, match="nothing was rendered"):
        golden_trees.freeze(project, {}, tmp_path)
