"""Listings: the operations that enumerate the arguments of a primary operation, in made-up services."""

from __future__ import annotations

from dataclasses import replace

import pytest

from made_services import KEYED, THING, index, made_member, only, thing
from schemagen.inference.nouns import singular
from schemagen.inference.parents import enumerated
from schemagen.model.bindings import Listing

SUMMARY = (made_member("ThingArn", "string", ""), made_member("ThingName", "string", ""))
BARE = tuple(made_member(name, "string", "") for name in ("Arn", "Id", "Name"))
NAMED = tuple(made_member(name, "string", "") for name in ("ThingArn", "Name"))
LONGER = (made_member("MadeThingName", "string", ""), made_member("State", "string", ""))


def listing(*operations: str, paged: tuple[str, ...] = ()) -> str:
    """Return the listing of the table made_thing, whose primary operation is the first of
    ``operations``, or "" if there is none."""
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
    return " ".join(
        [found.operation, found.path, arguments, *(f"<{parameter}>" for parameter in found.needs)]
    )


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
def test_listing_supplies_parameters_by_name(operations: list[str], expected: str) -> None:
    """A parameter is supplied by the member with its name, by the member with the identifier of the
    resource that it takes, or by the strings of a list with such a name."""
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
def test_listing_skips_operations_that_require_their_own_result(operations: list[str]) -> None:
    """Operations that list something else, that do not supply a parameter, or that require the parameter
    they would supply are no listings; and an operation without parameters needs none."""
    assert listing(*operations) == ""


def test_operations_that_return_everything_have_no_listing() -> None:
    """An operation without required parameters that returns several items enumerates by itself, unless its
    documentation says that a parameter has a default that means one of them."""
    both = ["DescribeThings T[] Thing things[]:{}", "ListThings thingArns[] -"]
    described = [text.format("ifyouspecifynonealldothings") for text in both]
    default = [text.format("elsethedefaultthingisassumed") for text in both]
    assert listing(*described) == ""
    assert listing(*default) == "ListThings thingArns[] things=@"
    assert listing(*default, paged=("DescribeThings",)) == ""


def test_listings_are_called_after_the_structure_of_their_elements() -> None:
    """Pinpoint's GetApps lists applications: its elements are each an ``ApplicationResponse``."""
    operations = ("GetThing @ Thing WidgetId!", "ListApps Items[] WidgetResponse")
    made = index(*operations, Thing=THING, WidgetResponse=BARE)
    binding = only(thing(*KEYED), made).binding
    assert binding is not None
    assert text(binding.listing) == "ListApps Items[] WidgetId=Id"


def test_structures_of_responses_are_called_after_the_resource() -> None:
    """A ``WidgetResponse`` is a widget, whatever the operation calls it: its id is the widget's."""
    response = (*THING, made_member("Id", "string", ""))
    made = index(
        "GetThing @ WidgetResponse WidgetId!",
        "ListThings Things[] WidgetResponse",
        WidgetResponse=response,
    )
    binding = only(thing(*KEYED), made).binding
    assert binding is not None
    assert binding.operation == "GetThing"
    assert text(binding.listing) == "ListThings Things[] WidgetId=Id"


def test_listing_supplies_an_optional_parameter() -> None:
    """A single item whose operation requires nothing by its model is identified by its ARN rather than by
    its name."""
    operations = ["GetThing @ Thing ThingName ThingArn", "ListThings S[] Summary"]
    assert listing(*operations) == "ListThings S[] ThingArn=ThingArn"
    assert listing(operations[0], "ListThings ThingNames[] -") == (
        "ListThings ThingNames[] ThingName=@"
    )


def test_listing_records_the_arguments_that_callers_must_pass() -> None:
    """The caller passes the parent of a resource to both operations, and a parameter with a default as well
    if there can be several of what it means."""
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


def test_listing_of_parents_is_found_for_a_nested_listing() -> None:
    """An operation that lists the parts of a parent needs a list of parents."""
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
def test_listing_with_fewer_requirements_is_preferred(better: str, worse: str) -> None:
    """The listing with fewer requirements is better, then the one with closer names, then List before other
    verbs."""
    for order in ([better, worse], [worse, better]):
        found = listing("GetThing @ Thing ThingName!", *order)
        assert found == f"{better.split()[0]} S[] ThingName=ThingName"


def test_paginated_listing_is_preferred() -> None:
    """A listing that botocore can paginate is better, and in it the list that pagination collects."""
    operations = [
        "GetThing @ Thing ThingName!",
        "ListThings S[] Summary",
        "DescribeThings S[] Summary",
    ]
    assert listing(*operations, paged=("DescribeThings",)) == (
        "DescribeThings S[] ThingName=ThingName"
    )


def test_equal_listings_are_an_obstacle() -> None:
    """If two lists supply the arguments equally well, no listing is recorded, and both are named."""
    made = index(
        "GetThing @ Thing ThingName!", "ListThings One[] Summary", "ListThings Two[] Other",
        Thing=THING, Summary=SUMMARY, Other=SUMMARY,
    )  # fmt: skip
    found = only(thing(*KEYED), made)
    assert found.binding is not None
    assert found.binding.listing is None
    assert enumerated(found.binding, made).obstacle == (
        "ListThings (One[]) and ListThings (Two[]) list the arguments of GetThing equally well"
    )


@pytest.mark.parametrize(
    ("plural", "noun"),
    [("policies", "policy"), ("analyses", "analysis"), ("indices", "index"), ("meshes", "mesh"), ("aliases", "alias"), ("eventbuses", "eventbus"),
     ("things", "thing"), ("secretlist", "secret")],
)  # fmt: skip
def test_singular_has_the_singular_and_the_name_itself(plural: str, noun: str) -> None:
    """A plural is read as its singular and as itself."""
    assert {plural, noun} <= set(singular(plural))


@pytest.mark.parametrize("parameters", ["OwnerId ThingId", "ThingId OwnerId"])
def test_own_identifier_is_preferred_to_that_of_the_parent(parameters: str) -> None:
    """An operation that takes one of two identifiers is called with the resource's own."""
    members = tuple(made_member(name, "string", "") for name in ("OwnerId", "ThingId"))
    made = index(
        f"GetThing @ Thing {parameters}",
        "ListThings Things[] Summary",
        Thing=(*THING, *members),
        Summary=members,
    )
    binding = only(thing(*KEYED), made).binding
    assert binding is not None
    assert text(binding.listing) == "ListThings Things[] ThingId=ThingId"


def test_listing_supplies_integers_by_their_exact_name() -> None:
    """The number of a version is not the name of what it is a version of."""
    number = made_member("Number", "int64", "")
    made = index(
        "GetThing @ Thing ThingName! Number!",
        "ListThings S[] Summary",
        Thing=(*THING, number),
        Summary=(*SUMMARY, number),
    )
    operation = made.operations["GetThing"]
    strings = {"ThingName": operation.parameters["ThingName"]}
    changed = replace(operation, parameters=strings, numbers={"Number": ""})
    made = replace(made, operations={**made.operations, "GetThing": changed})
    binding = only(thing(*KEYED), made).binding
    assert binding is not None
    assert text(binding.listing) == "ListThings S[] ThingName=ThingName Number=Number"
    unlisted = replace(made, structures={**made.structures, "Summary": SUMMARY})
    binding = only(thing(*KEYED), unlisted).binding
    assert binding is not None
    assert binding.listing is None


def test_listing_supplies_the_version_of_a_version() -> None:
    """``version`` is the version that ``thingVersion`` takes, if versions of things are listed."""
    made = index(
        "GetThingVersion @ Thing thingVersion!",
        "ListThingVersions S[] Summary",
        Thing=THING,
        Summary=(made_member("arn", "string", ""), made_member("version", "string", "")),
    )
    binding = only(thing(*KEYED, name="made_thing_version"), made).binding
    assert binding is not None
    assert text(binding.listing) == "ListThingVersions S[] thingVersion=version"


@pytest.mark.parametrize(
    ("pattern", "member"), [("arn:.+", "Arn"), ("[a-z]{8}", "Id"), ("", "Id"), ("[0-9]", "")]
)
def test_listing_supplies_what_the_pattern_of_a_parameter_takes(pattern: str, member: str) -> None:
    """An identifier is an id, unless the pattern of the parameter takes ARNs only."""
    given = (
        replace(made_member("Arn", "string", ""), pattern="arn:aws:made:.*"),
        replace(made_member("Id", "string", ""), pattern="[a-z]+"),
    )
    made = index(
        "GetThing @ Thing ThingIdentifier!", "ListThings S[] Summary", Thing=THING, Summary=given
    )
    operation = made.operations["GetThing"]
    taken = replace(operation.parameters["ThingIdentifier"], pattern=pattern)
    changed = replace(operation, parameters={"ThingIdentifier": taken})
    made = replace(made, operations={**made.operations, "GetThing": changed})
    binding = only(thing(*KEYED), made).binding
    assert binding is not None
    assert text(binding.listing) == (f"ListThings S[] ThingIdentifier={member}" if member else "")


def test_listing_of_the_same_version_is_preferred() -> None:
    """``ListThingsV2`` lists for ``DescribeThingV2``, because ``ListThings`` may not know all things."""
    operations = ["ListThings Things[] Summary", "ListThingsV2 Things[] Summary"]
    described = "DescribeThingV2 @ Thing ThingName!"
    assert listing(described, *operations) == "ListThingsV2 Things[] ThingName=ThingName"
    described = "DescribeThing @ Thing ThingName!"
    assert listing(described, *operations) == "ListThings Things[] ThingName=ThingName"


def test_listing_narrows_a_wider_call_to_the_item() -> None:
    """An operation that takes its parent, and the item if that is wanted, is called for each item that a
    listing of everything returns: parents of other kinds have no such items. A listing that takes the
    parent itself saves no call."""
    part = (made_member("OwnerArn", "string", ""), made_member("ThingArn", "string", ""))
    operations = ("DescribeThings T[] Part OwnerArn! ThingArns[]", "ListOwners O[] Owner")

    def found(*more: str) -> str:
        made = index(*operations, *more, Part=(*THING, *part), Owner=part[:1])
        binding = only(thing(*KEYED), made).binding
        assert binding is not None
        assert binding.operation == "DescribeThings"
        return text(binding.listing)

    assert found("ListThings S[] Part") == "ListThings S[] OwnerArn=OwnerArn ThingArns=ThingArn"
    assert found("ListThings S[] Part OwnerArn!") == "ListOwners O[] OwnerArn=OwnerArn"
    assert found() == "ListOwners O[] OwnerArn=OwnerArn"


@pytest.mark.parametrize(
    ("own", "of_status", "member"),
    [
        ("thenameorthearnofit", "forashadowthingyoumustspecifyitsarn", "ThingArn"),
        ("youmustusethearn", "thename", "ThingArn"),
        ("thenameorthearnofit", "thenameorthearnofit", "ThingName"),
        ("thenameofit", "forashadowthingyoumustspecifyitsarn", "ThingName"),
    ],
)
def test_listing_supplies_the_arn_where_a_name_is_not_enough(
    own: str, of_status: str, member: str
) -> None:
    """The documentation of a parameter says that some resources are only found by their ARN, or that of
    the same parameter of an operation for a part of the resource."""
    operations = [
        f"GetThing @ Thing Name!:{own}",
        f"GetThingStatus @ Longer Name!:{of_status}",
        "ListThings S[] Summary",
    ]
    assert listing(*operations) == f"ListThings S[] Name={member}"
