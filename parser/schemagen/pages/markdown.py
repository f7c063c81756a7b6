"""Split a Markdown document into blocks with lines, and table rows into cells with columns.

markdown-it finds the blocks. It does not parse inline text here, because it silently drops surplus cells
of a row and pads short rows: cells are split from the source lines instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

from schemagen.pages.characters import clean

# What Markdown trims from lines and cells: https://spec.commonmark.org/0.31.2/#unicode-whitespace-character
# and the line separators that markdown-it adds. Python's strip() would remove more.
SPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)

_LINE_ENDING = re.compile(r"\r\n?|\n")
PIPE = re.compile(r"(?<!\\)\|")
_DELIMITER_ROW = re.compile(r"(?!-[ \t])[-:|][-:| \t]+")
_DELIMITER_CELL = re.compile(r":?-+:?")


def lines_of(text: str) -> list[str]:
    """Split a document into lines where Markdown does, and replace unwanted characters."""
    return raw_lines(clean(text))


def raw_lines(text: str) -> list[str]:
    """Split a document into lines and keep every character, for messages."""
    return _LINE_ENDING.split(text)


@dataclass(frozen=True, slots=True)
class Block:
    """A block at the top level of a document; lines ``start`` to ``end`` - 1, counted from 0.

    ``level`` is a heading's. ``text`` is a heading's text, or a fence's content.
    """

    kind: Literal["heading", "fence", "table", "quote", "prose"]
    start: int
    end: int
    level: int = 0
    text: str = ""


def blocks(lines: Sequence[str], first: int = 0) -> Iterator[Block]:
    """Yield the top-level blocks of ``lines[first:]``. Paragraphs, lists, HTML and rules are "prose"."""
    tokens = _reader().parse("\n".join(lines[first:]))
    for position, token in enumerate(tokens):
        if token.level or token.map is None:
            continue
        start, end = token.map[0] + first, token.map[1] + first
        match token.type:
            case "heading_open":
                title = tokens[position + 1].content
                yield Block("heading", start, end, int(token.tag[1:]), title)
            case "fence":
                yield Block("fence", start, end, text=token.content)
            case "table":
                yield Block("table", start, end)
            case "blockquote_open":
                yield Block("quote", start, end)
            case _:
                yield Block("prose", start, end)


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark")
    reader.core.ruler.enableOnly(["normalize", "block"])
    reader.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    reader.enable("table")
    return reader


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Recognize tables like markdown-it's own rule, without parsing their cells.

    Rows can have thousands of characters, and the parsed cells would be discarded. A test compares it
    with the original.
    """
    if start + 2 > end:
        return False
    for line in (start, start + 1):
        if state.sCount[line] < state.blkIndent or state.is_code_block(line):
            return False
    delimiters = _line(state, start + 1)
    if not _DELIMITER_ROW.fullmatch(delimiters):
        return False
    columns = [column.strip(SPACE) for column in delimiters.split("|")]
    columns = columns[not columns[0] : len(columns) - (not columns[-1])]
    if not columns or not all(_DELIMITER_CELL.fullmatch(column) for column in columns):
        return False
    header = _line(state, start).strip(SPACE)
    if "|" not in header or len(cells(header)) != len(columns):
        return False
    if silent:
        return True
    token = state.push("table", "table", 0)
    parent, state.parentType = state.parentType, "table"
    terminators = state.md.block.ruler.getRules("blockquote")
    line = start + 2
    while (
        line < end
        and state.sCount[line] >= state.blkIndent
        and not any(rule(state, line, end, True) for rule in terminators)
        and _line(state, line).strip(SPACE)
        and not state.is_code_block(line)
    ):
        line += 1
    token.map = [start, line]
    state.parentType = parent
    state.line = line
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


@dataclass(frozen=True, slots=True)
class Cell:
    r"""A cell of a table row, with ``\|`` read as a pipe.

    ``column`` is that of the first character of the text, from 1; ``start`` and ``end`` are indexes of
    the source line.
    """

    text: str
    column: int
    start: int
    end: int


def cells(line: str) -> list[Cell]:
    """Split a row into cells where markdown-it does, however many there are."""
    stripped = line.strip(SPACE)
    offset = line.find(stripped)
    row: list[Cell] = []
    start = 0
    ends = [match.start() for match in PIPE.finditer(stripped)]
    for end in [*ends, len(stripped)]:
        row.append(_cell(stripped, start, end, offset))
        start = end + 1
    if row[0].start == row[0].end:
        row = row[1:]
    if row and row[-1].start == row[-1].end:
        row = row[:-1]
    return row


def join(line: str, row: Sequence[Cell]) -> str:
    """Join the cells ``row`` of ``line`` to one text, with the pipes between them."""
    if not row:
        return ""
    return _unescaped(line[row[0].start : row[-1].end])


def _cell(line: str, start: int, end: int, offset: int) -> Cell:
    raw = line[start:end]
    lead = len(raw) - len(raw.lstrip(SPACE))
    if lead == len(raw):
        lead = min(1, len(raw))
    return Cell(_unescaped(raw), offset + start + lead + 1, offset + start, offset + end)


def _unescaped(raw: str) -> str:
    return raw.strip(SPACE).replace("\\|", "|")
