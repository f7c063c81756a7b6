"""Every rule with a change that it must find: pairs of catalogues."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

from compared import catalog, column, table
from schemagen.runtime.calls import Call, CallRules, TableCalls
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

STRING = ShapeData("scalar", "string")
INTEGER = ShapeData("scalar", "int64")


def structure(name: str) -> ShapeData:
    return ShapeData("structure", f"s.{name}")


def list_of(shape: ShapeData) -> ShapeData:
    return ShapeData("list", "", shape)


def parameter(name: str, type: str, *, required: bool = False) -> ParameterData:
    like = column(name, type)
    return ParameterData(name, type, 1, required, names=like.names, types=like.types)


def call(operation: str, *actions: str) -> Call:
    return Call(operation, "@", rules=CallRules(actions=actions))


# --- what is changed ------------------------------------------------------------------------------


def columns(*others: ColumnData) -> tuple[ColumnData, ...]:
    """The columns that the edits change, and others."""
    return (
        replace(column("id"), values=(ValueData("on"), ValueData("off"))),
        column("state", "float64"),
        replace(column("tree", "json"), shape=list_of(structure("Outer"))),
        *others,
    )


def made_table(id: str, *others: ColumnData) -> TableData:
    """A table with everything that the edits change."""
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
    return replace(
        table(id, *columns(*others)),
        source="https://example.org",
        key="id",
        parameters=(parameter("needed", "string", required=True), parameter("optional", "int64")),
        examples=(ExampleData("SELECT 1", 1),),
        binding=binding,
    )


def made_catalog(*tables: TableData) -> CatalogData:
    """A catalogue of such tables, with the structures that they reach."""
    members = (
        MemberData("Name", "name", STRING, 1, required=True, constraints={"max_length": 5}),
        MemberData("Count", "count", INTEGER, 1, values=(ValueData("1"),)),
    )
    inner = StructureData("s", "Inner", "Inner", "inner.md", 1, "Inside.", members)
    again = MemberData("Again", "again", ShapeData("map", "", structure("Outer")))
    inside = MemberData("Inside", "inside", list_of(structure("Inner")))
    outer = StructureData("s", "Outer", "Outer", members=(again, inside))
    return catalog(tables, [inner, outer])


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


# --- members ---------------------------------------------------------------------------------------

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


# --- one pair for each rule -----------------------------------------------------------------------


def pairs() -> dict[str, tuple[CatalogData, CatalogData]]:
    """Return a pair of catalogues for each rule, of which it is the only difference."""
    words = "A description that is long enough."
    made = replace(made_table("aws.a"), description=words)
    tree = replace(made.columns[2], description=words.replace("description", "text"))
    before = made_catalog(replace(made, columns=(*made.columns[:2], tree, *made.columns[3:])))
    found = {rule: (before, edit(before, "aws.a")) for rule, (edit, _) in EDITS.items()}
    found |= {rule: _undone(found[backwards]) for rule, backwards in BACKWARDS.items()}
    deprecated = [attributes(deprecated=notice)(before, "aws.a") for notice in ("Old.", "New.")]
    found["deprecation-notice-changed"] = (deprecated[0], deprecated[1])
    more = made_catalog(*before.tables.values(), made_table("aws.b"))
    found["table-added"], found["table-removed"] = (before, more), (more, before)
    first, *others = before.structures[INNER].members
    for rule, (changes, _) in MEMBER_EDITS.items():
        if rule not in found:
            changed = with_members(before, (replace(first, **changes), *others))
            found[rule] = (before, changed)
    found["became-required"] = _undone(found["became-optional"])
    fewer = with_members(before, tuple(others))
    found["nested-member-added"], found["nested-member-removed"] = (fewer, before), (before, fewer)
    renamed = replace(first, key="title")
    found["nested-member-renamed"] = (before, with_members(before, (renamed, *others)))
    found["package-renamed"] = (before, replace(before, package="other"))
    smaller = replace(before, tables={"aws.a": fewer_targets(before.tables["aws.a"])})
    found["target-added"], found["target-removed"] = (smaller, before), (before, smaller)
    return found


def _undone(pair: tuple[CatalogData, CatalogData]) -> tuple[CatalogData, CatalogData]:
    old, new = pair
    return new, old
