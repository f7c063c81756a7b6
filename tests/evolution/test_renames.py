"""schemagen.evolution.renames: what is probably the same under another name, and what is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from compared import catalog, column, compare, table
from schemagen.evolution import renames
from schemagen.evolution.difference import Difference
from schemagen.evolution.renames import Rename
from schemagen.rules.registry import rules
from schemagen.runtime.catalog_data import (
    BindingData,
    ColumnData,
    FillData,
    MemberData,
    ShapeData,
    StructureData,
    TableData,
)

WORDS = "The name that was given to the bed when it was dug."
OTHER = "The number of plants that the bed has room for."


def documented(name: str, words: str = WORDS, type: str = "string", title: str = "") -> ColumnData:
    return replace(column(name, type), description=words, title=title or None)


def bound(table: TableData, **members: str) -> TableData:
    fills = {name: FillData("List", member, "name") for name, member in members.items()}
    return replace(table, binding=BindingData("s", "List", "Beds[]", columns=fills))


def found(old: TableData, new: TableData) -> list[tuple[str, str, bool]]:
    renamed = renames.renamed_columns(old, new)
    return [(rename.old, rename.new, rename.sure) for rename in renamed]


def bed(*columns: ColumnData) -> TableData:
    return table("dd.bed", column("id"), *columns)


def test_documentation_makes_a_rename_probable() -> None:
    """The same words and type under another name are probably a rename, but not certainly."""
    assert found(bed(documented("a")), bed(documented("b"))) == [("a", "b", False)]


def test_markup_and_case_of_documentation_do_not_count() -> None:
    """Documentation is compared by its letters, as bindings compare it."""
    new = documented("b", "<p>The NAME that was given to the bed, when it was dug!</p>")
    assert found(bed(documented("a")), bed(new)) == [("a", "b", False)]


def test_documentation_and_member_or_title_make_a_rename_sure() -> None:
    """With the same member or the same title, nothing else is possible."""
    titled = (documented("a", title="Name"), documented("b", title="Name"))
    assert found(bed(titled[0]), bed(titled[1])) == [("a", "b", True)]
    old, new = bound(bed(documented("a")), a="Name"), bound(bed(documented("b")), b="Name")
    assert found(old, new) == [("a", "b", True)]


def test_a_member_alone_makes_a_rename_probable() -> None:
    """What fills both columns is evidence without documentation."""
    old, new = bound(bed(column("a")), a="Name"), bound(bed(column("b")), b="Name")
    assert found(old, new) == [("a", "b", False)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (column("size"), column("Size_")),
        (documented("a"), documented("b", OTHER)),
        (documented("a"), documented("b", type="int64")),
        (replace(column("a"), title="Name"), replace(column("b"), title="Name")),
    ],
    ids=["names", "other words", "other type", "titles"],
)
def test_weak_evidence_makes_no_rename(old: ColumnData, new: ColumnData) -> None:
    """Similar names, a title, or the same words with another type are not enough."""
    assert found(bed(old), bed(new)) == []


def test_a_short_description_of_one_column_makes_a_rename_probable() -> None:
    """ "The state." under another name is a rename, though never a sure one, unless another column of
    either page is described in the same words."""
    old, new = documented("state", "The state."), documented("status", "The state.")
    assert found(bed(old), bed(new)) == [("state", "status", False)]
    titled = (replace(column, title="State") for column in (old, new))
    assert found(*map(bed, titled)) == [("state", "status", False)]
    kept = documented("other", "The state.")
    assert found(bed(old, kept), bed(new, kept)) == []
    assert found(bed(old), bed(new, kept)) == []


def test_another_type_needs_all_evidence() -> None:
    """A column that changed its name and its type needs documentation and member, and is never sure."""
    old = bound(bed(documented("a")), a="Name")
    new = bound(bed(documented("b", type="int64")), b="Name")
    assert found(old, new) == [("a", "b", False)]


def test_the_better_candidate_wins_and_is_not_sure() -> None:
    """Of two columns with the same words, the one with the same member is meant; but there were two."""
    old = bound(bed(documented("a")), a="Name")
    new = bound(bed(documented("b"), documented("c")), b="Label", c="Name")
    assert found(old, new) == [("a", "c", False)]


def test_equal_candidates_make_no_rename() -> None:
    """Nothing is guessed between two columns with the same evidence, on either side."""
    pair = bed(documented("b"), documented("c"))
    assert found(bed(documented("a")), pair) == []
    assert found(pair, bed(documented("a"))) == []


def test_words_that_many_share_are_no_evidence() -> None:
    """Documentation that stands at many columns says nothing about any of them."""
    old = bed(*(documented(f"a{number}") for number in range(4)))
    new = bed(*(documented(f"b{number}") for number in range(4)))
    assert found(old, new) == []


def test_columns_that_stayed_are_never_renamed() -> None:
    """A column that both pages have is itself, whatever another one is documented with."""
    assert found(bed(documented("a")), bed(documented("a"), documented("b"))) == []


def garden(id: str, *columns: ColumnData) -> TableData:
    return replace(table(id, *columns), description=WORDS)


def test_tables_are_renamed_if_most_of_their_columns_agree() -> None:
    """The same words, and half of the columns, are a rename; fewer columns are another table."""
    columns = [column("a"), column("b"), column("c", "int64")]
    old = catalog([garden("dd.bed", *columns)])
    (rename,) = renames.renamed_tables(old, catalog([garden("dd.row", *columns)]))
    assert rename == Rename("dd.bed", "dd.row", ("documentation", "title"), sure=True)
    (rename,) = renames.renamed_tables(old, catalog([garden("dd.row", *columns[:2])]))
    assert not rename.sure
    others = [column("a"), column("x"), column("y")]
    assert renames.renamed_tables(old, catalog([garden("dd.row", *others)])) == ()


def test_tables_of_other_providers_are_not_renamed() -> None:
    """A table does not move from one cloud to another."""
    old = catalog([garden("aws.bed", column("a"))])
    assert renames.renamed_tables(old, catalog([garden("gcp.bed", column("a"))])) == ()


def test_columns_of_renamed_tables_are_compared() -> None:
    """A renamed table is one difference; those of its columns are its own."""
    columns = [column("a"), column("b"), column("c"), documented("d", OTHER)]
    old = catalog([garden("dd.bed", *columns)])
    new = catalog([garden("dd.row", *columns[:3], documented("e", OTHER), column("f"))])
    assert [(entry.rule, entry.subject, entry.values) for entry in compare(old, new)] == [
        ("table-renamed", "dd.row", {"old": "dd.bed", "certainty": "probably "}),
        ("column-renamed", "dd.row.e", {"old": "d", "certainty": "probably "}),
        ("column-added", "dd.row.f", {"type": "string"}),
    ]


def test_hundreds_of_renames_are_found_in_a_moment() -> None:
    """Every table may be renamed at once: candidates are found by what they have in common."""
    old, new = (
        catalog(garden_of(number, f"dd.{prefix}{number}") for number in range(600))
        for prefix in ("bed", "row")
    )
    found = renames.renamed_tables(old, new)
    assert len(found) == 600
    assert all(
        rename.old.removeprefix("dd.bed") == rename.new.removeprefix("dd.row") for rename in found
    )


def garden_of(number: int, id: str) -> TableData:
    return replace(garden(id, column("a")), description=f"{WORDS} {number}", title=f"Bed {number}")


# --- members of JSON ------------------------------------------------------------------------------


def member(key: str, name: str = "", words: str = "", type: str = "string") -> MemberData:
    return MemberData(name or key, key, ShapeData("scalar", type), description=words)


def members(old: tuple[MemberData, ...], new: tuple[MemberData, ...]) -> list[str]:
    """What becomes of the members of a structure in lists of a column, in the words of messages."""
    catalogs = [
        catalog(
            [table("dd.bed", replace(column("a", "json"), shape=ShapeData("list", "", INNER)))],
            [StructureData("s", "Inner", "Inner", members=(member("id"), *found))],
        )
        for found in (old, new)
    ]
    return [rules()[entry.rule].format(*_place(entry)) for entry in compare(*catalogs)]


def _place(entry: Difference) -> tuple[str, str, str, Mapping[str, str]]:
    return entry.table, entry.column, entry.member, entry.values


INNER = ShapeData("structure", "s.Inner")


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        (
            (member("a", words=WORDS),),
            (member("b", words=WORDS),),
            ["member [].b of column a was probably renamed from a"],
        ),
        (
            (member("a", "Name", "Short."),),
            (member("b", "Name", "Another."),),
            [
                "member [].b of column a was probably renamed from a",
                "the description of member [].b of column a changed",
            ],
        ),
        (
            (member("a", "Name", WORDS),),
            (member("b", "Name", WORDS),),
            ["member [].b of column a was renamed from a"],
        ),
        (
            (member("a", words=WORDS),),
            (member("b", words=WORDS, type="int64"),),
            ["added", "removed"],
        ),
        ((member("name_1"),), (member("name1"),), ["added", "removed"]),
        (
            (member("a", words=WORDS),),
            (member("b", words=WORDS), member("c", words=WORDS)),
            ["added", "added", "removed"],
        ),
        (
            (member("a", words=WORDS), member("b", words=OTHER)),
            (member("b", words=WORDS), member("a", words=OTHER)),
            ["description", "description"],
        ),
    ],
)
def test_members_of_json_are_renamed_by_the_same_evidence(
    old: tuple[MemberData, ...], new: tuple[MemberData, ...], sentences: list[str]
) -> None:
    """The documentation or the member of the API that two members have in common says that they are one,
    and only both that nothing else is possible. A name alone does not, nor what several have."""
    found = members(old, new)
    assert len(found) == len(sentences)
    for sentence, expected in zip(found, sentences, strict=True):
        assert expected in sentence
