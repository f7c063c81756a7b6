"""Answers that networks break: a caller never returns what the service did not send.

botocore takes a body that is cut off, or that is not JSON, for an answer without members. To a mirror
that is a listing without items, and everything would be deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.parsers import ResponseParserError

from schemagen.runtime.sync import bodies
from schemagen.runtime.sync.accounts import Account
from schemagen.runtime.sync.errors import Failed
from schemagen.runtime.sync.limiter import Limiter, Limits, Quotas
from schemagen.runtime.sync.sessions import (
    BROKEN_ANSWERS,
    Caller,
    ClientSettings,
    Sessions,
)
from schemagen.runtime.sync.tally import Tally
from sync import aws_server
from sync.aws_server import ACCOUNT, Credentials, Moto, Proxy, Rule
from sync.wire import Http, Request

REGION = "us-east-1"

LISTINGS = {
    "iam": ("ListRoles", "Roles"),
    "ec2": ("DescribeVpcs", "Vpcs"),
    "dynamodb": ("ListTables", "TableNames"),
    "lambda": ("ListFunctions", "Functions"),
    "route53": ("ListHostedZones", "HostedZones"),
    "s3": ("ListBuckets", "Buckets"),
}
"""A listing of each protocol, and the list in its response."""


def html(connection: aws_server.Connection, request: Request) -> None:
    """Answer as a captive portal does."""
    connection.send(Http({"Content-Type": "text/html"}, b"<html>Please log in</html>", 200))


BROKEN = (aws_server.cut, aws_server.cut_before_body, aws_server.garble, html)

services = pytest.mark.parametrize("service", LISTINGS)
broken = pytest.mark.parametrize("action", BROKEN)


@pytest.fixture(scope="module")
def server(moto_server: Moto) -> Iterator[Proxy]:
    moto_server.reset()
    proxy = Proxy(moto_server)
    with proxy.running():
        credentials = Credentials(ACCOUNT)
        proxy.client("iam", REGION, credentials).create_role(
            RoleName="worker", AssumeRolePolicyDocument="{}"
        )
        proxy.client("dynamodb", REGION, credentials).create_table(
            TableName="things",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        yield proxy


@pytest.fixture(scope="module")
def sessions(server: Proxy) -> Sessions:
    return made(server.url)


def made(url: str) -> Sessions:
    limiter = Limiter(Quotas(Limits(), Event()), Event())
    found = Sessions(
        limiter=limiter,
        session=boto3.Session("AKIAMOTO", "none", None, REGION),
        settings=ClientSettings(endpoint_url=url),
    )
    found.identify(Account(id=ACCOUNT, partition="aws"))
    return found


def caller(sessions: Sessions, service: str, tally: Tally) -> Caller:
    return sessions.caller(ACCOUNT, service, REGION, tally)


@services
@broken
def test_call_is_made_again_if_its_answer_is_broken(
    server: Proxy, sessions: Sessions, service: str, action: aws_server.Action
) -> None:
    """A call whose answer is broken once is repeated, and counts as a retry."""
    operation, member = LISTINGS[service]
    whole = caller(sessions, service, Tally())(operation, {})
    assert member in whole
    tally = Tally()
    with server.rule(Rule(action, operation=operation, times=1)):
        answer = caller(sessions, service, tally)(operation, {})
    assert answer[member] == whole[member]
    assert tally.retries == 1


@services
@broken
def test_call_fails_if_its_answers_stay_broken(
    server: Proxy,
    sessions: Sessions,
    service: str,
    action: aws_server.Action,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An answer that stays broken is an error, whatever botocore makes of it."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", _at_once)
    monkeypatch.setattr(Limiter, "pause", _at_once)
    operation, _ = LISTINGS[service]
    rule = Rule(action, operation=operation)
    with server.rule(rule), pytest.raises(Failed):
        caller(sessions, service, Tally())(operation, {})
    assert rule.happened >= BROKEN_ANSWERS


def _at_once(self: object, context: object) -> float:
    return 0


@pytest.mark.parametrize("service", ["dynamodb", "lambda", "s3"])
def test_calls_fail_if_the_body_is_missing(
    server: Proxy, sessions: Sessions, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listing that is answered with nothing, not even an empty object, is not an empty listing."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", _at_once)
    monkeypatch.setattr(Limiter, "pause", _at_once)

    def nothing(connection: aws_server.Connection, request: Request) -> None:
        connection.send(Http({"Content-Length": "0"}, b"", 200))

    operation, _ = LISTINGS[service]
    with server.rule(Rule(nothing, operation=operation)), pytest.raises(Failed, match="no body"):
        caller(sessions, service, Tally())(operation, {})


OTHER_BODIES = {
    "iam": (b"<ErrorResponse><Error><Code>InternalFailure</Code></Error></ErrorResponse>", b"<x/>"),
    "ec2": (
        b"<Response><Errors><Error><Code>InternalError</Code></Error></Errors></Response>",
        b"<Response><RequestID>r</RequestID></Response>",
        b"<x/>",
    ),
    "route53": (b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>",),
    "s3": (b"<html2><body>Please log in</body></html2>", b"<Error><Code>SlowUp</Code></Error>"),
    "dynamodb": (
        b'{"__type": "InternalFailure", "message": "a fault"}',
        b'{"TableNames": {}}',
        b'{"TableNames": "abc"}',
        b"null",
        b"[]",
    ),
    "lambda": (b'{"message": "Forbidden"}', b'{"Functions": ""}', b"null"),
}
"""Bodies that are no listing, although their status says so; botocore finds no items, or wrong ones, in
most."""


@pytest.mark.parametrize(
    ("service", "body"), [(name, body) for name, bodies in OTHER_BODIES.items() for body in bodies]
)
def test_calls_fail_if_the_body_is_of_another_kind(
    server: Proxy,
    sessions: Sessions,
    service: str,
    body: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error of a service or of a proxy is not an empty listing, whatever its status."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", _at_once)
    monkeypatch.setattr(Limiter, "pause", _at_once)

    def other(connection: aws_server.Connection, request: Request) -> None:
        connection.send(Http({"Content-Length": str(len(body))}, body, 200))

    operation, _ = LISTINGS[service]
    with server.rule(Rule(other, operation=operation)), pytest.raises(Failed):
        caller(sessions, service, Tally())(operation, {})


@pytest.mark.parametrize("action", [aws_server.cut, aws_server.cut_before_body, aws_server.garble])
def test_calls_whose_errors_lack_a_code_are_repeated(
    server: Proxy, sessions: Sessions, action: aws_server.Action
) -> None:
    """The code of an error may say that there is nothing to return, so the call is repeated if it was
    lost."""
    server.client("s3", REGION, Credentials(ACCOUNT)).create_bucket(Bucket="coded")
    tally = Tally()
    with (
        server.rule(Rule(action, operation="GetBucketPolicy", times=1)),
        pytest.raises(Failed) as raised,
    ):
        caller(sessions, "s3", tally)("GetBucketPolicy", {"Bucket": "coded"})
    assert raised.value.code == "NoSuchBucketPolicy"
    assert tally.retries == 1


def test_answers_without_members_are_whole(server: Proxy, sessions: Sessions) -> None:
    """An XML document without members is an answer like any other."""
    s3 = server.client("s3", REGION, Credentials(ACCOUNT))
    s3.create_bucket(Bucket="plain")
    answer = caller(sessions, "s3", Tally())("GetBucketVersioning", {"Bucket": "plain"})
    assert answer.keys() == {"ResponseMetadata"}


def test_empty_object_is_a_listing_without_items_if_the_service_repeats_it(
    moto_server: Moto, server: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQS answers so, and SQS's model requires no list; a second call makes certain."""
    monkeypatch.setattr(Limiter, "pause", _at_once)
    tally = Tally()
    # The proxy would add the list.
    answer = caller(made(moto_server.url), "sqs", tally)("ListQueues", {})
    assert answer.keys() == {"ResponseMetadata"}
    assert tally.retries == 1


EMPTY_OBJECTS: dict[str, tuple[str, str, bytes, dict[str, str], str]] = {
    "a body that a proxy made": ("dynamodb", "ListTables", b"{}", {}, "without a request id"),
    "a required list": (
        "sagemaker",
        "ListModels",
        b"{}",
        {"x-amzn-RequestId": "r"},
        "lacks Models",
    ),
    "a required list that is null": (
        *("sagemaker", "ListModels", b'{"Models": null, "NextToken": "t"}'),
        *({"x-amzn-RequestId": "r"}, "lacks Models"),
    ),
}


@pytest.mark.parametrize("name", EMPTY_OBJECTS)
def test_empty_object_that_may_not_be_a_listing_is_refused(
    server: Proxy, sessions: Sessions, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listing that may have been lost on the way would delete everything."""
    service, operation, body, headers, message = EMPTY_OBJECTS[name]
    monkeypatch.setattr(Limiter, "pause", _at_once)

    def empty(connection: aws_server.Connection, request: Request) -> None:
        kind = {"Content-Type": "application/x-amz-json-1.1"}
        connection.send(Http({**kind, **headers}, body, 200))

    rule = Rule(empty, operation=operation)
    with server.rule(rule), pytest.raises(Failed, match=message):
        caller(sessions, service, Tally())(operation, {})
    assert rule.happened == BROKEN_ANSWERS


def test_empty_object_that_is_not_repeated_is_not_taken_for_an_empty_listing(
    server: Proxy, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if a service sent it."""
    monkeypatch.setattr(Limiter, "pause", _at_once)

    def empty(connection: aws_server.Connection, request: Request) -> None:
        connection.send(Http({"x-amzn-RequestId": "r"}, b"{}", 200))

    rule = Rule(empty, operation="ListTables", times=1)
    with server.rule(rule):
        answer = caller(sessions, "dynamodb", Tally())("ListTables", {})
    assert rule.happened == 1
    assert "things" in answer["TableNames"]


@pytest.mark.parametrize(
    ("service", "body", "kind"),
    [
        ("dynamodb", b"<!doctype html>\n<title>500</title>", "a page of HTML"),
        ("dynamodb", b'{"a": 1}', "JSON"),
        ("iam", b"<x/>", "XML"),
        ("iam", b"no", "text"),
    ],
)
def test_errors_without_a_code_say_what_the_body_is(
    server: Proxy,
    sessions: Sessions,
    service: str,
    body: bytes,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever looks for the cause learns whether a service or a proxy answered."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", _at_once)
    monkeypatch.setattr(Limiter, "pause", _at_once)

    def fail(connection: aws_server.Connection, request: Request) -> None:
        connection.send(Http({"Content-Length": str(len(body))}, body, 500))

    operation, _ = LISTINGS[service]
    with server.rule(Rule(fail, operation=operation)), pytest.raises(Failed) as raised:
        caller(sessions, service, Tally())(operation, {})
    assert raised.value.message == f"HTTP 500 without an error code; the body is {kind}"


@pytest.mark.parametrize("length", ["2, 2", "two", "-2", "²"])
def test_lengths_that_are_no_numbers_are_broken_answers(length: str) -> None:
    """A proxy may garble the header; the call is made again, as for other answers that cannot be read."""
    operation: Any = SimpleNamespace(http={"method": "POST"})
    headers = {"content-length": length}
    with pytest.raises(ResponseParserError, match=r"Content-Length is .*, not a number"):
        bodies.check_whole(200, b"{}", headers, operation)
    error: Any = SimpleNamespace(content=b"", headers=headers, status_code=500)
    with pytest.raises(ResponseParserError, match=r"Content-Length is .*, not a number"):
        bodies.check_error(error, "", operation)
