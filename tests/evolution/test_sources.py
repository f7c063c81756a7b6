"""schemagen.evolution.sources: what is compared, where it comes from, and what of it is decoded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from checkouts import git
from projects import page, pages
from schemagen import api, catalog_source
from schemagen.diagnostics import ProblemsFound
from schemagen.evolution import sources
from schemagen.evolution.sources import Place, Source

ROWS = ["Name | a | core | string", "Size | b | core | int64"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of two tables, built and committed."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "--quiet")
    write(folder, "dd.bed", *ROWS)
    write(folder, "dd.row", ROWS[0])
    api.build(api.settings(folder))
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "built")
    monkeypatch.chdir(folder)
    return folder


def write(folder: Path, table: str, *rows: str) -> None:
    pages(folder, {f"ddsql/dd/{table}.dataset.md": page(table, *rows)})


def read(spec: str, folder: Path) -> Source:
    return sources.read(spec, api.settings(folder))


def columns(source: Source) -> list[str]:
    return [column.name for column in source.catalog.tables["dd.bed"].columns]


def place(source: Source) -> str:
    return str(source.table_place(source.catalog.tables["dd.bed"]))


def problem(spec: str, folder: Path) -> str:
    with pytest.raises(ProblemsFound) as caught:
        read(spec, folder)
    (found,) = caught.value.problems
    return str(found)


def test_read_takes_pages_as_they_are(project: Path) -> None:
    """The project's pages, and nothing else that names them, show an edit before it is built."""
    write(project, "dd.bed", *ROWS, "Soil | c | core | string")
    assert columns(read("", project)) == columns(read("docs_src", project)) == ["a", "b", "c"]
    for spec in ("generated", "generated/ddsql_schemas/catalog.json", ".", "git:HEAD", "HEAD"):
        assert columns(read(spec, project)) == ["a", "b"], spec


def test_read_of_pages_equals_a_build(project: Path) -> None:
    """What is read from changed pages is byte for byte the catalogue that a build then writes, also with a
    page less, and without a build before."""
    write(project, "dd.bed", ROWS[1])
    (project / "docs_src/ddsql/dd/dd.row.dataset.md").unlink()
    before = read("", project).file.data
    shutil.rmtree(project / "generated")
    unbuilt = read("", project).file.data
    api.build(api.settings(project))
    assert (project / "generated/ddsql_schemas/catalog.json").read_bytes() == before == unbuilt
    assert read("", project).file.data == before


def test_read_takes_folders_of_revisions(project: Path) -> None:
    """The folder of a revision is the package, the output folder, one above, or the file itself."""
    git(project, "mv", "generated", "other")
    git(project, "commit", "--quiet", "-m", "moved")
    assert columns(read("git:HEAD~1", project)) == ["a", "b"]
    for folder in ("other", "other/ddsql_schemas", "other/ddsql_schemas/catalog.json"):
        assert columns(read(f"git:HEAD:{folder}", project)) == ["a", "b"]
    assert "SG603 the revision has no catalogue there" in problem("git:HEAD", project)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "git:v9",
            "v9:generated/ddsql_schemas/catalog.json:1:1: SG603 there is no git revision 'v9'",
        ),
        ("git:HEAD:docs_src", "HEAD:docs_src:1:1: SG603 the revision has no folder 'docs_src'"),
        ("git:HEAD:../..", "SG603 the revision has no folder '../..'"),
        ("git:", "SG603 '' is neither a path nor a git revision"),
        ("git:--output=x", "SG603 '--output=x' is neither a path nor a git revision"),
        ("git:HEAD:a\0b", "SG603 'HEAD' is neither a path nor a git revision"),
        ("package:nothing_such", "package:nothing_such:1:1: SG603 no package 'nothing_such'"),
        ("package:json", "package:json:1:1: SG603 the package has no catalog.json"),
        ("package:os.path", "SG603 no package 'os.path'"),
        ("package:__main__", "SG603 no package '__main__'"),
        ("package:../x", "SG603 no package '../x'"),
        ("nothing", "SG603 there is no file 'nothing', and no git revision"),
        ("a\0b", "SG603 'a\\x00b' is neither a path nor a git revision"),
        ("empty", "empty:1:1: SG601 no catalog.json is in this folder"),
    ],
)
def test_read_refuses_what_has_no_catalogue(project: Path, spec: str, message: str) -> None:
    """What is missing, empty or no name at all is one problem, which names it."""
    (project / "empty").mkdir()
    (project / "empty/notes.md").write_text("no page")
    assert message in problem(spec, project)


def test_read_takes_an_installed_package_without_importing_it(project: Path) -> None:
    """A package is found where Python would find it, and none of its code runs."""
    package = project / "generated/ddsql_schemas"
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    program = (
        "from schemagen import api; from schemagen.evolution import sources;"
        "source = sources.read('package:ddsql_schemas', api.settings('.'));"
        "print(list(source.catalog.tables), source.table_place(source.catalog.tables['dd.bed']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(project / "generated")},
        capture_output=True,
        text=True,
        check=True,
    )
    place = "package:ddsql_schemas:docs_src/ddsql/dd/dd.bed.dataset.md:10"
    assert done.stdout.strip() == f"['dd.bed', 'dd.row'] {place}"


def test_places_lead_to_the_pages_of_their_source(project: Path, tmp_path: Path) -> None:
    """A place has the path from the current project, and the revision where it is not the file on disk."""
    page = "docs_src/ddsql/dd/dd.bed.dataset.md:10"
    assert place(read("", project)) == place(read("generated", project)) == page
    assert place(read("git:HEAD", project)) == f"HEAD:{page}"
    other = tmp_path / "other"
    other.mkdir()
    for spec in (project / "generated", project / "docs_src"):
        assert place(read(str(spec), other)) == f"{project.as_posix()}/{page}"
    shutil.copy(project / "generated/ddsql_schemas/catalog.json", tmp_path)
    assert place(read(str(tmp_path / "catalog.json"), other)) == page


def test_differing_decodes_only_tables_that_differ(project: Path) -> None:
    """Equal tables are left out on both sides; equal sources leave nothing."""
    old = read("git:HEAD", project)
    assert [dict(side.tables) for side in sources.differing(old, read("", project))] == [{}, {}]
    write(project, "dd.bed", ROWS[1])
    before, after = sources.differing(old, read("", project))
    assert list(before.tables) == list(after.tables) == ["dd.bed"]
    assert before.tables["dd.bed"] == old.catalog.tables["dd.bed"]
    assert [column.name for column in after.tables["dd.bed"].columns] == ["b"]


STRUCTURES = """\
{
"$comment": "made by hand",
"format": 1,
"package": "ddsql_schemas",
"version": "0.1.0",
"tables": {
"aws.direct": {
 "title": "T", "page": "p.md", "line": 1, "module": "m", "model": "M",
 "structures": ["s.Inner"]
},
"aws.other": {
 "title": "T", "page": "p.md", "line": 1, "module": "n", "model": "N",
 "structures": ["s.Other"]
},
"aws.through": {
 "title": "T", "page": "p.md", "line": 1, "module": "o", "model": "O",
 "structures": ["s.Inner", "s.Outer"]
}
},
"structures": {
"s.Inner": {
 "model": "Inner"
},
"s.Other": {
 "model": "Other"
},
"s.Outer": {
 "model": "Outer",
 "members": [
  {"name": "I", "key": "i", "shape": {"list": {"structure": "s.Inner"}}}
 ]
}
}
}
"""


def sources_of(tmp_path: Path, *texts: str) -> list[Source]:
    found: list[Source] = []
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.json").write_text(text)
        found.append(read(str(tmp_path / f"{number}.json"), tmp_path))
    return found


def test_differing_keeps_equal_tables_whose_structures_differ(tmp_path: Path) -> None:
    """A change of a structure concerns the tables that reach it, which bring along all that they reach."""
    changed = STRUCTURES.replace('"Inner"\n', '"Inside"\n')
    old, new = sources.differing(*sources_of(tmp_path, STRUCTURES, changed))
    assert list(old.tables) == list(new.tables) == ["aws.direct", "aws.through"]
    assert list(old.structures) == ["s.Inner", "s.Outer"]
    assert new.structures["s.Inner"].model == "Inside"


def test_differing_reads_files_in_another_layout(tmp_path: Path) -> None:
    """A file that is formatted in another way is compared by its content."""
    flat = " ".join(STRUCTURES.split("\n"))
    old, new = sources_of(tmp_path, STRUCTURES, flat)
    assert new.groups is None
    before, after = sources.differing(old, new)
    assert before == after
    assert len(after.tables) == 3


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"line": 1, "module": "n"', '"line": "1", "module": "n"', "1.json:12:32: SG601"),
        ('"format": 1', '"format": 9', "1.json:3:1: SG602"),
        ('"model": "Outer",', '"model": "Outer', "1.json:28:17: SG601"),
        ('{"structure": "s.Inner"}', '{"structure": "s.Iner"}', "1.json:30:48: SG601"),
        ('"aws.other"', '"aws.direct"', '1.json:11:1: SG601 duplicate key "aws.direct"'),
    ],
)
def test_differing_reports_problems_with_their_lines(
    tmp_path: Path, old: str, new: str, code: str
) -> None:
    """What is wrong in a table or structure that differs has its line in the whole file."""
    wrong = STRUCTURES.replace(old, new, 1)
    assert wrong != STRUCTURES
    pair = sources_of(tmp_path, STRUCTURES, wrong)
    with pytest.raises(ProblemsFound) as caught:
        sources.differing(*pair)
    assert code in str(caught.value)


def test_place_formats_revision_path_and_line() -> None:
    """A place reads as git and compilers write it."""
    assert str(Place("a.md", 3)) == "a.md:3"
    assert str(Place("a.md", 3, "v1")) == "v1:a.md:3"


def test_find_keeps_the_commit_of_a_revision(project: Path) -> None:
    """A revision that moves later is still the commit that was read."""
    found = catalog_source.find("git:HEAD", api.settings(project))
    assert len(found.commit) == 40
    assert (found.revision, found.path) == ("HEAD", None)
