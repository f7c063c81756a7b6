# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Work out how often the operations of a table are called, as formulas."""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import ascii_lowercase

from ..calls import Call, TableCalls
from ..sync.requests import depends_on_item, is_repeated

ROWS = "n"
"""The variable of a formula for the rows of a unit."""

PER_REGION = "account and region"
PER_ACCOUNT = "account"

_LETTERS = [letter for letter in ascii_lowercase if letter not in (ROWS, "l", "o")]


@dataclass(frozen=True, slots=True)
class Estimate:
    """How often the calls of a table are made at most, if pages are full and nothing is retried.

    ``per`` says for what part of the accounts the formulas hold. They are arithmetic expressions with
    the functions ``ceil``, ``floor`` and ``max``, as Python has them. ``variables`` say what their
    letters stand for. ``counts`` are those of the listings, the primary call and the enrichments;
    ``total`` is their sum. ``further`` names operations that are called again for each further page of
    a response, whose number nothing limits.
    """

    per: str
    variables: tuple[tuple[str, str], ...]
    counts: tuple[str, ...]
    total: str
    further: tuple[str, ...]


def estimate(calls: TableCalls) -> Estimate:
    """Return the formulas for a unit of the table."""
    chain = (*calls.listings, calls.primary)
    items = _items(chain)
    counts: list[str] = []
    above, requests_above = "", ""
    for call, found in zip(chain, items, strict=True):
        requests = _times(_values(call), above)
        counts.append(_count(call, above, requests, requests_above, found))
        above, requests_above = found, requests
    counts += [
        _times(_values(call), ROWS if depends_on_item(call) else "")
        for call in calls.enrichments
    ]
    total = " + ".join(
        _times(counts.count(term), term) for term in dict.fromkeys(counts)
    )
    used = set(re.findall(r"\b[a-z]\b", total))
    names = {
        letter: f"items of {call.operation}"
        for call, letter in zip(chain, items, strict=True)
    }
    names[ROWS] = "rows"
    everything = (*chain, *calls.enrichments)
    return Estimate(
        PER_ACCOUNT if chain[0].rules.scope.kind != "regional" else PER_REGION,
        tuple((letter, names[letter]) for letter in sorted(used)),
        tuple(counts),
        total,
        tuple(
            call.operation
            for call in everything
            if call.rules.pagination and (call in calls.enrichments or not _size(call))
        ),
    )


def _items(chain: tuple[Call, ...]) -> list[str]:
    """Return the variables for the items of each call, the last of which become rows."""
    own: list[bool] = []
    for below in chain[1:]:
        # A response that describes an item, or each item of a batch, adds no items of its own.
        describes = below.rules.batch or not is_repeated(below.path)
        own.append(bool(below.values) or not describes)
    letters = iter(_LETTERS)
    found = [next(letters) if each else "" for each in own]
    found.append(ROWS)
    for position in reversed(range(len(own))):
        found[position] = found[position] or found[position + 1]
    return found


def _count(
    call: Call, above: str, requests: str, requests_above: str, items: str
) -> str:
    """Return how often ``call`` is made, to find ``items``.

    There are ``above`` items of the call above, which ``requests_above`` requests have listed, and
    ``requests`` for the first pages of ``call``.
    """
    batch = call.rules.batch
    if batch and above:
        if any(parameter != batch.parameter for parameter, _ in call.arguments):
            return requests
        # Only items that are requested with the same other arguments share a batch.
        groups = _times(_values(call), requests_above if call.inherited else "")
        return _parts(groups, above, batch.maximum or 1, least=0)
    size = _size(call)
    if not call.rules.pagination or not size or not is_repeated(call.path):
        return requests
    return _parts(requests, items, size, least=1)


def _parts(groups: str, items: str, size: int, least: int) -> str:
    """Return the number of parts of up to ``size`` that ``items`` of several groups have together.

    Each group has ``least`` parts, and one that is not full.
    """
    if groups == "1":
        parts = f"ceil({items} / {size})"
        return f"max({least}, {parts})" if least else parts
    return f"{groups} + floor({items} / {size})"


def _values(call: Call) -> int:
    times = 1
    for _, values in call.values:
        times *= len(values)
    return times


def _size(call: Call) -> int:
    """Return the size of a page, 0 if it is not known."""
    return (call.rules.limit.maximum or 0) if call.rules.limit else 0


def _times(times: int, count: str) -> str:
    """Return a product; an empty ``count`` is 1."""
    if not count or count == "1":
        return str(times)
    if times == 1:
        return count
    return f"{times} * ({count})" if " + " in count else f"{times} * {count}"
