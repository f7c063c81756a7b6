"""Print text and tables. Neither markup nor control characters in text from pages are interpreted."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence

_C1_CONTROLS = re.compile("[\x80-\x9f]")


def print_table(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], *, wrap: bool
) -> None:
    """Print a table to stdout.

    Where stdout is not a terminal, the table is as wide as its content. On a terminal, ``wrap``
    breaks long cells into lines; without it, the last column is cut off.
    """
    # Imported here: rich takes longer to load than most commands take to run.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, title_justify="left", box=None)
    table.pad_edge = False
    for number, heading in enumerate(headings):
        is_first, is_last = number == 0, number == len(headings) - 1
        table.add_column(
            heading,
            no_wrap=is_first or not wrap,
            overflow="ellipsis" if is_last and not wrap else "fold",
        )
    for row in rows:
        table.add_row(*(Text(escape_controls(cell)) for cell in row))
    console = Console()
    if not console.is_terminal:
        unbounded = console.options.update(max_width=sys.maxsize)
        console.width = console.measure(table, options=unbounded).maximum
    console.print(table)
    console.print()


def escape_controls(text: str) -> str:
    """Escape C1 control characters, which garbled text of a page may contain: some move the cursor."""
    return _C1_CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)
