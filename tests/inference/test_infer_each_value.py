"""Columns that are lists of what an operation returns for each value of an enumeration."""

from __future__ import annotations

import pytest

from expected_bindings import described
from made_services import index, made_member, only, thing
from schemagen.api_models.index import ServiceIndex

TEXT = "The contact of the thing, of one kind."
WORDS = "thecontactofthethingofonekind"
TABLE = ("_key string", "account_id string", "thing_name string", f"contacts json {TEXT}")


def service(*parameters: str, text: str = WORDS, shape: str = "#Person") -> ServiceIndex:
    """Make a service whose GetContact takes ``parameters``."""
    return index(
        "GetThing @ Thing ThingName!",
        " ".join(["GetContact @ Found", *parameters]),
        Thing=(made_member("ThingArn", "string", ""), made_member("ThingName", "string", "")),
        Found=(made_member("Contact", shape, text),),
        Person=(made_member("FullName", "string", ""),),
    )


def bound(made: ServiceIndex, *columns: str) -> dict[str, object]:
    binding = only(thing(*(columns or TABLE)), made).binding
    assert binding is not None
    assert binding.operation == "GetThing"
    return {
        "columns": described(binding)["columns"],
        "calls": [
            (call.operation, call.path, dict(call.arguments), dict(call.values))
            for call in binding.enrichments
        ],
    }


def test_plural_column_has_the_member_for_each_value() -> None:
    """The operation is called with each value of the enumeration that it requires, for the item."""
    assert bound(service("ThingName!", "Kind!=BILLING|SECURITY")) == {
        "columns": {
            "thing_name": (None, "ThingName"),
            "contacts": ("GetContact", "Contact"),
        },
        "calls": [
            ("GetContact", "@", {"ThingName": "ThingName"}, {"Kind": ("BILLING", "SECURITY")})
        ],
    }


def test_operations_of_the_account_need_the_documentation() -> None:
    """Without an argument of the item, names are not enough: it may be about something else."""
    found = bound(service("Kind!=BILLING|SECURITY"))
    assert found["calls"] == [("GetContact", "@", {}, {"Kind": ("BILLING", "SECURITY")})]
    assert bound(service("Kind!=BILLING|SECURITY"), *TABLE[:3], "contacts json")["calls"] == []


@pytest.mark.parametrize(
    "made",
    [
        service("ThingName!", "Kind!=BILLING"),
        service("ThingName!", "Kind!"),
        service("ThingName!", "Kind[]!=BILLING|SECURITY"),
        service("ThingName!", "Kind!=A|B", "Level!=C|D"),
        service("Other!", "Kind!=BILLING|SECURITY"),
        service("ThingName!", "Kind!=BILLING|SECURITY", text="thephoneofthethingasitisknown"),
    ],
    ids=["one value", "any value", "a list", "two enumerations", "a stranger", "another text"],
)
def test_other_operations_are_not_called_with_each_value(made: ServiceIndex) -> None:
    """There must be one enumeration with several values, the item has everything else that the operation
    requires, and the documentation does not contradict."""
    assert bound(made)["calls"] == []


def test_singular_column_is_not_what_one_of_several_calls_returns() -> None:
    """Which of the contacts it would be is not known, and the reason says so."""
    made = service("ThingName!", "Kind!=BILLING|SECURITY")
    binding = only(thing(*TABLE[:3], f"contact json {TEXT}"), made).binding
    assert binding is not None
    assert binding.enrichments == ()
    assert dict(binding.reasons) == {
        "contact": "GetContact returns it for one Kind at a time (BILLING, SECURITY); name the value in an "
        "override"
    }


def test_row_is_not_one_of_several_that_another_has_all_of() -> None:
    """Although GetContact fills as many columns, an account has all its contacts, and is one row."""
    made = index(
        "GetDetails @ Details",
        "GetContact @ Found Kind!=BILLING|SECURITY",
        Details=(made_member("Details", "#Person", "thedetailsofwhatismadehere"),),
        Found=(made_member("Contact", "#Person", WORDS),),
        Person=(made_member("FullName", "string", ""),),
    )
    columns = (
        "details json The details of what is made here",
        f"contacts json {TEXT}",
        f"contact json {TEXT}",
    )
    binding = only(thing(*columns, name="made"), made).binding
    assert binding is not None
    assert (binding.operation, binding.unbound) == ("GetDetails", ("contact",))
    [call] = binding.enrichments
    assert dict(call.values) == {"Kind": ("BILLING", "SECURITY")}
    # A table of contacts has a row for each of them.
    contact = only(thing(*columns[2:], name="made_contact"), made).binding
    assert contact is not None
    assert (contact.operation, contact.enrichments) == ("GetContact", ())
