"""A setting: its key, and the values that it takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """A key and the values that it takes.

    ``accepts`` completes the message "NAME must be …". ``parse`` returns what the program uses for a
    value, or None if it does not accept the value.
    """

    name: str
    accepts: str
    parse: Callable[[object], object | None]

    def refusal(self, value: object, name: str = "") -> str:
        """The message for a value that ``parse`` does not accept; ``name`` is the key with those of
        the tables around it."""
        return f"{name or self.name} must be {self.accepts}, not {value!r}"


def matching(pattern: re.Pattern[str]) -> Callable[[object], str | None]:
    """Accept strings that ``pattern`` matches from begin to end."""

    def parse(value: object) -> str | None:
        return value if isinstance(value, str) and pattern.fullmatch(value) else None

    return parse
