"""Format the findings of a comparison for ``schemagen diff``: for terminals, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from schemagen.evolution.sources import Place, Source
from schemagen.evolution.verdicts import Finding
from schemagen.report.findings import counted, message
from schemagen.rules.registry import CONSUMERS, VERDICTS, Consumer

HEADINGS = ("verdict", "rule", "breaks", "old", "new", "what changed")


def rows(
    findings: Iterable[Finding], consumers: Sequence[Consumer] = CONSUMERS
) -> list[tuple[str, ...]]:
    """Format findings for people, one row each. The verdict is the worst for ``consumers``."""
    return [
        (
            finding.verdict(consumers),
            finding.rule.id,
            ", ".join(finding.broken(consumers)),
            str(finding.difference.old or ""),
            str(finding.difference.new or ""),
            message(finding),
        )
        for finding in findings
    ]


def summary(
    findings: Sequence[Finding],
    old: Source,
    new: Source,
    consumers: Sequence[Consumer] = CONSUMERS,
) -> str:
    """Say how many findings there are, by their worst verdict for ``consumers``."""
    between = f"between {old.label} and {new.label}"
    if not findings:
        return f"no differences {between}"
    counts = Counter(finding.verdict(consumers) for finding in findings)
    parts = ", ".join(
        counted(counts[verdict], verdict) for verdict in VERDICTS[::-1] if counts[verdict]
    )
    noun = "difference" if len(findings) == 1 else "differences"
    return f"{len(findings)} {noun} {between}: {parts}"


def to_json(findings: Iterable[Finding], old: Source, new: Source) -> dict[str, Any]:
    """Return what ``diff --format json`` prints. Other programs rely on these names."""
    return {
        "old": old.label,
        "new": new.label,
        "differences": [_finding_json(finding) for finding in findings],
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    difference = finding.difference
    return {
        "rule": finding.rule.id,
        "table": difference.table,
        "column": difference.column,
        "member": difference.member,
        "message": message(finding),
        "values": dict(difference.values),
        "level": finding.level,
        "version": finding.part,
        "verdicts": dict(finding.verdicts),
        "old": _place_json(difference.old),
        "new": _place_json(difference.new),
    }


def _place_json(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {"path": place.path, "line": place.line, "origin": place.origin}
