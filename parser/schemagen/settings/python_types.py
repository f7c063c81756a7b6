"""Check that a Python type of the settings exists, without running its module."""

from __future__ import annotations

import ast
import sys
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec, PathFinder
from pathlib import Path

from schemagen.diagnostics import did_you_mean
from schemagen.typetable import PythonType


def problem(type: PythonType, root: Path) -> str:
    """Explain what is wrong with a type: its module is not installed, or does not define it.

    ``root`` is the project's folder, in which modules are found as well. Returns "" if the type exists,
    or if only running the module would show whether it does.
    """
    spec = _find(type.module, [*sys.path, str(root), str(root / "src")])
    if spec is None:
        hint = did_you_mean(type.module, sys.stdlib_module_names)
        return f"the module {type.module!r} is not installed{hint}"
    names = _defined(spec)
    if names is None or type.name in names:
        return ""
    return f"the module {type.module!r} has no {type.name!r}{did_you_mean(type.name, names)}"


def _find(module: str, folders: list[str]) -> ModuleSpec | None:
    """Find a module, without importing the packages around it as `importlib.util.find_spec` does."""
    parts = module.split(".")
    spec = (
        BuiltinImporter.find_spec(parts[0])
        or FrozenImporter.find_spec(parts[0])
        or PathFinder.find_spec(parts[0], folders)
    )
    for number in range(2, len(parts) + 1):
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(".".join(parts[:number]), spec.submodule_search_locations)
    return spec


def _defined(spec: ModuleSpec) -> set[str] | None:
    """Collect the names that a module defines; None if its source does not show all of them."""
    if spec.origin is None or not spec.origin.endswith(".py"):
        return None
    try:
        tree = ast.parse(Path(spec.origin).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(names=[ast.alias("*"), *_]):
                return None
            case ast.FunctionDef(name="__getattr__"):
                return None
            case ast.Import() | ast.ImportFrom():
                names.update(alias.asname or alias.name for alias in node.names)
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                names.add(node.name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case _:
                pass
    return names
