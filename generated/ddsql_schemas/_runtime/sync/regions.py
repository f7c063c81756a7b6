# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Find out which regions of an account are collected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..calls import ScopeKind
from ..lookup import did_you_mean
from ..usage import UsageError
from .accounts import ENABLED, Account
from .errors import CallError, Malformed, RepeatedToken
from .sessions import Sessions


@dataclass(frozen=True, slots=True)
class Place:
    """An account, its partition, and the regions that are collected of it, sorted."""

    account: str
    partition: str
    regions: tuple[str, ...]

    @property
    def home(self) -> str:
        """The region for calls that any region answers."""
        preferred = _PREFERRED.get(self.partition, "")
        return preferred if preferred in self.regions else self.regions[0]


# The oldest region of each partition, which has all services.
_PREFERRED = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
}


class _Uncounted:
    """Takes counts that belong to no unit."""

    def retry(self, times: int = 1) -> None:
        """Count nothing."""


class ForeignRegion(UsageError):
    """Raised for a region of another partition than the account's, where its credentials are not valid."""


def check(
    sessions: Sessions,
    accounts: Iterable[Account],
    regions: Sequence[str],
    scopes: Iterable[ScopeKind],
) -> None:
    """Raise `UsageError` for a region that no partition has, for a configuration of boto3 that cannot be
    used, and if no region is named or configured, though one of the ``scopes`` needs one.
    """
    from botocore.exceptions import BotoCoreError

    sessions.check()
    known = sessions.partitions()
    regional = "regional" in scopes
    _check_names(regions, "", known)
    for account in tuple(accounts) or (Account(),):
        _check_names(account.regions, "", known)
        try:
            configured = sessions.configured_region(account)
        except BotoCoreError:  # This account will fail, and no other.
            continue
        if configured:
            _check_names([configured], "the configured region ", known)
        elif regional and not (account.regions or regions):
            raise UsageError(
                "no region is configured: pass --regions, or set AWS_DEFAULT_REGION or the region of the profile"
            )


def _check_names(regions: Iterable[str], what: str, known: Mapping[str, str]) -> None:
    for region in dict.fromkeys(regions):
        if region != ENABLED and region not in known:
            hint = did_you_mean([region], known)
            raise UsageError(
                f"{what}{region!r} is not a region that boto3 knows{hint}"
                " (a new region needs a newer boto3)"
            )


def locate(
    sessions: Sessions,
    account: Account,
    regions: Sequence[str],
    say: Callable[[str], None],
    *,
    alone: bool = True,
) -> Place:
    """Return which regions of an account are collected.

    ``account`` has its id and partition. Its own ``regions`` come before those given, and the region
    that boto3 is configured with is the last resort. If the account may not list its enabled
    regions, report that with ``say`` and take the other regions that are named.

    Raises `ForeignRegion` for regions of other partitions. If the account is not ``alone``, those that are
    given may be meant for others, and are left out unless all are foreign.
    """
    wanted = tuple(account.regions or regions)
    named = {region for region in wanted if region != ENABLED}
    home = sessions.home_of(account)
    if not wanted:
        named = {home}
    partition = account.partition or "aws"
    known = sessions.partitions()
    foreign = {name for name in named if known.get(name, partition) != partition}
    if foreign and (alone or account.regions or foreign == set(wanted or named)):
        region = min(foreign)
        raise ForeignRegion(
            f"{region!r} is a region of the partition {known[region]}, and the account {account.id} is in "
            f"{partition}: name regions of {partition}, or use credentials of {known[region]}"
        )
    named -= foreign
    if ENABLED in wanted:
        enabled = _enabled(sessions, account, home, say)
        sessions.enable(account.id, enabled)
        named |= enabled
        if not enabled and not named:
            named = {home}
    return Place(account.id, partition, tuple(sorted(named)))


def _enabled(
    sessions: Sessions, account: Account, home: str, say: Callable[[str], None]
) -> frozenset[str]:
    """Return the enabled regions, as Account Management or EC2 know them; none if both refuse."""
    refusals: list[str] = []
    for ask in (_by_account_management, _by_ec2):
        try:
            return frozenset(ask(sessions, account, home))
        except CallError as error:
            refusals.append(str(error))
    say(
        f"{account.id}: which regions are enabled could not be read ({'; '.join(refusals)})."
        " The regions that are named or configured are collected."
        " Allow account:ListRegions or ec2:DescribeRegions."
    )
    return frozenset()


def _by_account_management(
    sessions: Sessions, account: Account, home: str
) -> list[str]:
    call = sessions.caller(account.id, "account", home, _Uncounted())
    arguments: dict[str, object] = {
        "RegionOptStatusContains": ["ENABLED", "ENABLED_BY_DEFAULT"],
        "MaxResults": 50,
    }
    names: list[str] = []
    tokens: set[object] = set()
    while True:
        answer = call("ListRegions", arguments)
        names.extend(_names(answer))
        token = answer.get("NextToken")
        if not token:
            return names
        if token in tokens:
            raise RepeatedToken("", "ListRegions returns the same page again")
        tokens.add(token)
        arguments["NextToken"] = token


def _by_ec2(sessions: Sessions, account: Account, home: str) -> list[str]:
    call = sessions.caller(account.id, "ec2", home, _Uncounted())
    answer = call("DescribeRegions", {"AllRegions": False})
    return _names(answer)


def _names(answer: Mapping[str, Any]) -> list[str]:
    """Return the names of regions in a response. Raises `Malformed` if it has none."""
    regions = answer.get("Regions") or ()
    names = [region.get("RegionName", "") for region in regions]
    if not names or not all(names):
        raise Malformed("", "the response lacks the names of regions")
    return names
