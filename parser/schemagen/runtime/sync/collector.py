# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Collect the rows of a unit with the calls of its table.

`collect` makes the calls that `requests` works out, in parallel, and yields rows as soon as all that
they need has arrived. How a call ends decides what becomes of its rows:

| the call | listing | describing call of an item | enrichment of an item |
|---|---|---|---|
| returns data | items | a row | columns |
| there is nothing (`CallRules.absent`) | no items | no row: it is gone | columns without a value |
| is denied, or fails | raises; below another one, its items are missing | the row is missing | columns \
are unread |
| the credentials are not valid | raises | raises | raises |

Where anything is missing, the collection is not complete, so nothing that is stored is deleted.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import lru_cache
from queue import SimpleQueue
from typing import Any, Literal, Protocol, TypeAlias, cast

from ..calls import Call, TableCalls
from ..convert.scalars import ConversionError
from ..convert.structures import snake_case
from ..units import GLOBAL, CollectedRow, Collection, Unit
from ..usage import UsageError
from . import requests
from .errors import (
    Absent,
    CallError,
    Denied,
    Expired,
    Malformed,
    MissingMember,
    NoEndpoint,
)
from .requests import Arguments, Batches, Pages, Place
from .tally import Tally

LOOK_AHEAD = 64
"""How many calls of a unit are started before their responses are needed: memory is bounded by as many
responses, and by the pages that lead to them."""

Response: TypeAlias = Mapping[str, Any]


class Caller(Protocol):
    """Calls operations of a service in a region, as an account.

    Returns the response as boto3 does. Raises a subclass of `CallError`: `Denied`, `Expired`,
    `NoEndpoint`, or `Failed` for anything else, with the error code of the service, after retries. The
    collector recognises by the code that there is nothing to return. May be called by several threads
    at once.
    """

    def __call__(
        self, operation: str, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]: ...


class Mapper(Protocol):
    """The module of a table's mapper."""

    @property
    def ConversionError(self) -> type[ConversionError]: ...  # noqa: N802
    @property
    def from_item(self) -> Callable[..., Any]: ...
    @property
    def from_response(self) -> Callable[..., Iterator[Any]]: ...


def collect(
    calls: TableCalls,
    mapper: Mapper,
    caller: Caller,
    unit: Unit,
    *,
    tally: Tally | None = None,
    executor: Executor | None = None,
    look_ahead: int = LOOK_AHEAD,
    errors: Literal["strict", "replace"] = "strict",
    key: Callable[[Any], str] | None = None,
) -> Collection:
    """Return the rows of ``unit``, which are read while they are iterated over, once.

    ``caller`` makes the calls, in the threads of ``executor``, which units may share; without it,
    one after another. ``tally`` counts the calls and notes what was denied or failed. ``key`` returns
    the key of an item, for tables whose items have none of their own.

    Raises `UsageError` for a table whose rows cannot be enumerated. Iterating raises a `CallError` if
    the listing fails.
    """
    if calls.obstacle:
        raise UsageError(f"{calls.table} cannot be collected: {calls.obstacle}")
    return _Collection(
        _Run(
            calls,
            mapper,
            caller,
            unit,
            tally=tally or Tally(),
            executor=executor,
            look_ahead=look_ahead,
            errors=errors,
            key=key,
        )
    )


class _Collection:
    """See `units.Collection`."""

    def __init__(self, run: _Run) -> None:
        self._run: _Run | None = run
        self._complete = False

    @property
    def complete(self) -> bool:
        return self._complete

    def __iter__(self) -> Iterator[CollectedRow]:
        run, self._run = self._run, None
        if run is None:
            raise RuntimeError("a collection can be read only once; collect it again")
        yield from run.rows()
        self._complete = run.complete


@lru_cache(maxsize=4096)
def _parameters(function: Callable[..., Any]) -> frozenset[str]:
    return frozenset(inspect.signature(function).parameters)


@dataclass(slots=True, eq=False)
class _Item:
    """An item that waits for its enrichments, of which ``left`` are not finished. ``pages`` are the
    responses that it is in, if it is the only one in them. ``given`` are those of the mapper's arguments
    that are arguments of the call. ``answers`` are the responses of a call that is made with each of
    several values, by the position of these; those of calls that have failed are ``lost``. ``denied`` are
    the calls that were denied, each once however many values it has.
    """

    item: object
    pages: list[Response]
    given: Arguments = field(default_factory=dict[str, Any])
    waiting: list[tuple[Call, Arguments]] = field(
        default_factory=list[tuple[Call, Arguments]]
    )
    left: int = 0
    enriched: dict[str, object] = field(default_factory=dict[str, object])
    answers: dict[str, dict[int, object]] = field(
        default_factory=dict[str, dict[int, object]]
    )
    lost: set[str] = field(default_factory=set[str])
    denied: list[Call] = field(default_factory=list[Call])
    unread: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class _Reading:
    """A request whose pages are read one after another.

    ``depth`` is the place of its call in the chain of listings and the primary call; enrichments are
    one deeper, and have the ``item`` that they are for. ``found`` are the pages, where they are needed
    together.
    """

    call: Call
    depth: int
    arguments: Arguments
    request: Arguments
    pages: Pages
    item: _Item | None = None
    found: list[Response] = field(default_factory=list[Response])


def _in_order(item: _Item) -> dict[str, list[object]]:
    """Return the responses of the calls that are made with each of several values, in their order."""
    return {
        name: [answers[position] for position in sorted(answers)]
        for name, answers in item.answers.items()
        if name not in item.lost
    }


_Task: TypeAlias = tuple[_Reading, Arguments | None]
"""A reading, and the parameters that request its next page; None for the first page."""


class _Run:
    """Reads a unit.

    The thread that iterates does all the work but the calls: it takes their responses from a queue, and
    starts further calls. Those that are deepest in the chain come first, so that items become rows
    before more are listed.
    """

    def __init__(
        self,
        calls: TableCalls,
        mapper: Mapper,
        caller: Caller,
        unit: Unit,
        *,
        tally: Tally,
        executor: Executor | None,
        look_ahead: int,
        errors: str,
        key: Callable[[Any], str] | None,
    ) -> None:
        self._chain = (*calls.listings, calls.primary)
        self._primary = calls.primary
        self._several = requests.is_repeated(calls.primary.path)
        self._mapper = mapper
        self._key = key
        self._caller = caller
        self._tally = tally
        self._executor = executor
        self._look_ahead = look_ahead if executor else 1
        region = unit.endpoint if unit.region == GLOBAL else unit.region
        self._place = Place(unit.account, region, unit.partition)
        self._given = self._arguments_of_mapper(unit, region, errors)
        # Those that take nothing from the item are the same for all of them.
        self._shared = [
            call for call in calls.enrichments if not requests.depends_on_item(call)
        ]
        self._enrichments = [
            call for call in calls.enrichments if requests.depends_on_item(call)
        ]
        self._for_all = _Item(None, [])
        self._batches = [
            Batches(call.rules.batch) if depth and call.rules.batch else None
            for depth, call in enumerate(self._chain)
        ]
        # By depth: what is to be started, and how many readings are not finished.
        depths = range(len(self._chain) + 1)
        self._pending: list[deque[Iterator[_Task]]] = [deque() for _ in depths]
        self._open = [0 for _ in depths]
        self._running: set[Future[Response]] = set()
        self._done: SimpleQueue[tuple[_Reading, Future[Response]]] = SimpleQueue()
        self._roots = 0
        self._failed_roots = 0
        self.complete = True

    def _arguments_of_mapper(
        self, unit: Unit, region: str, errors: str
    ) -> dict[str, object]:
        """Return what the mapper takes beside the item and its enrichments."""
        scope = self._primary.rules.scope
        # A listing of the whole account does not say which region an item is in.
        unknown = unit.region == GLOBAL and scope.kind == "account"
        given = {
            "account_id": unit.account,
            "region": None if unknown else region,
            "partition": unit.partition,
            "errors": errors,
        }
        wanted = _parameters(
            self._mapper.from_item if self._several else self._mapper.from_response
        )
        return {name: value for name, value in given.items() if name in wanted}

    def rows(self) -> Iterator[CollectedRow]:
        """Yield the rows; raise a `CallError` if the listing fails."""
        try:
            for call in self._shared:
                self._wait(self._for_all, call, None)
            self._pending[-1].append(self._enriching([self._for_all]))
            yield from self._until_finished()
            roots = list(requests.values(self._chain[0], self._place))
            self._roots = len(roots)
            self._pending[0].append(
                (self._reading(self._chain[0], 0, arguments), None)
                for arguments in roots
            )
            yield from self._until_finished()
        finally:
            for future in self._running:
                future.cancel()

    def _until_finished(self) -> Iterator[CollectedRow]:
        self._start()
        while self._running:
            reading, future = self._done.get()
            self._running.discard(future)
            rows = self._finish(reading, future)
            self._start()  # before rows are made: calls and conversion overlap
            yield from rows
            self._start()

    def _start(self) -> None:
        """Start calls, the deepest first, until enough are running."""
        while len(self._running) < self._look_ahead and (task := self._next()):
            self._submit(*task)

    def _next(self) -> _Task | None:
        for pending in reversed(self._pending):
            while pending:
                task = next(pending[0], None)
                if task is not None:
                    return task
                pending.popleft()
        # A batch that is not full is called when nothing can be added to it any more.
        for depth, batches in enumerate(self._batches):
            if batches:
                call = self._chain[depth]
                arguments = next(batches.rest())
                return self._reading(call, depth, arguments), None
            if self._open[depth]:
                return None
        return None

    def _submit(self, reading: _Reading, page: Arguments | None) -> None:
        if page is None:
            self._open[reading.depth] += 1
        operation = reading.call.operation
        request = {**reading.request, **(page or {})}
        if self._executor is None:
            future: Future[Response] = Future()
            try:
                future.set_result(self._call(operation, request))
            except CallError as error:
                future.set_exception(error)
        else:
            future = self._executor.submit(self._call, operation, request)
        self._running.add(future)
        future.add_done_callback(lambda done: self._done.put((reading, done)))

    def _call(self, operation: str, request: Arguments) -> Response:
        self._tally.call()
        try:
            return self._caller(operation, request)
        except CallError as error:
            error.operation = operation
            raise

    def _reading(
        self, call: Call, depth: int, arguments: Arguments, item: _Item | None = None
    ) -> _Reading:
        request = requests.request(call, arguments)
        return _Reading(call, depth, arguments, request, Pages(call), item)

    def _below(self, reading: _Reading, items: Iterable[object]) -> Iterator[_Task]:
        """Yield what is to be read for the items of a listing."""
        depth = reading.depth + 1
        call, batches = self._chain[depth], self._batches[depth]
        for item in items:
            try:
                found = list(requests.below(call, reading.arguments, item, self._place))
            except Malformed as error:
                if self._is_left_out(reading.call, call, error):
                    continue
                error.operation = reading.call.operation
                self._note(reading, error)
                continue
            for arguments in found:
                ready = batches.add(arguments) if batches is not None else (arguments,)
                for taken in ready:
                    yield self._reading(call, depth, taken), None

    def _is_left_out(self, listing: Call, call: Call, error: Malformed) -> bool:
        """Note that nothing can be called for an item that lacks what not every item of the listing has."""
        if (
            not isinstance(error, MissingMember)
            or error.member not in listing.rules.optional
        ):
            return False
        self._tally.leave_out(listing.operation, error.member, call.operation)
        return True

    def _enriching(self, items: Iterable[_Item]) -> Iterator[_Task]:
        """Yield what is to be read for the columns of items."""
        for item in items:
            for call, arguments in item.waiting:
                yield self._reading(call, len(self._chain), arguments, item), None

    def _finish(
        self, reading: _Reading, future: Future[Response]
    ) -> Iterable[CollectedRow]:
        """Take a response. Returns the rows that are ready then, which are made while they are
        iterated over."""
        try:
            response = _checked(future.result(), reading.call)
            following = reading.pages.following(response)
            items = self._items(reading, response, following is None)
            for message in requests.unread_items(reading.call, response):
                self.complete = False
                self._tally.fail(reading.call.operation, "", message)
        except CallError as error:
            error.operation = reading.call.operation
            self._open[reading.depth] -= 1
            return self._fail(reading, error)
        if following is not None:
            self._pending[reading.depth].append(iter([(reading, following)]))
        else:
            self._open[reading.depth] -= 1
        if reading.item is not None:
            return self._enriched(reading.item) if following is None else ()
        if reading.call is not self._primary:
            self._pending[reading.depth + 1].append(self._below(reading, items))
            return ()
        waiting, ready = self._split(reading, items)
        if waiting:
            self._pending[-1].append(self._enriching(waiting))
        return (row for item in ready for row in self._rows(item))

    def _items(self, reading: _Reading, response: Response, last: bool) -> list[object]:
        """Return the items of a page that become rows, or that calls are made for. Where pages are
        needed together, they are kept until the last has arrived."""
        call = reading.call
        if reading.item is not None:
            reading.found.append(response)
            if last:
                self._answer(reading.item, reading)
            return []
        if call is not self._primary or self._several:
            return list(requests.items_at(response, call.path))
        reading.found.append(response)
        if not last:
            return []
        items = list(requests.items_at(reading.found[0], call.path))
        if not items:
            raise Malformed("", f"the response lacks {call.path}")
        return items

    def _split(
        self, reading: _Reading, items: Iterable[object]
    ) -> tuple[list[_Item], list[_Item]]:
        """Return the items that wait for enrichments, and those that are ready."""
        waiting: list[_Item] = []
        ready: list[_Item] = []
        given = {
            name: reading.arguments.get(parameter)
            for name, parameter in self._primary.given
        }
        for found in items:
            item = _Item(found, reading.found, given)
            for call in self._enrichments:
                try:
                    self._wait(item, call, found)
                except Malformed:
                    # An optional member, such as the key that it is encrypted with: there is nothing
                    # to call for. The mapper refuses items that lack what identifies them.
                    self._nothing(item, call)
            (waiting if item.waiting else ready).append(item)
            item.left = len(item.waiting)
        return waiting, ready

    def _wait(self, item: _Item, call: Call, found: object) -> None:
        """Let ``item`` wait for an enrichment: for a call with each of its values."""
        arguments = requests.from_item(call, found, self._place)
        if call.values:
            item.answers[snake_case(call.operation)] = {}
        for fixed in requests.values(call, self._place):
            item.waiting.append((call, requests.single(call, {**fixed, **arguments})))

    def _nothing(self, item: _Item, call: Call) -> None:
        """Record that there is nothing that an enrichment could return."""
        name = snake_case(call.operation)
        if call.values:
            item.answers.setdefault(name, {})
        else:
            item.enriched[name] = {}

    def _answer(self, item: _Item, reading: _Reading) -> None:
        """Record the response of an enrichment, or its pages."""
        call, pages = reading.call, reading.found
        name, whole = snake_case(call.operation), pages[0] if len(pages) == 1 else pages
        if call.values:
            fixed = {
                parameter: reading.arguments[parameter] for parameter, _ in call.values
            }
            position = list(requests.values(call, self._place)).index(fixed)
            item.answers[name][position] = whole
        else:
            item.enriched[name] = whole

    def _enriched(self, item: _Item) -> Iterable[CollectedRow]:
        """Count a finished enrichment; return the row of the item if it was the last one."""
        item.left -= 1
        return () if item.left or item is self._for_all else self._rows(item)

    def _rows(self, item: _Item) -> Iterator[CollectedRow]:
        """Yield the row of an item; none if it cannot be converted."""
        given = {
            **self._for_all.enriched,
            **item.enriched,
            **_in_order(self._for_all),
            **_in_order(item),
            **item.given,
            **self._given,
        }
        if self._key is not None:
            given["key"] = self._key(item.item)
        try:
            if self._several:
                row = self._mapper.from_item(item.item, **given)
            else:
                pages = item.pages[0] if len(item.pages) == 1 else item.pages
                row = next(self._mapper.from_response(pages, **given))
        except self._mapper.ConversionError as error:
            self.complete = False
            message = f"{error.at}: {error.finding}"
            self._tally.fail(self._primary.operation, error.resource, message)
            return
        for call in self._for_all.denied:
            self._tally.deny(call.operation, _action(call), call.columns, 1)
        yield CollectedRow(row, self._for_all.unread | item.unread)

    def _fail(self, reading: _Reading, error: CallError) -> Iterable[CollectedRow]:
        """Take a call that did not end with a response."""
        call, item = reading.call, reading.item
        if isinstance(error, Expired):
            self._tally.fail(call.operation, "", error.reason)
            raise error
        # Only a first page can say that there is nothing: what the others have was announced.
        absent = not reading.pages.begun and (
            isinstance(error, Absent) or error.code in call.rules.absent
        )
        if item is not None:
            if absent:
                self._nothing(item, call)
            else:
                item.lost.add(snake_case(call.operation))
                item.unread |= frozenset(call.columns)
                self._note(reading, error)
            return self._enriched(item)
        size = requests.batch_size(call, reading.arguments)
        if size > 1 and (absent or isinstance(error, Denied)):
            # One of the items may be gone or denied: find out which.
            halves = requests.halves(call, reading.arguments)
            self._pending[reading.depth].append(
                (self._reading(call, reading.depth, half), None) for half in halves
            )
            return ()
        if absent:
            return ()
        if reading.depth == 0:
            self._failed_roots += 1
            if isinstance(error, NoEndpoint) and self._failed_roots == self._roots:
                raise error
        self._note(reading, error)
        if reading.depth == 0 and self._failed_roots == self._roots:
            raise error
        return ()

    def _note(self, reading: _Reading, error: CallError) -> None:
        """Note a call that was denied or failed, and what it leaves missing."""
        call, item = reading.call, reading.item
        if item is None:
            self.complete = False
        if not isinstance(error, Denied):
            self._tally.fail(call.operation, _named(reading.arguments), error.reason)
            return
        rows = 0
        if item is not None:
            if call not in item.denied:
                item.denied.append(call)
                # Rows that lack what is the same for all are counted as they are made.
                rows = 0 if item is self._for_all else 1
        elif call is self._primary and reading.depth:
            rows = requests.batch_size(call, reading.arguments)
        self._tally.deny(call.operation, _action(call), call.columns, rows)


def _checked(response: object, call: Call) -> Response:
    if not isinstance(response, Mapping):
        raise Malformed("", f"the response is not a dict: {type(response).__name__}")
    return cast("Response", response)


def _action(call: Call) -> str:
    return call.rules.actions[0] if call.rules.actions else ""


_LONGEST = 300


def _named(arguments: Arguments) -> str:
    """Return what a call was made for, as a message can show it: "TrainingJobName a"."""
    parts: list[str] = []
    for name, value in arguments.items():
        values = cast("list[object]", value) if isinstance(value, list) else [value]
        few = ", ".join(str(found) for found in values[:3])
        parts.append(f"{name} {few}{' …' if len(values) > 3 else ''}")
    text = ", ".join(parts)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
