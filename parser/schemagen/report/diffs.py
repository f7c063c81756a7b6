"""Shorten long differences and lists of files for ``--check``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MAX_DIFF_LINES = 1000
"""The lines of differences that are printed, of all files together."""
MAX_FILES = 50
"""The files that are listed with their reasons."""


def shortened_diff(diffs: Iterable[str]) -> tuple[str, int]:
    """Join differences; return the first `MAX_DIFF_LINES` lines, and the number of further ones."""
    lines = [line for diff in diffs for line in diff.splitlines(keepends=True)]
    return "".join(lines[:MAX_DIFF_LINES]), max(0, len(lines) - MAX_DIFF_LINES)


def shortened_list(items: Sequence[str], noun: str) -> list[str]:
    """Return the first `MAX_FILES` items; a last line counts the others, which ``noun`` names."""
    left = len(items) - MAX_FILES
    return [*items] if left <= 0 else [*items[:MAX_FILES], f"… and {left} more {noun}"]
