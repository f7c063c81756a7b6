"""Format the registry of rules, for ``schemagen rules`` and for docs/rules.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from schemagen.report import markdown as formats
from schemagen.rules.registry import (
    CONSUMERS,
    OtherTool,
    Rule,
    equivalents,
    other_tools,
)
from schemagen.settings.rule_levels import RuleLevels

HEADINGS = ("rule", "level", "version", *CONSUMERS, "what changed")

_CONSUMERS = {
    "sql-reader": "queries tables",
    "sql-writer": "writes rows with SQL of its own",
    "json-reader": "reads rows as JSON, and validates them with the JSON Schemas that it has",
    "python-user": "imports the package: models, structures, mappers",
    "sync": "loads tables with `ddsql-schemas sync`, `sync.run` or `load.into`, without anybody watching",
}
_VERDICTS = {
    "breaking": "fails, or gets wrong results, until it is changed",
    "warning": "works unless it relies on more than is promised, or after a step that loses nothing",
    "safe": "notices nothing that it must act on",
}


def rows(rules: Iterable[Rule], levels: RuleLevels) -> list[tuple[str, ...]]:
    """Format the rules for people, with the levels that the settings give them in all tables."""
    return [
        (
            rule.id,
            levels.levels.get(rule.id, rule.level),
            rule.version,
            *(rule.verdicts[consumer] for consumer in CONSUMERS),
            rule.sentence,
        )
        for rule in rules
    ]


def to_json(rule: Rule, levels: RuleLevels) -> dict[str, Any]:
    """Return what ``rules --format json`` prints of a rule. Other programs rely on these names."""
    return {
        "rule": rule.id,
        "sentence": rule.sentence,
        "message": rule.message,
        "level": levels.levels.get(rule.id, rule.level),
        "default_level": rule.level,
        "levels_of_tables": {
            entry.tables: entry.levels[rule.id]
            for entry in levels.tables
            if rule.id in entry.levels
        },
        "version": rule.version,
        "verdicts": dict(rule.verdicts),
        "why": rule.why,
        "equivalents": {title: list(ids) for title, ids in equivalents(rule.id).items()},
    }


def text(rule: Rule, levels: RuleLevels) -> str:
    """Format one rule for a terminal."""
    level = levels.levels.get(rule.id, rule.level)
    lines = [
        f"{rule.id}: {rule.sentence}",
        "",
        *(f"  {consumer:<12} {rule.verdicts[consumer]}" for consumer in CONSUMERS),
        f"  {'level':<12} {level}",
        f"  {'version':<12} {rule.version}",
    ]
    lines += ["", rule.why] if rule.why else []
    found = equivalents(rule.id)
    lines += (
        ["", *(f"  {title}: {', '.join(ids)}" for title, ids in found.items())] if found else []
    )
    return "".join(f"{line}\n" for line in lines)


def markdown(rules: Iterable[Rule]) -> str:
    """Format the reference page of all rules, docs/rules.md."""
    known = tuple(rules)
    return "\n".join(
        [
            "# Rules\n",
            "`schemagen diff` [compares two catalogues](diff.md); each difference that it finds is an instance of a rule of this",
            "page. `schemagen rules` prints the page in a terminal, with the levels of the settings.\n",
            "## Consumers and verdicts\n",
            "A change is good or bad for somebody. The consumers are\n",
            *(f"- `{name}`: {what}," for name, what in list(_CONSUMERS.items())[:-1]),
            *(f"- `{name}`: {what}.\n" for name, what in list(_CONSUMERS.items())[-1:]),
            "and the verdict says what becomes of a consumer that stays as it is:\n",
            formats.table(("verdict", "the consumer"), _VERDICTS.items(), words=("the consumer",)),
            "A rule that is `breaking` for one of them increments the major version of the package, and has the level",
            "`error`; all others have the level `warn`. [The settings](settings.md#rules) choose other levels: `off`",
            "leaves findings out, `warn` never counts as breaking, and `error` does, even if the rule breaks nobody.\n",
            "## All rules\n",
            _overview(known),
            *(section(rule) for rule in known),
            "## Rules of other tools\n",
            "What the rules of other tools are here, or why there is no such change.\n",
            *(_other(tool) for tool in other_tools()),
            "## Rules that they lack\n",
            _beyond(known),
        ]
    )


def _overview(rules: Iterable[Rule]) -> str:
    headings = ("rule", "version", *CONSUMERS)
    marks = {"safe": "", "warning": "warning", "breaking": "**breaking**"}
    lines = (
        (
            f"[{rule.id}](#{rule.id})",
            rule.version,
            *(marks[rule.verdicts[consumer]] for consumer in CONSUMERS),
        )
        for rule in rules
    )
    return formats.table(headings, lines, words=headings)


def section(rule: Rule) -> str:
    """Format the section of one rule."""
    found = equivalents(rule.id)
    like = "; ".join(
        f"{title}: {', '.join(f'`{id}`' for id in ids)}" for title, ids in found.items()
    )
    parts = [
        f"### {rule.id}\n",
        f"{rule.sentence} {rule.why}".rstrip(),
        f"\nMessage: `{rule.message}`",
    ]
    if like:
        parts.append(f"\nLike {like}.")
    return "\n".join([*parts, ""])


def _other(tool: OtherTool) -> str:
    lines = (
        (
            f"`{id}`",
            equal if isinstance(equal, str) else ", ".join(f"[{rule}](#{rule})" for rule in equal),
        )
        for id, equal in tool.rules.items()
    )
    sources = ", ".join(f"<{source}>" for source in tool.sources)
    headings = (f"rule of {tool.title}", "here")
    return (
        f"### {tool.title}\n\n{tool.scope[0].upper()}{tool.scope[1:]}: {sources}\n\n"
        f"{formats.table(headings, lines, words=headings)}"
    )


def _beyond(rules: Iterable[Rule]) -> str:
    return "".join(f"{line}\n" for line in _lacking(rules))


def _lacking(rules: Iterable[Rule]) -> Iterator[str]:
    """Yield a line for each rule that no other tool has."""
    for rule in rules:
        if not equivalents(rule.id):
            yield f"- [{rule.id}](#{rule.id}): {rule.sentence}"
