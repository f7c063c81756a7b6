# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Collect the rows of a unit with the calls of its table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Caller(Protocol):
    """Calls operations of a service in a region, as an account.

    Returns the response as boto3 does. Raises a subclass of `CallError`: `Denied`, `Expired`,
    `NoEndpoint`, or `Failed` for anything else, with the error code of the service, after retries. The
    collector recognises by the code that there is nothing to return. May be called by several threads
    at once.
    """

    def __call__(
        self, operation: str, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]: ...
