"""Find the line and column of each entry of a TOML or JSON text, for messages."""

from __future__ import annotations

import json as _json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemagen.limits import MAX_DEPTH, line_column

KeyPath = tuple[str | int, ...]
"""The keys and indexes that lead to an entry."""


class Positions:
    """The offsets of a text's entries, by key path.

    ``duplicates`` are the key paths and offsets of keys that are repeated in their object.
    """

    def __init__(
        self,
        text: str,
        offsets: Mapping[KeyPath, int],
        duplicates: tuple[tuple[KeyPath, int], ...] = (),
    ) -> None:
        self.text = text
        self.offsets = offsets
        self.duplicates = duplicates

    def line_column(self, key_path: KeyPath) -> tuple[int, int]:
        """Return line and column, from 1, of an entry or of the nearest entry around it."""
        while key_path and key_path not in self.offsets:
            key_path = key_path[:-1]
        return line_column(self.text, self.offsets.get(key_path, 0))


def undecodable(error: UnicodeDecodeError) -> tuple[int, int]:
    """Return line and column, both from 1, of the first byte of a file that is not UTF-8."""
    before = error.object[: error.start].decode()
    return line_column(before, len(before))


def toml(text: str) -> Positions:
    """Find the positions of a TOML text that `tomllib` accepts.

    The position of an entry is that of its key, its header, or its element in an array. A table that
    several headers open has the position of the first.
    """
    return Positions(text, _Toml(text).offsets)


def json(text: str) -> Positions:
    """Find the positions of a valid JSON text: of keys in objects, and of values in lists."""
    offsets: dict[KeyPath, int] = {}
    duplicates: list[tuple[KeyPath, int]] = []
    for path, offset in _json_entries(text):
        if offsets.setdefault(path, offset) != offset:
            duplicates.append((path, offset))
    return Positions(text, offsets, tuple(duplicates))


# --- TOML -----------------------------------------------------------------------------------------

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*'""")
# The four forms of strings, of which the multi-line ones may end in further quotes; then other values.
_SCALAR = re.compile(
    r'''"""(?:\\.|[^\\])*?""""{0,2}|\'\'\'.*?\'\'\''{0,2}'''
    r"""|"(?:\\.|[^"\\])*"|'[^']*'|[^,\]}#\r\n]+""",
    re.DOTALL,
)


class _Toml:
    """Scans a valid TOML text (https://toml.io/en/v1.0.0) and records where entries begin."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.offset = 0
        self.offsets: dict[KeyPath, int] = {}
        self.lengths: dict[KeyPath, int] = {}
        here: KeyPath = ()
        self.skip()
        while self.offset < len(text):
            if text[self.offset] == "[":
                here = self.header()
            else:
                self.pair(here)
            self.skip()

    def skip(self) -> None:
        """Skip white space, line breaks and comments."""
        self.offset = self.match(_BLANK).end()

    def match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self.text, self.offset)
        if found is None:
            raise ValueError(f"the text is not TOML at offset {self.offset}")
        return found

    def note(self, key_path: KeyPath, offset: int) -> None:
        self.offsets.setdefault(key_path, offset)

    def header(self) -> KeyPath:
        """Skip ``[a.b]`` or ``[[a.b]]``, and return the key path of the table that it opens."""
        start = self.offset
        array = self.text.startswith("[[", start)
        self.offset += 2 if array else 1
        self.skip()
        keys = self.key()
        self.skip()
        self.offset += 2 if array else 1
        key_path: KeyPath = ()
        for number, key in enumerate(keys, 1):
            key_path = (*key_path, key)
            self.note(key_path, start)
            if array and number == len(keys):
                self.lengths[key_path] = self.lengths.get(key_path, 0) + 1
            # Keys below an array of tables belong to its last table.
            if key_path in self.lengths:
                key_path = (*key_path, self.lengths[key_path] - 1)
                self.note(key_path, start)
        return key_path

    def key(self) -> tuple[str, ...]:
        """Skip a key, and return its parts."""
        parts: list[str] = []
        while True:
            found = self.match(_KEY)
            self.offset = found.end()
            quoted = found[0][0] in "\"'"
            parts.append(str(tomllib.loads(f"key = {found[0]}")["key"]) if quoted else found[0])
            dot = _DOT.match(self.text, self.offset)
            if dot is None:
                return tuple(parts)
            self.offset = dot.end()

    def pair(self, key_path: KeyPath) -> None:
        """Skip ``a.b = value`` in the table at ``key_path``."""
        start = self.offset
        for key in self.key():
            key_path = (*key_path, key)
            self.note(key_path, start)
        self.skip()
        self.offset += 1  # the "="
        self.skip()
        self.value(key_path)

    def value(self, key_path: KeyPath) -> None:
        """Skip the value of the entry at ``key_path``."""
        opening = self.text[self.offset]
        if opening not in "[{":
            self.offset = self.match(_SCALAR).end()
            return
        self.offset += 1
        self.skip()
        index = 0
        while self.text[self.offset] not in "]}":
            if opening == "{":
                self.pair(key_path)
            else:
                self.note((*key_path, index), self.offset)
                self.value((*key_path, index))
            self.skip()
            if self.text[self.offset] == ",":
                self.offset += 1
                self.skip()
            index += 1
        self.offset += 1


# --- JSON -----------------------------------------------------------------------------------------

_SPACE = re.compile(r"[ \t\r\n]*")
_decode = _json.JSONDecoder().raw_decode


@dataclass(slots=True)
class _Container:
    """An object or list whose end was not seen yet; ``index`` is that of its next element, None in an
    object."""

    key_path: KeyPath
    index: int | None


def _json_entries(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Scan a valid JSON text, and yield the key path and offset of each entry. What is nested deeper than
    `MAX_DEPTH` is passed over."""
    around: list[_Container] = []
    key_path: KeyPath = ()
    offset = _skip(text, 0)
    while True:
        # At a value, or at the end of the innermost container.
        if text[offset] in "{[":
            around.append(_Container(key_path, 0 if text[offset] == "[" else None))
            offset = _skip(text, offset + 1)
        elif text[offset] in "}]":
            around.pop()
            offset = _skip(text, offset + 1)
        else:
            offset = _skip(text, _decode(text, offset)[1])
        if not around:
            return
        if text[offset] == ",":
            offset = _skip(text, offset + 1)
        if text[offset] in "}]":
            continue
        container = around[-1]
        entry = offset
        step: str | int
        if container.index is None:
            step, offset = _decode(text, offset)
            offset = _skip(text, _skip(text, offset) + 1)  # the ":"
        else:
            step = container.index
            container.index += 1
        key_path = container.key_path
        if len(key_path) < MAX_DEPTH:
            key_path = (*key_path, step)
            yield key_path, entry


def _skip(text: str, offset: int) -> int:
    """Return the offset after the white space at ``offset``."""
    match = _SPACE.match(text, offset)
    return match.end() if match else offset
