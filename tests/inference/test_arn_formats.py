"""The registry of ARNs that responses lack, beside botocore's models."""

from __future__ import annotations

from functools import cache

import pytest

from schemagen.api_models.botocore import build_index
from schemagen.api_models.index import ServiceIndex
from schemagen.inference.arguments import asked, is_about_tags
from schemagen.inference.arn_formats import FORMATS, REFERENCES, Built
from schemagen.inference.identity import Identity
from schemagen.model import arn_format
from schemagen.model.arn_format import is_format
from schemagen.names import folded

model = cache(build_index)


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: f"{row.service}.{row.structure}")
def test_a_format_is_filled_by_what_responses_hold(row: Built) -> None:
    """Every row is a format of the reference's notation; its structure is one that botocore's
    responses have, with the members that fill it as strings, and no ARN of its own."""
    item = next(item for item in model(row.service).items if item.structure == row.structure)
    identity = Identity(model(row.service), item, "anything")
    members = {member.name: member.type for member in identity.members.values()}
    for name in (*arn_format.parse(row.format).members, *([row.place] if row.place else [])):
        assert members.get(name) == "string"
        # "/workspaces/${id}" is filled by what identifies, and by no description.
        assert folded(name).endswith(("arn", "id", "identifier", "name"))
    assert identity.arn is None
    assert identity.built is not None


def tag_arguments(row: Built) -> tuple[Identity, list[str]]:
    """What identifies the row's items, and the arguments with which their tags are asked for."""
    item = next(item for item in model(row.service).items if item.structure == row.structure)
    identity = Identity(model(row.service), item, "anything")
    return identity, [
        argument
        for operation in model(row.service).operations.values()
        if is_about_tags(operation) and (asks := asked(identity, operation))
        for _, argument in asks.members
    ]


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: f"{row.service}.{row.structure}")
def test_what_has_no_tags_is_not_asked_for_any(row: Built) -> None:
    """No operation of the service lists the tags of what the reference knows no tags of; where one
    takes a resource's ARN, it is asked with the format for whatever else has one."""
    identity, found = tag_arguments(row)
    assert row.tags or not found
    assert {one for one in found if is_format(one)} <= {getattr(identity.built, "format", "")}


def test_tags_of_most_resources_that_have_some_are_asked_for() -> None:
    """The test above has something to look at, arguments that are formats among it."""
    found = [arguments for row in FORMATS if (arguments := tag_arguments(row)[1])]
    assert len(found) > 150
    assert sum(any(map(is_format, arguments)) for arguments in found) > 100


def test_rows_stand_in_order_and_once() -> None:
    """The registry is sorted, says one thing of a structure, and names the page of each service."""
    keys = [(row.service, row.structure) for row in FORMATS]
    assert keys == sorted(set(keys))
    assert [*REFERENCES] == sorted({row.service for row in FORMATS})


@pytest.mark.parametrize(
    ("service", "operation", "path", "expected"),
    [
        ("ec2", "DescribeInstances", "Reservations[].Instances[]", "arn:${Partition}:ec2:${Region}:${Account}:instance/${InstanceId}"),
        ("ec2", "DescribeVpcs", "Vpcs[]", "arn:${Partition}:ec2:${Region}:${OwnerId}:vpc/${VpcId}"),
        # The reference names images without an account, whoever owns them.
        ("ec2", "DescribeImages", "Images[]", "arn:${Partition}:ec2:${Region}::image/${ImageId}"),
        ("ec2", "DescribeVolumes", "Volumes[]", None),
        ("s3", "ListBuckets", "Buckets[]", "arn:${Partition}:s3:::${Name}"),
        ("emr", "ListInstances", "Instances[]", None),
    ],
)  # fmt: skip
def test_the_owner_stands_in_the_arn(
    service: str, operation: str, path: str, expected: str | None
) -> None:
    """The account is the member that is documented as the owner's, where there is one. What has an
    ARN of its own, or none that is known, is not built."""
    found: ServiceIndex = model(service)
    [item] = [one for one in found.items if (one.operation, one.path) == (operation, path)]
    built = Identity(found, item, "anything").built
    assert (built.format if built else None) == expected
