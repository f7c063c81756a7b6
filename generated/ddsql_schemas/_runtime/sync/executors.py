# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Read units in the processes of an executor, on this machine or others."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, Timer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from ..load.destination import Destination
from ..units import Unit
from ..usage import UsageError
from .accounts import Account
from .channel import Address, Client, RemoteLoader, reachable_from
from .choice import Choice
from .choose import choose
from .errors import CallError
from .limiter import Limiter, Stopped
from .report import UnitReport
from .sessions import ClientSettings, MissingExtra, Sessions
from .worker import ThreadSinks, Worker, nothing

if TYPE_CHECKING:
    from ..load.package import Package

UNITS = 16
"""How many units a process reads at the same time."""

CHUNK = 8
"""How many units are sent to a process together."""

_IDLE = 15.0
"""After how many seconds without work a process closes its connections to the destination."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the processes of a run must know. ``address`` is that of the process that started it."""

    package: Package
    tables: tuple[str, ...]
    choice: Choice
    destination: Destination
    run: str
    settings: ClientSettings
    address: Address


@dataclass(frozen=True, slots=True)
class Chunk:
    """Units that are sent together, their account, and which of its regions are known to be enabled."""

    account: Account
    enabled: tuple[str, ...]
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a chunk: reports of the units that were read or given up, and how many calls were
    answered."""

    reports: tuple[UnitReport, ...]
    calls: int = field(default=0)


class _Process:
    """What a process keeps from one chunk of a run to the next."""

    def __init__(self, job: Job) -> None:
        self.stop = Event()
        self.client = Client(job.address, self.stop)
        threads = job.settings.threads
        self.calls = ThreadPoolExecutor(threads, "calls")
        self.threads = ThreadPoolExecutor(UNITS, "units")
        chosen, _ = choose(job.package, job.tables, job.choice)
        shared = job.destination.shared
        self.worker = Worker(
            chosen,
            Sessions(limiter=Limiter(self.client, self.stop), settings=job.settings),
            self.calls,
            (
                ThreadSinks(job.destination, job.package, job.run)
                if shared
                else RemoteLoader(job.address)
            ),
            job.destination.redact,
            nothing,
            {},
        )
        self.active = 0

    def close(self) -> None:
        self.stop.set()
        self.threads.shutdown(wait=True, cancel_futures=True)
        self.calls.shutdown(wait=True, cancel_futures=True)
        self.worker.loader.close()
        self.client.close()


_LOCK = Lock()
_PROCESSES: dict[Address, _Process] = {}


def work(job: Job, chunk: Chunk) -> Done:
    """Read and load the units of a chunk, in threads of this process."""
    with _prepared(job) as process, _uninterrupted():
        worker = process.worker
        try:
            worker.sessions.identify(chunk.account)
        except Stopped:
            return Done(())
        except CallError as error:
            worker.dead[chunk.account.id] = str(error)
        worker.sessions.enable(chunk.account.id, chunk.enabled)
        futures = [process.threads.submit(worker.run, unit) for unit in chunk.units]
        reports = tuple(future.result() for future in futures)
        return Done(reports, sum(report.calls for report in reports))


@contextmanager
def _prepared(job: Job) -> Generator[_Process]:
    with _LOCK:
        process = _PROCESSES.get(job.address)
        if process is None:
            process = _PROCESSES[job.address] = _Process(job)
        process.active += 1
    try:
        yield process
    finally:
        with _LOCK:
            process.active -= 1
        if not process.active:
            timer = Timer(_IDLE, _close_if_idle, (job.address, process))
            timer.daemon = True
            timer.start()


def _close_if_idle(address: Address, process: _Process) -> None:
    with _LOCK:
        if process.active or _PROCESSES.get(address) is not process:
            return
        del _PROCESSES[address]
    process.close()


@contextmanager
def _uninterrupted() -> Generator[None]:
    """Leave Ctrl-C, which a terminal sends to all processes, to the one that started the run."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def chunks(
    units: Iterable[Unit],
    accounts: Mapping[str, Account],
    enabled: Mapping[str, Sequence[str]],
    size: int = CHUNK,
) -> Iterable[Chunk]:
    """Put units that follow each other together, if they are of the same account."""
    held: list[Unit] = []
    for unit in units:
        if held and (len(held) == size or held[0].account != unit.account):
            yield _chunk(held, accounts, enabled)
            held = []
        held.append(unit)
    if held:
        yield _chunk(held, accounts, enabled)


def _chunk(
    units: list[Unit],
    accounts: Mapping[str, Account],
    enabled: Mapping[str, Sequence[str]],
) -> Chunk:
    account = units[0].account
    return Chunk(accounts[account], tuple(enabled.get(account, ())), tuple(units))


def connect(scheduler: str) -> Any:
    """Return a client of a Dask cluster, which its user closes."""
    try:
        from distributed import Client as DaskClient
    except ImportError as error:
        raise MissingExtra(
            'a scheduler needs Dask: pip install "ddsql-schemas[dask]"'
        ) from error
    try:
        client: Any = cast("Any", DaskClient)
        return client(scheduler, timeout=20, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the scheduler {scheduler!r} cannot be reached: {error}"
        ) from error


def host_for(executor: Executor) -> str:
    """Return the address at which the processes of an executor reach this one."""
    # Dask's executor; others run on this machine.
    client = getattr(executor, "_client", None)
    address = getattr(getattr(client, "scheduler", None), "address", "")
    parts = urlsplit(str(address))
    if parts.scheme not in ("tcp", "tls") or not parts.hostname:
        return "127.0.0.1"
    return reachable_from(parts.hostname, parts.port or 80)


def processes_of(executor: Executor) -> int:
    """Return how many processes an executor probably has."""
    client = getattr(executor, "_client", None)
    if client is not None and hasattr(client, "ncores"):
        return max(1, len(client.ncores()))
    return int(getattr(executor, "_max_workers", None) or os.cpu_count() or 1)
