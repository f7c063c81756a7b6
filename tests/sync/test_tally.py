"""What is counted and noted while a unit is collected."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from schemagen.runtime.sync.tally import MOST_FAILURES, Denial, Failure, Tally


def test_counts_of_several_threads_add_up() -> None:
    """No call, retry, denial or failure of any thread is lost."""
    tally = Tally()

    def work(number: int) -> None:
        for _ in range(200):
            tally.call()
            tally.retry(2)
            tally.deny("ListTags", "x:ListTags", ("tags", f"other{number % 2}"), 1)
            tally.fail("DescribeThing", "a", "oops")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert (tally.calls, tally.retries, tally.failed) == (1600, 3200, 1600)
    assert tally.denied == (Denial("ListTags", "x:ListTags", 1600, ("other0", "other1", "tags")),)
    assert tally.failures == (Failure("DescribeThing", "a", "oops"),) * MOST_FAILURES


def test_denials_are_kept_apart_by_operation() -> None:
    """A denied listing has neither rows nor columns; the order is that of the first time."""
    tally = Tally()
    tally.deny("B", "")
    tally.deny("A", "", ("x",), 1)
    tally.deny("B", "")
    assert tally.denied == (Denial("B", "", 0, ()), Denial("A", "", 1, ("x",)))
