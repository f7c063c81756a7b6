# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Parse responses of AWS as botocore does, but timestamps in a tenth of the time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from botocore import parsers
from botocore.utils import parse_timestamp

# What services send. dateutil, which botocore uses, takes 60 µs for it. Both cut off digits beyond
# microseconds.
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:Z|\+00:00)"
)


def timestamp(value: Any) -> datetime:
    """Return what botocore's `parse_timestamp` does; in UTC, where that uses the local zone."""
    kind = type(value)
    try:
        if kind is str:
            if _ISO.fullmatch(value) is not None:
                return datetime.fromisoformat(value)
        elif kind is float or kind is int:
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass  # botocore knows a second way for numbers, and its own words for what is no time
    found: datetime = parse_timestamp(value)
    return found


class Factory(parsers.ResponseParserFactory):
    """Makes the parsers of a client."""

    def __init__(self) -> None:
        super().__init__()
        self.set_parser_defaults(timestamp_parser=timestamp)
        self._made: dict[str, Any] = {}

    def create_parser(self, protocol_name: str) -> Any:
        """Return the parser of a protocol; botocore calls this for each response."""
        if protocol_name not in self._made:
            self._made[protocol_name] = super().create_parser(protocol_name)
        return self._made[protocol_name]


def install(client: Any) -> None:
    """Make a client parse responses with this module. Others of its session stay as they are."""
    endpoint = client._endpoint
    if not hasattr(endpoint, _FACTORY):
        raise AttributeError(
            f"this version of botocore has no {_FACTORY}; install another version"
        )
    setattr(endpoint, _FACTORY, Factory())


_FACTORY = "_response_parser_factory"
