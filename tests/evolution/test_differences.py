"""schemagen.evolution.differences: every change is found, under its rule, at its place."""

from __future__ import annotations

import pytest

from compared import catalog, column, compare, listed, table


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("int64", "json", "column-type-widened"),
        ("int64", "float64", "column-type-guarded"),
        ("bool", "timestamp", "column-type-changed"),
    ],
)
def test_type_changes_are_told_apart_by_what_a_cast_loses(old: str, new: str, rule: str) -> None:
    """A type that holds all values of the old one, one that may, and one that does not, are three rules."""
    before, after = (catalog([table("aws.a", column("b", type))]) for type in (old, new))
    (found,) = compare(before, after)
    assert (found.rule, found.subject) == (rule, "aws.a.b")
    assert (found.values["old"], found.values["new"]) == (old, new)
    assert found.values["loss"]


def test_moves_are_as_few_as_explain_the_order() -> None:
    """A column that goes to the front has moved, not all the others; neither does one that is added."""
    names = ["a", "b", "c", "d"]
    before = catalog([table("aws.a", *map(column, names))])
    after = catalog([table("aws.a", *map(column, ["d", "new", "a", "b", "c"]))])
    found = compare(before, after)
    assert [(difference.rule, difference.column) for difference in found] == [
        ("column-moved", "d"),
        ("column-added", "new"),
    ]
    assert found[0].values == {"old": "4", "new": "1"}


def test_differences_are_sorted_by_table_and_then_by_page() -> None:
    """The order does not depend on how the catalogues were made."""
    before = catalog([table("aws.b", column("x")), table("aws.a", column("x"))])
    after = catalog([table("aws.c"), table("aws.a", column("y", "bool"), column("z", "bool"))])
    assert listed(before, after) == [
        "column-added aws.a.y",
        "column-added aws.a.z",
        "column-removed aws.a.x",
        "table-removed aws.b",
        "table-added aws.c",
    ]
