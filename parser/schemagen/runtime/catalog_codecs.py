# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Codecs: read parsed JSON as values of the catalogue, record all that is wrong, and write it back."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass
from dataclasses import fields as dataclass_fields
from typing import Any, cast

from .calls import Json

KeyPath = tuple[str | int, ...]
"""The keys and indexes that lead to an entry of the file."""

Read = Callable[["Findings", KeyPath, object], Any]
Write = Callable[[Any], object]


class CatalogError(ValueError):
    """A text is not a catalogue. ``findings`` are what is wrong, each with its key path."""

    def __init__(self, findings: Iterable[tuple[KeyPath, str]]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(message for _, message in self.findings))


class NewerFormat(CatalogError):
    """The catalogue was written by a newer schemagen."""


class DuplicateKeys(CatalogError):
    """An object has a key twice, as after a merge."""


class Findings(list[tuple[KeyPath, str]]):
    """What is wrong in a catalogue, which has ``structures`` of these keys."""

    def __init__(self, structures: Collection[str] = ()) -> None:
        super().__init__()
        self.structures = structures

    def must_be(self, path: KeyPath, accepted: str, value: object) -> None:
        name = json.dumps(path[-1]) if path else "the catalogue"
        self.append((path, f"{name} must be {accepted}, not {_excerpt(value)}"))


def _excerpt(value: object) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


@dataclass(frozen=True, slots=True)
class Codec:
    """Reads a kind of value, recording what is wrong, and writes it. Values of ``plain`` types are
    what they are in JSON."""

    read: Read
    write: Write = lambda value: value
    plain: tuple[type, ...] = ()


def scalar(accepted: str, *types: type) -> Codec:
    """Make the codec of a value of one of ``types``; messages call it ``accepted``."""

    def read(found: Findings, path: KeyPath, value: object) -> object:
        if type(value) not in types:
            found.must_be(path, accepted, value)
        return value

    return Codec(read, plain=types)


PLAIN_TEXT = scalar("a string", str)
TEXT_OR_NULL = scalar("a string or null", str, type(None))
LINE = scalar("a line number", int)
FLAG = scalar("true or false", bool)
COUNT = scalar("a number", int)
LIMIT = scalar("a number or a string", int, float, str)


def choice(*names: str) -> Codec:
    """Make the codec of one of several names."""

    def read(found: Findings, path: KeyPath, value: object) -> object:
        if value not in names:
            found.must_be(path, f"one of {', '.join(names)}", value)
        return value

    return Codec(read)


def list_of(element: Codec) -> Codec:
    def read(found: Findings, path: KeyPath, value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            found.must_be(path, "a list", value)
            return ()
        items = cast("list[object]", value)
        return tuple(
            [
                element.read(found, (*path, number), item)
                for number, item in enumerate(items)
            ]
        )

    def write(values: Iterable[Any]) -> list[object]:
        return [element.write(value) for value in values]

    return Codec(read, write)


def mapping_of(element: Codec) -> Codec:
    def read(found: Findings, path: KeyPath, value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            found.must_be(path, "an object", value)
            return {}
        entries = cast("dict[str, object]", value)
        return {
            key: element.read(found, (*path, key), item)
            for key, item in entries.items()
        }

    def write(values: Mapping[str, Any]) -> dict[str, object]:
        return {key: element.write(value) for key, value in values.items()}

    return Codec(read, write)


def pairs_of(element: Codec) -> Codec:
    """Make the codec of a tuple of names and values, whose order counts; it is an object in JSON."""
    mapping = mapping_of(element)

    def read(found: Findings, path: KeyPath, value: object) -> tuple[Any, ...]:
        return tuple(mapping.read(found, path, value).items())

    def write(pairs: Iterable[tuple[str, Any]]) -> object:
        return mapping.write(dict(pairs))

    return Codec(read, write)


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in cast("list[object]", value))
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        return {key: _frozen(item) for key, item in entries.items()}
    return value


def _thawed(value: Json) -> object:
    if isinstance(value, tuple):
        return list(map(_thawed, value))
    if isinstance(value, Mapping):
        return {key: _thawed(item) for key, item in value.items()}
    return value


JSON = Codec(lambda found, path, value: _frozen(value), _thawed)
"""Any JSON; its lists are read as tuples."""


class ObjectCodec:
    """Reads and writes the attributes ``codecs`` of a class. Those with a default are left out where
    they have it."""

    def __init__(self, make: type[Any], **codecs: Codec) -> None:
        self.make = make
        self.codecs = codecs
        fields = {
            entry.name: entry
            for entry in dataclass_fields(make)
            if entry.name in codecs
        }
        self.defaults = {
            name: default
            for name, entry in fields.items()
            for default in _default(entry)
        }
        self.plain = {name: codec.plain for name, codec in codecs.items()}
        self.required = [name for name in fields if name not in self.defaults]

    @property
    def codec(self) -> Codec:
        return Codec(self.read, self.write)

    def read(self, found: Findings, path: KeyPath, value: object) -> Any:
        before = len(found)
        values = self.values(found, path, value)
        return self.make(**values) if len(found) == before else None

    def values(self, found: Findings, path: KeyPath, value: object) -> dict[str, Any]:
        """Read the attributes of the object ``value``, by name."""
        values: dict[str, Any] = {}
        if not isinstance(value, dict):
            found.must_be(path, "an object", value)
            return values
        plain = self.plain
        for key, item in cast("dict[str, object]", value).items():
            # Nearly all entries: no call, and no key path that only a message would need.
            if type(item) in plain.get(key, ()):
                values[key] = item
                continue
            codec = self.codecs.get(key)
            if codec is None:
                known = ", ".join(self.codecs)
                found.append(
                    ((*path, key), f'unknown key "{key}"; known keys: {known}')
                )
            else:
                values[key] = codec.read(found, (*path, key), item)
        found += [
            (path, f'the key "{key}" is missing')
            for key in self.required
            if key not in values
        ]
        return values

    def write(self, value: object) -> dict[str, object]:
        written: dict[str, object] = {}
        for key, codec in self.codecs.items():
            attribute: object = getattr(value, key)
            if key not in self.defaults or attribute != self.defaults[key]:
                written[key] = codec.write(attribute)
        return written


def _default(entry: Field[Any]) -> Iterator[object]:
    """Yield the default of an attribute, if it has one."""
    if entry.default is not MISSING:
        yield entry.default
    elif entry.default_factory is not MISSING:
        yield entry.default_factory()
