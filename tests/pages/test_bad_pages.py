"""Pages that break the rules: each problem with its exact line, in ``bad_pages.txt``.

The pages lie in ``bad/``; those that no text file can hold are below.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from parsed_pages import parse_sources, read_pages
from projects import without_privileges
from schemagen import api, inputs, pages
from schemagen.diagnostics import ProblemsFound, error_codes
from schemagen.pages.sources import Source, find_sources
from schemagen.settings.load import Settings

HERE = Path(__file__).parent
GOLDEN = HERE / "bad_pages.txt"

ROW = "| Title | ID | Type | Data Type | Description |\r\n|-|-|-|-|-|\r\n| a | core | text |\r\n"
BYTES = (
    Source(
        "bad/ddsql/not_utf8.dataset.md", "# Stra\u00dfe\n\nGr\u00f6\u00dfe: ".encode() + b"\xff\n"
    ),
    Source("bad/ddsql/utf_16.dataset.md", "# A page".encode("utf-16")),
    Source(
        "bad/ddsql/crlf_and_bom.dataset.md",
        b"\xef\xbb\xbf"
        + f"# A page\r\n\r\n```\r\naws.crlf\r\n```\r\n\r\n## Fields\r\n\r\n{ROW}".encode(),
    ),
    Source("bad/ddsql/empty.dataset.md", b""),
    Source(
        "bad/ddsql/names.dataset.md",
        (
            "# A page\n\n```\naws.names\n```\n\n## Query Parameters\n\n"
            "| Parameter | Type | Required | Description |\n|-|-|-|-|\n"
            "| limit\u2066 | int64 | No | |\n\n"
            "## Fields\n\n| Title | ID | Type | Data Type | Description |\n|-|-|-|-|-|\n"
            "| good | core | string | Only a description: \0\x1b\u202e\x85 |\n"
            "| a\\|b\u202etxt | core | string |\n| ` nul\0` | core | string |\n"
            "| Bell | `a\x07` | core | string | |\n| was\ufffdlost | core | string |\n"
        ).encode(),
    ),
    Source(
        "bad/aws_api/things/API_Names.md",
        (
            '# Names<a name="API_Names"></a>\n\n## Contents\n\n'
            ' **Esc\x1bape** <a name="things-Type-Names-a"></a>  \nType: String\n\n'
            ' **  Mark\u200e** <a name="things-Type-Names-b"></a>  \nType: String\n\n'
            ' **Entity&#x202e;** <a name="things-Type-Names-c"></a>  \nType: String\n\n'
            ' **<code></code>** <a name="things-Type-Names-d"></a>  \nType: String\n'
        ).encode(),
    ),
)


def test_read_reports_every_problem_of_bad_pages(golden: Callable[[str, Path], None]) -> None:
    """All problems of a run are reported together, each with its exact place and message."""
    sources = [*find_sources(HERE / "bad", HERE), *BYTES]
    with pytest.raises(ProblemsFound) as found:
        inputs.read_pages(Settings(HERE, HERE / "bad", HERE, HERE, HERE), sources)
    golden(f"{found.value}\n", GOLDEN)


def test_bad_pages_show_every_code_of_pages() -> None:
    """The golden file has every code that the readers of pages use, and that of types, except
    the two about folders and files, which are tested below."""
    used = {
        code
        for path in Path(pages.__file__).parent.glob("*.py")
        for code in re.findall(r'"(SG\d+)"', path.read_text(encoding="utf-8"))
    }
    text = GOLDEN.read_text(encoding="utf-8")
    shown = {code for code in error_codes() if f" {code} " in text}
    assert used | {"SG118"} == shown | {"SG101", "SG103"}


def test_read_checks_all_pages_beside_bad_ones() -> None:
    """A broken page hides no problem of another."""
    bad = Source("ddsql/a.dataset.md", b"")
    worse = Source("ddsql/b.dataset.md", b"\xff")
    with pytest.raises(ProblemsFound) as found:
        parse_sources([bad, worse])
    assert {problem.path for problem in found.value.problems} == {bad.path, worse.path}


def problems_in(docs: Path, root: Path) -> list[str]:
    with pytest.raises(ProblemsFound) as found:
        read_pages(docs, root)
    return [str(problem) for problem in found.value.problems]


def test_read_reports_a_folder_without_pages(tmp_path: Path) -> None:
    """An empty folder is a problem; files that are not pages do not count."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "notes.txt").write_text("no page")
    assert problems_in(tmp_path / "docs", tmp_path) == [
        "docs:1:1: SG103 the folder contains no pages (*.md); add them, or set another folder with `docs`"
    ]


def test_read_reports_a_missing_folder(tmp_path: Path) -> None:
    """A missing folder is reported as missing, not as empty, and the message says what to do."""
    assert problems_in(tmp_path / "docs", tmp_path) == [
        "docs:1:1: SG101 cannot be read: No such file or directory; "
        "create the folder, or set another one with `docs`"
    ]


def test_read_reports_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    """The documentation must be a folder."""
    (tmp_path / "docs").write_text("")
    assert problems_in(tmp_path / "docs", tmp_path) == [
        "docs:1:1: SG101 cannot be read: Not a directory"
    ]


def test_read_reports_a_broken_link(tmp_path: Path) -> None:
    """A page that cannot be read is a problem, and no other page is read instead."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.dataset.md").symlink_to(tmp_path / "gone.md")
    assert problems_in(tmp_path / "docs", tmp_path) == [
        "docs/a.dataset.md:1:1: SG101 cannot be read: the link leads nowhere; correct or remove it"
    ]


def test_read_reports_links_that_lead_nowhere_or_back(tmp_path: Path) -> None:
    """A link that stood for a folder of pages is not taken for an empty folder, and a circle of links
    does not go on for ever."""
    (tmp_path / "docs" / "ddsql").mkdir(parents=True)
    (tmp_path / "docs" / "gcp").symlink_to(tmp_path / "gone")
    (tmp_path / "docs" / "ddsql" / "again").symlink_to(tmp_path / "docs")
    assert problems_in(tmp_path / "docs", tmp_path) == [
        "docs/ddsql/again:1:1: SG101 cannot be read: the link leads back to a folder that contains it;"
        " remove it",
        "docs/gcp:1:1: SG101 cannot be read: the link leads nowhere; correct or remove it",
    ]


def test_read_reports_a_pipe_instead_of_waiting_for_it(tmp_path: Path) -> None:
    """What is no file is refused at once."""
    (tmp_path / "docs").mkdir()
    os.mkfifo(tmp_path / "docs" / "a.dataset.md")
    assert problems_in(tmp_path / "docs", tmp_path) == [
        "docs/a.dataset.md:1:1: SG101 cannot be read: it is no regular file; remove it"
    ]


def test_read_reports_a_page_without_permission() -> None:
    """A page whose permissions forbid reading is a problem."""
    # Not below pytest's folder, which only its owner may enter.
    with TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        (root / "docs").mkdir(mode=0o755)
        (root / "docs" / "a.dataset.md").touch(mode=0)
        with without_privileges():
            assert problems_in(root / "docs", root) == [
                "docs/a.dataset.md:1:1: SG101 cannot be read: Permission denied"
            ]


@pytest.mark.parametrize("folder", ["bindings", "bindings/aws"])
def test_find_locks_reports_a_folder_without_permission(folder: str) -> None:
    """Bindings that cannot be read are a problem: a build without them would remove the mappers."""
    with TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        (root / "bindings" / "aws").mkdir(parents=True, mode=0o755)
        (root / folder).chmod(0)
        with without_privileges(), pytest.raises(ProblemsFound) as raised:
            inputs.find_locks(api.settings(root))
        (root / folder).chmod(0o755)
        assert list(map(str, raised.value.problems)) == [
            f"{folder}:1:1: SG101 cannot be read: Permission denied"
        ]
