"""Overrides in the settings of scratch projects, and what `schemagen bind` makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from projects import tree
from schemagen import api
from schemagen.diagnostics import ProblemsFound

JOB = "aws.sagemaker_compilation_job"
SETTINGS = "schemagen.toml"


def override(table: str = JOB, **keys: object) -> str:
    """The text of an override, with its header in line 1."""
    lines = [f"{key} = {_toml(value)}" for key, value in {"table": table, **keys}.items()]
    return "\n".join(["[[overrides]]", *lines, ""])


def _toml(value: object) -> str:
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value).items()
        return f"{{ {', '.join(f'{key} = {_toml(item)}' for key, item in pairs)} }}"
    return json.dumps(value)


def bound(folder: Path, *overrides: str) -> tuple[str, ...]:
    """Bind with ``overrides`` as the only settings, and return the paths of changed files."""
    (folder / SETTINGS).write_text("\n".join(overrides))
    return tuple(change.path for change in api.bind(api.settings(folder)).changes)


def problems(folder: Path, *overrides: str) -> list[str]:
    """The problems that `schemagen bind` finds with ``overrides`` as the only settings."""
    (folder / SETTINGS).write_text("\n".join(overrides))
    before = tree(folder)
    with pytest.raises(ProblemsFound) as caught:
        api.bind(api.settings(folder))
    assert tree(folder) == before
    return [str(problem).removeprefix(f"{SETTINGS}:") for problem in caught.value.problems]


def entry(folder: Path, table: str = JOB, service: str = "sagemaker") -> Any:
    """The table's entry in the lock, as JSON."""
    text = (folder / f"bindings/aws/{service}.json").read_bytes()
    return json.loads(text)["tables"][table]
