"""schemagen.bind, mostly from the command line: from pages to the lock, and from the lock to mappers."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import once
import page_facts
from projects import COMPILATION, page, pages, run, seeds, tree
from schemagen import api
from schemagen.bind import locks
from schemagen.bind import run as bind
from schemagen.build.changes import STAGING
from schemagen.diagnostics import ProblemsFound
from schemagen.settings.load import load_settings

LOCK = "bindings/aws/sagemaker.json"
TABLE = "aws.sagemaker_compilation_job"
NOTHING_SUCH = (
    "botocore has no service 'nothing', and no read operation returns its columns; set the service, "
    "operation and path in an override"
)


@pytest.fixture(scope="module")
def cache(filled_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(once.linked(filled_cache, tmp_path_factory.mktemp("cache")))}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return seeds(tmp_path)


def entry(project: Path, table: str = TABLE) -> Any:
    """The table's entry in the lock, as JSON."""
    return json.loads((project / LOCK).read_bytes())["tables"][table]


def test_bind_adds_a_table_that_build_gives_a_mapper(project: Path, cache: dict[str, str]) -> None:
    """--check shows the new entry and writes nothing; bind writes it and changes no other; build makes
    the mapper; another --check finds nothing to do."""
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


def test_bind_infers_columns_edited_in_the_lock_again(project: Path, cache: dict[str, str]) -> None:
    """A column marked as bound by hand that has no override is inferred again; any other column only
    with --again."""
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


@pytest.mark.slow
def test_bind_reports_what_stays_unbound(tmp_path: Path, cache: dict[str, str]) -> None:
    """A table that no service returns and a column without evidence are findings at their lines; tables
    of other providers are skipped."""
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
        "no response has a member with evidence for it; name the member in an override",
        f"docs_src/ddsql/none.md:10:1: SG403 aws.nothing_such stays unbound: {NOTHING_SUCH}",
        "bindings/aws/kms.json written; run `schemagen build`",
        "bindings/aws/nothing.json written; run `schemagen build`",
    ]
    lock = json.loads((project / "bindings/aws/nothing.json").read_bytes())
    assert (lock["tables"], lock["unbound"]) == ({}, {"aws.nothing_such": NOTHING_SUCH})
    assert run(project, "build").returncode == 0
    assert run(project, "bind", "--check", env=cache).returncode == 0
    covered = run(project, "coverage", "--format", "json")
    reasons = {table["id"]: table["reason"] for table in json.loads(covered.stdout)["tables"]}
    assert reasons == {"aws.kms": None, "aws.nothing_such": NOTHING_SUCH}
    assert f"aws.nothing_such: no binding for this table: {NOTHING_SUCH}" in covered.stderr + (
        run(project, "coverage").stdout
    )
    (project / "docs_src/ddsql/none.md").unlink()
    assert run(project, "bind", env=cache).returncode == 0
    assert not (project / "bindings/aws/nothing.json").exists()


def test_bind_refuses_unknown_tables(project: Path, cache: dict[str, str]) -> None:
    """The id of a table without page and binding is a usage error, and nothing is written."""
    before = tree(project)
    done = run(project, "bind", "aws.sagemaker_trainingjobs", env=cache)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no page and no binding has the id aws.sagemaker_trainingjobs" in done.stderr
    assert tree(project) == before


def test_bind_refuses_tables_of_other_providers(tmp_path: Path) -> None:
    """The id of another provider's table is a usage error; without ids, such tables are skipped."""
    pages(tmp_path, {"ddsql/gcp.md": page("gcp.key", "name | core | string |")})
    done = run(tmp_path, "bind", "gcp.key")
    assert (done.returncode, done.stdout) == (2, "")
    assert "only tables of aws can be bound, not gcp.key" in done.stderr
    assert run(tmp_path, "bind").stderr == "the bindings are up to date\n"


def test_bind_follows_changes_of_a_page(project: Path, cache: dict[str, str]) -> None:
    """New columns are inferred and removed columns are dropped, each with the enrichment that only they
    need; no other column changes."""
    assert run(project, "bind", "--again", env=cache).returncode == 0
    settled = (project / LOCK).read_bytes()
    text = settled.replace(
        b'"CreationTime", "evidence": "both"', b'"LastModifiedTime", "evidence": "both"'
    )
    (project / LOCK).write_bytes(text)
    original = (project / COMPILATION).read_text("utf-8")
    fewer = re.sub(r"^\| (tags|role_arn|_key) +\| .*\n", "", original, flags=re.MULTILINE)
    assert original.count("\n") - fewer.count("\n") == 3
    (project / COMPILATION).write_text(fewer)
    build = run(project, "build")
    assert build.returncode == 2
    assert f"{TABLE} has no column 'role_arn' on its page; run `schemagen bind`" in build.stderr
    assert run(project, "bind", env=cache).stderr == f"{LOCK} written; run `schemagen build`\n"
    assert not {"tags", "role_arn", "_key"} & entry(project)["columns"].keys()
    assert entry(project)["enrichments"] == {}
    assert run(project, "build").returncode == 0
    (project / COMPILATION).write_text(original)
    assert run(project, "bind", env=cache).returncode == 0
    assert (project / LOCK).read_bytes() == text


def retype(text: str, column: str, type: str) -> str:
    """The text of a page that gives a column another type."""
    changed, count = re.subn(
        rf"^(\| {column} +\| core \|) \w+ ", rf"\1 {type} ", text, flags=re.MULTILINE
    )
    assert count == 1
    return changed


@pytest.mark.parametrize(
    ("column", "type", "reason"),
    [
        ("failure_reason", "int64", "FailureReason is string, which does not fit int64"),
        ("creation_time", "bool", "CreationTime is timestamp, which does not fit bool"),
        ("vpc_config", "hstore_csv", "VpcConfig is NeoVpcConfig, which does not fit hstore_csv"),
        ("tags", "timestamp", "Tags is list<Tag>, which does not fit timestamp"),
    ],
)
def test_bind_follows_types_of_a_page(
    project: Path, cache: dict[str, str], column: str, type: str, reason: str
) -> None:
    """A column whose new type its member does not fit is no longer bound, and the finding says why: its
    mapper would refuse every row. Once the page has the old type again, it is bound as before."""
    assert run(project, "bind", "--again", env=cache).returncode == 0
    settled = (project / LOCK).read_bytes()
    original = (project / COMPILATION).read_text("utf-8")
    (project / COMPILATION).write_text(retype(original, column, type))
    built = run(project, "build")
    assert built.returncode == 0
    messages = [
        line for line in built.stderr.splitlines() if line.startswith(f"{TABLE}.{column}: ")
    ]
    assert [line.endswith(reason) for line in messages] == [True]
    assert "the mappers refuse every value of these columns; run `schemagen bind`" in built.stderr
    # A build or check that has nothing to do says so as well.
    for command in (["build"], ["build", "--check"], ["build", "--check", "--format", "json"]):
        again = run(project, *command)
        assert (again.returncode, messages[0] in again.stderr.splitlines()) == (0, True), command
    covered = run(project, "coverage")
    assert (
        f"{TABLE}.{column}: bound to what does not fit: {messages[0].partition(': ')[2]}"
        in covered.stdout
    )
    assert run(project, "bind", "--check", env=cache).returncode == 1
    done = run(project, "bind", env=cache)
    assert run(project, "build").returncode == 0
    assert messages[0] not in run(project, "build", "--check").stderr
    assert re.search(
        rf"SG404 {TABLE}.{column} is no longer bound: \w+\.{reason}$", done.stderr, re.M
    )
    assert done.stderr.count("SG404") == 1
    assert column not in entry(project)["columns"]
    assert entry(project)["unbound"][column].endswith(reason)
    built = run(project, "build")
    assert (built.returncode, "refuse" in built.stderr) == (0, False)
    assert "does not fit:" not in run(project, "coverage").stdout
    assert run(project, "bind", "--check", env=cache).returncode == 0
    (project / COMPILATION).write_text(original)
    assert run(project, "bind", env=cache).returncode == 0
    assert (project / LOCK).read_bytes() == settled


@pytest.mark.parametrize(("column", "type"), [("tags", "hstore"), ("vpc_config", "string")])
def test_bind_keeps_columns_whose_member_fits_the_new_type(
    project: Path, cache: dict[str, str], column: str, type: str
) -> None:
    """A new type to which the member converts, too, changes no binding."""
    assert run(project, "bind", "--again", env=cache).returncode == 0
    settled = (project / LOCK).read_bytes()
    text = (project / COMPILATION).read_text("utf-8")
    (project / COMPILATION).write_text(retype(text, column, type))
    assert run(project, "bind", env=cache).returncode == 0
    assert (project / LOCK).read_bytes() == settled


@pytest.mark.parametrize(
    ("old", "new", "column", "message"),
    [
        (
            '"operation": "DescribeCompilationJob"',
            '"operation": "DescribeCompilationJobs"',
            7,
            "sagemaker has no operation 'DescribeCompilationJobs'; did you mean 'DescribeCompilationJob'?",
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
def test_bind_and_build_refuse_unknown_names_in_the_lock(
    project: Path, cache: dict[str, str], old: str, new: str, column: int, message: str
) -> None:
    """bind looks up operations and members in botocore, build in the record. Unknown ones are problems at
    their line, with exit status 2, and nothing is written."""
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
    assert done.stderr == f"{place}{message}; run `schemagen bind --again`\n"
    build = run(project, "build")
    assert (build.returncode, build.stdout) == (2, "")
    assert build.stderr.startswith(place)
    assert tree(project) == before


def test_bind_refuses_a_lock_of_an_unknown_service(project: Path, cache: dict[str, str]) -> None:
    """The problem says how to move the tables to services that botocore has; build still works from the
    record."""
    gone = project / "bindings/aws/sagemakr.json"
    text = (project / LOCK).read_text("utf-8").replace('"sagemaker"', '"sagemakr"', 1)
    (project / LOCK).unlink()
    gone.write_text(text)
    before = tree(project)
    done = run(project, "bind", env=cache)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "bindings/aws/sagemakr.json:3:3: SG402 botocore has no service 'sagemakr'; "
        "run `schemagen bind --again`\n"
    )
    assert tree(project) == before
    assert run(project, "build").returncode == 0
    assert run(project, "bind", "--again", env=cache).returncode == 0
    assert [path.name for path in gone.parent.iterdir()] == ["sagemaker.json"]


def test_table_in_two_lock_files_is_a_problem(project: Path, cache: dict[str, str]) -> None:
    """bind and build refuse a table that is bound in two lock files."""
    (project / "bindings/other").mkdir()
    (project / "bindings/other/sagemaker.json").write_bytes((project / LOCK).read_bytes())
    before = tree(project)
    for command in ("bind", "build"):
        done = run(project, command, env=cache)
        assert done.returncode == 2
        assert (
            f"bindings/other/sagemaker.json:5:5: SG402 {TABLE} is also bound in {LOCK}:5; delete one of the two bindings"
        ) in done.stderr.splitlines()
    assert tree(project) == before


def test_service_in_two_lock_files_is_a_problem(project: Path, cache: dict[str, str]) -> None:
    """New tables go to the file of their service, wherever it is. Two files of a service are refused,
    because each records only a part of it."""
    other = project / "bindings/other/sagemaker.json"
    other.parent.mkdir()
    (project / LOCK).rename(other)
    text = json.loads(other.read_bytes())
    del text["tables"][TABLE]
    other.write_text(json.dumps(text))
    assert run(project, "bind", "aws.sagemaker_trainingjob", env=cache).returncode == 0
    half = other.read_bytes()
    assert run(project, "bind", env=cache).returncode == 0
    assert TABLE in json.loads(other.read_bytes())["tables"]
    assert not (project / LOCK).exists()
    other.unlink()
    assert run(project, "bind", TABLE, env=cache).returncode == 0
    other.write_bytes(half)
    for command in ("bind", "build", "coverage"):
        done = run(project, command, env=cache)
        message = f"sagemaker is also defined in {LOCK}; merge the two files"
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"bindings/other/sagemaker.json:3:3: SG402 {message}\n"


def test_write_refuses_files_changed_by_another_run(
    project: Path, monkeypatch: pytest.MonkeyPatch, cache: dict[str, str]
) -> None:
    """A file that another run has changed or removed since it was read is not overwritten, unless it
    already holds the same text."""
    monkeypatch.setenv("XDG_CACHE_HOME", cache["XDG_CACHE_HOME"])
    settings = api.settings(project)
    text = json.loads((project / LOCK).read_bytes())
    for table in (TABLE, "aws.sagemaker_trainingjob"):
        del text["tables"][table]
    (project / LOCK).write_text(json.dumps(text))
    first = bind.changes(settings, [TABLE])
    same = bind.changes(settings)
    assert api.bind(settings, ["aws.sagemaker_trainingjob"]).changes
    before = tree(project)
    with pytest.raises(ProblemsFound) as raised:
        locks.write(settings, first.changes)
    assert str(raised.value) == (
        f"{LOCK}:1:1: SG502 changed while schemagen was reading it; run `schemagen bind` again"
    )
    assert tree(project) == before
    (project / LOCK).unlink()
    with pytest.raises(ProblemsFound):
        locks.write(settings, first.changes)
    (project / LOCK).write_text(json.dumps(text))
    locks.write(settings, same.changes)
    locks.write(settings, same.changes)
    assert bind.changes(settings).changes == ()


def test_failed_bind_leaves_the_lock_unchanged(project: Path, cache: dict[str, str]) -> None:
    """While another run writes, neither new nor existing lock files are written."""
    text = json.loads((project / LOCK).read_bytes())
    del text["tables"][TABLE]
    (project / LOCK).write_text(json.dumps(text))
    row = "key_rotation_enabled | core | bool | Specifies whether key rotation is enabled."
    (project / "docs_src/ddsql/aws/aws.kms.dataset.md").write_text(
        page("aws.kms", "key_id | core | string |", row)
    )
    before = tree(project)
    descriptor = os.open(project / "bindings", os.O_RDONLY)
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
    assert not (project / "bindings" / STAGING).exists()


def test_bindings_of_deleted_pages_are_dropped(project: Path) -> None:
    """The binding of a deleted page is reported with its line and dropped, at the latest with the last
    table of its file."""
    lock = project / LOCK
    before = lock.read_text()
    (project / COMPILATION).unlink()
    line = before.split('"aws.sagemaker_compilation_job"')[0].count("\n") + 1
    finding = (
        f"{LOCK}:{line}:1: SG405 aws.sagemaker_compilation_job was bound here; its binding is dropped, "
        "because no page describes it"
    )
    done = run(project, "bind", "--check")
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, finding)
    assert lock.read_text() == before
    done = run(project, "bind", "aws.sagemaker_trainingjob")
    assert (done.returncode, done.stderr) == (0, "the bindings are up to date\n")
    done = run(project, "bind")
    assert (done.returncode, done.stderr) == (
        0,
        f"{finding}\n{LOCK} written; run `schemagen build`\n",
    )
    tables = json.loads(lock.read_text())["tables"]
    assert list(tables) == ["aws.sagemaker_processing_job", "aws.sagemaker_trainingjob"]
    assert run(project, "bind").stderr == "the bindings are up to date\n"


def test_bindings_of_pages_that_are_not_read_are_kept(project: Path) -> None:
    """Excluded pages, and those outside of `--docs`, are not gone."""
    lock = project / LOCK
    before = lock.read_text()
    excluded = (project / COMPILATION).relative_to(project / "docs_src").as_posix()
    (project / "schemagen.toml").write_text(f'exclude = ["{excluded}"]\n')
    assert run(project, "bind").stderr == "the bindings are up to date\n"
    (project / "schemagen.toml").unlink()
    others = project / "others"
    others.mkdir()
    shutil.copy(project / COMPILATION, others)
    assert run(project, "bind", "--docs", "others").stderr == "the bindings are up to date\n"
    assert lock.read_text() == before
    assert run(project, "bind", "--docs", "docs_src").stderr == "the bindings are up to date\n"
    (project / COMPILATION).unlink()
    done = run(project, "bind", "--docs", "docs_src", "--check")
    assert "aws.sagemaker_compilation_job was bound here" in done.stderr
    done = run(project, "bind", "--docs", "others", "aws.sagemaker_trainingjob")
    assert (done.returncode, done.stderr) == (0, "the bindings are up to date\n")


def test_bind_takes_patterns_and_a_folder_for_the_lock_files(project: Path) -> None:
    """A pattern stands for all ids that it matches, `--out` for the setting `bindings`."""
    done = run(project, "bind", "aws.sagemaker_p*", "--out", "new")
    assert done.returncode == 0, done.stderr
    assert (
        "new/aws/sagemaker.json written; builds read it where the setting `bindings`" in done.stderr
    )
    tables = json.loads((project / "new/aws/sagemaker.json").read_bytes())["tables"]
    assert list(tables) == ["aws.sagemaker_processing_job"]
    done = run(project, "bind", "aws.s4_*")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no page and no binding has the id aws.s4_*" in done.stderr


def test_changes_repeats_no_run_whose_inputs_are_the_same(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that finds nothing to do is not repeated, with the same findings, until a page, a lock, a
    setting or the tables of the call differ; what is recorded and cannot be read does not count."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bind.bind(load_settings(project), again=True)
    first = bind.changes(load_settings(project))
    assert first.changes == ()
    runs: list[int] = []
    real = bind._find_changes  # pyright: ignore[reportPrivateUsage]

    def counted(*inputs: Any, **options: Any) -> bind.BindResult:
        runs.append(1)
        return real(*inputs, **options)

    monkeypatch.setattr(bind, "_find_changes", counted)
    assert bind.changes(load_settings(project)) == first
    assert runs == []
    bind.changes(load_settings(project), [TABLE])
    assert len(runs) == 1
    lock = project / LOCK
    lock.write_text(lock.read_text() + "\n")
    assert bind.changes(load_settings(project)).changes != ()
    assert len(runs) == 2
    lock.write_text(lock.read_text().removesuffix("\n"))
    changed = next((project / "docs_src").rglob("*.dataset.md"))
    text = changed.read_text()
    changed.write_text(text + "\n")
    bind.changes(load_settings(project))
    assert len(runs) == 3
    changed.write_text(text)
    for record in (tmp_path / "cache/schemagen/runs").iterdir():
        record.write_text("[[]]")
    assert bind.changes(load_settings(project)) == first
    assert len(runs) == 4


@pytest.mark.slow
def test_changes_are_the_same_in_any_number_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bindings, findings and problems do not depend on the number of processes; progress is
    reported until everything is done."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    page_facts.write(tmp_path / "docs_src")
    settings = load_settings(tmp_path)
    reported: list[tuple[str, int, int]] = []

    def progress(what: str, done: int, total: int) -> None:
        reported.append((what, done, total))

    first = bind.changes(settings, ["aws.s*"], jobs=1, progress=progress)
    assert len(first.changes) > 4
    assert len(first.findings) > 2
    for what in ("inferring bindings", "recording shapes"):
        steps = [(done, total) for name, done, total in reported if name == what]
        assert steps == sorted(steps)
        assert steps[-1][0] == steps[-1][1] > 1
    assert bind.changes(settings, ["aws.s*"], jobs=3) == first
    (tmp_path / "schemagen.toml").write_text(
        '[[overrides]]\ntable = "aws.s3_bucket"\nservice = "s3"\noperation = "GetNothing"\n'
    )
    wrong = load_settings(tmp_path)
    messages: list[str] = []
    for jobs in (1, 3):
        with pytest.raises(ProblemsFound) as raised:
            bind.changes(wrong, jobs=jobs)
        messages.append(str(raised.value))
    assert messages[0] == messages[1]
    assert "s3 has no operation 'GetNothing'" in messages[0]
