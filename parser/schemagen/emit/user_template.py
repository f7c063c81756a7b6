"""Render the templates of a project: sandboxed, strict, and bounded in work and size.

A template is data of the project, not part of the program. It sees the objects of the catalogue and
the filters below, includes only templates of its own folder, and changes nothing. How much it may do
is counted in steps rather than in seconds, so that the result is the same on every machine.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, cast

from jinja2 import (
    FunctionLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    nodes,
)
from jinja2.exceptions import SecurityError, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from schemagen import names
from schemagen.catalog import LinkedTable
from schemagen.diagnostics import Problem, ProblemsFound
from schemagen.emit.parts import RenderContext
from schemagen.emit.template import values
from schemagen.runtime.catalog_data import CatalogData
from schemagen.targets.registry import Target, UserTemplate

MAX_STEPS = 1_000_000
"""How many times the loops and macros of a template may run for one file."""
MAX_CHARACTERS = 64_000_000
"""How long a file may be, and a text that a template makes on the way to it."""

FILTERS: Mapping[str, Callable[..., str]] = {
    "double_quoted": names.sql_identifier,
    "backtick_quoted": names.backtick_identifier,
    "bracket_quoted": names.bracket_identifier,
    "sql_literal": partial(names.sql_literal, escapes=False),
    "postgres_literal": names.sql_literal,
    "backslash_literal": names.backslash_literal,
    "python_literal": names.python_literal,
    "json_literal": names.json_literal,
    "yaml_literal": names.yaml_literal,
    "one_line": names.one_line,
}
"""The filters that templates have besides Jinja's own; docs/targets.md documents them."""

# They return something else in each run, or format for HTML.
_REMOVED_FILTERS = ("random", "pprint", "escape", "e", "forceescape", "safe", "xmlattr", "urlize")
_REMOVED_GLOBALS = ("lipsum",)
_STEP = "_schemagen_step"


class TooMuch(SecurityError):
    """A template does more than it may."""


class Undeclared(StrictUndefined):
    """A variable or an attribute that does not exist. Tests such as ``is defined`` work on it."""


def _source(
    texts: Mapping[str, str], name: str
) -> tuple[str, str | None, Callable[[], bool] | None] | None:
    """Find the text of a template. Its name stands for a path, by which tracebacks show it."""
    return (texts[name], name, None) if name in texts else None


class _Environment(ImmutableSandboxedEnvironment):
    """The environment of one template. It counts the steps since `start`."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def __init__(self, template: UserTemplate) -> None:
        super().__init__(
            loader=FunctionLoader(partial(_source, template.others)),
            undefined=Undeclared,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        self.filters.update(FILTERS)
        for name in _REMOVED_FILTERS:
            self.filters.pop(name)
        for name in _REMOVED_GLOBALS:
            self.globals.pop(name)
        cast("dict[str, Any]", self.globals)[_STEP] = self.step
        self.steps = 0

    def start(self) -> None:
        self.steps = 0

    def step(self) -> str:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooMuch(f"the template takes more than {MAX_STEPS} steps for one file")
        return ""

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
        return tree

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "*":
            for text, times in ((left, right), (right, left)):
                if isinstance(times, int):
                    _check_size(_length(text) * times)
        if operator == "**" and isinstance(right, int) and abs(right) > 64:
            raise TooMuch(f"the exponent {right} is over 64")
        return _checked(super().call_binop(context, operator, left, right))

    def call(self, context: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
        for argument in (*args, *kwargs.values()):
            if isinstance(argument, int):
                _check_size(argument)
        return _checked(super().call(context, obj, *args, **kwargs))


def _checked(value: Any) -> Any:
    _check_size(_length(value))
    return value


def _length(value: Any) -> int:
    """Measure a text or a list; 0 for anything else."""
    return len(value) if isinstance(value, (str, list, tuple)) else 0  # pyright: ignore[reportUnknownArgumentType]


def _check_size(size: int) -> None:
    if size > MAX_CHARACTERS:
        raise TooMuch(f"the template makes more than {MAX_CHARACTERS} characters for one file")


@cache
def _environment(path: str, name: str, texts: tuple[tuple[str, str], ...]) -> _Environment:
    from schemagen.diagnostics import SourcePosition

    return _Environment(UserTemplate(path, name, dict(texts), SourcePosition(path, {})))


def render(
    subjects: Sequence[LinkedTable | CatalogData], target: Target, context: RenderContext
) -> list[str]:
    """Render the template of ``target`` for tables, or for the catalogue. Raises `ProblemsFound` with an
    SG309 for each line that fails."""
    template = target.user_template
    if template is None:
        raise AssertionError(f"{target.name} has no template of the project")
    environment = _environment(template.path, template.name, tuple(template.others.items()))
    try:
        compiled = environment.get_template(template.name)
    except TemplateError as error:
        raise ProblemsFound([_problem(template, error, "")]) from None
    texts: list[str] = []
    failed: dict[tuple[int, str], Problem] = {}
    for subject in subjects:
        try:
            texts.append(_text(environment, compiled, values(subject, target, context)))
        except Exception as error:
            of = "" if isinstance(subject, CatalogData) else f" (for {subject.table.id})"
            problem = _problem(template, error, of)
            failed.setdefault((problem.line, type(error).__name__), problem)
    if failed:
        raise ProblemsFound(failed.values())
    return texts


def _text(environment: _Environment, template: Template, variables: Mapping[str, Any]) -> str:
    environment.start()
    chunks: list[str] = []
    size = 0
    for chunk in template.generate(**variables):
        size += len(chunk)
        _check_size(size)
        chunks.append(chunk)
    text = "".join(chunks)
    text.encode()  # a file cannot hold lone surrogates
    return text


def _problem(template: UserTemplate, error: Exception, of: str) -> Problem:
    """Report what a template raised, at the line that raised it."""
    name, line = template.name, 1
    if isinstance(error, TemplateSyntaxError):
        name, line = error.name or name, error.lineno
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename in template.others:
                name, line = frame.filename, frame.lineno or 1
    folder, _, _ = template.path.rpartition("/")
    path = f"{folder}/{name}" if folder else name
    lines = template.others[name].splitlines()
    source = lines[line - 1] if 0 < line <= len(lines) else ""
    return Problem(path, line, _column(source, error), "SG309", f"{_message(error)}{of}")


def _message(error: Exception) -> str:
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name!r} beside this one"
    if isinstance(error, TemplateError):
        return error.message or type(error).__name__
    return f"{type(error).__name__}: {error}"


def _column(source: str, error: Exception) -> int:
    """Find the column of the first quoted name of the message in the line, or 1."""
    for name in (error.message or "").split("'")[1::2] if isinstance(error, TemplateError) else ():
        if name and name in source:
            return source.index(name) + 1
    return 1
