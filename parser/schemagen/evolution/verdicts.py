"""Say what differences mean to whoever relies on a catalogue, with the levels that the settings choose."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from schemagen.evolution.difference import Difference
from schemagen.rules.registry import (
    CONSUMERS,
    VERDICTS,
    Consumer,
    Level,
    Part,
    Rule,
    Verdict,
    rules,
)
from schemagen.settings.rule_levels import RuleLevels


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference with its rule, its level and its verdicts, which depend on the level."""

    difference: Difference
    rule: Rule
    level: Level
    verdicts: Mapping[Consumer, Verdict]

    @property
    def message(self) -> str:
        """What changed, on one line, without the table."""
        found = self.difference
        text = self.rule.format(found.table, found.column, found.member, found.values)
        return " ".join(text.split())

    @property
    def sentence(self) -> str:
        """The message with its table, which it may name already."""
        table, text = self.difference.table, self.message
        return text if not table or f"table {table}" in text else f"{table}: {text}"

    @property
    def part(self) -> Part:
        """The part of a version that the change increments."""
        if "breaking" in self.verdicts.values():
            return "major"
        return "minor" if self.rule.version == "major" else self.rule.version

    def verdict(self, consumers: Iterable[Consumer] = CONSUMERS) -> Verdict:
        """Return the worst verdict for ``consumers``."""
        verdicts: list[Verdict] = [self.verdicts[consumer] for consumer in consumers]
        return max(verdicts, key=VERDICTS.index)

    def broken(self, consumers: Iterable[Consumer] = CONSUMERS) -> tuple[Consumer, ...]:
        """Return those of ``consumers`` that the change breaks."""
        return tuple(consumer for consumer in consumers if self.verdicts[consumer] == "breaking")


def assess(differences: Iterable[Difference], levels: RuleLevels) -> tuple[Finding, ...]:
    """Give each difference its verdicts; leave out those whose rule is off."""
    found: list[Finding] = []
    for difference in differences:
        rule = rules()[difference.rule]
        chosen = levels.chosen(rule, difference.table)
        if chosen != "off":
            verdicts = _verdicts(rule, chosen)
            found.append(Finding(difference, rule, chosen or rule.level, verdicts))
    return tuple(found)


def _verdicts(rule: Rule, chosen: Level | None) -> Mapping[Consumer, Verdict]:
    """Return the verdicts of ``rule`` with the level that the settings chose, if they did."""
    if chosen == "warn":
        return {
            consumer: "warning" if verdict == "breaking" else verdict
            for consumer, verdict in rule.verdicts.items()
        }
    if chosen == "error" and not rule.breaks():
        return dict.fromkeys(CONSUMERS, "breaking")
    return rule.verdicts


def breaking(
    findings: Iterable[Finding], consumers: Collection[Consumer] = CONSUMERS
) -> tuple[Finding, ...]:
    """Return the findings that break one of ``consumers``."""
    return tuple(finding for finding in findings if finding.broken(consumers))
