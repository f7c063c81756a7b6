"""How operations are paged, of made-up signatures and of all that botocore has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.loaders import Loader

from schemagen.api_models import botocore
from schemagen.api_models.calls.pagination import (
    LIMITS,
    MORE,
    TOKENS,
    page_size,
    pagination,
)
from schemagen.api_models.calls.signature import Signature, SignatureMember
from schemagen.runtime.calls import Limit, Pagination

STRING = SignatureMember("string")
LIST = SignatureMember("list", "structure")
FLAG = SignatureMember("boolean")


def listing(
    parameters: dict[str, SignatureMember], response: dict[str, SignatureMember]
) -> Signature:
    return Signature("ListThings", parameters, response=response)


def test_pagination_of_a_paginator_is_not_inferred() -> None:
    """What the SDK's paginator says is taken as it is, several tokens and a flag included."""
    paginator = {
        "input_token": ["StartName", "StartType"],
        "output_token": ["NextName", "NextType"],
        "more_results": "IsTruncated",
    }
    assert pagination(listing({}, {}), paginator) == Pagination(
        ("StartName", "StartType"), ("NextName", "NextType"), "IsTruncated"
    )


@pytest.mark.parametrize(
    ("parameters", "response", "expected"),
    [
        ({"NextToken": STRING}, {"Things": LIST, "NextToken": STRING}, ("NextToken", "NextToken", "")),
        ({"Marker": STRING}, {"NextMarker": STRING, "Marker": STRING, "IsTruncated": FLAG}, ("Marker", "NextMarker", "IsTruncated")),
        ({"Marker": STRING}, {"ThingList": SignatureMember("structure", members={"NextMarker": STRING, "Items": LIST})}, ("Marker", "ThingList.NextMarker", "")),
        ({"KindMarker": STRING}, {"KindMarker": STRING, "IsTruncated": FLAG}, ("KindMarker", "KindMarker", "IsTruncated")),
    ],
)  # fmt: skip
def test_pagination_is_inferred_from_token_names(
    parameters: dict[str, SignatureMember],
    response: dict[str, SignatureMember],
    expected: tuple[str, str, str],
) -> None:
    """A parameter and a member whose names are a pair of tokens page an operation without paginator,
    in the response or in the structure that it wraps; the result is marked as inferred."""
    parameter, output, more = expected
    assert pagination(listing(parameters, response)) == Pagination(
        (parameter,), (output,), more, inferred=True
    )


@pytest.mark.parametrize(
    ("parameters", "response"),
    [
        ({"NextToken": STRING}, {"Things": LIST}),
        ({}, {"Things": LIST, "NextToken": STRING}),
        ({"nextToken": STRING}, {"NextToken": STRING}),
        ({"KindMarker": STRING}, {"KindMarker": STRING}),
        ({"Marker": STRING}, {"Others": LIST, "Thing": SignatureMember("structure", members={"NextMarker": STRING})}),
        ({"NextToken": STRING}, {"NextToken": LIST}),
    ],
)  # fmt: skip
def test_pagination_is_none_without_a_pair_of_tokens(
    parameters: dict[str, SignatureMember], response: dict[str, SignatureMember]
) -> None:
    """A token on one side only, of another name, without the flag that several markers need, or
    beside other lists pages nothing."""
    assert pagination(listing(parameters, response)) is None


def test_page_size_is_that_of_the_paginator_or_known_by_name() -> None:
    """The parameter is the paginator's, or one that paginators use for it, with the model's
    greatest value."""
    operation = listing({"MaxResults": SignatureMember("integer", maximum=50), "Most": STRING}, {})
    assert page_size(operation, {"limit_key": "Most"}) == Limit("Most")
    assert page_size(operation, {}) is None
    assert page_size(operation) == Limit("MaxResults", 50)
    assert page_size(listing({}, {})) is None


# --- the installed botocore -----------------------------------------------------------------------


def paginators() -> Iterator[dict[str, object]]:
    loader = Loader()
    for service in loader.list_available_services("paginators-1"):
        yield from loader.load_service_model(service, "paginators-1")["pagination"].values()


def texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(text) for text in value]  # type: ignore[attr-defined]


def test_tokens_are_those_of_the_paginators() -> None:
    """The pairs, flags and page sizes are what botocore's paginators use: each is used by one, and
    what they use and inference does not know are places inside of lists."""
    pairs: set[tuple[str, str]] = set()
    flags: set[str] = set()
    limits: list[str] = []
    for entry in paginators():
        pairs |= set(zip(texts(entry["input_token"]), texts(entry["output_token"]), strict=True))
        flags |= {text.rpartition(".")[2] for text in texts(entry.get("more_results", []))}
        limits += texts(entry.get("limit_key", []))
    inside = {(parameter, output.rpartition(".")[2]) for parameter, output in pairs}
    known = {(parameter, output) for parameter, outputs in TOKENS.items() for output in outputs}
    assert known <= inside
    assert {output for _, output in pairs if "[" not in output} <= {
        output for _, output in pairs if (_, output.rpartition(".")[2]) in known
    }
    assert flags == MORE
    assert {name for name in limits if limits.count(name) > 1} == set(LIMITS)


@pytest.mark.slow
def test_pagination_of_all_list_and_describe_operations() -> None:
    """Every operation with a paginator is paged by it, and about 740 more return a token and take
    it. Samples of these are what AWS documents."""
    count = paged = 0
    inferred: dict[tuple[str, str], Pagination] = {}
    models = botocore.BotocoreModels()
    for service in sorted(models.services):
        model = botocore.service_model(service)
        for name in model.operation_names:
            operation = model.operation_model(name)
            if not name.startswith(("List", "Describe")) or operation.deprecated:
                continue
            if operation.output_shape is None:
                continue
            count += 1
            paginator = botocore.paginator_of(service, name)
            found = pagination(botocore.signature(service, name), paginator)
            if paginator is not None:
                paged += 1
                assert found is not None
                assert not found.inferred
            elif found is not None:
                assert found.inferred
                inferred[service, name] = found
        models.release()
    assert count >= 5_138
    assert paged >= 2_987
    assert 725 <= len(inferred) <= 800
    plain = Pagination(("NextToken",), ("NextToken",), inferred=True)
    camel = Pagination(("nextToken",), ("nextToken",), inferred=True)
    assert inferred["apprunner", "ListServices"] == plain
    assert inferred["appflow", "ListFlows"] == camel
    assert inferred["amplify", "ListWebhooks"] == camel
    assert inferred["s3", "ListBucketInventoryConfigurations"] == Pagination(
        ("ContinuationToken",), ("NextContinuationToken",), "IsTruncated", inferred=True
    )
    assert inferred["cloudfront", "ListFunctions"] == Pagination(
        ("Marker",), ("FunctionList.NextMarker",), inferred=True
    )
    assert ("kms", "DescribeKey") not in inferred
    assert ("network-firewall", "DescribeFirewall") not in inferred
