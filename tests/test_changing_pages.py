"""docs/changing-pages.md is true: the two generations of a page, from the difference to the loaded database.

The page is run from top to bottom in a scratch project: each program is saved, each command is executed,
and what it prints is compared with the lines below it. `--update-golden` writes what is printed into the
page.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from loading import execute
from projects import CHECKOUT, COMPILATION

pytestmark = pytest.mark.slow

PAGE = CHECKOUT / "docs/changing-pages.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETTINGS = '[project]\nname = "inventory"\nversion = "1"\n\n[tool.schemagen]\ndocs = "docs_src"\n'
COMMANDS = {"schemagen": "schemagen", "ddsql-schemas": "ddsql_schemas"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with the older generation of a page, and its bindings."""
    folder = tmp_path / "project"
    for path in (COMPILATION, "bindings/aws/sagemaker.json"):
        (folder / path).parent.mkdir(parents=True)
        shutil.copy(CHECKOUT / path, folder / path)
    page = folder / COMPILATION
    text = page.read_text("utf-8")
    [row] = [line for line in text.splitlines() if line.startswith("| tags ")]
    assert "hstore_csv" in row
    page.write_text(text.replace(row, row.replace("hstore_csv", "hstore    ")), "utf-8")
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / ".gitignore").write_text("/*.duckdb\n/*.py\n")
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder


@pytest.fixture
def environment(project: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a shell in which the commands, and the project's package, are installed."""
    (programs := tmp_path / "bin").mkdir()
    python = programs / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    for name, module in COMMANDS.items():
        (programs / name).write_text(f'#!/bin/sh\nexec "{python}" -m {module} "$@"\n')
    for path in programs.iterdir():
        path.chmod(0o755)
    identity = {
        f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    return {
        **os.environ,
        **identity,
        # Output and messages come in the order in which a terminal shows them.
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(project / "generated"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "COLUMNS": "80",
    }


def followed(text: str, project: Path, environment: dict[str, str]) -> str:
    """Run the page ``text`` in ``project``; return it with what was printed."""

    def session(content: str) -> Iterator[str]:
        """Yield the commands of a block, each with its output."""
        assert content.startswith("$ ")
        for command in re.findall(r"^\$ (.*)\n", content, re.MULTILINE):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=project,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}"
            # Markdown of the project has no white space at the ends of lines.
            printed = re.sub(r"[ \t]+$", "", done.stdout, flags=re.MULTILINE).strip("\n")
            yield f"$ {command}\n{printed}\n" if printed else f"$ {command}\n"

    def follow(block: re.Match[str]) -> str:
        language, content = block.groups()
        if language == "python":
            name = content.partition("\n")[0].removeprefix("# ")
            (project / name).write_text(content)
            return block[0]
        assert language == "console"
        return f"```console\n{''.join(session(content))}```"

    return BLOCK.sub(follow, text)


def test_page_shows_what_happens(
    project: Path, environment: dict[str, str], golden: Callable[[str, Path], None]
) -> None:
    """Every command of the page prints what is shown below it."""
    text = PAGE.read_text("utf-8")
    assert len(BLOCK.findall(text)) > 10
    golden(followed(text, project, environment), PAGE)


def test_shown_sql_migrates_postgres(
    project: Path, environment: dict[str, str], postgres_with_hstore: psycopg.Connection
) -> None:
    """The script for PostgreSQL keeps every value: one with a comma stays one value. Its statement is the
    one that the page shows; a second run is refused and changes nothing."""

    def schemagen(*arguments: str) -> str:
        command = ["bash", "-e", "-c", shlex.join(arguments)]
        return subprocess.check_output(command, cwd=project, env=environment, text=True)

    schemagen("schemagen", "build")
    schemagen("git", "add", "--all")
    schemagen("git", "commit", "--quiet", "--message", "Before")
    old = (
        project / "generated/ddsql_schemas/ddl/postgres/aws/sagemaker_compilation_job.sql"
    ).read_text()
    page = project / COMPILATION
    page.write_text(page.read_text("utf-8").replace("hstore    ", "hstore_csv"), "utf-8")
    script = schemagen("schemagen", "migrate", "--dialect", "postgres")
    [update] = [line for line in script.splitlines() if line.startswith("UPDATE ")]
    assert f"\n{update}\n```" in PAGE.read_text("utf-8")
    table = "aws.sagemaker_compilation_job"
    connection = postgres_with_hstore
    execute(connection, old)
    execute(
        connection,
        f"INSERT INTO {table} (_key, tags) VALUES"
        " ('a', 'team=>vision, centers=>\"12,13\", empty=>\"\", none=>NULL'), ('b', NULL)",
    )
    execute(connection, script)
    expected = [
        ("a", '"none"=>NULL, "team"=>"vision", "empty"=>"", "centers"=>"\\"12,13\\""'),
        ("b", None),
    ]
    query = f"SELECT _key, tags::text FROM {table} ORDER BY 1"
    assert connection.execute(query).fetchall() == expected
    with pytest.raises(psycopg.errors.RaiseException, match="has been migrated already"):
        execute(connection, script)
    connection.rollback()
    assert connection.execute(query).fetchall() == expected
