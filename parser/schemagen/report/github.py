"""Format workflow commands, which GitHub shows beside the lines of a pull request."""

from __future__ import annotations


def annotation(level: str, message: str, path: str, **properties: str) -> str:
    """Format an annotation of ``path``; "" names no file. ``level`` is "error", "warning" or
    "notice"; ``properties`` are those of the command, such as ``line`` and ``title``."""
    named = {"file": path, **properties} if path else properties
    written = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in named.items())
    return f"::{level} {written}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    """Escape what would end a value or a command, as GitHub's runner decodes it."""
    return "".join(
        f"%{ord(character):02X}" if character in f"%\r\n{more}" else character for character in text
    )
