"""schemagen.build.keep_going: a bad page neither stops the others nor loses what was made from it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from projects import COMPILATION, TRAINING, page, pages, run, seeds, tree
from schemagen import api
from schemagen.diagnostics import ProblemsFound

API_PAGE = "docs_src/aws_api/sagemaker/API_SecondaryStatusTransition.md"
LOCK = "bindings/aws/sagemaker.json"
GOOD = "docs_src/ddsql/dd/dd.a.dataset.md"
SAGEMAKER = {
    "aws.sagemaker_compilation_job",
    "aws.sagemaker_processing_job",
    "aws.sagemaker_trainingjob",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seed project with a table of another service, built once. Tests copy it."""
    folder = seeds(tmp_path_factory.mktemp("seeds"))
    pages(folder, {"ddsql/dd/dd.a.dataset.md": page("dd.a", "n | core | string | N.")})
    api.build(api.settings(folder))
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "project"))


def outputs(project: Path) -> dict[str, bytes]:
    """The generated files, without those that cover all tables."""
    files = tree(project / "generated")
    shared = ("manifest.json", "ddsql_schemas/catalog.json", "ddsql_schemas/catalog.py")
    return {path: text for path, text in files.items() if path not in shared}


def catalog_ids(project: Path) -> set[str]:
    return set(api.load_catalog(project / "generated").tables)


def spoil(path: str, old: str = "", new: str = "") -> Callable[[Path], None]:
    """Replace ``old`` in the file at ``path``, or all of it."""

    def apply(project: Path) -> None:
        text = (project / path).read_text()
        assert old in text
        (project / path).write_text(text.replace(old, new, 1) if old else new)

    return apply


def unreadable_folder(project: Path) -> None:
    """A link in place of the folder: root could read any folder."""
    shutil.rmtree(project / "docs_src/ddsql/aws")
    (project / "docs_src/ddsql/aws").symlink_to(project / "gone")


FAULTS: list[tuple[str, Callable[[Path], None], set[str]]] = [
    ("type", spoil(TRAINING, "hstore_csv", "hstore_cvs"), {"aws.sagemaker_trainingjob"}),
    ("no page", spoil(TRAINING, new="x"), {"aws.sagemaker_trainingjob"}),
    ("API page", spoil(API_PAGE, new="x"), SAGEMAKER),
    ("lock", spoil(LOCK, new="{"), SAGEMAKER),
    ("folder", unreadable_folder, SAGEMAKER),
]


@pytest.mark.parametrize(
    ("fault", "held"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS]
)
def test_keep_going_leaves_what_cannot_be_read_as_it_was(
    built: Path, project: Path, fault: Callable[[Path], None], held: set[str]
) -> None:
    """The other pages are built; tables of the bad file keep their files and their place in the
    catalogue, in this run and the next, and are built again once the file is right."""
    fault(project)
    spoil(GOOD, "N.", "Another description.")(project)
    with pytest.raises(ProblemsFound) as raised:
        api.build(api.settings(project))
    settings = api.settings(project)
    changes = api.build(settings, keep_going=True)
    assert changes.problems == raised.value.problems
    assert (set(changes.held), changes.waiting, changes.removed) == (held, (), ())
    assert "ddsql_schemas/models/dd/a.py" in changes.written
    before, after = outputs(built), outputs(project)
    assert before.keys() == after.keys()
    changed = {path for path in before if before[path] != after[path]}
    assert {path.rpartition("/")[2].partition(".")[0] for path in changed} == {"a"}
    assert catalog_ids(project) == {*SAGEMAKER, "dd.a"}
    again = api.build(settings, keep_going=True)
    assert (again.written, again.removed, set(again.held)) == ((), (), held)
    assert outputs(project) == after
    restore(built, project)
    api.build(api.settings(project))
    assert tree(project / "generated") == tree(built / "generated")


def restore(built: Path, project: Path) -> None:
    """Make the inputs those of ``built`` again."""
    for folder in ("docs_src", "bindings"):
        shutil.rmtree(project / folder)
        shutil.copytree(built / folder, project / folder)


def test_keep_going_builds_the_other_tables_of_a_first_build(built: Path, project: Path) -> None:
    """A new page that is bad is left out and named; the exit status is 1."""
    shutil.rmtree(project / "generated")
    spoil(TRAINING, "hstore_csv", "hstore_cvs")(project)
    done = run(project, "build", "--keep-going")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == "aws.sagemaker_trainingjob: new, but not built"
    assert f"{TRAINING}:" in done.stderr
    assert "ddsql_schemas/models/aws/sagemaker_trainingjob.py" not in outputs(project)
    assert "ddsql_schemas/models/aws/sagemaker_compilation_job.py" in outputs(project)
    restore(built, project)
    api.build(api.settings(project))
    assert tree(project / "generated") == tree(built / "generated")


def test_keep_going_removes_what_was_made_from_a_deleted_page(project: Path) -> None:
    """Only what cannot be read is kept: a page that is gone takes its files with it."""
    spoil(API_PAGE, new="x")(project)
    (project / COMPILATION).unlink()
    changes = api.build(api.settings(project), keep_going=True)
    assert "ddsql_schemas/models/aws/sagemaker_compilation_job.py" in changes.removed
    assert set(changes.held) == SAGEMAKER - {"aws.sagemaker_compilation_job"}
    assert "aws.sagemaker_compilation_job" not in catalog_ids(project)


def test_keep_going_keeps_a_table_whose_page_moved_and_cannot_be_read(project: Path) -> None:
    """A new layout of the folder, with a page that is cut short, loses nothing either."""
    moved = project / "docs_src/ddsql/sagemaker" / Path(TRAINING).name
    moved.parent.mkdir()
    (project / TRAINING).rename(moved)
    moved.write_text("# cut")
    before = outputs(project)
    changes = api.build(api.settings(project), keep_going=True)
    assert (changes.held, changes.waiting, changes.removed) == (
        ("aws.sagemaker_trainingjob",),
        (),
        (),
    )
    assert outputs(project) == before


def test_keep_going_renders_everything_again_after_a_change_of_the_settings(
    built: Path, project: Path
) -> None:
    """Files that were kept through a change of the settings count as out of date, although page and
    lock are as they were."""
    spoil(TRAINING, "hstore_csv", "hstore_cvs")(project)
    (project / "schemagen.toml").write_text('base_uri = "urn:other:"\n')
    schema = "ddsql_schemas/json_schema/aws/sagemaker_trainingjob.json"
    api.build(api.settings(project), keep_going=True)
    assert b"urn:other:" not in outputs(project)[schema]
    restore(built, project)
    api.build(api.settings(project))
    assert b"urn:other:" in outputs(project)[schema]
    assert not api.check(api.settings(project), full=True)


def test_keep_going_stops_at_problems_of_the_settings(project: Path) -> None:
    """Settings concern all tables: nothing is written."""
    before = tree(project / "generated")
    spoil(TRAINING, "hstore_csv", "hstore_cvs")(project)
    override = '[[overrides]]\ntable = "aws.nothing"\ncolumn = "x"\nbind = "unbound"\n'
    (project / "schemagen.toml").write_text(override)
    done = run(project, "build", "--keep-going")
    assert done.returncode == 2
    assert tree(project / "generated") == before


def test_keep_going_without_problems_is_a_build(built: Path, project: Path) -> None:
    """Exit status 0, and the same bytes."""
    shutil.rmtree(project / "generated")
    assert run(project, "build", "--keep-going").returncode == 0
    assert tree(project / "generated") == tree(built / "generated")


def test_keep_going_fails_if_nothing_is_right(project: Path) -> None:
    """Without a table there is no package; the problems are those of a build."""
    shutil.rmtree(project / "generated")
    for path in project.glob("docs_src/ddsql/*/*.md"):
        path.write_text("x")
    plain, keeping = run(project, "build"), run(project, "build", "--keep-going")
    assert (keeping.returncode, keeping.stderr) == (plain.returncode, plain.stderr)
    assert not (project / "generated").exists()


def test_keep_going_and_check_exclude_each_other(project: Path) -> None:
    """A check that passes over problems would be green while pages cannot be read."""
    done = run(project, "build", "--keep-going", "--check")
    assert done.returncode == 2
    assert "--check and --keep-going exclude each other" in done.stderr


# --- exclude --------------------------------------------------------------------------------------


def test_exclude_leaves_pages_and_folders_out(project: Path) -> None:
    """Excluded pages are not read, whatever is wrong with them, and every build says so."""
    spoil(TRAINING, new="x")(project)
    (project / "docs_src/bad").mkdir()
    (project / "docs_src/bad/loop").symlink_to("loop")
    toml = 'exclude = ["ddsql/aws/*trainingjob*", "bad", "aws_api/*/API_Gone.md"]\n'
    (project / "schemagen.toml").write_text(toml)
    for arguments in (["build"], ["build"], ["build", "--check"]):
        done = run(project, *arguments)
        assert done.returncode == 0, done.stderr
        assert done.stderr.splitlines()[:3] == [
            f"excluded: {TRAINING}",
            "excluded: docs_src/bad",
            "exclude: 'aws_api/*/API_Gone.md' matches nothing below docs_src; correct or remove it",
        ]
    assert "aws.sagemaker_trainingjob" not in catalog_ids(project)


def test_exclude_says_that_a_page_can_be_read(project: Path) -> None:
    """An exclusion for a fault that is gone can go, too."""
    (project / "schemagen.toml").write_text('exclude = ["ddsql/dd/dd.a.dataset.md"]\n')
    assert run(project, "build").stderr.splitlines()[0] == (
        f"excluded: {GOOD}; it can be read: remove it from `exclude` if it is wanted"
    )


def test_exclude_says_that_a_pattern_matches_nothing_when_the_page_fails(project: Path) -> None:
    """Patterns are relative to the folder of the pages; the path of a message is not."""
    spoil(TRAINING, new="x")(project)
    (project / "schemagen.toml").write_text(f'exclude = ["{TRAINING}"]\n')
    for arguments in (["build"], ["build", "--check"], ["build", "--keep-going"]):
        assert run(project, *arguments).stderr.splitlines()[0] == (
            f"exclude: '{TRAINING}' matches nothing below docs_src; correct or remove it"
        )


def test_exclude_of_all_pages_is_a_problem(project: Path) -> None:
    """Nothing is removed because a pattern matches too much."""
    (project / "schemagen.toml").write_text('exclude = ["*"]\n')
    with pytest.raises(ProblemsFound, match=r"SG103 .* besides those that `exclude` matches"):
        api.build(api.settings(project))


@pytest.mark.parametrize("arguments", [[], ["--check"], ["--keep-going"], ["--full"]])
def test_build_from_api_pages_alone_is_a_problem(project: Path, arguments: list[str]) -> None:
    """Pages that describe no table are no reason to remove the package, and no fault of the program."""
    before = tree(project / "generated")
    (project / "schemagen.toml").write_text('exclude = ["ddsql"]\n')
    done = run(project, "build", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "excluded: docs_src/ddsql",
        "docs_src:1:1: SG103 the folder contains no dataset pages (*.dataset.md) besides those that"
        " `exclude` matches; add them, or set another folder with `docs`",
    ]
    assert tree(project / "generated") == before
