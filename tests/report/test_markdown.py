"""schemagen.report.markdown: text of pages stays in its cell."""

from __future__ import annotations

from schemagen.report import markdown


def test_table_escapes_bars_and_backticks() -> None:
    """Bars and backticks in a value end neither the cell nor the code."""
    text = markdown.table(("of", "finding"), [("a`b|c", "d|e")], words=("finding",))
    assert text.splitlines()[-1] == r"| `` a`b\|c `` | d\|e |"
