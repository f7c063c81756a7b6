"""Catalog -> {path: text}: the files of a table, and the files that tables share.

Paths are relative to the output folder, with forward slashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schemagen.config import Settings
from schemagen.emit import ddl, json_schema, mappers, models, package, shapes, sql, tree
from schemagen.link import LinkedTable, TableFacts
from schemagen.model import Service, Structure
from schemagen.typetable import DIALECTS

Structures = Mapping[tuple[str, str], Structure]


def structure_modules(structures: Structures) -> dict[tuple[str, str], str]:
    """(service, structure) -> stem of the module of its model, for all structures of all pages."""
    by_service: dict[str, list[Structure]] = {}
    for structure in structures.values():
        by_service.setdefault(structure.service, []).append(structure)
    return {
        (service, name): stem
        for service, members in by_service.items()
        for name, stem in tree.structure_modules(members).items()
    }


def render_table(table: LinkedTable, settings: Settings, modules: models.Modules) -> dict[str, str]:
    """The files of one table."""
    provider, module = table.table.provider, table.module
    types, nested_names = settings.types, settings.nested_names
    schema = json_schema.table_schema(table, types, nested_names, settings.base_uri)
    files = {
        tree.json_schema_path(provider, module): json_schema.render(schema),
        tree.model_path(provider, module): models.render_table(table, types, nested_names, modules),
        tree.table_path(provider, module): sql.render_table(table),
    }
    for dialect in DIALECTS:
        files[tree.ddl_path(dialect.name, provider, module)] = ddl.render(table, dialect)
    if table.binding is not None:
        files[tree.mapper_path(provider, module)] = mappers.render_table(table)
    return files


def render_shared(
    tables: Iterable[TableFacts],
    structures: Structures,
    services: Mapping[str, Service],
    settings: Settings,
) -> dict[str, str]:
    """The files that several tables share, without the ``__init__`` modules."""
    tables = list(tables)
    modules = structure_modules(structures)
    files = package.render(tables, settings.types, settings.package_version)
    groups: dict[tuple[str, str, str], list[Structure]] = {}
    for provider, reference in sorted(
        {(table.provider, reference) for table in tables for reference in table.structures}
    ):
        group = groups.setdefault((provider, reference[0], modules[reference]), [])
        group.append(structures[reference])
    for (provider, service, module), members in groups.items():
        files[tree.structure_path(provider, service, module)] = models.render_structures(
            provider, members, settings.types, settings.nested_names, modules
        )
    for provider, service in sorted(
        {(table.provider, table.service) for table in tables if table.service}
    ):
        files[tree.shapes_path(provider, service)] = shapes.render_shapes(
            services[service], settings.nested_names
        )
    return files
