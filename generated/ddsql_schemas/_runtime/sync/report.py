# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Say what a run did with each unit: as objects, as JSON, as a table, as an exit status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any, Literal

from ..load.sink import LoadCounts
from ..text import counted, on_one_line, shortened, table
from ..units import Unit
from .tally import Denial, Failure

FORMAT = 1
"""The format of `Report.to_json`."""

State = Literal["complete", "partial", "denied", "failed", "skipped", "cancelled"]
"""How a unit ended.

| state | what happened | the rows |
|---|---|---|
| complete | everything was read | are those of the account |
| partial | something was denied, refused or failed | are new where they were read; those that vanished \
are deleted if it was ``listed`` |
| denied | the listing was denied | are as before |
| failed | the listing failed, or was cut off, or loading failed | are as before |
| skipped | there was nothing to call; ``reason`` says why | are as before |
| cancelled | the run was ended first | are as before |
"""

COMPLETE = 0
INCOMPLETE = 1
INTERRUPTED = 130
NO_ROWS = LoadCounts()


@dataclass(frozen=True, slots=True)
class UnitReport:
    """What happened to a unit.

    ``calls`` counts each call once however often it was retried. ``failed`` counts all failures, and is
    at least 1 for a unit that failed as a whole; ``failures`` are the first of them. ``listed`` tells
    that the listing was read to its end without leaving an item out. ``account_failed`` tells that the
    reason is the account's, such as its credentials, so that it is the same for all of its units. The
    ``reason`` of a complete or partial unit says which items were left out, see `left_out`.
    """

    account: str
    region: str
    table: str
    state: State
    counts: LoadCounts = NO_ROWS
    calls: int = 0
    retries: int = 0
    denied: tuple[Denial, ...] = ()
    failures: tuple[Failure, ...] = ()
    failed: int = 0
    seconds: float = 0.0
    reason: str = ""
    listed: bool = False
    account_failed: bool = False

    def __post_init__(self) -> None:
        whole = 1 if self.state == "failed" else 0
        failed = max(self.failed, len(self.failures), whole)
        object.__setattr__(self, "failed", failed)

    @property
    def left_out(self) -> str:
        """Which listed items have no row, because nothing can be called for them; "" if none."""
        return self.reason if self.state in ("complete", "partial") else ""

    @property
    def exit_status(self) -> int:
        """0 if nothing was denied, refused, cancelled or failed, otherwise 1."""
        fine = self.state in ("complete", "skipped") and not self.counts.refused
        return COMPLETE if fine and not self.denied and not self.failed else INCOMPLETE

    def failed_because(self) -> Iterator[str]:
        """Say in a line each what failed, and nothing twice."""
        said: set[str] = set()
        for failure in self.failures:
            item = f" {failure.item}" if failure.item else ""
            # Errors of calls begin with the operation.
            message = failure.message.removeprefix(f"{failure.operation}: ")
            said.update((failure.message, message))
            yield shortened(f"{failure.operation}{item}: {message}")
        if self.state == "failed" and self.reason:
            reason = self.reason.partition(": ")[2]
            if not {self.reason, reason} & said:
                yield shortened(self.reason)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as `json` writes them; see `Report.to_json`."""
        fields = asdict(self)
        fields["seconds"] = round(self.seconds, 3)
        # Tuples and named tuples are arrays to json.
        fields["counts"] = self.counts._asdict()
        fields["denied"] = [
            {**denial, "columns": list(denial["columns"])}
            for denial in fields["denied"]
        ]
        fields["failures"] = list(fields["failures"])
        return fields


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over units; ``units`` counts them by state."""

    units: tuple[tuple[State, int], ...] = ()
    counts: LoadCounts = NO_ROWS
    calls: int = 0
    retries: int = 0
    denied: int = 0
    failed: int = 0

    def plus(self, unit: UnitReport) -> Totals:
        """Return the sums with a further unit."""
        units = dict(self.units)
        units[unit.state] = units.get(unit.state, 0) + 1
        return Totals(
            tuple(sorted(units.items())),
            LoadCounts(*map(sum, zip(self.counts, unit.counts, strict=True))),
            self.calls + unit.calls,
            self.retries + unit.retries,
            self.denied + len(unit.denied),
            self.failed + unit.failed,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the fields as `json` writes them; see `Report.to_json`."""
        return {
            "units": dict(self.units),
            "counts": self.counts._asdict(),
            **{
                name: getattr(self, name)
                for name in ("calls", "retries", "denied", "failed")
            },
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did.

    ``totals`` are those of all units, ``tables`` those of each table, by its id. ``units`` are single
    units in the order of account, region and table; those of a large run are kept as `Reporter` says,
    and ``omitted`` counts the others. ``incomplete`` counts the units that are neither complete nor
    skipped. ``interrupted`` tells that the run was ended before its time: units that were not finished
    are cancelled.
    """

    units: tuple[UnitReport, ...] = ()
    totals: Totals = Totals()
    tables: tuple[tuple[str, Totals], ...] = ()
    omitted: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    interrupted: bool = False
    incomplete: int = 0

    @property
    def exit_status(self) -> int:
        """The exit status of the command: 0 if every unit is complete or skipped, 1 if something was
        denied, refused or failed, 130 if the run was interrupted."""
        if self.interrupted:
            return INTERRUPTED
        return INCOMPLETE if self.incomplete else COMPLETE

    def to_json(self) -> dict[str, Any]:
        """Return the report as `json` writes it.

        The keys are the names of the fields of `Report`, `UnitReport`, `Totals`, `LoadCounts`,
        `Denial` and `Failure`, with ``format`` and ``exit_status`` beside them.
        """
        return {
            "format": FORMAT,
            "exit_status": self.exit_status,
            "interrupted": self.interrupted,
            "seconds": round(self.seconds, 3),
            "notes": list(self.notes),
            "totals": self.totals.to_json(),
            "tables": {id: totals.to_json() for id, totals in self.tables},
            "incomplete": self.incomplete,
            "omitted": self.omitted,
            "units": [unit.to_json() for unit in self.units],
        }

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, most: int = 40) -> Iterator[str]:
        """Format the report for people: a table of up to ``most`` units, otherwise one of the tables;
        then what was denied and what failed, with equal messages counted instead of repeated.
        """
        if self.units and not self.omitted and len(self.units) <= most:
            # A line below the table is about those of accounts that failed.
            shown = [unit for unit in self.units if not unit.account_failed]
            if shown:
                yield from table(
                    [
                        ("account", "region", "table", "state", *_NUMBERS),
                        *(_cells(unit) for unit in shown),
                    ],
                    len(_NUMBERS),
                )
        elif self.tables:
            yield from table(
                [
                    ("table", "units", *_NUMBERS[:-1]),
                    *(
                        (id, _states(totals), *_totals(totals))
                        for id, totals in self.tables
                    ),
                ],
                len(_NUMBERS) - 1,
            )
        yield from _grouped("denied", self._denials())
        yield from self._failed_accounts()
        yield from _grouped("failed", self._failures())
        yield from _grouped("skipped", self._skips())
        yield from _grouped(
            "left out",
            (
                (unit, f"{unit.table}: {unit.left_out}")
                for unit in self.units
                if unit.left_out
            ),
        )
        for note in self.notes:
            yield shortened(note)
        yield self.summary()

    def summary(self) -> str:
        """Say in a line what the run did."""
        counts = self.totals.counts
        refused = f", {counts.refused} refused" if counts.refused else ""
        return (
            f"{'interrupted: ' if self.interrupted else ''}"
            f"{_states(self.totals) or 'no units'}; {counted(counts.rows, 'row')}: "
            f"{counts.inserted} inserted, {counts.changed} changed, {counts.unchanged} unchanged, "
            f"{counts.deleted} deleted{refused}; {counted(self.totals.calls, 'call')}, {self.totals.retries} retries, "
            f"{self.seconds:.1f} s"
        )

    def _denials(self) -> Iterator[tuple[UnitReport, str]]:
        for unit in self.units:
            for denial in unit.denied:
                action = f" (needs {denial.action})" if denial.action else ""
                columns = ", ".join(denial.columns)
                cost = (
                    f": {columns} not read in {counted(denial.rows, 'row')}"
                    if columns
                    else ": no row read"
                )
                yield unit, f"{unit.table} {denial.operation}{action}{cost}"

    def _failed_accounts(self) -> Iterator[str]:
        """Say what is wrong with an account once, however many units it cost."""
        found: dict[str, list[UnitReport]] = {}
        for unit in self.units:
            if unit.account_failed:
                found.setdefault(unit.account, []).append(unit)
        for account, units in list(found.items())[:_MOST_LINES]:
            cost = counted(len(units), "unit")
            yield on_one_line(f"failed: {cost} of {account}: {units[0].reason}")
        if len(found) > _MOST_LINES:
            yield f"failed: {len(found) - _MOST_LINES} further accounts, in the JSON report"

    def _failures(self) -> Iterator[tuple[UnitReport, str]]:
        for unit in self.units:
            if unit.account_failed:
                continue
            for text in unit.failed_because():
                yield unit, f"{unit.table} {text}"

    def _skips(self) -> Iterator[tuple[UnitReport, str]]:
        for unit in self.units:
            if unit.state == "skipped":
                yield unit, shortened(unit.reason or "no reason is known")


MOST_UNITS = 10_000


class Reporter:
    """Collects the reports of units. All methods may be called by several threads at once.

    The sums are exact for any number of units. Of single units, the first ``most`` complete ones and as
    many others are kept, so that memory is bounded.
    """

    def __init__(self, most: int = MOST_UNITS) -> None:
        self._lock = Lock()
        self._most = most
        self._kept: tuple[list[UnitReport], list[UnitReport]] = ([], [])
        self._seen = [0, 0]
        self._totals = Totals()
        self._tables: dict[str, Totals] = {}

    def add(self, unit: UnitReport) -> None:
        """Add a unit."""
        with self._lock:
            self._seen[unit.exit_status] += 1
            kept = self._kept[unit.exit_status]
            if len(kept) < self._most:
                kept.append(unit)
            self._totals = self._totals.plus(unit)
            self._tables[unit.table] = self._tables.get(unit.table, Totals()).plus(unit)

    def report(
        self,
        seconds: float = 0.0,
        notes: Iterable[str] = (),
        interrupted: bool = False,
    ) -> Report:
        """Return the report of all units that were added until now."""
        with self._lock:
            units = sorted((*self._kept[0], *self._kept[1]), key=_identity)
            return Report(
                tuple(units),
                self._totals,
                tuple(sorted(self._tables.items())),
                sum(self._seen) - len(units),
                seconds,
                tuple(notes),
                interrupted,
                self._seen[INCOMPLETE],
            )


def unit_report(
    unit: Unit, state: State, reason: str = "", *, account_failed: bool = False
) -> UnitReport:
    """Return the report of a unit of which nothing was read."""
    return UnitReport(
        *(unit.account, unit.region, unit.table, state),
        reason=reason,
        account_failed=account_failed,
    )


def _identity(unit: UnitReport) -> tuple[str, str, str]:
    return unit.account, unit.region, unit.table


_NUMBERS = (
    *LoadCounts._fields,
    "calls",
    "retries",
    "denied",
    "failed",
    "seconds",
)


def _numbers(counts: LoadCounts, *others: int) -> tuple[str, ...]:
    return tuple(map(str, (*counts, *others)))


def _cells(unit: UnitReport) -> tuple[str, ...]:
    return (
        *(unit.account, unit.region, unit.table, unit.state),
        *_numbers(unit.counts, unit.calls, unit.retries, len(unit.denied), unit.failed),
        f"{unit.seconds:.1f}",
    )


def _totals(totals: Totals) -> tuple[str, ...]:
    return _numbers(
        totals.counts, totals.calls, totals.retries, totals.denied, totals.failed
    )


def _states(totals: Totals) -> str:
    return ", ".join(f"{count} {state}" for state, count in totals.units)


_MOST_LINES = 20


def _grouped(
    heading: str, found: Iterable[tuple[UnitReport, str]], most: int = _MOST_LINES
) -> Iterator[str]:
    """Yield each message once, with the accounts and regions that it is about."""
    places: dict[str, dict[str, None]] = {}
    for unit, text in found:
        places.setdefault(text, {})[f"{unit.account} {unit.region}"] = None
    for text in list(places)[:most]:
        first, *others = places[text]
        more = f" and {len(others)} more" if others else ""
        yield on_one_line(f"{heading}: {text} [{first}{more}]")
    if len(places) > most:
        yield f"{heading}: {len(places) - most} further messages, in the JSON report"
