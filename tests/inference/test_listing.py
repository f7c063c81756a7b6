"""What enumerates the identifiers that a primary operation needs, in services that are made up."""

from __future__ import annotations

import pytest

from made_services import KEYED, THING, index, only, thing
from schemagen.api_models.index import IndexedMember
from schemagen.inference.nouns import singular
from schemagen.model.bindings import Listing

SUMMARY = (IndexedMember("ThingArn", "string", ""), IndexedMember("ThingName", "string", ""))
BARE = tuple(IndexedMember(name, "string", "") for name in ("Arn", "Id", "Name"))
NAMED = tuple(IndexedMember(name, "string", "") for name in ("ThingArn", "Name"))
LONGER = (IndexedMember("MadeThingName", "string", ""), IndexedMember("State", "string", ""))


def listing(*operations: str, paged: tuple[str, ...] = ()) -> str:
    """The listing of the table made_thing, whose primary operation is the first; "" for none."""
    made = index(
        *operations,
        paged=paged,
        Thing=THING,
        Summary=SUMMARY,
        Bare=BARE,
        Longer=LONGER,
        Named=NAMED,
    )
    binding = only(thing(*KEYED), made).binding
    assert binding is not None
    assert binding.operation == operations[0].split()[0]
    return text(binding.listing)


def text(found: Listing | None) -> str:
    if found is None:
        return ""
    arguments = " ".join(f"{name}={member}" for name, member in found.arguments)
    return " ".join([found.operation, found.path, arguments, *(f"<{one}>" for one in found.needs)])


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        (["GetThing @ Thing ThingName!", "ListThings S[] Summary"], "S[] ThingName=ThingName"),
        (["GetThing @ Thing ThingArn!", "ListThings S[] Bare"], "S[] ThingArn=Arn"),
        (["GetThing @ Thing Name!", "ListThings S[] Summary"], "S[] Name=ThingName"),
        (["GetThing @ Thing Name!", "ListThings S[] Bare"], "S[] Name=Name"),
        (["GetThing @ Thing ThingIdentifier!:idorarn", "ListThings S[] Bare"], "S[] ThingIdentifier=Arn"),
        (["GetThing @ Thing ThingName!", "ListThings S[] Longer"], "S[] ThingName=MadeThingName"),
        (["GetThing @ Thing ThingName!", "ListThings ThingNames[] -"], "ThingNames[] ThingName=@"),
        (["GetThing @ Thing ThingName!", "ListThings Things[] -"], "Things[] ThingName=@"),
        (["GetThing @ Thing ThingName!", "ListThings Others[] -"], ""),
        (["GetThing @ Thing Id!", "ListThings S[].Thing Bare"], "S[].Thing Id=Id"),
        (["GetThing @ Thing ThingIdentifier!", "ListThings S[] Bare"], "S[] ThingIdentifier=Id"),
        (["GetThing @ Thing MadeId!", "ListThings S[] Bare"], ""),
        (["BatchGetThings T[] Thing things[]!", "ListThings thingArns[] -"], "thingArns[] things=@"),
        (["BatchGetThings T[] Thing names[]!", "ListThings things[] -"], "things[] names=@"),
        (["BatchGetThings T[] Thing things[]!:thingids", "ListThings S[] Bare"], "S[] things=Id"),
        (["BatchGetThings T[] Thing things[]!:namesofthem", "ListThings S[] Bare"], "S[] things=Name"),
        (["GetThing @ Thing Thing!", "ListThings S[] Named"], "S[] Thing=Name"),
    ],
)  # fmt: skip
def test_an_element_answers_by_its_name(operations: list[str], expected: str) -> None:
    """A parameter is answered by the member that is called so, or that says of the resource what
    the parameter asks; or by strings that are called so."""
    assert listing(*operations) == (f"ListThings {expected}" if expected else "")


@pytest.mark.parametrize(
    "operations",
    [
        ["GetThing @ Thing Name!", "ListOthers S[] Bare"],
        ["GetThing @ Thing Name! ThingName!", "ListThings S[] Summary"],
        ["GetThing @ Thing ThingName!", "ListThings S[].Parts[] Summary"],
        ["GetThing @ Thing ThingName!", "ListThings S[].Part Summary"],
        ["GetThing @ Thing ThingName!", "ListOthers S[] Summary"],
        ["GetThing @ Thing ThingName!", "ListThingsByOther S[] Summary"],
        ["GetThing @ Thing ThingName! Version!", "ListThings S[] Summary"],
        ["GetThing @ Thing ThingName!", "BatchGetThings S[] Summary Of!"],
        ["GetThing @ Thing ThingName!", "DescribeThings S[] Summary ThingNames[]!"],
        ["GetThing @ Thing ThingName!", "DescribeThing S[] Summary ThingName!"],
        ["GetThing @ Thing ThingName!", "ListThings S Summary"],
        ["GetThing @ Thing", "ListThings S[] Summary"],
    ],
)
def test_what_does_not_enumerate_is_no_listing(operations: list[str]) -> None:
    """Operations that list something else, that lack what is asked, or that must be told just that,
    are not recorded; nor is any where nothing is asked."""
    assert listing(*operations) == ""


def test_what_describes_all_needs_no_listing() -> None:
    """Without required parameters an operation that returns several enumerates by itself, unless
    its documentation says that what is left out is one of them."""
    both = ["DescribeThings T[] Thing things[]:{}", "ListThings thingArns[] -"]
    described = [one.format("ifyouspecifynonealldothings") for one in both]
    default = [one.format("elsethedefaultthingisassumed") for one in both]
    assert listing(*described) == ""
    assert listing(*default) == "ListThings thingArns[] things=@"
    assert listing(*default, paged=("DescribeThings",)) == ""


def test_an_optional_parameter_is_answered() -> None:
    """A single item whose operation requires nothing by its model is asked for by its ARN before
    its name."""
    operations = ["GetThing @ Thing ThingName ThingArn", "ListThings S[] Summary"]
    assert listing(*operations) == "ListThings S[] ThingArn=ThingArn"
    assert listing(operations[0], "ListThings ThingNames[] -") == (
        "ListThings ThingNames[] ThingName=@"
    )


def test_what_the_caller_must_give_is_recorded() -> None:
    """What a resource is part of is given to both operations, and a default is no matter of course
    where there are several."""
    part = "GetThing @ Thing Box! ThingName!"
    assert (
        listing(part, "ListThings S[] Summary Box!") == "ListThings S[] ThingName=ThingName <Box>"
    )
    boxed = "GetThing @ Thing ThingName! box:thedefaultboxisassumed"
    listed = "ListThings S[] Summary box:thedefaultboxisassumed"
    assert listing(boxed, listed) == "ListThings S[] ThingName=ThingName"
    assert listing(boxed, listed, "ListBoxes boxes[] -") == (
        "ListThings S[] ThingName=ThingName <box>"
    )


def test_a_parent_is_listed_where_items_are_listed_of_one() -> None:
    """An operation that lists what is part of something else needs the list of those."""
    found = listing("ListThings T[] Thing BoxId!", "ListBoxes Boxes[] Bare")
    assert found == "ListBoxes Boxes[] BoxId=Id"


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("ListThings S[] Summary", "DescribeThings S[] Summary"),
        ("DescribeThings S[] Summary", "ListThings S[] Summary Box!"),
        ("DescribeThings S[] Summary", "ListThings S[] Longer"),
    ],
)
def test_one_goes_before_the_other(better: str, worse: str) -> None:
    """The listing that needs less goes first, then the plainer answer, then List before others."""
    for order in ([better, worse], [worse, better]):
        found = listing("GetThing @ Thing ThingName!", *order)
        assert found == f"{better.split()[0]} S[] ThingName=ThingName"


def test_a_paginator_decides() -> None:
    """What botocore can page through goes first, and in it what the paginator collects."""
    operations = [
        "GetThing @ Thing ThingName!",
        "ListThings S[] Summary",
        "DescribeThings S[] Summary",
    ]
    assert listing(*operations, paged=("DescribeThings",)) == (
        "DescribeThings S[] ThingName=ThingName"
    )


def test_equal_listings_are_a_finding() -> None:
    """Nothing is recorded where two lists answer alike, and both are named."""
    made = index(
        "GetThing @ Thing ThingName!", "ListThings One[] Summary", "ListThings Two[] Other",
        Thing=THING, Summary=SUMMARY, Other=SUMMARY,
    )  # fmt: skip
    found = only(thing(*KEYED), made)
    assert found.binding is not None
    assert found.binding.listing is None
    assert [str(problem) for problem in found.findings] == [
        "docs/aws.made_thing.md:9:1: SG404 aws.made_thing has no listing: ListThings (One[]) and "
        "ListThings (Two[]) enumerate the arguments of GetThing equally well"
    ]


@pytest.mark.parametrize(
    ("plural", "one"),
    [("policies", "policy"), ("analyses", "analysis"), ("indices", "index"), ("meshes", "mesh"), ("aliases", "alias"), ("eventbuses", "eventbus"),
     ("things", "thing"), ("secretlist", "secret")],
)  # fmt: skip
def test_plurals(plural: str, one: str) -> None:
    """A plural is known for what it is the plural of, and for itself."""
    assert {plural, one} <= set(singular(plural))


@pytest.mark.parametrize("parameters", ["OwnerId ThingId", "ThingId OwnerId"])
def test_what_names_the_resource_goes_before_what_it_belongs_to(parameters: str) -> None:
    """An operation that may be asked in two ways is asked with the resource's own id."""
    members = tuple(IndexedMember(name, "string", "") for name in ("OwnerId", "ThingId"))
    made = index(
        f"GetThing @ Thing {parameters}",
        "ListThings Things[] Summary",
        Thing=(*THING, *members),
        Summary=members,
    )
    binding = only(thing(*KEYED), made).binding
    assert binding is not None
    assert text(binding.listing) == "ListThings Things[] ThingId=ThingId"


def test_a_version_lists_what_it_describes() -> None:
    """``ListThingsV2`` lists for ``DescribeThingV2``, because ``ListThings`` may know fewer things."""
    operations = ["ListThings Things[] Summary", "ListThingsV2 Things[] Summary"]
    described = "DescribeThingV2 @ Thing ThingName!"
    assert listing(described, *operations) == "ListThingsV2 Things[] ThingName=ThingName"
    described = "DescribeThing @ Thing ThingName!"
    assert listing(described, *operations) == "ListThings Things[] ThingName=ThingName"
