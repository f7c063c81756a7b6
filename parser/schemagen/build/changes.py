"""Change the files of a folder as a whole: the only module that writes or removes files of projects.

`change` first stages all new files in a folder inside the target folder, together with a journal of what
will be done. Only then it renames the files into place and removes others. A run that is killed before
that is undone by the next one, a run that is killed later is finished by it (`recover`); so the files are
all old or all new, and none is forgotten. A full disk or a missing permission is noticed before anything
has changed.

A lock on the folder keeps two runs apart. Folders are opened one below the other without following
links, so that nothing outside is reached, whatever others do meanwhile.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Container, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeVar

from schemagen.build import journal
from schemagen.build.disk import Folder, digest, digests, links, obstacles, read
from schemagen.build.journal import Entry, Journal
from schemagen.diagnostics import Problem, ProblemsFound
from schemagen.limits import MAX_OUTPUT

STAGING: Final = ".schemagen-staging"
_UNFINISHED = "journal.part"
"""The journal while it is written: nothing was staged yet."""
_PREPARED = "journal"
"""The journal while files are staged: nothing has changed yet."""
_DECIDED = "journal.decided"
"""The journal once everything is staged: from now on, the change is finished, not undone."""

T = TypeVar("T")


def change(
    folder: Folder,
    files: Mapping[str, str],
    remove: Iterable[str] = (),
    seen: Mapping[str, str] | None = None,
) -> bool:
    """Write ``files`` (relative path -> text) below ``folder`` and remove the paths in ``remove``,
    together with folders that become empty.

    ``seen`` are the hashes of these files when the change was planned; by default there were none. Returns
    False, and changes nothing, if all is done already. Raises `ProblemsFound` with SG501, or with SG502
    if another run writes here or has changed one of the files since, before anything has changed.
    """
    texts = {path: text.encode() for path, text in files.items()}
    entries = [
        *(Entry(path, (seen or {}).get(path), digest(text)) for path, text in texts.items()),
        *(Entry(path, (seen or {}).get(path), None) for path in remove),
    ]
    paths = [entry.path for entry in entries]
    _refuse(obstacles(folder, [*paths, f"{STAGING}/{_PREPARED}"]))
    with _locked(folder) as tree:
        _recover(tree)
        _refuse(obstacles(folder, paths))
        if not _needed(folder, entries):
            return False
        plan = Journal((0, 0), tuple(entries), tuple(tree.missing_folders(texts)))
        _stage(tree, plan, texts.values())
        _finish(tree, plan)
    return True


def is_interrupted(folder: Folder) -> bool:
    """Whether a run that was killed has left its change unfinished here.

    Raises `ProblemsFound` with SG502 if the run is still alive, and with SG501 for a foreign thing in its
    place.
    """
    if not _has_staging(folder):
        return False
    with _locked(folder, for_writing=False) as tree:
        return _has_staging(folder) and _leftover(tree) is not None


class Recovery(Enum):
    """What became of the change of a run that was killed."""

    FINISHED = "finished"
    UNDONE = "undone"


def recover(folder: Folder) -> Recovery | None:
    """Finish or undo what a run that was killed has left here; None if there is nothing.

    Raises what `is_interrupted` raises, and `ProblemsFound` with SG501 if something is in the way.
    """
    if not _has_staging(folder):
        return None
    with _locked(folder) as tree:
        return _recover(tree)


def _has_staging(folder: Folder) -> bool:
    return os.path.lexists(folder.path / STAGING)


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise ProblemsFound(problems)


def _needed(folder: Folder, entries: Sequence[Entry]) -> bool:
    """Whether anything is left to do, if no other run has changed what this one saw."""
    now = digests(folder, [entry.path for entry in entries])
    if all(now.get(entry.path) == entry.after for entry in entries):
        return False
    changed = [
        entry.path for entry in entries if now.get(entry.path) not in (entry.before, entry.after)
    ]
    if changed:
        others = f" (and {len(changed) - 1} more files)" if len(changed) > 1 else ""
        message = f"changed while schemagen was reading it{others}; run `{folder.command}` again"
        raise ProblemsFound([folder.problem(changed[0], "SG502", message)])
    return True


# --- the steps of a change ------------------------------------------------------------------------


def _stage(tree: _Tree, plan: Journal, contents: Iterable[bytes]) -> None:
    """Write the journal and all new files to the staging folder. If that fails, nothing is left."""
    if not tree.make_folder(STAGING):
        raise ProblemsFound([tree.folder.problem("", "SG502", _BUSY)])
    plan = Journal(tree.identity(STAGING), plan.entries, plan.folders)
    try:
        tree.write(_staged(_UNFINISHED), plan.render())
        tree.rename(_staged(_UNFINISHED), _staged(_PREPARED))
        for folder in plan.folders:
            tree.make_folder(folder)
        for (number, entry), content in zip(plan.written(), contents, strict=True):
            tree.write(_staged(number), content, entry.path)
        tree.rename(_staged(_PREPARED), _staged(_DECIDED))
    except BaseException:
        _undo(tree, plan)
        raise


def _finish(tree: _Tree, plan: Journal, done: Container[str] = ()) -> None:
    """Bring every staged file into place, remove what is to be removed, and forget the journal.

    ``done`` are the paths for which that was done before.
    """
    for number, entry in plan.written():
        if entry.path in done:
            tree.unlink(_staged(number))
        else:
            tree.rename(_staged(number), entry.path)
    removed = [entry.path for entry in plan.entries if entry.after is None]
    for path in removed:
        tree.unlink(path)
    tree.remove_empty_parents(removed)
    _forget(tree)


def _undo(tree: _Tree, plan: Journal, created: Iterable[str] = ()) -> None:
    """Remove the staged files, the files that were ``created``, and the folders made for them."""
    for number, _ in plan.written():
        tree.unlink(_staged(number))
    for path in created:
        tree.unlink(path)
    for folder in reversed(plan.folders):
        tree.remove_folder(folder)
    _forget(tree)


def _forget(tree: _Tree) -> None:
    for name in (_UNFINISHED, _PREPARED, _DECIDED):
        tree.unlink(_staged(name))
    tree.remove_folder(STAGING)


def _staged(name: str) -> str:
    return f"{STAGING}/{name}"


# --- after a run that was killed ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Leftover:
    """What a run that was killed left: the journal, if it was written, and whether all was staged."""

    journal: Journal | None = None
    decided: bool = False


def _recover(tree: _Tree) -> Recovery | None:
    leftover = _leftover(tree)
    if leftover is None:
        return None
    plan = leftover.journal
    if plan is None:
        _forget(tree)
        return Recovery.UNDONE
    paths = [entry.path for entry in plan.entries]
    _refuse(obstacles(tree.folder, paths))
    if not leftover.decided:
        _undo(tree, plan)
        return Recovery.UNDONE
    now = digests(tree.folder, paths)
    if _can_be_finished(tree, plan, now):
        for missing in tree.missing_folders(entry.path for _, entry in plan.written()):
            tree.make_folder(missing)
        done = {entry.path for entry in plan.entries if now.get(entry.path) == entry.after}
        _finish(tree, plan, done)
        return Recovery.FINISHED
    # Somebody has changed the files since, or it is a copy. What the run created is removed, because
    # no manifest may list it; the next build writes whatever else is missing.
    created = [entry for entry in plan.entries if entry.before is None]
    _undo(tree, plan, [entry.path for entry in created if now.get(entry.path) == entry.after])
    return Recovery.UNDONE


def _can_be_finished(tree: _Tree, plan: Journal, now: Mapping[str, str]) -> bool:
    """Whether each file is as it was before the change, with the new one staged, or as it is after."""
    if plan.staging != tree.identity(STAGING):
        return False
    staged = digests(tree.folder, [_staged(number) for number, _ in plan.written()])
    for number, entry in enumerate(plan.entries):
        found = now.get(entry.path)
        ready = entry.after is None or staged.get(_staged(str(number))) == entry.after
        if found != entry.after and not (found == entry.before and ready):
            return False
    return True


def _leftover(tree: _Tree) -> _Leftover | None:
    """Read what is in the staging folder; None if there is no such folder.

    Raises `ProblemsFound` with an SG501 for everything in it that schemagen did not put there.
    """
    folder = tree.folder
    if not _has_staging(folder):
        return None
    _refuse(links(folder, [_staged(_PREPARED)]))
    if not (folder.path / STAGING).is_dir():
        raise ProblemsFound([folder.problem(STAGING, "SG501", _FOREIGN)])
    present = set(os.listdir(folder.path / STAGING))  # noqa: PTH208 - names without a path each
    own = {_UNFINISHED}
    found = _Leftover()
    for name in (_PREPARED, _DECIDED):
        if name in present and (data := read(folder, _staged(name), MAX_OUTPUT)):
            plan = journal.parse(data)
            if plan is not None and not any(_is_staging(entry.path) for entry in plan.entries):
                found = _Leftover(plan, name == _DECIDED)
                own |= {name, *(number for number, _ in plan.written())}
    foreign = {
        name
        for name in present
        if name not in own or not stat.S_ISREG((folder.path / STAGING / name).lstat().st_mode)
    }
    _refuse([folder.problem(_staged(name), "SG501", _FOREIGN) for name in sorted(foreign)])
    return found


_FOREIGN = (
    "is in the folder where schemagen keeps files while it writes, but it did not put it there; move it"
    " away"
)


def _is_staging(path: str) -> bool:
    return path.split("/", 1)[0].casefold() == STAGING


# --- the disk -------------------------------------------------------------------------------------

_HAS_DESCRIPTORS = {os.open, os.mkdir, os.rename, os.unlink, os.rmdir} <= os.supports_dir_fd
"""False on Windows, where folders cannot be opened, and links need a privilege that git does not have."""
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_BELOW = _FOLDER | getattr(os, "O_NOFOLLOW", 0)
_NEW = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
)
_MAX_OPEN = 64
_BUSY = "another build is writing here; wait until it is done"


def _unwritable(folder: Folder, path: str, error: OSError) -> ProblemsFound:
    message = f"cannot be written: {error.strerror or error}"
    return ProblemsFound([folder.problem(path, "SG501", message)])


@dataclass(slots=True)
class _Tree:
    """Changes files below ``folder``. OSErrors become `ProblemsFound` with SG501 of the path.

    ``top`` is its descriptor, -1 on Windows; ``opened`` are those of folders below it.
    """

    folder: Folder
    top: int
    opened: dict[str, int] = field(default_factory=dict[str, int])

    def run(
        self,
        path: str,
        action: Callable[[str, int | None], T],
        about: str | None = None,
        expected: Container[int | None] = (),
    ) -> T:
        """Call ``action`` with a name for ``path`` and the descriptor that it is relative to.

        ``about`` is the path that an error is reported for, if not ``path``; OSErrors of the numbers in
        ``expected`` are raised as they are.
        """
        try:
            if self.top < 0:
                return action(str(self.folder.path / path), None)
            parent, _, name = path.rpartition("/")
            return action(name, self._open(parent))
        except OSError as error:
            if error.errno in expected:
                raise
            raise _unwritable(self.folder, path if about is None else about, error) from error

    def _open(self, path: str) -> int:
        if not path:
            return self.top
        if path not in self.opened:
            parent, _, name = path.rpartition("/")
            self.opened[path] = os.open(name, _BELOW, dir_fd=self._open(parent))
        return self.opened[path]

    def _trim(self) -> None:
        """Close the folders if many are open: systems allow a few hundred."""
        if len(self.opened) > _MAX_OPEN:
            self.close()

    def close(self) -> None:
        for descriptor in self.opened.values():
            os.close(descriptor)
        self.opened.clear()

    def identity(self, path: str) -> tuple[int, int]:
        """Return what identifies a file or folder on this machine: its device and inode."""
        status = self.run(
            path,
            lambda name, at: os.stat(name, dir_fd=at, follow_symlinks=False),
        )
        return status.st_dev, status.st_ino

    def write(self, path: str, content: bytes, about: str | None = None) -> None:
        """Write a new file."""
        self._trim()

        def create(name: str, at: int | None) -> None:
            descriptor = os.open(name, _NEW, 0o666, dir_fd=at)
            try:
                rest = memoryview(content)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
            finally:
                os.close(descriptor)

        self.run(path, create, about)

    def rename(self, source: str, target: str) -> None:
        """Rename a file, replacing what is at ``target``."""
        self._trim()

        def to(name: str, at: int | None) -> None:
            self.run(
                source,
                lambda old, old_at: os.replace(old, name, src_dir_fd=old_at, dst_dir_fd=at),
                target,
            )

        self.run(target, to)

    def unlink(self, path: str) -> None:
        """Remove a file, if there is one."""
        self._trim()
        try:
            self.run(
                path,
                lambda name, at: os.unlink(name, dir_fd=at),
                expected=(errno.ENOENT,),
            )
        except FileNotFoundError:
            return

    def make_folder(self, path: str) -> bool:
        """Create a folder; return whether it was missing."""
        self._trim()
        try:
            self.run(
                path,
                lambda name, at: os.mkdir(name, dir_fd=at),
                expected=(errno.EEXIST,),
            )
        except FileExistsError:
            return False
        return True

    def remove_folder(self, path: str) -> bool:
        """Remove a folder if it is empty; return whether it is gone."""
        self._trim()
        if descriptor := self.opened.pop(path, 0):
            os.close(descriptor)
        try:
            self.run(
                path,
                lambda name, at: os.rmdir(name, dir_fd=at),
                expected=(errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY),
            )
        except FileNotFoundError:
            return True
        except OSError:  # It is not empty.
            return False
        return True

    def remove_empty_parents(self, paths: Iterable[str]) -> None:
        """Remove the folders of removed files that are empty now."""
        for parent in dict.fromkeys(path.rpartition("/")[0] for path in paths):
            while parent and self.remove_folder(parent):
                parent = parent.rpartition("/")[0]

    def missing_folders(self, paths: Iterable[str]) -> list[str]:
        """List the folders that are to be created for ``paths``, each after the one that contains it."""
        missing: dict[str, None] = {}
        known: set[str] = set()
        for path in paths:
            above: list[str] = []
            parent = path.rpartition("/")[0]
            while parent and parent not in known:
                known.add(parent)
                if not (self.folder.path / parent).is_dir():
                    above.append(parent)
                parent = parent.rpartition("/")[0]
            missing.update(dict.fromkeys(reversed(above)))
        return list(missing)


@contextmanager
def _locked(folder: Folder, *, for_writing: bool = True) -> Generator[_Tree]:
    """Lock ``folder`` for this process, and create it if it is missing.

    The lock is on the folder itself: nothing is left behind, and git does not track folders. The system
    releases the lock when the process ends, however it ends.
    """
    created = _make(folder) if for_writing else []
    try:
        if (
            not _HAS_DESCRIPTORS
        ):  # Windows cannot lock a folder; two runs at once may collide there.
            yield _Tree(folder, -1)
            return
        descriptor = _open_locked(folder)
        tree = _Tree(folder, descriptor)
        try:
            yield tree
        finally:
            tree.close()
            os.close(descriptor)
    except BaseException:
        for path in reversed(created):
            try:
                os.rmdir(path)  # noqa: PTH106
            except OSError:
                break  # Something is in it by now.
        raise


def _make(folder: Folder) -> list[str]:
    """Create ``folder`` with those above it, and return what was missing."""
    missing = [path for path in (folder.path, *folder.path.parents) if not path.exists()]
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, "", error) from error
    return [str(path) for path in reversed(missing)]


def _open_locked(folder: Folder) -> int:
    import fcntl

    descriptor = _open_folder(folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        status = os.fstat(descriptor)
        now = folder.path.stat()
        # Another run may have replaced the folder before the lock was ours.
        if (status.st_dev, status.st_ino) != (now.st_dev, now.st_ino):
            raise BlockingIOError
    except (BlockingIOError, FileNotFoundError) as error:
        os.close(descriptor)
        raise ProblemsFound([folder.problem("", "SG502", _BUSY)]) from error
    except OSError as error:
        os.close(descriptor)
        raise _unwritable(folder, "", error) from error
    return descriptor


def _open_folder(folder: Folder) -> int:
    """Open ``folder``, below the project's root without following a link."""
    steps = [step for _, step in folder.steps()]
    try:
        descriptor = os.open(folder.root if steps else folder.path, _FOLDER)
        for step in steps:
            try:
                below = os.open(step.name, _BELOW, dir_fd=descriptor)
            finally:
                os.close(descriptor)
            descriptor = below
    except OSError as error:
        raise _unwritable(folder, "", error) from error
    return descriptor
