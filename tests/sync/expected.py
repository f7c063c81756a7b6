"""The rows that there must be, worked out without the code under test: responses of plain boto3, which
pages with botocore's paginators, and columns as `expected_rows` fills them from a binding.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from botocore import xform_name
from botocore.exceptions import ClientError

from accounts import CASES
from corpus_package import CorpusPackage
from expected_rows import Answers, Row, filled, items, row_of
from schemagen.model.bindings import Binding, Enrichment
from schemagen.model.paths import WHOLE, map_key
from sync.resources import Place

Response = dict[str, Any]

ABSENT: Mapping[str, str] = {
    operation: code for case in CASES for operation, code in case.absent.items()
}
"""By hand: how operations say that there is none."""

_TYPES = ("Model", "Notebook", "ModelReference", "DataSet", "JsonDoc")


def rows(package: CorpusPackage, table: str, place: Place) -> list[Row]:
    """The rows of a table in a region of an account, in the order of the listing. ``place`` must lead
    to a server that has no faults."""
    reader = _Reader(package.bindings[table], place)
    types = cast("Any", package.table(table)).columns
    location = {"account_id": place.account, "region": place.region, "partition": "aws"}
    return [
        _corrected(table, types, row_of(reader.binding, types, item, answers, None, location))
        for item, answers in reader.read(_SCOPES.get(table, _everything)(place))
    ]


def _corrected(table: str, types: Mapping[str, str], row: Row) -> Row:
    """What no shape tells: texts that hold documents, and an identifier that begins with a path."""
    for name, value in row.items():
        if types[name] == "json" and isinstance(value, str):
            row[name] = json.loads(value)
    if table == "aws.route53_hosted_zone":
        arn = f"arn:aws:route53:::{str(row['id']).removeprefix('/')}"
        row.update(_key=arn, hosted_zone_arn=arn)
    return row


def _everything(place: Place) -> Iterator[Response]:
    yield {}


def _clusters(place: Place) -> Iterator[Response]:
    for page in place.client("ecs").get_paginator("list_clusters").paginate():
        for arn in page["clusterArns"]:
            yield {"cluster": arn}


def _hubs(place: Place) -> Iterator[Response]:
    for hub in place.client("sagemaker").list_hubs()["HubSummaries"]:
        for type in _TYPES:
            yield {"HubName": hub["HubName"], "HubContentType": type}


def _cards(place: Place) -> Iterator[Response]:
    for card in place.client("sagemaker").list_model_cards()["ModelCardSummaries"]:
        yield {"ModelCardName": card["ModelCardName"]}


def _pipelines(place: Place) -> Iterator[Response]:
    for page in place.client("sagemaker").get_paginator("list_pipelines").paginate():
        for pipeline in page["PipelineSummaries"]:
            yield {"PipelineName": pipeline["PipelineName"]}


def _executions(place: Place) -> Iterator[Response]:
    states = place.client("stepfunctions")
    for machine in states.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        for execution in states.list_executions(stateMachineArn=arn)["executions"]:
            yield {"executionArn": execution["executionArn"]}


_SCOPES: Mapping[str, Callable[[Place], Iterator[Response]]] = {
    "aws.ecs_service": _clusters,
    "aws.sagemaker_aws_hub_content": _hubs,
    "aws.sagemaker_modelcardexportjob": _cards,
    "aws.sagemaker_pipelineexecution": _pipelines,
    "aws.sfn_maprun": _executions,
}
"""By hand: what the items of a table are part of."""


class _Reader:
    """Reads the items of a binding, and what its further operations answer for each."""

    def __init__(self, binding: Binding, place: Place) -> None:
        self.binding = binding
        self._place = place
        self._client = place.client(binding.service)

    def read(self, scopes: Iterator[Response]) -> Iterator[tuple[Response, Answers]]:
        binding = self.binding
        constants = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in binding.constants
        }
        for arguments in self._arguments(scopes):
            for response in self._pages(binding.operation, {**constants, **arguments}):
                for item in items(response, binding.path):
                    answered = {
                        enrichment.operation: self._answer(enrichment, item)
                        for enrichment in binding.enrichments
                        if enrichment.operation != binding.operation
                    }
                    yield item, Answers(response, answered)

    def _arguments(self, scopes: Iterator[Response]) -> Iterator[Response]:
        listing = self.binding.listing
        declared = self._declared(self.binding.operation)
        for scope in scopes:
            if listing is None:
                yield scope
                continue
            shared = {name: value for name, value in scope.items() if name in declared}
            for page in self._pages(listing.operation, scope):
                for element in items(page, listing.path):
                    found = {
                        name: self._take(element, member) for name, member in listing.arguments
                    }
                    yield {**shared, **found}

    def _answer(self, enrichment: Enrichment, item: Response) -> Response:
        arguments = {name: self._take(item, member) for name, member in enrichment.arguments}
        constants = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in enrichment.constants
        }
        try:
            pages = list(self._pages(enrichment.operation, {**constants, **arguments}))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == ABSENT.get(enrichment.operation):
                return {}  # there is none: empty, not unknown
            raise
        return _joined(pages)

    def _pages(self, operation: str, arguments: Response) -> Iterator[Response]:
        declared = self._declared(operation)
        given: Response = {
            name: [value]
            if declared[name].type_name == "list" and not isinstance(value, list)
            else value
            for name, value in arguments.items()
        }
        name = xform_name(operation)
        if self._client.can_paginate(name):
            yield from self._client.get_paginator(name).paginate(**given)
            return
        response: Response = getattr(self._client, name)(**given)
        if operation == "DescribeFeatureGroup":
            # It has pages that botocore does not know, all but one of which repeat what is not a list.
            token = response.pop("NextToken", None)
            while token:
                more = self._client.describe_feature_group(**given, NextToken=token)
                response["FeatureDefinitions"] += more["FeatureDefinitions"]
                token = more.get("NextToken")
        yield response

    def _declared(self, operation: str) -> Mapping[str, Any]:
        shape = self._client.meta.service_model.operation_model(operation).input_shape
        return cast("Mapping[str, Any]", shape.members if shape else {})

    def _take(self, element: Any, member: str) -> object:
        if member == WHOLE:
            return element
        if member == "${Account}":
            return self._place.account
        if member.startswith("arn:"):
            place = {
                "Partition": "aws",
                "Region": self._place.region,
                "Account": self._place.account,
            }
            return filled(member, {**element, **place})
        if member.startswith("basename("):
            return str(element[member[len("basename(") : -1]]).rpartition("/")[2]
        if at_key := map_key(member):
            return element[at_key[0]][at_key[1]]
        return element[member]


def _joined(pages: list[Response]) -> Response:
    """Pages as one response: lists one after the other."""
    whole, *others = pages
    for page in others:
        for name, value in page.items():
            elements: Any = value
            if isinstance(elements, list):
                whole[name] = [*whole.get(name, []), *elements]
    return whole
