# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Read and load single units, in any process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock, local
from typing import TYPE_CHECKING, Any, Protocol

from ..load.destination import Destination
from ..load.sink import LoadCounts, Sink
from ..units import Collection, Unit
from .choice import Reduced
from .choose import Chosen
from .collector import Caller, collect
from .errors import CallError, Denied, Expired, NoEndpoint
from .limiter import Stopped
from .report import NO_ROWS, State, UnitReport, unit_report
from .sessions import Sessions
from .spool import Spooled
from .tally import Tally

if TYPE_CHECKING:
    from ..load.package import Package


ENDED = "the run was ended before this unit was loaded"


class Loader(Protocol):
    """Loads units. May be called by several threads at once."""

    def load(self, unit: Unit, chosen: Chosen, rows: Collection) -> LoadCounts:
        """Load the rows of a unit, as a whole or not at all."""
        ...

    def close(self) -> None:
        """Release what loading needs."""
        ...


class ThreadSinks:
    """Loads with a sink for each thread that loads."""

    def __init__(self, destination: Destination, package: Package, run: str) -> None:
        self._destination = destination
        self._package = package
        self._run = run
        self._lock = Lock()
        self._local = local()
        self._sinks: set[Sink] = set()

    def load(self, unit: Unit, chosen: Chosen, rows: Collection) -> LoadCounts:
        """Load with the sink of this thread."""
        sink, prepared = self._sink()
        try:
            if unit.table not in prepared:
                # One after another, because the first creates what is missing.
                with self._lock:
                    sink.prepare([chosen.full])
                prepared.add(unit.table)
            return sink.load(unit, chosen.table, rows)
        except (CallError, Stopped):
            raise
        except BaseException:
            # Whatever became of the connection, the next unit gets a new one.
            self._discard(sink)
            raise

    def close(self) -> None:
        """Close all sinks."""
        with self._lock:
            sinks, self._sinks = self._sinks, set()
        for sink in sinks:
            sink.close()

    def _sink(self) -> tuple[Sink, set[str]]:
        held: tuple[Sink, set[str]] | None = getattr(self._local, "held", None)
        if held is None:
            held = self._local.held = (
                self._destination.open(self._package, self._run),
                set[str](),
            )
            with self._lock:
                self._sinks.add(held[0])
        return held

    def _discard(self, sink: Sink) -> None:
        self._local.held = None
        with self._lock:
            self._sinks.discard(sink)
        # It may be broken, and the reason is being raised.
        with suppress(Exception):
            sink.close()


class SharedSink:
    """Loads one unit at a time, while the others are read."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._lock = Lock()

    def load(self, unit: Unit, chosen: Chosen, rows: Collection) -> LoadCounts:
        """Read the rows, then load them when it is this unit's turn."""
        with Spooled(rows) as spooled:
            spooled.read()
            with self._lock:
                return self._sink.load(unit, chosen.table, spooled)

    def close(self) -> None:
        """Do nothing: whoever opened the sink closes it."""


@dataclass(frozen=True)
class Worker:
    """Reads and loads units in threads of this process. ``executor`` makes the calls of all units."""

    chosen: Mapping[str, Chosen]
    sessions: Sessions
    executor: Executor
    loader: Loader
    redact: Callable[[str], str]
    called: Callable[[], None]
    dead: dict[str, str]
    """Accounts whose credentials are not valid: each further call would fail as well."""

    def run(self, unit: Unit) -> UnitReport:
        """Read and load a unit; it is cancelled when the run is being ended."""
        started = time.monotonic()
        if unit.account in self.dead:
            reason = self.dead[unit.account]
            return unit_report(unit, "failed", reason, account_failed=True)
        chosen = self.chosen[unit.table]
        tally = Tally()
        collection = self.collection(unit, tally)
        counts, reason, listed, account_failed = NO_ROWS, "", False, False
        state: State = "failed"
        try:
            counts = self.loader.load(unit, chosen, collection)
            listed = collection.complete
            missing = counts.refused or tally.denied or tally.failed
            state = "complete" if listed and not missing else "partial"
            reason = tally.left_out
        except Denied as error:
            state, reason = "denied", str(error)
        except NoEndpoint as error:
            state = "skipped"
            reason = f"the service is not in this region ({error})"
        except Stopped:
            state, reason = "cancelled", ENDED
        except Expired as error:
            reason = self.dead.setdefault(unit.account, str(error))
            account_failed = True
        except CallError as error:
            reason = str(error)
        except Exception as error:
            # Whatever loading this unit meets, the others are not concerned.
            reason = self.redact(f"{type(error).__name__}: {error}")
        return UnitReport(
            *(unit.account, unit.region, unit.table, state, counts),
            *(tally.calls, tally.retries, tally.denied, tally.failures, tally.failed),
            *(time.monotonic() - started, reason, listed, account_failed),
        )

    def collection(self, unit: Unit, tally: Tally) -> Collection:
        """Return the rows of a unit, which are read when they are iterated over."""
        chosen = self.chosen[unit.table]
        caller = self.sessions.caller(
            unit.account, chosen.calls.service, unit.endpoint or unit.region, tally
        )
        rows: Collection = collect(
            *(chosen.calls, chosen.mapper, self._counted(caller), unit),
            tally=tally,
            executor=self.executor,
        )
        return Reduced(rows, chosen.left_out) if chosen.left_out else rows

    def _counted(self, caller: Caller) -> Caller:
        def call(operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
            response = caller(operation, arguments)
            self.called()
            return response

        return call


def nothing() -> None:
    """Ignore a call."""
