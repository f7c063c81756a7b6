"""schemagen.pages.sources: the paths of pages in messages, manifests and lock files."""

from __future__ import annotations

import ntpath
import os
from pathlib import Path, PureWindowsPath
from typing import cast

import pytest

from schemagen.pages import sources


@pytest.mark.parametrize(
    ("docs", "path"),
    [
        ("C:/work/docs", "../docs"),
        ("C:/work/project/docs/ddsql", "docs/ddsql"),
        ("D:/docs", "D:/docs"),
    ],
)
def test_path_from_follows_the_rules_of_windows(
    monkeypatch: pytest.MonkeyPatch, docs: str, path: str
) -> None:
    """Nothing leads from one drive to another, so that a folder there keeps its own path."""
    monkeypatch.setattr(os.path, "relpath", ntpath.relpath)
    monkeypatch.setattr(os, "sep", "\\")
    root, folder = PureWindowsPath("C:/work/project"), PureWindowsPath(docs)
    assert str(sources.path_from(cast("Path", root), cast("Path", folder))) == path
