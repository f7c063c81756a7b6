"""schemagen.files: no reader waits for a pipe, reads a device or takes all memory; paths in messages."""

from __future__ import annotations

import ntpath
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import cast

import pytest

from projects import page, pages, seeds, tree
from schemagen import api
from schemagen.diagnostics import ProblemsFound
from schemagen.files import IsLink, NotRegular, TooLarge, path_from, read_file
from schemagen.limits import MAX_SIZE

PAGE = "docs_src/ddsql/dd/dd.a.dataset.md"


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        ("C:/work/docs", "../docs"),
        ("C:/work/project/docs/ddsql", "docs/ddsql"),
        ("D:/docs", "D:/docs"),
    ],
)
def test_path_from_follows_the_rules_of_windows(
    monkeypatch: pytest.MonkeyPatch, folder: str, path: str
) -> None:
    """Nothing leads from one drive to another, so that a folder there keeps its own path."""
    monkeypatch.setattr(os.path, "relpath", ntpath.relpath)
    monkeypatch.setattr(os, "sep", "\\")
    root, other = PureWindowsPath("C:/work/project"), PureWindowsPath(folder)
    assert str(path_from(cast("Path", root), cast("Path", other))) == path


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def bound_socket(path: Path) -> None:
    # The path of a socket may have about a hundred bytes.
    folder = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{folder}/{path.name}")
    os.close(folder)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


def one_too_many(path: Path) -> None:
    path.write_bytes(b"\n" * (MAX_SIZE + 1))


KINDS: tuple[Callable[[Path], None], ...] = (pipe, device, bound_socket, sparse, one_too_many)


@pytest.mark.parametrize("kind", KINDS)
def test_read_file_refuses_what_is_no_file_of_bounded_size(
    tmp_path: Path, kind: Callable[[Path], None]
) -> None:
    """Each is refused at once, with a reason; a file of exactly the limit is read."""
    kind(tmp_path / "a")
    expected = TooLarge if kind in (sparse, one_too_many) else NotRegular
    with pytest.raises(expected) as caught:
        read_file(tmp_path / "a")
    if kind is one_too_many:
        assert caught.value.strerror == "it has 16,777,217 bytes, and the limit is 16,777,216"
        assert len(read_file(tmp_path / "a", MAX_SIZE + 1)) == MAX_SIZE + 1
    (tmp_path / "b").write_bytes(b"\r\n\0")
    (tmp_path / "link").symlink_to("b")
    assert read_file(tmp_path / "link") == read_file(tmp_path / "b") == b"\r\n\0"
    with pytest.raises(IsLink):
        read_file(tmp_path / "link", follow=False)
    with pytest.raises(IsADirectoryError):
        read_file(tmp_path)
    assert read_file("/proc/self/cmdline")  # its size is 0


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a page, built."""
    folder = pages(
        tmp_path_factory.mktemp("files"),
        {"ddsql/dd/dd.a.dataset.md": page("dd.a", "Name | a | core | string")},
    )
    (folder / "bindings/aws").mkdir(parents=True)
    api.build(api.settings(folder))
    return folder


PATHS = {
    PAGE: "SG101",
    "bindings/aws/kms.json": "SG101",
    "generated/manifest.json": "SG101",
    "generated/ddsql_schemas/catalog.json": "SG101",
    "generated/ddsql_schemas/models/dd/a.py": "SG101",
    "schemagen.toml": "SG301",
}


@pytest.mark.parametrize(
    ("path", "code", "kind"),
    [
        (path, code, kind)
        for path, code in PATHS.items()
        for kind in KINDS
        # Generated files are only hashed, so they may be larger.
        if kind is not one_too_many or "ddsql_schemas" not in path
    ],
)
def test_commands_report_what_is_no_file_of_bounded_size(
    built: Path, tmp_path: Path, path: str, code: str, kind: Callable[[Path], None]
) -> None:
    """In the place of a page, a lock file, the manifest, a generated file or the settings, each is a
    problem, and nothing is written."""
    project = Path(shutil.copytree(built, tmp_path / "project"))
    (project / path).unlink(missing_ok=True)
    kind(project / path)
    before = tree_without(project, path)
    for command in (api.build, api.check):
        with pytest.raises(ProblemsFound) as caught:
            command(api.settings(project))
        (line,) = str(caught.value).splitlines()
        assert line.startswith(f"{path}:1:1: {code} cannot be read: ")
        assert "regular file" in line or "and the limit is" in line
    assert tree_without(project, path) == before


def tree_without(project: Path, path: str) -> dict[str, bytes]:
    """The files of a project but for one that must not be read."""
    aside = project.parent / "aside"
    (project / path).rename(aside)
    try:
        return tree(project)
    finally:
        aside.rename(project / path)


def test_settings_and_templates_of_other_line_ends_are_the_same(tmp_path: Path) -> None:
    """A checkout with CRLF has the same settings."""
    project = seeds(tmp_path)
    settings = api.settings(project)
    text = (project / "schemagen.toml").read_bytes()
    (project / "schemagen.toml").write_bytes(text.replace(b"\n", b"\r\n"))
    assert api.settings(project) == settings
