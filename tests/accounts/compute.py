"""Instances, volumes, functions, containers."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from accounts.case import Case, Created, Query, specified, tags
from accounts.security import role
from aws_reader import ACCOUNT, REGION, client

ZONE = f"{REGION}a"
IMAGE = "ami-03cf127a"
"""An image that moto knows."""


def run_instances(count: int, **how: Any) -> list[str]:
    """Identifiers of new instances."""
    ec2 = client("ec2")
    made = ec2.run_instances(ImageId=IMAGE, MinCount=count, MaxCount=count, **how)
    return [instance["InstanceId"] for instance in made["Instances"]]


def instances() -> Created:
    web = run_instances(
        2, InstanceType="t3.micro", TagSpecifications=specified("instance", team="web", Name="")
    )
    [batch] = run_instances(1, InstanceType="m5.large", Monitoring={"Enabled": True})
    client("ec2").stop_instances(InstanceIds=[batch])
    return Created(
        (
            Query(
                "SELECT instance_arn, account_id, instance_type, state->>'name', (state->>'code')::INT,"
                " placement->>'availability_zone', tags['Name'] FROM aws.ec2_instance"
                " WHERE tags['team'] = ['web'] ORDER BY instance_id",
                [
                    (
                        f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{id}",
                        ACCOUNT,
                        "t3.micro",
                        "running",
                        16,
                        ZONE,
                        [""],
                    )
                    for id in sorted(web)
                ],
            ),
            Query(
                "SELECT instance_id, instance_type, state->>'name', monitoring->>'state',"
                " coalesce(cardinality(tags), 0)"
                " FROM aws.ec2_instance WHERE state->>'name' <> 'running'",
                [(batch, "m5.large", "stopped", "enabled", 0)],
            ),
            Query(
                "SELECT launch_template_data->>'instance_type', count(*) FROM aws.ec2_instance"
                " GROUP BY ALL ORDER BY ALL",
                [("m5.large", 1), ("t3.micro", 2)],
            ),
            Query(
                "SELECT count(DISTINCT _key), bool_and(launch_time <= now()),"
                " bool_and(json_array_length(network_interfaces) = 1) FROM aws.ec2_instance",
                [(3, True, True)],
            ),
        )
    )


def volumes() -> Created:
    ec2 = client("ec2")
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    fast = ec2.create_volume(
        AvailabilityZone=ZONE,
        Size=20,
        VolumeType="gp3",
        Iops=4000,
        Throughput=250,
        Encrypted=True,
        KmsKeyId=key,
        TagSpecifications=specified("volume", team="storage", Env="prod"),
    )["VolumeId"]
    [instance] = run_instances(1)
    plain = ec2.create_volume(AvailabilityZone=ZONE, Size=9)["VolumeId"]
    ec2.attach_volume(Device="/dev/sdh", InstanceId=instance, VolumeId=plain)
    return Created(
        (
            Query(
                "SELECT volume_id, size, volume_type, iops, throughput, encrypted, kms_key_id, state"
                " FROM aws.ebs_volume WHERE tags['team'] = ['storage'] AND tags['Env'] = ['prod']",
                [(fast, 20, "gp3", 4000, 250, True, key, "available")],
            ),
            Query(
                "SELECT volume_id, state, encrypted, attachments->0->>'instance_id',"
                " attachments->0->>'device', create_time > TIMESTAMPTZ '2020-01-01 00:00:00+00',"
                " coalesce(cardinality(tags), 0) FROM aws.ebs_volume WHERE size = 9",
                [(plain, "in-use", False, instance, "/dev/sdh", True, 0)],
            ),
        )
    )


def emr_instances() -> Created:
    client("emr").run_job_flow(
        Name="nightly",
        ReleaseLabel="emr-6.15.0",
        Instances={
            "InstanceGroups": [
                {
                    "Name": name,
                    "InstanceRole": name,
                    "InstanceType": type,
                    "InstanceCount": count,
                    "Market": "ON_DEMAND",
                }
                for name, type, count in (("MASTER", "m5.xlarge", 1), ("CORE", "m5.large", 2))
            ],
            "KeepJobFlowAliveWhenNoSteps": True,
            "Placement": {"AvailabilityZone": ZONE},
        },
        JobFlowRole="role",
        ServiceRole="role",
    )
    return Created(
        (
            Query(
                "SELECT instance_type, count(*), count(DISTINCT _key),"
                " count(DISTINCT ec2_instance_id), count(DISTINCT instance_group_id), any_value(status->>'state')"
                " FROM aws.elasticmapreduce_instance GROUP BY ALL ORDER BY ALL",
                [("m5.large", 2, 2, 2, 1, "RUNNING"), ("m5.xlarge", 1, 1, 1, 1, "RUNNING")],
            ),
        ),
    )


def functions() -> Created:
    functions = client("lambda")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): return event")
    common = {
        "Role": role("runner"),
        "Runtime": "python3.12",
        "Handler": "main.handler",
        "Code": {"ZipFile": code.getvalue()},
    }
    arn = functions.create_function(
        FunctionName="resize",
        Description="Makes images small.",
        Timeout=30,
        MemorySize=512,
        Architectures=["arm64"],
        Environment={"Variables": {"MAX_Width": "640", "bucket": "images"}},
        Tags={"team": "media", "Env": ""},
        **common,
    )["FunctionArn"]
    functions.add_permission(
        FunctionName="resize",
        StatementId="from-s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
    )
    functions.create_function(FunctionName="plain", **common)
    return Created(
        (
            Query(
                "SELECT _key, function_name, account_id, runtime, timeout, memory_size,"
                " architectures, environment->'variables'->>'MAX_Width', tags['Env']"
                " FROM aws.lambda_function WHERE tags['team'] = ['media']",
                [
                    (
                        arn,
                        "resize",
                        ACCOUNT,
                        "python3.12",
                        30,
                        512,
                        ["arm64"],
                        "640",
                        [""],
                    )
                ],
            ),
            # AWS answers with a text that holds a document; the column holds the document.
            Query(
                "SELECT function_name, policy->'Statement'->0->>'Sid'"
                " FROM aws.lambda_function WHERE policy IS NOT NULL",
                [("resize", "from-s3")],
            ),
            Query(
                "SELECT function_name, code_size > 0, coalesce(cardinality(tags), 0)"
                " FROM aws.lambda_function WHERE tags['team'] IS NULL",
                [("plain", True, 0)],
            ),
        )
    )


def _clusters() -> Any:
    ecs = client("ecs")
    ecs.create_cluster(
        clusterName="shop",
        tags=tags("key", "value", team="web", Env="prod"),
        settings=[{"name": "containerInsights", "value": "enabled"}],
        capacityProviders=["FARGATE"],
    )
    ecs.create_cluster(clusterName="empty")
    ecs.register_task_definition(
        family="cart", containerDefinitions=[{"name": "cart", "image": "cart:1", "memory": 64}]
    )
    for name, count, given in (("cart", 2, {"team": "cart"}), ("bare", 1, {})):
        ecs.create_service(
            cluster="shop",
            serviceName=name,
            taskDefinition="cart",
            desiredCount=count,
            launchType="EC2",
            tags=tags("key", "value", **given),
        )
    return ecs


def ecs_clusters() -> Created:
    _clusters()
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/shop"
    return Created(
        (
            Query(
                "SELECT _key, cluster_name, status, tags['team'], capacity_providers,"
                " settings->0->>'name', settings->0->>'value', account_id"
                " FROM aws.ecs_cluster WHERE tags['Env'] = ['prod']",
                [
                    (
                        arn,
                        "shop",
                        "ACTIVE",
                        ["web"],
                        ["FARGATE"],
                        "containerInsights",
                        "enabled",
                        ACCOUNT,
                    )
                ],
            ),
            Query(
                "SELECT cluster_name, running_tasks_count FROM aws.ecs_cluster"
                " WHERE coalesce(cardinality(tags), 0) = 0",
                [("empty", 0)],
            ),
        )
    )


def ecs_services() -> Created:
    _clusters()
    return Created(
        (
            Query(
                "SELECT service_name, desired_count, launch_type, tags['team'],"
                " split_part(task_definition, '/', 2), split_part(cluster_arn, '/', 2),"
                " deployments->0->>'status',"
                " (deployments->0->>'created_at')::TIMESTAMPTZ <= now() FROM aws.ecs_service"
                " ORDER BY service_name",
                [
                    ("bare", 1, "EC2", None, "cart:1", "shop", "PRIMARY", True),
                    ("cart", 2, "EC2", "cart", "cart:1", "shop", "PRIMARY", True),
                ],
            ),
        ),
        scope={"cluster": "shop"},
    )


def eks_clusters() -> Created:
    eks = client("eks")
    network = {"subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]}
    arns = [
        eks.create_cluster(
            name=name, version="1.31", roleArn=role(name), resourcesVpcConfig=network, tags=given
        )["cluster"]["arn"]
        for name, given in (("blue", {"team": "platform", "Env": ""}), ("green", {}))
    ]
    return Created(
        (
            Query(
                "SELECT _key, name, version, account_id, tags['team'], tags['Env'],"
                " resources_vpc_config->'subnet_ids'->>1 FROM aws.eks_cluster ORDER BY name",
                [
                    (arns[0], "blue", "1.31", ACCOUNT, ["platform"], [""], "subnet-2"),
                    (arns[1], "green", "1.31", ACCOUNT, None, None, "subnet-2"),
                ],
            ),
        )
    )


_NOT_IN_MOTO = "moto does not know the operation"

CASES = (
    Case("aws.ec2_instance", instances),
    Case(
        "aws.ebs_volume",
        volumes,
        empty={"account_id": "moto's volumes have no ARN"},
        key="VolumeId",
    ),
    Case("aws.elasticmapreduce_instance", emr_instances, key="Id"),
    Case(
        "aws.lambda_function",
        functions,
        lacks={
            "ListFunctionUrlConfigs": _NOT_IN_MOTO,
            "ListProvisionedConcurrencyConfigs": _NOT_IN_MOTO,
        },
        absent={"GetPolicy": "ResourceNotFoundException"},
    ),
    Case("aws.ecs_cluster", ecs_clusters),
    Case("aws.ecs_service", ecs_services),
    Case("aws.eks_cluster", eks_clusters),
)
