"""Define how a caller follows the progress of a build."""

from __future__ import annotations

from collections.abc import Callable, Iterator

Rendered = Iterator[dict[str, str]]
"""The files of one part after another: path below the output folder -> text."""
Track = Callable[[Rendered, int], Rendered]
"""Passes on the files of each part, and shows how many parts of the given total are done."""


def untracked(rendered: Rendered, total: int) -> Rendered:
    """Show nothing."""
    return rendered
