"""Check that a Python type of the settings exists, without running its module."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec, PathFinder
from pathlib import Path
from types import MappingProxyType

from schemagen.diagnostics import did_you_mean
from schemagen.files import read_file
from schemagen.typetable import PythonType

STANDARD_TYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "builtins": ("bool", "bytes", "complex", "float", "int", "str"),
        "datetime": ("date", "datetime", "time", "timedelta"),
        "decimal": ("Decimal",),
        "fractions": ("Fraction",),
        "ipaddress": (
            *("IPv4Address", "IPv4Interface", "IPv4Network"),
            *("IPv6Address", "IPv6Interface", "IPv6Network"),
        ),
        "pathlib": ("Path", "PurePath"),
        "re": ("Pattern",),
        "uuid": ("UUID",),
        "zoneinfo": ("ZoneInfo",),
    }
)
"""The classes of the standard library that pydantic validates."""


def problem(type: PythonType, root: Path) -> str:
    """Explain what is wrong with a type: its module is not installed, or does not define it, or defines
    something that is no class that pydantic validates.

    ``root`` is the project's folder, in which modules are found as well. Returns "" if the type exists,
    or if only running the module would show whether it does.
    """
    spec = _find(type.module, [*sys.path, str(root), str(root / "src")])
    if spec is None:
        hint = did_you_mean(type.module, sys.stdlib_module_names)
        return f"the module {type.module!r} is not installed{hint}"
    names = _defined(spec)
    if names is not None and type.name not in names.classes | names.others:
        return f"the module {type.module!r} has no {type.name!r}{did_you_mean(type.name, names.classes)}"
    if type.module.partition(".")[0] in sys.stdlib_module_names:
        if type.name in STANDARD_TYPES.get(type.module, ()):
            return ""
        known = [f"{module}.{name}" for module, names in STANDARD_TYPES.items() for name in names]
        return (
            "pydantic does not validate it; of the standard library, it validates"
            f" {', '.join(known)}"
        )
    if names is not None and type.name in names.others:
        return f"{type.name!r} is not a class"
    return ""


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


@dataclass(frozen=True, slots=True)
class _Names:
    """The names that a module defines: those that are or may be ``classes``, and the ``others``."""

    classes: set[str]
    others: set[str]


def _defined(spec: ModuleSpec) -> _Names | None:
    """Collect the names that a module defines; None if its source does not show all of them."""
    if spec.origin is None or not spec.origin.endswith(".py"):
        return None
    try:
        return _defined_in(read_file(spec.origin))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@lru_cache(maxsize=16)
def _defined_in(source: bytes) -> _Names | None:
    """Collect the names that the source of a module defines. Many types may be of one module."""
    tree = ast.parse(source)
    classes: set[str] = set()
    stored: set[str] = set()
    others: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(names=[ast.alias("*"), *_]):
                return None
            case ast.FunctionDef(name="__getattr__"):
                return None
            case ast.ClassDef():
                classes.add(node.name)
            case ast.ImportFrom():
                classes.update(alias.asname or alias.name for alias in node.names)
            case ast.Name(id=name, ctx=ast.Store()):
                stored.add(name)
            case ast.Import():
                others.update(alias.asname or alias.name for alias in node.names)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                others.add(node.name)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if isinstance(
                value, _LITERALS
            ):
                others.add(name)
            case _:
                pass
    others -= classes
    return _Names(classes | (stored - others), others)


_LITERALS = (ast.Constant, ast.Dict, ast.JoinedStr, ast.Lambda, ast.List, ast.Set, ast.Tuple)
