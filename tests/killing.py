"""Kill a run at any of its changes of the disk."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

CHANGING = ("open", "write", "replace", "rename", "unlink", "remove", "mkdir", "rmdir")
"""The functions of `os` through which schemagen changes the disk."""


def is_killed(action: Callable[[], object], call: int) -> bool:
    """Run ``action`` in a process that is killed at its ``call``-th change of the disk, counted from 1.

    Returns False if the action ends before that. A write is killed when half is written.
    """
    process = os.fork()
    if process == 0:
        _run_and_die(action, call)
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


def _run_and_die(action: Callable[[], object], call: int) -> None:
    status = 1
    try:
        count = 0

        def dying(function: Callable[..., Any]) -> Callable[..., Any]:
            def counted(*arguments: Any, **options: Any) -> Any:
                nonlocal count
                if function is not opening or arguments[1] & os.O_CREAT:
                    count += 1
                    if count == call:
                        if function is writing:
                            function(arguments[0], arguments[1][: len(arguments[1]) // 2])
                        os.kill(os.getpid(), signal.SIGKILL)
                return function(*arguments, **options)

            return counted

        opening, writing = os.open, os.write
        for name in CHANGING:
            setattr(os, name, dying(getattr(os, name)))
        action()
        status = 0
    finally:
        os._exit(status)
