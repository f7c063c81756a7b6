"""`schemagen rules` and docs/rules.md show the whole registry."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from projects import CHECKOUT, run
from schemagen.rules.registry import CONSUMERS, other_tools, rules

PAGE = CHECKOUT / "docs/rules.md"


def test_rules_page_is_made_from_the_registry(
    golden: Callable[[str, Path], None], tmp_path: Path
) -> None:
    """docs/rules.md is what `schemagen rules --format markdown` prints."""
    golden(run(tmp_path, "rules", "--format", "markdown").stdout, PAGE)


def test_rules_page_has_a_section_for_every_rule_and_a_row_for_every_other_tools_rule() -> None:
    """No rule is missing on the page, and links lead to sections."""
    text = PAGE.read_text("utf-8")
    sections = re.findall(r"^### ([a-z-]+)$", text, re.MULTILINE)
    assert set(rules()) <= set(sections)
    assert set(re.findall(r"\]\(#([a-z-]+)\)", text)) == set(rules())
    for tool in other_tools():
        for id in tool.rules:
            assert f"\n| `{id}` | " in text


def test_rules_lists_the_levels_of_the_settings(tmp_path: Path) -> None:
    """In a pipe, a line has the rule, its level, its part of the version and all verdicts."""
    (tmp_path / "schemagen.toml").write_text('[rules]\ncolumn-removed = "warn"\n', "utf-8")
    lines = run(tmp_path, "rules").stdout.strip().splitlines()
    assert lines[0] == "\t".join(("rule", "level", "version", *CONSUMERS, "what changed"))
    assert len(lines) == len(rules()) + 1
    assert [line for line in lines if line.startswith("column-removed\t")] == [
        "column-removed\twarn\tmajor\tbreaking\tbreaking\tbreaking\tbreaking\twarning\tA column is gone."
    ]


def test_rules_prints_json(tmp_path: Path) -> None:
    """Programs get every rule, or one, with the levels of tables."""
    (tmp_path / "schemagen.toml").write_text(
        '[rules."aws.s3_*"]\ncolumn-removed = "off"\n', "utf-8"
    )
    every = json.loads(run(tmp_path, "rules", "--format", "json").stdout)
    assert [entry["rule"] for entry in every] == list(rules())
    entry = json.loads(run(tmp_path, "rules", "column-removed", "--format", "json").stdout)
    assert entry in every
    assert entry["level"] == entry["default_level"] == "error"
    assert entry["levels_of_tables"] == {"aws.s3_*": "off"}
    assert entry["verdicts"]["sync"] == "warning"
    assert entry["equivalents"]["Atlas"] == ["DS103"]


def test_rules_explains_one_rule(tmp_path: Path) -> None:
    """A terminal shows verdicts, the reason for them, and what other tools call the change."""
    shown = run(tmp_path, "rules", "binding-lost").stdout
    assert shown.startswith("binding-lost: A column is no longer filled.\n")
    assert "  sync         warning\n" in shown
    assert rules()["binding-lost"].why in shown


def test_rules_refuses_an_unknown_rule(tmp_path: Path) -> None:
    """A typing error is a usage error with the rule that was meant."""
    done = run(tmp_path, "rules", "column-remove")
    assert done.returncode == 2
    assert "unknown rule 'column-remove'; did you mean 'column-removed'?" in done.stderr
