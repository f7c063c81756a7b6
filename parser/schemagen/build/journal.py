"""The journal of a change: what it writes and removes, so that the next run can finish or undo it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

from schemagen import limits

FORMAT: Final = 1
_HASH = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that changes, with the hashes of what it held before and holds after; None for no file."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Journal:
    """What a change does. ``folders`` are those that it creates; ``staging`` are the device and inode
    of the folder that it belongs to, which no checkout of a copy has."""

    staging: tuple[int, int]
    entries: tuple[Entry, ...]
    folders: tuple[str, ...]

    def written(self) -> Iterator[tuple[str, Entry]]:
        """Yield the entries of files that are written, each with the name of its staged file."""
        for number, entry in enumerate(self.entries):
            if entry.after is not None:
                yield str(number), entry

    def render(self) -> bytes:
        document = {
            "format": FORMAT,
            "staging": self.staging,
            "folders": self.folders,
            "entries": [[entry.path, entry.before, entry.after] for entry in self.entries],
        }
        return json.dumps(document).encode()


def parse(data: bytes) -> Journal | None:
    """Parse a journal; None for anything that `Journal.render` would not make."""
    try:
        document = cast("dict[str, Any]", limits.read_json(data.decode()))
        if document["format"] != FORMAT:
            return None
        device, inode = document["staging"]
        entries = tuple(Entry(*entry) for entry in document["entries"])
        journal = Journal((device, inode), entries, tuple(document["folders"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    paths: list[object] = [*(entry.path for entry in entries), *journal.folders]
    hashes: list[object] = [value for entry in entries for value in (entry.before, entry.after)]
    right = (
        all(isinstance(number, int) for number in cast("tuple[object, ...]", journal.staging))
        and all(isinstance(path, str) and is_below(path) for path in paths)
        and all(
            isinstance(value, str) and _HASH.fullmatch(value)
            for value in hashes
            if value is not None
        )
    )
    return journal if right else None


def is_below(path: str) -> bool:
    """Whether a path of a record leads to something below the folder that the record is of."""
    # PurePosixPath would take longer than all the rest of reading a manifest.
    if _leads_elsewhere(f"/{path}/"):
        return False
    # A short path in ASCII can be the name of a file.
    return (len(path) <= limits.MAX_NAME and path.isascii()) or limits.path_fault(path) == ""


def are_below(paths: Collection[str]) -> bool:
    """Whether all ``paths`` are in ASCII, short and `is_below`, in a fraction of the time."""
    together = "/" + "/\n/".join(paths) + "/"
    return not paths or (
        together.isascii()
        and together.count("\n") == len(paths) - 1
        and len(max(paths, key=len)) <= limits.MAX_NAME
        and not _leads_elsewhere(together)
    )


def _leads_elsewhere(paths: str) -> bool:
    """Whether one of ``paths``, each between two slashes, has a drive, a separator of another system, or
    a part that is empty, ``.`` or ``..``."""
    return any(part in paths for part in ("\\", ":", "\0", "//", "/./", "/../"))
