"""The index of botocore's models, and its cache."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from schemagen.api_models import index, recording
from schemagen.api_models.index import Indexes, Item, words


@pytest.mark.parametrize(
    ("page", "botocore"),
    [
        ("The size, in GiB.", "<p>The size, in <code>GiB</code>.</p>"),
        ("One & two", "<p>One &amp; two</p>"),
        ("Note: Not for\n- a\n- b", "<note><p>Not for</p></note><ul><li>a</li> <li>b</li></ul>"),
        ("an arn of <region>", '<p>an <a href="https://example.com/x">arn</a> of &lt;region&gt;</p>'),
    ],
)  # fmt: skip
def test_copies_of_a_text_agree(page: str, botocore: str) -> None:
    """Tags, entities, labels, white space and punctuation do not count; every word does."""
    assert words(page) == words(botocore)
    assert words(page) != words(f"{botocore} more")
    assert words(page) != ""


def test_places_and_parameters_are_indexed() -> None:
    """Read operations, their required parameters, and every structure that a path leads to."""
    made = index.build("ec2")
    instances = Item("DescribeInstances", "Reservations[].Instances[]", "Instance")
    assert instances in made.items
    assert Item("DescribeInstances", "@", "DescribeInstancesResult") in made.items
    assert "ImageId" in {member.name for member in made.structures["Instance"]}
    assert made.operations["DescribeInstances"].required == ()
    assert "InstanceIds" in made.operations["DescribeInstances"].lists
    assert "RunInstances" not in made.operations
    tags = index.build("route53").operations["ListTagsForResource"]
    assert tags.required == ("ResourceType", "ResourceId")
    assert tags.values == {"ResourceType": ("healthcheck", "hostedzone")}
    assert tags.shapes["ResourceId"] == "TagResourceId"


def test_what_enumerates_is_indexed() -> None:
    """Lists of strings in responses, and what botocore's paginators collect."""
    made = index.build("dynamodb")
    assert Item("ListTables", "TableNames[]", "") in made.texts
    assert made.operations["ListTables"].pages == ("TableNames",)
    assert made.operations["DescribeTable"].pages == ()
    streams = index.build("kinesis").operations["ListStreams"]
    assert streams.pages == ("StreamNames", "StreamSummaries")
    # A service without paginators.
    assert index.build("sagemaker-metrics").operations["BatchGetMetrics"].pages == ()


@pytest.mark.parametrize("broken", [b"", b"[]", b"{}", b'{"name": 1', b"\xff", b'{"aliases": 3}'])
def test_a_broken_cache_is_built_again(tmp_path: Path, broken: bytes) -> None:
    """Whatever a file of the cache holds, the index is right and the file is mended."""
    first = Indexes(tmp_path).of("kms")
    (file,) = Indexes(tmp_path).folder.iterdir()
    good = file.read_bytes()
    file.write_bytes(broken)
    assert Indexes(tmp_path).of("kms") == first
    assert file.read_bytes() == good
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_the_cache_is_read(tmp_path: Path) -> None:
    """What is in the cache is not built again."""
    Indexes(tmp_path).of("kms")
    (file,) = Indexes(tmp_path).folder.iterdir()
    document = json.loads(file.read_bytes())
    file.write_text(json.dumps({**document, "aliases": ["read"]}))
    assert Indexes(tmp_path).of("kms").aliases == ("read",)


def test_models_of_the_user_have_a_cache_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore reads ~/.aws/models before its own: what is added, changed or removed there makes
    another cache, and botocore's own models the old one."""
    models = tmp_path / "models" / "kms" / "2014-11-01"
    paths = [str(tmp_path / "models"), Loader.BUILTIN_DATA_PATH]
    monkeypatch.setattr(Loader, "search_paths", property(lambda self: paths))
    plain = Indexes(tmp_path).folder
    models.mkdir(parents=True)
    assert Indexes(tmp_path).folder == plain
    (models / "service-2.json").write_text("{}")
    added = Indexes(tmp_path).folder
    (models / "service-2.json").write_text("{ }")
    changed = Indexes(tmp_path).folder
    assert len({plain, added, changed}) == 3
    (models / "service-2.json").unlink()
    assert Indexes(tmp_path).folder == plain


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    """A file in the way of the folder, a home that is read-only: the index is built all the same."""
    (tmp_path / "cache").write_text("in the way")
    assert "GetKeyRotationStatus" in Indexes(tmp_path / "cache").of("kms").operations


def test_the_cache_is_where_users_keep_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG_CACHE_HOME is honoured, and has its usual default."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert index.cache_folder() == Path("/somewhere/schemagen")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert index.cache_folder() == Path("/home/somebody/.cache/schemagen")


def keys(service: str, structure: str) -> dict[str, tuple[str, str]]:
    """The values at keys of maps that the index has of a structure, with type and words."""
    found = index.build(service).structures[structure]
    return {one.name: (one.type, one.words) for one in found if "[" in one.name}


def test_enumerated_keys_of_a_map_are_indexed() -> None:
    """Each key of the enumeration, but the one that asks for all, with the type of the map's values;
    they are called as the key, and the map stays a member."""
    queue = keys("sqs", "GetQueueAttributesResult")
    assert len(queue) == 21
    assert queue["Attributes[QueueArn]"] == ("string", "")
    assert "Attributes[All]" not in queue
    account = keys("iam", "GetAccountSummaryResponse")
    assert account["SummaryMap[MFADevicesInUse]"] == ("int64", "")
    members = index.build("sqs").structures["GetQueueAttributesResult"]
    assert [one.called for one in members][:2] == ["attributes", "policy"]


def test_documented_keys_of_a_map_are_indexed() -> None:
    """Where keys are any string, those with which the items of the documentation's lists begin, with
    what is said there; not those of inner lists."""
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


def test_what_documentation_lists_need_not_be_keys() -> None:
    """Lists of what structures hold, or of the values of lists, name no keys."""
    assert keys("dynamodb", "BatchGetItemOutput") == {}
    assert keys("secretsmanager", "DescribeSecretResponse") == {}


def test_a_key_that_two_have_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is called as a member, or as the key of another map, or that the lock could not
    write is left out; the others stay, with what is said of them. Inner lists have no keys."""
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

    monkeypatch.setattr(recording, "service_model", made)
    assert keys("made", "Out") == {"Second[c_d]": ("string", "")}
    del shapes["Out"]["members"]["Owner"], shapes["Key"]["enum"][1]
    assert keys("made", "Out") == {
        "First[Owner]": ("string", "who"),
        "First[b]": ("string", "b"),
        "Second[c_d]": ("string", ""),
    }
