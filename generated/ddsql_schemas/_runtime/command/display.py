# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Show the progress of a run on stderr: as a display on a terminal, as lines elsewhere."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter, deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Literal

from ..sync.progress import Progress
from ..sync.report import UnitReport
from ..text import counted, escape_controls, shortened
from ..units import Unit
from . import messages

LogFormat = Literal["text", "json"]

_PATIENCE = 30.0
"""Seconds between two messages about the same throttled service."""

_RECENT = 5.0
"""The seconds over which the rate of calls is an average."""


@contextmanager
def display(log_format: LogFormat) -> Generator[Progress]:
    """Show what a run tells until the end of the block."""
    if log_format == "json":
        yield Records()
    elif sys.stderr.isatty() and not messages.is_quiet() and _has_rich():
        live = Live()
        with live:
            yield live
        live.finish()
    else:
        lines = Lines()
        yield lines
        lines.finish()


def _has_rich() -> bool:
    from importlib.util import find_spec

    return find_spec("rich") is not None


class Counts:
    """What a run has told until now. All methods may be called by several threads at once."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.units: int | None = None
        self.done = 0
        self.rows = 0
        self.calls = 0
        self.incomplete = 0
        self.running: dict[Unit, None] = {}
        self.throttles: Counter[str] = Counter()
        self.cancelled = 0
        self.failed_accounts: Counter[str] = Counter()
        self._recent: deque[tuple[float, int]] = deque()

    def add_calls(self, calls: int) -> None:
        """Count calls that were answered just now."""
        now = time.monotonic()
        with self.lock:
            self.calls += calls
            self._recent.append((now, calls))
            self._forget(now)

    def rate(self) -> float:
        """Return the calls a second of the last seconds."""
        with self.lock:
            self._forget(time.monotonic())
            return sum(calls for _, calls in self._recent) / _RECENT

    def end(self, report: UnitReport) -> str:
        """Count a unit that is done; return what to say of it, if it went wrong.

        A problem with a whole account is reported once, and cancelled units are only counted.
        """
        with self.lock:
            self.done += 1
            self.rows += report.counts.rows
            self.incomplete += report.exit_status
            for unit in self.running:
                if (unit.account, unit.region, unit.table) == _identity(report):
                    del self.running[unit]
                    break
            if report.state == "cancelled":
                self.cancelled += 1
                return ""
            if report.account_failed:
                self.failed_accounts[report.account] += 1
                known = self.failed_accounts[report.account] > 1
                reason = shortened(report.reason)
                return "" if known else f"{report.account}: failed: {reason}"
        return summary(report)

    def closing_lines(self) -> Iterator[str]:
        """Say how many units each failed account cost, and how many the end of the run."""
        for account, units in self.failed_accounts.items():
            if units > 1:
                yield f"account {account} failed: {units} units were not read"
        if self.cancelled:
            yield f"interrupted: {counted(self.cancelled, 'unit')} cancelled"

    def _forget(self, now: float) -> None:
        while self._recent and self._recent[0][0] < now - _RECENT:
            self._recent.popleft()


class Lines:
    """Writes a line for each unit that is done, and for what goes wrong."""

    def __init__(self) -> None:
        self._counts = Counts()
        self._told: dict[str, float] = {}

    def planned(self, units: int | None) -> None:
        """Remember how many units there are."""
        self._counts.units = units

    def started(self, unit: Unit) -> None:
        """Say nothing: the end of the unit has more to say."""

    def called(self, calls: int = 1) -> None:
        """Count calls."""
        self._counts.add_calls(calls)

    def throttled(self, service: str, region: str) -> None:
        """Write a line, unless it was written a short time ago."""
        key = f"{service} in {region}"
        now = time.monotonic()
        with self._counts.lock:
            due = now - self._told.get(key, -_PATIENCE) >= _PATIENCE
            if due:
                self._told[key] = now
        if due:
            self.throttle(service, region)

    def throttle(self, service: str, region: str) -> None:
        """Write that a service refuses calls because there are too many."""
        messages.message(f"throttled by {service} in {region}: calling more slowly")

    def ended(self, report: UnitReport) -> None:
        """Write what happened to a unit."""
        said = self._counts.end(report)
        of = f"/{self._counts.units}" if self._counts.units else ""
        if said:
            line = f"[{self._counts.done}{of}] {said}"
            (messages.problem if report.exit_status else messages.message)(line)

    def finish(self) -> None:
        """Write what is known only at the end."""
        for line in self._counts.closing_lines():
            messages.problem(line)

    def note(self, text: str) -> None:
        """Write something that concerns no unit."""
        messages.problem(text)


class Records(Lines):
    """Writes a JSON object in a line for each unit that is done, and for what goes wrong."""

    def throttle(self, service: str, region: str) -> None:
        """Write that a service refuses calls because there are too many."""
        if not messages.is_quiet():
            _record("throttled", {"service": service, "region": region})

    def ended(self, report: UnitReport) -> None:
        """Write what happened to a unit."""
        if report.exit_status or not messages.is_quiet():
            _record("unit", report.to_json())

    def note(self, text: str) -> None:
        """Write something that concerns no unit."""
        _record("note", {"text": text})


def _record(event: str, fields: dict[str, Any]) -> None:
    messages.problem(json.dumps({"event": event, **fields}))


class Live:
    """Shows units, calls a second and throttling on a terminal. Lines about problems are above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        self._counts = Counts()
        self._progress = Progress(
            TextColumn("units"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[shown]}", markup=False),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            refresh_per_second=4,
            transient=True,
            redirect_stdout=False,
        )
        self._task = self._progress.add_task("units", total=None, shown="")

    def __enter__(self) -> Live:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def planned(self, units: int | None) -> None:
        """Show how many units there are."""
        self._counts.units = units
        self._progress.update(self._task, total=units)

    def started(self, unit: Unit) -> None:
        """Show that a unit is being read."""
        with self._counts.lock:
            self._counts.running[unit] = None
        self._refresh()

    def called(self, calls: int = 1) -> None:
        """Count calls."""
        self._counts.add_calls(calls)
        self._refresh()

    def throttled(self, service: str, region: str) -> None:
        """Count the refusals of a service."""
        with self._counts.lock:
            self._counts.throttles[f"{service} {region}"] += 1
        self._refresh()

    def ended(self, report: UnitReport) -> None:
        """Show that a unit is done, and print what went wrong with it."""
        said = self._counts.end(report)
        self._progress.update(self._task, completed=self._counts.done)
        self._refresh()
        if report.exit_status and said:
            self.note(said)

    def finish(self) -> None:
        """Print what is known only at the end."""
        for line in self._counts.closing_lines():
            messages.problem(line)

    def note(self, text: str) -> None:
        """Print a line above the display."""
        line = escape_controls(messages.without_secrets(text))
        self._progress.console.print(
            line, markup=False, highlight=False, soft_wrap=True
        )

    def _refresh(self) -> None:
        self._progress.update(self._task, shown=status(self._counts))


def status(counts: Counts) -> str:
    """Say in a line how far a run is."""
    rate = counts.rate()
    with counts.lock:
        parts = [counted(counts.rows, "row"), f"{rate:.0f} calls/s"]
        if counts.throttles:
            (worst, times), *_ = counts.throttles.most_common(1)
            parts.append(
                f"throttled {sum(counts.throttles.values())} ({worst} {times})"
            )
        if counts.incomplete:
            parts.append(f"{counts.incomplete} incomplete")
        unit = next(reversed(counts.running), None)
        if unit is not None:
            parts.append(f"{unit.table} {unit.region} {unit.account}")
    return ", ".join(parts)


def summary(report: UnitReport) -> str:
    """Say in a line what happened to a unit."""
    counts = report.counts
    parts: list[str] = []
    if report.state in ("complete", "partial"):
        parts.append(
            f"{report.state}; {counted(counts.rows, 'row')}, {counts.inserted} inserted, {counts.changed} "
            f"changed, {counts.deleted} deleted"
        )
    if counts.refused:
        parts.append(f"{counts.refused} refused")
    if report.denied:
        operations = ", ".join(denial.operation for denial in report.denied)
        parts.append(f"denied: {operations}")
    first, *others = [*report.failed_because(), ""]
    if first:
        more = max(len(others), report.failed) - 1
        parts.append(f"failed: {first}{f' and {more} more' if more > 0 else ''}")
    if report.left_out:
        parts.append(f"left out: {shortened(report.left_out)}")
    if not parts:
        reason = f": {shortened(report.reason)}" if report.reason else ""
        parts.append(f"{report.state}{reason}")
    parts.append(f"{counted(report.calls, 'call')}, {report.seconds:.1f} s")
    return f"{report.account} {report.region} {report.table}: {'; '.join(parts)}"


def _identity(report: UnitReport) -> tuple[str, str, str]:
    return report.account, report.region, report.table
