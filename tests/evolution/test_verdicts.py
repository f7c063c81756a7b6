"""Differences get verdicts, and the settings change them."""

from __future__ import annotations

import pytest

from schemagen.evolution.difference import Difference
from schemagen.evolution.verdicts import assess, breaking
from schemagen.rules.registry import CONSUMERS, Level, Part, Verdict
from schemagen.settings.rule_levels import RuleLevels

REMOVED = Difference("column-removed", "aws.volume", "size", values={"type": "int64"})
DESCRIBED = Difference("description-changed", "aws.volume", "size")
ADDED = Difference("column-added", "aws.volume", "unit", values={"type": "string"})


def test_assess_takes_verdicts_and_messages_from_the_registry() -> None:
    """Without settings, a finding is what its rule says."""
    removed, described = assess([REMOVED, DESCRIBED], RuleLevels())
    assert removed.message == "column size was removed; its type was int64"
    assert removed.verdicts == removed.rule.verdicts
    assert (removed.level, removed.part) == ("error", "major")
    assert removed.broken() == ("sql-reader", "sql-writer", "json-reader", "python-user")
    assert (described.level, described.part, described.verdict()) == ("warn", "patch", "safe")


@pytest.mark.parametrize(
    ("difference", "level", "verdict", "part"),
    [
        (REMOVED, "warn", "warning", "minor"),
        (REMOVED, "error", "breaking", "major"),
        (DESCRIBED, "warn", "safe", "patch"),
        (DESCRIBED, "error", "breaking", "major"),
        (ADDED, "warn", "warning", "minor"),
        (ADDED, "error", "breaking", "major"),
    ],
)
def test_a_level_decides_whether_a_finding_breaks(
    difference: Difference, level: Level, verdict: Verdict, part: Part
) -> None:
    """`warn` never breaks, `error` always does; the part of the version follows."""
    [finding] = assess([difference], RuleLevels({difference.rule: level}))
    assert (finding.level, finding.verdict(), finding.part) == (level, verdict, part)


def test_assess_leaves_out_what_is_off() -> None:
    """A rule that is off has no findings."""
    levels = RuleLevels({"description-changed": "off"})
    assert [found.difference for found in assess([REMOVED, DESCRIBED], levels)] == [REMOVED]


def test_breaking_asks_for_the_chosen_consumers() -> None:
    """What breaks one consumer need not break another."""
    findings = assess([REMOVED, ADDED], RuleLevels())
    assert [found.difference for found in breaking(findings)] == [REMOVED]
    assert breaking(findings, CONSUMERS[-1:]) == ()
    assert len(breaking(findings, CONSUMERS[:1])) == 1


def test_message_is_one_line() -> None:
    """Line breaks of a page do not reach reports."""
    notice = "Use\nanother\r\n  table."
    [finding] = assess(
        [Difference("deprecated", "aws.volume", values={"notice": notice})], RuleLevels()
    )
    assert finding.message == "table aws.volume is deprecated: Use another table."
