"""`schemagen release`: the next version and its changelog, and no other change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from histories import PLANTS, SIZE, commit, git, repository, write
from projects import run, tree
from schemagen.evolution.releases import with_section

SECTION = "## 2.0.0\n\n- new\n"
SETTINGS = (
    '# ours\n\n[tool.schemagen] # of the garden\npackage_version="0.1.0"\nout = "generated"\n'
)


@pytest.mark.parametrize(
    ("changelog", "expected"),
    [
        ("", "# T\n\n## 2.0.0\n\n- new\n"),
        ("# Ours\n", "# Ours\n\n## 2.0.0\n\n- new\n"),
        ("# Ours\n\n## 1.0.0\n\n- old\n", "# Ours\n\n## 2.0.0\n\n- new\n\n## 1.0.0\n\n- old\n"),
        (
            "# Ours\n\n## [Unreleased]\n\n- soon\n\n## 1.0.0\n",
            "# Ours\n\n## [Unreleased]\n\n- soon\n\n## 2.0.0\n\n- new\n\n## 1.0.0\n",
        ),
        ("# Ours\r\n\r\n## 1\r\n", "# Ours\r\n\r\n## 2.0.0\r\n\r\n- new\r\n\r\n## 1\r\n"),
    ],
)
def test_with_section_adds_above_the_last_release(changelog: str, expected: str) -> None:
    """Sections are sorted from new to old, and line ends stay."""
    assert with_section(changelog, SECTION, "# T") == expected


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A released bed, from which the plants were removed since, and whose description changed."""
    folder = repository(tmp_path / "project")
    (folder / "pyproject.toml").write_text(SETTINGS, "utf-8")
    write(folder, "dd.bed", SIZE, PLANTS)
    commit(folder, "Release 0.1.0")
    write(folder, "dd.bed", SIZE.replace("metres", "feet"), "New | new | core | string")
    commit(folder, "Remove the plants")
    return folder


def test_release_writes_the_version_and_the_changelog(project: Path) -> None:
    """Both files say what the build then packs; the settings keep their other bytes."""
    before = tree(project)
    done = run(project, "release")
    assert (done.returncode, done.stdout) == (0, "0.2.0\n")
    assert "0.1.0 -> 0.2.0: 3 changes since git:" in done.stderr
    after = tree(project)
    changed = {path for path in after if before.get(path) != after[path]}
    assert changed == {"pyproject.toml", "package-changelog.md"}
    assert after["pyproject.toml"].decode() == SETTINGS.replace('"0.1.0"', '"0.2.0"')
    assert after["package-changelog.md"].decode() == (
        "# Changelog of ddsql-schemas\n\n## 0.2.0\n\n### Breaking\n\n"
        "- `dd.bed: column plants was removed; its type was hstore`, which breaks sql-reader, sql-writer,"
        " json-reader, python-user\n\n"
        "### Changed\n\n- `dd.bed: column new was added, with type string`\n\n"
        "### Other\n\n- `dd.bed: the description of column size changed`\n"
    )
    assert run(project, "build").returncode == 0
    generated = (project / "generated/pyproject.toml").read_text("utf-8")
    assert 'version = "0.2.0"' in generated
    assert "## 0.2.0" in (project / "generated/CHANGELOG.md").read_text("utf-8")


def test_builds_read_no_tags(project: Path, tmp_path: Path) -> None:
    """The version is that of the settings, whatever the repository calls its commits: without one, the files
    are the same."""
    bare = tmp_path / "bare"
    shutil.copytree(project, bare, ignore=shutil.ignore_patterns(".git", "generated"))
    git(project, "tag", "v9.9.9")
    git(project, "tag", "--annotate", "--message", "Release 7.0.0", "package-v7.0.0")
    shutil.rmtree(project / "generated")
    for folder in (project, bare):
        assert run(folder, "build").returncode == 0
    files = tree(project / "generated")
    assert files == tree(bare / "generated")
    assert b'version = "0.1.0"' in files["pyproject.toml"]


def test_release_follows_the_levels_of_the_settings(project: Path) -> None:
    """Rules that are off are not in the changelog, and `warn` breaks nobody."""
    with (project / "pyproject.toml").open("a") as settings:
        settings.write(
            '[tool.schemagen.rules]\ncolumn-removed = "warn"\ndescription-changed = "off"\n'
        )
    done = run(project, "release", "--dry-run")
    assert done.stdout == (
        "## 0.1.1\n\n### Changed\n\n- `dd.bed: column new was added, with type string`\n"
        "- `dd.bed: column plants was removed; its type was hstore`\n"
    )


def test_release_takes_a_version_and_what_to_compare_with(project: Path) -> None:
    """Both can be chosen; nothing is written by a dry run."""
    before = tree(project)
    done = run(project, "release", "HEAD~1", "--version", "1.0.0", "--dry-run")
    assert done.stdout.startswith("## 1.0.0\n\n### Breaking\n")
    assert tree(project) == before


def test_release_of_nothing_writes_nothing(project: Path) -> None:
    """Without changes, there is no release."""
    before = tree(project)
    done = run(project, "release", "HEAD")
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing has changed since HEAD: no release is needed" in done.stderr
    assert tree(project) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--version", "0.1.0"), "0.1.0 does not follow 0.1.0"),
        (("--version", "later"), "'later' is no version as PEP 440 defines it"),
        (("nowhere",), "SG603 there is no file 'nowhere', and no git revision of that name"),
    ],
)
def test_release_refuses_wrong_arguments(
    project: Path, arguments: tuple[str, ...], message: str
) -> None:
    """Wrong versions and revisions are errors, and nothing is written."""
    before = tree(project)
    done = run(project, "release", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert tree(project) == before


def test_release_asks_for_the_last_one_if_it_is_not_committed(project: Path) -> None:
    """A version that was incremented by hand has no commit to compare with."""
    (project / "pyproject.toml").write_text(SETTINGS.replace("0.1.0", "0.3.0"), "utf-8")
    done = run(project, "release")
    assert done.returncode == 2
    assert "no commit has a catalogue of version 0.3.0" in done.stderr


def test_release_refuses_a_changelog_outside_of_the_project(project: Path) -> None:
    """Nothing outside of the project's folder is written."""
    with (project / "pyproject.toml").open("a") as settings:
        settings.write('changelog = "../changelog.md"\n')
    done = run(project, "release")
    assert done.returncode == 2
    assert "SG501 is outside of the project's folder" in done.stderr
    assert not (project.parent / "changelog.md").exists()


def test_release_makes_settings_for_a_project_without(project: Path) -> None:
    """A project that uses the defaults gets a settings file with its version."""
    (project / "pyproject.toml").unlink()
    assert run(project, "release").stdout == "0.2.0\n"
    assert (project / "schemagen.toml").read_text("utf-8") == 'package_version = "0.2.0"\n'
