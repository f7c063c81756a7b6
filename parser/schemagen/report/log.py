"""Format the history of a table or column for ``schemagen log``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from schemagen.diagnostics import printable
from schemagen.evolution.history import Entry
from schemagen.evolution.verdicts import Finding, assess
from schemagen.settings.rule_levels import RuleLevels

SHORT = 10
"""The characters of a commit's id that people see."""


def text(entries: Iterable[Entry]) -> str:
    """Format commits for people: the commit, and a line for each change."""
    return "\n".join(_entry(entry) for entry in entries)


def _entry(entry: Entry) -> str:
    commit = entry.commit
    lines = [f"{commit.date} {commit.id[:SHORT]} {printable(commit.subject)}"]
    lines += [f"  {printable(finding.sentence)}" for finding in _findings(entry)]
    return "".join(f"{line}\n" for line in lines)


def _findings(entry: Entry) -> tuple[Finding, ...]:
    """Assess the differences without settings: a history is complete."""
    return assess(entry.differences, RuleLevels())


def to_json(entry: Entry) -> dict[str, Any]:
    """Return what ``log --format json`` prints of a commit. Other programs rely on these names."""
    return {
        "commit": entry.commit.id,
        "date": entry.commit.date,
        "subject": entry.commit.subject,
        "changes": [
            {
                "rule": finding.rule.id,
                "table": finding.difference.table,
                "column": finding.difference.column or None,
                "member": finding.difference.member or None,
                "message": finding.message,
                "verdicts": dict(finding.verdicts),
            }
            for finding in _findings(entry)
        ],
    }
