"""Where the entries of a JSON text stand, for messages. Only a text with problems is looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from schemagen import places
from schemagen.places import Path

_SPACE = re.compile(r"[ \t\r\n]*")
_decode = json.JSONDecoder().raw_decode


class Places(places.Places):
    """Offsets of the entries of a valid JSON text: of the key in an object, of the value in a list.

    ``repeated`` are the paths and places of keys that their object already had.
    """

    def __init__(self, text: str) -> None:
        offsets: dict[Path, int] = {}
        super().__init__(text, offsets)
        self.repeated: list[tuple[Path, int]] = []
        for path, offset in self._entries((), _skip(text, 0)):
            if path in offsets:
                self.repeated.append((path, offset))
            offsets.setdefault(path, offset)

    def _entries(self, path: Path, start: int) -> Iterator[tuple[Path, int]]:
        """Every entry inside the value at ``start``; afterwards, `self._end` is behind it."""
        text = self.text
        if text[start] not in "{[":
            self._end = _decode(text, start)[1]
            return
        closing = "}" if text[start] == "{" else "]"
        place = _skip(text, start + 1)
        index = 0
        while text[place] != closing:
            step: str | int = index
            offset = place
            if closing == "}":
                step, place = _decode(text, place)
                place = _skip(text, _skip(text, place) + 1)
            yield (*path, step), offset
            yield from self._entries((*path, step), place)
            place = _skip(text, self._end)
            if text[place] == ",":
                place = _skip(text, place + 1)
            index += 1
        self._end = place + 1


def _skip(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place
