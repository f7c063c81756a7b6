"""schemagen.emit.mappers.module: the text of mappers, and what they say is unmapped."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from black import format_str
from black.mode import Mode, TargetVersion

import handmade
import mappers
from mapper_cases import ARN, NESTED_COLUMNS, STRUCTURES, awkward, by, nested, structures
from mappers import Mapper, Row
from schemagen.names import NestedNames


def test_unmapped_names_members_without_column(thing: Mapper) -> None:
    """`unmapped` names what a response has and the row lacks, but for boto3's own addition."""
    item: Row = {"Zone": 1, "Arn": ARN, "Added": None, "Config": {}, "ResponseMetadata": {}}
    assert thing.unmapped(item) == ("Added", "Zone")


@pytest.mark.parametrize("item", [[], ["Id"], "Id", b"Id", 1, None])
def test_unmapped_refuses_what_is_no_item(thing: Mapper, item: Any) -> None:
    """A list or a text has no members."""
    with pytest.raises(ValueError, match="thing: expected dict, got ") as caught:
        thing.unmapped(item)
    assert type(caught.value).__name__ == "ConversionError"


def test_unmapped_compares_with_the_item(tmp_path: Path) -> None:
    """Where the item is inside the response, every other member of the item is named."""
    with mappers.imported(tmp_path, nested("Get", "Outer.Inner.Thing"), NESTED_COLUMNS) as mapper:
        assert mapper.unmapped({"Arn": ARN, "New": 1, "ResponseMetadata": {}}) == (
            "New",
            "ResponseMetadata",
        )


@pytest.mark.parametrize("nested_names", list(NestedNames))
def test_render_table_agrees_with_black(nested_names: NestedNames) -> None:
    """black changes nothing in the modules, whatever the paths and names are."""
    mode = Mode(target_versions={TargetVersion.PY311})
    for made, columns in awkward():
        tables = mappers.linked(made, {made.bindings[0].table: handmade.columns(columns)})
        texts = mappers.files(made, tables, nested_names)
        modules = [path for path in texts if path.startswith(("mappers/aws/", "shapes/aws/"))]
        modules = [path for path in modules if not path.endswith("/__init__.py")]
        assert len(modules) > 1
        for path in modules:
            assert format_str(texts[path], mode=mode) == texts[path] != "", path


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_render_table_passes_type_checkers(tmp_path: Path, checker: str) -> None:
    """mypy --strict and pyright in strict mode find nothing in the modules.

    They check what differs from table to table. The rest of a package is the same in all, and checked by
    tests/emit/test_sql.py.
    """
    checked: list[str] = []
    for number, (made, columns) in enumerate(awkward()):
        tables = mappers.linked(made, {made.bindings[0].table: handmade.columns(columns)})
        for path, text in mappers.files(made, tables).items():
            target = tmp_path / f"package_{number}" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            if path.endswith(".py") and path.startswith(("mappers/", "shapes/")):
                checked.append(f"package_{number}/{path}")
    settings = {"typeCheckingMode": "strict", "include": checked}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = {
        "mypy": ["mypy", "--strict", "--no-incremental", "--explicit-package-bases", *checked],
        "pyright": ["pyright", "--pythonpath", sys.executable, "--stats"],
    }[checker]
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f" {len(checked)} source files" in done.stdout.replace("Found ", " "), done.stdout


def test_render_table_ignores_the_order_of_the_lock() -> None:
    """The same lock in another order makes the same text."""
    first = structures()
    second = mappers.service(
        mappers.bound(
            "aws.made_thing",
            operation="DescribeThing",
            columns={"config": by("Config"), "_key": {"derived": "arn", "member": "Arn"}},
        ),
        {"DescribeThing": "DescribeThingResponse"},
        dict(reversed(STRUCTURES.items())),
        {"Mode": ["On", "Off"]},
    )
    columns = {"aws.made_thing": handmade.columns({"_key": "string", "config": "json"})}
    files = mappers.files(first, mappers.linked(first, columns))
    assert "def from_item(" in "".join(files.values())
    assert files == mappers.files(second, mappers.linked(second, columns))


@pytest.mark.parametrize("path", ["Sets[]", "Set"])
def test_render_table_passes_ruff(tmp_path: Path, path: str) -> None:
    """ruff's pyupgrade rules have nothing to change where an enrichment holds its items deeper."""
    made = nested("List", "Outer[].Inner.Things[]", path)
    tables = mappers.linked(made, {made.bindings[0].table: handmade.columns(NESTED_COLUMNS)})
    text = mappers.files(made, tables)[f"mappers/aws/{tables[0].module}.py"]
    (tmp_path / "mapper.py").write_text(text)
    command = ["ruff", "check", "--isolated", "--select=I,F,E,W,UP", "--ignore=E501", "."]
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
