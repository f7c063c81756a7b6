"""Kill a run at any of its changes of the disk."""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable
from typing import Any

CHANGING = ("open", "write", "replace", "rename", "unlink", "remove", "mkdir", "rmdir")
"""The functions of `os` through which schemagen changes the disk."""

# The tests' own process is large, so that forking it takes twenty times as long.
_SMALL = multiprocessing.get_context("forkserver")
_SMALL.set_forkserver_preload(["schemagen.bind.locks", "schemagen.build.apply"])


def is_killed(call: int, action: Callable[..., object], *arguments: object) -> bool:
    """Run ``action`` in a process that is killed at its ``call``-th change of the disk, counted from 1.

    Returns False if the action ends before that. A write is killed when half is written. The action and
    its arguments are pickled.
    """
    process = _SMALL.Process(target=_run_and_die, args=(call, action, *arguments))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def _run_and_die(call: int, action: Callable[..., object], *arguments: object) -> None:
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
    try:
        action(*arguments)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    # What Python does at its end would be counted, too.
    os._exit(0)
