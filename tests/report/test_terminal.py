"""schemagen.report.terminal: text of pages is shown as it is and moves no cursor."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest
from rich.cells import cell_len

from schemagen.report.terminal import escape_controls, print_table, wrapped


def test_escape_controls_replaces_c1_controls_only() -> None:
    """What a terminal would obey is escaped; everything else stays."""
    assert escape_controls("a\x9b2Jb é €") == "a\\x9b2Jb é €"


def test_print_table_separates_cells_by_tabs_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """Outside a terminal, cells are neither cut nor padded, and each row is one line."""
    long = "x" * 300
    print_table("[b]title[/b]", ("a", "b"), [("[red]1[/red]", long), ("2\t3", "4\n\x9b5")])
    shown = capsys.readouterr().out
    assert shown == f"[b]title[/b]\na\tb\n[red]1[/red]\t{long}\n2 3\t4 \\x9b5\n\n"


def on_terminal(columns: int) -> str:
    """Print a table to a terminal that is ``columns`` wide."""
    code = (
        "from schemagen.report.terminal import print_table\n"
        "print_table('title', ('column', 'type', 'text'),"
        " [('a_long_column_name', 'array<string>', '[b]words[/b] ' * 20)])"
    )
    terminal, other_end = pty.openpty()
    fcntl.ioctl(other_end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
    environment.pop("COLUMNS", None)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=other_end, env=environment)
    os.close(other_end)
    shown = b""
    try:
        while piece := os.read(terminal, 4096):
            shown += piece
    except OSError as error:
        # Linux reports EIO when the last process at the other end has gone.
        if error.errno != errno.EIO:
            raise
    finally:
        os.close(terminal)
    assert process.wait() == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())


LAYOUTS = {
    # The last column is wrapped beside the others.
    40: """\
column  kind  words
a_b     core  one two three four five
              six seven
_key    core  ä 日本
""",
    # It is below them.
    24: """\
column  kind
    words
a_b     core
    one two three four
    five six seven
_key    core
    ä 日本
""",
    # Each row is a list of its cells.
    11: """\
a_b
  kind:
  core
  words:
  one two
  three
  four five
  six seven
_key
  kind:
  core
  words: ä
  日本
""",
}


@pytest.mark.parametrize("columns", LAYOUTS)
def test_print_table_chooses_a_layout_that_fits(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The narrower the terminal, the more lines a row has; every cell stays whole."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    rows = [("a_b", "core", "one two three four five six seven"), ("_key", "core", "ä 日本")]
    print_table("", ("column", "kind", "words"), rows)
    assert capsys.readouterr().out == f"{LAYOUTS[columns]}\n"


def test_print_table_lists_cells_beside_their_headings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table of many columns is a list; empty cells are left out."""
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(
        "types", ("name", "postgres", "in duckdb", "none"), [("int64", "x" * 50, "y " * 25, "")]
    )
    assert capsys.readouterr().out == (
        f"types\nint64\n    postgres   {'x' * 34}\\\n               {'x' * 16}\n"
        f"    in duckdb  {' '.join('y' * 18)}\n               {' '.join('y' * 7)}\n\n"
    )


@pytest.mark.parametrize("width", [8, 20, 79])
def test_wrapped_cuts_only_words_that_fit_no_line_and_says_so(width: int) -> None:
    """No line is wider, nothing is lost, and a cut word ends with a backslash."""
    words = "a bb_ccc " + "x" * 50 + " ü日本語 y"
    lines = wrapped(words, width, indent=2)
    assert all(cell_len(line) <= width for line in lines)
    joined = "".join(
        line.strip()[:-1] if line.endswith("\\") else f"{line.strip()} " for line in lines
    )
    assert joined.split() == words.split()
    assert (width == 79) == (not any(line.endswith("\\") for line in lines))


@pytest.mark.parametrize("columns", [120, 60, 30])
def test_print_table_wraps_cells_on_narrow_terminals(columns: int) -> None:
    """On a terminal of any width, no cell is cut or hidden: long ones continue on further lines."""
    shown = on_terminal(columns)
    lines = shown.splitlines()
    assert all(len(line.rstrip()) <= columns for line in lines)
    assert "…" not in shown
    letters = "".join(shown.split())
    for cell in ("a_long_column_name", "array<string>", "[b]words[/b]" * 20):
        assert all(letters.count(letter) >= cell.count(letter) for letter in set(cell))
