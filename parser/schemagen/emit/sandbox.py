"""The Jinja2 environment of a project's templates: sandboxed, strict, and bounded in work and memory.

The limits count steps and characters rather than time, so they are the same on every machine. Where the
arguments of an operation show how large its result can be, it is checked beforehand; see `SIZES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial, wraps
from itertools import islice
from typing import Any, cast

from jinja2 import FunctionLoader, StrictUndefined, Undefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from schemagen import names
from schemagen.runtime import quoting
from schemagen.targets.registry import UserTemplate

MAX_STEPS = 1_000_000
"""How many times the loops and macros of a template may run for one file, and how many elements a list
may have."""
MAX_CHARACTERS = 64_000_000
"""The length of a file, and of each text that a template builds on the way to it."""
MAX_TOTAL = 4 * MAX_CHARACTERS
"""The total length of all texts that a template builds for one file."""

FILTERS: Mapping[str, Callable[..., str]] = {
    "double_quoted": quoting.identifier,
    "backtick_quoted": names.backtick_identifier,
    "bracket_quoted": names.bracket_identifier,
    "sql_literal": partial(quoting.literal, escapes=False),
    "postgres_literal": quoting.literal,
    "backslash_literal": names.backslash_literal,
    "python_literal": names.python_literal,
    "json_literal": names.json_literal,
    "yaml_literal": names.yaml_literal,
    "one_line": names.one_line,
}
"""The filters in addition to Jinja2's, which docs/targets.md documents."""

# All but those that format for HTML, and those whose result differs from run to run.
JINJA_FILTERS = (
    *("abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort"),
    *("filesizeformat", "first", "float", "format", "groupby", "indent", "int", "items", "join"),
    *("last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace"),
    *("reverse", "round", "select", "selectattr", "slice", "sort", "string", "sum", "title"),
    *("trim", "truncate", "unique", "upper", "urlencode", "wordcount", "wordwrap"),
)
"""The filters of Jinja2 that templates can use."""

_REMOVED_GLOBALS = ("lipsum",)
_STEP, _CONCATENATE = "_schemagen_step", "_schemagen_concatenate"


class Refused(SecurityError):
    """Raised when a template does something that it may not do."""


class Undeclared(StrictUndefined):
    """A variable or an attribute that does not exist. Tests such as ``is defined`` work on it."""


# --- what a template may print --------------------------------------------------------------------


def _require_text(value: object) -> None:
    """Refuse values whose text depends on the run, such as a memory address."""
    if isinstance(value, (str, int, float, range, Undefined)) or value is None:
        return
    if isinstance(value, Mapping):
        _require_texts(cast("Mapping[object, object]", value).items())
    elif isinstance(value, (list, tuple)):
        _require_texts(cast("Iterable[object]", value))
    else:
        raise Refused(
            f"a {type(value).__name__} cannot be printed, only texts, numbers, and lists and dicts of these;"
            " use one of its attributes"
        )


def _require_texts(values: Iterable[object]) -> None:
    for value in values:
        _require_text(value)


def _printed(value: object) -> object:
    _require_text(value)
    return value


# --- the sizes of results -------------------------------------------------------------------------

_NUMBER = re.compile(r"\d+")


def _length(value: object) -> int:
    return len(value) if isinstance(value, str) else 0


def _lengths(values: object) -> int:
    """Return the total length of the texts in a list, or the length of one text."""
    if isinstance(values, (list, tuple)):
        return sum(map(_lengths, cast("Iterable[object]", values)))
    return _length(values)


def _padded(text: object, width: object = 80, *_: object) -> int:
    return max(_length(text), width if isinstance(width, int) else 0)


def _replaced(text: object, old: object = "", new: object = "", *_: object) -> int:
    if not (isinstance(text, str) and isinstance(old, str)):
        return 0
    return len(text) + (text.count(old) if old else len(text) + 1) * _length(new)


def _joined(values: list[object], separator: object = "", *_: object) -> int:
    return _lengths(values) + len(values) * _length(separator)


def _joined_by(separator: object, values: list[object], *_: object) -> int:
    return _joined(values, separator)


def _formatted(text: object, *values: object) -> int:
    """Bound the length of a formatted text: any number in it, or among the values, may be a width."""
    if not isinstance(text, str):
        return 0
    widths = sum(int(number[0][:9]) for number in _NUMBER.finditer(text))
    fields = text.count("{") + text.count("%")
    largest = max((value for value in values if isinstance(value, int)), default=0)
    longest = max(map(_lengths, values), default=0)
    return (
        len(text)
        + widths
        + fields * (largest if "{" in text or "*" in text else 0)
        + (fields * longest)
    )


def _indented(text: object, width: object = 4, *_: object) -> int:
    step = width if isinstance(width, int) else _length(width)
    lines = text.count("\n") + 1 if isinstance(text, str) else 0
    return _length(text) + lines * step


def _wrapped(
    text: object, width: object = 79, long: object = True, separator: object = "\n", *_: object
) -> int:
    if not (isinstance(text, str) and isinstance(width, int)):
        return 0
    lines = len(text.split()) + len(text) // max(width, 1) + 1
    return len(text) + lines * _length(separator)


def _expanded(text: object, width: object = 8, *_: object) -> int:
    tabs = text.count("\t") if isinstance(text, str) else 0
    return _length(text) + tabs * (width if isinstance(width, int) else 0)


SIZES: Mapping[str, Callable[..., int]] = {
    "center": _padded,
    "ljust": _padded,
    "rjust": _padded,
    "zfill": _padded,
    "replace": _replaced,
    "format": _formatted,
    "indent": _indented,
    "expandtabs": _expanded,
    "wordwrap": _wrapped,
}
"""Upper bounds on the results of filters and string methods, computed from their arguments."""

_FILTER_SIZES = {**SIZES, "join": _joined}
_METHOD_SIZES = {**SIZES, "join": _joined_by}
_REFUSED_METHODS = ("translate", "format_map")


class _Concatenations(NodeTransformer):
    """Replaces ``a ~ b``, which the sandbox does not intercept, with a call."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja2's name
        self.generic_visit(node)
        function = nodes.Name(_CONCATENATE, "load", lineno=node.lineno)
        return nodes.Call(function, node.nodes, [], None, None, lineno=node.lineno)


class Environment(ImmutableSandboxedEnvironment):
    """The environment of one template. Counts steps and characters since the last `start`."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def __init__(self, template: UserTemplate) -> None:
        super().__init__(
            loader=FunctionLoader(partial(_source, template.others)),
            undefined=Undeclared,
            finalize=_printed,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        of_jinja = cast("dict[str, Callable[..., Any]]", self.filters)
        known = {**{name: of_jinja[name] for name in JINJA_FILTERS}, **FILTERS}
        bounded = {name: self._bounded(name, filter) for name, filter in known.items()}
        self.filters = cast("Any", bounded)
        for name in _REMOVED_GLOBALS:
            self.globals.pop(name)
        own = cast("dict[str, Any]", self.globals)
        own[_STEP], own[_CONCATENATE] = self.step, self.concatenate
        self.start()

    def start(self) -> None:
        """Reset the counts for a new file."""
        self.steps = self.characters = 0

    def step(self) -> str:
        """Count a step. Returns an empty text, because the template prints the result."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Refused(f"the template takes more than {MAX_STEPS} steps for one file")
        return ""

    def concatenate(self, *values: object) -> str:
        """Join the operands of ``~``."""
        _require_texts(values)
        texts = [str(value) for value in values]
        self.check_size(sum(map(len, texts)))
        return "".join(texts)

    def check_size(self, size: int) -> None:
        """Raise `Refused` if a text of ``size`` characters is too long."""
        if size > MAX_CHARACTERS:
            raise Refused(f"the template builds more than {MAX_CHARACTERS} characters for one file")

    def _made(self, value: Any) -> Any:
        """Count and return the result of an operation."""
        size = _length(value)
        self.check_size(size)
        self.characters += size
        if self.characters > MAX_TOTAL:
            raise Refused(f"the template builds more than {MAX_TOTAL} characters for one file")
        is_list = isinstance(value, (list, tuple))
        if is_list and len(cast("list[object]", value)) > MAX_STEPS:
            raise Refused(f"the template builds a list of more than {MAX_STEPS} elements")
        return cast("Any", value)

    def _listed(self, values: Iterable[Any]) -> Any:
        """Return the values to join as a list, because a generator cannot be measured."""
        return self._made(list(islice(values, MAX_STEPS + 1)))

    def _bounded(self, name: str, filter: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a filter to check the size of its result, beforehand where possible."""
        # Filters with this attribute receive the environment or the context as their first argument.
        first = 1 if hasattr(filter, "jinja_pass_arg") else 0

        @wraps(filter, assigned=("__name__", "__doc__"))
        def bounded(*args: Any, **kwargs: Any) -> Any:
            if name == "join":
                args = (*args[:first], self._listed(args[first]), *args[first + 1 :])
            self._check_arguments(name, _FILTER_SIZES, args[first:], kwargs.values())
            return self._made(filter(*args, **kwargs))

        if first:
            bounded.jinja_pass_arg = cast("Any", filter).jinja_pass_arg  # type: ignore[attr-defined]
        return bounded

    def _check_arguments(
        self,
        name: str,
        sizes: Mapping[str, Callable[..., int]],
        args: tuple[Any, ...],
        others: Iterable[Any],
    ) -> None:
        args = (*args, *others)
        for value in args:
            if isinstance(value, int):
                self.check_size(value)
        if name in ("string", "join", "format"):
            _require_texts(args)
        if bound := sizes.get(name):
            self.check_size(bound(*args))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        refused = isinstance(obj, str) and attr in _REFUSED_METHODS
        return not refused and super().is_safe_attribute(obj, attr, value)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "*":
            for value, times in ((left, right), (right, left)):
                if isinstance(times, int) and isinstance(value, (str, list, tuple)):
                    self.check_size(len(cast("str", value)) * times)
        if operator == "**" and isinstance(right, int) and abs(right) > 64:
            raise Refused(f"the exponent {right} is over 64")
        if operator == "%" and isinstance(left, str):
            values = cast("tuple[object, ...]", right if isinstance(right, tuple) else (right,))
            _require_texts(values)
            self.check_size(_formatted(left, *values))
        return self._made(super().call_binop(context, operator, left, right))

    def call(self, context: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
        method = getattr(obj, "__wrapped__", obj)  # The sandbox wraps str.format.
        owner = getattr(method, "__self__", None)
        if isinstance(owner, str):
            if method.__name__ == "join" and args:
                args = (self._listed(args[0]), *args[1:])
            given = (owner, *args)
            self._check_arguments(method.__name__, _METHOD_SIZES, given, kwargs.values())
        else:
            self._check_arguments("", {}, args, kwargs.values())
        return self._made(super().call(context, obj, *args, **kwargs))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        repeated: list[nodes.For | nodes.Macro | nodes.CallBlock] = [
            *tree.find_all(nodes.For),
            *tree.find_all(nodes.Macro),
            *tree.find_all(nodes.CallBlock),
        ]
        for node in repeated:
            line = node.lineno
            call = nodes.Call(
                nodes.Name(_STEP, "load", lineno=line), [], [], None, None, lineno=line
            )
            node.body.insert(0, nodes.Output([call], lineno=line))
        return cast("nodes.Template", _Concatenations().visit(tree))


def _source(
    texts: Mapping[str, str], name: str
) -> tuple[str, str | None, Callable[[], bool] | None] | None:
    """Load a template by name. Tracebacks show the name as its path."""
    return (texts[name], name, None) if name in texts else None
