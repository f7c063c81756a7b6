"""Bindings of tables that were drawn from botocore's models, compared with what was written down of
them before the inference was run on them."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import page_facts
from drawn_tables import DRAWN, TABLES
from expected_bindings import expected

FOLDER = Path(__file__).parent
EXPECTED = FOLDER / "drawn_bindings.txt"


def test_drawn_bindings_tell_each_column_of_each_table_once() -> None:
    """Every drawn column is expected to be bound, derived or unbound, and only one of them."""
    facts = page_facts.facts(DRAWN)
    bindings = dict(expected(EXPECTED))
    assert len(facts) == TABLES
    assert bindings.keys() == facts.keys()
    for table, known in facts.items():
        right = bindings[table]
        told = [
            column
            for kind in ("columns", "derived", "unbound")
            for column in cast("dict[str, object] | set[str]", right[kind])
        ]
        assert sorted(told) == [column.name for column in known.columns], table
