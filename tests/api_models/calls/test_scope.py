"""What part of an account calls cover."""

from __future__ import annotations

import pytest

from schemagen.api_models import botocore
from schemagen.api_models.calls.rows import EVERY
from schemagen.api_models.calls.scope import (
    FILE,
    REGIONAL,
    Endpoint,
    Partition,
    parse,
    scope,
    service_scope,
)
from schemagen.runtime.calls import Scope

AWS = Partition("aws", ("us-east-1", "eu-west-1"), "us-east-1")
CHINA = Partition("aws-cn", ("cn-north-1", "cn-northwest-1"), "cn-northwest-1")
SMALL = Partition("aws-eusc", ("eusc-de-east-1",), "eusc-de-east-1")


def test_service_scope_is_global_where_regions_share_an_endpoint() -> None:
    """One endpoint for all regions of a partition makes a service global there, in the region that
    requests are signed for, or in the partition's own; a single region proves nothing."""

    def endpoint(region: str) -> Endpoint:
        if region.startswith("cn"):
            return Endpoint("https://thing.cn")
        return Endpoint("https://thing.aws", "us-west-2")

    assert service_scope((AWS, CHINA, SMALL), endpoint) == Scope(
        "global", (("aws", "us-west-2"), ("aws-cn", "cn-northwest-1"))
    )


def test_service_scope_is_regional_otherwise() -> None:
    """An endpoint of each region, or rules that need more than the region, make no service global."""
    assert service_scope((AWS, CHINA), lambda region: Endpoint(f"https://{region}")) == REGIONAL
    assert service_scope((AWS, CHINA), lambda region: None) == REGIONAL
    scope = service_scope((AWS, CHINA), lambda region: Endpoint(region if region[0] != "c" else ""))
    assert scope == REGIONAL


@pytest.mark.parametrize(
    ("service", "operation", "kind", "region"),
    [
        ("iam", "ListRoles", "global", "us-east-1"),
        ("route53", "ListHostedZones", "global", "us-east-1"),
        ("networkmanager", "DescribeGlobalNetworks", "global", "us-west-2"),
        ("globalaccelerator", "ListAccelerators", "global", "us-west-2"),
        ("s3", "ListBuckets", "account", None),
        ("s3", "GetBucketPolicy", "regional", None),
        ("ec2", "DescribeRegions", "account", None),
        ("ec2", "DescribeInstances", "regional", None),
        ("acm", "ListCertificates", "regional", None),
    ],
)
def test_scope_of_real_operations(
    service: str, operation: str, kind: str, region: str | None
) -> None:
    """Endpoint rules and the file lead to what AWS documents."""
    found = scope(service, operation, botocore.scope_of_service(service))
    assert (found.kind, found.region("aws")) == (kind, region)


def test_scope_of_global_services_depends_on_the_partition() -> None:
    """China and GovCloud have regions of their own for global services."""
    found = botocore.scope_of_service("iam")
    assert found.region("aws-cn") == "cn-north-1"
    assert found.region("aws-us-gov") == "us-gov-west-1"


def test_rows_name_operations_of_botocore() -> None:
    """Every row is of a service and an operation that botocore has."""
    for service, operation in parse(FILE.read_text("utf-8")):
        names = botocore.service_model(service).operation_names
        assert operation == EVERY or operation in names


def test_values_of_one_region_are_accepted_there_only() -> None:
    """WAF knows the web ACLs of CloudFront in us-east-1, and those of a region in each."""
    found = scope("wafv2", "ListWebACLs", botocore.scope_of_service("wafv2"))
    assert found.kind == "regional"
    assert found.accepts("Scope", "CLOUDFRONT", "us-east-1")
    assert not found.accepts("Scope", "CLOUDFRONT", "eu-west-1")
    assert found.accepts("Scope", "REGIONAL", "eu-west-1")
    assert found.accepts("Other", "CLOUDFRONT", "eu-west-1")


@pytest.mark.parametrize(
    "entries",
    [
        'kind = "planet"',
        'kind = "regional"',
        'kind = "global"',
        'kind = "account"\nregions = { aws = "x" }',
    ],
)
def test_parse_refuses_other_kinds(entries: str) -> None:
    """A kind is "account" without regions or "global" with some."""
    with pytest.raises(ValueError, match=r"s3\.ListThings: kind must be"):
        parse(f'[s3.ListThings]\n{entries}\nsource = "https://docs.aws.amazon.com/"')


def test_parse_refuses_values_of_one_region_of_other_kinds() -> None:
    """What answers for several regions accepts the same everywhere."""
    text = '[s3.ListThings]\nkind = "account"\nonly = { A = { b = "c" } }\n'
    with pytest.raises(ValueError, match=r's3\.ListThings: only is for kind "regional"'):
        parse(f'{text}source = "https://docs.aws.amazon.com/"')
