# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Parse responses of AWS as botocore does, in a third to two thirds of the time.

botocore looks for each member that a structure may have, and parses timestamps with dateutil. Here,
only the members that are there are looked up, in a table that is made once for each structure. What is
unusual is left to botocore.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

from botocore import parsers
from botocore.utils import parse_timestamp

# What services send. dateutil, which botocore uses, takes 60 µs for it. Both cut off digits beyond
# microseconds.
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:Z|\+00:00)"
)


def timestamp(value: Any) -> datetime:
    """Return what botocore's `parse_timestamp` does; in UTC, where that uses the local zone."""
    try:
        if type(value) is str:
            if _ISO.fullmatch(value) is not None:
                return datetime.fromisoformat(value)
        elif type(value) is float or type(value) is int:
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass  # botocore knows a second way for numbers, and its own words for what is no time
    parse: Any = parse_timestamp  # which takes numbers, too
    found: datetime = parse(value)
    return found


Handler = Callable[[Any, Any], Any]
"""Parses a value of a shape."""

_LIST: Any = list  # whose elements type checkers then take for Any

_Table = dict[str, tuple[str, Any, Handler]]
"""The members of a structure by their names in responses: their names, shapes and handlers."""


_WRONG = (
    *(ArithmeticError, AttributeError, LookupError),
    *(RuntimeError, TypeError, ValueError),
)
"""What botocore's parsers raise for values of another form, such as a text in place of a list."""


class _Checked:
    """A parser that raises ResponseParserError for whatever it cannot parse."""

    def parse(self, response: Any, shape: Any) -> Any:
        try:
            parsed: object = super().parse(response, shape)  # type: ignore[misc]
        except _WRONG as error:
            raise parsers.ResponseParserError(
                f"the response cannot be parsed: {type(error).__name__}: {error}"
            ) from error
        if not isinstance(parsed, dict):
            raise parsers.ResponseParserError("the response is not a structure")
        return cast("dict[str, Any]", parsed)


class _Members(_Checked):
    """Knows the members of structures. ``_tables`` has None for structures that botocore must parse."""

    KNOWN_LOCATIONS: tuple[str, ...]
    _default_handle: Handler

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._tables: dict[str, _Table | None] = {}

    def _handler(self, shape: Any) -> Handler:
        handler: Handler = getattr(
            self, f"_handle_{shape.type_name}", self._default_handle
        )
        return handler

    def _table(self, shape: Any) -> _Table | None:
        name: str = shape.name
        if name not in self._tables:
            self._tables[name] = self._new_table(shape)
        return self._tables[name]

    def _new_table(self, shape: Any) -> _Table | None:
        metadata = shape.metadata
        if (
            metadata.get("exception")
            or metadata.get("document")
            or metadata.get("union")
        ):
            return None
        table: _Table = {}
        for member, inner in shape.members.items():
            traits = inner.serialization
            if traits.get("xmlAttribute"):
                return None
            if self._is_elsewhere(traits):
                continue
            written = self._written(inner, member)
            if written in table:
                return None
            table[written] = (member, inner, self._handler(inner))
        return table

    def _is_elsewhere(self, traits: Any) -> bool:
        """Whether a member is not in the body."""
        raise NotImplementedError

    def _written(self, shape: Any, member: str) -> str:
        """Return the name of a member in a response."""
        raise NotImplementedError


class _Json(_Members):
    """A parser of the JSON protocols."""

    def _is_elsewhere(self, traits: Any) -> bool:
        return False

    def _written(self, shape: Any, member: str) -> str:
        name: str = shape.serialization.get("name", member)
        return name

    def _handle_structure(self, shape: Any, value: Any) -> Any:
        table = self._table(shape)
        if table is None or type(value) is not dict:
            return super()._handle_structure(shape, value)  # type: ignore[misc]
        parsed: dict[str, Any] = {}
        for name, found in cast("dict[str, Any]", value).items():
            if found is not None and (entry := table.get(name)) is not None:
                member, inner, handler = entry
                parsed[member] = handler(inner, found)
        return parsed

    def _handle_list(self, shape: Any, node: Any) -> Any:
        if type(node) is not _LIST:
            # Botocore would take the letters of a string, and the names of an object.
            raise TypeError(
                f"{shape.name} is a list, not of type {type(node).__name__}"
            )
        inner = shape.member
        handler = self._handler(inner)
        return [None if found is None else handler(inner, found) for found in node]


class _Xml(_Members):
    """A parser of the XML protocols."""

    _member_key_name: Callable[[Any, str], str]

    def _is_elsewhere(self, traits: Any) -> bool:
        return traits.get("location") in self.KNOWN_LOCATIONS or bool(
            traits.get("eventheader")
        )

    def _written(self, shape: Any, member: str) -> str:
        return self._member_key_name(shape, member)

    def _node_tag(self, node: Any) -> str:
        tag: str = node.tag
        return tag.rpartition("}")[2]

    def _handle_structure(self, shape: Any, node: Any) -> Any:
        table = self._table(shape)
        if table is None or isinstance(node, list):
            return super()._handle_structure(shape, node)  # type: ignore[misc]
        nodes: dict[str, Any] = {}
        for child in node:
            name = child.tag.rpartition("}")[2]
            before = nodes.get(name)
            if before is None:
                nodes[name] = child
            elif isinstance(before, _LIST):
                before.append(child)
            else:
                nodes[name] = [before, child]
        parsed: dict[str, Any] = {}
        for name, found in nodes.items():
            if (entry := table.get(name)) is not None:
                member, inner, handler = entry
                parsed[member] = handler(inner, found)
        return parsed

    def _handle_list(self, shape: Any, node: Any) -> Any:
        traits = shape.serialization
        if traits.get("location") is not None:
            return super()._handle_list(shape, node)  # type: ignore[misc]
        if traits.get("flattened") and not isinstance(node, _LIST):
            node = [node]
        inner = shape.member
        handler = self._handler(inner)
        return [handler(inner, found) for found in node]


_KINDS: dict[str, type[_Checked]] = {
    "ec2": _Xml,
    "query": _Xml,
    "rest-xml": _Xml,
    "json": _Json,
    "rest-json": _Json,
}


class Factory(parsers.ResponseParserFactory):
    """Makes the parsers of a service, which all of its clients share."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, Any] = {}

    def create_parser(self, protocol_name: str) -> Any:
        """Return the parser of a protocol; botocore calls this for each response."""
        if protocol_name not in self._made:
            base: Any = parsers.PROTOCOL_PARSERS[protocol_name]
            kind = _KINDS.get(protocol_name, _Checked)
            made: Any = type(base.__name__, (kind, base), {})
            self._made[protocol_name] = made(timestamp_parser=timestamp)
        return self._made[protocol_name]


@cache
def factory(service: str, version: str) -> Factory:
    """Return the factory of a version of a service's API: names of structures are unique in it."""
    return Factory()


_FACTORY = "_response_parser_factory"


def install(client: Any) -> None:
    """Make a client parse responses with this module. Others of its session stay as they are."""
    endpoint = client._endpoint
    if not hasattr(endpoint, _FACTORY):
        raise AttributeError(
            f"this version of botocore has no {_FACTORY}; install another version"
        )
    model = client.meta.service_model
    setattr(endpoint, _FACTORY, factory(model.service_name, model.api_version))
