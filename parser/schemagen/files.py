"""Read files that may be anything: only regular ones, and only up to a size.

A pipe would be waited for, a device such as /dev/zero never ends, and a file of hundreds of megabytes
takes all memory once it is parsed. All readers of pages, lock files, settings, manifests and caches use
`read_file`, and name files in messages and manifests by `path_from`.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path, PurePosixPath

from schemagen.limits import MAX_SIZE

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # The other end of a pipe would be waited for.
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)


def path_from(root: Path, folder: Path) -> PurePosixPath:
    """Return the path that leads from ``root`` to ``folder``: the same in every checkout, also if it leads
    out of the project. Only a folder on another drive keeps its own path."""
    try:
        relative = os.path.relpath(folder, root)
    except ValueError:
        return PurePosixPath(folder.as_posix())
    return PurePosixPath(relative.replace(os.sep, "/"))


class NotRegular(OSError):
    """Raised for a pipe, a socket or a device."""


class TooLarge(OSError):
    """Raised for a file of more bytes than the limit."""


class IsLink(OSError):
    """Raised for a symbolic link that is not to be followed."""


def read_file(path: str | Path, limit: int = MAX_SIZE, *, follow: bool = True) -> bytes:
    """Read the file at ``path``. Raises OSError, and so `NotRegular`, `TooLarge` and, unless links are
    to be followed, `IsLink`."""
    # Less than the time of Path.read_bytes, for ten thousand files.
    try:
        descriptor = os.open(path, _FLAGS if follow else _FLAGS | _NOFOLLOW)
    except OSError as error:
        if not follow and error.errno in (errno.ELOOP, errno.EMLINK):
            raise IsLink(error.errno, "it is a link", str(path)) from error
        if error.errno in (
            errno.ENXIO,
            errno.EOPNOTSUPP,
            errno.ENODEV,
        ):  # a socket, or no such device
            raise _not_regular(path) from error
        raise
    try:
        status = os.fstat(descriptor)
        size = status.st_size
        if not stat.S_ISREG(status.st_mode):
            if stat.S_ISDIR(status.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
            raise _not_regular(path)
        if size > limit:
            message = f"it has {size:,} bytes, and the limit is {limit:,}"
            raise TooLarge(errno.EFBIG, message, str(path))
        data = os.read(descriptor, size + 1)
        # Rarely: another program changes it, or the system reads less at once.
        while len(data) != size and len(data) <= limit and (more := os.read(descriptor, limit)):
            data += more
        return data
    finally:
        os.close(descriptor)


def read_text(path: str | Path) -> str:
    """Read a file in UTF-8, with LF for every line end. Raises OSError and UnicodeDecodeError."""
    return read_file(path).decode().replace("\r\n", "\n").replace("\r", "\n")


def _not_regular(path: str | Path) -> NotRegular:
    return NotRegular(errno.EINVAL, "it is no regular file; remove it", str(path))
