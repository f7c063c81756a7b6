"""The setting `rules`: the levels of rules, for all tables and for some."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemagen.diagnostics import ProblemsFound
from schemagen.rules.registry import rules
from schemagen.settings.load import Settings, load_settings
from schemagen.settings.rule_levels import RuleLevels

LEVELS = """\
[tool.schemagen.rules]
description-changed = "off"
column-removed = "error"

[tool.schemagen.rules."aws.s3_*"]
column-removed = "warn"
column-added = "error"

[tool.schemagen.rules."aws.s3_bucket"]
column-removed = "off"
"""


def settings(folder: Path, text: str) -> Settings:
    (folder / "pyproject.toml").write_text(text, "utf-8")
    return load_settings(folder)


@pytest.mark.parametrize(
    ("rule", "table", "level"),
    [
        ("description-changed", "aws.s3_bucket", "off"),
        ("column-removed", "aws.volume", "error"),
        ("column-removed", "aws.s3_object", "warn"),
        ("column-removed", "aws.s3_bucket", "off"),
        ("column-added", "aws.s3_bucket", "error"),
        ("column-added", "aws.volume", None),
        ("table-added", "aws.volume", None),
    ],
)
def test_chosen_takes_the_last_pattern_that_matches(
    tmp_path: Path, rule: str, table: str, level: str | None
) -> None:
    """A pattern precedes what is set for all tables, and the last of several decides."""
    levels = settings(tmp_path, LEVELS).rules
    assert levels.chosen(rules()[rule], table) == level


def test_unused_names_patterns_that_match_no_table(tmp_path: Path) -> None:
    """A pattern with a typing error does not pass unnoticed; its line is known."""
    levels = settings(tmp_path, LEVELS).rules
    assert [entry.tables for entry in levels.unused(["aws.s3_object"])] == ["aws.s3_bucket"]
    assert [entry.position.line for entry in levels.unused([])] == [5, 9]


def test_a_project_without_the_setting_chooses_no_level(tmp_path: Path) -> None:
    """Without settings, the verdicts of the rules decide."""
    assert settings(tmp_path, "[tool.schemagen]\n").rules == RuleLevels()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            'column-remove = "off"',
            "schemagen.toml:2:1: SG302 unknown rule 'column-remove'; did you mean 'column-removed'?; "
            "`schemagen rules` lists all of them",
        ),
        (
            'column-removed = "fatal"',
            "schemagen.toml:2:1: SG302 rules.column-removed must be one of 'off', 'warn', 'error', not "
            "'fatal'",
        ),
        (
            '"aws.*" = "off"',
            "schemagen.toml:2:1: SG302 rules.'aws.*' must be a table of rules and levels, not 'off'",
        ),
        (
            '"aws.*" = { column-removed = 1 }',
            "schemagen.toml:2:13: SG302 rules.aws.*.column-removed must be one of 'off', 'warn', "
            "'error', not 1",
        ),
    ],
)
def test_what_is_no_rule_or_level_is_a_problem_with_its_line(
    tmp_path: Path, text: str, problem: str
) -> None:
    """Every mistake is reported at its entry."""
    (tmp_path / "schemagen.toml").write_text(f"[rules]\n{text}\n", "utf-8")
    with pytest.raises(ProblemsFound) as raised:
        load_settings(tmp_path)
    assert str(raised.value) == problem
