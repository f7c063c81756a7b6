"""`schemagen diff`: what it prints, and how it ends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from checkouts import git
from compared import catalog, column, table
from projects import CHECKOUT, page, pages, run
from schemagen import api
from schemagen.diagnostics import ProblemsFound
from schemagen.rules.registry import CONSUMERS, rules
from schemagen.runtime import catalog_json

PAGE = "ddsql/dd/dd.bed.dataset.md"
ROWS = ["Name | name | core | string", "Soil | soil | core | string | What grows in it."]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one table, built and committed."""
    pages(tmp_path, {PAGE: page("dd.bed", *ROWS)})
    api.build(api.settings(tmp_path))
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "--quiet", "-m", "built")
    return tmp_path


def test_diff_counts_warnings_in_the_plural(project: Path) -> None:
    """Of the verdicts, only "warning" is a noun."""
    more = [f"x{number} | x{number} | core | int64" for number in range(2)]
    pages(project, {PAGE: page("dd.bed", *ROWS, *more)})
    done = run(project, "diff")
    assert done.stderr == "2 differences between HEAD and docs_src: 2 warnings\n"


def test_diff_compares_the_last_commit_with_the_pages(project: Path) -> None:
    """Without arguments, an edit of a page shows before anything is built, with both places."""
    unchanged = run(project, "diff")
    assert (unchanged.returncode, unchanged.stdout) == (0, "")
    assert unchanged.stderr == "no differences between HEAD and docs_src\n"
    pages(project, {PAGE: page("dd.bed", ROWS[1], "Size | size | core | int64")})
    done = run(project, "diff")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "2 differences between HEAD and docs_src: 1 breaking, 1 warning\n"
    old, new = f"HEAD:docs_src/{PAGE}", f"docs_src/{PAGE}"
    broken = "sql-reader, sql-writer, json-reader, python-user"
    assert [line.split("\t") for line in done.stdout.splitlines() if line] == [
        ["verdict", "rule", "breaks", "old", "new", "what changed"],
        [
            *("warning", "column-added", "", f"{old}:10", f"{new}:18"),
            "dd.bed: column size was added, with type int64",
        ],
        [
            *("breaking", "column-removed", broken, f"{old}:17", f"{new}:10"),
            "dd.bed: column name was removed; its type was string",
        ],
    ]


def test_diff_takes_sources_on_both_sides(project: Path) -> None:
    """A folder, a file and a revision are compared in the order in which they are named."""
    pages(project, {PAGE: page("dd.bed", ROWS[0])})
    for old, new in (("git:HEAD", "docs_src"), ("generated", "docs_src")):
        assert "column-removed" in run(project, "diff", old, new).stdout
    found = run(project, "diff", "docs_src", "generated/ddsql_schemas/catalog.json").stdout
    assert "column-added" in found
    assert "column-removed" not in found


def test_diff_prints_json_for_programs(project: Path) -> None:
    """Each difference has its rule, subject, message, values, verdicts, level, part of the version and
    places."""
    pages(project, {PAGE: page("dd.bed", *ROWS, "Size | size | core | int64")})
    found = json.loads(run(project, "diff", "--format", "json").stdout)
    path = f"docs_src/{PAGE}"
    assert (found["old"], found["new"]) == ("HEAD", "docs_src")
    (difference,) = found["differences"]
    verdicts = difference.pop("verdicts")
    assert (verdicts["sql-reader"], verdicts["json-reader"]) == ("safe", "warning")
    assert difference == {
        "rule": "column-added",
        "table": "dd.bed",
        "column": "size",
        "member": "",
        "message": "dd.bed: column size was added, with type int64",
        "values": {"type": "int64"},
        "level": "warn",
        "version": "minor",
        "old": {"path": path, "line": 10, "origin": "HEAD"},
        "new": {"path": path, "line": 19, "origin": ""},
    }
    assert [found.difference.rule for found in api.diff(api.settings(project))] == ["column-added"]


def test_diff_leaves_out_rules_that_are_off(project: Path) -> None:
    """The settings turn rules off."""
    pages(project, {PAGE: page("dd.bed", *ROWS, "Size | size | core | int64")})
    (project / "schemagen.toml").write_text('docs = "docs_src"\n[rules]\ncolumn-added = "off"\n')
    done = run(project, "diff")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no differences" in done.stderr


def test_diff_escapes_what_pages_contain(tmp_path: Path) -> None:
    """Neither markup nor control characters of a page reach the terminal."""
    names = ("a\x1b[31m", "b\u202e")
    for name, columns in (("old", names[:1]), ("new", names)):
        made = catalog([table("aws.a", *map(column, columns))])
        (tmp_path / f"{name}.json").write_text(catalog_json.render(made, "made by hand"))
    done = run(tmp_path, "diff", "old.json", "new.json")
    assert "column-added" in done.stdout
    assert "\u202e" not in done.stdout
    assert "\\u202e" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("git:v9",), "SG603 there is no git revision 'v9' of this project"),
        (("nothing",), "SG603 there is no file 'nothing'"),
        (("empty",), "empty:1:1: SG601 no catalog.json is in this folder"),
        (("git:",), "SG603 '' is neither a path nor a git revision"),
        (("git:HEAD:nowhere",), "SG603 the revision has no folder 'nowhere'"),
        (("git:bare",), "SG603 the revision has no catalogue there"),
        (("package:json",), "SG603 the package has no catalog.json"),
        (("package:nothing",), "SG603 no package 'nothing' is installed"),
        (("git:HEAD:docs_src",), "SG603 the revision has no folder 'docs_src'"),
        (("newer.json",), "newer.json:3:1: SG602 format 99 was written by a newer schemagen"),
        (("generated", "gcp.json"), "gcp.json:1:1: SG604 has tables of gcp, and generated has"),
        (("a", "b", "c"), "Got unexpected extra argument (c)"),
    ],
)
def test_diff_refuses_bad_input(project: Path, arguments: tuple[str, ...], message: str) -> None:
    """A source that cannot be read or compared ends with status 2 and one line, and prints no data."""
    text = catalog_json.render(catalog([table("gcp.disk", column("a"))]), "made by hand")
    (project / "gcp.json").write_text(text)
    (project / "empty").mkdir()
    git(project, "checkout", "--quiet", "-b", "bare")
    git(project, "rm", "-r", "--quiet", "--cached", "generated")
    git(project, "commit", "--quiet", "-m", "nothing is generated")
    (project / "newer.json").write_text(text.replace('"format": 1', '"format": 99'))
    done = run(project, "diff", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_diff_reports_problems_of_pages(project: Path) -> None:
    """Pages that have problems are not compared; the problems have their lines."""
    pages(project, {PAGE: page("dd.bed", "Name | name | core | strnig")})
    with pytest.raises(ProblemsFound):
        api.diff(api.settings(project))
    done = run(project, "diff")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"docs_src/{PAGE}:17:24:" in done.stderr
    assert "SG118 unknown data type" in done.stderr


def test_documentation_compares_every_rule_with_datacontract_cli(
    golden: Callable[[str, Path], None],
) -> None:
    """The table of docs/diff.md has every rule, and whom it breaks; `benchmarks/changes_seen.py` prints
    it."""

    def with_breaks(row: re.Match[str]) -> str:
        verdicts = rules()[row[2]].verdicts
        broken = ", ".join(name for name in CONSUMERS if verdicts[name] == "breaking")
        return f"{row[1]} {broken or '–'} |"

    row = re.compile(r"^(\| \[([a-z-]+)\]\(rules\.md#[a-z-]+\) \|)[^|]+\|", re.MULTILINE)
    path = CHECKOUT / "docs/diff.md"
    text = path.read_text("utf-8")
    assert [found[2] for found in row.finditer(text)] == list(rules())
    golden(row.sub(with_breaks, text), path)
