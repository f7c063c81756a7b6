"""Rows of mappers, JSON Schemas and models agree about the type of every member.

Worlds of a record and pages are made up here, and many of them are built as one package: each has
structures of its own and columns of its own in one table. Whatever they say: the rows that the real
generated mapper makes of any response that the record allows pass the JSON Schema and the pydantic
model, or the catalogue says what disagrees.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError as SchemaError
from pydantic import BaseModel, ValidationError

import handmade
import mappers
from schemagen.catalog import Catalog, Disagreement, LinkedTable, facts
from schemagen.diagnostics import SourcePosition
from schemagen.emit import json_schema, package, render
from schemagen.emit.structure_models import structure_models
from schemagen.link import link
from schemagen.lockfile import lock
from schemagen.lockfile.notation import parse_type
from schemagen.model.origin import Origin
from schemagen.model.pages import (
    Column,
    DocumentedMember,
    DocumentedValue,
    Operation,
    Pages,
    Structure,
    Table,
    Usage,
)
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef, structure_names
from schemagen.names import NestedNames
from schemagen.settings.load import Settings
from schemagen.settings.members import USES, MemberChoice, Use
from schemagen.typed_pages import resolve_types
from schemagen.typetable import PYTHON_TYPE, SCALARS

TABLE = "aws.made_thing"
HERE = Origin("page.md", 1)
PROJECT = Settings(Path(), Path(), Path(), Path(), Path())
SCALAR_SHAPES = [Scalar(scalar.name) for scalar in SCALARS]
ENUMERATIONS = {"Kind": ["A", "B"]}
Choices = dict[tuple[str, str, str], Use]
_numbers = count()


# --- worlds ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Filled:
    """A column of ``type``, what the record has for it (a notation), and what its page has."""

    record: str
    page: Shape | None
    type: str = "json"


@dataclass(frozen=True)
class World:
    """What record and pages say. ``record`` maps structures to members to notations."""

    record: Mapping[str, Mapping[str, str]]
    pages: Mapping[str, tuple[DocumentedMember, ...]]
    columns: tuple[Filled, ...]
    usages: Mapping[str, bool]
    """Structures whose page says that they fill the first column: whether as its element."""


@dataclass(frozen=True)
class Batch:
    """Worlds by number, as one service and one table."""

    worlds: Mapping[int, World]

    @cached_property
    def lock(self) -> lock.LockFile:
        response: dict[str, str] = {}
        record: dict[str, dict[str, str]] = {"DescribeThingResponse": response}
        for number, world in self.worlds.items():
            for place, column in enumerate(world.columns):
                response[_member(number, place)] = _numbered(column.record, number)
            for name, members in world.record.items():
                record[f"W{number}{name}"] = {
                    member: _numbered(text, number) for member, text in members.items()
                }
        columns = {member.lower(): {"member": member, "evidence": "name"} for member in response}
        return mappers.service(
            mappers.bound(TABLE, operation="DescribeThing", columns=columns),
            {"DescribeThing": "DescribeThingResponse"},
            record,
            ENUMERATIONS,
        )

    @cached_property
    def pages(self) -> Pages:
        cells: list[Column] = []
        typed: list[DocumentedMember] = []
        structures: list[Structure] = []
        for number, world in self.worlds.items():
            for place, column in enumerate(world.columns):
                name = _member(number, place)
                cells.append(Column(name.lower(), "core", column.type, HERE))
                if column.page:
                    typed.append(DocumentedMember(name, _renamed(column.page, number), HERE))
            for name, members in world.pages.items():
                usages = (
                    (Usage("DescribeThing", _member(number, 0), element=world.usages[name]),)
                    if name in world.usages
                    else ()
                )
                structures.append(
                    Structure(
                        "made",
                        f"W{number}{name}",
                        tuple(
                            replace(member, shape=_renamed(member.shape, number))
                            for member in members
                        ),
                        HERE,
                        usages=usages,
                    )
                )
        table = Table(TABLE, "Made up", "", tuple(cells), HERE)
        operation = Operation("made", "DescribeThing", (), tuple(typed), HERE)
        return Pages((table,), tuple(structures), (operation,))

    def catalog(self, choices: Mapping[tuple[str, str, str], Use]) -> Catalog:
        position = SourcePosition("schemagen.toml", {"": (1, 1)})
        return link(
            resolve_types(self.pages, PROJECT.types),
            self.lock.bindings,
            [self.lock.recorded_service],
            choices=[MemberChoice(*key, use, position) for key, use in choices.items()],
        )

    def without(self, numbers: Iterable[int]) -> Batch:
        left = set(self.worlds) - set(numbers)
        return Batch({number: self.worlds[number] for number in sorted(left)})


def _member(number: int, place: int) -> str:
    """The member of the response that fills a column of a world."""
    return f"W{number}Value{place}"


def _numbered(notation: str, number: int) -> str:
    return re.sub("#", f"#W{number}", notation)


def _renamed(shape: Shape, number: int) -> Shape:
    match shape:
        case StructureRef(name):
            return StructureRef(f"W{number}{name}")
        case ListOf(inner):
            return ListOf(_renamed(inner, number))
        case MapOf(inner):
            return MapOf(_renamed(inner, number))
        case Scalar():
            return shape


def key_of(found: Disagreement) -> tuple[str, str, str]:
    return (*found.structure, found.member)


def world_of(key: tuple[str, str, str]) -> int:
    """The number of the world that a member belongs to."""
    match = re.match(r"W(\d+)", key[1]) or re.match(r"W(\d+)", key[2])
    assert match
    return int(match[1])


def notation(shape: Shape) -> str:
    match shape:
        case Scalar(name):
            return name
        case StructureRef(name):
            return f"#{name}"
        case ListOf(element):
            return f"list<{notation(element)}>"
        case MapOf(value):
            return f"map<{notation(value)}>"


# --- the real thing -------------------------------------------------------------------------------


def files(catalog: Catalog) -> dict[str, str]:
    """Everything that a build writes for ``catalog``."""
    places = structure_models(catalog)
    tables = [facts(table) for table in catalog.tables]
    parts = render.shared_parts(tables, catalog, places, PROJECT.outputs)
    texts = package.modules(tables, PROJECT.types, handmade.DISTRIBUTION)
    for part in [*catalog.tables, *parts.values()]:
        texts |= render.render_part(part, PROJECT, places)
    return texts | package.init_modules(texts)


@dataclass(frozen=True)
class Built:
    """The imported mapper, model and JSON Schema of a catalogue's one table."""

    mapper: Any
    conversion_error: type[ValueError]
    model: type[BaseModel]
    validator: Any

    def failure(self, row: Mapping[str, object]) -> str:
        """Why ``row`` fails the schema or the model; "" if it passes both."""
        try:
            # Validating hundreds of columns that are null in every row would take minutes.
            self.validator.validate({name: cell for name, cell in row.items() if cell is not None})
        except SchemaError as error:
            return f"schema: {error.message}"
        try:
            self.model.model_validate(row)
        except ValidationError as error:
            return f"model: {error}"
        return ""


@contextmanager
def built(folder: Path, catalog: Catalog) -> Generator[Built]:
    table: LinkedTable
    (table,) = catalog.tables
    annotated = json_schema.table_schema(table, PROJECT.types, NestedNames.SNAKE_CASE, "urn:x:")
    schema = json_schema.rewrite(
        annotated, lambda part: {k: v for k, v in part.items() if k != PYTHON_TYPE}
    )
    with handmade.imported(folder, f"one_truth_{next(_numbers)}", files(catalog)) as made:
        yield Built(
            made.module(f"mappers.aws.{table.module}"),
            made.conversion_error,
            made.model(table),
            Draft202012Validator(schema),
        )


# --- every kind of pair, one by one ---------------------------------------------------------------

ALPHA, BETA = StructureRef("Alpha"), StructureRef("Beta")
KINDS: tuple[Shape, ...] = (
    *SCALAR_SHAPES,
    ListOf(Scalar("string")),
    ListOf(Scalar("int64")),
    ListOf(Scalar("timestamp")),
    MapOf(Scalar("string")),
    MapOf(Scalar("float64")),
    MapOf(ListOf(Scalar("float64"))),
    ALPHA,
    BETA,
    ListOf(ALPHA),
    MapOf(BETA),
)
# Record and page agree about Alpha, not about Beta.
RECORDED = {"Alpha": {"Name": "string"}, "Beta": {"Name": "string", "Size": "int64"}}


def documented(name: str, shape: Shape, required: bool | None = None) -> DocumentedMember:
    return DocumentedMember(name, shape, HERE, required)


DOCUMENTED = {
    "Alpha": (documented("Name", Scalar("string")),),
    "Beta": (documented("Name", Scalar("int64")), documented("Size", Scalar("int64"))),
}


def world(
    record: Mapping[str, str],
    page: tuple[DocumentedMember, ...],
    columns: tuple[Filled, ...] = (Filled("#Thing", StructureRef("Thing")),),
) -> World:
    return World({"Thing": record, **RECORDED}, {"Thing": page, **DOCUMENTED}, columns, {})


def pair(page: Shape, record: Shape) -> World:
    """A world of one member, as the page and as the record have it."""
    return world({"Member": notation(record)}, (documented("Member", page),))


def required_members() -> Iterator[World]:
    """Worlds that differ in what is required, in members of all kinds."""
    for shape in (Scalar("string"), ALPHA, ListOf(Scalar("int64"))):
        for page, record in product([None, False, True], ["", "!"]):
            yield world({"Member": notation(shape) + record}, (documented("Member", shape, page),))
    yield world({"Other": "string"}, (documented("Member", Scalar("string"), True),))
    yield World(
        {"Thing": {"Inner": "#Alpha"}, "Alpha": {"Name": "string", "Size": "int64!"}},
        {
            "Thing": (documented("Inner", BETA, True),),
            "Beta": (
                documented("Name", Scalar("string"), True),
                documented("Size", Scalar("int64"), True),
            ),
        },
        (Filled("#Thing", StructureRef("Thing")),),
        {},
    )


def same_in_substance() -> Iterator[World]:
    """Worlds that differ in ways which every value survives."""
    yield from required_members()
    values = (DocumentedValue("A"), DocumentedValue("OLD", deprecated=True))
    for record in ("$Kind", "string", "list<$Kind>"):
        shape = parse_type("list<string>" if "list" in record else "string").shape
        yield world({"Member": record}, (DocumentedMember("Member", shape, HERE, values=values),))
    # Both have the key item_id.
    yield world(
        {"ItemID": "string", "ItemId": "int64"},
        (documented("ItemID", Scalar("string")), documented("ItemId", Scalar("int64"))),
    )


def disagreeing() -> Iterator[World]:
    """Worlds whose disagreement is deeper than in one member of a column's structure."""
    at_thing = StructureRef("Thing")
    for shape in (at_thing, ListOf(at_thing), MapOf(ListOf(at_thing))):
        yield world(
            {"Member": "string", "Next": notation(shape)},
            (documented("Member", Scalar("int64")), documented("Next", shape)),
        )
    for type in ("json", "array<json>"):
        yield world(
            {"Member": "string"},
            (documented("Member", Scalar("timestamp")),),
            (Filled("list<#Thing>", ListOf(at_thing), type),),
        )
    # The record's Alpha stands for two structures of pages, which disagree.
    yield world(
        {"First": "#Alpha", "Second": "#Alpha"},
        (documented("First", ALPHA), documented("Second", BETA)),
    )
    yield world({}, (), (Filled("#Alpha", ALPHA), Filled("#Alpha", BETA)))
    # The column itself.
    yield world({}, (), (Filled("list<#Alpha>", ALPHA),))
    yield world({}, (), (Filled("#Alpha", ListOf(ALPHA)),))
    yield world({}, (), (Filled("list<#Alpha>", MapOf(ALPHA)),))


def witnesses(world: World, shape: Shape, depth: int = 3) -> list[Any]:
    """Values that boto3 may return for a recorded shape: each kind of value of each member at least
    once. AWS leaves out members that its models require, and adds members that they lack."""
    match shape:
        case Scalar(name):
            return WITNESSES[name]
        case ListOf(element):
            return [[], *([value] for value in witnesses(world, element, depth))]
        case MapOf(inner):
            return [{}, *({"name": value} for value in witnesses(world, inner, depth))]
        case StructureRef(name):
            found: list[Any] = [{}]
            types = {member: parse_type(text) for member, text in world.record[name].items()}
            always = {
                member: witnesses(world, made.shape, depth - 1)[-1]
                for member, made in types.items()
                if made.required and _required_on_pages(world, member)
            }
            for member, made in types.items() if depth else ():
                values = witnesses(world, made.shape, depth - 1)
                found += ({member: value} for value in values)
            return [{**always, **value} for value in [*found, {"AddedByAWS": [1]}]]


def _required_on_pages(world: World, member: str) -> bool:
    """Whether a page requires a member of this name: its row would fail without, as it should."""
    return any(
        found.required and found.name == member
        for members in world.pages.values()
        for found in members
    )


WITNESSES: Mapping[str, list[Any]] = {
    "string": ["text", "12", "true", "2026-01-02T03:04:05Z"],
    "int64": [2**40, 0],
    "float64": [1.5, 2.0],
    "bool": [True, False],
    "timestamp": [datetime(2026, 1, 2, tzinfo=UTC)],
    "binary": [b"\x00\xff"],
    "json": [1.5, "text", True, [None], {"a": {"b": 1}}, {"a": [None]}, {"a": [1.5]}],
}


def outcomes(made: Built, number: int, world: World) -> Iterator[str]:
    """How the rows of a world fare: why each fails, "" for those that pass, None if the mapper
    refuses to make one."""
    for place, column in enumerate(world.columns):
        for value in witnesses(world, parse_type(column.record).shape):
            yield _outcome(made, {_member(number, place): value})


REFUSED = "refused by the mapper"


def _outcome(made: Built, item: Mapping[str, object]) -> str:
    try:
        row = made.mapper.from_item(item)
    except made.conversion_error:
        return REFUSED
    return made.failure(row)


def test_builds_refuse_exactly_the_pairs_of_which_a_row_fails(tmp_path: Path) -> None:
    """For each two kinds of shapes on page and record: if a row fails the schema or the model, the
    catalogue says that they disagree, and only then. The mapper refuses no value."""
    pairs = [pair(page, record) for page, record in product(KINDS, KINDS)]
    agreeing, deeper = list(same_in_substance()), list(disagreeing())
    batch = Batch(dict(enumerate([*pairs, *agreeing, *deeper])))
    catalog = batch.catalog({})
    refused = {world_of(key_of(found)) for found in catalog.disagreements}
    with built(tmp_path, catalog) as made:
        for number, world in batch.worlds.items():
            found = set(outcomes(made, number, world))
            assert REFUSED not in found, world
            if number not in refused:
                assert found == {""}, world
            elif not _structure_for_map(world):
                assert found - {""}, world
    first = len(pairs)
    assert not refused & set(range(first, first + len(agreeing)))
    assert refused >= set(range(first + len(agreeing), len(batch.worlds)))


def _structure_for_map(world: World) -> bool:
    """Whether the page has a structure for a map. Some such pairs have the same values in JSON, and
    are refused all the same: a map's keys are data, and members are renamed."""
    return any(
        isinstance(parse_type(world.record["Thing"][member.name]).shape, MapOf)
        and isinstance(member.shape, StructureRef)
        for member in world.pages["Thing"]
        if member.name in world.record["Thing"]
    )


@pytest.mark.parametrize("use", USES)
def test_member_choices_settle_every_disagreement(tmp_path: Path, use: Use) -> None:
    """A choice for each member that disagrees resolves it. After the record, every row passes;
    after the page, the mapper converts to the page's type or refuses the value. Only structures
    cannot be made of anything else."""
    pairs = [pair(page, record) for page, record in product(KINDS, KINDS)]
    batch = Batch(dict(enumerate([*pairs, *disagreeing()])))
    catalog, choices = settle(batch, use)
    left = {world_of(key_of(found)) for found in catalog.disagreements}
    chosen = {world_of(key) for key in choices} - left
    assert use == "page" or not left, [batch.worlds[number] for number in left]
    counts = Counter[str]()
    batch = batch.without(left | (set(batch.worlds) - chosen))
    with built(tmp_path, batch.catalog(choices_of(batch, choices))) as made:
        for number, world in batch.worlds.items():
            found = Counter(outcomes(made, number, world))
            assert set(found) <= ({"", REFUSED} if use == "page" else {""}), world
            counts += found
    assert counts[""] > 100
    assert (counts[REFUSED] > 100) == (use == "page")


def settle(batch: Batch, use: Use) -> tuple[Catalog, Choices]:
    """The catalogue with ``use`` for each member that disagrees, as far as choices go."""
    choices: Choices = {}
    while True:
        catalog = batch.catalog(choices)
        new = {key_of(found) for found in catalog.disagreements} - set(choices)
        if not new:
            return catalog, choices
        choices |= dict.fromkeys(sorted(new), use)


def choices_of(batch: Batch, choices: Choices) -> Choices:
    """The choices that are about worlds of ``batch``."""
    return {key: use for key, use in choices.items() if world_of(key) in batch.worlds}


def test_a_page_without_members_does_not_win_over_the_record() -> None:
    """Schema and model describe what is recorded where the page says nothing about members."""
    catalog = Batch({0: world({"Size": "int64"}, ())}).catalog({})
    members = catalog.structures["made", "W0Thing"].members
    assert [(member.name, member.shape) for member in members] == [("Size", Scalar("int64"))]


# --- worlds at random -----------------------------------------------------------------------------

NAMES = ("Alpha", "Beta", "Gamma")
# Two of them have one key in snake_case.
MEMBERS = ("Size", "ItemID", "ItemId", "Inner", "At")

SHAPES: st.SearchStrategy[Shape] = st.recursive(
    st.sampled_from(SCALAR_SHAPES) | st.sampled_from([StructureRef(name) for name in NAMES]),
    lambda inner: inner.map(ListOf) | inner.map(MapOf),
    max_leaves=2,
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A record, and pages that say almost the same, about two columns that share structures."""
    record = {
        name: {
            # What is required leads to no structure, so that every response ends.
            member: notation(shape)
            + ("!" if not any(structure_names(shape)) and draw(st.booleans()) else "")
            for member, shape in draw(
                st.dictionaries(st.sampled_from(MEMBERS), SHAPES, min_size=1, max_size=3)
            ).items()
        }
        for name in NAMES
    }
    pages: dict[str, tuple[DocumentedMember, ...]] = {}
    for name in NAMES:
        if draw(st.integers(0, 4)):
            extra = draw(st.sets(st.sampled_from(MEMBERS), max_size=1))
            pages[name] = tuple(
                draw(similar(member, record[name].get(member)))
                for member in sorted({*record[name], *extra})
            )
    columns: list[Filled] = []
    for _ in range(2):
        recorded = draw(SHAPES)
        page = draw(st.none() | st.just(recorded) | renamed(recorded) | SHAPES)
        type = draw(st.sampled_from(["json", "json", "json", "array<json>", "string"]))
        if type != "string" or any(structure_names(recorded)):
            columns.append(Filled(notation(recorded), page, type))
    usage = draw(st.dictionaries(st.sampled_from(sorted(pages) or [""]), st.booleans(), max_size=1))
    return World(record, pages, tuple(columns), usage)


def renamed(shape: Shape) -> st.SearchStrategy[Shape]:
    """``shape`` with another structure in place of each."""
    match shape:
        case Scalar():
            return st.just(shape)
        case StructureRef():
            return st.sampled_from([StructureRef(name) for name in NAMES])
        case ListOf(inner):
            return renamed(inner).map(ListOf)
        case MapOf(inner):
            return renamed(inner).map(MapOf)


@st.composite
def similar(draw: st.DrawFn, name: str, recorded: str | None) -> DocumentedMember:
    """A member as a page has it: most often as the record does."""
    shape = draw(SHAPES)
    if recorded:
        same = parse_type(recorded).shape
        kind = draw(st.sampled_from(["same", "same", "renamed", "scalar", "any"]))
        if kind == "same" or (kind == "scalar" and not isinstance(same, Scalar)):
            shape = same
        elif kind == "renamed":
            shape = draw(renamed(same))
        elif kind == "scalar":
            shape = draw(st.sampled_from(SCALAR_SHAPES))
    values = (DocumentedValue("A"),) if draw(st.booleans()) else ()
    required = draw(st.sampled_from([None, True, False]))
    return DocumentedMember(name, shape, HERE, required, values=values)


def responses(world: World, shape: Shape, depth: int = 3) -> st.SearchStrategy[Any]:
    """Anything that boto3 may return for a recorded shape. What record and page require is there;
    AWS leaves out what only its model requires."""
    match shape:
        case Scalar(name):
            return SCALAR_VALUES[name]
        case ListOf(element):
            inner = st.none() | responses(world, element, depth - 1)
            return st.lists(inner, max_size=2 if depth > 0 else 0)
        case MapOf(value):
            inner = st.none() | responses(world, value, depth - 1)
            return st.dictionaries(TEXT, inner, max_size=2 if depth > 0 else 0)
        case StructureRef(name):
            types = {member: parse_type(text) for member, text in world.record[name].items()}
            always = {
                member: responses(world, made.shape, depth - 1)
                for member, made in types.items()
                if made.required and _required_on_pages(world, member)
            }
            rest = {
                member: responses(world, made.shape, depth - 1)
                for member, made in types.items()
                if member not in always and depth > 0
            }
            return st.fixed_dictionaries(always | rest) | st.fixed_dictionaries(
                always, optional=rest
            )


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)
SCALAR_VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "string": TEXT | st.sampled_from(["12", "true", "2026-01-02T03:04:05Z", "{}"]),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float64": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "timestamp": st.datetimes(
        datetime(2, 1, 1),
        datetime(9998, 1, 1),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=14))]),
    ),
    "binary": st.binary(max_size=4),
    "json": st.sampled_from(WITNESSES["json"]),
}


@pytest.mark.slow
def test_rows_pass_schema_and_model_or_the_build_refuses(tmp_path: Path) -> None:
    """For any record and pages, and any response that the record allows: the mapper's row passes the
    JSON Schema and the model, or page and record are reported to disagree. The mapper refuses values
    only where a setting follows the page, and text or other shapes for a column that cannot hold
    them."""
    counts = Counter[str]()

    @settings(
        max_examples=30,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(data=st.data(), made=st.lists(worlds(), min_size=5, max_size=5))
    def check(data: st.DataObject, made: list[World]) -> None:
        batch = Batch(dict(enumerate(made)))
        refused = {world_of(key_of(found)) for found in batch.catalog({}).disagreements}
        counts["refused"] += len(refused)
        catalog, choices = settle(batch, data.draw(st.sampled_from(USES)))
        left = {world_of(key_of(found)) for found in catalog.disagreements}
        batch = batch.without(left)
        choices = choices_of(batch, choices)
        catalog = batch.catalog(choices)
        assert not catalog.disagreements
        after_page = {world_of(key) for key, use in choices.items() if use == "page"}
        counts["chosen"] += len({world_of(key) for key in choices})
        with built(tmp_path, catalog) as made_package:
            for number, world in batch.worlds.items():
                for place, column in enumerate(world.columns):
                    shape = parse_type(column.record).shape
                    for _ in range(3):
                        value = data.draw(responses(world, shape))
                        outcome = _outcome(made_package, {_member(number, place): value})
                        counts[outcome] += 1
                        if outcome == REFUSED:
                            assert number in after_page or _not_fitting(column), (world, value)
                        else:
                            assert outcome == "", (world, place, value)

    check()
    assert counts[""] > 200
    assert min(counts["refused"], counts["chosen"]) > 20


def _not_fitting(column: Filled) -> bool:
    """Whether a column's type takes only some of the values: no list for an array, or text that is
    decoded."""
    shape = parse_type(column.record).shape
    if column.type == "array<json>":
        return not isinstance(shape, ListOf) or shape.element == Scalar("string")
    return shape == Scalar("string")
