"""schemagen.catalog_source: catalogues of files, folders and git revisions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from checkouts import git
from projects import page, pages, run
from schemagen import api
from schemagen.diagnostics import ProblemsFound


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two commits: in the second, the table has a column more."""
    folder = tmp_path_factory.mktemp("project")
    row = "Name | a | core | string"
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "empty", [])
    commit(folder, "small", [row])
    commit(folder, "large", [row, "Size | b | core | int64"])
    return folder


def commit(folder: Path, tag: str, rows: list[str]) -> None:
    if rows:
        pages(folder, {"ddsql/dd/dd.bed.dataset.md": page("dd.bed", *rows)})
        api.build(api.settings(folder))
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", tag)
    git(folder, "tag", tag)


def columns(source: Path | str, project: Path) -> list[str]:
    catalog = api.load_catalog(source, api.settings(project))
    return [column.name for column in catalog.tables["dd.bed"].columns]


def problem(source: Path | str, project: Path) -> str:
    with pytest.raises(ProblemsFound) as caught:
        api.load_catalog(source, api.settings(project))
    (found,) = caught.value.problems
    return str(found)


@pytest.mark.parametrize(
    "path", ["", "generated", "generated/ddsql_schemas", "generated/ddsql_schemas/catalog.json"]
)
def test_load_reads_files_and_folders(built: Path, path: str) -> None:
    """The project, its output folder, the package and the file lead to one catalogue, as a path or as
    a string."""
    assert columns(built / path, built) == columns(str(built / path), built) == ["a", "b"]


def test_load_reads_revisions(built: Path) -> None:
    """A tag, a branch and an expression are revisions."""
    assert columns("small", built) == columns("main~1", built) == ["a"]
    assert columns("main", built) == ["a", "b"]


def test_load_reads_a_revision_of_a_project_inside_a_repository(tmp_path: Path) -> None:
    """The project need not be the root of its repository, and its output not be inside it."""
    git(tmp_path, "init", "--quiet")
    inner = tmp_path / "inner"
    inner.mkdir()
    pages(inner, {"ddsql/dd/dd.bed.dataset.md": page("dd.bed", "Name | a | core | string")})
    (inner / "schemagen.toml").write_text('out = "../beside"\npackage = "beds"\n')
    api.build(api.settings(inner))
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "--quiet", "-m", "all")
    assert columns("HEAD", inner) == ["a"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("empty", "empty:generated/ddsql_schemas/catalog.json:1:1: SG603 the revision has no"),
        ("nothing", "nothing:generated/ddsql_schemas/catalog.json:1:1: SG603 there is no file"),
        ("--output=x", "SG603 '--output=x' is neither a path nor a git revision"),
        ("a\0b", "SG603 'a\\x00b' is neither a path nor a git revision"),
        ("$(touch x)", "SG603 there is no file '$(touch x)'"),
    ],
)
def test_load_refuses_what_is_no_revision(
    built: Path, source: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What git does not know is a problem, and nothing reaches it as an option or a command."""
    monkeypatch.chdir(tmp_path)
    assert message in problem(source, built)
    assert list(tmp_path.iterdir()) == []


def test_load_never_runs_filters_of_the_repository(built: Path, tmp_path: Path) -> None:
    """A text conversion that a repository configures is not run."""
    copy = Path(shutil.copytree(built, tmp_path / "copy"))
    ran = tmp_path / "ran"
    git(copy, "config", "diff.evil.textconv", f"touch {ran} #")
    (copy / ".git/info/attributes").write_text("*.json diff=evil\n")
    assert columns("small", copy) == ["a"]
    assert not ran.exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", ":1:1: SG601 is not JSON: Expecting value"),
        (b'{\n"format" 1\n}', ":2:10: SG601 is not JSON: Expecting ':'"),
        (b'{"a": "\xff"}', ":1:8: SG601 is not UTF-8"),
        (b"[" * 100_000, ":1:1: SG601 the catalogue is nested too deeply"),
        (b"9" * 5_000, ":1:1: SG601 is not a catalogue"),
        (b'{\n"format": 7\n}', ":2:1: SG602 format 7 was written by a newer schemagen"),
        (b'{\n"format": 0\n}', ":2:1: SG601 \"format\" must be"),
        (b'{"format": 1,\n"package": "", "version": "", "tables": {}, "structures": {},\n'
         b'"tables": {}}', ':3:1: SG601 duplicate key "tables"'),
        (b'{"format": 1, "package": "", "version": "", "tables": {}, "structures": {"s.A": {\n'
         b'"model": "A", "members": [{"name": "B", "key": "b", "shape": {"list":\n"strnig"}}]}}}',
         ':2:63: SG601 unknown scalar "strnig"; known scalars: string'),
    ],
)  # fmt: skip
def test_load_reports_malformed_files(tmp_path: Path, data: bytes, message: str) -> None:
    """A file that is no catalogue is a problem with its place."""
    path = tmp_path / "catalog.json"
    path.write_bytes(data)
    assert f"{path.as_posix()}{message}" in problem(path, tmp_path)


def test_load_reports_missing_files(tmp_path: Path) -> None:
    """A path that leads nowhere, a folder without and one with two catalogues are problems."""
    assert "SG601 cannot be read: No such file" in problem(tmp_path / "none", tmp_path)
    assert "SG601 no catalog.json is in this folder" in problem(tmp_path, tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "catalog.json").write_text("{}")
    assert "SG601 the folder has several catalogues" in problem(tmp_path, tmp_path)


def test_catalog_command_shows_a_revision(built: Path) -> None:
    """`schemagen catalog` prints the tables of the output folder or of a revision."""
    assert "dd.bed\t2\t" in run(built, "catalog").stdout
    assert "dd.bed\t1\t" in run(built, "catalog", "small").stdout
    text = run(built, "catalog", "small", "--format", "json").stdout
    (built / "small.json").write_text(text)
    try:
        assert columns(built / "small.json", built) == ["a"]
    finally:
        (built / "small.json").unlink()
    failed = run(built, "catalog", "--", "-x")
    assert (failed.returncode, failed.stdout) == (2, "")
