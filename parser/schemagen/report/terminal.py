"""Print text and tables. Neither markup nor control characters in text from pages are interpreted."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def print_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table to stdout, without cutting any cell.

    On a terminal, columns are aligned, and cells that do not fit are wrapped. Anywhere else, a row is
    a line and its cells are separated by tabs, for ``grep`` and ``cut``.
    """
    if sys.stdout.isatty():
        _print_aligned(title, headings, rows)
    else:
        lines = [title] if title else []
        lines += ["\t".join(map(_on_one_line, row)) for row in (headings, *rows)]
        sys.stdout.write("\n".join([*lines, "", ""]))


def _print_aligned(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    # Imported here: rich takes longer to load than most commands take to run.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, title_justify="left", box=None)
    table.pad_edge = False
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(escape_controls(cell)) for cell in row))
    console = Console()
    console.print(table)
    console.print()


def _on_one_line(cell: str) -> str:
    return escape_controls(" ".join(cell.split()))


def escape_controls(text: str) -> str:
    """Escape control characters except tabs and line breaks. Garbled text of a page or an edited file may
    contain them, and some move the cursor."""
    return _CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)
