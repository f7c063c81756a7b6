"""schemagen.build.stat_index: a build reads no file that it knows, and misses none that changed."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from projects import seeds, tree
from schemagen import api, cached_files, files
from schemagen.build import disk, manifest, stat_index
from schemagen.build.disk import Folder
from schemagen.build.recovery import output_folder
from schemagen.diagnostics import ProblemsFound

MODEL = "ddsql_schemas/models/aws/sagemaker_trainingjob.py"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seed project, built, with files that are old enough to be known."""
    folder = seeds(tmp_path_factory.mktemp("seeds"))
    api.build(api.settings(folder))
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy whose files count as old, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("RACY", "RACY_SECONDS"):
        monkeypatch.setattr(stat_index, name, -3600 * 10**9)
    return Path(shutil.copytree(built, tmp_path / "project"))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The generated files that are read from now on."""
    names: list[str] = []

    def read_file(path: str | Path, *arguments: int, follow: bool = True) -> bytes:
        names.append(str(path).partition("generated/")[2])
        return files.read_file(path, *arguments, follow=follow)

    monkeypatch.setattr(disk, "read_file", read_file)
    return names


def hashes(project: Path) -> dict[str, str]:
    """The hashes of the project's generated files, with the help of the index."""
    folder = output_folder(api.settings(project))
    data = manifest.read(folder)
    assert data is not None
    return stat_index.digests(folder, manifest.parse(data.decode()).written)


def test_digests_reads_a_file_once(project: Path, read: list[str]) -> None:
    """The second time, no file is read, and the hashes are the same."""
    first = hashes(project)
    assert {*read} >= first.keys()
    assert len(first) > 100
    read.clear()
    assert hashes(project) == first
    assert read == ["manifest.json"]


def edit(path: Path) -> None:
    path.write_text(path.read_text().replace("class", "klass", 1))


def edit_and_keep_times(path: Path) -> None:
    """Size and time of change are as before; the system keeps the time of the change of status."""
    before = path.stat()
    edit(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_size == before.st_size


def replace_by_another_file(path: Path) -> None:
    other = path.with_name("other")
    shutil.copy2(path, other)
    edit_and_keep_times(other)
    other.replace(path)


@pytest.mark.parametrize("change", [edit, edit_and_keep_times, replace_by_another_file])
def test_build_notices_a_changed_file(project: Path, change: Callable[[Path], None]) -> None:
    """Whatever a program does to a file, the build writes it again."""
    settings = api.settings(project)
    before = tree(project / "generated")
    assert not api.build(settings)
    change(project / "generated" / MODEL)
    assert api.build(settings).written == (MODEL,)
    assert tree(project / "generated") == before


def test_build_notices_a_file_that_is_gone(project: Path) -> None:
    """A missing file is not taken for one that is known."""
    settings = api.settings(project)
    assert not api.build(settings)
    (project / "generated" / MODEL).unlink()
    assert api.build(settings).written == (MODEL,)


def test_digests_refuses_a_link_in_the_place_of_a_known_file(project: Path) -> None:
    """A link is no file that a build wrote."""
    hashes(project)
    path = project / "generated" / MODEL
    path.rename(project / "elsewhere.py")
    path.symlink_to(project / "elsewhere.py")
    with pytest.raises(ProblemsFound, match="SG501"):
        hashes(project)


def test_digests_does_not_trust_files_that_just_changed(
    project: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file may change again within the same tick of the clock: it is read until it is old."""
    monkeypatch.setattr(stat_index, "RACY", 2 * 10**9)
    (project / "generated" / MODEL).touch()
    hashes(project)
    read.clear()
    hashes(project)
    assert MODEL in read
    seconds = time.time()
    monkeypatch.setattr(time, "time_ns", lambda: int((seconds + 3) * 10**9))
    hashes(project)
    read.clear()
    hashes(project)
    assert MODEL not in read


@pytest.mark.parametrize(
    ("newest", "now", "old"),
    [
        (100.123, 100.223, False),
        (100.123, 100.224, True),
        (100, 101.999, False),
        (100, 102.001, True),
    ],
)
def test_files_are_old_after_a_tick_of_their_clock(
    newest: float, now: float, old: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times of whole seconds are those of a file system that counts in steps of up to two seconds."""
    monkeypatch.undo()
    moment = round(newest * 1000) * 10**6
    status = os.stat_result((0,) * 10, {"st_mtime_ns": 0, "st_ctime_ns": moment})
    assert stat_index.is_old(status, round(now * 1000) * 10**6) == old


def test_digests_reads_the_neighbours_of_a_changed_file_only(
    project: Path, read: list[str]
) -> None:
    """One changed file does not make all others unknown."""
    known = hashes(project)
    edit(project / "generated" / MODEL)
    read.clear()
    assert hashes(project)[MODEL] != known[MODEL]
    assert MODEL in read
    assert len(read) < len(known) / 4


def test_check_reads_every_file(project: Path, read: list[str]) -> None:
    """A check trusts no times."""
    hashes(project)
    read.clear()
    assert api.check(api.settings(project)) == ()
    assert MODEL in read


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"00": 1}', b'{"00": "x"}', b'{"zz": "' + b"0" * 32 + b'"}']
)
def test_digests_survives_any_record(project: Path, content: bytes) -> None:
    """A record that is broken, or of another tree, costs time and nothing else."""
    first = hashes(project)
    (record,) = (project.parent / "cache/schemagen/trees").iterdir()
    record.write_bytes(content)
    assert hashes(project) == first
    if content.startswith(b"{") and content.endswith(b"}"):
        cached_files.save(record, json.loads(content))
        assert hashes(project) == first


def test_digests_works_without_a_cache(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be kept, everything is read."""
    monkeypatch.setattr(cached_files, "cache_folder", lambda: None)
    assert hashes(project) == hashes(project) != {}


def test_digests_agrees_with_the_disk(project: Path) -> None:
    """Known and unknown files, and those that are missing, give what `disk.digests` does."""
    (project / "generated" / MODEL).unlink()
    edit(project / "generated/README.md")
    folder: Folder = output_folder(api.settings(project))
    data = manifest.read(folder)
    assert data is not None
    written = manifest.parse(data.decode()).written
    for _ in range(2):
        assert stat_index.digests(folder, written) == disk.digests(folder, written)
