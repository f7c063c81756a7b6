"""schemagen.runtime.sync.report: what a run did, for people, for programs, as an exit status."""

from __future__ import annotations

import json
import pickle
from dataclasses import fields
from typing import get_args

import pytest

from schemagen.runtime.load.sink import LoadCounts
from schemagen.runtime.sync.report import (
    Report,
    Reporter,
    State,
    Totals,
    UnitReport,
    unit_report,
)
from schemagen.runtime.sync.tally import Denial, Failure
from schemagen.runtime.units import Unit

COUNTS = LoadCounts(rows=10, inserted=3, changed=2, unchanged=5, deleted=1)
DENIAL = Denial("GetBucketPolicy", "s3:GetBucketPolicy", 4, ("policy", "policy_std"))
FAILURE = Failure("DescribeThing", "thing-1", "InternalError: try again")


def complete(
    account: str = "1", region: str = "global", table: str = "aws.s3_bucket"
) -> UnitReport:
    return UnitReport(account, region, table, "complete", COUNTS, calls=7, retries=2, seconds=1.25)


def report_of(*units: UnitReport, most: int = 100) -> Report:
    reporter = Reporter(most)
    for unit in units:
        reporter.add(unit)
    return reporter.report(seconds=2.5)


@pytest.mark.parametrize(
    ("unit", "status"),
    [
        (complete(), 0),
        (unit_report(Unit("1", "r", "t"), "skipped", "no endpoint"), 0),
        (UnitReport("1", "r", "t", "partial", failures=(FAILURE,)), 1),
        (UnitReport("1", "r", "t", "denied", denied=(Denial("ListThings", ""),)), 1),
        (UnitReport("1", "r", "t", "failed", reason="timeout"), 1),
        (UnitReport("1", "r", "t", "complete", denied=(DENIAL,)), 1),
        (UnitReport("1", "r", "t", "complete", failed=3), 1),
        (UnitReport("1", "r", "t", "complete", LoadCounts(rows=2, refused=1)), 1),
    ],
)
def test_exit_status_is_1_if_anything_was_denied_or_failed(unit: UnitReport, status: int) -> None:
    """A column that was denied in a complete unit counts, too: 0 means that the rows are as in AWS."""
    assert unit.exit_status == status
    assert report_of(complete(), unit).exit_status == status


def test_exit_status_of_an_interrupted_run_is_that_of_the_command() -> None:
    """A run that did not reach all units is not complete, even if those that it read are."""
    cancelled = unit_report(Unit("1", "r", "t"), "cancelled", "the run was ended")
    assert cancelled.exit_status == 1
    interrupted = Report((cancelled,), interrupted=True, incomplete=1)
    assert interrupted.exit_status == interrupted.to_json()["exit_status"] == 130
    assert Report().exit_status == 0


def test_failed_counts_a_unit_that_failed_as_a_whole() -> None:
    """Counters agree with states: a unit that failed has failed at least once, whatever failed."""
    whole = UnitReport("1", "r", "t", "failed", reason="the disk is full")
    item = UnitReport("1", "r", "t", "partial", failures=(FAILURE,))
    assert (whole.failed, item.failed, complete().failed) == (1, 1, 0)
    assert json.dumps(whole.to_json()["failed"]) == "1"
    report = report_of(whole, item, complete())
    assert report.totals.failed == dict(report.tables)["t"].failed == 2


def test_lines_say_once_what_is_wrong_with_an_account() -> None:
    """An error of credentials costs all units of an account, and is a line with their number."""
    reason = "ListThings: ExpiredToken: renew it"
    units = [
        UnitReport("1", "r", f"t{number}", "failed", reason=reason, account_failed=True)
        for number in range(30)
    ]
    other = UnitReport("2", "r", "t1", "failed", reason="the disk is full")
    lines = [line for line in report_of(*units, other).lines() if line.startswith("failed:")]
    assert lines == [f"failed: 30 units of 1: {reason}", "failed: t1 the disk is full [2 r]"]


def test_totals_are_sums_over_units_and_tables() -> None:
    """Sums count every unit, in all and by table."""
    denied = UnitReport(
        "2", "eu-west-1", "aws.sqs_queue", "denied", denied=(Denial("ListQueues", ""),)
    )
    report = report_of(complete("2"), complete("1"), denied)
    assert report.totals == Totals(
        (("complete", 2), ("denied", 1)), LoadCounts(20, 6, 4, 10, 2), 14, 4, 1, 0
    )
    assert dict(report.tables)["aws.s3_bucket"].counts == LoadCounts(20, 6, 4, 10, 2)
    assert [id for id, _ in report.tables] == ["aws.s3_bucket", "aws.sqs_queue"]
    assert [(unit.account, unit.table) for unit in report.units] == [
        ("1", "aws.s3_bucket"),
        ("2", "aws.sqs_queue"),
        ("2", "aws.s3_bucket"),
    ]


def test_reporter_keeps_no_more_units_than_it_may_and_all_sums() -> None:
    """Memory is bounded; units that failed are not pushed out by complete ones, nor is their status."""
    reporter = Reporter(most=5)
    for number in range(1000):
        reporter.add(complete(str(number)))
    for number in range(7):
        reporter.add(UnitReport(str(number), "r", "t", "failed", reason="timeout"))
    report = reporter.report()
    assert [unit.state for unit in report.units].count("complete") == 5
    assert [unit.state for unit in report.units].count("failed") == 5
    assert report.omitted == 997
    assert report.incomplete == 7
    assert report.totals.counts.rows == 10_000
    assert report.exit_status == 1


def test_to_json_has_every_field() -> None:
    """The JSON form has all that the objects have, under the same names, as plain JSON."""
    failed = UnitReport(
        "1", "r", "aws.x", "partial", COUNTS, 1, 2, (DENIAL,), (FAILURE,), 3, 0.1239
    )
    data = report_of(failed).to_json()
    assert json.loads(json.dumps(data)) == data
    assert data["format"] == 1
    assert data["exit_status"] == 1
    (unit,) = data["units"]
    assert list(unit) == [field.name for field in fields(UnitReport)]
    assert unit == {
        "account": "1",
        "region": "r",
        "table": "aws.x",
        "state": "partial",
        "counts": {
            "rows": 10,
            "inserted": 3,
            "changed": 2,
            "unchanged": 5,
            "deleted": 1,
            "refused": 0,
        },
        "calls": 1,
        "retries": 2,
        "denied": [
            {
                "operation": "GetBucketPolicy",
                "action": "s3:GetBucketPolicy",
                "rows": 4,
                "columns": ["policy", "policy_std"],
            }
        ],
        "failures": [
            {"operation": "DescribeThing", "item": "thing-1", "message": "InternalError: try again"}
        ],
        "failed": 3,
        "seconds": 0.124,
        "reason": "",
        "listed": False,
        "account_failed": False,
    }
    assert data["tables"]["aws.x"]["units"] == {"partial": 1}
    assert data["totals"]["counts"]["rows"] == 10
    names = {field.name for field in fields(Report)}
    assert names <= data.keys()


def test_lines_show_units_and_what_was_denied_and_failed() -> None:
    """A small run is a table of units; denied operations are named with the action and their cost."""
    denied = UnitReport(
        "1", "global", "aws.s3_bucket", "complete", COUNTS, 7, 0, (DENIAL,), (FAILURE,), 1, 2.0
    )
    lines = list(report_of(denied, complete("2", "eu-west-1", "aws.ec2_instance")).lines())
    assert lines[0].split() == [
        *("account", "region", "table", "state", "rows", "inserted", "changed", "unchanged"),
        *("deleted", "refused", "calls", "retries", "denied", "failed", "seconds"),
    ]
    assert lines[1].split() == [
        "1",
        "global",
        "aws.s3_bucket",
        "complete",
        "10",
        "3",
        "2",
        "5",
        "1",
        "0",
        "7",
        "0",
        "1",
        "1",
        "2.0",
    ]
    assert lines[2].split() == [
        "2",
        "eu-west-1",
        "aws.ec2_instance",
        "complete",
        "10",
        "3",
        "2",
        "5",
        "1",
        "0",
        "7",
        "2",
        "0",
        "0",
        "1.2",
    ]
    assert (
        "denied: aws.s3_bucket GetBucketPolicy (needs s3:GetBucketPolicy): "
        "policy, policy_std not read in 4 rows [1 global]"
    ) in lines
    assert (
        "failed: aws.s3_bucket DescribeThing thing-1: InternalError: try again [1 global]" in lines
    )
    assert lines[-1] == (
        "2 complete; 20 rows: 6 inserted, 4 changed, 10 unchanged, 2 deleted; 14 calls, 2 retries, 2.5 s"
    )


def test_lines_of_many_units_are_those_of_tables_and_count_equal_messages() -> None:
    """A large run fits a screen: a line per table, and a message once for all units that share it."""
    units = [
        UnitReport(str(number), "r", "aws.s3_bucket", "denied", denied=(Denial("ListBuckets", ""),))
        for number in range(100)
    ]
    lines = list(report_of(*units).lines())
    assert lines[1].startswith("aws.s3_bucket  100 denied  ")
    assert "denied: aws.s3_bucket ListBuckets: no row read [0 r and 99 more]" in lines
    assert len(lines) == 4


def test_lines_escape_control_characters_of_messages() -> None:
    """Messages come from elsewhere: none of them moves the cursor or adds lines."""
    failure = Failure("ListThings", "", "red \x1b[31m\nfailed: forged")
    text = str(report_of(UnitReport("1", "r", "t", "failed", failures=(failure,))))
    assert "\x1b" not in text
    assert "failed: t ListThings: red \\x1b[31m failed: forged [1 r]" in text.splitlines()


def test_lines_say_a_failure_once_and_on_a_line() -> None:
    """The error of a listing is a failure and the reason of its unit; a body of HTML is cut."""
    message = "ListThings: 503: <html>\n<body>" + "x" * 1000
    failure = Failure("ListThings", "", message)
    unit = UnitReport("1", "r", "t", "failed", failures=(failure,), failed=1, reason=message)
    [line] = [line for line in report_of(unit).lines() if line.startswith("failed:")]
    assert line.startswith("failed: t ListThings: 503: <html> <body>xxx")
    assert len(line) < 330
    other = UnitReport("1", "r", "t", "failed", reason="the disk is full")
    assert "failed: t the disk is full [1 r]" in list(report_of(other).lines())


@pytest.mark.parametrize("state", get_args(State))
def test_reports_can_be_pickled(state: State) -> None:
    """Workers send the reports of their units to the process that started the run."""
    unit = UnitReport("1", "r", "t", state, COUNTS, denied=(DENIAL,), failures=(FAILURE,))
    assert pickle.loads(pickle.dumps(unit)) == unit  # noqa: S301
