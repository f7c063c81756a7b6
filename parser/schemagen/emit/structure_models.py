"""Where the pydantic models of structures are: every target that refers to them needs to know.

This module loads no generator of models, so that a build without them does without it, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemagen.catalog import Catalog
from schemagen.emit import paths
from schemagen.model.pages import Structure


@dataclass(frozen=True, slots=True)
class StructureModel:
    """The location of a structure's model: the stem of its module, and its class."""

    module: str
    name: str


StructureModels = Mapping[tuple[str, str], StructureModel]
"""(service, structure) -> the location of the structure's model."""


def structure_models(catalog: Catalog) -> dict[tuple[str, str], StructureModel]:
    """Locate the models of all structures, including those that no table uses."""
    by_service: dict[str, list[Structure]] = {}
    for structure in catalog.structures.values():
        by_service.setdefault(structure.service, []).append(structure)
    return {
        (service, name): StructureModel(stem, catalog.classes[service, name])
        for service, members in by_service.items()
        for name, stem in paths.structure_modules(members).items()
    }
