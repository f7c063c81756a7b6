# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Work out the requests that fill a table from its calls. Nothing here calls anything.

The arguments of a call are a dict by parameter: its values, what is inherited, and what the item of the
call above gives. `request` adds what is the same in every call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, cast

from ..calls import Call, Json, Limit, next_page
from ..tokens import value_at
from .errors import Malformed, MissingMember, RepeatedToken

Arguments = dict[str, Any]

_BASENAME = re.compile(r"basename\((.+)\)")
_AT_KEY = re.compile(r"(.+)\[(.+)\]")
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_ACCOUNT = "${Account}"

MOST_GROUPS = 256
"""How many unfinished batches are kept, so that memory is bounded."""


@dataclass(frozen=True, slots=True)
class Place:
    """What ``${Account}``, ``${Region}`` and ``${Partition}`` stand for."""

    account: str
    region: str
    partition: str = "aws"

    def value(self, name: str) -> str | None:
        match name:
            case "Account":
                return self.account
            case "Region":
                return self.region
            case "Partition":
                return self.partition
            case _:
                return None


def values(call: Call, place: Place) -> Iterator[Arguments]:
    """Yield each combination of the values that are known beforehand and accepted in the region; one
    without arguments if there are none."""
    names = [name for name, _ in call.values]
    accepted = (
        [
            value
            for value in found
            if call.rules.scope.accepts(name, value, place.region or "")
        ]
        for name, found in call.values
    )
    for combination in product(*accepted):
        yield {
            name: place.account if value == _ACCOUNT else value
            for name, value in zip(names, combination, strict=True)
        }


def from_item(call: Call, item: object, place: Place) -> Arguments:
    """Return the arguments that an item of the call above gives.

    Raises `Malformed` if the item lacks what an argument needs.
    """
    return {
        name: _source_value(item, source, call, place)
        for name, source in call.arguments
    }


def below(
    call: Call, above: Mapping[str, Any], item: object, place: Place
) -> Iterator[Arguments]:
    """Yield the arguments of each call that an item of the call above, made with ``above``, leads to."""
    given = {name: above[name] for name in call.inherited}
    given.update(from_item(call, item, place))
    for fixed in values(call, place):
        yield {**fixed, **given}


def depends_on_item(call: Call) -> bool:
    """Whether any argument comes from the item of the call above."""
    return any(source != _ACCOUNT for _, source in call.arguments)


def single(call: Call, arguments: Arguments) -> Arguments:
    """Return the arguments of a call for a single item: a parameter for many items gets a list."""
    batch = call.rules.batch
    if batch is None or batch.parameter not in arguments:
        return arguments
    return {**arguments, batch.parameter: [arguments[batch.parameter]]}


def request(call: Call, arguments: Mapping[str, Any]) -> Arguments:
    """Return the request of the first page: ``arguments`` and what is the same in every call."""
    found: Arguments = {
        name: as_argument(value) for name, value in (*call.constants, *call.rules.owner)
    }
    found.update(arguments)
    limit = call.rules.limit
    # AWS refuses the size of a page together with names of items.
    if limit is not None and limit.maximum and call.rules.batch is None:
        found[limit.parameter] = limit.maximum
    return found


def as_argument(value: Json) -> Any:
    """Return an argument as boto3 takes it: lists instead of tuples."""
    if isinstance(value, tuple):
        return [as_argument(element) for element in value]
    if isinstance(value, Mapping):
        return {name: as_argument(inner) for name, inner in value.items()}
    return value


class Pages:
    """The way from page to page of a request. Keeps what was requested, to find an endless loop."""

    __slots__ = ("_call", "_requested")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._requested: set[int] = set()

    @property
    def begun(self) -> bool:
        """Whether a page after the first was requested."""
        return bool(self._requested)

    def following(self, response: Mapping[str, object]) -> Arguments | None:
        """Return the parameters that request the page after ``response``; None after the last.

        Raises `RepeatedToken` if that page was requested before, and `Malformed` if the response says that
        there are more pages and not how to request them.
        """
        pagination = self._call.rules.pagination
        found = next_page(pagination, response)
        if found is None:
            if (
                pagination is not None
                and pagination.more
                and value_at(response, pagination.more)
            ):
                raise Malformed(
                    "",
                    f"a page of {self._call.operation} says that there are more ({pagination.more}), "
                    f"and lacks {', '.join(pagination.output)}",
                )
            return None
        requested = hash(repr(sorted(found.items())))
        if requested in self._requested:
            raise RepeatedToken(
                "",
                f"a page of {self._call.operation} requests a page that was read before "
                f"({', '.join(sorted(found))}); the listing would never end",
            )
        self._requested.add(requested)
        return found


class Batches:
    """Puts as many items into one call as it takes. Calls whose other arguments differ are separate."""

    def __init__(self, limit: Limit) -> None:
        self._parameter = limit.parameter
        self._size = limit.maximum or 1
        self._groups: dict[str, tuple[Arguments, list[object]]] = {}

    def add(self, arguments: Arguments) -> Iterator[Arguments]:
        """Add the arguments of a call for one item; yield those of a call that is full."""
        rest = {
            name: value for name, value in arguments.items() if name != self._parameter
        }
        key = repr(sorted(rest.items()))
        _, items = self._groups.setdefault(key, (rest, []))
        items.append(arguments[self._parameter])
        if len(items) == self._size:
            yield self._take(key)
        elif len(self._groups) > MOST_GROUPS:
            yield self._take(next(iter(self._groups)))

    def rest(self) -> Iterator[Arguments]:
        """Yield the arguments of the calls that are not full."""
        while self._groups:
            yield self._take(next(iter(self._groups)))

    def __bool__(self) -> bool:
        """Whether there are items that no call has taken."""
        return bool(self._groups)

    def _take(self, key: str) -> Arguments:
        rest, items = self._groups.pop(key)
        return {**rest, self._parameter: items}


_FAILURES = re.compile("fail|unprocessed|error", re.IGNORECASE)
_GONE = "MISSING"


def unread_items(call: Call, response: Mapping[str, object]) -> Iterator[str]:
    """Yield what a call for several items says of those that it could not read. Items that are gone are
    left out: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Failure.html.
    """
    if call.rules.batch is None:
        return
    for name, value in response.items():
        if not _FAILURES.search(name) or call.path.startswith((f"{name}[", f"{name}.")):
            continue
        entries: Iterable[object] = ()
        if isinstance(value, Mapping) and value:
            entries = [cast("object", value)]
        elif isinstance(value, list):
            entries = cast("list[object]", value)
        for entry in entries:
            found = cast("Mapping[str, object]", entry)
            if isinstance(entry, Mapping) and found.get("reason") == _GONE:
                continue
            yield f"{name}: {found}"[:_LONGEST]


_LONGEST = 200


def batch_size(call: Call, arguments: Mapping[str, Any]) -> int:
    """Return the number of items that a call with ``arguments`` is for."""
    batch = call.rules.batch
    return 1 if batch is None else len(arguments[batch.parameter])


def halves(call: Call, arguments: Arguments) -> Iterator[Arguments]:
    """Yield the arguments of two calls, for the first and the second half of the items."""
    batch = call.rules.batch
    if batch is not None:
        items = arguments[batch.parameter]
        middle = len(items) // 2
        for part in (items[:middle], items[middle:]):
            yield {**arguments, batch.parameter: part}


def is_repeated(path: str) -> bool:
    """Whether a response can have several items at ``path``."""
    return "[]" in path or "{}" in path


def items_at(response: object, path: str) -> Iterator[Any]:
    """Yield the items that ``path`` leads to. A missing member has none, because APIs leave out what
    is empty.

    Raises `Malformed` for a response that ``path`` does not fit.
    """
    if path == "@":
        yield response
        return
    step, _, rest = path.partition(".")
    name = step.rstrip("[]{}")
    if not isinstance(response, Mapping):
        raise _malformed(f"{name} in a structure", response)
    found = cast("Mapping[str, object]", response).get(name)
    if found is None:
        return
    elements: Iterable[object]
    if step.endswith("[]"):
        if not isinstance(found, list | tuple):
            raise _malformed(f"a list of {name}", found)
        elements = cast("Iterable[object]", found)
    elif step.endswith("{}"):
        if not isinstance(found, Mapping):
            raise _malformed(f"a map of {name}", found)
        elements = cast("Mapping[str, object]", found).values()
    else:
        elements = (found,)
    if not rest:
        yield from (element for element in elements if element is not None)
        return
    for element in elements:
        if element is not None:
            yield from items_at(element, rest)


def _malformed(wanted: str, found: object) -> Malformed:
    kind = type(found).__name__
    return Malformed("", f"the response should have {wanted}, and has a {kind} there")


def _source_value(item: object, source: str, call: Call, place: Place) -> Any:
    """Return what an item gives an argument; `Call` documents the notation."""
    if source == "@":
        return item
    if source == _ACCOUNT:
        return place.account
    if basename := _BASENAME.fullmatch(source):
        value = str(_source_value(item, basename[1], call, place))
        return value.rpartition("/")[2]
    if source.startswith("arn:"):
        return _PLACEHOLDER.sub(
            lambda found: place.value(found[1])
            or str(_member(item, found[1], call, place)),
            source,
        )
    if at_key := _AT_KEY.fullmatch(source):
        return _member(_member(item, at_key[1], call, place), at_key[2], call, place)
    return _member(item, source, call, place)


def _member(item: object, name: str, call: Call, place: Place) -> Any:
    value = item
    for step in name.split("."):
        value = (
            cast("Mapping[str, object]", value).get(step)
            if isinstance(value, Mapping)
            else None
        )
    if value is None:
        raise MissingMember(
            name, f"the item lacks {name}, which {call.operation} needs"
        )
    return value
