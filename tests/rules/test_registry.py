"""The registry of rules: complete, consistent, and the only source of messages."""

from __future__ import annotations

import re
import tomllib

import pytest

from schemagen.rules.registry import (
    CONSUMERS,
    PARTS,
    PLACES,
    REGISTRY,
    SUBJECT,
    VERDICTS,
    Rule,
    rules,
)

KEYS = {"sentence", "message", "version", "why", "verdicts"}


def test_rules_reads_every_entry_completely() -> None:
    """Each entry of rules.toml has the keys that its header documents, and no other."""
    entries = tomllib.loads(REGISTRY.read_text("utf-8"))
    assert len(entries) > 50
    assert list(rules()) == list(entries)
    for id, entry in entries.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", id)
        assert set(entry) == KEYS, id
        assert tuple(entry["verdicts"]) == CONSUMERS, id
        assert set(entry["verdicts"].values()) <= set(VERDICTS), id
        assert entry["version"] in PARTS, id


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.id)
def test_a_rule_is_major_exactly_if_it_breaks_a_consumer(rule: Rule) -> None:
    """A version tells who is broken: no breaking change is minor, and no other one is major."""
    assert (rule.version == "major") == rule.breaks()
    assert rule.level == ("error" if rule.breaks() else "warn")
    assert bool(rule.why) == (set(rule.verdicts.values()) != {"safe"})


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.id)
def test_format_fills_every_field(rule: Rule) -> None:
    """A message names what it is about, and shows each value once."""
    values = {field: f"<{field}>" for field in rule.fields}
    text = rule.format("aws.volume", "size", "unit", values)
    assert "{" not in text
    for value in values.values():
        assert text.count(value) == 1
    assert {SUBJECT, *PLACES, *rule.fields} & set(re.findall(r"\{(\w+)\}", rule.message))
    assert rule.sentence.endswith(".")
    assert not rule.message.endswith(".")


@pytest.mark.parametrize(
    ("column", "member", "values", "subject"),
    [
        ("", "", {}, "table aws.volume"),
        ("size", "", {}, "column size"),
        ("size", "unit", {}, "member unit of column size"),
        ("", "", {"parameter": "account"}, "parameter account"),
        ("", "", {"structure": "ec2.Unit"}, "structure ec2.Unit"),
        ("", "Name", {"structure": "ec2.Unit"}, "member Name of structure ec2.Unit"),
    ],
)
def test_format_names_the_subject(
    column: str, member: str, values: dict[str, str], subject: str
) -> None:
    """The subject is the innermost element that a finding is about."""
    rule = rules()["description-changed"]
    text = rule.format("aws.volume", column, member, values)
    assert text == f"the description of {subject} changed"


def test_format_takes_values_as_data() -> None:
    """Braces in a name are characters, and never fields."""
    text = rules()["table-renamed"].format(
        "aws.{old}", "", "", {"old": "aws.{0.__class__}", "certainty": "probably "}
    )
    assert text == "table aws.{old} was probably renamed from aws.{0.__class__}"
