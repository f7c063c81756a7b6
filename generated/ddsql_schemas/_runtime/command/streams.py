# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Write data to stdout and messages to stderr, whatever their encodings, and whether or not they are read."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TextIO

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


class _ForReader(io.FileIO):
    """Stdout. Once its reader has closed the pipe, as `head` does, what is written is dropped: the exit
    status is that of the whole command."""

    def write(self, data: bytes | memoryview, /) -> int:  # type: ignore[override]
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            return len(data)


class _ForPeople(io.FileIO):
    """Stderr. What it does not take, such as on a full disk, nobody can be told: the exit status says what
    happened."""

    def write(self, data: bytes | memoryview, /) -> int:  # type: ignore[override]
        try:
            return super().write(data) or 0
        except OSError:
            return len(data)


def set_up() -> None:
    """Let stdout and stderr escape what their encodings lack, and let the command go on if nobody reads them.

    Streams that are closed, as in ``schemagen types >&-``, lead nowhere: else the next file that is opened
    would get their descriptor, and what is meant for them.
    """
    codecs.register_error(_ESCAPED, _escape)
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    sys.stdout = _stream(sys.stdout, _ForReader(1, "w", closefd=False))
    sys.stderr = _stream(sys.stderr, _ForPeople(2, "w", closefd=False))


def _stream(old: TextIO | None, raw: io.FileIO) -> TextIO:
    """Return a stream to ``raw`` in place of ``old``, which is None if it was closed."""
    if old is None:
        return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8")
    if (
        os.name == "nt" and old.isatty()
    ):  # It takes characters, not bytes, and lacks none.
        return old
    # `python -u` and PYTHONUNBUFFERED ask for streams without a buffer.
    unbuffered = bool(getattr(old, "write_through", False))
    return io.TextIOWrapper(
        raw if unbuffered else io.BufferedWriter(raw),
        encoding=old.encoding,
        errors=_ESCAPED,
        line_buffering=bool(old.line_buffering),
        write_through=unbuffered,
    )


def output(text: str) -> None:
    """Write data to stdout; on a terminal, control characters are escaped."""
    sys.stdout.write(escape_controls(text) if sys.stdout.isatty() else text)


def output_line(text: str) -> None:
    """Write data and a line break to stdout."""
    output(f"{text}\n")


def output_sql(text: str) -> None:
    """Write statements to stdout. Elsewhere than on a terminal, they are in UTF-8, as databases read them,
    whatever the encoding of stdout is: an escaped character would be another one."""
    stream = sys.stdout
    if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
        stream.reconfigure(encoding="utf-8", errors="strict", newline="\n")
    output(text)


def discard_output() -> None:
    """Give up on stdout. Python flushes it at exit, and would fail again there."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
