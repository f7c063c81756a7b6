"""Tables whose columns are keys of a map, from pages to rows: bound, built, and filled with what moto
answers. No page of the corpus has such columns, so the pages are made here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from moto import mock_aws

import handmade
import once
from aws_reader import ACCOUNT, REGION, Reader, client
from corpus_package import Mapper
from projects import page, pages
from schemagen import api
from schemagen.lockfile import lock
from schemagen.model.bindings import Binding

QUEUE = {
    "_key": "string",
    "account_id": "string",
    "approximate_number_of_messages": "int64",
    "created_timestamp": "timestamp",
    "delay_seconds": "int64",
    "fifo_queue": "bool",
    "maximum_message_size": "string",
    "policy": "json",
    "queue_arn": "string",
    "sqs_managed_sse_enabled": "bool",
}
TOPIC = {
    "_key": "string",
    "account_id": "string",
    "display_name": "string",
    "effective_delivery_policy": "json",
    "fifo_topic": "bool",
    "owner": "string",
    "subscriptions_confirmed": "int64",
    "tags": "hstore",
    "topic_arn": "string",
}


@dataclass(frozen=True)
class Made:
    """The bindings of the two tables, by id, and the package that was made of them."""

    bindings: Mapping[str, Binding]
    package: handmade.Package

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of all resources, read as the binding says."""
        mapper = cast("Mapper", self.package.module(f"mappers.aws.{table}"))
        return Reader(self.bindings[f"aws.{table}"], {}, {}).rows(mapper)


@pytest.fixture(scope="module")
def made(filled_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The two tables, bound and built."""
    folder = tmp_path_factory.mktemp("maps")
    texts = {
        f"ddsql/{table}.md": page(
            table, *(f"T | {name} | core | {type} |" for name, type in columns.items())
        )
        for table, columns in (("aws.sqs_queue", QUEUE), ("aws.sns_topic", TOPIC))
    }
    settings = api.settings(pages(folder, texts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(once.linked(filled_cache, folder / "cache")))
        assert api.bind(settings).findings == ()
    bindings = {
        binding.table: binding
        for path in sorted(settings.bindings.rglob("*.json"))
        for binding in lock.read(path.name, path.read_bytes()).bindings
    }
    with handmade.imported(folder, "map_schemas", handmade.inside(api.render(settings))) as package:
        yield Made(bindings, package)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account of moto, and credentials that are worth nothing anywhere else."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield


@pytest.mark.usefixtures("aws")
def test_mapper_converts_the_attributes_of_queues(made: Made) -> None:
    """Numbers, booleans, times and documents, which are strings in the map of a queue's
    attributes, become values of their columns; attributes that a queue lacks are None."""
    sqs = client("sqs")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    plain = {"DelaySeconds": "7", "Policy": json.dumps(policy), "SqsManagedSseEnabled": "true"}
    url = sqs.create_queue(QueueName="plain", Attributes=plain)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=0)
    sqs.create_queue(QueueName="first.fifo", Attributes={"FifoQueue": "true"})
    found = {row["queue_arn"].rpartition(":")[2]: row for row in made.rows("sqs_queue")}
    row = found["plain"]
    created = row.pop("created_timestamp")
    assert abs((datetime.now(UTC) - created).total_seconds()) < 600
    assert row == {
        "_key": f"arn:aws:sqs:{REGION}:{ACCOUNT}:plain",
        "account_id": ACCOUNT,
        "approximate_number_of_messages": 1,
        "delay_seconds": 7,
        "fifo_queue": None,
        "maximum_message_size": row["maximum_message_size"],
        "policy": policy,
        "queue_arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:plain",
        "sqs_managed_sse_enabled": True,
    }
    assert found["first.fifo"]["fifo_queue"] is True
    assert found["first.fifo"]["policy"] is None


@pytest.mark.usefixtures("aws")
def test_mapper_converts_the_attributes_of_topics(made: Made) -> None:
    """The keys of a topic's attributes are those that the documentation lists; its tags are
    listed with the ARN that is one of them."""
    sns = client("sns")
    arn = sns.create_topic(
        Name="news", Attributes={"DisplayName": "News"}, Tags=[{"Key": "k", "Value": "v"}]
    )["TopicArn"]
    [row] = made.rows("sns_topic")
    assert isinstance(row.pop("effective_delivery_policy"), dict)
    assert row == {
        "_key": arn,
        "account_id": ACCOUNT,
        "display_name": "News",
        "fifo_topic": row["fifo_topic"],
        "owner": ACCOUNT,
        "subscriptions_confirmed": 0,
        "tags": {"k": "v"},
        "topic_arn": arn,
    }
