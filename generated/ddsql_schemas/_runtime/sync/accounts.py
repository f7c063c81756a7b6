# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Define the accounts that are collected, and read them from a TOML file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import cast

from ..usage import UsageError

ENABLED = "enabled"
"""In place of a region: all regions that are enabled for the account."""

_ROLE = re.compile(r"arn:(aws[\w-]*):iam::(\d{12}):role/[\w+=,.@/-]+")
_ID = re.compile(r"\d{12}")


class InvalidAccounts(UsageError, ValueError):
    """The file of accounts is not as it should be. The message says where and what is expected."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account, and how to get credentials for it.

    The credentials are those of ``profile``, or boto3's default ones. If there is a ``role_arn``, they
    are used to assume that role. ``regions`` are names of regions or `ENABLED`; the default is given
    where collecting is started. ``id`` is needed only if neither ``role_arn`` nor STS tells it.
    """

    id: str = ""
    name: str = ""
    role_arn: str = ""
    external_id: str = ""
    session_name: str = "ddsql-schemas"
    profile: str = ""
    regions: tuple[str, ...] = ()
    partition: str = ""


# Of the defaults, ``role_name`` stands for a role of this name in every account.
_DEFAULTS = frozenset(
    {
        *("role_name", "external_id", "session_name", "profile", "regions"),
        "partition",
    }
)
_KEYS = frozenset(field.name for field in fields(Account))


def read(path: Path) -> tuple[Account, ...]:
    """Read a file of accounts.

    ``[[accounts]]`` has a table for each, with the fields of `Account`; ``[defaults]`` has what is the
    same for all, and may name a role that all have:

        [defaults]
        role_name = "inventory"
        regions = ["enabled"]

        [[accounts]]
        id = "111122223333"

        [[accounts]]
        name = "production"
        role_arn = "arn:aws:iam::444455556666:role/read-only"
        external_id = "…"
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InvalidAccounts(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # also of huge numbers, deep nesting
        raise InvalidAccounts(f"{path} is not TOML: {error}") from error
    return parse(content, str(path))


def parse(content: Mapping[str, object], place: str) -> tuple[Account, ...]:
    """Check and convert what a file of accounts contains. ``place`` names it in errors."""
    _known(content, frozenset({"defaults", "accounts"}), place)
    defaults = _table(content.get("defaults", {}), f"{place}: defaults")
    _known(defaults, _DEFAULTS, f"{place}: defaults")
    entries = content.get("accounts")
    if not isinstance(entries, list) or not entries:
        raise InvalidAccounts(
            f"{place} has no accounts. Add an [[accounts]] table for each."
        )
    accounts: dict[str, Account] = {}
    for number, entry in enumerate(cast("list[object]", entries), 1):
        where = f"{place}: accounts, entry {number}"
        account = _account(_table(entry, where), defaults, where)
        key = account.id or account.role_arn or f"profile {account.profile}"
        if key in accounts:
            raise InvalidAccounts(f"{where}: {key} is listed twice. Remove one entry.")
        accounts[key] = account
    return tuple(accounts.values())


def _account(
    entry: Mapping[str, object], defaults: Mapping[str, object], where: str
) -> Account:
    _known(entry, _KEYS, where)
    merged = {
        **{key: defaults[key] for key in defaults if key != "role_name"},
        **entry,
    }
    account = Account(
        regions=_regions(merged.pop("regions", []), where),
        **{key: _text(value, key, where) for key, value in merged.items()},
    )
    if account.id and not _ID.fullmatch(account.id):
        raise InvalidAccounts(
            f"{where}: id is {account.id!r}. An account's id has 12 digits, in quotes."
        )
    role_name = _text(defaults.get("role_name", ""), "role_name", _defaults_of(where))
    if role_name and not account.role_arn:
        if not account.id:
            raise InvalidAccounts(
                f"{where} needs an id, from which its role {role_name} is named."
            )
        partition = account.partition or "aws"
        role_arn = f"arn:{partition}:iam::{account.id}:role/{role_name}"
        account = replace(account, role_arn=role_arn)
    return of_role(account, where)


def of_role(account: Account, where: str) -> Account:
    """Take the account's id and partition from the ARN of its role, if it has one.

    Raises `InvalidAccounts` if they are stated otherwise; ``where`` names the account in the message.
    """
    if not account.role_arn:
        return account
    found = _ROLE.fullmatch(account.role_arn)
    if found is None:
        raise InvalidAccounts(
            f"{where}: role_arn is {account.role_arn!r}."
            " A role's ARN is like arn:aws:iam::111122223333:role/inventory."
        )
    for key, stated, implied in (
        ("id", account.id, found[2]),
        ("partition", account.partition, found[1]),
    ):
        if stated not in ("", implied):
            raise InvalidAccounts(
                f"{where}: {key} is {stated!r}, but role_arn is of {implied!r}."
            )
    return replace(account, id=found[2], partition=found[1])


def _defaults_of(where: str) -> str:
    """Return the place of the defaults, which errors about them name."""
    return f"{where.partition(': accounts')[0]}: defaults"


def _known(table: Mapping[str, object], known: frozenset[str], where: str) -> None:
    unknown = sorted(table.keys() - known)
    if unknown:
        raise InvalidAccounts(
            f"{where} has an unknown key {unknown[0]!r}. Known are {', '.join(sorted(known))}."
        )


def _table(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InvalidAccounts(f"{where} is {value!r}, and should be a table.")
    return cast("dict[str, object]", value)


def _text(value: object, key: str, where: str) -> str:
    if not isinstance(value, str):
        raise InvalidAccounts(
            f"{where}: {key} is {value!r}, and should be a text in quotes."
        )
    return value


def _regions(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(
        isinstance(name, str) and name for name in cast("list[object]", value)
    ):
        raise InvalidAccounts(
            f"{where}: regions is {value!r}, and should be a list of texts,"
            f' like ["eu-west-1"] or ["{ENABLED}"].'
        )
    return tuple(cast("list[str]", value))
