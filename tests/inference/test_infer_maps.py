"""Columns that are the keys of a map in a response."""

from __future__ import annotations

import pytest

from made_services import KEYED, SIZED, THING, index, made_member, only, thing, typed
from schemagen.api_models.cache import Indexes
from schemagen.api_models.index import IndexedMember
from schemagen.inference.infer import infer
from schemagen.model.bindings import Binding, BoundColumn, DerivedColumn, Listing

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


def test_documented_keys_of_a_map_fill_columns(indexes: Indexes) -> None:
    """A topic is a map whose keys are documented: its ARN is one of them, from which key and account are
    derived, and with which ListTagsForResource is called."""
    rows = [f"{name} {type}" for name, type in TOPIC.items()]
    columns = ("_key string", "account_id string", *rows, "tags hstore")
    table = thing(*columns, name="sns_topic")
    found = infer(typed(table), indexes)
    assert found.findings == ()
    binding = found.binding
    assert binding is not None
    assert (binding.service, binding.operation, binding.path) == ("sns", "GetTopicAttributes", "@")
    own = {column.column: column.member for column in binding.columns if column.operation is None}
    keys = {name: name.title().replace("_", "") for name in TOPIC}
    assert own == {name: f"Attributes[{key}]" for name, key in keys.items()}
    assert binding.derived == (
        DerivedColumn("_key", "arn", "Attributes[TopicArn]"),
        DerivedColumn("account_id", "account_from_arn", "Attributes[TopicArn]"),
    )
    assert [enrichment.arguments for enrichment in binding.enrichments] == [
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
def test_texts_at_map_keys_fill_columns_of_other_types(type: str) -> None:
    """A text at a key fills a column of another type; a member that is a text fills only a text column."""
    at_key = bound(type, made_member("Attributes[Weight]", "string", ""))
    assert BoundColumn("weight", "Attributes[Weight]", "name") in at_key.columns
    member = bound(type, made_member("Weight", "string", ""))
    assert (member.unbound == ()) == (type == "string")


@pytest.mark.parametrize("type", ["float64", "hstore", "hstore_csv", "array<string>"])
def test_texts_at_map_keys_do_not_fill_columns_of_ambiguous_formats(type: str) -> None:
    """Types whose text form is not certain are not guessed."""
    assert bound(type, made_member("Attributes[Weight]", "string", "")).unbound == ("weight",)


def test_other_values_at_map_keys_keep_their_types() -> None:
    """Only texts are converted to another type."""
    assert bound("int64", made_member("Counts[WEIGHT]", "int64", "")).unbound == ()
    assert bound("string", made_member("Counts[WEIGHT]", "int64", "")).unbound == ("weight",)


@pytest.mark.parametrize(("text", "by"), [("", ()), ("theweightofthething", ("GetMore",))])
def test_map_keys_of_other_responses_need_documentation(text: str, by: tuple[str, ...]) -> None:
    """Keys are common words: in another operation's response, the name alone is no evidence."""
    made = index(
        "GetThing @ Thing ThingName!",
        "GetMore @ More ThingName!",
        Thing=THING,
        More=(made_member("Attributes[Weight]", "string", text),),
    )
    binding = only(thing(*KEYED, "weight int64 The weight of the thing."), made).binding
    assert binding is not None
    assert tuple(enrichment.operation for enrichment in binding.enrichments) == by


@pytest.mark.parametrize(
    ("parameter", "column", "requested"),
    [
        ("AttributeNames[]=All|Weight", "weight int64", True),
        ("AttributeNames[]=All|Arn", "account_id string", True),
        ("AttributeNames[]=Weight|Arn", "weight int64", False),
        ("AttributeNames[]=All|Height", "weight int64", False),
        ("AttributeNames[]!=All|Weight", "weight int64", False),
        ("AttributeNames=All|Weight", "weight int64", False),
    ],
)
def test_inclusion_parameters_request_all_keys(
    parameter: str, column: str, requested: bool
) -> None:
    """An optional list of keys whose enumeration has a value for all keys gets that value if columns are
    made from such keys, directly or by a rule."""
    members = (
        made_member("Attributes[Weight]", "string", ""),
        made_member("Attributes[Arn]", "string", ""),
        made_member("Size", "int64", ""),
    )
    made = index(f"GetThing @ Thing {parameter}", Thing=members)
    binding = only(thing(SIZED, column), made).binding
    assert binding is not None
    assert binding.unbound == ()
    assert binding.constants == ((("AttributeNames", ("All",)),) if requested else ())


def test_listing_skips_map_keys_of_its_elements() -> None:
    """A listing supplies members of its elements, because callers read them without the lock."""
    listed = (made_member("Attributes[ThingName]", "string", ""),)
    operations = ("GetThing @ Thing ThingName!", "ListThings Things[] Listed")
    made = index(*operations, Thing=THING, Listed=listed)
    binding = only(thing(*KEYED), made).binding
    assert binding is not None
    assert binding.listing is None
    plain = (made_member("ThingName", "string", ""),)
    binding = only(thing(*KEYED), index(*operations, Thing=THING, Listed=plain)).binding
    assert binding is not None
    assert binding.listing is not None
