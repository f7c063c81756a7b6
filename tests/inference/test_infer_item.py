"""The item that a table is bound to, in made-up services."""

from __future__ import annotations

import pytest

from expected_bindings import described
from made_services import KEYED, THING, index, made_member, only, thing
from schemagen.inference.infer import ANY_ITEM, ChosenItem


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
