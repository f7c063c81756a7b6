"""schemagen.runtime.command.display: what is shown while a run is running."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator

import pytest

from schemagen.runtime.command import display, messages
from schemagen.runtime.load.sink import LoadCounts
from schemagen.runtime.sync.progress import Progress
from schemagen.runtime.sync.report import UnitReport
from schemagen.runtime.sync.tally import Denial, Failure
from schemagen.runtime.units import Unit

COMPLETE = UnitReport(
    "1", "eu-west-1", "aws.vpc", "complete", LoadCounts(5, 2, 1, 2, 0), calls=7, seconds=1.0
)
DENIED = UnitReport(
    "1",
    "eu-west-1",
    "aws.s3_bucket",
    "denied",
    denied=(Denial("ListBuckets", "s3:ListAllMyBuckets"),),
)
FAILED = UnitReport(
    "1",
    "r",
    "aws.kms",
    "partial",
    failures=(Failure("DescribeKey", "k1", "timeout\x1b[2J"),),
    failed=3,
)


@pytest.fixture(autouse=True)
def loud() -> Iterator[None]:
    """Other tests see the usual messages."""
    yield
    messages._quiet[0] = False  # pyright: ignore[reportPrivateUsage]


def tell(progress: Progress) -> None:
    """A small run."""
    progress.planned(3)
    progress.started(Unit("1", "eu-west-1", "aws.vpc"))
    progress.called(7)
    progress.throttled("ec2", "eu-west-1")
    progress.throttled("ec2", "eu-west-1")
    progress.ended(COMPLETE)
    progress.ended(DENIED)
    progress.ended(FAILED)
    progress.note("regions could not be read")


def test_lines_say_what_happened_to_each_unit(capsys: pytest.CaptureFixture[str]) -> None:
    """Not on a terminal, a line is written for each unit; nothing of it is interpreted."""
    with display.display("text") as progress:
        tell(progress)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "throttled by ec2 in eu-west-1: calling more slowly",
        "[1/3] 1 eu-west-1 aws.vpc: complete; 5 rows, 2 inserted, 1 changed, 0 deleted; "
        "7 calls, 1.0 s",
        "[2/3] 1 eu-west-1 aws.s3_bucket: denied: ListBuckets; 0 calls, 0.0 s",
        "[3/3] 1 r aws.kms: partial; 0 rows, 0 inserted, 0 changed, 0 deleted; "
        "failed: DescribeKey k1: timeout\\x1b[2J and 2 more; 0 calls, 0.0 s",
        "regions could not be read",
    ]


def test_lines_say_once_what_costs_many_units(capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong with an account is a line, with the number of its units at the end; so are units that
    the end of the run has cancelled."""
    with display.display("text") as progress:
        progress.planned(6)
        for account, table in (("1", "aws.a"), ("2", "aws.a"), ("1", "aws.b"), ("1", "aws.c")):
            progress.ended(
                UnitReport(account, "r", table, "failed", reason="expired", account_failed=True)
            )
        for table in ("aws.d", "aws.e"):
            progress.ended(UnitReport("3", "r", table, "cancelled", reason="ended"))
    assert capsys.readouterr().err.splitlines() == [
        "[1/6] 1: failed: expired",
        "[2/6] 2: failed: expired",
        "account 1 failed: 3 units were not read",
        "interrupted: 2 units cancelled",
    ]


def test_quiet_writes_problems_only(capsys: pytest.CaptureFixture[str]) -> None:
    """What went well is not mentioned."""
    messages.be_quiet()
    with display.display("text") as progress:
        tell(progress)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["[2/3]", "[3/3]", "regions"]


def test_json_is_an_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Programs read the same events, with all fields of a unit's report."""
    with display.display("json") as progress:
        tell(progress)
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [event.pop("event") for event in events] == [
        *("throttled", "unit", "unit", "unit", "note"),
    ]
    assert events[0] == {"service": "ec2", "region": "eu-west-1"}
    assert events[1] == COMPLETE.to_json()
    assert events[4] == {"text": "regions could not be read"}


PROGRAM = """
import sys
sys.path.insert(0, {folder!r})
from test_display import tell
from schemagen.runtime.command import display
with display.display("text") as progress:
    assert isinstance(progress, display.Live), progress
    tell(progress)
    print(display.status(progress._counts))
"""


def test_terminals_get_a_display_with_problems_above_it() -> None:
    """On a terminal, units, calls a second and throttling are shown; what went wrong stays on it."""
    controller, terminal = pty.openpty()
    folder = os.path.dirname(__file__)  # noqa: PTH120
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(folder=folder)],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env={
            **os.environ,
            "TERM": "xterm",
            "COLUMNS": "160",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(controller, 4096)
        except OSError:  # The other end is closed.
            break
        if not part:
            break
        shown += part
    os.close(controller)
    output, _ = process.communicate(timeout=60)
    text = shown.decode()
    assert process.returncode == 0, text
    assert "1 eu-west-1 aws.s3_bucket: denied: ListBuckets" in text
    assert "timeout\\x1b[2J" in text
    assert "3/3" in text
    status = output.decode()
    assert status.startswith("5 rows, 1 calls/s, throttled 2 (ec2 eu-west-1 2), 2 incomplete")
