"""schemagen.link: what comes of a table where pages and the lock's record both speak."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import mappers
from schemagen.catalog import Catalog, LinkedColumn, closure
from schemagen.diagnostics import ProblemsFound
from schemagen.link import link
from schemagen.model.origin import Origin
from schemagen.model.pages import (
    Column,
    DocumentedMember,
    DocumentedValue,
    Operation,
    Pages,
    Parameter,
    Structure,
    Table,
    Usage,
)
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef
from schemagen.reconcile import RECORDED
from schemagen.resolved_types import Rule, TypeTable
from schemagen.typed_pages import resolve_types
from schemagen.typetable import SqlType, Type

TABLE = "aws.made_thing"
HERE = Origin("page.md", 1)

STRUCTURES: dict[str, dict[str, str]] = {
    "DescribeThingResponse": {
        "Arn": "string!",
        "Document": "json",
        "Size": "int64",
        "State": "$State",
        "Owner": "#Owner",
        "Parts": "list<#Part>",
        "ByName": "map<list<#Part>>",
        "Names": "list<string>",
        "Rows": "list<list<#Part>>",
    },
    "Owner": {"Name": "string!", "Kind": "$Kind", "Kinds": "list<$Kind>"},
    "Part": {"Parent": "#Part", "Owner": "#Owner!", "At": "timestamp"},
    "Unused": {"Part": "#Part"},
    "GetPolicyResponse": {"Policy": "#Owner", "Hash": "string"},
    "ListPartsResponse": {"Parts": "list<#Part>"},
}
OUTPUTS = {
    "DescribeThing": "DescribeThingResponse",
    "GetPolicy": "GetPolicyResponse",
    "ListParts": "ListPartsResponse",
}
VALUES = {"State": ["ON", "OFF", "NEW"], "Kind": ["A", "B"]}


def linked(
    columns: dict[str, str],
    *,
    bound: dict[str, Any] | None = None,
    enrichments: dict[str, Any] | None = None,
    values: tuple[DocumentedValue, ...] = (),
    structures: tuple[Structure, ...] = (),
    operations: tuple[Operation, ...] = (),
    types: TypeTable | None = None,
) -> Catalog:
    """The catalogue of one table with ``columns``: names -> types. Each is bound to the member of
    DescribeThing that is called like it, unless ``bound`` says otherwise; all have ``values``."""
    entries = {
        name: {"member": "".join(map(str.capitalize, name.split("_"))), "evidence": "name"}
        for name in columns
    }
    lock = mappers.service(
        mappers.bound(
            TABLE,
            operation="DescribeThing",
            columns=entries if bound is None else bound,
            auxiliary=enrichments or {},
        ),
        OUTPUTS,
        STRUCTURES,
        VALUES,
    )
    cells = tuple(Column(name, "core", type, HERE, values=values) for name, type in columns.items())
    table = Table(TABLE, "Made up", "", cells, HERE)
    pages = Pages(tables=(table,), structures=structures, operations=operations)
    return link(resolve_types(pages, types or TypeTable()), lock.bindings, [lock.recorded_service])


def test_link_resolves_types_by_the_rules_of_settings() -> None:
    """A rule can give a type to a column whose own is unknown; the page's word is kept."""
    types = TypeTable(rules=(Rule(table="aws.*", column="a", type="json"),))
    found = column(linked({"a": "mystery"}, bound={}, types=types), "a")
    assert (found.column.type, found.type.expression) == ("mystery", "json")


def test_link_reports_all_unknown_types_at_their_cells() -> None:
    """Every column and parameter with an unknown type is a problem with the position of its
    cell."""
    cells = (
        Column("a", "core", "text", Origin("page.md", 7), type_column=12),
        Column("b", "core", "string", Origin("page.md", 8)),
        Column("c", "core", "", Origin("page.md", 9), type_column=3),
        Column("d", "core", "array<" * 9 + "string" + ">" * 9, Origin("page.md", 10)),
    )
    parameter = Parameter("p", "array<text>", True, "", Origin("page.md", 3), type_column=5)
    table = Table(TABLE, "Made up", "", cells, HERE, parameters=(parameter,))
    with pytest.raises(ProblemsFound) as found:
        resolve_types(Pages(tables=(table,)), TypeTable())
    known = TypeTable().known
    deep = "array<array<array<array<array<array<array<array<array<strin…"
    assert [str(problem) for problem in found.value.problems] == [
        f"page.md:3:5: SG118 unknown data type 'array<text>'; known types: {known}",
        f"page.md:7:12: SG118 unknown data type 'text'; known types: {known}",
        f"page.md:9:3: SG118 no data type; known types: {known}",
        f"page.md:10:1: SG118 arrays are nested deeper than 8 levels: {deep!r}",
    ]


def test_link_ignores_values_of_columns_that_are_not_strings() -> None:
    """What a json column's description lists are members, not values."""
    catalog = linked({"a": "string", "b": "json"}, bound={}, values=DOCUMENTED)
    assert column(catalog, "a").column.values == DOCUMENTED
    assert column(catalog, "b").column.values == ()
    assert [item.values for item in catalog.tables[0].table.columns] == [DOCUMENTED, ()]


def column(catalog: Catalog, name: str) -> LinkedColumn:
    return next(item for item in catalog.tables[0].columns if item.column.name == name)


def reached(catalog: Catalog) -> list[tuple[str, str]]:
    return [(item.service, item.name) for item in catalog.tables[0].structures]


# --- what the record types ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("owner", StructureRef("Owner")),
        ("parts", ListOf(StructureRef("Part"))),
        ("by_name", MapOf(ListOf(StructureRef("Part")))),
        ("rows", ListOf(ListOf(StructureRef("Part")))),
    ],
)
def test_link_types_json_columns_by_the_recorded_shape(name: str, shape: Shape) -> None:
    """A json column whose member is, or contains, a structure has the member's shape."""
    catalog = linked({name: "json"})
    found = column(catalog, name)
    assert (found.service, found.shape) == ("made", shape)
    assert reached(catalog) == [("made", "Owner")] + [("made", "Part")] * (name != "owner")


@pytest.mark.parametrize("name", ["arn", "document", "size", "state", "names"])
def test_link_leaves_json_without_structures_untyped(name: str) -> None:
    """A json column filled by a string, a number, a document or a list of them stays any JSON."""
    catalog = linked({name: "json"})
    assert (column(catalog, name).service, column(catalog, name).shape) == ("", None)
    assert reached(catalog) == []


@pytest.mark.parametrize(
    ("name", "type", "typed"),
    [
        ("parts", "array<json>", True),
        ("rows", "array<array<json>>", True),
        ("rows", "array<json>", True),
        ("parts", "array<array<json>>", False),
        ("owner", "array<json>", False),
        ("names", "array<json>", False),
        ("names", "array<string>", False),
        ("parts", "array<string>", False),
        ("parts", "string", False),
    ],
)
def test_link_types_elements_of_arrays_of_json(name: str, type: str, typed: bool) -> None:
    """Elements of an array of json are typed if the member is a list of at least the same depth;
    other types are unchanged."""
    assert (column(linked({name: type}), name).shape is not None) == typed


def test_link_types_a_column_of_a_whole_response_by_its_item() -> None:
    """A column filled by a whole response of an enrichment, or by the item in it, has that
    structure."""
    catalog = linked(
        {"policy": "json", "part": "json"},
        bound={
            "policy": {"operation": "GetPolicy", "member": "@", "evidence": "name"},
            "part": {"operation": "ListParts", "member": "@", "evidence": "name"},
        },
        enrichments={
            "GetPolicy": {"path": "@", "arguments": {}},
            "ListParts": {"path": "Parts[]", "arguments": {}},
        },
    )
    assert column(catalog, "policy").shape == StructureRef("GetPolicyResponse")
    assert column(catalog, "part").shape == StructureRef("Part")
    assert reached(catalog) == [("made", item) for item in ("GetPolicyResponse", "Owner", "Part")]


def test_link_keeps_a_users_type_that_is_not_json() -> None:
    """A user's type that allows everything, but converts values differently, is unchanged."""
    text = SqlType("text", encode="text")
    sql = dict.fromkeys(("postgres", "postgres_jsonb", "duckdb"), text)
    row = TypeTable().types["json"]
    types = TypeTable({**TypeTable().types, "json": replace(row, convert="text", sql=sql)})
    assert isinstance(types.types["json"], Type)
    assert column(linked({"owner": "json"}, types=types), "owner").shape is None


def test_recorded_structures_require_no_member() -> None:
    """Members are those of the record, in its order and with its values, and none is required: a
    member that AWS omits must not make a row invalid."""
    structures = linked({"parts": "json"}).structures
    assert structures["made", "Owner"] == Structure(
        "made",
        "Owner",
        (
            DocumentedMember("Name", Scalar("string"), RECORDED),
            DocumentedMember(
                "Kind",
                Scalar("string"),
                RECORDED,
                values=(DocumentedValue("A"), DocumentedValue("B")),
            ),
            DocumentedMember(
                "Kinds",
                ListOf(Scalar("string")),
                RECORDED,
                values=(DocumentedValue("A"), DocumentedValue("B")),
            ),
        ),
        RECORDED,
    )
    assert not any(member.required for item in structures.values() for member in item.members)


def test_names_of_structures_do_not_depend_on_tables() -> None:
    """Structures that no table reaches are named too: other names must not change when one of
    them is reached."""
    first, other = linked({"owner": "json"}), linked({"arn": "string"})
    assert first.classes == other.classes
    assert ("made", "Unused") in first.classes


def test_link_reaches_circular_structures_once() -> None:
    """A structure that contains itself is reached once."""
    structures = linked({}).structures
    assert list(closure("made", StructureRef("Part"), structures)) == [
        ("made", "Part"),
        ("made", "Owner"),
    ]


# --- what pages say wins --------------------------------------------------------------------------


def page(
    name: str, *members: DocumentedMember, usage: Usage | None = None, service: str = "made"
) -> Structure:
    return Structure(service, name, members, HERE, f"{name}'s page.", (usage,) if usage else ())


def test_the_page_wins_and_the_record_fills_the_gaps() -> None:
    """A page's structure has its own members and no other; one whose structure has no page is typed
    from the record, and any JSON where neither knows it."""
    part = page(
        "Part",
        DocumentedMember("Owner", StructureRef("Owner"), HERE, description="Whose."),
        DocumentedMember("Nobody", ListOf(StructureRef("Nobody")), HERE),
    )
    catalog = linked({"parts": "json"}, structures=(part,))
    found = catalog.structures["made", "Part"]
    assert found.description == "Part's page."
    assert [(item.name, item.shape, item.description) for item in found.members] == [
        ("Owner", StructureRef("Owner"), "Whose."),
        ("Nobody", ListOf(Scalar("json")), ""),
    ]
    assert reached(catalog) == [("made", "Owner"), ("made", "Part")]
    assert catalog.structures["made", "Owner"].origin == RECORDED


def test_link_prefers_the_shape_of_the_page() -> None:
    """Where a page says what a column holds, that is its shape, and not the record's; where the
    page's structure is nowhere, the record's it is."""
    other = page("Other", usage=Usage("DescribeThing", "Owner", element=True))
    catalog = linked({"owner": "json"}, structures=(other,))
    assert column(catalog, "owner").shape == ListOf(StructureRef("Other"))
    assert reached(catalog) == [("made", "Other")]

    def described(structure: str) -> Shape | None:
        member = DocumentedMember("Owner", MapOf(StructureRef(structure)), HERE)
        operation = Operation("made", "DescribeThing", (), (member,), HERE)
        return column(linked({"owner": "json"}, operations=(operation,)), "owner").shape

    assert described("Part") == MapOf(StructureRef("Part"))
    assert described("Nobody") == StructureRef("Owner")


def test_link_lists_what_several_calls_return() -> None:
    """The page of an operation documents one of the elements, which are the record's structures."""
    member = DocumentedMember("Policy", StructureRef("Part"), HERE)
    catalog = linked(
        {"policies": "json"},
        bound={"policies": {"operation": "GetPolicy", "member": "Policy", "evidence": "both"}},
        enrichments={
            "GetPolicy": {"path": "@", "arguments": {}, "values": {"Kind": ["A", "B"]}},
        },
        operations=(Operation("made", "GetPolicy", (), (member,), HERE),),
    )
    assert column(catalog, "policies").shape == ListOf(StructureRef("Owner"))
    assert (catalog.disagreements, catalog.misfits) == ((), ())


def test_link_requires_members_that_page_and_record_require() -> None:
    """A member is required if page and record require it, or the page does and there is no
    record."""
    owner = page(
        "Owner",
        *(DocumentedMember(item, Scalar("string"), HERE, True) for item in ("Name", "Kind")),
    )
    alone = page("Alone", DocumentedMember("Name", Scalar("string"), HERE, True))
    found = linked({}, structures=(owner, alone)).structures
    assert [item.required for item in found["made", "Owner"].members] == [True, False]
    assert [item.required for item in found["made", "Alone"].members] == [True]


DOCUMENTED = (
    DocumentedValue("NEW", "Just made."),
    DocumentedValue("OLD", deprecated=True, wording="old"),
)


def test_link_appends_recorded_values_to_documented_ones() -> None:
    """A column's documented values come first, in the page's order and with their descriptions,
    then values that only the record has; either may be missing."""
    columns = {"state": "string", "arn": "string"}
    both = linked(columns, values=DOCUMENTED)
    assert column(both, "state").column.values == (
        *DOCUMENTED,
        DocumentedValue("ON"),
        DocumentedValue("OFF"),
    )
    assert column(both, "arn").column.values == DOCUMENTED
    recorded = column(linked(columns), "state").column.values
    assert recorded == (DocumentedValue("ON"), DocumentedValue("OFF"), DocumentedValue("NEW"))
    assert column(linked(columns, bound={}), "state").column.values == ()


def test_link_appends_recorded_values_of_members_to_documented_ones() -> None:
    """The same holds for members of a page's structure, in lists too."""
    owner = page(
        "Owner",
        DocumentedMember(
            "Kind",
            Scalar("string"),
            HERE,
            values=(DocumentedValue("B", "Second."), DocumentedValue("C")),
        ),
        DocumentedMember("Kinds", ListOf(Scalar("string")), HERE),
        DocumentedMember("Name", Scalar("string"), HERE, values=(DocumentedValue("N"),)),
    )
    found = linked({}, structures=(owner,)).structures["made", "Owner"]
    assert [item.values for item in found.members] == [
        (DocumentedValue("B", "Second."), DocumentedValue("C"), DocumentedValue("A")),
        (DocumentedValue("A"), DocumentedValue("B")),
        (DocumentedValue("N"),),
    ]


def test_link_keeps_structures_of_two_services_apart() -> None:
    """Structures with the same name that a table reaches in two services are both kept."""
    part = page(
        "Part",
        DocumentedMember("Text", Scalar("string"), HERE),
        usage=Usage("DescribeThing", "Owner", element=False),
        service="other",
    )
    table = "aws.other_thing"
    lock = mappers.service(
        mappers.bound(
            table,
            operation="DescribeThing",
            columns={"parts": {"member": "Parts", "evidence": "name"}},
        ),
        OUTPUTS,
        STRUCTURES,
        VALUES,
    )
    cells = tuple(Column(name, "core", "json", HERE) for name in ("owner", "parts"))
    pages = Pages(tables=(Table(table, "", "", cells, HERE),), structures=(part,))
    catalog = link(resolve_types(pages, TypeTable()), lock.bindings, [lock.recorded_service])
    assert reached(catalog) == [("made", "Owner"), ("made", "Part"), ("other", "Part")]
    assert [item.service for item in catalog.tables[0].columns] == ["other", "made"]
