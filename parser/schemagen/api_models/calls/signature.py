"""An operation as a caller sees it: parameters, members of the response, errors, documentation.

Neutral: `api_models.botocore` makes signatures of botocore's models.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_TAG = re.compile(r"<[^<>]*>")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class SignatureMember:
    """A parameter of an operation, or a member of its response.

    ``type`` is "string", "list", "structure", "integer", "boolean" or another of the model's names
    of types. ``element`` is the type of a list's elements, ``maximum`` the greatest number of them,
    or the greatest value of a number. ``values`` is the enumeration of a string, or of a list's
    elements. ``members`` are those of a structure.
    """

    type: str
    element: str = ""
    maximum: int | None = None
    values: tuple[str, ...] = ()
    documentation: str = ""
    members: Mapping[str, SignatureMember] = field(default_factory=dict[str, "SignatureMember"])


@dataclass(frozen=True, slots=True)
class Signature:
    """An operation of a service. ``errors`` are the codes of the errors that its model declares."""

    name: str
    parameters: Mapping[str, SignatureMember] = field(default_factory=dict[str, SignatureMember])
    required: tuple[str, ...] = ()
    response: Mapping[str, SignatureMember] = field(default_factory=dict[str, SignatureMember])
    errors: tuple[str, ...] = ()
    documentation: str = ""


def plain(documentation: str) -> str:
    """Return documentation as one line of plain text."""
    return _SPACE.sub(" ", html.unescape(_TAG.sub(" ", documentation))).strip()
