"""Passwords of destinations appear in no text: not in ours, and not in those of drivers."""

from __future__ import annotations

import traceback

import psycopg
import pytest
from ddsql_schemas import load
from psycopg.conninfo import conninfo_to_dict

from schemagen.runtime.load.destination import Destination, DestinationError, redact

SECRETS = ("s3cret!Word", "p%40ss%3Aword", "with@sign", "a/b#c?hidden", "ünïcode-1")


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "address",
    [
        "postgres://me:{}@127.0.0.1:1/db",
        "postgresql://me:{}@no-such-host.invalid/db",
        "postgres://me:{}@127.0.0.1:notaport/db",
        "postgres://127.0.0.1:1/db?user=me&password={}",
        "postgres://me:{}@127.0.0.1:1/db?no_such_option=1",
        "postgres://me:{}@[::1/db",
    ],
)
def test_redact_removes_passwords_from_the_errors_of_psycopg(address: str, secret: str) -> None:
    """Whatever psycopg says of an address, valid or not, has no part of the password in it."""
    url = address.format(secret)
    with pytest.raises(psycopg.Error) as error:
        psycopg.connect(url, connect_timeout=1)
    text = redact(str(error.value), url)
    assert text
    assert secret not in text
    assert "hidden" not in text
    assert "p@ss:word" not in text


def shown(url: str) -> list[str]:
    """All texts of a destination, or of the error that it is not one."""
    try:
        destination = Destination.parse(url)
    except DestinationError as error:
        return [str(error), repr(error)]
    return [str(destination), repr(destination), f"{[destination]}"]


@pytest.mark.parametrize("secret", SECRETS)
def test_destinations_never_show_a_password(secret: str) -> None:
    """Neither texts nor errors of a destination have it, however wrong the address is."""
    for form in (
        "postgres://me:{}@host/db",
        "postgres://me:{}@host:port/db",
        "postgres:me:{}@host/db",
        "mysql://me:{}@host/db",
        "me:{}@host/db",
        "postgres://host/db?password={}",
    ):
        url = form.format(secret)
        for text in shown(url):
            assert text
            assert secret not in text
            assert "hidden" not in text


def test_redact_leaves_other_texts_alone() -> None:
    """An address without a password changes nothing."""
    text = "connection to server at 127.0.0.1 failed"
    assert redact(text, "postgres://me@127.0.0.1/db") == text
    assert Destination.parse("duckdb:file.duckdb").redact(text) == text


def test_destination_of_a_socket_keeps_its_slashes() -> None:
    """An address without a host is the driver's as it was written, without our own options."""
    url = "postgresql:///db?host=/run/postgresql&user=me"
    destination = Destination.parse(f"{url}&dialect=postgres_jsonb")
    assert destination.option("dialect") == "postgres_jsonb"
    assert conninfo_to_dict(destination.address) == {
        "dbname": "db",
        "host": "/run/postgresql",
        "user": "me",
    }
    assert str(destination).startswith("postgresql:///db?host=/run/postgresql")


@pytest.mark.parametrize(
    "address",
    [
        "postgres://me:s3cret-Word@127.0.0.1:1/db",
        "postgres://me:s3cret-Word@127.0.0.1:1/db?wrong_option=1",
        "postgres://127.0.0.1:1/db?password=s3cret-Word",
    ],
)
def test_errors_of_programs_have_no_password(address: str) -> None:
    """Not even in the errors that caused the one that a program sees, which tracebacks print."""
    with pytest.raises(load.UsageError) as error:
        load.into(address, "aws.sagemaker_trainingjob", [], account="111122223333")
    printed = "".join(traceback.format_exception(error.value))
    assert "127.0.0.1" in printed
    assert "s3cret" not in printed


def test_options_of_the_driver_stay_as_they_are_written() -> None:
    """libpq reads a plus sign as one, and spaces as %20: nothing is written anew when our own option is
    cut."""
    options = "options=-c%20work_mem%3D8MB&application_name=a+b"
    url = f"postgresql://me@host/inventory?{options}"
    for text in (f"{url}&dialect=postgres_jsonb", url.replace("?", "?dialect=postgres_jsonb&")):
        destination = Destination.parse(text)
        assert destination.address == url
        assert destination.option("dialect") == "postgres_jsonb"


@pytest.mark.parametrize(
    "text",
    [
        "postgres:host=127.0.0.1 port=1 password=tr0ub4dor dbname=x",
        "postgresql:password=tr0ub4dor",
        "postgres:user:tr0ub4dor@127.0.0.1/x",
        "postgres:/user:tr0ub4dor@127.0.0.1/x",
    ],
)
def test_parse_refuses_what_is_no_url_without_showing_it(text: str) -> None:
    """libpq's other form of a connection string cannot be shown without its password, so it is refused."""
    with pytest.raises(DestinationError, match="not a valid URL") as raised:
        Destination.parse(text)
    assert "tr0ub4dor" not in str(raised.value)
