"""The README says what is so: its commands exist, its programs run, its table is the type table."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import yaml
from click.testing import CliRunner

import projects
from corpus_package import CorpusPackage
from projects import CHECKOUT, COMPILATION
from schemagen.cli import cli
from schemagen.settings import load
from schemagen.settings.load import load_settings

README = CHECKOUT / "README.md"

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


def blocks(language: str) -> list[str]:
    """The README's fences of a language."""
    text = README.read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def program(*names: str) -> str:
    """The README's Python fences that contain ``names``, one after the other."""
    found = [[block for block in blocks("python") if name in block] for name in names]
    assert [len(some) for some in found] == [1] * len(names)
    return "".join(some[0] for some in found)


def run(source: str, folder: Path, **env: str) -> str:
    """What a program prints, run with the generated package on its path."""
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


def test_the_type_table_is_the_printed_one(
    golden: Callable[[str, Path], None], tmp_path: Path
) -> None:
    """The README's copy is what `schemagen types --format markdown` prints without settings."""
    printed = projects.run(tmp_path, "types", "--format", "markdown").stdout
    assert printed.startswith("| DDSQL |")
    before, start, rest = README.read_text("utf-8").partition("<!-- types -->\n")
    end = rest.index("<!-- /types -->")
    golden(f"{before}{start}\n{printed}\n{rest[end:]}", README)


def commands() -> list[str]:
    """Every command in a shell's fence or in the text."""
    text = README.read_text("utf-8")
    inline = re.findall(r"`((?:schemagen|make) [^`]+)`", text)
    return sorted({*inline, *(line for block in blocks("sh") for line in block.splitlines())})


@pytest.mark.parametrize("command", commands())
def test_commands_exist(command: str) -> None:
    """Every command that the README names is there, with its options."""
    name, *arguments = command.split()
    if name == "schemagen":
        result = CliRunner().invoke(cli, [*arguments, "--help"])
        assert result.exit_code == 0, result.output
    elif name == "make":
        makefile = (CHECKOUT / "Makefile").read_text("utf-8")
        assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in arguments)
    else:  # test_packaging.py runs these
        assert (name, arguments[0]) == ("pip", "install")


def test_a_wrong_page_is_answered_as_shown(tmp_path: Path) -> None:
    """The README's example of a problem is what the program says of that page."""
    folder = projects.seeds(tmp_path)
    page = folder / COMPILATION
    page.write_text(page.read_text("utf-8").replace("| hstore_csv |", "| hstore_cvs |"), "utf-8")
    done = projects.run(folder, "build")
    assert [done.stderr] == blocks("text")
    assert done.returncode == 2


def test_settings_are_understood(tmp_path: Path) -> None:
    """The README's settings are settings; those with a default show it."""
    (folder := tmp_path / "project").mkdir()
    [block] = blocks("toml")
    (folder / "pyproject.toml").write_text(block, "utf-8")
    settings = load_settings(folder)
    assert settings.types.resolve_column("aws.x", "some_uuid", "string").expression == "uuid"
    plain = load_settings(tmp_path)
    shown = ("base_uri", "nested_names", "package", "package_version")
    assert [getattr(settings, name) for name in shown] == [getattr(plain, name) for name in shown]
    for name in ("docs", "out", "bindings"):
        assert getattr(settings, name).name == getattr(plain, name).name


def test_every_setting_is_shown() -> None:
    """The README's example has every setting, and nothing else."""
    [block] = blocks("toml")
    names = {setting.name for setting in load.SETTINGS}
    assert set(tomllib.loads(block)["tool"]["schemagen"]) == names


def test_hooks_are_offered() -> None:
    """The hooks that the README names are in the manifest."""
    offered = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    named = set(re.findall(r"\bschemagen-(?:build|check)\b", README.read_text("utf-8")))
    assert named == {hook["id"] for hook in offered}
    [block] = blocks("yaml")
    used = yaml.safe_load(block)["repos"][0]["hooks"]
    assert used
    assert {hook["id"] for hook in used} <= named


def test_the_python_road_runs(tmp_path: Path) -> None:
    """The README's program binds, reads, renders, checks, builds and measures a project."""
    folder = projects.seeds(tmp_path)
    printed = run(program("api.settings"), folder, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert "aws.sagemaker_trainingjob 46\n" in printed
    assert printed.endswith("\n88 of 88 columns are filled\n")
    assert projects.run(folder, "build", "--check").returncode == 0


def test_built_arns_are_as_shown(corpus_package: CorpusPackage, tmp_path: Path) -> None:
    """The README's program that says where instances are gives them their ARNs."""
    printed = run(
        AN_INSTANCE + program("ec2.describe_instances") + 'print(next(instances)["_key"])',
        tmp_path,
        PYTHONPATH=str(corpus_package.settings.out),
    )
    assert re.fullmatch(r"arn:aws-cn:ec2:cn-north-1:123456789012:instance/i-[0-9a-f]+\n", printed)


def test_rows_reach_duckdb_as_shown(tmp_path: Path) -> None:
    """The README's mapper and DuckDB programs run as they stand."""
    source = A_JOB + program("describe_training_job", "duckdb.connect")
    assert run(source, tmp_path) == "{'team': ['a', 'b']}\n"


def test_rows_reach_postgres_as_shown(
    postgres_with_hstore: psycopg.Connection, tmp_path: Path
) -> None:
    """The README's mapper and PostgreSQL programs run as they stand."""
    info = postgres_with_hstore.info
    source = A_JOB + program("describe_training_job", "psycopg.connect")
    printed = run(source, tmp_path, PGHOST=info.host, PGUSER=info.user, PGDATABASE=info.dbname)
    assert printed == "{'team': ['a', 'b']}\n"
