"""Rows of aws.sagemaker_trainingjob from dict literals, as somebody writes them by hand.

What the generated mapper is measured against. They do the work that shows in the row, with the
same converters for the same members: times become UTC, in json columns RFC 3339 text; names are in
snake_case; text is looked at for what no database stores; numbers and booleans are checked; tags
become sorted unique values. They do not do what the mapper does for any other response: each
literal is for responses that hold just the members that it names, with no None among them. It finds
nothing missing and nothing unknown, and where a value is wrong its message does not say where. So
they are faster than a mapper written by hand that could be relied on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ddsql_schemas._convert import (
    arn_account,
    boolean,
    float64,
    int64,
    rfc3339,
    tags,
    text,
    timestamp,
)

Members = Mapping[str, Any]
Row = dict[str, object]

AT = "aws.sagemaker_trainingjob"


def every_member(item: Members, list_tags: Members) -> Row:
    """The row of a response with every member that has a column."""
    algorithm = item["AlgorithmSpecification"]
    image = algorithm["TrainingImageConfig"]
    checkpoints = item["CheckpointConfig"]
    hook = item["DebugHookConfig"]
    experiment = item["ExperimentConfig"]
    infra_check = item["InfraCheckConfig"]
    artifacts = item["ModelArtifacts"]
    output = item["OutputDataConfig"]
    profiler = item["ProfilerConfig"]
    remote_debug = item["RemoteDebugConfig"]
    resources = item["ResourceConfig"]
    placement = resources["InstancePlacementConfig"]
    retry = item["RetryStrategy"]
    stopping = item["StoppingCondition"]
    tensor_board = item["TensorBoardOutputConfig"]
    vpc = item["VpcConfig"]
    warm_pool = item["WarmPoolStatus"]
    return {
        "_key": text(item["TrainingJobArn"], AT),
        "account_id": arn_account(item["TrainingJobArn"], AT),
        "algorithm_specification": {
            "training_image": text(algorithm["TrainingImage"], AT),
            "algorithm_name": text(algorithm["AlgorithmName"], AT),
            "training_input_mode": text(algorithm["TrainingInputMode"], AT),
            "metric_definitions": [
                _metric_definition(element) for element in algorithm["MetricDefinitions"]
            ],
            "enable_sage_maker_metrics_time_series": boolean(
                algorithm["EnableSageMakerMetricsTimeSeries"], AT
            ),
            "container_entrypoint": [
                text(element, AT) for element in algorithm["ContainerEntrypoint"]
            ],
            "container_arguments": [
                text(element, AT) for element in algorithm["ContainerArguments"]
            ],
            "training_image_config": {
                "training_repository_access_mode": text(image["TrainingRepositoryAccessMode"], AT),
                "training_repository_auth_config": {
                    "training_repository_credentials_provider_arn": text(
                        image["TrainingRepositoryAuthConfig"][
                            "TrainingRepositoryCredentialsProviderArn"
                        ],
                        AT,
                    )
                },
            },
        },
        "auto_ml_job_arn": text(item["AutoMLJobArn"], AT),
        "billable_time_in_seconds": int64(item["BillableTimeInSeconds"], AT),
        "checkpoint_config": {
            "s3_uri": text(checkpoints["S3Uri"], AT),
            "local_path": text(checkpoints["LocalPath"], AT),
        },
        "creation_time": timestamp(item["CreationTime"], AT),
        "debug_hook_config": {
            "local_path": text(hook["LocalPath"], AT),
            "s3_output_path": text(hook["S3OutputPath"], AT),
            "hook_parameters": {
                text(key, AT): text(value, AT) for key, value in hook["HookParameters"].items()
            },
            "collection_configurations": [
                _collection_configuration(element) for element in hook["CollectionConfigurations"]
            ],
        },
        "debug_rule_configurations": [
            _rule_configuration(element) for element in item["DebugRuleConfigurations"]
        ],
        "debug_rule_evaluation_statuses": [
            _evaluation_status(element) for element in item["DebugRuleEvaluationStatuses"]
        ],
        "enable_inter_container_traffic_encryption": boolean(
            item["EnableInterContainerTrafficEncryption"], AT
        ),
        "enable_managed_spot_training": boolean(item["EnableManagedSpotTraining"], AT),
        "enable_network_isolation": boolean(item["EnableNetworkIsolation"], AT),
        "environment": {
            text(key, AT): text(value, AT) for key, value in item["Environment"].items()
        },
        "experiment_config": {
            "experiment_name": text(experiment["ExperimentName"], AT),
            "trial_name": text(experiment["TrialName"], AT),
            "trial_component_display_name": text(experiment["TrialComponentDisplayName"], AT),
            "run_name": text(experiment["RunName"], AT),
        },
        "failure_reason": text(item["FailureReason"], AT),
        "final_metric_data_list": [_metric(element) for element in item["FinalMetricDataList"]],
        "hyper_parameters": {
            text(key, AT): text(value, AT) for key, value in item["HyperParameters"].items()
        },
        "infra_check_config": {"enable_infra_check": boolean(infra_check["EnableInfraCheck"], AT)},
        "input_data_config": [_channel(element) for element in item["InputDataConfig"]],
        "labeling_job_arn": text(item["LabelingJobArn"], AT),
        "last_modified_time": timestamp(item["LastModifiedTime"], AT),
        "model_artifacts": {"s3_model_artifacts": text(artifacts["S3ModelArtifacts"], AT)},
        "output_data_config": {
            "kms_key_id": text(output["KmsKeyId"], AT),
            "s3_output_path": text(output["S3OutputPath"], AT),
            "compression_type": text(output["CompressionType"], AT),
        },
        "profiler_config": {
            "s3_output_path": text(profiler["S3OutputPath"], AT),
            "profiling_interval_in_milliseconds": int64(
                profiler["ProfilingIntervalInMilliseconds"], AT
            ),
            "profiling_parameters": {
                text(key, AT): text(value, AT)
                for key, value in profiler["ProfilingParameters"].items()
            },
            "disable_profiler": boolean(profiler["DisableProfiler"], AT),
        },
        "profiler_rule_configurations": [
            _rule_configuration(element) for element in item["ProfilerRuleConfigurations"]
        ],
        "profiler_rule_evaluation_statuses": [
            _evaluation_status(element) for element in item["ProfilerRuleEvaluationStatuses"]
        ],
        "profiling_status": text(item["ProfilingStatus"], AT),
        "remote_debug_config": {
            "enable_remote_debug": boolean(remote_debug["EnableRemoteDebug"], AT)
        },
        "resource_config": {
            "instance_type": text(resources["InstanceType"], AT),
            "instance_count": int64(resources["InstanceCount"], AT),
            "volume_size_in_gb": int64(resources["VolumeSizeInGB"], AT),
            "volume_kms_key_id": text(resources["VolumeKmsKeyId"], AT),
            "keep_alive_period_in_seconds": int64(resources["KeepAlivePeriodInSeconds"], AT),
            "instance_groups": [
                _instance_group(element) for element in resources["InstanceGroups"]
            ],
            "training_plan_arn": text(resources["TrainingPlanArn"], AT),
            "instance_placement_config": {
                "enable_multiple_jobs": boolean(placement["EnableMultipleJobs"], AT),
                "placement_specifications": [
                    _placement_specification(element)
                    for element in placement["PlacementSpecifications"]
                ],
            },
            "instance_preferences": [
                _instance_preference(element) for element in resources["InstancePreferences"]
            ],
            "selected_instance_type": text(resources["SelectedInstanceType"], AT),
            "selected_instance_count": int64(resources["SelectedInstanceCount"], AT),
        },
        "retry_strategy": {"maximum_retry_attempts": int64(retry["MaximumRetryAttempts"], AT)},
        "role_arn": text(item["RoleArn"], AT),
        "secondary_status": text(item["SecondaryStatus"], AT),
        "secondary_status_transitions": [
            _secondary_status_transition(element) for element in item["SecondaryStatusTransitions"]
        ],
        "stopping_condition": {
            "max_runtime_in_seconds": int64(stopping["MaxRuntimeInSeconds"], AT),
            "max_wait_time_in_seconds": int64(stopping["MaxWaitTimeInSeconds"], AT),
            "max_pending_time_in_seconds": int64(stopping["MaxPendingTimeInSeconds"], AT),
        },
        "tags": tags(list_tags["Tags"], AT),
        "tensor_board_output_config": {
            "local_path": text(tensor_board["LocalPath"], AT),
            "s3_output_path": text(tensor_board["S3OutputPath"], AT),
        },
        "training_end_time": timestamp(item["TrainingEndTime"], AT),
        "training_job_arn": text(item["TrainingJobArn"], AT),
        "training_job_name": text(item["TrainingJobName"], AT),
        "training_job_status": text(item["TrainingJobStatus"], AT),
        "training_start_time": timestamp(item["TrainingStartTime"], AT),
        "training_time_in_seconds": int64(item["TrainingTimeInSeconds"], AT),
        "tuning_job_arn": text(item["TuningJobArn"], AT),
        "vpc_config": {
            "security_group_ids": [text(element, AT) for element in vpc["SecurityGroupIds"]],
            "subnets": [text(element, AT) for element in vpc["Subnets"]],
        },
        "warm_pool_status": {
            "status": text(warm_pool["Status"], AT),
            "resource_retained_billable_time_in_seconds": int64(
                warm_pool["ResourceRetainedBillableTimeInSeconds"], AT
            ),
            "reused_by_job": text(warm_pool["ReusedByJob"], AT),
        },
    }


def usual_members(item: Members, list_tags: Members) -> Row:
    """The row of a response with the members that a finished job usually has."""
    algorithm = item["AlgorithmSpecification"]
    artifacts = item["ModelArtifacts"]
    hook = item["DebugHookConfig"]
    output = item["OutputDataConfig"]
    profiler = item["ProfilerConfig"]
    resources = item["ResourceConfig"]
    stopping = item["StoppingCondition"]
    return {
        "_key": text(item["TrainingJobArn"], AT),
        "account_id": arn_account(item["TrainingJobArn"], AT),
        "algorithm_specification": {
            "training_image": text(algorithm["TrainingImage"], AT),
            "training_input_mode": text(algorithm["TrainingInputMode"], AT),
            "metric_definitions": [
                _metric_definition(element) for element in algorithm["MetricDefinitions"]
            ],
            "enable_sage_maker_metrics_time_series": boolean(
                algorithm["EnableSageMakerMetricsTimeSeries"], AT
            ),
        },
        "auto_ml_job_arn": None,
        "billable_time_in_seconds": int64(item["BillableTimeInSeconds"], AT),
        "checkpoint_config": None,
        "creation_time": timestamp(item["CreationTime"], AT),
        "debug_hook_config": {
            "s3_output_path": text(hook["S3OutputPath"], AT),
            "collection_configurations": [],
        },
        "debug_rule_configurations": None,
        "debug_rule_evaluation_statuses": None,
        "enable_inter_container_traffic_encryption": boolean(
            item["EnableInterContainerTrafficEncryption"], AT
        ),
        "enable_managed_spot_training": boolean(item["EnableManagedSpotTraining"], AT),
        "enable_network_isolation": boolean(item["EnableNetworkIsolation"], AT),
        "environment": None,
        "experiment_config": None,
        "failure_reason": None,
        "final_metric_data_list": [_metric(element) for element in item["FinalMetricDataList"]],
        "hyper_parameters": {
            text(key, AT): text(value, AT) for key, value in item["HyperParameters"].items()
        },
        "infra_check_config": None,
        "input_data_config": [_usual_channel(element) for element in item["InputDataConfig"]],
        "labeling_job_arn": None,
        "last_modified_time": timestamp(item["LastModifiedTime"], AT),
        "model_artifacts": {"s3_model_artifacts": text(artifacts["S3ModelArtifacts"], AT)},
        "output_data_config": {
            "kms_key_id": text(output["KmsKeyId"], AT),
            "s3_output_path": text(output["S3OutputPath"], AT),
        },
        "profiler_config": {
            "s3_output_path": text(profiler["S3OutputPath"], AT),
            "profiling_interval_in_milliseconds": int64(
                profiler["ProfilingIntervalInMilliseconds"], AT
            ),
        },
        "profiler_rule_configurations": None,
        "profiler_rule_evaluation_statuses": None,
        "profiling_status": text(item["ProfilingStatus"], AT),
        "remote_debug_config": None,
        "resource_config": {
            "instance_type": text(resources["InstanceType"], AT),
            "instance_count": int64(resources["InstanceCount"], AT),
            "volume_size_in_gb": int64(resources["VolumeSizeInGB"], AT),
        },
        "retry_strategy": None,
        "role_arn": text(item["RoleArn"], AT),
        "secondary_status": text(item["SecondaryStatus"], AT),
        "secondary_status_transitions": [
            _secondary_status_transition(element) for element in item["SecondaryStatusTransitions"]
        ],
        "stopping_condition": {
            "max_runtime_in_seconds": int64(stopping["MaxRuntimeInSeconds"], AT)
        },
        "tags": tags(list_tags["Tags"], AT),
        "tensor_board_output_config": None,
        "training_end_time": timestamp(item["TrainingEndTime"], AT),
        "training_job_arn": text(item["TrainingJobArn"], AT),
        "training_job_name": text(item["TrainingJobName"], AT),
        "training_job_status": text(item["TrainingJobStatus"], AT),
        "training_start_time": timestamp(item["TrainingStartTime"], AT),
        "training_time_in_seconds": int64(item["TrainingTimeInSeconds"], AT),
        "tuning_job_arn": None,
        "vpc_config": None,
        "warm_pool_status": None,
    }


def _usual_channel(given: Members) -> Row:
    s3 = given["DataSource"]["S3DataSource"]
    return {
        "channel_name": text(given["ChannelName"], AT),
        "data_source": {
            "s3_data_source": {
                "s3_data_type": text(s3["S3DataType"], AT),
                "s3_uri": text(s3["S3Uri"], AT),
                "s3_data_distribution_type": text(s3["S3DataDistributionType"], AT),
            },
        },
        "content_type": text(given["ContentType"], AT),
        "compression_type": text(given["CompressionType"], AT),
        "record_wrapper_type": text(given["RecordWrapperType"], AT),
    }


def _metric_definition(given: Members) -> Row:
    return {"name": text(given["Name"], AT), "regex": text(given["Regex"], AT)}


def _collection_configuration(given: Members) -> Row:
    return {
        "collection_name": text(given["CollectionName"], AT),
        "collection_parameters": {
            text(key, AT): text(value, AT) for key, value in given["CollectionParameters"].items()
        },
    }


def _rule_configuration(given: Members) -> Row:
    return {
        "rule_configuration_name": text(given["RuleConfigurationName"], AT),
        "local_path": text(given["LocalPath"], AT),
        "s3_output_path": text(given["S3OutputPath"], AT),
        "rule_evaluator_image": text(given["RuleEvaluatorImage"], AT),
        "instance_type": text(given["InstanceType"], AT),
        "volume_size_in_gb": int64(given["VolumeSizeInGB"], AT),
        "rule_parameters": {
            text(key, AT): text(value, AT) for key, value in given["RuleParameters"].items()
        },
    }


def _evaluation_status(given: Members) -> Row:
    return {
        "rule_configuration_name": text(given["RuleConfigurationName"], AT),
        "rule_evaluation_job_arn": text(given["RuleEvaluationJobArn"], AT),
        "rule_evaluation_status": text(given["RuleEvaluationStatus"], AT),
        "status_details": text(given["StatusDetails"], AT),
        "last_modified_time": rfc3339(given["LastModifiedTime"], AT),
    }


def _metric(given: Members) -> Row:
    return {
        "metric_name": text(given["MetricName"], AT),
        "value": float64(given["Value"], AT),
        "timestamp": rfc3339(given["Timestamp"], AT),
    }


def _channel(given: Members) -> Row:
    source = given["DataSource"]
    s3 = source["S3DataSource"]
    files = source["FileSystemDataSource"]
    return {
        "channel_name": text(given["ChannelName"], AT),
        "data_source": {
            "s3_data_source": {
                "s3_data_type": text(s3["S3DataType"], AT),
                "s3_uri": text(s3["S3Uri"], AT),
                "s3_data_distribution_type": text(s3["S3DataDistributionType"], AT),
                "attribute_names": [text(element, AT) for element in s3["AttributeNames"]],
                "instance_group_names": [text(element, AT) for element in s3["InstanceGroupNames"]],
                "model_access_config": {
                    "accept_eula": boolean(s3["ModelAccessConfig"]["AcceptEula"], AT)
                },
                "hub_access_config": {
                    "hub_content_arn": text(s3["HubAccessConfig"]["HubContentArn"], AT)
                },
            },
            "file_system_data_source": {
                "file_system_id": text(files["FileSystemId"], AT),
                "file_system_access_mode": text(files["FileSystemAccessMode"], AT),
                "file_system_type": text(files["FileSystemType"], AT),
                "directory_path": text(files["DirectoryPath"], AT),
            },
            "dataset_source": {"dataset_arn": text(source["DatasetSource"]["DatasetArn"], AT)},
        },
        "content_type": text(given["ContentType"], AT),
        "compression_type": text(given["CompressionType"], AT),
        "record_wrapper_type": text(given["RecordWrapperType"], AT),
        "input_mode": text(given["InputMode"], AT),
        "shuffle_config": {"seed": int64(given["ShuffleConfig"]["Seed"], AT)},
    }


def _instance_group(given: Members) -> Row:
    return {
        "instance_type": text(given["InstanceType"], AT),
        "instance_count": int64(given["InstanceCount"], AT),
        "instance_group_name": text(given["InstanceGroupName"], AT),
    }


def _placement_specification(given: Members) -> Row:
    return {
        "ultra_server_id": text(given["UltraServerId"], AT),
        "instance_count": int64(given["InstanceCount"], AT),
    }


def _instance_preference(given: Members) -> Row:
    return {
        "instance_type": text(given["InstanceType"], AT),
        "instance_count": int64(given["InstanceCount"], AT),
        "training_plan_arns": [text(element, AT) for element in given["TrainingPlanArns"]],
    }


def _secondary_status_transition(given: Members) -> Row:
    return {
        "status": text(given["Status"], AT),
        "start_time": rfc3339(given["StartTime"], AT),
        "end_time": rfc3339(given["EndTime"], AT),
        "status_message": text(given["StatusMessage"], AT),
    }
