"""Report an error that no input should cause: a fault of schemagen, not of its user."""

from __future__ import annotations

from pathlib import Path

from schemagen.cli.verbosity import is_verbose, problem
from schemagen.diagnostics import activities, printable
from schemagen.runtime.command import fault

CODE = "SG901"

_PACKAGE = Path(__file__).parent.parent


def report(error: Exception) -> int:
    """Say what was being done, keep the traceback in a file, and return the exit status."""
    doing = "".join(f" {activity}" for activity in activities(error))
    shown = printable(fault.summary(error))
    problem(f"schemagen: {CODE} internal error{doing}: {shown}{fault.place(error, _PACKAGE)}")
    trace = fault.trace(error)
    kept = fault.inline(trace) if is_verbose() else fault.keep(trace, "schemagen")
    problem(
        "This is a fault of schemagen, not of your input. Please open an issue where schemagen was "
        f"installed from, with the line above and {kept}"
    )
    return fault.STATUS
