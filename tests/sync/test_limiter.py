"""The pace of calls is found by their answers, and kept to by all threads of a process."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from schemagen.runtime.sync.limiter import (
    Key,
    Lease,
    Limiter,
    Limits,
    Pace,
    PaceSettings,
    Quotas,
    Stopped,
)

KEY = Key("111122223333", "eu-west-1", "sagemaker")


class Bucket:
    """A service that refuses calls when its bucket of tokens is empty."""

    def __init__(self, rate: float, size: float, latency: float = 0.01) -> None:
        self.rate, self.size, self.latency = rate, size, latency
        self.tokens, self.moment = size, time.monotonic()
        self.accepted = self.refused = 0
        self.lock = threading.Lock()

    def accepts(self) -> bool:
        time.sleep(self.latency)
        with self.lock:
            now = time.monotonic()
            self.tokens = min(self.size, self.tokens + (now - self.moment) * self.rate)
            self.moment = now
            accepted = self.tokens >= 1
            self.tokens -= accepted
            self.accepted += accepted
            self.refused += not accepted
            return accepted


def call(limiter: Limiter, bucket: Bucket) -> None:
    while True:
        limiter.acquire(KEY)
        if bucket.accepts():
            limiter.answered(KEY)
            return
        limiter.throttled(KEY)


def test_limiter_finds_the_quota_of_a_service() -> None:
    stop = threading.Event()
    quotas = Quotas(Limits(), stop)
    limiter = Limiter(quotas, stop)
    bucket = Bucket(rate=200, size=50)
    start = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(call, [limiter] * 650, [bucket] * 650))
    seconds = time.monotonic() - start
    assert bucket.accepted == 650
    assert 200 * 0.5 <= quotas.rate(KEY) <= 200 * 1.5
    assert seconds <= 1.45 * (650 - 50) / 200 + 1
    assert bucket.refused <= 0.6 * bucket.accepted


def test_limiter_does_not_slow_down_what_is_not_throttled() -> None:
    stop = threading.Event()
    quotas = Quotas(Limits(), stop)
    limiter = Limiter(quotas, stop)
    start = time.monotonic()
    for _ in range(5000):
        limiter.acquire(KEY)
        limiter.answered(KEY)
    assert math.isinf(quotas.rate(KEY))
    assert time.monotonic() - start < 1


def test_limiter_keeps_to_a_maximum_from_the_settings() -> None:
    stop = threading.Event()
    settings = Limits(services={"sagemaker": PaceSettings(maximum=50)})
    limiter = Limiter(Quotas(settings, stop), stop)
    start = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(limiter.acquire, [KEY] * 51))
    assert 0.98 <= time.monotonic() - start <= 1.6


def test_limiter_treats_regions_and_services_apart() -> None:
    stop = threading.Event()
    quotas = Quotas(Limits(), stop)
    quotas.lease(KEY, 1, 10, 1)
    assert not math.isinf(quotas.rate(KEY))
    assert math.isinf(quotas.rate(KEY._replace(region="us-east-1")))
    assert math.isinf(quotas.rate(KEY._replace(service="ec2")))
    assert math.isinf(quotas.rate(KEY._replace(account="444455556666")))


def test_limiter_stops_threads_that_wait() -> None:
    stop = threading.Event()
    limiter = Limiter(Quotas(Limits(PaceSettings(maximum=0.5)), stop), stop)
    limiter.acquire(KEY)
    threading.Timer(0.1, stop.set).start()
    start = time.monotonic()
    with pytest.raises(Stopped):
        limiter.acquire(KEY)
    assert time.monotonic() - start < 1
    with pytest.raises(Stopped):
        limiter.acquire(KEY)


def test_limiter_leases_for_all_threads_that_wait_at_once() -> None:
    class Slow:
        """A lessor in another process, which counts the requests."""

        def __init__(self) -> None:
            self.counts: list[int] = []

        def lease(self, key: Key, count: int, answered: int, throttled: int) -> Lease:
            self.counts.append(count)
            time.sleep(0.05)
            return Lease(0.0, count, 0.001)

    lessor = Slow()
    limiter = Limiter(lessor, threading.Event())
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(limiter.acquire, [KEY] * 160))
    assert sum(lessor.counts) == 160
    assert len(lessor.counts) <= 30


def test_pace_falls_to_a_part_of_what_was_answered() -> None:
    pace = Pace(PaceSettings(), now=0.0)
    assert pace.lease(0.0, 5) == Lease(0.0, 5, 0.0, 0.2)
    pace.answered(1.0, 100)
    pace.throttled(1.0)
    assert pace.rate == pytest.approx(80)
    delay, permits, interval, _ = pace.lease(1.0, 2)
    assert (delay, permits) == (0.0, 2)
    assert interval == pytest.approx(1 / 80)
    assert pace.lease(1.0, 1).delay == pytest.approx(2 / 80)


def test_pace_falls_once_for_calls_that_were_under_way() -> None:
    pace = Pace(PaceSettings(), now=0.0)
    pace.answered(1.0, 100)
    for _ in range(20):
        pace.throttled(1.1)
    assert pace.rate == pytest.approx(0.8 * 100 / 1.1)


def test_pace_rises_with_answers_and_not_with_time() -> None:
    pace = Pace(PaceSettings(), now=0.0)
    pace.answered(1.0, 100)
    pace.throttled(1.0)
    pace.answered(60.0, 0)
    assert pace.rate == pytest.approx(80)
    pace.answered(61.0, 80)
    assert pace.rate == pytest.approx(80 + 0.05 * 100)


def test_pace_never_falls_below_its_minimum_nor_more_than_its_settings_say() -> None:
    pace = Pace(PaceSettings(start=10, minimum=2, decrease=0.5), now=0.0)
    pace.throttled(1.0)
    assert pace.rate == pytest.approx(2.5)
    pace.throttled(10.0)
    assert pace.rate == 2


@pytest.mark.parametrize(
    "wrong", [{"decrease": 1.5}, {"minimum": 0.0}, {"maximum": 0.1}, {"increase": 0.0}]
)
def test_settings_that_cannot_be_kept_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be|between"):
        PaceSettings(**wrong)


def test_quotas_forget_what_was_not_used_for_longest() -> None:
    quotas = Quotas(Limits(), threading.Event())
    quotas.lease(KEY, 1, 10, 1)
    for number in range(20_001):
        quotas.lease(KEY._replace(account=str(number)), 1, 0, 0)
    assert math.isinf(quotas.rate(KEY))
