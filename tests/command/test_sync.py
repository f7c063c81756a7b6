"""The command ``sync`` of a generated package, in processes, against moto behind a proxy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from corpus_package import NAME, CorpusPackage
from sync.aws_server import ACCOUNT, Credentials, Proxy, Rule, delay, deny, moto

REGION = "eu-west-1"
TO = ("--to", "duckdb:inventory.duckdb")
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::one/*"}
        ],
    }
)


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def aws() -> Iterator[Proxy]:
    """An account with three buckets, two functions' worth of VPCs, and pages of two."""
    with moto() as server:
        proxy = Proxy(server, page=2)
        with proxy.running():
            s3 = proxy.client("s3", REGION, Credentials(ACCOUNT))
            for name in ("one", "two", "three"):
                s3.create_bucket(
                    Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}
                )
                s3.put_bucket_tagging(
                    Bucket=name, Tagging={"TagSet": [{"Key": "team", "Value": name}]}
                )
            s3.put_bucket_policy(Bucket="one", Policy=POLICY)
            yield proxy


@pytest.fixture
def environment(aws: Proxy, corpus_package: CorpusPackage) -> dict[str, str]:
    """What a user has set: credentials of the account, a region, and where AWS is."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        **Credentials(ACCOUNT).environment(),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": aws.url,
        "PYTHONPATH": str(corpus_package.folder / "importable"),
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", NAME, "sync", *arguments]


def sync(
    folder: Path, environment: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def buckets(folder: Path, columns: str = "name") -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "inventory.duckdb"), read_only=True) as connection:
        return connection.execute(f"SELECT {columns} FROM aws.s3_bucket ORDER BY name").fetchall()


def test_sync_loads_and_reports(tmp_path: Path, environment: dict[str, str]) -> None:
    """Rows are loaded, a line for each unit is on stderr, the report on stdout; the second run writes
    nothing."""
    first = sync(tmp_path, environment, "aws.s3_*", *TO)
    assert (first.returncode, buckets(tmp_path)) == (0, [("one",), ("three",), ("two",)]), first
    assert f"[1/1] {ACCOUNT} global aws.s3_bucket: complete; 3 rows, 3 inserted" in first.stderr
    assert "3 rows: 3 inserted, 0 changed, 0 unchanged, 0 deleted" in first.stdout
    second = sync(tmp_path, environment, "aws.s3_*", *TO, "--format", "json")
    report = json.loads(second.stdout)
    assert (second.returncode, report["exit_status"]) == (0, 0)
    assert report["totals"]["counts"] == {
        "rows": 3,
        "inserted": 0,
        "changed": 0,
        "unchanged": 3,
        "deleted": 0,
        "refused": 0,
    }


def test_what_is_denied_is_reported_and_kept(
    tmp_path: Path, environment: dict[str, str], aws: Proxy
) -> None:
    """A denied operation costs its columns only: status 1, the action that is missing, and the stored
    policy stays. A denied listing deletes nothing."""
    assert sync(tmp_path, environment, "aws.s3_bucket", *TO).returncode == 0
    before = buckets(tmp_path, "name, policy")
    assert before[0][1] is not None
    with aws.rule(Rule(deny, "s3", "GetBucketPolicy")):
        denied = sync(tmp_path, environment, "aws.s3_bucket", *TO, "-q", "--format", "json")
    report = json.loads(denied.stdout)
    assert denied.returncode == 1
    assert "denied: GetBucketPolicy" in denied.stderr
    [denial] = report["units"][0]["denied"]
    assert (denial["operation"], denial["action"]) == ("GetBucketPolicy", "s3:GetBucketPolicy")
    assert denial["rows"] == 3
    assert "policy" in denial["columns"]
    assert buckets(tmp_path, "name, policy") == before
    with aws.rule(Rule(deny, "s3", "ListBuckets")):
        listing = sync(tmp_path, environment, "aws.s3_bucket", *TO)
    assert listing.returncode == 1
    assert "1 denied; 0 rows" in listing.stdout
    assert buckets(tmp_path, "name, policy") == before


def test_excluded_columns_and_skipped_operations_are_not_touched(
    tmp_path: Path, environment: dict[str, str], aws: Proxy
) -> None:
    """What is left out is NULL in new rows; what is stored stays, and operations that nothing needs
    are not called."""
    with aws.watched() as seen:
        done = sync(
            *(tmp_path, environment, "aws.s3_bucket", *TO),
            *("--exclude", "*.tags", "--skip", "GetBucketPolicy"),
        )
    called = {each.operation for each in seen}
    assert (done.returncode, done.stderr.count("denied")) == (0, 0)
    assert "ListBuckets" in called
    assert not called & {"GetBucketPolicy", "GetBucketTagging"}
    assert buckets(tmp_path, "policy, tags") == [(None, None)] * 3
    assert sync(tmp_path, environment, "aws.s3_bucket", *TO).returncode == 0
    full = buckets(tmp_path, "policy, tags")
    assert full[0][0] is not None
    assert full[0][1] == {"team": ["one"]}
    again = sync(
        *(tmp_path, environment, "aws.s3_bucket", *TO),
        *("--exclude", "*.tags", "aws.s3_bucket.policy*", "--format", "json"),
    )
    assert json.loads(again.stdout)["totals"]["counts"]["unchanged"] == 3
    assert buckets(tmp_path, "policy, tags") == full


def test_settings_file_and_json_log(tmp_path: Path, environment: dict[str, str]) -> None:
    """A run can be described in a file; what happens is written as JSON for programs."""
    (tmp_path / "sync.toml").write_text(
        'tables = ["aws.s3_bucket", "aws.vpc"]\nto = "${WHERE}"\nregions = ["eu-west-1"]\n'
        'skip = ["GetBucketPolicy"]\n'
    )
    where = {"WHERE": "duckdb:inventory.duckdb"}
    arguments = ("--config", "sync.toml", "--log-format", "json")
    done = sync(tmp_path, {**environment, **where}, *arguments)
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.returncode == 0, done.stderr
    assert sorted((event["event"], event["table"]) for event in events) == [
        ("unit", "aws.s3_bucket"),
        ("unit", "aws.vpc"),
    ]
    assert len(buckets(tmp_path)) == 3


def test_shards_are_parts_of_a_run(tmp_path: Path, environment: dict[str, str]) -> None:
    """Each unit is in one shard, and the shards together are the run."""
    found: list[tuple[str, str]] = []
    for number in range(1, 4):
        done = sync(
            *(tmp_path, environment, "aws.s3_bucket", "aws.vpc", "aws.kms", *TO),
            *("--regions", "eu-west-1", "us-east-1", "--shard", f"{number}/3", "--format", "json"),
        )
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        found += [(unit["region"], unit["table"]) for unit in report["units"]]
    assert sorted(found) == [
        *(("eu-west-1", "aws.kms"), ("eu-west-1", "aws.vpc"), ("global", "aws.s3_bucket")),
        *(("us-east-1", "aws.kms"), ("us-east-1", "aws.vpc")),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no table is named"),
        (("aws.s3_bucket",), "--to is missing: pass --to"),
        (("aws.s3_bukket", *TO), "did you mean 'aws.s3_bucket'?"),
        (("aws.s3_bucket", "--to", "sqlite:x"), "write one of postgres://"),
        (("aws.s3_bucket", "--too", "duckdb:x"), "see `ddsql-schemas"),
        (("aws.s3_bucket", *TO, "--exclude", "*.polcy"), "did you mean 'policy'"),
        (("aws.s3_bucket", *TO, "--skip", "ListBuckets"), "leave the table out instead"),
        (("aws.s3_bucket", *TO, "--shard", "4/3"), "must be from 1 to 3"),
        (("aws.s3_bucket", *TO, "--shard", "x"), "is written 3/8"),
        (("aws.s3_bucket", *TO, "--threads", "0"), "'0' is not a positive number"),
        (("--config", "missing.toml"), "missing.toml: No such file or directory"),
        (("aws.s3_bucket", *TO, "--accounts", "missing.toml"), "missing.toml"),
    ],
)
def test_wrong_usage_ends_with_2_before_anything_is_changed(
    tmp_path: Path,
    environment: dict[str, str],
    aws: Proxy,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    """A line says what is wrong; AWS is not called, and no file is made."""
    with aws.watched() as seen:
        done = sync(tmp_path, environment, *arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    [line] = done.stderr.splitlines()
    assert message in line
    assert seen == []
    assert list(tmp_path.iterdir()) == []


def test_expired_credentials_fail_and_keep_everything(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """Without credentials nothing is deleted, and the status says that nothing was read."""
    assert sync(tmp_path, environment, "aws.s3_bucket", *TO).returncode == 0
    nobody = {
        name: value
        for name, value in environment.items()
        if not name.startswith(("AWS_ACCESS", "AWS_SECRET", "AWS_SESSION"))
    }
    nobody |= {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    done = sync(tmp_path, nobody, "aws.s3_bucket", "aws.vpc", *TO)
    assert done.returncode == 1
    reason = "NoCredentialsError: Unable to locate credentials"
    # Once, however many units it costs.
    assert done.stderr.splitlines() == [
        f"[1] default: failed: {reason}",
        "account default failed: 2 units were not read",
    ]
    assert done.stdout.splitlines()[0] == f"failed: 2 units of default: {reason}"
    assert len(buckets(tmp_path)) == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_report_that_cannot_be_written_undoes_nothing(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """A full disk is no wrong call: what was loaded stays, and the status says that something is missing."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command("aws.s3_bucket", *TO, "--quiet", "--format", "json"),
            cwd=tmp_path,
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 1
    error, summary = done.stderr.splitlines()
    assert error == "the report cannot be written: No space left on device"
    assert summary.startswith("1 complete; 3 rows: 3 inserted")
    assert len(buckets(tmp_path)) == 3


def test_forget_says_what_it_deleted_before_it_fails(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """What is deleted of the first table stays deleted, whatever is wrong with the second."""
    assert sync(tmp_path, environment, "aws.s3_bucket", "aws.vpc", *TO).returncode == 0
    with duckdb.connect(str(tmp_path / "inventory.duckdb")) as connection:
        connection.execute("DROP TABLE aws.vpc")
    done = subprocess.run(
        [sys.executable, "-m", NAME, "forget", "aws.s3_bucket", "aws.vpc", *TO],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert done.stdout == "aws.s3_bucket: 3 rows deleted\n"
    assert buckets(tmp_path) == []


def test_forget_says_what_the_files_of_a_folder_are_called(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """A folder of Parquet files has no `ddsql_sync.units` that could be looked at."""
    (tmp_path / "lake").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", NAME, "forget", "--to", "parquet:lake", "--region", "golbal"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (
        "",
        "nothing was deleted: parquet:lake has no rows of region golbal; "
        "its files are named ACCOUNT.REGION.parquet\n",
    )


def test_forget_says_if_there_is_nothing_to_forget(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """A region that is misspelt is noticed."""
    assert sync(tmp_path, environment, "aws.s3_bucket", *TO).returncode == 0
    forgotten: list[tuple[str, str]] = []
    for region in ("golbal", "global"):
        done = subprocess.run(
            [sys.executable, "-m", NAME, "forget", *TO, "--region", region],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        forgotten.append((done.stdout, done.stderr))
    assert forgotten == [
        (
            "",
            "nothing was deleted: duckdb:inventory.duckdb has no rows of region golbal; "
            "`ddsql_sync.units` lists what it has\n",
        ),
        ("all tables: 3 rows deleted\n", ""),
    ]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_runs_end_cleanly(
    tmp_path: Path,
    environment: dict[str, str],
    aws: Proxy,
    sent: signal.Signals,
) -> None:
    """Ctrl-C and kill end a run at once, without a traceback; what was loaded stays, and the next
    run works."""
    assert sync(tmp_path, environment, "aws.s3_bucket", *TO).returncode == 0
    slow = Rule(delay(5), "s3", "GetBucketTagging")
    with aws.rule(slow):
        process = subprocess.Popen(
            command("aws.s3_bucket", *TO),
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 60
        while not slow.happened and time.monotonic() < deadline:
            time.sleep(0.05)
        assert slow.happened
        process.send_signal(sent)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert len(buckets(tmp_path)) == 3
    assert sync(tmp_path, environment, "aws.s3_bucket", *TO).returncode == 0


def test_passwords_are_not_shown_if_the_database_refuses(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """Whatever psycopg says, the password is in no output, and the status is 2."""
    for address in (
        "postgres://me:s3cret-Word@127.0.0.1:1/db",
        "postgres://me:s3cret-Word@127.0.0.1:x/db",
        "postgres://me:s3cret-Word@127.0.0.1:1/db?wrong_option=1",
        "postgres://127.0.0.1:1/db?password=s3cret-Word",
    ):
        for arguments in (("--to", address), (f"--to={address}",), ("-v", "--to", address)):
            done = sync(tmp_path, environment, "aws.s3_bucket", *arguments)
            assert done.returncode == 2, done.stderr
            assert done.stderr
            assert "Traceback" not in done.stderr
            assert "s3cret" not in done.stderr + done.stdout


def test_sync_into_postgres(
    tmp_path: Path,
    environment: dict[str, str],
    postgres: psycopg.Connection,
) -> None:
    """The same command loads into PostgreSQL, twice."""
    info = postgres.info
    to = f"postgres://{info.user}@/{info.dbname}?host={info.host}&port={info.port}"
    to += "&dialect=postgres_jsonb"
    first = sync(tmp_path, environment, "aws.s3_bucket", "--to", to)
    assert (first.returncode, "3 inserted" in first.stdout) == (0, True), first.stderr
    second = sync(tmp_path, environment, "aws.s3_bucket", "--to", to)
    assert (second.returncode, "3 unchanged" in second.stdout) == (0, True), second.stderr
    found = postgres.execute('SELECT "name", "tags" FROM aws.s3_bucket ORDER BY 1').fetchall()
    assert found[0] == ("one", {"team": ["one"]})
    assert len(found) == 3
