"""schemagen.emit.catalog_data: linked tables as the objects of catalog.json."""

from __future__ import annotations

from projects import CHECKOUT
from schemagen.emit.catalog_data import table_data
from schemagen.inputs import read_catalog
from schemagen.settings.load import load_settings


def test_table_data_has_every_column_with_its_type_and_origin() -> None:
    """No column of a page is missing from the catalogue, and none is out of order."""
    _, catalog = read_catalog(load_settings(CHECKOUT))
    assert catalog.tables
    for table in catalog.tables:
        pages = [column.column for column in table.columns]
        data = table_data(table)
        assert data.id == table.table.id
        assert [column.name for column in data.columns] == [
            page.name for page in table.table.columns
        ]
        assert [column.line for column in data.columns] == [page.origin.line for page in pages]
        assert all(column.type for column in data.columns)
