"""From a folder to `Pages`."""

from __future__ import annotations

import pickle
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsed_pages import parse_sources, read_pages
from schemagen.diagnostics import ProblemsFound, error_codes
from schemagen.limits import MAX_DEPTH
from schemagen.model.origin import Origin
from schemagen.model.pages import Structure
from schemagen.pages.read import parse_source
from schemagen.pages.sources import Kind, Source, find_sources, kind_of, page_files

DOCS = Path(__file__).parents[2] / "docs_src"


def dataset(name: str, rows: str = "| a | core | json |\n") -> bytes:
    header = "| Title | ID | Type | Data Type | Description |\n|-|-|-|-|-|\n"
    return f"# T\n\n```\n{name}\n```\n\n## Fields\n\n{header}{rows}".encode()


def test_read_reads_the_seed_pages() -> None:
    """The pages that the project starts from are read completely."""
    pages = read_pages(DOCS, DOCS.parent)
    tables = {table.id: table for table in pages.tables}
    training = tables["aws.sagemaker_trainingjob"]
    assert len(training.columns) == 46
    assert len(tables["aws.sagemaker_processing_job"].columns) == 24
    assert len(tables["aws.sagemaker_compilation_job"].columns) == 21
    columns = {column.name: column for column in training.columns}
    assert columns["_key"].origin == Origin(
        "docs_src/ddsql/aws/aws.sagemaker_trainingjob.dataset.md", 19
    )
    status = columns["training_job_status"].values
    assert [(value.value, value.deprecated) for value in status] == [
        ("InProgress", False),
        ("Completed", False),
        ("Failed", False),
        ("Stopping", False),
        ("Stopped", False),
    ]
    secondary = columns["secondary_status"].values
    assert len(secondary) == 14
    assert [value.value for value in secondary if value.deprecated] == [
        "LaunchingMLInstances",
        "PreparingTraining",
        "DownloadingTrainingImage",
    ]
    structure = next(
        structure for structure in pages.structures if structure.name == "SecondaryStatusTransition"
    )
    assert structure.service == "sagemaker"
    assert {member.name: (member.required, len(member.values)) for member in structure.members} == {
        "EndTime": (False, 0),
        "StartTime": (True, 0),
        "Status": (True, 12),
        "StatusMessage": (False, 0),
    }
    assert [(usage.operation, usage.member, usage.element) for usage in structure.usages] == [
        ("DescribeTrainingJob", "SecondaryStatusTransitions", True)
    ]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a/aws.x.dataset.md", Kind.DATASET),
        ("aws_api/aws.x.dataset.md", Kind.DATASET),
        ("ddsql/aws/x.md", Kind.DATASET),
        ("API_X.md", Kind.API),
        ("ddsql/API_X.md", Kind.API),
        ("docs/aws_api/s3/X.md", Kind.API),
        ("ddsql.md", None),
        ("README.md", None),
    ],
)
def test_kind_comes_from_the_name_before_the_folder(path: str, kind: Kind | None) -> None:
    """A page's kind is known by its name, or else by a folder above it."""
    assert kind_of(path) == kind


def test_sources_finds_every_page_and_nothing_else(tmp_path: Path) -> None:
    """Pages are found at any depth, in the order of their paths; folders are not pages."""
    for name in ("docs/b/aws.b.dataset.md", "docs/a.dataset.md", "docs/b.md/x.txt", "docs/c.MD"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    assert find_sources(tmp_path / "docs", tmp_path) == (
        Source("docs/a.dataset.md", b"docs/a.dataset.md"),
        Source("docs/b/aws.b.dataset.md", b"docs/b/aws.b.dataset.md"),
    )


def test_sources_follows_links_and_passes_over_hidden_files(tmp_path: Path) -> None:
    """Linked folders and files are read under their own names; what editors leave behind is not."""
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "b.dataset.md").write_bytes(b"b")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "gcp").symlink_to(tmp_path / "vendor")
    (tmp_path / "docs" / "a.dataset.md").symlink_to(tmp_path / "vendor" / "b.dataset.md")
    (tmp_path / "docs" / ".#a.dataset.md").symlink_to("somebody@machine.1234:5678")
    (tmp_path / "docs" / "._a.dataset.md").write_bytes(b"resource fork")
    (tmp_path / "docs" / ".ipynb_checkpoints").mkdir()
    (tmp_path / "docs" / ".ipynb_checkpoints" / "a.dataset.md").write_bytes(b"old")
    assert find_sources(tmp_path / "docs", tmp_path) == (
        Source("docs/a.dataset.md", b"b"),
        Source("docs/gcp/b.dataset.md", b"b"),
    )


def test_sources_refuses_folders_without_end(tmp_path: Path) -> None:
    """Folders may be nested as deeply as anything else; a deeper one is a problem, unless it is excluded."""
    docs = tmp_path / "docs"
    deepest = docs.joinpath(*["d"] * MAX_DEPTH)
    deepest.mkdir(parents=True)
    (deepest / "a.dataset.md").write_bytes(b"a")
    path = f"docs/{'d/' * MAX_DEPTH}"
    assert find_sources(docs, tmp_path) == (Source(f"{path}a.dataset.md", b"a"),)
    assert page_files(docs) == [f"{tmp_path}/{path}a.dataset.md"]
    deepest.joinpath(*["d"] * 400).mkdir(parents=True)
    with pytest.raises(ProblemsFound) as caught:
        find_sources(docs, tmp_path)
    assert [str(problem) for problem in caught.value.problems] == [
        f"{path}d:1:1: SG101 cannot be read: it is nested deeper than 100 folders; move or exclude it"
    ]
    assert page_files(docs) == [f"{tmp_path}/{path}a.dataset.md"]
    assert len(find_sources(docs, tmp_path, [f"{'d/' * MAX_DEPTH}d"])) == 1


def test_sources_shows_paths_relative_to_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths inside the project are relative to it, whatever the working directory; other paths
    stay as they were given."""
    (tmp_path / "project").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.dataset.md").touch()
    monkeypatch.chdir(tmp_path / "project")
    (outside,) = find_sources(Path("../docs"), tmp_path / "project")
    (inside,) = find_sources(Path("../docs"), tmp_path)
    assert (outside.path, inside.path) == ("../docs/a.dataset.md", "docs/a.dataset.md")


def test_read_ignores_the_order_of_sources() -> None:
    """Pages are sorted by name, and of two pages with the same id the later path is at fault."""
    sources = [
        Source("ddsql/2.md", dataset("aws.a")),
        Source("ddsql/1.md", dataset("aws.b")),
        Source("aws_api/s/API_B.md", b"# B\n\n## Contents\n"),
        Source("aws_api/r/API_A.md", b"# A\n\n## Request Parameters\n"),
        Source("aws_api/r/API_C.md", b"# C\n\n## Contents\n"),
        Source("aws_api/API_Types.md", b"# Types\n"),
    ]
    pages = parse_sources(sources)
    assert pages == parse_sources(sources[::-1])
    assert [table.id for table in pages.tables] == ["aws.a", "aws.b"]
    assert [(structure.service, structure.name) for structure in pages.structures] == [
        ("r", "C"),
        ("s", "B"),
    ]
    assert [operation.name for operation in pages.operations] == ["A"]
    assert pages.indexes == (Origin("aws_api/API_Types.md", 1),)
    for order in (1, -1):
        with pytest.raises(ProblemsFound, match=r"aws\.a") as found:
            parse_sources([sources[0], Source("ddsql/3.md", dataset("aws.a"))][::order])
        assert [problem.path for problem in found.value.problems] == ["ddsql/3.md"]


def test_read_separates_services_that_share_names() -> None:
    """Each service has its own structures, and so has its runtime."""
    sources = [
        Source("aws_api/a/API_Tag.md", b"# Tag\n\n## Contents\n"),
        Source("aws_api/b/API_Tag.md", b"# Tag\n\n## Contents\n"),
        Source(
            "aws_api/b/API_runtime_Tag.md", b'# Tag<a name="API_runtime_Tag"></a>\n\n## Contents\n'
        ),
    ]
    pages = parse_sources(sources)
    assert [structure.service for structure in pages.structures] == ["a", "b", "b-runtime"]


def test_sources_and_pages_can_be_pickled() -> None:
    """Sources and pages can be sent between processes."""
    source = Source("ddsql/a.md", dataset("aws.a"))
    assert pickle.loads(pickle.dumps(source)) == source  # noqa: S301 -- our own bytes
    parsed = parse_source(source)
    assert pickle.loads(pickle.dumps(parsed)) == parsed  # noqa: S301
    bad = parse_source(Source("ddsql/a.md", b"\xff"))
    assert pickle.loads(pickle.dumps(bad)).problems == bad.problems  # noqa: S301


# --- text that nobody meant to be a page ----------------------------------------------------------

PATHS = st.sampled_from(["ddsql/a.md", "aws_api/s/API_A.md", "aws_api/API_A.md", "a.md"])
PARTS = st.sampled_from(
    [
        "---\n", "title: x\n", "&a ", "*a", "# T", "\n", "\n\n", "```\n", "aws.x\n", "## Fields\n",
        "| Title | ID | Type | Data Type | Description |\n|-|-|-|-|-|\n", "|", "\\|", " core ",
        " string ", "array<", ">", "<ul><li><code>A</code> - ", "</ul>", "<note>", "&amp;", "&#0;",
        "## Query Parameters\n", "| Parameter | Type | Required | Description |\n|-|-|-|-|\n",
        "## Contents\n", ' **N** <a name="S-T-N"></a>\n', " **N**\n", "Type: ", "Array of ",
        "[X](API_X.md) object", "String", "String to ", " map", "Required: ", "Valid Values: `",
        "Length Constraints: ", "Minimum length of ", "99999999999999999999999", "Pattern: `", "`",
        "+ ", "  - ", "*", "**", "{% alert %}", "{% /alert %}", "{% icon /%}", "Valid values: A | ",
        'Can be "a", ', "\ufeff", "\0", "\x85", "\u2028", "\r", "\t", "\\", "> ", "    ",
    ]
)  # fmt: skip
TEXTS = st.lists(st.one_of(PARTS, PARTS, st.text(max_size=8)), max_size=40).map("".join)
PAGES = st.one_of(TEXTS.map(lambda text: text.encode(errors="replace")), st.binary(max_size=60))


@settings(max_examples=1000, deadline=None)
@given(PATHS, PAGES)
def test_read_returns_or_reports_problems_for_any_text(path: str, data: bytes) -> None:
    """Whatever is on a page, reading it ends, with a page or with problems that have a place on
    it."""
    parsed = parse_source(Source(path, data))
    lines = data.decode(errors="replace").removeprefix("\ufeff")
    count = lines.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    read = (parsed.table, parsed.structure, parsed.operation, parsed.index)
    assert sum(page is not None for page in read) == 1 or parsed.problems
    for problem in parsed.problems:
        assert problem.code in error_codes()
        assert problem.path == path
        assert 1 <= problem.line <= count
        assert problem.column >= 1
        assert "\n" not in str(problem)


@pytest.mark.slow
def test_read_takes_time_proportional_to_length() -> None:
    """Long text is read in time proportional to its length, whatever its characters."""
    marks = [
        "a",
        "`",
        "<ul>",
        "<li><code>A</code> - x ",
        "[",
        "*a",
        "&",
        "\\|",
        "|",
        "valid values: A, ",
    ]
    for mark in marks:
        cell = mark * (1_000_000 // len(mark))
        rows = f"| a_status | core | string | {cell} |\n"
        parsed = parse_source(Source("ddsql/a.md", dataset("aws.a", rows)))
        assert parsed.table is not None
        assert len(parsed.table.columns[0].description) < 6_000_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "mark", [" ", "\t", "\v", "\u2028", "\n## A\n", "\n## Request Syntax\n```\nx\n```\n"]
)
def test_read_takes_time_proportional_to_the_length_of_api_pages(mark: str) -> None:
    """The same is true for lines and sections of API pages: with the square, these would take a minute."""
    repeated = mark * (150_000 // len(mark))
    member = '\n **A** <a name="s-T-A"></a>\nAn A. {}  \nType: String\n'
    structure = f"# T\n\nA T. {repeated}\n\n## Contents\n{member.format('')}"
    operation = f"# T\n\nA T.\n\n## Response Elements\n{member.format(repeated)}"
    started = time.process_time()
    for text in (structure, operation):
        parsed = parse_source(Source("aws_api/s/API_T.md", text.encode()))
        assert parsed.structure or parsed.operation or parsed.problems
    assert time.process_time() - started < 20


def test_parse_accepts_references_to_unknown_structures() -> None:
    """A reference to a page that is missing is not a problem of the page alone."""
    page = b"# A\n\n## Contents\n\n**B**\nType: [Gone](API_Gone.md) object\n"
    parsed = parse_source(Source("aws_api/s/API_A.md", page))
    assert isinstance(parsed.structure, Structure)
