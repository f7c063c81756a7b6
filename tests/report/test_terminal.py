"""schemagen.report.terminal: text of pages is shown as it is and moves no cursor."""

from __future__ import annotations

import pytest

from schemagen.report.terminal import escape_controls, print_table


def test_escape_controls_replaces_c1_controls_only() -> None:
    """What a terminal would obey is spelled out; everything else stays."""
    assert escape_controls("a\x9b2Jb é €") == "a\\x9b2Jb é €"


def test_print_table_shows_markup_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Square brackets are not rich's markup, and outside a terminal no cell is cut."""
    long = "x" * 300
    print_table("[b]title[/b]", ("a", "b"), [("[red]1[/red]", long)], wrap=False)
    shown = capsys.readouterr().out
    assert "[b]title[/b]" in shown
    assert f"[red]1[/red]  {long}" in shown
