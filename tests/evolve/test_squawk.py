"""Migrations for PostgreSQL keep the rules of squawk, a linter of migrations, but for some."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from evolve.states import DIALECTS, table
from schemagen.runtime.evolve.plan import Renames, plan
from schemagen.runtime.evolve.script import script
from schemagen.runtime.evolve.state import TableState

REASONS: Mapping[str, str] = {
    "renaming-table": "--rename asks for it, or nothing else is possible; views follow",
    "renaming-column": "--rename asks for it, or nothing else is possible; views follow",
    "changing-column-type": "the type has changed; the table is written once, under its lock",
    "ban-drop-not-null": "a column that was the key is one no more",
    "constraint-missing-not-valid": "a primary key cannot be added without its check",
    "adding-serial-primary-key-field": "the column exists, and the table is locked already",
    "ban-drop-column": "--allow-loss names the column",
    "ban-drop-table": "--allow-loss names the table",
}
"""The rules that migrations break, and why; docs/migrate.md has the same."""

KEY = {"_key": "string"}


def found(
    dialect: str,
    old: Iterable[TableState],
    new: Iterable[TableState],
    renames: Renames | None = None,
    allow_loss: tuple[str, ...] = (),
) -> set[str]:
    """The rules that squawk finds broken in the script of a migration."""
    before, after = ({each.id: each for each in tables} for tables in (old, new))
    migration = plan(before, after, DIALECTS[dialect], renames, allow_loss)
    assert migration.refusals == ()
    assert migration
    squawk = Path(sys.executable).with_name("squawk")
    done = subprocess.run(
        [str(squawk), "--reporter", "json", "--pg-version", "15", "--stdin-filepath", "m.sql"],
        input=script(migration, DIALECTS[dialect], "2"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return {finding["rule_name"] for finding in json.loads(done.stdout)}


@pytest.mark.parametrize("dialect", ["postgres", "postgres_jsonb"])
def test_additions_keep_all_rules(dialect: str) -> None:
    """New tables, columns and comments, and maps that become maps of lists, need no exception."""
    old = [table("aws.t", {**KEY, "tags": "hstore"}, dialect)]
    new = [
        table(
            "aws.t",
            {**KEY, "tags": "hstore_csv", "more": "json"},
            dialect,
            comments={"": "It's a table.", "more": "Back\\slash"},
        ),
        table("aws.new", {**KEY, "tags": "hstore"}, dialect, comments={"": "New."}),
    ]
    assert found(dialect, old, new) == set()


def test_other_changes_break_only_rules_with_a_reason() -> None:
    """Each of the reasons is needed, and there is no other finding."""
    old = [
        table("aws.t", {**KEY, "a": "string", "b": "string", "c": "int64"}),
        table("aws.old", KEY),
        table("aws.gone", KEY),
        table("aws.keyed", {**KEY, "id": "string"}),
    ]
    new = [
        table("aws.t", {**KEY, "renamed": "string", "b": "timestamp"}),
        table("aws.new", KEY),
        table("aws.keyed", {**KEY, "id": "string"}, key="id"),
    ]
    renames = Renames({"aws.old": "aws.new"}, {("aws.t", "a"): "renamed"})
    assert found("postgres", old, new, renames, ("aws.gone", "aws.t.c")) == set(REASONS)
