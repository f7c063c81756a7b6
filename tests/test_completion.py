"""Completion in shells: what they are given to complete, in the form that they read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from projects import CHECKOUT

PROGRAM = Path(sys.executable).with_name("schemagen")


def asked(cwd: Path, **variables: str) -> str:
    """Return what the program prints for a shell that sets these variables."""
    done = subprocess.run(
        [PROGRAM],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def completed(cwd: Path, words: str) -> list[str]:
    """Return what bash may complete the last of ``words`` to."""
    shown = asked(
        cwd,
        _SCHEMAGEN_COMPLETE="bash_complete",
        COMP_WORDS=words,
        COMP_CWORD=str(words.count(" ")),
    )
    return [line.partition(",")[2] for line in shown.splitlines() if line]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_complete_commands(tmp_path: Path, shell: str) -> None:
    """The scripts that docs/commands.md tells to load are printed, and complete commands."""
    script = asked(tmp_path, _SCHEMAGEN_COMPLETE=f"{shell}_source")
    assert f"_SCHEMAGEN_COMPLETE={shell}_complete" in script
    words = {"COMP_WORDS": "schemagen cov", "COMP_CWORD": "cov" if shell == "fish" else "1"}
    assert "coverage" in asked(tmp_path, _SCHEMAGEN_COMPLETE=f"{shell}_complete", **words)


JOBS = ["aws.sagemaker_compilation_job", "aws.sagemaker_processing_job"]


@pytest.mark.parametrize(
    ("words", "completions"),
    [
        ("schemagen inspect aws.sagemaker_c", JOBS[:1]),
        ("schemagen coverage aws.sagemaker_c", JOBS[:1]),
        (f"schemagen bind {JOBS[0]} aws.sagemaker_p", JOBS[1:]),
        ("schemagen log aws.sagemaker_p", JOBS[1:]),
        ("schemagen explain aws.sagemaker_p", JOBS[1:]),
        ("schemagen explain SG11", [f"SG11{digit}" for digit in range(10)]),
        ("schemagen rules key-", ["key-added", "key-changed", "key-format-changed", "key-removed"]),
        ("schemagen diff --for sql-reader,sql", ["sql-reader,sql-writer"]),
        ("schemagen migrate --dialect post", ["postgres", "postgres_jsonb"]),
    ],
)
def test_completion_suggests_names_of_the_project(words: str, completions: list[str]) -> None:
    """Ids of tables, error codes, rules, consumers and dialects are completed where they are taken."""
    assert completed(CHECKOUT, words) == completions


def test_completion_passes_over_excluded_pages_and_other_files(tmp_path: Path) -> None:
    """The ids are those of the pages that commands read, from a folder below the project's, too."""
    settings = '[tool.schemagen]\ndocs = "pages"\nexclude = ["old"]\n'
    (tmp_path / "pyproject.toml").write_text(settings, "utf-8")
    for path in ("a.one.dataset.md", "ddsql/a.two.md", "old/a.three.dataset.md", "API_Two.md"):
        page = tmp_path / "pages" / path
        page.parent.mkdir(parents=True, exist_ok=True)
        page.touch()
    assert completed(tmp_path / "pages", "schemagen inspect ") == ["a.one", "a.two"]


def test_completion_is_silent_where_the_settings_have_problems(tmp_path: Path) -> None:
    """Without readable settings nothing is suggested, and nothing is printed into the prompt."""
    (tmp_path / "schemagen.toml").write_text("docs = 3\n", "utf-8")
    assert completed(tmp_path, "schemagen inspect ") == []
