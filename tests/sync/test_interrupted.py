"""A sync that is killed, or ended by Ctrl-C or `kill`, while AWS answers slowly.

The command runs in a process of its own, as a user starts it. Whatever ends it, each unit is as it was
before or as it should be, nothing is half loaded, and the next run ends what was begun.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from corpus_package import NAME, CorpusPackage
from sync import mirror, resources, world
from sync.aws_server import ACCOUNT, Credentials, Moto
from sync.mirror import Row, UnitName
from sync.world import World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("interrupted")]

TABLES = ("aws.dynamodb", "aws.vpc", "aws.sagemaker_model", "aws.sns_platform_application")
REGIONS = ("us-east-1", "eu-central-1")
COUNTS = {(ACCOUNT, region): 12 for region in REGIONS}
UNITS: list[UnitName] = [(ACCOUNT, region, table) for table in TABLES for region in REGIONS]
LATENCY = 0.15
PATIENCE = 180


@pytest.fixture(scope="module")
def full_world(moto_server: Moto) -> Iterator[World]:
    moto_server.reset()
    with world.made(moto_server, TABLES, COUNTS, rich=False) as full:
        yield full


@dataclass
class Command:
    """The command `sync` of the generated package, into a DuckDB file."""

    package: CorpusPackage
    world: World
    file: Path

    @property
    def to(self) -> str:
        return f"duckdb:{self.file}"

    def start(self, *options: str) -> subprocess.Popen[str]:
        """Start it in a process group of its own, as a terminal does."""
        environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith("AWS_")},
            **Credentials(ACCOUNT).environment(),
            "AWS_DEFAULT_REGION": REGIONS[0],
            "AWS_ENDPOINT_URL": self.world.proxy.url,
            "PYTHONPATH": str(self.package.folder / "importable"),
        }
        command = [sys.executable, "-m", NAME, "sync", *TABLES, "--to", self.to]
        command += ["--regions", *REGIONS, "--threads", "2", "--format", "json", *options]
        return subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *options: str) -> Any:
        """Run it to its end, and return its report."""
        process = self.start(*options)
        output, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors
        return json.loads(output)

    def stored(self) -> dict[UnitName, dict[str, Row]]:
        """What is stored, by unit. All keys of these tables say which region they are of."""
        found: dict[UnitName, dict[str, Row]] = {unit: {} for unit in UNITS}
        for table in TABLES:
            for key, row in mirror.stored(self.package, self.to, table).items():
                found[ACCOUNT, key.split(":")[3], table][key] = row
        return found


@pytest.fixture
def command(corpus_package: CorpusPackage, full_world: World, tmp_path: Path) -> Iterator[Command]:
    """A mirror that was complete once, whose resources have changed in every unit since."""
    made = Command(corpus_package, full_world, tmp_path / "mirror.duckdb")
    assert made.run()["exit_status"] == 0
    for region in REGIONS:
        place = full_world.place(ACCOUNT, region)
        for table in TABLES:
            kind, names = resources.by_table()[table], full_world.ids(ACCOUNT, region, table)
            kind.delete(place, names.pop(0))
            names.append(kind.create(place, f"other-{time.monotonic_ns()}"))
    full_world.proxy.latency = LATENCY
    yield made
    full_world.proxy.latency = 0


def ended(command: Command, how: signal.Signals, calls: int) -> tuple[int, str]:
    """Start a run, send a signal after some calls, and return its status and its standard output."""
    seen = len(command.world.proxy.seen)
    process = command.start()
    end = time.monotonic() + PATIENCE
    while len(command.world.proxy.seen) < seen + calls:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(how)
    output, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, output


def is_old_or_new(
    command: Command, before: dict[UnitName, dict[str, Row]], after: dict[UnitName, dict[str, Row]]
) -> set[UnitName]:
    """Check that each unit is as before or as it should be. Returns those that are new."""
    command.world.proxy.latency = 0
    stored = command.stored()
    new: set[UnitName] = set()
    for unit in UNITS:
        assert before[unit] != after[unit]
        assert stored[unit] in (before[unit], after[unit]), unit
        if stored[unit] == after[unit]:
            new.add(unit)
    return new


def expected(command: Command) -> dict[UnitName, dict[str, Row]]:
    return mirror.expected_rows(command.package, command.world, UNITS)


@pytest.mark.parametrize("calls", [2, 30, 60, 90])
def test_killed_run_leaves_each_unit_old_or_new(command: Command, calls: int) -> None:
    """SIGKILL at any moment: a unit is as before or as it should be, and the next run completes."""
    before, after = command.stored(), expected(command)
    status, _ = ended(command, signal.SIGKILL, calls)
    assert status == -signal.SIGKILL
    new = is_old_or_new(command, before, after)
    assert len(new) < len(UNITS)
    report = command.run()
    assert report["exit_status"] == 0
    assert command.stored() == after
    written = {
        (unit["account"], unit["region"], unit["table"])
        for unit in report["units"]
        if unit["counts"]["inserted"] or unit["counts"]["deleted"]
    }
    assert written == set(UNITS) - new


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "kill"])
def test_interrupted_run_ends_soon_and_cleanly(command: Command, how: signal.Signals) -> None:
    """The run ends within seconds with the status that shells expect, and says what it did; units
    that it did not complete are as before."""
    before, after = command.stored(), expected(command)
    start = time.monotonic()
    found, output = ended(command, how, 60)
    assert found == 130
    assert time.monotonic() - start < 30
    report = json.loads(output)
    assert report["interrupted"] is True
    assert report["exit_status"] == 130
    new = is_old_or_new(command, before, after)
    # The report has every unit that was planned, whether it was begun or not.
    states = {
        (unit["account"], unit["region"], unit["table"]): unit["state"] for unit in report["units"]
    }
    assert {unit for unit, state in states.items() if state == "complete"} == new
    assert {unit for unit, state in states.items() if state == "cancelled"} == set(UNITS) - new
    assert report["incomplete"] == report["totals"]["units"]["cancelled"] == len(UNITS) - len(new)
    assert len(new) < len(UNITS)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "SIGKILL"])
def test_resumed_run_repeats_only_what_was_not_completed(
    command: Command, how: signal.Signals
) -> None:
    """`--resume` calls nothing for units that were completed, and completes the others."""
    before, after = command.stored(), expected(command)
    process = command.start()
    assert process.stderr is not None
    assert any(": complete;" in line for line in process.stderr), "the run completed no unit"
    process.send_signal(how)
    process.communicate(timeout=PATIENCE)
    new = is_old_or_new(command, before, after)
    assert set() < new < set(UNITS)
    with command.world.proxy.watched() as seen:
        report = command.run("--resume")
    assert command.stored() == after
    states = {
        (unit["account"], unit["region"], unit["table"]): unit["state"] for unit in report["units"]
    }
    assert {unit for unit, state in states.items() if state == "skipped"} == new
    assert {unit for unit, state in states.items() if state == "complete"} == set(UNITS) - new
    services = {"aws.vpc": "ec2", "aws.sns_platform_application": "sns", "aws.dynamodb": "dynamodb"}
    called = {(each.region, each.service) for each in seen}
    for _, region, table in new:
        if table in services:
            assert (region, services[table]) not in called
