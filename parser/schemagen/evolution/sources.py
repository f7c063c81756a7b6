"""Read what is compared: the catalogue of pages, a package, a file or a git revision, with places.

`read` reads one source, `differing` the parts of two in which they differ. A catalogue of 1,300 tables
takes longer to decode than everything else, so its text is only decoded where that is needed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from schemagen import catalog_source
from schemagen.build.plan import catalog_text
from schemagen.catalog_source import CatalogFile
from schemagen.diagnostics import Problem, ProblemsFound
from schemagen.evolution import groups
from schemagen.pages.sources import kind_of, page_files
from schemagen.runtime.catalog_data import CatalogData, StructureData, TableData
from schemagen.settings.load import Settings, load_settings


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is documented. ``path`` is relative to the project, or "" for the catalogue
    ``origin``; ``origin`` is the git revision or the package that it was documented in, or "" for files
    as they are on disk.
    """

    path: str
    line: int
    origin: str = ""

    def __str__(self) -> str:
        path = f"{self.path}:{self.line}"
        return f"{self.origin}:{path}" if self.origin else path


@dataclass(frozen=True)
class Source:
    """A catalogue to compare. ``label`` is its name in reports, ``origin`` that of its places, and
    ``folder`` what the paths of its pages are relative to, as it is shown; "" is the current project."""

    label: str
    file: CatalogFile
    origin: str = ""
    folder: str = ""

    @cached_property
    def catalog(self) -> CatalogData:
        """The whole catalogue. Raises `ProblemsFound` with SG601 and SG602."""
        return catalog_source.parse(self.file.name, self.file.data)

    @cached_property
    def groups(self) -> groups.Groups | None:
        return groups.split(self.file.data)

    def table_place(self, table: TableData) -> Place:
        return self.place(table.page, table.line)

    def member_place(self, structure: StructureData, line: int | None = None) -> Place | None:
        """Return the place of a structure, or of the member at ``line``; None if no page has it."""
        line = line or structure.line
        if structure.page is None or line is None:
            return None
        return self.place(structure.page, line)

    def place(self, page: str, line: int) -> Place:
        """Return the place of a line of a page, such as those of columns and parameters."""
        return Place(f"{self.folder}{page}", line, self.origin)


# --- one source -----------------------------------------------------------------------------------


def read(spec: str, settings: Settings) -> Source:
    """Read the source that ``spec`` names.

    It is a folder of pages, anything that `catalog_source.find` finds, or "" for the project's pages.
    Pages give the catalogue that `schemagen build` would write for them. Raises `ProblemsFound`.
    """
    if not spec:
        return _from_pages(settings)
    path = Path(spec)
    if _is_folder(path):
        found = _settings_of_pages(path, settings)
        if found is not None:
            return _from_pages(found, settings.root)
    file = catalog_source.find(spec, settings)
    if file.path is None:
        return Source(file.revision, file, file.revision)
    if file.package:
        return Source(spec, file, spec)
    return Source(spec, file, "", _project_of(file.path, file.data, settings))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except ValueError:  # a NUL is in no path
        return False


def _settings_of_pages(folder: Path, settings: Settings) -> Settings | None:
    """Return the settings with which ``folder`` is read as pages; None if it does not hold any."""
    for project in (settings, load_settings(folder)):
        if os.path.realpath(project.docs) == os.path.realpath(folder):
            return project
    if catalog_source.has_catalogue(folder):
        return None
    if not any(map(kind_of, page_files(folder))):
        return None
    return replace(settings, docs=folder.absolute())


def _from_pages(settings: Settings, root: Path | None = None) -> Source:
    name = settings.display(settings.docs)
    folder = ""
    if root is not None and root != settings.root:
        name = settings.docs.as_posix()
        folder = f"{settings.root.as_posix()}/"
    file = CatalogFile(name, catalog_text(settings).encode(), settings.docs)
    return Source(name, file, "", folder)


def _project_of(file: Path, data: bytes, settings: Settings) -> str:
    """Return what leads to the pages of a catalogue's project, if it is another one and they are there."""
    page = groups.first_page(data)
    for folder in file.absolute().parents:
        if page and (folder / page).is_file():
            return "" if folder == settings.root else f"{settings.display(folder)}/"
    return ""


# --- two sources ----------------------------------------------------------------------------------


def differing(old: Source, new: Source) -> tuple[CatalogData, CatalogData]:
    """Return the tables in which two sources differ, directly or through structures, with all structures
    that these reach. Raises `ProblemsFound`: SG604 if no provider has tables in both."""
    before, after = old.groups, new.groups
    if before is None or after is None:
        _require_common_provider(old, new, old.catalog.tables, new.catalog.tables)
        return old.catalog, new.catalog
    chosen = groups.differing(before, after)
    catalogs = _decoded(old, chosen[0]), _decoded(new, chosen[1])
    _require_common_provider(old, new, before.tables, after.tables)
    return catalogs


def _decoded(source: Source, chosen: groups.Groups) -> CatalogData:
    try:
        return catalog_source.parse(source.file.name, chosen.text.encode())
    except ProblemsFound:
        return source.catalog  # which raises them with their lines in the file


def _require_common_provider(
    old: Source, new: Source, old_tables: Iterable[str], new_tables: Iterable[str]
) -> None:
    before, after = (
        sorted({id.partition(".")[0] for id in tables}) for tables in (old_tables, new_tables)
    )
    if before and after and not set(before) & set(after):
        message = (
            f"has tables of {', '.join(after)}, and {old.label} has tables of {', '.join(before)}: these"
            " are not two states of the same tables"
        )
        raise ProblemsFound([Problem(new.file.name, 1, 1, "SG604", message)])
