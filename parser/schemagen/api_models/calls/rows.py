"""Read data files of facts that AWS documents in prose: a table for each service and operation, with
the address of the documentation as its ``source``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from schemagen.names import API_NAME, SERVICE_NAME

EVERY = "*"
"""Stands for every operation of a service."""

_SOURCES = ("https://docs.aws.amazon.com/", "https://github.com/")


@dataclass(frozen=True, slots=True)
class Row:
    """A fact about an operation of a service, or about every one."""

    service: str
    operation: str
    source: str
    entries: Mapping[str, Any]
    label: str

    def text(self, key: str) -> str:
        """Return the string at ``key``. Raises ValueError for any other value."""
        value = self.entries[key]
        if not isinstance(value, str) or not value:
            raise ValueError(f"{self.label}: {key} must be a string, not {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the strings at ``key``. Raises ValueError for an empty array or any other value."""
        value = self.entries[key]
        texts = tuple(cast("list[str]", value)) if isinstance(value, list) else ()
        if not texts or not all(text and isinstance(text, str) for text in cast("Any", texts)):
            raise ValueError(f"{self.label}: {key} must be an array of strings, not {value!r}")
        return texts

    def table(self, key: str) -> Mapping[str, Any]:
        """Return the table at ``key``, empty if it is left out. Raises ValueError for any other value."""
        value = self.entries.get(key, {})
        if not isinstance(value, dict):
            raise ValueError(f"{self.label}: {key} must be a table, not {value!r}")
        return cast("dict[str, Any]", value)


def read_rows(
    name: str, text: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Iterator[Row]:
    """Yield the rows in the text of a file called ``name``. Raises ValueError with the row and what
    is wrong with it."""
    for service, operations in tomllib.loads(text).items():
        if not SERVICE_NAME.fullmatch(service) or not isinstance(operations, dict):
            raise ValueError(f"{name}: {service!r} must be a service with tables of operations")
        for operation, entries in cast("dict[str, object]", operations).items():
            label = f"{name}: {service}.{operation}"
            if operation != EVERY and not API_NAME.fullmatch(operation):
                raise ValueError(f"{label}: must be the name of an operation")
            if not isinstance(entries, dict):
                raise ValueError(f"{label}: must be a table, not {entries!r}")
            found = cast("dict[str, Any]", entries)
            yield _row(service, operation, label, found, {*required, "source"}, optional)


def _row(
    service: str,
    operation: str,
    label: str,
    entries: Mapping[str, Any],
    required: set[str],
    optional: tuple[str, ...],
) -> Row:
    if missing := required.difference(entries):
        raise ValueError(f"{label}: lacks {', '.join(sorted(missing))}")
    if unknown := entries.keys() - required - set(optional):
        raise ValueError(f"{label}: has the unknown key {', '.join(sorted(unknown))}")
    source = entries["source"]
    if not isinstance(source, str) or not source.startswith(_SOURCES):
        accepted = " or ".join(_SOURCES)
        raise ValueError(f"{label}: source must begin with {accepted}, not {source!r}")
    return Row(service, operation, source, entries, label)
