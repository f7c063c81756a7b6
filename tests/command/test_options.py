"""schemagen.runtime.command.options: options of ``sync``, in arguments and in a settings file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from schemagen.runtime.command import messages, options
from schemagen.runtime.usage import UsageError


def settled(*arguments: str) -> dict[str, Any]:
    parser = argparse.ArgumentParser()
    parser.add_argument("tables", nargs="*")
    parser.add_argument("--config")
    options.add(parser)
    return options.settled(parser.parse_args(arguments))


def given(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not None}


def test_arguments_take_precedence_over_the_file(tmp_path: Path) -> None:
    """Everything can be in the file; what the command line says replaces it."""
    file = tmp_path / "sync.toml"
    file.write_text(
        'tables = ["aws.s3_*"]\nto = "duckdb:a.duckdb"\nregions = ["enabled"]\nthreads = 8\n'
        'accounts = "accounts.toml"\nexclude = ["*.environment"]\nskip = ["GetBucketPolicy"]\n'
    )
    assert given(settled("--config", str(file))) == {
        "tables": ["aws.s3_*"],
        "to": "duckdb:a.duckdb",
        "regions": ["enabled"],
        "threads": 8,
        "accounts": str(tmp_path / "accounts.toml"),
        "exclude": ["*.environment"],
        "skip": ["GetBucketPolicy"],
    }
    found = settled("aws.vpc", "--config", str(file), "--to", "parquet:x/", "--threads", "4")
    assert (found["tables"], found["to"], found["threads"]) == (["aws.vpc"], "parquet:x/", 4)
    assert found["regions"] == ["enabled"]


def test_lists_can_be_repeated_and_have_several_values() -> None:
    """Both ways of writing several values mean the same."""
    assert settled("--regions", "a", "b")["regions"] == ["a", "b"]
    assert settled("--regions", "a,b", "c, d")["regions"] == ["a", "b", "c", "d"]
    assert settled("--skip", "A", "--skip", "B")["skip"] == ["A", "B"]
    assert given(settled()) == {}


def test_limits_are_paces_of_services(tmp_path: Path) -> None:
    """Services without a table have the default."""
    file = tmp_path / "sync.toml"
    file.write_text("[limits.ec2]\nmaximum = 20\n[limits.default]\nmaximum = 50.5\n")
    limits = settled("--config", str(file))["limits"]
    assert limits.of("ec2").maximum == 20
    assert limits.of("s3").maximum == 50.5


def test_variables_of_the_environment_are_inserted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password need not be in the file, and is concealed wherever it came from."""
    monkeypatch.setenv("DATABASE_URL", "postgres://me:from-env@host/db")
    file = tmp_path / "sync.toml"
    file.write_text('to = "${DATABASE_URL}"\n')
    assert options.read(file) == {"to": "postgres://me:from-env@host/db"}
    assert messages.without_secrets("cannot use from-env") == "cannot use ***"
    file.write_text('to = "${NO_SUCH_VARIABLE}"\n')
    with pytest.raises(
        UsageError, match="to: the environment variable NO_SUCH_VARIABLE is not set"
    ):
        options.read(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("to = [", "is not TOML"),
        ('region = ["eu-west-1"]', "unknown entry 'region'; did you mean 'regions'?"),
        ('regions = "eu-west-1"', "regions must be a list of texts, not 'eu-west-1'"),
        ("regions = []", "regions must be a list of texts"),
        ("regions = [1]", "regions must be a list of texts"),
        ("to = 5", "to must be a text in quotes, not 5"),
        ("threads = 0", "threads must be a positive number, not 0"),
        ("limits = 5", "limits must be a table, not 5"),
        ("limits.ec2 = 5", "limits.ec2 must be a table, not 5"),
        ("limits.ec2.maximim = 5", "unknown entry 'maximim'; did you mean 'maximum'?"),
        ('limits.ec2.maximum = "5"', "limits.ec2: maximum must be a number, not '5'"),
        ("limits.ec2.maximum = 0", "limits.ec2: "),
        ("threads = true", "threads must be a positive number, not True"),
    ],
)
def test_wrong_entries_are_named(tmp_path: Path, text: str, message: str) -> None:
    """The file, the entry, what it is and what it should be."""
    file = tmp_path / "sync.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as error:
        options.read(file)
    assert str(error.value).startswith(str(file))
    assert message in str(error.value)
