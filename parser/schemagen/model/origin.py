"""Where an element of the model comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A place in an input: path relative to the project's root (forward slashes), line from 1."""

    path: str
    line: int


NOWHERE = Origin("", 0)
"""The origin of what was read from no input."""
