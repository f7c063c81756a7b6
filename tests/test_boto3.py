"""The generated package with real boto3 clients: responses become rows, and rows reach databases.

moto answers as AWS would where it knows the service's operation. botocore's Stubber answers with
responses made from the service model, and refuses those that do not fit it.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import boto3
import ddsql_schemas
import pytest
from botocore.stub import Stubber
from ddsql_schemas import sql
from ddsql_schemas.mappers.aws import (
    sagemaker_compilation_job,
    sagemaker_processing_job,
    sagemaker_trainingjob,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from moto import mock_aws
from pydantic import BaseModel

import aws_responses
from aws_responses import ACCOUNT, Response
from handmade import DIALECTS
from loading import SqlModule, trip
from schemagen.runtime.convert import json_value

if TYPE_CHECKING:
    from types_boto3_sagemaker import SageMakerClient

PACKAGE = Path(ddsql_schemas.__file__).parent
SQL = cast("SqlModule", sql)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/trainer"


class Mapper(Protocol):
    """A mapper, for any table; tests/typing is about the types of each."""

    def from_item(self, item: Response, **others: Any) -> dict[str, Any]: ...
    def from_response(self, response: Response, **others: Any) -> Iterator[dict[str, Any]]: ...
    def unmapped(self, item: Response) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Job:
    """A table of this repository and the operation that describes its item."""

    table: str
    operation: str
    arn: str
    unmapped: tuple[str, ...] = ()

    @property
    def mapper(self) -> Mapper:
        return cast("Mapper", importlib.import_module(f"ddsql_schemas.mappers.aws.{self.table}"))

    @property
    def model(self) -> type[BaseModel]:
        module = importlib.import_module(f"ddsql_schemas.models.aws.{self.table}")
        name = "".join(word.capitalize() for word in self.table.split("_"))
        return cast("type[BaseModel]", getattr(module, name))

    @property
    def loading(self) -> object:
        return importlib.import_module(f"ddsql_schemas.tables.aws.{self.table}").TABLE

    def schema(self) -> dict[str, Any]:
        text = (PACKAGE / f"json_schema/aws/{self.table}.json").read_text("utf-8")
        return cast("dict[str, Any]", json.loads(text))

    def ddl(self, dialect: str) -> str:
        return (PACKAGE / f"ddl/{dialect}/aws/{self.table}.sql").read_text("utf-8")


TRAINING = Job(
    "sagemaker_trainingjob",
    "DescribeTrainingJob",
    "TrainingJobArn",
    (
        "BillableTokenCount",
        "MlflowConfig",
        "MlflowDetails",
        "ModelPackageConfig",
        "OutputModelPackageArn",
        "ProgressInfo",
        "ServerlessJobConfig",
    ),
)
PROCESSING = Job("sagemaker_processing_job", "DescribeProcessingJob", "ProcessingJobArn")
COMPILATION = Job("sagemaker_compilation_job", "DescribeCompilationJob", "CompilationJobArn")
JOBS = (TRAINING, PROCESSING, COMPILATION)

jobs = pytest.mark.parametrize("job", JOBS, ids=lambda job: job.table)
dialects = pytest.mark.parametrize("dialect", [dialect.name for dialect in DIALECTS])


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> SageMakerClient:
    """A client whose credentials are worth nothing."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    clients: Any = boto3  # only the stubs of one service are installed
    return cast("SageMakerClient", clients.client("sagemaker", region_name="us-east-1"))


def described(client: SageMakerClient, job: Job, response: Response) -> tuple[Response, Response]:
    """What the client returns for the job and for its tags, when the service answers so."""
    tags = {"Tags": [{"Key": "team", "Value": "b"}, {"Key": "team", "Value": "a"}]}
    describe = "".join(f"_{char.lower()}" if char.isupper() else char for char in job.operation)[1:]
    with Stubber(client) as stubber:
        stubber.add_response(describe, response)
        stubber.add_response("list_tags", tags)
        name = f"{job.arn.removesuffix('Arn')}Name"
        item: Response = getattr(client, describe)(**{name: "a"})
        return item, cast("Response", client.list_tags(ResourceArn=item[job.arn]))


def assert_sound(job: Job, row: dict[str, Any]) -> None:
    """The row fits the JSON Schema and the model, and the model gives it back."""
    plain = json_value(row, job.table)
    validator: Any = Draft202012Validator(job.schema(), format_checker=FormatChecker())
    validator.validate(plain)
    model = job.model.model_validate(row)
    assert model.model_dump(mode="json", by_alias=True, exclude_unset=True) == plain


# --- moto -----------------------------------------------------------------------------------------


@pytest.fixture
def training_job(client: SageMakerClient) -> Iterator[tuple[Response, Response]]:
    """A training job that was created in moto: its description and its tags."""
    with mock_aws():
        client.create_training_job(
            TrainingJobName="forecast",
            AlgorithmSpecification={"TrainingImage": "image", "TrainingInputMode": "File"},
            RoleArn=ROLE,
            InputDataConfig=[
                {
                    "ChannelName": "train",
                    "DataSource": {
                        "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}
                    },
                }
            ],
            OutputDataConfig={"S3OutputPath": "s3://bucket/out"},
            ResourceConfig={
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 10,
            },
            StoppingCondition={"MaxRuntimeInSeconds": 60},
            HyperParameters={"Epochs": "3", "learning.rate": "0.1"},
            Environment={"MY_VARIABLE": "1"},
            Tags=[{"Key": "team", "Value": "a,b"}, {"Key": "Env", "Value": ""}],
        )
        item = client.describe_training_job(TrainingJobName="forecast")
        tags = client.list_tags(ResourceArn=item["TrainingJobArn"])
        # An older moto forgets the environment.
        item.setdefault("Environment", {"MY_VARIABLE": "1"})
        yield cast("Response", item), cast("Response", tags)


def test_mapper_converts_a_training_job_of_moto(training_job: tuple[Response, Response]) -> None:
    """The complete row of a training job that was created in moto, described and listed with its
    tags."""
    item, tags = training_job
    at: datetime = item["CreationTime"]
    assert at.tzinfo is not UTC
    text = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/forecast"
    row = TRAINING.mapper.from_item(item, list_tags=tags)
    assert {name: value for name, value in row.items() if value is not None} == {
        "_key": arn,
        "account_id": ACCOUNT,
        "algorithm_specification": {
            "metric_definitions": [
                {
                    "name": "test:dcg",
                    "regex": "#quality_metric: host=\\S+, test dcg <score>=(\\S+)",
                }
            ],
            "training_image": "image",
            "training_input_mode": "File",
        },
        "creation_time": at,
        "enable_inter_container_traffic_encryption": False,
        "enable_managed_spot_training": False,
        "enable_network_isolation": False,
        "environment": {"MY_VARIABLE": "1"},
        "final_metric_data_list": [
            {"metric_name": "train:progress", "timestamp": text, "value": 100.0}
        ],
        "hyper_parameters": {"Epochs": "3", "learning.rate": "0.1"},
        "input_data_config": [
            {
                "channel_name": "train",
                "data_source": {
                    "s3_data_source": {"s3_data_type": "S3Prefix", "s3_uri": "s3://bucket/in"}
                },
            }
        ],
        "last_modified_time": at,
        "model_artifacts": {"s3_model_artifacts": "s3://bucket/out/forecast/output/model.tar.gz"},
        "output_data_config": {"s3_output_path": "s3://bucket/out"},
        "resource_config": {
            "instance_count": 1,
            "instance_type": "ml.m5.large",
            "volume_size_in_gb": 10,
        },
        "role_arn": ROLE,
        "secondary_status": "Completed",
        "secondary_status_transitions": [
            {
                "end_time": text,
                "start_time": text,
                "status": "Starting",
                "status_message": "Preparing the instances for training",
            }
        ],
        "stopping_condition": {"max_runtime_in_seconds": 60},
        "tags": {"team": ["a,b"], "Env": [""]},
        "training_end_time": at,
        "training_job_arn": arn,
        "training_job_name": "forecast",
        "training_job_status": "Completed",
        "training_start_time": at,
    }
    assert len(row) == 46
    assert row["creation_time"].tzinfo is UTC
    assert TRAINING.mapper.unmapped(item) == ()
    assert list(TRAINING.mapper.from_response(item, list_tags=tags)) == [row]
    assert_sound(TRAINING, row)


@dialects
def test_databases_return_the_row_of_a_training_job(
    training_job: tuple[Response, Response], dialect: str, request: pytest.FixtureRequest
) -> None:
    """The row of a training job of moto reads back equal from every database."""
    item, tags = training_job
    row = TRAINING.mapper.from_item(item, list_tags=tags)
    ddl = TRAINING.ddl(dialect)
    assert trip(request, SQL, TRAINING.loading, dialect, ddl, [row]) == [row]


# --- the service model ----------------------------------------------------------------------------


@jobs
def test_mapper_fills_every_column_from_a_full_response(job: Job, client: SageMakerClient) -> None:
    """A response with every member fills every column, and `unmapped` names the other members."""
    response = aws_responses.full("sagemaker", job.operation)
    item, tags = described(client, job, response)
    row = job.mapper.from_item(item, list_tags=tags)
    assert [name for name, value in row.items() if value is None] == []
    assert row["_key"] == response[job.arn]
    assert row["account_id"] == ACCOUNT
    assert row["tags"] == {"team": ["a", "b"]}
    assert job.mapper.unmapped(item) == job.unmapped
    assert_sound(job, row)


@jobs
def test_mapper_converts_a_minimal_response(job: Job, client: SageMakerClient) -> None:
    """A response with only the members that AWS requires is a row; other columns are None."""
    item, _ = described(client, job, aws_responses.minimal("sagemaker", job.operation))
    row = job.mapper.from_item(item)
    assert row["tags"] is None
    assert_sound(job, row)


@jobs
@dialects
def test_databases_return_rows_of_full_and_minimal_responses(
    job: Job, dialect: str, client: SageMakerClient, request: pytest.FixtureRequest
) -> None:
    """Rows of a full and of a minimal response read back equal from every database."""
    item, tags = described(client, job, aws_responses.full("sagemaker", job.operation))
    bare, _ = described(client, job, aws_responses.minimal("sagemaker", job.operation))
    rows = [
        job.mapper.from_item(item, list_tags=tags, key="full"),
        job.mapper.from_item(bare, key="minimal"),
    ]
    assert trip(request, SQL, job.loading, dialect, job.ddl(dialect), rows) == rows


@jobs
@pytest.mark.slow
@given(data=st.data())
@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_mapper_converts_any_response(job: Job, data: st.DataObject) -> None:
    """Whatever members a response has, the row satisfies the JSON Schema and the model."""
    response = data.draw(aws_responses.random("sagemaker", job.operation))
    tags = data.draw(aws_responses.random("sagemaker", "ListTags"))
    tags.pop("NextToken", None)  # the last page
    row = job.mapper.from_item(response, list_tags=tags)
    assert_sound(job, row)


@jobs
def test_mapper_keeps_what_aws_adds_later(job: Job, client: SageMakerClient) -> None:
    """A new member is named and breaks nothing; a new value of an enumeration and a new member
    of a structure are kept."""
    item, _ = described(client, job, aws_responses.full("sagemaker", job.operation))
    status = next(name for name in item if name.endswith("JobStatus"))
    item[status] = "Paused"
    item["NewMember"] = {"Any": 1}
    item["StoppingCondition"]["NewLimit"] = 5
    row = job.mapper.from_item(item)
    assert "Paused" in row.values()
    assert row["stopping_condition"]["new_limit"] == 5
    assert "NewMember" in job.mapper.unmapped(item)
    assert_sound(job, row)


def test_mappers_have_the_columns_of_their_pages() -> None:
    """Each mapper has the columns of its page, in the page's order."""
    modules = (sagemaker_trainingjob, sagemaker_processing_job, sagemaker_compilation_job)
    for job, module in zip(JOBS, modules, strict=True):
        assert list(module.Row.__annotations__) == list(job.schema()["properties"])
