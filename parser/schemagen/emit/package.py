"""Renders the parts of the generated distribution that tables share: metadata, catalogue, modules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from schemagen import runtime
from schemagen.catalog import TableFacts
from schemagen.emit import paths, sql, templating
from schemagen.emit.formatting import format_python
from schemagen.emit.imports import sorted_imports
from schemagen.model.pages import KEY
from schemagen.names import python_literal
from schemagen.runtime import catalog_data, convert
from schemagen.typetable import DIALECTS, TypeTable


@dataclass(frozen=True, slots=True)
class Distribution:
    """The generated distribution: the name of its import package, and its version."""

    package: str
    version: str

    @property
    def name(self) -> str:
        """The name of the distribution in package indexes."""
        return self.package.replace("_", "-")


def project_files(tables: Iterable[TableFacts], distribution: Distribution) -> dict[str, str]:
    """Render the files beside the package, by their paths in the output folder."""
    tables = sorted(tables, key=lambda table: table.id)
    values = {"notice": paths.notice("the pages"), "distribution": distribution}
    # The example validates a row of nothing but its key.
    example = next((table for table in tables if table.key), tables[0])
    return {
        "pyproject.toml": templating.render("package/pyproject.toml.j2", **values),
        "README.md": templating.render(
            "package/README.md.j2",
            **values,
            count=len(tables),
            dialects=DIALECTS,
            example=example.id,
            key=KEY if example.key else "",
        ),
    }


def modules(
    tables: Iterable[TableFacts], types: TypeTable, distribution: Distribution
) -> dict[str, str]:
    """Render the files of the package that tables share, without the empty `init_modules`."""
    tables = sorted(tables, key=lambda table: table.id)
    notice = paths.notice("the pages")
    return {
        "__init__.py": templating.render(
            "package/init.py.j2", notice=notice, distribution=distribution
        ),
        "py.typed": "",
        **_runtime(),
        "_convert.py": _convert(),
        "_types.py": _types(types, paths.notice("the type table")),
        "catalog.py": _catalog(tables, notice),
        "sql.py": sql.render(types, distribution.package),
    }


def catalog_json(
    distribution: Distribution, tables: Mapping[str, str], structures: Mapping[str, str]
) -> dict[str, str]:
    """Render the catalogue for programs from the texts of all tables and structures, by their keys."""
    notice = paths.notice("the pages")
    text = catalog_data.render_groups(
        distribution.package, distribution.version, notice, tables, structures
    )
    return {catalog_data.FILE: text}


def init_modules(paths: Iterable[str]) -> dict[str, str]:
    """Return an empty ``__init__.py`` for every folder with Python files that lacks one in ``paths``."""
    paths = set(paths)
    inits = {
        f"{folder}/__init__.py"
        for path in paths
        if path.endswith(".py")
        for folder in PurePosixPath(path).parents
        if folder.parts
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
    defined = sorted(
        {row.python for row in types.types.values() if row.python.definition},
        key=lambda python: python.name,
    )
    imported: dict[str, set[str]] = {"typing": {"TypeAlias"}}
    for python in defined:
        for module, name in python.imports:
            imported.setdefault(module, set()).add(name)
    return format_python(
        templating.render(
            "package/types.py.j2",
            notice=notice,
            imports=sorted_imports(imported),
            types=defined,
        )
    )


def _catalog(tables: Iterable[TableFacts], notice: str) -> str:
    # The template has black's layout: black itself would take seconds for thousands of tables.
    return templating.render(
        "package/catalog.py.j2",
        notice=notice,
        dialects=[python_literal(dialect.name) for dialect in DIALECTS],
        entries=[
            {
                "id": python_literal(table.id),
                "provider": python_literal(paths.folder(table.provider)),
                "module": python_literal(table.module),
                "model": python_literal(table.model),
                "key": table.key,
                "function": table.function,
                "mapper": bool(table.service),
                "deprecated": table.deprecated,
            }
            for table in tables
        ],
    )
