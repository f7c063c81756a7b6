"""Catalog -> {path: text}, part by part: tables, and what tables share.

Paths are relative to the generated package, with forward slashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any, cast

from schemagen.catalog import Catalog
from schemagen.diagnostics import Problem, ProblemsFound, during
from schemagen.emit import paths
from schemagen.emit.parts import Part, RenderContext, ShapesModule, StructureModule, part_path, per
from schemagen.emit.structure_models import StructureModels
from schemagen.model.table_facts import TableFacts
from schemagen.runtime import catalog_json
from schemagen.settings.load import Settings
from schemagen.targets.registry import Per, Target

Renderer = Callable[[Sequence[Any], Target, RenderContext], Sequence[str | None]]
"""Renders a target's files of several parts, in their order; None for a part without such a file.

Parts are what the target has files per: `LinkedTable`, `StructureModule`, `ShapesModule`, or the
catalogue as a `CatalogData`.
"""


def renderer(target: Target) -> Renderer:
    """Import the function that renders ``target``."""
    if target.user_template is not None:
        name = "user_template:render"
    else:
        name = target.renderer or "template:render"
    module, _, function = name.partition(":")
    return cast("Renderer", getattr(import_module(f"schemagen.emit.{module}"), function))


def shared_parts(
    tables: Iterable[TableFacts],
    catalog: Catalog,
    structure_models: StructureModels,
    targets: Iterable[Target],
) -> dict[str, Part]:
    """Find the parts that tables share and that ``targets`` have files for, by path.

    Tables only determine which parts there are: their content depends on settings, API pages and lock.
    """
    tables = list(tables)
    parts: dict[str, Part] = {}
    for target in targets:
        if target.per is Per.STRUCTURE:
            parts |= _structure_modules(tables, catalog, structure_models, target)
        elif target.per is Per.SERVICE:
            found = {(table.provider, table.service) for table in tables if table.service}
            for provider, service in sorted(found):
                part = ShapesModule(provider, catalog.services[service])
                parts[part_path(part, target, structure_models)] = part
    return parts


def _structure_modules(
    tables: Iterable[TableFacts],
    catalog: Catalog,
    structure_models: StructureModels,
    target: Target,
) -> dict[str, StructureModule]:
    modules: dict[str, StructureModule] = {}
    for provider, reference in sorted(
        {(table.provider, reference) for table in tables for reference in table.structures}
    ):
        part = StructureModule(provider, (catalog.structures[reference],))
        path = part_path(part, target, structure_models)
        if others := modules.get(path):
            part = StructureModule(provider, (*others.structures, *part.structures))
        modules[path] = part
    return modules


def render_parts(
    parts: Sequence[Part], settings: Settings, structure_models: StructureModels
) -> list[dict[str, str]]:
    """Render the files of each of ``parts``, target by target: some render many parts quicker than one. Raises
    `ProblemsFound` with what is wrong with the templates of the project."""
    context = RenderContext(settings, structure_models)
    rendered: list[dict[str, str]] = [{} for _ in parts]
    problems: list[Problem] = []
    for target in settings.outputs:
        chosen = [(number, part) for number, part in enumerate(parts) if per(part) is target.per]
        if not chosen:
            continue
        try:
            with during(f"rendering {target.name}"):
                texts = renderer(target)([part for _, part in chosen], target, context)
        except ProblemsFound as error:
            problems += error.problems
            continue
        for (number, part), text in zip(chosen, texts, strict=True):
            if text is None:
                continue
            path = part_path(part, target, structure_models)
            if path in rendered[number] and target.user_template is not None:
                message = f"{path} would also be written by another target; choose another path"
                problems.append(target.user_template.position.problem("SG308", message, "path"))
            rendered[number][path] = text
    if problems:
        raise ProblemsFound(problems)
    return rendered


def render_catalog(
    text: str, settings: Settings, structure_models: StructureModels
) -> dict[str, str]:
    """Render the targets that write one file for the whole catalogue, whose JSON is ``text``."""
    targets = [target for target in settings.outputs if target.per is Per.CATALOG]
    if not targets:
        return {}
    catalog = catalog_json.parse(text)
    context = RenderContext(settings, structure_models)
    files: dict[str, str] = {}
    problems: list[Problem] = []
    for target in targets:
        try:
            [rendered] = renderer(target)([catalog], target, context)
        except ProblemsFound as error:
            problems += error.problems
            continue
        if rendered is not None:
            files[paths.output_path(target)] = rendered
    if problems:
        raise ProblemsFound(problems)
    return files


def render_part(
    part: Part, settings: Settings, structure_models: StructureModels
) -> dict[str, str]:
    """Render the files of one part."""
    return render_parts([part], settings, structure_models)[0]
