"""How the next page of an operation is requested: from the SDK's paginators, or from the names of
parameters and members.

An operation without a paginator is paged if it has a parameter and a response member whose names
form a pair that paginators use for tokens. The pairs are data here, so that what is inferred does
not change unnoticed with the SDK; a test compares them with the installed paginators.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemagen.api_models.calls.signature import Signature, SignatureMember
from schemagen.runtime.calls import Limit, Pagination

TOKENS: Mapping[str, tuple[str, ...]] = {
    "ContinuationToken": ("NextContinuationToken", "ContinuationToken"),
    "ExclusiveStartBackupArn": ("LastEvaluatedBackupArn",),
    "ExclusiveStartKey": ("LastEvaluatedKey",),
    "ExclusiveStartTableName": ("LastEvaluatedTableName",),
    "KeyMarker": ("NextKeyMarker",),
    "Marker": ("NextMarker", "NextPageMarker", "Marker"),
    "NextMarker": ("NextMarker",),
    "NextPageToken": ("NextPageToken",),
    "NextToken": ("NextToken",),
    "PageToken": ("NextPageToken", "PageToken"),
    "PaginationToken": ("PaginationToken",),
    "PartNumberMarker": ("NextPartNumberMarker",),
    "StartRecordIdentifier": ("NextRecordIdentifier",),
    "StartRecordName": ("NextRecordName",),
    "StartRecordType": ("NextRecordType",),
    "StartingToken": ("NextToken",),
    "UploadIdMarker": ("NextUploadIdMarker",),
    "VersionIdMarker": ("NextVersionIdMarker",),
    "continuationToken": ("continuationToken",),
    "marker": ("nextMarker", "marker", "Marker"),
    "nextPageToken": ("nextPageToken",),
    "nextToken": ("nextToken",),
    "pageToken": ("nextPageToken",),
    "position": ("position",),
    "startingToken": ("nextToken",),
}
"""The response members that hold the next value of a parameter. One that is named after the next
page comes before one that is named as the parameter, which may repeat the request."""

MORE = frozenset(
    {"AdditionalDataPending", "AdditionalRoutesAvailable", "HasMoreShards", "HasMoreStreams"}
    | {"IsTruncated", "Truncated", "hasMoreResults"}
)
"""The response members that say whether there are more pages."""

LIMITS = (
    *("MaxResults", "maxResults", "MaxRecords", "Limit", "MaxItems", "PageSize", "limit"),
    *("pageSize", "maximumPageSize", "maxItems", "MaxKeys"),
)
"""The parameters that hold the size of a page, in more than one operation of the paginators."""

_MARKER = "Marker"


def pagination(
    operation: Signature, paginator: Mapping[str, Any] | None = None
) -> Pagination | None:
    """Return how ``operation`` is paged, or None if it is not. ``paginator`` is its entry in the
    SDK's file of paginators, if it has one."""
    if paginator is not None:
        return Pagination(
            _texts(paginator["input_token"]),
            _texts(paginator["output_token"]),
            str(paginator.get("more_results", "")),
        )
    for prefix, members in _places(operation):
        more = next((f"{prefix}{name}" for name in members if name in MORE), "")
        for parameter, outputs in TOKENS.items():
            for output in outputs:
                if parameter in operation.parameters and _is_token(members.get(output)):
                    return Pagination((parameter,), (f"{prefix}{output}",), more, inferred=True)
        shared = tuple(
            name
            for name, member in members.items()
            if name.endswith(_MARKER) and name in operation.parameters and _is_token(member)
        )
        if more and shared:
            outputs = tuple(f"{prefix}{name}" for name in shared)
            return Pagination(shared, outputs, more, inferred=True)
    return None


def page_size(operation: Signature, paginator: Mapping[str, Any] | None = None) -> Limit | None:
    """Return the parameter that holds the size of a page, and its greatest value; None if there is
    no such parameter."""
    if paginator is not None:
        known = [str(paginator["limit_key"])] if "limit_key" in paginator else []
    else:
        known = [name for name in LIMITS if name in operation.parameters]
    for name in known:
        if name in operation.parameters:
            return Limit(name, operation.parameters[name].maximum)
    return None


def _places(operation: Signature) -> Iterator[tuple[str, Mapping[str, SignatureMember]]]:
    """Yield the members of a response, and those of the structure that it wraps if it holds no
    list itself ("DistributionList")."""
    yield "", operation.response
    structures = [
        (name, member) for name, member in operation.response.items() if member.type == "structure"
    ]
    if len(structures) == 1 and all(
        member.type != "list" for member in operation.response.values()
    ):
        [(name, member)] = structures
        yield f"{name}.", member.members


def _is_token(member: SignatureMember | None) -> bool:
    return member is not None and member.type in ("string", "map")


def _texts(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
