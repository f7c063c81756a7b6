"""The registry of error codes: complete, true, and the source of both `explain` and docs/errors.md."""

from __future__ import annotations

import ast
import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from pathlib import Path

import pytest

from projects import CHECKOUT, broken, run
from schemagen.diagnostics import REGISTRY, ErrorCode, error_codes

SOURCES = CHECKOUT / "parser/schemagen"
# The codes that do not end with 2: the first report findings.
STATUS = {"SG403": 0, "SG404": 0, "SG405": 0, "SG901": 70}


@contextmanager
def another_build(folder: Path) -> Generator[None]:
    """Hold the lock that a build holds while it writes."""
    (folder / "generated").mkdir()
    descriptor = os.open(folder / "generated", os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def example_lines(code: ErrorCode, folder: Path, cache: Path) -> list[str]:
    """Run an example in ``folder``; return the problems that it prints."""
    folder.mkdir()
    for path, content in code.example.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content.encode(code.example.encoding))
    program, *arguments = code.example.command.split()
    assert program == "schemagen"
    env = {"XDG_CACHE_HOME": str(cache)}
    if code.code == "SG901":
        env |= broken("schemagen.report.types:rows:raises") | {"TMPDIR": str(folder)}
    with another_build(folder) if code.code == "SG502" else nullcontext():
        done = run(folder, *arguments, env=env)
    assert done.returncode == STATUS.get(code.code, 2), done.stderr
    return [line for line in done.stderr.splitlines() if re.search(r": SG\d+ ", line)]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[str]]:
    """What every example prints, by code."""
    root = tmp_path_factory.mktemp("examples")
    codes = error_codes()

    def lines(code: ErrorCode) -> list[str]:
        return example_lines(code, root / code.code, root / "cache")

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(codes, pool.map(lines, codes.values()), strict=True))


@pytest.mark.slow
@pytest.mark.xdist_group("error_examples")
@pytest.mark.parametrize("code", error_codes())
def test_example_has_exactly_its_error(printed: Mapping[str, list[str]], code: str) -> None:
    """The example of a code, run through the program, has this problem and no other."""
    assert [line.split(" ")[1] for line in printed[code]] == [code]


@pytest.mark.slow
@pytest.mark.xdist_group("error_examples")
def test_outputs_are_what_the_program_prints(
    printed: Mapping[str, list[str]], golden: Callable[[str, Path], None]
) -> None:
    """The registry quotes the program word for word; --update-golden writes the quotes."""
    parts = re.split(r"^output = .*$", REGISTRY.read_text("utf-8"), flags=re.MULTILINE)
    expected = parts[0]
    for before, after in pairwise(parts):
        code = re.findall(r"^\[(SG\d+)\]$", before, re.MULTILINE)[-1]
        output = json.dumps("\n".join(printed[code]))
        expected += f"output = {output}{after}"
    golden(expected, REGISTRY)


# In the group, so that it runs after the test above, which may write the registry.
@pytest.mark.xdist_group("error_examples")
def test_errors_page_is_made_from_the_registry(
    golden: Callable[[str, Path], None], tmp_path: Path
) -> None:
    """docs/errors.md is what `explain --format markdown` prints of all codes."""
    golden(run(tmp_path, "explain", "--format", "markdown").stdout, CHECKOUT / "docs/errors.md")


def codes_in_sources() -> Iterator[str]:
    """Every string in the program's sources that is an error code."""
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and re.fullmatch(r"SG\d+", str(node.value)):
                yield str(node.value)


def test_registry_has_the_codes_that_the_program_uses() -> None:
    """No problem has a code that `explain` does not know, and no entry is left from the past."""
    assert set(codes_in_sources()) == set(error_codes())


def test_entries_are_complete_and_distinct() -> None:
    """Every entry has a kebab-case name of its own, and sentences for meaning and remedy."""
    rows = error_codes().values()
    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", row.name)
        assert row.meaning.endswith(".")
        assert row.remedy.endswith(".")


def test_explain_prints_meaning_example_and_remedy(tmp_path: Path) -> None:
    """`explain` shows a code in plain text, however its letters are written."""
    done = run(tmp_path, "explain", "sg118")
    code = error_codes()["SG118"]
    assert (done.returncode, done.stderr) == (0, "")
    words = " ".join(done.stdout.split())
    for text in (f"SG118 {code.name}", code.meaning, code.example.output, code.remedy):
        assert " ".join(text.split()) in words
    assert "| size | core | int32 | The size in GiB. |" in words


def test_explain_escapes_invisible_characters(tmp_path: Path) -> None:
    """An example with a character that reverses text does not reach the terminal as it is."""
    shown = run(tmp_path, "explain", "SG122").stdout
    assert "size\\u202eezis" in shown
    assert "\u202e" not in shown + (CHECKOUT / "docs/errors.md").read_text("utf-8")


def test_explain_prints_json(tmp_path: Path) -> None:
    """Programs get the entry as JSON, and all entries without a code."""
    explained = json.loads(run(tmp_path, "explain", "SG118", "--format", "json").stdout)
    assert list(explained) == ["code", "name", "meaning", "example", "remedy"]
    assert explained["example"]["output"] == error_codes()["SG118"].example.output
    every = json.loads(run(tmp_path, "explain", "--format", "json").stdout)
    assert [entry["code"] for entry in every] == list(error_codes())
    assert explained in every


def test_explain_lists_codes(tmp_path: Path) -> None:
    """Without a code, each code is a line."""
    done = run(tmp_path, "explain")
    assert done.stdout.splitlines() == [f"{row.code} {row.name}" for row in error_codes().values()]


def test_explain_suggests_known_codes(tmp_path: Path) -> None:
    """An unknown code is a usage error with a suggestion and the known codes."""
    done = run(tmp_path, "explain", "SGX18")
    assert (done.returncode, done.stdout) == (2, "")
    [line] = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert re.match(
        r"Error: unknown error code 'SGX18'; did you mean 'SG118'\?; known codes: ", line
    )
    assert set(re.findall(r"SG\d+", line)) == set(error_codes())


def test_explain_suggests_the_code_of_a_name(tmp_path: Path) -> None:
    """The list of codes shows names, too; who gives one gets its code."""
    done = run(tmp_path, "explain", "unknown-data-type")
    assert done.returncode == 2
    assert "unknown error code 'unknown-data-type'; did you mean 'SG118'?" in done.stderr


def test_explain_suggests_nothing_for_a_code_of_the_right_form(tmp_path: Path) -> None:
    """Codes with similar digits are unrelated, so a well-formed code that does not exist gets the list
    of known codes only."""
    done = run(tmp_path, "explain", "SG999")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: unknown error code 'SG999'; known codes: SG101, " in done.stderr


AT_A_TERMINAL = """
import os, pty, sys
raise SystemExit(os.waitstatus_to_exitcode(pty.spawn([sys.executable, "-m", "schemagen", "build"])))
"""


def test_problems_point_to_explain_at_a_terminal(tmp_path: Path) -> None:
    """At a terminal, the last line after problems tells how to get help; elsewhere, programs read
    problems only."""
    advice = "For more about SG101, run `schemagen explain SG101`."
    done = subprocess.run(
        [sys.executable, "-c", AT_A_TERMINAL],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout.splitlines()[-1] == advice
    assert advice not in run(tmp_path, "build").stderr
