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
from pathlib import Path
from secrets import token_hex
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

from ..load.destination import Destination
from ..load.sink import LoadCounts, Sink
from ..lookup import listed_texts
from ..units import Collection, Unit
from ..usage import UsageError
from . import executors
from .accounts import Account
from .arguments import THREADS, check_limits, listed_accounts
from .channel import Server
from .choice import Choice
from .choose import Chosen, choose
from .errors import CallError
from .executors import Chunk, Done, Job
from .limiter import Key, Lease, Lessor, Limiter, Limits, Quotas, Stopped
from .plan import Shard, Target, plan
from .progress import Progress, Silent
from .regions import ForeignRegion, Place, check, locate
from .report import (
    MOST_UNITS,
    Report,
    Reporter,
    State,
    UnitReport,
    unit_report,
)
from .sessions import ClientSettings, Sessions, require_boto3
from .worker import ENDED, SharedSink, ThreadSinks, Worker

if TYPE_CHECKING:
    from ..load.package import Package

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
    choice = Choice(listed_texts(exclude), listed_texts(skip))
    chosen, notes = choose(package, tables, choice)
    order = _Order(
        package=package,
        destination=Destination.parse(to) if isinstance(to, str) else to,
        chosen=chosen,
        choice=choice,
        session=session,
        regions=listed_texts(regions),
        accounts=listed_accounts(accounts),
        shard=shard,
        executor=executor,
        scheduler=scheduler,
        settings=ClientSettings(endpoint_url, threads),
        limits=limits,
        progress=progress or Silent(),
    )
    if session is not None and order.remote:
        raise UsageError(
            "a session cannot be sent to other processes; leave it out, and name profiles or roles in"
            " accounts, or configure credentials where the processes run"
        )
    require_boto3()
    report = _carried_out(order, notes, resume=resume)
    if resume and _was_complete(report):
        # Whoever always passes --resume, as a nightly job may, wants what is there now.
        report = _carried_out(order, (*notes, _NOTHING_LEFT), resume=False)
    return report


@dataclass(frozen=True, slots=True)
class _Order:
    """What a run is to do: the arguments of `run`, read and checked."""

    package: Package
    destination: Destination
    chosen: Mapping[str, Chosen]
    choice: Choice
    session: Any
    regions: Sequence[str]
    accounts: tuple[Account, ...]
    shard: Shard | None
    executor: Executor | None
    scheduler: str
    settings: ClientSettings
    limits: Limits | None
    progress: Progress

    @property
    def remote(self) -> bool:
        """Whether other processes read the units."""
        threads = self.executor is None or isinstance(self.executor, ThreadPoolExecutor)
        return bool(self.scheduler) or not threads


def _carried_out(order: _Order, notes: Sequence[str], *, resume: bool) -> Report:
    """Collect and load, once. ``resume`` leaves out the units that the last run has completed."""
    started = time.monotonic()
    destination = order.destination
    running = _Run(order)
    lessor = _ReportingLessor(
        Quotas(order.limits or Limits(), running.stop), order.progress
    )
    sessions = Sessions(
        order.accounts,
        limiter=Limiter(lessor, running.stop),
        session=order.session,
        settings=order.settings,
    )
    # Before anything is made.
    targets = [Target.of(each.calls) for each in order.chosen.values()]
    check(
        *(sessions, order.accounts, order.regions),
        [target.scope.kind for target in targets],
    )
    check_limits(sessions, order.limits)
    # From here on, whatever is ended has a report of what it has left.
    with _ending(running.stop):
        sink, name, running.finished = _opened(order, resume)
        try:
            for note in notes:
                running.say(note)
            units = running.units(sessions)
            if order.remote:
                with _executor(order.executor, order.scheduler) as processes:
                    running.in_processes(units, sink, name, lessor, processes)
            else:
                loader = (
                    ThreadSinks(destination, order.package, name)
                    if destination.shared
                    else SharedSink(sink)
                )
                running.in_threads(units, sessions, loader)
        finally:
            sink.close()
    return running.reporter.report(
        time.monotonic() - started, running.notes, running.stop.is_set()
    )


def _was_complete(report: Report) -> bool:
    """Whether the run that was resumed had completed all units: those that are left, of services that
    their regions lack, are skipped again."""
    states = {state for state, _ in report.totals.units}
    return (
        not report.interrupted
        and states == {"skipped"}
        and any(unit.reason == _RESUMED for unit in report.units)
    )


def _opened(
    order: _Order, resume: bool
) -> tuple[Sink, str, frozenset[tuple[str, str, str]]]:
    """Return the prepared sink, the name of the run, and the units that are finished already."""
    destination, shard = order.destination, order.shard
    tables = [each.full for each in order.chosen.values()]
    part = "-all" if shard is None else f"-{shard.number}of{shard.total}"
    now = datetime.now(UTC)
    name = f"{now:%Y%m%dT%H%M%SZ}-{token_hex(3)}{part}"
    finished: frozenset[tuple[str, str, str]] = frozenset()
    sink = destination.open(order.package, name)
    try:
        with destination.refusals():
            sink.prepare(tables)
            if not resume:
                return sink, name, finished
            recorded: Any = sink
            last: str = recorded.last_run(part)
            if last:
                name, finished = last, frozenset(recorded.finished(last))
                sink.close()
                sink = destination.open(order.package, name)
                sink.prepare(tables)
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
    """End the run at Ctrl-C and SIGTERM; at once, without waiting and without a report, at a second one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        handler = before[signal.Signals(number)]
        if stop.is_set() and callable(handler):
            handler(number, frame)
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


class _Run:
    """A run, in the process that started it."""

    def __init__(self, order: _Order) -> None:
        self._order = order
        self.finished: frozenset[tuple[str, str, str]] = frozenset()
        self._accounts: dict[str, Account] = {}
        self._enabled: dict[str, tuple[str, ...]] = {}
        self._sent: dict[Future[Done], tuple[Unit, ...]] = {}
        self.stop = Event()
        self.reporter = Reporter()
        self.notes: list[str] = []

    def say(self, text: str) -> None:
        """Keep a sentence for the report, and tell it."""
        self.notes.append(text)
        self._order.progress.note(text)

    def units(self, sessions: Sessions) -> Iterator[Unit]:
        """Yield the units that are to be read. Those that are left when the run is ended are
        cancelled."""
        order = self._order
        targets = [Target.of(each.calls) for each in order.chosen.values()]
        planned: Iterable[Unit] = plan(
            targets, self._places(sessions), sessions.available
        )
        if len(order.accounts) <= 1:
            planned = list(planned)
            mine = [
                unit for unit in planned if order.shard is None or unit in order.shard
            ]
            order.progress.planned(len(mine))
        else:
            order.progress.planned(None)
        without = {target.table: target.service for target in targets}
        for unit in planned:
            without.pop(unit.table, None)
            if order.shard is not None and unit not in order.shard:
                continue
            if _identity(unit) in self.finished:
                self.end(unit_report(unit, "skipped", _RESUMED))
            elif self.stop.is_set():
                self.end(unit_report(unit, "cancelled", ENDED))
            else:
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
    ) -> None:
        """Read and load the units in threads of this process."""
        order = self._order
        with (
            ThreadPoolExecutor(order.settings.threads, "calls") as calls,
            ThreadPoolExecutor(executors.UNITS, "units") as own,
        ):
            worker = Worker(
                *(order.chosen, sessions, calls, loader, order.destination.redact),
                order.progress.called,
                {},
            )

            def read(unit: Unit) -> Done:
                order.progress.started(unit)
                return Done((worker.run(unit),))

            pool = order.executor or own

            def submit(unit: Unit) -> Future[Done]:
                future = pool.submit(read, unit)
                self._sent[future] = (unit,)
                return future

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
        name: str,
        lessor: Lessor,
        executor: Executor,
    ) -> None:
        """Read the units in the processes of an executor. They load them, or this process does.

        ``name`` is that of the run.
        """
        order = self._order
        loading = SharedSink(sink)

        def load(unit: Unit, rows: Collection) -> LoadCounts:
            return loading.load(unit, order.chosen[unit.table], rows)

        host = executors.host_for(executor)
        with Server(lessor, load, self.stop, host) as server:
            job = Job(
                *(order.package, tuple(order.chosen), order.choice, order.destination),
                *(name, order.settings, server.address),
            )

            def submit(chunk: Chunk) -> Future[Done]:
                for unit in chunk.units:
                    order.progress.started(unit)
                try:
                    future = executor.submit(executors.work, job, chunk)
                except BrokenExecutor as error:
                    future = Future[Done]()
                    future.set_exception(error)
                self._sent[future] = chunk.units
                return future

            chunks = executors.chunks(units, self._accounts, self._enabled)
            self._drive(
                (partial(submit, chunk) for chunk in chunks),
                _AHEAD * executors.processes_of(executor),
            )

    def _drive(self, tasks: Iterator[Callable[[], Future[Done]]], most: int) -> None:
        """Submit tasks, so that no more than ``most`` are waiting, and take what they did."""
        waiting: set[Future[Done]] = set()
        try:
            for task in tasks:
                waiting.add(task())
                while len(waiting) >= most and not self.stop.is_set():
                    waiting = self._take(waiting)
            while waiting and not self.stop.is_set():
                waiting = self._take(waiting)
        except BaseException:
            self.stop.set()
            raise
        finally:
            for future in waiting:
                future.cancel()
            while waiting:
                waiting = self._take(waiting)

    def _take(self, waiting: set[Future[Done]]) -> set[Future[Done]]:
        """Wait until a task is done, or for a second, and return the others."""
        done, others = wait_for(waiting, timeout=1.0, return_when=FIRST_COMPLETED)
        for future in done:
            units = self._sent.pop(future)
            failure = _NO_REPORT
            if future.cancelled() or isinstance(error := future.exception(), Stopped):
                found = Done(())
            elif error is None:
                found = future.result()
            elif self._order.remote:
                # The process ended, or could not start the work.
                failure = self._order.destination.redact(
                    f"{type(error).__name__}: {error}"
                )
                found = Done(())
            else:
                raise error
            reports = {_identity(report): report for report in found.reports}
            for unit in units:
                report = reports.get(_identity(unit))
                if report is None or report.state == "cancelled":
                    report = self._unfinished(unit, failure, report)
                self.end(report)
            if self._order.remote:
                self._order.progress.called(found.calls)
        return others

    def _unfinished(
        self, unit: Unit, failure: str, report: UnitReport | None
    ) -> UnitReport:
        """Return the report of a unit that its thread or process gave up; ``report`` is what that says."""
        if not self.stop.is_set():
            return unit_report(unit, "failed", failure)
        return report or unit_report(unit, "cancelled", ENDED)

    def _places(self, sessions: Sessions) -> Iterator[Place]:
        """Yield where to collect. An account that cannot be used fails, and no other."""
        order = self._order
        accounts = order.accounts or (Account(),)
        alone = len(accounts) < 2
        for position, account in enumerate(accounts):
            if self.stop.is_set():
                self._cancel(accounts[position:])
                return
            try:
                known = sessions.identify(account)
                place = locate(sessions, known, order.regions, self.say, alone=alone)
            except Stopped:
                self._cancel(accounts[position:])
                return
            except (CallError, ForeignRegion) as error:
                if alone and isinstance(error, ForeignRegion):
                    raise
                self._give_up(account, "failed", str(error))
                continue
            self._accounts[known.id] = known
            self._enabled[known.id] = tuple(
                region
                for region in place.regions
                if sessions.is_enabled(known.id, region)
            )
            yield place

    def _cancel(self, accounts: Sequence[Account]) -> None:
        """Cancel accounts whose regions are not known yet, so that each of their tables is one unit."""
        most = 1 + MOST_UNITS // len(self._order.chosen)
        for account in accounts[:most]:
            self._give_up(account, "cancelled", ENDED)
        if len(accounts) > most:
            self.say(
                f"the run was ended before {len(accounts)} accounts were begun, of which"
                f" {len(accounts) - most} are not in the report"
            )

    def _give_up(self, account: Account, state: State, reason: str) -> None:
        name = account.id or account.name or account.profile or "default"
        for table in self._order.chosen:
            self.end(
                UnitReport(
                    *(name, "", table, state),
                    reason=reason,
                    account_failed=state == "failed",
                )
            )

    def end(self, report: UnitReport) -> None:
        """Add what happened to a unit to the report."""
        self.reporter.add(report)
        self._order.progress.ended(report)


def _identity(unit: Unit | UnitReport) -> tuple[str, str, str]:
    return unit.account, unit.region, unit.table
