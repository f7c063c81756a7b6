"""Rows to load in benchmarks: 46 columns, 22 of them json, about 3.0 kB of values a row.

The table is aws.sagemaker_trainingjob of the committed package. Rows are deterministic: the same
numbers make the same rows on every machine.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

TABLE = "aws.sagemaker_trainingjob"
ACCOUNT = "123456789012"
REGION = "eu-west-1"

Row = dict[str, object]

_TEXT = """\
Starting the training job; Preparing the instances for training; Downloading input data; Training image
download completed; Uploading generated training model; Training job completed naïve Größe 数据 “quoted”
back\\slash "double" 'single' a,comma"""
_WORDS = _TEXT.split()
_START = datetime(2026, 1, 1, tzinfo=UTC)


def rows(count: int, *, first: int = 0, edition: int = 0) -> Iterator[Row]:
    """Yield ``count`` rows from number ``first``. Another ``edition`` of a row differs in some columns,
    as a resource that has changed does, but not in its key."""
    for number in range(first, first + count):
        yield row(number, edition)


def changed(count: int) -> Iterator[Row]:
    """Yield the rows of `rows` as a later run finds them: 5 % have changed, 2 % are gone, 2 % are new."""
    for number in range(count):
        if number % 50 == 7:
            continue
        yield row(number, 1 if number % 20 == 3 else 0)
    yield from rows(count // 50, first=count)


def row(number: int, edition: int = 0) -> Row:
    """Make the row of a training job."""
    chance = random.Random(number * 31 + 7)  # noqa: S311 - sample data
    name = f"job-{number:07d}-{chance.getrandbits(64):016x}"
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/{name}"
    created = _START + timedelta(seconds=number * 17, microseconds=number % 1_000_000)
    bucket = f"s3://bucket-{number % 97}/{name}"
    ended = created + timedelta(seconds=600 + edition)
    return {
        "_key": arn,
        "account_id": ACCOUNT,
        "algorithm_specification": {
            "training_image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/train:{number % 13}",
            "training_input_mode": "File",
            "metric_definitions": [
                {"name": f"metric{index}", "regex": f"metric{index}=([0-9.]+)"}
                for index in range(2)
            ],
            "enable_sage_maker_metrics_time_series": number % 2 == 0,
        },
        "auto_ml_job_arn": None if number % 3 else f"{arn}/auto",
        "billable_time_in_seconds": 500 + number % 1000 + edition,
        "checkpoint_config": {"s3_uri": f"{bucket}/checkpoints", "local_path": "/opt/ml/cp"},
        "creation_time": created,
        "debug_hook_config": {
            "s3_output_path": f"{bucket}/debug",
            "collection_configurations": [{"collection_name": "losses"}],
        },
        "debug_rule_configurations": [
            {"rule_configuration_name": "LossNotDecreasing", "instance_type": "ml.t3.medium"}
        ],
        "debug_rule_evaluation_statuses": [
            {
                "rule_configuration_name": "LossNotDecreasing",
                "rule_evaluation_status": "NoIssuesFound",
            }
        ],
        "enable_inter_container_traffic_encryption": number % 5 == 0,
        "enable_managed_spot_training": number % 4 == 0,
        "enable_network_isolation": False,
        "environment": {"LOG_LEVEL": "info", "RUN": str(number), "EMPTY": ""},
        "experiment_config": {"experiment_name": f"exp{number % 11}", "run_name": name},
        "failure_reason": None if number % 10 else " ".join(chance.choices(_WORDS, k=8)),
        "final_metric_data_list": [
            {
                "metric_name": f"metric{index}",
                "value": round(chance.random(), 6),
                "timestamp": "2026-01-01T00:00:00Z",
            }
            for index in range(2)
        ],
        "hyper_parameters": {
            "epochs": str(number % 50),
            "learning_rate": "0.001",
            "text": " ".join(chance.choices(_WORDS, k=4)),
        },
        "infra_check_config": {"enable_infra_check": True},
        "input_data_config": [
            {
                "channel_name": channel,
                "data_source": {
                    "s3_data_source": {"s3_data_type": "S3Prefix", "s3_uri": f"{bucket}/{channel}"}
                },
                "compression_type": "None",
            }
            for channel in ("train", "test")
        ],
        "labeling_job_arn": None,
        "last_modified_time": ended,
        "model_artifacts": {"s3_model_artifacts": f"{bucket}/model.tar.gz"},
        "output_data_config": {"s3_output_path": f"{bucket}/out", "kms_key_id": ""},
        "profiler_config": {
            "s3_output_path": f"{bucket}/profile",
            "profiling_interval_in_milliseconds": 500,
        },
        "profiler_rule_configurations": [
            {
                "rule_configuration_name": "ProfilerReport",
                "rule_parameters": {"rule_to_invoke": "ProfilerReport"},
            }
        ],
        "profiler_rule_evaluation_statuses": [
            {
                "rule_configuration_name": "ProfilerReport",
                "rule_evaluation_status": "InProgress" if edition else "NoIssuesFound",
            }
        ],
        "profiling_status": "Enabled",
        "remote_debug_config": {"enable_remote_debug": False},
        "resource_config": {
            "instance_type": "ml.p4d.24xlarge",
            "instance_count": 1 + number % 8,
            "volume_size_in_gb": 100,
            "keep_alive_period_in_seconds": 600,
        },
        "retry_strategy": {"maximum_retry_attempts": 3},
        "role_arn": f"arn:aws:iam::{ACCOUNT}:role/service-role/training-{number % 7}",
        "secondary_status": "Completed",
        "secondary_status_transitions": [
            {
                "status": status,
                "start_time": "2026-01-01T00:00:00Z",
                "status_message": " ".join(chance.choices(_WORDS, k=3)),
            }
            for status in ("Starting", "Completed")
        ],
        "stopping_condition": {"max_runtime_in_seconds": 86400},
        "tags": {
            "team": ["compute", "data"] if number % 9 == 0 else ["ml"],
            "cost, center": [f"cc{number % 23}"],
            "empty": [],
            "Name": [name],
        },
        "tensor_board_output_config": {"s3_output_path": f"{bucket}/tb", "local_path": "/opt/tb"},
        "training_end_time": ended,
        "training_job_arn": arn,
        "training_job_name": name,
        "training_job_status": "Completed",
        "training_start_time": created + timedelta(seconds=60),
        "training_time_in_seconds": 540 + edition,
        "tuning_job_arn": None,
        "vpc_config": {
            "subnets": [f"subnet-{number % 5:08x}"],
            "security_group_ids": ["sg-00000001"],
        },
        "warm_pool_status": {
            "status": "Available",
            "resource_retained_billable_time_in_seconds": 0,
        },
    }
