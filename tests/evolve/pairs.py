"""Pairs of databases, old and new, with rows: what a migration must do to them, by rules of its own."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from typing import cast as cast_type

import pytest
from hypothesis import strategies as st

from evolve.states import DIALECTS, TYPES, table
from handmade import DIALECTS as NOTATIONS
from handmade import identifier
from schemagen.runtime import quoting
from schemagen.runtime.evolve import ledger, records
from schemagen.runtime.evolve.casting import cast, conversion
from schemagen.runtime.evolve.identity import LITERALS, identity
from schemagen.runtime.evolve.plan import Renames, plan
from schemagen.runtime.evolve.state import TableState
from schemagen.runtime.evolve.steps import Migration

Row = dict[str, Any]
IDENT = "ident"
"""A column that every table has, and keeps, so that its rows are recognized."""
CANDIDATE = "candidate"
"""A column without repeated values, which may become the key."""
LOST = object()
"""In place of a value that a cast does not keep."""

_SCALARS = ("string", "int64", "float64", "bool", "timestamp", "json", "hstore", "hstore_csv")
_TYPES = (*_SCALARS, *(f"array<{name}>" for name in _SCALARS))
_NAMES = ("name", "row", "select", 'a "b" c', "it's", "Ünï", "50%", "back\\slash", "a.b", "x" * 70)
_TABLES = ("made.one", "made.two", "ma\"de.it's", "other.select", "other.50% of\\it")
_TEXTS = ("", "A column.", 'It\'s \\ 100% "quoted"; -- no\n\nEnd.', "Größe")
_TIMES = ("2020-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z")


@dataclass(frozen=True)
class Pair:
    """Tables before and after, what was renamed and may be lost, and rows of the old tables by id."""

    dialect: str
    old: Mapping[str, TableState]
    new: Mapping[str, TableState]
    rows: Mapping[str, list[Row]]
    renames: Renames = field(default_factory=Renames)
    allow_loss: frozenset[str] = frozenset()

    def plan(self) -> Migration:
        return plan(self.old, self.new, DIALECTS[self.dialect], self.renames, self.allow_loss)

    def expected(self) -> dict[str, list[Row]]:
        """The rows of each new table; values that were lost are `LOST`."""
        found: dict[str, list[Row]] = {id: [] for id in self.new}
        for id, rows in self.rows.items():
            old, now = self.old[id], self.renames.tables.get(id, id)
            new = self.new.get(now)
            if new is None or (now in self.renames.tables.values() and now == id):
                continue
            sources = {
                self.renames.columns.get((id, column.name), column.name): column
                for column in old.columns
            }
            for row in rows:
                values: Row = {}
                for column in new.columns:
                    source = sources.get(column.name)
                    value = None if source is None else row[source.name]
                    if source is not None and value is not None:
                        value = self._converted(source.type, column.type, value)
                    values[column.name] = value
                found[now].append(values)
        return found

    def _converted(self, old: str, new: str, value: Any) -> Any:
        if old != new and not self._has_conversion(old, new):
            return LOST
        return converted(old, new, value)

    def _has_conversion(self, old: str, new: str) -> bool:
        [notation] = [item for item in NOTATIONS if item.name == self.dialect]
        names = (TYPES.resolve(type).sql(notation).name for type in (old, new))
        return conversion(DIALECTS[self.dialect].engine, old, new, *names) is not None

    def lost(self) -> set[str]:
        """The columns, by the names that they get, with a value that is lost and may not be."""
        found = set[str]()
        names = {new: old for old, new in self.renames.tables.items()}
        for id, rows in self.expected().items():
            old = names.get(id, id)
            columns = {new: name for (of, name), new in self.renames.columns.items() if of == old}
            for row in rows:
                found |= {
                    f"{id}.{name}"
                    for name, value in row.items()
                    if value is LOST and f"{old}.{columns.get(name, name)}" not in self.allow_loss
                }
        return found


class Database(Protocol):
    """A database that a pair is tried in."""

    def create(self, tables: Iterable[TableState]) -> None: ...

    def insert(self, table: TableState, rows: Sequence[Row]) -> None: ...

    def rows(self, table: TableState) -> list[Row]: ...

    def described(self) -> dict[str, Any]:
        """Every table with its columns, types, comments and key; equal for equal tables."""
        ...

    def order(self, table: TableState) -> list[str]:
        """The stored names of the columns, in the order of the database."""
        ...

    def migrate(self, migration: Migration) -> None:
        """Run all statements in one transaction."""
        ...

    def run(self, statement: str) -> list[tuple[Any, ...]]: ...


def check(pair: Pair, database: Database, other: Database) -> str:
    """Migrate the tables of ``pair`` in ``database``, and compare them with those that ``other`` gets from
    the new states. Both are empty. Returns what became of the pair."""
    database.create(pair.old.values())
    for id, rows in pair.rows.items():
        database.insert(pair.old[id], rows)
    hold(database, pair)
    migration = pair.plan()
    if migration.refusals:
        refused = {str(refusal.option) for refusal in migration.refusals}
        assert not refused & pair.allow_loss
        return "refused"
    if lost := pair.lost():
        before = _everything(database, pair.old.values())
        with pytest.raises(Exception, match="would be lost") as raised:
            database.migrate(migration)
        assert any(name in str(raised.value) for name in lost)
        assert _everything(database, pair.old.values()) == before
        return "stopped"
    database.migrate(migration)
    other.create(pair.new.values())
    assert database.described() == other.described()
    check_order(pair, database)
    for id, expected in pair.expected().items():
        found = {row[IDENT]: row for row in database.rows(pair.new[id])}
        assert len(found) == len(expected)
        for row in expected:
            for name, value in row.items():
                given = found[row[IDENT]][name]
                # What may be lost is NULL, or the text of a value, which has no rule here.
                if value is not LOST:
                    assert given == value, (id, name)
        assert held(database, pair.new[id], pair.dialect) == identities(
            database, pair.new[id], pair.dialect
        )
    assert not plan(pair.new, pair.new, DIALECTS[pair.dialect])
    return "migrated"


def check_order(pair: Pair, database: Database) -> None:
    """Columns of new tables are in the order of the catalogue. Neither engine moves others: those whose type
    stays keep their order, or get the new one where the table is rebuilt."""
    sources = {pair.renames.tables.get(id, id): old for id, old in pair.old.items()}
    for id, new in pair.new.items():
        names = [column.stored for column in new.columns]
        found = database.order(new)
        if id not in sources:
            assert found == names
            continue
        old = sources[id]
        renamed = {
            column.name: pair.renames.columns.get((old.id, column.name), column.name)
            for column in old.columns
        }
        types = {column.name: (column.stored, column.type) for column in new.columns}
        before = [
            types[renamed[column.name]][0]
            for column in old.columns
            if types.get(renamed[column.name], ("", ""))[1] == column.type
        ]
        after = [name for name in names if name in before]
        assert [name for name in found if name in before] in (before, after)


# --- what the ledger knows -----------------------------------------------------------------------

_UNITS, _HELD = (ledger.name(table) for table in ("units", "held"))


def hold(database: Database, pair: Pair) -> None:
    """Let the ledger know each row of the old tables, as if a sync had loaded it."""
    engine: ledger.Engine = "duckdb" if pair.dialect == "duckdb" else "postgres"
    for statement in records.prepare(engine):
        database.run(statement)
    for id in pair.rows:
        [(unit,)] = database.run(
            f'INSERT INTO {_UNITS} ("account", "region", "table_id", "row_count") '
            f"VALUES ('1', 'r', {LITERALS[engine](id)}, 0) RETURNING \"unit\""
        )
        for key, copies in identities(database, pair.old[id], pair.dialect).items():
            database.run(f"INSERT INTO {_HELD} VALUES ({unit}, {LITERALS[engine](key)}, {copies})")


def held(database: Database, table: TableState, dialect: str) -> dict[str, int]:
    """What the ledger knows of the rows of a table: identities, and how many rows have each."""
    id = LITERALS[DIALECTS[dialect].engine](table.id)
    found = database.run(
        f'SELECT h."key", h."copies" FROM {_HELD} h JOIN {_UNITS} u ON u."unit" = h."unit" '
        f'WHERE u."table_id" = {id}'
    )
    return dict(found)


def identities(database: Database, table: TableState, dialect: str) -> dict[str, int]:
    """What the ledger should know: the identities of the rows that are there."""
    of = identity(table, DIALECTS[dialect].engine)
    place = f"{quoting.identifier(table.schema)}.{quoting.identifier(table.name)}"
    return dict(database.run(f"SELECT {of}, count(*) FROM {place} t GROUP BY 1"))


def _everything(database: Database, tables: Iterable[TableState]) -> object:
    rows = {table.id: sorted(map(repr, database.rows(table))) for table in tables}
    return database.described(), rows


# --- values ---------------------------------------------------------------------------------------

_INTEGERS = st.sampled_from([0, 1, -1, 2**53, 2**53 + 1, -(2**63), 2**63 - 1])
_FLOATS = st.sampled_from([0.0, 1.0, -2.5, 1e300, 0.1, float(2**53)])
_STRINGS = st.sampled_from(
    ["", "a", "a,b", 'q"q', "NULL", "true", "1", "-5", "007", "2.5", *_TIMES, "2020-01-01", "é\\n"]
)
_KEYS = st.sampled_from(["key", "value", "team", "a b", 'x"'])
_MOMENTS = st.sampled_from([datetime.fromisoformat(text) for text in _TIMES])
_VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "string": _STRINGS,
    "int64": _INTEGERS,
    "float64": _FLOATS,
    "bool": st.booleans(),
    "timestamp": _MOMENTS,
    "json": st.sampled_from(
        [1, 2.5, True, "a", _TIMES[0], {"a": "x", "key": None}, {"a": 1}, {}, [], [1, None], "2020"]
    ),
    "hstore": st.dictionaries(_KEYS, st.none() | _STRINGS, max_size=2),
    "hstore_csv": st.dictionaries(
        _KEYS, st.lists(_STRINGS, max_size=2, unique=True).map(sorted), max_size=2
    ),
}


def _values(type: str) -> st.SearchStrategy[Any]:
    if type.startswith("array<"):
        return st.lists(st.none() | _VALUES[type[6:-1]], max_size=2)
    return _VALUES[type]


# Made once: hypothesis examines each strategy before it draws from it, which takes longer than to draw.
_OR_NULL = {type: st.none() | _values(type) for type in _TYPES}
_EDITS = st.sampled_from(["stays", "stays", "renamed", "retyped", "dropped"])
_NEW_TYPES = st.sampled_from(_TYPES)
_COMMENTS = st.sampled_from(_TEXTS)
_BOOLEANS = st.booleans()
_MAY_BE_LOST = st.sampled_from([False, False, False, True])
_OWN_NAMES = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=4, unique=True)
_NEW_NAMES = st.lists(st.sampled_from(_NAMES), max_size=2, unique=True)


_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")


def converted(old: str, new: str, value: Any) -> Any:
    """What a value is after a cast, or `LOST`; the rules are written down here once more."""
    if old == new or value is None:
        return value
    if old.startswith("array<"):
        element = new[6:-1] if new.startswith("array<") else new
        if new != "json" and element == new:
            return LOST
        found = [converted(old[6:-1], element, item) for item in value]
        return LOST if LOST in found else found
    if cast(old, new).loss == "lossy":
        return LOST
    match old, new:
        case "timestamp", "json":
            return _rfc3339(value)
        case "hstore", "hstore_csv":
            return {key: [] if item is None else [item] for key, item in value.items()}
        case "hstore_csv", "hstore":
            if any(len(items) > 1 for items in value.values()):
                return LOST
            return {key: items[0] if items else None for key, items in value.items()}
        case _, "json":
            return value if not isinstance(value, float) or math.isfinite(value) else LOST
        case "json", "string":
            return value if isinstance(value, str) else LOST
        case "json" | "string", "timestamp":
            fits = isinstance(value, str) and _RFC3339.fullmatch(value) is not None
            return datetime.fromisoformat(value) if fits else LOST
        case "json", "bool":
            return value if isinstance(value, bool) else LOST
        case "string", "bool":
            return value == "true" if value in ("true", "false") else LOST
        case "string", "int64":
            return int(value) if re.fullmatch("0|-?[1-9][0-9]*", value) else LOST
        case "string", "float64":
            return float(value) if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", value) else LOST
        case "json", "hstore":
            entries = cast_type("dict[str, Any]", value if isinstance(value, dict) else {"": 0})
            fits = all(item is None or isinstance(item, str) for item in entries.values())
            return entries if fits else LOST
        case "json" | "float64", "int64":
            fits = type(value) in (int, float) and value == int(value) and abs(value) < 2**63
            return int(value) if fits else LOST
        case "json" | "int64", "float64":
            fits = type(value) in (int, float) and int(float(value)) == int(value)
            return float(value) if fits and abs(value) <= 2**53 else LOST
        case _:
            raise AssertionError((old, new))


def _rfc3339(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


# --- pairs ----------------------------------------------------------------------------------------


def pairs(dialect: str) -> st.SearchStrategy[Pair]:
    """Pairs in ``dialect``."""
    return _pairs(dialect)


@st.composite
def _pairs(draw: st.DrawFn, dialect: str) -> Pair:
    ids = draw(st.permutations(_TABLES))
    old: dict[str, TableState] = {}
    new: dict[str, TableState] = {}
    rows: dict[str, list[Row]] = {}
    table_names: dict[str, str] = {}
    column_names: dict[tuple[str, str], str] = {}
    losses: list[str] = []
    before, after = ids[:2], list(ids[2:])
    for id in before:
        columns = _draw_columns(draw, "_key")
        key = draw(st.sampled_from(["_key", CANDIDATE, None]))
        old[id] = _table(draw, id, columns, dialect, key)
        rows[id] = _draw_rows(draw, columns)
        what = draw(st.sampled_from(["stays", "stays", "stays", "renamed", "dropped"]))
        if what == "dropped":
            losses.append(id)
            continue
        now = id
        if what == "renamed":
            now = table_names[id] = after.pop()
        changed: dict[str, str] = {}
        for name, type in columns.items():
            edit = draw(_EDITS)
            if name == IDENT:
                edit = "stays"
            if name in ("_key", CANDIDATE) and edit == "retyped":
                edit = "stays"
            if edit == "dropped":
                losses.append(f"{id}.{name}")
                continue
            if edit == "retyped":
                target = draw(_TARGETS[type])
                if cast(type, target).loss == "lossy" or draw(_MAY_BE_LOST):
                    losses.append(f"{id}.{name}")
                type = target
            if edit == "renamed":
                column_names[id, name] = name = f"{name} new"[-80:]
            changed[name] = type
        for name in draw(_NEW_NAMES):
            if name not in columns:
                changed[name] = draw(_NEW_TYPES)
        order = draw(st.permutations(list(changed)))
        keys = [name for name in changed if name.split(" ")[0] in ("_key", CANDIDATE)]
        new_key = draw(st.sampled_from([*keys, None]))
        same = column_names.get((id, key or ""), key)
        if same in keys and draw(_BOOLEANS):
            new_key = same
        new[now] = _table(draw, now, {name: changed[name] for name in order}, dialect, new_key)
    for id in after[: draw(st.integers(0, 1))]:
        new[id] = _table(draw, id, _draw_columns(draw, "_key"), dialect, "_key")
    allowed = draw(st.sampled_from([1, 1, 1, 0.5]))
    kept = losses if allowed == 1 else [name for name in losses if draw(_BOOLEANS)]
    return Pair(dialect, old, new, rows, Renames(table_names, column_names), frozenset(kept))


def _targets(type: str) -> list[str]:
    """Types to change to; those that keep values are as many as others."""
    kept = [name for name in _TYPES if name != type and cast(type, name).loss != "lossy"]
    lost = [name for name in _TYPES if name != type and name not in kept]
    return [*kept, *kept, *lost[:2]] if kept else lost


_TARGETS = {type: st.sampled_from(_targets(type)) for type in _TYPES}


def _draw_columns(draw: st.DrawFn, key: str) -> dict[str, str]:
    names = draw(_OWN_NAMES)
    columns = {key: "string", IDENT: "int64", CANDIDATE: "string"}
    return columns | {name: draw(_NEW_TYPES) for name in names}


def _draw_rows(draw: st.DrawFn, columns: Mapping[str, str]) -> list[Row]:
    rows: list[Row] = []
    for number in range(draw(st.sampled_from([3, 2, 1, 0]))):
        row: Row = {name: draw(_OR_NULL[type]) for name, type in columns.items()}
        row |= {"_key": f"key {number}", CANDIDATE: f"'{number}", IDENT: number}
        rows.append(row)
    return rows


def _table(
    draw: st.DrawFn, id: str, columns: Mapping[str, str], dialect: str, key: str | None
) -> TableState:
    [notation] = [item for item in NOTATIONS if item.name == dialect]
    comments = {name: draw(_COMMENTS) for name in ("", *columns)}
    stored = {name: identifier(name, notation) for name in columns}
    return table(id, columns, dialect, key=key, comments=comments, stored=stored)
