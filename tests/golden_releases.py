"""The golden trees of releases: what each release made of the golden projects, and from which inputs.

``tests/golden/releases/<version>.json`` has the inputs and the outputs of all golden projects as they were
at a release. The current program renders the same inputs; what comes out otherwise than at the newest
release is a change that users see when they upgrade, and CHANGELOG.md must say so: below ``### Changed
output`` of the unreleased section, an entry begins with the names of the outputs that it is about.

Run as a program, this writes the tree of the version in pyproject.toml; docs/release.md says when.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from packaging.version import Version

import golden_trees
from golden_trees import PROJECTS
from projects import CHECKOUT
from schemagen import api
from schemagen.targets.registry import TARGETS, Target

FOLDER = golden_trees.FOLDER / "releases"
CHANGELOG = CHECKOUT / "CHANGELOG.md"
HEADING = "Changed output"
INPUTS = ("docs_src", "bindings", "templates", "schemagen.toml")
Tree = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Project:
    """A golden project at a release: the files that it consisted of, and those that were made from them."""

    inputs: Tree
    outputs: Tree


@dataclass(frozen=True, slots=True)
class Release:
    """The golden projects at a release, by name."""

    version: str
    projects: Mapping[str, Project]


def releases(folder: Path = FOLDER) -> list[Release]:
    """Read the trees of all releases, the oldest first."""
    found = [
        Release(
            path.stem,
            {
                name: Project(entry["inputs"], entry["outputs"])
                for name, entry in json.loads(path.read_text("utf-8")).items()
            },
        )
        for path in folder.glob("*.json")
    ]
    return sorted(found, key=lambda release: Version(release.version))


def freeze(version: str, folder: Path = FOLDER) -> Path:
    """Write the tree of a release: the golden projects as they are now. Raises FileExistsError if it has one:
    what was released does not change any more."""
    documents = {
        name: {"inputs": inputs(name), "outputs": stored(golden_trees.rendered(name))}
        for name in PROJECTS
    }
    text = json.dumps(documents, indent=0, ensure_ascii=False, sort_keys=True) + "\n"
    folder.mkdir(exist_ok=True)
    path = folder / f"{version}.json"
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return path


def inputs(project: str) -> dict[str, str]:
    """Read the files that a golden project consists of."""
    root = golden_trees.FOLDER / project
    files = [
        path
        for name in INPUTS
        for path in ([root / name] if (root / name).is_file() else sorted((root / name).rglob("*")))
        if path.is_file()
    ]
    return {path.relative_to(root).as_posix(): path.read_bytes().decode("utf-8") for path in files}


def rendered(project: Project, folder: Path) -> dict[str, str]:
    """Render the inputs of a project at a release with the current program, in an empty ``folder``."""
    for path, text in project.inputs.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    files = dict(api.render(api.settings(folder)))
    del files["manifest.json"]
    return stored(files)


def stored(files: Tree) -> dict[str, str]:
    """Return the files that are stored of a project's output; of the runtime's modules, which are copies of
    sources, the hashes."""
    return {
        path: f"sha256 {sha256(text.encode()).hexdigest()}\n" if "/_runtime/" in path else text
        for path, text in files.items()
    }


def changed_outputs(before: Tree, after: Tree) -> dict[str, list[str]]:
    """Return the paths that differ by the name of their output, see `output_of`."""
    found: dict[str, list[str]] = {}
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            found.setdefault(output_of(path), []).append(path)
    return found


def output_of(path: str, targets: Iterable[Target] = TARGETS) -> str:
    """Return what entries call the output that a file belongs to: its target or, for a file of no target of
    schemagen's, its own name or that of the folder in the package, such as ``load.py``."""
    root, _, in_package = path.partition("/")
    for target in targets:
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(target.path))
        if re.fullmatch(pattern, in_package):
            return target.name
    return in_package.partition("/")[0] or root


def entries(changelog: str) -> set[str]:
    """Return the outputs that the entries of the unreleased section name: the words in backquotes that an
    entry below `HEADING` begins with."""
    unreleased = re.search(r"^## \[Unreleased\]$(.*?)(?=^## |\Z)", changelog, re.M | re.S)
    assert unreleased, "CHANGELOG.md has no section [Unreleased]"
    section = re.search(rf"^### {HEADING}$(.*?)(?=^### |\Z)", unreleased[1], re.M | re.S)
    lines: list[str] = re.findall(r"^- (.+?):", section[1], re.M) if section else []
    return {name for line in lines for name in re.findall(r"`([\w.-]+)`", line)}


def faults(version: str, changed: Mapping[str, list[str]], changelog: str) -> str:
    """Say which entries the changelog lacks about the outputs that have ``changed`` since ``version``, and
    which are about nothing that has; "" if it is right."""
    named = entries(changelog)
    lines = [
        f"  missing entry: - `{name}`: ... ({len(paths)} files, such as {paths[0]})"
        for name, paths in changed.items()
        if name not in named
    ]
    lines += [
        f"  superfluous entry: `{name}`, which is as it was"
        for name in sorted(named - changed.keys())
    ]
    if not lines:
        return ""
    head = f"CHANGELOG.md, [Unreleased], ### {HEADING}: what differs from the output of {version}"
    return "\n".join([head, *lines])


def main() -> None:
    """Write the golden tree of the version in pyproject.toml."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    try:
        path = freeze(project["version"])
    except FileExistsError as error:
        sys.exit(f"{error.filename} exists: what was released does not change any more")
    sys.stdout.write(f"{path.relative_to(CHECKOUT)}\n")


if __name__ == "__main__":
    main()
