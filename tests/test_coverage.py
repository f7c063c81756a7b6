"""`schemagen coverage`: what the bindings fill, and where pages and record differ."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ddsql_schemas.mappers.aws import sagemaker_trainingjob

from projects import COMPILATION, TRAINING, page, run, seeds
from schemagen import inputs
from schemagen.coverage import Figures, coverage
from schemagen.model.recorded import RecordedResponses
from schemagen.settings.load import load_settings

LOCK = "bindings/aws/sagemaker.json"
TABLE = "aws.sagemaker_trainingjob"
TRANSITION = "docs_src/aws_api/sagemaker/API_SecondaryStatusTransition.md"

UNMAPPED = [
    "BillableTokenCount",
    "ServerlessJobConfig",
    "MlflowConfig",
    "ModelPackageConfig",
    "MlflowDetails",
    "ProgressInfo",
    "OutputModelPackageArn",
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return seeds(tmp_path)


@pytest.fixture
def partly(project: Path) -> Path:
    """The seeds, with a column that the lock lists as unbound, one that it does not know, a table
    without a binding, and a table of another provider."""
    lock = json.loads((project / LOCK).read_bytes())
    binding = lock["tables"]["aws.sagemaker_compilation_job"]
    del binding["columns"]["failure_reason"], binding["columns"]["role_arn"]
    binding["unbound"] = {"failure_reason": "a reason"}
    (project / LOCK).write_text(json.dumps(lock))
    for table in ("aws.made_thing", "dd.thing"):
        rows = ("Key | _key | core | string", "A | a | core | string", "B | b | core | int64")
        target = project / "docs_src/ddsql" / f"{table}.dataset.md"
        target.write_text(page(table, *rows))
    return project


def shown(project: Path, *arguments: str) -> dict[str, Any]:
    done = run(project, "coverage", "--format", "json", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def of(project: Path, table: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = shown(project, table)["tables"]
    assert len(found) == 1
    return found[0]


# --- what is counted ------------------------------------------------------------------------------


def test_coverage_of_the_seed_pages(project: Path) -> None:
    """The figures of this project's tables, the key not counted; each column with its evidence."""
    found = shown(project)
    assert found["total"] == {
        "columns": 88,
        "percent": 100.0,
        "bound": {"both": 76, "name": 9},
        "derived": {"account_from_arn": 3},
        "unbound": {},
    }
    assert [(table["id"], table["columns"], table["bound"]) for table in found["tables"]] == [
        ("aws.sagemaker_compilation_job", 20, {"both": 18, "name": 1}),
        ("aws.sagemaker_processing_job", 23, {"both": 21, "name": 1}),
        (TABLE, 45, {"both": 37, "name": 7}),
    ]
    training = found["tables"][2]
    assert (training["service"], training["operation"]) == ("sagemaker", "DescribeTrainingJob")
    states = {state["column"]: (state["state"], state["by"]) for state in training["states"]}
    assert len(states) == 46
    assert states["_key"] == ("derived", "arn")
    assert states["account_id"] == ("derived", "account_from_arn")
    assert states["tags"] == ("bound", "name")
    assert states["secondary_status"] == ("bound", "name")
    line: int = training["states"][0]["origin"]["line"]
    assert training["states"][0]["origin"]["path"] == TRAINING
    assert (project / TRAINING).read_text().splitlines()[line - 1].startswith("| _key ")


def test_coverage_json_has_these_names(project: Path) -> None:
    """The names that other programs rely on."""
    found = shown(project)
    figures = {"columns", "percent", "bound", "derived", "unbound"}
    difference = {"of", "page_only", "recorded_only", "origin"}
    assert set(found) == {"tables", "total"}
    assert set(found["total"]) == figures
    for table in found["tables"]:
        assert set(table) == figures | {
            *(
                "id",
                "service",
                "reason",
                "operation",
                "obstacle",
                "states",
                "unmapped",
                "values",
                "members",
                "types",
            ),
        }
        assert {key for state in table["states"] for key in state} == {
            *("column", "state", "by", "reason", "origin"),
        }
    training = found["tables"][2]
    assert {key for value in training["values"] for key in value} == difference
    api_page = project / TRANSITION
    text = api_page.read_text().replace("**EndTime**", "**FinishTime**")
    api_page.write_text(text.replace("Type: Timestamp", "Type: Long"))
    found = of(project, TABLE)
    assert set(found["members"][0]) == difference | {"required_on_page", "required_in_record"}
    assert set(found["types"][0]) == {"of", "page", "recorded", "origin"}


def test_coverage_says_why_a_table_cannot_be_enumerated(project: Path) -> None:
    """The obstacle that the lock records is in the JSON and among the findings."""
    lock = json.loads((project / LOCK).read_bytes())
    lock["tables"][TABLE]["obstacle"] = "no operation lists what it requires"
    (project / LOCK).write_text(json.dumps(lock))
    assert of(project, TABLE)["obstacle"] == "no operation lists what it requires"
    assert of(project, "aws.sagemaker_processing_job")["obstacle"] is None
    done = run(project, "coverage", TABLE)
    said = f"{TABLE}: cannot be enumerated: no operation lists what it requires"
    assert said in done.stderr.splitlines() + done.stdout.splitlines()


def test_coverage_says_why_a_column_is_unbound(partly: Path) -> None:
    """Three reasons are distinguished; tables that botocore cannot fill count only when named."""
    found = shown(partly)
    assert [table["id"] for table in found["tables"]][:2] == [
        "aws.made_thing",
        "aws.sagemaker_compilation_job",
    ]
    assert found["total"]["columns"] == 90
    assert found["total"]["percent"] == pytest.approx(100 * 86 / 90)
    assert found["total"]["unbound"] == {
        "listed as unbound": 1,
        "no binding for this table": 2,
        "not in the lock": 1,
    }
    made, compilation = found["tables"][:2]
    assert (made["operation"], made["percent"], made["unmapped"]) == (None, 0.0, [])
    assert [(state["column"], state["state"], state["by"]) for state in made["states"]] == [
        (name, "unbound", "no binding for this table") for name in ("_key", "a", "b")
    ]
    unbound = [state for state in compilation["states"] if state["state"] == "unbound"]
    assert [(state["column"], state["by"]) for state in unbound] == [
        ("failure_reason", "listed as unbound"),
        ("role_arn", "not in the lock"),
    ]
    assert compilation["unmapped"] == ["FailureReason", "RoleArn"]
    assert shown(partly, "dd.thing")["total"]["unbound"] == {"no binding for this table": 2}


def test_unmapped_members_are_those_of_the_mapper(project: Path) -> None:
    """The docs lag behind: members that botocore returns and the page lacks. The generated mapper
    says the same of a response that has every member."""
    assert of(project, TABLE)["unmapped"] == UNMAPPED
    _, catalog = inputs.read_catalog(load_settings(project))
    item = RecordedResponses(catalog.services["sagemaker"]).item("DescribeTrainingJob", "@")
    full = {member.name: "something" for member in item.members}
    assert list(sagemaker_trainingjob.unmapped(full)) == sorted(UNMAPPED)


def test_unmapped_members_ignore_enrichments(project: Path) -> None:
    """A member of the primary item is unmapped even if an enrichment fills the column of its name."""
    lock = json.loads((project / LOCK).read_bytes())
    lock["shapes"]["DescribeTrainingJobResponse"]["Tags"] = "list<#Tag>"
    (project / LOCK).write_text(json.dumps(lock))
    assert of(project, TABLE)["unmapped"] == [*UNMAPPED, "Tags"]


def test_unmapped_members_leave_out_maps_with_bound_keys(project: Path) -> None:
    """A map with a key that fills a column does not count as unmapped."""
    lock = json.loads((project / LOCK).read_bytes())
    lock["shapes"]["DescribeTrainingJobResponse"]["BillableTokenCount"] = "map<string>"
    columns = lock["tables"][TABLE]["columns"]
    columns["failure_reason"]["member"] = "BillableTokenCount[Reason]"
    (project / LOCK).write_text(json.dumps(lock))
    assert set(of(project, TABLE)["unmapped"]) == {*UNMAPPED, "FailureReason"} - {
        "BillableTokenCount"
    }


# --- where page and record differ ------------------------------------------------------------------


def test_coverage_reports_values_that_differ(project: Path) -> None:
    """Enumerations of columns and of structures' members, each side's own values in its order;
    columns of which only one side has values are no difference."""
    found = {
        value["of"]: (value["page_only"], value["recorded_only"])
        for value in of(project, TABLE)["values"]
    }
    assert found == {
        f"{TABLE}.secondary_status": (
            ["PreparingTraining"],
            ["PreparingTrainingStack", "Updating", "Restarting", "Pending"],
        ),
        f"{TABLE}.training_job_status": ([], ["Deleting"]),
        "sagemaker.SecondaryStatusTransition.Status": (
            [],
            ["Interrupted", "MaxWaitTimeExceeded", "Updating", "Restarting", "Pending"],
        ),
    }


def test_coverage_reports_members_that_differ(project: Path) -> None:
    """Members of the API page and of the record, and which of both they require."""
    assert of(project, TABLE)["members"] == []
    api_page = project / TRANSITION
    text = api_page.read_text("utf-8")
    text = text.replace("**EndTime**", "**FinishTime**")
    text = text.replace("Type: Timestamp  \nRequired: Yes", "Type: Timestamp  \nRequired: No")
    head, last = text.rsplit("Type: String  \nRequired: No", 1)
    api_page.write_text(f"{head}Type: String  \nRequired: Yes{last}")
    assert of(project, TABLE)["members"] == [
        {
            "of": "sagemaker.SecondaryStatusTransition",
            "page_only": ["FinishTime"],
            "recorded_only": ["EndTime"],
            "required_on_page": ["StatusMessage"],
            "required_in_record": ["StartTime"],
            "origin": {"path": TRANSITION, "line": 1},
        }
    ]
    assert of(project, "aws.sagemaker_processing_job")["members"] == []


def test_coverage_reports_types_that_differ(project: Path) -> None:
    """A member's type on the API page and in the record, in words that both share: which of the
    scalars that are one in a row the page names is no difference."""
    assert of(project, TABLE)["types"] == []
    api_page = project / TRANSITION
    lock = json.loads((project / LOCK).read_bytes())
    lock["shapes"]["SecondaryStatusTransition"]["EndTime"] = "int64"
    lock["shapes"]["SecondaryStatusTransition"]["Status"] = "list<#Tag>!"
    (project / LOCK).write_text(json.dumps(lock))
    text = api_page.read_text("utf-8")
    line = 1 + text[: text.index("**Status**")].count("\n")
    api_page.write_text(text.replace("Type: Timestamp", "Type: Long", 1))
    found = of(project, TABLE)
    assert found["types"] == [
        {
            "of": "sagemaker.SecondaryStatusTransition.Status",
            "page": "string",
            "recorded": "list<Tag>",
            "origin": {"path": TRANSITION, "line": line},
        },
    ]
    assert found["members"] == []
    for_people = run(project, "coverage", TABLE).stdout
    assert (
        "sagemaker.SecondaryStatusTransition.Status: type on the page: string\n"
        "sagemaker.SecondaryStatusTransition.Status: type in botocore: list<Tag>\n"
    ) in for_people


def test_coverage_compares_responses_with_their_pages(project: Path) -> None:
    """The page of an operation that fills columns is compared too. It never states what is required,
    and the report shows a difference once, however many tables the operation fills."""
    api_page = project / "docs_src/aws_api/sagemaker/API_ListTags.md"
    api_page.write_text(
        "# ListTags\n\nLists tags\\.\n\n## Response Elements\n\nData is returned\\.\n\n"
        ' ** [Tags](#x) **   <a name="SageMaker-ListTags-response-Tags"></a>\n'
        "The tags\\.  \nType: Array of strings\n\n"
        ' ** [Total](#x) **   <a name="SageMaker-ListTags-response-Total"></a>\n'
        "How many\\.  \nType: Integer\n"
    )
    (found,) = of(project, TABLE)["members"]
    assert (found["of"], found["page_only"]) == ("sagemaker.ListTags", ["Total"])
    assert found["recorded_only"] == ["NextToken"]
    assert (found["required_on_page"], found["required_in_record"]) == ([], [])
    for_people = run(project, "coverage").stdout.splitlines()
    assert for_people.count("sagemaker.ListTags: members only on the page: Total") == 1


def test_coverage_reports_nothing_where_page_and_record_agree(project: Path) -> None:
    """A table whose page says what the record says has nothing but its figures."""
    pages, catalog = inputs.read_catalog(load_settings(project))
    (table,) = coverage(pages, catalog, ["aws.sagemaker_compilation_job"], {}).tables
    assert (table.unmapped, table.values, table.members, table.types) == ((), (), (), ())


# --- the command ----------------------------------------------------------------------------------


def test_coverage_prints_a_table_and_findings(partly: Path) -> None:
    """Figures as a table, then a line for each finding."""
    done = run(partly, "coverage", "aws.made_thing", "aws.sagemaker_compilation_job")
    assert (done.returncode, done.stderr) == (0, "")
    assert [" ".join(line.split()) for line in done.stdout.splitlines()] == [
        "table covered columns derived unbound bound by",
        "aws.made_thing 0.0 % 2 0 2",
        "aws.sagemaker_compilation_job 90.0 % 20 1 2 both 16, name 1",
        "in all 81.8 % 22 1 4 both 16, name 1",
        "",
        "aws.made_thing: no binding for this table",
        "aws.sagemaker_compilation_job.failure_reason: listed as unbound: a reason",
        "aws.sagemaker_compilation_job.role_arn: not in the lock",
        "aws.sagemaker_compilation_job: members without a column: FailureReason, RoleArn",
    ]
    everything = run(partly, "coverage").stdout
    assert f"\n{TABLE}.training_job_status: values only in botocore: Deleting\n" in everything


def test_coverage_prints_markdown(partly: Path) -> None:
    """Two tables for a comment on a change: figures, and findings with names as code."""
    lines = run(partly, "coverage", "--format", "markdown").stdout.splitlines()
    assert lines[0] == "| table | covered | columns | derived | unbound | bound by |"
    assert "| in all | 95.5 % | 90 | 3 | 4 | both 74, name 9 |" in lines
    assert lines[lines.index("") + 1] == "| of | finding | what |"
    assert f"| `{TABLE}.training_job_status` | values only in botocore | `Deleting` |" in lines
    assert "| `aws.made_thing` | no binding for this table |  |" in lines


@pytest.mark.parametrize(
    ("percent", "status"), [("0", 0), ("95.5", 0), ("95.56", 1), ("100", 1), ("101", 2)]
)
def test_fail_under_exits_with_1_below_the_percentage(
    partly: Path, percent: str, status: int
) -> None:
    """1 below the percentage of all tables, whatever the format; the data is printed all the same.
    86 of 90 columns are 95.55… %."""
    done = run(partly, "coverage", "--format", "json", "--fail-under", percent)
    assert done.returncode == status
    if status == 1:
        assert done.stderr == f"95.5 % of the columns are covered, not {percent} %\n"
    assert (done.stdout != "") == (status < 2)


def test_percent_is_rounded_down() -> None:
    """A bound that is met exactly is met, and no columns at all are all covered."""
    most = Figures(((("bound", "both"), 9999), (("unbound", "listed as unbound"), 1)))
    assert (most.covered, most.columns) == (9999, 10000)
    assert most.percent < 100
    tight = Figures(((("bound", "both"), 971), (("unbound", "listed as unbound"), 29)))
    assert not tight.percent < 97.1
    assert Figures(()).percent == 100


def test_usage_errors_and_problems_exit_with_2(project: Path) -> None:
    """An unknown table, a page that cannot be read, a lock that names what is not there."""
    done = run(project, "coverage", "aws.nothing")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no page has the id aws.nothing" in done.stderr
    compilation = project / COMPILATION
    compilation.write_text(compilation.read_text("utf-8").replace("| hstore_csv |", "| tags |"))
    lock = project / LOCK
    lock.write_text(lock.read_text("utf-8").replace('"member": "RoleArn"', '"member": "Role"', 1))
    done = run(project, "coverage")
    assert (done.returncode, done.stdout) == (2, "")
    assert {line.partition(":")[0] for line in done.stderr.splitlines()} == {COMPILATION, LOCK}


def test_coverage_runs_without_botocore(project: Path) -> None:
    """Pages and lock are enough: where nothing can import botocore, the answer is the same."""
    program = (
        "import sys\nsys.modules['botocore'] = None\n"
        "from schemagen.cli import main\nsys.argv[1:] = ['coverage', '--fail-under', '100']\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=project, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == run(project, "coverage").stdout


@pytest.mark.parametrize("command", [["coverage"], ["explain", TABLE]])
def test_commands_refuse_a_bindings_folder_that_is_gone(project: Path, command: list[str]) -> None:
    """A misspelt setting is reported, as by `build`, and does not make all tables look unbound."""
    assert run(project, "build").returncode == 0
    (project / "bindings").rename(project / "moved")
    done = run(project, *command)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("bindings:1:1: SG101 cannot be read: the folder is missing, and")
    (project / "generated/manifest.json").unlink()
    assert run(project, *command).returncode == 0
