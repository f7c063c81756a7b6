"""`schemagen build --explain`: each file that is rendered has the reason, also where it stays the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from projects import TRAINING, page, pages, run, seeds, tree
from schemagen import api
from schemagen.build import toolchain
from schemagen.build.plan import plan
from schemagen.build.reasons import Cause, Outcome, explained

PAGE = "docs_src/ddsql/dd/dd.a.dataset.md"
OTHER = "docs_src/ddsql/dd/dd.b.dataset.md"
PACKAGE = "generated/ddsql_schemas"
MODEL = f"{PACKAGE}/models/dd/a.py"
DDL = f"{PACKAGE}/ddl/duckdb/dd/a.sql"
CATALOG = f"{PACKAGE}/catalog.json"
LOCK = "bindings/aws/sagemaker.json"
API_PAGE = "docs_src/aws_api/sagemaker/API_SecondaryStatusTransition.md"
MAPPERS = f"{PACKAGE}/mappers/aws"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seed project with two small tables more, built once. Tests copy it."""
    folder = seeds(tmp_path_factory.mktemp("seeds"))
    rows = {"dd.a": "N | n | core | string", "dd.b": "M | m | core | int64"}
    pages(folder, {f"ddsql/dd/{id}.dataset.md": page(id, row) for id, row in rows.items()})
    api.build(api.settings(folder))
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    """A built copy, to change."""
    return Path(shutil.copytree(built, tmp_path / "project"))


def reasons(project: Path, *, full: bool = False) -> dict[str, tuple[Outcome, Cause, str]]:
    """Path -> outcome, cause and subject of everything that a build renders or removes."""
    return {
        item.path: (item.outcome, item.reason.cause, item.reason.subject)
        for item in explained(plan(api.settings(project), full=full))
    }


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        text = (project / path).read_text("utf-8")
        assert old in text
        (project / path).write_text(text.replace(old, new), "utf-8")

    return change


def test_nothing_is_explained_where_nothing_is_rendered(project: Path) -> None:
    """A build of an up-to-date tree renders no file."""
    assert reasons(project) == {}


def test_first_build_is_explained_by_missing_files(project: Path) -> None:
    """Without an output folder, every file is missing."""
    shutil.rmtree(project / "generated")
    found = reasons(project)
    assert found[MODEL] == (Outcome.ADDED, Cause.MISSING, PAGE)
    assert {(outcome, cause) for outcome, cause, _ in found.values()} == {
        (Outcome.ADDED, Cause.MISSING)
    }
    api.build(api.settings(project))
    assert found.keys() == {f"generated/{path}" for path in tree(project / "generated")}


def test_changed_page_explains_the_files_of_its_table_alone(project: Path) -> None:
    """A page is the reason for its table's files, the same or not, and for those that all tables share."""
    edit(PAGE, "| N | n | core | string |", "| N | n | core | bool |")(project)
    found = reasons(project)
    assert found[MODEL] == (Outcome.CHANGED, Cause.PAGE, PAGE)
    assert found[CATALOG] == (Outcome.CHANGED, Cause.PAGE, PAGE)
    assert found[f"{PACKAGE}/__init__.py"] == (Outcome.UNCHANGED, Cause.PAGE, PAGE)
    assert not [path for path in found if path.endswith(("/b.py", "/b.sql", "/b.json"))]


def test_new_page_is_the_reason_for_its_files(project: Path) -> None:
    """The files of a new table are missing, and its page is the reason why shared ones change."""
    pages(project, {"ddsql/dd/dd.c.dataset.md": page("dd.c", "C | c | core | string")})
    found = reasons(project)
    new = "docs_src/ddsql/dd/dd.c.dataset.md"
    assert found[f"{PACKAGE}/models/dd/c.py"] == (Outcome.ADDED, Cause.MISSING, new)
    assert found[CATALOG] == (Outcome.CHANGED, Cause.PAGE, new)


def test_deleted_page_is_the_reason_for_shared_files(project: Path) -> None:
    """The files of a table whose page is gone are removed, and the page is why the catalogue changes."""
    (project / OTHER).unlink()
    found = reasons(project)
    assert found[f"{PACKAGE}/models/dd/b.py"] == (Outcome.REMOVED, Cause.ORPHANED, "")
    assert found[CATALOG] == (Outcome.CHANGED, Cause.TABLES, OTHER)


def test_damaged_file_is_the_reason_for_the_other_files_of_its_table(project: Path) -> None:
    """Tables are rendered as a whole: the file that was edited or lost is why the others are, too."""
    edit(MODEL, "StrictStr", "str")(project)
    found = reasons(project)
    assert found[MODEL] == (Outcome.CHANGED, Cause.HAND, "")
    assert found[DDL] == (Outcome.UNCHANGED, Cause.TOGETHER, MODEL)
    (project / MODEL).unlink()
    found = reasons(project)
    assert found[MODEL] == (Outcome.ADDED, Cause.MISSING, PAGE)
    assert found[CATALOG] == (Outcome.UNCHANGED, Cause.TOGETHER, MODEL)


def test_changed_lock_and_api_page_are_named(project: Path) -> None:
    """A single lock file, or API page, that is the reason is named; tables of other services stay."""
    edit(LOCK, '"role_arn": {"member": "RoleArn"', '"role_arn": {"member": "FailureReason"')(
        project
    )
    found = reasons(project)
    mapper = f"{MAPPERS}/sagemaker_trainingjob.py"
    assert found[mapper] == (Outcome.CHANGED, Cause.BINDING, LOCK)
    assert MODEL not in found
    api.build(api.settings(project))
    edit(API_PAGE, "A timestamp that shows when", "When")(project)
    found = reasons(project)
    assert found[mapper] == (Outcome.UNCHANGED, Cause.API, API_PAGE)
    structure = f"{PACKAGE}/structures/aws/sagemaker/secondary_status_transition.py"
    assert found[structure] == (Outcome.CHANGED, Cause.API, API_PAGE)


def test_full_builds_say_so(project: Path) -> None:
    """With --full, the call is the reason, unless something changed."""
    found = reasons(project, full=True)
    assert found[MODEL] == (Outcome.UNCHANGED, Cause.FULL, "")
    assert {cause for _, cause, _ in found.values()} == {Cause.FULL}
    edit(PAGE, "A made-up table.", "Another table.")(project)
    found = reasons(project, full=True)
    assert found[MODEL] == (Outcome.CHANGED, Cause.PAGE, PAGE)
    assert found[f"{PACKAGE}/models/dd/b.py"][:2] == (Outcome.UNCHANGED, Cause.PAGE)


def test_changed_generator_settings_and_manifest_explain_everything(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What every file depends on is the reason for every file."""
    with monkeypatch.context() as patched:
        patched.setattr(toolchain, "fingerprint", lambda: "other")
        assert {cause for _, cause, _ in reasons(project).values()} == {Cause.GENERATOR}
    (project / "generated/manifest.json").unlink()
    found = reasons(project)
    assert found.pop("generated/manifest.json") == (Outcome.ADDED, Cause.MISSING, "")
    assert {cause for _, cause, _ in found.values()} == {Cause.UNRECORDED}
    api.build(api.settings(project))
    with (project / "schemagen.toml").open("a") as settings:
        settings.write('base_uri = "https://schemas.example/"\n')
    assert {cause for _, cause, _ in reasons(project).values()} == {Cause.SETTINGS}


def test_command_prints_reasons(project: Path) -> None:
    """The reasons are lines, or JSON, on stdout; with --check nothing is written."""
    edit(PAGE, "A made-up table.", "Another table.")(project)
    before = tree(project / "generated")
    checked = run(project, "build", "--check", "--explain")
    assert checked.returncode == 1
    assert f"{DDL}: changed: page changed ({PAGE})\n" in checked.stdout
    assert tree(project / "generated") == before
    as_json = run(project, "build", "--check", "--explain", "--format", "json")
    assert as_json.returncode == 1
    files = json.loads(as_json.stdout)["files"]
    assert {"path": DDL, "outcome": "changed", "cause": "page changed", "subject": PAGE} in files
    done = run(project, "build", "--explain")
    assert (done.returncode, done.stdout) == (0, checked.stdout)
    assert run(project, "build", "--explain").stdout == ""
    assert run(project, "build", "--check", "--explain").returncode == 0


@pytest.mark.parametrize("other", [("--keep-going",), ("--format", "github")])
def test_explain_excludes_what_it_cannot_explain(project: Path, other: tuple[str, ...]) -> None:
    """Combinations without a meaning are wrong calls."""
    done = run(project, "build", "--explain", *other)
    assert done.returncode == 2
    assert f"--explain and {' '.join(other)} exclude each other" in done.stderr


def test_page_of_a_bound_table_is_named(project: Path) -> None:
    """The page of a bound table is the reason for its mapper and its calls."""
    edit(TRAINING, "Name of the model training job.", "Its name.")(project)
    found = reasons(project)
    for path in (
        f"{MAPPERS}/sagemaker_trainingjob.py",
        f"{PACKAGE}/calls/aws/sagemaker_trainingjob.py",
    ):
        assert found[path][1:] == (Cause.PAGE, TRAINING)
