"""Read a catalogue (``catalog.json``) from a file, a folder, an installed package or a git revision."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from schemagen.diagnostics import Problem, ProblemsFound, shown
from schemagen.files import path_from, read_file
from schemagen.limits import MAX_OUTPUT, line_column
from schemagen.runtime import catalog_json
from schemagen.runtime.catalog_codecs import CatalogError, DuplicateKeys, NewerFormat
from schemagen.runtime.catalog_data import CatalogData
from schemagen.settings import positions
from schemagen.settings.load import Settings, load_settings

GIT, PACKAGE = "git:", "package:"
"""What the name of a git revision or of an installed package starts with."""


@dataclass(frozen=True, slots=True)
class CatalogFile:
    """A catalogue, not yet parsed. Messages call it ``name``.

    ``path`` is its file, or None in a git ``revision``, which is ``commit``. ``package`` is the installed
    package that it was found by, or "".
    """

    name: str
    data: bytes
    path: Path | None = None
    revision: str = ""
    commit: str = ""
    package: str = ""


def load(source: Path | str, settings: Settings | None = None) -> CatalogData:
    """Read and parse the catalogue of ``source``, see `find`. Raises `ProblemsFound` with SG601, SG602
    and SG603."""
    found = find(source, settings)
    return parse(found.name, found.data)


def find(source: Path | str, settings: Settings | None = None) -> CatalogFile:
    """Read the catalogue of ``source``, unparsed.

    ``source`` is a file, a folder (a project, its output or a package), or a string that is no path:
    ``git:REVISION``, ``git:REVISION:FOLDER``, ``package:NAME`` of an installed package, or a git
    revision of the project. The folder of a revision is relative to the project, and by default the
    package is where the settings have it. ``settings`` say which project; by default it is the one
    that the current folder is in. Raises `ProblemsFound` with SG601 and SG603.
    """
    path = Path(source)
    if isinstance(source, Path) or _exists(path):
        return _from_path(path)
    if source.startswith(PACKAGE):
        return _from_package(source.removeprefix(PACKAGE))
    settings = settings or load_settings(Path.cwd())
    if source.startswith(GIT):
        revision, _, folder = source.removeprefix(GIT).partition(":")
        return _from_revision(revision, settings, folder)
    return _from_revision(source, settings, or_file=True)


def has_catalogue(folder: Path) -> bool:
    """Whether `find` would find a catalogue in ``folder``, or several."""
    return any(_candidates(folder))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except ValueError:  # a NUL is in no path
        return False


# --- files and folders ----------------------------------------------------------------------------


def _from_path(path: Path) -> CatalogFile:
    name = path.as_posix()
    try:
        if path.is_dir():
            path = _in_folder(path)
            name = path.as_posix()
        data = read_file(path, MAX_OUTPUT)
    except OSError as error:
        raise _problem(name, "SG601", f"cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise _problem(name, "SG601", "cannot be read: no file has such a name") from error
    return CatalogFile(name, data, path)


def _in_folder(folder: Path) -> Path:
    """Find the catalogue in ``folder``, which is a package, an output folder or a project."""
    for found in _candidates(folder):
        if len(found) > 1:
            names = ", ".join(path.as_posix() for path in found)
            message = f"the folder has several catalogues; name one of them: {names}"
            raise _problem(folder.as_posix(), "SG601", message)
        if found:
            return found[0]
    message = f"no {catalog_json.FILE} is in this folder; write it with `schemagen build`"
    raise _problem(folder.as_posix(), "SG601", message)


def _candidates(folder: Path) -> Iterator[list[Path]]:
    yield [path for path in [folder / catalog_json.FILE] if path.is_file()]
    yield sorted(folder.glob(f"*/{catalog_json.FILE}"))
    settings = load_settings(folder)
    if settings.root == folder.absolute():
        path = _catalog_path(settings)
        yield [path] if path.is_file() else []


def _catalog_path(settings: Settings) -> Path:
    return settings.out / settings.package / catalog_json.FILE


# --- packages -------------------------------------------------------------------------------------


def _from_package(package: str) -> CatalogFile:
    """Read the catalogue of an installed package, without importing it."""
    name = f"{PACKAGE}{package}"
    try:
        # A dotted name would import its parents.
        spec = find_spec(package) if package.isidentifier() else None
    except ValueError:  # a module without a spec, such as __main__
        spec = None
    folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    if not folders:
        message = (
            f"no package {shown(package)} is installed for this Python; name it as it is imported"
        )
        raise _problem(name, "SG603", message)
    for folder in folders:
        if (folder / catalog_json.FILE).is_file():
            return replace(_from_path(folder / catalog_json.FILE), package=package)
    message = f"the package has no {catalog_json.FILE}; schemagen did not generate it"
    raise _problem(name, "SG603", message)


# --- revisions ------------------------------------------------------------------------------------


def _from_revision(
    revision: str, settings: Settings, folder: str = "", *, or_file: bool = False
) -> CatalogFile:
    """Read the catalogue that the project had in ``revision``, with git and without a shell.

    Messages say if ``revision`` could also have been the name of a file.
    """
    if revision.startswith("-") or not f"{revision}{folder}".isprintable() or not revision:
        message = f"{shown(revision)} is neither a path nor a git revision"
        raise _problem(settings.display(_catalog_path(settings)), "SG603", message)
    path = folder or str(path_from(settings.root, _catalog_path(settings)))
    name = f"{revision}:{path}"
    found = _git(settings, name, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if found is None:
        message = f"there is no git revision {shown(revision)} of this project"
        if or_file:
            message = f"there is no file {shown(revision)}, and no git revision of that name"
        raise _problem(name, "SG603", message)
    commit = found.decode().strip()
    if folder:
        path = _in_tree(settings, name, commit, folder)
        name = f"{revision}:{path}"
    # Not `git show`, which may run a filter that the repository configures.
    data = _git(settings, name, "cat-file", "blob", f"{commit}:./{path}")
    if data is None:
        message = (
            "the revision has no catalogue there; choose one in which the output folder has it"
        )
        raise _problem(name, "SG603", message)
    return CatalogFile(name, data, None, revision, commit)


def _in_tree(settings: Settings, name: str, commit: str, folder: str) -> str:
    """Find the catalogue in a folder of a commit, or in a folder inside that."""
    if PurePosixPath(folder).name == catalog_json.FILE:
        return folder
    tree = f"{commit}:./{folder}"
    listed = _git(settings, name, "ls-tree", "-r", "-z", "--name-only", "--full-tree", tree)
    paths = [PurePosixPath(path) for path in os.fsdecode(listed or b"").split("\0")]
    found = [path for path in paths if path.name == catalog_json.FILE and len(path.parts) <= 2]
    found.sort(key=lambda path: len(path.parts))
    if not found:
        message = f"the revision has no folder {shown(folder)} with a {catalog_json.FILE}"
        raise _problem(name, "SG603", message)
    if len(found) > 1 and len(found[0].parts) > 1:
        names = ", ".join(path.as_posix() for path in found)
        message = f"the folder has several catalogues; name one of them: {names}"
        raise _problem(name, "SG603", message)
    return PurePosixPath(folder, found[0]).as_posix()


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its id, the day it was made on, and the first line of its message."""

    id: str
    date: str
    subject: str


def commits(settings: Settings) -> tuple[Commit, ...]:
    """Return the commits of the current branch that changed the project's catalogue, newest first.

    Of a merge, only its first parent is followed, so that each commit comes before the next one. Raises
    `ProblemsFound` with SG603 if the project is in no git repository, or has no commit.
    """
    path = str(path_from(settings.root, _catalog_path(settings)))
    # Settings of the user may add signatures, or choose another encoding.
    plain = ("--no-show-signature", "--encoding=UTF-8", "--format=%H%x00%cs%x00%s")
    arguments = ("log", "-z", "--first-parent", *plain, "HEAD", "--", path)
    listed = _git(settings, path, "--literal-pathspecs", *arguments)
    if listed is None:
        raise _problem(path, "SG603", "the project is in no git repository, or it has no commit")
    fields = listed.decode("utf-8", "replace").split("\0")[:-1]
    return tuple(map(Commit, fields[::3], fields[1::3], fields[2::3]))


def is_shallow(settings: Settings) -> bool:
    """Whether the repository lacks earlier commits, as clones of CI systems do."""
    name = settings.display(_catalog_path(settings))
    return _git(settings, name, "rev-parse", "--is-shallow-repository") == b"true\n"


def top_folder(folder: Path) -> Path | None:
    """Return the top folder of the git repository that ``folder`` is in; None if git does not know it."""
    try:
        found = _run_git(folder, "rev-parse", "--show-toplevel")
    except OSError:  # there is no git
        return None
    return Path(os.fsdecode(found.removesuffix(b"\n"))) if found else None


def _git(settings: Settings, name: str, *arguments: str) -> bytes | None:
    """Run git in the project and return its output, or None if it fails."""
    try:
        return _run_git(settings.root, *arguments)
    except OSError as error:
        message = f"git cannot be run: {error.strerror or error}"
        raise _problem(name, "SG603", message) from error


def _run_git(folder: Path, *arguments: str) -> bytes | None:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


# --- texts ----------------------------------------------------------------------------------------


def parse(name: str, data: bytes) -> CatalogData:
    """Read the catalogue in ``data``, which messages call ``name``. Raises `ProblemsFound`."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        position = positions.undecodable(error)
        raise ProblemsFound([Problem(name, *position, "SG601", "is not UTF-8")]) from error
    try:
        return catalog_json.parse(text)
    except json.JSONDecodeError as error:
        message = f"is not JSON: {error.msg}"
        problem = Problem(name, error.lineno, error.colno, "SG601", message)
        raise ProblemsFound([problem]) from error
    except DuplicateKeys as error:
        duplicates = positions.json(text).duplicates
        raise ProblemsFound(
            Problem(
                name,
                *line_column(text, offset),
                "SG601",
                f"duplicate key {json.dumps(key_path[-1])}",
            )
            for key_path, offset in duplicates
        ) from error
    except CatalogError as error:
        code = "SG602" if isinstance(error, NewerFormat) else "SG601"
        found = positions.json(text) if any(path for path, _ in error.findings) else None
        raise ProblemsFound(
            Problem(name, *(found.line_column(path) if found else (1, 1)), code, message)
            for path, message in error.findings
        ) from error
    except ValueError as error:
        # An integer of more digits than Python reads.
        raise _problem(name, "SG601", f"is not a catalogue: {error}") from error


def _problem(name: str, code: str, message: str) -> ProblemsFound:
    return ProblemsFound([Problem(name, 1, 1, code, message)])
