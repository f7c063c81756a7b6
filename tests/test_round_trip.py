"""Every type, with awkward values, through every target and back.

One table per type expression is generated for real: its JSON Schema, its model, its DDL and the
code that loads it. `faults` says what is wrong with a value; a `Target` says which faults it must
refuse, naming the column, and which ones change the value. Every other value must come back equal,
type and sign of zero included.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from typing import Protocol, cast

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from psycopg import Connection
from psycopg.types import TypeInfo
from psycopg.types.hstore import register_hstore
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

import engines
import handmade
from handmade import DIALECTS
from schemagen.catalog import LinkedTable
from schemagen.emit import ddl, json_schema
from schemagen.names import NestedNames
from schemagen.resolved_types import TypeTable
from schemagen.runtime import convert
from schemagen.typetable import TYPES

# --- values ---------------------------------------------------------------------------------------

_SPECIAL = st.sampled_from(",\"\n\r\\=>{}[]' %\0\ud800")
_TEXT = st.text(st.one_of(_SPECIAL, st.characters(exclude_categories=())), max_size=8)
_ZONES = st.sampled_from(
    [
        UTC,
        timezone(timedelta(hours=14)),
        timezone(timedelta(hours=-12)),
        timezone(timedelta(hours=5, minutes=53, seconds=28)),
    ]
)
_FLOATS = st.floats()
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _FLOATS | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)

STRATEGIES: Mapping[str, st.SearchStrategy[object]] = {
    "string": _TEXT,
    "int64": st.integers(-(2**63) - 2, 2**63 + 1),
    "float64": _FLOATS,
    "bool": st.booleans(),
    "timestamp": st.datetimes(timezones=_ZONES) | st.datetimes(),
    "json": _JSON.filter(lambda value: value is not None),
    "hstore": st.dictionaries(_TEXT, st.none() | _TEXT, max_size=4),
    "hstore_csv": st.dictionaries(
        _TEXT, st.lists(_TEXT, max_size=3, unique=True).map(sorted), max_size=3
    ),
}

AWKWARD: Mapping[str, list[object]] = {
    "string": [
        *["", " ", "NULL", "null", "{}", "'", '"', "\\", "%s", "?", "\n\r\t", "é", "e\u0301"],
        *["\U0010ffff", "\ufffd", "\0", "a\0b", "\ud800", "\udfffx", "x" * 100_000],
    ],
    "int64": [0, -1, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 10**30],
    "float64": [
        *[0.0, -0.0, 0.1, 1.0, 1e16, 1e300, 5e-324, 1.7976931348623157e308],
        *[math.nan, math.inf, -math.inf],
    ],
    "bool": [True, False],
    "timestamp": [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(1, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))),
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2))),
        datetime(1582, 10, 10, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=5, minutes=53, seconds=28))),
        datetime(2026, 1, 1),
    ],
    "json": [
        *[True, 0, 1, 1.0, -0.0, 1e16, -1.5e300, 5e-324, 2**63, 10**400, "", "null", "[1,"],
        *[[], {}, [1, "x"], [None], [[[]]], {"": None}, {"a": {"b": [1e300, "1e+300", 1e-7]}}],
        *[{"key": 1, "value": 2}, {"key": "a"}, "\\u0000", {"\\ud800": '"1e+22'}],
        *[math.nan, [math.inf], {"a": -math.inf}, "\0", {"\0": 1}, [{"a": "\ud800"}]],
    ],
    "hstore": [
        *[{}, {"": ""}, {"a": None}, {"a": "NULL"}, {"NULL": None}, {"a": "\n"}],
        *[{"key": "a", "value": "b"}, {"key": "a", "value": None}, {"key": None}],
        *[{'"': "\\"}, {"\\": '"'}, {'a"=>"b': '", "c"=>"d'}, {"=>": ","}, {"a": "{}"}],
        *[{"\0": None}, {"a": "\0"}, {"\ud800": "a"}, {"a": "\ud800"}],
    ],
    "hstore_csv": [
        *[{}, {"a": []}, {"a": [""]}, {"a": ["", "b"]}, {"": ["b"]}, {"a": ["NULL"]}],
        *[{"key": ["a"], "value": ["b"]}, {"key": ["a"], "value": []}, {"a": ["b", "c"]}],
        *[{"a": ["b,c", "d"]}, {"a": ['"', '"b"', 'c"']}, {"a": ["\n", "\r", "\\"]}],
        *[{"=>": ["=>"]}, {"a": ["[b]", "{c}"]}, {"a": ["\0"]}, {"\0": []}, {"a": ["\ud800"]}],
    ],
}


def _element(expression: str) -> str:
    return expression.removeprefix("array<").removesuffix(">")


def _strategy(expression: str) -> st.SearchStrategy[object]:
    if expression in STRATEGIES:
        return STRATEGIES[expression]
    return st.lists(st.none() | STRATEGIES[_element(expression)], max_size=4)


def _awkward(expression: str) -> list[object]:
    if expression in AWKWARD:
        return AWKWARD[expression]
    values = AWKWARD[_element(expression)]
    sound = [value for value in values if not faults(_element(expression), value)]
    return [[], [None], [*sound, None, *sound], *([None, value] for value in values)]


def faults(expression: str, value: object) -> set[str]:
    """What is wrong with a value of the type, in the words that `Target` uses."""
    if expression not in STRATEGIES:
        elements = [element for element in cast("list[object]", value) if element is not None]
        found = {fault for element in elements for fault in faults(_element(expression), element)}
        if any(isinstance(element, float) and math.isnan(element) for element in elements):
            found.add("NaN in a list")
        return found
    found = set[str]()
    match value:
        case bool() | None:
            pass
        case str():
            found |= {"U+0000"} if "\0" in value else set()
            found |= {"surrogate"} if any("\ud800" <= char <= "\udfff" for char in value) else set()
        case int():
            found |= (
                {"64 bits"} if expression == "int64" and not -(2**63) <= value < 2**63 else set()
            )
        case float():
            found |= {"not finite"} if not math.isfinite(value) else set()
            found |= {"-0.0"} if repr(value) == "-0.0" else set()
            found = {f"JSON {fault}" if expression == "json" else fault for fault in found}
        case datetime():
            offset = value.utcoffset()
            if offset is None:
                return {"no zone"}
            year = (value.replace(tzinfo=None, year=2000) - offset).year - 2000 + value.year
            found |= set() if 1 <= year <= 9999 else {"years"}
            found |= {"offset in seconds"} if offset.seconds % 60 else set()
        case dict():
            for key, item in cast("dict[str, object]", value).items():
                found |= faults(expression, key) | faults(expression, item)
        case list():
            for item in cast("list[object]", value):
                found |= faults(expression, item)
        case _:
            raise AssertionError(value)
    return found


def same(left: object, right: object) -> bool:
    """Return whether values and their types are equal at every depth. NaN equals NaN; -0.0 is not 0.0."""
    match left, right:
        case float(), float():
            return repr(left) == repr(right)
        case datetime(), datetime():
            return left == right
        case list(), list():
            left_items, right_items = cast("list[object]", left), cast("list[object]", right)
            return len(left_items) == len(right_items) and all(map(same, left_items, right_items))
        case dict(), dict():
            pairs, found = cast("dict[str, object]", left), cast("dict[str, object]", right)
            return pairs.keys() == found.keys() and all(
                same(item, found[key]) for key, item in pairs.items()
            )
        case _:
            return type(left) is type(right) and left == right


# --- targets --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refused:
    """What a target says instead of taking a value."""

    message: str


@dataclass(frozen=True)
class Bench:
    """The generated package, and the databases in which its tables exist already."""

    package: handmade.Package
    tables: Mapping[str, LinkedTable]
    databases: Mapping[str, Connection]
    duck: engines.DuckDB
    hstore: bool

    def model(self, expression: str) -> type[BaseModel]:
        return self.package.model(self.tables[expression])

    @cached_property
    def types(self) -> TypeTable:
        return TypeTable()


Trip = Callable[[Bench, str, list[object]], list[object]]


@dataclass(frozen=True)
class Target:
    """``trip`` takes values there and back, with `Refused` for what the target does not take.

    ``refused`` are the faults that it must refuse; ``changed`` those that change a value on the
    way, with the reason.
    """

    name: str
    trip: Trip
    refused: frozenset[str]
    changed: Mapping[str, str] = field(default_factory=dict[str, str])


def _through_sql(dialect: str) -> Trip:
    def trip(bench: Bench, expression: str, values: list[object]) -> list[object]:
        sql, table = bench.package.sql, bench.package.table(bench.tables[expression])
        outcomes: list[object] = []
        parameters: list[object] = []
        rows = 0
        for number, value in enumerate(values):
            try:
                row = {"_key": str(number), "value": value}
                parameters += sql.parameters(row, table, dialect)
                outcomes.append(None)
                rows += 1
            except bench.package.conversion_error as error:
                outcomes.append(Refused(str(error)))
        head, group = sql.insert(table, dialect).split(" VALUES ")
        statements = [
            f"DELETE FROM {sql.relation(table, dialect)}",
            f"{head} VALUES {', '.join([group] * rows)}" if rows else "",
            sql.select(table, dialect),
        ]
        execute = _in_duckdb if dialect == "duckdb" else _in_postgres
        for fetched in execute(bench, dialect, expression, statements, parameters):
            found = sql.read(fetched, table, dialect)
            outcomes[int(str(found["_key"]))] = found["value"]
        return outcomes

    return trip


def _in_duckdb(
    bench: Bench, dialect: str, expression: str, statements: list[str], parameters: list[object]
) -> list[tuple[object, ...]]:
    delete, insert, select = statements
    bench.duck.execute(delete)
    if insert:
        bench.duck.execute(insert, parameters)
    return bench.duck.execute(select).fetchall()


def _in_postgres(
    bench: Bench, dialect: str, expression: str, statements: list[str], parameters: list[object]
) -> list[tuple[object, ...]]:
    delete, insert, select = (statement.encode() for statement in statements)
    connection = bench.databases[dialect]
    with connection.cursor() as cursor:
        # A single hstore is read as text, without help; an array of them needs the driver's.
        if expression.startswith("array<hstore") and dialect == "postgres":
            info = TypeInfo.fetch(connection, "hstore")
            assert info is not None
            register_hstore(info, cursor)
        cursor.execute(delete)
        if insert:
            cursor.execute(insert, parameters)
        return cursor.execute(select).fetchall()


def _through_model(bench: Bench, expression: str, values: list[object]) -> list[object]:
    outcomes: list[object] = []
    for value in values:
        try:
            made = bench.model(expression).model_validate({"_key": "k", "value": value})
            outcomes.append(made.model_dump(by_alias=True)["value"])
        except ValidationError as error:
            outcomes.append(Refused(str(error)))
    return outcomes


def _through_model_as_json(bench: Bench, expression: str, values: list[object]) -> list[object]:
    outcomes: list[object] = []
    model = bench.model(expression)
    for value in values:
        try:
            made = model.model_validate({"_key": "k", "value": value})
            again = model.model_validate_json(made.model_dump_json(by_alias=True))
            outcomes.append(again.model_dump(by_alias=True)["value"])
        except (ValidationError, PydanticSerializationError) as error:
            outcomes.append(Refused(str(error)))
    return outcomes


class _Validator(Protocol):
    # The stubs leave the instance's type unknown.
    def validate(self, instance: object) -> None: ...


def _through_json_schema(bench: Bench, expression: str, values: list[object]) -> list[object]:
    schema = json_schema.table_schema(
        bench.tables[expression], bench.types, NestedNames.SNAKE_CASE, "https://example.org/"
    )
    checker = FormatChecker()
    assert "date-time" in checker.checkers, "without rfc3339-validator nothing would be checked"
    validator = cast(
        "_Validator",
        Draft202012Validator(json.loads(json_schema.render(schema)), format_checker=checker),
    )
    outcomes: list[object] = []
    for value in values:
        try:
            text = json.dumps({"_key": "k", "value": _times(value, _written)}, allow_nan=False)
        except ValueError as error:
            outcomes.append(Refused(str(error)))
            continue
        instance = json.loads(text)
        try:
            validator.validate(instance)
            value = instance["value"]
            outcomes.append(_times(value, _read) if "timestamp" in expression else value)
        except jsonschema.ValidationError as error:
            outcomes.append(Refused(f"{error.json_path}: {error.message}"))
    return outcomes


def _times(value: object, convert: Callable[[object], object]) -> object:
    """``value`` with ``convert`` applied to a time, or to each of a list."""
    if isinstance(value, list):
        return [_times(element, convert) for element in cast("list[object]", value)]
    return convert(value)


def _written(value: object) -> object:
    return convert.rfc3339(value, "value") if isinstance(value, datetime) else value


def _read(value: object) -> object:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


_UNSTORABLE = {"U+0000", "surrogate", "64 bits", "no zone", "years", "JSON not finite"}
_NO_NEGATIVE_ZERO = {"JSON -0.0": "a number of jsonb is a numeric, which has no negative zero"}

_NOT_IN_MODELS = frozenset({"64 bits", "no zone", "not finite", "JSON not finite"})

TARGETS: tuple[Target, ...] = (
    Target("postgres", _through_sql("postgres"), frozenset(_UNSTORABLE), changed=_NO_NEGATIVE_ZERO),
    Target(
        "postgres_jsonb",
        _through_sql("postgres_jsonb"),
        frozenset(_UNSTORABLE),
        changed=_NO_NEGATIVE_ZERO,
    ),
    Target(
        "duckdb",
        _through_sql("duckdb"),
        frozenset(_UNSTORABLE),
        changed={"NaN in a list": "docs/package.md says why"} if engines.DUCKDB_1 else {},
    ),
    Target("model", _through_model, _NOT_IN_MODELS),
    Target(
        "model as JSON",
        _through_model_as_json,
        _NOT_IN_MODELS,
        changed={
            "surrogate": "pydantic refuses it in a value and replaces it in a key",
            "offset in seconds": "RFC 3339 knows minutes only, and pydantic cuts",
        },
    ),
    Target(
        "JSON Schema",
        _through_json_schema,
        frozenset({"64 bits", "no zone", "years"}),
        changed={
            "not finite": "JSON has no such number",
            "JSON not finite": "JSON has no such number",
        },
    ),
)

EXPRESSIONS = [*(row.name for row in TYPES), *(f"array<{row.name}>" for row in TYPES)]


@pytest.fixture(scope="module")
def bench(
    postgres_server: engines.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    tables = {
        expression: handmade.table(
            f"trip.t_{expression.replace('<', '_of_').rstrip('>')}",
            handmade.columns({"_key": "string", "value": expression}),
        )
        for expression in EXPRESSIONS
    }
    made = handmade.files(tables.values())
    with ExitStack() as stack:
        package = stack.enter_context(
            handmade.imported(tmp_path_factory.mktemp("trip"), "round_trip", made)
        )
        duck = stack.enter_context(engines.duck())
        databases: dict[str, Connection] = {}
        for dialect in DIALECTS:
            if dialect.template == "postgres":
                databases[dialect.name] = stack.enter_context(postgres_server.database())
            for table in tables.values():
                statements = ddl.render(table, dialect)
                if dialect.name == "duckdb":
                    duck.execute(statements)
                elif postgres_server.hstore or "EXTENSION" not in statements:
                    databases[dialect.name].execute(statements.encode())
        yield Bench(package, tables, databases, duck, postgres_server.hstore)


def _check(bench: Bench, target: Target, expression: str, values: list[object]) -> None:
    if target.name == "postgres" and "hstore" in expression and not bench.hstore:
        engines.skip("this PostgreSQL has no hstore: install a system's server with contrib")
    for value, outcome in zip(values, target.trip(bench, expression, values), strict=True):
        found = faults(expression, value)
        finding = f"{target.name}, {expression}: {value!r:.200} became {outcome!r:.400}"
        if found & target.refused:
            assert isinstance(outcome, Refused), finding
            assert "value" in outcome.message, finding
        elif found & target.changed.keys():
            assert not same(value, outcome), f"no longer changed: {finding}"
        else:
            assert same(value, outcome), finding


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_targets_return_or_refuse_awkward_values(
    bench: Bench, target: Target, expression: str
) -> None:
    """Every value that some database has mangled comes back equal or is refused by name."""
    _check(bench, target, expression, _awkward(expression))


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_targets_return_or_refuse_any_value(bench: Bench, target: Target, expression: str) -> None:
    """Every value that hypothesis finds comes back equal or is refused by name."""

    @settings(max_examples=20, deadline=None, database=None, derandomize=True)
    @given(st.lists(_strategy(expression), min_size=1, max_size=8))
    def check(values: list[object]) -> None:
        _check(bench, target, expression, values)

    check()


def test_round_trips_cover_every_type() -> None:
    """A row added to the type table is added to these tests."""
    assert {row.name for row in TYPES} == set(STRATEGIES) == set(AWKWARD)
