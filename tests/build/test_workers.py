"""schemagen.build.workers: the processes of a build end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from projects import page, pages

TABLES = 240


def wait_until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    try:
        found = Path(f"/proc/{process}/task/{process}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(child) for child in found.split()]


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_a_build_that_is_ended(tmp_path: Path, how: signal.Signals) -> None:
    """However a build is ended, its processes end at once, so that whoever reads its output sees the
    end, and nothing is written."""
    rows = [f"Name {number} | a{number} | core | json" for number in range(60)]
    project = pages(
        tmp_path,
        {
            f"ddsql/dd/dd.t{number}.dataset.md": page(f"dd.t{number}", *rows)
            for number in range(TABLES)
        },
    )
    build = subprocess.Popen(
        [sys.executable, "-m", "schemagen", "build", "--jobs", "2"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    wait_until(lambda: len(children(build.pid)) == 2 or build.poll() is not None, "two workers")
    workers = children(build.pid)
    assert len(workers) == 2
    os.kill(build.pid, how)
    started = time.monotonic()
    output, _ = build.communicate(timeout=60)
    # The build would go on for longer.
    assert time.monotonic() - started < 5
    expected = {
        signal.SIGKILL: (-signal.SIGKILL, b""),
        signal.SIGTERM: (143, b"terminated\n"),
    }
    assert (build.returncode, output) == expected[how]
    wait_until(lambda: not any(map(is_running, workers)), "the end of the workers")
    assert not (project / "generated").exists()
