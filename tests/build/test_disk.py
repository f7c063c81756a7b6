"""schemagen.build.disk: each file old or new, never half."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from schemagen.build import disk
from schemagen.diagnostics import ProblemsFound


def test_write_replaces_and_removes_files_and_empty_folders(tmp_path: Path) -> None:
    """Files are written and removed, with folders that become empty; other files stay."""
    disk.write(tmp_path, {"a/b/one.txt": "1", "a/two.txt": "2"}, [])
    (tmp_path / "a" / "mine.txt").write_text("mine")
    disk.write(tmp_path, {"a/two.txt": "zwei"}, ["a/b/one.txt"])
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert files == {"a", "a/mine.txt", "a/two.txt"}
    assert (tmp_path / "a/two.txt").read_text() == "zwei"


def test_write_reports_all_obstacles_before_writing(tmp_path: Path) -> None:
    """Everything in the way is reported; nothing is written or left behind."""
    (tmp_path / "a").write_text("a file")
    (tmp_path / "b/c").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ProblemsFound) as caught:
        disk.write(
            tmp_path,
            {"0.txt": "0", "a/b": "1", "b/c": "2"},
            [],
            lambda path: path.relative_to(tmp_path).as_posix(),
        )
    assert str(caught.value).splitlines() == [
        "a:1:1: SG501 a file is in the way of this folder; move it away",
        "b/c:1:1: SG501 a folder is in the way of this file; move it away",
    ]
    assert sorted(tmp_path.rglob("*")) == before


def test_write_refuses_a_folder_that_another_process_writes(tmp_path: Path) -> None:
    """A second build is refused instead of mixing its files with those of the first."""
    staging = tmp_path / disk.STAGING
    staging.mkdir()
    held = os.open(staging, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        with pytest.raises(ProblemsFound, match="SG502 another build is writing here"):
            disk.write(tmp_path, {"a.txt": "1"}, [])
    finally:
        os.close(held)
    disk.write(tmp_path, {"a.txt": "1"}, [])
    assert not staging.exists()


KILLED = """
import os, sys
from pathlib import Path
from schemagen.build import disk
calls = int(sys.argv[2])
def die_at(event, args):
    global calls
    if event in ("os.rename", "open", "os.remove", "os.mkdir"):
        calls -= 1
        if calls == 0:
            os.kill(os.getpid(), 9)
folder = Path(sys.argv[1])
sys.addaudithook(die_at)
disk.write(folder, {f"d{n}/f{n}.txt": "new" * 1000 for n in range(3)}, ["gone.txt"])
"""


def test_write_leaves_each_file_old_or_new_when_killed(tmp_path: Path) -> None:
    """A build that is killed at any system call leaves each file old or new, and the next build
    cleans up after it."""
    for calls in range(1, 60):
        folder = tmp_path / str(calls)
        disk.write(folder, {f"d{n}/f{n}.txt": "old" for n in range(3)} | {"gone.txt": "old"}, [])
        done = subprocess.run([sys.executable, "-c", KILLED, str(folder), str(calls)], check=False)
        texts = {(folder / f"d{n}/f{n}.txt").read_text() for n in range(3)}
        assert texts <= {"old", "new" * 1000}
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        disk.write(folder, {f"d{n}/f{n}.txt": "new" * 1000 for n in range(3)}, ["gone.txt"])
        names = {path.name for path in folder.rglob("*")}
        assert names == {"d0", "d1", "d2", "f0.txt", "f1.txt", "f2.txt"}
    else:
        pytest.fail("the write never came to its end")
