"""schemagen.emit.catalog_data: linked tables as the objects of catalog.json."""

from __future__ import annotations

import golden_trees
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


def test_table_data_has_the_calls_that_the_lock_records() -> None:
    """Programs find in the catalogue what the module of a table's calls has: listings, pagination and
    the other rules."""
    _, catalog = read_catalog(load_settings(golden_trees.FOLDER / "kinds"))
    found = {
        table.table.id: (table.calls, data.binding.calls)
        for table in catalog.tables
        for data in [table_data(table)]
        if data.binding
    }
    assert all(written == calls for calls, written in found.values())
    made = [
        call
        for _, written in found.values()
        if written
        for call in (*written.listings, written.primary)
    ]
    assert any(call.rules.pagination for call in made)
    assert any(call.arguments for call in made)


def test_table_data_has_no_calls_where_the_lock_records_none() -> None:
    """Lock files of format 1 do not say how operations are called, so the catalogue does not either."""
    _, catalog = read_catalog(load_settings(golden_trees.FOLDER / "settings"))
    bound = [data for table in catalog.tables if (data := table_data(table)).binding]
    assert bound
    assert all(data.binding and data.binding.calls is None for data in bound)
