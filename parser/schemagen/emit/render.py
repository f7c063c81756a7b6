"""Catalog -> {path: text}, part by part: tables, and what tables share.

Paths are relative to the generated package, with forward slashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from functools import partial
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
    return cast("Renderer", _imported(name))


def _imported(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    return cast("Callable[..., Any]", getattr(import_module(f"schemagen.emit.{module}"), function))


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
    parts: Sequence[Part],
    settings: Settings,
    structure_models: StructureModels,
    executor: Executor | None = None,
) -> list[dict[str, str]]:
    """Render the files of each of ``parts``, target by target: some render many parts quicker than one.
    ``executor`` renders those that can be warmed up, meanwhile. Raises `ProblemsFound` with what is wrong
    with the templates of the project."""
    context = RenderContext(settings, structure_models)
    work: list[tuple[Target, list[int], Callable[[], _Texts]]] = []
    for target in settings.outputs:
        numbers = [number for number, part in enumerate(parts) if per(part) is target.per]
        if numbers:
            chosen = [parts[number] for number in numbers]
            if executor is not None and target.warm_up:
                texts = executor.submit(_render_target, target, chosen, context).result
            else:
                texts = partial(_render_target, target, chosen, context)
            work.append((target, numbers, texts))
    # What the executor renders comes last, so that it has the time of the others.
    found = {
        target.name: texts()
        for target, _, texts in sorted(work, key=lambda row: bool(row[0].warm_up))
    }
    rendered: list[dict[str, str]] = [{} for _ in parts]
    problems: list[Problem] = []
    for target, numbers, _ in work:
        texts_found = found[target.name]
        if isinstance(texts_found, ProblemsFound):
            problems += texts_found.problems
            continue
        for number, text in zip(numbers, texts_found, strict=True):
            if text is None:
                continue
            path = part_path(parts[number], target, structure_models)
            if path in rendered[number] and target.user_template is not None:
                message = f"{path} would also be written by another target; choose another path"
                problems.append(target.user_template.position.problem("SG308", message, "path"))
            rendered[number][path] = text
    if problems:
        raise ProblemsFound(problems)
    return rendered


_Texts = Sequence[str | None] | ProblemsFound


def _render_target(target: Target, parts: Sequence[Part], context: RenderContext) -> _Texts:
    """Render what ``target`` has of ``parts``, or return what is wrong with its template."""
    try:
        with during(f"rendering {target.name}"):
            return renderer(target)(parts, target, context)
    except ProblemsFound as error:
        return error


def warm_up(targets: Iterable[Target]) -> None:
    """Import what those renderers of ``targets`` need that take long to import."""
    for name in {target.warm_up for target in targets if target.warm_up}:
        _imported(name)()


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
