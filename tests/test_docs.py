"""README and docs/ are true: their commands exist, their programs run, their links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import yaml
from click.testing import CliRunner

import once
import projects
from corpus_package import CorpusPackage
from projects import CHECKOUT, COMPILATION
from schemagen.cli import cli
from schemagen.pages.aws_api import CONTENTS, REQUEST, RESPONSE
from schemagen.pages.ddsql import KINDS, PARAMETERS_HEADER
from schemagen.pages.sources import Kind
from schemagen.runtime.command.options import OPTIONS
from schemagen.runtime.sync.accounts import read
from schemagen.settings.load import SETTINGS, load_settings
from sync.aws_server import moto

README = CHECKOUT / "README.md"
DOCS = CHECKOUT / "docs"
PAGES = (README, CHECKOUT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md")))

# moto answers for AWS: an instance in China, and the job that the README describes.
AN_INSTANCE = """
import os
os.environ.update(AWS_DEFAULT_REGION="cn-north-1", AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")
import boto3
import moto
moto.mock_aws().start()
boto3.client("ec2").run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)
"""
A_JOB = """
import os
os.environ.update(AWS_DEFAULT_REGION="eu-west-1", AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")
import boto3
import moto
moto.mock_aws().start()
boto3.client("sagemaker").create_training_job(
    TrainingJobName="churn",
    AlgorithmSpecification={"TrainingImage": "image", "TrainingInputMode": "File"},
    RoleArn="arn:aws:iam::123456789012:role/trainer",
    OutputDataConfig={"S3OutputPath": "s3://bucket/out"},
    ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    StoppingCondition={"MaxRuntimeInSeconds": 60},
    Tags=[{"Key": "team", "Value": "b"}, {"Key": "team", "Value": "a"}],
)
"""

# What the examples of the README and of docs/sync.md find in the account.
SOME_JOB = """
import boto3
boto3.client("sagemaker").create_training_job(
    TrainingJobName="{name}",
    AlgorithmSpecification={{"TrainingImage": "image", "TrainingInputMode": "File"}},
    RoleArn="arn:aws:iam::123456789012:role/trainer",
    OutputDataConfig={{"S3OutputPath": "s3://bucket/out"}},
    ResourceConfig={{"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}},
    StoppingCondition={{"MaxRuntimeInSeconds": 60}},
    Tags=[{{"Key": "team", "Value": team}} for team in {teams}],
)
"""


def blocks(language: str, page: Path = README) -> list[str]:
    """Return the fenced code blocks of a page that have this language."""
    text = page.read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def program(page: Path, *names: str) -> str:
    """Join the Python blocks of ``page`` that contain ``names``; each name must be in one block."""
    found = [[block for block in blocks("python", page) if name in block] for name in names]
    assert [len(some) for some in found] == [1] * len(names)
    return "".join(some[0] for some in found)


def run(source: str, folder: Path, **env: str) -> str:
    """Run a program with the generated package on its path; return what it prints."""
    path = {"PYTHONPATH": str(CHECKOUT / "generated")}
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=folder,
        env={**os.environ, **path, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_command(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command of the generated package."""
    done = subprocess.run(
        [sys.executable, "-m", "ddsql_schemas", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT / "generated"), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_types_page_has_the_printed_type_table(
    golden: Callable[[str, Path], None], tmp_path: Path
) -> None:
    """docs/types.md has what `schemagen types --format markdown` prints without settings."""
    printed = projects.run(tmp_path, "types", "--format", "markdown").stdout
    assert printed.startswith("| DDSQL |")
    page = DOCS / "types.md"
    before, start, rest = page.read_text("utf-8").partition("<!-- types -->\n")
    end = rest.index("<!-- /types -->")
    golden(f"{before}{start}\n{printed}\n{rest[end:]}", page)


def commands() -> list[str]:
    """Return every command in a shell block or in the text of a page. Errors have tests of their
    own."""
    found: set[str] = set()
    for page in set(PAGES) - {DOCS / "errors.md"}:
        text = page.read_text("utf-8")
        found.update(re.findall(r"`((?:schemagen|make|ddsql-schemas) [^`]+)`", text))
        for block in blocks("sh", page):
            if "<<" not in block:
                found.update(block.splitlines())
    return sorted(found)


@pytest.mark.parametrize("command", commands())
def test_commands_exist(command: str) -> None:
    """Every command that a page names exists, with its options."""
    name, *arguments = command.replace("TABLE", "").split()
    if name == "schemagen":
        result = CliRunner().invoke(cli, [*arguments, "--help"])
        assert result.exit_code == 0, result.output
    elif name == "make":
        makefile = (CHECKOUT / "Makefile").read_text("utf-8")
        targets = [argument for argument in arguments if "=" not in argument]
        assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
    elif name == "ddsql-schemas":
        [command, *others] = [argument.strip("'") for argument in arguments]
        done = run_command(CHECKOUT, command, "--help")
        options = {argument for argument in others if argument.startswith("--")}
        assert options <= set(re.findall(r"--[\w-]+", done.stdout))
    else:  # test_packaging.py runs these
        assert (name, arguments[0]) == ("pip", "install")


LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_in_docs_resolve(page: Path) -> None:
    """Every link of a page to a file or a heading of this project has a target."""
    text = re.sub(r"`[^`\n]+`", "", page.read_text("utf-8"))
    for link in LINK.findall(text):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_readme_links_every_page_of_docs() -> None:
    """No page of docs/ is forgotten, and the picture is shown."""
    linked = set(LINK.findall(README.read_text("utf-8")))
    files = {f"docs/{path.name}" for path in DOCS.iterdir()}
    assert files <= linked


def test_quick_start_prints_what_is_shown() -> None:
    """The README's first example maps a response and prints the lines below it."""
    [script] = [block for block in blocks("sh") if "<<" in block]
    assert script.count(".venv/bin/python") == 1
    done = subprocess.run(
        ["bash", "-c", script.replace(".venv/bin/python", f"'{sys.executable}'")],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == blocks("text")[0]


def test_problem_is_reported_as_shown(tmp_path: Path) -> None:
    """The README's example of a problem is what the program says of that page."""
    folder = projects.seeds(tmp_path)
    page = folder / COMPILATION
    page.write_text(page.read_text("utf-8").replace("| hstore_csv |", "| hstore_cvs |"), "utf-8")
    done = projects.run(folder, "build")
    assert done.stderr in blocks("text")
    assert done.returncode == 2


def test_dataset_page_is_read_as_explained(tmp_path: Path) -> None:
    """The page that docs/pages.md shows is whole, with rows shifted and not, and is read as the text says."""
    text = (DOCS / "pages.md").read_text("utf-8")
    [block] = re.findall(r"^````markdown\n(.*?)^````$", text, re.MULTILINE | re.DOTALL)
    page = tmp_path / "docs_src/shop.order.dataset.md"
    page.parent.mkdir()
    page.write_text(block, "utf-8")
    done = projects.run(tmp_path, "inspect", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    [table] = json.loads(done.stdout)["tables"]
    shown = [table[key] for key in ("id", "title", "description", "source")]
    source = "https://example.com/shop.order.dataset.md"
    assert shown == ["shop.order", "Orders", "What customers have ordered.", source]
    columns = [[column[key] for key in ("title", "name", "type")] for column in table["columns"]]
    assert columns == [
        ["Number", "number", "int64"],
        [None, "status", "string"],
        [None, "placed", "timestamp"],
    ]
    assert [value["value"] for value in table["columns"][1]["values"]] == ["open", "paid"]
    names = set(re.findall(r"`([^`\n]+)`", text))
    kinds = {part for kind in Kind for part in (kind.pattern, kind.folder)}
    headings = {name.title().replace("Uri", "URI") for name in (*CONTENTS, *REQUEST, *RESPONSE)}
    assert {*kinds, *headings, *KINDS, *PARAMETERS_HEADER} <= names


def test_settings_are_accepted(tmp_path: Path) -> None:
    """The settings of docs/settings.md are accepted; those with a default show it."""
    (folder := tmp_path / "project").mkdir()
    [block] = blocks("toml", DOCS / "settings.md")
    (folder / "pyproject.toml").write_text(block, "utf-8")
    settings = load_settings(folder)
    assert settings.types.resolve_column("aws.x", "some_uuid", "string").expression == "uuid"
    plain = load_settings(tmp_path)
    shown = ("base_uri", "nested_names", "package", "package_version")
    assert [getattr(settings, name) for name in shown] == [getattr(plain, name) for name in shown]
    for name in ("docs", "out", "bindings", "changelog"):
        assert getattr(settings, name).name == getattr(plain, name).name


def test_every_setting_is_shown() -> None:
    """docs/settings.md and, for targets, docs/targets.md have every setting, and no other."""
    shown = {page: set[str]() for page in ("settings", "targets")}
    for page, names in shown.items():
        for block in blocks("toml", DOCS / f"{page}.md"):
            names |= set(tomllib.loads(block)["tool"]["schemagen"])
    assert shown["targets"] == {"outputs", "targets"}
    assert shown["settings"] | shown["targets"] == {setting.name for setting in SETTINGS}
    assert not shown["settings"] & shown["targets"]


def test_hooks_are_offered() -> None:
    """The hooks that the README names are in the manifest."""
    offered = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    named = set(re.findall(r"\bschemagen-(?:build|check)\b", README.read_text("utf-8")))
    assert named == {hook["id"] for hook in offered}
    [block] = blocks("yaml")
    used = yaml.safe_load(block)["repos"][0]["hooks"]
    assert used
    assert {hook["id"] for hook in used} <= named


def test_python_api_runs(filled_cache: Path, tmp_path: Path) -> None:
    """The program of docs/api.md binds, reads, renders, checks, builds and measures a project."""
    folder = projects.seeds(tmp_path)
    cache = once.linked(filled_cache, tmp_path / "cache")
    printed = run(program(DOCS / "api.md", "api.settings"), folder, XDG_CACHE_HOME=str(cache))
    assert "aws.sagemaker_trainingjob 46\n" in printed
    assert printed.endswith("\n88 of 88 columns are filled\n")
    assert projects.run(folder, "build", "--check").returncode == 0


def test_built_arns_are_as_shown(corpus_package: CorpusPackage, tmp_path: Path) -> None:
    """The program of docs/package.md that says where instances are gives them their ARNs."""
    printed = run(
        AN_INSTANCE
        + program(DOCS / "package.md", "ec2.get_paginator")
        + 'print(next(instances)["_key"])',
        tmp_path,
        PYTHONPATH=str(corpus_package.settings.out),
    )
    assert re.fullmatch(r"arn:aws-cn:ec2:cn-north-1:123456789012:instance/i-[0-9a-f]+\n", printed)


def test_catalog_leads_to_parts(tmp_path: Path) -> None:
    """The catalogue's program of docs/package.md prints facts of the table."""
    printed = run(program(DOCS / "package.md", "catalog.table("), tmp_path)
    assert printed.startswith("46 ")
    assert " SagemakerTrainingjob\n" in printed


def test_rows_reach_duckdb_as_shown(tmp_path: Path) -> None:
    """The mapper and DuckDB programs of docs/package.md run as they are."""
    source = A_JOB + program(DOCS / "package.md", "describe_training_job", "duckdb.connect")
    assert run(source, tmp_path) == "{'team': ['a', 'b']}\n"


def test_arrow_tables_reach_duckdb_as_shown(tmp_path: Path) -> None:
    """The programs of docs/outputs.md read rows back from Arrow, and insert the Arrow table."""
    source = A_JOB + program(DOCS / "package.md", "describe_training_job")
    source += program(DOCS / "outputs.md", "from_pylist", "BY NAME")
    source += (
        "from ddsql_schemas import sql\n"
        '[values] = connection.execute(sql.select(TABLE, "duckdb")).fetchall()\n'
        'print(sql.read(values, TABLE, "duckdb") == rows[0], rows[0]["tags"])'
    )
    assert run(source, tmp_path) == "True {'team': ['a', 'b']}\n"


@pytest.fixture
def simulated() -> Iterator[dict[str, str]]:
    """The environment in which boto3 finds an account with training jobs, in moto's server."""
    with moto() as server:
        environment = {
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": server.url,
        }
        for name, teams in (("churn", ["growth", "data"]), ("fraud", ["risk"])):
            run(SOME_JOB.format(name=name, teams=teams), CHECKOUT, **environment)
        yield environment


def test_readme_mirrors_aws(tmp_path: Path, simulated: dict[str, str]) -> None:
    """The README's command collects training jobs, and its query prints the table below it; a second
    run changes nothing."""
    [script] = [block for block in blocks("sh") if "ddsql-schemas sync" in block]
    [command] = [line for line in script.splitlines() if line.startswith("ddsql-schemas")]
    arguments = command.split()[1:]
    first = run_command(tmp_path, *arguments, **simulated)
    assert "2 rows: 2 inserted, 0 changed, 0 unchanged, 0 deleted;" in first.stdout
    assert run(program(README, "list_contains"), tmp_path) in blocks("text")
    second = run_command(tmp_path, *arguments, **simulated)
    assert "2 rows: 0 inserted, 0 changed, 2 unchanged, 0 deleted;" in second.stdout


def test_readme_loads_rows_repeatedly(tmp_path: Path) -> None:
    """The README's program prints what its loads changed."""
    assert run(program(README, "load.into"), tmp_path) in blocks("text")


def test_sync_page_is_true(tmp_path: Path, simulated: dict[str, str]) -> None:
    """The programs and settings of docs/sync.md do what it says."""
    page = DOCS / "sync.md"
    printed = run(program(page, "sync.run("), tmp_path, **simulated)
    assert "2 rows: 2 inserted" in printed
    assert "eu-west-1 aws.sagemaker_trainingjob 2\n" in printed
    rows = run(program(page, "sync.rows("), tmp_path, **simulated)
    assert sorted(rows.splitlines()) == [
        "churn {'team': ['data', 'growth']}",
        "fraud {'team': ['risk']}",
    ]
    (tmp_path / "inventory.duckdb").unlink()
    assert run(program(page, "load.into"), tmp_path) in blocks("text", page)
    settings, accounts = blocks("toml", page)
    (tmp_path / "sync.toml").write_text(settings)
    names = {option.name for option in OPTIONS} - {"scheduler", "endpoint-url"}
    names |= {"tables", "limits"}
    assert tomllib.loads(settings).keys() == names
    (tmp_path / "accounts.toml").write_text(accounts)
    assert [account.id for account in read(tmp_path / "accounts.toml")] == [
        "111122223333",
        "444455556666",
    ]


def test_rows_reach_postgres_as_shown(
    postgres_with_hstore: psycopg.Connection, tmp_path: Path
) -> None:
    """The mapper and PostgreSQL programs of docs/package.md run as they are."""
    info = postgres_with_hstore.info
    source = A_JOB + program(DOCS / "package.md", "describe_training_job", "psycopg.connect")
    printed = run(source, tmp_path, PGHOST=info.host, PGUSER=info.user, PGDATABASE=info.dbname)
    assert printed == "{'team': ['a', 'b']}\n"


def test_releases_are_named_alike() -> None:
    """The version of pyproject.toml is the tag that the README pins, and the changelog begins with
    what is not released yet; once a version has a heading, it is the newest."""
    version = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    readme = (CHECKOUT / "README.md").read_text("utf-8")
    assert re.findall(r"^ *rev: (\S+)", readme, re.MULTILINE) == [f"v{version}"]
    changelog = (CHECKOUT / "CHANGELOG.md").read_text("utf-8")
    headings = re.findall(r"^## \[(.*)\](.*)$", changelog, re.MULTILINE)
    assert headings[0] == ("Unreleased", "")
    assert [name for name, _ in headings[1:2]] in ([], [version])
    assert all(re.fullmatch(r" - \d{4}-\d\d-\d\d", date) for _, date in headings[1:])
