# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Count what collecting a unit took, and note what it could not read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock

from ..text import counted

MOST_FAILURES = 1000
"""How many failures of a unit are kept. Further ones are counted only, so that memory is bounded."""


@dataclass(frozen=True, slots=True)
class Denial:
    """An operation that the credentials may not call.

    ``action`` is the IAM action that they lack, "" if it is not known. ``rows`` counts the rows that
    lack ``columns`` for it; a listing fills no columns, and its rows are not counted.
    """

    operation: str
    action: str
    rows: int = 0
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that failed, or an item that could not be converted.

    ``item`` is what identifies the resource, "" for a listing. ``message`` says what was found.
    """

    operation: str
    item: str
    message: str


class Tally:
    """Counts of a unit. All methods may be called by several threads at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls = 0
        self._retries = 0
        self._denied: dict[tuple[str, str], tuple[int, frozenset[str]]] = {}
        self._failures: list[Failure] = []
        self._failed = 0
        self._left_out: dict[tuple[str, str, str], int] = {}

    @property
    def calls(self) -> int:
        """The number of calls, each counted once however often it was retried."""
        return self._calls

    @property
    def retries(self) -> int:
        return self._retries

    @property
    def denied(self) -> tuple[Denial, ...]:
        """The operations that were denied, in the order of the first time."""
        with self._lock:
            return tuple(
                Denial(operation, action, rows, tuple(sorted(columns)))
                for (operation, action), (rows, columns) in self._denied.items()
            )

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The first `MOST_FAILURES` failures."""
        with self._lock:
            return tuple(self._failures)

    @property
    def failed(self) -> int:
        """The number of all failures."""
        return self._failed

    @property
    def left_out(self) -> str:
        """Say how many items of listings were left out because nothing can be called for them; "" if none."""
        with self._lock:
            return "; ".join(
                f"{counted(number, 'item')} of {listing} without {member}, which {operation} needs"
                for (listing, member, operation), number in self._left_out.items()
            )

    def leave_out(self, listing: str, member: str, operation: str) -> None:
        """Note that an item of ``listing`` has no row: it lacks ``member``, as some items do, so that
        ``operation`` cannot be called for it."""
        with self._lock:
            key = (listing, member, operation)
            self._left_out[key] = self._left_out.get(key, 0) + 1

    def call(self) -> None:
        """Count a call. The collector does, before each."""
        with self._lock:
            self._calls += 1

    def retry(self, times: int = 1) -> None:
        """Count retries of a call. The `Caller` does, because it alone knows of them."""
        with self._lock:
            self._retries += times

    def deny(
        self, operation: str, action: str, columns: Iterable[str] = (), rows: int = 0
    ) -> None:
        """Note that an operation was denied, and how many rows lack which columns for it."""
        with self._lock:
            key = (operation, action)
            before, names = self._denied.get(key, (0, frozenset[str]()))
            self._denied[key] = (before + rows, names.union(columns))

    def fail(self, operation: str, item: str, message: str) -> None:
        """Note that a call failed, or that an item could not be converted."""
        with self._lock:
            self._failed += 1
            if len(self._failures) < MOST_FAILURES:
                self._failures.append(Failure(operation, item, message))
