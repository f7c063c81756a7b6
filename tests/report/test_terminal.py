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

from schemagen.report.terminal import escape_controls, print_table


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
