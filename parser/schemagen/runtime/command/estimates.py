# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Work out how often the operations of a table are called, as formulas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_lowercase

from ..calls import Call, TableCalls

ROWS = "n"
"""The variable of a formula for the rows of a unit."""

PER_REGION = "account and region"
PER_ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Estimate:
    """How often the calls of a table are made.

    ``per`` says for what part of the accounts the formulas hold. They are arithmetic expressions with
    the function ``ceil``, as Python has them. ``variables`` say what their letters stand for.
    ``counts`` are those of the listings, the primary call and the enrichments; ``total`` is their sum.
    ``further`` names operations that are called again for each further page of a response, whose
    number nothing limits.
    """

    per: str
    variables: tuple[tuple[str, str], ...]
    counts: tuple[str, ...]
    total: str
    further: tuple[str, ...]


def estimate(calls: TableCalls) -> Estimate:
    """Return the formulas for a unit of the table."""
    chain = (*calls.listings, calls.primary)
    variables: list[tuple[str, str]] = []
    counts: list[str] = []
    letters = iter(
        letter for letter in ascii_lowercase if letter not in ("n", "l", "o")
    )
    above = ""
    for position, call in enumerate(chain):
        last = position == len(chain) - 1
        below = chain[position + 1 :]
        # A response that describes a single item adds no items of its own.
        if last or (
            len(below) == 1 and not _is_repeated(below[0]) and not below[0].values
        ):
            items = ROWS
        else:
            items = next(letters)
            variables.append((items, f"items of {call.operation}"))
        counts.append(_count(call, above, items))
        above = items
    variables.append((ROWS, "rows"))
    for call in calls.enrichments:
        counts.append(_times(_values(call), ROWS))
    everything = (*chain, *calls.enrichments)
    return Estimate(
        PER_ACCOUNT if chain[0].rules.scope.kind != "regional" else PER_REGION,
        tuple(variables),
        tuple(counts),
        " + ".join(_summed(counts)),
        tuple(
            call.operation
            for call in everything
            if call.rules.pagination and (call in calls.enrichments or not _size(call))
        ),
    )


def _count(call: Call, above: str, items: str) -> str:
    """Return how often ``call`` is made for so many items of the call above, to find ``items``."""
    times = _values(call)
    if call.rules.batch and above:
        return _times(times, f"ceil({above} / {call.rules.batch.maximum or 1})")
    size = _size(call)
    if not call.rules.pagination or not size or not _is_repeated(call):
        return _times(times, above) if above else str(times)
    parts = " * ".join(
        part for part in (above, str(times) if times > 1 else "") if part
    )
    if not parts:
        return f"max(1, ceil({items} / {size}))"
    each = f"{items} / ({parts})" if " " in parts else f"{items} / {parts}"
    return f"{parts} * max(1, ceil({each} / {size}))"


def _values(call: Call) -> int:
    times = 1
    for _, values in call.values:
        times *= len(values)
    return times


def _size(call: Call) -> int:
    """Return the size of a page, 0 if it is not known."""
    return (call.rules.limit.maximum or 0) if call.rules.limit else 0


def _is_repeated(call: Call) -> bool:
    return "[]" in call.path or "{}" in call.path


def _times(times: int, count: str) -> str:
    return count if times == 1 else f"{times} * {count}"


def _summed(counts: list[str]) -> Iterator[str]:
    """Yield the terms of a sum, each once, with how often it occurs."""
    for term in dict.fromkeys(counts):
        yield _times(counts.count(term), term)
