"""What moto lacks, answered from botocore's shapes: listings, descriptions and tags that agree.

Items are as real as their shapes are: every member has a value. Each has the account, the region and
the name in its ARNs, and its name in its texts, so that no two are alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, cast

import aws_responses
from sync.aws_server import Amend, Forward, Made
from sync.wire import Http, Request

Response = dict[str, Any]

_NOWHERE = "arn:aws:service:us-east-1:123456789012:kind/"
_TOKENS = frozenset({"NextToken", "nextToken", "Marker"})
REGIONS = ("us-east-1", "eu-central-1")
"""The regions that are enabled in all accounts."""


@dataclass(frozen=True)
class MadeKind:
    """A table whose items are made.

    ``listing`` has the list ``member``, whose elements have ``name``, by which ``describe`` is called.
    Where the listing has the items already, ``describe`` is "".
    """

    table: str
    service: str
    listing: str
    member: str
    name: str
    describe: str = ""


KINDS = (
    MadeKind(
        "aws.sagemaker_action", "sagemaker", "ListActions", "ActionSummaries", "ActionName",
        "DescribeAction",
    ),
    MadeKind(
        "aws.sagemaker_automljob", "sagemaker", "ListAutoMLJobs", "AutoMLJobSummaries",
        "AutoMLJobName", "DescribeAutoMLJob",
    ),
    MadeKind(
        "aws.sagemaker_compute_quota", "sagemaker", "ListComputeQuotas", "ComputeQuotaSummaries",
        "ComputeQuotaId", "DescribeComputeQuota",
    ),
    MadeKind(
        "aws.sagemaker_feature_group", "sagemaker", "ListFeatureGroups", "FeatureGroupSummaries",
        "FeatureGroupName", "DescribeFeatureGroup",
    ),
    MadeKind(
        "aws.sagemaker_inference_component", "sagemaker", "ListInferenceComponents",
        "InferenceComponents", "InferenceComponentName", "DescribeInferenceComponent",
    ),
    MadeKind(
        "aws.sagemaker_inference_recommendations_job", "sagemaker",
        "ListInferenceRecommendationsJobs", "InferenceRecommendationsJobs", "JobName",
        "DescribeInferenceRecommendationsJob",
    ),
    MadeKind(
        "aws.sagemaker_mlflow_tracking_server", "sagemaker", "ListMlflowTrackingServers",
        "TrackingServerSummaries", "TrackingServerName", "DescribeMlflowTrackingServer",
    ),
    MadeKind(
        "aws.sagemaker_monitoring_schedule", "sagemaker", "ListMonitoringSchedules",
        "MonitoringScheduleSummaries", "MonitoringScheduleName", "DescribeMonitoringSchedule",
    ),
    MadeKind(
        "aws.sagemaker_studio_lifecycle_config", "sagemaker", "ListStudioLifecycleConfigs",
        "StudioLifecycleConfigs", "StudioLifecycleConfigName", "DescribeStudioLifecycleConfig",
    ),
    MadeKind(
        "aws.sagemaker_user_profile", "sagemaker", "ListUserProfiles", "UserProfiles",
        "UserProfileName", "DescribeUserProfile",
    ),
    MadeKind(
        "aws.elasticache_serverless_cache", "elasticache", "DescribeServerlessCaches",
        "ServerlessCaches", "ServerlessCacheName",
    ),
    MadeKind(
        "aws.redshift_event_subscription", "redshift", "DescribeEventSubscriptions",
        "EventSubscriptionsList", "CustSubscriptionId",
    ),
)  # fmt: skip


@dataclass
class MadeItems:
    """The made items of all accounts, by account, region and table: a version by name. A test adds
    names, removes them and counts versions up."""

    items: dict[tuple[str, str, str], dict[str, int]] = field(
        default_factory=dict[tuple[str, str, str], dict[str, int]]
    )

    def of(self, account: str, region: str, table: str) -> dict[str, int]:
        """The items of a table, to be changed."""
        return self.items.setdefault((account, region, table), {})

    def fill(self, account: str, region: str, label: str, count: int) -> None:
        """Make ``count`` items of each table."""
        for kind in (*(kind.table for kind in KINDS), *_CHAINED):
            for number in range(count):
                self.of(account, region, kind)[f"{label}-{number}"] = 1

    def answers(self) -> dict[tuple[str, str], Made]:
        """What the proxy answers, by service and operation."""
        found: dict[tuple[str, str], Made] = {
            ("account", "ListRegions"): self._regions,
            ("sagemaker", "ListTags"): self._tags,
            ("elasticache", "ListTagsForResource"): self._cache_tags,
            ("lambda", "ListFunctionUrlConfigs"): self._urls,
            ("lambda", "ListProvisionedConcurrencyConfigs"): self._concurrency,
            ("sagemaker", "ListHubs"): self._hubs,
            ("sagemaker", "ListHubContents"): self._contents,
            ("sagemaker", "DescribeHubContent"): self._content,
            ("sagemaker", "ListModelCards"): self._cards,
            ("sagemaker", "ListModelCardExportJobs"): self._exports,
            ("sagemaker", "DescribeModelCardExportJob"): self._export,
            ("stepfunctions", "ListStateMachines"): self._machines,
            ("stepfunctions", "ListExecutions"): self._executions,
            ("stepfunctions", "ListMapRuns"): self._runs,
            ("stepfunctions", "DescribeMapRun"): self._run,
        }
        for kind in KINDS:
            found[kind.service, kind.listing] = self._listing(kind)
            if kind.describe:
                found[kind.service, kind.describe] = self._describing(kind)
        return found

    def _listing(self, kind: MadeKind) -> Made:
        def answer(request: Request, account: str) -> Response:
            names = self.of(account, request.region, kind.table)
            made = [
                _item(request, account, name, version, kind.member, {kind.name: name})
                for name, version in names.items()
            ]
            return {kind.member: made}

        return answer

    def _describing(self, kind: MadeKind) -> Made:
        def answer(request: Request, account: str) -> Response | None:
            name = request.arguments[kind.name]
            version = self.of(account, request.region, kind.table).get(name)
            if version is None:
                return None
            made = _whole(request, account, name, version)
            made[kind.name] = name
            if request.operation == "DescribeFeatureGroup":
                # It has pages of its own, of a list inside it.
                definitions = made["FeatureDefinitions"]
                number = int(request.arguments.get("NextToken", 0))
                made["FeatureDefinitions"] = definitions[number : number + 1]
                if number + 1 < len(definitions):
                    made["NextToken"] = str(number + 1)
            return made

        return answer

    # --- tags and parts ---

    def _tags(self, request: Request, account: str) -> Response:
        """Tags of what is made; what moto has, it answers for."""
        arn: str = request.arguments["ResourceArn"]
        if "/execution/" in arn:  # moto fails
            return {"Tags": []}
        if "/made/" not in arn:
            raise Forward
        return {
            "Tags": [
                {"Key": "made", "Value": arn.rpartition("/")[2]},
                {"Key": "Empty", "Value": ""},
            ]
        }

    def _cache_tags(self, request: Request, account: str) -> Response:
        arn = str(request.arguments["ResourceName"])
        return {"TagList": [{"Key": "made", "Value": arn.rpartition("/")[2]}]}

    def _urls(self, request: Request, account: str) -> Response:
        return self._part(request, account, "FunctionUrlConfigs")

    def _concurrency(self, request: Request, account: str) -> Response:
        return self._part(request, account, "ProvisionedConcurrencyConfigs")

    def _part(self, request: Request, account: str, member: str) -> Response:
        """Two parts of every function whose name ends with an even digit."""
        name = str(request.arguments["FunctionName"])
        if not name.endswith(tuple("02468")):
            return {member: []}
        return {member: [_item(request, account, f"{name}-{part}", 1, member, {}) for part in "ab"]}

    def _regions(self, request: Request, account: str) -> Response:
        return {
            "Regions": [
                {"RegionName": name, "RegionOptStatus": "ENABLED_BY_DEFAULT"} for name in REGIONS
            ]
        }

    # --- chains ---

    def _names(self, request: Request, account: str, table: str) -> Iterator[tuple[str, int]]:
        yield from self.of(account, request.region, table).items()

    def _hubs(self, request: Request, account: str) -> Response:
        names = [f"hub-{number}" for number in range(2)]
        return {
            "HubSummaries": [
                _item(request, account, name, 1, "HubSummaries", {"HubName": name})
                for name in names
            ]
        }

    def _contents(self, request: Request, account: str) -> Response:
        """Even contents are models of the first hub, odd ones notebooks of the second."""
        member = "HubContentSummaries"
        given = request.arguments["HubName"], request.arguments["HubContentType"]
        return {
            member: [
                _item(
                    request,
                    account,
                    name,
                    version,
                    member,
                    {"HubContentName": name, "HubContentType": given[1]},
                )
                for number, (name, version) in enumerate(
                    self._names(request, account, _HUB_CONTENT)
                )
                if given == (("hub-0", "Model"), ("hub-1", "Notebook"))[number % 2]
            ]
        }

    def _content(self, request: Request, account: str) -> Response | None:
        name = request.arguments["HubContentName"]
        version = self.of(account, request.region, _HUB_CONTENT).get(name)
        if version is None:
            return None
        given = {
            key: request.arguments[key] for key in ("HubName", "HubContentType", "HubContentName")
        }
        return {**_whole(request, account, name, version), **given}

    def _cards(self, request: Request, account: str) -> Response:
        member = "ModelCardSummaries"
        return {
            member: [
                _item(request, account, name, 1, member, {"ModelCardName": name})
                for name in ("card-0", "card-1")
            ]
        }

    def _exports(self, request: Request, account: str) -> Response:
        member, card = "ModelCardExportJobSummaries", request.arguments["ModelCardName"]
        return {
            member: [
                _item(request, account, name, version, member, {"ModelCardName": card})
                for number, (name, version) in enumerate(self._names(request, account, _EXPORT))
                if card == f"card-{number % 2}"
            ]
        }

    def _export(self, request: Request, account: str) -> Response | None:
        return self._by_arn(request, account, _EXPORT, "ModelCardExportJobArn")

    def _machines(self, request: Request, account: str) -> Response:
        names = ("machine-0", "machine-1")
        return {
            "stateMachines": [
                _item(request, account, name, 1, "stateMachines", {"name": name}) for name in names
            ]
        }

    def _executions(self, request: Request, account: str) -> Response:
        machine = str(request.arguments["stateMachineArn"]).rpartition("/")[2]
        names = [f"{machine}-execution-{number}" for number in range(2)]
        return {
            "executions": [_item(request, account, name, 1, "executions", {}) for name in names]
        }

    def _runs(self, request: Request, account: str) -> Response:
        """All runs are of the second execution of the first machine, but for the first one."""
        execution = str(request.arguments["executionArn"]).rpartition("/")[2]
        return {
            "mapRuns": [
                _item(request, account, name, version, "mapRuns", {})
                for number, (name, version) in enumerate(self._names(request, account, _RUN))
                if execution == ("machine-0-execution-1" if number else "machine-1-execution-0")
            ]
        }

    def _run(self, request: Request, account: str) -> Response | None:
        return self._by_arn(request, account, _RUN, "mapRunArn")

    def _by_arn(self, request: Request, account: str, table: str, member: str) -> Response | None:
        name = str(request.arguments[member]).rpartition("/")[2]
        version = self.of(account, request.region, table).get(name)
        if version is None:
            return None
        return _whole(request, account, name, version)


def with_volume_arns(request: Request, account: str, response: Http) -> Http:
    """Add the ARNs of volumes, which moto's have not."""
    place = f"arn:aws:ec2:{request.region}:{account}:volume/"
    body = re.sub(
        rb"(<volumeId>(vol-\w+)</volumeId>\s*)(?=<size>)",
        lambda found: found[1] + b"<volumeArn>" + place.encode() + found[2] + b"</volumeArn>",
        response.body,
    )
    return Http(response.headers, body, response.status)


AMENDED: Mapping[tuple[str, str], Amend] = {("ec2", "DescribeVolumes"): with_volume_arns}

_HUB_CONTENT = "aws.sagemaker_aws_hub_content"
_EXPORT = "aws.sagemaker_modelcardexportjob"
_RUN = "aws.sfn_maprun"
_CHAINED = (_HUB_CONTENT, _EXPORT, _RUN)

TABLES = (*(kind.table for kind in KINDS), *_CHAINED)
"""The tables whose items are made."""


def _whole(request: Request, account: str, name: str, version: int) -> Response:
    """The full response of an operation, for one item."""
    full = aws_responses.full(request.service, request.operation)
    made = {key: value for key, value in full.items() if key not in _TOKENS}
    return cast("Response", _localised(made, request, account, name, version))


def _item(
    request: Request, account: str, name: str, version: int, member: str, given: Mapping[str, Any]
) -> Response:
    """An element of a list of an operation's response."""
    (element, *_) = aws_responses.full(request.service, request.operation)[member]
    made = cast("Response", _localised(deepcopy(element), request, account, name, version))
    return {**made, **given}


def _localised(value: Any, request: Request, account: str, name: str, version: int) -> Any:
    """``value`` with ARNs of the place and of the item, and texts that name it."""
    if isinstance(value, dict):
        members = cast("Response", value)
        return {
            key: _localised(inner, request, account, name, version)
            for key, inner in members.items()
        }
    if isinstance(value, list):
        elements = cast("list[object]", value)
        return [_localised(inner, request, account, name, version) for inner in elements]
    if not isinstance(value, str):
        return value
    if value.startswith(_NOWHERE):
        kind = value.removeprefix(_NOWHERE)
        return f"arn:aws:{request.service}:{request.region}:{account}:{kind}/made/{name}"
    return value.replace(" é", f" é {name} {version}")
