"""Where the entries of a structured text stand, for messages."""

from __future__ import annotations

import json as _json
import re
import tomllib
from collections.abc import Iterator, Mapping

KeyPath = tuple[str | int, ...]
"""The keys and indexes that lead to an entry."""


class Positions:
    """Offsets of the entries of a text, by path. ``duplicates`` are the paths and offsets of keys that
    their object already had."""

    def __init__(
        self,
        text: str,
        offsets: Mapping[KeyPath, int],
        duplicates: tuple[tuple[KeyPath, int], ...] = (),
    ) -> None:
        self.text = text
        self.offsets = offsets
        self.duplicates = duplicates

    def line_column(self, path: KeyPath) -> tuple[int, int]:
        """Line and column, from 1, of the entry or of the nearest entry around it."""
        while path and path not in self.offsets:
            path = path[:-1]
        return line_column(self.text, self.offsets.get(path, 0))


def line_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column of ``offset``, both from 1, in characters."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def toml(text: str) -> Positions:
    """The places of a TOML text that `tomllib` has accepted: of the key, of the header, of the
    element in an array. An entry that several headers open stands where the first does."""
    return Positions(text, _Toml(text).offsets)


def json(text: str) -> Positions:
    """The places of a valid JSON text: of the key in an object, of the value in a list."""
    offsets: dict[KeyPath, int] = {}
    duplicates: list[tuple[KeyPath, int]] = []
    for path, offset in _Json(text).entries((), 0):
        if offsets.setdefault(path, offset) != offset:
            duplicates.append((path, offset))
    return Positions(text, offsets, tuple(duplicates))


# --- TOML -----------------------------------------------------------------------------------------

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*'""")
# Strings in all four spellings (a text may end in quotes of its own), then what holds no quotes.
_SCALAR = re.compile(
    r'''"""(?:\\.|[^\\])*?""""{0,2}|\'\'\'.*?\'\'\''{0,2}'''
    r"""|"(?:\\.|[^"\\])*"|'[^']*'|[^,\]}#\r\n]+""",
    re.DOTALL,
)


class _Toml:
    """Walks over a valid TOML text (https://toml.io/en/v1.0.0) and notes where entries begin."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.offsets: dict[KeyPath, int] = {}
        self.lengths: dict[KeyPath, int] = {}
        here: KeyPath = ()
        self.skip()
        while self.place < len(text):
            if text[self.place] == "[":
                here = self.header()
            else:
                self.pair(here)
            self.skip()

    def skip(self) -> None:
        """Over white space, line breaks and comments."""
        self.place = self.match(_BLANK).end()

    def match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self.text, self.place)
        if found is None:
            raise ValueError(f"this is no TOML at offset {self.place}")
        return found

    def note(self, path: KeyPath, offset: int) -> None:
        self.offsets.setdefault(path, offset)

    def header(self) -> KeyPath:
        """Over ``[a.b]`` or ``[[a.b]]``, to the path of the table that it opens."""
        start = self.place
        array = self.text.startswith("[[", start)
        self.place += 2 if array else 1
        self.skip()
        keys = self.key()
        self.skip()
        self.place += 2 if array else 1
        path: KeyPath = ()
        for number, key in enumerate(keys, 1):
            path = (*path, key)
            self.note(path, start)
            if array and number == len(keys):
                self.lengths[path] = self.lengths.get(path, 0) + 1
            # Keys behind an array of tables are those of its last table.
            if path in self.lengths:
                path = (*path, self.lengths[path] - 1)
                self.note(path, start)
        return path

    def key(self) -> tuple[str, ...]:
        """Over a key, to its parts."""
        parts: list[str] = []
        while True:
            found = self.match(_KEY)
            self.place = found.end()
            quoted = found[0][0] in "\"'"
            parts.append(str(tomllib.loads(f"key = {found[0]}")["key"]) if quoted else found[0])
            dot = _DOT.match(self.text, self.place)
            if dot is None:
                return tuple(parts)
            self.place = dot.end()

    def pair(self, path: KeyPath) -> None:
        """Over ``a.b = value`` in the table at ``path``."""
        start = self.place
        for key in self.key():
            path = (*path, key)
            self.note(path, start)
        self.skip()
        self.place += 1  # the "="
        self.skip()
        self.value(path)

    def value(self, path: KeyPath) -> None:
        opening = self.text[self.place]
        if opening not in "[{":
            self.place = self.match(_SCALAR).end()
            return
        self.place += 1
        self.skip()
        index = 0
        while self.text[self.place] not in "]}":
            if opening == "{":
                self.pair(path)
            else:
                self.note((*path, index), self.place)
                self.value((*path, index))
            self.skip()
            if self.text[self.place] == ",":
                self.place += 1
                self.skip()
            index += 1
        self.place += 1


# --- JSON -----------------------------------------------------------------------------------------

_SPACE = re.compile(r"[ \t\r\n]*")
_decode = _json.JSONDecoder().raw_decode


class _Json:
    """Walks over a valid JSON text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.end = 0

    def entries(self, path: KeyPath, start: int) -> Iterator[tuple[KeyPath, int]]:
        """Every entry inside the value at ``start``; afterwards, ``end`` is behind it."""
        text = self.text
        start = self.skip(start)
        if text[start] not in "{[":
            self.end = _decode(text, start)[1]
            return
        closing = "}" if text[start] == "{" else "]"
        place = self.skip(start + 1)
        index = 0
        while text[place] != closing:
            step: str | int = index
            offset = place
            if closing == "}":
                step, place = _decode(text, place)
                place = self.skip(place) + 1  # the ":"
            yield (*path, step), offset
            yield from self.entries((*path, step), place)
            place = self.skip(self.end)
            if text[place] == ",":
                place = self.skip(place + 1)
            index += 1
        self.end = place + 1

    def skip(self, place: int) -> int:
        """Behind the white space at ``place``."""
        match = _SPACE.match(self.text, place)
        return match.end() if match else place
