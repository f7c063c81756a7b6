"""Read a catalogue (``catalog.json``) from a file, a folder or a git revision."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from schemagen.diagnostics import Problem, ProblemsFound, shown
from schemagen.files import read_file
from schemagen.limits import MAX_OUTPUT, line_column
from schemagen.runtime import catalog_json
from schemagen.runtime.catalog_codecs import CatalogError, DuplicateKeys, NewerFormat
from schemagen.runtime.catalog_data import CatalogData
from schemagen.settings import positions
from schemagen.settings.load import Settings, load_settings


def load(source: Path | str, settings: Settings | None = None) -> CatalogData:
    """Read the catalogue of ``source``: a file, a folder (a project, its output or a package), or, as
    a string that is no path, a git revision of the project.

    ``settings`` say which project; by default it is the one that the current folder is in. Raises
    `ProblemsFound` with SG601, SG602 and SG603.
    """
    path = Path(source)
    if isinstance(source, Path) or _exists(path):
        return _from_path(path)
    return _from_revision(source, settings or load_settings(Path.cwd()))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except ValueError:  # a NUL is in no path
        return False


# --- files and folders ----------------------------------------------------------------------------


def _from_path(path: Path) -> CatalogData:
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
    return parse(name, data)


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


# --- revisions ------------------------------------------------------------------------------------


def _from_revision(revision: str, settings: Settings) -> CatalogData:
    """Read the catalogue that the project had in ``revision``, with git and without a shell."""
    if revision.startswith("-") or not revision.isprintable() or not revision:
        message = f"{shown(revision)} is neither a path nor a git revision"
        raise _problem(settings.display(_catalog_path(settings)), "SG603", message)
    path = Path(os.path.relpath(_catalog_path(settings), settings.root)).as_posix()
    name = f"{revision}:{path}"
    commit = _git(settings, name, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if commit is None:
        message = f"there is no file {shown(revision)}, and no git revision of that name"
        raise _problem(name, "SG603", message)
    # Not `git show`, which may run a filter that the repository configures.
    data = _git(settings, name, "cat-file", "blob", f"{commit.decode().strip()}:./{path}")
    if data is None:
        message = (
            "the revision has no catalogue there; choose one in which the output folder has it"
        )
        raise _problem(name, "SG603", message)
    return parse(name, data)


def _git(settings: Settings, name: str, *arguments: str) -> bytes | None:
    """Run git and return its output, or None if it fails."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=settings.root, capture_output=True, check=False
        )
    except OSError as error:
        message = f"git cannot be run: {error.strerror or error}"
        raise _problem(name, "SG603", message) from error
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
