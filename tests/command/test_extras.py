"""What a command says if the extra that it needs is not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from projects import CHECKOUT

PROGRAM = """
import sys
sys.modules[{missing!r}] = None
from ddsql_schemas.__main__ import main
sys.argv[1:] = {arguments!r}
main()
"""


def without(missing: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command of the generated package where a package is not installed."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(missing=missing, arguments=list(arguments))],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(CHECKOUT / "generated"),
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("missing", "extra", "to"),
    [
        ("boto3", "aws", "duckdb:x.duckdb"),
        ("duckdb", "duckdb", "duckdb:x.duckdb"),
        ("orjson", "duckdb", "duckdb:x.duckdb"),
        ("psycopg", "postgres", "postgres://me@127.0.0.1:9/db"),
        ("pyarrow", "parquet", "parquet:x/"),
    ],
)
def test_sync_names_the_extra_that_is_missing(
    tmp_path: Path, missing: str, extra: str, to: str
) -> None:
    """The message has the command that installs it, nothing is changed, and the status is 2."""
    done = without(missing, tmp_path, "sync", "aws.sagemaker_*", "--to", to)
    assert done.returncode == 2, done.stderr
    [line] = done.stderr.splitlines()
    assert missing in line
    assert f'pip install "ddsql-schemas[{extra}]"' in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("missing", ["boto3", "botocore", "rich", "orjson", "duckdb", "psycopg"])
def test_other_commands_need_no_extra(tmp_path: Path, missing: str) -> None:
    """What is printed about tables is in the package itself."""
    for arguments in (
        ("tables",),
        ("schema", "aws.sagemaker_trainingjob"),
        ("ddl", "aws.*", "--dialect", "postgres"),
        ("calls", "aws.*"),
        ("permissions", "aws.*"),
    ):
        done = without(missing, tmp_path, *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert "sagemaker" in done.stdout or "column" in done.stdout
