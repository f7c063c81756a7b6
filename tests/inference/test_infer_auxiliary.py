"""Operations that are asked beside the primary one: with what, and which columns they fill."""

from __future__ import annotations

import pytest

from made_services import COLOUR, KEYED, PAINTED, SIZE, SIZED, THING, index, only, thing
from schemagen.api_models.index import IndexedMember
from schemagen.model.bindings import BoundColumn


def test_equal_auxiliary_operations_are_a_finding() -> None:
    """A column that two operations could fill alike stays unbound, and both are named."""
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
def test_arguments_come_from_the_item(operation: str, arguments: dict[str, str] | None) -> None:
    """An auxiliary operation is used only where the item has what it must be asked with, and where
    its response holds one item."""
    members = (*THING, IndexedMember("ThingId", "string", ""))
    made = index("GetThing @ Thing ThingName!", operation, Thing=members, Paint=(COLOUR,))
    found = only(thing(*KEYED, PAINTED), made).binding
    assert found is not None
    assert [dict(one.arguments) for one in found.enrichments] == (
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
def test_the_kind_of_resource_is_a_constant(
    operation: str, constants: dict[str, str] | None
) -> None:
    """An operation that must be told what kind of resource is meant is told what the item is called;
    it is not called where its enumeration does not have that."""
    made = index(
        "GetThing @ Thing",
        operation,
        Thing=(IndexedMember("Id", "string", ""), SIZE),
        Tagged=(IndexedMember("Tags", "map<string>", ""),),
    )
    binding = only(thing("id string", SIZED, "tags hstore"), made).binding
    assert binding is not None
    assert [dict(one.constants) for one in binding.enrichments] == (
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
def test_tags_of_other_resources_are_no_tags(text: str, bound: bool) -> None:
    """An operation that lists the tags of another kind of resource is not asked for these."""
    made = index(
        "GetThing @ Thing",
        f"ListTagsForResource @ Tagged ResourceArn!{text}",
        Thing=THING,
        Tagged=(IndexedMember("Tags", "map<string>", ""),),
    )
    found = only(thing(*KEYED, "tags hstore"), made)
    assert found.binding is not None
    assert found.binding.unbound == (() if bound else ("tags",))
    assert [problem.message for problem in found.findings] == (
        []
        if bound
        else [
            "aws.made_thing.tags stays unbound: no operation that lists tags can be called with "
            "members of Thing; set its arguments in an override"
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
def test_a_whole_response_fills_the_column_that_is_called_so(
    operation: str, column: str, bound: bool
) -> None:
    """A json column without documentation that nothing is called after holds all that an operation
    returns, if that is called as the column and is about the item."""
    made = index("GetThing @ Thing", operation, Thing=THING, Paint=(COLOUR,))
    binding = only(thing(*KEYED, column), made).binding
    assert binding is not None
    whole = [one for one in binding.columns if one.member == "@"]
    name = column.split()[0]
    assert whole == ([BoundColumn(name, "@", "name", operation.split()[0])] if bound else [])
    assert binding.unbound == (() if bound else (name,))


def test_what_comes_in_pages_is_no_whole_response() -> None:
    """One page of a list is not all that there is."""
    made = index(
        "GetThing @ Thing", "GetPaint @ Paint ThingName!",
        paged=("GetPaint",), Thing=THING, Paint=(COLOUR,),
    )  # fmt: skip
    binding = only(thing(*KEYED, "paint json"), made).binding
    assert binding is not None
    assert binding.unbound == ("paint",)


def test_a_member_goes_before_a_whole_response() -> None:
    """Where a member of any response is called as the column, no whole response fills it."""
    other = (IndexedMember("Paint", "int64", ""),)
    made = index(
        "GetThing @ Thing", "GetPaint @ Paint ThingName!", "GetCoat @ Coat ThingName!",
        Thing=THING, Paint=(COLOUR,), Coat=other,
    )  # fmt: skip
    binding = only(thing(*KEYED, "paint json"), made).binding
    assert binding is not None
    assert binding.unbound == ("paint",)


def test_two_whole_responses_are_a_finding() -> None:
    """A column that two operations return alike stays unbound, and both are named; what is called
    as the column goes before what returns a structure of that name."""
    both = ("GetCoat @ Paint ThingName!", "GetSkin @ Paint ThingName!")
    better = index(
        "GetThing @ Thing", *both, "GetPaint @ One ThingName!",
        Thing=THING, One=(COLOUR,), Paint=(COLOUR,),
    )  # fmt: skip
    binding = only(thing(*KEYED, "paint json"), better).binding
    assert binding is not None
    assert [one.operation for one in binding.enrichments] == ["GetPaint"]
    made = index("GetThing @ Thing", *both, Thing=THING, Paint=(COLOUR,))
    found = only(thing(*KEYED, "paint json"), made)
    assert [problem.message for problem in found.findings] == [
        "aws.made_thing.paint stays unbound: GetCoat's @ (@) and GetSkin's @ (@) match it equally "
        "well; choose one in an override"
    ]


def test_what_must_be_included_is_asked_for() -> None:
    """Of the enumeration of ``include``, those values are given that columns are bound for."""
    made = index(
        "DescribeThings things[] Thing include[]=SIZES|COLOUR|SHAPE other[]=SIZES", Thing=THING
    )
    for columns, constants in ((KEYED, (("include", ("SIZES",)),)), (("thing_arn string",), ())):
        binding = only(thing("thing_name string", *columns[-1:]), made).binding
        assert binding is not None
        assert binding.constants == constants


def test_an_auxiliary_operation_is_asked_to_include_too() -> None:
    """What stands beside the item in the same response is asked for as in the item."""
    made = index(
        "DescribeThing thing Thing ThingName! include[]=TAGS|SIZES",
        "DescribeThing @ Answer ThingName! include[]=TAGS|SIZES",
        Thing=THING,
        Answer=(IndexedMember("tags", "map<string>", ""), IndexedMember("thing", "#Thing", "")),
    )
    binding = only(thing("thing_name string", "thing_arn string", "tags hstore"), made).binding
    assert binding is not None
    assert [one.constants for one in binding.enrichments] == [(("include", ("TAGS",)),)]
    assert binding.constants == (("include", ("TAGS",)),)
