"""The hooks that this repository offers, run by the real pre-commit in another repository."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

import checkouts
from projects import CHECKOUT, TRAINING, page, run, seeds, tree

# One group is one worker, so that pre-commit installs the hooks once.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pre-commit")]

CONFIGURATION = """\
repos:
  - repo: {url}
    rev: {commit}
    hooks:
      - id: schemagen-build
      - id: schemagen-check
"""
BUILT = "generated/ddsql_schemas"

Hook = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A .pre-commit-config.yaml that takes the hooks from this repository's working tree."""
    source = checkouts.copy(tmp_path_factory.mktemp("hooks"))
    commit = checkouts.git(source, "rev-parse", "HEAD").strip()
    return CONFIGURATION.format(url=source.as_uri(), commit=commit)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """pre-commit's environment. It installs schemagen as it always does, in an environment of its
    own; only the libraries are those that are here, so that no index is needed."""
    return {
        **checkouts.ENVIRONMENT,
        "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("pre-commit")),
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads this variable the wrong way round
        "PIP_IGNORE_INSTALLED": "1",
    }


@pytest.fixture
def project(configuration: str, tmp_path: Path) -> Path:
    """A repository of pages with its generated package, all committed."""
    folder = seeds(tmp_path)
    (folder / ".pre-commit-config.yaml").write_text(configuration)
    assert run(folder, "build").returncode == 0
    checkouts.commit(folder)
    return folder


@pytest.fixture
def hook(project: Path, environment: dict[str, str]) -> Hook:
    """Stages everything, as for a commit, and runs one of the hooks."""

    def run_hook(name: str) -> subprocess.CompletedProcess[str]:
        checkouts.git(project, "add", "--all")
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--color=never", "--verbose", name],
            cwd=project,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    return run_hook


def retype(project: Path, new: str) -> None:
    """Give the first column of a page the type ``new``."""
    path = project / TRAINING
    before, after = path.read_text().split("| core | string ", 1)
    path.write_text(f"{before}| core | {new} {after}")


def test_build_hook_fails_once_after_an_edited_page(project: Path, hook: Hook) -> None:
    """A commit with an edited page is stopped with the tree regenerated; the next one passes."""
    assert (done := hook("schemagen-build")).returncode == 0, done.stdout
    before = tree(project / BUILT)
    retype(project, "int64")
    done = hook("schemagen-build")
    assert done.returncode == 1, done.stdout
    assert tree(project / BUILT) != before
    assert run(project, "build", "--check").returncode == 0
    assert (done := hook("schemagen-build")).returncode == 0, done.stdout


def test_build_hook_fails_when_it_adds_files(project: Path, hook: Hook) -> None:
    """Files that a new page adds are untracked, which pre-commit does not notice: the hook fails."""
    new = project / "docs_src/ddsql/aws/aws.made_up.dataset.md"
    new.write_text(page("aws.made_up", "id | core | string"))
    done = hook("schemagen-build")
    assert done.returncode == 1, done.stdout
    assert "- exit code: 1" in done.stdout
    untracked = checkouts.git(project, "ls-files", "--others", "--exclude-standard").split()
    assert f"{BUILT}/models/aws/made_up.py" in untracked
    assert (done := hook("schemagen-build")).returncode == 0, done.stdout


def test_check_reports_and_changes_nothing(project: Path, hook: Hook) -> None:
    """schemagen-check shows the difference and the mend, and writes nothing."""
    assert (done := hook("schemagen-check")).returncode == 0, done.stdout
    retype(project, "int64")
    before = tree(project / "generated")
    done = hook("schemagen-check")
    assert done.returncode == 1, done.stdout
    assert "run `schemagen build`" in done.stdout
    assert "\n+" in done.stdout
    assert tree(project / "generated") == before


def test_wrong_pages_stop_a_commit(project: Path, hook: Hook) -> None:
    """A page that cannot be read stops the commit with its place, and nothing is written."""
    retype(project, "strin")
    before = tree(project / "generated")
    done = hook("schemagen-build")
    assert done.returncode == 1, done.stdout
    assert "- exit code: 2" in done.stdout
    assert f"{TRAINING}:" in done.stdout
    assert tree(project / "generated") == before


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("validate-manifest", ".pre-commit-hooks.yaml"),
        ("validate-config", ".pre-commit-config.yaml"),
    ],
)
def test_pre_commit_accepts_both_hook_files(
    command: str, file: str, environment: dict[str, str]
) -> None:
    """pre-commit can read the hooks that the project offers and those that it uses."""
    subprocess.run(
        [sys.executable, "-m", "pre_commit", command, CHECKOUT / file], env=environment, check=True
    )
