# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Looks up names, and suggests similar ones for an unknown name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

_SHORT_LIST = 8


class UnknownName(KeyError):
    """Raised for a name that the package does not have. ``kind`` tells what was looked up."""

    def __init__(self, kind: str, name: object, hint: str = "") -> None:
        super().__init__(kind, name, hint)
        self.kind = kind
        self.name = name
        self.hint = hint

    def __str__(self) -> str:
        # KeyError itself shows the repr of its arguments.
        return f"unknown {self.kind} {self.name!r}{self.hint}"


def find(kind: str, name: str, known: Mapping[str, T]) -> T:
    """Return the value of ``name``. Raises `UnknownName` with the most similar names."""
    try:
        return known[name]
    except KeyError:
        raise UnknownName(kind, name, _hint(name, known)) from None


def _hint(name: str, known: Mapping[str, object]) -> str:
    from difflib import get_close_matches

    shown = f" (known: {', '.join(known)})" if len(known) <= _SHORT_LIST else ""
    near = get_close_matches(name, known, n=3)
    return f"{shown}; did you mean {' or '.join(map(repr, near))}?" if near else shown
