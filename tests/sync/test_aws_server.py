"""The simulated AWS itself: plain boto3 sees pages, accounts and faults as AWS and networks make them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    PaginationError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from sync import aws_server
from sync.aws_server import ACCOUNT, Credentials, Moto, Proxy, Rule, Seen
from sync.world import OTHER_ACCOUNT

REGION = "us-east-1"

LISTINGS = {
    "query": ("iam", "list_roles", "Roles", "RoleName"),
    "query without SDK wrapper": (
        "elb",
        "describe_load_balancers",
        "LoadBalancerDescriptions",
        "LoadBalancerName",
    ),
    "ec2": ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    "json": ("dynamodb", "list_tables", "TableNames", ""),
    "rest-json": ("lambda", "list_functions", "Functions", "FunctionName"),
    "rest-xml": ("route53", "list_hosted_zones", "HostedZones", "Id"),
    "s3": ("s3", "list_buckets", "Buckets", "Name"),
}
"""A listing of each protocol: service, method, list and name of the items."""

listings = pytest.mark.parametrize("protocol", LISTINGS)


@pytest.fixture(scope="module")
def server(moto_server: Moto) -> Iterator[Proxy]:
    """A proxy before an account with seven of everything that `LISTINGS` lists."""
    moto_server.reset()
    proxy = Proxy(moto_server, page=3)
    with proxy.running():
        fill(proxy)
        yield proxy


def fill(proxy: Proxy) -> None:
    iam, ec2, s3 = client(proxy, "iam"), client(proxy, "ec2"), client(proxy, "s3")
    role = ""
    for number in range(7):
        name = f"thing-{number}"
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        client(proxy, "elb").create_load_balancer(
            LoadBalancerName=name,
            Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}],
            AvailabilityZones=[f"{REGION}a"],
        )
        ec2.create_vpc(CidrBlock="10.0.0.0/16")
        client(proxy, "dynamodb").create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        client(proxy, "route53").create_hosted_zone(Name=f"{name}.example.", CallerReference=name)
        s3.create_bucket(Bucket=name)
    for number in range(7):
        client(proxy, "lambda").create_function(
            FunctionName=f"thing-{number}",
            PackageType="Image",
            Code={"ImageUri": "image:1"},
            Role=role,
        )


_CLIENTS: dict[tuple[str, str, str], Any] = {}


def client(proxy: Proxy, service: str, **config: Any) -> Any:
    key = proxy.url, service, repr(config)
    if key not in _CLIENTS:
        _CLIENTS[key] = proxy.client(service, REGION, Credentials(ACCOUNT), **config)
    return _CLIENTS[key]


def listed(proxy: Proxy, protocol: str, **config: Any) -> list[list[str]]:
    """The names of the items of a listing, page by page."""
    service, method, member, name = LISTINGS[protocol]
    pages = client(proxy, service, **config).get_paginator(method).paginate()
    return [[item[name] if name else item for item in page[member]] for page in pages]


def operation(proxy: Proxy, protocol: str) -> str:
    service, method, _, _ = LISTINGS[protocol]
    found: str = client(proxy, service).meta.method_to_api_mapping[method]
    return found


@listings
def test_listings_have_pages_of_the_same_items(server: Proxy, protocol: str) -> None:
    """Pages have three items, the last one fewer; together they are what moto lists at once."""
    pages = listed(server, protocol)
    service, method, member, name = LISTINGS[protocol]
    direct = aws_server.client(service, server.upstream.url, REGION, Credentials(ACCOUNT))
    whole = [item[name] if name else item for item in getattr(direct, method)()[member]]
    assert len(whole) >= 7
    assert [item for page in pages for item in page] == whole
    sizes = [len(page) for page in pages]
    assert sizes == [3] * (len(whole) // 3) + ([len(whole) % 3] if len(whole) % 3 else [])


@pytest.mark.parametrize("protocol", [name for name in LISTINGS if name != "ec2"])
def test_pages_are_as_small_as_a_client_wants(server: Proxy, protocol: str) -> None:
    """A limit below the proxy's is kept. (EC2 takes none below five.)"""
    service, method, member, _ = LISTINGS[protocol]
    paginator = client(server, service).get_paginator(method)
    pages = list(paginator.paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page[member]) for page in pages[:3]] == [2, 2, 2]


CODES = {
    "query": ("ThrottlingException", "AccessDenied", "ExpiredToken"),
    "query without SDK wrapper": ("ThrottlingException", "AccessDeniedException", "ExpiredToken"),
    "ec2": ("RequestLimitExceeded", "UnauthorizedOperation", "RequestExpired"),
    "json": (
        "ProvisionedThroughputExceededException",
        "AccessDeniedException",
        "ExpiredTokenException",
    ),
    "rest-json": ("TooManyRequestsException", "AccessDeniedException", "ExpiredTokenException"),
    "rest-xml": ("ThrottlingException", "AccessDeniedException", "ExpiredToken"),
    "s3": ("SlowDown", "AccessDenied", "ExpiredToken"),
}


@listings
def test_errors_arrive_in_the_form_of_the_protocol(server: Proxy, protocol: str) -> None:
    """boto3 reads code, message and status of every error."""
    actions = (aws_server.throttle, aws_server.deny, aws_server.expire)
    for action, code in zip(actions, CODES[protocol], strict=True):
        with server.rule(Rule(action)), pytest.raises(ClientError) as caught:
            listed(server, protocol)
        response: Any = caught.value.response
        assert response["Error"]["Code"] == code
        assert response["Error"]["Message"]
        assert response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403, 429, 503)
    with (
        server.rule(Rule(aws_server.fail)),
        pytest.raises(ClientError, match="Something is broken"),
    ):
        listed(server, protocol)


def _at_once(self: object, context: object) -> float:
    return 0


@listings
@pytest.mark.parametrize("action", [aws_server.throttle, aws_server.fail, aws_server.unavailable])
def test_botocore_retries_what_passes(
    server: Proxy, protocol: str, action: aws_server.Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second page that fails twice in a row is read at the third time."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", _at_once)
    rule = Rule(action, operation=operation(server, protocol), first=2, times=2)
    with server.rule(rule):
        pages = listed(server, protocol, retries={"mode": "standard", "total_max_attempts": 4})
    assert rule.happened == 2
    assert pages == listed(server, protocol)


@listings
def test_networks_fail_as_networks_do(server: Proxy, protocol: str) -> None:
    """Connections that end and slow answers are errors of botocore's, each its own."""
    with server.rule(Rule(aws_server.hang_up)), pytest.raises(ConnectionClosedError):
        listed(server, protocol)
    with server.rule(Rule(aws_server.delay(5))), pytest.raises(ReadTimeoutError):
        listed(server, protocol, read_timeout=0.2)


SILENT: Mapping[str, tuple[aws_server.Action, ...]] = {
    "json": (aws_server.cut_before_body, aws_server.cut, aws_server.garble),
    "rest-json": (aws_server.cut_before_body, aws_server.cut, aws_server.garble),
    "rest-xml": (aws_server.cut_before_body,),
    "s3": (aws_server.cut_before_body,),
}
"""What botocore takes for an answer without members: a collector has to notice it on its own."""


@listings
@pytest.mark.parametrize("action", [aws_server.cut_before_body, aws_server.cut, aws_server.garble])
def test_broken_bodies_are_errors_or_seem_empty_to_botocore(
    server: Proxy, protocol: str, action: aws_server.Action
) -> None:
    """botocore compares no Content-Length with what came, and reads what is no JSON as an empty
    object: a listing that is cut off has no items then."""
    service, method, member, _ = LISTINGS[protocol]
    with server.rule(Rule(action)):
        if action in SILENT.get(protocol, ()):
            assert member not in getattr(client(server, service), method)()
        else:  # S3 turns it into a status that is retried
            with pytest.raises((ResponseParserError, ClientError)):
                listed(server, protocol)


@listings
def test_tokens_that_repeat_are_noticed_by_botocore(server: Proxy, protocol: str) -> None:
    """The same token again and again ends botocore's own paginators with an error."""
    rule = Rule(aws_server.repeat_token, operation=operation(server, protocol))
    with server.rule(rule), pytest.raises(PaginationError):
        listed(server, protocol)
    assert rule.happened == 2


def test_rules_happen_to_what_they_name(server: Proxy) -> None:
    """A rule of a region, of an account and of arguments leaves all other requests alone."""
    other = aws_server.assume(server.url, OTHER_ACCOUNT)
    rules = (
        Rule(aws_server.deny, service="dynamodb", region="eu-central-1"),
        Rule(aws_server.deny, service="sns", account=OTHER_ACCOUNT),
        Rule(aws_server.deny, operation="DescribeTable", arguments={"TableName": "thing-2"}),
    )
    with server.rule(*rules):
        client(server, "dynamodb").list_tables()
        with pytest.raises(ClientError, match="AccessDenied"):
            server.client("dynamodb", "eu-central-1", Credentials(ACCOUNT)).list_tables()
        client(server, "sns").list_topics()
        with pytest.raises(ClientError, match="AccessDenied"):
            server.client("sns", REGION, other).list_topics()
        client(server, "dynamodb").describe_table(TableName="thing-1")
        with pytest.raises(ClientError, match="AccessDenied"):
            client(server, "dynamodb").describe_table(TableName="thing-2")
    assert [rule.happened for rule in rules] == [1, 1, 1]
    assert server.rules == []


def test_something_happens_between_two_requests(server: Proxy) -> None:
    """An item is gone by the time that it is described."""
    ec2 = client(server, "ec2")
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    direct = aws_server.client("ec2", server.upstream.url, REGION, Credentials(ACCOUNT))
    rule = Rule(
        aws_server.before(lambda _: direct.delete_vpc(VpcId=made)),
        operation="DescribeVpcs",
        times=1,
    )
    with server.rule(rule), pytest.raises(ClientError, match="InvalidVpcID"):
        ec2.describe_vpcs(VpcIds=[made])
    assert rule.happened == 1


def test_accounts_are_separate(server: Proxy) -> None:
    """Assumed credentials lead to an account of their own, and the log tells the accounts apart."""
    other = aws_server.assume(server.url, OTHER_ACCOUNT)
    with server.watched() as seen:
        assert server.client("dynamodb", REGION, other).list_tables()["TableNames"] == []
        assert len(client(server, "dynamodb").list_tables()["TableNames"]) == 3
    assert [(each.account, each.operation) for each in seen] == [
        (OTHER_ACCOUNT, "ListTables"),
        (ACCOUNT, "ListTables"),
    ]
    assert isinstance(seen[0], Seen)
