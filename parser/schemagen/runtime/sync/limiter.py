# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Find the pace at which a service answers without throttling, and keep to it.

AWS does not tell its limits. The pace starts unlimited, or as settings say. When calls are throttled, it
falls to a part of what was answered; while they are not, it rises steadily (additive increase,
multiplicative decrease). Other users of the account's quota find room this way.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import NamedTuple, Protocol


class Key(NamedTuple):
    """What has a quota of its own."""

    account: str
    region: str
    service: str


@dataclass(frozen=True, slots=True)
class PaceSettings:
    """How the pace of a service is found. Rates are calls per second.

    ``start`` is the first pace; ``maximum`` is never exceeded. After throttling, the pace is ``decrease``
    times what was answered, but at least ``minimum``. It rises by ``increase`` times the pace that was
    throttled, each second.
    """

    start: float = math.inf
    maximum: float = math.inf
    minimum: float = 0.5
    decrease: float = 0.8
    increase: float = 0.05

    def __post_init__(self) -> None:
        if not (0 < self.minimum <= self.maximum and self.start > 0):
            raise ValueError(
                f"{self}: rates must be positive, and minimum at most maximum"
            )
        if not (0 < self.decrease < 1 and self.increase > 0):
            raise ValueError(
                f"{self}: decrease must be between 0 and 1, and increase positive"
            )


@dataclass(frozen=True, slots=True)
class Limits:
    """Settings of the pace, per service where they differ from the default."""

    default: PaceSettings = PaceSettings()
    services: Mapping[str, PaceSettings] = field(
        default_factory=dict[str, PaceSettings]
    )

    def of(self, service: str) -> PaceSettings:
        """Return the settings of a service."""
        return self.services.get(service, self.default)


class Stopped(Exception):
    """The run is being ended: nothing more is called."""


class Lease(NamedTuple):
    """``permits`` for as many calls: the first after ``delay`` seconds, the others each ``interval``
    seconds later. If ``interval`` is 0, any number of calls may be made for ``valid`` seconds.
    """

    delay: float
    permits: int
    interval: float
    valid: float = 0.0


class Lessor(Protocol):
    """Grants permits. May be called by several threads at once."""

    def lease(self, key: Key, count: int, answered: int, throttled: int) -> Lease:
        """Grant permits for ``count`` calls.

        ``answered`` and ``throttled`` count the responses to this lessee since its last lease. Raises
        `Stopped` when the run is being ended.
        """
        ...


UNLIMITED_SECONDS = 0.2
"""How long a lease without limits is valid, after which its holder asks again."""

_WINDOW = 0.3
"""The shortest time in seconds between two decreases: calls that are under way when the pace falls were
made at the older pace."""

_MOST_KEYS = 20_000
"""How many paces are remembered; the ones that were not used for longest are forgotten."""


class Pace:
    """The pace of the calls of a `Key`. Callers see to it that one thread at a time uses it."""

    def __init__(self, settings: PaceSettings, now: float) -> None:
        self.settings = settings
        self.rate = min(settings.start, settings.maximum)
        # The pace at which calls were last throttled.
        self._ceiling = self.rate
        # When the next call may be made.
        self._next = now
        # Answers since a time, and the same of the second before.
        self._answers, self._since = 0, now
        self._before, self._earlier = 0, now
        self._fell = -math.inf

    def lease(self, now: float, count: int) -> Lease:
        """Grant permits for the next ``count`` calls."""
        if math.isinf(self.rate):
            return Lease(0.0, count, 0.0, UNLIMITED_SECONDS)
        interval = 1 / self.rate
        start = max(now, self._next)
        self._next = start + count * interval
        return Lease(start - now, count, interval)

    def answered(self, now: float, count: int) -> None:
        """Note responses. The pace rises with them, so that it does not rise while it is not used."""
        if now - self._since > 1.0:
            self._before, self._earlier = self._answers, self._since
            self._answers, self._since = 0, now
        self._answers += count
        if math.isinf(self.rate):
            return
        step = self.settings.increase * self._ceiling
        self.rate = min(self.settings.maximum, self.rate + count * step / self.rate)
        # Far above what was throttled, the quota is another one: steps grow with the pace.
        if self.rate > 1.5 * self._ceiling:
            self._ceiling = self.rate

    def throttled(self, now: float) -> None:
        """Note a response that refuses a call because there were too many."""
        wait = _WINDOW if math.isinf(self.rate) else max(_WINDOW, 3 / self.rate)
        if now - self._fell < wait:
            return
        answers = (self._before + self._answers) / max(now - self._earlier, 0.05)
        half = 0.0 if math.isinf(self.rate) else self.rate / 2
        base = min(self.rate, max(answers, half))
        self._ceiling = max(base, self.settings.minimum)
        self.rate = max(base * self.settings.decrease, self.settings.minimum)
        self._answers, self._before = 0, 0
        self._since = self._earlier = self._fell = now
        # Permits that were granted for later stay as they are; the next ones follow at the new pace.
        self._next = max(self._next, now)


class Quotas:
    """The paces of all keys: what the process that started a run grants permits from."""

    def __init__(self, limits: Limits, stop: Event) -> None:
        self._limits = limits
        self._stop = stop
        self._lock = Lock()
        self._paces: OrderedDict[Key, Pace] = OrderedDict()
        self._throttled = 0

    @property
    def throttled(self) -> int:
        """The number of responses so far that refused a call because there were too many."""
        return self._throttled

    def lease(self, key: Key, count: int, answered: int, throttled: int) -> Lease:
        """Grant permits, after taking account of the responses since the last lease."""
        if self._stop.is_set():
            raise Stopped
        now = time.monotonic()
        with self._lock:
            pace = self._paces.get(key)
            if pace is None:
                pace = self._paces[key] = Pace(self._limits.of(key.service), now)
                if len(self._paces) > _MOST_KEYS:
                    self._paces.popitem(last=False)
            self._paces.move_to_end(key)
            if answered:
                pace.answered(now, answered)
            if throttled:
                self._throttled += throttled
                pace.throttled(now)
            return pace.lease(now, count)

    def rate(self, key: Key) -> float:
        """Return the pace of a key, in calls per second."""
        with self._lock:
            pace = self._paces.get(key)
            return self._limits.of(key.service).start if pace is None else pace.rate


class _Permits:
    """The permits of a key that a process holds, and what it will report with its next lease."""

    def __init__(self) -> None:
        self.asking = Lock()
        self.lock = Lock()
        self.waiting = 0
        self.free_until = -math.inf
        self.times: deque[float] = deque()
        self.answered = 0
        self.throttled = 0


class Limiter:
    """Makes threads wait for their permits, which it leases for all that wait at once."""

    def __init__(self, lessor: Lessor, stop: Event) -> None:
        self._lessor = lessor
        self._stop = stop
        self._lock = Lock()
        self._permits: OrderedDict[Key, _Permits] = OrderedDict()

    def acquire(self, key: Key) -> None:
        """Wait until a call may be made. Raises `Stopped` when the run is being ended."""
        if self._stop.is_set():
            raise Stopped
        permits = self._of(key)
        with permits.lock:
            if time.monotonic() < permits.free_until:
                return
            permits.waiting += 1
        with permits.asking:
            moment = self._take(key, permits)
        if self._stop.wait(max(0.0, moment - time.monotonic())):
            raise Stopped

    def pause(self, seconds: float) -> None:
        """Wait. Raises `Stopped` when the run is being ended."""
        if self._stop.wait(seconds):
            raise Stopped

    def answered(self, key: Key) -> None:
        """Note a response."""
        permits = self._of(key)
        with permits.lock:
            permits.answered += 1

    def throttled(self, key: Key) -> None:
        """Note a response that refuses a call because there were too many."""
        permits = self._of(key)
        with permits.lock:
            permits.throttled += 1
            permits.free_until = -math.inf

    def _take(self, key: Key, permits: _Permits) -> float:
        """Return when the call may be made."""
        with permits.lock:
            permits.waiting -= 1
            now = time.monotonic()
            if now < permits.free_until:
                return now
            if permits.times:
                return permits.times.popleft()
            count = 1 + permits.waiting
            answered, permits.answered = permits.answered, 0
            throttled, permits.throttled = permits.throttled, 0
        lease = self._lessor.lease(key, count, answered, throttled)
        now = time.monotonic()
        with permits.lock:
            if not lease.interval:
                # Not if a call was throttled in the meantime.
                if not permits.throttled:
                    permits.free_until = now + lease.valid
                return now
            first = now + lease.delay
            permits.times.extend(
                first + lease.interval * number for number in range(1, lease.permits)
            )
            return first

    def _of(self, key: Key) -> _Permits:
        with self._lock:
            permits = self._permits.get(key)
            if permits is None:
                permits = self._permits[key] = _Permits()
                if len(self._permits) > _MOST_KEYS:
                    self._permits.popitem(last=False)
            else:
                self._permits.move_to_end(key)
            return permits
