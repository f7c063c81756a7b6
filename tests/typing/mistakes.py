"""A program full of mistakes. What mypy and pyright find in it is recorded beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddsql_schemas import sql
from ddsql_schemas.mappers.aws import sagemaker_processing_job, sagemaker_trainingjob
from ddsql_schemas.models.aws.sagemaker_trainingjob import SagemakerTrainingjob
from ddsql_schemas.tables.aws.sagemaker_trainingjob import TABLE

if TYPE_CHECKING:
    from types_boto3_sagemaker.type_defs import (
        DescribeModelOutputTypeDef,
        DescribeTrainingJobResponseTypeDef,
        ListModelsOutputTypeDef,
        ListTagsOutputTypeDef,
    )


def the_wrong_response(model: DescribeModelOutputTypeDef, models: ListModelsOutputTypeDef) -> None:
    sagemaker_trainingjob.from_item(model)  # mistake
    sagemaker_trainingjob.from_response(models)  # mistake


def the_wrong_arguments(
    job: DescribeTrainingJobResponseTypeDef, tags: ListTagsOutputTypeDef
) -> None:
    sagemaker_trainingjob.from_item(job, tags)  # mistake
    sagemaker_trainingjob.from_item(job, list_tags=tags["Tags"])  # mistake
    sagemaker_trainingjob.from_item(job, describe_tags=tags)  # mistake
    sagemaker_trainingjob.from_item(job, key=1)  # mistake
    sagemaker_trainingjob.from_item(job, errors="ignore")  # mistake


def the_wrong_columns(job: DescribeTrainingJobResponseTypeDef) -> None:
    row = sagemaker_trainingjob.from_item(job)
    print(row["training_jobarn"])  # mistake
    print(row["training_job_name"].upper())  # mistake
    seconds: str = row["training_time_in_seconds"] or 0  # mistake
    for channel in row["input_data_config"] or []:
        if channel is not None:
            print(channel["ChannelName"], seconds)  # mistake
    other: sagemaker_processing_job.Row = row  # mistake
    print(other)


def the_wrong_members() -> None:
    sagemaker_trainingjob.from_item({"TrainingJobArn": 1})  # mistake
    sagemaker_trainingjob.from_item({"TrainingJobARN": "arn"})  # mistake
    sagemaker_trainingjob.from_item({"ResourceConfig": {"InstanceCount": "1"}})  # mistake
    item: sagemaker_trainingjob.Item = {}
    item["TrainingJobArn"] = "arn"  # mistake


def the_wrong_models() -> None:
    job = SagemakerTrainingjob(_key="arn", training_time_in_seconds="60")  # mistake
    print(job.training_job_name.upper())  # mistake
    print(job.trainingjobname)  # mistake
    print(sql.insert(TABLE, "mysql"))  # mistake
