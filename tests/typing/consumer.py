"""A program that uses ddsql-schemas as its users do; mypy --strict and pyright find nothing in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Literal, LiteralString

from ddsql_schemas import __version__, catalog, sql
from ddsql_schemas.mappers.aws import (
    sagemaker_compilation_job,
    sagemaker_processing_job,
    sagemaker_trainingjob,
)
from ddsql_schemas.mappers.aws.sagemaker_trainingjob import ConversionError, Errors, Row
from ddsql_schemas.models.aws.sagemaker_trainingjob import SagemakerTrainingjob
from ddsql_schemas.shapes.aws.sagemaker import ChannelRow, SecondaryStatusTransitionRow
from ddsql_schemas.tables.aws.sagemaker_trainingjob import TABLE

if TYPE_CHECKING:
    from types_boto3_sagemaker import SageMakerClient
    from types_boto3_sagemaker.type_defs import (
        DescribeCompilationJobResponseTypeDef,
        DescribeProcessingJobResponseTypeDef,
        DescribeTrainingJobResponseTypeDef,
        ListTagsOutputTypeDef,
    )


def training_jobs(client: SageMakerClient, errors: Errors = "replace") -> Iterator[Row]:
    for page in client.get_paginator("list_training_jobs").paginate():
        for summary in page["TrainingJobSummaries"]:
            job = client.describe_training_job(TrainingJobName=summary["TrainingJobName"])
            tags = client.list_tags(ResourceArn=job["TrainingJobArn"])
            new = sagemaker_trainingjob.unmapped(job)
            print(len(new), *new)
            yield sagemaker_trainingjob.from_item(job, list_tags=tags, errors=errors)


def responses(
    training: DescribeTrainingJobResponseTypeDef,
    processing: DescribeProcessingJobResponseTypeDef,
    compilation: DescribeCompilationJobResponseTypeDef,
    tags: ListTagsOutputTypeDef,
) -> None:
    first = next(sagemaker_trainingjob.from_response(training, list_tags=tags, key="mine"))
    second = next(sagemaker_processing_job.from_response(processing, list_tags=tags))
    third = next(sagemaker_compilation_job.from_response(compilation))
    key: str = first["_key"]
    account: str | None = second["account_id"]
    ended: datetime | None = third["compilation_end_time"]
    print(key, account, ended)


def by_hand() -> Row | None:
    item: sagemaker_trainingjob.Item = {
        "TrainingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/a",
        "InputDataConfig": [{"ChannelName": "train"}],
        "HyperParameters": {"Epochs": "3"},
    }
    try:
        return sagemaker_trainingjob.from_item(item)
    except ConversionError as error:
        print(error.at, error.reason)
        return None


def keys_of_an_enumeration(variables: dict[Literal["HOME", "PATH"], str]) -> Row:
    return sagemaker_trainingjob.from_item({"Environment": variables}, key="mine")


def nested(row: Row) -> tuple[str, int]:
    seconds: int = row["training_time_in_seconds"] or 0
    parameters: dict[str, str | None] = row["hyper_parameters"] or {}
    owners: list[str] = (row["tags"] or {}).get("owner", [])
    names: list[str] = []
    for channel in row["input_data_config"] or []:
        if channel is not None and "channel_name" in channel:
            names.append(channel["channel_name"])
    transition: SecondaryStatusTransitionRow = {"status": "Starting"}
    shuffled: ChannelRow = {"shuffle_config": {"seed": seconds}}
    print(parameters, owners, transition, shuffled)
    image: str | None = None
    if (specification := row["algorithm_specification"]) is not None:
        image = specification.get("training_image")
    return image or "", len(names)


def load(rows: Iterator[Row]) -> list[list[object]]:
    models = [SagemakerTrainingjob.model_validate(row) for row in rows]
    print(sql.insert(TABLE, "duckdb"), models[0].key, models[0].training_end_time)
    return [sql.parameters(row, TABLE, "postgres") for row in rows]


def statements(ids: list[str], dialect: catalog.Dialect) -> Iterator[LiteralString]:
    """Tables by ids that are known, and by ids that only a run knows."""
    known: catalog.TableId = "aws.sagemaker_trainingjob"
    for id in (known, *ids):
        table = catalog.table(id)
        version: str = __version__
        columns: list[str] = [column.name for column in table.columns]
        model = table.model.model_validate({name: version for name in columns})
        assert model.model_dump(), sql.select(table.loading, dialect)
        yield table.ddl("duckdb")
