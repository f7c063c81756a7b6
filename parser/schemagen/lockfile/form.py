"""Reading a JSON text of a known form: what is in it, and all that is not of the form."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final, TypeVar, cast

from schemagen.diagnostics import Problem, ProblemsFound
from schemagen.settings.positions import KeyPath, line_column

T = TypeVar("T")

MISSING: Final = object()
"""Stands for an entry that is not there; where it should be, that was said."""


def decode(path: str, data: bytes) -> str:
    """The text of a file that messages call ``path``. Raises `ProblemsFound` with SG401."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        problem = Problem(path, *line_column(before, len(before)), "SG401", "is not UTF-8")
        raise ProblemsFound([problem]) from error


def load(path: str, text: str) -> tuple[object, bool]:
    """The document in ``text``, and whether any of its objects has a key twice. Raises
    `ProblemsFound` with SG401 where it is none."""
    repeats = False

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal repeats
        made = dict(pairs)
        repeats = repeats or len(made) != len(pairs)
        return made

    try:
        return json.loads(text, object_pairs_hook=unique), repeats
    except json.JSONDecodeError as error:
        message = f"is not JSON: {error.msg}"
        problem = Problem(path, error.lineno, error.colno, "SG401", message)
        raise ProblemsFound([problem]) from error
    except RecursionError as error:
        raise ProblemsFound([Problem(path, 1, 1, "SG401", "is nested too deeply")]) from error


def quoted(at: KeyPath) -> str:
    """How messages name the entry at a path."""
    return f'"{at[-1]}"' if at else "the file"


def object_of(value: object) -> dict[str, object]:
    """``value`` if it is an object, and an empty one otherwise."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


class Form:
    """Reads the entries of a document. Collects what is not of the form, and goes on: what was read
    is meaningless where there are ``problems``.

    Every reader takes the path of an entry and its value, and takes `MISSING` for an empty one.
    """

    def __init__(self) -> None:
        self.problems: list[tuple[KeyPath, str]] = []

    def wrong(self, at: KeyPath, message: str) -> None:
        self.problems.append((at, message))

    def text(self, at: KeyPath, value: object) -> str:
        """A text that is not empty."""
        if isinstance(value, str) and value:
            return value
        if value is not MISSING:
            self.wrong(at, f"{quoted(at)} must be a text that is not empty")
        return ""

    def texts(self, at: KeyPath, value: object) -> tuple[str, ...]:
        """A list of texts."""
        if value is MISSING:
            return ()
        items = cast("list[object]", value) if isinstance(value, list) else [value]
        texts = tuple(item for item in items if isinstance(item, str))
        if isinstance(value, list) and len(texts) == len(items):
            return texts
        self.wrong(at, f"{quoted(at)} must be a list of texts")
        return ()

    def word(self, at: KeyPath, value: object, known: tuple[str, ...]) -> str:
        """One of the ``known`` texts."""
        text = self.text(at, value)
        if text and text not in known:
            self.wrong(at, f"{text!r} is unknown; known are {', '.join(known)}")
        return text

    def parsed(self, at: KeyPath, value: object, parser: Callable[[str], object]) -> str:
        """A text that ``parser`` takes: where it does not, it raises ValueError for people."""
        text = self.text(at, value)
        try:
            if text:
                parser(text)
        except ValueError as error:
            self.wrong(at, str(error))
        return text

    def entries(self, at: KeyPath, value: object) -> dict[str, object]:
        """An object, whatever its keys."""
        found = object_of(value)
        if not isinstance(value, dict) and value is not MISSING:
            self.wrong(at, f"{quoted(at)} must be an object")
        return found

    def each(
        self, at: KeyPath, value: object, make: Callable[[KeyPath, object], T]
    ) -> dict[str, T]:
        """What ``make`` makes of each entry of an object."""
        return {name: make((*at, name), item) for name, item in self.entries(at, value).items()}

    def fields(
        self, at: KeyPath, value: object, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, object]:
        """The entries of an object with fixed keys, `MISSING` for those that it lacks."""
        found = self.entries(at, value)
        known = (*required, *optional)
        for name in found:
            if name not in known:
                self.wrong((*at, name), f'unknown entry "{name}"; known are {", ".join(known)}')
        if isinstance(value, dict):
            for name in required:
                if name not in found:
                    self.wrong(at, f'{quoted(at)} lacks "{name}"')
        return {name: found.get(name, MISSING) for name in known}
