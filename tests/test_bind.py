"""`schemagen bind` in a process of its own: pages to lock, lock to mapper."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from projects import pages, run, seeds, tree

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
    text = json.loads((project / LOCK).read_bytes())
    removed = text["tables"].pop(TABLE)
    (project / LOCK).write_text(json.dumps(text))
    assert run(project, "bind", "aws.sagemaker_trainingjob", env=cache).returncode == 0
    before = tree(project)
    check = run(project, "bind", "--check", env=cache)
    assert check.returncode == 1
    assert f'+    "{TABLE}": {{' in check.stdout.splitlines()
    assert check.stderr.splitlines()[-1] == (
        "the bindings are not what botocore says; run `schemagen bind`"
    )
    assert tree(project) == before
    done = run(project, "bind", TABLE, env=cache)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"{LOCK} written; run `schemagen build`\n"
    removed["columns"]["tags"]["evidence"] = "name"
    assert entry(project) == removed
    assert entry(project, "aws.sagemaker_trainingjob")["columns"]["tags"]["evidence"] == "hand"
    assert run(project, "build").returncode == 0
    assert (project / "generated/ddsql_schemas/mappers/aws/sagemaker_compilation_job.py").is_file()
    again = run(project, "bind", "--check", env=cache)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_what_was_bound_by_hand_stays(project: Path, cache: dict[str, str]) -> None:
    """Inferring anew changes what was inferred, and no column that is marked as bound by hand."""
    path = project / LOCK
    original = path.read_text("utf-8")
    wrong = original.replace(
        '"creation_time": {"member": "CreationTime", "evidence": "both"}',
        '"creation_time": {"member": "LastModifiedTime", "evidence": "%s"}',
    )
    path.write_text(wrong.replace("%s", "hand"))
    assert run(project, "bind", "--again", env=cache).returncode == 0
    assert path.read_text("utf-8") == wrong.replace("%s", "hand")
    path.write_text(wrong.replace("%s", "both"))
    assert run(project, "bind", env=cache).stderr == "the bindings are up to date\n"
    assert run(project, "bind", "--again", env=cache).returncode == 0
    assert path.read_text("utf-8") == original


def test_an_item_that_was_chosen_by_hand_stays(project: Path, cache: dict[str, str]) -> None:
    """Where somebody bound columns of another operation's item, the whole binding is theirs."""
    path = project / LOCK
    text = json.loads(path.read_bytes())
    by_hand: dict[str, object] = {
        "operation": "ListCompilationJobs",
        "path": "CompilationJobSummaries[]",
        "columns": {"creation_time": {"member": "CreationTime", "evidence": "hand"}},
        "auxiliary": {},
        "unbound": [],
    }
    text["tables"][TABLE] = by_hand
    path.write_text(json.dumps(text))
    assert run(project, "bind", "--again", env=cache).returncode == 0
    assert entry(project) == by_hand


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
