"""The benchmarks, which no other test runs: they start, and their endpoint answers what is called first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from projects import CHECKOUT

FOLDER = CHECKOUT / "benchmarks"
PROGRAMS = sorted(
    path for path in FOLDER.glob("*.py") if "argparse.ArgumentParser(" in path.read_text("utf-8")
)


def run(program: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(program), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_benchmark_starts(program: Path) -> None:
    """Whatever it imports is where it looks for it."""
    assert program.name in run(program, "--help")


def test_every_kind_of_benchmark_is_found() -> None:
    """Those that the Makefile runs are among the tested ones."""
    made = {
        word.removeprefix("benchmarks/")
        for word in (CHECKOUT / "Makefile").read_text("utf-8").split()
        if word.startswith("benchmarks/")
    }
    assert {"run.py", "loading.py"} <= made <= {program.name for program in PROGRAMS}


@pytest.mark.slow
def test_benchmark_of_collecting_measures_calls() -> None:
    """The collector identifies its account, lists and describes at the local endpoint."""
    assert "calls a second" in run(FOLDER / "collecting.py", "calls", "--rounds", "1")
