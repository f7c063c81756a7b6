# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Prepare text for people: nothing in it moves the cursor of a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_GAP = "  "


def escape_controls(text: str) -> str:
    """Escape control characters except tabs and line breaks."""
    return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)


def on_one_line(text: str) -> str:
    """Replace every run of white space with a blank, and escape control characters."""
    return escape_controls(" ".join(text.split()))


MOST = 300
"""The length of what is quoted in a line from elsewhere, such as the body of a response."""


def shortened(text: str, most: int = MOST) -> str:
    """Put ``text`` on one line of ``most`` characters."""
    line = on_one_line(text)
    return line if len(line) <= most else f"{line[: most - 1]}…"


def counted(number: int, noun: str) -> str:
    """Return a number with a noun, whose plural has an "s": "1 row", "2 rows"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def table(rows: Sequence[Sequence[str]], numbers: int = 0) -> Iterator[str]:
    """Align ``rows``, the headings first, in lines. The last ``numbers`` columns are aligned at the right."""
    cells = [tuple(map(on_one_line, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    words = len(widths) - numbers
    for row in cells:
        padded = (
            cell.ljust(width) if index < words else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield _GAP.join(padded).rstrip()
