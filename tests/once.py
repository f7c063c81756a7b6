"""What several test processes need is made once for a whole test run, in a folder that they share."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def folder_of_run(factory: pytest.TempPathFactory) -> Path:
    """The folder of the test run, which all of its processes see."""
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # then this folder is the worker's own
        return folder.parent
    return folder


def made(folder: Path, name: str, make: Callable[[Path], None]) -> Path:
    """The folder ``name`` in ``folder``. The first process that asks for it calls ``make`` with the
    path of a folder to create; others wait."""
    with (folder / f"{name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        finished = folder / name
        if not finished.exists():
            # Another name until all is there: a process that failed leaves nothing to rely on.
            unfinished = folder / f"{name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            make(unfinished)
            unfinished.rename(finished)
    return finished


def linked(source: Path, target: Path) -> Path:
    """A copy of a folder whose files nobody writes into, only replaces: made of hard links."""
    shutil.copytree(source, target, copy_function=os.link, dirs_exist_ok=True)
    return target
