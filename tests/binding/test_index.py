"""The index of botocore's models, and its cache."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from botocore.loaders import Loader

from schemagen.binding import index
from schemagen.binding.index import Indexes, Item, words


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
