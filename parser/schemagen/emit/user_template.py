"""Render the templates of a project, and report each failure at its line.

A template is data, not part of the program. It can read the objects of the catalogue, use some filters and
include templates of its own folder, and nothing else; see `schemagen.emit.sandbox`.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Template, TemplateError, TemplateSyntaxError
from jinja2.exceptions import TemplateNotFound

from schemagen.catalog import LinkedTable
from schemagen.diagnostics import Problem, ProblemsFound, SourcePosition
from schemagen.emit.parts import RenderContext
from schemagen.emit.sandbox import Environment
from schemagen.emit.template import values
from schemagen.runtime.catalog_data import CatalogData
from schemagen.targets.registry import Target, UserTemplate


@cache
def _environment(path: str, name: str, texts: tuple[tuple[str, str], ...]) -> Environment:
    return Environment(UserTemplate(path, name, dict(texts), SourcePosition(path, {})))


def render(
    subjects: Sequence[LinkedTable | CatalogData], target: Target, context: RenderContext
) -> list[str]:
    """Render the template of ``target`` for tables, or for the catalogue. Raises `ProblemsFound` with an
    SG309 for each line that failed."""
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


def _text(environment: Environment, template: Template, variables: Mapping[str, Any]) -> str:
    environment.start()
    chunks: list[str] = []
    size = 0
    for chunk in template.generate(**variables):
        size += len(chunk)
        environment.check_size(size)
        chunks.append(chunk)
    text = "".join(chunks)
    text.encode()  # raises for lone surrogates, which no file can hold
    return text


def _problem(template: UserTemplate, error: Exception, of: str) -> Problem:
    """Report an error at the line of the template that raised it. ``of`` ends the message."""
    name, line = template.name, 1
    if isinstance(error, TemplateSyntaxError):
        name, line = error.name or name, error.lineno
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename in template.others:
                name, line = frame.filename, frame.lineno or 1
    path = template.path_of(name)
    lines = template.others[name].splitlines()
    source = lines[line - 1] if 0 < line <= len(lines) else ""
    return Problem(path, line, _column(source, error), "SG309", f"{_message(error)}{of}")


def _message(error: Exception) -> str:
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name!r} in the folder of this one"
    if isinstance(error, TemplateError):
        return error.message or type(error).__name__
    if isinstance(error, RecursionError):
        return "endless recursion: the template includes itself, or a macro calls itself"
    return str(error) or type(error).__name__


def _column(source: str, error: Exception) -> int:
    """Find the column of the first name that the message quotes and the line contains, or 1."""
    for name in (error.message or "").split("'")[1::2] if isinstance(error, TemplateError) else ():
        if name and name in source:
            return source.index(name) + 1
    return 1
