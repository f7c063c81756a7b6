"""``schemagen migrate``: what it prints, refuses and does not understand."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

import catalogues
from checkouts import git
from projects import page, pages, run
from schemagen import api

TEXT = "How long the thing is, from its head to the very end of its tail, in whole millimetres."
OLD = {
    "aws.thing": (
        "_key | core | string",
        "tags | core | hstore",
        "length | core | string | " + TEXT,
        "gone | core | string",
    ),
    "aws.other": ("_key | core | string",),
}
NEW = {
    "aws.thing": (
        "_key | core | string",
        "tags | core | hstore_csv",
        "size | core | string | " + TEXT,
        "more | core | int64",
    ),
    "aws.new": ("_key | core | string",),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two versions, ``old`` and the pages as they are, and one of another provider."""
    folder = tmp_path_factory.mktemp("project")
    git(folder, "init", "--quiet", "--initial-branch=main")
    for tag, tables in {"gcp": {"gcp.thing": OLD["aws.other"]}, "old": OLD, "new": NEW}.items():
        commit(folder, tag, tables)
    return folder


def commit(folder: Path, tag: str, tables: Mapping[str, tuple[str, ...]]) -> None:
    for found in folder.glob("docs_src/**/*.md"):
        found.unlink()
    pages(folder, {f"ddsql/x/{id}.dataset.md": page(id, *rows) for id, rows in tables.items()})
    api.build(api.settings(folder))
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", tag)
    git(folder, "tag", tag)


def migrate(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(project, "migrate", *arguments)


def test_migrate_prints_a_script_that_a_database_runs(
    project: Path, postgres: psycopg.Connection
) -> None:
    """The table is as the new package creates it, and its rows have their values."""
    for id in OLD:
        ddl = f"generated/ddsql_schemas/ddl/postgres_jsonb/aws/{id.partition('.')[2]}.sql"
        shown = subprocess.run(
            ["git", "show", f"old:{ddl}"], cwd=project, capture_output=True, check=True
        )
        postgres.execute(shown.stdout)
    postgres.execute("""INSERT INTO aws.thing VALUES ('k', '{"a": "b"}', 'long', 'lost')""")
    done = migrate(
        project,
        *("old", "--dialect", "postgres_jsonb", "--rename", "aws.thing.length=size"),
        *("--allow-loss", "aws.thing.gone", "--allow-loss", "aws.other"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "-- Migrates the tables of postgres_jsonb from old to docs_src.\n"
    )
    postgres.execute(done.stdout.encode())
    rows = postgres.execute("SELECT _key, tags, size, more FROM aws.thing").fetchall()
    assert rows == [("k", {"a": ["b"]}, "long", None)]
    new = project / "generated/ddsql_schemas/ddl/postgres_jsonb/aws/thing.sql"
    found = catalogues.postgres(postgres, "aws", "thing")
    postgres.execute("DROP TABLE aws.thing")
    postgres.execute(new.read_bytes())
    expected = catalogues.postgres(postgres, "aws", "thing")
    assert sorted(found.columns, key=str) == sorted(expected.columns, key=str)
    assert (found.key, found.comment) == (expected.key, expected.comment)
    assert catalogues.postgres(postgres, "aws", "new").key == ("_key",)


def test_migrate_prints_batches(project: Path) -> None:
    """The script for long tables says how it is run; Python gets the same."""
    options = ("--rename", "aws.thing.length=size", "--allow-loss", "aws.thing.gone")
    loss = ("--allow-loss", "aws.other")
    done = migrate(project, "old", "--dialect", "postgres", "--batches", *options, *loss)
    assert (done.returncode, done.stderr) == (0, "")
    assert "-- Not one transaction: if it stops, run it again, and it goes on." in done.stdout
    planned = api.migration(
        api.settings(project),
        "postgres",
        "old",
        str(project / "generated"),
        renames=["aws.thing.length=size"],
        allow_loss=["aws.thing.gone", "aws.other"],
    )
    assert planned.sql(batches=True).splitlines()[1:] == done.stdout.splitlines()[1:]


def test_migrate_refuses_what_would_be_lost(project: Path) -> None:
    """Each loss is a line with what to pass, probable renames are named, and no script is printed."""
    done = migrate(project, "old", "new", "--dialect", "postgres")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "aws.thing.length was probably renamed to size: if so, pass --rename 'aws.thing.length=size'",
        "aws.thing.length: the column is gone, and its values would be lost; "
        "pass --rename aws.thing.length=size if it was renamed; --allow-loss aws.thing.length drops it",
        "aws.thing.gone: the column is gone, and its values would be lost; "
        "pass --rename aws.thing.gone=size if it was renamed; --allow-loss aws.thing.gone drops it",
        "aws.other: the table is gone, and its rows would be lost; "
        "pass --rename aws.other=aws.new if it was renamed; --allow-loss aws.other drops it",
    ]


def test_migrate_takes_a_table_for_all_its_columns(project: Path) -> None:
    """`--allow-loss TABLE` allows what each of its columns would need."""
    allowed = ("--allow-loss", "aws.thing", "--allow-loss", "aws.other")
    done = migrate(project, "old", "new", "--dialect", "postgres", *allowed)
    assert done.returncode == 0
    for name in ("length", "gone"):
        assert f'ALTER TABLE "aws"."thing" DROP COLUMN "{name}"' in done.stdout


def test_migrate_of_equal_tables_prints_nothing(project: Path) -> None:
    """Nothing to do is no error."""
    done = migrate(project, "--dialect", "postgres")
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing to migrate" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["old", "new", "--dialect", "postgre"], "unknown dialect 'postgre'; did you mean"),
        (
            ["gcp", "new", "--dialect", "postgres"],
            "SG604 has tables of aws, and gcp has tables of gcp",
        ),
        (["nowhere", "--dialect", "postgres"], "SG603 there is no file 'nowhere'"),
        (
            ["old", "--dialect", "postgres", "--rename", "aws.thing.lenght=size"],
            "no old table or column is called 'aws.thing.lenght'; did you mean 'aws.thing.length'?",
        ),
        (
            ["old", "--dialect", "postgres", "--rename", "aws.thing.length=sizes"],
            "aws.thing has no column 'sizes'; did you mean 'size'?",
        ),
        (
            ["old", "--dialect", "postgres", "--rename", "aws.other=aws.nev"],
            "no new table is called 'aws.nev'; did you mean 'aws.new'?",
        ),
        (["old", "--dialect", "postgres", "--rename", "aws.thing.length"], "write TABLE=TABLE"),
        (
            [
                *("old", "--dialect", "postgres", "--rename", "aws.other=aws.new"),
                *("--rename", "aws.thing=aws.new"),
            ],
            "two tables would be called 'aws.new'",
        ),
        (
            ["old", "--dialect", "postgres", "--allow-loss", "aws.thing.sise"],
            "no old table or column has this name",
        ),
        (["old"], "Missing option '--dialect'"),
        (["gcp", "gcp", "--dialect", "spark"], "unknown dialect 'spark'"),
        (
            [
                *("old", "--dialect", "duckdb", "--batches", "--rename", "aws.thing.length=size"),
                *("--allow-loss", "aws.thing.gone", "--allow-loss", "aws.other"),
            ],
            "duckdb has no batches",
        ),
    ],
)
def test_migrate_reports_wrong_calls(project: Path, arguments: list[str], message: str) -> None:
    """What names nothing is an error of the call, with what is similar."""
    done = migrate(project, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in " ".join(done.stderr.split())
