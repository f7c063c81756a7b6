"""Renders the parts of the generated distribution that tables share: metadata, catalogue, modules."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from schemagen import runtime
from schemagen.emit import paths, records, sql, templating
from schemagen.emit.formatting import format_python
from schemagen.emit.imports import sorted_imports
from schemagen.emit.layout import WIDTH
from schemagen.model.pages import KEY
from schemagen.model.table_facts import TableFacts
from schemagen.names import python_literal
from schemagen.resolved_types import TypeTable
from schemagen.runtime import convert
from schemagen.runtime.catalog_json import FILE, render_groups
from schemagen.targets.registry import (
    COLLECTING,
    EXTRAS,
    LOADING,
    Needs,
    Per,
    Target,
    default_targets,
)
from schemagen.typetable import NOTATIONS, TYPES, Dialect


@dataclass(frozen=True, slots=True)
class Distribution:
    """The generated distribution: the name of its import package, its version, and the targets that
    are in it."""

    package: str
    version: str
    targets: tuple[Target, ...] = field(default_factory=default_targets)

    def has(self, target: str) -> bool:
        """Whether a target is in the package."""
        return any(other.name == target for other in self.targets)

    @property
    def dependencies(self) -> list[str]:
        """What the package requires."""
        return list(dict.fromkeys(item for target in self.targets for item in target.requires))

    @property
    def required(self) -> list[str]:
        """The names of what the package requires."""
        return [re.split("[<>=]", item)[0] for item in self.dependencies]

    def location(self, target: Target) -> str:
        """Where users find the files of a target: their path, or the name of their module."""
        path = target.path.replace("{", "<").replace("}", ">")
        return f"{self.package}.{paths.python_module(path)}" if target.dotted else path

    @property
    def extras(self) -> dict[str, tuple[str, ...]]:
        """What the extras of the package require, by name."""
        return {
            **{target.name: target.extra for target in self.targets if target.extra},
            **{extra.name: extra.packages for extra in EXTRAS if extra.needs.are_met(self.names)},
        }

    @property
    def loads(self) -> bool:
        """Whether the package loads rows into databases or files."""
        return LOADING.are_met(self.names)

    @property
    def collects(self) -> bool:
        """Whether the package collects rows from AWS."""
        return COLLECTING.are_met(self.names)

    @property
    def names(self) -> frozenset[str]:
        """The names of the targets."""
        return frozenset(target.name for target in self.targets)

    @property
    def table_targets(self) -> list[Target]:
        """The targets with a file for each table."""
        return [target for target in self.targets if target.per is Per.TABLE]

    @property
    def dialects(self) -> list[str]:
        """The targets that create tables in databases into which `sql` loads rows, by name."""
        loadable = {item.name for item in NOTATIONS if isinstance(item, Dialect)}
        return [target.name for target in self.table_targets if target.name in loadable]

    @property
    def name(self) -> str:
        """The name of the distribution in package indexes."""
        return self.package.replace("_", "-")


def project_files(
    tables: Iterable[TableFacts], distribution: Distribution, changelog: str = ""
) -> dict[str, str]:
    """Render the files beside the package, by their paths in the output folder.

    ``changelog`` is the text of the package's changelog, "" without one.
    """
    tables = sorted(tables, key=lambda table: table.id)
    values = {"notice": paths.notice("the pages"), "distribution": distribution}
    # The example validates a row of nothing but its key.
    example = next((table for table in tables if table.key), tables[0])
    files = {
        ".gitattributes": f"# {paths.notice('the pages')}\n{_GIT_ATTRIBUTES}",
        "pyproject.toml": templating.render(
            "package/pyproject.toml.j2", **values, description=_description(distribution)
        ),
        "README.md": templating.render(
            "package/README.md.j2",
            **values,
            count=len(tables),
            example=example.id,
            key=KEY if example.key else "",
            collected=next((table.id for table in tables if table.service), ""),
        ),
    }
    if changelog:
        notice = paths.notice("the package's changelog in the project")
        files[paths.CHANGELOG] = f"<!-- {notice} -->\n{changelog}"
    return files


_GIT_ATTRIBUTES = "* -text\n"
"""Git leaves the line ends as they are: with others, every file would count as edited by hand."""


def _description(distribution: Distribution) -> str:
    kinds = {
        "pydantic models": distribution.has("pydantic"),
        "JSON Schema": distribution.has("json_schema"),
        "DDL": bool(distribution.dialects),
        "boto3 mappers": distribution.has("mappers"),
    }
    found = [kind for kind, there in kinds.items() if there]
    listed = " and ".join(filter(None, [", ".join(found[:-1]), *found[-1:]]))
    return f"Tables of the DDSQL data directory: {listed or 'the catalogue'}"


def modules(
    tables: Iterable[TableFacts],
    types: TypeTable,
    distribution: Distribution,
    unchanged: Collection[str] = (),
) -> dict[str, str]:
    """Render the files of the package that tables share, without the empty `init_modules`, and without
    those of `type_modules` that are ``unchanged``."""
    tables = sorted(tables, key=lambda table: table.id)
    notice = paths.notice("the pages")
    return {
        "__init__.py": templating.render(
            "package/init.py.j2", notice=notice, distribution=distribution
        ),
        "py.typed": "",
        "_package.py": templating.render(
            "package/package.py.j2", notice=notice, distribution=distribution
        ),
        "__main__.py": templating.render(
            "package/main.py.j2", notice=notice, distribution=distribution
        ),
        **_runtime(),
        "catalog.py": _catalog(tables, distribution, notice),
        **{
            path: templating.render(f"package/{path}.j2", notice=notice, distribution=distribution)
            for path, needs in _PROGRAMS.items()
            if needs.are_met(distribution.names)
        },
        **{
            path: render()
            for path, render in type_modules(types, distribution).items()
            if path not in unchanged
        },
    }


_PROGRAMS: Mapping[str, Needs] = {"load.py": LOADING, "sync.py": COLLECTING}
"""The modules that load and collect rows, and the targets that they need."""


def type_modules(types: TypeTable, distribution: Distribution) -> dict[str, Callable[[], str]]:
    """Return the functions that render the modules which only some targets use, by path.

    They depend on the settings and not on the tables. Black formats them, which takes a while.
    """
    files: dict[str, Callable[[], str]] = {}
    python = ("mappers", "tables", "structures", "pydantic")
    if any(distribution.has(target) for target in python):
        files["_convert.py"] = _convert
    if distribution.has("pydantic"):
        files["_types.py"] = partial(_types, types, paths.notice("the type table"))
    if distribution.has("tables"):
        files["sql.py"] = partial(sql.render, types, distribution.package)
    outputs = [target.name for target in distribution.targets if target.records]
    if distribution.has("tables") and outputs:
        files["records.py"] = partial(records.render, types, distribution.package, outputs)
    return files


def catalog_json(
    distribution: Distribution, tables: Mapping[str, str], structures: Mapping[str, str]
) -> dict[str, str]:
    """Render the catalogue for programs from the texts of all tables and structures, by their keys."""
    notice = paths.notice("the pages")
    text = render_groups(distribution.package, distribution.version, notice, tables, structures)
    return {FILE: text}


def init_modules(paths: Iterable[str]) -> dict[str, str]:
    """Return an empty ``__init__.py`` for every folder with Python files that lacks one in ``paths``."""
    paths = set(paths)
    # Thousands of files share a few folders.
    folders = {path.rpartition("/")[0] for path in paths if path.endswith(".py")}
    inits = {
        f"{parent}/__init__.py"
        for folder in folders
        for parent in (PurePosixPath(folder), *PurePosixPath(folder).parents)
        if parent.parts
    }
    return dict.fromkeys(inits - paths, "")


def _runtime() -> dict[str, str]:
    # Word for word, so that schemagen's own tests run the code that users run.
    folder = Path(runtime.__path__[0])
    return {
        f"_runtime/{path.relative_to(folder).as_posix()}": path.read_text("utf-8")
        for path in sorted(folder.rglob("*.py"))
    }


def _convert() -> str:
    return format_python(
        templating.render(
            "package/convert.py.j2", notice=paths.notice("the runtime"), names=convert.__all__
        )
    )


def _types(types: TypeTable, notice: str) -> str:
    # What is inside JSON is JSON, whatever type the settings give to columns.
    json = next(row.python for row in TYPES if row.name == "json")
    defined = sorted(
        {json, *(row.python for row in types.types.values() if row.python.definition)},
        key=lambda python: python.name,
    )
    imported: dict[str, set[str]] = {
        "typing": {"TYPE_CHECKING", "TypeAlias"},
        "pydantic": {"BaseModel", "ConfigDict", "Field", "VERSION"},
    }
    for python in defined:
        for module, name in python.imports:
            imported.setdefault(module, set()).add(name)
    return format_python(
        templating.render(
            "package/types.py.j2",
            notice=notice,
            imports=sorted_imports(imported),
            types=defined,
            json=json.name,
        )
    )


def _catalog(tables: Iterable[TableFacts], distribution: Distribution, notice: str) -> str:
    # The template has black's layout: black itself would take seconds for thousands of tables.
    return templating.render(
        "package/catalog.py.j2",
        notice=notice,
        width=WIDTH,
        dialects=[python_literal(name) for name in distribution.dialects],
        models=distribution.has("pydantic"),
        base="BaseModel" if distribution.has("pydantic") else "object",
        outputs={
            python_literal(target.name): python_literal(target.path)
            for target in distribution.table_targets
        },
        entries=[
            {
                "id": python_literal(table.id),
                "provider": python_literal(paths.folder(table.provider)),
                "module": python_literal(table.module),
                "model": python_literal(table.model),
                "key": table.key,
                "function": table.function,
                "mapper": bool(table.service) and distribution.has("mappers"),
                "deprecated": table.deprecated,
            }
            for table in tables
        ],
    )
