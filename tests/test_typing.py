"""The types of the generated package, as its users' type checkers see them.

The programs in tests/typing use the installed wheel of ddsql-schemas and the stubs of boto3. To
record what the checkers find after a change that is meant: SCHEMAGEN_RECORD=1 pytest this file.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from environments import build, fresh, pip_install
from projects import CHECKOUT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]

PROGRAMS = CHECKOUT / "tests" / "typing"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel of the generated package."""
    folder = tmp_path_factory.mktemp("typing")
    source = folder / "source"
    shutil.copytree(CHECKOUT / "generated", source, ignore=shutil.ignore_patterns("dist"))
    (folder / "wheel").mkdir()
    wheel = build(source, folder / "wheel", "--wheel")
    interpreter = fresh(folder / "environment")
    pip_install(interpreter, wheel)
    return interpreter


@pytest.fixture
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of one of the programs where no settings of this repository are found."""
    name: str = request.param
    shutil.copy(PROGRAMS / name, tmp_path / name)
    return tmp_path / name


def run(program: Path, *command: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command, program.name],
        cwd=program.parent,
        env={**os.environ, "MYPYPATH": "", "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def mypy(program: Path, python: Path) -> list[str]:
    """What mypy --strict finds, as lines and error codes."""
    out = run(program, "mypy", "--strict", "--no-incremental", "--python-executable", python)
    found = re.findall(r"^[^:]+:(\d+): error: .* \[([a-z-]+)\]$", out, re.MULTILINE)
    assert ("Success" in out) != bool(found), out
    return sorted((f"{line} {code}" for line, code in found), key=_line)


def pyright(program: Path, python: Path) -> list[str]:
    """What pyright in strict mode finds, as lines and rules."""
    settings = {"typeCheckingMode": "strict"}
    (program.parent / "pyrightconfig.json").write_text(json.dumps(settings))
    out = json.loads(run(program, "pyright", "--pythonpath", python, "--outputjson"))
    assert out["summary"]["filesAnalyzed"] == 1
    found = [
        f"{item['range']['start']['line'] + 1} {item['rule']}" for item in out["generalDiagnostics"]
    ]
    return sorted(found, key=_line)


def _line(finding: str) -> tuple[int, str]:
    line, code = finding.split()
    return int(line), code


Checker = Callable[[Path, Path], list[str]]
CHECKERS = (mypy, pyright)


@pytest.mark.parametrize("checker", CHECKERS, ids=["mypy", "pyright"])
@pytest.mark.parametrize("program", ["consumer.py"], indirect=True)
def test_programs_of_users_have_no_errors(program: Path, python: Path, checker: Checker) -> None:
    """Responses of boto3's stubs are accepted, and rows have exact types."""
    assert checker(program, python) == []


@pytest.mark.parametrize("checker", CHECKERS, ids=["mypy", "pyright"])
@pytest.mark.parametrize("program", ["mistakes.py"], indirect=True)
def test_mistakes_of_users_are_found(program: Path, python: Path, checker: Checker) -> None:
    """Every line that ends in "# mistake" has a finding of both checkers, and no other line has;
    which findings they are is recorded."""
    found = checker(program, python)
    recorded = PROGRAMS / f"mistakes.{checker.__name__}.txt"
    if os.environ.get("SCHEMAGEN_RECORD"):
        recorded.write_text("".join(f"{line}\n" for line in found))
    assert found == recorded.read_text().splitlines()
    lines = program.read_text().splitlines()
    mistakes = [number for number, line in enumerate(lines, 1) if line.endswith("# mistake")]
    assert sorted({_line(finding)[0] for finding in found}) == mistakes
