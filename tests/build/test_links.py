"""Links that a checkout may carry lead no command out of its folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from projects import page, pages, run, tree
from schemagen import api
from schemagen.build.changes import STAGING

LINK = "is a link, and schemagen writes and removes nothing behind links; remove it"
PAGE = page("dd.a", "Name | a | core | string")
COMMANDS = (["build"], ["build", "--full"], ["build", "--check"], ["build", "--keep-going"])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = pages(tmp_path_factory.mktemp("links"), {"ddsql/dd/dd.a.dataset.md": PAGE})
    api.build(api.settings(folder))
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    """A built project beside a folder with files of somebody else."""
    (tmp_path / "victim").mkdir()
    for name in ("a.py", "a.json", "0", "manifest.json"):
        (tmp_path / "victim" / name).write_text("mine")
    return Path(shutil.copytree(built, tmp_path / "project"))


def refuses(project: Path, path: str, commands: tuple[list[str], ...] = COMMANDS) -> None:
    """Every command reports the link at ``path``, and leaves everything as it is."""
    before = tree(project.parent)
    for command in commands:
        done = run(project, *command)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{path}:1:1: SG501 {LINK}\n")
    assert tree(project.parent) == before


def test_build_empties_no_folder_behind_its_staging_folder(project: Path) -> None:
    """A link in the place of the folder where a build stages files is reported by every command."""
    (project / "generated" / STAGING).symlink_to("../../victim")
    refuses(project, f"generated/{STAGING}")


@pytest.mark.parametrize("folder", ["ddsql_schemas", "ddsql_schemas/models/dd"])
def test_build_writes_and_removes_nothing_behind_a_link(project: Path, folder: str) -> None:
    """A manifest may list files that are behind a link, with their right hashes: they are not removed when
    their page goes, and not overwritten."""
    (project / "generated" / folder).rename(project.parent / "outside")
    (project / "generated" / folder).symlink_to(project.parent / "outside")
    refuses(project, f"generated/{folder}")
    (project / "docs_src/ddsql/dd/dd.a.dataset.md").write_text(
        page("dd.b", "Name | a | core | string")
    )
    refuses(project, f"generated/{folder}")


def test_build_refuses_an_output_folder_that_is_a_link(project: Path) -> None:
    """The whole output folder may be a link in a checkout, too."""
    shutil.rmtree(project / "generated")
    (project / "generated").symlink_to("../victim")
    before = tree(project.parent)
    for command in COMMANDS:
        done = run(project, *command)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(
            "generated:1:1: SG501 is a link, and schemagen writes and removes"
        )
    assert tree(project.parent) == before


def test_bind_reports_links_in_the_folder_of_the_lock_files(project: Path) -> None:
    """`schemagen bind` stages in its folder as builds do in theirs."""
    (project / "bindings").mkdir()
    (project / "bindings" / STAGING).symlink_to("../../victim")
    refuses(project, f"bindings/{STAGING}", (["bind"], ["bind", "--check"], ["build"]))


def test_build_works_in_a_project_that_is_reached_by_a_link(project: Path) -> None:
    """A home or a project folder may be a link: it is the user's own."""
    (project.parent / "home").symlink_to("project")
    (project / "docs_src/ddsql/dd/dd.b.dataset.md").write_text(
        page("dd.b", "Name | a | core | string")
    )
    done = run(project.parent / "home", "build")
    assert done.returncode == 0
    assert (project / "generated/ddsql_schemas/models/dd/b.py").is_file()
