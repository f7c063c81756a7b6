"""What the tests against moto have of each table: resources to create, and what SQL says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Query:
    """A statement on the loaded table, and the rows that it must give."""

    sql: str
    rows: list[tuple[object, ...]]


@dataclass(frozen=True)
class Created:
    """What `Case.create` made: ``queries`` tell it again. ``scope``: see `aws_reader.Reader`."""

    queries: tuple[Query, ...]
    scope: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True)
class Case:
    """One table.

    ``lacks`` are the operations of its binding that moto does not have, ``empty`` the derived columns
    and those of auxiliary operations that moto leaves empty all the same, each with the reason;
    ``absent`` are the error codes by which auxiliary operations say that a resource has no such
    thing. All three must be exactly what is seen. ``key`` names the member that is given as key,
    for items without an ARN.
    """

    table: str
    create: Callable[[], Created]
    lacks: Mapping[str, str] = field(default_factory=dict[str, str])
    empty: Mapping[str, str] = field(default_factory=dict[str, str])
    absent: Mapping[str, str] = field(default_factory=dict[str, str])
    key: str | None = None


def tags(key: str = "Key", value: str = "Value", /, **given: str) -> list[dict[str, str]]:
    """A tag list in the spelling of a service."""
    return [{key: name, value: text} for name, text in given.items()]


def specified(resource: str, **given: str) -> list[dict[str, Any]]:
    """Tags as EC2 takes them when it creates a resource."""
    return [{"ResourceType": resource, "Tags": tags(**given)}]
