"""A local server that answers as AWS does, after a latency, in a process of its own.

    python benchmarks/fake_endpoint.py [--latency 0.05] [--rate 100 --burst 100] [--items 1000]

Prints its URL, and answers until its standard input ends. boto3's clients are pointed at it by
``endpoint_url``. It knows S3's ListBuckets and what is called for a bucket (rest-xml), EC2's
DescribeInstances (ec2), IAM's ListRoles and GetRole (query), SageMaker's ListTrainingJobs,
DescribeTrainingJob, ListTags, ListModels and DescribeModel (json). ``--items`` is how many resources
each listing has. With ``--rate``, a bucket of ``--burst`` tokens, to which so many are added each second,
is shared by all calls; a call that finds it empty is refused, as AWS does it, in the protocol's own
form.

GET /counts returns how many calls were answered and refused, by operation, and how many were answered
in the busiest second. POST /reset forgets them and fills the bucket.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

_ACCOUNT = "123456789012"
_CREDENTIAL = re.compile(rb"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TARGET = re.compile(rb"\r\nx-amz-target: *[^\r]*\.(\w+)", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect: *100-continue", re.IGNORECASE)

_PAGES = {"buckets": 1000, "instances": 100, "roles": 100, "jobs": 100, "models": 100}
"""The largest page of each listing."""


def _range(token: str | None, total: int, size: int) -> tuple[int, int, str | None]:
    """The first and last item of a page, and the token of the next one."""
    start = int(token or 0)
    end = min(start + size, total)
    return start, end, str(end) if end < total else None


def buckets(start: int, end: int, token: str | None = None) -> bytes:
    """S3's ListBuckets, as S3 writes it."""
    inner = "".join(
        f"<Bucket><Name>company-logs-{number:06}</Name>"
        f"<CreationDate>2024-0{number % 9 + 1}-1{number % 9}T10:20:3{number % 10}.000Z</CreationDate>"
        f"<BucketRegion>eu-west-1</BucketRegion></Bucket>"
        for number in range(start, end)
    )
    more = f"<ContinuationToken>{token}</ContinuationToken>" if token else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner>'
        f"<ID>{'ab' * 32}</ID></Owner><Buckets>{inner}</Buckets>{more}</ListAllMyBucketsResult>"
    ).encode()


def _instance(number: int) -> str:
    id = f"{number:017x}"
    mac = f"02:{number >> 8 & 255:02x}:{number & 255:02x}:00:00:01"
    return f"""<item><instanceId>i-{id}</instanceId><imageId>ami-0abcdef1234567890</imageId>
<instanceState><code>16</code><name>running</name></instanceState>
<privateDnsName>ip-10-0-{number % 250}-7.eu-west-1.compute.internal</privateDnsName>
<dnsName/><reason/><keyName>team-key</keyName><amiLaunchIndex>0</amiLaunchIndex><productCodes/>
<instanceType>m5.large</instanceType><launchTime>2025-03-0{number % 9 + 1}T08:15:30.000Z</launchTime>
<placement><availabilityZone>eu-west-1a</availabilityZone><groupName/><tenancy>default</tenancy></placement>
<monitoring><state>disabled</state></monitoring><subnetId>subnet-0123456789abcdef0</subnetId>
<vpcId>vpc-0123456789abcdef0</vpcId><privateIpAddress>10.0.{number % 250}.7</privateIpAddress>
<sourceDestCheck>true</sourceDestCheck><groupSet><item><groupId>sg-0123456789abcdef0</groupId>
<groupName>web</groupName></item></groupSet><architecture>x86_64</architecture>
<rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName>
<blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><volumeId>vol-{id}</volumeId>
<status>attached</status><attachTime>2025-03-01T08:15:31.000Z</attachTime>
<deleteOnTermination>true</deleteOnTermination></ebs></item></blockDeviceMapping>
<virtualizationType>hvm</virtualizationType><clientToken>{id}</clientToken>
<tagSet><item><key>Name</key><value>web-{number}</value></item><item><key>team</key><value>shop</value></item>
<item><key>env</key><value>prod</value></item></tagSet><hypervisor>xen</hypervisor>
<networkInterfaceSet><item><networkInterfaceId>eni-{id}</networkInterfaceId>
<subnetId>subnet-0123456789abcdef0</subnetId><vpcId>vpc-0123456789abcdef0</vpcId><description/>
<ownerId>{_ACCOUNT}</ownerId><status>in-use</status><macAddress>{mac}</macAddress>
<privateIpAddress>10.0.{number % 250}.7</privateIpAddress><sourceDestCheck>true</sourceDestCheck>
<groupSet><item><groupId>sg-0123456789abcdef0</groupId><groupName>web</groupName></item></groupSet>
<attachment><attachmentId>eni-attach-{id}</attachmentId><deviceIndex>0</deviceIndex>
<status>attached</status><attachTime>2025-03-01T08:15:30.000Z</attachTime>
<deleteOnTermination>true</deleteOnTermination><networkCardIndex>0</networkCardIndex></attachment>
<privateIpAddressesSet><item><privateIpAddress>10.0.{number % 250}.7</privateIpAddress>
<primary>true</primary></item></privateIpAddressesSet><ipv6AddressesSet/>
<interfaceType>interface</interfaceType></item></networkInterfaceSet>
<iamInstanceProfile><arn>arn:aws:iam::{_ACCOUNT}:instance-profile/web</arn><id>AIPAABCDEFGHIJKLMNOPQ</id>
</iamInstanceProfile><ebsOptimized>true</ebsOptimized><enaSupport>true</enaSupport>
<cpuOptions><coreCount>1</coreCount><threadsPerCore>2</threadsPerCore></cpuOptions>
<capacityReservationSpecification><capacityReservationPreference>open</capacityReservationPreference>
</capacityReservationSpecification><hibernationOptions><configured>false</configured></hibernationOptions>
<enclaveOptions><enabled>false</enabled></enclaveOptions><metadataOptions><state>applied</state>
<httpTokens>required</httpTokens><httpPutResponseHopLimit>2</httpPutResponseHopLimit>
<httpEndpoint>enabled</httpEndpoint><httpProtocolIpv6>disabled</httpProtocolIpv6>
<instanceMetadataTags>disabled</instanceMetadataTags></metadataOptions>
<maintenanceOptions><autoRecovery>default</autoRecovery></maintenanceOptions>
<currentInstanceBootMode>legacy-bios</currentInstanceBootMode><platformDetails>Linux/UNIX</platformDetails>
<usageOperation>RunInstances</usageOperation>
<usageOperationUpdateTime>2025-03-01T08:15:30.000Z</usageOperationUpdateTime>
<privateDnsNameOptions><hostnameType>ip-name</hostnameType>
<enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>
<enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord></privateDnsNameOptions>
</item>"""


def instances(start: int, end: int, token: str | None = None) -> bytes:
    """EC2's DescribeInstances; each instance is a reservation of its own, as is usual."""
    inner = "".join(
        f"<item><reservationId>r-{number:017x}</reservationId><ownerId>{_ACCOUNT}</ownerId><groupSet/>"
        f"<instancesSet>{_instance(number)}</instancesSet></item>"
        for number in range(start, end)
    ).replace("\n", "")
    more = f"<nextToken>{token}</nextToken>" if token else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>r</requestId><reservationSet>{inner}</reservationSet>{more}"
        "</DescribeInstancesResponse>"
    ).encode()


def _role(number: int) -> str:
    return (
        f"<Path>/service-role/</Path><RoleName>role-{number:06}</RoleName>"
        f"<RoleId>AROA{number:017}</RoleId>"
        f"<Arn>arn:aws:iam::{_ACCOUNT}:role/service-role/role-{number:06}</Arn>"
        "<CreateDate>2024-05-06T07:08:09Z</CreateDate>"
        "<AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D"
        "</AssumeRolePolicyDocument><MaxSessionDuration>3600</MaxSessionDuration>"
    )


def _in_query(operation: str, inner: str) -> bytes:
    return (
        f'<{operation}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
        f"<{operation}Result>{inner}</{operation}Result>"
        f"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{operation}Response>"
    ).encode()


def roles(start: int, end: int, token: str | None = None) -> bytes:
    """IAM's ListRoles."""
    inner = "".join(f"<member>{_role(number)}</member>" for number in range(start, end))
    more = f"<IsTruncated>true</IsTruncated><Marker>{token}</Marker>" if token else ""
    return _in_query("ListRoles", f"<Roles>{inner}</Roles>{more}")


def _arn(kind: str, name: str) -> str:
    return f"arn:aws:sagemaker:eu-west-1:{_ACCOUNT}:{kind}/{name}"


def jobs(start: int, end: int, token: str | None = None) -> bytes:
    """SageMaker's ListTrainingJobs."""
    return _page("TrainingJobSummaries", "TrainingJob", "training-job", start, end, token)


def models(start: int, end: int, token: str | None = None) -> bytes:
    """SageMaker's ListModels."""
    return _page("Models", "Model", "model", start, end, token)


def _page(member: str, prefix: str, kind: str, start: int, end: int, token: str | None) -> bytes:
    names = [f"{kind}-{number:06}" for number in range(start, end)]
    items = [
        {
            f"{prefix}Name": name,
            f"{prefix}Arn": _arn(kind, name),
            "CreationTime": 1767323045.678,
        }
        for name in names
    ]
    return json.dumps({member: items, **({"NextToken": token} if token else {})}).encode()


def job(name: str) -> bytes:
    """SageMaker's DescribeTrainingJob: a finished job with what most have."""
    bucket, started = f"s3://sagemaker-eu-west-1-{_ACCOUNT}", 1767323045.678
    return json.dumps(
        {
            "TrainingJobName": name,
            "TrainingJobArn": _arn("training-job", name),
            "ModelArtifacts": {"S3ModelArtifacts": f"{bucket}/output/{name}/model.tar.gz"},
            "TrainingJobStatus": "Completed",
            "SecondaryStatus": "Completed",
            "HyperParameters": {
                "eta": "0.2",
                "gamma": "4",
                "max_depth": "5",
                "num_round": "100",
                "objective": "binary:logistic",
                "subsample": "0.8",
            },
            "AlgorithmSpecification": {
                "TrainingImage": f"{_ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/xgboost:1.7-1",
                "TrainingInputMode": "File",
                "MetricDefinitions": [
                    {"Name": f"validation:{metric}", "Regex": f".*{metric}:([0-9.]+).*"}
                    for metric in ("auc", "error", "logloss")
                ],
                "EnableSageMakerMetricsTimeSeries": False,
            },
            "RoleArn": f"arn:aws:iam::{_ACCOUNT}:role/service-role/SageMaker",
            "InputDataConfig": [
                {
                    "ChannelName": channel,
                    "DataSource": {
                        "S3DataSource": {
                            "S3DataType": "S3Prefix",
                            "S3Uri": f"{bucket}/{channel}",
                            "S3DataDistributionType": "FullyReplicated",
                        }
                    },
                    "ContentType": "csv",
                    "CompressionType": "None",
                    "RecordWrapperType": "None",
                }
                for channel in ("train", "validation")
            ],
            "OutputDataConfig": {"KmsKeyId": "", "S3OutputPath": f"{bucket}/output"},
            "ResourceConfig": {
                "InstanceType": "ml.m5.xlarge",
                "InstanceCount": 1,
                "VolumeSizeInGB": 30,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
            "CreationTime": started,
            "TrainingStartTime": started + 60.25,
            "TrainingEndTime": started + 300.5,
            "LastModifiedTime": started + 301.125,
            "SecondaryStatusTransitions": [
                {
                    "Status": status,
                    "StartTime": started + 60 * number,
                    "EndTime": started + 60 * number + 59.9,
                    "StatusMessage": f"{status} the training job",
                }
                for number, status in enumerate(
                    ("Starting", "Downloading", "Training", "Uploading", "Completed")
                )
            ],
            "FinalMetricDataList": [
                {"MetricName": f"validation:{metric}", "Value": 0.125, "Timestamp": started}
                for metric in ("auc", "error", "logloss")
            ],
            "EnableNetworkIsolation": False,
            "EnableInterContainerTrafficEncryption": False,
            "EnableManagedSpotTraining": False,
            "TrainingTimeInSeconds": 240,
            "BillableTimeInSeconds": 240,
            "ProfilingStatus": "Disabled",
        }
    ).encode()


def _model(name: str) -> bytes:
    return json.dumps(
        {
            "ModelName": name,
            "ModelArn": _arn("model", name),
            "CreationTime": 1767323045.678,
            "ExecutionRoleArn": f"arn:aws:iam::{_ACCOUNT}:role/service-role/SageMaker",
            "EnableNetworkIsolation": False,
        }
    ).encode()


def tags(arn: str) -> bytes:
    """SageMaker's ListTags."""
    name = arn.rpartition("/")[2]
    return json.dumps(
        {"Tags": [{"Key": "name", "Value": name}, {"Key": "team", "Value": "shop"}]}
    ).encode()


Answer = Callable[[dict[str, str], int], bytes]
"""Makes the body of an answer to arguments, in a world of so many items."""


def _listed(
    page: Callable[[int, int, str | None], bytes], kind: str, token: str, size: str
) -> Answer:
    def answer(arguments: dict[str, str], items: int) -> bytes:
        asked = int(arguments.get(size) or _PAGES[kind])
        return page(*_range(arguments.get(token), items, min(asked, _PAGES[kind])))

    return answer


ANSWERS: dict[str, Answer] = {
    "ListBuckets": _listed(buckets, "buckets", "continuation-token", "max-buckets"),
    "DescribeInstances": _listed(instances, "instances", "NextToken", "MaxResults"),
    "ListRoles": _listed(roles, "roles", "Marker", "MaxItems"),
    "GetCallerIdentity": lambda *_: _in_query(
        "GetCallerIdentity",
        f"<Arn>arn:aws:iam::{_ACCOUNT}:user/me</Arn><UserId>me</UserId><Account>{_ACCOUNT}</Account>",
    ),
    "GetRole": lambda given, _: _in_query(
        "GetRole", f"<Role>{_role(int(given['RoleName'].rpartition('-')[2]))}</Role>"
    ),
    "ListTrainingJobs": _listed(jobs, "jobs", "NextToken", "MaxResults"),
    "DescribeTrainingJob": lambda given, _: job(given["TrainingJobName"]),
    "ListModels": _listed(models, "models", "NextToken", "MaxResults"),
    "DescribeModel": lambda given, _: _model(given["ModelName"]),
    "ListTags": lambda given, _: tags(given["ResourceArn"]),
}

_XML = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
_OF_BUCKET = {
    "tagging": f"<Tagging {_XML}><TagSet><Tag><Key>team</Key><Value>shop</Value></Tag></TagSet></Tagging>",
    "versioning": f"<VersioningConfiguration {_XML}><Status>Enabled</Status></VersioningConfiguration>",
    "location": f"<LocationConstraint {_XML}>eu-west-1</LocationConstraint>",
}
_NONE_OF_BUCKET = {
    "policy": "NoSuchBucketPolicy",
    "policyStatus": "NoSuchBucketPolicy",
    "website": "NoSuchWebsiteConfiguration",
    "lifecycle": "NoSuchLifecycleConfiguration",
    "replication": "ReplicationConfigurationNotFoundError",
    "encryption": "ServerSideEncryptionConfigurationNotFoundError",
    "publicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
}


class _Bucket:
    """A bucket of tokens, which calls take."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self.fill()

    def fill(self) -> None:
        self._tokens, self._at = self.burst, time.monotonic()

    def take(self) -> bool:
        if not self.rate:
            return True
        now = time.monotonic()
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class _Server:
    def __init__(self, latency: float, items: int, bucket: _Bucket) -> None:
        self.latency, self.items, self.bucket = latency, items, bucket
        self.reset()

    def reset(self) -> None:
        self.answered: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.seconds: Counter[int] = Counter()
        self.bucket.fill()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if _EXPECT.search(head):
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
                status, content, kind = self.answer(head, body)
                if kind != "text/plain" and self.latency:
                    await asyncio.sleep(self.latency)
                writer.write(
                    f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n"
                    f"Content-Type: {kind}\r\nx-amzn-RequestId: r\r\n\r\n".encode()
                    + content
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def answer(self, head: bytes, body: bytes) -> tuple[int, bytes, str]:
        """The status, the body and the type of an answer."""
        _, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        if target == "/counts":
            return 200, self.counts(), "text/plain"
        if target == "/reset":
            self.reset()
            return 200, b"", "text/plain"
        signed = _CREDENTIAL.search(head)
        service = signed[2].decode() if signed else ""
        operation, arguments = self.operation(service, head, target, body)
        if not self.bucket.take():
            self.refused[operation] += 1
            return _refusal(service)
        self.answered[operation] += 1
        self.seconds[int(time.monotonic())] += 1
        if service == "s3" and operation != "ListBuckets":
            return _of_bucket(operation)
        kind = "application/x-amz-json-1.1" if service == "sagemaker" else "text/xml"
        if operation not in ANSWERS:
            message = f"fake_endpoint.py does not know {operation}"
            return 400, _error(service, "InvalidAction", message), kind
        return 200, ANSWERS[operation](arguments, self.items), kind

    def operation(
        self, service: str, head: bytes, target: str, body: bytes
    ) -> tuple[str, dict[str, str]]:
        if found := _TARGET.search(head):
            given = json.loads(body or b"{}")
            return found[1].decode(), {key: str(value) for key, value in given.items()}
        if service == "s3":
            path, query = urlsplit(target).path, dict(parse_qsl(urlsplit(target).query, True))
            return ("ListBuckets" if path == "/" else next(iter(query), "")), query
        form = dict(parse_qsl(body.decode()))
        return form.get("Action", ""), form

    def counts(self) -> bytes:
        return json.dumps(
            {
                "answered": self.answered,
                "refused": self.refused,
                "busiest": max(self.seconds.values(), default=0),
            }
        ).encode()


def _of_bucket(operation: str) -> tuple[int, bytes, str]:
    if (code := _NONE_OF_BUCKET.get(operation)) is not None:
        return 404, _error("s3", code, "There is none."), "application/xml"
    return 200, _OF_BUCKET.get(operation, f"<Configuration {_XML}/>").encode(), "application/xml"


def _refusal(service: str) -> tuple[int, bytes, str]:
    if service == "sagemaker":
        return (
            400,
            _error(service, "ThrottlingException", "Rate exceeded"),
            "application/x-amz-json-1.1",
        )
    if service == "iam":
        return 400, _error(service, "Throttling", "Rate exceeded"), "text/xml"
    code = "SlowDown" if service == "s3" else "RequestLimitExceeded"
    return 503, _error(service, code, "Please reduce your request rate."), "text/xml"


def _error(service: str, code: str, message: str) -> bytes:
    if service == "sagemaker":
        return json.dumps({"__type": code, "message": message}).encode()
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    if service == "s3":
        return error.encode()
    if service == "iam":
        return f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>".encode()
    return f"<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>".encode()


class Endpoint:
    """A server that is running."""

    def __init__(self, url: str) -> None:
        self.url = url

    def counts(self) -> dict[str, dict[str, int] | int]:
        """What was answered and refused since the last reset."""
        with urlopen(f"{self.url}/counts") as answer:  # noqa: S310
            found: dict[str, dict[str, int] | int] = json.load(answer)
        return found

    def total(self, what: str) -> int:
        """How many calls were answered, or refused."""
        counts = self.counts()[what]
        return sum(counts.values()) if isinstance(counts, dict) else counts

    def reset(self) -> None:
        """Forget what was counted, and fill the bucket of tokens."""
        urlopen(HttpRequest(f"{self.url}/reset", method="POST")).close()  # noqa: S310


@contextmanager
def endpoint(
    *, latency: float = 0.05, rate: float = 0, burst: float = 100, items: int = 1000
) -> Generator[Endpoint]:
    """Run a server in a process of its own."""
    command = [sys.executable, str(Path(__file__)), "--latency", str(latency)]
    command += ["--rate", str(rate), "--burst", str(burst), "--items", str(items)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the server has no pipes")
        try:
            yield Endpoint(process.stdout.readline().strip())
        finally:
            process.stdin.close()


async def _run(server: _Server, port: int) -> None:
    running = await asyncio.start_server(server.serve, "127.0.0.1", port, backlog=1024)
    sys.stdout.write(f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)  # connections that clients keep open would each end with an error


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--rate", type=float, default=0, help="calls a second; 0 is no limit")
    parser.add_argument("--burst", type=float, default=100)
    parser.add_argument("--items", type=int, default=1000)
    given = parser.parse_args()
    server = _Server(given.latency, given.items, _Bucket(given.rate, given.burst))
    asyncio.run(_run(server, given.port))


if __name__ == "__main__":
    main()
