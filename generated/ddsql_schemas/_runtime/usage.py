# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Define the errors that are not a program's fault."""

from __future__ import annotations


class UsageError(Exception):
    """Raised if a request cannot be carried out: an argument, a setting or a file is wrong,
    an extra is not installed, or a database does not fit. Nothing was changed.

    The message says what was found, where, and what to do. The command line prints it and exits with 2.
    """
