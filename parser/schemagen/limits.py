"""The limits of what schemagen reads from files, and readers of JSON and TOML that keep them.

Files of strangers may be nested so deeply that Python gives up, or hold numbers and characters that no
output can hold. `read_json` and `read_toml` refuse these with a position.
"""

from __future__ import annotations

import json
import math
import os
import re
import tomllib
from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final, cast

MAX_DEPTH: Final = 100
"""How many levels of lists, objects, dotted keys or type arguments a file may nest, and a path folders."""
MAX_DIGITS: Final = 300
"""How many digits an integer may have; the largest 64-bit float has 309."""
MAX_SIZE: Final = 16 * 2**20
"""The bytes that a page, a lock file, settings, a manifest or a file of the cache may have. The largest
real ones have a fifth of it."""
MAX_OUTPUT: Final = 2**30
"""The bytes that a generated file may have: a catalogue, or what is only hashed."""
MAX_NAME: Final = 255
"""The bytes that the name of a file may have; systems allow no more."""
MAX_PATH: Final = 4000


class NotReadable(ValueError):
    """Raised for a text that is not JSON or TOML, or exceeds a limit; ``line`` and ``column`` are from 1."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


_TOO_DEEP = f"is nested deeper than {MAX_DEPTH} levels"
_TOO_LONG = f"has a number of more than {MAX_DIGITS} digits"

Pairs = list[tuple[str, object]]


def read_json(text: str, pairs_hook: Callable[[Pairs], object] | None = None) -> object:
    """Parse JSON. Raises `NotReadable`.

    Refuses, besides what is not JSON: NaN and infinite numbers, strings that are not Unicode or contain
    U+0000, and whatever exceeds a limit. ``pairs_hook`` makes an object of its keys and values.
    """
    try:
        document: object = json.loads(
            text,
            object_pairs_hook=pairs_hook,
            parse_int=_int,
            parse_float=_float,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise _not_readable(f"is not JSON: {error.msg}", text, error.pos) from error
    except _WrongNumber as error:
        raise _not_readable(error.message, text, text.find(error.number)) from error
    except RecursionError as error:
        raise _not_readable(_TOO_DEEP, text, _too_deep(text, _JSON)) from error
    if depth_exceeds(document):
        raise _not_readable(_TOO_DEEP, text, _too_deep(text, _JSON))
    suspect = _SUSPECT.search(text) if "\\u" in text else None
    if suspect and not all(map(is_text, _strings(document))):
        message = "has a string with U+0000 or half a character (a surrogate)"
        raise _not_readable(message, text, suspect.start())
    return document


def read_toml(text: str) -> dict[str, Any]:
    """Parse TOML. Raises `NotReadable`, also for whatever exceeds a limit."""
    # tomllib takes the square of their length, in time and memory.
    if dotted := _DOTTED.search(text):
        raise _not_readable(_TOO_DEEP, text, dotted.start(1))
    if (offset := _too_deep(text, _TOML)) is not None:
        raise _not_readable(_TOO_DEEP, text, offset)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(text, str(error)) from error
    except ValueError as error:
        # Python parses no longer decimal integers.
        found = _LONG_NUMBER.search(text)
        raise _not_readable(_TOO_LONG, text, found and found.start()) from error
    if depth_exceeds(document):
        raise NotReadable(_TOO_DEEP)
    if any(abs(number) >= _INTEGERS for number in _integers(document)):
        found = _LONG_NUMBER.search(text)
        raise _not_readable(_TOO_LONG, text, found and found.start())
    return document


def depth_exceeds(value: object, limit: int = MAX_DEPTH) -> bool:
    """Whether lists and objects are nested more than ``limit`` levels deep."""
    level: list[object] = [value] if isinstance(value, dict | list) else []
    # Level by level, because a function call for each of thousands of values takes longer.
    for _ in range(limit):
        level = [
            item
            for container in level
            for item in _items(container)
            if type(item) is not str and isinstance(item, dict | list)
        ]
        if not level:
            return False
    return bool(level)


def _items(container: object) -> Iterable[object]:
    if isinstance(container, dict):
        return cast("dict[str, object]", container).values()
    return cast("list[object]", container) if isinstance(container, list) else ()


def is_text(value: str) -> bool:
    """Whether a string is Unicode that files and databases can hold: no surrogates, no U+0000."""
    if "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def path_fault(path: str) -> str:
    """Explain why no file can have the name ``path``; "" if one can."""
    if not path:
        return "it is empty"
    if "\0" in path:
        return "it contains U+0000"
    try:
        data = os.fsencode(path)
    except UnicodeEncodeError:
        return "it is not Unicode"
    if len(data) > MAX_PATH:
        return f"it is longer than {MAX_PATH} bytes"
    if any(len(part) > MAX_NAME for part in data.split(b"/")):
        return f"a part of it is longer than {MAX_NAME} bytes"
    if path.count("/") > MAX_DEPTH:
        return f"it is nested deeper than {MAX_DEPTH} folders"
    return ""


# --- numbers --------------------------------------------------------------------------------------

_INTEGERS: Final = 10**MAX_DIGITS
_LONG_NUMBER = re.compile(rf"[0-9A-Fa-fxob_]{{{MAX_DIGITS // 2},}}")


class _WrongNumber(Exception):
    def __init__(self, number: str, message: str) -> None:
        super().__init__(number)
        self.number = number
        self.message = message


def _int(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise _WrongNumber(text, _TOO_LONG)
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _WrongNumber(text, "has a number that no 64-bit float can hold")
    return number


def _constant(text: str) -> float:
    raise _WrongNumber(text, f"is not JSON: {text} is not a number")


def _integers(value: object) -> list[int]:
    """Collect the integers in a document that is not nested too deeply."""
    if isinstance(value, dict):
        return [n for item in cast("dict[str, object]", value).values() for n in _integers(item)]
    if isinstance(value, list):
        return [n for item in cast("list[object]", value) for n in _integers(item)]
    return [value] if isinstance(value, int) else []


def _strings(value: object) -> list[str]:
    """Collect the strings in a document that is not nested too deeply, keys included."""
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        return [*entries, *(text for item in entries.values() for text in _strings(item))]
    if isinstance(value, list):
        return [text for item in cast("list[object]", value) for text in _strings(item)]
    return [value] if isinstance(value, str) else []


# --- positions ------------------------------------------------------------------------------------

_SUSPECT = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")

# Strings and comments, in which brackets mean nothing, or a bracket.
_JSON = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_TOML = re.compile(
    r'#[^\n]*|"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[\[\]{}]',
    re.DOTALL,
)
_KEY = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+"""
# A key of too many parts, at the beginning of a line, of a header or of an entry of an inline table.
_DOTTED = re.compile(
    rf"(?:^[ \t]*+\[{{0,2}}+|[{{,])[ \t]*+((?:{_KEY}\.[ \t]*+){{{MAX_DEPTH}}})", re.MULTILINE
)
_TOML_POSITION = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


def _too_deep(text: str, tokens: re.Pattern[str]) -> int | None:
    """Find the offset of the first bracket that is nested too deeply."""
    depth = 0
    for found in tokens.finditer(text):
        bracket = found[0]
        if bracket in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return found.start()
        elif bracket in "]}":
            depth -= 1
    return None


def line_column(text: str, offset: int) -> tuple[int, int]:
    """Convert an offset to line and column, both from 1, in characters. A lone CR ends a line, too."""
    starts = _line_starts(text)
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1


@lru_cache(maxsize=2)
def _line_starts(text: str) -> list[int]:
    """Return the offsets at which the lines of a text begin: there may be thousands of problems in it."""
    return [0, *(end.end() for end in _LINE_END.finditer(text))]


_LINE_END = re.compile(r"\r\n|\r|\n")


def _not_readable(message: str, text: str, offset: int | None) -> NotReadable:
    return NotReadable(message, *line_column(text, max(offset or 0, 0)))


def _not_toml(text: str, message: str) -> NotReadable:
    position = _TOML_POSITION.search(message)
    line, column = 1, 1
    if position:
        message = message[: position.start()]
        lines = text.splitlines() or [""]
        line = int(position[1] or len(lines))
        column = int(position[2] or len(lines[-1]) + 1)
    return NotReadable(f"is not valid TOML: {message[:1].lower()}{message[1:]}", line, column)
