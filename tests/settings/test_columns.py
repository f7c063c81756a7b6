"""schemagen.settings.columns: rules that give columns another type, and rules that match nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from projects import page, pages, run
from schemagen import api
from schemagen.settings.load import load_settings

ROWS = ("A | a_id | core | string", "B | b | core | int64")


def project(folder: Path, rule: str) -> Path:
    """Make a project of two tables and one rule, whose lines follow ``[[columns]]``."""
    files = {f"ddsql/dd.{name}.dataset.md": page(f"dd.{name}", *ROWS) for name in ("one", "two")}
    pages(folder, files)
    (folder / "schemagen.toml").write_text(f"[[columns]]\n{rule}\n")
    return folder


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            'table = "dd.on"\ncolumn = "b"\ntype = "json"',
            "2:1: SG306 no page has the id dd.on; did you mean 'dd.one'?",
        ),
        (
            'table = "dd.one"\ncolumn = "a_di"\ntype = "json"',
            "3:1: SG306 dd.one has no column 'a_di'; did you mean 'a_id'?",
        ),
        (
            'table = "dd.one"\ncolumn = "b"\nwas = "string"\ntype = "json"',
            "4:1: SG306 dd.one.b is int64 on its page, not string",
        ),
        (
            'column = "*_uuid"\ntype = "json"',
            "1:1: SG306 no column matches *.*_uuid; correct the patterns, or delete the rule",
        ),
        (
            'table = "dd.*"\nwas = "float64"\ntype = "json"',
            "1:1: SG306 no column matches dd.*.* with the type float64; correct the patterns, or"
            " delete the rule",
        ),
    ],
)
def test_rules_that_match_no_column_are_problems(tmp_path: Path, rule: str, expected: str) -> None:
    """A rule without effect is reported at the key that is wrong, by every command that reads pages."""
    settings = load_settings(project(tmp_path, rule))
    for read in (api.read, api.build, api.coverage, api.bind):
        with pytest.raises(api.ProblemsFound) as caught:
            read(settings)
        assert [str(problem) for problem in caught.value.problems] == [f"schemagen.toml:{expected}"]


@pytest.mark.parametrize(
    "rule",
    [
        'table = "dd.one"\ncolumn = "b"\ntype = "json"',
        'column = "*_id"\nwas = "string"\ntype = "json"',
    ],
)
def test_rules_are_checked_when_few_pages_are_read(tmp_path: Path, rule: str) -> None:
    """A build that reads one changed page accepts rules for the others, and notices a lost column."""
    folder = project(tmp_path, rule)
    assert run(folder, "build").returncode == 0
    other = folder / "docs_src/ddsql/dd.two.dataset.md"
    other.write_text(page("dd.two", "B | b | core | bool"))
    assert run(folder, "build").returncode == 0
    changed = folder / "docs_src/ddsql/dd.one.dataset.md"
    changed.write_text(page("dd.one", "C | c | core | string"))
    done = run(folder, "build", "--full")
    assert done.returncode == 2
    assert "SG306" in done.stderr


def test_a_rule_for_a_deleted_page_is_a_problem(tmp_path: Path) -> None:
    """A rule that names a table is checked even if all other tables are up to date."""
    folder = project(tmp_path, 'table = "dd.one"\ncolumn = "b"\ntype = "json"')
    assert run(folder, "build").returncode == 0
    (folder / "docs_src/ddsql/dd.one.dataset.md").unlink()
    done = run(folder, "build")
    assert (done.returncode, done.stderr) == (
        2,
        "schemagen.toml:2:1: SG306 no page has the id dd.one; did you mean 'dd.two'?\n",
    )


def test_problems_of_settings_and_pages_are_reported_together(tmp_path: Path) -> None:
    """Invalid settings do not hide invalid pages; data types wait until the settings are valid."""
    folder = project(tmp_path, 'colum = "b"\ntype = "json"')
    bad = folder / "docs_src/ddsql/dd.two.dataset.md"
    bad.write_text(page("dd.two", "A | a | cor | string", "B | b | core | made_type"))
    for command in ("build", "inspect", "bind", "coverage"):
        done = run(folder, command)
        assert done.returncode == 2
        codes = [line.split()[1] for line in done.stderr.splitlines()]
        assert codes == ["SG115", "SG302"], done.stderr
    assert [line.split()[1] for line in run(folder, "types").stderr.splitlines()] == ["SG302"]


LOCK = """{
  "service": "ec2",
  "tables": {
    "aws.host": {
      "operation": "GetHost",
      "path": "@",
      "columns": {
        "size": {"member": "Size", "evidence": "name"},
        "created": {"member": "Created", "evidence": "name"},
        "account_id": {"derived": "account_from_arn", "member": "Arn"}
      },
      "auxiliary": {},
      "unbound": []
    }
  },
  "outputs": {"GetHost": "GetHostResult"},
  "shapes": {
    "GetHostResult": {"Arn": "string", "Created": "timestamp", "Size": "string"}
  },
  "enumerations": {}
}
"""


def bound_project(folder: Path, rule: str) -> Path:
    """Make a project of one bound table and one rule, whose lines follow ``[[columns]]``."""
    rows = [f"X | {name} | core | string" for name in ("size", "created", "account_id")]
    pages(folder, {"ddsql/aws.host.dataset.md": page("aws.host", *rows)})
    (folder / "bindings/aws").mkdir(parents=True)
    (folder / "bindings/aws/ec2.json").write_text(LOCK)
    (folder / "schemagen.toml").write_text(f"[[columns]]\n{rule}\n")
    return folder


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            'column = "size"\ntype = "int64"',
            "3:1: SG310 aws.host.size cannot be int64: it is filled from ec2.GetHostResult.Size,"
            " which is string in bindings/aws/ec2.json:18; restrict the rule, or bind the column to"
            " a member of this type with an override",
        ),
        (
            'table = "aws.host"\ncolumn = "size"\ntype = "array<string>"',
            "4:1: SG310 aws.host.size cannot be array<string>: it is filled from"
            " ec2.GetHostResult.Size, which is string in bindings/aws/ec2.json:18; restrict the"
            " rule, or bind the column to a member of this type with an override",
        ),
        (
            'column = "account_id"\ntype = "int64"',
            "3:1: SG310 aws.host.account_id cannot be int64: it is filled from an ARN or an account,"
            " which is string in bindings/aws/ec2.json:10; restrict the rule, or bind the column to"
            " a member of this type with an override",
        ),
    ],
)
def test_rules_that_no_mapper_can_follow_are_problems(
    tmp_path: Path, rule: str, expected: str
) -> None:
    """A type to which no value of the bound member converts is reported at the rule and at the lock."""
    settings = load_settings(bound_project(tmp_path, rule))
    for build in (api.render, api.build):
        with pytest.raises(api.ProblemsFound) as caught:
            build(settings)
        assert [str(problem) for problem in caught.value.problems] == [f"schemagen.toml:{expected}"]


@pytest.mark.parametrize(
    "rule",
    ['column = "size"\ntype = "json"', 'column = "created"\ntype = "timestamp"'],
)
def test_rules_that_a_mapper_can_follow_are_accepted(tmp_path: Path, rule: str) -> None:
    """A rule that gives a bound column another type that its member converts to is no problem."""
    settings = load_settings(bound_project(tmp_path, rule))
    assert "ddsql_schemas/mappers/aws/host.py" in api.render(settings)
