"""Formats of ARNs, in the notation of AWS's Service Authorization Reference.

The placeholders of ``arn:${Partition}:ec2:${Region}:${Account}:instance/${InstanceId}`` are
``Partition``, ``Region`` and ``Account``, where the resource is, and members of its item, by their
names in the API: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemagen.names import API_NAME

CALLER_PLACEHOLDERS = ("Partition", "Region", "Account")
"""The placeholders that are not members, in their order in an ARN."""

ACCOUNT = "${Account}"
"""Stands for the caller's account as an argument."""

_PART = re.compile(rf"\$\{{({API_NAME.pattern})\}}")
# Text between placeholders: without quotes, braces and white space.
_LITERAL = re.compile(r"[A-Za-z0-9:/*._-]*")


@dataclass(frozen=True, slots=True)
class ArnFormat:
    """A parsed format: ``literals[0]``, ``placeholders[0]``, ``literals[1]``, … up to a last literal."""

    literals: tuple[str, ...]
    placeholders: tuple[str, ...]

    @property
    def caller_placeholders(self) -> tuple[str, ...]:
        """The placeholders that the caller fills, in the order of `CALLER_PLACEHOLDERS`."""
        return tuple(name for name in CALLER_PLACEHOLDERS if name in self.placeholders)

    @property
    def members(self) -> tuple[str, ...]:
        """The members that the format has, without repetition, in the order of the format."""
        return tuple(
            dict.fromkeys(name for name in self.placeholders if name not in CALLER_PLACEHOLDERS)
        )


def is_format(text: str) -> bool:
    """Whether ``text`` is meant as a format: no member's name has a colon."""
    return text.startswith("arn:")


def parse(text: str) -> ArnFormat:
    """Parse a format. Raises ValueError with a message for users."""
    pieces = _PART.split(text)
    parsed = ArnFormat(tuple(pieces[::2]), tuple(pieces[1::2]))
    right = (
        text.startswith("arn:${Partition}:")
        and text.count(":") >= 5
        and (parsed.members or parsed.placeholders == ("Partition", "Account"))
        and all(_LITERAL.fullmatch(literal) for literal in parsed.literals)
    )
    if not right:
        raise ValueError(
            f"{text!r} is not a format of an ARN, such as "
            "'arn:${Partition}:ec2:${Region}:${Account}:instance/${InstanceId}'"
        )
    return parsed
