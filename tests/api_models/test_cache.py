"""The cache of indexes."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from botocore.loaders import Loader

from schemagen import names
from schemagen.api_models import cache, index
from schemagen.api_models.botocore import BotocoreModels
from schemagen.api_models.cache import Indexes, cache_folder


@pytest.mark.parametrize("broken", [b"", b"[]", b"{}", b'{"name": 1', b"\xff", b'{"aliases": 3}'])
def test_indexes_rebuild_a_broken_cache_file(tmp_path: Path, broken: bytes) -> None:
    """Whatever a file of the cache holds, the index is right and the file is mended."""
    first = Indexes(BotocoreModels(), tmp_path).of("kms")
    assert first == BotocoreModels().index("kms")
    (file,) = Indexes(BotocoreModels(), tmp_path).folder.iterdir()
    good = file.read_bytes()
    file.write_bytes(broken)
    assert Indexes(BotocoreModels(), tmp_path).of("kms") == first
    assert file.read_bytes() == good
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_indexes_read_the_cache_instead_of_building(tmp_path: Path) -> None:
    """What is in the cache is not built again."""
    Indexes(BotocoreModels(), tmp_path).of("kms")
    (file,) = Indexes(BotocoreModels(), tmp_path).folder.iterdir()
    document = json.loads(file.read_bytes())
    file.write_text(json.dumps({**document, "aliases": ["read"]}))
    assert Indexes(BotocoreModels(), tmp_path).of("kms").aliases == ("read",)


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
        folders.append(Indexes(BotocoreModels(), tmp_path).folder)
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


def test_indexes_work_without_a_writable_cache_folder(tmp_path: Path) -> None:
    """A file in the way of the folder, a home that is read-only: the index is built all the same."""
    (tmp_path / "cache").write_text("in the way")
    assert (
        "GetKeyRotationStatus" in Indexes(BotocoreModels(), tmp_path / "cache").of("kms").operations
    )


def test_cache_folder_follows_the_xdg_base_directories(monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG_CACHE_HOME is honoured, and has its usual default."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/schemagen")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert cache_folder() == Path("/home/somebody/.cache/schemagen")
