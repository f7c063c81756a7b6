"""Look at the folders that schemagen writes to, without following links in them.

Git carries links, so a link in a checkout may lead anywhere on the disk. Whatever is compared, written
or removed below the output folder, or below the folder of the lock files, is reached without one.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from schemagen.diagnostics import Problem, ProblemsFound, display_path, unreadable
from schemagen.files import IsLink, NotRegular, TooLarge, path_from, read_file
from schemagen.limits import MAX_OUTPUT, MAX_SIZE


def digest(*parts: bytes) -> str:
    """Hash ``parts`` to 32 hexadecimal digits. The boundaries between parts count."""
    total = blake2b(digest_size=16)
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that schemagen writes to: the output folder, or that of the lock files.

    ``root`` is the project's folder, and ``command`` the command that writes here.
    """

    path: Path
    root: Path
    command: str

    def problem(self, path: str, code: str, message: str) -> Problem:
        """Make a problem of ``path``, which is relative to the folder; "" is the folder itself."""
        return Problem(display_path(self.path / path, self.root), 1, 1, code, message)

    def steps(self) -> Iterator[tuple[str, Path]]:
        """Yield the folders on the way from the project's root to this one, which is the last, with
        paths relative to this one: none if this one is the root, or outside the project."""
        parts = path_from(self.root, self.path).parts
        if parts[:1] not in (("..",), ("/",)):
            for count in range(1, len(parts) + 1):
                above = "/".join([".."] * (len(parts) - count))
                yield above, self.root.joinpath(*parts[:count])


def links(folder: Folder, paths: Iterable[str]) -> list[Problem]:
    """Find every link among the folders that lead from the project's root to ``paths``, as SG501.

    The way to the root, or to a folder outside the project, may lead over links.
    """
    found = [
        folder.problem(above, "SG501", _is_link("set the folder that it leads to, or remove it"))
        for above, step in folder.steps()
        if step.is_symlink()
    ]
    prefix = f"{folder.path}{os.sep}"
    for parent in _parents(paths):
        if os.path.islink(prefix + parent):  # noqa: PTH114 - names only
            found.append(folder.problem(parent, "SG501", _is_link("remove it")))
    return found


def read(folder: Folder, path: str, limit: int = MAX_SIZE) -> bytes | None:
    """Read a file below ``folder``; None if there is none.

    Raises OSError if it cannot be read, and `ProblemsFound` with SG501 for a link on the way.
    """
    if found := links(folder, [path]):
        raise ProblemsFound(found)
    content = _read(folder, path, limit)
    if isinstance(content, Problem):
        raise ProblemsFound([content])
    return content


def digests(folder: Folder, paths: Iterable[str]) -> dict[str, str]:
    """Hash each of ``paths`` (relative to ``folder``) that is a file; others are left out.

    Raises OSError if a file cannot be read, and `ProblemsFound` with SG501 for links on the way to
    any of the paths, and with SG101 for what is neither a file nor a folder.
    """
    paths = list(paths)
    found: dict[str, str] = {}
    problems = links(folder, paths)
    for path in () if problems else paths:
        content = _read(folder, path, MAX_OUTPUT)
        if isinstance(content, Problem):
            problems.append(content)
        elif content is not None:
            found[path] = digest(content)
    if problems:
        raise ProblemsFound(problems)
    return found


def _read(folder: Folder, path: str, limit: int) -> bytes | Problem | None:
    name = f"{folder.path}{os.sep}{path}"
    try:
        return read_file(name, limit, follow=False)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except IsLink:
        return _link_problem(folder, path)
    except (NotRegular, TooLarge) as error:
        return unreadable(folder.problem(path, "", "").path, error)
    except PermissionError:
        if os.name == "nt" and os.path.isdir(name):  # noqa: PTH112 - Windows opens no folders
            return None
        raise


def _link_problem(folder: Folder, path: str) -> Problem:
    """Make the problem of a link in the place of a file; what it leads to is only looked at."""
    try:
        mode = (folder.path / path).stat().st_mode
    except OSError:
        mode = stat.S_IFREG
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return folder.problem(path, "SG501", _is_link("remove it"))
    message = "cannot be read: it is a link to something that is no regular file; remove it"
    return folder.problem(path, "SG101", message)


def _is_link(remedy: str) -> str:
    return f"is a link, and schemagen writes and removes nothing behind links; {remedy}"


def _parents(paths: Iterable[str]) -> list[str]:
    """List the folders of ``paths``, each after the folder that contains it."""
    found = dict[str, None]()
    for path in paths:
        parent = path.rpartition("/")[0]
        above: list[str] = []
        while parent and parent not in found:
            above.append(parent)
            parent = parent.rpartition("/")[0]
        found.update(dict.fromkeys(reversed(above)))
    return list(found)


def obstacles(folder: Folder, paths: Iterable[str]) -> list[Problem]:
    """Find what would keep ``paths`` from being written or removed, without trying to."""
    paths = list(paths)
    if found := links(folder, paths):
        return found
    for above, step in (*folder.steps(), ("", folder.path)):
        if step.exists() and not step.is_dir():
            return [folder.problem(above, "SG501", _FILE_IN_THE_WAY)]
    prefix = f"{folder.path}{os.sep}"
    parents = _parents(paths)
    for parent in parents:
        name = folder.path / parent
        if name.exists() and not name.is_dir():
            found.append(folder.problem(parent, "SG501", _FILE_IN_THE_WAY))
    missing = {parent for parent in parents if not os.path.isdir(f"{prefix}{parent}")}  # noqa: PTH112
    for path in paths:
        if path.rpartition("/")[0] in missing:
            continue
        try:
            mode = os.lstat(prefix + path).st_mode
        except OSError:
            continue  # There is nothing.
        if stat.S_ISLNK(mode):
            found.append(_link_problem(folder, path))
        elif stat.S_ISDIR(mode):
            message = "a folder is in the way of this file; move it away"
            found.append(folder.problem(path, "SG501", message))
    return found or list(_without_permission(folder, paths))


_FILE_IN_THE_WAY = "a file is in the way of this folder; move it away"


def _without_permission(folder: Folder, paths: Iterable[str]) -> Iterator[Problem]:
    """Report the folders of ``paths`` in which nothing may be created; for a missing one, the nearest."""
    message = "no permission to write here; change it, or choose another output folder"
    effective = os.access in os.supports_effective_ids
    nearest: dict[Path, None] = {}
    for parent in dict.fromkeys(path.rpartition("/")[0] for path in paths):
        name = folder.path / parent
        nearest[next(above for above in (name, *name.parents) if above.is_dir())] = None
    for name in nearest:
        if not os.access(name, os.W_OK | os.X_OK, effective_ids=effective):
            relative = os.path.relpath(name, folder.path).replace(os.sep, "/")
            yield folder.problem(relative, "SG501", message)
