# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Describe an error that no input should cause: a fault of the program, not of its user."""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path

STATUS = 70
"""The exit status, EX_SOFTWARE of sysexits.h."""

_MAX_MESSAGE = 300


def summary(error: Exception) -> str:
    """Return the type and the message of an error, shortened."""
    what = "".join(traceback.format_exception_only(error)[:1]).strip()
    return what if len(what) <= _MAX_MESSAGE else f"{what[:_MAX_MESSAGE]}…"


def place(error: Exception, folder: Path) -> str:
    """Name the innermost function in ``folder`` that was running."""
    inside = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(folder)
    ]
    if not inside:
        return ""
    module = Path(inside[-1].filename).relative_to(folder).as_posix()
    return f" ({inside[-1].name} in {module})"


def trace(error: Exception) -> str:
    """Return the traceback."""
    return "".join(traceback.format_exception(error))


def keep(trace: str, program: str) -> str:
    """Write a traceback to a temporary file and name the file; return the traceback if that fails."""
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            prefix=f"{program}-",
            suffix=".txt",
            delete=False,
            encoding="utf-8",
            errors="backslashreplace",
        ) as file:
            file.write(trace)
    except OSError:
        return inline(trace)
    return f"the traceback in {file.name}"


def inline(trace: str) -> str:
    """Return a traceback as a part of a sentence."""
    return f"this:\n{trace.rstrip()}"
