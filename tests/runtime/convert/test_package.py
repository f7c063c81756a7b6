"""schemagen.runtime.convert: the package of the converters."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TypeVar

from schemagen.runtime import convert
from schemagen.typetable import FROM_MAP_TEXT, SCALARS, TYPES

MODULES = sorted(path.stem for path in Path(convert.__path__[0]).glob("[a-z]*.py"))


def test_type_table_names_converters_that_exist() -> None:
    """``convert`` has every function that a row names."""
    names = {row.convert for row in TYPES} | {row.convert for row in SCALARS}
    names |= {sql.encode for row in TYPES for sql in row.sql.values()}
    names |= {sql.decode for row in TYPES for sql in row.sql.values() if sql.decode}
    names |= {*FROM_MAP_TEXT, *FROM_MAP_TEXT.values()}
    assert all(callable(getattr(convert, name)) for name in names)


def test_convert_exports_what_its_modules_define() -> None:
    """``convert`` exports what its modules define, and nothing else under another name. `distinct`, now
    of `fields`, was always exported here."""
    modules = [importlib.import_module(f"{convert.__name__}.{name}") for name in MODULES]
    defined = {
        name
        for module in modules
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__
        and not (name.startswith("_") or isinstance(value, TypeVar))
    }
    assert sorted(convert.__all__) == convert.__all__
    assert defined - {"expected", "has_text"} == {*convert.__all__} - {"Errors", "Json", "distinct"}
