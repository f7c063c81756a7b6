# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Run a sync: collect the units of tables, and load them."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ThreadPoolExecutor,
)
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from secrets import token_hex
from threading import Event
from typing import TYPE_CHECKING, Any, cast

from ..load.destination import Destination
from ..load.sink import LoadCounts, Sink
from ..lookup import did_you_mean, listed_texts
from ..units import Collection, Unit
from ..usage import UsageError
from . import accounts as account_files
from . import executors
from .accounts import Account
from .channel import Server
from .choice import Choice
from .choose import Chosen, choose
from .collector import collect
from .errors import CallError, NoEndpoint
from .executors import Chunk, Done, Job
from .limiter import Key, Lease, Lessor, Limiter, Limits, Quotas, Stopped
from .plan import Shard, Target, plan
from .progress import Progress, Silent
from .regions import ForeignRegion, Place, check, locate
from .report import Report, Reporter, UnitReport, unit_report
from .sessions import ClientSettings, Sessions, require_boto3
from .tally import Tally
from .worker import SharedSink, ThreadSinks, Worker

if TYPE_CHECKING:
    from ..load.package import Package

THREADS = 32
"""How many calls a process makes at the same time."""

_MOST_READING = 4

BATCH = 10_000
"""How many rows a record batch has at most."""

_AHEAD = 4
"""How many units, or chunks for each process of an executor, are planned ahead."""

_NO_REPORT = "its process lost the connection to the one that started the run"

_RESUMED = "complete in the run that is resumed"
_NOTHING_LEFT = (
    "the last run was complete: nothing is left to resume, so this is a new run"
)


def run(
    package: Package,
    tables: Sequence[str],
    to: Destination | str,
    *,
    session: Any = None,
    regions: Sequence[str] = (),
    accounts: Sequence[Account] | Path = (),
    exclude: Sequence[str] = (),
    skip: Sequence[str] = (),
    threads: int = THREADS,
    shard: Shard | None = None,
    resume: bool = False,
    executor: Executor | None = None,
    scheduler: str = "",
    endpoint_url: str | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Report:
    """Collect tables and load them. See the package's module ``sync``.

    ``executor`` reads units in its processes, which get their work pickled; ``scheduler`` is the
    address of a Dask cluster that does. Ctrl-C and SIGTERM end the run when the units that are being
    read have stopped, without changing their rows; the report says that it was interrupted.
    """
    started = time.monotonic()
    destination = Destination.parse(to) if isinstance(to, str) else to
    choice = Choice(listed_texts(exclude), listed_texts(skip))
    regions = listed_texts(regions)
    chosen, notes = choose(package, tables, choice)
    listed = _listed(accounts)
    remote = scheduler or not (
        executor is None or isinstance(executor, ThreadPoolExecutor)
    )
    if session is not None and remote:
        raise UsageError(
            "a session cannot be sent to other processes; leave it out, and name profiles or roles in"
            " accounts, or configure credentials where the processes run"
        )
    require_boto3()
    running = _Run(chosen, progress or Silent(), destination.redact)
    settings = ClientSettings(endpoint_url, threads)
    lessor = _ReportingLessor(
        Quotas(limits or Limits(), running.stop), running.progress
    )
    sessions = Sessions(
        listed,
        limiter=Limiter(lessor, running.stop),
        session=session,
        settings=settings,
    )
    # Before anything is made.
    targets = [Target.of(each.calls) for each in chosen.values()]
    check(sessions, listed, regions, [each.scope.kind for each in targets])
    _check_limits(sessions, limits)
    sink, name, running.finished = _opened(destination, package, chosen, shard, resume)
    try:
        for note in notes:
            running.say(note)
        units = running.units(sessions, listed, regions, shard)
        loader = (
            ThreadSinks(destination, package, name)
            if destination.shared
            else SharedSink(sink)
        )
        with _ending(running.stop):
            if not remote:
                running.in_threads(
                    units, sessions, loader, destination, threads, executor
                )
            else:
                job = _JobTemplate(
                    package, tuple(chosen), choice, destination, name, settings
                )
                with _executor(executor, scheduler) as processes:
                    running.in_processes(units, sink, lessor, job, processes)
    finally:
        sink.close()
    report = running.reporter.report(
        time.monotonic() - started, running.notes, running.stop.is_set()
    )
    if not _was_complete(report):
        return report
    # Whoever always passes --resume, as a nightly job may, wants what is there now.
    running.say(_NOTHING_LEFT)
    return run(
        package,
        tables,
        destination,
        session=session,
        regions=regions,
        accounts=accounts,
        exclude=exclude,
        skip=skip,
        threads=threads,
        shard=shard,
        executor=executor,
        scheduler=scheduler,
        endpoint_url=endpoint_url,
        limits=limits,
        progress=progress,
    )


def _was_complete(report: Report) -> bool:
    """Whether the run that was resumed had completed all units."""
    reasons = [unit.reason for unit in report.units if unit.account]
    return bool(reasons) and all(reason == _RESUMED for reason in reasons)


def units(
    package: Package,
    tables: Sequence[str],
    *,
    session: Any = None,
    regions: Sequence[str] = (),
    accounts: Sequence[Account] | Path = (),
    shard: Shard | None = None,
    endpoint_url: str | None = None,
) -> Iterator[Unit]:
    """Yield the units that a run would read, which other programs can distribute. They are picklable.

    Raises a `CallError` for an account that cannot be used.
    """
    chosen, _ = choose(package, tables, Choice())
    regions = listed_texts(regions)
    listed = _listed(accounts)
    reading = _reading(listed, session, endpoint_url, THREADS, Limits())
    targets = [Target.of(each.calls) for each in chosen.values()]
    check(reading.sessions, listed, regions, [each.scope.kind for each in targets])
    alone = len(listed) < 2
    places = (
        locate(
            *(reading.sessions, reading.sessions.identify(each), regions, _ignore),
            alone=alone,
        )
        for each in listed or (Account(),)
    )
    yield from plan(targets, places, reading.sessions.available, shard)


def rows(
    package: Package,
    table: str,
    *,
    session: Any = None,
    regions: Sequence[str] = (),
    accounts: Sequence[Account] | Path = (),
    threads: int = THREADS,
    endpoint_url: str | None = None,
) -> Iterator[Mapping[str, object]]:
    """Yield the rows of a table. Raises a `CallError` if they could not be read in full."""
    given: dict[str, Any] = {
        "session": session,
        "accounts": accounts,
        "endpoint_url": endpoint_url,
    }
    for unit in units(package, [table], regions=regions, **given):
        yield from rows_of(package, unit, threads=threads, **given)


def rows_of(
    package: Package,
    unit: Unit,
    *,
    session: Any = None,
    accounts: Sequence[Account] | Path = (),
    threads: int = THREADS,
    endpoint_url: str | None = None,
    limits: Limits | None = None,
) -> Iterator[Mapping[str, object]]:
    """Yield the rows of a unit; none if the service is not in its region.

    Raises a `CallError` if they could not be read in full.
    """
    chosen = choose(package, [unit.table], Choice())[0][unit.table]
    listed = _listed(accounts)
    reading = _reading(listed, session, endpoint_url, threads, limits or Limits())
    of_unit = [each for each in listed if each.id == unit.account]
    reading.sessions.identify((of_unit or [Account(unit.account)])[0])
    tally = Tally()
    region = unit.endpoint or unit.region
    caller = reading.sessions.caller(unit.account, chosen.calls.service, region, tally)
    with ThreadPoolExecutor(threads, "calls") as pool:
        try:
            for row, _ in collect(
                *(chosen.calls, chosen.mapper, caller, unit),
                tally=tally,
                executor=pool,
            ):
                yield row
        except NoEndpoint:
            return
    for failure in tally.failures:
        failed = CallError("", failure.message)
        failed.operation = failure.operation
        raise failed
    for denial in tally.denied:
        denied = CallError("", "the credentials lack the permission")
        denied.operation = denial.operation
        raise denied


def batches(
    package: Package,
    unit: Unit,
    *,
    size: int = BATCH,
    session: Any = None,
    accounts: Sequence[Account] | Path = (),
    threads: int = THREADS,
    endpoint_url: str | None = None,
    limits: Limits | None = None,
) -> Iterator[Any]:
    """Yield the rows of a unit as Arrow record batches of up to ``size`` rows, of the package's schema.

    Raises a `CallError` if they could not be read in full. Needs pyarrow.
    """
    try:
        pyarrow: Any = import_module("pyarrow")
    except ImportError as error:
        raise UsageError(
            f'batches need pyarrow: pip install "{package.name}[parquet]"'
        ) from error
    table, schema = package.table(unit.table), package.arrow(unit.table)
    records: list[dict[str, object]] = []
    for row in rows_of(
        package,
        unit,
        session=session,
        accounts=accounts,
        threads=threads,
        endpoint_url=endpoint_url,
        limits=limits,
    ):
        records.append(package.records.encode(row, table, "arrow"))
        if len(records) == size:
            yield pyarrow.RecordBatch.from_pylist(records, schema)
            records = []
    if records:
        yield pyarrow.RecordBatch.from_pylist(records, schema)


def _check_limits(sessions: Sessions, limits: Limits | None) -> None:
    """Raise `UsageError` for limits of a service that does not exist, which would limit nothing."""
    if limits is None or not limits.services:
        return
    known = sessions.services()
    for service in limits.services:
        if service not in known:
            raise UsageError(
                f"limits.{service}: {service!r} is not a service that boto3 knows"
                f"{did_you_mean([service], known)} (a new service needs a newer boto3)"
            )


def _ignore(_: str) -> None:
    """Ignore it."""


class _Reading:
    """What reads units for a program that loads them itself."""

    def __init__(
        self,
        accounts: Sequence[Account],
        session: Any,
        endpoint_url: str | None,
        threads: int,
        limits: Limits,
    ) -> None:
        stop = Event()
        self.sessions = Sessions(
            accounts,
            limiter=Limiter(Quotas(limits, stop), stop),
            session=session,
            settings=ClientSettings(endpoint_url, threads),
        )
        _check_limits(self.sessions, limits)


_LOCK = threading.Lock()
_READING: list[tuple[object, _Reading]] = []


def _reading(
    accounts: tuple[Account, ...],
    session: Any,
    endpoint_url: str | None,
    threads: int,
    limits: Limits,
) -> _Reading:
    """Return the same sessions and pace for all units that this process reads with the same arguments."""
    arguments = (accounts, session, endpoint_url, threads, limits)
    with _LOCK:
        for known, reading in _READING:
            if known == arguments:
                return reading
        reading = _Reading(*arguments)
        _READING.insert(0, (arguments, reading))
        del _READING[_MOST_READING:]
        return reading


def _listed(accounts: Sequence[Account] | Path) -> tuple[Account, ...]:
    found: Sequence[Account] = (
        account_files.read(accounts)
        if isinstance(accounts, Path)
        else [account_files.of_role(each, "accounts") for each in accounts]
    )
    return tuple(sorted(found, key=lambda each: (each.id, each.profile)))


def _opened(
    destination: Destination,
    package: Package,
    chosen: Mapping[str, Chosen],
    shard: Shard | None,
    resume: bool,
) -> tuple[Sink, str, frozenset[tuple[str, str, str]]]:
    """Return the prepared sink, the name of the run, and the units that are finished already."""
    part = "-all" if shard is None else f"-{shard.number}of{shard.total}"
    now = datetime.now(UTC)
    name = f"{now:%Y%m%dT%H%M%SZ}-{token_hex(3)}{part}"
    finished: frozenset[tuple[str, str, str]] = frozenset()
    sink = destination.open(package, name)
    try:
        with destination.refusals():
            sink.prepare([each.full for each in chosen.values()])
            if not resume:
                return sink, name, finished
            recorded: Any = sink
            last: str = recorded.last_run(part)
            if last:
                name, finished = last, frozenset(recorded.finished(last))
                sink.close()
                sink = destination.open(package, name)
                sink.prepare([each.full for each in chosen.values()])
    except BaseException:
        sink.close()
        raise
    return sink, name, finished


@contextmanager
def _executor(executor: Executor | None, scheduler: str) -> Generator[Executor]:
    if executor is not None:
        yield executor
        return
    with executors.connect(scheduler) as client:
        yield cast("Executor", client.get_executor())


@contextmanager
def _ending(stop: Event) -> Generator[None]:
    """End the run at Ctrl-C and SIGTERM; at once, without waiting, at a second Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _: object) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _ReportingLessor:
    """Grants the permits of another lessor, and tells which services throttle."""

    def __init__(self, lessor: Lessor, progress: Progress) -> None:
        self._lessor = lessor
        self._progress = progress

    def lease(self, key: Key, count: int, answered: int, throttled: int) -> Lease:
        """Grant permits for ``count`` calls."""
        for _ in range(throttled):
            self._progress.throttled(key.service, key.region)
        return self._lessor.lease(key, count, answered, throttled)


@dataclass(frozen=True, slots=True)
class _JobTemplate:
    """A `Job` without the address of this process."""

    package: Package
    tables: tuple[str, ...]
    choice: Choice
    destination: Destination
    run: str
    settings: ClientSettings


class _Run:
    """A run, in the process that started it."""

    def __init__(
        self,
        chosen: Mapping[str, Chosen],
        progress: Progress,
        redact: Callable[[str], str],
    ) -> None:
        self._redact = redact
        self._chosen = chosen
        self.finished: frozenset[tuple[str, str, str]] = frozenset()
        self._accounts: dict[str, Account] = {}
        self._enabled: dict[str, tuple[str, ...]] = {}
        self.progress = progress
        self.stop = Event()
        self.reporter = Reporter()
        self.notes: list[str] = []

    def say(self, text: str) -> None:
        """Keep a sentence for the report, and tell it."""
        self.notes.append(text)
        self.progress.note(text)

    def units(
        self,
        sessions: Sessions,
        accounts: Sequence[Account],
        regions: Sequence[str],
        shard: Shard | None,
    ) -> Iterator[Unit]:
        """Yield the units that are to be read, until the run is ended."""
        targets = [Target.of(each.calls) for each in self._chosen.values()]
        places = self._places(sessions, accounts or (Account(),), regions)
        planned: Iterable[Unit] = plan(targets, places, sessions.available)
        if len(accounts) <= 1:
            planned = list(planned)
            mine = [unit for unit in planned if shard is None or unit in shard]
            self.progress.planned(len(mine))
        else:
            self.progress.planned(None)
        without = {target.table: target.service for target in targets}
        for unit in planned:
            without.pop(unit.table, None)
            if shard is not None and unit not in shard:
                continue
            if self.stop.is_set():
                return
            if (unit.account, unit.region, unit.table) in self.finished:
                self.end(unit_report(unit, "skipped", _RESUMED))
                continue
            yield unit
        if not self._accounts:
            return
        for table, service in without.items():
            reason = f"none of the regions has the service {service}"
            self.end(UnitReport("", "", table, "skipped", reason=reason))

    def in_threads(
        self,
        units: Iterable[Unit],
        sessions: Sessions,
        loader: ThreadSinks | SharedSink,
        destination: Destination,
        threads: int,
        executor: Executor | None,
    ) -> None:
        """Read and load the units in threads of this process."""
        with (
            ThreadPoolExecutor(threads, "calls") as calls,
            ThreadPoolExecutor(executors.UNITS, "units") as own,
        ):
            worker = Worker(
                *(self._chosen, sessions, calls, loader, destination.redact),
                self.progress.called,
                {},
            )

            def read(unit: Unit) -> Done:
                self.progress.started(unit)
                return Done((worker.run(unit),))

            pool = executor or own

            def submit(unit: Unit) -> Future[Done]:
                return pool.submit(read, unit)

            try:
                self._drive(
                    (partial(submit, unit) for unit in units),
                    executors.UNITS + _AHEAD,
                )
            finally:
                own.shutdown(wait=True, cancel_futures=True)
                loader.close()

    def in_processes(
        self,
        units: Iterable[Unit],
        sink: Sink,
        lessor: Lessor,
        job: _JobTemplate,
        executor: Executor,
    ) -> None:
        """Read the units in the processes of an executor. They load them, or this process does."""
        loading = SharedSink(sink)

        def load(unit: Unit, rows: Collection) -> LoadCounts:
            return loading.load(unit, self._chosen[unit.table], rows)

        host = executors.host_for(executor)
        with Server(lessor, load, self.stop, host) as server:
            full = Job(
                *(job.package, job.tables, job.choice, job.destination),
                *(job.run, job.settings, server.address),
            )

            sent: dict[Future[Done], tuple[Unit, ...]] = {}

            def submit(chunk: Chunk) -> Future[Done]:
                for unit in chunk.units:
                    self.progress.started(unit)
                try:
                    future = executor.submit(executors.work, full, chunk)
                except BrokenExecutor as error:
                    future = Future[Done]()
                    future.set_exception(error)
                sent[future] = chunk.units
                return future

            chunks = executors.chunks(units, self._accounts, self._enabled)
            self._drive(
                (partial(submit, chunk) for chunk in chunks),
                _AHEAD * executors.processes_of(executor),
                sent,
            )

    def _drive(
        self,
        tasks: Iterator[Callable[[], Future[Done]]],
        most: int,
        sent: dict[Future[Done], tuple[Unit, ...]] | None = None,
    ) -> None:
        """Submit tasks, so that no more than ``most`` are waiting, and take what they did.

        ``sent`` has the units of tasks that other processes work on.
        """
        waiting: set[Future[Done]] = set()
        try:
            for task in tasks:
                waiting.add(task())
                while len(waiting) >= most and not self.stop.is_set():
                    waiting = self._take(waiting, sent)
            while waiting and not self.stop.is_set():
                waiting = self._take(waiting, sent)
        except BaseException:
            self.stop.set()
            raise
        finally:
            for future in waiting:
                future.cancel()
            while waiting:
                waiting = self._take(waiting, sent)

    def _take(
        self,
        waiting: set[Future[Done]],
        sent: dict[Future[Done], tuple[Unit, ...]] | None,
    ) -> set[Future[Done]]:
        """Wait until a task is done, or for a second, and return the others."""
        done, others = wait_for(waiting, timeout=1.0, return_when=FIRST_COMPLETED)
        for future in done:
            units = () if sent is None else sent.pop(future)
            if future.cancelled():
                continue
            error = future.exception()
            if isinstance(error, Stopped):
                continue
            if error is not None and units:
                # The process ended, or could not start the work.
                reason = self._redact(f"{type(error).__name__}: {error}")
                for unit in units:
                    self.end(unit_report(unit, "failed", reason))
                continue
            found = future.result()
            for report in found.reports:
                self.end(report)
            if not self.stop.is_set():
                reported = {
                    (each.account, each.region, each.table) for each in found.reports
                }
                for unit in units:
                    if (unit.account, unit.region, unit.table) not in reported:
                        self.end(unit_report(unit, "failed", _NO_REPORT))
            if units:
                self.progress.called(found.calls)
        return others

    def _places(
        self, sessions: Sessions, accounts: Sequence[Account], regions: Sequence[str]
    ) -> Iterator[Place]:
        """Yield where to collect. An account that cannot be used fails, and no other."""
        alone = len(accounts) < 2
        for account in accounts:
            try:
                known = sessions.identify(account)
                place = locate(sessions, known, regions, self.say, alone=alone)
            except Stopped:
                return
            except (CallError, ForeignRegion) as error:
                if alone and isinstance(error, ForeignRegion):
                    raise
                name = account.id or account.name or account.profile or "default"
                for table in self._chosen:
                    self.end(
                        UnitReport(
                            *(name, "", table, "failed"), reason=str(error), failed=1
                        )
                    )
                continue
            self._accounts[known.id] = known
            self._enabled[known.id] = tuple(
                region
                for region in place.regions
                if sessions.is_enabled(known.id, region)
            )
            yield place

    def end(self, report: UnitReport) -> None:
        """Add what happened to a unit to the report."""
        self.reporter.add(report)
        self.progress.ended(report)
