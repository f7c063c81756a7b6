"""How many items one call takes."""

from __future__ import annotations

import pytest

from schemagen.api_models import botocore
from schemagen.api_models.calls.batches import batch, documented_maximum
from schemagen.api_models.calls.signature import Signature, SignatureMember
from schemagen.runtime.calls import Limit


@pytest.mark.parametrize(
    ("documentation", "expected"),
    [
        ("<p>A list of up to 100 cluster names.</p>", 100),
        ("A list of services. You may specify up to 10 services in a single operation.", 10),
        ("The names. The maximum number of names is 1,000.", 1000),
        ("The ids, at most 25 of them. Each id has up to 64 characters.", 25),
        ("A list of names.", None),
        ("Up to 10 ids, or up to 20 names.", None),
        ("The ids. Up to 50 results are returned.", None),
        ("Names of up to 128 characters.", None),
        ("Waits for up to 5 minutes.", None),
    ],
)
def test_documented_maximum_counts_items_only(documentation: str, expected: int | None) -> None:
    """A number counts if it limits the items: not what a page holds, not lengths or times, and not
    where there are several."""
    assert documented_maximum(documentation) == expected


def test_batch_prefers_constraints_and_is_none_for_single_values() -> None:
    """The model's constraint goes before the documentation; without both the maximum is unknown;
    what is not a list takes one item."""
    text = "up to 10 names"
    operation = Signature(
        "DescribeThings",
        {
            "Both": SignatureMember("list", "string", maximum=5, documentation=text),
            "Text": SignatureMember("list", "string", documentation=text),
            "Neither": SignatureMember("list", "string"),
            "Name": SignatureMember("string", maximum=64),
        },
    )
    assert batch(operation, "Both") == Limit("Both", 5)
    assert batch(operation, "Text") == Limit("Text", 10)
    assert batch(operation, "Neither") == Limit("Neither")
    assert batch(operation, "Name") is None
    assert batch(operation, "Missing") is None


@pytest.mark.parametrize(
    ("service", "operation", "parameter", "maximum"),
    [
        ("ecs", "DescribeServices", "services", 10),
        ("ecs", "DescribeClusters", "clusters", 100),
        ("ecs", "DescribeTasks", "tasks", 100),
        ("ssm", "GetParameters", "Names", 10),
        ("athena", "BatchGetQueryExecution", "QueryExecutionIds", 50),
        ("athena", "BatchGetNamedQuery", "NamedQueryIds", 50),
        ("elbv2", "DescribeTags", "ResourceArns", 20),
        ("codebuild", "BatchGetProjects", "names", 100),
        ("elb", "DescribeTags", "LoadBalancerNames", 20),
    ],
)
def test_batch_of_real_operations(
    service: str, operation: str, parameter: str, maximum: int
) -> None:
    """Constraints and documentation of botocore's models lead to the limits that AWS documents."""
    found = batch(botocore.signature(service, operation), parameter)
    assert found == Limit(parameter, maximum)
