"""Reads ARNs, and builds those that a response does not have."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .scalars import ConversionError, Errors, text

_ACCOUNT = re.compile("[0-9]{12}")


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
def arn_place(
    arn: object, at: str, errors: Errors = "strict"
) -> tuple[str, str | None, str | None]:
    """Partition, region and account in an ARN, None for what it does not name.

    The account is None for what AWS itself owns (``arn:aws:iam::aws:policy/…``).
    """
    parts = text(arn, at, errors).split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not (parts[1] and parts[2] and parts[5]):
        raise ConversionError(
            at, "not an ARN (arn:partition:service:region:account:resource)"
        )
    _, partition, _, region, account, _ = parts
    return partition, region or None, account if _ACCOUNT.fullmatch(account) else None


def arn_account(arn: object, at: str, errors: Errors = "strict") -> str | None:
    """The account in an ARN, or None where the ARN names no account (an S3 bucket's)."""
    return arn_place(arn, at, errors)[2]


def built_arn(
    values: tuple[object, ...], at: str, errors: Errors, literals: tuple[str, ...]
) -> str | None:
    """The ARN of ``literals`` with ``values`` between them. None where a value is None or empty.

    A value may bring the path that stands before it: Route 53 calls a zone ``/hostedzone/Z1``,
    and the ARN ends in ``hostedzone/Z1``.
    """
    arn, *others = literals
    for value, literal in zip(values, others, strict=True):
        if value is None:
            return None
        part = text(value, at, errors)
        if arn.count(":") < 5:
            if ":" in part:
                raise ConversionError(
                    at,
                    "a partition, region or account of an ARN cannot contain a colon",
                )
        elif arn.endswith("/"):
            part = part.removeprefix("/" + arn.rpartition(":")[2].lstrip("/"))
        if not part:
            return None
        arn += part + literal
    return arn


def no_arn(at: str, parts: Mapping[str, object]) -> ConversionError:
    """The error where no ARN could be built for a key.

    ``parts`` are what it is built of: arguments are named ``region=``, members of the response
    ``InstanceId``.
    """
    lacking = [name for name, part in parts.items() if part is None or part == ""]
    members = " and ".join(name for name in lacking if not name.endswith("="))
    if members:
        return ConversionError(at, f"the response has no {members}; pass key=")
    if lacking:
        return ConversionError(
            at, f"the ARN is made with {', '.join(lacking)}; pass that, or key="
        )
    return ConversionError(at, "no ARN can be built; pass key=")
