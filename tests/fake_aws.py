"""An AWS that answers from botocore's shapes, in pages, and refuses requests that AWS would refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from botocore.loaders import Loader
from botocore.model import ListShape, Shape, StringShape
from botocore.validate import ParamValidator

import aws_responses
from schemagen.api_models.botocore import service_model
from schemagen.runtime.sync.errors import CallError

Response = dict[str, Any]

PAGES = 2

_PAGE = "page "

# Lists of what is called for, which have one element for each name in the parameter.
_ONE_EACH = {("elb", "DescribeTags"): ("LoadBalancerNames", "TagDescriptions")}

_TAG_KEYS = frozenset({"Key", "key", "TagKey", "tagKey"})

# What AWS requires and limits beside its models.
_ONE_OF = {
    ("stepfunctions", "ListExecutions"): {"stateMachineArn", "mapRunArn"},
    ("iam", "ListAccessKeys"): {"UserName"},
}
_AT_MOST = {
    ("ecs", "DescribeServices", "services"): 10,
    ("ecs", "DescribeClusters", "clusters"): 100,
    ("elb", "DescribeTags", "LoadBalancerNames"): 20,
}


@dataclass
class FakeAws:
    """Answers requests of one service. ``calls`` counts them by operation, first pages only.

    ``errors`` maps operations to the error that they answer with.
    """

    service: str
    errors: dict[str, CallError] = field(default_factory=dict[str, CallError])
    calls: Counter[str] = field(default_factory=Counter[str])

    def __call__(self, operation: str, arguments: Mapping[str, Any]) -> Response:
        self.validate(operation, arguments)
        if operation in self.errors:
            raise self.errors[operation]
        response = deepcopy(_response(self.service, operation))
        response.pop("failures", None)  # of items that could not be read; there are none
        if (each := _ONE_EACH.get((self.service, operation))) is not None:
            parameter, member = each
            del response[member][len(arguments[parameter]) :]
        paginator = _paginator(self.service, operation)
        number = 1
        if paginator is not None:
            number = self.page(operation, arguments, response, paginator)
        if number == 1:
            self.calls[operation] += 1
            return response
        return cast("Response", _with_other_tags(response, number))

    def validate(self, operation: str, arguments: Mapping[str, Any]) -> None:
        """Refuse what botocore's validation, the enumerations or AWS refuse."""
        shape = service_model(self.service).operation_model(operation).input_shape
        assert shape is not None or not arguments, f"{operation} takes no arguments"
        if shape is None:
            return
        unknown = arguments.keys() - shape.members.keys()
        assert not unknown, f"{operation} has no parameters {unknown}"
        errors = ParamValidator().validate(arguments, shape)
        assert not errors.has_errors(), f"{operation}: {errors.generate_report()}"
        for name, value in arguments.items():
            _refuse_unknown_values(f"{operation}.{name}", shape.members[name], value)
            most = _AT_MOST.get((self.service, operation, name))
            assert most is None or len(value) <= most, f"{operation} takes {most} {name}"
        needed = _ONE_OF.get((self.service, operation))
        assert needed is None or needed & arguments.keys(), f"{operation} needs one of {needed}"

    def page(
        self,
        operation: str,
        arguments: Mapping[str, Any],
        response: Response,
        paginator: tuple[list[str], list[str], str],
    ) -> int:
        """Put the tokens of a page into its response; the tokens of the request say which page."""
        inputs, outputs, more = paginator
        given = {str(arguments[name]) for name in inputs if name in arguments}
        number = int(given.pop().removeprefix(_PAGE)) if given else 1
        assert not given, f"{operation}: all tokens are of one page"
        assert 1 <= number <= PAGES, f"{operation} has no page {number}"
        for place in outputs:
            token = f"{_PAGE}{number + 1}" if number < PAGES else None
            _put(response, place.split(" || ")[0], token)
        if more:
            _put(response, more, number < PAGES)
        return number


def last_page(service: str, operation: str, response: Response) -> Response:
    """``response`` without tokens: the last of its pages."""
    paginator = _paginator(service, operation)
    if paginator is None:
        return response
    _, places, more = paginator
    kept = deepcopy(response)
    shape = service_model(service).operation_model(operation).output_shape
    required: list[str] = shape.required_members if shape else []
    for place in places:
        for alternative in place.split(" || "):
            if "[-1]" not in alternative and _has(kept, alternative):
                _put(kept, alternative, "" if alternative in required else None)
    if more and _has(kept, more):
        _put(kept, more, False)
    return kept


def _has(response: Response, place: str) -> bool:
    inside: Any = response
    for name in place.split("."):
        if not isinstance(inside, dict) or name not in inside:
            return False
        inside = cast("Response", inside)[name]
    return True


_PAGED: dict[tuple[str, str], tuple[list[str], list[str], str]] = {
    ("s3", "ListBucketInventoryConfigurations"): (
        ["ContinuationToken"],
        ["NextContinuationToken"],
        "IsTruncated",
    ),
    ("sagemaker", "DescribeFeatureGroup"): (["NextToken"], ["NextToken"], ""),
    ("sagemaker", "ListHubs"): (["NextToken"], ["NextToken"], ""),
    ("sagemaker", "ListHubContents"): (["NextToken"], ["NextToken"], ""),
}


@cache
def _response(service: str, operation: str) -> Response:
    full = aws_responses.full(service, operation)
    return aws_responses.received(service, operation, full)


@cache
def _paginator(service: str, operation: str) -> tuple[list[str], list[str], str] | None:
    """Tokens of requests and of responses, and the flag: of botocore's paginators, or of the operations
    that AWS documents to be paged all the same."""
    loader = Loader()
    if service in loader.list_available_services("paginators-1"):
        entries = loader.load_service_model(service, "paginators-1")["pagination"]
        if (entry := entries.get(operation)) is not None:
            more = entry.get("more_results", "")
            return _list(entry["input_token"]), _list(entry["output_token"]), more
    return _PAGED.get((service, operation))


def _with_other_tags(value: object, number: int) -> object:
    """A later page: the tags of a resource have different keys, whichever page they are on."""
    if isinstance(value, list):
        return [_with_other_tags(element, number) for element in cast("list[object]", value)]
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return {
            name: f"{inner} {number}"
            if name in _TAG_KEYS and isinstance(inner, str)
            else _with_other_tags(inner, number)
            for name, inner in members.items()
        }
    return value


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _put(response: Response, place: str, value: object) -> None:
    """Set a member, or remove it where ``value`` is None."""
    *outer, last = place.split(".")
    inside: Any = response
    for name in outer:
        inside = inside[name]
    if value is None:
        inside.pop(last, None)
    else:
        inside[last] = value


def _refuse_unknown_values(place: str, shape: Shape, value: object) -> None:
    if isinstance(shape, ListShape):
        for element in cast("list[object]", value):
            _refuse_unknown_values(place, shape.member, element)
    elif isinstance(shape, StringShape) and shape.enum:
        assert value in shape.enum, f"{place} is {value!r}, and may be one of {shape.enum}"
