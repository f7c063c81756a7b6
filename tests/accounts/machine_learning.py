"""SageMaker."""

from __future__ import annotations

from typing import Any

from accounts.case import Case, Created, Query, tags
from aws_reader import ACCOUNT, REGION, client

ROLE = f"arn:aws:iam::{ACCOUNT}:role/trainer"
ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:"


def _models(sagemaker: Any) -> None:
    sagemaker.create_model(
        ModelName="ranker",
        PrimaryContainer={
            "Image": "image:1",
            "ModelDataUrl": "s3://models/ranker.tar.gz",
            "Environment": {"MY_Variable": "1"},
        },
        ExecutionRoleArn=ROLE,
        VpcConfig={"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
        Tags=tags(team="ranking", Env=""),
    )
    sagemaker.create_model(ModelName="plain", ExecutionRoleArn=ROLE)


def models() -> Created:
    _models(client("sagemaker"))
    return Created(
        (
            Query(
                "SELECT _key, model_name, account_id, execution_role_arn, tags['Env'],"
                " primary_container->'environment'->>'MY_Variable',"
                " vpc_config->'subnets'->>0 FROM aws.sagemaker_model"
                " WHERE tags['team'] = ['ranking']",
                [(f"{ARN}model/ranker", "ranker", ACCOUNT, ROLE, [""], "1", "subnet-1")],
            ),
            Query(
                "SELECT model_name, cardinality(tags), creation_time <= now()"
                " FROM aws.sagemaker_model WHERE model_name = 'plain'",
                [("plain", 0, True)],
            ),
        )
    )


def _endpoint_configs(sagemaker: Any) -> None:
    _models(sagemaker)
    sagemaker.create_endpoint_config(
        EndpointConfigName="half",
        ProductionVariants=[
            {
                "VariantName": name,
                "ModelName": "ranker",
                "InitialInstanceCount": count,
                "InstanceType": "ml.m5.large",
                "InitialVariantWeight": 0.5,
            }
            for name, count in (("a", 1), ("b", 3))
        ],
        Tags=tags(team="ranking", Env="prod"),
    )


def endpoint_configs() -> Created:
    _endpoint_configs(client("sagemaker"))
    return Created(
        (
            Query(
                "SELECT _key, tags['Env'], variant->>'variant_name',"
                " (variant->>'initial_instance_count')::INT,"
                " (variant->>'initial_variant_weight')::DOUBLE FROM ("
                """SELECT *, unnest(from_json(production_variants, '["JSON"]')) AS variant"""
                " FROM aws.sagemaker_endpoint_config) WHERE tags['team'] = ['ranking'] ORDER BY ALL",
                [
                    (f"{ARN}endpoint-config/half", ["prod"], name, count, 0.5)
                    for name, count in (("a", 1), ("b", 3))
                ],
            ),
        )
    )


def endpoints() -> Created:
    sagemaker = client("sagemaker")
    _endpoint_configs(sagemaker)
    sagemaker.create_endpoint(
        EndpointName="rank", EndpointConfigName="half", Tags=tags(team="ranking", Env="")
    )
    sagemaker.create_endpoint(EndpointName="plain", EndpointConfigName="half")
    return Created(
        (
            Query(
                "SELECT _key, endpoint_name, endpoint_config_name, endpoint_status, tags['team'],"
                " json_array_length(production_variants), creation_time <= last_modified_time"
                " FROM aws.sagemaker_endpoint ORDER BY endpoint_name",
                [
                    (f"{ARN}endpoint/plain", "plain", "half", "InService", None, 2, True),
                    (f"{ARN}endpoint/rank", "rank", "half", "InService", ["ranking"], 2, True),
                ],
            ),
        )
    )


def domains() -> Created:
    sagemaker = client("sagemaker")
    made = sagemaker.create_domain(
        DomainName="lab",
        AuthMode="IAM",
        DefaultUserSettings={"ExecutionRole": ROLE},
        SubnetIds=["subnet-1", "subnet-2"],
        VpcId="vpc-1",
        Tags=tags(team="science", Env=""),
    )["DomainArn"]
    return Created(
        (
            Query(
                "SELECT _key, domain_name, auth_mode, subnet_ids, vpc_id, account_id, tags['Env'],"
                " default_user_settings->>'execution_role'"
                " FROM aws.sagemaker_domain WHERE tags['team'] = ['science']",
                [
                    (
                        made,
                        "lab",
                        "IAM",
                        ["subnet-1", "subnet-2"],
                        "vpc-1",
                        ACCOUNT,
                        [""],
                        ROLE,
                    )
                ],
            ),
        )
    )


def notebooks() -> Created:
    sagemaker = client("sagemaker")
    sagemaker.create_notebook_instance(
        NotebookInstanceName="ideas",
        InstanceType="ml.t3.medium",
        RoleArn=ROLE,
        SubnetId="subnet-1",
        SecurityGroupIds=["sg-1", "sg-2"],
        VolumeSizeInGB=20,
        RootAccess="Disabled",
        DirectInternetAccess="Disabled",
        AdditionalCodeRepositories=["https://example.com/code"],
        Tags=tags(team="science", Env="test"),
    )
    sagemaker.create_notebook_instance(
        NotebookInstanceName="plain", InstanceType="ml.t3.large", RoleArn=ROLE
    )
    return Created(
        (
            Query(
                "SELECT notebook_instance_name, instance_type, volume_size_in_gb, security_groups,"
                " root_access, additional_code_repositories, account_id, tags['Env']"
                " FROM aws.sagemaker_notebook_instance WHERE tags['team'] = ['science']",
                [
                    (
                        "ideas",
                        "ml.t3.medium",
                        20,
                        ["sg-1", "sg-2"],
                        "Disabled",
                        ["https://example.com/code"],
                        ACCOUNT,
                        ["test"],
                    )
                ],
            ),
            Query(
                "SELECT _key, instance_type, cardinality(tags) FROM aws.sagemaker_notebook_instance"
                " WHERE notebook_instance_name = 'plain'",
                [(f"{ARN}notebook-instance/plain", "ml.t3.large", 0)],
            ),
        )
    )


def explanations() -> Created:
    client("sagemaker").create_model_explainability_job_definition(
        JobDefinitionName="why",
        ModelExplainabilityAppSpecification={
            "ImageUri": "image:1",
            "ConfigUri": "s3://models/why.json",
            "Environment": {"MY_Variable": "1"},
        },
        ModelExplainabilityJobInput={
            "EndpointInput": {"EndpointName": "rank", "LocalPath": "/opt/input"}
        },
        ModelExplainabilityJobOutputConfig={
            "MonitoringOutputs": [
                {"S3Output": {"S3Uri": "s3://models/why", "LocalPath": "/opt/output"}}
            ]
        },
        JobResources={
            "ClusterConfig": {
                "InstanceCount": 2,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 20,
            }
        },
        RoleArn=ROLE,
        Tags=tags(team="ranking", Env="prod"),
    )
    return Created(
        (
            Query(
                "SELECT _key, account_id, tags['team'],"
                " model_explainability_app_specification->'environment'->>'MY_Variable',"
                " model_explainability_job_input->'endpoint_input'->>'endpoint_name',"
                " (job_resources->'cluster_config'->>'volume_size_in_gb')::INT"
                " FROM aws.sagemaker_model_explainability_job_definition",
                [
                    (
                        f"{ARN}model-explainability-job-definition/why",
                        ACCOUNT,
                        ["ranking"],
                        "1",
                        "rank",
                        20,
                    )
                ],
            ),
        )
    )


def tuning_jobs() -> Created:
    sagemaker = client("sagemaker")
    for name, given in (("search", tags(team="ranking", Env="")), ("plain", [])):
        sagemaker.create_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name,
            HyperParameterTuningJobConfig={
                "Strategy": "Bayesian",
                "ResourceLimits": {
                    "MaxNumberOfTrainingJobs": 9,
                    "MaxParallelTrainingJobs": 3,
                },
            },
            Tags=given,
        )
    return Created(
        (
            Query(
                "SELECT _key, hyper_parameter_tuning_job_name, tags['team'], tags['Env'],"
                " hyper_parameter_tuning_job_config->>'strategy',"
                " (hyper_parameter_tuning_job_config->'resource_limits'"
                "->>'max_parallel_training_jobs')::INT, creation_time <= now()"
                " FROM aws.sagemaker_hyperparametertuningjob ORDER BY 2",
                [
                    (
                        f"{ARN}hyper-parameter-tuning-job/{name}",
                        name,
                        team,
                        environment,
                        "Bayesian",
                        3,
                        True,
                    )
                    for name, team, environment in (
                        ("plain", None, None),
                        ("search", ["ranking"], [""]),
                    )
                ],
            ),
        )
    )


CASES = (
    Case("aws.sagemaker_model", models),
    Case("aws.sagemaker_endpoint_config", endpoint_configs),
    Case("aws.sagemaker_endpoint", endpoints),
    Case("aws.sagemaker_domain", domains),
    Case("aws.sagemaker_notebook_instance", notebooks),
    Case("aws.sagemaker_hyperparametertuningjob", tuning_jobs),
    Case("aws.sagemaker_model_explainability_job_definition", explanations),
)
