"""What a user or the environment got wrong is a line with what to do, and status 2, before anything is made."""

from __future__ import annotations

import uuid
from pathlib import Path

import psycopg
import pytest
from ddsql_schemas import load
from ddsql_schemas._package import PACKAGE
from ddsql_schemas._runtime.command import app
from psycopg import sql

from sync.training_jobs import TABLE, TrainingJobs


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
