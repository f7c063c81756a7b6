"""Report an error that no input should cause: a fault of schemagen, not of its user."""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path

from schemagen.cli.verbosity import is_verbose, problem
from schemagen.diagnostics import activities, printable

CODE = "SG901"
INTERNAL = 70
"""The exit status, EX_SOFTWARE of sysexits.h."""

_PACKAGE = Path(__file__).parent.parent
_MAX_MESSAGE = 300


def report(error: Exception) -> int:
    """Say what was being done, keep the traceback in a file, and return the exit status."""
    doing = "".join(f" {activity}" for activity in activities(error))
    what = "".join(traceback.format_exception_only(error)[:1]).strip()
    shown = printable(what if len(what) <= _MAX_MESSAGE else f"{what[:_MAX_MESSAGE]}…")
    problem(f"schemagen: {CODE} internal error{doing}: {shown}{_place(error)}")
    trace = "".join(traceback.format_exception(error))
    problem(
        "This is a fault of schemagen, not of your input. Please open an issue where schemagen was "
        f"installed from, with the line above and {_keep(trace)}"
    )
    return INTERNAL


def _place(error: Exception) -> str:
    """Name the innermost function of schemagen that was running."""
    inside = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(_PACKAGE)
    ]
    if not inside:
        return ""
    module = Path(inside[-1].filename).relative_to(_PACKAGE).as_posix()
    return f" ({inside[-1].name} in {module})"


def _keep(trace: str) -> str:
    """Write a traceback to a temporary file and name the file; return the traceback if that fails, or if
    the run is verbose."""
    if is_verbose():
        return f"this:\n{trace.rstrip()}"
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            prefix="schemagen-",
            suffix=".txt",
            delete=False,
            encoding="utf-8",
            errors="backslashreplace",
        ) as file:
            file.write(trace)
    except OSError:
        return f"this:\n{trace.rstrip()}"
    return f"the traceback in {file.name}"
