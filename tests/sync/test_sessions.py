"""boto3 calls AWS with shared sessions and clients, waits for its permits, and raises errors that say what
they mean. Everything runs with the real boto3, against local servers."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from botocore import exceptions
from moto.server import ThreadedMotoServer

from local_service import Answer, Request, json_answer, json_error, serving, xml_error
from schemagen.runtime.sync import sessions as sessions_module
from schemagen.runtime.sync.accounts import Account
from schemagen.runtime.sync.answers import CODES, Meaning, meaning
from schemagen.runtime.sync.errors import CallError, Denied, Expired, Failed, Malformed, NoEndpoint
from schemagen.runtime.sync.limiter import Limiter, Limits, PaceSettings, Quotas, Stopped
from schemagen.runtime.sync.sessions import ClientSettings, Sessions
from schemagen.runtime.sync.tally import Tally
from schemagen.runtime.sync.translation import translate

ACCOUNT = Account("123456789012", partition="aws")
REGION = "eu-west-1"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def made(
    url: str,
    *accounts: Account,
    session: object = None,
    limits: Limits | None = None,
    stop: threading.Event | None = None,
) -> Sessions:
    stop = stop or threading.Event()
    limiter = Limiter(Quotas(limits or Limits(), stop), stop)
    settings = ClientSettings(endpoint_url=url, connect_timeout=2, read_timeout=2)
    return Sessions(accounts or (ACCOUNT,), limiter=limiter, session=session, settings=settings)


def ask(
    answer: Answer, service: str = "sagemaker", operation: str = "ListTrainingJobs"
) -> tuple[type[CallError], str, int]:
    """Which error the caller raises for an answer, its code, and how often it was called."""
    calls = Counter[str]()

    def count(request: Request) -> Answer:
        calls["sts" if request.operation == "GetCallerIdentity" else "asked"] += 1
        return answer

    with serving(count) as url:
        tally = Tally()
        caller = made(url, session=boto3.Session()).caller(ACCOUNT.id, service, REGION, tally)
        with pytest.raises(CallError) as caught:
            caller(operation, {})
    assert tally.retries == calls["asked"] - 1
    return type(caught.value), caught.value.code, calls["asked"]


@pytest.mark.parametrize(
    ("code", "status"),
    [("AccessDeniedException", 400), ("UnauthorizedException", 401), ("ForbiddenException", 403)],
)
def test_caller_tells_denied_calls_from_failed_ones(code: str, status: int) -> None:
    assert ask(json_error(code, status)) == (Denied, code, 1)


def test_caller_knows_the_denials_of_query_services_and_of_ec2() -> None:
    denied = xml_error("AuthorizationError", 403)
    assert ask(denied, "sns", "ListTopics") == (Denied, "AuthorizationError", 1)
    body = (
        "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error>"
        "</Errors><RequestID>r</RequestID></Response>"
    )
    ec2 = Answer(403, body.encode(), {"Content-Type": "text/xml"})
    assert ask(ec2, "ec2", "DescribeInstances") == (Denied, "UnauthorizedOperation", 1)


def test_caller_takes_403_without_a_code_for_denied() -> None:
    """S3 answers HEAD without a body, and proxies answer HTML."""
    assert ask(Answer(403, b""), "s3", "ListBuckets") == (Denied, "403", 1)


def test_caller_raises_the_codes_of_other_errors_at_once() -> None:
    assert ask(json_error("ValidationException")) == (Failed, "ValidationException", 1)
    assert ask(json_error("ResourceNotFound")) == (Failed, "ResourceNotFound", 1)


def test_caller_ends_with_expired_for_credentials_that_nothing_renews() -> None:
    assert ask(json_error("ExpiredTokenException")) == (Expired, "ExpiredTokenException", 1)
    unrecognized = json_error("UnrecognizedClientException")
    assert ask(unrecognized) == (Expired, "UnrecognizedClientException", 1)


def test_caller_takes_credentials_that_only_a_region_refuses_for_a_region_not_enabled() -> None:
    """STS accepts them, so they are valid; in a region that is known to be enabled, they are not."""

    def answer(request: Request) -> Answer:
        if request.operation == "GetCallerIdentity":
            body = (
                "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>"
                "<Arn>arn:aws:iam::123456789012:user/a</Arn></GetCallerIdentityResult>"
                "</GetCallerIdentityResponse>"
            )
            return Answer(200, body.encode(), {"Content-Type": "text/xml"})
        return json_error("UnrecognizedClientException")

    with serving(answer) as url:
        sessions = made(url, session=boto3.Session())
        caller = sessions.caller(ACCOUNT.id, "sagemaker", "ap-east-1", Tally())
        with pytest.raises(NoEndpoint, match="UnrecognizedClientException"):
            caller("ListTrainingJobs", {})
        sessions.enable(ACCOUNT.id, ["ap-east-1"])
        with pytest.raises(Expired):
            caller("ListTrainingJobs", {})


def test_caller_makes_calls_again_that_failed_in_transit() -> None:
    answers = iter([Answer(500, b""), Answer(503, b""), json_answer({"TrainingJobSummaries": []})])
    with serving(lambda _: next(answers)) as url:
        tally = Tally()
        caller = made(url).caller(ACCOUNT.id, "sagemaker", REGION, tally)
        assert caller("ListTrainingJobs", {})["TrainingJobSummaries"] == []
    assert tally.retries == 2


def test_caller_never_fails_for_throttling() -> None:
    """Not even beyond the ten attempts that others get."""
    answers = iter([*[json_error("ThrottlingException")] * 14, json_answer({"Tags": []})])
    with serving(lambda _: next(answers)) as url:
        tally = Tally()
        limits = Limits(PaceSettings(minimum=20))
        caller = made(url, limits=limits).caller(ACCOUNT.id, "sagemaker", REGION, tally)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sessions_module, "_LONGEST_PAUSE", 0.05)
            assert caller("ListTags", {"ResourceArn": "arn"})["Tags"] == []
    assert tally.retries == 14


def test_caller_gives_up_what_is_throttled_for_longer_than_its_patience(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions_module, "PATIENCE", -1.0)
    monkeypatch.setattr(sessions_module, "ATTEMPTS", 2)
    throttled = json_error("TooManyRequestsException", 429)
    assert ask(throttled) == (Failed, "TooManyRequestsException", 2)


def test_caller_reports_malformed_bodies() -> None:
    kind, _, _ = ask(Answer(200, b"<no", {"Content-Type": "text/xml"}), "iam", "ListUsers")
    assert kind is Malformed


def test_caller_says_that_the_body_of_an_error_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions_module, "BROKEN_ANSWERS", 1)
    page = Answer(500, b"not <xml", {"Content-Type": "text/xml"})
    with serving(lambda _: page) as url:
        caller = made(url).caller(ACCOUNT.id, "iam", REGION, Tally())
        with pytest.raises(Failed, match=r"^HTTP 500 without an error code; the body is text$"):
            caller("ListUsers", {})


def test_caller_stops_within_retries() -> None:
    stop = threading.Event()

    def answer(_: Request) -> Answer:
        stop.set()
        return json_error("ThrottlingException")

    with serving(answer) as url:
        caller = made(url, stop=stop).caller(ACCOUNT.id, "sagemaker", REGION, Tally())
        with pytest.raises(Stopped):
            caller("ListTrainingJobs", {})
        with pytest.raises(Stopped):
            caller("ListTrainingJobs", {})


def test_caller_takes_hosts_that_do_not_exist_for_absent_where_botocore_knows_no_region() -> None:
    url = "http://nothing.invalid"
    start = time.monotonic()
    caller = made(url).caller(ACCOUNT.id, "sagemaker", "mars-north-1", Tally())
    with pytest.raises(NoEndpoint):
        caller("ListTrainingJobs", {})
    assert time.monotonic() - start < 5


def test_caller_takes_hosts_that_do_not_exist_for_a_failure_where_the_service_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The network is down: nothing says that the rows are gone."""
    monkeypatch.setattr(sessions_module, "ATTEMPTS", 2)
    caller = made("http://nothing.invalid").caller(ACCOUNT.id, "sagemaker", REGION, Tally())
    with pytest.raises(Failed, match="EndpointConnectionError"):
        caller("ListTrainingJobs", {})


def test_caller_says_that_boto3_is_too_old_for_an_operation() -> None:
    caller = made("http://127.0.0.1:9").caller(ACCOUNT.id, "sagemaker", REGION, Tally())
    with pytest.raises(Failed, match="install a newer one"):
        caller("ListUnicorns", {})


def test_missing_credentials_are_expired_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    caller = made("http://127.0.0.1:9").caller(ACCOUNT.id, "sagemaker", REGION, Tally())
    with pytest.raises(Expired, match="NoCredentials"):
        caller("ListTrainingJobs", {})


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (exceptions.NoCredentialsError(), Expired),
        (exceptions.SSOTokenLoadError(error_msg="no"), Expired),
        (exceptions.CredentialRetrievalError(provider="p", error_msg="no"), Expired),
        (exceptions.UnknownEndpointError(service_name="s", region_name="r"), NoEndpoint),
        (exceptions.ParamValidationError(report="wrong"), Failed),
        (exceptions.ReadTimeoutError(endpoint_url="http://a"), Failed),
        (exceptions.ConnectionClosedError(endpoint_url="http://a"), Failed),
    ],
)
def test_translate_knows_what_botocore_raises_itself(
    error: Exception, kind: type[CallError]
) -> None:
    assert type(translate(error)) is kind


def test_translate_leaves_other_exceptions_alone() -> None:
    assert translate(ZeroDivisionError()) is None


def test_codes_are_listed_once_and_have_sources() -> None:
    assert len({row.code for row in CODES}) == len(CODES)
    assert all(row.source.startswith("[") for row in CODES)
    assert list(CODES) == sorted(
        CODES, key=lambda row: (list(Meaning).index(row.meaning), row.code)
    )


def test_meaning_of_every_code_of_throttling_that_botocore_knows() -> None:
    from botocore.retries.standard import ThrottledRetryableChecker

    ambiguous = {
        "LimitExceededException",
        "TransactionInProgressException",
        "PriorRequestNotComplete",
    }
    codes: list[str] = cast("Any", ThrottledRetryableChecker)._THROTTLED_ERROR_CODES
    for code in set(codes) - ambiguous:
        assert meaning(code) is Meaning.THROTTLED, code


def test_clients_are_shared_by_threads_and_made_once(moto: str) -> None:
    sessions = made(moto)
    with ThreadPoolExecutor(16) as pool:
        clients = list(pool.map(sessions.client, [ACCOUNT.id] * 64, ["s3"] * 64, [REGION] * 64))
    assert len(set(map(id, clients))) == 1
    assert sessions.client(ACCOUNT.id, "s3", "us-east-1") is not clients[0]


def test_clients_are_forgotten_in_the_order_of_their_last_use(
    moto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions_module, "_MOST_CLIENTS", 2)
    sessions = made(moto)
    first, second = (sessions.client(ACCOUNT.id, service, REGION) for service in ("sqs", "sns"))
    assert sessions.client(ACCOUNT.id, "sqs", REGION) is first
    sessions.client(ACCOUNT.id, "sts", REGION)
    assert sessions.client(ACCOUNT.id, "sqs", REGION) is first
    assert sessions.client(ACCOUNT.id, "sns", REGION) is not second


def test_sessions_share_what_botocore_loads(moto: str) -> None:
    roles = [
        Account(f"{number:012}", role_arn=f"arn:aws:iam::{number:012}:role/r", partition="aws")
        for number in range(1, 4)
    ]
    sessions = made(moto, *roles)
    inside: Any = sessions
    loaders = {
        id(inside._session(role.id).session._session.get_component("data_loader")) for role in roles
    }
    assert len(loaders) == 1


def test_identify_asks_sts_who_the_credentials_belong_to(moto: str) -> None:
    sessions = made(moto, Account())
    assert sessions.identify(Account()) == Account("123456789012", partition="aws")
    assert sessions.client("123456789012", "s3", REGION)


def test_identify_says_that_credentials_are_not_valid() -> None:
    with (
        serving(lambda _: xml_error("InvalidClientTokenId", 403)) as url,
        pytest.raises(CallError, match="InvalidClientTokenId"),
    ):
        made(url, Account()).identify(Account())


def test_accounts_are_reached_by_assuming_their_roles(moto: str) -> None:
    """moto keeps the resources of accounts apart."""
    roles = [
        Account(
            number, role_arn=f"arn:aws:iam::{number}:role/r", external_id="agreed", partition="aws"
        )
        for number in ("111122223333", "444455556666")
    ]
    sessions = made(moto, *roles)
    for role in roles:
        assert sessions.identify(role) == role
        caller = sessions.caller(role.id, "sqs", REGION, Tally())
        caller("CreateQueue", {"QueueName": f"of-{role.id}"})
    for role in roles:
        answer = sessions.caller(role.id, "sqs", REGION, Tally())("ListQueues", {})
        assert [url.rpartition("/")[2] for url in answer["QueueUrls"]] == [f"of-{role.id}"]


def _assumed(number: int) -> Answer:
    body = (
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA"
        f"{number}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
        "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser>"
        "<Arn>arn:aws:sts::111122223333:assumed-role/r/s</Arn><AssumedRoleId>i</AssumedRoleId>"
        "</AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
    )
    return Answer(200, body.encode(), {"Content-Type": "text/xml"})


def test_expired_credentials_of_a_role_are_renewed() -> None:
    assumed = Counter[str]()

    def answer(request: Request) -> Answer:
        if request.operation == "AssumeRole":
            assumed["times"] += 1
            assert b"ExternalId=agreed" in request.body
            return _assumed(assumed["times"])
        if "ASIA1/" in request.headers["authorization"]:
            return json_error("ExpiredTokenException")
        return json_answer({"TrainingJobSummaries": []})

    role = Account(
        "111122223333",
        role_arn="arn:aws:iam::111122223333:role/r",
        external_id="agreed",
        partition="aws",
    )
    with serving(answer) as url:
        sessions = made(url, role)
        caller = sessions.caller(role.id, "sagemaker", REGION, Tally())
        assert caller("ListTrainingJobs", {})["TrainingJobSummaries"] == []
        assert caller("ListTrainingJobs", {})["TrainingJobSummaries"] == []
    assert assumed["times"] == 2


def test_a_role_that_may_not_be_assumed_is_no_denial_of_the_listing() -> None:
    role = Account("111122223333", role_arn="arn:aws:iam::111122223333:role/r", partition="aws")
    with serving(lambda _: xml_error("AccessDenied", 403)) as url:
        caller = made(url, role).caller(role.id, "sagemaker", REGION, Tally())
        with pytest.raises(Expired, match="cannot be assumed"):
            caller("ListTrainingJobs", {})


def test_an_unknown_profile_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    account = Account("111122223333", profile="nowhere", partition="aws")
    caller = made("http://127.0.0.1:9", account).caller(account.id, "s3", REGION, Tally())
    with pytest.raises(Expired, match="nowhere"):
        caller("ListBuckets", {})


def test_one_hundred_calls_a_second_are_found_by_thirty_two_threads_of_boto3() -> None:
    """None of the calls fails."""
    lock = threading.Lock()
    state = {"tokens": 40.0, "moment": time.monotonic(), "accepted": 0.0}

    def answer(_: Request) -> Answer:
        time.sleep(0.02)
        with lock:
            now = time.monotonic()
            gained = (now - state["moment"]) * 100
            state.update(tokens=min(40.0, state["tokens"] + gained), moment=now)
            if state["tokens"] < 1:
                return json_error("ThrottlingException")
            state["tokens"] -= 1
            state["accepted"] += 1
            return json_answer({"Tags": []})

    with serving(answer) as url:
        caller = made(url).caller(ACCOUNT.id, "sagemaker", REGION, Tally())
        start = time.monotonic()
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(caller, ["ListTags"] * 440, [{"ResourceArn": "a"}] * 440))
        seconds = time.monotonic() - start
    assert state["accepted"] == 440
    assert seconds <= 1.45 * 4 + 2
