"""Breaks one function of schemagen, in every Python process that has this folder on PYTHONPATH.

Python imports a module of this name when it starts, so the processes that tests start are broken,
too. `VARIABLE` holds ``module:name:way``, for example ``schemagen.emit.ddl:render:returns ''``. The
function is replaced as soon as its module has run, before another module can import it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import FunctionType, ModuleType
from typing import Any

VARIABLE = "SCHEMAGEN_BROKEN"

# --- ways to break a function ---------------------------------------------------------------------

Function = Callable[..., Any]
Way = Callable[[Function], Function]


def _returning(change: Callable[[Any], Any]) -> Way:
    """Break what is returned. The function still runs, so it still raises what it raised."""

    def way(function: Function) -> Function:
        return wraps(function)(lambda *args, **kwargs: change(function(*args, **kwargs)))

    return way


def _first_argument(function: Function) -> Function:
    """Leave what is passed as it is."""
    return wraps(function)(lambda *args, **_kwargs: args[0])


def _with_columns(change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> Way:
    """Break the table that is passed: its columns are changed."""

    def way(function: Function) -> Function:
        def broken(table: Any, *args: Any, **kwargs: Any) -> Any:
            return function(replace(table, columns=change(table.columns)), *args, **kwargs)

        return wraps(function)(broken)

    return way


def _not_called(function: Function) -> Function:
    return wraps(function)(lambda *_args, **_kwargs: None)


def _raising(function: Function) -> Function:
    def raising(*_args: Any, **_kwargs: Any) -> Any:
        raise ArithmeticError("made to fail")

    return wraps(function)(raising)


def _kind(value: object) -> type:
    return type(value)


def _empty(value: object) -> object:
    """Return the empty value of the same type; None for a type that has none."""
    empty_values: tuple[object, ...] = ("", (), [], {})
    return next((empty for empty in empty_values if type(empty) is type(value)), None)


def _without_last(result: Any) -> Any:
    kind = _kind(result)
    if kind is str:
        return "".join(result.splitlines(keepends=True)[:-1])
    if kind is dict:
        return dict(list(result.items())[:-1])
    return result[:-1] if kind in (list, tuple) else iter(list(result)[:-1])


def _without(name: str) -> Callable[[Any], Any]:
    """Empty the field ``name`` of a dataclass, or of the first of several results."""

    def change(result: Any) -> Any:
        if _kind(result) is tuple:
            return (change(result[0]), *result[1:])
        if not hasattr(result, name):
            return result
        return replace(result, **{name: _empty(getattr(result, name))})

    return change


def _not_strict(function: Function) -> Function:
    return wraps(function)(lambda *args, **kwargs: function(*args, **{**kwargs, "strict": False}))


WAYS: dict[str, Way] = {
    "returns None": _returning(lambda _: None),
    "returns False": _returning(lambda _: False),
    "returns True": _returning(lambda _: True),
    "returns ''": _returning(lambda _: ""),
    "returns ()": _returning(lambda _: ()),
    "returns []": _returning(lambda _: []),
    "returns {}": _returning(lambda _: {}),
    "returns no page": _returning(lambda result: (None, result[1])),
    "yields nothing": _returning(lambda _: iter(())),
    "does nothing": _not_called,
    "raises": _raising,
    "returns its argument": _first_argument,
    "is not strict": _not_strict,
    "drops the last": _returning(_without_last),
    "loses the last column": _with_columns(lambda columns: columns[:-1]),
    "swaps the first columns": _with_columns(lambda columns: (*columns[1::-1], *columns[2:])),
    "forgets the tables": _returning(_without("tables")),
    "forgets the bindings": _returning(_without("bindings")),
    "forgets the binding": _returning(_without("binding")),
    "forgets the record": _returning(_without("record")),
    "forgets the columns": _returning(_without("columns")),
    "forgets the derived columns": _returning(_without("derived")),
    "forgets the members": _returning(_without("members")),
    "forgets the values": _returning(_without("values")),
    "forgets the listing": _returning(_without("listing")),
    "forgets the items": _returning(_without("items")),
    "forgets the disagreements": _returning(_without("disagreements")),
    "forgets the parents": _returning(_without("parents")),
    "forgets the problems": _returning(_without("problems")),
}
ONLY = " for "
"""``returns '' for duckdb`` is broken only when an argument has that name."""


def broken(function: Function, way: str) -> Function:
    """Break ``function`` in the way of that name. Raises KeyError for others."""
    name, _, only = way.partition(ONLY)
    changed = WAYS[name](function)
    if not only:
        return changed

    @wraps(function)
    def for_some(*args: Any, **kwargs: Any) -> Any:
        found = any(getattr(argument, "name", None) == only for argument in args)
        return (changed if found else function)(*args, **kwargs)

    return for_some


def _member(owner: Any, attribute: str) -> Any:
    # getattr would read a property instead of returning it.
    return owner.__dict__[attribute]


def break_in(module: ModuleType, name: str, way: str) -> None:
    """Replace the function, method or property ``name`` (``Class.method``) of ``module``."""
    owner_name, _, attribute = name.rpartition(".")
    owner: Any = getattr(module, owner_name) if owner_name else module
    found = _member(owner, attribute)
    kind = _kind(found)
    changed: Any
    if kind is property:
        changed = property(broken(found.fget, way))
    elif kind is cached_property:
        changed = cached_property(broken(found.func, way))
        changed.__set_name__(owner, attribute)
    elif kind is FunctionType:
        changed = broken(found, way)
    else:
        raise TypeError(f"{module.__name__}.{name} is no function: {found!r}")
    setattr(owner, attribute, changed)


class _BreakingLoader(SourceFileLoader):
    """Loads a module, and breaks it afterwards."""

    def __init__(self, fullname: str, path: str, name: str, way: str) -> None:
        super().__init__(fullname, path)
        self.function, self.way = name, way

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        break_in(module, self.function, self.way)


class _Breaker(MetaPathFinder):
    """Finds the module whose function is to be broken, and leaves all others to Python."""

    def __init__(self, module: str, name: str, way: str) -> None:
        self.module, self.function, self.way = module, name, way

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _BreakingLoader(fullname, spec.origin, self.function, self.way)
        return spec


if VARIABLE in os.environ:
    sys.meta_path.insert(0, _Breaker(*os.environ[VARIABLE].split(":", 2)))
