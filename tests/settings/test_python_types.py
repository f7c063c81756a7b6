"""schemagen.settings.python_types: types of the settings that do not exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemagen.settings.python_types import problem
from schemagen.typetable import PythonType


@pytest.mark.parametrize(
    ("module", "name", "expected"),
    [
        ("uuid", "UUID", ""),
        ("decimal", "Decimal", ""),
        ("builtins", "complex", ""),
        ("pydantic", "StrictStr", ""),
        ("pydantic.types", "StrictStr", ""),
        ("uuidd", "UUID", "the module 'uuidd' is not installed; did you mean 'uuid'?"),
        ("pydantic.made", "X", "the module 'pydantic.made' is not installed"),
        ("uuid.inner", "X", "the module 'uuid.inner' is not installed"),
        ("uuid", "UUDI", "the module 'uuid' has no 'UUDI'; did you mean 'UUID'?"),
        ("own_types", "Money", ""),
        ("own_types", "Moneys", "the module 'own_types' has no 'Moneys'; did you mean 'Money'?"),
    ],
)
def test_problem_finds_modules_and_names_that_do_not_exist(
    tmp_path: Path, module: str, name: str, expected: str
) -> None:
    """A type must be in an installed module or one of the project; its module is never run."""
    own = "raise SystemExit('run')\nclass Money:\n    pass\n"
    (tmp_path / "src").mkdir()
    (tmp_path / "src/own_types.py").write_text(own)
    assert problem(PythonType(name, module=module), tmp_path).startswith(expected or "")
    assert bool(problem(PythonType(name, module=module), tmp_path)) == bool(expected)
