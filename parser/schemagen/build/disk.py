"""The output folder: read its hashes, write it file by file, never half a file.

Writing stages every new file first, in a folder of its own next to the tree, and then renames each
into its place: a build that is killed leaves each file old or new, and a disk that is full or a
folder that is read-only is found out before anything has changed.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from schemagen.diagnostics import Problem, ProblemsFound

STAGING = ".schemagen-staging"


def digest(*parts: bytes) -> str:
    """A hash of ``parts``, as 32 hexadecimal digits; where one part ends matters."""
    total = blake2b(digest_size=16)
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


def digests(folder: Path, paths: Iterable[str]) -> dict[str, str]:
    """The hash of each of ``paths`` (relative to ``folder``) that is a file; others are left out.

    Raises OSError where a file is there and cannot be read.
    """
    found: dict[str, str] = {}
    prefix = f"{folder}{os.sep}"
    for path in paths:
        try:
            # Half the time of Path.open, for ten thousand files.
            with open(prefix + path, "rb", buffering=0) as file:  # noqa: PTH123
                found[path] = digest(file.read())
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            continue
    return found


def write(
    folder: Path,
    files: Mapping[str, str],
    remove: Iterable[str],
    display: Callable[[Path], str] = str,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Write ``files`` (relative path -> text) below ``folder``, in their order, and remove
    ``remove``. ``display`` says how problems name a path. ``ready`` is called when no other process
    can write here any more; what it raises stops the writing.

    Folders that become empty are removed. Raises `ProblemsFound` with SG501 or SG502 before
    anything in the tree has changed, as far as that can be known.
    """
    problems = [
        Problem(display(place), 1, 1, "SG501", reason)
        for path in files
        for place, reason in _obstacles(folder / path)
    ]
    if problems:
        raise ProblemsFound(problems)
    place = folder / STAGING
    try:
        with _staging(place) as staging:
            ready()
            for number, (path, text) in enumerate(files.items()):
                place = folder / path
                (staging / str(number)).write_bytes(text.encode())
            for number, path in enumerate(files):
                place = folder / path
                place.parent.mkdir(parents=True, exist_ok=True)
                (staging / str(number)).replace(place)
            for path in remove:
                place = folder / path
                _remove(folder, place)
    except _Busy as error:
        message = "another build is writing here; wait until it is done"
        problem = Problem(display(folder), 1, 1, "SG502", message)
        raise ProblemsFound([problem]) from error
    except OSError as error:
        reason = error.strerror or str(error)
        problem = Problem(display(place), 1, 1, "SG501", f"cannot be written: {reason}")
        raise ProblemsFound([problem]) from error


class _Busy(Exception):
    """Another process holds the staging folder."""


def _remove(folder: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    for parent in target.relative_to(folder).parents:
        if not parent.parts:
            break
        try:
            (folder / parent).rmdir()
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
                break
            raise


def _obstacles(target: Path) -> Iterator[tuple[Path, str]]:
    """Why ``target`` cannot be written, as far as can be told without trying."""
    if target.is_dir():
        yield target, "a folder is in the way of this file"
    for parent in target.parents:
        if parent.is_dir():
            if not os.access(parent, os.W_OK | os.X_OK):
                yield parent, "no permission to write here"
            return
        if parent.exists() or parent.is_symlink():
            yield parent, "a file is in the way of this folder"
            return


@contextmanager
def _staging(staging: Path) -> Generator[Path]:
    staging.mkdir(parents=True, exist_ok=True)
    with _lock(staging):
        # What a killed build left.
        for leftover in staging.iterdir():
            leftover.unlink()
        try:
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def _lock(folder: Path) -> Generator[None]:
    """Hold ``folder`` for this process; the system lets go when the process ends, however it does."""
    try:
        import fcntl
    except ImportError:  # Windows: nothing like it on a folder; two builds at once are on their own
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _Busy from error
        yield
    finally:
        os.close(descriptor)
