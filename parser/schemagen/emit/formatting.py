"""Formatting with black, whose style all generated Python has.

Importing black takes longer than rendering a table, for which only `width` is needed.
"""

from __future__ import annotations


def format_python(source: str) -> str:
    """Format ``source`` with black.

    Raises `black.InvalidInput` where it is not Python, which would be a defect of an emitter.
    """
    import black
    from black.mode import TargetVersion

    return black.format_str(source, mode=black.Mode(target_versions={TargetVersion.PY311}))


def width(text: str) -> int:
    """Count the columns of ``text`` as black does: some characters have two, or none."""
    if text.isascii():
        return len(text)
    from black.strings import str_width

    return str_width(text)
