"""Reads resources of AWS with a real boto3 client, as a binding says."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError

from corpus_package import Mapper
from expected_rows import filled, items
from schemagen.model.bindings import Binding, Constant, Enrichment
from schemagen.model.paths import WHOLE, is_repeated, map_key
from schemagen.runtime.convert import snake_case

Response = dict[str, Any]
Arguments = Mapping[str, object]

ACCOUNT = "123456789012"
REGION = "us-east-1"
PLACE = {"account_id": ACCOUNT, "region": REGION, "partition": "aws"}
"""What mappers may take as arguments, because responses need not name the place that they come from."""

_BASENAME = re.compile(r"basename\((.+)\)")


def client(service: str) -> Any:
    """A client without types: the stubs of a few services only are installed."""
    clients: Any = boto3
    return clients.client(service, region_name=REGION)


@dataclass
class Reader:
    """Calls what ``binding`` names, and nothing else.

    ``scope`` are the arguments of the operation that enumerates: what its items are part of.
    ``absent`` has the code of the error by which an auxiliary operation says that a resource has no
    such thing.

    Reading fills ``refused``, the auxiliary operations that said so, and ``lacking``, those that
    moto does not have.
    """

    binding: Binding
    scope: Arguments
    absent: Mapping[str, str]
    refused: set[str] = field(default_factory=set[str])
    lacking: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self._client = client(self.binding.service)

    def rows(self, mapper: Mapper, **how: object) -> list[dict[str, Any]]:
        """The rows of all resources; ``how`` goes to the mapper."""
        wanted = inspect.signature(mapper.from_response).parameters
        place = {name: value for name, value in PLACE.items() if name in wanted}
        made: list[dict[str, Any]] = []
        constants = _plain(self.binding.constants)
        for arguments in self._arguments():
            for response in self._pages(self.binding.operation, {**constants, **arguments}):
                made += mapper.from_response(response, **self._answers(response), **place, **how)
        return made

    def _arguments(self) -> Iterator[Arguments]:
        """The arguments of each call of the primary operation."""
        listing = self.binding.listing
        if listing is None:
            yield self.scope
            return
        # Operations that describe an item also take the names of its parents.
        declared = self._declared(self.binding.operation)
        shared = {name: value for name, value in self.scope.items() if name in declared}
        for page in self._pages(listing.operation, self.scope):
            for element in items(page, listing.path):
                found = {name: take(element, member) for name, member in listing.arguments}
                yield {**shared, **found}

    def _answers(self, response: Response) -> dict[str, object]:
        """The mapper's keyword arguments: functions of the item where a response holds many."""
        readers = {
            snake_case(enrichments.operation): partial(self._answer, enrichments)
            for enrichments in self.binding.enrichments
            if enrichments.operation != self.binding.operation
        }
        if is_repeated(self.binding.path):
            return dict(readers)
        [item] = items(response, self.binding.path)
        return {name: answer(item) for name, answer in readers.items()}

    def _answer(self, enrichments: Enrichment, item: Response) -> Response | None:
        """Return the response of an enrichment for ``item``; None if the item has no such part."""
        operation = enrichments.operation
        arguments: dict[str, object] = {
            **_plain(enrichments.constants),
            **{name: take(item, member) for name, member in enrichments.arguments},
        }
        try:
            return self._whole(operation, arguments)
        except NotImplementedError:
            self.lacking.add(operation)
        except ClientError as error:
            details = error.response.get("Error", {})
            if details.get("Message") == "Not yet implemented":
                self.lacking.add(operation)
            elif details.get("Code") == self.absent.get(operation):
                self.refused.add(operation)
            else:
                raise
        return None

    # --- calls ---

    def _pages(self, operation: str, arguments: Arguments) -> Iterator[Response]:
        name, fitting = xform_name(operation), self._fitting(operation, arguments)
        if self._client.can_paginate(name):
            yield from self._client.get_paginator(name).paginate(**fitting)
        else:
            yield getattr(self._client, name)(**fitting)

    def _whole(self, operation: str, arguments: Arguments) -> Response:
        """The pages of a response as one."""
        name, fitting = xform_name(operation), self._fitting(operation, arguments)
        if self._client.can_paginate(name):
            pages = self._client.get_paginator(name).paginate(**fitting)
            return cast("Response", pages.build_full_result())
        return cast("Response", getattr(self._client, name)(**fitting))

    def _declared(self, operation: str) -> Mapping[str, Any]:
        """The operation's parameters."""
        shape = self._client.meta.service_model.operation_model(operation).input_shape
        return cast("Mapping[str, Any]", shape.members if shape else {})

    def _fitting(self, operation: str, arguments: Arguments) -> Response:
        """Return ``arguments`` with values of list parameters wrapped in lists."""
        declared = self._declared(operation)
        return {
            name: [value]
            if declared[name].type_name == "list" and not isinstance(value, list)
            else value
            for name, value in arguments.items()
        }


def take(element: Any, member: str) -> object:
    """``member`` of an element, what it has at a key, the last part of it, the element itself, or the
    ARN in whose format its members stand."""
    if member == WHOLE:
        return element
    if member == "${Account}":
        return ACCOUNT
    if member.startswith("arn:"):
        place = {"Partition": "aws", "Region": REGION, "Account": ACCOUNT}
        return filled(member, {**element, **place})
    if basename := _BASENAME.fullmatch(member):
        return str(element[basename[1]]).rpartition("/")[2]
    if at_key := map_key(member):
        return element[at_key[0]][at_key[1]]
    return element[member]


def _plain(constants: Iterable[tuple[str, Constant]]) -> dict[str, object]:
    """Arguments as boto3 takes them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in constants}
