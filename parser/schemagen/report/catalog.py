"""Format a generated catalogue for ``schemagen catalog``."""

from __future__ import annotations

from schemagen.runtime import catalog_json
from schemagen.runtime.catalog_data import CatalogData

HEADINGS = ("table", "columns", "key", "bound", "deprecated")


def rows(catalog: CatalogData) -> list[tuple[str, ...]]:
    """Format the tables for people, one row each."""
    return [
        (
            table.id,
            str(len(table.columns)),
            table.key or "",
            str(len(table.binding.columns)) if table.binding else "",
            table.deprecated or "",
        )
        for table in catalog.tables.values()
    ]


def text(catalog: CatalogData) -> str:
    """Return the catalogue as the current format writes it."""
    return catalog_json.render(catalog, "Printed by `schemagen catalog`.")
