"""`schemagen explain TABLE[.COLUMN]`: the chain from the page's line to every output is true."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import projects
from golden_trees import FOLDER
from projects import CHECKOUT, TRAINING, page, pages, run
from schemagen import api
from schemagen.diagnostics import ProblemsFound, UnknownTables
from schemagen.explanation import ColumnExplanation, TableExplanation
from schemagen.pages import read
from schemagen.pages.sources import Source
from schemagen.runtime import catalog_json

KINDS = FOLDER / "kinds"
SETTINGS = FOLDER / "settings"
TAGS = "aws.sagemaker_trainingjob.tags"


def explained(project: Path, subject: str) -> dict[str, Any]:
    """Return what the command prints for programs."""
    done = run(project, "explain", subject, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


def line_of(project: Path, origin: Mapping[str, Any]) -> str:
    """Return the line that an explanation points to."""
    text = (project / str(origin["path"])).read_text("utf-8")
    return text.split("\n")[int(origin["line"]) - 1]


def test_column_leads_from_page_to_outputs() -> None:
    """The places of a column are the lines that they claim to be, and each output has its name and type."""
    shown = explained(CHECKOUT, TAGS)
    assert shown["page"]["words"] == line_of(CHECKOUT, shown["page"]["origin"])
    assert shown["page"]["words"].startswith("| tags ")
    assert shown["type"] == "hstore_csv"
    [type] = shown["types"]
    assert (type["by"], type["won"], type["origin"]) == ("the page", True, shown["page"]["origin"])
    binding = shown["binding"]
    assert [binding[key] for key in ("state", "operation", "member", "evidence")] == [
        *("bound", "ListTags", "Tags", "name"),
    ]
    assert (
        line_of(CHECKOUT, binding["origin"]).strip().startswith('"tags": {"operation": "ListTags"')
    )
    assert shown["calls"] == ["ListTrainingJobs", "DescribeTrainingJob", "ListTags"]
    assert shown["outputs"]["duckdb"]["type"] == "MAP(VARCHAR, VARCHAR[])"
    for output in shown["outputs"].values():
        assert output["name"].rpartition(".")[2] in (CHECKOUT / output["path"]).read_text("utf-8")


@pytest.mark.parametrize("project", [KINDS, SETTINGS, CHECKOUT], ids=lambda path: path.name)
def test_explanations_agree_with_the_catalogue(project: Path) -> None:
    """Every column of every table is explained, as the generated catalogue has it: its type, its line,
    what fills it, its values, and its names and types in each target."""
    settings = api.settings(project)
    text = api.render(settings)[f"{settings.package}/{catalog_json.FILE}"]
    catalog = catalog_json.parse(text)
    assert catalog.tables
    for id, table in catalog.tables.items():
        [found] = api.explain(settings, id)
        assert isinstance(found, TableExplanation)
        assert [column.column.name for column in found.columns] == [
            column.name for column in table.columns
        ]
        for column, data in zip(found.columns, table.columns, strict=True):
            assert column.type == data.type
            assert column.column.origin.line == data.line
            assert [value.value for value in column.values] == [item.value for item in data.values]
            assert any(shape.won for shape in column.shapes) == (data.shape is not None)
            fill = table.binding.columns.get(data.name) if table.binding else None
            assert (column.filling.state == "unbound") == (fill is None)
            if fill:
                filling = column.filling
                assert (filling.operation, filling.member) == (fill.operation, fill.member)
                assert (filling.evidence, filling.rule) == (fill.evidence, fill.rule)
            else:
                assert column.filling.reason
            spelled = {output.target: (output.name, output.type) for output in column.outputs}
            for target in spelled.keys() & data.types.keys():
                assert spelled[target] == (data.names[target], data.types[target])


def test_files_of_a_table_are_those_of_a_build() -> None:
    """The files that an explanation lists are those that a build writes for the table."""
    for project in (KINDS, CHECKOUT):
        settings = api.settings(project)
        written = {settings.display(settings.out / path) for path in api.render(settings)}
        explanations = api.explain(settings, "*")
        assert explanations
        for table in explanations:
            assert isinstance(table, TableExplanation)
            stems = [
                f"/{table.linked.table.provider}/{table.linked.module}{end}"
                for end in (".py", ".json", ".sql", ".avsc")
            ]
            expected = {path for path in written if path.endswith(tuple(stems))}
            assert set(table.outputs.values()) == expected


RULES = """\
[[columns]]
column = "*_at"
type = "timestamp"

[[columns]]
table = "dd.a"
column = "made_at"
type = "int64"

[[columns]]
table = "dd.*"
column = "made_at"
type = "float64"

[[columns]]
column = "made_at"
was = "bool"
type = "json"

[[columns]]
column = "on"
was = "bool"
type = "string"
"""


def test_types_that_lost_are_listed_with_the_reason(tmp_path: Path) -> None:
    """The rule that won stands first; below it stand those that lost, the page, and rules for other types."""
    project = pages(
        tmp_path,
        {
            "ddsql/dd.a.dataset.md": page(
                "dd.a", "M | made_at | core | string", "O | on | core | bool"
            ),
            "ddsql/dd.b.dataset.md": page("dd.b", "M | made_at | core | bool"),
        },
    )
    (project / "schemagen.toml").write_text(RULES)
    shown = explained(project, "dd.a.made_at")["types"]
    assert [(choice["type"], choice["won"], choice["reason"]) for choice in shown] == [
        ("int64", True, "a rule of the settings wins over the page"),
        ("float64", False, "a rule that names the column wins over one with a pattern"),
        ("timestamp", False, "a rule that names the column wins over one with a pattern"),
        ("string", False, "a rule of the settings wins over the page"),
        ("json", False, "the rule is only for columns that are bool on the page"),
    ]
    assert [choice["origin"]["line"] for choice in shown] == [5, 10, 1, 17, 15]
    text = run(project, "explain", "dd.a.made_at").stdout
    assert "    won   int64, by the settings' rule for dd.a.made_at, schemagen.toml:5: " in text
    assert "lost  string, by the page, docs_src/ddsql/dd.a.dataset.md:17: " in text


def test_later_rules_win_over_earlier_ones(tmp_path: Path) -> None:
    """Of two rules with patterns, the explanation names the later one as the winner."""
    project = pages(
        tmp_path, {"ddsql/dd.a.dataset.md": page("dd.a", "M | made_at | core | string")}
    )
    (project / "schemagen.toml").write_text(
        '[[columns]]\ncolumn = "*_at"\ntype = "timestamp"\n'
        '[[columns]]\ncolumn = "made_*"\ntype = "int64"\n'
    )
    shown = explained(project, "dd.a.made_at")["types"]
    assert [(choice["type"], choice["won"]) for choice in shown] == [
        *(("int64", True), ("timestamp", False), ("string", False)),
    ]
    assert shown[1]["reason"] == "a later rule wins over an earlier one"


def test_documented_values_name_the_words_they_come_from() -> None:
    """Values of the page have the words that they were read from; recorded ones have none."""
    shown = explained(CHECKOUT, "aws.sagemaker_trainingjob.training_job_status")
    values = {value["value"]: value["words"] for value in shown["values"]}
    assert values["Failed"].startswith("Failed - The training job has failed.")
    assert values["Deleting"] is None
    text = run(CHECKOUT, "explain", "aws.sagemaker_trainingjob.training_job_status").stdout
    assert "    from 'Completed - The training job has completed.'\n        Completed: " in text
    assert "    from botocore's model, as recorded\n        Deleting\n" in text


def test_shapes_of_pages_win_over_the_record() -> None:
    """Where an API page and the record describe a column, both are shown, and the page wins; structures
    have the place that their members are from."""
    found = {
        (shape["source"], shape["won"]): (column["table"], column["column"], shape)
        for table in json.loads(run(KINDS, "explain", "*", "--format", "json").stdout).values()
        for column in table["columns"]
        for shape in column["shapes"]
        if len(column["shapes"]) == 2
    }
    assert found.keys() >= {("page", True), ("record", False)}
    table, name, shape = found["page", True]
    assert shape["origin"]["path"].startswith("docs_src/aws_api/")
    assert shape["reason"] == "an API page describes it"
    structures = explained(KINDS, f"{table}.{name}")["structures"]
    assert structures
    for structure in structures:
        line = line_of(KINDS, structure["origin"])
        assert structure["name"].partition(".")[2] in line or structure["source"] == "page"


def test_settings_that_choose_the_record_are_named(tmp_path: Path) -> None:
    """Where the settings choose the record, the page's shape lost for that reason."""
    project = tmp_path / "project"
    shutil.copytree(KINDS, project)
    choice = "service = 'pantry'\nstructure = 'DescribeKeepsakeResult'\nmember = 'Glaze'\n"
    with (project / "schemagen.toml").open("a") as file:
        file.write(f"\n[[members]]\n{choice}use = 'record'\n")
    shown = explained(project, "aws.bakery_crumb.glaze")["shapes"]
    assert [(shape["source"], shape["won"], shape["reason"]) for shape in shown] == [
        ("page", False, "the settings choose the record"),
        ("record", True, "the API page is not followed"),
    ]


def test_overrides_are_named() -> None:
    """A column that an override fills has the override's place beside that in the lock file."""
    shown = json.loads(run(SETTINGS, "explain", "aws.*", "--format", "json").stdout)
    by_hand = [
        column
        for table in shown.values()
        for column in table["columns"]
        if column["binding"]["evidence"] == "hand"
    ]
    assert by_hand
    for column in by_hand:
        override = column["binding"]["override"]
        assert "overrides" in line_of(SETTINGS, override)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("gcp.thing", "only tables of aws are bound"),
        (
            "aws.thing",
            "no lock file has a binding for it; run `schemagen bind`, which adds it or reports why"
            " not",
        ),
    ],
)
def test_unbound_tables_are_explained_with_the_reason(
    tmp_path: Path, table: str, reason: str
) -> None:
    """A table without a binding says why it has none; `schemagen bind` is suggested only where it helps."""
    name = f"ddsql/{table}.dataset.md"
    project = pages(tmp_path, {name: page(table, "A | a | core | string")})
    shown = explained(project, table)
    assert (shown["reason"], shown["binding"], shown["primary"]) == (reason, None, None)
    assert shown["columns"][0]["binding"]["reason"] == reason
    assert f"    unbound  {reason}\n" in run(project, "explain", table).stdout


def test_unbound_columns_have_the_reason_of_the_lock(tmp_path: Path) -> None:
    """What the lock file records of an unbound column is shown, with its line."""
    project = projects.seeds(tmp_path)
    lock = project / "bindings/aws/sagemaker.json"
    document = json.loads(lock.read_text())
    table = document["tables"]["aws.sagemaker_trainingjob"]
    del table["columns"]["secondary_status"]
    table["unbound"]["secondary_status"] = "two members fit"
    lock.write_text(json.dumps(document, indent=1))
    shown = explained(project, "aws.sagemaker_trainingjob.secondary_status")["binding"]
    assert (shown["state"], shown["reason"]) == ("unbound", "two members fit")
    assert "secondary_status" in line_of(project, shown["origin"])


def test_names_with_dots_are_found(tmp_path: Path) -> None:
    """Names of columns may contain dots; the id of a table is preferred."""
    text = page("dd.logs", "S | @http.status_code | core | int64", "A | a | core | string")
    project = pages(tmp_path, {"ddsql/dd.logs.dataset.md": text})
    assert explained(project, "dd.logs.@http.status_code")["type"] == "int64"
    [found] = api.explain(api.settings(project), "dd.logs.a")
    assert isinstance(found, ColumnExplanation)


def test_patterns_name_columns() -> None:
    """A pattern that matches no table explains the columns that it matches, by id."""
    shown = explained(CHECKOUT, "aws.*.tags")
    ids = ["compilation_job", "processing_job", "trainingjob"]
    assert list(shown) == [f"aws.sagemaker_{id}.tags" for id in ids]


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        (f"{TAGS}s", "aws.sagemaker_trainingjob has no column tagss; did you mean 'tags'?"),
        (
            "aws.sagemaker_trainingjobs",
            "no page has the id aws.sagemaker_trainingjobs; did you mean",
        ),
        (
            "aws.sagemaker_traningjob.tags",
            f"no page has the id aws.sagemaker_traningjob.tags; did you mean '{TAGS}'?",
        ),
        ("gcp.*.x", "no page has the table or the column gcp.*.x"),
    ],
)
def test_unknown_names_are_wrong_calls(subject: str, message: str) -> None:
    """A table or column that does not exist ends with exit status 2 and the most similar name."""
    done = run(CHECKOUT, "explain", subject)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Error: {message}" in done.stderr


def test_parameters_are_no_columns() -> None:
    """A parameter of a table function is named as one, with the command that shows it."""
    done = run(KINDS, "explain", "dd.visits.shop")
    assert done.returncode == 2
    assert (
        "dd.visits has no such column, but a parameter (`schemagen inspect dd.visits` shows it): shop"
        in done.stderr
    )


def test_text_of_pages_is_printed_as_data(tmp_path: Path) -> None:
    """Control characters of a page do not reach the terminal, and lines of a page end nowhere else."""
    project = projects.seeds(tmp_path)
    path = project / TRAINING
    path.write_text(path.read_text().replace("hstore_csv |", "hstore_csv | \x1b[31mred\x07"))
    done = run(project, "explain", TAGS)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "red" in done.stdout


def test_explaining_a_table_reads_no_other_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many pages, only that of the table is parsed, and the explanation is that of all pages together;
    problems of other pages do not matter. A page with another name than its table is found, too."""
    project = projects.seeds(tmp_path)
    text = {"ddsql/dd/other_name.dataset.md": page("dd.a", "N | n | core | string")}
    pages(project, text)
    (project / "schemagen.toml").write_text(
        '[[columns]]\ntable = "dd.*"\ncolumn = "n"\ntype = "int64"\n'
    )
    settings = api.settings(project)
    [everything] = [item for item in api.explain(settings, "aws.*.tags") if item.id == TAGS]
    parsed: list[str] = []
    parse = read.parse_source

    def counting(source: Source) -> read.ParsedPage:
        parsed.append(source.path)
        return parse(source)

    monkeypatch.setattr(read, "parse_source", counting)
    assert api.explain(settings, TAGS) == (everything,)
    assert [path for path in parsed if "/ddsql/" in path] == [TRAINING]
    [found] = api.explain(settings, "dd.a.n")
    assert isinstance(found, ColumnExplanation)
    assert found.type == "int64"
    with pytest.raises(UnknownTables, match=r"did you mean 'aws\.sagemaker_trainingjob'"):
        api.explain(settings, "aws.sagemaker_trainingjobs")
    (project / "docs_src/ddsql/dd/other_name.dataset.md").write_text("# Nothing\n")
    assert api.explain(settings, TAGS) == (everything,)
    (project / TRAINING).write_text("# Nothing\n")
    with pytest.raises(ProblemsFound):
        api.explain(settings, TAGS)


@pytest.mark.parametrize("project", [KINDS, SETTINGS], ids=lambda path: path.name)
def test_tables_are_explained_alike_alone_and_together(project: Path) -> None:
    """What is left out when a single table is explained does not matter for it."""
    settings = api.settings(project)
    together = api.explain(settings, "*")
    assert together
    for table in together:
        assert api.explain(settings, table.id) == (table,)
