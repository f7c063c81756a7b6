"""schemagen.build.changes: a folder is changed as a whole or not at all, and never behind links."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from killing import is_killed
from projects import tree, without_privileges
from schemagen.build.changes import STAGING, change, is_interrupted, recover
from schemagen.build.disk import Folder, digest, digests
from schemagen.diagnostics import ProblemsFound

OLD = {"a/one.txt": "1", "a/two.txt": "2", "gone/here.txt": "3", "same.txt": "4"}
NEW = {"a/one.txt": "eins" * 1000, "a/two.txt": "2", "b/c/new.txt": "2", "same.txt": "4"}


def folder_of(path: Path) -> Folder:
    return Folder(path, path.parent, "schemagen build")


def texts(path: Path) -> dict[str, str]:
    return {name: content.decode() for name, content in tree(path).items()}


def everything(path: Path) -> set[str]:
    """Every file and folder below ``path``."""
    return {found.relative_to(path).as_posix() for found in path.rglob("*")}


def old_tree(path: Path) -> Folder:
    folder = folder_of(path)
    assert change(folder, OLD)
    return folder


SEEN = {path: digest(text.encode()) for path, text in OLD.items()}


def to_new(folder: Folder) -> bool:
    return change(folder, NEW, ["gone/here.txt"], SEEN)


def is_killed_on_the_way(path: Path, call: int) -> bool:
    """Whether the change to the new files is killed at its ``call``-th change of the disk."""
    return is_killed(call, change, folder_of(path), NEW, ["gone/here.txt"], SEEN)


def problems(action: object, *arguments: object, **options: object) -> list[str]:
    assert callable(action)
    with pytest.raises(ProblemsFound) as caught:
        action(*arguments, **options)
    return str(caught.value).splitlines()


def test_change_writes_and_removes_files_and_empty_folders(tmp_path: Path) -> None:
    """Files are written and removed, with folders that become empty; other files stay."""
    folder = old_tree(tmp_path / "out")
    (tmp_path / "out/a/mine.txt").write_text("mine")
    assert to_new(folder)
    assert texts(tmp_path / "out") == {**NEW, "a/mine.txt": "mine"}
    assert everything(tmp_path / "out") == {*NEW, "a/mine.txt", "a", "b", "b/c"}


def test_change_does_nothing_where_all_is_done(tmp_path: Path) -> None:
    """If another run has done the same, that is not reported as a change or a conflict."""
    folder = old_tree(tmp_path / "out")
    assert to_new(folder)
    before = (tmp_path / "out/same.txt").stat()
    assert not to_new(folder)
    assert (tmp_path / "out/same.txt").stat() == before


def test_change_refuses_files_that_another_run_has_changed(tmp_path: Path) -> None:
    """A run that planned with other files than those on disk writes nothing: it may have read older
    pages than the run that wrote them."""
    folder = old_tree(tmp_path / "out")
    (tmp_path / "out/a/one.txt").write_text("newer")
    (tmp_path / "out/gone/here.txt").write_text("newer")
    before = texts(tmp_path / "out")
    assert problems(to_new, folder) == [
        "out/a/one.txt:1:1: SG502 changed while schemagen was reading it (and 1 more files); run "
        "`schemagen build` again"
    ]
    assert texts(tmp_path / "out") == before
    assert not (tmp_path / "out" / STAGING).exists()


def test_change_reports_all_obstacles_before_writing(tmp_path: Path) -> None:
    """Everything in the way is reported; nothing is written or left behind."""
    folder = folder_of(tmp_path / "out")
    (tmp_path / "out/b/c").mkdir(parents=True)
    (tmp_path / "out/a").write_text("a file")
    before = everything(tmp_path)
    assert problems(change, folder, {"0.txt": "0", "a/b": "1", "b/c": "2"}) == [
        "out/a:1:1: SG501 a file is in the way of this folder; move it away",
        "out/b/c:1:1: SG501 a folder is in the way of this file; move it away",
    ]
    assert everything(tmp_path) == before


def test_change_refuses_folders_without_permission(tmp_path: Path) -> None:
    """A folder in which nothing may be created is reported before anything has changed."""
    folder = old_tree(tmp_path / "out")
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_uid == os.getuid() and path != Path("/tmp"):  # noqa: S108
            path.chmod(path.stat().st_mode | 0o055)
    for path in (tmp_path / "out", *(tmp_path / "out").rglob("*")):
        path.chmod(0o777)
    (tmp_path / "out/gone").chmod(0o555)
    with without_privileges():
        found = problems(to_new, folder)
    message = "no permission to write here; change it, or choose another output folder"
    assert found == [f"out/gone:1:1: SG501 {message}"]
    assert texts(tmp_path / "out") == OLD


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold the lock that another run would hold."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def test_change_refuses_a_folder_that_another_process_writes(tmp_path: Path) -> None:
    """A second run is refused instead of mixing its files with those of the first."""
    folder = old_tree(tmp_path / "out")
    busy = ["out:1:1: SG502 another build is writing here; wait until it is done"]
    with locked(tmp_path / "out"):
        assert problems(to_new, folder) == busy
        (tmp_path / "out" / STAGING).mkdir()
        assert problems(recover, folder) == busy
        assert problems(is_interrupted, folder) == busy
    assert to_new(folder)
    assert texts(tmp_path / "out") == NEW


# --- links ------------------------------------------------------------------------------------------

LINK = "is a link, and schemagen writes and removes nothing behind links; remove it"


@pytest.mark.parametrize("link", ["a", "b", "b/c", "a/one.txt", "same.txt", "gone", STAGING])
@pytest.mark.parametrize("kind", ["folder", "file", "nothing"])
def test_change_follows_no_link(tmp_path: Path, link: str, kind: str) -> None:
    """A link in the place of a folder or file on the way is reported, whatever it leads to, and nothing
    is written, behind it or beside it."""
    folder = old_tree(tmp_path / "out")
    victim = tmp_path / "victim"
    if kind == "folder":
        victim.mkdir()
        for name in ("one.txt", "here.txt", "0", "journal"):
            (victim / name).write_text("3")
    elif kind == "file":
        victim.write_text("3")
    place = tmp_path / "out" / link
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(victim)
    before = tree(tmp_path)
    assert problems(to_new, folder) == [f"out/{link}:1:1: SG501 {LINK}"]
    assert tree(tmp_path) == before
    assert place.is_symlink()


def test_change_refuses_a_link_between_project_and_folder(tmp_path: Path) -> None:
    """Git carries links: the output folder itself, or one above it in the project, may be one."""
    (tmp_path / "victim/out").mkdir(parents=True)
    project = tmp_path / "project"
    project.mkdir()
    (project / "link").symlink_to(tmp_path / "victim")
    for path in ("link", "link/out"):
        assert problems(change, Folder(project / path, project, "schemagen build"), NEW) == [
            "link:1:1: SG501 is a link, and schemagen writes and removes nothing behind links; set the "
            "folder that it leads to, or remove it"
        ]
    assert everything(tmp_path / "victim") == {"out"}


def test_change_follows_links_above_the_project(tmp_path: Path) -> None:
    """A home, a project or a folder elsewhere may be reached by a link: that is not the checkout's."""
    (tmp_path / "disk/project").mkdir(parents=True)
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    project = tmp_path / "home/project"
    for path in (project / "out", tmp_path / "home"):
        assert change(Folder(path, project, "schemagen build"), {"a/b.txt": "1"})
    assert texts(tmp_path / "disk") == {"a/b.txt": "1", "project/out/a/b.txt": "1"}


def test_special_files_are_reported_at_once(tmp_path: Path) -> None:
    """A pipe, a socket or a device in the place of a file is not waited for."""
    folder = old_tree(tmp_path / "out")
    out = tmp_path / "out"
    for path in ("a/one.txt", "a/two.txt", "same.txt"):
        (out / path).unlink()
    os.mkfifo(out / "a/one.txt")
    (out / "same.txt").symlink_to("/dev/zero")
    folder_descriptor = os.open(out / "a", os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{folder_descriptor}/two.txt")
        os.close(folder_descriptor)
        found = problems(digests, folder, OLD)
    fault = "SG101 cannot be read: it is no regular file; remove it"
    assert found == [
        f"out/a/one.txt:1:1: {fault}",
        f"out/a/two.txt:1:1: {fault}",
        "out/same.txt:1:1: SG101 cannot be read: it is a link to something that is no regular file; "
        "remove it",
    ]


# --- runs that are killed ---------------------------------------------------------------------------


def test_killed_change_is_finished_or_undone(tmp_path: Path) -> None:
    """A run that is killed at any change of the disk leaves each file old or new, and the next run
    makes all of them old or all of them new; so does one that is killed while it does so."""
    outcomes: list[str] = []
    original = tmp_path / "original"
    old_tree(original)
    for call in range(1, 100):
        killed = tmp_path / f"killed{call}"
        shutil.copytree(original, killed)
        if not is_killed_on_the_way(killed, call):
            break
        for path, text in texts(killed).items():
            assert path.startswith(STAGING) or text in (OLD.get(path), NEW.get(path))
        assert is_interrupted(folder_of(killed)) or texts(killed) in (OLD, NEW)
        # In place: a copy would have other inodes.
        for recovering in range(1, 100):
            if not is_killed(recovering, recover, folder_of(killed)):
                break
            if (killed / STAGING).exists():
                assert is_interrupted(folder_of(killed))
        outcomes.append("old" if texts(killed) == OLD else "new")
        expected = OLD if outcomes[-1] == "old" else NEW
        assert texts(killed) == expected
        folders = {str(parent) for path in expected for parent in Path(path).parents} - {"."}
        assert everything(killed) == {*expected, *folders}
        assert not is_interrupted(folder_of(killed))
    else:
        pytest.fail("the change never came to its end")
    assert len(outcomes) > 20
    assert outcomes == sorted(outcomes, reverse=True)
    assert set(outcomes) == {"old", "new"}


def killed_when_decided(path: Path) -> Folder:
    """A tree whose change was killed when all was staged and some files were in place."""
    for call in range(1, 100):
        folder = old_tree(path)
        assert is_killed_on_the_way(path, call)
        if texts(path)["a/one.txt"] == NEW["a/one.txt"]:
            return folder
        shutil.rmtree(path)
    pytest.fail("no file was brought into place")


def test_recover_overwrites_nothing_that_was_changed_since(tmp_path: Path) -> None:
    """If somebody changed a file after the run was killed, nothing more is written or removed but what
    the run has created."""
    folder = killed_when_decided(tmp_path / "out")
    (tmp_path / "out/same.txt").write_text("mine")
    recover(folder)
    found = texts(tmp_path / "out")
    assert found.pop("b/c/new.txt", None) is None
    assert found == {**OLD, "a/one.txt": NEW["a/one.txt"], "same.txt": "mine"}


def test_recover_writes_nothing_from_a_copy(tmp_path: Path) -> None:
    """A staging folder that came with a checkout writes no file: nobody knows who made it."""
    killed_when_decided(tmp_path / "out")
    shutil.copytree(tmp_path / "out", tmp_path / "copy")
    recover(folder_of(tmp_path / "copy"))
    found = texts(tmp_path / "copy")
    assert found == {**OLD, "a/one.txt": NEW["a/one.txt"]}


@pytest.mark.parametrize("name", ["0", "notes.txt", "journal", "7"])
def test_recover_reports_foreign_files_in_the_staging_folder(tmp_path: Path, name: str) -> None:
    """Only what a run staged is removed; anything else is named and stays."""
    folder = old_tree(tmp_path / "out")
    (tmp_path / "out" / STAGING).mkdir()
    (tmp_path / "out" / STAGING / name).write_text("mine")
    before = tree(tmp_path)
    for action in (recover, to_new, is_interrupted):
        assert problems(action, folder) == [
            f"out/{STAGING}/{name}:1:1: SG501 is in the folder where schemagen keeps files while it "
            "writes, but it did not put it there; move it away"
        ]
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "entry",
    [
        '["../victim.txt", null, "HASH"]',
        '["/victim.txt", null, "HASH"]',
        '[".schemagen-staging/journal", null, "HASH"]',
        '["a/../../victim.txt", "HASH", null]',
        '["a//one.txt", "HASH", null]',
        '[1, null, "HASH"]',
        '["a/one.txt", "HASH"]',
        '["a/one.txt", null, 5]',
    ],
)
def test_recover_refuses_a_journal_that_leads_elsewhere(tmp_path: Path, entry: str) -> None:
    """A journal with a path out of the folder, or of another form, is a foreign file."""
    folder = old_tree(tmp_path / "out")
    (tmp_path / "victim.txt").write_text("mine")
    staging = tmp_path / "out" / STAGING
    staging.mkdir()
    status = staging.stat()
    hashed = entry.replace("HASH", digest(b"mine"))
    (staging / "journal.decided").write_text(
        f'{{"format": 1, "staging": [{status.st_dev}, {status.st_ino}], "folders": [], '
        f'"entries": [{hashed}]}}'
    )
    before = tree(tmp_path)
    assert problems(recover, folder)[0].startswith(f"out/{STAGING}/journal.decided:1:1: SG501 ")
    assert tree(tmp_path) == before


def test_change_leaves_nothing_if_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If staging fails, nothing has changed, and the staged files are gone."""
    folder = old_tree(tmp_path / "out")
    written = 0
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        nonlocal written
        written += 1
        if written == 4:
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    before = everything(tmp_path)
    monkeypatch.setattr(os, "write", full)
    assert problems(to_new, folder) == [
        "out/b/c/new.txt:1:1: SG501 cannot be written: No space left on device"
    ]
    assert (everything(tmp_path), texts(tmp_path / "out")) == (before, OLD)
