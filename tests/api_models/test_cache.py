"""The cache of indexes."""

from __future__ import annotations

import ast
import copy
import errno
import json
import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.loaders import Loader

from projects import without_privileges
from schemagen import cached_files, names
from schemagen.api_models import cache, index
from schemagen.api_models.botocore import BotocoreModels
from schemagen.api_models.cache import Indexes
from schemagen.cached_files import cache_folder


def folder_of(indexes: Indexes) -> Path:
    assert indexes.folder is not None
    return indexes.folder


def cached_file(folder: Path) -> Path:
    """Cache the index of kms in ``folder``, and return its file."""
    indexes = Indexes(BotocoreModels(), folder)
    assert indexes.of("kms") == BotocoreModels().index("kms")
    (file,) = folder_of(indexes).iterdir()
    return file


BROKEN = (b"", b"[]", b"{}", b'{"name": 1', b"\xff", b'{"aliases": 3}', b"[" * 100_000)


@pytest.mark.parametrize("with_checksum", [False, True])
@pytest.mark.parametrize("broken", BROKEN)
def test_indexes_rebuild_a_broken_cache_file(
    tmp_path: Path, broken: bytes, with_checksum: bool
) -> None:
    """Whatever a file of the cache holds, the index is right and the file is mended."""
    file = cached_file(tmp_path)
    good = file.read_bytes()
    file.write_bytes(signed(broken) if with_checksum else broken)
    assert Indexes(BotocoreModels(), tmp_path).of("kms") == BotocoreModels().index("kms")
    assert file.read_bytes() == good
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def signed(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).hexdigest().encode() + b"\n" + data


def leaves(document: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all values that are neither lists nor objects."""
    if isinstance(document, dict):
        for key, value in cast("dict[str, object]", document).items():
            yield from leaves(value, (*path, key))
    elif isinstance(document, list):
        for number, value in enumerate(cast("list[object]", document)):
            yield from leaves(value, (*path, number))
    else:
        yield path


def test_indexes_rebuild_a_cache_file_with_a_wrong_leaf(tmp_path: Path) -> None:
    """A file of the right form in which one value has another type is not used, wherever the value is,
    even if its checksum is right."""
    file = cached_file(tmp_path)
    good = file.read_bytes()
    models = BotocoreModels()
    index = models.index("kms")
    document = json.loads(good.partition(b"\n")[2])
    paths = list(leaves(document))
    assert len(paths) > 500
    # One of each place in the form: numbers and names on the way do not matter.
    places = {tuple(len(path) if type(key) is str else key for key in path): path for path in paths}
    chosen = list(places.values())[:: max(1, len(places) // 60)]
    assert len(chosen) > 30
    for path in chosen:
        spoilt = copy.deepcopy(document)
        holder: Any = spoilt
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = {"wrong": []}
        file.write_bytes(signed(json.dumps(spoilt).encode()))
        assert Indexes(models, tmp_path).of("kms") == index
        assert file.read_bytes() == good


def test_indexes_ignore_a_changed_cache_file(tmp_path: Path) -> None:
    """A value that is changed to another of its type does not get into bindings."""
    file = cached_file(tmp_path)
    good = file.read_bytes()
    file.write_bytes(good.replace(b'"GetKeyRotationStatus"', b'"GetKeyRotationStatos"'))
    assert file.read_bytes() != good
    assert "GetKeyRotationStatus" in Indexes(BotocoreModels(), tmp_path).of("kms").operations


def test_indexes_do_not_wait_for_a_cache_file_that_is_none(tmp_path: Path) -> None:
    """A pipe, a device or an endless file in the place of a file of the cache is replaced."""
    file = cached_file(tmp_path)
    good = file.read_bytes()
    file.unlink()
    os.mkfifo(file)
    assert Indexes(BotocoreModels(), tmp_path).of("kms").name == "kms"
    assert file.read_bytes() == good
    file.unlink()
    file.symlink_to("/dev/zero")
    assert Indexes(BotocoreModels(), tmp_path).of("kms").name == "kms"
    assert file.read_bytes() == good
    with file.open("wb") as huge:
        huge.truncate(2**40)
    assert Indexes(BotocoreModels(), tmp_path).of("kms").name == "kms"
    assert file.read_bytes() == good


def test_indexes_read_the_cache_instead_of_building(tmp_path: Path) -> None:
    """What is in the cache is not built again."""
    file = cached_file(tmp_path)
    document = cached_files.load(file)
    cached_files.save(file, {**document, "aliases": ["read"]})
    assert Indexes(BotocoreModels(), tmp_path).of("kms").aliases == ("read",)


def test_save_leaves_nothing_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that cannot be written or renamed is removed; the older one stays."""
    path = tmp_path / "a.json"
    cached_files.save(path, ["old"])

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for place, name in ((os, "fdopen"), (Path, "replace")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, full)
            cached_files.save(path, ["new"])
        assert [found.name for found in tmp_path.iterdir()] == ["a.json"]
        assert cached_files.load(path) == ["old"]
    with pytest.raises(TypeError):
        cached_files.save(path, [object()])
    assert [found.name for found in tmp_path.iterdir()] == ["a.json"]


def test_indexes_of_other_rules_are_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of the code that indexes, such as another verb of read operations, never reads what the
    old code has written."""
    copy = tmp_path / "names.py"
    copy.write_bytes(Path(names.__file__).read_bytes())
    others = [path for path in cache.SOURCES if path != Path(names.__file__)]
    assert len(others) == len(cache.SOURCES) - 1
    folders: list[Path] = []
    for change in ("", "# changed", ""):
        copy.write_bytes(Path(names.__file__).read_bytes() + change.encode())
        monkeypatch.setattr(cache, "SOURCES", (*others, copy))
        folders.append(folder_of(Indexes(BotocoreModels(), tmp_path)))
    assert folders[0] == folders[2] != folders[1]


def test_sources_are_all_that_the_index_is_made_with() -> None:
    """The modules that index.py imports are hashed, as are verbs and scalars."""
    tree = ast.parse(Path(index.__file__).read_text("utf-8"))
    imported = {
        statement.module
        for statement in tree.body
        if isinstance(statement, ast.ImportFrom)
        and statement.module
        and statement.module.startswith("schemagen.")
    }
    hashed = {Path(path).stem for path in cache.SOURCES}
    assert {name.rpartition(".")[2] for name in imported} <= hashed
    assert hashed >= {"index", "names", "typetable"}


def test_indexes_keep_models_of_the_user_in_a_cache_folder_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore reads ~/.aws/models before its own: what is added, changed or removed there makes
    another cache, and botocore's own models the old one."""
    models = tmp_path / "models" / "kms" / "2014-11-01"
    paths = [str(tmp_path / "models"), Loader.BUILTIN_DATA_PATH]
    monkeypatch.setattr(Loader, "search_paths", property(lambda self: paths))
    plain = Indexes(BotocoreModels(), tmp_path).folder
    models.mkdir(parents=True)
    assert Indexes(BotocoreModels(), tmp_path).folder == plain
    (models / "service-2.json").write_text("{}")
    added = Indexes(BotocoreModels(), tmp_path).folder
    (models / "service-2.json").write_text("{ }")
    changed = Indexes(BotocoreModels(), tmp_path).folder
    assert len({plain, added, changed}) == 3
    (models / "service-2.json").unlink()
    assert Indexes(BotocoreModels(), tmp_path).folder == plain


def test_indexes_work_without_a_writable_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in the way of the folder, a home that is read-only or unknown: the index is built all the
    same."""
    (tmp_path / "cache").write_text("in the way")
    (tmp_path / "read_only").mkdir(mode=0o555)
    tmp_path.chmod(0o755)
    index = Indexes(BotocoreModels(), tmp_path / "cache").of("kms")
    assert "GetKeyRotationStatus" in index.operations
    with without_privileges():
        cached_files.save(tmp_path / "read_only/a.json", [])
    assert list((tmp_path / "read_only").iterdir()) == []

    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert cache_folder() is None
    assert "GetKeyRotationStatus" in Indexes(BotocoreModels()).of("kms").operations
    cache.save_record("0" * 32, [])
    assert cache.load_record("0" * 32) is None


def test_cache_folder_follows_the_xdg_base_directories(monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG_CACHE_HOME is honoured, and has its usual default."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/schemagen")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert cache_folder() == Path("/home/somebody/.cache/schemagen")
