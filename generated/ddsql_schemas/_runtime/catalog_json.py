# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Read and write ``catalog.json``: `parse` reads back equal what `render` writes."""

from __future__ import annotations

import gc
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, cast

from .catalog_codecs import (
    CatalogError,
    DuplicateKeys,
    Findings,
    KeyPath,
    NewerFormat,
)
from .catalog_data import CatalogData, StructureData, TableData
from .catalog_entries import HEAD, STRUCTURE, TABLE

FILE: Final = "catalog.json"
FORMAT: Final = 1
"""Incremented with every change of the keys. A reader supports all formats up to its
own."""


def parse(text: str) -> CatalogData:
    """Read a catalogue. Raises `CatalogError` with everything that is wrong, `NewerFormat` for one
    that a newer schemagen wrote, `DuplicateKeys` where it is unclear which of two entries counts,
    and json.JSONDecodeError where the text is not JSON.
    """
    # Nothing becomes garbage here, and collecting it among so many objects would double the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _catalog(_document(text))
    except RecursionError as error:
        raise CatalogError([((), "the catalogue is nested too deeply")]) from error
    finally:
        if collecting:
            gc.enable()


class _Ambiguous(dict[str, object]):
    """An object with ``repeated`` keys."""

    repeated: tuple[str, ...] = ()


def _document(text: str) -> object:
    """Parse JSON in which no object has a key twice."""
    ambiguous: list[_Ambiguous] = []

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        entries = dict(pairs)
        if len(entries) == len(pairs):
            return entries
        counts = Counter(key for key, _ in pairs)
        found = _Ambiguous(entries)
        found.repeated = tuple(key for key in entries if counts[key] > 1)
        ambiguous.append(found)
        return found

    document: object = json.loads(text, object_pairs_hook=unique)
    if ambiguous:
        raise DuplicateKeys(_repeated(document))
    return document


def _repeated(document: object) -> Iterator[tuple[KeyPath, str]]:
    """Yield every repeated key, with the path of the last entry that has it."""
    waiting: list[tuple[KeyPath, object]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, _Ambiguous):
            for key in value.repeated:
                yield (*path, key), f"duplicate key {json.dumps(key)}"
        entries: Iterable[tuple[str | int, object]] = ()
        if isinstance(value, dict):
            entries = cast("dict[str, object]", value).items()
        elif isinstance(value, list):
            entries = enumerate(cast("list[object]", value))
        waiting += [((*path, key), item) for key, item in entries]


def _catalog(document: object) -> CatalogData:
    found = Findings()
    if not isinstance(document, dict):
        found.must_be((), "an object", document)
        raise CatalogError(found)
    entries = cast("dict[str, object]", document)
    format = entries.get("format")
    if type(format) is not int or format < 1:
        accepted = f"a number from 1 to {FORMAT}"
        found.must_be(("format",) if "format" in entries else (), accepted, format)
        raise CatalogError(found)
    if format > FORMAT:
        message = f"format {format} was written by a newer schemagen; this one reads formats up to {FORMAT}"
        raise NewerFormat([(("format",), message)])
    structure_entries = _entries(found, entries, "structures")
    found.structures = structure_entries
    head = HEAD.values(
        found, (), {key: entries[key] for key in entries if key not in _NOT_HEAD}
    )
    tables: dict[str, TableData] = {}
    for id, value in _entries(found, entries, "tables").items():
        if table := TABLE.read(found, ("tables", id), id, value):
            tables[id] = table
    structures: dict[str, StructureData] = {}
    for key, value in structure_entries.items():
        before, path = len(found), ("structures", key)
        service, dot, name = key.rpartition(".")
        if not dot:
            found.append(
                (path, f"{json.dumps(key)} must be a service, a dot and a name")
            )
        values = STRUCTURE.values(found, path, value)
        if len(found) == before:
            structures[key] = StructureData(service=service, name=name, **values)
    if found:
        raise CatalogError(found)
    return CatalogData(**head, tables=tables, structures=structures)


def _entries(
    found: Findings, document: Mapping[str, object], key: str
) -> Mapping[str, object]:
    value = document.get(key)
    if not isinstance(value, dict):
        found.must_be(
            (key,) if key in document else (), f'an object with "{key}"', value
        )
        return {}
    return cast("dict[str, object]", value)


_NOT_HEAD = frozenset({"$comment", "format", "tables", "structures"})


def render(catalog: CatalogData, comment: str) -> str:
    """Format a catalogue; ``comment`` names what made it."""
    return render_groups(
        catalog.package,
        catalog.version,
        comment,
        {id: table_group(table) for id, table in catalog.tables.items()},
        {key: structure_group(item) for key, item in catalog.structures.items()},
    )


def render_groups(
    package: str,
    version: str,
    comment: str,
    tables: Mapping[str, str],
    structures: Mapping[str, str],
) -> str:
    """Format a catalogue whose tables and structures are rendered already, by their keys."""
    head = {
        "$comment": comment,
        "format": FORMAT,
        "package": package,
        "version": version,
    }
    lines = [f"{_text(key)}: {_text(value)},\n" for key, value in head.items()]
    return join_groups("{\n" + "".join(lines), tables, structures)


def join_groups(
    head: str, tables: Mapping[str, str], structures: Mapping[str, str]
) -> str:
    """Format a catalogue from what `head_of` and `split_groups` return."""
    body = f"{_TABLES}{_joined(tables)}{_STRUCTURES}{_joined(structures)}"
    return f"{head}{body}}}\n}}\n"


_TABLES: Final = '"tables": {\n'
_STRUCTURES: Final = '},\n"structures": {\n'


def _joined(groups: Mapping[str, str]) -> str:
    body = ",\n".join(f"{_text(key)}: {groups[key]}" for key in sorted(groups))
    return f"{body}\n" if body else ""


def head_of(text: str) -> str:
    """Return what a text that `render_groups` made has before its tables."""
    return text.partition(_TABLES)[0]


def split_groups(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Split a text that `render_groups` made into tables and structures, by their keys."""
    _, _, rest = text.partition(_TABLES)
    tables, _, structures = f"\n{rest}".partition(f"\n{_STRUCTURES}")
    return dict(_GROUP.findall(tables)), dict(_GROUP.findall(structures))


# Only the first and the last line of a group are not indented; keys need no escapes.
_GROUP: Final = re.compile(r'^"([^"\\]+)": (\{\n(?: .*\n)*\})', re.MULTILINE)


def table_group(table: TableData) -> str:
    """Format a table: one line per entry and per column."""
    return _lines(TABLE.write(table), _SPREAD)


def structure_group(structure: StructureData) -> str:
    """Format a structure: one line per entry and per member."""
    return _lines(STRUCTURE.write(structure), _SPREAD)


_SPREAD: Final = frozenset(
    {
        "types",
        "columns",
        "parameters",
        "examples",
        "binding",
        "calls",
        "listings",
        "enrichments",
        "members",
    }
)
"""The entries whose own entries have lines of their own."""

# Escaped, so that a lone surrogate or a bidirectional control of a page stays visible data.
_text: Final = json.JSONEncoder().encode


def _lines(value: Mapping[str, object], spread: frozenset[str], depth: int = 0) -> str:
    indent = " " * (depth + 1)
    lines = [
        f"{indent}{_text(key)}: {_spread(entry, spread, depth + 1) if key in spread else _text(entry)}"
        for key, entry in value.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n" + " " * depth + "}"


def _spread(value: object, spread: frozenset[str], depth: int) -> str:
    if not value:
        return _text(value)
    if isinstance(value, dict):
        return _lines(cast("dict[str, object]", value), spread, depth)
    indent = " " * (depth + 1)
    lines = [f"{indent}{_text(item)}" for item in cast("list[object]", value)]
    return "[\n" + ",\n".join(lines) + "\n" + " " * depth + "]"
