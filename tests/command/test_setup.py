"""What a user or the environment got wrong is a line with what to do, and status 2, before anything is
made."""

from __future__ import annotations

import uuid
from pathlib import Path

import psycopg
import pytest
from ddsql_schemas import load
from ddsql_schemas._package import PACKAGE
from ddsql_schemas._runtime.command import app
from ddsql_schemas._runtime.sync.limiter import Limits, PaceSettings
from ddsql_schemas._runtime.sync.reading import rows_of, units
from ddsql_schemas._runtime.sync.run import run
from ddsql_schemas._runtime.units import Unit
from ddsql_schemas._runtime.usage import UsageError
from psycopg import sql

from sync.training_jobs import OWN, TABLE, TrainingJobs


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.chdir(tmp_path)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that ends with 2, and return its line."""
    status = app.status(PACKAGE, arguments)
    printed = capsys.readouterr()
    assert (status, printed.out) == (2, ""), printed
    (line,) = printed.err.splitlines()
    return line


DUCKDB = ("--to", "duckdb:inventory.duckdb")
UNIT = Unit(OWN, "eu-west-1", TABLE, "aws", "eu-west-1")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("AWS_PROFILE", "nope", "The config profile (nope) could not be found; name a profile of"),
        ("AWS_CONFIG_FILE", "broken", "Unable to parse config file"),
        ("AWS_ENDPOINT_URL", "127.0.0.1:5077", "Invalid endpoint: 127.0.0.1:5077; write AWS_END"),
        ("AWS_STS_REGIONAL_ENDPOINTS", "none", "STS regional endpoints option none"),
    ],
)
def test_sync_refuses_a_configuration_of_boto3_that_cannot_be_used(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variable: str,
    value: str,
    message: str,
) -> None:
    """It is no fault of the program, and no file is made."""
    (tmp_path / "broken").write_text("[default\nregion", "utf-8")
    monkeypatch.setenv(variable, value)
    assert message in refused(capsys, "sync", TABLE, *DUCKDB)
    assert not (tmp_path / "inventory.duckdb").exists()


def test_sync_refuses_an_endpoint_without_a_scheme(capsys: pytest.CaptureFixture[str]) -> None:
    """The line says how it is written."""
    line = refused(capsys, "sync", TABLE, *DUCKDB, "--endpoint-url", "foo")
    assert "Invalid endpoint: foo; write endpoint_url with its scheme" in line


def test_sync_says_which_privileges_a_role_lacks(
    capsys: pytest.CaptureFixture[str], postgres: psycopg.Connection
) -> None:
    """A role that may not create schemas, or not use that of the ledger, gets the words of PostgreSQL and
    what to grant, from each command that opens the database."""
    role = f"poor_{uuid.uuid4().hex}"
    name = sql.Identifier(role)
    postgres.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
    try:
        to = f"postgres:///{postgres.info.dbname}?host={postgres.info.host}&user={role}"
        assert "permission denied for database" in refused(capsys, "sync", TABLE, "--to", to)
        # A ledger and a table of another role.
        owned = f"postgres:///{postgres.info.dbname}?host={postgres.info.host}&user=postgres"
        load.into(owned, TABLE, [], account="1", region="eu-west-1")
        for command in (("sync", TABLE), ("forget", TABLE), ("drift", TABLE)):
            line = refused(capsys, *command, "--to", to)
            assert "permission denied for" in line
            assert "grant the role CREATE on the database" in line
    finally:
        postgres.execute(sql.SQL("DROP OWNED BY {}").format(name))
        postgres.execute(sql.SQL("DROP ROLE {}").format(name))


@pytest.mark.parametrize("password", ["p@ss", "a@b", "p/s", "p#s", "p?s", "a@b/c"])
def test_a_password_with_a_raw_delimiter_is_refused_and_not_shown(
    capsys: pytest.CaptureFixture[str], password: str
) -> None:
    """Drivers would take its end for a host, and show it."""
    address = f"postgres://me:{password}@127.0.0.1:1/inventory"
    line = refused(capsys, "sync", TABLE, "--to", address)
    assert "write %40 for @" in line
    assert "127.0.0.1" not in line
    for part in ("p@ss", "ss@", "a@b", "b@", "p/s", "p#s", "p?s"):
        assert part not in line


def test_sync_refuses_a_configured_region_that_does_not_exist(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Otherwise nothing would be collected, without a word."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-wst-1")
    line = refused(capsys, "sync", TABLE, *DUCKDB)
    assert "the configured region 'eu-wst-1' is not a region that boto3 knows; did you mean" in line
    assert not (tmp_path / "inventory.duckdb").exists()


def test_sync_needs_a_region_for_tables_that_are_regional(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No region is chosen for a user who has configured none."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    line = refused(capsys, "sync", TABLE, *DUCKDB)
    assert "no region is configured: pass --regions, or set AWS_DEFAULT_REGION" in line


@pytest.mark.parametrize("regions", [("cn-north-1",), ("cn-north-1", "eu-west-1")])
def test_sync_refuses_regions_of_another_partition(
    capsys: pytest.CaptureFixture[str], regions: tuple[str, ...]
) -> None:
    """The credentials of an account are valid in its partition only."""
    with TrainingJobs().running() as url:
        line = refused(capsys, "sync", TABLE, *DUCKDB, "--endpoint-url", url, "--regions", *regions)
    assert (
        "'cn-north-1' is a region of the partition aws-cn, and the account 123456789012 is" in line
    )


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "parquet:s3://bucket/x",
            "parquet:s3://bucket/x is not on this machine; write parquet:FOLD",
        ),
        ("duckdb:s3://bucket/x.duckdb", "write duckdb:FILE with a local file only"),
        ("duckdb::memory:", "a database in memory would be lost"),
    ],
)
def test_sync_refuses_places_that_it_cannot_keep_rows_in(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, address: str, message: str
) -> None:
    """No folder is made that is called like the place."""
    assert message in refused(capsys, "sync", TABLE, "--to", address)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["duckdb:nofile.duckdb", "parquet:nolake"])
def test_forget_makes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, address: str
) -> None:
    """Where nothing is, nothing can be forgotten."""
    assert "there is no such f" in refused(capsys, "forget", TABLE, "--to", address)
    assert list(tmp_path.iterdir()) == []


def test_sync_refuses_limits_of_services_that_do_not_exist(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """They would limit nothing."""
    (tmp_path / "sync.toml").write_text("[limits.ec3]\nmaximum = 5\n", "utf-8")
    line = refused(capsys, "sync", TABLE, *DUCKDB, "--config", "sync.toml")
    assert "limits.ec3: 'ec3' is not a service that boto3 knows; did you mean 'ec" in line
    with pytest.raises(UsageError, match=r"limits\.ec3"):
        next(rows_of(PACKAGE, UNIT, limits=Limits(services={"ec3": PaceSettings()})))


@pytest.mark.parametrize(
    ("option", "value"), [("exclude", "*.tags"), ("skip", "ListTags"), ("regions", "eu-west-1")]
)
def test_sync_says_which_option_took_a_table(
    capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    """An option with several values takes all that follows it."""
    line = refused(capsys, "sync", *DUCKDB, f"--{option}", value, TABLE)
    assert f"{TABLE} was read as a value of --{option}; name tables first, or end the list" in line
    assert f" -- {TABLE}" in line


@pytest.mark.parametrize("command", ["calls", "permissions"])
def test_calls_and_permissions_take_the_options_of_sync(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """With several values, which end with --."""
    exclude = ("--exclude", "*.tags", "*.training_job_status")
    assert app.status(PACKAGE, (command, *exclude, "--", TABLE)) == 0
    ended = capsys.readouterr().out
    assert app.status(PACKAGE, (command, TABLE, *exclude)) == 0
    assert capsys.readouterr().out == ended
    line = refused(capsys, command, *exclude, TABLE)
    assert f"{TABLE} was read as a value of --exclude" in line
    assert "no table is named" in refused(capsys, command)


def test_a_column_without_its_table_is_told_what_to_write(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is spelt as it should be, but is no pattern of a column."""
    line = refused(capsys, "calls", TABLE, "--exclude", "tags")
    assert "'tags' is a column without its table; write TABLE.COLUMN, such as '*.tags'" in line


def test_run_takes_a_text_for_a_list_of_it(tmp_path: Path) -> None:
    """A text is one pattern, not its letters; no pattern is an error."""
    service = TrainingJobs({(OWN, "eu-west-1"): ["a"]})
    with service.running() as url:
        report = run(
            *(PACKAGE, TABLE, f"duckdb:{tmp_path / 'a'}"),
            regions="eu-west-1",
            exclude="*.tags",
            skip="ListTags",
            endpoint_url=url,
        )
        assert [unit.table for unit in units(PACKAGE, TABLE, endpoint_url=url)] == [TABLE]
    assert [(unit.region, unit.counts.rows) for unit in report.units] == [("eu-west-1", 1)]
    with pytest.raises(UsageError, match="no table is named"):
        run(PACKAGE, [], f"duckdb:{tmp_path / 'b'}")
