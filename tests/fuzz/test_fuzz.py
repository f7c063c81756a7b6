"""Fuzzers of everything that schemagen reads: nothing but problems may come out of any bytes, in bounded
time.

Inputs are real files with random changes. By default, each fuzzer tries a few hundred, always the same
ones; ``--fuzz-minutes 10`` makes each run for ten minutes with others. README.md records the runs.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from projects import CHECKOUT, page, pages
from schemagen import api
from schemagen.api_models.botocore import BotocoreModels
from schemagen.api_models.cache import Indexes
from schemagen.build import manifest
from schemagen.build.changes import STAGING, recover
from schemagen.build.disk import Folder, digest
from schemagen.build.journal import Entry, Journal
from schemagen.build.output_tree import OutputTree
from schemagen.build.reading import read_inputs
from schemagen.build.recovery import output_folder
from schemagen.diagnostics import Problem, ProblemsFound, error_codes
from schemagen.link import link
from schemagen.lockfile import lock
from schemagen.model.pages import Pages
from schemagen.pages.read import parse_source
from schemagen.pages.sources import Kind, Source, kind_of
from schemagen.resolved_types import TypeTable
from schemagen.settings.load import load_settings
from schemagen.typed_pages import resolve_types

EXAMPLES = 300
"""Inputs of each fuzzer, without ``--fuzz-minutes``."""
SLOWEST = timedelta(seconds=20)
"""What no input may take; the slowest take a second on a machine that does nothing else."""
MAX_SEED = 40_000

TOKENS = (
    *(
        b"",
        b"null",
        b"true",
        b"0",
        b"-1",
        b"1e999",
        b"NaN",
        b"9" * 400,
        b'""',
        b'"@"',
        b"[]",
        b"{}",
    ),
    *(
        b"[" * 150,
        b"{" * 150,
        b'{"a":' * 120,
        b'"\\ud800"',
        b'"\\u0000"',
        b'"a b"',
        b'"../x"',
        b"'",
        b'"',
    ),
    *(
        b"\xff",
        b"\x00",
        b"\r",
        b"\n\n",
        b"\t",
        b"\xc2\x9b",
        b"\xe2\x80\xae",
        b"\xef\xbb\xbf",
        b"\xc2\xa0",
    ),
    *(
        b"|",
        b"||||||",
        b"`",
        b"```\n",
        b"---\n",
        b"# ",
        b"## Fields\n",
        b"**",
        b"* ",
        b"> ",
        b"<b>",
        b"&#0;",
    ),
    *(
        b"array<" * 200,
        b"list<" * 200 + b"string" + b">" * 200,
        b"array<array<string>>",
        b"hstore",
        b"](",
    ),
    *(
        b' ** [A](#b) **   <a name="X-Y-Z"></a>\n',
        b"Type: [X](API_X.md) object\n",
        b"Required: Yes\n",
    ),
    *(
        b"{% alert %}",
        b"&",
        b"!!python/object:x ",
        b"*x",
        b"a.b.c",
        b".".join([b"a"] * 150),
        b" = ",
        b"[[x]]",
    ),
    *(
        b"1979-05-27",
        b"inf",
        b"arn:${Partition}:s3:::${Name}",
        b"basename(Id)",
        b"Items[].X[]",
        b"x{}",
        b"$",
    ),
)
_WORD = re.compile(rb'"(?:[^"\\]|\\.)*"|[A-Za-z0-9_.]+|[^\sA-Za-z0-9_]')


@st.composite
def changed(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """Draw one of ``seeds`` with up to four changes."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 120)))
        match draw(
            st.sampled_from(
                ("word", "word", "word", "insert", "delete", "repeat", "other", "bytes")
            )
        ):
            case "word":
                words = list(_WORD.finditer(data))
                if words:
                    word = words[draw(st.integers(0, len(words) - 1))]
                    data = data[: word.start()] + draw(st.sampled_from(TOKENS)) + data[word.end() :]
            case "insert":
                data = data[:start] + draw(st.sampled_from(TOKENS)) + data[start:]
            case "delete":
                data = data[:start] + data[end:]
            case "repeat":
                times = draw(st.sampled_from((2, 20, 500)))
                data = data[:start] + data[start:end] * times + data[end:]
            case "other":
                other = draw(st.sampled_from(seeds))
                middle = draw(st.integers(0, len(other)))
                data = data[:start] + other[middle : middle + 300] + data[start:]
            case _:
                data = data[:start] + draw(st.binary(max_size=8)) + data[start:]
    return data


Fuzz = Callable[[tuple[bytes, ...], Callable[[bytes], None]], None]


@pytest.fixture
def fuzz(request: pytest.FixtureRequest) -> Fuzz:
    """Calls a check with changed seeds, as often as the options say."""
    minutes: float = request.config.getoption("--fuzz-minutes")

    def run(seeds: tuple[bytes, ...], check: Callable[[bytes], None]) -> None:
        assert seeds
        for data in seeds:
            check(data)
        quiet = settings(
            max_examples=EXAMPLES,
            deadline=SLOWEST,
            database=None,
            derandomize=not minutes,
            suppress_health_check=list(HealthCheck),
            # Shrinking a file of a thousand lines takes longer than reading the failure.
            phases=(Phase.generate,),
        )

        def checked(data: bytes) -> None:
            check(data)

        if not minutes:
            quiet(given(changed(seeds))(checked))()
            return
        end = time.monotonic() + 60 * minutes
        first = time.time_ns()
        count = 0
        while time.monotonic() < end:
            seed(first + count)(quiet(given(changed(seeds))(checked)))()
            count += 1
        print(f"{request.node.name}: {count * EXAMPLES} inputs")  # noqa: T201 -- for the record

    return run


def right(problems: tuple[Problem, ...], path: str, data: bytes) -> None:
    """A problem has a known code, a position inside the file, and a message of one line."""
    lines = re.split(rb"\r\n|\r|\n", data)
    assert problems
    for problem in problems:
        assert problem.path == path, problem
        assert problem.code in error_codes(), problem
        assert 1 <= problem.line <= len(lines) + 1, problem
        assert 1 <= problem.column <= max(map(len, lines)) + 2, problem
        assert len(str(problem).splitlines()) == 1, problem
        assert len(str(problem)) < 4000, problem


def files(*folders: str, suffix: str) -> tuple[bytes, ...]:
    """The files of this repository below ``folders``."""
    found = [path for folder in folders for path in sorted((CHECKOUT / folder).rglob(f"*{suffix}"))]
    return tuple(path.read_bytes()[:MAX_SEED] for path in found)


# --- pages ----------------------------------------------------------------------------------------

PAGE_PATHS = {
    Kind.DATASET: "docs_src/ddsql/aws/aws.fuzzed.dataset.md",
    Kind.API: "docs_src/aws_api/fuzzed/API_Fuzzed.md",
}


@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.name.lower())
def test_pages_give_content_or_problems(fuzz: Fuzz, kind: Kind) -> None:
    """A page is read to a table, structure, operation or index that can be linked, or has problems."""
    path = PAGE_PATHS[kind]
    folders = ("docs_src", "tests/pages/bad", "tests/pages/dialects")
    seeds = tuple(
        file.read_bytes()[:MAX_SEED]
        for folder in folders
        for file in sorted((CHECKOUT / folder).rglob("*.md"))
        if kind_of(file.as_posix()) is kind
    )

    def check(data: bytes) -> None:
        parsed = parse_source(Source(path, data))
        if parsed.problems:
            right(parsed.problems, path, data)
            return
        assert parsed.table or parsed.structure or parsed.operation or parsed.index
        content = Pages(
            tables=(parsed.table,) if parsed.table else (),
            structures=(parsed.structure,) if parsed.structure else (),
            operations=(parsed.operation,) if parsed.operation else (),
        )
        try:
            typed = resolve_types(content, TypeTable())
        except ProblemsFound as error:
            right(error.problems, path, data)
        else:
            link(typed)

    fuzz(seeds, check)


# --- locks ----------------------------------------------------------------------------------------


def test_locks_are_read_or_have_problems(fuzz: Fuzz) -> None:
    """A lock file that is read without problems is written and read again to the same."""
    seeds = files(
        "bindings", "tests/golden/kinds/bindings", "tests/golden/settings/bindings", suffix=".json"
    )

    def check(data: bytes) -> None:
        service = re.search(rb'"service": "([a-z0-9-]+)"', data)
        path = f"bindings/aws/{service[1].decode() if service else 'fuzzed'}.json"
        try:
            parsed = lock.read(path, data)
        except ProblemsFound as error:
            right(error.problems, path, data)
            return
        written = lock.write(parsed)
        assert lock.write(lock.read(path, written.encode())) == written
        assert parsed.recorded_service

    fuzz(seeds, check)


# --- settings -------------------------------------------------------------------------------------

SETTINGS = re.compile(r"^```toml\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_settings_are_loaded_or_have_problems(fuzz: Fuzz, tmp_path: Path) -> None:
    """Settings that are loaded without problems have a hash, which a build needs."""
    blocks = [
        found.replace("tool.schemagen.", "").replace("[tool.schemagen]", "")
        for name in ("settings", "targets", "bindings")
        for found in SETTINGS.findall((CHECKOUT / f"docs/{name}.md").read_text("utf-8"))
    ]
    seeds = (*(block.encode() for block in blocks), *files("tests/golden", suffix="schemagen.toml"))
    pages(tmp_path, {"ddsql/dd.a.dataset.md": page("dd.a", "A | a | core | string")})
    file = tmp_path / "schemagen.toml"

    def check(data: bytes) -> None:
        file.write_bytes(data)
        try:
            loaded = load_settings(tmp_path)
        except ProblemsFound as error:
            right(error.problems, file.name, data)
            return
        found: tuple[Problem, ...] = ()
        try:
            assert read_inputs(loaded).hashes.settings
        except ProblemsFound as error:
            found = error.problems
        assert {problem.code for problem in found} <= {"SG101", "SG103"}, found

    fuzz(seeds, check)


# --- manifests ------------------------------------------------------------------------------------


def test_manifests_are_read_or_count_as_missing(fuzz: Fuzz, tmp_path: Path) -> None:
    """A manifest is read to what is rendered and read to the same, or is not readable; then a check works."""
    project = pages(
        tmp_path,
        {
            "ddsql/dd.a.dataset.md": page("dd.a", "A | a | core | string"),
            "ddsql/dd.b.dataset.md": page("dd.b", "B | b | core | json"),
        },
    )
    loaded = api.settings(project)
    api.build(loaded)
    path = loaded.out / manifest.FILE
    seeds = (path.read_bytes(), (CHECKOUT / "generated" / manifest.FILE).read_bytes())
    count = 0

    def check(data: bytes) -> None:
        nonlocal count
        path.write_bytes(data)
        try:
            found = manifest.parse(data.decode())
        except ValueError:
            found = None
        if found is not None:
            assert manifest.parse(manifest.render(found)) == found
        problems: tuple[Problem, ...] = ()
        try:
            OutputTree.read(output_folder(loaded))
            count += 1
            if count % 30 == 0:
                api.check(loaded)
        except ProblemsFound as error:
            problems = error.problems
        assert {problem.code for problem in problems} <= {"SG101", "SG501", "SG503"}, problems

    fuzz(seeds, check)


# --- what a run that was killed left ----------------------------------------------------------------


def test_journals_lead_nowhere_else(fuzz: Fuzz, tmp_path: Path) -> None:
    """Whatever is in the place of a journal, the next run reports it or cleans up, and no file outside of
    the folder is touched."""
    (tmp_path / "victim.txt").write_text("mine")
    out = tmp_path / "out"
    entries = (
        Entry("a.txt", None, digest(b"a")),
        Entry("b/c.txt", digest(b"old"), digest(b"new")),
        Entry("d.txt", digest(b"mine"), None),
        Entry("../victim.txt", digest(b"mine"), None),
    )

    def journal(*entries: Entry) -> bytes:
        return Journal((1, 2), entries, ("b",)).render()

    def check(data: bytes) -> None:
        shutil.rmtree(out, ignore_errors=True)
        (out / STAGING).mkdir(parents=True)
        (out / "d.txt").write_text("mine")
        status = (out / STAGING).stat()
        own = f"[{status.st_dev}, {status.st_ino}]".encode()
        (out / STAGING / "journal.decided").write_bytes(data.replace(b"[1, 2]", own))
        (out / STAGING / "0").write_text("a")
        problems: tuple[Problem, ...] = ()
        try:
            recover(Folder(out, tmp_path, "schemagen build"))
        except ProblemsFound as error:
            problems = error.problems
        assert {problem.code for problem in problems} <= {"SG101", "SG501"}
        assert {path.name for path in tmp_path.iterdir()} == {"out", "victim.txt"}
        assert (tmp_path / "victim.txt").read_text() == "mine"

    fuzz((journal(*entries), journal(*entries[:3]), journal(entries[0], entries[2])), check)


# --- caches ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("signed", [False, True])
def test_caches_cost_time_and_nothing_else(fuzz: Fuzz, tmp_path: Path, signed: bool) -> None:
    """Whatever a cache holds, an index is returned; if the checksum is wrong, it is the right one."""
    models = BotocoreModels()
    expected = models.index("kms")
    indexes = Indexes(models, tmp_path)
    assert indexes.of("kms") == expected
    assert indexes.folder is not None
    (file,) = indexes.folder.iterdir()
    good = file.read_bytes()
    checksum, _, document = good.partition(b"\n")
    assert len(checksum) == 32

    class Recorded:
        """The models of one service, which are not read again for each input."""

        version = models.version
        services = frozenset({"kms"})

        def index(self, service: str, /) -> object:
            assert service == "kms"
            return expected

        def release(self) -> None:
            pass

    def check(data: bytes) -> None:
        if signed:
            data = blake2b(data, digest_size=16).hexdigest().encode() + b"\n" + data
        folder = indexes.folder
        assert folder is not None
        file.write_bytes(data)
        again = Indexes(Recorded(), tmp_path)
        again.folder = folder
        found = again.of("kms")
        if not signed:
            assert found == expected
        folded = [member.folded_name for members in found.structures.values() for member in members]
        assert len(folded) <= len(data)

    fuzz((document,) if signed else (good,), check)
