"""The verdicts of rules are what becomes of real consumers: queries and statements in DuckDB, readers that
validate JSON, programs that import the package, and loads that nobody watches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import projects
from schemagen import api
from schemagen.evolution import sources
from schemagen.evolution.differences import compare
from schemagen.rules.registry import VERDICTS, Consumer, Verdict, rules

pytestmark = pytest.mark.slow

TABLE = "dd.bed"
CONSUMERS = Path(__file__).with_name("consumers.py")
KEY = "Key | _key | core | string"
SIZE = "Size | size | core | int64"
NAME = "Name | name | core | string"
VALUES = "Kind | kind | core | string | Valid values: {}."

QUERY = "SELECT size + 1 FROM dd.bed"
STATEMENT = "INSERT INTO dd.bed (_key, size) VALUES ('k2', 2)"
PROGRAM = """
from ddsql_schemas import catalog
catalog.table("dd.bed").model.model_validate(row).size + 1
"""


@dataclass(frozen=True)
class Case:
    """A change of the columns of a table, and what its consumers did with it before.

    ``old`` and ``new`` are the rows of a table with columns ``before`` and ``after``.
    """

    rule: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    old: Mapping[str, object]
    new: Mapping[str, object]
    query: str = QUERY
    statement: str = STATEMENT
    program: str = PROGRAM
    open: bool = False
    """Whether the old JSON Schema accepts the new row, where that is a warning."""


ROW: Mapping[str, object] = {"_key": "k1", "size": 1}
CASES = (
    Case("column-added", (KEY, SIZE), (KEY, SIZE, NAME), ROW, {**ROW, "name": "n"}),
    Case(
        "column-removed",
        (KEY, SIZE, NAME),
        (KEY, NAME),
        {**ROW, "name": "n"},
        {"_key": "k1", "name": "n"},
    ),
    Case(
        "column-renamed",
        (
            KEY,
            SIZE.replace("int64", "int64 | The size of the bed, from the first plant to the last."),
        ),
        (
            KEY,
            "Size | length | core | int64 | The size of the bed, from the first plant to the last.",
        ),
        ROW,
        {"_key": "k1", "length": 1},
    ),
    Case("column-moved", (KEY, SIZE, NAME), (KEY, NAME, SIZE), ROW, ROW),
    Case(
        "column-type-widened",
        (KEY, NAME),
        (KEY, NAME.replace("string", "json")),
        {"_key": "k1", "name": "n"},
        {"_key": "k1", "name": {"a": 1}},
        "SELECT upper(name) FROM dd.bed WHERE name = 'n'",
        "INSERT INTO dd.bed VALUES ('k2', 'no json')",
        PROGRAM.replace("size + 1", "name.upper()"),
    ),
    Case(
        "column-type-changed",
        (KEY, SIZE),
        (KEY, SIZE.replace("int64", "timestamp")),
        ROW,
        {"_key": "k1", "size": "2026-01-01T00:00:00Z"},
    ),
    Case("description-changed", (KEY, SIZE), (KEY, f"{SIZE} | In metres."), ROW, ROW),
    Case(
        "key-added",
        (SIZE,),
        (KEY, SIZE),
        {"size": 1},
        ROW,
        statement="INSERT INTO dd.bed (size) VALUES (2)",
        program=PROGRAM.replace("(row)", '({"size": 1})'),
    ),
    Case(
        "key-removed",
        (KEY, SIZE),
        (SIZE,),
        ROW,
        {"size": 1},
        query=f"{QUERY} WHERE _key = 'k1'",
        program=PROGRAM.replace("(row)", '({"_key": "k", "size": 1})'),
    ),
    Case(
        "column-values-added",
        (KEY, SIZE, VALUES.format("`flat` | `raised`")),
        (KEY, SIZE, VALUES.format("`flat` | `raised` | `sunken`")),
        {**ROW, "kind": "flat"},
        {**ROW, "kind": "sunken"},
        open=True,
    ),
)


@dataclass(frozen=True)
class Pair:
    """The packages of both states, built."""

    case: Case
    old: Path
    new: Path

    @cached_property
    def rules(self) -> list[str]:
        """The rules of all differences: a key is a new column, too."""
        settings = api.settings(self.new)
        folders = (str(folder / "generated") for folder in (self.old, self.new))
        before, after = (sources.read(folder, settings) for folder in folders)
        return [found.rule for found in compare(before, after)]

    def verdict(self, consumer: Consumer) -> Verdict:
        """Return the worst verdict of all differences."""
        verdicts: list[Verdict] = [rules()[rule].verdicts[consumer] for rule in self.rules]
        return max(verdicts, key=VERDICTS.index)

    def run(self, package: Path, *arguments: object) -> Any:
        done = subprocess.run(
            [sys.executable, str(CONSUMERS), *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(package / "generated")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def built(folder: Path, rows: tuple[str, ...]) -> Path:
    folder.mkdir()
    projects.pages(folder, {f"ddsql/dd/{TABLE}.dataset.md": projects.page(TABLE, *rows)})
    (folder / "schemagen.toml").write_text(
        'outputs = ["pydantic", "json_schema", "tables", "duckdb"]\n'
    )
    api.build(api.settings(folder))
    return folder


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.rule)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    case: Case = request.param
    folder = tmp_path_factory.mktemp(case.rule)
    return Pair(case, built(folder / "old", case.before), built(folder / "new", case.after))


def rows(row: Mapping[str, object]) -> str:
    return json.dumps([row])


def test_the_difference_is_the_one_of_the_rule(pair: Pair) -> None:
    """Each pair is an example of its rule."""
    assert pair.case.rule in pair.rules


def test_sql_fails_or_answers_otherwise_exactly_if_it_is_breaking(
    pair: Pair, tmp_path: Path
) -> None:
    """The same query and statement, against the tables of both packages."""
    case = pair.case
    arguments = (case.query, case.statement)
    before = pair.run(pair.old, "sql", tmp_path / "old.db", TABLE, rows(case.old), *arguments)
    after = pair.run(pair.new, "sql", tmp_path / "new.db", TABLE, rows(case.new), *arguments)
    assert isinstance(before[0], list)
    assert before[0]
    assert before[1] == ""
    assert (before[0] != after[0]) == (pair.verdict("sql-reader") == "breaking"), after
    assert bool(after[1]) == (pair.verdict("sql-writer") == "breaking"), after


def test_json_is_refused_or_lacks_a_value_unless_it_is_safe(pair: Pair) -> None:
    """A reader with the JSON Schema of the old package gets a row of the new one, and reads all columns."""
    path = "generated/ddsql_schemas/json_schema/dd/bed.json"
    schema: dict[str, Any] = json.loads((pair.old / path).read_text("utf-8"))
    old, new = dict[str, Any](pair.case.old), dict[str, Any](pair.case.new)
    jsonschema.validate(old, schema, jsonschema.Draft202012Validator)
    try:
        jsonschema.validate(new, schema, jsonschema.Draft202012Validator)
        accepted = old.keys() <= new.keys()
    except jsonschema.ValidationError:
        accepted = False
    expected = pair.verdict("json-reader")
    if expected == "warning":
        assert accepted == pair.case.open
    else:
        assert accepted == (expected == "safe")


def test_python_fails_exactly_if_it_is_breaking(pair: Pair) -> None:
    """The same program, with both packages."""
    expected = pair.verdict("python-user")
    program, old, new = pair.case.program, json.dumps(pair.case.old), json.dumps(pair.case.new)
    assert pair.run(pair.old, "python", program, old) == ""
    failed = pair.run(pair.new, "python", program, new)
    assert bool(failed) == (expected == "breaking"), failed


def test_a_sync_is_refused_for_good_exactly_if_it_is_breaking(pair: Pair, tmp_path: Path) -> None:
    """A database that the old package loaded gets rows of the new one: a warning needs no more than
    `--migrate safe`, and what is safe not even that."""
    expected = pair.verdict("sync")
    load = ("load", tmp_path / "bed.db", TABLE)
    assert pair.run(pair.old, *load, rows(pair.case.old)) == ""
    refused = pair.run(pair.new, *load, rows(pair.case.new))
    if expected == "safe":
        assert refused == ""
    migrated = pair.run(pair.new, *load, rows(pair.case.new), "--migrate")
    assert bool(migrated) == (expected == "breaking"), migrated
