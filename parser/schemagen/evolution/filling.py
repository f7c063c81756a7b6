"""Compare what fills tables: bindings, permissions and calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass, replace

from schemagen.evolution.difference import Findings
from schemagen.runtime.calls import Call, TableCalls
from schemagen.runtime.catalog_data import BindingData, FillData, TableData


def compare(findings: Findings, old: TableData, new: TableData) -> None:
    """Compare what fills a table as a whole."""
    if old.binding is None or new.binding is None:
        if new.binding is not None:
            findings.add("table-binding-gained", new=_source(new.binding))
        elif old.binding is not None:
            findings.add("table-binding-lost", old=_source(old.binding))
        return
    findings.changed("table-binding-moved", _source(old.binding), _source(new.binding))
    if old.binding.calls is not None and new.binding.calls is not None:
        _calls(findings, old.binding.calls, new.binding.calls)


def _source(binding: BindingData) -> str:
    path = "" if binding.path == "@" else f", {binding.path}"
    return f"{binding.operation} of {binding.service}{path}"


# --- columns --------------------------------------------------------------------------------------


class Fills:
    """What fills the columns of a table in either catalogue. Where the whole table is not bound in one of
    them, that is a difference of the table, and none of its columns."""

    def __init__(self, old: TableData, new: TableData) -> None:
        both = old.binding is not None and new.binding is not None
        self.old, self.new = (table.binding if both else None for table in (old, new))
        self.keys = old.key, new.key

    def compare(self, findings: Findings, old: str, new: str) -> None:
        """Compare what fills the column that is called ``old`` in one and ``new`` in the other."""
        if self.old is None or self.new is None:
            return
        was, now = _fill(self.old, old), _fill(self.new, new)
        if was is None and now is not None:
            findings.add("binding-gained", new=_text(now))
        elif now is None and was is not None:
            findings.add("binding-lost", old=_text(was))
        elif was is not None and now is not None and was != now:
            rule = "key-format-changed" if self.keys == (old, new) else "binding-moved"
            findings.changed(rule, _text(was), _text(now))
            if _text(was) == _text(now):
                # A computed column has no evidence: its rule says all.
                findings.changed("binding-evidence-changed", was.evidence, now.evidence)


def _fill(binding: BindingData, column: str) -> FillData | None:
    """Return what fills a column; the operation is "" where it is the table's own."""
    fill = binding.columns.get(column)
    if fill is None or fill.operation != binding.operation:
        return fill
    return replace(fill, operation="")


def _text(fill: FillData) -> str:
    if not fill.rule:
        return f"{fill.member} of {fill.operation}" if fill.operation else fill.member
    given = [text for text in (fill.member, fill.format, ", ".join(fill.parameters)) if text]
    text = f"{fill.rule}({'; '.join(given)})" if given else fill.rule
    return f"{text} of {fill.operation}" if fill.operation else text


# --- calls ----------------------------------------------------------------------------------------


def _calls(findings: Findings, old: TableCalls, new: TableCalls) -> None:
    actions = _actions(old), _actions(new)
    for action in sorted(actions[1] - actions[0]):
        findings.add("permission-added", action=action)
    for action in sorted(actions[0] - actions[1]):
        findings.add("permission-removed", action=action)
    was, now = _without_actions(old), _without_actions(new)
    if was == now:
        return
    for describe in (_operations, _details):
        before, after = describe(was, now), describe(now, was)
        if before != after:
            findings.changed("calls-changed", before, after)
            return


def _all_calls(calls: TableCalls) -> Iterator[Call]:
    yield from (*calls.listings, calls.primary, *calls.enrichments)


def _actions(calls: TableCalls) -> set[str]:
    return {action for call in _all_calls(calls) for action in call.rules.actions}


def _without_actions(calls: TableCalls) -> TableCalls:
    """Leave out what has rules of its own: actions, and which columns an enrichment fills."""

    def bare(call: Call) -> Call:
        return replace(call, columns=(), rules=replace(call.rules, actions=()))

    return replace(
        calls,
        table="",
        listings=tuple(map(bare, calls.listings)),
        primary=bare(calls.primary),
        enrichments=tuple(map(bare, calls.enrichments)),
    )


def _operations(calls: TableCalls, _: TableCalls) -> str:
    """Say which calls are made, in their order."""
    names = [call.operation for call in _all_calls(calls)]
    return f"{len(names)} {'call' if len(names) == 1 else 'calls'} ({', '.join(names)})"


def _details(calls: TableCalls, others: TableCalls) -> str:
    """Say in what the calls differ from ``others``, which are calls of the same operations."""
    found: list[str] = []
    if calls.obstacle != others.obstacle:
        found.append(f"obstacle: {calls.obstacle or 'none'}")
    if len(calls.listings) != len(others.listings):
        found.append(f"{len(calls.listings)} listings")
    if calls.service != others.service:
        found.append(f"calls of {calls.service}")
    for call, other in zip(_all_calls(calls), _all_calls(others), strict=True):
        found += [f"{call.operation} with {text}" for text in _differing(call, other)]
    return "; ".join(found)


def _differing(call: Call, other: Call) -> Iterator[str]:
    """Yield the attributes of a call that ``other`` has with another value."""
    for whole, compared in ((call, other), (call.rules, other.rules)):
        for field in fields(whole):
            value = getattr(whole, field.name)
            if field.name != "rules" and value != getattr(compared, field.name):
                yield f"{field.name} {_plain(value)}"


def _plain(value: object) -> str:
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    return "none" if value is None else json.dumps(value, default=dict)
