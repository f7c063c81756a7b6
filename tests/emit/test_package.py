"""schemagen.emit.package: the modules that tables share, and the README."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import handmade
from projects import page, pages
from schemagen import api
from schemagen.emit.formatting import format_python


@pytest.mark.parametrize(
    "tables",
    [["aws.thing"], [f"aws.{'a' * 64}"], [f"aws.{'a' * 65}"], ["aws.other", "aws.thing"]],
    ids=["short", "fits the line", "too long", "several"],
)
def test_catalog_has_the_layout_of_black(tables: list[str]) -> None:
    """The template alone lays the catalogue out as black does, also for a single table, whose id black
    moves to the line of ``TableId`` if it fits there."""
    columns = handmade.columns({"_key": "string"})
    source = handmade.files([handmade.table(table, columns) for table in tables])["catalog.py"]
    assert format_python(source) == source


KEYLESS = "Name | name | core | string"
KEYED = ("Key | _key | core | string", KEYLESS)


@pytest.mark.parametrize(
    ("tables", "example", "validates"),
    [
        ({"dd.a": [KEYLESS], "dd.b": KEYED}, "dd.b", True),
        ({"dd.a": KEYED, "dd.b": [KEYLESS]}, "dd.a", True),
        ({"dd.a": [KEYLESS]}, "dd.a", False),
    ],
)
def test_example_of_the_generated_readme_runs(
    tmp_path: Path, tables: dict[str, list[str]], example: str, validates: bool
) -> None:
    """The README's example runs whatever the tables are: it validates a row's key only if one of them
    has a key."""
    project = pages(
        tmp_path,
        {f"ddsql/dd/{table}.dataset.md": page(table, *rows) for table, rows in tables.items()},
    )
    api.build(api.settings(project))
    readme = (project / "generated/README.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert f'catalog.table("{example}")' in code
    assert ("model_validate" in code) is validates
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(project / "generated")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "CREATE TABLE" in done.stdout
