"""Indexes that are built from botocore's models."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.model import ServiceModel

from schemagen.api_models import botocore
from schemagen.api_models.botocore import build_index, service_api
from schemagen.api_models.index import IndexedItem
from schemagen.lockfile.notation import type_text


def test_build_index_has_items_and_parameters_of_read_operations() -> None:
    """The index has read operations, their required parameters, and every structure of a response."""
    made = build_index("ec2")
    instances = IndexedItem("DescribeInstances", "Reservations[].Instances[]", "Instance")
    assert instances in made.items
    assert IndexedItem("DescribeInstances", "@", "DescribeInstancesResult") in made.items
    assert "ImageId" in {member.name for member in made.structures["Instance"]}
    assert made.operations["DescribeInstances"].required == ()
    assert "InstanceIds" in made.operations["DescribeInstances"].lists
    assert "RunInstances" not in made.operations
    tags = build_index("route53").operations["ListTagsForResource"]
    assert tags.required == ("ResourceType", "ResourceId")
    assert tags.values_of("ResourceType") == ("healthcheck", "hostedzone")
    assert (tags.verb.name, tags.noun) == ("List", "TagsForResource")


def test_build_index_says_which_parameters_take_ids_as_paths() -> None:
    """botocore removes the path from the ids of some parameters, not from those of every one."""
    made = build_index("route53")
    assert made.operations["GetHostedZone"].parameters["Id"].takes_path
    assert not made.operations["ListTagsForResource"].parameters["ResourceId"].takes_path
    holding = {
        (structure, member.name)
        for structure, members in made.structures.items()
        for member in members
        if member.holds_path
    }
    assert holding == {("HostedZone", "Id"), ("DelegationSet", "Id")}


def test_build_index_has_lists_of_strings_and_pagination() -> None:
    """The index has the lists of strings in responses, and the paths that paginators collect."""
    made = build_index("dynamodb")
    assert IndexedItem("ListTables", "TableNames[]", "") in made.string_lists
    assert made.operations["ListTables"].collected_paths == ("TableNames",)
    assert made.operations["DescribeTable"].collected_paths == ()
    streams = build_index("kinesis").operations["ListStreams"]
    assert streams.collected_paths == ("StreamNames", "StreamSummaries")
    # A service without paginators.
    assert build_index("sagemaker-metrics").operations["BatchGetMetrics"].collected_paths == ()


def test_build_index_has_the_values_of_maps() -> None:
    """Structures that are the values of a map are items, unless a path without maps leads to them."""
    made = build_index("inspector")
    assert IndexedItem("DescribeExclusions", "exclusions{}", "Exclusion") in made.items
    assert "recommendation" in made.by_name["Exclusion"]
    found = [item.path for item in build_index("pinpoint").items if item.operation == "GetChannels"]
    assert found == ["@", "ChannelsResponse", "ChannelsResponse.Channels{}"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("exclusions", "DescribeExclusionsResponse.exclusions is a map: write exclusions{}"),
        ("exclusions[]", "DescribeExclusionsResponse.exclusions is a map: write exclusions{}"),
        ("exclusions{}.arn[]", "Exclusion.arn is not a list: remove the [] after it"),
    ],
)
def test_element_at_refuses_paths_with_wrong_marks(path: str, message: str) -> None:
    """A path has the mark of each list and map that it leads through."""
    service = service_api("inspector")
    assert "scopes" in (service.element_at("DescribeExclusions", "exclusions{}").members or ())
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        service.element_at("DescribeExclusions", path)


def keys(service: str, structure: str) -> dict[str, tuple[str, str]]:
    """The values at keys of maps that the index has of a structure, with type and words."""
    found = build_index(service).structures[structure]
    return {
        member.name: (type_text(member.shape), member.words)
        for member in found
        if "[" in member.name
    }


def test_build_index_has_the_enumerated_keys_of_a_map() -> None:
    """Every key of the enumeration except the one that requests all, with the type of the map's
    values. The key is the member's folded name, and the map stays a member."""
    queue = keys("sqs", "GetQueueAttributesResult")
    assert len(queue) == 21
    assert queue["Attributes[QueueArn]"] == ("string", "")
    assert "Attributes[All]" not in queue
    account = keys("iam", "GetAccountSummaryResponse")
    assert account["SummaryMap[MFADevicesInUse]"] == ("int64", "")
    members = build_index("sqs").structures["GetQueueAttributesResult"]
    assert [member.folded_name for member in members][:2] == ["attributes", "policy"]


def test_build_index_has_the_documented_keys_of_a_map() -> None:
    """If keys are any string, the index has those that lists in the documentation describe, with
    their descriptions, except for inner lists."""
    topic = keys("sns", "GetTopicAttributesResponse")
    assert topic["Attributes[TopicArn]"] == ("string", "thetopicsarn")
    assert topic["Attributes[KmsMasterKeyId]"][1].startswith("theidofanamazonwebservices")
    assert set(topic) == {
        f"Attributes[{name}]"
        for name in (
            *("DeliveryPolicy", "DisplayName", "EffectiveDeliveryPolicy", "MaximumMessageSize"),
            *("Owner", "Policy", "SignatureVersion", "SubscriptionsConfirmed"),
            *("SubscriptionsDeleted", "SubscriptionsPending", "TopicArn", "TracingConfig"),
            *("KmsMasterKeyId", "ArchivePolicy", "BeginningArchiveTime"),
            *("ContentBasedDeduplication", "FifoTopic"),
        )
    }


def test_build_index_takes_no_keys_from_lists_about_other_things() -> None:
    """Lists that describe structures, or the values of lists, have no keys."""
    assert keys("dynamodb", "BatchGetItemOutput") == {}
    assert keys("secretsmanager", "DescribeSecretResponse") == {}


def test_build_index_leaves_out_keys_that_share_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key with the name of a member or of another map's key, or that the lock could not write, is
    left out; the others stay, with their descriptions. Inner lists have no keys."""
    listed = "<ul><li><p><code>Owner</code> - Who.</p></li> <li><code>b</code>: B"
    listed += "<ul><li><code>inner</code> I</li></ul></li></ul>"
    shapes: dict[str, Any] = {
        "Out": {
            "type": "structure",
            "members": {
                "Owner": {"shape": "Text"},
                "First": {"shape": "Map", "documentation": listed},
                "Second": {"shape": "Keyed"},
            },
        },
        "Text": {"type": "string"},
        "Key": {"type": "string", "enum": ["All", "B", "c_d", "e f"]},
        "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
        "Keyed": {"type": "map", "key": {"shape": "Key"}, "value": {"shape": "Text"}},
    }
    get = {"Get": {"name": "Get", "output": {"shape": "Out"}}}

    def made(service: str) -> ServiceModel:
        return ServiceModel({"metadata": {}, "operations": get, "shapes": shapes}, service)

    monkeypatch.setattr(botocore, "service_model", made)
    assert keys("made", "Out") == {"Second[c_d]": ("string", "")}
    del shapes["Out"]["members"]["Owner"], shapes["Key"]["enum"][1]
    assert keys("made", "Out") == {
        "First[Owner]": ("string", "who"),
        "First[b]": ("string", "b"),
        "Second[c_d]": ("string", ""),
    }
