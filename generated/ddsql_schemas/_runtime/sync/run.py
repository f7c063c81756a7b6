# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Run a sync: collect the units of tables, and load them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from inspect import Parameter, signature
from pathlib import Path
from threading import Event, Lock, local
from typing import TYPE_CHECKING, Any, cast

from ..calls import TableCalls
from ..load.destination import Destination
from ..load.sink import Sink
from ..lookup import match
from ..sql import Table
from ..units import Collection, Unit
from ..usage import UsageError
from . import accounts as account_files
from .accounts import Account
from .choice import Choice, Reduced
from .collector import Caller, Mapper, collect
from .errors import CallError, Denied, NoEndpoint
from .limiter import Key, Lease, Lessor, Limiter, Limits, Quotas, Stopped
from .plan import Shard, Target, plan
from .progress import Progress, Silent
from .regions import Place, locate
from .report import NO_ROWS, Report, Reporter, State, UnitReport
from .sessions import ClientSettings, Sessions
from .spool import Spooled
from .tally import Tally

if TYPE_CHECKING:
    from ..load.package import Package
    from ..load.sink import LoadCounts

THREADS = 32
"""How many calls are made at the same time."""

_UNITS = 8
"""How many units are read at the same time."""

_AHEAD = 4
"""How many units are planned beyond those that are read."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A table, what of it is loaded, and the calls that fill that."""

    full: Table
    table: Table
    calls: TableCalls
    mapper: Mapper
    left_out: frozenset[str]


def choose(
    package: Package, patterns: Sequence[str], choice: Choice
) -> tuple[dict[str, Chosen], tuple[str, ...]]:
    """Return the tables that the patterns match and that can be collected, by id, and sentences about
    the others.

    Raises `UsageError` if there is none, or if ``choice`` does not fit them.
    """
    catalog = package.catalog
    found: list[tuple[Table, TableCalls]] = []
    notes: list[str] = []
    for id in match("table", patterns, catalog.tables):
        calls, reason = catalog.calls(id), _hindrance(package, id)
        if calls is not None and not reason:
            found.append((package.table(id), calls))
            continue
        note = f"{id} cannot be collected: {reason}"
        if id in patterns:
            raise UsageError(f"{note}; leave the table out")
        notes.append(note)
    if not found:
        raise UsageError("; ".join(notes))
    choice.check(found)
    chosen: dict[str, Chosen] = {}
    for table, calls in found:
        chosen[table.id] = Chosen(
            table,
            choice.table(table, calls),
            choice.calls(table, calls),
            cast("Mapper", catalog.mapper(table.id)),
            choice.left_out(table, calls),
        )
    return chosen, tuple(notes)


def _hindrance(package: Package, id: str) -> str:
    """Return why a table cannot be collected; "" if it can."""
    calls = package.catalog.calls(id)
    if calls is None:
        return "which calls fill it is not known"
    mapper = cast("Mapper", package.catalog.mapper(id))
    key = signature(mapper.from_response).parameters.get("key")
    if key is not None and key.default is Parameter.empty:
        return "no member of its items identifies a row (an override of the binding can set _key)"
    return calls.obstacle


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
    endpoint_url: str | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Report:
    """Collect tables and load them. See the package's module ``sync``."""
    started = time.monotonic()
    destination = Destination.parse(to) if isinstance(to, str) else to
    choice = Choice(tuple(exclude), tuple(skip))
    chosen, notes = choose(package, tables, choice)
    listed = account_files.read(accounts) if isinstance(accounts, Path) else accounts
    told = progress or Silent()
    sink = destination.open(package)
    try:
        sink.prepare([each.full for each in chosen.values()])
        running = _Run(package, destination, chosen, sink, told)
        for note in notes:
            running.say(note)
        running.start(
            Sessions(
                listed,
                limiter=running.limiter(limits or Limits()),
                session=session,
                settings=ClientSettings(endpoint_url, threads),
            ),
            listed or (Account(),),
            regions,
            shard,
            threads,
        )
    finally:
        sink.close()
    return running.reporter.report(
        time.monotonic() - started, running.notes, running.stop.is_set()
    )


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
    chosen, _ = choose(package, [table], Choice())
    listed = account_files.read(accounts) if isinstance(accounts, Path) else accounts
    stop = Event()
    limiter = Limiter(Quotas(Limits(), stop), stop)
    settings = ClientSettings(endpoint_url, threads)
    sessions = Sessions(listed, limiter=limiter, session=session, settings=settings)
    notes: list[str] = []
    with ThreadPoolExecutor(threads) as executor:
        try:
            for account in listed or (Account(),):
                place = locate(
                    sessions, sessions.identify(account), regions, notes.append
                )
                targets = [Target.of(each.calls) for each in chosen.values()]
                for unit in plan(targets, [place], sessions.available):
                    each = chosen[unit.table]
                    tally = Tally()
                    region = unit.endpoint or unit.region
                    caller = sessions.caller(
                        unit.account, each.calls.service, region, tally
                    )
                    try:
                        for row, _ in collect(
                            each.calls,
                            each.mapper,
                            caller,
                            unit,
                            tally=tally,
                            executor=executor,
                        ):
                            yield row
                    except NoEndpoint:
                        continue
                    for failure in tally.failures:
                        error = CallError("", failure.message)
                        error.operation = failure.operation
                        raise error
        finally:
            stop.set()


class _Telling:
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
    """A run in threads of this process."""

    def __init__(
        self,
        package: Package,
        destination: Destination,
        chosen: Mapping[str, Chosen],
        sink: Sink,
        progress: Progress,
    ) -> None:
        self._package = package
        self._destination = destination
        self._chosen = chosen
        self._sink = sink
        self._progress = progress
        self._lock = Lock()
        self._local = local()
        self._sinks: list[Sink] = []
        self.stop = Event()
        self.reporter = Reporter()
        self.notes: list[str] = []

    def limiter(self, limits: Limits) -> Limiter:
        """Return what keeps the pace of this run."""
        return Limiter(_Telling(Quotas(limits, self.stop), self._progress), self.stop)

    def say(self, text: str) -> None:
        """Keep a sentence for the report, and tell it."""
        self.notes.append(text)
        self._progress.note(text)

    def start(
        self,
        sessions: Sessions,
        accounts: Iterable[Account],
        regions: Sequence[str],
        shard: Shard | None,
        threads: int,
    ) -> None:
        """Read and load all units. Returns early if the run is interrupted."""
        targets = [Target.of(each.calls) for each in self._chosen.values()]
        units = plan(
            targets,
            self._places(sessions, accounts, regions),
            sessions.available,
            shard,
        )
        self._progress.planned(None)
        calls = ThreadPoolExecutor(threads, "calls")
        workers = ThreadPoolExecutor(_UNITS, "units")
        waiting: set[Future[None]] = set()
        try:
            for unit in units:
                waiting.add(workers.submit(self._unit, sessions, unit, calls))
                if len(waiting) >= _UNITS + _AHEAD:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()
            for future in waiting:
                future.result()
        except KeyboardInterrupt:
            self.stop.set()
        except BaseException:
            self.stop.set()
            raise
        finally:
            workers.shutdown(wait=True, cancel_futures=True)
            calls.shutdown(wait=True, cancel_futures=True)
            for sink in self._sinks:
                sink.close()

    def _places(
        self, sessions: Sessions, accounts: Iterable[Account], regions: Sequence[str]
    ) -> Iterator[Place]:
        """Yield where to collect. An account that cannot be used fails, and no other."""
        for account in accounts:
            try:
                yield locate(sessions, sessions.identify(account), regions, self.say)
            except CallError as error:
                name = account.id or account.name or account.profile or "default"
                for table in self._chosen:
                    self._end(
                        UnitReport(
                            name, "", table, "failed", reason=str(error), failed=1
                        )
                    )

    def _unit(
        self, sessions: Sessions, unit: Unit, executor: ThreadPoolExecutor
    ) -> None:
        if self.stop.is_set():
            return
        self._progress.started(unit)
        started = time.monotonic()
        chosen = self._chosen[unit.table]
        tally = Tally()
        region = unit.endpoint or unit.region
        caller = self._telling(
            sessions.caller(unit.account, chosen.calls.service, region, tally)
        )
        collection: Collection = collect(
            chosen.calls, chosen.mapper, caller, unit, tally=tally, executor=executor
        )
        if chosen.left_out:
            collection = Reduced(collection, chosen.left_out)
        counts, reason = NO_ROWS, ""
        state: State = "failed"
        try:
            counts = self._load(unit, chosen.table, collection)
            partial = not collection.complete or counts.refused
            state = "partial" if partial else "complete"
        except Denied as error:
            state, reason = "denied", str(error)
        except NoEndpoint as error:
            state, reason = "skipped", f"the service is not in this region ({error})"
        except Stopped:
            return
        except CallError as error:
            reason = str(error)
        except Exception as error:
            # Whatever loading this unit meets, the others are not concerned.
            reason = self._destination.redact(f"{type(error).__name__}: {error}")
        self._end(
            UnitReport(
                *(unit.account, unit.region, unit.table, state, counts),
                *(
                    tally.calls,
                    tally.retries,
                    tally.denied,
                    tally.failures,
                    tally.failed,
                ),
                time.monotonic() - started,
                reason,
            )
        )

    def _load(self, unit: Unit, table: Table, rows: Collection) -> LoadCounts:
        if self._destination.shared:
            return self._own_sink().load(unit, table, rows)
        # One unit is loaded at a time: the others are read meanwhile.
        with Spooled(rows) as spooled:
            spooled.read()
            with self._lock:
                return self._sink.load(unit, table, spooled)

    def _own_sink(self) -> Sink:
        sink: Sink | None = getattr(self._local, "sink", None)
        if sink is None:
            sink = self._destination.open(self._package)
            with self._lock:
                self._sinks.append(sink)
                sink.prepare([each.full for each in self._chosen.values()])
            self._local.sink = sink
        return sink

    def _telling(self, caller: Caller) -> Caller:
        def call(operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
            response = caller(operation, arguments)
            self._progress.called()
            return response

        return call

    def _end(self, report: UnitReport) -> None:
        self.reporter.add(report)
        self._progress.ended(report)
