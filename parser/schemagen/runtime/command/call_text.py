# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Format the calls that fill a table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

from ..calls import Call, CallRules, TableCalls
from ..text import escape_controls

_ACCOUNT = "${Account}"
"""The account of the caller, as an argument."""


def to_json(calls: TableCalls) -> dict[str, Any]:
    """Return the fields of the calls, for JSON."""
    return cast("dict[str, Any]", _plain(asdict(calls), _PAIRS))


def _plain(value: object, pairs: Collection[str]) -> object:
    """Convert tuples to lists, and fields named in ``pairs`` to objects."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, object]", value)
        return {
            # Inside, names are the API's.
            name: (
                _plain(dict(cast("Any", inner)), ())
                if name in pairs
                else _plain(inner, pairs)
            )
            for name, inner in entries.items()
        }
    if isinstance(value, tuple):
        return [_plain(element, pairs) for element in cast("tuple[object, ...]", value)]
    return value


_PAIRS = frozenset({"arguments", "constants", "values", "regions", "owner"})
"""The fields that hold pairs of a name and a value."""


def text(calls: TableCalls, counts: Sequence[str] = ()) -> str:
    """Format the calls in the order in which they are made, for people.

    ``counts`` says how often each is made, in the same order.
    """
    lines = [
        f"{calls.table} is filled by {len(_ordered(calls))} operations of {calls.service}:",
        "",
    ]
    for index, (call, role) in enumerate(_ordered(calls)):
        lines += [
            f"{call.operation} {role}",
            *(f"    calls: {count}" for count in counts[index : index + 1]),
            *(f"    {line}" for line in _lines(call)),
            "",
        ]
    if calls.obstacle:
        lines += [
            f"It cannot be enumerated from credentials alone: {calls.obstacle}.",
            "",
        ]
    return "".join(f"{escape_controls(line)}\n" for line in lines[:-1])


def _ordered(calls: TableCalls) -> list[tuple[Call, str]]:
    return [
        *((call, f"lists {call.path}") for call in calls.listings),
        (calls.primary, f"returns the rows in {calls.primary.path}"),
        *((call, f"adds columns from {call.path}") for call in calls.enrichments),
    ]


def _lines(call: Call) -> Iterator[str]:
    for parameter, source in call.arguments:
        caller = source == _ACCOUNT
        yield f"{parameter}: {'the account of the caller' if caller else f'{source} of the item'}"
    for parameter in call.inherited:
        yield f"{parameter}: as in the call above"
    for parameter, values in call.values:
        yield f"{parameter}: each of {', '.join(values)}"
    for parameter, value in call.constants:
        yield f"{parameter}: always {_constant_text(value)}"
    if call.columns:
        yield f"fills {', '.join(call.columns)}"
    yield from _rule_lines(call.rules)


def _rule_lines(rules: CallRules) -> Iterator[str]:
    if rules.pagination:
        tokens = zip(rules.pagination.input, rules.pagination.output, strict=True)
        pages = ", ".join(f"{parameter} from {path}" for parameter, path in tokens)
        more = f" while {rules.pagination.more}" if rules.pagination.more else ""
        inferred = " (inferred from names)" if rules.pagination.inferred else ""
        yield f"next page: {pages}{more}{inferred}"
    for name, limit in (("page size", rules.limit), ("items in a call", rules.batch)):
        if limit:
            yield f"{name}: {limit.parameter}, {limit.maximum or 'maximum unknown'}"
    if rules.absent:
        yield f"none if the error is {' or '.join(rules.absent)}"
    if rules.scope.kind != "regional":
        regions = ", ".join(
            f"{region} in {name}" for name, region in rules.scope.regions
        )
        yield f"covers all regions; sent to {regions or 'any of them'}"
    for parameter, values in rules.scope.only:
        for only, region in values:
            yield f"{parameter}={only} in {region} only"
    for parameter, value in rules.owner:
        yield f"only what the account owns: {parameter}={_constant_text(value)}"
    if rules.actions:
        yield f"IAM actions: {', '.join(rules.actions)}"


def _constant_text(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_constant_text, cast('tuple[object, ...]', value)))}]"
    return str(value)
