"""schemagen.build.toolchain: whatever shapes the output is in its hash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from projects import CHECKOUT
from schemagen.build import toolchain


def fingerprint(checkout: Path) -> str:
    """The hash as a schemagen at ``checkout`` computes it."""
    program = "from schemagen.build import toolchain; print(toolchain.fingerprint())"
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(checkout / "parser")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for folder in ("parser", "templates"):
        shutil.copytree(
            CHECKOUT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path


def test_fingerprint_does_not_depend_on_the_place(checkout: Path) -> None:
    """Where schemagen is installed does not matter."""
    assert fingerprint(checkout).strip() == toolchain.fingerprint() != ""


def test_fingerprint_does_not_depend_on_line_ends(checkout: Path) -> None:
    """A checkout that git converted for Windows is the same toolchain."""
    before = fingerprint(checkout)
    for path in (*checkout.rglob("*.py"), *checkout.rglob("*.j2")):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert fingerprint(checkout) == before


@pytest.mark.parametrize(
    "path",
    [
        "parser/schemagen/typetable.py",
        "parser/schemagen/runtime/convert/arn.py",
        "parser/schemagen/pages/ddsql.py",
        "parser/schemagen/emit/pydantic/models.py",
        "templates/package/sql.py.j2",
        "templates/models/pydantic_v2/BaseModel.jinja2",
    ],
)
def test_fingerprint_changes_with_sources_and_templates(checkout: Path, path: str) -> None:
    """A changed byte in the program or in a template is another toolchain."""
    before = fingerprint(checkout)
    with (checkout / path).open("a") as file:
        file.write("\n")
    assert fingerprint(checkout) != before


def test_fingerprint_changes_with_renamed_templates(checkout: Path) -> None:
    """A file that is added or renamed counts as well."""
    before = fingerprint(checkout)
    template = checkout / "templates/package/sql.py.j2"
    template.rename(template.with_name("other.py.j2"))
    assert fingerprint(checkout) != before


@pytest.mark.parametrize("library", toolchain.LIBRARIES)
def test_fingerprint_changes_with_significant_releases_only(
    monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    """A release that may write or read differently is another toolchain; a patch release is not,
    so that two machines need not have the very same."""
    before = toolchain.fingerprint()
    real = metadata.version

    def changed(part: int) -> None:
        def version(name: str) -> str:
            if name != library:
                return real(name)
            numbers = [*real(name).split("."), "0"]
            numbers[part] = str(int(numbers[part]) + 1)
            return ".".join(numbers)

        monkeypatch.setattr("schemagen.build.toolchain.version", version)

    significant = toolchain.LIBRARIES[library]
    changed(significant - 1)
    assert toolchain.fingerprint() != before
    changed(significant)
    assert toolchain.fingerprint() == before


@pytest.mark.parametrize("library", toolchain.LIBRARIES)
def test_version_agrees_with_metadata(library: str) -> None:
    """The names of folders tell what importlib.metadata reads from the files in them."""
    assert toolchain.version(library) == metadata.version(library)


@pytest.mark.parametrize(
    "entries",
    [
        ("Some_Library-2.5.dist-info",),
        ("some.library-2.5.dist-info", "some_library_more-3.0.dist-info", "some_library"),
        ("some_library-2.5.egg-info",),
        ("some_library-2.5-py3.11.egg-info",),
    ],
)
def test_version_knows_forms_of_metadata(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entries: tuple[str, ...]
) -> None:
    """However installers spell the folder, the version is that of the library."""
    for entry in entries:
        (tmp_path / entry).mkdir()
        for file in ("METADATA", "PKG-INFO"):
            (tmp_path / entry / file).write_text("Name: some-library\nVersion: 2.5\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert toolchain.version("some-library") == "2.5"


def test_version_follows_the_order_of_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that is installed twice has the version that Python imports."""
    for place, release in (("later", "1.0"), ("first", "2.0")):
        folder = tmp_path / place / f"some_library-{release}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Name: some-library\nVersion: {release}\n")
        monkeypatch.setattr(sys, "path", [str(tmp_path / place), *sys.path])
    assert toolchain.version("some-library") == "2.0"
