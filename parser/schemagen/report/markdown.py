"""Format tables in Markdown."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, words: Collection[str]) -> str:
    """Format a Markdown table. Cells are code, except in columns whose heading is in ``words``."""
    code = [heading not in words for heading in headings]
    lines = [_line(headings), _line("---" for _ in headings)]
    lines += [row(cells, code) for cells in rows]
    return "".join(lines)


def row(cells: Iterable[str], code: Iterable[bool]) -> str:
    """Format a row of a table; ``code`` says which cells are code."""
    return _line(_cell(text, code=is_code) for text, is_code in zip(cells, code, strict=True))


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _cell(text: str, *, code: bool) -> str:
    text = text.replace("|", "\\|")
    return as_code(text) if code else text


def as_code(text: str) -> str:
    """Format ``text`` as code, whatever it contains; "" stays empty."""
    if not text:
        return ""
    fence = "`" * (1 + max(map(len, _BACKTICKS.findall(text)), default=0))
    return f"{fence} {text} {fence}" if "`" in text else f"`{text}`"


_BACKTICKS = re.compile("`+")
