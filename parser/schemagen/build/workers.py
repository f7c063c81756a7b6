"""A pool of processes that end with the process that started them, however it ends."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from schemagen.targets.registry import Target

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@contextmanager
def pool(jobs: int, set_up: Callable[..., None], *arguments: Any) -> Generator[ProcessPoolExecutor]:
    """Provide ``jobs`` processes, each of which calls ``set_up`` with ``arguments`` first.

    If the block raises, they end at once, whatever they do. They watch a pipe whose other end only this
    process has, so they also end if it is killed, and hold none of its files and pipes any longer.
    """
    # A forked process has the modules already that this one has imported.
    context = get_context("fork" if sys.platform == "linux" else None)
    watched, held = Pipe(duplex=False)
    with watched, held:
        start = (watched, held, set_up, arguments)
        with ProcessPoolExecutor(jobs, context, _start, start) as executor:
            try:
                with _signals_held(), _garbage_kept():
                    executor.submit(_nothing)  # starts the processes
                yield executor
            except BaseException:
                held.close()
                raise


def in_order(
    executor: ProcessPoolExecutor, function: Callable[[_Item], _Result], items: Iterable[_Item]
) -> Iterator[_Result]:
    """Call ``function`` with each item in the processes of a pool, and yield what it returns, in order.

    Unlike `Executor.map`, this cancels nothing when it is left early: if the processes of a pool end, it
    sets an exception in the future of each call, which fails with a traceback for those that are cancelled.
    """
    futures = [executor.submit(function, item) for item in items]
    return (future.result() for future in futures)


MIN_PARTS_PER_JOB = 24
"""With fewer, starting a process costs more than it saves."""


@contextmanager
def warm_process(
    targets: Sequence[Target], parts: int, jobs: int | None
) -> Generator[ProcessPoolExecutor | None]:
    """Provide a process that imports what renderers of ``targets`` need, while this one reads and links
    what has changed; None where that saves nothing.

    More than a few ``parts`` are rendered by a `pool`, whose processes are started with everything imported.
    """
    few = 0 < parts < MIN_PARTS_PER_JOB
    if not few or min(jobs or 2, os.cpu_count() or 1) == 1 or sys.platform != "linux":
        yield None
        return
    with pool(1, _warm_up, targets) as executor:
        yield executor


def _warm_up(targets: Sequence[Target]) -> None:
    from schemagen.emit.render import warm_up

    warm_up(targets)


@contextmanager
def _signals_held() -> Generator[None]:
    """Hold signals back while processes are forked: what a handler raises in Python's own hooks around
    a fork is lost."""
    _mask(held=True)
    try:
        yield
    finally:
        _mask(held=False)


@contextmanager
def _garbage_kept() -> Generator[None]:
    """Collect no garbage while processes are forked, see `_start`."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _mask(*, held: bool) -> None:
    if sys.platform != "win32":
        how = signal.SIG_BLOCK if held else signal.SIG_UNBLOCK
        signal.pthread_sigmask(how, (signal.SIGINT, signal.SIGTERM))


def _nothing(*_: object) -> None:
    """Do nothing, in a process of the pool."""


def _start(
    watched: Connection, held: Connection, set_up: Callable[..., None], arguments: tuple[Any, ...]
) -> None:
    # Garbage of the process that was forked is never collected here: an executor in it would wait for its
    # lock, which another thread may have held, and threads are not forked.
    gc.freeze()
    gc.enable()
    held.close()
    # Ctrl+C reaches the whole group of processes; the one that started this one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _mask(held=False)
    threading.Thread(target=_end_with, args=(watched,), daemon=True).start()
    set_up(*arguments)


def _end_with(watched: Connection) -> None:
    """End this process once the other end of the pipe is closed."""
    watched.poll(None)
    os._exit(1)
