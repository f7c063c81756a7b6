"""Columns that are the keys of a map in a response."""

from __future__ import annotations

import pytest

from made_services import KEYED, SIZED, THING, index, only, thing
from schemagen.api_models.cache import Indexes
from schemagen.api_models.index import IndexedMember
from schemagen.inference.infer import infer
from schemagen.model.bindings import Binding, BoundColumn, DerivedColumn, Listing
from schemagen.typetable import TypeTable

TOPIC = {
    "content_based_deduplication": "bool",
    "delivery_policy": "json",
    "display_name": "string",
    "effective_delivery_policy": "json",
    "fifo_topic": "bool",
    "kms_master_key_id": "string",
    "owner": "string",
    "policy": "json",
    "signature_version": "string",
    "subscriptions_confirmed": "int64",
    "subscriptions_deleted": "int64",
    "subscriptions_pending": "int64",
    "topic_arn": "string",
    "tracing_config": "string",
}


def test_keys_that_documentation_lists(indexes: Indexes) -> None:
    """A topic is what the documentation of a map says that is in it: its ARN makes key and account,
    and asks for the tags."""
    rows = [f"{name} {type}" for name, type in TOPIC.items()]
    columns = ("_key string", "account_id string", *rows, "tags hstore")
    table = thing(*columns, name="sns_topic")
    found = infer(table, TypeTable(), indexes)
    assert found.findings == ()
    binding = found.binding
    assert binding is not None
    assert (binding.service, binding.operation, binding.path) == ("sns", "GetTopicAttributes", "@")
    own = {one.column: one.member for one in binding.columns if one.operation is None}
    called = {name: name.title().replace("_", "") for name in TOPIC}
    assert own == {name: f"Attributes[{key}]" for name, key in called.items()}
    assert binding.derived == (
        DerivedColumn("_key", "arn", "Attributes[TopicArn]"),
        DerivedColumn("account_id", "account_from_arn", "Attributes[TopicArn]"),
    )
    assert [one.arguments for one in binding.enrichments] == [
        (("ResourceArn", "Attributes[TopicArn]"),)
    ]
    assert binding.listing == Listing("ListTopics", "Topics[]", (("TopicArn", "TopicArn"),))
    assert binding.constants == ()


def bound(type: str, *members: IndexedMember) -> Binding:
    table = thing(*KEYED, f"weight {type}")
    binding = only(table, index("GetThing @ Thing", Thing=(*THING, *members))).binding
    assert binding is not None
    return binding


@pytest.mark.parametrize("type", ["string", "int64", "bool", "timestamp", "json"])
def test_texts_of_a_map_are_values_of_all_types(type: str) -> None:
    """A text at a key fills a column of another type; a member that is a text fills a text only."""
    at_key = bound(type, IndexedMember("Attributes[Weight]", "string", ""))
    assert BoundColumn("weight", "Attributes[Weight]", "name") in at_key.columns
    member = bound(type, IndexedMember("Weight", "string", ""))
    assert (member.unbound == ()) == (type == "string")


@pytest.mark.parametrize("type", ["float64", "hstore", "hstore_csv", "array<string>"])
def test_texts_of_a_map_that_are_not_read(type: str) -> None:
    """What a text could mean otherwise is not guessed."""
    assert bound(type, IndexedMember("Attributes[Weight]", "string", "")).unbound == ("weight",)


def test_values_of_a_map_have_the_types_that_they_have() -> None:
    """Only text is read as another type."""
    assert bound("int64", IndexedMember("Counts[WEIGHT]", "int64", "")).unbound == ()
    assert bound("string", IndexedMember("Counts[WEIGHT]", "int64", "")).unbound == ("weight",)


@pytest.mark.parametrize(("text", "by"), [("", ()), ("theweightofthething", ("GetMore",))])
def test_a_key_of_another_response_needs_documentation(text: str, by: tuple[str, ...]) -> None:
    """Keys are common words: in another operation's response, the name alone is no evidence."""
    made = index(
        "GetThing @ Thing ThingName!",
        "GetMore @ More ThingName!",
        Thing=THING,
        More=(IndexedMember("Attributes[Weight]", "string", text),),
    )
    binding = only(thing(*KEYED, "weight int64 The weight of the thing."), made).binding
    assert binding is not None
    assert tuple(one.operation for one in binding.enrichments) == by


@pytest.mark.parametrize(
    ("parameter", "column", "asked"),
    [
        ("AttributeNames[]=All|Weight", "weight int64", True),
        ("AttributeNames[]=All|Arn", "account_id string", True),
        ("AttributeNames[]=Weight|Arn", "weight int64", False),
        ("AttributeNames[]=All|Height", "weight int64", False),
        ("AttributeNames[]!=All|Weight", "weight int64", False),
        ("AttributeNames=All|Weight", "weight int64", False),
    ],
)
def test_all_keys_are_asked_for(parameter: str, column: str, asked: bool) -> None:
    """A list of keys that may be left out, and whose enumeration can ask for all, asks for all where
    columns are made of such keys, directly or by a rule."""
    members = (
        IndexedMember("Attributes[Weight]", "string", ""),
        IndexedMember("Attributes[Arn]", "string", ""),
        IndexedMember("Size", "int64", ""),
    )
    made = index(f"GetThing @ Thing {parameter}", Thing=members)
    binding = only(thing(SIZED, column), made).binding
    assert binding is not None
    assert binding.unbound == ()
    assert binding.constants == ((("AttributeNames", ("All",)),) if asked else ())


def test_the_keys_of_a_list_identify_nothing() -> None:
    """A listing answers with members of its elements, as callers read them without the lock."""
    listed = (IndexedMember("Attributes[ThingName]", "string", ""),)
    operations = ("GetThing @ Thing ThingName!", "ListThings Things[] Listed")
    made = index(*operations, Thing=THING, Listed=listed)
    binding = only(thing(*KEYED), made).binding
    assert binding is not None
    assert binding.listing is None
    plain = (IndexedMember("ThingName", "string", ""),)
    binding = only(thing(*KEYED), index(*operations, Thing=THING, Listed=plain)).binding
    assert binding is not None
    assert binding.listing is not None
