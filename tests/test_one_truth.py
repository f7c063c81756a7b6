"""Rows of mappers and the schemas and models of their tables have one truth about each member.

Pages and records are made up here, of any shapes, nested and recursive, alike or not. Whatever they
say: the rows that the real generated mapper makes of any response that the record allows pass the JSON
Schema and the pydantic model, or the catalogue says what disagrees.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import handmade
import mappers
from schemagen.catalog import Catalog, facts
from schemagen.emit import json_schema, package, render
from schemagen.emit.pydantic import models
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
from schemagen.settings.overrides import SourcePosition
from schemagen.typetable import PYTHON_TYPE, SCALARS

TABLE = "aws.made_thing"
HERE = Origin("page.md", 1)
NAMES = ("Alpha", "Beta", "Gamma")
# Two of them have one key in snake_case.
MEMBERS = ("Size", "ItemID", "ItemId", "Inner", "At")
_numbers = count()


# --- what is made up ------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """A record and pages about one column. ``record`` maps structures to members to notations."""

    record: Mapping[str, Mapping[str, str]]
    value: str
    structures: tuple[Structure, ...]
    operations: tuple[Operation, ...]
    type: str

    @property
    def lock(self) -> lock.LockFile:
        return mappers.service(
            mappers.bound(
                TABLE,
                operation="DescribeThing",
                columns={"value": {"member": "Value", "evidence": "name"}},
            ),
            {"DescribeThing": "DescribeThingResponse"},
            {"DescribeThingResponse": {"Value": self.value}, **self.record},
        )

    def catalog(self, choices: Mapping[tuple[str, str, str], Use]) -> Catalog:
        made = self.lock
        table = Table(TABLE, "Made up", "", (Column("value", "core", self.type, HERE),), HERE)
        position = SourcePosition("schemagen.toml", {"": (1, 1)})
        return link(
            Pages((table,), self.structures, self.operations),
            Settings(Path(), Path(), Path(), Path()).types,
            made.bindings,
            [made.recorded_service],
            choices=[MemberChoice(*key, use, position) for key, use in choices.items()],
        )


SHAPES: st.SearchStrategy[Shape] = st.recursive(
    st.sampled_from([Scalar(scalar.name) for scalar in SCALARS])
    | st.sampled_from([StructureRef(name) for name in NAMES]),
    lambda inner: inner.map(ListOf) | inner.map(MapOf),
    max_leaves=2,
)


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


@st.composite
def records(draw: st.DrawFn) -> dict[str, dict[str, str]]:
    """Structures of any members. What is required never leads to a structure, so that there is a
    response."""
    record: dict[str, dict[str, str]] = {}
    for name in NAMES:
        members = draw(st.dictionaries(st.sampled_from(MEMBERS), SHAPES, min_size=1, max_size=3))
        record[name] = {
            member: notation(shape)
            + ("!" if not any(structure_names(shape)) and draw(st.booleans()) else "")
            for member, shape in members.items()
        }
    return record


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A record, and pages that mostly say the same."""
    record = draw(records())
    value = draw(SHAPES.filter(lambda shape: any(structure_names(shape))))
    structures: list[Structure] = []
    usage = draw(st.none() | st.sampled_from(NAMES))
    for name in NAMES:
        if not draw(st.integers(0, 3)) and name != usage:
            continue
        extra = draw(st.sets(st.sampled_from(MEMBERS), max_size=1))
        used = (Usage("DescribeThing", "Value", element=draw(st.booleans())),)
        structures.append(
            Structure(
                "made",
                name,
                tuple(
                    draw(documented(member, record[name].get(member)))
                    for member in sorted({*record[name], *extra})
                ),
                HERE,
                usages=used if name == usage else (),
            )
        )
    typed = draw(st.none() | st.just(value) | SHAPES)
    operation = Operation(
        "made",
        "DescribeThing",
        (),
        (DocumentedMember("Value", typed, HERE),) if typed else (),
        HERE,
    )
    type = draw(st.sampled_from(["json", "json", "array<json>"]))
    return World(record, notation(value), tuple(structures), (operation,), type)


@st.composite
def documented(draw: st.DrawFn, name: str, recorded: str | None) -> DocumentedMember:
    """A member as a page has it: most often as the record does."""
    shape = draw(SHAPES)
    if recorded and (kind := draw(st.sampled_from(["same", "same", "scalar", "any"]))) != "any":
        shape = parse_type(recorded).shape
        if kind == "scalar" and isinstance(shape, Scalar):
            shape = Scalar(draw(st.sampled_from([scalar.name for scalar in SCALARS])))
    values = (DocumentedValue("A"),) if draw(st.booleans()) else ()
    required = draw(st.sampled_from([None, True, False]))
    return DocumentedMember(name, shape, HERE, required, values=values)


def responses(world: World, shape: Shape, depth: int = 4) -> st.SearchStrategy[Any]:
    """Anything that boto3 may return for a recorded shape."""
    match shape:
        case Scalar(name):
            return SCALAR_VALUES[name]
        case ListOf(element):
            return st.lists(responses(world, element, depth - 1), max_size=2 if depth > 0 else 0)
        case MapOf(value):
            inner = responses(world, value, depth - 1)
            return st.dictionaries(TEXT, inner, max_size=2 if depth > 0 else 0)
        case StructureRef(name):
            types = {member: parse_type(text) for member, text in world.record[name].items()}
            always = {member: made for member, made in types.items() if made.required}
            optional = {
                member: responses(world, made.shape, depth - 1)
                for member, made in types.items()
                if member not in always and depth > 0
            }
            required = {
                member: responses(world, made.shape, depth - 1) for member, made in always.items()
            }
            return st.fixed_dictionaries(required | optional) | st.fixed_dictionaries(
                required, optional=optional
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
    "json": st.sampled_from([1, 1.5, "text", True, [None], {"a": {"b": 1}}]),
}


# --- the promise ----------------------------------------------------------------------------------


def chosen(
    world: World, choose: Callable[[], Use]
) -> tuple[Catalog, dict[tuple[str, str, str], Use]]:
    """The catalogue with a choice for each member that disagrees, as far as choices go."""
    choices: dict[tuple[str, str, str], Use] = {}
    while True:
        catalog = world.catalog(choices)
        new = {(*found.structure, found.member) for found in catalog.disagreements}
        if not new - set(choices):
            return catalog, choices
        choices |= {key: choose() for key in sorted(new - set(choices))}


def files(catalog: Catalog) -> dict[str, str]:
    """Everything that a build writes for ``catalog``."""
    project = Settings(Path(), Path(), Path(), Path())
    structure_models = models.structure_models(catalog)
    tables = [facts(table) for table in catalog.tables]
    parts = render.shared_parts(tables, catalog, structure_models)
    texts = package.modules(tables, project.types, handmade.DISTRIBUTION)
    for part in [*catalog.tables, *parts.values()]:
        texts |= render.render_part(part, project, structure_models)
    return texts | package.init_modules(texts)


@pytest.mark.slow
def test_rows_pass_schema_and_model_or_the_build_refuses(tmp_path: Path) -> None:
    """For any record and pages, and any response that the record allows: the mapper's row passes the
    JSON Schema and the model, or page and record are said to disagree. Where a setting follows the
    page, the mapper may refuse a value; it never does otherwise."""
    counts = Counter[str]()

    @settings(
        max_examples=80,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(data=st.data(), world=worlds(), choose=st.sampled_from([True, True, False]))
    def check(data: st.DataObject, world: World, choose: bool) -> None:
        catalog = world.catalog({})
        choices: dict[tuple[str, str, str], Use] = {}
        if catalog.disagreements:
            counts["refused"] += 1
            if not choose:
                return
            catalog, choices = chosen(world, lambda: data.draw(st.sampled_from(USES)))
            if catalog.disagreements:
                # No mapper makes structures of anything else.
                assert "page" in choices.values()
                return
            counts["chosen"] += 1
        (table,) = catalog.tables
        settled = json_schema.table_schema(
            table, Settings(Path(), Path(), Path(), Path()).types, NestedNames.SNAKE_CASE, "urn:x:"
        )
        validator: Any = Draft202012Validator(
            json_schema.rewrite(
                settled, lambda part: {k: v for k, v in part.items() if k != PYTHON_TYPE}
            )
        )
        name = f"one_truth_{next(_numbers)}"
        with handmade.imported(tmp_path, name, files(catalog)) as made:
            mapper = made.module(f"mappers.aws.{table.module}")
            model = made.model(table)
            shape = parse_type(world.value).shape
            for _ in range(4):
                value = data.draw(responses(world, shape))
                try:
                    row = mapper.from_item({"Value": value})
                except made.conversion_error:
                    assert "page" in choices.values() or world.type != "json"
                    counts["not converted"] += 1
                    continue
                validator.validate(row)
                model.model_validate(row)
                counts["rows"] += 1

    check()
    assert counts["rows"] > 50
    assert min(counts["refused"], counts["chosen"], counts["not converted"]) > 1
