"""Tables whose columns are members of a response, of which one holds what identifies the row."""

from __future__ import annotations

from typing import Any

import pytest

from expected_bindings import described
from made_services import Made, index, made_member, only, thing, typed
from schemagen.api_models.index import IndexedMember, ServiceIndex
from schemagen.inference.infer import ChosenItem, infer
from schemagen.runtime.convert import snake_case

COLUMNS = ("_key string", "account_id string", "request_id string", "thing json")
REQUEST = made_member("RequestId", "string", "")
PART = (made_member("Arn", "string", ""), made_member("Tags", "map<string>", ""))


Members = tuple[IndexedMember, ...]


def service(
    member: str, *more: str, part: Members = PART, summary: Members = PART, also: Members = ()
) -> ServiceIndex:
    """Make a service whose GetThing returns RequestId, the structure Part as ``member``, and ``also``."""
    response = (REQUEST, made_member(member, "#Part", ""), *also)
    operations = ("GetThing @ Response ThingName!", f"GetThing {member} Part ThingName!", *more)
    return index(*operations, Response=response, Part=part, Summary=summary)


def item_and_key(made: ServiceIndex, column: str = "thing") -> tuple[object, object]:
    """The item of the table made_thing with a column for the structure, and what its key is."""
    table = thing(*COLUMNS[:3], f"{column} json", "tags hstore_csv")
    binding = only(table, made).binding
    assert binding is not None
    found = described(binding)
    derived: Any = found["derived"]
    return found["item"], derived.get("_key")


def test_item_is_the_structure_that_holds_the_arn_of_the_row() -> None:
    """The columns outside that structure are taken from the same response; its tags are the row's."""
    binding = only(thing(*COLUMNS, "tags hstore_csv"), service("Thing")).binding
    assert binding is not None
    assert described(binding) == {
        "item": ("made", "GetThing", "Thing"),
        "columns": {
            "request_id": ("GetThing", "RequestId"),
            "tags": (None, "Tags"),
            "thing": ("GetThing", "Thing"),
        },
        "derived": {"_key": "Arn", "account_id": "Arn"},
        "auxiliary": {"GetThing": ("@", {})},
        "unbound": set[str](),
        "listing": "",
        "constants": {},
    }


@pytest.mark.parametrize(
    ("member", "arn"),
    [
        ("Thing", "Arn"),
        ("ThingSummary", "Arn"),
        ("Metadata", "Arn"),
        ("Configuration", "ThingArn"),
        ("ThingViewDetail", "ThingArn"),
    ],
)
def test_structures_hold_the_identity_by_their_name_or_their_arn(member: str, arn: str) -> None:
    """A structure is about the row if it is called as the resource is, or only what describes one."""
    made = service(member, part=(made_member(arn, "string", ""),))
    column = snake_case(member)
    assert item_and_key(made, column) == (("made", "GetThing", member), arn)


def test_structures_of_other_resources_are_not_the_item() -> None:
    """The ARN of a key, of an owner, or of another resource of the same kind is not the row's."""
    assert item_and_key(service("KmsKey"), "kms_key") == (("made", "GetThing", "@"), None)
    other = service("Owner", part=(made_member("OwnerArn", "string", ""),))
    assert item_and_key(other, "owner") == (("made", "GetThing", "@"), None)
    same = service("TargetThing", part=(made_member("ThingArn", "string", ""),))
    assert item_and_key(same, "target_thing") == (("made", "GetThing", "@"), None)
    part = service("Configuration", part=(made_member("PartArn", "string", ""),))
    assert item_and_key(part, "configuration") == (("made", "GetThing", "@"), None)


def test_items_with_an_own_identity_are_kept() -> None:
    """An item that has an ARN is the row, whatever its structures hold."""
    made = service("Thing", also=(made_member("ThingArn", "string", ""),))
    assert item_and_key(made) == (("made", "GetThing", "@"), "ThingArn")


def test_several_structures_with_an_identity_decide_nothing() -> None:
    """If two structures could be the row, the item stays the response."""
    made = service(
        "Thing", "GetThing Metadata Part ThingName!", also=(made_member("Metadata", "#Part", ""),)
    )
    assert item_and_key(made) == (("made", "GetThing", "@"), None)


def test_identity_is_found_two_structures_deep() -> None:
    """A policy is described in the summary inside of it."""
    made = service(
        "Thing",
        "GetThing Thing.ThingSummary Summary ThingName!",
        part=(made_member("ThingSummary", "#Summary", ""),),
    )
    assert item_and_key(made) == (("made", "GetThing", "Thing.ThingSummary"), "Arn")


def test_chosen_path_is_kept() -> None:
    """An override, and a binding of the lock, name the item by its path, which stays."""
    made = Made(service("Thing"))
    found = infer(typed(thing(*COLUMNS)), made, ChosenItem("made", "GetThing", "@"))
    assert found.binding is not None
    assert (found.binding.path, found.binding.unbound) == ("@", ("_key",))
