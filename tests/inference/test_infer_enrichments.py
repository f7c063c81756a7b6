"""Enrichment calls: their arguments, and the columns that they fill."""

from __future__ import annotations

from dataclasses import replace

import pytest

from made_services import (
    COLOUR,
    KEYED,
    PAINTED,
    SIZE,
    SIZED,
    THING,
    index,
    made_member,
    only,
    thing,
)
from schemagen.api_models.index import IndexedItem
from schemagen.model.bindings import BoundColumn


def test_ambiguous_enrichments_leave_the_column_unbound() -> None:
    """If two operations could fill a column equally well, it stays unbound, and the finding names both."""
    made = index(
        "GetThing @ Thing ThingName!",
        "GetThingPaint @ Paint ThingName!",
        "GetThingCover @ Cover ThingName!",
        Thing=THING,
        Paint=(COLOUR,),
        Cover=(COLOUR,),
    )
    found = only(thing(*KEYED, PAINTED), made)
    assert found.binding is not None
    assert found.binding.unbound == ("colour",)
    assert [problem.message for problem in found.findings] == [
        "aws.made_thing.colour stays unbound: GetThingCover's Colour (@) and GetThingPaint's "
        "Colour (@) match it equally well; choose one in an override"
    ]


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("GetPaint @ Paint ThingName!", {"ThingName": "ThingName"}),
        ("GetPaint @ Paint Thing!", {"Thing": "ThingName"}),
        ("GetPaint @ Paint ResourceArn!", {"ResourceArn": "ThingArn"}),
        ("GetPaint @ Paint ThingName Filter", {"ThingName": "ThingName"}),
        ("GetPaint @ Paint ResourceId!", {"ResourceId": "ThingId"}),
        ("GetPaint @ Paint ThingName! Version!", None),
        ("GetPaint Paints[] Paint ThingName!", None),
    ],
)
def test_enrichment_arguments_come_from_the_item(
    operation: str, arguments: dict[str, str] | None
) -> None:
    """An enrichment call is made only if the item has all required arguments, and if the response holds
    one item."""
    members = (*THING, made_member("ThingId", "string", ""))
    made = index("GetThing @ Thing ThingName!", operation, Thing=members, Paint=(COLOUR,))
    found = only(thing(*KEYED, PAINTED), made).binding
    assert found is not None
    assert [dict(enrichment.arguments) for enrichment in found.enrichments] == (
        [] if arguments is None else [arguments]
    )
    assert found.unbound == (() if arguments is not None else ("colour",))


@pytest.mark.parametrize(
    ("operation", "constants"),
    [
        ("ListTagsForThing @ Tagged Id! Type!=other|thing", {"Type": "thing"}),
        ("ListTagsForThing @ Tagged Id! ResourceType!=other|THINGS", None),
        ("ListTagsForThing @ Tagged Id! ResourceType!=other|more", None),
        ("ListTagsForThing @ Tagged Id! ResourceType!", None),
        ("ListTagsForThing @ Tagged Id! Mode!=thing|other", None),
        ("ListTagsForThing @ Tagged Id! Type=thing|other", {}),
    ],
)
def test_resource_type_arguments_are_constants(
    operation: str, constants: dict[str, str] | None
) -> None:
    """A required parameter for the type of resource gets the value that has a name of the item. Without
    such a value, the operation is not called."""
    made = index(
        "GetThing @ Thing",
        operation,
        Thing=(made_member("Id", "string", ""), SIZE),
        Tagged=(made_member("Tags", "map<string>", ""),),
    )
    binding = only(thing("id string", SIZED, "tags hstore"), made).binding
    assert binding is not None
    assert [dict(enrichment.constants) for enrichment in binding.enrichments] == (
        [] if constants is None else [constants]
    )
    assert binding.unbound == (("tags",) if constants is None else ())


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("", True),
        (":thearnoftheresource", True),
        (":theamazonresourcenamearnofthething", True),
        (":theamazonresourcenamearnofthetopic", False),
    ],
)
def test_tag_operations_documented_for_other_resources_are_skipped(text: str, bound: bool) -> None:
    """An operation that lists the tags of another kind of resource is not called for the item."""
    made = index(
        "GetThing @ Thing",
        f"ListTagsForResource @ Tagged ResourceArn!{text}",
        Thing=THING,
        Tagged=(made_member("Tags", "map<string>", ""),),
    )
    found = only(thing(*KEYED, "tags hstore"), made)
    assert found.binding is not None
    assert found.binding.unbound == (() if bound else ("tags",))
    assert [problem.message for problem in found.findings] == (
        []
        if bound
        else [
            "aws.made_thing.tags stays unbound: ListTagsForResource is not documented to take such resources "
            "as ResourceArn; set other arguments in an override"
        ]
    )


@pytest.mark.parametrize(
    ("operation", "column", "bound"),
    [
        ("GetPaint @ Paint ThingName!", "paint json", True),
        ("GetThingPaint @ Paint ThingName!", "paint json", True),
        ("GetCoat @ Paint ThingName!", "paint json", True),
        ("GetPaint @ Paint ThingName!", "paint string", False),
        ("GetPaint @ Paint ThingName!", "paint json What it was painted with, in full.", False),
        ("GetPaint @ Paint ThingName! Coat!", "paint json", False),
        ("GetPaint @ Paint", "paint json", False),
        ("ListPaint @ Paint ThingName!", "paint json", False),
        ("GetPaint Paints[] Paint ThingName!", "paint json", False),
        ("GetPaint @ Paint ThingName!", "cover json", False),
    ],
)
def test_whole_responses_fill_undocumented_json_columns_of_their_name(
    operation: str, column: str, bound: bool
) -> None:
    """A json column without documentation, whose name no member has, is filled by the whole response of
    an operation that has the name and is about the item."""
    made = index("GetThing @ Thing", operation, Thing=THING, Paint=(COLOUR,))
    binding = only(thing(*KEYED, column), made).binding
    assert binding is not None
    whole = [filled for filled in binding.columns if filled.member == "@"]
    name = column.split()[0]
    assert whole == ([BoundColumn(name, "@", "name", operation.split()[0])] if bound else [])
    assert binding.unbound == (() if bound else (name,))


def test_paginated_responses_are_not_whole_responses() -> None:
    """One page of a list is not all of it."""
    made = index(
        "GetThing @ Thing", "GetPaint @ Paint ThingName!",
        paged=("GetPaint",), Thing=THING, Paint=(COLOUR,),
    )  # fmt: skip
    binding = only(thing(*KEYED, "paint json"), made).binding
    assert binding is not None
    assert binding.unbound == ("paint",)


def test_whole_responses_are_skipped_if_a_member_has_the_name() -> None:
    """If a member of any response has the column's name, no whole response fills the column."""
    other = (made_member("Paint", "int64", ""),)
    made = index(
        "GetThing @ Thing", "GetPaint @ Paint ThingName!", "GetCoat @ Coat ThingName!",
        Thing=THING, Paint=(COLOUR,), Coat=other,
    )  # fmt: skip
    binding = only(thing(*KEYED, "paint json"), made).binding
    assert binding is not None
    assert binding.unbound == ("paint",)


def test_ambiguous_whole_responses_leave_the_column_unbound() -> None:
    """If two operations return the column equally well, it stays unbound, and the finding names both. An
    operation with the column's name is better than a structure with it."""
    both = ("GetCoat @ Paint ThingName!", "GetSkin @ Paint ThingName!")
    better = index(
        "GetThing @ Thing", *both, "GetPaint @ One ThingName!",
        Thing=THING, One=(COLOUR,), Paint=(COLOUR,),
    )  # fmt: skip
    binding = only(thing(*KEYED, "paint json"), better).binding
    assert binding is not None
    assert [enrichment.operation for enrichment in binding.enrichments] == ["GetPaint"]
    made = index("GetThing @ Thing", *both, Thing=THING, Paint=(COLOUR,))
    found = only(thing(*KEYED, "paint json"), made)
    assert [problem.message for problem in found.findings] == [
        "aws.made_thing.paint stays unbound: GetCoat's @ (@) and GetSkin's @ (@) match it equally "
        "well; choose one in an override"
    ]


def test_inclusion_parameters_name_the_bound_members() -> None:
    """The constant ``include`` has those values of its enumeration that bound members have the names of."""
    made = index(
        "DescribeThings things[] Thing include[]=SIZES|COLOUR|SHAPE other[]=SIZES", Thing=THING
    )
    for columns, constants in ((KEYED, (("include", ("SIZES",)),)), (("thing_arn string",), ())):
        binding = only(thing("thing_name string", *columns[-1:]), made).binding
        assert binding is not None
        assert binding.constants == constants


def test_inclusion_parameters_are_set_for_enrichments_too() -> None:
    """The constant is set for an item of the same response beside the primary one as well."""
    made = index(
        "DescribeThing thing Thing ThingName! include[]=TAGS|SIZES",
        "DescribeThing @ Answer ThingName! include[]=TAGS|SIZES",
        Thing=THING,
        Answer=(made_member("tags", "map<string>", ""), made_member("thing", "#Thing", "")),
    )
    binding = only(thing("thing_name string", "thing_arn string", "tags hstore"), made).binding
    assert binding is not None
    assert [enrichment.constants for enrichment in binding.enrichments] == [
        (("include", ("TAGS",)),)
    ]
    assert binding.constants == (("include", ("TAGS",)),)


BOX_POLICY = made_member("Policy", "string", "thepolicyoftheboxthatthethingisin")
POLICY = "policy string The policy of the box that the thing is in."


def enrichments_of(
    operation: str, *members: str, column: str = POLICY
) -> list[tuple[tuple[str, str], ...]]:
    """Return the arguments of the enrichment that fills ``column``, for a thing with more ``members``."""
    more = [made_member(member, "string", "") for member in members]
    made = index(
        "GetThing @ Thing", operation, Thing=(*THING, *more), Policy=(BOX_POLICY,), Paint=(COLOUR,)
    )
    binding = only(thing(*KEYED, column), made).binding
    assert binding is not None
    return [enrichment.arguments for enrichment in binding.enrichments]


@pytest.mark.parametrize(
    ("parameter", "members", "expected"),
    [
        ("BoxId!", ["TargetBoxId"], [(("BoxId", "TargetBoxId"),)]),
        ("BoxId!", ["TargetBoxId", "SourceBoxId"], []),
        ("BoxId!", ["LidId"], []),
    ],
)
def test_enrichments_are_called_for_documented_related_resources(
    parameter: str, members: list[str], expected: list[tuple[tuple[str, str], ...]]
) -> None:
    """The policy of the key of an alias is read with the only member that identifies the key, if name and
    documentation prove the column."""
    found = enrichments_of(f"GetPolicy @ Policy {parameter}", *members)
    assert found == expected
    unproven = enrichments_of(f"GetPolicy @ Policy {parameter}", *members, column="policy string")
    assert unproven == []


def test_enrichments_take_the_account_of_the_caller() -> None:
    """A required account that no member holds is the caller's. Alone, it says nothing of the item."""
    both = "GetPaint @ Paint AccountId! ThingName!"
    assert enrichments_of(both, column=PAINTED) == [
        (("AccountId", "${Account}"), ("ThingName", "ThingName"))
    ]
    assert enrichments_of("GetPaint @ Paint AccountId!", column="colour string") == []


@pytest.mark.parametrize(
    ("text", "member"),
    [
        ("thenameorthearnofthething", "ThingName"),
        ("thenameofthethingforothersyoumustspecifyitsarn", "ThingArn"),
        ("thenameofthethingforotheraccountsyoumustusethefullarn", "ThingArn"),
        ("youmustspecifythearnorthenameofthething", "ThingName"),
        ("fors3onoutpostsyoumustspecifythearnofthething", "ThingName"),
    ],
)
def test_enrichments_take_the_arn_where_a_name_is_not_enough(text: str, member: str) -> None:
    """A trail of another region is found by its ARN only; the documentation of the parameter says so."""
    found = enrichments_of(f"GetPaint @ Paint ThingName!:{text}", column=PAINTED)
    assert found == [(("ThingName", member),)]


@pytest.mark.parametrize(
    ("operation", "bound"),
    [
        ("DescribeStore @ Paint Name!", False),
        ("DescribeStore @ Paint Name!:thenameofthething", True),
        ("DescribeThingPaint @ Paint Name!", True),
        ("DescribeStore @ Paint ThingName!", True),
    ],
)
def test_parameters_without_a_noun_are_those_of_the_resource_that_an_operation_names(
    operation: str, bound: bool
) -> None:
    """Every resource has a ``Name``: an operation that takes one is called for the item if it has the
    item's noun, or if the documentation is the same. Paint of a store of the same name is not its own."""
    name = made_member("Name", "string", "thenameofthething")
    made = index(
        "GetThing @ Thing ThingArn!", operation, Thing=(*THING[:1], name, SIZE), Paint=(COLOUR,)
    )
    found = only(
        thing("_key string", "account_id string", "name string", SIZED, "colour string"), made
    )
    assert found.binding is not None
    assert ("colour" not in found.binding.unbound) == bound


def test_members_around_the_item_need_no_documentation() -> None:
    """What encloses the row's structure in a response is about the same resource."""
    made = index(
        "GetThing Thing Whole ThingId!",
        "GetThing Thing.Config Thing ThingId!",
        Whole=(made_member("Id", "string", ""),),
        Thing=THING,
    )
    found = only(thing(*KEYED, "id string"), made)
    assert found.binding is not None
    assert found.binding.path == "Thing.Config"
    own = {column.column: (column.operation, column.member) for column in found.binding.columns}
    assert own["id"] == ("GetThing", "Id")


def test_members_beside_the_item_fill_columns_without_a_call() -> None:
    """The response that has the item is there already, whatever its operation requires."""
    tag = made_member("ETag", "string", "thecurrentversionofthethingthatwasread")
    made = index(
        "GetThing Thing Thing Key!",
        "GetThing2 @ Nothing",
        Thing=THING,
        Response=(tag, made_member("Thing", "#Thing", "")),
        Nothing=(),
    )
    whole = IndexedItem("GetThing", "@", "Response")
    made = replace(made, items=(whole, *made.items))
    column = "e_tag string The current version of the thing that was read."
    binding = only(thing(*KEYED, column), made).binding
    assert binding is not None
    assert binding.path == "Thing"
    assert [(call.operation, call.path, call.arguments) for call in binding.enrichments] == [
        ("GetThing", "@", ())
    ]


@pytest.mark.parametrize(
    ("operation", "bound"), [("GetThingColour", True), ("GetColour", False), ("GetPaint", False)]
)
def test_operation_named_after_the_column_outweighs_older_documentation(
    operation: str, bound: bool
) -> None:
    """A member whose documentation has changed since the page was written fills the column, if its
    operation has the names of the resource and the column."""
    column = "colour string What the thing was painted in, in older words than those of today."
    found = enrichments_of(f"{operation} @ Paint ThingName!", column=column)
    assert found == ([(("ThingName", "ThingName"),)] if bound else [])
