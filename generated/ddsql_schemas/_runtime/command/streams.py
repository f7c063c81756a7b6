# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Write data to stdout, whatever its encoding, and notice when nobody can receive it."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import cast

from ..text import escape_controls

_ESCAPED = "schemagen.escaped"


def _escape(error: UnicodeError) -> tuple[str, int]:
    r"""Replace characters that an encoding lacks with \uXXXX, which is also right in strings of JSON."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    escaped = ""
    for character in error.object[error.start : error.end]:
        units = character.encode("utf-16-be", "surrogatepass").hex()
        escaped += "".join(f"\\u{units[n : n + 4]}" for n in range(0, len(units), 4))
    return escaped, error.end


def set_up() -> None:
    """Let stdout and stderr escape what their encodings lack, instead of raising an error."""
    codecs.register_error(_ESCAPED, _escape)
    if cast("object", sys.stdout) is None:  # closed, as in `schemagen types >&-`
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ESCAPED)


def output(text: str) -> None:
    """Write data to stdout; on a terminal, control characters are escaped."""
    sys.stdout.write(escape_controls(text) if sys.stdout.isatty() else text)


def output_line(text: str) -> None:
    """Write data and a line break to stdout."""
    output(f"{text}\n")


def discard_output() -> None:
    """Give up on stdout. Python flushes it at exit, and would fail again there."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
