"""A SageMaker with training jobs in regions of accounts, which boto3 calls on 127.0.0.1."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from local_service import Answer, Request, json_answer, json_error, serving

TABLE = "aws.sagemaker_trainingjob"
OWN = "123456789012"
"""The account of credentials that no role gave."""
PAGE = 3

_SCOPE = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
_IDENTITY = """<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{account}</Account>
<Arn>arn:aws:iam::{account}:user/a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"""
_ASSUMED = """<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA{account}</AccessKeyId>
<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""

_EMPTY: dict[str, dict[str, Any]] = {
    "ListCompilationJobs": {"CompilationJobSummaries": []},
    "ListProcessingJobs": {"ProcessingJobSummaries": []},
}
"""The answers of listings without items. A body without the list is malformed."""


@dataclass
class TrainingJobs:
    """``names`` has the jobs of an account's region. ``before`` may answer in place of the service.

    With a ``rate``, calls of SageMaker take a token of a bucket that fills at so many a second.
    """

    names: dict[tuple[str, str], list[str]] = field(
        default_factory=dict[tuple[str, str], list[str]]
    )
    before: Callable[[str, str, str], Answer | None] | None = None
    latency: float = 0.0
    rate: float = 0.0
    size: float = 20.0
    calls: Counter[str] = field(default_factory=Counter[str])
    moments: list[tuple[float, bool]] = field(default_factory=list[tuple[float, bool]])
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _tokens: float = 0.0
    _moment: float = 0.0

    def __call__(self, request: Request) -> Answer:
        scope = _SCOPE.search(request.headers["authorization"])
        assert scope is not None
        account = scope["key"].removeprefix("ASIA") if scope["key"].startswith("ASIA") else OWN
        operation, region = request.operation, scope["region"]
        with self._lock:
            self.calls[operation] += 1
        if self.before is not None and (answer := self.before(operation, account, region)):
            return answer
        if operation == "GetCallerIdentity":
            return Answer(200, _IDENTITY.format(account=account).encode())
        if operation == "AssumeRole":
            assumed = re.search(rb"iam%3A%3A(\d{12})", request.body)
            assert assumed is not None
            return Answer(200, _ASSUMED.format(account=assumed[1].decode()).encode())
        time.sleep(self.latency)
        if not self._accepts():
            return json_error("ThrottlingException")
        return self._answer(operation, account, region, json.loads(request.body))

    def _accepts(self) -> bool:
        if not self.rate:
            return True
        with self._lock:
            now = time.monotonic()
            if not self.moments:
                self._tokens, self._moment = self.size, now
            self._tokens = min(self.size, self._tokens + (now - self._moment) * self.rate)
            self._moment = now
            accepted = self._tokens >= 1
            self._tokens -= accepted
            self.moments.append((now, accepted))
            return accepted

    def _answer(
        self, operation: str, account: str, region: str, arguments: dict[str, Any]
    ) -> Answer:
        names = self.names.get((account, region), [])
        arn = f"arn:aws:sagemaker:{region}:{account}:training-job/"
        if operation == "ListTrainingJobs":
            start = int(arguments.get("NextToken", 0))
            page: dict[str, Any] = {
                "TrainingJobSummaries": [
                    {"TrainingJobName": name, "TrainingJobArn": arn + name}
                    for name in names[start : start + PAGE]
                ]
            }
            if start + PAGE < len(names):
                page["NextToken"] = str(start + PAGE)
            return json_answer(page)
        if operation == "DescribeTrainingJob":
            name = arguments["TrainingJobName"]
            if name not in names:
                return json_error("ResourceNotFound")
            return json_answer(
                {
                    "TrainingJobName": name,
                    "TrainingJobArn": arn + name,
                    "TrainingJobStatus": "Completed",
                    "CreationTime": 1700000000.0,
                }
            )
        if operation == "ListTags":
            name = arguments["ResourceArn"].rpartition("/")[2]
            return json_answer({"Tags": [{"Key": "name", "Value": name}]})
        return json_answer(_EMPTY.get(operation, {}))

    @contextmanager
    def running(self) -> Generator[str]:
        with serving(self) as url:
            yield url
