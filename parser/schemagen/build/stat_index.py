"""Remember which generated files hold what the manifest says, by size, times and inode, as git's index does.

A build with nothing to do then looks at thousands of files without reading them. The record is in the
user's cache. A check does not use it: it reads every byte.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final, cast
from zlib import crc32

from schemagen import cached_files
from schemagen.build import disk
from schemagen.build.disk import Folder
from schemagen.diagnostics import ProblemsFound

BUCKETS: Final = 256
"""Files are remembered in groups, so that the record is small. A changed file makes its group unknown."""

RACY: Final = 100_000_000
RACY_SECONDS: Final = 2_000_000_000
"""Nanoseconds. A file that changed less long ago may change again without another time. File systems with
nanoseconds take the time of the kernel's last tick, at most 10 ms ago; others count in steps of up to two
seconds, which times of whole seconds show. See https://git-scm.com/docs/racy-git."""

_SECOND: Final = 1_000_000_000


def digests(folder: Folder, recorded: Mapping[str, str]) -> dict[str, str]:
    """Hash the files of ``recorded``, paths with the hashes of a manifest, like `disk.digests`.

    A file that is the same as at an earlier call, by size, times and inode, is not read.
    """
    path = _record(folder)
    known = _load(path)
    buckets: dict[str, list[tuple[str, os.stat_result | None]]] = {}
    prefix = f"{folder.path}{os.sep}"
    for name in recorded:
        bucket = f"{crc32(name.encode()) % BUCKETS:02x}"
        buckets.setdefault(bucket, []).append((name, _status(prefix + name)))
    signatures = {bucket: _signature(files, recorded) for bucket, files in buckets.items()}
    unknown = [
        name
        for bucket, files in buckets.items()
        if known.get(bucket) != signatures[bucket]
        for name, _ in files
    ]
    if problems := disk.links(folder, recorded):
        raise ProblemsFound(problems)
    now = time.time_ns()
    hashed = disk.digests(folder, unknown)
    missing = set(unknown) - hashed.keys()
    found = {
        name: hashed.get(name, value) for name, value in recorded.items() if name not in missing
    }
    remembered = {
        bucket: signatures[bucket]
        for bucket, files in buckets.items()
        if known.get(bucket) == signatures[bucket]
        or all(
            found.get(name) == recorded[name] and status is not None and is_old(status, now)
            for name, status in files
        )
    }
    if remembered != known:
        cached_files.save(path, remembered)
    return found


def _record(folder: Folder) -> Path | None:
    base = cached_files.cache_folder()
    if base is None:
        return None
    name = os.path.realpath(folder.path).encode(errors="surrogateescape")
    return base / "trees" / f"{blake2b(name, digest_size=16).hexdigest()}.json"


def _load(path: Path | None) -> dict[str, str]:
    try:
        document = cached_files.load(path)
    except cached_files.Unusable:
        return {}
    if not isinstance(document, dict):
        return {}
    return {
        bucket: signature
        for bucket, signature in cast(dict[object, object], document).items()
        if isinstance(bucket, str) and isinstance(signature, str) and signature
    }


def _status(path: str) -> os.stat_result | None:
    """Return the status of a regular file; None for anything else, which is never known."""
    try:
        status = os.lstat(path)
    except OSError:
        return None  # `disk.digests` says what is wrong.
    return status if stat.S_ISREG(status.st_mode) else None


def _signature(files: list[tuple[str, os.stat_result | None]], recorded: Mapping[str, str]) -> str:
    """Hash paths, expected content and statuses of a bucket; "" if one of them is no regular file."""
    lines: list[str] = []
    for name, status in files:
        if status is None:
            return ""
        lines.append(
            f"{name}\0{recorded[name]} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
            f" {status.st_ino} {status.st_dev}"
        )
    return blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()


def is_old(status: os.stat_result, now: int) -> bool:
    """Return whether a file can no longer change without another time; ``now`` is in nanoseconds."""
    newest = max(status.st_mtime_ns, status.st_ctime_ns)
    return newest < now - (RACY if newest % _SECOND else RACY_SECONDS)
