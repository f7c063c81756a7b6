"""The workers that `make test` shares the tests between."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TESTS = """\
import os

import pytest


@pytest.mark.xdist_group("shared")
@pytest.mark.parametrize("number", range(6))
def test_shared(number):
    with open("workers", "a") as file:
        print(os.environ["PYTEST_XDIST_WORKER"], file=file)
"""


def test_tests_of_a_group_run_in_one_worker(tmp_path: Path) -> None:
    """What the tests of a group share is made once. Releases of pytest and pytest-xdist that do not fit
    each other share out such tests like any others, without a word, and `make test` takes much longer."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_shared.py").write_text(TESTS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "loadgroup",
        str(tmp_path),
    ]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    workers = (tmp_path / "workers").read_text().split()
    assert len(workers) == 6
    assert len(set(workers)) == 1
