"""The Jinja2 environment of all templates. Text from pages is a value there, never a template."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from schemagen import names
from schemagen.emit.template_folders import TEMPLATES
from schemagen.runtime import quoting


def folder(name: str) -> Path:
    """Return the folder ``name`` of ``templates/``, for a library that reads its own templates."""
    for templates in TEMPLATES:
        if (templates / name).is_dir():
            return templates / name
    raise FileNotFoundError(f"templates/{name} is not installed")


@cache
def environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader([str(folder) for folder in TEMPLATES]),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - the targets are SQL and Python, quoted by names.py
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    env.filters.update(
        sql_identifier=quoting.identifier,
        sql_literal=quoting.literal,
        python_literal=names.python_literal,
        json_literal=names.json_literal,
        yaml_literal=names.yaml_literal,
        dbt_literal=names.dbt_literal,
    )
    return env


def render(template: str, /, **values: Any) -> str:
    """Render ``template`` (a path below ``templates/``) with ``values``."""
    return environment().get_template(template).render(**values)
