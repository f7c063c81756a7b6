"""Reads a table as its calls say, and knows nothing else: neither botocore nor the binding."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, cast

from corpus_package import Mapper
from schemagen.model.paths import is_repeated
from schemagen.runtime.calls import Call, TableCalls, next_page
from schemagen.runtime.convert import snake_case

Response = dict[str, Any]
Arguments = dict[str, Any]
Ask = Callable[[str, Arguments], Response]

_BASENAME = re.compile(r"basename\((.+)\)")
_AT_KEY = re.compile(r"(.+)\[(.+)\]")
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


class Absent(Exception):
    """An error response of AWS; ``code`` is its error code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Driver:
    """Makes the calls of a table with ``ask``. ``scope`` has what the caller knows of an account:
    "Account", "Region" and "Partition"."""

    calls: TableCalls
    ask: Ask
    scope: Mapping[str, str]

    def rows(self, mapper: Mapper) -> Iterator[Mapping[str, Any]]:
        """Yield the rows of all items of the account."""
        place = {"account_id": "Account", "region": "Region", "partition": "Partition"}
        wanted = inspect.signature(mapper.from_response).parameters
        given: dict[str, object] = {
            name: self.scope[key] for name, key in place.items() if name in wanted
        }
        several = is_repeated(self.calls.primary.path)
        if "key" in wanted:
            given["key"] = _some_key if several else "a key"
        enrichments = {
            snake_case(call.operation): partial(self.enrichment, call)
            for call in self.calls.enrichments
        }
        primary = self.calls.primary
        for arguments in self.batched(primary, self.arguments(len(self.calls.listings))):
            pages = list(self.pages(primary, arguments))
            if not pages:
                continue
            if several:
                yield from mapper.from_response(iter(pages), **enrichments, **given)
            else:
                items = items_at(pages[0], primary.path)
                passed = {name: call(item) for item in items for name, call in enrichments.items()}
                yield from mapper.from_response(pages, **passed, **given)

    def arguments(self, depth: int) -> Iterator[Arguments]:
        """Yield the arguments of each call at ``depth`` in the chain, whose last is the primary one."""
        chain = (*self.calls.listings, self.calls.primary)
        call = chain[depth]
        for found in self.from_above(depth) if depth else [Arguments()]:
            for fixed in self.values(call):
                yield {**fixed, **found}

    def from_above(self, depth: int) -> Iterator[Arguments]:
        """Yield what each item of the call above gives the arguments of the call at ``depth``."""
        chain = (*self.calls.listings, self.calls.primary)
        call, above = chain[depth], chain[depth - 1]
        for passed in self.arguments(depth - 1):
            inherited = {name: passed[name] for name in call.inherited}
            for page in self.pages(above, passed):
                for item in items_at(page, above.path):
                    taken = {name: self.take(item, source) for name, source in call.arguments}
                    yield {**inherited, **taken}

    def values(self, call: Call) -> Iterator[Arguments]:
        names = [name for name, _ in call.values]
        for values in product(*(values for _, values in call.values)):
            yield {name: self.filled(value) for name, value in zip(names, values, strict=True)}

    def batched(self, call: Call, arguments: Iterator[Arguments]) -> Iterator[Arguments]:
        """Put as many items into one call as it takes."""
        batch = call.rules.batch
        if batch is None:
            yield from arguments
            return
        groups: dict[str, tuple[Arguments, list[object]]] = {}
        for given in arguments:
            rest = {name: value for name, value in given.items() if name != batch.parameter}
            _, items = groups.setdefault(repr(sorted(rest.items())), (rest, []))
            items.append(given[batch.parameter])
        for rest, items in groups.values():
            size = batch.maximum or 1
            for start in range(0, len(items), size):
                yield {**rest, batch.parameter: items[start : start + size]}

    def pages(self, call: Call, arguments: Arguments) -> Iterator[Response]:
        """Yield the pages of a call; none if what it names does not exist."""
        rules = call.rules
        request: Arguments = {
            **_thawed(dict(call.constants)),
            **_thawed(dict(rules.owner)),
            **arguments,
        }
        if rules.limit and rules.limit.maximum and not rules.batch:
            request[rules.limit.parameter] = rules.limit.maximum
        page: Arguments | None = {}
        while page is not None:
            try:
                response = self.ask(call.operation, {**request, **page})
            except Absent as error:
                if error.code in rules.absent:
                    return
                raise
            yield response
            page = next_page(rules.pagination, response)

    def enrichment(self, call: Call, item: Response) -> list[Response] | None:
        """The pages of an enrichment of an item; None if there is none."""
        arguments = {name: self.take(item, source) for name, source in call.arguments}
        if call.rules.batch and call.rules.batch.parameter in arguments:
            arguments[call.rules.batch.parameter] = [arguments[call.rules.batch.parameter]]
        return list(self.pages(call, arguments)) or None

    def take(self, item: Any, source: str) -> Any:
        """What an item gives an argument."""
        if source == "@":
            return item
        if basename := _BASENAME.fullmatch(source):
            return str(self.take(item, basename[1])).rpartition("/")[2]
        if source == "${Account}":
            return self.filled(source)
        if source.startswith("arn:"):
            return _PLACEHOLDER.sub(lambda found: str({**item, **self.scope}[found[1]]), source)
        if at_key := _AT_KEY.fullmatch(source):
            return item[at_key[1]][at_key[2]]
        return item[source]

    def filled(self, value: str) -> str:
        return _PLACEHOLDER.sub(lambda found: self.scope[found[1]], value)


def _some_key(item: Response) -> str:
    return "a key"


def items_at(response: Any, path: str) -> Iterator[Any]:
    """Yield what ``path`` leads to."""
    if path == "@":
        yield response
        return
    step, _, rest = path.partition(".")
    found: Any = response.get(step.rstrip("[]{}"))
    elements: Iterable[Any] = [found]
    if step.endswith("[]"):
        elements = found
    elif step.endswith("{}"):
        elements = cast("dict[str, object]", found or {}).values()
    for element in elements or ():
        if element is not None:
            yield from items_at(element, rest or "@")


def _thawed(value: Any) -> Any:
    """Arguments as boto3 takes them."""
    if isinstance(value, tuple):
        return [_thawed(element) for element in cast("tuple[object, ...]", value)]
    if isinstance(value, dict):
        return {name: _thawed(inner) for name, inner in cast("dict[str, object]", value).items()}
    return value
