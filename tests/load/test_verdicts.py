"""What `schemagen diff` says of a sync is what a sync does: the verdicts of the rules, in the real
engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from changes import pairs
from load.load_cases import MadePackage, Rows, load, package, unit
from load.test_migrations import Place
from load.test_migrations import place as place
from schemagen.rules.registry import Verdict, rules
from schemagen.runtime.catalog_data import CatalogData
from schemagen.runtime.sql import Table

Columns = Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """Columns of a table before and after, and a row of it: the values before, and those of a row that is
    read afterwards. ``key`` and ``stored`` are the key and the names of the new table, where the columns do
    not say them; ``suffix`` is added to its id, and None if it is gone; ``by_hand`` is run in the
    database."""

    old: Columns
    new: Columns
    row: Mapping[str, Any]
    new_row: Mapping[str, Any]
    key: str | None = "_key"
    suffix: str | None = ""
    stored: Mapping[str, str] | None = None
    by_hand: str = ""


BASE = {"name": "string", "size": "int64", "tags": "hstore"}
ROW = {"name": "n", "size": 5, "tags": {"x": "1", "y": None}}
CSV = {"x": ["1"], "y": []}


def retyped(column: str, type: str, value: object) -> Case:
    return Case(BASE, {**BASE, column: type}, ROW, {**ROW, column: value})


def less(*names: str) -> Columns:
    return {name: type for name, type in BASE.items() if name not in names}


WITHOUT_SIZE = {"name": "n", "tags": ROW["tags"]}

CASES: Mapping[str, Case] = {
    "title-changed": Case(BASE, BASE, ROW, ROW),
    "table-removed": Case(BASE, BASE, ROW, ROW, suffix=None),
    "table-renamed": Case(BASE, BASE, ROW, ROW, suffix="_renamed"),
    "column-added": Case(BASE, {"more": "string", **BASE}, ROW, ROW),
    "column-removed": Case(BASE, less("size"), ROW, WITHOUT_SIZE),
    "column-renamed": Case(
        BASE, {**less("size"), "bulk": "int64"}, ROW, {**WITHOUT_SIZE, "bulk": 5}
    ),
    "column-moved": Case(BASE, dict(reversed(BASE.items())), ROW, ROW),
    "column-type-widened": retyped("tags", "hstore_csv", CSV),
    "column-type-guarded": retyped("size", "float64", 5.0),
    "column-type-changed": retyped("size", "hstore", {"five": None}),
    "target-type-changed": Case(
        BASE, BASE, ROW, ROW, by_hand="ALTER TABLE {} ALTER size TYPE integer"
    ),
    "target-name-changed": Case(BASE, BASE, ROW, ROW, stored={"size": "size_"}),
}
"""Changes of a table with a key, and of one without."""
KEYED = {"_key": "string", **BASE}
KEYED_ROW = {"_key": "a", **ROW}
KEYS: Mapping[str, Case] = {
    "key-added": Case(BASE, KEYED, ROW, KEYED_ROW),
    "key-removed": Case(KEYED, KEYED, KEYED_ROW, KEYED_ROW, key=None),
    "key-changed": Case(KEYED, KEYED, KEYED_ROW, KEYED_ROW, key="name"),
}

ELSEWHERE: Mapping[str, str] = {
    "table-added": "a new table is created; all tests of loading begin with that",
    "deprecated": "a notice, which a sync prints",
    "key-format-changed": "the mapper makes other keys: rows are deleted and inserted",
    "table-binding-lost": "a sync knows no table without a binding",
    "table-binding-moved": "the mapper reads another response",
    "binding-lost": "the mapper makes no values",
    "binding-moved": "the mapper makes other values",
    "permission-added": "the API denies a call",
    "calls-changed": "other calls",
    "target-removed": "the package has no statements for the database",
    "package-renamed": "the command has another name",
}
"""Rules whose verdict for syncs is not about stored tables, and what it is about."""


@dataclass(frozen=True)
class Changed(MadePackage):
    """A package whose tables have another key or other names than their pages say."""

    def table(self, id: str) -> Table:
        found: Any = super().table(id)
        case = TRIED[id.removesuffix(RENAMED)]
        if case.stored:
            names = {dialect.name: case.stored for dialect in self.types.dialects}
            found = found._replace(renamed=names)
        table: Table = found._replace(key=case.key) if case.key != "_key" else found
        return table

    @property
    def data(self) -> Any:
        """The catalogue, with the same names."""
        found = super().data
        tables = {
            id: replace(table, columns=tuple(map(self._renamed(id), table.columns)))
            for id, table in found.tables.items()
        }
        return replace(found, tables=tables)

    def _renamed(self, id: str) -> Callable[[Any], Any]:
        stored = TRIED[id.removesuffix(RENAMED)].stored or {}

        def renamed(column: Any) -> Any:
            name = stored.get(column.name)
            return replace(column, names=dict.fromkeys(column.types, name)) if name else column

        return renamed


def _keyed(case: Case) -> Case:
    return replace(
        case,
        old={"_key": "string", **case.old},
        new={"_key": "string", **case.new},
        row={"_key": "a", **case.row},
        new_row={"_key": "a", **case.new_row},
    )


def _id(rule: str, kind: str = "keyed") -> str:
    return f"made.{rule.replace('-', '_')}_{kind}"


RENAMED = "_renamed"
TRIED: Mapping[str, Case] = {
    **{_id(rule): _keyed(case) for rule, case in CASES.items()},
    **{_id(rule, "keyless"): case for rule, case in CASES.items()},
    **{_id(rule): case for rule, case in KEYS.items()},
}
"""The cases, each by its table."""
NEW_IDS = {id: f"{id}{case.suffix}" for id, case in TRIED.items() if case.suffix is not None}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadePackage]:
    tables = {id: case.old for id, case in TRIED.items()}
    with package(tmp_path_factory.mktemp("old"), tables, "verdict_old") as found:
        yield found


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadePackage]:
    tables = {NEW_IDS[id]: case.new for id, case in TRIED.items() if id in NEW_IDS}
    with package(tmp_path_factory.mktemp("new"), tables, "verdict_new") as made:
        yield Changed(made.loader, made.tables, made.name, "2", made.types, made.made)


def test_verdicts_for_syncs_are_what_a_sync_does(
    old: MadePackage, new: MadePackage, place: Place
) -> None:
    """ "safe" works as it is, "warning" after steps that lose nothing, and "breaking" is refused, with the
    rows as they were. No row is loaded twice, with or without a key."""
    sink = old.open(place.address)
    for id, case in TRIED.items():
        load(sink, old, Rows([case.row]), unit(id))
        load(sink, old, Rows([_other(case.row)]), unit(id, "eu-west-2"))
    sink.close()
    found = dict[str, Verdict]()
    for id, case in TRIED.items():
        if case.by_hand:
            place.run(case.by_hand.format(id))
        as_it_is = _sync(new, place, id, case, migrate=False)
        safely = _sync(new, place, id, case, migrate=True)
        found[id] = "safe" if as_it_is else "warning" if safely else "breaking"
        assert place.run(f"SELECT count(*) FROM {id}") == [(2,)], id
    for rule in CASES:
        assert found[_id(rule)] == found[_id(rule, "keyless")], rule
    known = {rule: rules()[rule].verdicts["sync"] for rule in (*CASES, *KEYS)}
    # The values of a column that is gone grow old, of which a sync warns.
    expected = {**known, "column-removed": "safe"}
    assert {rule: found[_id(rule)] for rule in known} == expected


def _other(row: Mapping[str, Any]) -> dict[str, Any]:
    """A second row."""
    return {**row, **({"_key": "b"} if "_key" in row else {}), "name": "m"}


def _sync(new: MadePackage, place: Place, id: str, case: Case, *, migrate: bool) -> bool:
    """Load the rows of both units with the new package. Returns False if that is refused."""
    assert new.made is not None
    refusals = (
        new.made.module("_runtime.usage").UsageError,
        new.made.module("_runtime.lookup").UnknownName,
    )
    try:
        sink = new.open(place.address, migrate=migrate, tables=[id])
    except refusals:
        return False
    for region, row in (("eu-west-1", case.new_row), ("eu-west-2", _other(case.new_row))):
        load(sink, new, Rows([row]), unit(id, region))
        assert load(sink, new, Rows([row]), unit(id, region)) == (1, 0, 0, 1, 0)
    sink.close()
    return True


def stored(catalog: CatalogData) -> object:
    """What a sync compares with a database: the tables with their columns, types and keys."""
    return {
        id: (table.key, {column.name: column.type for column in table.columns})
        for id, table in catalog.tables.items()
    }


def test_every_verdict_for_syncs_is_tried() -> None:
    """A rule that is about stored tables has a case above, and all others leave what is stored as it is."""
    tried = CASES.keys() | KEYS.keys()
    assert not tried & ELSEWHERE.keys()
    for rule, (old, new) in pairs().items():
        if rule in tried or rule == "table-added":
            continue
        assert stored(old) == stored(new), rule
        assert (rules()[rule].verdicts["sync"] == "safe") == (rule not in ELSEWHERE), rule
