"""Catalog -> {path: text}, part by part: tables, and what tables share.

Paths are relative to the generated package, with forward slashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schemagen.catalog import Catalog, LinkedTable, TableFacts
from schemagen.emit import calls, ddl, json_schema, paths, shapes, sql
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
    """Find the parts that tables share, by path.

    Tables only determine which parts there are: their content depends on settings, API pages and lock.
    """
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


def render_parts(
    parts: Sequence[Part], settings: Settings, structure_models: models.StructureModels
) -> list[dict[str, str]]:
    """Render the files of each of ``parts``. Models are generated together, which is faster."""
    modules = [_model_module(part, settings, structure_models) for part in parts]
    texts = iter(models.render_modules([module for module in modules if module is not None]))
    rendered: list[dict[str, str]] = []
    for part, module in zip(parts, modules, strict=True):
        files = _files(part, settings)
        if module is not None:
            files[module.path] = next(texts)
        rendered.append(files)
    return rendered


def render_part(
    part: Part, settings: Settings, structure_models: models.StructureModels
) -> dict[str, str]:
    """Render the files of a part."""
    return render_parts([part], settings, structure_models)[0]


def _model_module(
    part: Part, settings: Settings, structure_models: models.StructureModels
) -> models.ModelModule | None:
    types, nested_names = settings.types, settings.nested_names
    match part:
        case LinkedTable():
            return models.table_module(part, types, nested_names, structure_models)
        case StructureModule(provider, structures):
            return models.structures_module(
                provider, structures, types, nested_names, structure_models
            )
        case ShapesModule():
            return None


def _files(part: Part, settings: Settings) -> dict[str, str]:
    """Render the files of a part, except its models."""
    match part:
        case LinkedTable():
            return _table_files(part, settings)
        case StructureModule():
            return {}
        case ShapesModule(provider, service):
            path = paths.shapes_path(provider, service.name)
            return {path: shapes.render_shapes(service, settings.nested_names)}


def _table_files(table: LinkedTable, settings: Settings) -> dict[str, str]:
    provider, module = table.table.provider, table.module
    schema = json_schema.table_schema(
        table, settings.types, settings.nested_names, settings.base_uri
    )
    files = {
        paths.json_schema_path(provider, module): json_schema.render(schema),
        paths.table_path(provider, module): sql.render_table(table),
    }
    for dialect in DIALECTS:
        files[paths.ddl_path(dialect.name, provider, module)] = ddl.render(table, dialect)
    if table.binding is not None:
        files[paths.mapper_path(provider, module)] = mappers.render_table(table)
    if table.calls is not None:
        files[paths.calls_path(provider, module)] = calls.render_table(table.table.id, table.calls)
    return files
