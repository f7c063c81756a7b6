"""The command of a generated package, run as its users run it: in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from corpus_package import NAME, CorpusPackage

DISTRIBUTION = "ddsql-schemas"


def run(
    package: CorpusPackage, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m corpus_schemas``."""
    return subprocess.run(
        [sys.executable, "-m", NAME, *arguments],
        env={**os.environ, "PYTHONPATH": str(package.folder / "importable"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def ok(package: CorpusPackage, *arguments: str) -> str:
    """Run a command that has nothing to complain about, and return what it prints."""
    done = run(package, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
    return done.stdout


def wrong(package: CorpusPackage, *arguments: str) -> str:
    """Run a command that refuses its arguments, and return the line that says why."""
    done = run(package, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{DISTRIBUTION}: ")
    return line


def test_help_lists_the_commands_without_importing_them(corpus_package: CorpusPackage) -> None:
    """Help is printed to stdout, and costs nothing that it does not need."""
    text = ok(corpus_package, "--help")
    for command in ("sync", "calls", "permissions", "tables", "schema", "ddl"):
        assert f"    {command}" in text
    program = (
        f"import sys; from {NAME}.__main__ import main; sys.argv[1:] = ['--help']\n"
        "try: main()\n"
        "except SystemExit: print(sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(corpus_package.folder / "importable")},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = done.stderr
    assert f"'{NAME}._runtime.command.app'" in loaded
    for module in ("boto3", "botocore", "rich", "duckdb", "psycopg", "pyarrow", "pydantic"):
        assert f"'{module}'" not in loaded
    assert f"'{NAME}._runtime.command.sync'" not in loaded


def test_tables_lists_what_matches(corpus_package: CorpusPackage) -> None:
    """Patterns choose tables; JSON has the same."""
    lines = ok(corpus_package, "tables", "aws.s3_*").splitlines()
    assert lines[0].split("  ")[0] == "table"
    assert [line.split() for line in lines[1:]] == [["aws.s3_bucket", "yes", "yes"]]
    found = json.loads(ok(corpus_package, "tables", "--format", "json"))
    assert [row["table"] for row in found] == list(corpus_package.catalog.TABLES)
    assert {"table": "aws.s3_bucket", "key": True, "collected": True, "deprecated": False} in found


def test_schema_prints_columns_or_json_schema(corpus_package: CorpusPackage) -> None:
    """A line for each column, and the JSON Schema as the package has it."""
    lines = ok(corpus_package, "schema", "aws.s3_bucket").splitlines()
    columns = corpus_package.catalog.table("aws.s3_bucket").columns
    assert [line.split()[:2] for line in lines[1:]] == [[each.name, each.type] for each in columns]
    printed = json.loads(ok(corpus_package, "schema", "aws.s3_bucket", "--format", "json"))
    assert printed == corpus_package.schema("aws.s3_bucket")


def test_ddl_prints_the_statements_of_the_package(corpus_package: CorpusPackage) -> None:
    """What is printed can be piped into the engine."""
    printed = ok(corpus_package, "ddl", "aws.s3_bucket", "aws.vpc", "--dialect", "duckdb")
    assert printed == "".join(
        corpus_package.ddl(table, "duckdb") for table in ("aws.s3_bucket", "aws.vpc")
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "a command is missing"),
        (("tabels",), "unknown command 'tabels'; did you mean 'tables'?"),
        (("tables", "aws.s3_buckt"), "unknown table 'aws.s3_buckt'; did you mean 'aws.s3_bucket'?"),
        (("tables", "aws.nothing_*"), "no table matches 'aws.nothing_*'"),
        (("schema", "aws.S3_bucket"), "did you mean 'aws.s3_bucket'?"),
        (
            ("schema", "aws.s3_*"),
            "'aws.s3_*' is a pattern, and schema prints one table; `ddsql-schemas tables 'aws.s3_*'`",
        ),
        (
            ("permissions", "--skip", "GetBucketPolicy", "aws.s3_*"),
            "aws.s3_* was read as a value of --skip; name tables first, or end the list with --:",
        ),
        (("calls", "--exclude", "*.policy"), "no table is named"),
        (("ddl", "aws.s3_bucket"), "--dialect is missing: postgres, postgres_jsonb, duckdb"),
        (("ddl", "aws.s3_bucket", "--dialect", "duckbd"), "did you mean 'duckdb'?"),
        (
            ("ddl", "aws.s3_bucket", "--dialekt=duckdb"),
            "unrecognized arguments: --dialekt=duckdb; did you mean '--dialect'?; see `ddsql-schemas ddl --help`",
        ),
        (("--versoin",), "unrecognized arguments: --versoin; did you mean '--version'?; see"),
        (
            ("tables", "aws.vpc", "-x"),
            "unrecognized arguments: -x; see `ddsql-schemas tables --help`",
        ),
        (("ddl",), "the following arguments are required: TABLE; see `ddsql-schemas ddl --help`"),
        (("calls", "aws.s3_bucket", "--skip", "GetBucketPolcy"), "did you mean 'GetBucketPolicy'"),
        (("calls", "aws.s3_bucket", "--exclude", "*.polcy"), "did you mean 'policy'"),
        (("calls", "aws.s3_bucket", "--format", "yaml"), "invalid choice: 'yaml'"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_line(
    corpus_package: CorpusPackage, arguments: tuple[str, ...], message: str
) -> None:
    """The line says what is wrong and what is right; nothing else is printed."""
    assert message in wrong(corpus_package, *arguments)


def test_errors_show_no_password(corpus_package: CorpusPackage) -> None:
    """Not even those about arguments that nobody expected."""
    line = wrong(corpus_package, "tables", "--format", "postgres://me:s3cret@host/db")
    assert "invalid choice: 'postgres://me:***@host/db'" in line


def test_calls_say_what_is_called_and_how_often(corpus_package: CorpusPackage) -> None:
    """The text names operations with formulas; JSON has both as data."""
    text = ok(corpus_package, "calls", "aws.sagemaker_endpoint")
    assert "DescribeEndpoint returns the rows in @\n    calls: n\n" in text
    assert text.endswith(
        "\ncalls for each account and region, at most, if pages are full: max(1, ceil(n / 100)) + 2 * n\n"
        "    n: rows\n"
        "    and one for each further page of ListTags\n"
    )
    (table,) = json.loads(ok(corpus_package, "calls", "aws.s3_bucket", "--format", "json"))
    assert table["per"] == "account"
    assert table["primary"]["operation"] == "ListBuckets"
    policy = next(c for c in table["enrichments"] if c["operation"] == "GetBucketPolicy")
    assert policy["calls"] == "n"
    assert policy["rules"]["actions"] == ["s3:GetBucketPolicy"]


def test_calls_lack_what_is_left_out(corpus_package: CorpusPackage) -> None:
    """What is skipped, or fills excluded columns only, is not called."""
    every = ok(corpus_package, "calls", "aws.s3_bucket")
    assert "GetBucketPolicy adds" in every
    assert "GetBucketTagging adds" in every
    skipped = ok(
        corpus_package, "calls", "aws.s3_bucket", "--skip", "GetBucketPolicy", "--exclude", "*.tags"
    )
    assert "GetBucketPolicy adds" not in skipped
    assert "GetBucketTagging adds" not in skipped


def test_every_table_has_calls_and_known_actions(corpus_package: CorpusPackage) -> None:
    """Formulas and actions exist for all tables of the corpus."""
    found = json.loads(ok(corpus_package, "calls", "aws.*", "--format", "json"))
    assert len(found) > 40
    for table in found:
        assert table["calls"]
        for call in (*table["listings"], table["primary"], *table["enrichments"]):
            assert call["calls"]
            assert call["rules"]["actions"], (table["table"], call["operation"])


def test_permissions_are_a_policy_of_the_actions(corpus_package: CorpusPackage) -> None:
    """The policy has each action once, by its IAM name, and none of what is skipped."""
    policy = json.loads(ok(corpus_package, "permissions", "aws.s3_*", "--skip", "GetBucketPolicy"))
    (statement,) = policy["Statement"]
    actions = statement["Action"]
    assert policy["Version"] == "2012-10-17"
    assert (statement["Effect"], statement["Resource"]) == ("Allow", "*")
    assert {"s3:ListAllMyBuckets", "s3:GetEncryptionConfiguration"} <= set(actions)
    assert "s3:GetBucketPolicy" not in actions
    assert actions == sorted(set(actions))


def test_permissions_name_operations_whose_action_is_not_recorded(
    corpus_package: CorpusPackage, tmp_path: Path
) -> None:
    """A lock from before actions were recorded builds a package that says what it does not know."""
    copy = tmp_path / NAME
    original = corpus_package.folder / "importable" / NAME
    copy.symlink_to(original)
    program = (
        f"import sys, dataclasses; sys.path.insert(0, {str(tmp_path)!r})\n"
        f"from {NAME} import catalog\n"
        f"from {NAME}._runtime.command.permissions import policy, unsure\n"
        "calls = catalog.calls('aws.vpc')\n"
        "rules = dataclasses.replace(calls.primary.rules, actions=())\n"
        "calls = dataclasses.replace(calls, primary=dataclasses.replace(calls.primary, rules=rules))\n"
        "print(unsure([calls]), policy([calls])['Statement'][0]['Action'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "('ec2 DescribeVpcs',) ['account:ListRegions', 'ec2:DescribeRegions']\n"


def test_closed_pipe_ends_the_command_quietly(corpus_package: CorpusPackage) -> None:
    """``| head`` is no error."""
    process = subprocess.Popen(
        [sys.executable, "-m", NAME, "calls", "aws.*"],
        env={**os.environ, "PYTHONPATH": str(corpus_package.folder / "importable")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=60) == 0


def test_faults_are_reported_without_a_traceback(
    corpus_package: CorpusPackage, tmp_path: Path
) -> None:
    """A fault of the package is a line, where to report it, and status 70; the traceback is kept in a
    file, without the passwords of the call."""
    program = (
        "import sys\n"
        f"from {NAME}._package import PACKAGE\n"
        f"from {NAME}._runtime.command import app, tables\n"
        "def run(arguments, package): raise RuntimeError('lost postgres://me:s3cret@host/db')\n"
        "tables.run = run\n"
        "sys.argv[1:] = ['tables', 'postgres://me:s3cret@host/db']\n"
        "app.main(PACKAGE)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={
            **os.environ,
            "PYTHONPATH": str(corpus_package.folder / "importable"),
            "TMPDIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 70
    first, second = done.stderr.splitlines()
    assert first.startswith(
        f"{DISTRIBUTION}: internal error: RuntimeError: lost postgres://me:***@host/db"
    )
    assert "Please report it where you got the package from" in second
    (kept,) = tmp_path.iterdir()
    assert str(kept) in second
    assert "RuntimeError: lost postgres://me:***@host/db" in kept.read_text()
    assert "s3cret" not in kept.read_text() + done.stderr
