# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Write messages for people to stderr, without the secrets of the call."""

from __future__ import annotations

import sys
from threading import Lock

from ..load.destination import redact
from ..text import escape_controls

_addresses: list[str] = []
_quiet = [False]
_lock = Lock()


def conceal(address: str) -> None:
    """Let no message show a password that ``address`` contains."""
    if ":" in address and address not in _addresses:
        _addresses.append(address)


def without_secrets(text: str) -> str:
    """Return ``text`` without the passwords of all addresses that were given to `conceal`."""
    for address in _addresses:
        text = redact(text, address)
    return text


def be_quiet() -> None:
    """Write problems only."""
    _quiet[0] = True


def is_quiet() -> bool:
    """Return whether only problems are written."""
    return _quiet[0]


def problem(text: str) -> None:
    """Write a line about something that is wrong, in any case."""
    line = escape_controls(without_secrets(text))
    with _lock:  # Lines of several threads do not mix.
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def message(text: str) -> None:
    """Write a line about what is done, or what to do."""
    if not is_quiet():
        problem(text)
