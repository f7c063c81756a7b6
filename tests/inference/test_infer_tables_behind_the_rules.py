"""Bindings of the tables whose failures made the rules of the inference, compared with AWS's
references."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

import page_facts
from expected_bindings import described, expected
from made_services import typed
from schemagen.api_models.cache import Indexes
from schemagen.inference.infer import infer
from schemagen.pages import ddsql
from schemagen.resolved_types import TypeTable

BEHIND_THE_RULES = Path(__file__).with_name("tables_behind_the_rules.txt")


PAGES = page_facts.facts(BEHIND_THE_RULES)


@pytest.mark.parametrize(
    ("table", "right"),
    list(expected(BEHIND_THE_RULES)),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_infer_binds_tables_behind_the_rules_correctly_or_not_at_all(
    table: str, right: dict[str, object], indexes: Indexes
) -> None:
    """Each column is bound as AWS's references require, or not at all. A table whose item no operation
    returns, or several equally well, stays unbound, with a finding."""
    types = TypeTable()
    page, problems = ddsql.parse(page_facts.page(PAGES[table]), table)
    assert problems == ()
    found = infer(typed(page, types), indexes)
    item = cast("tuple[str, ...]", right["item"])
    if item[0] == "unbound:":
        assert found.binding is None
        assert [problem.message for problem in found.findings] == [
            f"{table} stays unbound: {' '.join(item[1:])}"
        ]
        return
    assert found.binding is not None
    assert described(found.binding) == right
    assert len(found.findings) == len(found.binding.unbound)
