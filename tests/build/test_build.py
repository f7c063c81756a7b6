"""schemagen.build: the output folder holds what the inputs lead to, and nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from checkouts import git
from projects import COMPILATION, TRAINING, page, pages, run, seeds, tree
from schemagen import api
from schemagen.build import disk, manifest, toolchain
from schemagen.build.check import Cause
from schemagen.build.plan import plan
from schemagen.build.workers import MIN_PARTS_PER_JOB
from schemagen.diagnostics import ProblemsFound
from schemagen.pages.read import ParsedPage, parse_source
from schemagen.pages.sources import Source

TRAINING_ID = "aws.sagemaker_trainingjob"
TABLE_FILES = {
    "ddsql_schemas/arrow/dd/a.py",
    "ddsql_schemas/ddl/duckdb/dd/a.sql",
    "ddsql_schemas/ddl/postgres/dd/a.sql",
    "ddsql_schemas/ddl/postgres_jsonb/dd/a.sql",
    "ddsql_schemas/json_schema/dd/a.json",
    "ddsql_schemas/models/dd/a.py",
    "ddsql_schemas/tables/dd/a.py",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seed project, built once. Tests copy it."""
    folder = seeds(tmp_path_factory.mktemp("seeds"))
    api.build(api.settings(folder))
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    """A built copy of the seed project, to spoil."""
    return Path(shutil.copytree(built, tmp_path / "project"))


def findings(project: Path) -> dict[str, str]:
    """Path -> cause of everything that is out of date."""
    return {item.path: str(item.cause) for item in api.check(api.settings(project))}


def test_build_writes_these_files_for_a_table(tmp_path: Path) -> None:
    """A table without a binding has seven files, beside those of every package: each folder with
    modules is a package, and a distribution can be built from the whole."""
    project = pages(
        tmp_path, {"ddsql/dd/dd.a.dataset.md": page("dd.a", "Name | a | core | string")}
    )
    changes = api.build(api.settings(project))
    files = set(tree(project / "generated"))
    assert set(changes.written) == files
    assert {path for path in files if "/dd/" in path and "__init__" not in path} == TABLE_FILES
    assert {path for path in files if "/" not in path} == {
        *(".gitattributes", "README.md", "manifest.json", "pyproject.toml")
    }
    folders = {path.rpartition("/")[0] for path in files if path.endswith(".py")}
    assert len(folders) > 5
    assert {f"{folder}/__init__.py" for folder in folders} <= files


def test_render_returns_what_build_writes(built: Path) -> None:
    """`api.render` returns the bytes that a build writes, and writes nothing."""
    rendered = api.render(api.settings(built))
    assert rendered
    on_disk = tree(built / "generated")
    assert {path: text.encode() for path, text in rendered.items()} == on_disk


def test_build_touches_nothing_when_up_to_date(project: Path) -> None:
    """Where no input changed, no file is written and a check finds nothing."""
    before = {path: path.stat().st_mtime_ns for path in (project / "generated").rglob("*")}
    assert not api.build(api.settings(project))
    assert {path: path.stat().st_mtime_ns for path in (project / "generated").rglob("*")} == before
    assert findings(project) == {}


def test_build_takes_the_catalogue_of_unchanged_tables_from_disk(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a page changed, only its table is parsed and linked; the catalogue has all of them."""
    text = (project / TRAINING).read_text()
    (project / TRAINING).write_text(text.replace("Name of the model training job.", "Its name."))
    parsed: list[str] = []

    def parse(source: Source) -> ParsedPage:
        parsed.append(source.path)
        return parse_source(source)

    monkeypatch.setattr("schemagen.build.selection.parse_source", parse)
    api.build(api.settings(project))
    assert [path for path in parsed if path.endswith(".dataset.md")] == [TRAINING]
    catalog = api.load_catalog(project)
    assert len(catalog.tables) == 3
    described = [column.description for column in catalog.tables[TRAINING_ID].columns]
    assert "Its name." in described


@pytest.mark.parametrize("damage", ["edited", "missing"])
def test_build_restores_the_catalogue_alone(project: Path, damage: str) -> None:
    """Where only the catalogue is not what was written, no other file is rendered."""
    path = project / "generated/ddsql_schemas/catalog.json"
    before = path.read_bytes()
    if damage == "edited":
        path.write_bytes(before.replace(b'"format": 1', b'"format": 2'))
    else:
        path.unlink()
    assert list(findings(project)) == ["generated/ddsql_schemas/catalog.json"]
    planned = plan(api.settings(project))
    assert not [path for path in planned.files if path.endswith("sagemaker_trainingjob.py")]
    assert api.build(api.settings(project)).written == ("ddsql_schemas/catalog.json",)
    assert path.read_bytes() == before


def test_build_drops_a_table_from_the_catalogue(project: Path) -> None:
    """A table without a page leaves the catalogue, with the structures that only it reached."""
    before = api.load_catalog(project)
    (project / TRAINING).unlink()
    lock = project / "bindings/aws/sagemaker.json"
    document = json.loads(lock.read_text())
    del document["tables"][TRAINING_ID]
    lock.write_text(json.dumps(document))
    api.build(api.settings(project))
    after = api.load_catalog(project)
    assert before.tables.keys() - after.tables.keys() == {TRAINING_ID}
    reached = {key for table in after.tables.values() for key in table.structures}
    assert after.structures.keys() == reached < before.structures.keys()


def test_partial_build_ends_where_a_full_build_does(project: Path) -> None:
    """Builds after several changes leave the tree that a full build makes."""
    text = (project / TRAINING).read_text()
    (project / TRAINING).write_text(text.replace("Name of the model training job.", "Its name."))
    shutil.copy(project / COMPILATION, project / "docs_src/ddsql/aws/copy.dataset.md")
    copy = project / "docs_src/ddsql/aws/copy.dataset.md"
    copy.write_text(copy.read_text().replace("aws.sagemaker_compilation_job\n", "aws.copy\n"))
    changes = api.build(api.settings(project))
    assert "ddsql_schemas/models/aws/copy.py" in changes.written
    assert "ddsql_schemas/models/aws/sagemaker_processing_job.py" not in changes.written
    partial = tree(project / "generated")
    shutil.rmtree(project / "generated")
    api.build(api.settings(project))
    assert tree(project / "generated") == partial


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def apply(project: Path) -> None:
        text = (project / path).read_text()
        assert old in text
        (project / path).write_text(text.replace(old, new))

    return apply


def remove(path: str) -> Callable[[Path], None]:
    return lambda project: (project / path).unlink()


MODELS = "generated/ddsql_schemas/models/aws"
DDL = "generated/ddsql_schemas/ddl"
CAUSES: list[tuple[str, Callable[[Path], None], dict[str, Cause]]] = [
    (
        "page changed",
        edit(TRAINING, "Name of the model training job.", "Its name."),
        {
            f"{MODELS}/sagemaker_trainingjob.py": Cause.PAGE,
            f"{DDL}/duckdb/aws/sagemaker_trainingjob.sql": Cause.PAGE,
        },
    ),
    (
        "edited by hand",
        edit(f"{MODELS}/sagemaker_trainingjob.py", "StrictStr", "str"),
        {f"{MODELS}/sagemaker_trainingjob.py": Cause.HAND},
    ),
    (
        "shared file edited by hand",
        edit("generated/ddsql_schemas/catalog.py", "Look up the tables", "Some tables"),
        {"generated/ddsql_schemas/catalog.py": Cause.HAND},
    ),
    (
        "missing",
        remove(f"{DDL}/postgres/aws/sagemaker_trainingjob.sql"),
        {f"{DDL}/postgres/aws/sagemaker_trainingjob.sql": Cause.MISSING},
    ),
    (
        "orphaned",
        remove(COMPILATION),
        {
            f"{MODELS}/sagemaker_compilation_job.py": Cause.ORPHANED,
            "generated/ddsql_schemas/catalog.py": Cause.TABLES,
        },
    ),
    (
        "settings changed",
        edit("schemagen.toml", 'docs = "docs_src"', 'base_uri = "https://x/"'),
        {
            "generated/ddsql_schemas/json_schema/aws/sagemaker_trainingjob.json": Cause.SETTINGS,
        },
    ),
    (
        "API page changed",
        edit(
            "docs_src/aws_api/sagemaker/API_SecondaryStatusTransition.md",
            "A timestamp that shows when the training job transitioned to",
            "When it came to",
        ),
        {
            "generated/ddsql_schemas/structures/aws/sagemaker/secondary_status_transition.py": Cause.API
        },
    ),
    (
        "binding changed",
        edit(
            "bindings/aws/sagemaker.json",
            '"role_arn": {"member": "RoleArn", "evidence": "both"}',
            '"role_arn": {"member": "FailureReason", "evidence": "both"}',
        ),
        {"generated/ddsql_schemas/mappers/aws/sagemaker_trainingjob.py": Cause.BINDING},
    ),
    (
        "manifest lost",
        remove("generated/manifest.json"),
        {"generated/manifest.json": Cause.MISSING},
    ),
]


@pytest.mark.parametrize(
    ("spoil", "expected"), [case[1:] for case in CAUSES], ids=[case[0] for case in CAUSES]
)
def test_check_reports_the_cause_of_each_difference(
    project: Path, spoil: Callable[[Path], None], expected: dict[str, Cause]
) -> None:
    """Every kind of difference has a cause of its own, and a build removes it."""
    spoil(project)
    found = findings(project)
    assert found.items() >= {path: str(cause) for path, cause in expected.items()}.items()
    assert set(found.values()) <= {*(str(cause) for cause in expected.values()), Cause.TABLES}
    before = tree(project / "generated")
    findings(project)
    assert tree(project / "generated") == before, "a check writes nothing"
    api.build(api.settings(project))
    assert findings(project) == {}


def test_check_reports_a_changed_generator(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of schemagen is distinguished from a file edited by hand."""
    settings = api.settings(project)
    monkeypatch.setattr(toolchain, "fingerprint", lambda: "other")
    (finding,) = api.check(settings)
    assert (finding.path, finding.cause) == ("generated/manifest.json", Cause.GENERATOR)
    assert api.build(settings).written == ("manifest.json",)


def test_full_check_ignores_the_manifest(project: Path) -> None:
    """``full`` renders everything, so that it notices a manifest with wrong hashes."""
    path = project / "generated/manifest.json"
    model = project / MODELS / "sagemaker_trainingjob.py"
    lie = model.read_bytes() + b"# lie\n"
    text = path.read_text().replace(disk.digest(model.read_bytes()), disk.digest(lie))
    model.write_bytes(lie)
    path.write_text(text)
    settings = api.settings(project)
    assert api.check(settings) == ()
    assert [item.path for item in api.check(settings, full=True)] == [
        f"{MODELS}/sagemaker_trainingjob.py"
    ]


def test_build_removes_orphans_with_their_folders(project: Path) -> None:
    """Files that are no longer produced are deleted; files that schemagen did not write stay."""
    mine = project / MODELS / "mine.py"
    mine.write_text("# mine\n")
    folders = ("calls", "mappers", "shapes", "structures")
    before = {
        f"ddsql_schemas/{folder}/{path}"
        for folder in folders
        for path in tree(project / "generated/ddsql_schemas" / folder)
    }
    shutil.rmtree(project / "docs_src/aws_api")
    shutil.rmtree(project / "bindings/aws")
    changes = api.build(api.settings(project))
    assert changes.removed == tuple(sorted(before))
    assert "ddsql_schemas/structures/aws/sagemaker/secondary_status_transition.py" in before
    assert not any((project / "generated/ddsql_schemas" / folder).exists() for folder in folders)
    assert mine.exists()


def test_plan_renders_structures_that_may_have_changed(project: Path) -> None:
    """A changed page renders no structures. A structure's module is rendered when it was edited, and
    when an API page has changed."""
    structures = "ddsql_schemas/structures/aws/sagemaker"
    edited = project / "generated" / structures / "channel.py"
    right = edited.read_bytes()
    edited.write_text("# my work\n")
    page = project / TRAINING
    page.write_text(page.read_text() + "\nMore.\n")
    files = plan(api.settings(project)).files
    assert {path for path in files if "/structures/" in path and "__init__" not in path} == {
        f"{structures}/channel.py"
    }
    api.build(api.settings(project))
    assert edited.read_bytes() == right
    assert api.check(api.settings(project), full=True) == ()
    api_page = project / "docs_src/aws_api/sagemaker/API_SecondaryStatusTransition.md"
    api_page.write_text(api_page.read_text() + "\n")
    files = plan(api.settings(project)).files
    assert {f"{structures}/channel.py", f"{structures}/secondary_status_transition.py"} <= set(
        files
    )


def test_build_keeps_orphans_that_were_modified_by_hand(project: Path) -> None:
    """A file modified by hand is never deleted; the build reports it."""
    edited = project / MODELS / "sagemaker_compilation_job.py"
    edited.write_text("# my work\n")
    (project / COMPILATION).unlink()
    changes = api.build(api.settings(project))
    kept = "ddsql_schemas/models/aws/sagemaker_compilation_job.py"
    assert changes.kept == (kept,)
    assert edited.read_text() == "# my work\n"


def test_build_reports_kept_orphans_until_they_are_gone(project: Path) -> None:
    """Every build and check reports an orphan that was edited by hand. With its generated text it is
    removed; once it is gone, it is forgotten."""
    kept = "ddsql_schemas/models/aws/sagemaker_compilation_job.py"
    edited = project / "generated" / kept
    generated = edited.read_text()
    edited.write_text("# my work\n")
    (project / COMPILATION).unlink()
    settings = api.settings(project)
    api.build(settings)
    again = api.build(settings)
    assert (again.written, again.kept) == ((), (kept,))
    assert findings(project) == {f"generated/{kept}": str(Cause.KEPT)}
    done = run(project, "build", "--check")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"generated/{kept}: no longer generated, but edited by hand",
        "1 file is no longer generated; move or delete what was edited by hand",
    ]
    edited.write_text(generated)
    assert api.build(settings).removed == (kept,)
    assert not api.build(settings)
    assert findings(project) == {}


def test_build_refuses_to_overwrite_foreign_files(tmp_path: Path) -> None:
    """A build refuses an output folder with another project's files, and leaves it as it is."""
    project = pages(
        tmp_path, {"ddsql/dd/dd.a.dataset.md": page("dd.a", "Name | a | core | string")}
    )
    (project / "pyproject.toml").write_text('[project]\nname = "mine"\n')
    before = tree(project)
    settings = replace(api.settings(project), out=project)
    with pytest.raises(ProblemsFound) as caught:
        api.build(settings)
    assert str(caught.value) == (
        "pyproject.toml:1:1: SG503 this file was not written by schemagen; "
        "move it away or choose another output folder"
    )
    assert tree(project) == before


@pytest.mark.parametrize(
    "text", ['{"name": "My application", "icons": []}\n', "\udcff\n", '{\n"format": 2\n}\n']
)
def test_build_refuses_a_foreign_manifest(project: Path, text: str) -> None:
    """The manifest.json of another program is not overwritten, and a check does not ignore it."""
    path = project / "generated/manifest.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    before = tree(project)
    fault = (
        "generated/manifest.json:1:1: SG503 this file was not written by schemagen; "
        "move it away or choose another output folder"
    )
    for command in (["build"], ["build", "--check"], ["build", "--full"]):
        done = run(project, *command)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{fault}\n")
    assert tree(project) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"format": 2', '<<<<<<< ours\n"format": 2'),
        ('"format": 2', '"format": 99'),
        ('"pyproject.toml"', '"../../pyproject.toml"'),
        ('"tables": {', '"tables": ["'),
        ('"toolchain"', '"tolchain"'),
        ('"format": 2', '"format": ' + "9" * 5000),
        ('"format": 2', '"format": NaN'),
        ('"format": 2', '"format": ' + "[" * 100_000),
        ('"pyproject.toml"', '"py\\ud800project.toml"'),
        ('"pyproject.toml"', '"py\\u0000project.toml"'),
        ('"pyproject.toml"', '"p\u00fdproject.toml"'),
        ('"pyproject.toml"', f'"{"a" * 300}/pyproject.toml"'),
        ('"module": "sagemaker_trainingjob"', '"module": "x; import os"'),
        ('"module": "sagemaker_trainingjob"', '"module": ["x"]'),
        ('"key": true', '"key": 1'),
        ('"aws.sagemaker_trainingjob": {', '"aws.sagemaker trainingjob": {'),
    ],
    ids=lambda text: ascii(text[:40]),
)
def test_build_ignores_a_manifest_that_cannot_be_read(project: Path, old: str, new: str) -> None:
    """A manifest with a merge conflict or a wrong entry counts as missing, however hostile it is."""
    path = project / "generated/manifest.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    outside = project.parent / "pyproject.toml"
    outside.write_text("mine")
    assert findings(project) == {"generated/manifest.json": "missing"}
    api.build(api.settings(project))
    assert path.read_text() == text
    assert outside.read_text() == "mine"


OLDER = "ddsql_schemas/_runtime/convert/scalars.py"


@pytest.mark.parametrize("conflict", [False, True])
def test_build_without_manifest_overwrites_an_older_runtime(project: Path, conflict: bool) -> None:
    """If the manifest is missing or unreadable, modules that an older schemagen copied into the package
    are still recognised as its own, by their first line."""
    generated = project / "generated"
    current = tree(generated)
    (generated / "manifest.json").unlink()
    if conflict:
        text = b"<<<<<<< ours\n" + current["manifest.json"]
        (generated / "manifest.json").write_bytes(text)
    older = current[OLDER].split(b"\n")[0] + b"\nOLDER = True\n"
    (generated / OLDER).write_bytes(older)
    assert OLDER in api.build(api.settings(project)).written
    assert tree(generated) == current


def test_build_without_manifest_refuses_a_foreign_runtime_module(project: Path) -> None:
    """A file in the place of a runtime module is not overwritten if it lacks the runtime's mark."""
    generated = project / "generated"
    (generated / "manifest.json").unlink()
    (generated / OLDER).write_text("MINE = True\n")
    before = tree(generated)
    with pytest.raises(ProblemsFound, match=rf"generated/{OLDER}:1:1: SG503 this file was not"):
        api.build(api.settings(project))
    assert tree(generated) == before


def test_manifest_has_one_line_per_table(built: Path) -> None:
    """A diff of the manifest has one line per changed table, in the order of ids."""
    text = (built / "generated/manifest.json").read_text()
    lines = [line.partition(":")[0] for line in text.splitlines() if line.startswith('"aws.')]
    assert lines == [
        '"aws.sagemaker_compilation_job"',
        '"aws.sagemaker_processing_job"',
        '"aws.sagemaker_trainingjob"',
    ]
    read = manifest.parse(text)
    assert manifest.render(read) == text
    assert json.loads(text)["format"] == manifest.FORMAT


def test_build_reports_tables_that_would_share_a_file(tmp_path: Path) -> None:
    """Ids that lead to the same file name are reported together, and nothing is written."""
    project = pages(
        tmp_path,
        {
            "ddsql/a.dataset.md": page("dd.class", "A | a | core | string"),
            "ddsql/b.dataset.md": page("dd.class_", "A | a | core | string"),
        },
    )
    with pytest.raises(ProblemsFound) as caught:
        api.build(api.settings(project))
    (problem,) = caught.value.problems
    assert (problem.path, problem.code) == ("docs_src/ddsql/b.dataset.md", "SG120")
    assert "dd.class_ and dd.class" in problem.message
    assert not (project / "generated").exists()


def test_build_reports_tables_that_would_share_a_file_among_many(tmp_path: Path) -> None:
    """The same holds where models are generated together, in several processes."""
    names = ["class", "class_", *(f"t{number}" for number in range(3 * MIN_PARTS_PER_JOB))]
    project = pages(
        tmp_path,
        {f"ddsql/{name}.dataset.md": page(f"dd.{name}", "A | a | core | string") for name in names},
    )
    with pytest.raises(ProblemsFound) as caught:
        api.build(api.settings(project), jobs=2)
    assert [problem.code for problem in caught.value.problems] == ["SG120"]


def test_build_reports_a_new_page_with_the_id_of_an_unchanged_one(tmp_path: Path) -> None:
    """Two pages with the same id are reported even if only one of them has changed."""
    text = page("dd.a", "A | a | core | string")
    project = pages(tmp_path, {"ddsql/one.dataset.md": text})
    api.build(api.settings(project))
    (project / "docs_src/ddsql/two.dataset.md").write_text(text)
    with pytest.raises(ProblemsFound, match="SG113"):
        api.build(api.settings(project))


def test_build_reports_a_table_that_is_bound_twice(project: Path) -> None:
    """Two bindings of a table are a problem; the order of files decides nothing."""
    shutil.copy(project / "bindings/aws/sagemaker.json", project / "bindings/aws/zagemaker.json")
    copy = project / "bindings/aws/zagemaker.json"
    text = copy.read_text().replace('"service": "sagemaker"', '"service": "zagemaker"')
    copy.write_text(text)
    with pytest.raises(ProblemsFound) as caught:
        api.build(api.settings(project))
    assert str(caught.value).splitlines()[0] == (
        "bindings/aws/zagemaker.json:5:5: SG402 aws.sagemaker_compilation_job is also bound in "
        "bindings/aws/sagemaker.json:5; delete one of the two bindings"
    )
    assert len(caught.value.problems) == 3


def test_check_reports_tables_whose_recorded_structure_changed(project: Path) -> None:
    """A member is required only where page and lock agree. When the lock changes, the tables that use
    the structure are rendered again, whether they are bound or not."""
    lock = project / "bindings/aws/sagemaker.json"
    text = lock.read_text()
    assert '"StartTime": "timestamp!"' in text
    lock.write_text(text.replace('"StartTime": "timestamp!"', '"StartTime": "timestamp"'))
    assert (
        findings(project).items()
        >= {
            "generated/ddsql_schemas/json_schema/aws/sagemaker_trainingjob.json": "binding changed",
            "generated/ddsql_schemas/structures/aws/sagemaker/secondary_status_transition.py": (
                "binding changed"
            ),
        }.items()
    )


def test_build_of_ddl_alone_loads_no_generator_of_models(tmp_path: Path) -> None:
    """A build that writes no models starts without the packages that make them, which take half a
    second to load. The same build of models loads them, so the names are right."""
    generators = {"datamodel_code_generator", "pydantic"}
    pages(tmp_path, {"ddsql/dd/dd.bed.dataset.md": page("dd.bed", "Plant | plant | core | string")})
    for outputs, loaded in (("postgres", set[str]()), ("pydantic", generators)):
        (tmp_path / "schemagen.toml").write_text(f'outputs = ["{outputs}"]\n')
        program = (
            "import sys\nfrom schemagen import api\napi.build(api.settings('.'), jobs=1)\n"
            "print(*{name.partition('.')[0] for name in sys.modules})"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert generators.intersection(done.stdout.split()) == loaded, outputs
    assert (tmp_path / "generated/ddsql_schemas/models/dd/bed.py").is_file()


def test_build_writes_the_same_bytes_with_several_processes(tmp_path: Path) -> None:
    """Several processes render the same bytes as one."""
    project = pages(
        tmp_path,
        {f"ddsql/dd.t{n}.dataset.md": page(f"dd.t{n}", "A | a | core | string") for n in range(60)},
    )
    settings = api.settings(project)
    api.build(settings, jobs=1)
    alone = tree(project / "generated")
    shutil.rmtree(project / "generated")
    api.build(settings, jobs=2)
    assert tree(project / "generated") == alone


ENVIRONMENTS = [
    {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Kathmandu"},
    {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "TZ": "America/St_Johns", "PYTHONUTF8": "0"},
    {"PYTHONHASHSEED": "3", "LANG": "tr_TR.UTF-8", "COLUMNS": "20", "NO_COLOR": "1"},
]


def in_reverse(project: Path) -> Iterator[Path]:
    """The project's pages and locks copied in another order: folders list them as they came."""
    files = [path for path in project.rglob("*") if path.is_file()]
    yield from sorted(files, reverse=True)


@pytest.mark.slow
@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda environment: str(environment))
def test_build_writes_the_same_bytes_in_any_environment(
    built: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """Output does not depend on hash seeds, locales, time zones, folders or the order of files."""
    project = tmp_path / "elsewhere" / "ünïcode path"
    source = seeds(tmp_path / "source")
    for path in in_reverse(source):
        target = project / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    below = project / "docs_src" / "ddsql"
    done = run(below, "build", env=environment)
    assert done.returncode == 0, done.stderr
    assert tree(project / "generated") == tree(built / "generated")


def test_build_writes_the_same_bytes_wherever_the_pages_are(tmp_path: Path) -> None:
    """Pages outside the project are named by the way that leads to them: no path of one machine is in
    the output."""
    for checkout in ("first", "second/below"):
        project = seeds(tmp_path / checkout / "service")
        (project / "docs_src").rename(tmp_path / checkout / "pages")
        settings = replace(api.settings(project), docs=tmp_path / checkout / "pages")
        assert api.build(settings).tables == 3
    trees = [tree(tmp_path / name / "service/generated") for name in ("first", "second/below")]
    assert trees[0] == trees[1]
    entry = json.loads(trees[0]["manifest.json"])["tables"][TRAINING_ID]
    assert entry["page"] == f"../pages/ddsql/aws/{TRAINING_ID}.dataset.md"


def test_check_accepts_a_checkout_with_other_line_ends(project: Path, tmp_path: Path) -> None:
    """Git may convert pages, lock files and settings for Windows; nothing counts as changed then."""
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "built")
    copy = tmp_path / "copy"
    git(tmp_path, "clone", "-q", "-c", "core.autocrlf=true", str(project), str(copy))
    assert b"\r\n" in (copy / f"docs_src/ddsql/aws/{TRAINING_ID}.dataset.md").read_bytes()
    assert findings(copy) == {}
    assert tree(copy / "generated") == tree(project / "generated")
    assert not api.build(api.settings(copy), full=True)


def test_build_refuses_a_bindings_folder_that_is_gone(project: Path) -> None:
    """Mappers are not removed because their lock files were not found; an empty folder is an answer."""
    shutil.move(project / "bindings", project / "elsewhere")
    with pytest.raises(ProblemsFound) as raised:
        api.build(api.settings(project))
    assert str(raised.value) == (
        "bindings:1:1: SG101 cannot be read: the folder is missing, and the last build read 1 lock file;"
        " restore it or correct `bindings`, or leave it empty if no table is to be bound"
    )
    (project / "bindings").mkdir()
    removed = api.build(api.settings(project)).removed
    assert f"ddsql_schemas/mappers/aws/{TRAINING_ID.removeprefix('aws.')}.py" in removed
