"""Timestamps of responses, beside botocore's own parser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from botocore.parsers import create_parser
from botocore.utils import parse_timestamp
from hypothesis import example, given
from hypothesis import strategies as st

from schemagen.api_models.botocore import service_model
from schemagen.runtime.sync import parsing

moments = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))
zones = st.sampled_from(
    ["", "Z", "z", "+00:00", "-00:00", "+0000", "+05:30", "-08", " GMT", " UTC"]
)
fractions = st.from_regex(r"\A(\.[0-9]{0,12})?\Z")
forms = st.sampled_from(
    ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y%m%dT%H%M%S", "%Y-%m-%d", "%a, %d %b %Y %H:%M:%S"]
)


def written(moment: datetime, form: str, fraction: str, zone: str) -> str:
    return moment.strftime(form) + fraction + zone


texts = st.builds(written, moments, forms, fractions, zones)
wrong = st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")
numbers = st.floats() | st.integers() | st.booleans()


def outcome(parse: Any, value: object) -> object:
    """What a parser makes of a value: the moment and whether it has a zone, or the error's type."""
    try:
        found = parse(value)
    except Exception as error:
        return type(error)
    return found, found.tzinfo is None


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
    assert outcome(parsing.timestamp, value) == outcome(parse_timestamp, value)


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
