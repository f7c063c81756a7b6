# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Read units for programs that load or distribute the rows themselves."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from ..lookup import listed_texts
from ..text import counted
from ..units import Unit
from ..usage import UsageError
from .accounts import Account
from .arguments import THREADS, check_limits, listed_accounts
from .choice import Choice
from .choose import choose
from .collector import collect
from .errors import CallError, Denied, Failed, NoEndpoint
from .limiter import Limiter, Limits, Quotas
from .plan import Shard, Target, plan
from .regions import check, locate
from .sessions import ClientSettings, Sessions
from .tally import Tally

if TYPE_CHECKING:
    from ..load.package import Package

_MOST_READING = 4

BATCH = 10_000
"""How many rows a record batch has at most."""


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
    listed = listed_accounts(accounts)
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
    listed = listed_accounts(accounts)
    reading = _reading(listed, session, endpoint_url, threads, limits or Limits())
    _identify(reading.sessions, listed, unit.account)
    tally = Tally()
    region = unit.endpoint or unit.region
    caller = reading.sessions.caller(unit.account, chosen.calls.service, region, tally)
    try:
        with ThreadPoolExecutor(threads, "calls") as pool:
            for row, _ in collect(
                *(chosen.calls, chosen.mapper, caller, unit),
                tally=tally,
                executor=pool,
            ):
                yield row
        _check_read_in_full(tally)
    except NoEndpoint:
        return
    except CallError as error:
        error.unit = unit
        raise


def _identify(sessions: Sessions, accounts: Sequence[Account], id: str) -> None:
    """Let ``sessions`` know an account: the one that is listed with its id, or without one but with its
    credentials; otherwise that of the default credentials."""
    for account in accounts:
        if account.id == id:
            sessions.identify(account)
            return
    for account in accounts:
        if not account.id and sessions.identify(account).id == id:
            return
    sessions.identify(Account(id))


def _check_read_in_full(tally: Tally) -> None:
    """Raise a `CallError` if something failed or was denied."""
    for failure in tally.failures:
        item = f"{failure.item}: " if failure.item else ""
        others = tally.failed - 1
        more = f" (and {counted(others, 'further failure')})" if others else ""
        failed = Failed("", f"{item}{failure.message}{more}")
        failed.operation = failure.operation
        raise failed
    for denial in tally.denied:
        needed = f" {denial.action}" if denial.action else ""
        columns = f", for {', '.join(denial.columns)}" if denial.columns else ""
        denied = Denied("", f"the credentials lack the permission{needed}{columns}")
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
        check_limits(self.sessions, limits)


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
