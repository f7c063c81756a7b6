# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Read ARNs, and build those that responses do not contain."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .scalars import ConversionError, Errors, text

_ACCOUNT = re.compile("[0-9]{12}")


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
def arn_location(
    arn: object, at: str, errors: Errors = "strict"
) -> tuple[str, str | None, str | None]:
    """Return partition, region and account of an ARN, None for each that the ARN leaves empty.

    The account is also None for resources that AWS owns (``arn:aws:iam::aws:policy/…``).
    """
    parts = text(arn, at, errors).split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not (parts[1] and parts[2] and parts[5]):
        raise ConversionError(
            at, "not an ARN (arn:partition:service:region:account:resource)"
        )
    _, partition, _, region, account, _ = parts
    return partition, region or None, account if _ACCOUNT.fullmatch(account) else None


def arn_account(arn: object, at: str, errors: Errors = "strict") -> str | None:
    """Return the account of an ARN. None if the ARN names no account (as an S3 bucket's)."""
    return arn_location(arn, at, errors)[2]


def built_arn(
    values: tuple[object, ...], at: str, errors: Errors, literals: tuple[str, ...]
) -> str | None:
    """Join ``literals`` with ``values`` between them. None if a value is None or empty.

    A value may repeat the path before it, which is then not doubled: Route 53 calls a zone
    ``/hostedzone/Z1``, and its ARN ends in ``hostedzone/Z1``.
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


def explain_missing_arn(at: str, parts: Mapping[str, object]) -> ConversionError:
    """Return the error for a key whose ARN could not be built.

    ``parts`` are the values that the ARN is built from, by name: ``region=`` for an argument,
    ``InstanceId`` for a member of the response.
    """
    lacking = [name for name, part in parts.items() if part is None or part == ""]
    members = " and ".join(name for name in lacking if not name.endswith("="))
    if members:
        return ConversionError(at, f"the response has no {members}", advice="pass key=")
    if lacking:
        names = ", ".join(name.removesuffix("=") for name in lacking)
        return ConversionError(
            *(at, f"building the ARN requires {names}"),
            advice=f"pass {', '.join(lacking)}, or key=",
        )
    return ConversionError(at, "cannot build the ARN", advice="pass key=")
