"""`schemagen bind` in a process of its own: pages to lock, lock to mapper."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

import pytest

from projects import page, pages, run, seeds, tree
from schemagen import disk

LOCK = "bindings/aws/sagemaker.json"
TABLE = "aws.sagemaker_compilation_job"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return seeds(tmp_path)


def entry(project: Path, table: str = TABLE) -> Any:
    """The table's entry in the lock, as JSON."""
    return json.loads((project / LOCK).read_bytes())["tables"][table]


def test_a_new_page_gets_a_mapper(project: Path, cache: dict[str, str]) -> None:
    """--check shows the new entry and writes nothing; bind writes it and leaves the others alone;
    a build makes the mapper; after that there is nothing to do."""
    assert run(project, "bind", "--again", env=cache).returncode == 0
    text = json.loads((project / LOCK).read_bytes())
    removed = text["tables"].pop(TABLE)
    (project / LOCK).write_text(json.dumps(text))
    assert run(project, "bind", "aws.sagemaker_trainingjob", env=cache).returncode == 0
    before = tree(project)
    check = run(project, "bind", "--check", env=cache)
    assert check.returncode == 1
    assert f'+    "{TABLE}": {{' in check.stdout.splitlines()
    assert check.stderr.splitlines()[-1] == ("the bindings are out of date; run `schemagen bind`")
    assert tree(project) == before
    done = run(project, "bind", TABLE, env=cache)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"{LOCK} written; run `schemagen build`\n"
    assert entry(project) == removed
    assert run(project, "build").returncode == 0
    assert (project / "generated/ddsql_schemas/mappers/aws/sagemaker_compilation_job.py").is_file()
    again = run(project, "bind", "--check", env=cache)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_the_lock_is_no_place_for_bindings_by_hand(project: Path, cache: dict[str, str]) -> None:
    """What is marked as bound by hand and has no override is inferred anew, other columns only if
    that is asked for."""
    assert run(project, "bind", "--again", env=cache).returncode == 0
    path = project / LOCK
    original = path.read_text("utf-8")
    wrong = original.replace(
        '"creation_time": {"member": "CreationTime", "evidence": "both"}',
        '"creation_time": {"member": "LastModifiedTime", "evidence": "%s"}',
    )
    path.write_text(wrong.replace("%s", "hand"))
    assert run(project, "bind", env=cache).returncode == 0
    assert path.read_text("utf-8") == original
    path.write_text(wrong.replace("%s", "both"))
    assert run(project, "bind", env=cache).stderr == "the bindings are up to date\n"
    assert run(project, "bind", "--again", env=cache).returncode == 0
    assert path.read_text("utf-8") == original


def test_what_cannot_be_inferred_is_said(tmp_path: Path, cache: dict[str, str]) -> None:
    """A table that no service has, and a column that no response has, are named with their place;
    tables of other providers are none of botocore's business."""
    row = "| {} | core | {} | {} |\n"
    head = (
        "---\ntitle: A\n---\n\n# A\n\nA.\n\n```\n{}\n```\n\n## Fields\n\n"
        "| Title | ID | Type | Data Type | Description |\n| --- | --- | --- | --- | --- |\n"
    )
    key = row.format("key_id", "string", "")
    rotation = row.format(
        "key_rotation_enabled",
        "bool",
        "A Boolean value that specifies whether key rotation is enabled.",
    )
    project = pages(
        tmp_path,
        {
            "ddsql/kms.md": head.format("aws.kms")
            + key
            + rotation
            + row.format("weight", "int64", ""),
            "ddsql/none.md": head.format("aws.nothing_such") + row.format("weight", "int64", ""),
            "ddsql/other.md": head.format("gcp.kms_key") + key,
        },
    )
    done = run(project, "bind", env=cache)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == [
        "docs_src/ddsql/kms.md:19:1: SG404 aws.kms.weight stays unbound: "
        "no response has evidence for it",
        "docs_src/ddsql/none.md:10:1: SG403 aws.nothing_such stays unbound: "
        "no read operation returns its columns",
        "bindings/aws/kms.json written; run `schemagen build`",
    ]
    assert run(project, "build").returncode == 0


def test_a_table_that_nobody_knows_is_a_wrong_call(project: Path, cache: dict[str, str]) -> None:
    """A table without page and without binding is named, and nothing is written."""
    before = tree(project)
    done = run(project, "bind", "aws.sagemaker_trainingjobs", env=cache)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no page and no binding has the id aws.sagemaker_trainingjobs" in done.stderr
    assert tree(project) == before


@pytest.mark.parametrize(
    ("old", "new", "column", "message"),
    [
        (
            '"operation": "DescribeCompilationJob"',
            '"operation": "DescribeCompilationJobs"',
            7,
            "botocore's sagemaker has no operation 'DescribeCompilationJobs'",
        ),
        (
            '{"member": "CompilationEndTime", ',
            '{"member": "CompilationEndTimes", ',
            34,
            "DescribeCompilationJobResponse has no member 'CompilationEndTimes'; "
            "did you mean 'CompilationEndTime'?",
        ),
        (
            '"CompilationJobArn"}}',
            '"CompilationArn"}}',
            49,
            "DescribeCompilationJobResponse has no member 'CompilationArn'; "
            "did you mean 'CompilationJobArn'?",
        ),
    ],
)
def test_what_botocore_does_not_have(
    project: Path, cache: dict[str, str], old: str, new: str, column: int, message: str
) -> None:
    """An operation or a member that the lock names and botocore lacks, as a build finds it in the
    record and bind in botocore: with file and line, exit 2, and nothing is written."""
    assert run(project, "bind", env=cache).returncode == 0
    path = project / LOCK
    text = path.read_text("utf-8")
    start = text.index(TABLE)
    text = text[:start] + text[start:].replace(old, new, 1)
    path.write_text(text)
    line = text.count("\n", 0, text.index(new, start)) + 1
    place = f"{LOCK}:{line}:{column}: SG402 "
    before = tree(project)
    done = run(project, "bind", env=cache)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.partition("; mend")[0].strip() == place + message
    build = run(project, "build")
    assert (build.returncode, build.stdout) == (2, "")
    assert build.stderr.startswith(place)
    assert tree(project) == before


def test_a_service_that_is_gone(project: Path, cache: dict[str, str]) -> None:
    """A lock of a service that botocore does not have is a problem of bind; what was recorded is
    all that a build needs."""
    gone = project / "bindings/aws/sagemakr.json"
    text = (project / LOCK).read_text("utf-8").replace('"sagemaker"', '"sagemakr"', 1)
    (project / LOCK).unlink()
    gone.write_text(text)
    before = tree(project)
    done = run(project, "bind", env=cache)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "bindings/aws/sagemakr.json:2:3: SG402 botocore has no service 'sagemakr'\n"
    )
    assert tree(project) == before
    assert run(project, "build").returncode == 0


def test_no_table_is_bound_twice(project: Path, cache: dict[str, str]) -> None:
    """A table in two files of the lock is a problem of bind as it is of a build."""
    (project / "bindings/other").mkdir()
    (project / "bindings/other/sagemaker.json").write_bytes((project / LOCK).read_bytes())
    before = tree(project)
    for command in ("bind", "build"):
        done = run(project, command, env=cache)
        assert done.returncode == 2
        assert (
            f"bindings/other/sagemaker.json:4:1: SG402 {TABLE} is bound in another file too: {LOCK}:4"
        ) in done.stderr.splitlines()
    assert tree(project) == before


def test_a_bind_that_fails_leaves_the_lock(project: Path, cache: dict[str, str]) -> None:
    """While another run writes, nothing is written, no file that is new and none that is old; what
    a run that was killed has left behind is in nobody's way."""
    text = json.loads((project / LOCK).read_bytes())
    del text["tables"][TABLE]
    (project / LOCK).write_text(json.dumps(text))
    row = "key_rotation_enabled | core | bool | Specifies whether key rotation is enabled."
    (project / "docs_src/ddsql/aws/aws.kms.dataset.md").write_text(
        page("aws.kms", "key_id | core | string |", row)
    )
    staging = project / "bindings" / disk.STAGING
    staging.mkdir()
    (staging / "0").write_text("half a fi")
    before = tree(project)
    descriptor = os.open(staging, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        done = run(project, "bind", env=cache)
    finally:
        os.close(descriptor)
    assert (done.returncode, done.stdout) == (2, "")
    assert "bindings:1:1: SG502 another build is writing here" in done.stderr
    assert tree(project) == before
    assert run(project, "bind", env=cache).returncode == 0
    assert TABLE in json.loads((project / LOCK).read_bytes())["tables"]
    assert (project / "bindings/aws/kms.json").is_file()
    assert not staging.exists()
