"""Read and write the values of a JSON document: each `Codec` handles one kind of entry.

An `Entry` is an object with fixed keys, given as a tuple of `Field`: a key is added in one place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from schemagen.lockfile.form import Form, entry_name, json_excerpt
from schemagen.runtime.calls import Json
from schemagen.settings.positions import KeyPath

T = TypeVar("T")


def _same(value: object) -> object:
    return value


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """Reads a value from JSON and writes it.

    ``read`` records problems in the form, and returns a value in any case. ``empty`` is the value of a
    missing entry; an optional entry is left out if its value is empty.
    """

    empty: T
    read: Callable[[Form, KeyPath, object], T]
    write: Callable[[T], object] = _same


@dataclass(frozen=True, slots=True)
class Field:
    """An entry of an object: its key, and the attribute that holds its value."""

    key: str
    codec: Codec[Any]
    attribute: str
    required: bool


def required(key: str, codec: Codec[Any], attribute: str = "") -> Field:
    """Define an entry that must exist. ``attribute`` is by default the key."""
    return Field(key, codec, attribute or key, required=True)


def optional(key: str, codec: Codec[Any], attribute: str = "") -> Field:
    """Define an entry that is left out if it is empty. ``attribute`` is by default the key."""
    return Field(key, codec, attribute or key, required=False)


class Block(dict[str, Any]):
    """An object whose entries are written on lines of their own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An object with fixed keys, written in the order of ``fields``; in lines if ``block``."""

    fields: tuple[Field, ...]
    block: bool = False

    def read(self, form: Form, key_path: KeyPath, value: object) -> dict[str, Any]:
        """Read an object to values by attribute; missing keys have the empty value."""
        entries = object_of(value)
        if entries is None:
            form.must_be(key_path, "an object", value)
            return {field.attribute: field.codec.empty for field in self.fields}
        found = 0
        values: dict[str, Any] = {}
        for field in self.fields:
            if field.key in entries:
                found += 1
                values[field.attribute] = field.codec.read(
                    form, (*key_path, field.key), entries[field.key]
                )
            else:
                values[field.attribute] = field.codec.empty
                if field.required:
                    form.wrong(key_path, f'{entry_name(key_path)} lacks "{field.key}"')
        if found < len(entries):
            known = [field.key for field in self.fields]
            for key in entries:
                if key not in known:
                    message = f'unknown key "{key}" (known keys: {", ".join(known)})'
                    form.wrong((*key_path, key), message)
        return values

    def write(self, value: object) -> dict[str, Any]:
        """Make the object for a ``value`` that has the attributes of the fields."""
        written: dict[str, Any] = Block() if self.block else {}
        for field in self.fields:
            attribute: object = getattr(value, field.attribute)
            if field.required or attribute:
                written[field.key] = field.codec.write(attribute)
        return written


def object_of(value: object) -> dict[str, object] | None:
    """Return ``value`` if it is an object, otherwise None."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def list_of(value: object) -> list[object] | None:
    """Return ``value`` if it is a list, otherwise None."""
    return cast("list[object]", value) if isinstance(value, list) else None


def read_string(form: Form, key_path: KeyPath, value: object) -> str:
    if isinstance(value, str) and value:
        return value
    form.must_be(key_path, "a non-empty string", value)
    return ""


def _read_strings(form: Form, key_path: KeyPath, value: object) -> tuple[str, ...]:
    items = list_of(value)
    if items is None:
        form.must_be(key_path, "a list of strings", value)
    for item in items or ():
        if not isinstance(item, str):
            form.wrong(
                key_path, f"{entry_name(key_path)} must hold strings, not {json_excerpt(item)}"
            )
    return tuple(item for item in items or () if isinstance(item, str))


STRINGS: Codec[tuple[str, ...]] = Codec((), _read_strings, list)
"""Strings in their order."""
SORTED_STRINGS: Codec[tuple[str, ...]] = Codec((), _read_strings, sorted)
"""Strings that are written in alphabetical order."""


def _read_count(form: Form, key_path: KeyPath, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    form.must_be(key_path, "a positive integer", value)
    return 0


def _read_flag(form: Form, key_path: KeyPath, value: object) -> bool:
    if value is not True:
        form.must_be(key_path, "true, or left out", value)
    return True


def _frozen(value: object) -> Json:
    items = list_of(value)
    if items is not None:
        return tuple(map(_frozen, items))
    entries = object_of(value)
    if entries is not None:
        return {name: _frozen(inner) for name, inner in entries.items()}
    return cast("Json", value)


def _read_json(form: Form, key_path: KeyPath, value: object) -> Json:
    return _frozen(value)


COUNT: Codec[int | None] = Codec(None, _read_count)
"""A positive integer."""
FLAG: Codec[bool] = Codec(False, _read_flag)
"""True, or left out."""
JSON: Codec[Json] = Codec(None, _read_json)
"""Any JSON value, lists as tuples."""


def choice(known: tuple[str, ...]) -> Codec[Any]:
    """Make the codec of one of the ``known`` strings."""

    def read(form: Form, key_path: KeyPath, value: object) -> str:
        if isinstance(value, str) and value in known:
            return value
        form.must_be(key_path, f"one of {', '.join(known)}", value)
        return ""

    return Codec("", read)


def parsed(parse: Callable[[str], object]) -> Codec[str]:
    """Make the codec of a string that ``parse`` accepts; the message of its ValueError is reported."""

    def read(form: Form, key_path: KeyPath, value: object) -> str:
        text = read_string(form, key_path, value)
        try:
            if text:
                parse(text)
        except ValueError as error:
            form.wrong(key_path, str(error))
        return text

    return Codec("", read)


def mapping(codec: Codec[T], key: Codec[str] | None = None) -> Codec[Mapping[str, T]]:
    """Make the codec of an object with any keys, or with keys that ``key`` reads, in their order."""

    def read(form: Form, key_path: KeyPath, value: object) -> Mapping[str, T]:
        values: dict[str, T] = {}
        entries = object_of(value)
        if entries is None:
            form.must_be(key_path, "an object", value)
            return values
        for name, item in entries.items():
            item_path = (*key_path, name)
            values[name] = codec.read(form, item_path, item)
            if key is not None:
                key.read(form, item_path, name)
        return values

    def write(values: Mapping[str, T]) -> dict[str, object]:
        return {name: codec.write(value) for name, value in values.items()}

    return Codec({}, read, write)


def sorted_block(codec: Codec[Mapping[str, T]]) -> Codec[Mapping[str, T]]:
    """Make the codec of an object whose entries are written sorted, each on a line of its own."""

    def write(values: Mapping[str, T]) -> Block:
        return Block(cast("dict[str, object]", codec.write(dict(sorted(values.items())))))

    return Codec(codec.empty, codec.read, write)


def pairs(codec: Codec[Mapping[str, T]]) -> Codec[tuple[tuple[str, T], ...]]:
    """Make the codec of an object that is held as pairs of key and value."""

    def read(form: Form, key_path: KeyPath, value: object) -> tuple[tuple[str, T], ...]:
        return tuple(codec.read(form, key_path, value).items())

    def write(values: tuple[tuple[str, T], ...]) -> object:
        return codec.write(dict(values))

    return Codec((), read, write)


def sequence(codec: Codec[T]) -> Codec[tuple[T, ...]]:
    """Make the codec of a list."""

    def read(form: Form, key_path: KeyPath, value: object) -> tuple[T, ...]:
        items = list_of(value)
        if items is None:
            form.must_be(key_path, "a list", value)
            return ()
        return tuple(codec.read(form, (*key_path, index), item) for index, item in enumerate(items))

    def write(values: tuple[T, ...]) -> object:
        return [codec.write(value) for value in values]

    return Codec((), read, write)


def keyed(codec: Codec[Mapping[str, T]], attribute: str) -> Codec[tuple[T, ...]]:
    """Make the codec of an object that is held as its values, which have their keys in ``attribute``."""

    def read(form: Form, key_path: KeyPath, value: object) -> tuple[T, ...]:
        return tuple(codec.read(form, key_path, value).values())

    def write(values: tuple[T, ...]) -> object:
        return codec.write({getattr(value, attribute): value for value in values})

    return Codec((), read, write)


def layout(value: object, depth: int = 0) -> str:
    """Format a value as JSON: the entries of a `Block` on lines of their own, anything else on one line."""
    if not isinstance(value, Block) or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = "  " * (depth + 1)
    entries = [
        f"{inner}{json.dumps(key, ensure_ascii=False)}: {layout(item, depth + 1)}"
        for key, item in value.items()
    ]
    return "{\n" + ",\n".join(entries) + "\n" + "  " * depth + "}"
