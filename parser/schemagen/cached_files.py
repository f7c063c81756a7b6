"""JSON files in the user's cache folder, each with a checksum.

Whatever is wrong with the folder or with a file costs time and nothing else: then nothing is read, or
nothing is kept.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from hashlib import blake2b
from pathlib import Path
from typing import Any

from schemagen.files import read_file


class Unusable(ValueError):
    """Raised for a file of the cache that is missing, cut short, changed, or of another form."""


def cache_folder() -> Path | None:
    """Return the user's cache folder (XDG base directories; %LOCALAPPDATA% on Windows).

    Return None if the user's home folder is unknown.
    """
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        base = Path(os.environ.get(variable, ""))
        if base.is_absolute():  # Others are to be ignored.
            return base / "schemagen"
    try:
        return Path.home() / ".cache" / "schemagen"
    except RuntimeError:
        return None


def load(path: Path | None) -> Any:
    """Read the document that `save` has written. Raises `Unusable`."""
    if path is None:
        raise Unusable
    try:
        checksum, _, data = read_file(path).partition(b"\n")
        if checksum != _checksum(data):
            raise Unusable
        return json.loads(data)
    except (OSError, ValueError, RecursionError) as error:
        raise Unusable from error


def save(path: Path | None, document: object) -> None:
    """Write ``document`` as a whole or not at all."""
    if path is None:
        return
    data = json.dumps(document, separators=(",", ":")).encode()
    # A folder that is read-only or a disk that is full: the work is done again the next time.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_checksum(data) + b"\n" + data)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _checksum(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).hexdigest().encode()
