"""Responses and paginators as boto3 makes them from each protocol, given to the checks of mappers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from schemagen.runtime.convert import ConversionError, Operation, pages

KEYS = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}


class Raw:
    """The body of an HTTP response, as urllib3 hands it out."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self) -> Iterable[bytes]:
        yield self.body


@dataclass(frozen=True)
class Case:
    """A listing of a service: bodies of responses without items, and of two pages with one item each.
    ``empty`` are the members that botocore's parser then returns."""

    service: str
    operation: str
    member: str
    tokens: tuple[str, ...]
    more: str
    bodies_without_items: tuple[tuple[str, tuple[str, ...]], ...]
    first: str
    last: str


CASES = {
    "query": Case(
        "iam", "ListUsers", "Users", ("Marker",), "IsTruncated",
        (
            ("<R><ListUsersResult><IsTruncated>false</IsTruncated></ListUsersResult></R>", ("IsTruncated",)),
            ("<R><ListUsersResult><Users/></ListUsersResult></R>", ("Users",)),
            ("<R><ListUsersResult/></R>", ()),
        ),
        "<R><ListUsersResult><Users><member><UserName>a</UserName></member></Users>"
        "<IsTruncated>true</IsTruncated><Marker>m</Marker></ListUsersResult></R>",
        "<R><ListUsersResult><Users><member><UserName>b</UserName></member></Users>"
        "<IsTruncated>false</IsTruncated></ListUsersResult></R>",
    ),
    "ec2": Case(
        "ec2", "DescribeVolumes", "Volumes", ("NextToken",), "",
        (("<R><volumeSet/></R>", ("Volumes",)), ("<R><requestId>r</requestId></R>", ())),
        "<R><volumeSet><item><volumeId>a</volumeId></item></volumeSet><nextToken>t</nextToken></R>",
        "<R><volumeSet><item><volumeId>b</volumeId></item></volumeSet></R>",
    ),
    "json": Case(
        "sagemaker", "ListModels", "Models", ("NextToken",), "",
        (("{}", ()), ('{"Models": []}', ("Models",)), ('{"Models": null}', ())),
        '{"Models": [{"ModelName": "a"}], "NextToken": "t"}',
        '{"Models": [{"ModelName": "b"}], "NextToken": null}',
    ),
    "rest-json": Case(
        "lambda", "ListFunctions", "Functions", ("NextMarker",), "",
        (("{}", ()), ('{"Functions": []}', ("Functions",)), ("", ())),
        '{"Functions": [{"FunctionName": "a"}], "NextMarker": "t"}',
        '{"Functions": [{"FunctionName": "b"}], "NextMarker": ""}',
    ),
    "rest-xml": Case(
        "s3", "ListObjectsV2", "Contents", ("NextContinuationToken",), "IsTruncated",
        (
            ("<R><Name>b</Name><KeyCount>0</KeyCount></R>", ("KeyCount", "Name")),
            ("<R/>", ()),
        ),
        "<R><Contents><Key>a</Key></Contents><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></R>",
        "<R><Contents><Key>b</Key></Contents></R>",
    ),
}  # fmt: skip

protocols = pytest.mark.parametrize("protocol", CASES)


def client(case: Case, *bodies: str) -> Any:
    """A client whose requests are answered with ``bodies``, in order."""
    made = cast("Any", boto3).client(case.service, **KEYS)  # the service is no literal here
    left = list(bodies)

    def answer(request: Any, **_: object) -> AWSResponse:
        return AWSResponse(request.url, 200, HTTPHeaders(), Raw(left.pop(0).encode()))

    made.meta.events.register("before-send", answer)
    return made


def arguments(case: Case) -> dict[str, str]:
    return {"Bucket": "b"} if case.service == "s3" else {}


def operation(case: Case) -> Operation[Any]:
    """What a mapper of the case's items checks, by botocore's model."""
    shape = client(case).meta.service_model.operation_model(case.operation).output_shape
    return Operation(
        "aws.t",
        case.operation,
        read=frozenset({case.member}),
        unread=frozenset(shape.members) - {case.member},
        tokens=case.tokens,
        more=case.more,
    )


def method(made: Any, case: Case) -> Any:
    [name] = [
        name for name, api in made.meta.method_to_api_mapping.items() if api == case.operation
    ]
    return name


@protocols
def test_the_case_is_of_its_protocol(protocol: str) -> None:
    """Each protocol that AWS services use is tested by a service that speaks it."""
    metadata = client(CASES[protocol]).meta.service_model.metadata
    assert protocol in (metadata["protocol"], *metadata.get("protocols", ()))


@protocols
def test_empty_listings_have_no_items(protocol: str) -> None:
    """However a protocol writes an empty list, and where it leaves it out, the response is accepted."""
    case = CASES[protocol]
    for body, members in case.bodies_without_items:
        made = client(case, body)
        response = getattr(made, method(made, case))(**arguments(case))
        assert response.pop("ResponseMetadata")["HTTPStatusCode"] == 200
        assert tuple(sorted(response)) == members
        metadata: dict[str, Any] = {}
        [found] = pages({**response, "ResponseMetadata": metadata}, operation(case))
        assert not found.get(case.member)


@protocols
def test_responses_of_other_protocols_listings_are_refused(protocol: str) -> None:
    """A response with items of one operation is never taken for another's."""
    case = CASES[protocol]
    for other in CASES.values():
        made = client(other, other.last)
        response = getattr(made, method(made, other))(**arguments(other))
        if other is case:
            assert len(list(pages(response, operation(case)))) == 1
        else:
            with pytest.raises(ConversionError, match=f"not a response of {case.operation}"):
                list(pages(response, operation(case)))


@protocols
def test_a_first_page_is_refused_and_a_paginator_is_read(protocol: str) -> None:
    """boto3's PageIterator is accepted as it is; a single first page is not."""
    case = CASES[protocol]
    made = client(case, case.first, case.first, case.last)
    response = getattr(made, method(made, case))(**arguments(case))
    with pytest.raises(ConversionError, match="is not its last page"):
        list(pages(response, operation(case)))
    paginator = made.get_paginator(method(made, case))
    found = list(pages(paginator.paginate(**arguments(case)), operation(case)))
    assert [len(page[case.member]) for page in found] == [1, 1]


@protocols
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_paginator_with_max_items_is_refused(protocol: str, limit: int) -> None:
    """Items that MaxItems cuts off, on the last page too, would look as if they did not exist."""
    case = CASES[protocol]
    # The last page has two items, so that a limit can fall into the middle of it.
    two = case.last
    start, end = {"{": ("[", "]")}.get(two[0], ("", ""))
    item = two[two.index(start) + 1 : two.index(end)] if start else ""
    if item:
        two = two.replace(item, f"{item}, {item}")
    else:
        tag = "member" if protocol == "query" else "Contents" if protocol == "rest-xml" else "item"
        item = two[two.index(f"<{tag}>") : two.index(f"</{tag}>") + len(f"</{tag}>")]
        two = two.replace(item, item * 2)
    made = client(case, case.first, two)
    paginated = made.get_paginator(method(made, case)).paginate(
        **arguments(case), PaginationConfig={"MaxItems": limit}
    )
    if limit == 3:
        assert sum(len(page[case.member]) for page in pages(paginated, operation(case))) == 3
    else:
        with pytest.raises(ConversionError, match=r"is not its last page|do not set MaxItems"):
            list(pages(paginated, operation(case)))
