"""Whatever changes between two catalogues is found, under its rule, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compared import catalog, column, compare, listed, table
from schemagen.rules.registry import rules
from schemagen.runtime.calls import Call, CallRules, Pagination, TableCalls
from schemagen.runtime.catalog_data import (
    BindingData,
    CatalogData,
    ColumnData,
    ExampleData,
    FillData,
    MemberData,
    ParameterData,
    ShapeData,
    StructureData,
    TableData,
    ValueData,
)

NAMES = ("_key", "size", "Size", "class", "select", "größe", "a b", 'say "x"', "@a.b", "x\u202ey")
"""Names of columns, some of which no target takes as they are."""
STRING = ShapeData("scalar", "string")
INTEGER = ShapeData("scalar", "int64")


def structure(name: str) -> ShapeData:
    return ShapeData("structure", f"s.{name}")


def list_of(shape: ShapeData) -> ShapeData:
    return ShapeData("list", "", shape)


# --- random catalogues ----------------------------------------------------------------------------


def values() -> st.SearchStrategy[tuple[ValueData, ...]]:
    made = st.builds(
        ValueData, st.sampled_from("abcdef"), st.sampled_from(["", "Words."]), st.booleans()
    )
    return st.lists(made, max_size=3, unique_by=lambda value: value.value).map(tuple)


@st.composite
def columns(draw: st.DrawFn) -> tuple[ColumnData, ...]:
    """Columns of any types; the first two are always the same, so that there is something to change."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=2, max_size=6))
    found = [replace(column("id"), values=(ValueData("on"), ValueData("off")))]
    found.append(column("state", "float64"))
    found.append(replace(column("tree", "json"), shape=list_of(structure("Outer"))))
    for name in names:
        type = draw(st.sampled_from(["string", "int64", "timestamp", "hstore", "array<json>"]))
        made = column(name, type)
        if type == "array<json>":
            made = replace(
                made, shape=list_of(structure(draw(st.sampled_from(["Outer", "Inner"]))))
            )
        title = draw(st.sampled_from([None, f"Title of {name}"]))
        text = draw(st.sampled_from(["", "Short.", f"A description that is long enough: {name}"]))
        made = replace(made, title=title, description=text, values=draw(values()))
        found.append(made)
    return tuple(found)


def parameter(name: str, type: str, *, required: bool = False) -> ParameterData:
    like = column(name, type)
    return ParameterData(name, type, 1, required, names=like.names, types=like.types)


def call(operation: str, *actions: str) -> Call:
    return Call(operation, "@", rules=CallRules(actions=actions))


@st.composite
def tables(draw: st.DrawFn, id: str) -> TableData:
    made = table(id, *draw(columns()))
    primary = call("DescribeThings", "s:DescribeThings")
    fills = {"id": FillData("DescribeThings", "Id", "both")}
    fills |= {"tree": FillData("ListTags", "Tree", "name")}
    binding = BindingData(
        "s",
        "DescribeThings",
        "Things[]",
        TableCalls(id, "s", (), primary, (call("ListTags", "s:ListTags"),)),
        fills,
        unbound=("state",),
    )
    parameters = (
        parameter("needed", "string", required=True),
        parameter("optional", "int64"),
    )
    return replace(
        made,
        description=draw(st.sampled_from(["", f"A description that is long enough: {id}"])),
        deprecated=None,
        source="https://example.org",
        key="id",
        parameters=parameters,
        examples=(ExampleData("SELECT 1", 1),),
        binding=binding,
    )


@st.composite
def catalogs(draw: st.DrawFn) -> CatalogData:
    ids = draw(st.lists(st.sampled_from(["aws.a", "aws.b", "aws.c"]), unique=True, min_size=1))
    members = (
        MemberData("Name", "name", STRING, 1, required=True, constraints={"max_length": 5}),
        MemberData("Count", "count", INTEGER, 1, values=(ValueData("1"),)),
    )
    inner = StructureData("s", "Inner", "Inner", "inner.md", 1, "Inside.", members)
    again = MemberData("Again", "again", ShapeData("map", "", structure("Outer")))
    inside = MemberData("Inside", "inside", list_of(structure("Inner")))
    outer = StructureData("s", "Outer", "Outer", members=(again, inside))
    return catalog([draw(tables(id)) for id in ids], [inner, outer])


# --- edits ----------------------------------------------------------------------------------------

Edit = Callable[[CatalogData, str], CatalogData]
"""Changes the table of an id."""


def on_table(change: Callable[[TableData], TableData]) -> Edit:
    def edit(before: CatalogData, id: str) -> CatalogData:
        return replace(before, tables={**before.tables, id: change(before.tables[id])})

    return edit


def attributes(**changes: Any) -> Edit:
    return on_table(lambda table: replace(table, **changes))


def on_column(name: str, **changes: Any) -> Edit:
    return on_table(
        lambda table: replace(
            table,
            columns=tuple(
                replace(column, **changes) if column.name == name else column
                for column in table.columns
            ),
        )
    )


def on_parameter(name: str, **changes: Any) -> Edit:
    return on_table(
        lambda table: replace(
            table,
            parameters=tuple(
                replace(entry, **changes) if entry.name == name else entry
                for entry in table.parameters
            ),
        )
    )


def on_binding(**changes: Any) -> Edit:
    def change(table: TableData) -> TableData:
        assert table.binding is not None
        return replace(table, binding=replace(table.binding, **changes))

    return on_table(change)


def on_fills(**changes: FillData | None) -> Edit:
    def change(table: TableData) -> TableData:
        assert table.binding is not None
        fills = {**table.binding.columns, **changes}
        kept = {name: fill for name, fill in fills.items() if fill is not None}
        return replace(table, binding=replace(table.binding, columns=kept))

    return on_table(change)


def on_calls(**changes: Any) -> Edit:
    def change(table: TableData) -> TableData:
        assert table.binding is not None
        assert table.binding.calls is not None
        calls = replace(table.binding.calls, **changes)
        return replace(table, binding=replace(table.binding, calls=calls))

    return on_table(change)


def retyped(name: str, type: str) -> Edit:
    return on_column(name, type=type, types=column(name, type).types)


def renamed_column(table: TableData) -> TableData:
    new = "identifier"
    assert table.binding is not None
    fills = dict(table.binding.columns)
    fills[new] = fills.pop("tree")
    binding = replace(table.binding, columns=fills)
    changed = tuple(
        replace(entry, name=new, names=column(new).names) if entry.name == "tree" else entry
        for entry in table.columns
    )
    return replace(table, columns=changed, binding=binding)


def renamed_table(before: CatalogData, id: str) -> CatalogData:
    tables = dict(before.tables)
    made = tables.pop(id)
    assert made.binding is not None
    assert made.binding.calls is not None
    binding = replace(made.binding, calls=replace(made.binding.calls, table="aws.new"))
    tables["aws.new"] = replace(made, id="aws.new", module="new", model="New", binding=binding)
    return replace(before, tables=tables)


def without(name: str) -> Edit:
    """Remove a column, and what fills it."""

    def change(table: TableData) -> TableData:
        kept = tuple(column for column in table.columns if column.name != name)
        return replace(table, columns=kept)

    return on_table(change)


def first_moved(table: TableData) -> TableData:
    first, *others = table.columns
    return replace(table, columns=(*others, first))


def respelled(column: ColumnData, target: str, kind: Literal["names", "types"]) -> ColumnData:
    if kind == "names":
        return replace(column, names={**column.names, target: "other"})
    return replace(column, types={**column.types, target: "other"})


def names_in(target: str, kind: Literal["names", "types"]) -> Edit:
    """Change how the column ``state`` is spelled in a target."""

    def change(table: TableData) -> TableData:
        changed = tuple(
            respelled(entry, target, kind) if entry.name == "state" else entry
            for entry in table.columns
        )
        return replace(table, columns=changed)

    return on_table(change)


PRIMARY = call("DescribeThings", "s:DescribeThings")
TAGS = call("ListTags", "s:ListTags")
PARAMETER = parameter("new", "bool")
VALUES = (ValueData("on"), ValueData("off"))

# Every rule about one table, with an edit that it must find and the part of the table that it names.
EDITS: Mapping[str, tuple[Edit, str]] = {
    "table-renamed": (renamed_table, ""),
    "title-changed": (attributes(title="Another"), ""),
    "description-changed": (attributes(description="Another"), ""),
    "source-changed": (attributes(source=None), ""),
    "examples-changed": (attributes(examples=(ExampleData("SELECT 2", 1),)), ""),
    "deprecated": (attributes(deprecated="Use another."), ""),
    "column-added": (
        on_table(lambda table: replace(table, columns=(column("new"), *table.columns))),
        "new",
    ),
    "column-removed": (without("state"), "state"),
    "column-renamed": (on_table(renamed_column), "identifier"),
    "column-moved": (on_table(first_moved), "id"),
    "column-kind-changed": (on_column("state", kind="event"), "state"),
    "column-type-widened": (retyped("id", "json"), "id"),
    "column-type-guarded": (retyped("state", "int64"), "state"),
    "column-type-changed": (retyped("state", "array<bool>"), "state"),
    "column-type-rule-changed": (on_column("state", rule="columns[0]"), "state"),
    "column-shape-changed": (on_column("tree", shape=STRING), "tree"),
    "column-values-added": (on_column("id", values=(*VALUES, ValueData("new"))), "id"),
    "column-values-removed": (on_column("id", values=VALUES[:1]), "id"),
    "column-values-deprecated": (
        on_column("id", values=(ValueData("on", "", deprecated=True), VALUES[1])),
        "id",
    ),
    "values-description-changed": (
        on_column("id", values=(ValueData("on", "Running."), VALUES[1])),
        "id",
    ),
    "key-removed": (attributes(key=None), ""),
    "key-changed": (attributes(key="state"), ""),
    "key-format-changed": (on_fills(id=FillData("DescribeThings", "Arn", "both")), "id"),
    "parameter-added": (
        on_table(lambda table: replace(table, parameters=(PARAMETER, *table.parameters))),
        "new",
    ),
    "parameter-required": (on_parameter("optional", required=True), "optional"),
    "parameter-optional": (on_parameter("needed", required=False), "needed"),
    "parameter-removed": (
        on_table(lambda table: replace(table, parameters=table.parameters[1:])),
        "needed",
    ),
    "parameter-type-changed": (
        on_parameter("optional", type="bool", types=column("", "bool").types),
        "optional",
    ),
    "table-binding-lost": (attributes(binding=None), ""),
    "table-binding-moved": (on_binding(path="Others[]"), ""),
    "binding-gained": (on_fills(state=FillData("DescribeThings", "State", "name")), "state"),
    "binding-lost": (on_fills(tree=None), "tree"),
    "binding-moved": (on_fills(tree=FillData("ListTags", "Branch", "name")), "tree"),
    "binding-evidence-changed": (on_fills(tree=FillData("ListTags", "Tree", "both")), "tree"),
    "permission-added": (on_calls(primary=call("DescribeThings", "s:DescribeThings", "s:New")), ""),
    "permission-removed": (on_calls(primary=call("DescribeThings")), ""),
    "calls-changed": (on_calls(listings=(call("ListThings"),)), ""),
    "target-name-changed": (names_in("postgres", "names"), "state"),
    "target-type-changed": (names_in("postgres", "types"), "state"),
    "python-name-changed": (names_in("python", "names"), "state"),
    "python-type-changed": (names_in("python", "types"), "state"),
    "model-renamed": (attributes(model="Another"), ""),
    "module-renamed": (attributes(module="another"), ""),
}

# Rules whose edit is the one of another rule, backwards.
BACKWARDS = {
    "undeprecated": "deprecated",
    "column-values-undeprecated": "column-values-deprecated",
    "key-added": "key-removed",
    "table-binding-gained": "table-binding-lost",
}
# Those of tables as a whole, of structures and of the package, which the tests below are about.
OTHERS = {
    "table-added",
    "table-removed",
    "deprecation-notice-changed",
    "nested-member-added",
    "nested-member-removed",
    "nested-member-type-changed",
    "nested-member-constraints-changed",
    "nested-member-name-changed",
    "became-required",
    "became-optional",
    "target-added",
    "target-removed",
    "package-renamed",
}
ENOUGH = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_every_rule_has_an_edit() -> None:
    """No rule is without a change that it finds."""
    assert {*EDITS, *BACKWARDS, *OTHERS} == set(rules())


def subject(id: str, part: str) -> str:
    return f"{id}.{part}" if part else id


def edited(before: CatalogData, id: str, rule: str) -> tuple[CatalogData, str]:
    edit, part = EDITS[rule]
    return edit(before, id), subject("aws.new" if rule == "table-renamed" else id, part)


@ENOUGH
@given(before=catalogs())
def test_compare_finds_nothing_between_equal_catalogues(before: CatalogData) -> None:
    """A catalogue does not differ from itself, nor from one whose lines and pages are elsewhere."""
    moved = replace(
        before,
        tables={
            id: replace(
                table,
                line=7,
                page=f"moved/{id}.md",
                columns=tuple(replace(column, line=9) for column in table.columns),
                parameters=tuple(reversed(table.parameters)),
            )
            for id, table in before.tables.items()
        },
        structures={
            key: replace(structure, page="moved.md", line=3, members=structure.members[::-1])
            for key, structure in before.structures.items()
        },
        version="2.0.0",
    )
    assert compare(before, before) == ()
    assert compare(before, moved) == ()


@pytest.mark.parametrize("rule", EDITS)
@settings(ENOUGH, max_examples=6)
@given(before=catalogs(), data=st.data())
def test_compare_finds_exactly_what_was_changed(
    rule: str, before: CatalogData, data: st.DataObject
) -> None:
    """One change is one difference, under its rule, of the table, column or parameter that was changed."""
    id = data.draw(st.sampled_from(list(before.tables)))
    after, where = edited(before, id, rule)
    assert listed(before, after) == [f"{rule} {where}"]


@pytest.mark.parametrize(("rule", "backwards"), BACKWARDS.items())
@settings(ENOUGH, max_examples=6)
@given(before=catalogs())
def test_compare_finds_changes_that_are_undone(
    rule: str, backwards: str, before: CatalogData
) -> None:
    """Undoing such a change is a change with a rule of its own."""
    id = next(iter(before.tables))
    after, where = edited(before, id, backwards)
    assert listed(after, before) == [f"{rule} {where}"]


@ENOUGH
@given(before=catalogs(), data=st.data())
def test_compare_finds_changes_of_several_tables(before: CatalogData, data: st.DataObject) -> None:
    """Changes of different tables do not hide each other, whatever they are."""
    chosen = {
        id: data.draw(st.sampled_from([rule for rule in EDITS if rule != "table-renamed"]))
        for id in before.tables
    }
    after, expected = before, list[str]()
    for id, rule in chosen.items():
        after, where = edited(after, id, rule)
        expected.append(f"{rule} {where}")
    assert listed(before, after) == sorted(expected, key=lambda line: line.split()[1][:5])


@ENOUGH
@given(before=catalogs())
def test_compare_finds_tables_that_come_and_go(before: CatalogData) -> None:
    """A table that only one catalogue has is a difference in both directions."""
    after = replace(before, tables={**before.tables, "aws.zoo": table("aws.zoo", column("a"))})
    assert listed(before, after) == ["table-added aws.zoo"]
    assert listed(after, before) == ["table-removed aws.zoo"]


# --- structures -----------------------------------------------------------------------------------

INNER = "s.Inner"
MEMBER_EDITS: Mapping[str, tuple[dict[str, Any], str]] = {
    "nested-member-type-changed": ({"shape": INTEGER}, "name"),
    "nested-member-constraints-changed": ({"constraints": {"min_length": 1}}, "name"),
    "nested-member-name-changed": ({"name": "NAME"}, "name"),
    "became-optional": ({"required": False}, "name"),
    "description-changed": ({"description": "Another"}, "name"),
    "column-values-added": ({"values": (ValueData("new"),)}, "name"),
}


def with_members(before: CatalogData, members: tuple[MemberData, ...]) -> CatalogData:
    inner = replace(before.structures[INNER], members=members)
    return replace(before, structures={**before.structures, INNER: inner})


def paths(before: CatalogData) -> list[str]:
    """Where the structure Inner is: in every column that holds it, or Outer, which has a list of it."""
    return [
        f"{id}.{column.name}{'[]' if shape.name == INNER else '[].inside[]'}"
        for id, table in before.tables.items()
        for column in table.columns
        if column.shape is not None
        for shape in [column.shape.element]
        if shape is not None
    ]


@pytest.mark.parametrize("rule", MEMBER_EDITS)
@settings(ENOUGH, max_examples=6)
@given(before=catalogs())
def test_compare_finds_changed_members_wherever_they_are(rule: str, before: CatalogData) -> None:
    """A member of a structure that columns reach, through others or not, is a difference of each of these
    columns, at the shortest path."""
    changes, key = MEMBER_EDITS[rule]
    first, *others = before.structures[INNER].members
    after = with_members(before, (replace(first, **changes), *others))
    assert listed(before, after) == [f"{rule} {path}.{key}" for path in paths(before)]


@ENOUGH
@given(before=catalogs())
def test_compare_finds_members_that_come_and_go(before: CatalogData) -> None:
    """A further member, and one that is required from now on, are differences in both directions."""
    members = before.structures[INNER].members
    after = with_members(before, members[1:])
    where = [f"{path}.name" for path in paths(before)]
    assert listed(before, after) == [f"nested-member-removed {path}" for path in where]
    assert listed(after, before) == [f"nested-member-added {path}" for path in where]
    optional = with_members(before, (replace(members[0], required=False), *members[1:]))
    assert listed(optional, before) == [f"became-required {path}" for path in where]


def fewer_targets(table: TableData) -> TableData:
    def kept(spelled: Mapping[str, str]) -> dict[str, str]:
        return {target: spelled[target] for target in ("postgres", "python")}

    return replace(
        table,
        columns=tuple(
            replace(entry, names=kept(entry.names), types=kept(entry.types))
            for entry in table.columns
        ),
        parameters=tuple(
            replace(entry, names=kept(entry.names), types=kept(entry.types))
            for entry in table.parameters
        ),
    )


@ENOUGH
@given(before=catalogs())
def test_compare_finds_changes_of_the_whole_package(before: CatalogData) -> None:
    """The package's name, its targets, and structures themselves are no difference of single tables."""
    assert listed(before, replace(before, package="other")) == ["package-renamed"]
    inner = replace(before.structures[INNER], model="Inside", description="Changed.")
    after = replace(before, structures={**before.structures, INNER: inner})
    found = compare(before, after)
    assert [(entry.rule, entry.table, entry.values["structure"]) for entry in found] == [
        ("model-renamed", "", INNER),
        ("description-changed", "", INNER),
    ]
    smaller = replace(
        before, tables={id: fewer_targets(table) for id, table in before.tables.items()}
    )
    assert listed(before, smaller) == ["target-removed"]
    assert listed(smaller, before) == ["target-added"]


def test_compare_tells_what_calls_differ_in() -> None:
    """Where the operations are the same, the message says what of them is not."""
    made = catalog([table("aws.a", column("b"))])
    binding = BindingData("s", "List", "@", TableCalls("aws.a", "s", (), call("List")))
    paged = Call("List", "@", rules=CallRules(Pagination(("Token",), ("NextToken",))))
    before, after = (
        attributes(binding=replace(binding, calls=TableCalls("aws.a", "s", (), primary)))(
            made, "aws.a"
        )
        for primary in (call("List"), paged)
    )
    (found,) = compare(before, after)
    assert found.values["old"] == "List with pagination none"
    assert found.values["new"].startswith('List with pagination {"input": ["Token"]')
    several = attributes(
        binding=replace(
            binding, calls=TableCalls("aws.a", "s", (), call("List"), (call("Get"), call("Tags")))
        )
    )(made, "aws.a")
    (found,) = compare(before, several)
    assert (found.values["old"], found.values["new"]) == (
        "1 call (List)",
        "3 calls (List, Get, Tags)",
    )


def test_compare_reports_a_changed_notice() -> None:
    """Another notice of a deprecated table is a difference of its own."""
    made = catalog([replace(table("aws.a", column("b")), deprecated="Old.")])
    (found,) = compare(made, attributes(deprecated="New.")(made, "aws.a"))
    assert (found.rule, found.values) == ("deprecation-notice-changed", {"notice": "New."})
