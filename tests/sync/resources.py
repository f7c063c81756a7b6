"""Resources in the accounts of moto: several pages of each kind, made by plain boto3.

A kind says how one resource of a table is made, changed and deleted. Its name is in the row: that is
how tests know, without any of the code under test, which rows there must be.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from sync.aws_server import Credentials, client

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
READ = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
        ],
    }
)
IMAGE = "ami-03cf127a"
GLOBAL_REGION = "us-east-1"


def _nothing() -> None:
    """Do nothing: nobody watches these resources."""


@dataclass(frozen=True)
class Place:
    """A region of an account, and how to get there: ``url`` is moto's own. ``called`` is called before and
    after each call, which may change something."""

    credentials: Credentials
    region: str
    url: str
    called: Callable[[], None] = field(default=_nothing, repr=False, compare=False)
    _clients: dict[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)

    @property
    def account(self) -> str:
        return self.credentials.account

    def client(self, service: str) -> Any:
        if service not in self._clients:
            made = client(service, self.url, self.region, self.credentials)
            for event in ("before-call", "after-call"):
                made.meta.events.register(event, self._tell)
            self._clients[service] = made
        return self._clients[service]

    def _tell(self, **_: object) -> None:
        self.called()


Id = str


@dataclass(frozen=True)
class Kind:
    """Resources of a table.

    ``column`` has what ``create`` returns. ``everywhere`` is true where an account has them once,
    in no region. ``change`` gives a resource the tag or the description "changed",
    if that is possible in moto.
    """

    table: str
    column: str
    create: Callable[[Place, str], Id]
    change: Callable[[Place, Id], object] | None
    delete: Callable[[Place, Id], object]
    everywhere: bool = False


def tags(name: str, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Two tags: one with the name, one that is empty."""
    return [{key: "made", value: name}, {key: "Empty", value: ""}]


def _changed(key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: "state", value: "changed"}]


# --- EC2 ------------------------------------------------------------------------------------------


def _specified(kind: str, name: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": tags(name)}]


def _instance(place: Place, name: str) -> Id:
    made = place.client("ec2").run_instances(
        ImageId=IMAGE,
        MinCount=1,
        MaxCount=1,
        InstanceType="t3.micro",
        TagSpecifications=_specified("instance", name),
    )
    return str(made["Instances"][0]["InstanceId"])


def _volume(place: Place, name: str) -> Id:
    made = place.client("ec2").create_volume(
        AvailabilityZone=f"{place.region}a",
        Size=9,
        TagSpecifications=_specified("volume", name),
    )
    return str(made["VolumeId"])


def _vpc(place: Place, name: str) -> Id:
    made = place.client("ec2").create_vpc(
        CidrBlock="10.7.0.0/16", TagSpecifications=_specified("vpc", name)
    )
    return str(made["Vpc"]["VpcId"])


def _tag_ec2(place: Place, id: Id) -> None:
    place.client("ec2").create_tags(Resources=[id], Tags=_changed())


def _terminate(place: Place, id: Id) -> None:
    """Stop an instance: terminated ones stay listed for a while, as they do at AWS."""
    place.client("ec2").terminate_instances(InstanceIds=[id])


# --- SageMaker ------------------------------------------------------------------------------------


def _tag_sagemaker(place: Place, kind: str, name: str) -> None:
    arn = f"arn:aws:sagemaker:{place.region}:{place.account}:{kind}/{name}"
    place.client("sagemaker").add_tags(ResourceArn=arn, Tags=_changed())


def _role(place: Place) -> str:
    return f"arn:aws:iam::{place.account}:role/worker"


def _model(place: Place, name: str) -> Id:
    place.client("sagemaker").create_model(
        ModelName=name,
        ExecutionRoleArn=_role(place),
        PrimaryContainer={"Image": "image:1", "Environment": {"MY_Variable": name}},
        Tags=tags(name),
    )
    return name


def _base_model(place: Place) -> str:
    """The model of all endpoints."""
    with suppress(ClientError):  # it exists
        _model(place, "base")
    return "base"


def _endpoint_config(place: Place, name: str) -> Id:
    base = _base_model(place)
    place.client("sagemaker").create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "a",
                "ModelName": base,
                "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "InitialVariantWeight": 0.5,
            }
        ],
        Tags=tags(name),
    )
    return name


def _endpoint(place: Place, name: str) -> Id:
    sagemaker = place.client("sagemaker")
    config = f"of-{name}"
    _endpoint_config(place, config)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config, Tags=tags(name))
    return name


def _domain(place: Place, name: str) -> Id:
    made = place.client("sagemaker").create_domain(
        DomainName=name,
        AuthMode="IAM",
        DefaultUserSettings={"ExecutionRole": _role(place)},
        SubnetIds=["subnet-1"],
        VpcId="vpc-1",
        Tags=tags(name),
    )
    return str(made["DomainArn"]).rpartition("/")[2]


def _notebook(place: Place, name: str) -> Id:
    place.client("sagemaker").create_notebook_instance(
        NotebookInstanceName=name,
        InstanceType="ml.t3.medium",
        RoleArn=_role(place),
        Tags=tags(name),
    )
    return name


def _delete_notebook(place: Place, name: Id) -> None:
    sagemaker = place.client("sagemaker")
    sagemaker.stop_notebook_instance(NotebookInstanceName=name)
    sagemaker.delete_notebook_instance(NotebookInstanceName=name)


def _tuning_job(place: Place, name: str) -> Id:
    place.client("sagemaker").create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig={
            "Strategy": "Bayesian",
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 9, "MaxParallelTrainingJobs": 3},
        },
        Tags=tags(name),
    )
    return name


def _explanation(place: Place, name: str) -> Id:
    place.client("sagemaker").create_model_explainability_job_definition(
        JobDefinitionName=name,
        ModelExplainabilityAppSpecification={"ImageUri": "image:1", "ConfigUri": "s3://models/x"},
        ModelExplainabilityJobInput={
            "EndpointInput": {"EndpointName": "rank", "LocalPath": "/opt/input"}
        },
        ModelExplainabilityJobOutputConfig={
            "MonitoringOutputs": [{"S3Output": {"S3Uri": "s3://m/why", "LocalPath": "/opt"}}]
        },
        JobResources={
            "ClusterConfig": {
                "InstanceCount": 2,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 20,
            }
        },
        RoleArn=_role(place),
        Tags=tags(name),
    )
    return name


def _execution(place: Place, name: str) -> Id:
    sagemaker = place.client("sagemaker")
    sagemaker.create_pipeline(
        PipelineName=name,
        PipelineDefinition='{"Version": "2020-12-01", "Steps": []}',
        ClientRequestToken=name.ljust(32, "-"),
        RoleArn=_role(place),
    )
    made = sagemaker.start_pipeline_execution(
        PipelineName=name, ClientRequestToken=name.ljust(32, "-")
    )
    return str(made["PipelineExecutionArn"])


def _sagemaker(
    table: str,
    column: str,
    kind: str,
    create: Callable[[Place, str], Id],
    delete: Callable[[Place, Id], object],
) -> Kind:
    def change(place: Place, id: Id) -> None:
        _tag_sagemaker(place, kind, id)

    return Kind(table, column, create, change, delete)


# --- containers, functions ------------------------------------------------------------------------


@cache
def _code() -> bytes:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(zipfile.ZipInfo("main.py"), "def handler(event, context): return event")
    return code.getvalue()


def _function(place: Place, name: str) -> Id:
    iam = place.client("iam")
    try:
        role = iam.get_role(RoleName="base-runner")["Role"]["Arn"]
    except iam.exceptions.NoSuchEntityException:
        role = iam.create_role(RoleName="base-runner", AssumeRolePolicyDocument=TRUST)["Role"][
            "Arn"
        ]
    place.client("lambda").create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.12",
        Handler="main.handler",
        Code={"ZipFile": _code()},
        Environment={"Variables": {"MAX_Width": "640"}},
        Tags={"made": name, "Empty": ""},
    )
    return name


def _change_function(place: Place, name: Id) -> None:
    place.client("lambda").update_function_configuration(FunctionName=name, Description="changed")


def _cluster(place: Place, name: str) -> Id:
    place.client("ecs").create_cluster(clusterName=name, tags=tags(name, "key", "value"))
    return name


def _tag_ecs(place: Place, resource: str) -> None:
    arn = f"arn:aws:ecs:{place.region}:{place.account}:{resource}"
    place.client("ecs").tag_resource(resourceArn=arn, tags=_changed("key", "value"))


def _service(place: Place, name: str) -> Id:
    ecs = place.client("ecs")
    ecs.create_cluster(clusterName="shared")
    ecs.register_task_definition(
        family="cart", containerDefinitions=[{"name": "cart", "image": "cart:1", "memory": 64}]
    )
    ecs.create_service(
        cluster="shared",
        serviceName=name,
        taskDefinition="cart",
        desiredCount=2,
        launchType="EC2",
        tags=tags(name, "key", "value"),
    )
    return name


def _eks(place: Place, name: str) -> Id:
    place.client("eks").create_cluster(
        name=name,
        version="1.31",
        roleArn=_role(place),
        resourcesVpcConfig={"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]},
        tags={"made": name, "Empty": ""},
    )
    return name


def _tag_eks(place: Place, name: Id) -> None:
    arn = f"arn:aws:eks:{place.region}:{place.account}:cluster/{name}"
    place.client("eks").tag_resource(resourceArn=arn, tags={"state": "changed"})


# --- networks -------------------------------------------------------------------------------------


def _load_balancer(place: Place, name: str) -> Id:
    place.client("elb").create_load_balancer(
        LoadBalancerName=name,
        Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 8080}],
        AvailabilityZones=[f"{place.region}a"],
        Tags=tags(name),
    )
    return name


def _tag_load_balancer(place: Place, name: Id) -> None:
    place.client("elb").add_tags(LoadBalancerNames=[name], Tags=_changed())


def _zone(place: Place, name: str) -> Id:
    route53 = place.client("route53")
    made = route53.create_hosted_zone(
        Name=f"{name}.example.", CallerReference=name, HostedZoneConfig={"Comment": name}
    )["HostedZone"]["Id"]
    route53.change_tags_for_resource(
        ResourceType="hostedzone", ResourceId=made.rpartition("/")[2], AddTags=tags(name)
    )
    return str(made)


def _distribution(place: Place, name: str) -> Id:
    made = place.client("cloudfront").create_distribution_with_tags(
        DistributionConfigWithTags={
            "DistributionConfig": {
                "CallerReference": name,
                "Comment": name,
                "Enabled": False,
                "Origins": {
                    "Quantity": 1,
                    "Items": [
                        {
                            "Id": "bucket",
                            "DomainName": "images.s3.amazonaws.com",
                            "S3OriginConfig": {"OriginAccessIdentity": ""},
                        }
                    ],
                },
                "DefaultCacheBehavior": {
                    "TargetOriginId": "bucket",
                    "ViewerProtocolPolicy": "https-only",
                    "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
                },
            },
            "Tags": {"Items": tags(name)},
        }
    )["Distribution"]
    return str(made["Id"])


def _tag_distribution(place: Place, id: Id) -> None:
    place.client("cloudfront").tag_resource(
        Resource=f"arn:aws:cloudfront::{place.account}:distribution/{id}",
        Tags={"Items": _changed()},
    )


def _delete_distribution(place: Place, id: Id) -> None:
    cloudfront = place.client("cloudfront")
    etag = cloudfront.get_distribution(Id=id)["ETag"]
    cloudfront.delete_distribution(Id=id, IfMatch=etag)


def _application(place: Place, name: str) -> Id:
    made = place.client("sns").create_platform_application(
        Name=name, Platform="GCM", Attributes={"SuccessFeedbackSampleRate": "10"}
    )
    return str(made["PlatformApplicationArn"])


def _change_application(place: Place, arn: Id) -> None:
    place.client("sns").set_platform_application_attributes(
        PlatformApplicationArn=arn, Attributes={"SuccessFeedbackSampleRate": "99"}
    )


# --- identities, keys, secrets --------------------------------------------------------------------


def _iam_user(place: Place, name: str) -> Id:
    place.client("iam").create_user(UserName=name, Tags=tags(name))
    return name


def _iam_role(place: Place, name: str) -> Id:
    place.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=tags(name))
    return name


def _iam_policy(place: Place, name: str) -> Id:
    place.client("iam").create_policy(PolicyName=name, PolicyDocument=READ, Tags=tags(name))
    return name


def _policy_arn(place: Place, name: str) -> str:
    return f"arn:aws:iam::{place.account}:policy/{name}"


def _key(place: Place, name: str) -> Id:
    made = place.client("kms").create_key(Description=name, Tags=tags(name, "TagKey", "TagValue"))
    return str(made["KeyMetadata"]["KeyId"])


def _secret(place: Place, name: str) -> Id:
    made = place.client("secretsmanager").create_secret(
        Name=name, SecretString="not a secret", Tags=tags(name)
    )
    return str(made["ARN"])


# --- storage --------------------------------------------------------------------------------------


def _bucket(place: Place, name: str) -> Id:
    s3 = place.client("s3")
    region: dict[str, Any] = {}
    if place.region != "us-east-1":
        region = {"CreateBucketConfiguration": {"LocationConstraint": place.region}}
    s3.create_bucket(Bucket=name, **region)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags(name)})
    return name


def _tag_bucket(place: Place, name: Id) -> None:
    place.client("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": _changed()})


def _dynamodb(place: Place, name: str) -> Id:
    place.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        Tags=tags(name),
    )
    return name


def _tag_dynamodb(place: Place, name: Id) -> None:
    arn = f"arn:aws:dynamodb:{place.region}:{place.account}:table/{name}"
    place.client("dynamodb").tag_resource(ResourceArn=arn, Tags=_changed())


def _stream(place: Place, name: str) -> Id:
    kinesis = place.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.add_tags_to_stream(StreamName=name, Tags={"made": name, "Empty": ""})
    return name


KINDS: tuple[Kind, ...] = (
    Kind("aws.ec2_instance", "instance_id", _instance, _tag_ec2, _terminate),
    Kind(
        "aws.ebs_volume",
        "volume_id",
        _volume,
        _tag_ec2,
        lambda place, key: place.client("ec2").delete_volume(VolumeId=key),
    ),
    Kind(
        "aws.vpc",
        "vpc_id",
        _vpc,
        _tag_ec2,
        lambda place, key: place.client("ec2").delete_vpc(VpcId=key),
    ),
    _sagemaker(
        "aws.sagemaker_model",
        "model_name",
        "model",
        _model,
        lambda place, key: place.client("sagemaker").delete_model(ModelName=key),
    ),
    _sagemaker(
        "aws.sagemaker_endpoint_config",
        "endpoint_config_name",
        "endpoint-config",
        _endpoint_config,
        lambda place, key: place.client("sagemaker").delete_endpoint_config(EndpointConfigName=key),
    ),
    _sagemaker(
        "aws.sagemaker_endpoint",
        "endpoint_name",
        "endpoint",
        _endpoint,
        lambda place, key: place.client("sagemaker").delete_endpoint(EndpointName=key),
    ),
    _sagemaker(
        "aws.sagemaker_domain",
        "domain_id",
        "domain",
        _domain,
        lambda place, key: place.client("sagemaker").delete_domain(DomainId=key),
    ),
    _sagemaker(
        "aws.sagemaker_notebook_instance",
        "notebook_instance_name",
        "notebook-instance",
        _notebook,
        _delete_notebook,
    ),
    _sagemaker(
        "aws.sagemaker_hyperparametertuningjob",
        "hyper_parameter_tuning_job_name",
        "hyper-parameter-tuning-job",
        _tuning_job,
        lambda place, key: place.client("sagemaker").delete_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=key
        ),
    ),
    _sagemaker(
        "aws.sagemaker_model_explainability_job_definition",
        "job_definition_name",
        "model-explainability-job-definition",
        _explanation,
        lambda place, key: place.client("sagemaker").delete_model_explainability_job_definition(
            JobDefinitionName=key
        ),
    ),
    Kind(
        "aws.sagemaker_pipelineexecution",
        "pipeline_execution_arn",
        _execution,
        None,  # moto has no operation for it
        lambda place, key: place.client("sagemaker").delete_pipeline(
            PipelineName=key.split("/")[-3], ClientRequestToken="-" * 32
        ),
    ),
    Kind(
        "aws.lambda_function",
        "function_name",
        _function,
        _change_function,
        lambda place, key: place.client("lambda").delete_function(FunctionName=key),
    ),
    Kind(
        "aws.ecs_cluster",
        "cluster_name",
        _cluster,
        lambda place, key: _tag_ecs(place, f"cluster/{key}"),
        lambda place, key: place.client("ecs").delete_cluster(cluster=key),
    ),
    Kind(
        "aws.ecs_service",
        "service_name",
        _service,
        lambda place, key: _tag_ecs(place, f"service/shared/{key}"),
        lambda place, key: place.client("ecs").delete_service(
            cluster="shared", service=key, force=True
        ),
    ),
    Kind(
        "aws.eks_cluster",
        "name",
        _eks,
        _tag_eks,
        lambda place, key: place.client("eks").delete_cluster(name=key),
    ),
    Kind(
        "aws.elb_load_balancer",
        "load_balancer_name",
        _load_balancer,
        _tag_load_balancer,
        lambda place, key: place.client("elb").delete_load_balancer(LoadBalancerName=key),
    ),
    Kind(
        "aws.sns_platform_application",
        "platform_application_arn",
        _application,
        _change_application,
        lambda place, key: place.client("sns").delete_platform_application(
            PlatformApplicationArn=key
        ),
    ),
    Kind(
        "aws.kms",
        "key_id",
        _key,
        lambda place, key: place.client("kms").tag_resource(
            KeyId=key, Tags=_changed("TagKey", "TagValue")
        ),
        # Keys stay listed until their time has come.
        lambda place, key: place.client("kms").schedule_key_deletion(
            KeyId=key, PendingWindowInDays=7
        ),
    ),
    Kind(
        "aws.secretsmanager_secret",
        "arn",
        _secret,
        lambda place, key: place.client("secretsmanager").tag_resource(
            SecretId=key, Tags=_changed()
        ),
        lambda place, key: place.client("secretsmanager").delete_secret(
            SecretId=key, ForceDeleteWithoutRecovery=True
        ),
    ),
    Kind(
        "aws.dynamodb",
        "table_name",
        _dynamodb,
        _tag_dynamodb,
        lambda place, key: place.client("dynamodb").delete_table(TableName=key),
    ),
    Kind(
        "aws.kinesis_stream",
        "stream_name",
        _stream,
        lambda place, key: place.client("kinesis").add_tags_to_stream(
            StreamName=key, Tags={"state": "changed"}
        ),
        lambda place, key: place.client("kinesis").delete_stream(StreamName=key),
    ),
    Kind(
        "aws.s3_bucket",
        "name",
        _bucket,
        _tag_bucket,
        lambda place, key: place.client("s3").delete_bucket(Bucket=key),
        everywhere=True,
    ),
    Kind(
        "aws.iam_user",
        "user_name",
        _iam_user,
        lambda place, key: place.client("iam").tag_user(UserName=key, Tags=_changed()),
        lambda place, key: place.client("iam").delete_user(UserName=key),
        everywhere=True,
    ),
    Kind(
        "aws.iam_role",
        "role_name",
        _iam_role,
        lambda place, key: place.client("iam").tag_role(RoleName=key, Tags=_changed()),
        lambda place, key: place.client("iam").delete_role(RoleName=key),
        everywhere=True,
    ),
    Kind(
        "aws.iam_policy",
        "policy_name",
        _iam_policy,
        lambda place, key: place.client("iam").tag_policy(
            PolicyArn=_policy_arn(place, key), Tags=_changed()
        ),
        lambda place, key: place.client("iam").delete_policy(PolicyArn=_policy_arn(place, key)),
        everywhere=True,
    ),
    Kind(
        "aws.route53_hosted_zone",
        "id",
        _zone,
        lambda place, key: place.client("route53").change_tags_for_resource(
            ResourceType="hostedzone", ResourceId=key.rpartition("/")[2], AddTags=_changed()
        ),
        lambda place, key: place.client("route53").delete_hosted_zone(Id=key),
        everywhere=True,
    ),
    Kind(
        "aws.cloudfront_distribution",
        "id",
        _distribution,
        _tag_distribution,
        _delete_distribution,
        everywhere=True,
    ),
)


def by_table() -> Mapping[str, Kind]:
    return {kind.table: kind for kind in KINDS}
