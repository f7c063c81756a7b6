"""Golden trees: the projects in ``tests/golden/`` and the output that is expected of them.

Each project is a folder with made-up pages, bindings and settings. The package that schemagen
renders from them is stored in ``expected/``. Files that equal those of the first project are not
stored twice: ``same_as_<first>.txt`` lists their paths.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from projects import CHECKOUT
from schemagen import api

FOLDER = CHECKOUT / "tests" / "golden"
FIRST = "kinds"
PROJECTS = (FIRST, "settings")

UPDATE = "make update-golden"
_SHOWN = 5
# The manifest holds a hash of schemagen's own sources, so every edit of these would change it. The
# runtime is copied word for word, which tests/runtime tests; its own source is what is reviewed.
_NOT_FROZEN = re.compile(r"manifest\.json|[^/]+/_runtime/.+\.py")


def rendered(project: str) -> dict[str, str]:
    """Render ``project``: path -> text, with the runtime and without the manifest."""
    files = dict(api.render(api.settings(FOLDER / project)))
    del files["manifest.json"]
    return files


def comparable(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files that are stored: those that differ from package to package."""
    return {path: text for path, text in files.items() if not _NOT_FROZEN.fullmatch(path)}


def frozen(project: str, folder: Path = FOLDER) -> dict[str, str]:
    """Read the expected tree of ``project``: path -> text."""
    files = _read(folder / project / "expected")
    if project == FIRST:
        return files
    first = _read(folder / FIRST / "expected")
    same = _same(project, folder).read_text("utf-8").splitlines()
    return {path: first[path] for path in same if path in first} | files


def freeze(project: str, files: Mapping[str, str], folder: Path = FOLDER) -> None:
    """Store ``files`` as the expected tree of ``project``, and remove files that are not among them.

    Raises ValueError where there are no files.
    """
    if not files:
        raise ValueError(f"nothing was rendered for {project}; an empty tree is never right")
    first = {} if project == FIRST else _read(folder / FIRST / "expected")
    own = {path: text for path, text in files.items() if first.get(path) != text}
    expected = folder / project / "expected"
    for path in _read(expected).keys() - own.keys():
        (expected / path).unlink()
    for path, text in own.items():
        (expected / path).parent.mkdir(parents=True, exist_ok=True)
        (expected / path).write_text(text, encoding="utf-8", newline="")
    if project != FIRST:
        same = "".join(f"{path}\n" for path in sorted(files.keys() - own.keys()))
        _same(project, folder).write_text(same, encoding="utf-8", newline="\n")


def differences(expected: Mapping[str, str], actual: Mapping[str, str]) -> str:
    """Describe how ``actual`` differs from ``expected``: all paths, then the diffs of the first few;
    "" where the two are equal. An empty ``actual`` is always an error."""
    if not actual:
        return "schemagen rendered no file at all"
    paths = sorted(
        path for path in expected.keys() | actual.keys() if expected.get(path) != actual.get(path)
    )
    if not paths:
        return ""
    lines = [f"{len(paths)} files differ from the golden tree:"]
    for path in paths:
        word = "removed" if path not in actual else "added" if path not in expected else "changed"
        lines.append(f"  {word}: {path}")
    for path in paths[:_SHOWN]:
        lines += ["", *_diff(path, expected.get(path), actual.get(path))]
    if len(paths) > _SHOWN:
        lines += ["", f"and {len(paths) - _SHOWN} more files"]
    return "\n".join([*lines, "", f"If that is right, update them: {UPDATE}"])


def _diff(path: str, expected: str | None, actual: str | None) -> Iterator[str]:
    """Make a unified diff that also shows differences in line endings."""
    before, after = ((text or "").splitlines(keepends=True) for text in (expected, actual))
    old, new = ("/dev/null" if text is None else path for text in (expected, actual))
    for line in difflib.unified_diff(before, after, old, new):
        ended = line.removesuffix("\n")
        yield ended if "\r" not in ended else repr(ended)
        if ended == line and line[:1] in " +-":
            yield "\\ No newline at end of file"


def _read(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _same(project: str, folder: Path) -> Path:
    return folder / project / f"same_as_{FIRST}.txt"
