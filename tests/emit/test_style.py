"""Generated Python is what linters and black leave alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from corpus_package import CorpusPackage
from golden_trees import FOLDER, PROJECTS
from projects import CHECKOUT

TREES = [CHECKOUT / "generated", *(FOLDER / project / "expected" for project in PROJECTS)]

RUFF = ["ruff", "check", "--isolated", "--no-cache", "--target-version=py311"]
CHECKS = {
    # Long lines are the page's words, which nothing breaks.
    "ruff": [*RUFF, "--select=I,F,E,W,UP", "--ignore=E501"],
    "black": ["black", "--check", "--quiet", "--target-version=py311"],
}


def findings(check: str, folder: Path, *options: str) -> str:
    """What a checker has to say about the Python of a folder; it must find some."""
    assert sum(1 for path in folder.rglob("*.py") if path.stat().st_size) > 5
    done = subprocess.run(
        [sys.executable, "-m", *CHECKS[check], *options, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr or "failed"


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("tree", TREES, ids=lambda tree: str(tree.relative_to(CHECKOUT)))
def test_generated_trees_pass_linters(tree: Path, check: str) -> None:
    """The committed package and the golden trees are sorted, without unused names, and black."""
    assert findings(check, tree) == ""


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS)
def test_corpus_package_passes_linters(corpus_package: CorpusPackage, check: str) -> None:
    """So is the package of many real pages. Its runtime is the same as in the other trees."""
    assert findings(check, corpus_package.settings.out, "--extend-exclude=_runtime") == ""


@pytest.mark.parametrize("check", CHECKS)
def test_style_checks_fail_on_a_badly_styled_tree(tmp_path: Path, check: str) -> None:
    """A tree with unsorted, unused imports and single quotes fails both checks."""
    for number in range(6):
        (tmp_path / f"m{number}.py").write_text("import typing\nimport ast\nx = 'a'\n")
    assert findings(check, tmp_path)
