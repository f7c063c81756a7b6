"""What an upgrade of schemagen changes in the output is in CHANGELOG.md, output by output."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.version import Version

import golden_releases
import golden_trees
from golden_releases import CHANGELOG, Release
from projects import CHECKOUT
from schemagen.targets.registry import TARGETS

RELEASES = golden_releases.releases()
each_release = pytest.mark.parametrize(
    "release", RELEASES, ids=[release.version for release in RELEASES]
)


@each_release
def test_inputs_of_releases_can_still_be_built(release: Release, tmp_path: Path) -> None:
    """Pages, lock files, settings and templates of every release are read by the current program, and
    the changelog has an entry for each output that differs from the newest one's."""
    assert release.projects.keys() >= set(golden_trees.PROJECTS[:1])
    changed: dict[str, list[str]] = {}
    differences: list[str] = []
    for name, project in release.projects.items():
        assert project.outputs
        (folder := tmp_path / name).mkdir()
        files = golden_releases.rendered(project, folder)
        for output, paths in golden_releases.changed_outputs(project.outputs, files).items():
            changed.setdefault(output, []).extend(paths)
        found = golden_trees.differences(project.outputs, files)
        differences.append(found.rpartition("\n\n")[0])  # without how to update the golden trees
    if release is not RELEASES[-1]:
        return
    changelog = CHANGELOG.read_text("utf-8")
    if found := golden_releases.faults(release.version, changed, changelog):
        pytest.fail("\n\n".join([found, *differences]), pytrace=False)


def test_newest_tree_is_that_of_the_newest_release() -> None:
    """The release that has the first heading of the changelog has a tree; before there is one, the tree of
    the development version from which changes are counted has a version below the first."""
    assert RELEASES
    newest = Version(RELEASES[-1].version)
    released = re.findall(r"^## \[(\d[^\]]*)\]", CHANGELOG.read_text("utf-8"), re.MULTILINE)
    if released:
        assert newest == Version(released[0])
    else:
        assert newest.is_devrelease


BEFORE = {
    "README.md": "1",
    "ddsql_schemas/ddl/duckdb/dd/a.sql": "1",
    "ddsql_schemas/ddl/postgres/dd/a.sql": "1",
    "ddsql_schemas/models/dd/a.py": "1",
}
LOG = """\
# Changelog

## [Unreleased]

### Added

- `pydantic`: this is about something else.

### Changed output

{entries}
### Fixed

- `pydantic`: so is this.

## [0.1.0] - 2026-01-01

### Changed output

- `pydantic`: an entry of another release.
"""


@pytest.mark.parametrize(
    ("after", "entries", "expected"),
    [
        (BEFORE, "", []),
        (
            {**BEFORE, "ddsql_schemas/models/dd/a.py": "2"},
            "",
            ["missing entry: - `pydantic`: ... (1 files, such as ddsql_schemas/models/dd/a.py)"],
        ),
        ({**BEFORE, "ddsql_schemas/models/dd/a.py": "2"}, "- `pydantic`: shorter.\n", []),
        (
            {
                **BEFORE,
                "ddsql_schemas/ddl/duckdb/dd/a.sql": "2",
                "ddsql_schemas/ddl/postgres/dd/a.sql": "2",
            },
            "- `duckdb`, `postgres`: comments `end` with a dot.\n",
            [],
        ),
        (BEFORE, "- `avro`: nothing.\n", ["superfluous entry: `avro`, which is as it was"]),
        (
            {path: text for path, text in BEFORE.items() if path != "README.md"},
            "",
            ["missing entry: - `README.md`: ... (1 files, such as README.md)"],
        ),
        ({**BEFORE, "README.md": "2"}, "- `README.md`: longer.\n", []),
        (
            {**BEFORE, "ddsql_schemas/arrow/dd/a.py": ""},
            "",
            ["missing entry: - `arrow`: ... (1 files, such as ddsql_schemas/arrow/dd/a.py)"],
        ),
    ],
)
def test_changed_outputs_need_an_entry_each(
    after: dict[str, str], entries: str, expected: list[str]
) -> None:
    """An output that changed, appeared or vanished without an entry is named, and so is an entry about an
    output that is as it was; entries of other sections and releases do not count."""
    changed = golden_releases.changed_outputs(BEFORE, after)
    found = golden_releases.faults("0.1.0", changed, LOG.format(entries=entries))
    assert [line.strip() for line in found.splitlines()[1:]] == expected


def test_every_file_belongs_to_an_output() -> None:
    """Files of the golden projects are found to be those of the target that writes them."""
    owners = {
        golden_releases.output_of(path)
        for project in golden_trees.PROJECTS
        for path in golden_trees.frozen(project)
    }
    targets = {target.name for target in TARGETS}
    assert owners > targets
    assert owners - targets >= {"pyproject.toml", "catalog.json", "load.py", "__init__.py"}
    assert not [owner for owner in owners - targets if "/" in owner]


def test_freezing_keeps_what_was_released(tmp_path: Path) -> None:
    """A frozen tree is read back as it is now, and is never written again."""
    golden_releases.freeze("1.10.0", tmp_path)
    golden_releases.freeze("1.9.0", tmp_path)
    found = golden_releases.releases(tmp_path)
    assert [release.version for release in found] == ["1.9.0", "1.10.0"]
    for name, project in found[0].projects.items():
        assert golden_trees.comparable(project.outputs) == golden_trees.frozen(name)
        assert any("/_runtime/" in path for path in project.outputs)
        assert "schemagen.toml" in project.inputs
    with pytest.raises(FileExistsError):
        golden_releases.freeze("1.9.0", tmp_path)


def test_release_instructions_freeze_the_tree() -> None:
    """docs/release.md says when the tree is written."""
    assert "tests/golden_releases.py" in (CHECKOUT / "docs/release.md").read_text("utf-8")
