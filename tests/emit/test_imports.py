"""schemagen.emit.imports: what generated modules import, as isort orders it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemagen.emit.imports import Imports, sorted_imports, with_sorted_imports

SORTED = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "I", "--no-cache"]


def text_of(groups: list[list[str]]) -> str:
    return "\n\n".join("\n".join(group) for group in groups) + "\n"


def test_imports_are_collected_from_annotations() -> None:
    """Names of annotations are imported from where they live, whatever else stands there."""
    imports = Imports("...")
    assert imports.annotation("NotRequired[ReadOnly[shapes.Map]] | Sequence[datetime]")
    imports.exported("Errors")
    imports.converter("text")
    imports.package("shapes.aws", "made", "shapes")
    assert imports.groups() == [
        [
            "from collections.abc import Sequence",
            "from datetime import datetime",
            "from typing import NotRequired",
        ],
        ["from typing_extensions import ReadOnly"],
        [
            "from ..._convert import Errors as Errors",
            "from ..._convert import text",
            "from ...shapes.aws import made as shapes",
        ],
    ]


_MODULE = st.from_regex(r"(\.{1,3})?[a-z][a-z0-9_]{0,3}(\.[a-z][a-z0-9_]{0,3})?", fullmatch=True)
_NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,4}", fullmatch=True)


@settings(deadline=None, max_examples=15)
@given(
    st.lists(
        st.dictionaries(
            _MODULE | st.sampled_from(["typing", "datetime", "pydantic", "..a2", "..a10"]),
            st.sets(_NAME | _NAME.map("{0} as {0}".format), min_size=1, max_size=9),
            min_size=1,
            max_size=9,
        ),
        min_size=20,
        max_size=20,
    )
)
@example([{"..s.node_10": {"A"}, "..s.node_2": {"A2", "A10", "S3", "a", "ABC", "Abc as Abc"}}])
def test_sorted_imports_agree_with_ruff(cases: list[dict[str, set[str]]]) -> None:
    """ruff's isort rules, with its defaults, leave every block of imports as it is."""
    with TemporaryDirectory() as folder:
        for number, imported in enumerate(cases):
            text = text_of(sorted_imports(imported))
            (Path(folder) / f"case_{number}.py").write_text(text, "utf-8")
        done = subprocess.run(
            [*SORTED, "--diff", folder], capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr


def test_with_sorted_imports_replaces_the_block() -> None:
    """Only the imports of a module move; text that looks like an import below them stays."""
    source = "# head\n\nfrom b import c, a\nfrom typing import T\n\n\nclass A:\n    x = 'from'\n"
    assert with_sorted_imports(source) == (
        "# head\n\nfrom typing import T\n\nfrom b import a, c\n\n\nclass A:\n    x = 'from'\n"
    )


def test_exported_names_are_imported_once() -> None:
    """A converter that is exported too is imported under its own name only, whichever came first."""
    for order in ("converter", "exported"), ("exported", "converter"):
        imports = Imports("...")
        for method in order:
            assert getattr(imports, method)("text") == "text"
        assert imports.groups() == [["from ..._convert import text as text"]]
