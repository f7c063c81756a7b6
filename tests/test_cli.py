"""schemagen.cli, each call in a process of its own, as programs and people use it."""

from __future__ import annotations

import errno
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from projects import TRAINING, broken, page, pages, run, seeds, tree, without_privileges
from schemagen import api
from schemagen.diagnostics import ProblemsFound
from schemagen.report.diffs import MAX_DIFF_LINES, MAX_FILES


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = seeds(tmp_path_factory.mktemp("cli"))
    assert run(folder, "build").returncode == 0
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "project"))


def test_help_lists_every_command() -> None:
    """`--help` shows the commands and the meaning of the exit status; each has help of its own."""
    done = run(Path.cwd(), "--help")
    assert done.returncode == 0
    assert "Exit status: 0 success, 1 a check failed (out of date, changed," in " ".join(
        done.stdout.split()
    )
    for command in ("build", "inspect", "types", "bind", "coverage"):
        assert f"\n  {command} " in done.stdout
        assert run(Path.cwd(), command, "--help").returncode == 0


def test_version_option_prints_name_and_version() -> None:
    """`--version` prints the program and its version."""
    done = run(Path.cwd(), "--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "schemagen,")


@pytest.mark.parametrize(
    "arguments",
    [
        ["bild"],
        ["build", "--jobs", "0"],
        ["build", "--docs", "a" * 300],
        ["build", "--out", "a/" * 1500],
        ["build", "--out", "docs_src/generated"],
        ["build", "--out", "."],
        ["inspect", "aws.nothing"],
    ],
)
def test_usage_errors_exit_with_2(project: Path, arguments: list[str]) -> None:
    """A wrong call exits with 2 and says why on stderr."""
    done = run(project, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error:" in done.stderr


@pytest.mark.parametrize("command", ["inspect", "coverage", "bind"])
def test_unknown_tables_are_usage_errors_with_hints(project: Path, command: str) -> None:
    """Every command that takes ids names the unknown ones, and suggests the most similar known ids."""
    done = run(project, command, "aws.sagemaker_trainingjbo", "aws.sagemaker_trainingjob", "dd.x")
    assert (done.returncode, done.stdout) == (2, "")
    where = "no page and no binding" if command == "bind" else "no page"
    assert done.stderr.splitlines()[-1] == (
        f"Error: {where} has the id aws.sagemaker_trainingjbo, dd.x; did you mean "
        "'aws.sagemaker_trainingjob'?"
    )


def test_unknown_commands_are_usage_errors_with_hints(project: Path) -> None:
    """A misspelt command is reported with the most similar one."""
    done = run(project, "bild")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == ("Error: unknown command 'bild'; did you mean 'build'?")


def test_build_and_check_are_quiet_when_up_to_date(project: Path) -> None:
    """Build and check exit with 0 and print nothing to stdout when there is nothing to do."""
    assert run(project, "build", "--check").returncode == 0
    done = run(project, "build")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "generated is up to date (3 tables)\n"


def test_check_prints_a_diff_and_the_command_that_applies_it(project: Path) -> None:
    """Out of date exits with 1: the diff on stdout; on stderr the reasons and the command to run."""
    page_path = project / TRAINING
    page_path.write_text(page_path.read_text().replace("Name of the model training job.", "New."))
    before = tree(project)
    done = run(project, "build", "--check")
    assert done.returncode == 1
    assert "+COMMENT ON COLUMN" in done.stdout
    assert "--- generated/ddsql_schemas/ddl/duckdb/aws/sagemaker_trainingjob.sql" in done.stdout
    last = done.stderr.splitlines()[-1]
    assert last.endswith("files are out of date; run `schemagen build`")
    assert f"sagemaker_trainingjob.py: page changed ({TRAINING})" in done.stderr
    assert tree(project) == before


def test_check_bounds_what_it_prints(project: Path) -> None:
    """A difference of everything is cut at a line, with the number of lines that are left out."""
    shutil.rmtree(project / "generated")
    done = run(project, "build", "--check")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == MAX_DIFF_LINES
    lines = done.stderr.splitlines()
    assert lines[0].endswith(
        " more lines of differences are not shown; without --check, git shows all"
    )
    assert int(lines[0].split()[0]) > 1000
    assert f"… and {int(lines[-1].split()[0]) - MAX_FILES} more files" in lines


def test_build_points_to_bind_when_nothing_is_bound(project: Path, tmp_path: Path) -> None:
    """Without bindings, a build says in one line why there are no mappers, unless none could be bound."""
    shutil.rmtree(project / "bindings")
    (project / "bindings").mkdir()  # A folder that is missing after a build is a problem.
    hint = (
        "3 aws tables get no mapper, of 3; `schemagen bind` infers the bindings that mappers are made"
        " from, or reports why it cannot"
    )
    for _ in range(2):
        assert run(project, "build").stderr.splitlines()[1:] == [hint]
    other = pages(
        tmp_path / "other", {"ddsql/dd.a.dataset.md": page("dd.a", "A | a | core | json")}
    )
    assert len(run(other, "build").stderr.splitlines()) == 1


def test_build_counts_the_tables_without_a_mapper(project: Path) -> None:
    """A build says how many of the tables that could be bound are not."""
    lock = project / "bindings/aws/sagemaker.json"
    document = json.loads(lock.read_text())
    del document["tables"]["aws.sagemaker_trainingjob"]
    lock.write_text(json.dumps(document))
    assert (
        "1 aws table gets no mapper, of 3; `schemagen bind` infers" in run(project, "build").stderr
    )


@pytest.mark.parametrize("arguments", [["inspect"], ["coverage"]])
def test_commands_take_patterns_of_ids(project: Path, arguments: list[str]) -> None:
    """Wherever tables are named, patterns name several; one that matches nothing is a wrong call."""
    done = run(project, *arguments, "aws.sagemaker_[tc]*", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert [table["id"] for table in json.loads(done.stdout)["tables"]] == [
        *("aws.sagemaker_compilation_job", "aws.sagemaker_trainingjob"),
    ]
    wrong = run(project, *arguments, "aws.s3_*")
    assert wrong.returncode == 2
    assert wrong.stderr.splitlines()[-1] == "Error: no page has the id aws.s3_*"


def test_explain_takes_patterns_of_ids(project: Path) -> None:
    """A pattern explains each table that it matches; as JSON, by id."""
    text = run(project, "explain", "aws.*_job").stdout
    shown = json.loads(run(project, "explain", "aws.*_job", "--format", "json").stdout)
    ids = ["aws.sagemaker_compilation_job", "aws.sagemaker_processing_job"]
    assert list(shown) == ids
    assert [line.split()[0] for line in text.splitlines() if " is filled by " in line] == ids
    single = run(project, "explain", ids[0], "--format", "json").stdout
    assert json.loads(single) == shown[ids[0]]


def test_problems_suggest_types(tmp_path: Path) -> None:
    """An unknown type, also inside an array, is reported with the most similar one."""
    project = pages(
        tmp_path, {"ddsql/dd.a.dataset.md": page("dd.a", "A | a | core | array<strng>")}
    )
    (project / "schemagen.toml").write_text("[[columns]]\ntype = 'timestmp'\n")
    settings = run(project, "types").stderr
    assert settings.rstrip().endswith("did you mean 'timestamp'?")
    (project / "schemagen.toml").write_text("")
    assert run(project, "build").stderr.rstrip().endswith("did you mean 'string'?")


def test_check_prints_json(project: Path) -> None:
    """For programs, a check prints the files with causes and differences, or the problems of the inputs."""
    assert json.loads(run(project, "build", "--check", "--format", "json").stdout) == {
        "files": [],
        "problems": [],
    }
    path = project / TRAINING
    text = path.read_text()
    path.write_text(text.replace("Name of the model training job.", "New."))
    done = run(project, "build", "--check", "--format", "json")
    assert (done.returncode, done.stderr) == (1, "")
    shown = json.loads(done.stdout)
    (model,) = (file for file in shown["files"] if "/models/" in file["path"])
    assert model["path"] == "generated/ddsql_schemas/models/aws/sagemaker_trainingjob.py"
    assert (model["cause"], model["subject"]) == ("page changed", TRAINING)
    assert "+" in model["diff"]
    assert shown["problems"] == []
    path.write_text(text.replace("string", "strng", 1))
    done = run(project, "build", "--check", "--format", "json")
    assert (done.returncode, done.stderr) == (2, "")
    (problem,) = json.loads(done.stdout)["problems"]
    assert (problem["path"], problem["code"]) == (TRAINING, "SG118")
    line: int = problem["line"]
    column: int = problem["column"]
    assert text.splitlines()[line - 1][column - 1 :].startswith("string")


def test_check_prints_annotations_for_github(project: Path) -> None:
    """On GitHub, each finding is an annotation at its file, and each problem one at its line."""
    (project / "generated/README.md").unlink()
    done = run(project, "build", "--check", "--format", "github")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (
        "::error file=generated/README.md,title=out of date::generated/README.md: missing; run"
        " `schemagen build`\n"
    )
    run(project, "build")
    model = project / "generated/ddsql_schemas/models/aws/sagemaker_trainingjob.py"
    lines = model.read_text().splitlines(keepends=True)
    model.write_text("".join([*lines[:30], "# by hand\n", *lines[30:]]))
    done = run(project, "build", "--check", "--format", "github")
    path = model.relative_to(project).as_posix()
    assert done.stdout == (
        f"::error file={path},line=31,title=out of date::{path}: edited by hand; run"
        " `schemagen build`\n"
    )
    files = json.loads(run(project, "build", "--check", "--format", "json").stdout)["files"]
    assert [file["line"] for file in files] == [31]
    run(project, "build")
    bad = project / "docs_src/ddsql/aws/a,b%.dataset.md"
    bad.write_text("# Nothing\n")
    done = run(project, "build", "--check", "--format", "github")
    assert done.returncode == 2
    assert done.stdout.splitlines()[0].startswith(
        "::error file=docs_src/ddsql/aws/a%2Cb%25.dataset.md,line=1,col=1,title=SG111 no-table-id::the page"
    )
    assert run(project, "build", "--format", "json").returncode == 2


@pytest.mark.parametrize("before", [True, False])
def test_quiet_prints_problems_only_and_verbose_prints_files(project: Path, before: bool) -> None:
    """-q leaves problems and data, -v adds the settings' file and each file that is written; both may
    stand before the command or behind it."""

    def called(option: str, *command: str) -> subprocess.CompletedProcess[str]:
        return run(project, *((option, *command) if before else (*command, option)))

    readme = project / "generated/README.md"
    readme.unlink()
    quiet = called("-q", "build", "--check")
    assert (quiet.returncode, quiet.stderr) == (1, "")
    assert "README.md" in quiet.stdout
    assert called("--quiet", "build").stderr == ""
    readme.unlink()
    assert called("-v", "build").stderr.splitlines() == [
        f"settings: {project / 'schemagen.toml'}",
        "generated: 1 written, 0 removed (3 tables)",
        "generated/README.md: written",
    ]
    (project / TRAINING).write_text("# Nothing\n")
    assert "SG111" in called("-q", "build").stderr
    assert run(project, "-q", "build", "-v").returncode == 2


def test_verbose_prints_the_traceback_of_an_internal_error(tmp_path: Path) -> None:
    """With -v, the traceback of a fault is on stderr instead of in a file."""
    done = run(tmp_path, "types", "-v", env=broken("schemagen.report.types:rows:raises"))
    assert done.returncode == 70
    assert "Traceback (most recent call last):" in done.stderr
    assert done.stderr.splitlines()[-1] == "ArithmeticError: made to fail"


def test_settings_are_found_from_folders_below(project: Path) -> None:
    """A command that runs in a folder below the project's uses its settings, as git does; the options
    are relative to where it runs."""
    below = project / "docs_src/ddsql"
    done = run(below, "build", "--check")
    assert (done.returncode, done.stderr) == (0, "")
    shown = json.loads(run(below, "inspect", "--docs", "aws", "--format", "json").stdout)
    assert len(shown["tables"]) == 3


def test_fail_on_change_exits_with_1_after_writing(project: Path) -> None:
    """The exit status tells a hook that something was written."""
    (project / "generated/README.md").unlink()
    assert run(project, "build", "--fail-on-change").returncode == 1
    assert run(project, "build", "--fail-on-change").returncode == 0


def test_folder_options_override_the_settings(project: Path, tmp_path: Path) -> None:
    """--docs and --out override the settings, and the command that a check prints has them."""
    docs = tmp_path / "other docs"
    docs.mkdir()
    (docs / "x.dataset.md").write_text(page("dd.x", "X | x | core | string"))
    out = tmp_path / "other"
    done = run(project, "build", "--check", "--docs", str(docs), "--out", str(out))
    assert done.returncode == 1
    assert f"run `schemagen build --docs '{docs}' --out {out}`" in done.stderr
    assert run(project, "build", "--docs", str(docs), "--out", str(out)).returncode == 0
    assert (out / "ddsql_schemas/models/dd/x.py").exists()


def test_build_prints_all_problems_and_writes_nothing(tmp_path: Path) -> None:
    """All problems of all pages are on stderr, one per line, and the output is left alone."""
    project = pages(
        tmp_path,
        {
            "ddsql/a.dataset.md": page("dd.a", "A | a | core | strng"),
            "ddsql/b.dataset.md": page("dd.b", "B | b | string |"),
        },
    )
    done = run(project, "build")
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert [line.split()[0].partition(":")[0] for line in lines] == [
        "docs_src/ddsql/a.dataset.md",
        "docs_src/ddsql/b.dataset.md",
    ]
    assert not (project / "generated").exists()


def test_inspect_prints_json(project: Path) -> None:
    """The names that other programs rely on, and the figures of the seed pages."""
    done = run(project, "inspect", "--format", "json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    tables = {table["id"]: table for table in shown["tables"]}
    assert {name: len(table["columns"]) for name, table in tables.items()} == {
        "aws.sagemaker_trainingjob": 46,
        "aws.sagemaker_processing_job": 24,
        "aws.sagemaker_compilation_job": 21,
    }
    training = tables["aws.sagemaker_trainingjob"]
    assert set(training) >= {
        *("id", "title", "description", "source", "key", "columns"),
        *("parameters", "examples", "deprecated"),
    }
    column = next(item for item in training["columns"] if item["name"] == "training_job_status")
    assert set(column) == {
        *("name", "title", "kind", "type", "description", "values", "origin"),
    }
    assert [value["value"] for value in column["values"]] == [
        *("InProgress", "Completed", "Failed", "Stopping", "Stopped"),
    ]
    assert column["origin"]["path"] == TRAINING
    line: int = column["origin"]["line"]
    assert (
        (project / TRAINING).read_text().splitlines()[line - 1].startswith("| training_job_status ")
    )
    (structure,) = shown["structures"]
    assert [(member["name"], member["required"]) for member in structure["members"]] == [
        ("EndTime", False),
        ("StartTime", True),
        ("Status", True),
        ("StatusMessage", False),
    ]
    assert len(structure["members"][2]["values"]) == 12


def test_inspect_prints_values_with_their_wording(project: Path) -> None:
    """``--values`` shows each documented value, its place, and the wording."""
    table = "aws.sagemaker_trainingjob"
    done = run(project, "inspect", "--values", "--format", "json", table)
    assert done.returncode == 0, done.stderr
    owner = f"{table}.training_job_status"
    values = [value for value in json.loads(done.stdout) if value["of"] == owner]
    assert [value["value"] for value in values] == [
        *("InProgress", "Completed", "Failed", "Stopping", "Stopped"),
    ]
    for value in values:
        assert value["value"] in value["wording"]
        assert value["origin"]["path"] == TRAINING
    printed = run(project, "inspect", "--values", table).stdout
    assert [value["value"] for value in values if value["wording"] in printed]
    assert owner in printed


def test_inspect_prints_tables_without_cutting_cells(project: Path) -> None:
    """For people: one table at a time, markup of pages shown as it is, and in a pipe no cell cut."""
    done = run(project, "inspect", "aws.sagemaker_trainingjob")
    assert done.returncode == 0
    rows = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "column kind type values description" in rows
    assert "training_job_name core string Name of the model training job." in rows
    assert "aws.sagemaker_trainingjob: SageMaker Training Job, 46 columns" in done.stdout
    assert "SecondaryStatusTransition," not in done.stdout


def test_inspect_marks_what_it_leaves_out_of_a_description(tmp_path: Path) -> None:
    """A row has the first line of a description; a sign says that there is more."""
    operation = (
        '# GetThing<a name="API_GetThing"></a>\n\nGets it\\.\n\n'
        '## Response Elements<a name="API_GetThing_ResponseElements"></a>\n\n'
        ' ** [Arn](#x) **   <a name="Made-GetThing-response-Arn"></a>\n'
        "Its ARN\\.  \nIt is unique\\.  \nType: String\n\n"
        ' ** [Name](#x) **   <a name="Made-GetThing-response-Name"></a>\nIts name\\.  \nType: String\n'
    )
    project = pages(tmp_path, {"aws_api/made/API_GetThing.md": operation})
    shown = run(project, "inspect").stdout
    assert "\tIts ARN. [...]\n" in shown
    assert "\tIts name.\n" in shown


def test_inspect_shows_query_parameters(tmp_path: Path) -> None:
    """Parameters of a table function are part of what its page says."""
    parameters = (
        "## Query Parameters\n\n| Parameter | Type | Required | Description |\n|---|---|---|---|\n"
        "| `filter` | `string` | No | What to search. |\n| `to` | `timestamp` | Yes | The end. |\n\n"
    )
    text = page("dd.a", "A | a | core | string").replace("## Fields", f"{parameters}## Fields")
    project = pages(tmp_path, {"ddsql/dd.a.dataset.md": text})
    shown = run(project, "inspect").stdout
    assert shown.endswith(
        "dd.a: 2 query parameters\n"
        "parameter\trequired\ttype\tdescription\n"
        "filter\tno\tstring\tWhat to search.\n"
        "to\tyes\ttimestamp\tThe end.\n\n"
    )


def test_inspect_says_that_no_values_are_documented(tmp_path: Path) -> None:
    """An empty list is explained, beside the headings that programs read."""
    project = pages(tmp_path, {"ddsql/dd.a.dataset.md": page("dd.a", "A | a | core | string")})
    done = run(project, "inspect", "--values")
    assert (done.returncode, done.stderr) == (0, "no documented values\n")


def test_inspect_shows_operations_and_indexes(tmp_path: Path) -> None:
    """Operations and indexes are shown as such."""
    listing = "# Data Types\n\nThese are supported:\n+ [Thing](API_Thing.md)\n"
    operation = (
        '# GetThing<a name="API_GetThing"></a>\n\nGets it\\.\n\n'
        '## Response Elements<a name="API_GetThing_ResponseElements"></a>\n\n'
        ' ** [Arn](#x) **   <a name="Made-GetThing-response-Arn"></a>\nIts ARN\\.  \nType: String\n'
    )
    project = pages(
        tmp_path,
        {
            "aws_api/made/API_Types.md": listing,
            "aws_api/made/API_GetThing.md": operation,
            "ddsql/dd.a.dataset.md": page("dd.a", "A | a | core | string"),
        },
    )
    shown = run(project, "inspect").stdout
    assert "made.GetThing, 1 response element" in shown
    assert "docs_src/aws_api/made/API_Types.md: an index of other pages" in shown


def test_types_prints_three_formats_with_the_settings_applied(tmp_path: Path) -> None:
    """The type table in its three forms, with the settings of the project applied."""
    (tmp_path / "schemagen.toml").write_text('[types.float64]\nduckdb = "REAL"\n')
    table = run(tmp_path, "types")
    assert "hstore_csv" in table.stdout
    markdown = run(tmp_path, "types", "--format", "markdown").stdout.splitlines()
    assert markdown[0].startswith("| DDSQL | Python / pydantic | JSON Schema | PostgreSQL |")
    rows = {
        row["type"]: row for row in json.loads(run(tmp_path, "types", "--format", "json").stdout)
    }
    assert rows["float64"]["duckdb"] == "REAL"
    assert rows["hstore_csv"]["postgres"] == "hstore"


def test_build_reports_what_is_in_the_way_of_the_output(project: Path) -> None:
    """What is in the way of the output is reported with its path, and stays as it is."""
    shutil.rmtree(project / "generated/ddsql_schemas/ddl")
    (project / "generated/ddsql_schemas/ddl").write_text("in the way")
    before = tree(project)
    done = run(project, "build")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == (
        "generated/ddsql_schemas/ddl:1:1: SG501 a file is in the way of this folder; move it away"
    )
    assert tree(project) == before


def test_build_shows_progress_on_terminals_only(tmp_path: Path) -> None:
    """A long build shows a progress bar on a terminal, and prints one line anywhere else."""
    rows = "A | a | core | string"
    project = pages(
        tmp_path, {f"ddsql/dd.t{n}.dataset.md": page(f"dd.t{n}", rows) for n in range(50)}
    )
    message = run(project, "build").stderr
    files = len(tree(project / "generated"))
    assert message == f"generated: {files} written, 0 removed (50 tables)\n"
    shutil.rmtree(project / "generated")
    terminal, other_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "schemagen", "build"], cwd=project, stderr=other_end
    )
    os.close(other_end)
    shown = b""
    try:
        while piece := os.read(terminal, 4096):
            shown += piece
    except OSError as error:
        # Linux says so when the last process at the other end has gone.
        if error.errno != errno.EIO:
            raise
    finally:
        os.close(terminal)
    assert process.wait() == 0
    assert b"rendering tables" in shown
    assert f"{files} written".encode() in shown


def test_main_reports_internal_errors_without_a_traceback(tmp_path: Path) -> None:
    """A fault of schemagen is one line with the code, what was being done and what failed, and a line that
    names the file of the traceback; the exit status is 70."""
    project = pages(tmp_path, {"ddsql/dd.a.dataset.md": page("dd.a", "A | a | core | string")})
    env = broken("schemagen.emit.ddl:render:raises") | {"TMPDIR": str(tmp_path)}
    done = run(project, "build", env=env)
    assert (done.returncode, done.stdout) == (70, "")
    first, second = done.stderr.splitlines()
    assert re.fullmatch(
        r"schemagen: SG901 internal error while rendering \w+ while rendering dd\.a: "
        r"ArithmeticError: made to fail \(\S+ in emit/.*\.py\)",
        first,
    )
    trace = Path(second.rpartition(" ")[2])
    assert trace.parent == tmp_path
    assert trace.read_text().splitlines()[-3] == "ArithmeticError: made to fail"
    assert not (project / "generated").exists()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1"])
def test_output_escapes_what_the_encoding_lacks(project: Path, encoding: str) -> None:
    """Where stdout has a narrow encoding, a check and all other data are printed, escaped as in JSON."""
    page_path = project / TRAINING
    text = page_path.read_text().replace("Name of the model", "Name \u2264 \U0001f600 of the model")
    page_path.write_text(text)
    env = {"PYTHONIOENCODING": encoding}
    done = run(project, "build", "--check", env=env)
    assert done.returncode == 1
    assert r"Name \u2264 \ud83d\ude00 of the model" in done.stdout
    assert done.stderr.splitlines()[-1].endswith("files are out of date; run `schemagen build`")
    assert run(project, "inspect", env=env).returncode == 0
    assert run(project, "build", env=env).returncode == 0
    shown = run(project, "catalog", "--format", "json", env=env).stdout
    assert "Name \u2264 \U0001f600 of the model" in json.dumps(
        json.loads(shown), ensure_ascii=False
    )


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_sql_is_printed_in_utf8(tmp_path: Path, encoding: str) -> None:
    """Databases read UTF-8, and an escaped character of a name is another name."""
    project = pages(
        tmp_path, {"ddsql/dd.a.dataset.md": page("dd.a", "Size | gr\u00f6\u2265e | core | string")}
    )
    assert run(project, "build").returncode == 0
    shutil.copytree(project, tmp_path / "old")
    (project / "docs_src/ddsql/dd.a.dataset.md").write_text(
        page("dd.a", "Size | gr\u00f6\u2265e | core | json")
    )
    migrate = ("-m", "schemagen", "migrate", "old/generated", "--dialect", "postgres")
    ddl = ("-m", "ddsql_schemas", "ddl", "dd.a", "--dialect", "postgres")
    for arguments in (migrate, ddl):
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=project,
            env={**os.environ, "PYTHONPATH": "generated", "PYTHONIOENCODING": encoding},
            capture_output=True,
            check=True,
        )
        assert '"gr\u00f6\u2265e"' in done.stdout.decode("utf-8")


def test_unbuffered_output_keeps_its_place_among_messages() -> None:
    """With `python -u`, data and messages that go to one file stand there in their order."""
    source = (
        "import sys; from schemagen.runtime.command import streams; streams.set_up(); "
        "streams.output_line('one'); print('two', file=sys.stderr); streams.output_line('three')"
    )
    command = [sys.executable, "-u", "-c", source]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    assert done.stdout == "one\ntwo\nthree\n"


@pytest.mark.parametrize("redirection", ["> /dev/full", ">&-"])
def test_main_survives_an_output_that_takes_nothing(project: Path, redirection: str) -> None:
    """A full disk behind stdout is reported in one line, and a closed stdout is no error."""
    command = f"{sys.executable} -m schemagen types {redirection}"
    done = subprocess.run(
        ["sh", "-c", command], cwd=project, capture_output=True, text=True, check=False
    )
    full = "Error: the operating system refused: No space left on device\n"
    assert (done.returncode, done.stderr) == ((2, full) if "full" in redirection else (0, ""))


@pytest.mark.parametrize("redirection", ["2> /dev/full", "2>&-", "<&- >&- 2>&-"])
def test_main_goes_on_if_messages_reach_nobody(project: Path, redirection: str) -> None:
    """The exit status says what happened where stderr takes nothing, and no file of the project gets what was
    meant for a stream that is closed."""
    (project / "generated/README.md").unlink()
    expected = tree(project)
    for command, status in (("build --check", 1), ("bild", 2), ("build", 0), ("build --check", 0)):
        done = subprocess.run(
            ["sh", "-c", f"{sys.executable} -m schemagen {command} {redirection}"],
            cwd=project,
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (status, b"")
        if command == "build":
            assert (project / "generated/README.md").is_file()
        else:
            assert expected.items() <= tree(project).items()


@pytest.mark.parametrize("streams", ["", "2>&1 >/dev/null"])
def test_main_ends_with_its_own_status_if_nobody_reads_on(project: Path, streams: str) -> None:
    """``| head`` is no error, and does not make an outdated tree up to date."""
    command = f"{sys.executable} -m schemagen build --check --full"

    def statuses() -> str:
        script = f"{command} {streams} | head -c 1 > /dev/null; echo ${{PIPESTATUS[@]}}"
        done = subprocess.run(
            ["bash", "-c", script], cwd=project, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert statuses() == "0 0\n"
    shutil.rmtree(project / "generated")
    assert statuses() == "1 0\n"


def test_main_reports_a_missing_working_folder(tmp_path: Path) -> None:
    """A working folder that was deleted is reported as a wrong call."""
    folder = tmp_path / "gone"
    folder.mkdir()
    command = f"rmdir {folder} && {sys.executable} -m schemagen build"
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Error: cannot read the current folder: No such file or directory" in done.stderr


def test_build_reports_generated_files_that_cannot_be_read() -> None:
    """A generated file without permission is a problem of build and check, not a traceback."""
    # Not below pytest's folder, which only its owner may enter.
    with TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        pages(root, {"ddsql/dd.a.dataset.md": page("dd.a", "A | a | core | string")})
        settings = api.settings(root)
        api.build(settings)
        (root / "generated/ddsql_schemas/catalog.py").chmod(0)
        for command in (api.build, api.check):
            with without_privileges(), pytest.raises(ProblemsFound) as raised:
                command(settings)
            assert list(map(str, raised.value.problems)) == [
                "generated/ddsql_schemas/catalog.py:1:1: SG101 cannot be read: Permission denied"
            ]


@pytest.mark.parametrize(
    "path", [b"aws_api/lambda/API_caf\xe9.md", b"ddsql/caf\xe9/dd.b.dataset.md"]
)
def test_build_reports_names_that_are_not_utf8(tmp_path: Path, path: bytes) -> None:
    """A page whose path is not UTF-8 cannot be recorded, so it is a problem that escapes the name."""
    project = pages(tmp_path, {"ddsql/dd.a.dataset.md": page("dd.a", "A | a | core | string")})
    file = Path(os.fsdecode(os.fsencode(project / "docs_src") + b"/" + path))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    done = run(project, "build")
    shown = path.decode(errors="surrogateescape").replace("\udce9", r"\udce9")
    assert (done.returncode, done.stderr) == (
        2,
        f"docs_src/{shown}:1:1: SG101 cannot be read: its path is not UTF-8; rename it\n",
    )
