"""schemagen.settings.overrides: bindings made by hand, from `schemagen bind` to mapper and coverage."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import once
from overriding import JOB, SETTINGS, bound, entry, override, problems
from projects import CHECKOUT, page, pages, run, seeds, tree
from schemagen import api
from schemagen.build.apply import apply
from schemagen.build.plan import plan

LOCK = "bindings/aws/sagemaker.json"


@pytest.fixture(scope="module")
def cache(filled_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the indexes of botocore's models, for all tests here."""
    return once.linked(filled_cache, tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def _cached(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))


@pytest.fixture(scope="module")
def inferred(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A project with this repository's pages and inferred bindings."""
    folder = seeds(tmp_path_factory.mktemp("inferred"))
    done = run(folder, "bind", "--again", env={"XDG_CACHE_HOME": str(cache)})
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def project(tmp_path: Path, inferred: Path) -> Path:
    """A copy of `inferred`."""
    shutil.copytree(inferred, tmp_path, dirs_exist_ok=True)
    return tmp_path


def mapped(folder: Path, members: str) -> str:
    """The column creation_time of the row that the project's mapper makes of an item, printed."""
    program = (
        "from datetime import UTC, datetime\n"
        "from ddsql_schemas.mappers.aws.sagemaker_compilation_job import from_item\n"
        f"print(from_item(dict({members}), key='k')['creation_time'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(folder / "generated")},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


# --- effects --------------------------------------------------------------------------------------


def test_column_override_wins_and_is_marked_in_the_lock(project: Path) -> None:
    """`bind --check` shows an override that is not applied and exits with 1; build and coverage refuse
    it with 2. Once bind has applied it, all of them succeed, and `bind --again` keeps it."""
    assert run(project, "build").returncode == 0
    before = tree(project)
    text = override(column="creation_time", member="LastModifiedTime")
    (project / SETTINGS).write_text(f"# by hand\n{text}")
    check = run(project, "bind", "--check")
    added = '+        "creation_time": {"member": "LastModifiedTime", "evidence": "hand"},'
    assert (check.returncode, added in check.stdout.splitlines()) == (1, True)
    assert check.stderr == "the bindings are out of date; run `schemagen bind`\n"
    for command in (["build"], ["build", "--check"], ["coverage"]):
        wrong = run(project, *command)
        assert (wrong.returncode, wrong.stdout, wrong.stderr) == (
            2,
            "",
            "schemagen.toml:2:1: SG305 the bindings do not reflect this override of "
            f"{JOB}.creation_time yet; run `schemagen bind`\n",
        )
    (project / SETTINGS).write_bytes(before[SETTINGS])
    assert tree(project) == before
    (project / SETTINGS).write_text(text)
    done = run(project, "bind", JOB)
    assert (done.returncode, done.stderr) == (0, f"{LOCK} written; run `schemagen build`\n")
    assert entry(project)["columns"]["creation_time"] == {
        "member": "LastModifiedTime",
        "evidence": "hand",
    }
    built = run(project, "build")
    assert (built.returncode, "1 tables" in built.stderr) == (0, False)
    assert mapped(
        project, "CompilationJobName='a', LastModifiedTime=datetime(2026, 1, 2, tzinfo=UTC)"
    ) == ("2026-01-02 00:00:00+00:00")
    coverage = json.loads(run(project, "coverage", JOB, "--format", "json").stdout)
    assert coverage["tables"][0]["bound"]["hand"] == 1
    for command in (["bind", "--check"], ["bind", "--check", "--again"], ["build", "--check"]):
        assert run(project, *command).returncode == 0


def test_columns_of_removed_overrides_are_inferred_again(project: Path) -> None:
    """Removing overrides restores the inferred lock byte for byte, whether they named members of the
    item or of another operation, or replaced a rule."""
    before = (project / LOCK).read_bytes()
    arn = override(column="account_id", member="RoleArn")
    time = override(column="creation_time", member="LastModifiedTime")
    tags = override(column="tags", operation="ListTags", member="Tags")
    bucket = override(
        column="failure_reason",
        operation="DescribeAlgorithm",
        member="AlgorithmDescription",
        arguments={"AlgorithmName": "CompilationJobName"},
    )
    assert bound(project, arn, time, tags, bucket) == (LOCK,)
    assert "account_id" in {
        name
        for name, column in entry(project)["columns"].items()
        if column.get("evidence") == "hand"
    }
    assert set(entry(project)["enrichments"]) == {"DescribeAlgorithm", "ListTags"}
    assert bound(project, tags) == (LOCK,)
    assert entry(project)["columns"]["tags"]["evidence"] == "hand"
    assert set(entry(project)["enrichments"]) == {"ListTags"}
    assert bound(project) == (LOCK,)
    assert (project / LOCK).read_bytes() == before


def test_unbound_override_drops_the_column_and_its_enrichment(project: Path) -> None:
    """The column is unbound, and the enrichment that filled only it is dropped. `bind --again` neither
    restores nor reports them."""
    text = override(column="tags", unbound=True)
    assert bound(project, text) == (LOCK,)
    assert (list(entry(project)["unbound"]), entry(project)["enrichments"]) == (["tags"], {})
    again = api.bind(api.settings(project), again=True)
    assert (again.changes, again.findings) == ((), ())
    assert bound(project) == ()
    assert api.bind(api.settings(project), again=True).changes
    assert entry(project)["unbound"] == {}


def test_override_sets_arguments_or_leaves_them_to_inference(project: Path) -> None:
    """Arguments that are not set are inferred, whether or not the operation fills other columns; set
    arguments apply to all columns that the operation fills."""
    inferred = {"path": "@", "arguments": {"ResourceArn": "CompilationJobArn"}}
    tags = {"column": "tags", "operation": "ListTags", "member": "Tags"}
    assert bound(project, override(**tags)) == (LOCK,)
    assert entry(project)["enrichments"] == {"ListTags": inferred}
    role = {"ResourceArn": "RoleArn"}
    assert bound(project, override(**tags, arguments=role)) == (LOCK,)
    assert entry(project)["enrichments"] == {"ListTags": {"path": "@", "arguments": role}}
    built = "arn:${Partition}:sagemaker:${Region}:${Account}:compilation-job/${CompilationJobName}"
    assert bound(project, override(**tags, arguments={"ResourceArn": built})) == (LOCK,)
    assert entry(project)["enrichments"]["ListTags"]["arguments"] == {"ResourceArn": built}
    token = override(column="failure_reason", operation="ListTags", member="NextToken")
    assert bound(project, override(**tags, arguments=role), token) == (LOCK,)
    assert entry(project)["enrichments"] == {"ListTags": {"path": "@", "arguments": role}}
    more = override(**tags, arguments=role, constants={"NextToken": "start"})
    assert bound(project, more) == (LOCK,)
    assert entry(project)["enrichments"]["ListTags"]["constants"] == {"NextToken": "start"}


def test_item_override_chooses_the_item(project: Path) -> None:
    """Columns are inferred from the chosen item, named in full or in part, and the column overrides of
    the table apply to it."""
    before = entry(project)
    summary = override(operation="ListCompilationJobs", path="CompilationJobSummaries[]")
    status = override(column="failure_reason", member="CompilationJobStatus")
    assert bound(project, summary, status) == (LOCK,)
    made = entry(project)
    assert (made["operation"], made["path"]) == ("ListCompilationJobs", "CompilationJobSummaries[]")
    assert made["columns"]["creation_time"] == {"member": "CreationTime", "evidence": "name"}
    assert made["columns"]["failure_reason"]["evidence"] == "hand"
    assert made["columns"]["role_arn"]["operation"] == "DescribeCompilationJob"
    assert run(project, "build").returncode == 0
    assert bound(project, summary, status) == ()
    assert bound(project, override(operation="DescribeCompilationJob"), status) == (LOCK,)
    assert entry(project)["operation"] == "DescribeCompilationJob"
    assert bound(project, override(operation="DescribeCompilationJob")) == (LOCK,)
    assert entry(project) == before


def kms(folder: Path) -> Path:
    """A project with one small table, bound."""
    rotation = "A Boolean value that specifies whether key rotation is enabled."
    rows = ("key_id | core | string |", f"key_rotation_enabled | core | bool | {rotation}")
    pages(folder, {"ddsql/kms.md": page("aws.kms", *rows)})
    api.bind(api.settings(folder))
    return folder


def test_item_override_moves_a_table_to_another_service(tmp_path: Path) -> None:
    """An item that is named in full needs no evidence. The table leaves the lock of its old service,
    which is removed if it has no other tables."""
    folder = kms(tmp_path)
    old, new = "bindings/aws/kms.json", "bindings/aws/secretsmanager.json"
    assert (folder / old).is_file()
    item = override("aws.kms", service="secretsmanager", operation="DescribeSecret", path="@")
    column = override("aws.kms", column="key_id", member="KmsKeyId")
    assert bound(folder, item, column) == (old, new)
    assert not (folder / old).exists()
    made = entry(folder, "aws.kms", "secretsmanager")
    assert made["columns"]["key_id"] == {"member": "KmsKeyId", "evidence": "hand"}
    assert list(made["unbound"]) == ["key_rotation_enabled"]
    assert run(folder, "build").returncode == 0


def test_bind_of_a_table_ignores_overrides_of_others(project: Path) -> None:
    """`bind TABLE` applies no override of another table, not even a wrong one."""
    job = "aws.sagemaker_trainingjob"
    other = override(job, column="role_arn", operation="DescribeJob", member="Wrong")
    (project / SETTINGS).write_text(f"{other}{override(column='role_arn', unbound=True)}")
    before = entry(project, job)
    assert api.bind(api.settings(project), [JOB]).changes
    assert list(entry(project)["unbound"]) == ["role_arn"]
    assert entry(project, job) == before


def test_build_renders_only_tables_whose_overrides_changed(project: Path) -> None:
    """A new override makes a build render its table only; moving an entry in the file renders nothing."""
    assert api.build(api.settings(project)).tables == 3
    text = override(column="role_arn", unbound=True)
    assert bound(project, text) == (LOCK,)
    planned = plan(api.settings(project))
    assert any("compilation_job" in path for path in planned.files)
    assert not any("trainingjob" in path for path in planned.files)
    apply(planned)
    (project / SETTINGS).write_text(f"\n\n{text}")
    assert not api.build(api.settings(project))


CHANNEL = """\
# Channel<a name="API_Channel"></a>

A channel of input data.

## Contents<a name="API_Channel_Contents"></a>

 **ChannelName** <a name="SageMaker-Type-Channel-ChannelName"></a>
The name of the channel.
Type: String
Required: Yes
"""


def test_overrides_of_the_settings_page_apply(tmp_path: Path) -> None:
    """The overrides in docs/settings.md apply to tables like those that they name."""
    bucket = ("name | core | string |", "creation_date | core | timestamp |")
    more = ("grants | core | json |", "bucket_policy_statement | core | json |")
    instance = (
        "instance_id | core | string |",
        "image_id | core | string |",
        "request_uuid | core | string |",
    )
    account = ("contact_information | core | json |", "alternate_contacts | core | json |")
    pages(
        tmp_path,
        {
            "ddsql/s3.md": page("aws.s3_bucket", *bucket, *more),
            "ddsql/ec2.md": page("aws.ec2_instance", *instance),
            "ddsql/account.md": page("aws.account", *account),
            "aws_api/sagemaker/API_Channel.md": CHANNEL,
        },
    )
    text = (CHECKOUT / "docs/settings.md").read_text("utf-8")
    [settings] = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (tmp_path / SETTINGS).unlink()
    (tmp_path / "pyproject.toml").write_text(settings)
    assert len(api.bind(api.settings(tmp_path)).changes) == 3
    contacts = entry(tmp_path, "aws.account", "account")["enrichments"]["GetAlternateContact"]
    assert contacts["values"] == {"AlternateContactType": ["BILLING", "SECURITY"]}
    made = entry(tmp_path, "aws.s3_bucket", "s3")
    assert made["columns"]["bucket_policy_statement"]["evidence"] == "hand"
    assert made["enrichments"]["GetBucketPolicy"]["arguments"] == {"Bucket": "Name"}
    assert list(made["unbound"]) == ["grants"]
    assert api.build(api.settings(tmp_path)).tables == 3


def test_column_override_names_a_key_of_a_map(tmp_path: Path) -> None:
    """A member may be the value at a key of a map, if botocore has the key and its type fits."""
    rows = ("_key | core | string |", "delay_seconds | core | int64 |", "wait | core | int64 |")
    more = ("hops | core | float64 |", "queue_arn | core | string |")
    pages(
        tmp_path, {"ddsql/sqs.md": page("aws.sqs_queue", *(f"T | {row}" for row in (*rows, *more)))}
    )
    wait = {"table": "aws.sqs_queue", "column": "wait"}
    assert bound(
        tmp_path, override(**wait, member="Attributes[ReceiveMessageWaitTimeSeconds]")
    ) == ("bindings/aws/sqs.json",)
    assert entry(tmp_path, "aws.sqs_queue", "sqs")["columns"]["wait"] == {
        "member": "Attributes[ReceiveMessageWaitTimeSeconds]",
        "evidence": "hand",
    }
    [gone] = problems(tmp_path, override(**wait, member="Attributes[WaitSeconds]"))
    assert gone.startswith(
        "4:1: SG303 GetQueueAttributesResult.Attributes has no key 'WaitSeconds'"
    )
    hops = {"table": "aws.sqs_queue", "column": "hops", "member": "Attributes[DelaySeconds]"}
    assert problems(tmp_path, override(**hops)) == [
        "4:1: SG304 GetQueueAttributesResult.Attributes[DelaySeconds] is string, "
        "which does not fit float64"
    ]
    assert problems(tmp_path, override(**wait, member="Attributes[]")) == [
        "4:1: SG302 member must be a member, such as 'Name', the value at a key of a map, such as "
        "'Attributes[QueueArn]', or '@' for the whole item, not 'Attributes[]'"
    ]


# --- problems -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            override("aws.sagemaker_job", column="a", member="B"),
            [
                "2:1: SG303 no page has the id aws.sagemaker_job; did you mean 'aws.sagemaker_trainingjob'?"
            ],
        ),
        (
            override("aws.*", column="tags", unbound=True),
            [
                "2:1: SG303 no page has the id aws.*; an override is of one table: write one for each"
            ],
        ),
        (
            override(column="role", member="RoleArn"),
            [f"3:1: SG303 {JOB} has no column 'role'; did you mean 'role_arn'?"],
        ),
        (
            override(column="role", unbound=True),
            [f"3:1: SG303 {JOB} has no column 'role'; did you mean 'role_arn'?"],
        ),
    ],
)
def test_overrides_of_unknown_tables_and_columns_are_problems(
    project: Path, text: str, expected: list[str]
) -> None:
    """bind, build and coverage refuse an override of a table or column that is on no page."""
    assert problems(project, text) == expected
    for command in ("build", "coverage"):
        done = run(project, command)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.splitlines() == [f"{SETTINGS}:{line}" for line in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            override(column="role_arn", member="Role"),
            [
                "4:1: SG303 DescribeCompilationJobResponse has no member 'Role'; did you mean 'RoleArn'?"
            ],
        ),
        (
            override(column="role_arn", operation="DescribeCompilation", member="RoleArn"),
            [
                "4:1: SG303 sagemaker has no operation 'DescribeCompilation'; did you mean 'DescribeCompilationJob'?"
            ],
        ),
        (
            override(
                column="role_arn",
                operation="DeleteTrial",
                member="TrialArn",
                path="Trial[]",
                arguments={"TrialName": "Name"},
            ),
            [
                "6:1: SG303 DeleteTrialResponse has no member 'Trial'; did you mean 'TrialArn'?",
                "7:1: SG303 DescribeCompilationJobResponse has no member 'Name'",
            ],
        ),
        (
            override(column="tags", operation="ListTags", path="Tag[]", member="Key"),
            ["5:1: SG303 ListTagsOutput has no member 'Tag'; did you mean 'Tags'?"],
        ),
        (
            override(
                column="tags", operation="ListTags", member="Tags", arguments={"Arn": "RoleArn"}
            ),
            ["6:1: SG303 operation 'ListTags' has no parameter 'Arn'"],
        ),
        (
            override(
                column="tags",
                operation="ListTags",
                member="Tags",
                arguments={"ResourceArn": "Role"},
            ),
            [
                "6:1: SG303 DescribeCompilationJobResponse has no member 'Role'; did you mean 'RoleArn'?"
            ],
        ),
        (
            override(
                column="tags",
                operation="ListTags",
                member="Tags",
                arguments={"ResourceArn": "arn:${Partition}:sagemaker:::job/${JobName}"},
            ),
            ["6:1: SG303 DescribeCompilationJobResponse has no member 'JobName'"],
        ),
        (
            override(column="tags", operation="ListTags", member="Tags", constants={"Kind": "x"}),
            ["6:1: SG303 operation 'ListTags' has no parameter 'Kind'"],
        ),
        (
            override(service="sagemakr", operation="DescribeCompilationJob"),
            ["3:1: SG303 botocore has no service 'sagemakr'; did you mean 'sagemaker'?"],
        ),
        (
            override(service="sagemaker", operation="DescribeCompilation"),
            [
                "4:1: SG303 sagemaker has no operation 'DescribeCompilation'; did you mean 'DescribeCompilationJob'?"
            ],
        ),
        (
            override(service="sagemaker", operation="DescribeCompilationJob", path="Jobs[]"),
            ["5:1: SG303 DescribeCompilationJobResponse has no member 'Jobs'"],
        ),
    ],
)
def test_overrides_with_names_unknown_to_botocore_are_problems(
    project: Path, text: str, expected: list[str]
) -> None:
    """A service, operation, path, member or parameter that botocore lacks is a problem at its key, and
    nothing is written."""
    assert problems(project, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            override(column="creation_time", member="RoleArn"),
            [
                "4:1: SG304 DescribeCompilationJobResponse.RoleArn is string, which does not fit timestamp"
            ],
        ),
        (
            override(column="creation_time", operation="ListTags", member="@"),
            ["5:1: SG304 ListTagsOutput.@ is #ListTagsOutput, which does not fit timestamp"],
        ),
        (
            override(column="role_arn", operation="DescribeAlgorithm", member="ProductId"),
            [
                "4:1: SG304 cannot derive the arguments of DescribeAlgorithm from DescribeCompilationJob (@); set `arguments` in the override"
            ],
        ),
        (
            override(
                column="role_arn", operation="DescribeAlgorithm", member="ProductId", arguments={}
            ),
            [
                "6:1: SG304 DescribeAlgorithm requires AlgorithmName; set it in `arguments`, `constants` or `values` of the override"
            ],
        ),
        (
            override(service="sagemaker", operation="DeleteTags"),
            [
                f"1:1: SG304 {JOB} stays unbound: no read operation returns its columns at sagemaker DeleteTags; set the service, operation and path in an override"
            ],
        ),
    ],
)
def test_overrides_that_cannot_be_applied_are_problems(
    project: Path, text: str, expected: list[str]
) -> None:
    """Members of a wrong type, missing arguments and items without evidence are problems."""
    assert problems(project, text) == expected


def test_arguments_of_overrides_may_be_members_of_structures(project: Path) -> None:
    """The lock has them as they are written, and what is no such member gets a hint."""
    keys = {"column": "failure_reason", "operation": "ListTags", "member": "NextToken"}

    def text(member: str) -> str:
        return override(**keys, arguments={"ResourceArn": member})

    [found] = problems(project, text("ModelArtifacts.S3ModelArtifact"))
    assert found.startswith(
        "6:1: SG303 ModelArtifacts has no member 'S3ModelArtifact'; did you mean"
    )
    [found] = problems(project, text("RoleArn.Name"))
    assert found == "6:1: SG303 DescribeCompilationJobResponse.RoleArn is not a structure"
    (project / SETTINGS).write_text(text("ModelArtifacts.S3ModelArtifacts"))
    api.bind(api.settings(project), [JOB])
    assert entry(project)["enrichments"]["ListTags"]["arguments"] == {
        "ResourceArn": "ModelArtifacts.S3ModelArtifacts"
    }
    assert api.build(api.settings(project))


def test_overrides_that_contradict_each_other_are_problems(project: Path) -> None:
    """Overrides of one operation must agree on its call, which is made once for each item."""
    tags = {"column": "tags", "operation": "ListTags", "member": "Tags"}
    token = {"column": "failure_reason", "operation": "ListTags", "member": "NextToken"}
    role, job = {"ResourceArn": "RoleArn"}, {"ResourceArn": "CompilationJobArn"}
    text = [override(**tags, arguments=role), override(**token, arguments=job, path="Tags[]")]
    assert problems(project, *text) == [
        "13:1: SG304 the override in line 1 sets another `arguments` for ListTags, which is called once; set the same in both",
        "14:1: SG304 the override in line 1 sets another `path` for ListTags, which is called once; set the same in both",
    ]


def test_inferred_column_is_unbound_if_an_override_takes_its_enrichment(project: Path) -> None:
    """If an override takes another item from an enrichment, columns inferred from it become unbound,
    with a finding at their line of the page."""
    key = override(column="failure_reason", operation="ListTags", path="Tags[]", member="Key")
    (project / SETTINGS).write_text(key)
    outcome = api.bind(api.settings(project), [JOB])
    [finding] = outcome.findings
    assert finding.path == f"docs_src/ddsql/aws/{JOB}.dataset.md"
    assert (finding.code, finding.message) == (
        "SG404",
        f"{JOB}.tags stays unbound: an override calls ListTags for the item Tags[]; "
        "name a member of that item in an override",
    )
    assert list(entry(project)["unbound"]) == ["tags"]
    assert api.build(api.settings(project))


def test_list_of_several_calls_is_unbound_if_an_override_makes_one_call(tmp_path: Path) -> None:
    """A column that is inferred to have the response of each call is not filled by the only one of an
    override."""
    text = "A structure that contains the details for the specified alternate contact."
    rows = [f"alternate_contact{end} | core | json | {text}" for end in ("", "s")]
    details = (
        "Contains the details of the primary contact information associated with an Amazon Web "
    )
    details += "Services account."
    rows.append(f"contact_information | core | json | {details}")
    pages(tmp_path, {"ddsql/account.md": page("aws.account", *rows)})
    api.bind(api.settings(tmp_path))
    inferred = entry(tmp_path, "aws.account", "account")
    assert inferred["enrichments"]["GetAlternateContact"]["values"] == {
        "AlternateContactType": ["BILLING", "OPERATIONS", "SECURITY"]
    }
    assert list(inferred["unbound"]) == ["alternate_contact"]
    api.build(api.settings(tmp_path))
    calls = (tmp_path / "generated/ddsql_schemas/calls/aws/account.py").read_text("utf-8")
    values = 'values=(("AlternateContactType", ("BILLING", "OPERATIONS", "SECURITY")),)'
    assert calls.count(values) == 1
    chosen = override(
        "aws.account",
        column="alternate_contact",
        operation="GetAlternateContact",
        member="AlternateContact",
        arguments={},
        constants={"AlternateContactType": "BILLING"},
    )
    (tmp_path / SETTINGS).write_text(chosen)
    [finding] = api.bind(api.settings(tmp_path)).findings
    assert finding.message == (
        "aws.account.alternate_contacts stays unbound: an override calls GetAlternateContact once, and not "
        "with each value of AlternateContactType"
    )
    changed = entry(tmp_path, "aws.account", "account")
    assert list(changed["unbound"]) == ["alternate_contacts"]
    assert changed["enrichments"]["GetAlternateContact"] == {
        "path": "@",
        "arguments": {},
        "constants": {"AlternateContactType": "BILLING"},
    }


def test_overrides_of_other_providers_are_problems(tmp_path: Path) -> None:
    """botocore fills no table of another provider, so its overrides are refused."""
    pages(tmp_path, {"ddsql/gcp.md": page("gcp.key", "name | core | string |")})
    assert problems(tmp_path, override("gcp.key", column="name", member="Name")) == [
        "2:1: SG304 only tables of aws can be bound, not gcp.key"
    ]
