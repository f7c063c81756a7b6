"""The item that a table is bound to, in made-up services."""

from __future__ import annotations

from dataclasses import replace

import pytest

from expected_bindings import described
from made_services import KEYED, THING, Made, index, made_member, only, thing, typed
from schemagen.api_models.index import Directory, fingerprint
from schemagen.inference.infer import ANY_ITEM, ChosenItem, infer


def test_item_of_a_single_result_is_preferred_to_a_list() -> None:
    """If the elements of a list have the same members, the operation that returns one is chosen."""
    made = index("ListThings Things[] Thing", "GetThing Thing Thing ThingName!", Thing=THING)
    found = only(thing(*KEYED), made)
    assert found.findings == ()
    assert found.binding is not None
    assert described(found.binding) == {
        "item": ("made", "GetThing", "Thing"),
        "columns": {"size": (None, "Size"), "thing_name": (None, "ThingName")},
        "derived": {"_key": "ThingArn", "account_id": "ThingArn"},
        "auxiliary": {},
        "unbound": set[str](),
        "listing": "ListThings Things[] (ThingName=ThingName)",
        "constants": {},
    }
    assert [column.evidence for column in found.binding.columns] == ["both", "name"]


def test_equal_items_leave_the_table_unbound() -> None:
    """If two operations return the columns equally well, nothing is bound, and the finding names both."""
    made = index("GetOneThing @ Thing", "GetTwoThing @ Other", Thing=THING, Other=THING)
    found = only(thing(*KEYED), made)
    assert found.binding is None
    assert [str(problem) for problem in found.findings] == [
        "docs/aws.made_thing.md:9:1: SG403 aws.made_thing stays unbound: made's "
        "GetOneThing (@) and made's GetTwoThing (@) match its columns equally well; choose one in "
        "an override"
    ]


def test_service_is_found_by_its_aliases() -> None:
    """The table's name may begin with an alias of the service. Without any name of the service, and
    without documentation, nothing is bound."""
    made = index("GetThing @ Thing", Thing=THING)
    assert only(thing(*KEYED, name="makes_thing"), made).binding is not None
    nothing = only(thing(*KEYED, name="unknown_thing"), made)
    assert nothing.binding is None
    assert [problem.message for problem in nothing.findings] == [
        "aws.unknown_thing stays unbound: made has no service 'unknown', and no read operation returns "
        "its columns; set the service, operation and path in an override"
    ]
    assert nothing.service == "unknown"
    assert nothing.reason in nothing.findings[0].message


def test_operation_whose_name_ends_as_the_table_name_is_preferred() -> None:
    """Of two operations that return the same, the one whose name ends as the table's does is chosen."""
    made = index("GetHouse Thing Thing", "GetSmallThing Thing Thing", Thing=THING)
    binding = only(thing(*KEYED), made).binding
    assert binding is not None
    assert binding.operation == "GetSmallThing"


@pytest.mark.parametrize(
    ("item", "chosen"),
    [
        (ANY_ITEM, "GetThing"),
        (ChosenItem(operation="ListThings"), "ListThings"),
        (ChosenItem("made", "GetOther", "@"), "GetOther"),
        (ChosenItem(path="Things[]"), "ListThings"),
        (ChosenItem(operation="GetNothing"), " at GetNothing"),
        (ChosenItem("unmade"), " at unmade"),
        (ChosenItem("made", "GetThing", "Things[]"), " at made GetThing (Things[])"),
    ],
)
def test_chosen_item_limits_the_inference(item: ChosenItem, chosen: str) -> None:
    """Inference keeps to the chosen item; an operation that is named needs no evidence."""
    made = index(
        "GetThing @ Thing ThingName!", "ListThings Things[] Thing", "GetOther @ Other",
        Thing=THING, Other=(made_member("Else", "string", ""),),
    )  # fmt: skip
    found = only(thing(*KEYED), made, item)
    if found.binding is not None:
        assert found.binding.operation == chosen
    else:
        assert [problem.message for problem in found.findings] == [
            f"aws.made_thing stays unbound: no read operation returns its columns{chosen}; set the "
            "service, operation and path in an override"
        ]


PARTS = (made_member("ThingName", "string", ""), made_member("PartName", "string", ""))


def test_item_with_the_noun_of_the_table_is_preferred_to_one_with_more_enrichments() -> None:
    """A part of a thing has no columns of its own but the thing's name, with which everything else could
    be fetched. Its rows would be parts: things without parts would have none."""
    weight = made_member("Weight", "int64", "theweightofthethingasitwasmeasured")
    made = index(
        "DescribeThing Thing Thing ThingName! OwnerName!",
        "DescribeThingPart @ Part ThingName! PartName!",
        "DescribeThingWeight @ Weighed OwnerName!",
        Thing=THING,
        Part=(*PARTS, made_member("OwnerName", "string", "")),
        Weighed=(weight,),
    )
    page = thing(*KEYED, "weight int64 The weight of the thing, as it was measured.")
    binding = only(page, made).binding
    assert binding is not None
    assert (binding.operation, binding.path) == ("DescribeThing", "Thing")
    assert binding.unbound == ("weight",)


def test_item_without_the_noun_of_the_table_is_chosen_if_it_holds_more_columns() -> None:
    """``ListThings`` returns names only; ``DescribeThingDetails`` returns the columns."""
    made = index(
        "ListThings Things[] Name",
        "DescribeThingDetails @ Thing ThingName!",
        Name=(made_member("ThingName", "string", ""),),
        Thing=THING,
    )
    binding = only(thing(*KEYED), made).binding
    assert binding is not None
    assert binding.operation == "DescribeThingDetails"


def test_singular_and_plural_of_the_noun_of_a_table_are_one_noun() -> None:
    """A table ``made_things`` is about what ``GetThing`` returns as much as ``GetThings``."""
    made = index("GetThings Things[] Thing", "GetThing Thing Thing ThingName!", Thing=THING)
    binding = only(thing(*KEYED, name="made_things"), made).binding
    assert binding is not None
    assert binding.operation == "GetThing"


def test_table_is_bound_to_the_values_of_a_map() -> None:
    """Items of another operation that have members of the same names are another resource, and are
    not bound instead."""
    made = index(
        "DescribeThings Things{} Thing ThingArns[]!",
        "DescribeBricks Bricks[] Brick",
        Thing=THING,
        Brick=THING,
    )
    binding = only(thing(*KEYED), made).binding
    assert binding is not None
    assert (binding.operation, binding.path) == ("DescribeThings", "Things{}")
    assert binding.unbound == ()


@pytest.mark.parametrize(
    ("name", "columns", "bound"),
    [
        ("part_thing", ("thing_name string", "size int64"), True),
        ("part_thing_v2", ("thing_name string", "size int64"), True),
        ("part_thing_v2", ("thing_name string", "size int64", "colour string"), False),
        ("other_thing", ("thing_name string", "size int64"), False),
    ],
)
def test_operation_with_the_whole_name_of_a_table_names_the_service(
    name: str, columns: tuple[str, ...], bound: bool
) -> None:
    """A table without name of a service and without documentation is bound to the item that holds all
    of its columns, if the operation has exactly its name. A version at the end does not count."""
    made = index("DescribePartThings Things[] Thing", Thing=THING)
    services = Made(made)
    services.directory = replace(services.directory, nouns={"partthings": ("made",)})
    found = infer(typed(thing(*columns, name=name)), services)
    assert (found.binding is not None) is bound
    if found.binding:
        assert (found.binding.operation, found.binding.unbound) == ("DescribePartThings", ())


def test_version_of_a_table_is_kept_if_an_operation_has_it() -> None:
    """``ListThingsV2`` is what a table ``thing_v2`` is about, and ``ListThings`` what others are."""
    made = index("ListThingsV2 Things[] Thing", "ListThings Things[] Thing", Thing=THING)
    for name, operation in (
        ("made_thing_v2", "ListThingsV2"),
        ("made_thing", "ListThings"),
        ("made_thing_v3", "ListThings"),
    ):
        binding = only(thing(*KEYED, name=name), made).binding
        assert binding is not None
        assert binding.operation == operation, name


KNOWN = "colour string The colour that the thing was painted in."
OTHER = "state string What the whole of it is doing at this very moment."


@pytest.mark.parametrize(
    ("operation", "columns", "bound"),
    [
        ("GetThing", (KNOWN, OTHER), True),
        ("GetThingDetails", (KNOWN, OTHER), True),
        ("GetOther", (KNOWN, OTHER), False),
        ("GetOther", (KNOWN,), True),
        ("GetOther", ("colour string", "state string"), True),
    ],
    ids=["noun", "beginning of the noun", "other noun", "same documentation", "no documentation"],
)
def test_items_that_are_called_otherwise_have_the_documentation_of_the_page(
    operation: str, columns: tuple[str, ...], bound: bool
) -> None:
    """A table of an operation that botocore lacks has columns such as name, state and colour in common with
    other resources, and even the documentation of some."""
    item = (
        *(
            made_member(name, "string", f"the{name}ofsomethingelse")
            for name in ("Name", "State", "Size")
        ),
        made_member("Colour", "string", "thecolourthatthethingwaspaintedin"),
    )
    described = ("name string The name of it.", "size string How large all of the thing is.")
    others = described if columns == (KNOWN, OTHER) else ()
    found = only(thing(*columns, *others), index(f"{operation} @ Item", Item=item))
    assert (found.binding is not None) == bound
    if not bound:
        assert found.reason == (
            "no read operation returns its columns; the closest, made's GetOther (@), fills 4 of 4, but "
            "its documentation differs from the page's; set the service, operation and path in an override"
        )


def test_items_of_other_services_have_the_documentation_of_the_page() -> None:
    """The service of a table may be one that botocore lacks: a thing of another service is another thing."""
    item = (
        made_member("Name", "string", "thenameofsomethingelse"),
        made_member("Colour", "string", "thecolourthatthethingwaspaintedin"),
    )
    columns = (KNOWN, "name string The name of it.", "place string Where it was put.")
    made = index("GetThing @ Item", Item=item)
    assert only(thing(*columns, name="made_thing"), made).binding is not None
    directory = Directory({"made": ()}, {fingerprint("colour", item[1].words): ("made",)})
    lost = Made(made)
    lost.directory = directory
    assert infer(typed(thing(*columns, name="lost_thing")), lost).binding is None
