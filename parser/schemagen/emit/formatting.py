"""Formatting with black, whose style all generated Python has."""

from __future__ import annotations

from functools import cache

import black
from black.mode import TargetVersion
from black.strings import str_width


@cache
def _mode() -> black.Mode:
    return black.Mode(target_versions={TargetVersion.PY311})


def format_python(source: str) -> str:
    """Format ``source`` with black.

    Raises `black.InvalidInput` where it is not Python, which would be a defect of an emitter.
    """
    return black.format_str(source, mode=_mode())


def width(text: str) -> int:
    """Count the columns of ``text`` as black does: some characters have two, or none."""
    return len(text) if text.isascii() else str_width(text)
