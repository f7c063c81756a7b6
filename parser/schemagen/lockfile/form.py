"""Load a JSON document, and collect the problems in it."""

from __future__ import annotations

import json
from typing import Final, cast

from schemagen import limits
from schemagen.diagnostics import Problem, ProblemsFound
from schemagen.limits import line_column
from schemagen.settings import positions
from schemagen.settings.positions import KeyPath

_SHOWN: Final = 60
"""Longer strings are cut in messages."""


def decode(path: str, data: bytes) -> str:
    """Decode a file that messages call ``path``. Raises `ProblemsFound` with SG401."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        problem = Problem(path, *positions.undecodable(error), "SG401", "is not UTF-8")
        raise ProblemsFound([problem]) from error


def load(path: str, text: str) -> tuple[object, bool]:
    """Load the document in ``text``; the bool is whether an object has a duplicate key.

    Raises `ProblemsFound` with SG401 if ``text`` is not JSON, or exceeds a limit.
    """
    duplicates = False

    def unique(pairs: limits.Pairs) -> dict[str, object]:
        nonlocal duplicates
        entries = dict(pairs)
        duplicates = duplicates or len(entries) != len(pairs)
        return entries

    try:
        return limits.read_json(text, unique), duplicates
    except limits.NotReadable as error:
        problem = Problem(path, error.line, error.column, "SG401", error.message)
        raise ProblemsFound([problem]) from error


def bound_tables(data: bytes) -> frozenset[str]:
    """Return the tables that a lock file binds, without checking it; none if it is no lock file."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        # `load` reports why when the file is parsed.
        return frozenset()
    if not isinstance(document, dict):
        return frozenset()
    tables = cast("dict[str, object]", document).get("tables")
    return frozenset(cast("dict[str, object]", tables)) if isinstance(tables, dict) else frozenset()


def entry_name(key_path: KeyPath) -> str:
    """Name an entry for messages."""
    return f'"{key_path[-1]}"' if key_path else "the file"


def json_excerpt(value: object) -> str:
    """Format a JSON value for messages: a scalar as JSON, shortened; otherwise its kind."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


class Form:
    """Collects the problems of a file while it is read, so that all are reported together.

    Values that were read are only valid if there are no ``problems``.
    """

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.problems: list[tuple[KeyPath, str]] = []

    def wrong(self, key_path: KeyPath, message: str) -> None:
        self.problems.append((key_path, message))

    def must_be(self, key_path: KeyPath, accepted: str, value: object) -> None:
        """Record that the entry is ``value`` and must be something else."""
        self.wrong(
            key_path, f"{entry_name(key_path)} must be {accepted}, not {json_excerpt(value)}"
        )

    def raise_problems(self, duplicates: bool) -> None:
        """Raise `ProblemsFound` with every SG401, if any; ``duplicates`` reports duplicate keys as well."""
        if not self.problems and not duplicates:
            return
        entries = positions.json(self.text)
        found = [(entries.line_column(key_path), message) for key_path, message in self.problems]
        for key_path, offset in entries.duplicates:
            found.append((line_column(self.text, offset), f"duplicate key {entry_name(key_path)}"))
        raise ProblemsFound(
            Problem(self.path, *position, "SG401", message) for position, message in found
        )
