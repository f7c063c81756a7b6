# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Check values of model fields beyond what pydantic checks."""

from __future__ import annotations

import json
import re
from datetime import datetime

# https://www.rfc-editor.org/rfc/rfc3339#section-5.6, which JSON Schema's "date-time" refers to
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def distinct(values: list[str]) -> list[str]:
    """Return ``values``. Raises ValueError if a value appears twice."""
    if len(set(values)) != len(values):
        raise ValueError("a value appears twice")
    return values


def strict_json(value: object) -> object:
    """Return a JSON value. Raises ValueError for NaN and infinities, which JSON lacks."""
    json.dumps(value, allow_nan=False)
    return value


def time(value: object) -> object:
    """Return a datetime or a time in RFC 3339; pydantic itself takes numbers and other texts as well.

    Raises ValueError for anything else.
    """
    if isinstance(value, str):
        if _DATE_TIME.fullmatch(value):
            return value
    elif isinstance(value, datetime) and value == value:  # pandas' NaT is not itself
        return value
    raise ValueError(
        "expected a time such as 2026-01-01T00:00:00Z, or an aware datetime"
    )
