"""Where an element of the model comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A line of an input: path relative to the project's root (forward slashes), line from 1."""

    path: str
    line: int


NOWHERE = Origin("", 0)
"""The origin of what was not read from an input."""
