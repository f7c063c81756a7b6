"""Parsing of responses, beside botocore's own parsers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from botocore.awsrequest import HeadersDict
from botocore.parsers import ResponseParserError, create_parser
from botocore.utils import parse_timestamp
from hypothesis import example, given, settings
from hypothesis import strategies as st

import aws_responses
from schemagen.api_models.botocore import service_model
from schemagen.runtime.sync import parsing
from sync.wire import Http, Request, written

moments = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))
zones = st.sampled_from(
    ["", "Z", "z", "+00:00", "-00:00", "+0000", "+05:30", "-08", " GMT", " UTC"]
)
fractions = st.from_regex(r"\A(\.[0-9]{0,12})?\Z")
forms = st.sampled_from(
    ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y%m%dT%H%M%S", "%Y-%m-%d", "%a, %d %b %Y %H:%M:%S"]
)


def formatted(moment: datetime, form: str, fraction: str, zone: str) -> str:
    return moment.strftime(form) + fraction + zone


texts = st.builds(formatted, moments, forms, fractions, zones)
wrong = st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")
numbers = st.floats() | st.integers() | st.booleans()


def outcome(parse: Any, *given: object) -> Any:
    """What a parser makes of something, or the type of its error."""
    try:
        return parse(*given)
    except Exception as error:
        return type(error)


@given(texts | wrong | st.text() | numbers | numbers.map(str))
@example("2025-01-02T03:04:05Z")
@example("2025-01-02T03:04:05.123456789Z")
@example("2025-01-02T24:00:00Z")
@example("2025-01-02T23:59:60Z")
@example("0000-01-02T03:04:05Z")
@example("٢٠٢٥-01-02T03:04:05Z")
@example("1767323045")
@example(1767323045.6785)
@example(-62135596800)
@example(253402300800)
@example(float("nan"))
def test_timestamp_is_what_botocore_makes_of_it(value: object) -> None:
    """Whatever a service sends is the same moment as botocore's, with a zone or without, or the same
    kind of error."""
    ours, theirs = outcome(parsing.timestamp, value), outcome(parse_timestamp, value)
    assert ours == theirs
    assert (getattr(ours, "tzinfo", None) is None) == (getattr(theirs, "tzinfo", None) is None)


@pytest.mark.parametrize(
    "value", ["2025-01-02T03:04:05Z", "2025-01-02T03:04:05.5+00:00", 1767323045, 1767323045.5]
)
def test_usual_timestamps_are_in_utc(value: object) -> None:
    """What services send has the zone that rows are stored in, so that mappers need not convert it."""
    assert parsing.timestamp(value).tzinfo is UTC


def test_local_zones_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers are the same moments wherever the program runs."""
    monkeypatch.setenv("TZ", "America/New_York")
    expected = datetime(2025, 7, 1, tzinfo=timezone(timedelta(hours=2)))
    assert parsing.timestamp(expected.timestamp()) == expected


def test_install_is_for_one_client() -> None:
    """A client with it parses with it; other clients of the session are as they were."""
    session: Any = boto3.Session("a", "b", region_name="eu-west-1")
    clients: list[Any] = [session.client("s3"), session.client("s3")]
    parsing.install(clients[0])
    ours, theirs = (
        client._endpoint._response_parser_factory.create_parser("rest-xml") for client in clients
    )
    shape = service_model("s3").operation_model("ListBuckets").output_shape
    body = (
        b"<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name>"
        b"<CreationDate>2025-01-02T03:04:05.678Z</CreationDate></Bucket></Buckets>"
        b"</ListAllMyBucketsResult>"
    )
    response: dict[str, Any] = {"status_code": 200, "headers": {}, "body": body, "context": {}}
    assert ours.parse(response, shape) == theirs.parse(response, shape)
    assert ours.parse(response, shape)["Buckets"][0]["CreationDate"].tzinfo is UTC
    assert theirs.parse(response, shape)["Buckets"][0]["CreationDate"].tzinfo is not UTC
    assert type(theirs) is type(create_parser("rest-xml"))


def of(service: str) -> tuple[Any, Any]:
    """Our parser of a service and botocore's."""
    protocol = service_model(service).resolved_protocol
    return parsing.factory(service, "").create_parser(protocol), create_parser(protocol)


def agree(service: str, operation: str, response: Http) -> Any:
    """What both parsers make of a response, which must be equal; None if both refuse it. Whatever
    botocore's raises then, ours says that the response cannot be parsed."""
    shape = service_model(service).operation_model(operation).output_shape
    given = {
        "status_code": response.status or 200,
        "headers": HeadersDict(response.headers),
        "body": response.body,
        "context": {"operation_name": operation},
    }
    ours, theirs = (outcome(parser.parse, given, shape) for parser in of(service))
    if isinstance(theirs, type):
        assert ours is ResponseParserError
        return None
    assert ours == theirs
    return ours


OPERATIONS = sorted(
    {
        ("cloudfront", "GetDistribution"),
        ("dynamodb", "DescribeTable"),
        ("dynamodb", "DescribeContinuousBackups"),
        ("ec2", "DescribeInstances"),
        ("ec2", "DescribeVolumes"),
        ("ec2", "GetLaunchTemplateData"),
        ("ecs", "DescribeServices"),
        ("eks", "DescribeCluster"),
        ("elb", "DescribeLoadBalancers"),
        ("emr", "ListInstances"),
        ("iam", "GetPolicyVersion"),
        ("iam", "ListUsers"),
        ("kinesis", "DescribeStreamSummary"),
        ("kms", "DescribeKey"),
        ("lambda", "GetFunction"),
        ("redshift", "DescribeEventSubscriptions"),
        ("route53", "GetHostedZone"),
        ("s3", "GetBucketAcl"),
        ("s3", "GetBucketLifecycleConfiguration"),
        ("s3", "GetBucketNotificationConfiguration"),
        ("s3", "GetBucketPolicy"),
        ("s3", "ListBuckets"),
        ("sagemaker", "DescribeTrainingJob"),
        ("sagemaker", "DescribeDomain"),
        ("secretsmanager", "DescribeSecret"),
        ("sns", "ListPlatformApplications"),
        ("stepfunctions", "DescribeMapRun"),
    }
)


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
@given(st.data())
@settings(max_examples=15, deadline=None)
def test_responses_are_parsed_as_botocore_parses_them(
    service: str, operation: str, data: st.DataObject
) -> None:
    """Responses with any members, written by a server, are equal whoever parses them, in every
    protocol."""
    response = data.draw(aws_responses.random(service, operation))
    request = Request(service, operation, "eu-west-1", "key", {}, Http({}, b""))
    parsed = agree(service, operation, written(request, response))
    assert parsed is None or parsed.keys() >= {"ResponseMetadata"}


def test_full_responses_are_parsed_as_botocore_parses_them() -> None:
    """Every member that a response can have is there, in every protocol."""
    for service, operation in OPERATIONS:
        response = aws_responses.full(service, operation)
        request = Request(service, operation, "eu-west-1", "key", {}, Http({}, b""))
        parsed = agree(service, operation, written(request, response))
        assert parsed is not None
        assert len(parsed) > 1


_ODD = [
    ("ec2", "DescribeInstances", b"<R><reservationSet/></R>"),
    ("ec2", "DescribeInstances", b"<R><other>1</other><nextToken>a</nextToken></R>"),
    (
        "ec2",
        "DescribeInstances",
        b"<R><reservationSet><item/><item><x/></item></reservationSet></R>",
    ),
    ("ec2", "DescribeInstances", b"<R><reservationSet>"),
    (
        "ec2",
        "DescribeInstances",
        b"<R><reservationSet/><reservationSet><item/></reservationSet></R>",
    ),
    ("iam", "ListUsers", b"<R><ListUsersResult><IsTruncated>x</IsTruncated></ListUsersResult></R>"),
    ("iam", "ListUsers", b"<R/>"),
    ("s3", "ListBuckets", b""),
    ("s3", "ListBuckets", b"<R xmlns='u'><Buckets><Bucket><Name/></Bucket></Buckets></R>"),
    ("s3", "GetBucketAcl", b"<R><AccessControlList><Grant/></AccessControlList></R>"),
    ("s3", "GetBucketLifecycleConfiguration", b"<R><Rule><ID>a</ID></Rule><Rule/></R>"),
    ("s3", "GetBucketLifecycleConfiguration", b"<R><Rule><ID>a</ID></Rule></R>"),
    ("sagemaker", "DescribeTrainingJob", b""),
    ("sagemaker", "DescribeTrainingJob", b"{}"),
    ("sagemaker", "DescribeTrainingJob", b"[]"),
    ("sagemaker", "DescribeTrainingJob", b"<html>"),
    ("sagemaker", "DescribeTrainingJob", b'{"New": 1, "CreationTime": null, "VpcConfig": null}'),
    ("sagemaker", "DescribeTrainingJob", b'{"InputDataConfig": [null, {"ChannelName": "a"}]}'),
    (
        "sagemaker",
        "DescribeTrainingJob",
        b'{"InputDataConfig": "a", "HyperParameters": {"a": null}}',
    ),
    ("sagemaker", "DescribeTrainingJob", b'{"VpcConfig": [], "CreationTime": "yesterday"}'),
    (
        "lambda",
        "GetFunction",
        b'{"Configuration": {"Timeout": "3", "Environment": {}}, "Tags": {}}',
    ),
    ("dynamodb", "Scan", b'{"Items": [{"a": {"S": "x"}, "b": {"L": [{"NULL": true}]}, "c": {}}]}'),
    ("dynamodb", "Scan", b'{"Items": [{"a": {"S": "x", "N": "1"}}, {"a": {"NEW": "x"}}]}'),
]


@pytest.mark.parametrize(("service", "operation", "body"), _ODD)
def test_odd_responses_are_parsed_as_botocore_parses_them(
    service: str, operation: str, body: bytes
) -> None:
    """Missing, unknown, repeated, empty and broken values make the same response, or the same error."""
    agree(service, operation, Http({}, body, 200))
    agree(service, operation, Http({}, body, 400))
