"""``manifest.json``: what the generated tree was made from, and what was written.

It makes a build of unchanged pages a comparison of hashes, and tells a changed page, a changed
generator and an edited file apart. It holds hashes and names only: the same inputs give the same
bytes on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, cast

from schemagen.catalog import TableFacts

FILE = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Inputs:
    """Hashes of what every table depends on.

    ``toolchain`` covers schemagen's own sources and templates and the releases of the libraries
    that shape the output; ``api`` all API pages; ``locks`` all files of the lock.
    """

    toolchain: str = ""
    settings: str = ""
    api: str = ""
    locks: str = ""


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One table: the hash of its page and of its binding ("" without), and its files' hashes."""

    facts: TableFacts
    page: str
    page_hash: str
    binding_hash: str
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Manifest:
    inputs: Inputs = Inputs()
    shared: Mapping[str, str] = field(default_factory=dict[str, str])
    tables: Mapping[str, TableEntry] = field(default_factory=dict[str, TableEntry])

    @property
    def outputs(self) -> dict[str, str]:
        """Every file that was written, with its hash."""
        outputs = dict(self.shared)
        for entry in self.tables.values():
            outputs.update(entry.outputs)
        return outputs


class Unreadable(ValueError):
    """The manifest is not one: half merged, edited, or of another format."""


def read(folder: Path) -> tuple[Manifest, str | None]:
    """The manifest of the tree at ``folder`` and its text; an empty one and None where there is
    none.

    Raises `Unreadable` for anything that schemagen would not have written.
    """
    try:
        text = (folder / FILE).read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return Manifest(), None
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from error
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise Unreadable(f"its format is {document['format']!r}, not {FORMAT}")
        manifest = Manifest(
            inputs=Inputs(**document["inputs"]),
            shared=_hashes(document["shared"]),
            tables={name: _entry(name, entry) for name, entry in document["tables"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error
    return manifest, text


def render(manifest: Manifest) -> str:
    """The text of the file: sorted, one line per table and per shared file."""
    head = json.dumps(asdict(manifest.inputs), sort_keys=True)
    return (
        "{\n"
        f'"format": {FORMAT},\n'
        f'"inputs": {head},\n'
        f'"shared": {_lines(dict(manifest.shared))},\n'
        f'"tables": {_lines({name: _row(entry) for name, entry in manifest.tables.items()})}\n'
        "}\n"
    )


def _lines(values: Mapping[str, Any]) -> str:
    rows = [
        f"{json.dumps(name)}: {json.dumps(values[name], sort_keys=True)}" for name in sorted(values)
    ]
    return "{\n" + ",\n".join(rows) + "\n}"


def _row(entry: TableEntry) -> dict[str, Any]:
    facts = asdict(entry.facts)
    del facts["id"]
    return {
        "binding_hash": entry.binding_hash,
        "facts": facts,
        "outputs": dict(entry.outputs),
        "page": entry.page,
        "page_hash": entry.page_hash,
    }


def _entry(name: str, row: Mapping[str, Any]) -> TableEntry:
    facts = dict(row["facts"])
    facts["structures"] = tuple((service, structure) for service, structure in facts["structures"])
    return TableEntry(
        facts=TableFacts(id=name, **facts),
        page=str(row["page"]),
        page_hash=str(row["page_hash"]),
        binding_hash=str(row["binding_hash"]),
        outputs=_hashes(row["outputs"]),
    )


def _hashes(values: object) -> dict[str, str]:
    """Paths and hashes. A path that leads out of the tree is refused: orphans are removed by it."""
    hashes = cast("dict[str, str]", values)
    for path, value in hashes.items():
        pure = PurePosixPath(path)
        inside = not pure.is_absolute() and ".." not in pure.parts and "\\" not in path
        if not inside or ":" in path or not isinstance(cast("object", value), str):
            raise Unreadable(f"{path!r} is no path of the tree")
    return hashes
