"""Bindings of made pages for resources of many services, as botocore documents them."""

from __future__ import annotations

import re

import pytest

from expected_bindings import listing_text
from made_services import ORIGIN, typed
from schemagen.api_models.cache import Indexes
from schemagen.api_models.index import IndexedMember
from schemagen.inference.infer import infer
from schemagen.model.pages import Column, Table
from schemagen.model.shapes import ListOf, MapOf, Scalar
from schemagen.runtime.convert import snake_case

# A table, the operation that returns such a resource in full by AWS's references, and the path to it.
# The line below has the listing, if that is another operation, in the form of `expected_bindings`.
RESOURCES = """\
acm_certificate DescribeCertificate Certificate
    ListCertificates CertificateSummaryList[] (CertificateArn=CertificateArn)
amplify_app GetApp app
    ListApps apps[] (appId=appId)
apigateway_rest_api GetRestApi @
    GetRestApis items[] (restApiId=id)
appsync_graphql_api GetGraphqlApi graphqlApi
    ListGraphqlApis graphqlApis[] (apiId=apiId)
autoscaling_group DescribeAutoScalingGroups AutoScalingGroups[]
batch_job_queue DescribeJobQueues jobQueues[]
bedrock_guardrail GetGuardrail @
    ListGuardrails guardrails[] (guardrailIdentifier=arn)
cloudformation_stack DescribeStacks Stacks[]
cloudtrail_trail GetTrail Trail
    ListTrails Trails[] (Name=TrailARN)
cloudwatch_alarm DescribeAlarms MetricAlarms[]
codebuild_project BatchGetProjects projects[]
    ListProjects projects[] (names=@)
docdb_cluster DescribeDBClusters DBClusters[]
ec2_security_group DescribeSecurityGroups SecurityGroups[]
ec2_subnet DescribeSubnets Subnets[]
ecr_repository DescribeRepositories repositories[]
ecs_task DescribeTasks tasks[]
    ListTasks taskArns[] (tasks=@) needs cluster
efs_file_system DescribeFileSystems FileSystems[]
eks_nodegroup DescribeNodegroup nodegroup
    ListNodegroups nodegroups[] (nodegroupName=@) needs clusterName
elbv2_target_group DescribeTargetGroups TargetGroups[]
events_rule DescribeRule @
    ListRules Rules[] (Name=Name) needs EventBusName
glue_job GetJob Job
    ListJobs JobNames[] (JobName=@)
guardduty_detector GetDetector @
    ListDetectors DetectorIds[] (DetectorId=@)
kafka_cluster DescribeCluster ClusterInfo
    ListClusters ClusterInfoList[] (ClusterArn=ClusterArn)
logs_log_group DescribeLogGroups logGroups[]
mq_broker DescribeBroker @
    ListBrokers BrokerSummaries[] (BrokerId=BrokerId)
neptune_cluster DescribeDBClusters DBClusters[]
organizations_account DescribeAccount Account
    ListAccounts Accounts[] (AccountId=Id)
rds_instance DescribeDBInstances DBInstances[]
redshift_cluster DescribeClusters Clusters[]
ssm_document GetDocument @
    ListDocuments DocumentIdentifiers[] (Name=Name)
transfer_server DescribeServer Server
    ListServers Servers[] (ServerId=ServerId)
wafv2_web_acl GetWebACL WebACL
    ListWebACLs WebACLs[] (ARN=ARN) needs Scope
"""


ROWS = [row.split("\n    ") for row in re.split(r"\n(?! )", RESOURCES.strip())]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].split()[0])
@pytest.mark.parametrize("documented", [True, False], ids=["documented", "bare"])
def test_infer_binds_resources_of_many_services(
    row: list[str], documented: bool, indexes: Indexes
) -> None:
    """A page that has every member of a resource is bound to the operation that returns it, with
    documentation and without. All members without a rule are bound by their names, and the listing of
    such resources is found."""
    resource, *listing = row
    _, operation, path = resource.split()
    table, columns = page_of(resource, indexes, documented=documented)
    found = infer(typed(table), indexes)
    assert found.binding is not None
    assert (found.binding.operation, found.binding.path) == (operation, path)
    assert found.findings == ()
    assert {column.column: column.member for column in found.binding.columns} == columns
    assert found.binding.enrichments == ()
    assert listing_text(found.binding.listing) == "".join(listing)


def page_of(
    resource: str, indexes: Indexes, *, documented: bool, more: tuple[str, ...] = ()
) -> tuple[Table, dict[str, str]]:
    """Make the page of a resource, written ``table operation path``, and return it with the members of
    its columns. ``more`` are columns, written ``name type``, whose names no member of the item has."""
    name, operation, path = resource.split()
    service = indexes.of(name.partition("_")[0])
    place = next(item for item in service.items if (item.operation, item.path) == (operation, path))
    members = {
        snake_case(member.name): member
        for member in service.structures[place.structure]
        if "token" not in member.name.lower() and snake_case(member.name) != "tags"
    }
    columns = [
        Column(column, "core", ddsql_type(member), ORIGIN, description=member.words * documented)
        for column, member in members.items()
    ]
    for text in more:
        column, type = text.split()
        columns.append(Column(column, "core", type, ORIGIN))
    table = Table(f"aws.{name}", "", "", tuple(columns), ORIGIN)
    return table, {column: member.name for column, member in members.items()}


# Tables with each of AWS's spellings of tags, by the references of the operations that return them.
SPELLINGS = """\
ecs_task DescribeTasks tasks[]: Tags of key and value, in the item: tags
efs_file_system DescribeFileSystems FileSystems[]: Tags of Key and Value, in the item: Tags
eks_nodegroup DescribeNodegroup nodegroup: a map, in the item: tags
acm_certificate DescribeCertificate Certificate: Key and Value: ListTagsForCertificate CertificateArn=CertificateArn Tags
kms_key DescribeKey KeyMetadata: TagKey and TagValue: ListResourceTags KeyId=KeyId Tags
personalize_dataset_group DescribeDatasetGroup datasetGroup: tagKey and tagValue: ListTagsForResource resourceArn=datasetGroupArn tags
stepfunctions_activity DescribeActivity @: key and value: ListTagsForResource resourceArn=activityArn tags
backup_plan GetBackupPlan @: a map: ListTags ResourceArn=BackupPlanArn Tags
"""


@pytest.mark.parametrize("row", SPELLINGS.splitlines(), ids=lambda row: row.split()[0])
@pytest.mark.parametrize("type", ["hstore_csv", "hstore"])
def test_infer_finds_tags_in_every_spelling(row: str, type: str, indexes: Indexes) -> None:
    """Tags are bound in all their forms, from the item and from operations that list tags."""
    resource, where = row.partition(": ")[0], row.rpartition(": ")[2].split()
    table, _ = page_of(resource, indexes, documented=True, more=(f"tags {type}",))
    binding = infer(typed(table), indexes).binding
    assert binding is not None
    (tags,) = [column for column in binding.columns if column.column == "tags"]
    assert tags.evidence == "name"
    operation, arguments = (where[0], (tuple(where[1].split("=")),)) if where[1:] else (None, ())
    assert (tags.operation, tags.member) == (operation, where[-1])
    assert [enrichment.arguments for enrichment in binding.enrichments] == (
        [arguments] if operation else []
    )


def ddsql_type(member: IndexedMember) -> str:
    """Return the DDSQL type that a page has for a member."""
    match member.shape:
        case Scalar("binary"):
            return "string"
        case Scalar(name):
            return name
        case MapOf(Scalar("string")):
            return "hstore"
        case ListOf(Scalar("string")):
            return "array<string>"
        case _:
            return "json"
