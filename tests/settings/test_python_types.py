"""schemagen.settings.python_types: types of the settings that do not exist."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from schemagen.settings.python_types import STANDARD_TYPES, problem
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
        ("own_types", "Price", ""),
        ("own_types", "cents", "'cents' is not a class"),
        ("own_types", "ZERO", "'ZERO' is not a class"),
        ("own_types", "uuid", "'uuid' is not a class"),
        ("uuid", "uuid4", "pydantic does not validate it; of the standard library"),
        ("os", "system", "pydantic does not validate it; of the standard library"),
        ("threading", "Thread", "pydantic does not validate it; of the standard library"),
        ("own_types", "Moneys", "the module 'own_types' has no 'Moneys'; did you mean 'Money'?"),
    ],
)
def test_problem_finds_modules_and_names_that_do_not_exist(
    tmp_path: Path, module: str, name: str, expected: str
) -> None:
    """A type must be in an installed module or one of the project; its module is never run."""
    own = "raise SystemExit('run')\nclass Money:\n    pass\n"
    own += "Price = Annotated[int, 1]\nZERO = 0\nimport uuid\ndef cents(): pass\n"
    (tmp_path / "src").mkdir()
    (tmp_path / "src/own_types.py").write_text(own)
    assert problem(PythonType(name, module=module), tmp_path).startswith(expected or "")
    assert bool(problem(PythonType(name, module=module), tmp_path)) == bool(expected)


@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module, names in STANDARD_TYPES.items() for name in names],
)
def test_standard_types_are_those_that_pydantic_validates(module: str, name: str) -> None:
    """pydantic makes a validator and a serializer of each."""
    adapter: TypeAdapter[object] = TypeAdapter(getattr(import_module(module), name))
    assert adapter.validator
    assert adapter.json_schema(mode="serialization") is not None
