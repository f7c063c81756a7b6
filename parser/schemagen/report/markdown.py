"""Format tables in Markdown."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, words: Collection[str]) -> str:
    """Format a Markdown table. Cells are code, except in columns whose heading is in ``words``."""
    code = [heading not in words for heading in headings]
    lines = [_line(headings), _line("---" for _ in headings)]
    lines += [
        _line(_cell(text, code=is_code) for text, is_code in zip(row, code, strict=True))
        for row in rows
    ]
    return "".join(lines)


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
