"""Which regions of an account are collected: those that it enabled, if it tells."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import boto3
import pytest
from moto.server import ThreadedMotoServer

from local_service import Answer, Request, json_answer, json_error, serving, xml_error
from schemagen.runtime.sync.accounts import ENABLED, Account
from schemagen.runtime.sync.limiter import Limiter, Limits, Quotas
from schemagen.runtime.sync.regions import ForeignRegion, Place, check, locate
from schemagen.runtime.sync.sessions import ClientSettings, Sessions
from schemagen.runtime.usage import UsageError

ACCOUNT = Account("123456789012", partition="aws")
HOME = "eu-west-1"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", HOME)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def located(
    url: str, regions: list[str], account: Account = ACCOUNT
) -> tuple[Place, Sessions, list[str]]:
    """The place, and what was said."""
    stop = threading.Event()
    limiter = Limiter(Quotas(Limits(), stop), stop)
    sessions = Sessions([account], limiter=limiter, settings=ClientSettings(endpoint_url=url))
    said: list[str] = []
    return locate(sessions, account, regions, said.append), sessions, said


def test_enabled_regions_are_those_that_ec2_describes(moto: str) -> None:
    """moto does not know Account Management, which is no reason to stop."""
    place, sessions, said = located(moto, [ENABLED])
    client: Any = cast("Any", boto3).client("ec2", region_name=HOME, endpoint_url=moto)
    expected = sorted(region["RegionName"] for region in client.describe_regions()["Regions"])
    assert place == Place(ACCOUNT.id, "aws", tuple(expected))
    assert len(expected) > 10
    assert not said
    assert sessions.is_enabled(ACCOUNT.id, HOME)
    assert not sessions.is_enabled(ACCOUNT.id, "mars-north-1")


def refusing(operations: dict[str, Answer]) -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        name = "ListRegions" if request.path.endswith("/listRegions") else request.operation
        return operations[name]

    return answer


def test_enabled_regions_are_asked_of_ec2_where_account_management_refuses() -> None:
    regions = "".join(
        f"<item><regionName>{name}</regionName></item>" for name in ("us-east-1", "ap-east-1")
    )
    body = f"<DescribeRegionsResponse><regionInfo>{regions}</regionInfo></DescribeRegionsResponse>"
    answers = {
        "ListRegions": json_error("AccessDeniedException", 403),
        "DescribeRegions": Answer(200, body.encode(), {"Content-Type": "text/xml"}),
    }
    with serving(refusing(answers)) as url:
        place, _, said = located(url, [ENABLED])
    assert place.regions == ("ap-east-1", "us-east-1")
    assert not said


def test_enabled_regions_that_nobody_may_read_are_said_and_the_given_ones_taken() -> None:
    answers = {
        "ListRegions": json_error("AccessDeniedException", 403),
        "DescribeRegions": xml_error("UnauthorizedOperation", 403),
    }
    with serving(refusing(answers)) as url:
        place, _, said = located(url, [ENABLED, "us-west-2"])
        assert place.regions == ("us-west-2",)
        place, _, _ = located(url, [ENABLED])
        assert place.regions == (HOME,)
    assert len(said) == 1
    assert "AccessDeniedException" in said[0]
    assert "UnauthorizedOperation" in said[0]
    assert "account:ListRegions" in said[0]


@pytest.mark.parametrize(
    "answer",
    [
        json_answer({"Regions": [{"RegionName": "eu-west-1"}], "NextToken": "again"}),
        json_answer({}),
        json_answer({"Regions": [{"RegionOptStatus": "ENABLED"}]}),
    ],
)
def test_answers_without_an_end_or_without_regions_are_not_taken(answer: Answer) -> None:
    """Regions come from EC2 if Account Management returns the same page for ever, or no name."""
    body = b"<DescribeRegionsResponse><regionInfo/></DescribeRegionsResponse>"
    ec2 = Answer(200, body, {"Content-Type": "text/xml"})
    with serving(refusing({"ListRegions": answer, "DescribeRegions": ec2})) as url:
        place, _, said = located(url, [ENABLED])
    assert place.regions == (HOME,)
    [message] = said
    assert "DescribeRegions" in message
    assert "lacks the names of regions" in message


def test_pages_of_regions_are_read_to_the_end() -> None:
    def answer(request: Request) -> Answer:
        if b"more" in request.body:
            return json_answer({"Regions": [{"RegionName": "us-east-1"}]})
        return json_answer({"Regions": [{"RegionName": "eu-west-1"}], "NextToken": "more"})

    with serving(answer) as url:
        place, _, _ = located(url, [ENABLED])
    assert place.regions == ("eu-west-1", "us-east-1")


def test_regions_of_an_account_come_before_the_given_ones() -> None:
    account = Account("123456789012", partition="aws", regions=("us-west-2", "eu-north-1"))
    place, _, _ = located("http://127.0.0.1:9", ["us-east-1"], account)
    assert place.regions == ("eu-north-1", "us-west-2")


def test_the_configured_region_is_taken_if_none_is_given() -> None:
    place, _, _ = located("http://127.0.0.1:9", [])
    assert place.regions == (HOME,)


@pytest.mark.parametrize(
    ("partition", "regions", "home"),
    [
        ("aws", ("eu-west-1", "us-east-1"), "us-east-1"),
        ("aws", ("eu-west-1", "eu-west-2"), "eu-west-1"),
        ("aws-cn", ("cn-north-1", "cn-northwest-1"), "cn-north-1"),
        ("aws-iso", ("us-iso-east-1",), "us-iso-east-1"),
    ],
)
def test_calls_that_any_region_answers_go_to_the_partitions_oldest(
    partition: str, regions: tuple[str, ...], home: str
) -> None:
    assert Place("1", partition, regions).home == home


def sessions_without_service() -> Sessions:
    stop = threading.Event()
    return Sessions([], limiter=Limiter(Quotas(Limits(), stop), stop))


def test_check_needs_a_region_for_regional_tables_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What covers a whole account is collected without one."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "no-config")
    sessions = sessions_without_service()
    check(sessions, [], [], ["global", "account"])
    check(sessions, [], [HOME], ["global", "regional"])
    check(sessions, [Account("1", regions=(HOME,))], [], ["regional"])
    for accounts in ([], [Account("1")]):
        with pytest.raises(UsageError, match="no region is configured"):
            check(sessions, accounts, [], ["global", "regional"])


def test_locate_leaves_out_regions_that_are_meant_for_accounts_of_other_partitions() -> None:
    """With accounts of several partitions, each is collected in its own; one without any is an error."""
    sessions = sessions_without_service()
    said: list[str] = []
    given = [HOME, "cn-north-1"]
    china = Account("210987654321", partition="aws-cn")
    for account, region in ((ACCOUNT, HOME), (china, "cn-north-1")):
        place = locate(sessions, account, given, said.append, alone=False)
        assert place == Place(account.id, account.partition, (region,))
        with pytest.raises(ForeignRegion, match="is a region of the partition"):
            locate(sessions, account, given, said.append)
    with pytest.raises(ForeignRegion, match=r"'eu-west-1' is a region of the partition aws, and"):
        locate(sessions, china, [HOME], said.append, alone=False)
