"""schemagen.runtime: the modules that every generated package carries, word for word."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import handmade
from schemagen import runtime
from schemagen.emit.formatting import format_python
from schemagen.emit.paths import RUNTIME_NOTICE

FOLDER = Path(runtime.__path__[0])
MODULES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.py"))
PACKAGE = handmade.files([handmade.table("aws.thing", handmade.columns({"_key": "string"}))])


def test_package_holds_the_runtime_word_for_word() -> None:
    """What schemagen's tests run is what users of a generated package run."""
    copied = {
        path.removeprefix("_runtime/"): text
        for path, text in PACKAGE.items()
        if path.startswith("_runtime/")
    }
    assert "convert/scalars.py" in copied
    assert copied == {name: (FOLDER / name).read_bytes().decode() for name in MODULES}


@pytest.mark.parametrize("name", MODULES)
def test_runtime_modules_are_marked_as_copies(name: str) -> None:
    """Every module begins with the mark by which a build without its manifest recognises older copies
    as its own; only an empty module needs none."""
    source = (FOLDER / name).read_text("utf-8")
    assert not source or source.startswith(f"# {RUNTIME_NOTICE}\n")


@pytest.mark.parametrize("name", MODULES)
def test_runtime_is_as_black_writes_it(name: str) -> None:
    """black --check accepts the package that the module is copied into."""
    source = (FOLDER / name).read_text("utf-8")
    assert format_python(source) == source


def test_convert_is_offered_under_its_old_name(tmp_path: Path) -> None:
    """``_convert`` exports every converter of the runtime, the same objects."""
    with handmade.imported(tmp_path, "old_name", PACKAGE) as package:
        old = package.module("_convert")
        new = importlib.import_module("old_name._runtime.convert")
        assert old.__all__ == new.__all__
        assert all(getattr(old, name) is getattr(new, name) for name in new.__all__)


def test_package_never_imports_schemagen(tmp_path: Path) -> None:
    """All shared modules of the package work where schemagen is not installed."""
    with handmade.imported(tmp_path, "alone", PACKAGE):
        modules = [
            "alone." + path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            for path in PACKAGE
            if path.endswith(".py") and path != "__init__.py"
        ]
        program = (
            "import sys\n"
            "from importlib import import_module\n"
            "sys.modules['schemagen'] = None\n"
            f"for name in {modules!r}: import_module(name)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
