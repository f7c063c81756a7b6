"""Change ``package_version`` in the text of a settings file, and nothing else in it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from schemagen.diagnostics import Problem, ProblemsFound
from schemagen.settings import positions
from schemagen.settings.positions import KeyPath

_KEY = "package_version"
_VALUE = re.compile(
    r"""["']?package_version["']?[ \t]*=[ \t]*"""
    r'''(?P<value>"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|'[^'\n]*')''',
    re.DOTALL,
)
_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)
_OWN_HEADER = re.compile(
    r"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*schemagen[ \t]*\][ \t]*(#[^\n]*)?$", re.MULTILINE
)


def with_version(path: Path, text: str, version: str) -> str:
    """Return ``text``, that of the settings file at ``path``, with another version of the package.

    Where the setting is missing, it is added. All other characters stay. Raises `ProblemsFound` with
    SG302 if it stands where it cannot be changed for certain.
    """
    top_level = path.name == "schemagen.toml"
    root: KeyPath = () if top_level else ("tool", "schemagen")
    offset = positions.toml(text).offsets.get((*root, _KEY))
    if offset is not None:
        changed = _replaced(text, offset, version)
    else:
        changed = _added(text, version, top_level=top_level)
    if changed is None or not _differs_in_version_only(text, changed, root, version):
        where = positions.toml(text).line_column((*root, _KEY))
        message = f'the version cannot be written here; set {_KEY} = "{version}" by hand'
        raise ProblemsFound([Problem(path.name, *where, "SG302", message)])
    return changed


def _replaced(text: str, offset: int, version: str) -> str | None:
    # The offset is that of the key's first part, where it is dotted.
    found = _VALUE.search(text, offset)
    if found is None:
        return None
    start, end = found.span("value")
    return f'{text[:start]}"{version}"{text[end:]}'


def _added(text: str, version: str, *, top_level: bool) -> str | None:
    newline = "\r\n" if "\r\n" in text else "\n"
    line = f'{_KEY} = "{version}"{newline}'
    if top_level:
        header = _HEADER.search(text)
        at = header.start() if header else len(text)
        before = text[:at]
        if before and not before.endswith("\n"):
            before += newline
        return before + line + (newline if header else "") + text[at:]
    header = _OWN_HEADER.search(text.replace("\r\n", " \n"))
    if header is None:
        return None
    end = text.find("\n", header.start()) + 1
    if not end:
        return f"{text}{newline}{line}"
    return text[:end] + line + text[end:]


def _differs_in_version_only(old: str, new: str, root: KeyPath, version: str) -> bool:
    """Whether ``new`` has the version, and everything else that ``old`` has."""
    try:
        before, after = tomllib.loads(old), tomllib.loads(new)
        _table(before, root).pop(_KEY, None)
        found = _table(after, root).pop(_KEY, None)
    except (tomllib.TOMLDecodeError, KeyError):
        return False
    return found == version and before == after


def _table(document: dict[str, Any], root: KeyPath) -> dict[str, Any]:
    for key in root:
        document = document[str(key)]
    return document
