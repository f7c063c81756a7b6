"""Hash the files of a folder, and write them so that no file is ever half written.

New files are first staged in a folder inside the target folder, then renamed into place. A process
that is killed leaves each file old or new, and a full disk or a read-only folder is noticed before
anything has changed.
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
    """Hash ``parts`` to 32 hexadecimal digits. The boundaries between parts count."""
    total = blake2b(digest_size=16)
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


def digests(folder: Path, paths: Iterable[str]) -> dict[str, str]:
    """Hash each of ``paths`` (relative to ``folder``) that is a file; others are left out.

    Raises OSError where a file exists but cannot be read.
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
    """Write ``files`` (relative path -> text) below ``folder``, in their order, and delete the paths
    in ``remove``, together with folders that become empty.

    ``display`` formats paths for problems. ``ready`` is called once no other process can write here
    any more; if it raises, nothing is written. Raises `ProblemsFound` with SG501 or SG502, whenever
    possible before anything has changed.
    """
    problems = [
        Problem(display(target), 1, 1, "SG501", reason)
        for path in files
        for target, reason in _obstacles(folder / path)
    ]
    if problems:
        raise ProblemsFound(problems)
    target = folder / STAGING
    try:
        with _staging(target) as staging:
            ready()
            for number, (path, text) in enumerate(files.items()):
                target = folder / path
                (staging / str(number)).write_bytes(text.encode())
            for number, path in enumerate(files):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                (staging / str(number)).replace(target)
            for path in remove:
                target = folder / path
                _remove(folder, target)
    except _Busy as error:
        message = "another build is writing here; wait until it is done"
        problem = Problem(display(folder), 1, 1, "SG502", message)
        raise ProblemsFound([problem]) from error
    except OSError as error:
        reason = error.strerror or str(error)
        problem = Problem(display(target), 1, 1, "SG501", f"cannot be written: {reason}")
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
    """Find what would keep ``target`` from being written, without trying to."""
    if target.is_dir():
        yield target, "a folder is in the way of this file; move it away"
    for parent in target.parents:
        if parent.is_dir():
            if not os.access(parent, os.W_OK | os.X_OK):
                yield (
                    parent,
                    "no permission to write here; change it, or choose another output folder",
                )
            return
        if parent.exists() or parent.is_symlink():
            yield parent, "a file is in the way of this folder; move it away"
            return


@contextmanager
def _staging(staging: Path) -> Generator[Path]:
    staging.mkdir(parents=True, exist_ok=True)
    with _lock(staging):
        # Left by a build that was killed.
        for leftover in staging.iterdir():
            leftover.unlink()
        try:
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def _lock(folder: Path) -> Generator[None]:
    """Lock ``folder`` for this process. The system releases the lock when the process ends, however
    it ends."""
    try:
        import fcntl
    except ImportError:  # Windows cannot lock a folder; two builds at once may collide there
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
