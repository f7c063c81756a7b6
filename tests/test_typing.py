"""The types of the generated package, as its users' type checkers see them.

The programs in tests/typing, and those that are made for every table of the corpus, use the
installed wheel of ddsql-schemas and the stubs of boto3. To record what the checkers find after a
change that is meant: SCHEMAGEN_RECORD=1 pytest this file.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import stub_programs
from corpus_package import CorpusPackage
from environments import build, fresh, pip_install
from projects import CHECKOUT
from schemagen.model.bindings import Binding

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]

PROGRAMS = CHECKOUT / "tests" / "typing"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel of the generated package."""
    return installed(CHECKOUT / "generated", tmp_path_factory.mktemp("typing"))


@pytest.fixture(scope="module")
def corpus_python(corpus_package: CorpusPackage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the package of the corpus's tables."""
    return installed(corpus_package.settings.out, tmp_path_factory.mktemp("corpus_typing"))


def installed(generated: Path, folder: Path) -> Path:
    """The interpreter of a new environment in ``folder`` with the wheel of ``generated``."""
    source = folder / "source"
    shutil.copytree(generated, source, ignore=shutil.ignore_patterns("dist"))
    (folder / "wheel").mkdir()
    wheel = build(source, folder / "wheel", "--wheel")
    interpreter = fresh(folder / "environment")
    pip_install(interpreter, wheel)
    return interpreter


def run(folder: Path, *command: str | Path) -> str:
    """What a checker prints about the programs in ``folder``."""
    done = subprocess.run(
        [sys.executable, "-m", *command, *sorted(path.name for path in folder.glob("*.py"))],
        cwd=folder,
        env={**os.environ, "MYPYPATH": "", "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def mypy(folder: Path, python: Path) -> dict[str, list[str]]:
    """What mypy --strict finds in each program, as lines and error codes."""
    out = run(folder, "mypy", "--strict", "--no-incremental", "--python-executable", python)
    found = re.findall(r"^([^:]+):(\d+): error: .* \[([a-z-]+)\]$", out, re.MULTILINE)
    assert ("Success" in out) != bool(found), out
    assert f"{len(list(folder.glob('*.py')))} source file" in out, out
    return _by_program(folder, found)


def pyright(folder: Path, python: Path) -> dict[str, list[str]]:
    """What pyright in strict mode finds in each program, as lines and rules."""
    (folder / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict"}))
    out = json.loads(run(folder, "pyright", "--pythonpath", python, "--outputjson"))
    assert out["summary"]["filesAnalyzed"] == len(list(folder.glob("*.py")))
    found = [
        (Path(item["file"]).name, str(item["range"]["start"]["line"] + 1), item["rule"])
        for item in out["generalDiagnostics"]
    ]
    return _by_program(folder, found)


def _by_program(folder: Path, found: list[tuple[str, str, str]]) -> dict[str, list[str]]:
    programs: dict[str, list[str]] = {path.name: [] for path in folder.glob("*.py")}
    for name, line, code in found:
        programs[name].append(f"{line} {code}")
    return {name: sorted(findings, key=_line) for name, findings in programs.items()}


def _line(finding: str) -> tuple[int, str]:
    line, code = finding.split()
    return int(line), code


Checker = Callable[[Path, Path], dict[str, list[str]]]


@pytest.fixture(scope="module", params=[mypy, pyright], ids=["mypy", "pyright"])
def checker(request: pytest.FixtureRequest) -> Checker:
    """A type checker. It reads boto3's stubs for long, so it checks all programs in one run."""
    found: Checker = request.param
    return found


@pytest.fixture(scope="module")
def in_programs(
    checker: Checker, python: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[str]]:
    """What a checker finds in the programs of tests/typing, copied to where no settings of this
    repository are found."""
    folder = tmp_path_factory.mktemp("programs")
    for path in PROGRAMS.glob("*.py"):
        shutil.copy(path, folder / path.name)
    return checker(folder, python)


@pytest.mark.parametrize("program", ["consumer.py", "mirror.py"])
def test_checkers_accept_programs_of_users(in_programs: dict[str, list[str]], program: str) -> None:
    """Responses typed by boto3's stubs are accepted, and rows have exact types."""
    assert in_programs[program] == []


def test_checkers_find_mistakes_of_users(
    checker: Checker, in_programs: dict[str, list[str]]
) -> None:
    """Both checkers find something in every line that ends in "# mistake", and in no other line;
    the findings are recorded."""
    found = in_programs["mistakes.py"]
    recorded = PROGRAMS / f"mistakes.{checker.__name__}.txt"
    if os.environ.get("SCHEMAGEN_RECORD"):
        recorded.write_text("".join(f"{line}\n" for line in found))
    assert found == recorded.read_text().splitlines()
    lines = (PROGRAMS / "mistakes.py").read_text().splitlines()
    mistakes = [number for number, line in enumerate(lines, 1) if line.endswith("# mistake")]
    assert sorted({_line(finding)[0] for finding in found}) == mistakes


# --- every table of the corpus whose stubs are here -----------------------------------------------

SERVICES = (
    *("cloudfront", "dynamodb", "ec2", "ecs", "iam", "kms", "lambda", "route53", "s3", "sagemaker"),
)
"""The services whose stubs are installed."""

OLDER_STUBS = {
    "aws.ec2_instance": "Monitoring.MetricCategoryIds",
    "aws.sagemaker_endpoint": "PendingProductionVariantSummary.AcceleratorPartitionLayouts",
    "aws.sagemaker_endpoint_config": "ProductionVariant.AcceleratorPartitionLayouts",
    "aws.sagemaker_inference_component": "InferenceComponentComputeResourceRequirements."
    "AcceleratorPartitionType",
}
"""Tables with the member that the pinned botocore has inside a column and the newest stubs lack. No
TypedDict takes another that lacks a member of its own."""


def bindings(package: CorpusPackage) -> list[Binding]:
    """The bindings of the tables of `SERVICES`."""
    return [
        package.bindings[table]
        for table in sorted(package.bindings)
        if package.bindings[table].service in SERVICES
    ]


@dataclass(frozen=True)
class Checked:
    """The lines of a program, and what a checker found in it."""

    lines: list[str]
    found: list[str]


@pytest.fixture(scope="module")
def in_uses(
    corpus_package: CorpusPackage,
    corpus_python: Path,
    checker: Checker,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Checked]:
    """What a checker finds in a program that uses all mappers, and in one that misuses them."""
    found = bindings(corpus_package)
    assert {binding.service for binding in found} == set(SERVICES)
    known = [binding for binding in found if binding.table not in OLDER_STUBS]
    misuses = map(stub_programs.misuse, known, [*known[1:], known[0]])
    texts = {
        "use.py": stub_programs.program(map(stub_programs.use, found), found),
        "misuse.py": stub_programs.program(misuses, known),
    }
    folder = tmp_path_factory.mktemp("uses")
    for name, text in texts.items():
        (folder / name).write_text(text)
    findings = checker(folder, corpus_python)
    return {name: Checked(text.splitlines(), findings[name]) for name, text in texts.items()}


def test_mappers_accept_the_responses_of_stubs(
    corpus_package: CorpusPackage, in_uses: dict[str, Checked]
) -> None:
    """Primary responses and those of enrichments are accepted as boto3's stubs type them, and
    rows have every bound column."""
    use = in_uses["use.py"]
    wrong = {
        use.lines[_line(finding)[0] - 1].partition("rows: list[")[2].partition(".Row")[0]
        for finding in use.found
    }
    assert wrong == {stub_programs.mapper(corpus_package.bindings[table]) for table in OLDER_STUBS}


def test_mappers_refuse_responses_of_other_operations(
    corpus_package: CorpusPackage, in_uses: dict[str, Checked]
) -> None:
    """The response of another table's operation, or the primary one instead of an enrichment's,
    is a mistake that both checkers find."""
    misuse = in_uses["misuse.py"]
    mistakes = [n for n, line in enumerate(misuse.lines, 1) if line.endswith(stub_programs.MISTAKE)]
    assert len(mistakes) > len(bindings(corpus_package)) - len(OLDER_STUBS)
    assert sorted({_line(finding)[0] for finding in misuse.found}) == mistakes


@pytest.fixture(scope="module")
def newest_python(corpus_package: CorpusPackage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the corpus's package and the newest stubs of the index, which are before the
    pinned ones on its path."""
    interpreter = installed(corpus_package.settings.out, tmp_path_factory.mktemp("newest_typing"))
    stubs = [f"types-boto3-{service}" for service in SERVICES]
    pip = (sys.executable, "-m", "pip", "--python", interpreter, "install", "--quiet")
    options = ("--no-deps", "--ignore-installed", "--upgrade")
    done = subprocess.run(
        [*pip, *options, "types-boto3", *stubs], capture_output=True, text=True, check=False
    )
    if done.returncode and not os.environ.get("CI"):
        pytest.skip(f"needs a package index: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    return interpreter


def accepted(package: CorpusPackage, binding: Binding) -> str:
    """The type that the mapper of a binding takes for a response."""
    path = package.settings.out / package.settings.package / "mappers" / "aws"
    source = (path / f"{stub_programs.mapper(binding)}.py").read_text("utf-8")
    [found] = re.findall(r"def from_response\(\n    response: (\w+) \|", source)
    return str(found)


def test_mappers_accept_the_pages_and_enrichments_of_the_newest_stubs(
    corpus_package: CorpusPackage, newest_python: Path, checker: Checker, tmp_path: Path
) -> None:
    """Responses, pages of paginators and enrichments are accepted without casts, and those of stubs
    older than the lock with the cast that the documentation shows."""
    found = bindings(corpus_package)
    program = tmp_path / "newest.py"
    uses = [
        stub_programs.use(
            binding,
            pages=pages,
            cast_to=accepted(corpus_package, binding) if binding.table in OLDER_STUBS else "",
        )
        for binding in found
        for pages in (False, True)
        if not (pages and binding.table in OLDER_STUBS)
    ]
    program.write_text(stub_programs.program(uses, found))
    text = program.read_text()
    assert text.count("PageIterator[") > len(found) // 2
    assert text.count(".from_response(cast(") == len(OLDER_STUBS)
    lines = text.splitlines()
    findings = checker(tmp_path, newest_python)["newest.py"]
    assert [lines[_line(finding)[0] - 1] for finding in findings] == []


def test_mappers_have_no_type_any(corpus_package: CorpusPackage) -> None:
    """mypy --strict finds nothing in the modules themselves, and no annotation in them is Any."""
    package = corpus_package.settings.out / corpus_package.settings.package
    modules = [path for part in ("mappers", "shapes") for path in (package / part).rglob("*.py")]
    assert len(modules) > len(corpus_package.bindings)
    for path in modules:
        # Documentation may begin a sentence with the word; a name has to be imported.
        imported = [
            alias.name
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        ]
        assert imported or not path.stat().st_size, path
        assert not {"Any", "typing", "typing_extensions"} & {*imported}, path
    options = ("--strict", "--no-incremental", "-p", "ddsql_schemas.mappers")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "-p", "ddsql_schemas.shapes"],
        cwd=package.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
