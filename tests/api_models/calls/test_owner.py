"""Arguments that limit a listing to what the account owns."""

from __future__ import annotations

import pytest
from botocore.validate import ParamValidator

from schemagen.api_models import botocore
from schemagen.api_models.calls.owner import FILE, owner, parse
from schemagen.api_models.calls.signature import Signature, SignatureMember
from schemagen.runtime.calls import Json

SELF = "Filters by owner: an account's id, or <code>self</code>."


@pytest.mark.parametrize(
    ("name", "member", "expected"),
    [
        ("ResourceOwner", SignatureMember("string", values=("SELF", "OTHER")), "SELF"),
        ("owner", SignatureMember("string", values=("Self", "Shared")), "Self"),
        ("Owners", SignatureMember("list", "string", documentation=SELF), ("self",)),
        ("OwnerIds", SignatureMember("list", "string", documentation=SELF), ("self",)),
        ("Owner", SignatureMember("string", values=("AMAZON", "OTHER")), None),
        ("OwnerId", SignatureMember("string", documentation="The owner itself."), None),
        ("CallAs", SignatureMember("string", values=("SELF", "DELEGATED_ADMIN")), None),
    ],
)
def test_owner_is_self_in_parameters_named_after_it(
    name: str, member: SignatureMember, expected: Json
) -> None:
    """The value comes from the enumeration, or from documentation; other parameters that have such
    a value say something else."""
    arguments = owner("made", Signature("ListThings", {name: member}))
    assert arguments == (() if expected is None else ((name, expected),))


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("ec2", "DescribeImages", {"Owners": ("self",)}),
        ("ec2", "DescribeSnapshots", {"OwnerIds": ("self",)}),
        ("ec2", "DescribeFpgaImages", {"Owners": ("self",)}),
        ("iam", "ListPolicies", {"Scope": "Local"}),
        ("ssm", "ListDocuments", {"Filters": ({"Key": "Owner", "Values": ("Self",)},)}),
        ("ram", "GetResourceShares", {"resourceOwner": "SELF"}),
        ("rds", "DescribeDBSnapshots", {}),
        ("ec2", "DescribeInstances", {}),
        ("cloudformation", "ListStackSets", {}),
    ],
)
def test_owner_of_real_operations(service: str, operation: str, expected: dict[str, Json]) -> None:
    """What would return other accounts' resources is limited; what returns only the account's own
    by itself is not."""
    assert dict(owner(service, botocore.signature(service, operation))) == expected


def thawed(value: Json) -> object:
    """Arguments as boto3 takes them."""
    if isinstance(value, tuple):
        return [thawed(element) for element in value]
    if isinstance(value, dict):
        return {name: thawed(inner) for name, inner in value.items()}
    return value


def test_rows_hold_arguments_that_botocore_accepts() -> None:
    """Every row passes botocore's validation, and its strings are among the enumerations."""
    rows = parse(FILE.read_text("utf-8"))
    assert rows
    for (service, operation), arguments in rows.items():
        shape = botocore.service_model(service).operation_model(operation).input_shape
        assert shape is not None
        given = {name: thawed(value) for name, value in arguments}
        required = dict.fromkeys(shape.required_members, "123456789012")
        errors = ParamValidator().validate({**required, **given}, shape)
        assert not errors.has_errors(), errors.generate_report()
        for name, value in given.items():
            values = botocore.signature(service, operation).parameters[name].values
            assert not values or value in values
