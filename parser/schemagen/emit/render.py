"""Catalog -> {path: text}, part by part: tables, and what tables share.

Paths are relative to the generated package, with forward slashes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemagen.catalog import Catalog, LinkedTable, TableFacts
from schemagen.emit import ddl, json_schema, paths, shapes, sql
from schemagen.emit.mappers import module as mappers
from schemagen.emit.pydantic import models
from schemagen.model.pages import Structure
from schemagen.model.recorded import RecordedService
from schemagen.settings.load import Settings
from schemagen.typetable import DIALECTS


@dataclass(frozen=True, slots=True)
class StructureModule:
    """The module of the models of structures: one, or several that form a cycle."""

    provider: str
    structures: tuple[Structure, ...]


@dataclass(frozen=True, slots=True)
class ShapesModule:
    """The module of what the mappers of a service share."""

    provider: str
    service: RecordedService


Part = LinkedTable | StructureModule | ShapesModule
"""What is rendered by itself, in any process."""


def shared_parts(
    tables: Iterable[TableFacts], catalog: Catalog, structure_models: models.StructureModels
) -> dict[str, Part]:
    """The parts that tables share, by path. Apart from which there are, they do not depend on the
    tables: what is rendered to a path follows from settings, API pages and lock."""
    tables = list(tables)
    groups: dict[str, StructureModule] = {}
    for provider, reference in sorted(
        {(table.provider, reference) for table in tables for reference in table.structures}
    ):
        module = structure_models[reference].module
        path = paths.structure_path(provider, reference[0], module)
        others = groups[path].structures if path in groups else ()
        groups[path] = StructureModule(provider, (*others, catalog.structures[reference]))
    shapes = {
        paths.shapes_path(provider, service): ShapesModule(provider, catalog.services[service])
        for provider, service in sorted(
            {(table.provider, table.service) for table in tables if table.service}
        )
    }
    return {**groups, **shapes}


def render_part(
    part: Part, settings: Settings, structure_models: models.StructureModels
) -> dict[str, str]:
    """The files of one part."""
    types, nested_names = settings.types, settings.nested_names
    match part:
        case LinkedTable():
            return render_table(part, settings, structure_models)
        case StructureModule(provider, structures):
            first = structures[0]
            module = structure_models[first.service, first.name].module
            path = paths.structure_path(provider, first.service, module)
            text = models.render_structures(
                provider, structures, types, nested_names, structure_models
            )
        case ShapesModule(provider, service):
            path = paths.shapes_path(provider, service.name)
            text = shapes.render_shapes(service, nested_names)
    return {path: text}


def render_table(
    table: LinkedTable, settings: Settings, structure_models: models.StructureModels
) -> dict[str, str]:
    provider, module = table.table.provider, table.module
    types, nested_names = settings.types, settings.nested_names
    schema = json_schema.table_schema(table, types, nested_names, settings.base_uri)
    files = {
        paths.json_schema_path(provider, module): json_schema.render(schema),
        paths.model_path(provider, module): models.render_table(
            table, types, nested_names, structure_models
        ),
        paths.table_path(provider, module): sql.render_table(table),
    }
    for dialect in DIALECTS:
        files[paths.ddl_path(dialect.name, provider, module)] = ddl.render(table, dialect)
    if table.binding is not None:
        files[paths.mapper_path(provider, module)] = mappers.render_table(table)
    return files
