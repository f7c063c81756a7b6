"""Find the rows of a table in a section of a dataset page, also where Markdown's own table has ended.

Descriptions can contain what ends a table in Markdown: a blank line, a list, a quote. A row that begins
with a pipe and does not end with one is therefore open: the lines up to the next one that ends with a
pipe belong to its last cell. Everything else in the section that looks like a row is a problem, so that
no row is lost.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from schemagen.pages import markdown

_FENCE = re.compile(r"\s*(```|~~~)")
_CODE_MARK = re.compile(r"\s*(?:```+|~~~+)\s*\w*\s*")
_ENDS_WITH_PIPE = re.compile(r"(?<!\\)\|\s*$")
_DELIMITERS = re.compile(r"(?=[:|\s]*+-)[-:|\s]++")


@dataclass(frozen=True, slots=True)
class Row:
    """A row that begins on ``line`` (from 0). ``text`` is its line, joined with those that continue it."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Stray:
    """A line that looks like a row, or like the rest of one, and belongs to no row."""

    line: int


def is_header(line: str, header: Sequence[str]) -> bool:
    """Whether a line has the cells of ``header``, whatever their case."""
    found = [cell.text.lower() for cell in markdown.cells(line)]
    return found == [title.lower() for title in header]


def is_rest_of_row(line: str) -> bool:
    """Whether a line ends with a pipe, and does not begin with one."""
    return _ENDS_WITH_PIPE.search(line) is not None and not line.lstrip().startswith("|")


def rows(
    lines: Sequence[str],
    table: markdown.Block,
    end: int,
    header: Sequence[str],
    marks: Collection[str],
) -> Iterator[Row | Stray]:
    """Yield the rows below the header of ``table`` up to the line ``end``, where its section ends.

    A line with one of ``marks`` in a cell is a row of its own, never the rest of another. Comments and code
    blocks are skipped, and so are further headers of the same form.
    """
    title = lines[table.start].strip(markdown.SPACE)
    closed = _ENDS_WITH_PIPE.search(title) is not None
    open_at, continued = -1, list[str]()
    skipped_to, skipped_from = "", 0

    def left_open() -> Iterator[Row | Stray]:
        if open_at >= 0:
            yield Row(open_at, lines[open_at])
            more = range(open_at + 1, open_at + len(continued))
            yield from (Stray(number) for number in more if lines[number].strip())

    numbers = iter(range(table.start + 2, end))
    for number in numbers:
        text = lines[number]
        inside = number < table.end
        if skipped_to:
            skipped_to = "" if skipped_to in text else skipped_to
        elif _is_second_header(lines, number, header):
            next(numbers)
        elif open_at >= 0 and text.strip(markdown.SPACE) == "|":
            yield Row(open_at, _joined([*continued, text]))
            open_at = -1
        elif text.lstrip().startswith("|") or (
            inside and open_at < 0 and markdown.PIPE.search(text)
        ):
            yield from left_open()
            open_at, continued = -1, [text]
            if closed and not _ENDS_WITH_PIPE.search(text):
                open_at = number
            else:
                yield Row(number, text)
        elif open_at >= 0 and any(cell.text.lower() in marks for cell in markdown.cells(text)):
            yield from left_open()
            yield Stray(number)
            open_at = -1
        elif open_at >= 0:
            continued.append(text)
            if _ENDS_WITH_PIPE.search(text):
                yield Row(open_at, _joined(continued))
                open_at = -1
        elif text.lstrip().startswith("<!--"):
            skipped_to, skipped_from = "" if "-->" in text else "-->", number
        elif fence := _FENCE.match(text):
            skipped_to, skipped_from = fence[1], number
        elif inside or markdown.PIPE.search(text):
            yield Stray(number)
    yield from left_open()
    if skipped_to:
        yield Stray(skipped_from)


def _joined(lines: Iterable[str]) -> str:
    """Join the lines of a row with breaks. The marks of code blocks are left out: between two of them, a
    break would be code."""
    return "<br>".join(line for line in lines if line.strip() and not _CODE_MARK.fullmatch(line))


def _is_second_header(lines: Sequence[str], number: int, header: Sequence[str]) -> bool:
    below = "".join(lines[number + 1 : number + 2])
    return _DELIMITERS.fullmatch(below) is not None and is_header(lines[number], header)
