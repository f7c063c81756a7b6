"""The members and rules that fill the columns of a table, in made-up services."""

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
from schemagen.model.bindings import BoundColumn, DerivedColumn


def test_documentation_binds_a_member_of_another_name() -> None:
    """A member of another name is bound by its documentation if no other member has the same."""
    table = thing(*KEYED, PAINTED.replace("colour", "paint", 1))
    single = only(table, index("GetThing @ Thing", Thing=(*THING, COLOUR))).binding
    assert single is not None
    assert single.columns[0] == BoundColumn("paint", "Colour", "documentation")
    lining = replace(COLOUR, name="Lining")
    ambiguous = only(table, index("GetThing @ Thing", Thing=(*THING, COLOUR, lining))).binding
    assert ambiguous is not None
    assert ambiguous.unbound == ("paint",)


@pytest.mark.parametrize(
    ("parameters", "text", "unbound"),
    [
        ("WholeId! ThingId!", "", ()),
        ("WholeId!:theidofthewhole ThingId!", "The id of the whole.", ()),
        ("WholeId!:theidofahole ThingId!", "The id of the whole.", ("whole_id",)),
        ("WholeId ThingId!", "", ("whole_id",)),
        ("WholeId[]! ThingId!", "", ("whole_id",)),
    ],
)
def test_required_arguments_fill_columns_of_their_name(
    parameters: str, text: str, unbound: tuple[str, ...]
) -> None:
    """What a resource belongs to is often not in the response: the argument that every call has is the
    column's value, unless documentation says that it is something else."""
    made = index(f"GetThing @ Thing {parameters}", Thing=THING)
    found = only(thing(*KEYED, f"whole_id string {text}"), made)
    assert found.binding is not None
    assert found.binding.unbound == unbound
    given = DerivedColumn("whole_id", "argument_given", parameters=("WholeId",))
    assert (given in found.binding.derived) == (not unbound)


@pytest.mark.parametrize(
    ("type", "member", "bound"),
    [
        ("string", "#Thing", False),
        ("string", "int64", False),
        ("json", "#Thing", True),
        ("json", "string", False),
        ("float64", "int64", True),
        ("array<string>", "list<string>", True),
        ("array<string>", "list<#Thing>", False),
        ("hstore", "map<string>", True),
        ("hstore", "list<#Tag>", True),
        ("hstore_csv", "map<list<string>>", True),
        ("hstore_csv", "list<#Thing>", False),
    ],
)
def test_members_that_do_not_fit_the_column_type_are_not_bound(
    type: str, member: str, bound: bool
) -> None:
    """A name is no evidence for a member that the column's type cannot hold; the finding has both types."""
    made = index(
        "GetThing @ Thing",
        "GetTag @ Tag Nothing!",
        Thing=(*THING, made_member("Odd", member, "")),
        Tag=(made_member("tagKey", "string", ""), made_member("tagValue", "string", "")),
    )
    found = only(thing(*KEYED, f"odd {type}"), made)
    assert found.binding is not None
    assert found.binding.unbound == (() if bound else ("odd",))
    assert [problem.message for problem in found.findings] == (
        []
        if bound
        else [f"aws.made_thing.odd stays unbound: Thing.Odd is {member}, which does not fit {type}"]
    )


@pytest.mark.parametrize(
    ("columns", "members", "derived"),
    [
        ("_key account_id", "ThingArn", "_key=arn ThingArn, account_id=account_from_arn ThingArn"),
        ("_key account_id", "", "account_id=account_given"),
        ("_key account_id", "OwnerId:theaccountthatownsit", ""),
        ("account_id", "OwnerId:whoownsit", "account_id=account_given"),
        ("_key", "ThingArn:thisisonlysupportedforsomethings", ""),
        ("_key", "ResourceARN:thearnofthethingresource", "_key=arn ResourceARN"),
        ("_key", "ResourceARN:thearnoftheotherresource", ""),
    ],
)
def test_key_and_account_are_derived_from_the_arn(columns: str, members: str, derived: str) -> None:
    """The key is the resource's own ARN if all resources have it. The account is taken from that ARN, or
    from a member that is documented as the account, or else from the caller."""
    more = [word.partition(":") for word in members.split()]
    made = index(
        "GetThing @ Thing",
        Thing=(*(made_member(name, "string", words) for name, _, words in more), SIZE, COLOUR),
    )
    table = thing(*(f"{name} string" for name in columns.split()), SIZED, PAINTED)
    binding = only(table, made).binding
    assert binding is not None
    assert derived.split(", " if derived else None) == [
        f"{column.column}={column.rule} {column.member}".strip() for column in binding.derived
    ]


def test_key_without_a_known_arn_is_a_finding() -> None:
    """If nothing is known to be the resource's ARN, the finding says so."""
    found = only(thing("_key string", SIZED), index("GetThing @ Thing", Thing=(SIZE,)))
    assert [problem.message for problem in found.findings] == [
        "aws.made_thing._key stays unbound: Thing has no member for its own ARN, and no ARN format is "
        "known for it; name the member in an override"
    ]


@pytest.mark.parametrize("type", ["json", "map<list<string>>", "#Other", "list<string>"])
def test_json_fills_a_text_column_with_the_same_documentation(type: str) -> None:
    """A text column takes a document or a structure only if both name and documentation agree."""
    for text in ("The policy of the thing, as it was given.", ""):
        words = "".join(text.split()).rstrip(".").replace(",", "").lower()
        made = index("GetThing @ Thing", Thing=(*THING, made_member("Policy", type, words)))
        binding = only(thing(*KEYED, f"policy string {text}".rstrip()), made).binding
        assert binding is not None
        assert binding.unbound == (() if text else ("policy",))
