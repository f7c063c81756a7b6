"""What others install: wheels, source distributions, pip from git, and the generated package."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

import pytest

import checkouts
from environments import build, fresh, pip_install, succeed
from projects import seeds, tree

# One group is one worker, so that each wheel is built once.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkouts.copy(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(checkout, tmp_path_factory.mktemp("wheel"), "--wheel")


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel."""
    python = fresh(tmp_path_factory.mktemp("installed"))
    pip_install(python, wheel)
    return python


def test_the_wheel_has_every_source_and_template(wheel: Path, checkout: Path) -> None:
    """The package in the wheel is parser/schemagen with templates/ in it, and nothing else."""
    expected = {
        f"schemagen/{path}": data for path, data in tree(checkout / "parser/schemagen").items()
    }
    templates = tree(checkout / "templates")
    assert templates
    expected |= {f"schemagen/templates/{path}": data for path, data in templates.items()}
    found = contents(wheel)
    assert {path: data for path, data in found.items() if ".dist-info/" not in path} == expected


def test_the_source_distribution_makes_the_same_wheel(
    wheel: Path, checkout: Path, tmp_path: Path
) -> None:
    """Whoever builds from the source distribution gets the wheel that the checkout makes."""
    assert contents(build(checkout, tmp_path)) == contents(wheel) != {}


def test_the_entry_point_runs(installed: Path, tmp_path: Path) -> None:
    """`schemagen` is a command of the environment that the wheel was installed in."""
    schemagen = installed.with_name("schemagen")
    assert succeed(schemagen, "--version", cwd=tmp_path).startswith("schemagen, version ")
    assert "hstore_csv" in succeed(schemagen, "types", "--format", "json", cwd=tmp_path)
    where = "import schemagen; print(schemagen.__path__[0])"
    place = Path(succeed(installed, "-c", where, cwd=tmp_path).strip())
    assert place.is_relative_to(installed.parent.parent)


def test_the_wheel_builds_what_the_checkout_builds(
    installed: Path, checkout: Path, tmp_path: Path
) -> None:
    """In a project of its own, the installed program writes this repository's generated/, byte for
    byte."""
    project = seeds(tmp_path)
    succeed(installed.with_name("schemagen"), "build", cwd=project)
    assert tree(project / "generated") == tree(checkout / "generated")


def test_pip_installs_from_git(checkout: Path, tmp_path: Path) -> None:
    """`pip install git+…` gives a program that has its templates."""
    python = fresh(tmp_path / "environment")
    pip_install(python, f"git+{checkout.as_uri()}")
    project = tmp_path / "project"
    project.mkdir()
    succeed(python.with_name("schemagen"), "build", cwd=seeds(project))
    assert (project / "generated/manifest.json").exists()


def test_pip_installs_the_generated_package(checkout: Path, tmp_path: Path) -> None:
    """`pip install generated/` gives every file of the package, which needs no schemagen."""
    python = fresh(tmp_path / "environment")
    pip_install(python, checkout / "generated")
    program = """
import sys
from pathlib import Path
import ddsql_schemas
from ddsql_schemas import catalog
table = "aws.sagemaker_trainingjob"
assert "aws" in catalog.ddl(table, "duckdb")
catalog.model(table).model_validate({"_key": "k"})
assert not [name for name in sys.modules if name.split(".")[0] == "schemagen"]
print(Path(ddsql_schemas.__file__).parent)
"""
    package = Path(succeed(python, "-c", program, cwd=tmp_path).strip())
    assert package.is_relative_to(tmp_path / "environment")
    assert tree(package) == tree(checkout / "generated/ddsql_schemas")
    version = succeed(python.with_name("ddsql-schemas"), "--version", cwd=tmp_path)
    assert version == "ddsql-schemas 0.1.0\n"


def test_the_generated_wheel_has_every_file_whatever_git_ignores(
    checkout: Path, tmp_path: Path
) -> None:
    """A .gitignore of the project around the package leaves nothing out of its wheel."""
    project = tmp_path / "project"
    shutil.copytree(checkout / "generated", project / "generated")
    checkouts.git(project, "init", "-q")
    (project / ".gitignore").write_text("models/\n*.sql\n*.json\n_*\n")
    packed = contents(build(project / "generated", tmp_path, "--wheel"))
    assert {path for path in packed if ".dist-info/" not in path} == {
        f"ddsql_schemas/{path}" for path in tree(checkout / "generated/ddsql_schemas")
    }


LOAD = """
import sys
from importlib import import_module, metadata
import duckdb
connection = duckdb.connect()
for name in ("first_schemas", "second_schemas"):
    package, catalog, sql = map(import_module, (name, f"{name}.catalog", f"{name}.sql"))
    assert metadata.version(name.replace("_", "-")) == package.__version__
    mapper = import_module(f"{name}.mappers.aws.sagemaker_trainingjob")
    TABLE = import_module(f"{name}.tables.aws.sagemaker_trainingjob").TABLE
    item = {"TrainingJobName": name, "TrainingJobArn": f"arn:aws:sagemaker:::{name}"}
    row = mapper.from_item(item)
    assert catalog.model(TABLE.id)(**row).training_job_name == name
    connection.execute(catalog.ddl(TABLE.id, "duckdb"))
    connection.execute(sql.insert(TABLE, "duckdb"), sql.parameters(row, TABLE, "duckdb"))
    print(package.__version__, sorted(
        sql.read(values, TABLE, "duckdb")["training_job_name"]
        for values in connection.execute(sql.select(TABLE, "duckdb")).fetchall()
    ))
assert not [name for name in sys.modules if name.startswith("ddsql_schemas")]
"""


def test_two_generated_packages_are_installed_side_by_side(tmp_path: Path) -> None:
    """Packages of different names share an environment, and both load rows in one program."""
    python = fresh(tmp_path / "environment")
    for name, version in (("first_schemas", "1.0"), ("second_schemas", "2.0")):
        (folder := tmp_path / name).mkdir()
        project = seeds(folder)
        with (project / "schemagen.toml").open("a") as settings:
            settings.write(f'package = "{name}"\npackage_version = "{version}"\n')
        succeed(sys.executable, "-m", "schemagen", "build", cwd=project)
        pip_install(python, project / "generated")
    assert succeed(python, "-c", LOAD, cwd=tmp_path).splitlines() == [
        "1.0 ['first_schemas']",
        "2.0 ['first_schemas', 'second_schemas']",
    ]
