"""Describe a setting: its key, and the values that it accepts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from schemagen.diagnostics import excerpt


@dataclass(frozen=True, slots=True)
class Setting:
    """A key and the values that it accepts.

    ``accepts`` completes the message "NAME must be …". ``parse`` converts a value to the form that the
    program uses, or returns None if the value is not accepted; then ``explain`` may say why.
    """

    name: str
    accepts: str
    parse: Callable[[object], object | None]
    explain: Callable[[object], str] | None = None

    def refusal(self, value: object, name: str = "") -> str:
        """Format the message for a value that is not accepted; ``name`` is the dotted key, if nested."""
        reason = self.explain(value) if self.explain else ""
        message = f"{name or self.name} must be {self.accepts}, not {excerpt(value)}"
        return f"{message}: {reason}" if reason else message


def as_string(value: object) -> str | None:
    """Accept any string."""
    return value if isinstance(value, str) else None


def as_table(value: object) -> dict[str, Any] | None:
    """Accept any table."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def matching(pattern: re.Pattern[str]) -> Callable[[object], str | None]:
    """Accept strings that ``pattern`` matches in full."""

    def parse(value: object) -> str | None:
        return value if isinstance(value, str) and pattern.fullmatch(value) else None

    return parse
