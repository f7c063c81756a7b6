"""How many items one call takes: from the model's constraints, or from its documentation."""

from __future__ import annotations

import re

from schemagen.api_models.calls.signature import Signature, plain
from schemagen.runtime.calls import Limit

_NUMBER = (
    r"(?P<number>\d[\d,]*)(?![\d.]*\s*(?:characters?|bytes|[KMG]B|seconds|minutes|hours|days)\b)"
)
_MAXIMUM = re.compile(
    r"\b(?:up to|at most|no more than|(?:maximum|limit) of|limited to"
    rf"|maximum number of [a-z ]{{1,40}} is)\s+{_NUMBER}",
    re.IGNORECASE,
)
_PAGE = re.compile(
    r"\b(?:page|results?|records|returned|response)\b",
    re.IGNORECASE,
)


def batch(operation: Signature, parameter: str) -> Limit | None:
    """Return the limit on the items of ``parameter`` in one call, or None if it is not a list.
    The maximum is None if neither constraints nor documentation state one; then only a call with
    a single item is safe."""
    member = operation.parameters.get(parameter)
    if member is None or member.type != "list":
        return None
    return Limit(parameter, member.maximum or documented_maximum(member.documentation))


def documented_maximum(documentation: str) -> int | None:
    """Return the number of items that the documentation of a list parameter allows, or None if it
    names no number, or several that differ. Sentences about the pages of a response do not count."""
    found = {
        int(match["number"].replace(",", ""))
        for sentence in re.split(r"(?<=\.)\s", plain(documentation))
        if not _PAGE.search(sentence)
        for match in _MAXIMUM.finditer(sentence)
    }
    return found.pop() if len(found) == 1 else None
