"""A run reads units with the real boto3 from a service on 127.0.0.1, in threads, processes or a Dask cluster,
and loads them. What fails in one unit changes nothing of another."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import boto3
import duckdb
import pytest
from ddsql_schemas._package import PACKAGE
from ddsql_schemas._runtime.sync import reading
from ddsql_schemas._runtime.sync import run as running
from ddsql_schemas._runtime.sync.accounts import Account
from ddsql_schemas._runtime.sync.errors import CallError, Denied, Failed
from ddsql_schemas._runtime.sync.plan import Shard
from ddsql_schemas._runtime.sync.report import Report, UnitReport
from ddsql_schemas._runtime.units import Unit
from ddsql_schemas._runtime.usage import UsageError

from local_service import Answer, json_error
from sync.training_jobs import OWN, TABLE, TrainingJobs

REGIONS = ("eu-west-1", "us-east-1")
ROLES = ("111122223333", "444455556666")


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


def role(account: str) -> Account:
    return Account(account, role_arn=f"arn:aws:iam::{account}:role/r", partition="aws")


def jobs(**counts: int) -> list[str]:
    return [f"{label}-{number}" for label, count in counts.items() for number in range(count)]


@pytest.fixture
def service() -> TrainingJobs:
    return TrainingJobs(
        {
            ("111122223333", "eu-west-1"): jobs(a=5),
            ("111122223333", "us-east-1"): jobs(b=2),
            ("444455556666", "eu-west-1"): jobs(c=4),
        }
    )


def stored(file: Path) -> list[str]:
    with duckdb.connect(str(file), read_only=True) as database:
        found = database.execute(
            "SELECT training_job_name, tags['name'] FROM aws.sagemaker_trainingjob ORDER BY 1"
        ).fetchall()
    assert all(tag == [name] for name, tag in found)
    return [name for name, _ in found]


def ran(url: str, file: Path, **options: Any) -> Report:
    options.setdefault("accounts", [role(account) for account in ROLES])
    options.setdefault("regions", REGIONS)
    return running.run(PACKAGE, [TABLE], f"duckdb:{file}", endpoint_url=url, **options)


def by_place(report: Report) -> dict[tuple[str, str], UnitReport]:
    return {(unit.account, unit.region): unit for unit in report.units}


def test_run_loads_the_units_of_all_accounts_and_regions(
    service: TrainingJobs, tmp_path: Path
) -> None:
    with service.running() as url:
        report = ran(url, tmp_path / "a.duckdb")
        assert stored(tmp_path / "a.duckdb") == jobs(a=5, b=2, c=4)
        assert report.exit_status == 0
        assert len(report.units) == 4
        unit = by_place(report)["111122223333", "eu-west-1"]
        assert (unit.counts.rows, unit.counts.inserted, unit.calls) == (5, 5, 2 + 5 + 5)
        again = ran(url, tmp_path / "a.duckdb")
    assert again.totals.counts.unchanged == 11
    assert again.totals.counts.inserted == again.totals.counts.changed == 0


def test_run_deletes_what_vanished_from_a_unit_only(service: TrainingJobs, tmp_path: Path) -> None:
    with service.running() as url:
        ran(url, tmp_path / "a.duckdb")
        service.names["111122223333", "eu-west-1"] = jobs(a=3)
        report = ran(url, tmp_path / "a.duckdb")
    assert by_place(report)["111122223333", "eu-west-1"].counts.deleted == 2
    assert stored(tmp_path / "a.duckdb") == jobs(a=3, b=2, c=4)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("AccessDeniedException", "denied"),
        ("ValidationException", "failed"),
        ("SubscriptionRequiredException", "skipped"),
    ],
)
def test_run_leaves_units_as_they_are_whose_listing_is_refused(
    service: TrainingJobs, tmp_path: Path, code: str, state: str
) -> None:
    def refuse(operation: str, account: str, region: str) -> Answer | None:
        refused = operation == "ListTrainingJobs" and (account, region) == (ROLES[0], "eu-west-1")
        return json_error(code) if refused else None

    with service.running() as url:
        ran(url, tmp_path / "a.duckdb")
        service.before = refuse
        service.names[ROLES[1], "eu-west-1"] = jobs(c=1)
        report = ran(url, tmp_path / "a.duckdb")
    unit = by_place(report)[ROLES[0], "eu-west-1"]
    assert unit.state == state
    assert code in unit.reason
    assert stored(tmp_path / "a.duckdb") == jobs(a=5, b=2, c=1)
    assert report.exit_status == (state != "skipped")


def test_run_ends_the_units_of_an_account_whose_credentials_expired(
    service: TrainingJobs, tmp_path: Path
) -> None:
    def expire(operation: str, account: str, region: str) -> Answer | None:
        listing = operation == "ListTrainingJobs" and account == ROLES[0]
        return json_error("ExpiredTokenException") if listing else None

    service.before = expire
    with service.running() as url:
        report = ran(url, tmp_path / "a.duckdb")
    states = {(unit.account, unit.region): unit.state for unit in report.units}
    assert states == {
        (ROLES[0], "eu-west-1"): "failed",
        (ROLES[0], "us-east-1"): "failed",
        (ROLES[1], "eu-west-1"): "complete",
        (ROLES[1], "us-east-1"): "complete",
    }
    assert stored(tmp_path / "a.duckdb") == jobs(c=4)


def test_run_reports_accounts_that_cannot_be_used(service: TrainingJobs, tmp_path: Path) -> None:
    """Credentials of another account than the file says never fill that account's units."""
    wrong = Account("999999999999")
    with service.running() as url:
        report = ran(url, tmp_path / "a.duckdb", accounts=[wrong, role(ROLES[1])])
    assert "are those of 123456789012" in by_place(report)["999999999999", ""].reason
    assert report.exit_status == 1
    assert stored(tmp_path / "a.duckdb") == jobs(c=4)


def test_run_takes_a_session_and_asks_whose_it_is(service: TrainingJobs, tmp_path: Path) -> None:
    service.names = {(OWN, "us-east-1"): jobs(own=2)}
    session = boto3.Session("AKIAOTHER", "secret", region_name="us-east-1")
    with service.running() as url:
        report = ran(url, tmp_path / "a.duckdb", accounts=(), regions=(), session=session)
    assert [(unit.account, unit.region) for unit in report.units] == [(OWN, "us-east-1")]
    assert stored(tmp_path / "a.duckdb") == jobs(own=2)


def test_run_of_shards_loads_each_unit_once(service: TrainingJobs, tmp_path: Path) -> None:
    reports: list[Report] = []
    with service.running() as url:
        for number in (1, 2, 3):
            reports.append(ran(url, tmp_path / "a.duckdb", shard=Shard(number, 3)))
    units = [unit for report in reports for unit in by_place(report)]
    assert len(units) == len(set(units)) == 4
    assert stored(tmp_path / "a.duckdb") == jobs(a=5, b=2, c=4)


def test_run_refuses_tables_that_are_named_and_cannot_be_collected(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean"):
        running.run(PACKAGE, ["aws.sagemaker_trainingjobs"], f"duckdb:{tmp_path / 'a'}")


def test_run_refuses_regions_that_do_not_exist(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"'eu-wset-1' is not a region .* did you mean 'eu-west-1'"
    ):
        ran("http://127.0.0.1:9", tmp_path / "a", regions=["us-east-1", "eu-wset-1"])


def test_run_fails_accounts_of_other_partitions_than_the_regions(
    service: TrainingJobs, tmp_path: Path
) -> None:
    """Nothing can be collected of them, and that is an error."""
    with service.running() as url:
        report = ran(url, tmp_path / "a.duckdb", regions=["cn-north-1"])
    assert [(unit.account, unit.state) for unit in report.units] == [
        (account, "failed") for account in ROLES
    ]
    assert "'cn-north-1' is a region of the partition aws-cn" in report.units[0].reason
    assert report.exit_status == 1


def test_run_reports_tables_that_no_region_has(service: TrainingJobs, tmp_path: Path) -> None:
    """The region lacks the service, which others of the partition have."""
    account = Account(
        ROLES[0], role_arn="arn:aws-iso:iam::111122223333:role/r", partition="aws-iso"
    )
    with service.running() as url:
        report = ran(url, tmp_path / "a.duckdb", accounts=[account], regions=["us-iso-west-1"])
    (unit,) = report.units
    assert (unit.table, unit.state) == (TABLE, "skipped")
    assert unit.reason == "none of the regions has the service sagemaker"


def test_rows_and_units_are_for_programs_that_load_themselves(service: TrainingJobs) -> None:
    accounts = [role(account) for account in ROLES]
    with service.running() as url:
        given = {"accounts": accounts, "endpoint_url": url}
        units = list(reading.units(PACKAGE, [TABLE], regions=REGIONS, **cast("Any", given)))
        assert units == [
            Unit(account, region, TABLE, "aws", region) for account in ROLES for region in REGIONS
        ]
        names = [
            row["training_job_name"]
            for row in reading.rows(PACKAGE, TABLE, regions=REGIONS, **cast("Any", given))
        ]
    assert sorted(map(str, names)) == jobs(a=5, b=2, c=4)


def test_rows_are_read_with_the_profile_of_an_account_without_an_id(
    service: TrainingJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STS says whose the profile is; the default credentials, of which there are none here, are not used."""
    config = tmp_path / "config"
    config.write_text(
        "[profile prod]\naws_access_key_id = AKIAPROD\naws_secret_access_key = s\nregion = eu-west-1\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    service.names = {(OWN, "eu-west-1"): jobs(own=2)}
    accounts = [role(ROLES[0]), Account(profile="prod")]
    with service.running() as url:
        units = list(reading.units(PACKAGE, [TABLE], accounts=accounts[1:], endpoint_url=url))
        assert [unit.account for unit in units] == [OWN]
        names = [
            row["training_job_name"]
            for row in reading.rows_of(PACKAGE, units[0], accounts=accounts, endpoint_url=url)
        ]
    assert sorted(map(str, names)) == jobs(own=2)


def test_batches_are_those_of_the_units_rows(service: TrainingJobs) -> None:
    given = {"accounts": [role(account) for account in ROLES]}
    unit = Unit(ROLES[0], "eu-west-1", TABLE, "aws", "eu-west-1")
    with service.running() as url:
        batches = list(
            reading.batches(PACKAGE, unit, endpoint_url=url, size=2, **cast("Any", given))
        )
    assert [batch.num_rows for batch in batches] == [2, 2, 1]
    assert batches[0].schema == PACKAGE.arrow(TABLE)
    names = [name for batch in batches for name in batch["training_job_name"].to_pylist()]
    assert sorted(names) == jobs(a=5)


def test_batches_raise_for_what_could_not_be_read(service: TrainingJobs) -> None:
    def deny(operation: str, account: str, region: str) -> Answer | None:
        return json_error("AccessDeniedException") if operation == "ListTags" else None

    service.before = deny
    given = {"accounts": [role(account) for account in ROLES]}
    unit = Unit(ROLES[0], "eu-west-1", TABLE, "aws", "eu-west-1")
    with service.running() as url, pytest.raises(CallError, match="ListTags"):
        list(reading.batches(PACKAGE, unit, endpoint_url=url, **cast("Any", given)))


def test_rows_raise_errors_that_say_where(service: TrainingJobs) -> None:
    """Whoever iterates over rows learns the table, the region, the account, the operation and the item;
    denied and failed calls raise different errors."""

    def refuse(operation: str, account: str, region: str) -> Answer | None:
        if operation == "ListTags" and region == "us-east-1":
            return json_error("AccessDeniedException")
        if operation == "DescribeTrainingJob" and region == "eu-west-1":
            return json_error("ValidationException")
        return None

    service.before = refuse
    given = {"accounts": [role(ROLES[0])]}
    with service.running() as url:
        for region, kind, said in (
            (
                *("eu-west-1", Failed),
                r"DescribeTrainingJob: TrainingJobName a-\d: ValidationException.* \(and 4 further failures\)",
            ),
            (
                *("us-east-1", Denied),
                "ListTags: the credentials lack the permission sagemaker:ListTags, for tags",
            ),
        ):
            rows = reading.rows(
                PACKAGE, TABLE, regions=[region], endpoint_url=url, **cast("Any", given)
            )
            with pytest.raises(kind) as raised:
                list(rows)
            where = f"{TABLE} in {region} of account {ROLES[0]}: "
            assert re.fullmatch(re.escape(where) + said, str(raised.value))
            assert raised.value.unit == Unit(ROLES[0], region, TABLE, "aws", region)
            assert raised.value.operation


# --- ends --------------------------------------------------------------------------------------------

_PROGRAM = """
import json
import sys
from collections import Counter
from ddsql_schemas._package import PACKAGE
from ddsql_schemas._runtime.sync import run as running
from ddsql_schemas._runtime.sync.accounts import Account

report = running.run(
    PACKAGE, ["aws.sagemaker_trainingjob"], sys.argv[2], endpoint_url=sys.argv[1],
    regions=["eu-west-1"], resume="resume" in sys.argv,
    accounts=[Account(f"{number:012}", role_arn=f"arn:aws:iam::{number:012}:role/r", partition="aws")
              for number in range(1, 41)],
)
print(json.dumps([report.exit_status, Counter(unit.state for unit in report.units)]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_ends_cleanly_at_signals(tmp_path: Path, number: signal.Signals) -> None:
    service = TrainingJobs(latency=0.05)
    for account in range(1, 41):
        service.names[f"{account:012}", "eu-west-1"] = jobs(**{f"job-{account:02}": 7})
    file = tmp_path / "a.duckdb"
    with service.running() as url:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, url, f"duckdb:{file}"],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": "generated"},
            text=True,
        )
        while service.calls["DescribeTrainingJob"] < 170:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
    status, states = json.loads(output)
    assert status == 130
    # Every account has its unit in the report, also those that were not begun.
    assert states.keys() == {"complete", "cancelled"}
    assert sum(states.values()) == 40
    names = stored(file)
    # Whole units, and no other.
    assert len(names) == 7 * states["complete"]
    assert set(Counter(name.rpartition("-")[0] for name in names).values()) == {7}


@pytest.mark.parametrize("scheme", ["duckdb", "parquet"])
def test_resume_repeats_at_most_what_was_in_flight(tmp_path: Path, scheme: str) -> None:
    """A killed run is resumed; resuming a complete one is a new run, so that a nightly job that always
    passes --resume never stands still."""
    service = TrainingJobs(latency=0.05)
    for account in range(1, 41):
        service.names[f"{account:012}", "eu-west-1"] = jobs(**{f"job-{account:02}": 7})
    to = f"{scheme}:{tmp_path / 'loaded'}"
    environment = {**os.environ, "PYTHONPATH": "generated"}
    with service.running() as url:
        first = subprocess.Popen([sys.executable, "-c", _PROGRAM, url, to], env=environment)
        while service.calls["DescribeTrainingJob"] < 170:
            assert first.poll() is None
            time.sleep(0.02)
        first.kill()
        first.wait()
        listed = service.calls["ListTrainingJobs"]
        second = subprocess.run(
            [sys.executable, "-c", _PROGRAM, url, to, "resume"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        repeated = service.calls["ListTrainingJobs"] - listed
        third = subprocess.run(
            [sys.executable, "-c", _PROGRAM, url, to, "resume"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    status, states = json.loads(second.stdout)
    assert (status, states.keys(), sum(states.values())) == (0, {"complete", "skipped"}, 40)
    # Each unit has three pages; 16 are read at the same time.
    assert listed + repeated <= 3 * (40 + 16 + 4)
    assert json.loads(third.stdout) == [0, {"complete": 40}]


def test_resume_begins_a_new_run_if_only_units_without_a_service_are_left(
    service: TrainingJobs, tmp_path: Path
) -> None:
    """No run ever completes a unit whose region lacks the service: it must not keep a nightly job that passes
    --resume from reading the others again."""

    def refuse(operation: str, account: str, region: str) -> Answer | None:
        lacking = operation == "ListTrainingJobs" and (account, region) == (ROLES[0], "us-east-1")
        return json_error("SubscriptionRequiredException") if lacking else None

    service.before = refuse
    file = tmp_path / "a.duckdb"
    with service.running() as url:
        first = ran(url, file, resume=True)
        assert dict(first.totals.units) == {"complete": 3, "skipped": 1}
        service.names[ROLES[1], "eu-west-1"] = jobs(c=1)
        second = ran(url, file, resume=True)
    assert dict(second.totals.units) == {"complete": 3, "skipped": 1}
    assert any("nothing is left to resume" in note for note in second.notes)
    assert stored(file) == jobs(a=5, c=1)


# --- beyond one process ------------------------------------------------------------------------------


@contextmanager
def processes() -> Generator[Executor]:
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as executor:
        yield executor


@contextmanager
def dask() -> Generator[Executor]:
    from distributed import Client, LocalCluster

    made: Any = LocalCluster
    # None would be port 8787, which a test beside this one may have.
    address = "127.0.0.1:0"
    with (
        made(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=address
        ) as cluster,
        cast("Any", Client)(cluster) as client,
    ):
        yield client.get_executor()


@contextmanager
def threads() -> Generator[Executor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("executor", [threads, processes, dask])
@pytest.mark.parametrize("scheme", ["duckdb", "parquet"])
def test_run_loads_the_same_from_every_executor(
    service: TrainingJobs, tmp_path: Path, executor: Any, scheme: str
) -> None:
    """DuckDB is loaded by this process, Parquet files are written by those that read the units."""
    place = tmp_path / "loaded"
    with service.running() as url, executor() as pool:
        report = running.run(
            *(PACKAGE, [TABLE], f"{scheme}:{place}"),
            endpoint_url=url,
            regions=REGIONS,
            accounts=[role(account) for account in ROLES],
            executor=pool,
        )
    assert report.exit_status == 0, report
    assert report.totals.counts.inserted == 11
    if scheme == "duckdb":
        assert stored(place) == jobs(a=5, b=2, c=4)
    else:
        files = f"{place}/*/*.parquet"
        with duckdb.connect() as database:
            found = database.execute(
                f"SELECT training_job_name FROM read_parquet('{files}') ORDER BY 1"
            ).fetchall()
        assert [name for (name,) in found] == jobs(a=5, b=2, c=4)


@pytest.mark.slow
def test_units_of_a_process_that_is_lost_fail(service: TrainingJobs, tmp_path: Path) -> None:
    """What is stored of them are whole units."""
    service.latency = 0.2
    with service.running() as url, processes() as pool:

        def kill(operation: str, account: str, region: str) -> Answer | None:
            if operation == "DescribeTrainingJob":
                for process in cast("Any", pool)._processes.values():
                    process.kill()
            return None

        service.before = kill
        report = ran(url, tmp_path / "a.duckdb", executor=pool)
    assert {unit.state for unit in report.units} == {"failed"}
    assert len(report.units) == 4
    assert "BrokenProcessPool" in report.units[0].reason
    counts = Counter(name.partition("-")[0] for name in stored(tmp_path / "a.duckdb"))
    assert counts.items() <= {"a": 5, "b": 2, "c": 4}.items()


def test_a_session_is_not_sent_to_other_processes(tmp_path: Path) -> None:
    with (
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor,
        pytest.raises(UsageError, match="cannot be sent"),
    ):
        ran("http://127.0.0.1:9", tmp_path / "a", session=boto3.Session(), executor=executor)


@pytest.mark.slow
@pytest.mark.parametrize("executor", [processes])
def test_limits_hold_for_all_processes_together(tmp_path: Path, executor: Any) -> None:
    """Of one account's region, whose units are very different: the total is measured at the service."""
    rate = 100.0
    service = TrainingJobs(rate=rate, size=20, latency=0.02)
    service.names = {(ROLES[0], "us-east-1"): jobs(many=400), (ROLES[0], "eu-west-1"): jobs(few=2)}
    with service.running() as url, executor() as pool:
        report = ran(url, tmp_path / "a.duckdb", accounts=[role(ROLES[0])], executor=pool)
    assert report.exit_status == 0, report
    assert_paced(service.moments, rate)


def assert_paced(moments: Sequence[tuple[float, bool]], rate: float) -> None:
    """From two seconds on, when the pace is found, until one second before the end."""
    start, end = moments[0][0] + 2, moments[-1][0] - 1
    sent = [accepted for moment, accepted in moments if start <= moment <= end]
    assert end - start > 3
    assert len(sent) / (end - start) <= 1.1 * rate
    assert sum(sent) / (end - start) >= 0.8 * rate
