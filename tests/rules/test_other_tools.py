"""The tables of other tools' rules: complete, and true of ours."""

from __future__ import annotations

import tomllib

import pytest

from schemagen.rules.registry import OTHER_TOOLS, OtherTool, equivalents, other_tools, rules

# How many rules each tool has in the scope that the table names.
COUNTS = {"buf": 51, "atlas": 10, "datacontract-cli": 13, "graphql-inspector": 52}


def test_every_tool_has_all_its_rules() -> None:
    """No rule of a tool is left out, and the file has no other keys."""
    assert {tool.name: len(tool.rules) for tool in other_tools()} == COUNTS
    for entry in tomllib.loads(OTHER_TOOLS.read_text("utf-8")).values():
        assert set(entry) == {"title", "scope", "sources", "rules"}
        assert all(source.startswith("https://") for source in entry["sources"])


@pytest.mark.parametrize("tool", other_tools(), ids=lambda tool: tool.name)
def test_a_rule_is_one_of_ours_or_has_a_reason(tool: OtherTool) -> None:
    """Each rule leads to rules of the registry, or gives a sentence why we have no such rule."""
    assert tool.rules
    for id, equal in tool.rules.items():
        if isinstance(equal, str):
            assert equal.endswith("."), id
        else:
            assert equal, id
            assert set(equal) <= set(rules()), id


def test_equivalents_are_the_tables_the_other_way_round() -> None:
    """A rule names those of other tools that find the same change."""
    assert equivalents("column-removed") == {
        "Buf": ("FIELD_NO_DELETE",),
        "Atlas": ("DS103",),
        "datacontract-cli": ("property-added-or-removed",),
        "GraphQL Inspector": ("FIELD_REMOVED",),
    }


@pytest.mark.parametrize(
    "rule",
    ["binding-lost", "binding-moved", "key-format-changed", "permission-added", "calls-changed"],
)
def test_rules_about_values_and_calls_are_ours_alone(rule: str) -> None:
    """No other tool sees where values come from, or what filling a table takes."""
    assert rule in rules()
    assert equivalents(rule) == {}
