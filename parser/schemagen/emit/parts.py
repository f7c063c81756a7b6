"""Define the parts that are rendered independently: tables, and modules that tables share."""

from __future__ import annotations

from dataclasses import dataclass

from schemagen.catalog import LinkedTable
from schemagen.emit import paths
from schemagen.emit.structure_models import StructureModels
from schemagen.model.pages import Structure
from schemagen.model.recorded import RecordedService
from schemagen.settings.load import Settings
from schemagen.targets.registry import Per, Target


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


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What renderers receive besides their part."""

    settings: Settings
    models: StructureModels


def part_name(part: Part) -> str:
    """Name a part for messages."""
    match part:
        case LinkedTable():
            return part.table.id
        case StructureModule(_, structures):
            return f"{structures[0].service}.{structures[0].name}"
        case ShapesModule(_, service):
            return service.name


def per(part: Part) -> Per:
    """Return which targets have a file for ``part``."""
    match part:
        case LinkedTable():
            return Per.TABLE
        case StructureModule():
            return Per.STRUCTURE
        case ShapesModule():
            return Per.SERVICE


def part_path(part: Part, target: Target, models: StructureModels) -> str:
    """Return the path of the file that ``target`` has for ``part``."""
    match part:
        case LinkedTable():
            return paths.output_path(target, part.table.provider, table=part.module)
        case StructureModule(provider, structures):
            first = structures[0]
            stem = models[first.service, first.name].module
            return paths.output_path(target, provider, service=first.service, structure=stem)
        case ShapesModule(provider, service):
            return paths.output_path(target, provider, service=service.name)
