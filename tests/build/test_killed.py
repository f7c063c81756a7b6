"""Builds and binds that are killed, or that write at the same time as others."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from killing import is_killed
from projects import page, run, tree
from schemagen import api
from schemagen.bind import locks
from schemagen.bind import run as bind
from schemagen.build.apply import apply
from schemagen.build.changes import STAGING
from schemagen.build.check import Cause
from schemagen.build.plan import plan
from schemagen.diagnostics import ProblemsFound

OLD_PAGES = {
    "changed": page("dd.changed", "Name | a | core | string"),
    "removed": page("gone.removed", "Name | a | core | string"),
}
NEW_PAGES = {
    "added": page("new.added", "Name | a | core | string"),
    "changed": page("dd.changed", "Name | a | core | int64", "Name | b | core | json"),
}
SETTINGS = 'docs = "docs_src"\noutputs = ["json_schema", "postgres"]\n'


def set_pages(project: Path, texts: Mapping[str, str]) -> None:
    shutil.rmtree(project / "docs_src", ignore_errors=True)
    (project / "docs_src/ddsql").mkdir(parents=True)
    for name, text in texts.items():
        (project / f"docs_src/ddsql/{name}.dataset.md").write_text(text)


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def built(project: Path, texts: Mapping[str, str]) -> dict[str, bytes]:
    """Build a project with these pages, and return what is generated."""
    project.mkdir()
    (project / "schemagen.toml").write_text(SETTINGS)
    set_pages(project, texts)
    assert api.build(api.settings(project))
    return tree(project / "generated")


@pytest.mark.slow
def test_killed_build_is_finished_or_undone(tmp_path: Path) -> None:
    """Pages were added, changed and removed, and the build is killed at any change of the disk. A check
    never calls the result up to date unless it is; the next build brings the tree to what the pages
    say, whether they stay or are changed back, and forgets no file."""
    project = tmp_path / "project"
    old = built(project, OLD_PAGES)
    new = built(tmp_path / "new", NEW_PAGES)
    assert {*old} - {*new}
    assert {*new} - {*old}
    shutil.copytree(project / "generated", tmp_path / "saved")
    settings = api.settings(project)
    set_pages(project, NEW_PAGES)
    planned = plan(settings)
    seen: set[str] = set()
    for call in range(1, 500):
        for texts, expected in ((NEW_PAGES, new), (OLD_PAGES, old)):
            shutil.rmtree(project / "generated")
            shutil.copytree(tmp_path / "saved", project / "generated")
            killed = is_killed(call, apply, planned)
            set_pages(project, texts)
            is_right = tree(project / "generated") == expected
            left = (project / "generated" / STAGING).exists()
            causes = {finding.cause for finding in api.check(settings)}
            assert bool(causes) == (left or not is_right)
            assert (Cause.INTERRUPTED in causes) == left
            seen |= causes
            api.build(settings)
            assert tree(project / "generated") == expected
            folders = {str(parent) for path in expected for parent in Path(path).parents} - {"."}
            assert everything(project / "generated") == {*expected, *folders}
            assert api.check(settings) == ()
        if not killed:
            break
    else:
        pytest.fail("the build never came to its end")
    assert call > 30
    assert seen > {Cause.INTERRUPTED, Cause.ORPHANED}


LOCKS = {
    "aws/a.json": ("old a", "new a"),
    "aws/b.json": ("old b", None),
    "c.json": (None, "new c"),
}


@pytest.mark.parametrize("next_run", ["build", "bind"])
def test_killed_bind_is_finished_or_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, next_run: str
) -> None:
    """A `schemagen bind` that is killed while it moves bindings between lock files leaves all files old
    or all new, once the next command has looked."""
    settings = api.settings(tmp_path)
    for path, (before, _) in LOCKS.items():
        (tmp_path / "saved" / path).parent.mkdir(parents=True, exist_ok=True)
        if before is not None:
            (tmp_path / "saved" / path).write_text(before)
    old = tree(tmp_path / "saved")
    new = {path: text.encode() for path, (_, text) in LOCKS.items() if text is not None}
    changes = [
        locks.LockChange(f"bindings/{path}", path, before, text, "")
        for path, (before, text) in LOCKS.items()
    ]
    outcomes: list[bool] = []
    for call in range(1, 100):
        shutil.copytree(tmp_path / "saved", tmp_path / "bindings")
        killed = is_killed(call, locks.write, settings, changes)
        # There are no pages: what the command does after it has looked is an error.
        if next_run == "build":
            with pytest.raises(ProblemsFound):
                api.build(settings)
        else:
            if (tmp_path / "bindings" / STAGING).exists():
                left = bind.bind(settings, check=True)
                assert (left.changes, left.interrupted) == ((), (f"bindings/{STAGING}",))
            with pytest.raises(ProblemsFound):
                bind.bind(settings)
        found = tree(tmp_path / "bindings")
        assert found in (old, new)
        outcomes.append(found == new)
        assert everything(tmp_path / "bindings") == {*found, "aws"}
        shutil.rmtree(tmp_path / "bindings")
        if not killed:
            break
    else:
        pytest.fail("the command never came to its end")
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {False, True}


def test_check_reports_what_a_killed_bind_left(tmp_path: Path) -> None:
    """`bind --check` and `build --check` exit with 1 and change nothing; `build` cleans up."""
    built(tmp_path / "project", OLD_PAGES)
    project = tmp_path / "project"
    change = locks.LockChange("bindings/a.json", "a.json", None, "{", "")
    assert is_killed(4, locks.write, api.settings(project), [change])
    before = tree(project)
    path = f"bindings/{STAGING}"
    done = run(project, "build", "--check")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"{path}: left by a run that was interrupted",
        "1 file is out of date; run `schemagen build`",
    ]
    done = run(project, "bind", "--check")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"{path}: left by a run that was interrupted; `schemagen bind` cleans it up",
    ]
    assert tree(project) == before
    done = run(project, "build", "--fail-on-change")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[:2] == [
        "bindings: an earlier run was interrupted; its changes are undone",
        "generated is up to date (2 tables)",
    ]
    assert not (project / path).exists()


SLOW_BUILD = """
import sys
from pathlib import Path
from schemagen import api
from schemagen.build.apply import apply
from schemagen.build.plan import plan
planned = plan(api.settings(Path.cwd()))
print("planned", flush=True)
sys.stdin.readline()
try:
    print(bool(apply(planned)))
except api.ProblemsFound as error:
    print(error)
"""


@pytest.fixture
def slow_build(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A build of the old pages that has read them and has not written yet."""
    built(tmp_path / "project", {"changed": NEW_PAGES["added"]})
    set_pages(tmp_path / "project", OLD_PAGES)
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_BUILD],
        cwd=tmp_path / "project",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "planned\n"
        yield process


def test_slow_build_does_not_overwrite_a_newer_one(
    tmp_path: Path, slow_build: subprocess.Popen[str]
) -> None:
    """If pages change and another build is done while a slow one renders, the slow one writes nothing,
    and says so."""
    project = tmp_path / "project"
    set_pages(project, NEW_PAGES)
    assert api.build(api.settings(project))
    newer = tree(project)
    output, _ = slow_build.communicate("\n", timeout=60)
    assert output.startswith("generated/")
    assert "SG502 changed while schemagen was reading it" in output
    assert "run `schemagen build` again" in output
    assert tree(project) == newer


def test_slow_build_has_nothing_to_do_if_another_did_the_same(
    tmp_path: Path, slow_build: subprocess.Popen[str]
) -> None:
    """Two builds of the same pages at once, as of an editor and a hook, are no conflict."""
    project = tmp_path / "project"
    assert api.build(api.settings(project))
    newer = tree(project)
    output, _ = slow_build.communicate("\n", timeout=60)
    assert output == "False\n"
    assert tree(project) == newer
