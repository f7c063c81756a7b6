"""`make test-pythons` finds the other Pythons, and tells a broken set-up from a single Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from projects import CHECKOUT

PROMISED = ("3.11", "3.12", "3.13")
OTHERS = [name for name in PROMISED if name != f"{sys.version_info[0]}.{sys.version_info[1]}"]


def program(path: Path, body: str) -> None:
    """Write a shell script that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    path.chmod(0o755)


def answer(path: Path, version: str) -> None:
    """Write a program that answers as an interpreter of ``version`` which can run anything."""
    program(path, f'echo "{version} {path}"')


def find(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the search where PATH is ``folder``/bin and pyenv's root is ``folder``/pyenv."""
    return subprocess.run(
        [sys.executable, CHECKOUT / ".ci" / "pythons.py", "import venv"],
        env={"PATH": str(folder / "bin"), "PYENV_ROOT": str(folder / "pyenv")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_pythons_prints_every_other_promised_version(tmp_path: Path) -> None:
    """A name on PATH and a version of pyenv are found; this Python and unpromised ones are not."""
    first, second = OTHERS[:2]
    on_path = tmp_path / "bin" / f"python{first}"
    answer(on_path, first)
    newest = tmp_path / "pyenv" / "versions" / f"{second}.10" / "bin" / "python"
    answer(newest, second)
    answer(tmp_path / "pyenv" / "versions" / f"{second}.9" / "bin" / "python", second)
    answer(tmp_path / "bin" / "python3.10", "3.10")
    done = find(tmp_path)
    assert done.stdout == f"{first} {on_path}\n{second} {newest}\n"
    assert done.returncode == 0


def test_pythons_looks_behind_a_shim_that_does_not_run(tmp_path: Path) -> None:
    """A shim of a version that is not selected hides neither that version nor fails the search."""
    version = OTHERS[0]
    program(tmp_path / "bin" / f"python{version}", "echo not selected >&2; exit 127")
    behind = tmp_path / "pyenv" / "versions" / f"{version}.1" / "bin" / "python"
    answer(behind, version)
    done = find(tmp_path)
    assert (done.stdout, done.returncode) == (f"{version} {behind}\n", 0)


@pytest.mark.parametrize(
    ("body", "reason"),
    [("echo not selected >&2; exit 127", "not selected"), ("echo 3.10 python", "is Python 3.10")],
)
def test_pythons_fails_when_the_others_cannot_be_used(
    tmp_path: Path, body: str, reason: str
) -> None:
    """Where other versions can be seen but none runs, the set-up is broken, and why is reported."""
    path = tmp_path / "bin" / f"python{OTHERS[0]}"
    program(path, body)
    done = find(tmp_path)
    assert (done.stdout, done.returncode) == ("", 1)
    assert f"{path}: {reason}\n" in done.stderr


def test_pythons_passes_with_a_single_python(tmp_path: Path) -> None:
    """A machine without another promised Python passes, and the report says so."""
    done = find(tmp_path)
    assert (done.stdout, done.returncode) == ("", 0)
    assert "No second Python" in done.stderr
    assert all(f"Python {version}: not on this machine" in done.stderr for version in OTHERS)
