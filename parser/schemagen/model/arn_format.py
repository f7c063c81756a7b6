"""Formats of ARNs, in the notation of AWS's Service Authorization Reference.

``arn:${Partition}:ec2:${Region}:${Account}:instance/${InstanceId}`` is filled with the place that a
resource is in, ``Partition``, ``Region`` and ``Account``, and with members of its item, by their names
in the API: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemagen.names import API_NAME

PLACE = ("Partition", "Region", "Account")
"""The placeholders that are no members, in their order in an ARN."""

_PART = re.compile(rf"\$\{{({API_NAME.pattern})\}}")
# What stands between the placeholders: no quote, brace or white space.
_LITERAL = re.compile(r"[A-Za-z0-9:/*._-]*")


@dataclass(frozen=True, slots=True)
class ArnFormat:
    """A format in pieces: ``literals`` stand around the ``placeholders``, one more than those."""

    literals: tuple[str, ...]
    placeholders: tuple[str, ...]

    @property
    def place(self) -> tuple[str, ...]:
        """Those of `PLACE` that the format has."""
        return tuple(name for name in PLACE if name in self.placeholders)

    @property
    def members(self) -> tuple[str, ...]:
        """The members of the item that the format has, each once, in its order."""
        return tuple(dict.fromkeys(name for name in self.placeholders if name not in PLACE))


def is_format(text: str) -> bool:
    """True for a text that is meant as a format: no member's name has a colon."""
    return text.startswith("arn:")


def parse(text: str) -> ArnFormat:
    """Raises ValueError, with a message for people, where ``text`` is no format of an ARN."""
    pieces = _PART.split(text)
    found = ArnFormat(tuple(pieces[::2]), tuple(pieces[1::2]))
    right = (
        text.startswith("arn:${Partition}:")
        and text.count(":") >= 5
        and found.members
        and all(_LITERAL.fullmatch(literal) for literal in found.literals)
    )
    if not right:
        raise ValueError(
            f"{text!r} is no format of an ARN; a format is like "
            "'arn:${Partition}:ec2:${Region}:${Account}:instance/${InstanceId}'"
        )
    return found
