"""Suggest ids, codes, rules, consumers and dialects to shells, which ask at each Tab: no page is parsed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from schemagen.cli.options import settings_with
from schemagen.diagnostics import ProblemsFound

if TYPE_CHECKING:
    from schemagen.settings.load import Settings


def tables(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Suggest ids of tables, by the names of their pages."""
    return _starting_with(incomplete, _table_ids())


def codes_and_tables(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Suggest error codes and ids of tables."""
    from schemagen.diagnostics import error_codes

    return _starting_with(incomplete, (*error_codes(), *_table_ids()))


def rules(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Suggest the rules of a comparison."""
    from schemagen.rules import registry

    return _starting_with(incomplete, registry.rules())


def consumers(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Suggest the last of several consumers with commas between, without those that are there already."""
    from schemagen.rules.registry import CONSUMERS

    before, comma, _ = incomplete.rpartition(",")
    names = (name for name in CONSUMERS if name not in before.split(","))
    return _starting_with(incomplete, (f"{before}{comma}{name}" for name in names))


def dialects(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Suggest the dialects of the project."""
    settings = _settings()
    known = settings.types.dialects if settings else ()
    return _starting_with(incomplete, (dialect.name for dialect in known))


def _table_ids() -> list[str]:
    from schemagen.inputs import table_ids

    settings = _settings()
    return table_ids(settings) if settings else []


def _settings() -> Settings | None:
    """Load the settings; None if they have problems: a shell has no place for them."""
    try:
        return settings_with(reads_pages=False)
    except (ProblemsFound, click.UsageError):
        return None


def _starting_with(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))
