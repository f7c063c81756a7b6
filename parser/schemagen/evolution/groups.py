"""Compare catalogues by their texts, in which every table and structure is a group of lines."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from schemagen.runtime import catalog_json


@dataclass(frozen=True, slots=True)
class Groups:
    """The text of a catalogue, as `catalog_json.render_groups` writes it: what comes before the tables,
    and the texts of tables and structures by their keys."""

    head: str
    tables: Mapping[str, str]
    structures: Mapping[str, str]

    @property
    def text(self) -> str:
        return catalog_json.join_groups(self.head, self.tables, self.structures)


def split(data: bytes) -> Groups | None:
    """Split a catalogue; return None if its text is not exactly as schemagen writes it."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    groups = Groups(catalog_json.head_of(text), *catalog_json.split_groups(text))
    return groups if groups.text == text else None


def first_page(data: bytes) -> str:
    """Return the path of the first page that a catalogue names; "" if it names none."""
    return _first(_PAGE, data)


def version(data: bytes) -> str:
    """Return the version of the package that a catalogue is of; "" if it names none."""
    return _first(_VERSION, data)


def _first(pattern: re.Pattern[bytes], data: bytes) -> str:
    found = pattern.search(data)
    if found is None:
        return ""
    try:
        return str(json.loads(found[1]))
    except ValueError:
        return ""


_PAGE: Final = re.compile(rb'"page": ("(?:[^"\\]|\\.)*")')
_VERSION: Final = re.compile(rb'^"version": ("(?:[^"\\]|\\.)*")', re.MULTILINE)


def differing(old: Groups, new: Groups) -> tuple[Groups, Groups]:
    """Keep the tables that differ, or that reach structures which differ, with all that they reach."""
    changed = _changed(old.structures, new.structures)
    tables = _changed(old.tables, new.tables)
    if changed:
        tables |= {
            id
            for groups in (old, new)
            for id, text in groups.tables.items()
            if id not in tables and not changed.isdisjoint(_structures(text))
        }
    return only(old, tables), only(new, tables)


def _changed(old: Mapping[str, str], new: Mapping[str, str]) -> set[str]:
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def only(groups: Groups, ids: Collection[str]) -> Groups:
    """Keep the tables ``ids`` with all structures that they reach."""
    tables = {id: text for id, text in groups.tables.items() if id in ids}
    reached: dict[str, str] = {}
    waiting = deque(key for text in tables.values() for key in _structures(text))
    while waiting:
        key = waiting.popleft()
        if key not in reached and key in groups.structures:
            reached[key] = groups.structures[key]
            waiting.extend(_REFERENCE.findall(reached[key]))
    return Groups(groups.head, tables, reached)


_LISTED: Final = re.compile(r'^ "structures": (\[.*\]),?$', re.MULTILINE)
# Keys need no escapes, and inside a string the quotes would be escaped.
_REFERENCE: Final = re.compile(r'(?<!\\)"structure": "([^"\\]+)"')


def _structures(table: str) -> list[str]:
    """Return the structures that a table's text lists."""
    found = _LISTED.search(table)
    return list(json.loads(found[1])) if found else []
