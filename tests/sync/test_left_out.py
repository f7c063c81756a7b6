"""Listed items for which nothing can be called, as AWS documents: archived tapes belong to no gateway."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import once
import page_facts
from projects import pages, run
from schemagen.runtime.command.display import summary
from schemagen.runtime.sync.report import Reporter, UnitReport

TABLE = "aws.storagegateway_tape"
FACTS = Path(__file__).parents[1] / "inference/tables_behind_the_rules.txt"

PROGRAM = """\
import json

from ddsql_schemas._runtime.sync.collector import collect
from ddsql_schemas._runtime.sync.tally import Tally
from ddsql_schemas._runtime.units import Unit
from ddsql_schemas.calls.aws.storagegateway_tape import CALLS
from ddsql_schemas.mappers.aws import storagegateway_tape

ARN = "arn:aws:storagegateway:eu-west-1:123456789012:"
LISTED = [
    {"TapeARN": ARN + "tape/A", "GatewayARN": ARN + "gateway/G"},
    {"TapeARN": ARN + "tape/ARCHIVED", "TapeStatus": "ARCHIVED"},
    {"TapeARN": ARN + "tape/OLD", "GatewayARN": None},
    {"GatewayARN": ARN + "gateway/G"},
]


def client(operation, arguments):
    if operation == "ListTapes":
        return {"TapeInfos": LISTED}
    if operation == "DescribeTapes":
        return {"Tapes": [{"TapeARN": arn} for arn in arguments["TapeARNs"]]}
    return {"Tags": []}


tally = Tally()
unit = Unit("123456789012", "eu-west-1", "aws.storagegateway_tape")
rows = collect(CALLS, storagegateway_tape, client, unit, tally=tally)
keys = [row.row["_key"] for row in rows]
print(json.dumps([keys, [failure.message for failure in tally.failures], tally.left_out, rows.complete]))
"""


def test_items_without_an_optional_member_are_left_out_and_counted(
    tmp_path: Path, filled_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """They are no failures, unlike items that lack what every item has; the lock says which member it is."""
    pages(tmp_path, {"ddsql/tape.md": page_facts.page(page_facts.facts(FACTS)[TABLE])})
    cache = {"XDG_CACHE_HOME": str(once.linked(filled_cache, tmp_path_factory.mktemp("cache")))}
    assert run(tmp_path, "bind", env=cache).returncode == 0
    lock = json.loads((tmp_path / "bindings/aws/storagegateway.json").read_bytes())
    assert lock["operations"]["ListTapes"]["optional"] == ["GatewayARN"]
    assert run(tmp_path, "build", env=cache).returncode == 0
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "generated")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    keys, failures, left_out, complete = json.loads(done.stdout)
    assert keys == ["arn:aws:storagegateway:eu-west-1:123456789012:tape/A"]
    assert failures == ["the item lacks TapeARN, which DescribeTapes needs"]
    assert left_out == "2 items of ListTapes without GatewayARN, which DescribeTapes needs"
    assert not complete  # because of the item without an ARN


LEFT_OUT = "2 items of ListTapes without GatewayARN, which DescribeTapes needs"


@pytest.mark.parametrize("state", ["complete", "failed"])
def test_report_says_what_was_left_out(state: str) -> None:
    """The unit is complete, and so is the run; reports and progress still say what has no row."""
    unit = UnitReport(
        "1", "r", TABLE, "complete" if state == "complete" else "failed", reason=LEFT_OUT
    )
    reporter = Reporter()
    reporter.add(unit)
    report = reporter.report(seconds=1.0)
    lines = [line for line in report.lines() if line.startswith("left out:")]
    if state == "complete":
        assert lines == [f"left out: {TABLE}: {LEFT_OUT} [1 r]"]
        assert f"left out: {LEFT_OUT}" in summary(unit)
        assert (unit.exit_status, report.exit_status) == (0, 0)
        assert report.to_json()["units"][0]["reason"] == LEFT_OUT
    else:
        assert (lines, unit.left_out) == ([], "")
