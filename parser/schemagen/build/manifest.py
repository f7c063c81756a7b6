"""``manifest.json``: the record of what a build read and wrote.

With it, a build of unchanged pages only compares hashes, and a check tells a changed page, a changed
generator and an edited file apart. It holds hashes and names only, so that the same inputs give the
same bytes on every machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

from schemagen import limits
from schemagen.build import disk
from schemagen.build.disk import Folder
from schemagen.build.journal import are_below, is_below
from schemagen.diagnostics import ProblemsFound
from schemagen.model.table_facts import TableFacts
from schemagen.names import SERVICE_NAME

FILE = "manifest.json"
FORMAT = 2
_WITHOUT_FILES = 1
"""The format that had one hash of all locks and one of all API pages. Its inputs are ignored, so that
everything counts as out of date; its outputs still tell which files are orphans."""


@dataclass(frozen=True, slots=True)
class InputHashes:
    """The hashes of what tables depend on besides their own pages.

    ``toolchain`` covers schemagen's own sources and templates and the releases of the libraries
    that shape the output. ``changelog`` is the package's changelog, "" without one. ``api`` are API pages,
    ``locks`` files of the lock and ``templates`` those of the project's targets, by path.
    """

    toolchain: str = ""
    settings: str = ""
    overrides: str = ""
    changelog: str = ""
    api: Mapping[str, str] = field(default_factory=dict[str, str])
    locks: Mapping[str, str] = field(default_factory=dict[str, str])
    templates: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A table: its page with its hash, the hash of its binding ("" without one), and its files with
    theirs.

    ``misfits`` are the columns for which the mapper refuses every value, with the reasons.
    """

    facts: TableFacts
    page: str
    page_hash: str
    binding_hash: str
    outputs: Mapping[str, str]
    misfits: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a build read and wrote. ``shared`` are the files that belong to no single table;
    ``services`` are the services that API pages describe, by path ("" for an index page).

    ``kept`` are files of earlier builds that are no longer generated, but were edited by hand and so
    not removed. Their hashes are those of the files as they were generated.
    """

    inputs: InputHashes = field(default_factory=InputHashes)
    services: Mapping[str, str] = field(default_factory=dict[str, str])
    shared: Mapping[str, str] = field(default_factory=dict[str, str])
    tables: Mapping[str, TableEntry] = field(default_factory=dict[str, TableEntry])
    kept: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def written(self) -> dict[str, str]:
        """Every file that this build or an earlier one wrote, by path, with its hash."""
        return {**self.kept, **self.outputs}

    @property
    def outputs(self) -> dict[str, str]:
        """Every file that is generated, by path, with its hash."""
        outputs = dict(self.shared)
        for entry in self.tables.values():
            outputs.update(entry.outputs)
        return outputs


class Unreadable(ValueError):
    """Raised for an unreadable manifest: another format, a merge conflict, an edit by hand."""


def read(folder: Folder) -> bytes | None:
    """Read the manifest of the tree at ``folder``; None if there is none.

    Raises OSError if it cannot be read, and `ProblemsFound` with SG503 if it is not schemagen's: other
    programs have a manifest.json, too.
    """
    data = disk.read(folder, FILE)
    if data and not _is_own(data):
        message = (
            "this file was not written by schemagen; move it away or choose another output folder"
        )
        raise ProblemsFound([folder.problem(FILE, "SG503", message)])
    return data


def _is_own(data: bytes) -> bool:
    """Return whether `MIN_OWN_LINES` of its lines are those of a manifest."""
    found: set[bytes] = set()
    for line in _OWN_LINES.finditer(data):
        found.add(line[1])
        if len(found) == MIN_OWN_LINES:
            return True
    return False


_OWN_LINES = re.compile(rb'^"(format|inputs|api|locks|shared|tables)": ', re.MULTILINE)
MIN_OWN_LINES = 3
"""How many of its lines show that a manifest is schemagen's, whatever was edited in it."""


def parsed(data: bytes | None) -> tuple[Manifest, str | None]:
    """Parse what `read` returns, with its text; an empty manifest and None for what cannot be parsed."""
    if data is None:
        return Manifest(), None
    try:
        # A checkout may have other line ends.
        text = data.replace(b"\r\n", b"\n").decode()
        return parse(text), text
    except ValueError:
        return Manifest(), None


def parse(text: str) -> Manifest:
    """Parse a manifest. Raises `Unreadable` for anything that schemagen would not have written."""
    try:
        document = cast("dict[str, Any]", limits.read_json(text))
        if document["format"] not in (FORMAT, _WITHOUT_FILES):
            raise Unreadable(f"its format is {document['format']!r}, not {FORMAT}")
        inputs, services = InputHashes(), dict[str, str]()
        if document["format"] == FORMAT:
            api = document["api"]
            services = {path: str(page["service"]) for path, page in api.items()}
            inputs = InputHashes(
                **document["inputs"],
                api={path: str(page["hash"]) for path, page in api.items()},
                locks={path: str(content) for path, content in document["locks"].items()},
                templates={
                    path: str(content) for path, content in document.get("templates", {}).items()
                },
            )
        manifest = Manifest(
            inputs=inputs,
            services=services,
            shared=_hashes(document["shared"]),
            tables={name: _entry(name, entry) for name, entry in document["tables"].items()},
            kept=_hashes(document.get("kept", {})),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error
    return manifest


def render(manifest: Manifest) -> str:
    """Format the file: sorted, one line per table, page of an API, lock file and shared file."""
    inputs = manifest.inputs
    head = {
        **({"changelog": inputs.changelog} if inputs.changelog else {}),
        "overrides": inputs.overrides,
        "settings": inputs.settings,
        "toolchain": inputs.toolchain,
    }
    api = {
        path: {"hash": content, "service": manifest.services[path]}
        for path, content in inputs.api.items()
    }
    templates = f'"templates": {_lines(dict(inputs.templates))},\n' if inputs.templates else ""
    kept = f'"kept": {_lines(dict(manifest.kept))},\n' if manifest.kept else ""
    return (
        "{\n"
        f'"format": {FORMAT},\n'
        f'"inputs": {json.dumps(head)},\n'
        f'"api": {_lines(api)},\n'
        f"{kept}"
        f'"locks": {_lines(dict(inputs.locks))},\n'
        f'"shared": {_lines(dict(manifest.shared))},\n'
        f"{templates}"
        f'"tables": {_lines({name: _row(entry) for name, entry in manifest.tables.items()})}\n'
        "}\n"
    )


# json.dumps would make an encoder for each line.
_encode = json.JSONEncoder(sort_keys=True).encode


def _lines(values: Mapping[str, Any]) -> str:
    rows = [f"{json.dumps(name)}: {_encode(values[name])}" for name in sorted(values)]
    return "{\n" + ",\n".join(rows) + "\n}"


def _row(entry: TableEntry) -> dict[str, Any]:
    facts = entry.facts
    return {
        "binding_hash": entry.binding_hash,
        "facts": {name: getattr(facts, name) for name in _FACTS},
        "outputs": dict(entry.outputs),
        "page": entry.page,
        "page_hash": entry.page_hash,
        **({"misfits": dict(entry.misfits)} if entry.misfits else {}),
    }


_FACTS = tuple(fact.name for fact in fields(TableFacts) if fact.name != "id")


def _entry(name: str, row: Mapping[str, Any]) -> TableEntry:
    return TableEntry(
        facts=_facts(name, **row["facts"]),
        page=str(row["page"]),
        page_hash=str(row["page_hash"]),
        binding_hash=str(row["binding_hash"]),
        outputs=_hashes(row["outputs"]),
        misfits=tuple((name, str(reason)) for name, reason in row.get("misfits", {}).items()),
    )


def _facts(id: str, *, structures: object, **others: object) -> TableFacts:
    """Check what shared files would say about a table. They are source code, so names must be names."""
    pairs = tuple([(str(pair[0]), str(pair[1])) for pair in cast("list[list[object]]", structures)])
    facts = TableFacts(id=id, structures=pairs, **cast("dict[str, Any]", others))
    names = [facts.module, facts.model, *id.split("."), *[name for _, name in pairs]]
    # All at once: there are thousands of them.
    together = "\n".join(names)
    services = {facts.service or "none", *[service for service, _ in pairs]}
    right = (
        type(facts.key) is type(facts.function) is type(facts.deprecated) is bool
        and together.count("\n") == len(names) - 1
        and _NAMES.fullmatch(together)
        and all(map(SERVICE_NAME.fullmatch, services))
    )
    if not right:
        raise Unreadable(f"the facts of {id!r} are not those of a table")
    return facts


_NAMES = re.compile(r"[A-Za-z0-9_]++(?:\n[A-Za-z0-9_]++)*+")


def _hashes(values: object) -> dict[str, str]:
    """Check a mapping of paths to hashes. A path that leads out of the tree is refused, because orphans
    are removed at these paths."""
    hashes = cast("dict[str, str]", values)
    if not are_below(hashes):  # Each by itself: one may only be long.
        for path in hashes:
            if not path.isascii() or not is_below(path):
                raise Unreadable(f"{path!r} is not a path below the output folder")
    if set(map(type, hashes.values())) - {str}:
        raise Unreadable("a hash is not a string")
    return hashes
