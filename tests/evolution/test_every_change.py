"""Whatever changes between two catalogues is found, under its rule, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from changes import (
    BACKWARDS,
    EDITS,
    INNER,
    MEMBER_EDITS,
    attributes,
    call,
    fewer_targets,
    list_of,
    made_catalog,
    made_table,
    pairs,
    structure,
    with_members,
)
from compared import catalog, column, compare, listed, table
from schemagen.rules.registry import rules
from schemagen.runtime.calls import Call, CallRules, Pagination, TableCalls
from schemagen.runtime.catalog_data import (
    BindingData,
    CatalogData,
    ColumnData,
    TableData,
    ValueData,
)

NAMES = (
    "_key",
    "size",
    "{old}",
    "Size",
    "class",
    "select",
    "größe",
    "a b",
    'say "x"',
    "@a.b",
    "x\u202ey",
)
"""Names of columns, some of which no target takes as they are."""

# --- random catalogues ----------------------------------------------------------------------------


def values() -> st.SearchStrategy[tuple[ValueData, ...]]:
    made = st.builds(
        ValueData, st.sampled_from("abcdef"), st.sampled_from(["", "Words."]), st.booleans()
    )
    return st.lists(made, max_size=3, unique_by=lambda value: value.value).map(tuple)


@st.composite
def tables(draw: st.DrawFn, id: str) -> TableData:
    """A table with further columns of any types."""
    found: list[ColumnData] = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=2, max_size=6)):
        type = draw(st.sampled_from(["string", "int64", "timestamp", "hstore", "array<json>"]))
        made = column(name, type)
        if type == "array<json>":
            shape = list_of(structure(draw(st.sampled_from(["Outer", "Inner"]))))
            made = replace(made, shape=shape)
        title = draw(st.sampled_from([None, f"Title of {name}"]))
        text = draw(st.sampled_from(["", "Short.", f"A description that is long enough: {name}"]))
        found.append(replace(made, title=title, description=text, values=draw(values())))
    text = draw(st.sampled_from(["", f"A description that is long enough: {id}"]))
    return replace(made_table(id, *found), description=text)


@st.composite
def catalogs(draw: st.DrawFn) -> CatalogData:
    ids = draw(st.lists(st.sampled_from(["aws.a", "aws.b", "aws.c"]), unique=True, min_size=1))
    return made_catalog(*(draw(tables(id)) for id in ids))


# --- tests ----------------------------------------------------------------------------------------

ENOUGH = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_every_rule_has_a_change_of_its_own() -> None:
    """No rule is without a change that it finds, and that no other rule does."""
    found = {rule: [entry.rule for entry in compare(*pair)] for rule, pair in pairs().items()}
    assert found == {rule: [rule] for rule in rules()}


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


def content(catalog: CatalogData) -> CatalogData:
    """Leave out what is no difference: lines, pages, the version, and the order of members."""
    return replace(
        catalog,
        version="",
        tables={id: replace(table, page="", line=0) for id, table in catalog.tables.items()},
        structures={
            key: replace(
                structure,
                page="",
                line=0,
                members=tuple(sorted(structure.members, key=lambda member: member.key)),
            )
            for key, structure in catalog.structures.items()
        },
    )


@settings(ENOUGH, max_examples=60)
@given(data=st.data(), old=catalogs(), new=catalogs())
def test_compare_finds_something_unless_the_content_is_the_same(
    data: st.DataObject, old: CatalogData, new: CatalogData
) -> None:
    """Any two catalogues can be compared, in both directions; no difference of their content is missed."""
    members = old.structures[INNER].members
    chosen = data.draw(st.lists(st.sampled_from(members), unique_by=lambda member: member.key))
    old = with_members(old, tuple(chosen))
    differ = content(old) != content(new)
    assert bool(compare(old, new)) == bool(compare(new, old)) == differ


# --- structures -----------------------------------------------------------------------------------


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
