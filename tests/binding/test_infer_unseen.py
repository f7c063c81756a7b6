"""Bindings of real pages that the inference was not tuned on: the pages' columns, and what is right."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from expected_bindings import described, expected
from made_services import ORIGIN
from schemagen.binding.index import Indexes
from schemagen.binding.infer import infer
from schemagen.model import Column, Table
from schemagen.typetable import TypeTable

UNSEEN = Path(__file__).with_name("unseen_tables.txt")


def pages() -> dict[str, list[tuple[str, str, str]]]:
    """Type, column, and whose documentation the page has, of each table: see the file."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    table = type = ""
    for line in UNSEEN.read_text("utf-8").splitlines():
        if line.startswith("aws."):
            table = line.partition(":")[0]
            found[table] = []
        elif line.startswith("    | "):
            for word in line.removeprefix("    | ").split():
                if word.endswith(":"):
                    type = word.removesuffix(":")
                    continue
                column, mark, source = word.partition("*")
                found[table].append((type, column, source or mark))
    return found


PAGES = pages()


def page(table: str, right: Mapping[str, object], indexes: Indexes) -> Table:
    """The page of a table, with botocore's documentation."""
    columns = [
        Column(column, "core", type, ORIGIN, description=text)
        for type, column, source in PAGES[table]
        for text in [documentation(column, source, right, indexes) if source else ""]
    ]
    return Table(table, "", "", tuple(sorted(columns, key=lambda one: one.name)), ORIGIN)


def documentation(column: str, source: str, right: Mapping[str, object], indexes: Indexes) -> str:
    """The words of the member that a page has of a column."""
    if source == "?":
        return "What botocore said of it once."
    service, operation, path = cast("tuple[str, ...]", right["item"])[:3]
    if source == "*":
        auxiliary = cast("Mapping[str, tuple[str, object]]", right["auxiliary"])
        columns = cast("Mapping[str, tuple[str | None, str]]", right["columns"])
        other, member = columns[column]
        place = (other, auxiliary[other][0]) if other else (operation, path)
        structure = next(
            item.structure
            for item in indexes.of(service).items
            if (item.operation, item.path) == place
        )
    else:
        named, _, place_of_member = source.rpartition(":")
        service = named or service
        structure, member = place_of_member.split(".")
    members = indexes.of(service).structures[structure]
    return next(one.words for one in members if one.name == member)


@pytest.mark.parametrize(
    ("table", "right"),
    list(expected(UNSEEN)),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tables_that_were_not_seen_before(
    table: str, right: dict[str, object], indexes: Indexes
) -> None:
    """Every column is bound as AWS's references call for, or not at all; a table whose item nothing
    returns, or several operations alike, stays unbound and is said to be so."""
    found = infer(page(table, right, indexes), TypeTable(), indexes)
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
