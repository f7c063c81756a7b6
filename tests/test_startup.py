"""What the command line imports: an editor's hook runs it on every commit, and must not wait."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import projects

# Each takes longer to import than everything else that these commands do.
SLOW = ("black", "botocore", "datamodel_code_generator", "jsonschema", "markdown_it", "pydantic")

RUN = """
import sys
from schemagen.cli import main
sys.argv = ["schemagen", *sys.argv[1:]]
try:
    main()
finally:
    print("imported", *{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""


def imported(folder: Path, *arguments: str) -> set[str]:
    """The packages that ``schemagen`` with ``arguments`` has imported when it ends well."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    [line] = [line for line in done.stderr.splitlines() if line.startswith("imported ")]
    return set(line.split())


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that is up to date."""
    folder = projects.seeds(tmp_path_factory.mktemp("project"))
    assert projects.run(folder, "build").returncode == 0
    return folder


@pytest.mark.parametrize(
    "command", ["--help", "--version", "build --help", "types", "build", "build --check"]
)
def test_quick_commands_import_no_slow_package(project: Path, command: str) -> None:
    """Help, the type table and a build with nothing to do import no parser and no emitter's tools."""
    assert imported(project, *command.split()).isdisjoint(SLOW)


@pytest.mark.parametrize("command", ["build", "build --check"])
def test_builds_with_nothing_to_do_import_no_renderer(project: Path, command: str) -> None:
    """With nothing to do, a build imports neither templates' tools nor readers of metadata."""
    assert imported(project, *command.split()).isdisjoint(("jinja2", "email"))


def test_full_build_imports_the_slow_packages(project: Path) -> None:
    """A build that renders everything does import what the test above looks for."""
    assert {
        *("black", "datamodel_code_generator", "email", "jinja2", "jsonschema", "markdown_it")
    } <= imported(project, "build", "--full", "--jobs", "1")
