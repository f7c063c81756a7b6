"""schemagen.evolution.history: what git's history says about tables, columns and releases."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from histories import PLANTS, SIZE, commit, git, repository, write
from projects import run
from schemagen import api
from schemagen.diagnostics import ProblemsFound, UnknownTables
from schemagen.evolution import history

CSV = PLANTS.replace("hstore", "hstore_csv")
LENGTH = SIZE.replace("size |", "length |")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bed that came, whose plants became lists, whose size became its length, and that was moved."""
    folder = repository(tmp_path_factory.mktemp("history") / "project")
    write(folder, "dd.path", "Name | name | core | string")
    commit(folder, "Only paths")
    write(folder, "dd.bed", SIZE, PLANTS)
    commit(folder, "Add beds")
    write(folder, "dd.path", "Name | name | core | json")
    commit(folder, "Change paths")
    write(folder, "dd.bed", SIZE, CSV)
    commit(folder, "Let plants have several colours")
    write(folder, "dd.bed", LENGTH, CSV)
    commit(folder, "Call it length")
    (folder / "docs_src/ddsql/dd/dd.bed.dataset.md").unlink()
    write(folder, "dd.flowerbed", LENGTH, CSV)
    commit(folder, "Call them\x1b[31m flowerbeds")
    (folder / "docs_src/ddsql/dd/dd.path.dataset.md").unlink()
    commit(folder, "Remove the paths")
    return folder


def followed(project: Path, subject: str) -> list[tuple[str, list[str]]]:
    """The commits that changed a table or column, with the rules of the changes."""
    entries = history.log(api.settings(project), *history.split_subject(subject))
    return [(e.commit.subject, [found.rule for found in e.differences]) for e in entries]


def test_log_follows_a_table_under_its_former_name(project: Path) -> None:
    """Every change of the table is listed, newest first, back to where it came from."""
    assert followed(project, "dd.flowerbed") == [
        ("Call them\x1b[31m flowerbeds", ["table-renamed"]),
        ("Call it length", ["column-renamed"]),
        ("Let plants have several colours", ["column-type-widened"]),
        ("Add beds", ["table-added"]),
    ]


def test_log_follows_a_column_under_its_former_name(project: Path) -> None:
    """Only the changes of the column are listed, and where its table came or was renamed."""
    assert followed(project, "dd.flowerbed.length") == [
        ("Call them\x1b[31m flowerbeds", ["table-renamed"]),
        ("Call it length", ["column-renamed"]),
        ("Add beds", ["table-added"]),
    ]
    assert followed(project, "dd.flowerbed.plants") == [
        ("Call them\x1b[31m flowerbeds", ["table-renamed"]),
        ("Let plants have several colours", ["column-type-widened"]),
        ("Add beds", ["table-added"]),
    ]


def test_log_shows_what_became_of_a_former_name(project: Path) -> None:
    """A name that is gone leads to the commit that it went with."""
    assert followed(project, "dd.bed.size") == [
        ("Call it length", ["column-renamed"]),
        ("Add beds", ["table-added"]),
    ]
    assert followed(project, "dd.bed")[0] == ("Call them\x1b[31m flowerbeds", ["table-renamed"])


def test_log_shows_a_removed_table(project: Path) -> None:
    """A table that is gone has a history, which begins with the first commit."""
    assert followed(project, "dd.path") == [
        ("Remove the paths", ["table-removed"]),
        ("Change paths", ["column-type-widened"]),
        ("Only paths", ["table-added"]),
    ]


def test_log_passes_commits_without_a_catalogue(tmp_path: Path) -> None:
    """A catalogue that was removed for a while came back with all its tables."""
    folder = repository(tmp_path / "project")
    write(folder, "dd.bed", SIZE)
    commit(folder, "Add beds")
    git(folder, "rm", "-r", "--quiet", "generated")
    git(folder, "commit", "--quiet", "-m", "Ignore what is generated")
    commit(folder, "Commit it again")
    assert followed(folder, "dd.bed") == [
        ("Commit it again", ["table-added"]),
        ("Ignore what is generated", ["table-removed"]),
        ("Add beds", ["table-added"]),
    ]


def broken(folder: Path, message: str, change: Callable[[str], str]) -> str:
    """Commit the catalogue with a change of its text; return the commit's id."""
    path = folder / "generated/ddsql_schemas/catalog.json"
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    git(folder, "commit", "--quiet", "--all", "-m", message)
    return git(folder, "rev-parse", "HEAD").strip()


BREAKS: dict[str, tuple[Callable[[str], str], str]] = {
    "cut": (lambda text: text[:100], "SG601 is not JSON"),
    "newer": (lambda text: text.replace('"format": 1', '"format": 99'), "SG602 format 99 was"),
    "conflict": (lambda text: f"<<<<<<< HEAD\n{text}", "SG601 is not JSON"),
    "edited": (lambda text: text.replace('"type": "int64"', '"typ": "int64"'), "SG601 "),
}


@pytest.mark.parametrize("what", BREAKS)
def test_log_passes_over_catalogues_that_cannot_be_read(tmp_path: Path, what: str) -> None:
    """Such a commit is named, with the reason; what it changed is shown with the next one."""
    change, why = BREAKS[what]
    folder = repository(tmp_path / "project")
    write(folder, "dd.bed", SIZE)
    commit(folder, "Add beds")
    write(folder, "dd.bed", SIZE, PLANTS)
    api.build(api.settings(folder))
    bad = broken(folder, "Merge badly", change)
    write(folder, "dd.bed", SIZE, CSV)
    commit(folder, "Mend it")
    done = run(folder, "log", "dd.bed")
    assert done.returncode == 0
    blocks = [block.splitlines() for block in done.stdout.split("\n\n")]
    assert [block[0].partition(" ")[2].partition(" ")[2] for block in blocks] == [
        "Mend it",
        "Add beds",
    ]
    assert blocks[0][1:] == ["  dd.bed: column plants was added, with type hstore_csv"]
    day = git(folder, "log", "--format=%cs", "-1").strip()
    [line] = done.stderr.splitlines()
    assert line.startswith(f"{bad}:generated/ddsql_schemas/catalog.json:")
    assert why in line
    assert line.endswith(f"; the commit of {day} is passed over")


def test_log_goes_on_if_another_table_cannot_be_read(tmp_path: Path) -> None:
    """A rename from that table cannot be recognized, so this one counts as added."""
    folder = repository(tmp_path / "project")
    write(folder, "dd.path", "Name | name | core | string")
    commit(folder, "Add paths")
    bad = broken(folder, "Merge badly", lambda text: text.replace('"type": "st', '"typ": "st'))
    write(folder, "dd.bed", SIZE)
    commit(folder, "Add beds")
    done = run(folder, "log", "dd.bed")
    assert (done.returncode, done.stdout.splitlines()[1:]) == (0, ["  table dd.bed was added"])
    assert done.stderr.startswith(f"{bad}:generated/")
    assert len(done.stderr.splitlines()) == 1


def test_log_says_why_nothing_is_left(tmp_path: Path) -> None:
    """If no commit can be read, each is named before the error."""
    folder = repository(tmp_path / "project")
    write(folder, "dd.bed", SIZE)
    git(folder, "add", "-A")
    api.build(api.settings(folder))
    git(folder, "add", "-A")
    broken(folder, "First", lambda text: f"{text}}}")
    done = run(folder, "log", "dd.bed")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is passed over" in done.stderr
    assert "no commit of this branch has dd.bed" in done.stderr


@pytest.mark.parametrize("subject", ["dd.flowerbeds", "dd.flowerbed.width", "dd.[a-z]*"])
def test_log_knows_no_other_names(project: Path, subject: str) -> None:
    """A name that no commit has is an error, not an empty history."""
    with pytest.raises(UnknownTables, match="no commit of this branch has"):
        followed(project, subject)


def test_log_needs_a_repository(tmp_path: Path) -> None:
    """A project outside of git, or without commits, is a problem."""
    write(tmp_path, "dd.bed", SIZE)
    with pytest.raises(ProblemsFound) as raised:
        followed(tmp_path, "dd.bed")
    assert "SG603 the project is in no git repository, or it has no commit" in str(raised.value)


def test_log_command_prints_commits_and_changes(project: Path) -> None:
    """People see the day, the commit, its message without control characters, and each change."""
    done = run(project, "log", "dd.flowerbed.length")
    assert (done.returncode, done.stderr) == (0, "")
    blocks = done.stdout.split("\n\n")
    assert len(blocks) == 3
    first, second, last = (block.splitlines() for block in blocks)
    head = git(project, "log", "--format=%cs %h", "--abbrev=10", "-1", "HEAD~1").strip()
    assert first == [
        f"{head} Call them\\x1b[31m flowerbeds",
        "  table dd.flowerbed was renamed from dd.bed",
    ]
    assert second[1:] == ["  dd.bed: column length was renamed from size"]
    assert last[1:] == ["  table dd.bed was added"]


def test_log_command_prints_json(project: Path) -> None:
    """Programs get whole ids, and the verdicts of each change."""
    printed = json.loads(run(project, "log", "dd.path", "--format", "json").stdout)
    assert [entry["subject"] for entry in printed] == [
        *("Remove the paths", "Change paths", "Only paths")
    ]
    assert printed[0]["commit"] == git(project, "rev-parse", "HEAD").strip()
    [change] = printed[1]["changes"]
    assert change["rule"] == "column-type-widened"
    assert (change["table"], change["column"], change["member"]) == ("dd.path", "name", None)
    assert change["verdicts"]["sync"] == "warning"


def test_log_is_not_misled_by_the_settings_of_git(project: Path) -> None:
    """What a user's git adds to logs is not in this one."""
    before = run(project, "log", "dd.path").stdout
    settings = {
        "log.showSignature": "true",
        "i18n.logOutputEncoding": "UTF-16",
        "color.ui": "always",
    }
    env = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    assert run(project, "log", "dd.path", env=env).stdout == before


def test_shallow_clones_are_no_history(project: Path, tmp_path: Path) -> None:
    """Where earlier commits are missing, a log says so, and no release is guessed."""
    clone = tmp_path / "clone"
    git(project, "clone", "--quiet", "--depth=2", f"file://{project}", str(clone))
    done = run(clone, "log", "dd.flowerbed")
    assert done.returncode == 0
    assert "the clone is shallow: earlier commits are not known" in done.stderr
    done = run(clone, "release")
    assert done.returncode == 2
    assert "the clone is shallow, so the last release is not known" in done.stderr


def test_log_command_refuses_wrong_names(project: Path) -> None:
    """Usage errors say what was meant."""
    done = run(project, "log", "dd.flowerbeds")
    assert done.returncode == 2
    assert "no commit of this branch has dd.flowerbeds; did you mean" in done.stderr
    assert run(project, "log", "bed").returncode == 2
    done = run(project, "log", "dd.flowerbed.lenght")
    assert done.returncode == 2
    assert (
        "no commit of this branch has dd.flowerbed.lenght; did you mean 'dd.flowerbed.length'?"
        in done.stderr
    )


def test_released_is_the_first_commit_of_the_version(tmp_path: Path) -> None:
    """The version was released by the commit that brought it, whatever was committed since."""
    folder = repository(tmp_path / "project", 'package_version = "1.0.0"\n')
    write(folder, "dd.bed", SIZE)
    commit(folder, "First")
    (folder / "pyproject.toml").write_text('[tool.schemagen]\npackage_version = "1.1.0"\n', "utf-8")
    release = commit(folder, "Release 1.1.0")
    write(folder, "dd.bed", SIZE, PLANTS)
    commit(folder, "Add plants")
    found = history.released(api.settings(folder))
    assert found is not None
    assert (found.id, found.subject) == (release, "Release 1.1.0")
    (folder / "pyproject.toml").write_text('[tool.schemagen]\npackage_version = "2.0.0"\n', "utf-8")
    assert history.released(api.settings(folder)) is None
