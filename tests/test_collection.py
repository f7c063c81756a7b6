"""What pytest collects without arguments, as `make test` calls it."""

from __future__ import annotations

import subprocess
import sys

from projects import CHECKOUT

NOT_TESTS = ("tests/golden/", "tests/fixtures/")
"""Folders of input and expected output."""


def test_every_file_of_tests_is_collected() -> None:
    """No folder is skipped because of its name, as pytest does with ``build`` and ``dist`` by default."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    collected = {line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line}
    files = {
        path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "tests").rglob("test_*.py")
    }
    files = {path for path in files if not path.startswith(NOT_TESTS)}
    assert len(files) > 100
    assert collected == files
