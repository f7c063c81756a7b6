"""Render the built-in targets that are Jinja templates, and collect the variables of all templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemagen.catalog import LinkedTable
from schemagen.emit import paths, templating
from schemagen.emit.catalog_data import structure_data, structure_name, table_data
from schemagen.emit.parts import RenderContext
from schemagen.runtime.catalog_data import CatalogData
from schemagen.targets.registry import Target


def render(
    subjects: Sequence[LinkedTable | CatalogData], target: Target, context: RenderContext
) -> list[str]:
    """Render a built-in template for tables, or for the catalogue."""
    return [
        templating.render(target.template, **values(subject, target, context))
        for subject in subjects
    ]


def values(
    subject: LinkedTable | CatalogData, target: Target, context: RenderContext
) -> Mapping[str, Any]:
    """Collect the variables of a template. They are a stable interface, which docs/targets.md documents."""
    settings = context.settings
    shared = {
        "target": target.notation or target.name,
        "package": settings.package,
        "version": settings.package_version,
    }
    if isinstance(subject, CatalogData):
        return {**shared, "notice": paths.notice("the pages"), "catalog": subject}
    structures = {
        structure_name(key): structure_data(structure, context.models[key].name, nested)
        for structure in subject.structures
        for key, nested in [((structure.service, structure.name), settings.nested_names)]
    }
    return {
        **shared,
        "notice": paths.notice(subject.table.id),
        "table": table_data(subject),
        "structures": structures,
    }
