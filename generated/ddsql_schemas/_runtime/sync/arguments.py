# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Read and check the arguments that runs, and programs that read units, have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..lookup import did_you_mean
from ..usage import UsageError
from . import accounts as account_files
from .accounts import Account
from .limiter import Limits
from .sessions import Sessions

THREADS = 32
"""How many calls a process makes at the same time."""


def listed_accounts(accounts: Sequence[Account] | Path) -> tuple[Account, ...]:
    """Return accounts in the order in which they are collected, which is the same in every run."""
    found: Sequence[Account] = (
        account_files.read(accounts)
        if isinstance(accounts, Path)
        else [account_files.of_role(each, "accounts") for each in accounts]
    )
    return tuple(sorted(found, key=lambda each: (each.id, each.profile)))


def check_limits(sessions: Sessions, limits: Limits | None) -> None:
    """Raise `UsageError` for limits of a service that does not exist, which would limit nothing."""
    if limits is None or not limits.services:
        return
    known = sessions.services()
    for service in limits.services:
        if service not in known:
            raise UsageError(
                f"limits.{service}: {service!r} is not a service that boto3 knows"
                f"{did_you_mean([service], known)} (a new service needs a newer boto3)"
            )
