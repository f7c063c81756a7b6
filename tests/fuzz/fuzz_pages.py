"""A coverage-guided fuzzer of both parsers: nothing but problems may come out of any bytes.

atheris has wheels for Linux and few Pythons, so it is no dependency::

    .venv/bin/python -m pip install atheris
    .venv/bin/python tests/fuzz/fuzz_pages.py -max_total_time=600 -timeout=20

Arguments are libFuzzer's. Without a folder among them, a new temporary folder is seeded with
``docs_src`` and, where it is, the corpus beside this repository. The first byte of an input tells the
parser: dataset pages for an even one, API pages for an odd one. README.md records the runs.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["schemagen", "markdown_it", "yaml"]):
    from schemagen.diagnostics import Problem, error_codes
    from schemagen.link import link
    from schemagen.model.pages import Pages
    from schemagen.pages.read import parse_source
    from schemagen.pages.sources import Kind, Source, kind_of
    from schemagen.resolved_types import TypeTable
    from schemagen.typed_pages import resolve_types

ROOT = Path(__file__).resolve().parent.parent.parent
PATHS = {
    Kind.DATASET: "docs_src/ddsql/aws/aws.fuzzed.dataset.md",
    Kind.API: "docs_src/aws_api/fuzzed/API_Fuzzed.md",
}
KINDS = tuple(PATHS)
TYPES = TypeTable()
DICTIONARY = Path(__file__).with_name("pages.dict")
MAX_SEED = 60_000
"""Bytes: longer seeds make the fuzzer slow without showing it anything new."""


def test_one(data: bytes) -> None:
    """Read ``data`` as a page; link what was read without problems."""
    if not data:
        return
    path = PATHS[KINDS[data[0] % len(KINDS)]]
    page = parse_source(Source(path, data[1:]))
    for problem in page.problems:
        _check(problem, path, data[1:])
    if page.problems:
        return
    if not (page.table or page.structure or page.operation or page.index):
        raise AssertionError("a page that says nothing, without a problem")
    pages = Pages(
        tables=(page.table,) if page.table else (),
        structures=(page.structure,) if page.structure else (),
        operations=(page.operation,) if page.operation else (),
    )
    link(resolve_types(pages, TYPES))


def _check(problem: Problem, path: str, data: bytes) -> None:
    """A problem has a known code, a place inside the page, and a message of one line."""
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    if (
        problem.path != path
        or problem.code not in error_codes()
        or not 1 <= problem.line <= len(lines)
        or not 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        or len(str(problem).splitlines()) != 1
    ):
        raise AssertionError(f"a problem without a place: {problem!r}")


def seed(folder: Path) -> None:
    """Write the seeds: real pages, with the byte that tells the parser in front."""
    for docs in (ROOT / "docs_src", ROOT.parent / "shared" / "corpus", ROOT / "tests/pages/bad"):
        for number, page in enumerate(sorted(docs.rglob("*.md"))):
            kind = kind_of(page.as_posix())
            data = page.read_bytes()
            if kind is not None and len(data) <= MAX_SEED:
                first = KINDS.index(kind).to_bytes(1, "big")
                (folder / f"{docs.name}_{number}").write_bytes(first + data)


def main() -> None:
    arguments = list(sys.argv)
    if all(argument.startswith("-") for argument in arguments[1:]):
        folder = tempfile.mkdtemp(prefix="schemagen_fuzz_")
        seed(Path(folder))
        arguments += [f"-dict={DICTIONARY}", folder]
    atheris.Setup(arguments, test_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
