"""Print text and tables. Neither markup nor control characters in text from pages are interpreted."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence

from schemagen.runtime.text import escape_controls as escape_controls
from schemagen.runtime.text import on_one_line

_GAP = 2
"""Spaces between two columns."""
_INDENT = 4
_MIN_WORDS = 24
"""The narrowest column in which sentences can be read."""
_CONTINUED = "\\"
"""The end of a line at which a word is cut, because no line is long enough for it."""


def print_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table to stdout, without cutting any cell.

    On a terminal, columns are aligned, and the last one, which holds words, is wrapped; where it does
    not fit beside the others, it is below them, and where those do not fit either, each row is a list
    of its cells. Anywhere else, a row is a line and its cells are separated by tabs, for ``grep`` and
    ``cut``.
    """
    cells = [tuple(map(on_one_line, row)) for row in rows]
    lines = [escape_controls(title)] if title else []
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        lines = [part for line in lines for part in wrapped(line, width)]
        lines += _aligned(headings, cells, width)
    else:
        lines += ["\t".join(row) for row in (headings, *cells)]
    sys.stdout.write("\n".join([*lines, "", ""]))


def print_words(lines: Iterable[str]) -> None:
    """Print lines of text to stdout; on a terminal, they are wrapped."""
    for line in lines:
        text = on_one_line(line)
        if sys.stdout.isatty():
            text = "\n".join(wrapped(text, shutil.get_terminal_size().columns, _INDENT))
        sys.stdout.write(f"{text}\n")


def _aligned(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Lay a table out for a terminal that is ``width`` columns wide."""
    columns = list(zip(headings, *rows, strict=True))
    widths = [max(map(_width, column)) for column in columns]
    fixed = sum(widths[:-1]) + _GAP * (len(widths) - 1)
    if fixed + min(widths[-1], _MIN_WORDS) <= width:
        yield _bold(_line(headings, widths))
        for row in rows:
            first, *others = wrapped(row[-1], width - fixed) or [""]
            yield _line((*row[:-1], first), widths)
            yield from (" " * fixed + line for line in others)
    elif fixed - _GAP <= width:
        yield _bold(_line(headings[:-1], widths))
        yield from map(_bold, _indented(headings[-1], width))
        for row in rows:
            yield _line(row[:-1], widths)
            yield from _indented(row[-1], width)
    else:
        label = max(map(_width, headings[1:]), default=0)
        for row in rows:
            yield from map(_bold, wrapped(row[0], width))
            for heading, cell in zip(headings[1:], row[1:], strict=True):
                if cell:
                    name = f"{' ' * _INDENT}{_padded(heading, label)}{' ' * _GAP}"
                    if _width(name) + _MIN_WORDS > width:
                        yield from _indented(f"{heading}: {cell}", width)
                        continue
                    first, *others = wrapped(cell, width - _width(name))
                    yield name + first
                    yield from (" " * _width(name) + line for line in others)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (_padded(cell, width) for cell, width in zip(cells, widths, strict=False))
    return (" " * _GAP).join(padded).rstrip()


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _indented(words: str, width: int) -> Iterator[str]:
    indent = min(_INDENT, width // 4)
    yield from (" " * indent + line for line in wrapped(words, width - indent) if line)


def wrapped(words: str, width: int, indent: int = 0) -> list[str]:
    """Break a line between words, so that no part is wider than ``width`` columns of a terminal.

    Parts after the first are indented. A word that is wider than a line is cut; a backslash at the end
    says so.
    """
    width = max(width, indent + 4)
    lines: list[str] = []
    line = ""
    for word in words.split(" "):
        prefix = " " * indent if lines else ""
        candidate = f"{line} {word}" if line else prefix + word
        if _width(candidate) <= width:
            line = candidate
            continue
        if line:
            lines.append(line)
        line = (" " * indent if lines else "") + word
        while _width(line) > width:
            cut = _cut(line, width - len(_CONTINUED))
            lines.append(line[:cut] + _CONTINUED)
            line = " " * indent + line[cut:]
    return [*lines, line]


def _cut(text: str, width: int) -> int:
    """Return how many characters of ``text`` fit into ``width``."""
    cut = width
    while _width(text[:cut]) > width:
        cut -= 1
    return cut


def _width(text: str) -> int:
    """Return the columns that ``text`` takes on a terminal."""
    if text.isascii():
        return len(text)
    # Imported here: rich takes longer to load than most commands take to run.
    from rich.cells import cell_len

    return cell_len(text)


def _bold(line: str) -> str:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb":
        return line
    return f"\x1b[1m{line}\x1b[0m"
