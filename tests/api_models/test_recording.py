"""Records of botocore's models, and problems with locks that botocore's models contradict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from botocore.model import ServiceModel

from schemagen.api_models import recording
from schemagen.api_models.botocore import BotocoreService, UnknownShape, service_api
from schemagen.diagnostics import ProblemsFound
from schemagen.lockfile import lock
from schemagen.lockfile.record import Record

ROOT = Path(__file__).resolve().parents[2]
SAGEMAKER = "bindings/aws/sagemaker.json"
AGAIN = "run `schemagen bind --again`"


def record(service: str, *operations: str) -> Record:
    return service_api(service).record(operations)


@pytest.fixture(scope="module")
def sagemaker() -> lock.LockFile:
    return lock.read(SAGEMAKER, (ROOT / SAGEMAKER).read_bytes())


def test_record_has_structures_with_types_and_requirements() -> None:
    """Scalars, structures, lists, maps and enumerations are written in the lock's notation."""
    made = record("sagemaker", "DescribeTrainingJob")
    assert made.outputs == {"DescribeTrainingJob": "DescribeTrainingJobResponse"}
    assert made.shapes["SecondaryStatusTransition"] == {
        "Status": "$SecondaryStatus!",
        "StartTime": "timestamp!",
        "EndTime": "timestamp",
        "StatusMessage": "string",
    }
    output = made.shapes["DescribeTrainingJobResponse"]
    assert output["HyperParameters"] == "map<string>"
    assert output["InputDataConfig"] == "list<#Channel>"
    assert output["EnableNetworkIsolation"] == "bool"
    assert output["TrainingTimeInSeconds"] == "int64"
    assert made.enumerations["TrainingInputMode"] == ("Pipe", "File", "FastFile")


@pytest.mark.parametrize(
    ("service", "operation", "structure", "member", "type"),
    [
        ("dynamodb", "GetItem", "AttributeValue", "M", "map<#AttributeValue>"),
        ("dynamodb", "GetItem", "AttributeValue", "B", "binary"),
        ("iam", "GetRolePolicy", "GetRolePolicyResponse", "PolicyDocument", "json!"),
        ("cloudformation", "GetTemplate", "GetTemplateOutput", "TemplateBody", "json"),
        ("bedrock-agent", "GetPrompt", "PromptVariant", "additionalModelRequestFields", "json"),
        ("lex-runtime", "PutSession", "PutSessionResponse", "slots", "json"),
    ],
)
def test_record_has_the_types_that_boto3_returns(
    service: str, operation: str, structure: str, member: str, type: str
) -> None:
    """Structures may contain themselves; documents, and strings that botocore decodes, are JSON."""
    assert record(service, operation).shapes[structure][member] == type


def test_refresh_records_only_what_bindings_need(sagemaker: lock.LockFile) -> None:
    """Refreshing drops what no binding needs any more."""
    smaller = recording.refresh(replace(sagemaker, bindings=sagemaker.bindings[:1]))
    assert set(smaller.record.outputs) == {"DescribeCompilationJob", "ListTags"}
    assert "Channel" in sagemaker.record.shapes
    assert "Channel" not in smaller.record.shapes
    assert lock.read(SAGEMAKER, smaller.text.encode()) == smaller


def test_refresh_completes_a_record(sagemaker: lock.LockFile) -> None:
    """The bindings stay as they are, and the record becomes what botocore has."""
    emptied = replace(sagemaker, record=Record())
    again = recording.refresh(emptied)
    assert again.bindings == sagemaker.bindings
    assert again.record.shapes["Tag"] == {"Key": "string!", "Value": "string!"}
    assert recording.refresh(again) == again


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        ('"operation": "DescribeCompilationJob"', '"operation": "DescribeCompilation"', ["6:7: SG402 sagemaker has no operation 'DescribeCompilation'; did you mean 'DescribeCompilationJob'?"]),
        ('"operation": "DescribeCompilationJob"', '"operation": "DeleteCompilationJob"', ["6:7: SG402 operation 'DeleteCompilationJob' has no response"]),
        ('{"ResourceArn": "CompilationJobArn"}', '{"Arn": "CompilationJobArn"}', ["33:49: SG402 operation 'ListTags' has no parameter 'Arn'"]),
        ('"RoleArn", "evidence"', '"RoleARN", "evidence"', ["27:22: SG402 DescribeCompilationJobResponse has no member 'RoleARN'; did you mean 'RoleArn'?"]),
        ('{"ResourceArn": "CompilationJobArn"}', '{"Arn": "CompilationJob"}', ["33:49: SG402 operation 'ListTags' has no parameter 'Arn'"]),
        ('"operation": "DescribeCompilationJob"', '"operation": "DescribeCompilation", "constants": {"A": "b"}', ["6:7: SG402 sagemaker has no operation 'DescribeCompilation'; did you mean 'DescribeCompilationJob'?"]),
        ('"service": "sagemaker"', '"service": "gone"', ["3:3: SG402 botocore has no service 'gone'"]),
    ],
)  # fmt: skip
def test_refresh_reports_what_botocore_lacks_at_its_place(
    sagemaker: lock.LockFile, old: str, new: str, messages: list[str]
) -> None:
    """An operation, argument, member or service that botocore does not have is a problem."""
    assert old in sagemaker.text
    changed = sagemaker.text.replace(old, new, 1)
    path = "bindings/aws/gone.json" if '"gone"' in new else SAGEMAKER
    parsed = lock.parse(path, changed.encode())
    with pytest.raises(ProblemsFound) as raised:
        recording.refresh(parsed)
    assert str(raised.value).splitlines() == [
        f"{parsed.path}:{message}; {AGAIN}" for message in messages
    ]


ZONES = """\
{
  "service": "route53",
  "tables": {
    "aws.route53_hosted_zone": {
      "operation": "GetHostedZone",
      "path": "HostedZone",
      "listing": {"operation": "ListHostedZones", "path": "HostedZones[]", "arguments": {"Id": "Id"}},
      "columns": {
        "tags": {"operation": "ListTagsForResource", "member": "Tags", "evidence": "name"}
      },
      "auxiliary": {
        "ListTagsForResource": {"path": "ResourceTagSet", "arguments": {"ResourceId": "Id"}, "constants": {"ResourceType": "hostedzone"}}
      },
      "unbound": []
    }
  },
  "outputs": {},
  "enumerations": {},
  "shapes": {}
}
"""


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        ("ListHostedZones", "ListZones", ["7:19: SG402 route53 has no operation 'ListZones'; did you mean 'ListHostedZones'?"]),
        ("HostedZones[]", "Zones[]", ["7:51: SG402 ListHostedZonesResponse has no member 'Zones'; did you mean 'HostedZones'?"]),
        ("HostedZones[]", "HostedZones", ["7:51: SG402 ListHostedZonesResponse.HostedZones is a list: write HostedZones[]"]),
        ('{"Id": "Id"}', '{"Name": "Id"}', ["7:90: SG402 operation 'GetHostedZone' has no parameter 'Name'"]),
        ('{"Id": "Id"}', '{"Id": "Arn"}', ["7:90: SG402 HostedZone has no member 'Arn'"]),
        ('{"Id": "Id"}', '{"Id": "@"}', ["7:90: SG402 HostedZones[] of ListHostedZones holds structures: name a member"]),
        ('{"Id": "Id"}', '{"Id": "Id"}, "needs": ["Zone"]', ["7:113: SG402 operation 'ListHostedZones' has no parameter 'Zone'"]),
        ('"hostedzone"', '"zone"', ["12:108: SG402 operation 'ListTagsForResource' does not accept 'zone' as ResourceType"]),
        ('"hostedzone"', '["hostedzone"]', ["12:108: SG402 operation 'ListTagsForResource' does not accept 'hostedzone' as ResourceType"]),
        ('"ResourceType"', '"Type"', ["12:108: SG402 operation 'ListTagsForResource' has no parameter 'Type'"]),
    ],
)  # fmt: skip
def test_refresh_reports_listings_and_constants_that_botocore_lacks(
    old: str, new: str, messages: list[str]
) -> None:
    """A listing or a constant that botocore does not have is also a problem."""
    path = "bindings/aws/route53.json"
    assert recording.refresh(lock.parse(path, ZONES.encode())).bindings[0].listing is not None
    assert ZONES.count(old) == 1
    with pytest.raises(ProblemsFound) as raised:
        recording.refresh(lock.parse(path, ZONES.replace(old, new).encode()))
    assert str(raised.value).splitlines() == [f"{path}:{message}; {AGAIN}" for message in messages]


def test_refresh_reports_all_problems_at_once() -> None:
    """A mistake in one operation does not hide a mistake in another."""
    path = "bindings/aws/route53.json"
    wrong = ZONES.replace('"GetHostedZone"', '"GetZone"').replace('"Tags"', '"Tag"')
    with pytest.raises(ProblemsFound) as raised:
        recording.refresh(lock.parse(path, wrong.encode()))
    assert str(raised.value).splitlines() == [
        f"{path}:5:7: SG402 route53 has no operation 'GetZone'; did you mean 'GetHostedZone'?; {AGAIN}",
        f"{path}:9:54: SG402 ResourceTagSet has no member 'Tag'; did you mean 'Tags'?; {AGAIN}",
    ]


def test_record_refuses_unknown_botocore_types() -> None:
    """A type that the type table does not know is an error with the member's name."""
    model = ServiceModel(
        {
            "metadata": {},
            "operations": {"Get": {"name": "Get", "output": {"shape": "Out"}}},
            "shapes": {
                "Out": {"type": "structure", "members": {"A": {"shape": "Odd"}}},
                "Odd": {"type": "quaternion"},
            },
        },
        "made",
    )
    with pytest.raises(UnknownShape) as raised:
        BotocoreService(model).record(["Get"])
    assert str(raised.value) == "made's Out.A: unknown botocore type 'quaternion'"


QUEUE = """\
{
  "service": "sqs",
  "tables": {
    "aws.sqs_queue": {
      "operation": "GetQueueAttributes",
      "path": "@",
      "columns": {
        "_key": {"derived": "arn", "member": "Attributes[QueueArn]"},
        "policy": {"member": "Attributes[Policy]", "evidence": "name"},
        "tags": {"operation": "ListQueueTags", "member": "Tags[Anything]", "evidence": "hand"}
      },
      "auxiliary": {
        "ListQueueTags": {"path": "@", "arguments": {"QueueUrl": "Attributes[QueueArn]"}}
      },
      "unbound": []
    }
  },
  "outputs": {},
  "enumerations": {},
  "shapes": {}
}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"arn", "member": "Attributes[QueueArn]"', '"arn", "member": "Attributes[QueueARN]"', "8:36: SG402 GetQueueAttributesResult.Attributes has no key 'QueueARN'; did you mean 'QueueArn'?"),
        ("Attributes[Policy]", "Attributes[Mood]", "9:20: SG402 GetQueueAttributesResult.Attributes has no key 'Mood'"),
        ("Attributes[Policy]", "Attribute[Policy]", "9:20: SG402 GetQueueAttributesResult has no member 'Attribute'; did you mean 'Attributes'?"),
        ('"QueueUrl": "Attributes[QueueArn]"', '"QueueUrl": "Attributes[Url]"', "13:54: SG402 GetQueueAttributesResult.Attributes has no key 'Url'"),
    ],
)  # fmt: skip
def test_refresh_reports_map_keys_that_botocore_lacks(old: str, new: str, message: str) -> None:
    """A key must be in botocore's enumeration of a map's keys. Without an enumeration, as for tags, any key
    is accepted."""
    path = "bindings/aws/sqs.json"
    assert recording.refresh(lock.parse(path, QUEUE.encode())).record.shapes[
        "GetQueueAttributesResult"
    ] == {"Attributes": "map<string>"}
    assert QUEUE.count(old) == 1
    with pytest.raises(ProblemsFound) as raised:
        recording.refresh(lock.parse(path, QUEUE.replace(old, new).encode()))
    assert str(raised.value) == f"{path}:{message}; {AGAIN}"
