"""Bindings of tables that were drawn from botocore's models, compared with what was written down of
them before the inference was run on them.

The tables are no fresh set any more: like those in `tables_behind_the_rules.txt`, their failures have
made rules of the inference. `drawn_differences.txt` has the counts from before.

`drawn_differences.txt` records each difference with a verdict:

| verdict | meaning |
|---|---|
| other | bound otherwise than expected, and as right |
| missed | unbound, though a person binds it |
| wrong | bound to what it is not |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import botocore
import pytest

import page_facts
from drawn_tables import DRAWN, TABLES, candidates, text
from expected_bindings import described, expected
from made_services import typed
from schemagen.api_models.cache import Indexes
from schemagen.inference.infer import infer
from schemagen.pages import ddsql

FOLDER = Path(__file__).parent
EXPECTED = FOLDER / "drawn_bindings.txt"
DIFFERENCES = FOLDER / "drawn_differences.txt"
UNBOUND = "unbound"
LEAST_SHARE = 1.0
"""The least share of columns that are bound rightly, of those that a person binds. Raise it with the
inference; never lower it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What the inference binds a column to, in the form of `_column_texts`, and the verdict."""

    found: str
    verdict: str
    reason: str


def _recorded() -> dict[tuple[str, str], Difference]:
    """The recorded differences, by table and column."""
    text = re.sub(r"^#.*\n", "", DIFFERENCES.read_text("utf-8"), flags=re.MULTILINE)
    recorded: dict[tuple[str, str], Difference] = {}
    for block in text.strip().split("\n\n"):
        head, *lines = block.splitlines()
        table, verdict, reason = head.split(": ", 2)
        assert verdict in ("other", "missed", "wrong"), head
        for line in lines:
            column, _, found = line.strip().partition(" = ")
            assert (table, column) not in recorded, line
            recorded[table, column] = Difference(found, verdict, reason)
    return recorded


def _column_texts(binding: Mapping[str, Any]) -> dict[str, str]:
    """What each column is bound to, as "Operation path: member", with the arguments of enrichments,
    or "~ member, or format" of a derived column, or `UNBOUND`."""
    _, operation, path = binding["item"]
    own = f"{operation} {path}"
    texts = dict.fromkeys(binding["unbound"], UNBOUND)
    for column, value in binding["derived"].items():
        fixed = value == "account_given" or value.startswith("arn:")
        texts[column] = f"~ {value}" if fixed else f"~ {own}: {value}"
    for column, (enrichment, member) in binding["columns"].items():
        if enrichment is None:
            texts[column] = f"{own}: {member}"
        else:
            item, arguments = binding["auxiliary"][enrichment]
            called = " ".join(f"{name}={given}" for name, given in sorted(arguments.items()))
            texts[column] = f"{enrichment} {item} ({called}): {member}"
    return texts


def _expected_texts() -> dict[str, dict[str, str]]:
    return {table: _column_texts(right) for table, right in expected(EXPECTED)}


def test_drawn_bindings_tell_each_column_of_each_table_once() -> None:
    """Every drawn column is expected to be bound, derived or unbound, and only one of them."""
    facts = page_facts.facts(DRAWN)
    bindings = dict(expected(EXPECTED))
    assert len(facts) == TABLES
    assert bindings.keys() == facts.keys()
    for table, known in facts.items():
        right = bindings[table]
        messages = [
            column
            for kind in ("columns", "derived", "unbound")
            for column in cast("dict[str, object] | set[str]", right[kind])
        ]
        assert sorted(messages) == [column.name for column in known.columns], table


def test_drawn_tables_are_what_the_seed_draws() -> None:
    """No table was edited after it was drawn: the seed draws the same columns from the same botocore."""
    head, tables = DRAWN.read_text("utf-8").split("\n\n", 1)
    if f"from botocore {botocore.__version__}.\n" not in head:
        pytest.fail(
            f"the tables were drawn from another botocore than {botocore.__version__}: judge the"
            " differences again, and name the version in the head of the file"
        )
    places = [line.partition(": ")[2] for line in tables.splitlines() if line.startswith("aws.")]
    drawn = [
        candidate
        for place in places
        for candidate in candidates(place.split()[0], frozenset())
        if candidate.place == place
    ]
    assert "\n".join(text(drawn)) == tables


@pytest.mark.slow
def test_infer_binds_drawn_tables_as_expected_but_for_recorded_differences(
    indexes: Indexes,
) -> None:
    """Each column of a drawn table is bound as a person binds it, or the difference is recorded with
    a verdict and a reason. A difference that is gone is deleted from the record."""
    right = _expected_texts()
    differences: dict[tuple[str, str], str] = {}
    for table, facts in page_facts.facts(DRAWN).items():
        page, problems = ddsql.parse(page_facts.page(facts), table)
        assert problems == ()
        binding = infer(typed(page), indexes).binding
        names = [column.name for column in facts.columns]
        found = _column_texts(described(binding)) if binding else dict.fromkeys(names, UNBOUND)
        assert sorted(found) == names
        for column in names:
            if found[column] != right[table][column]:
                differences[table, column] = found[column]
    recorded = {column: difference.found for column, difference in _recorded().items()}
    assert differences == recorded, f"bring {DIFFERENCES.name} up to date, after judging each"


def test_recorded_differences_are_judged_as_they_are() -> None:
    """What is unbound is missed, and what is bound is right otherwise, or wrong."""
    recorded = _recorded()
    assert recorded
    for column, difference in recorded.items():
        assert (difference.found == UNBOUND) == (difference.verdict == "missed"), column
        assert difference.reason, column


def test_share_of_drawn_columns_that_are_bound_rightly_does_not_sink() -> None:
    """Of the columns that a person binds, the inference binds at least `LEAST_SHARE` rightly."""
    recorded = _recorded()
    bindable = [
        (table, column)
        for table, texts in _expected_texts().items()
        for column, text in texts.items()
        if text != UNBOUND
    ]
    right = [
        column
        for column in bindable
        if column not in recorded or recorded[column].verdict == "other"
    ]
    assert len(right) / len(bindable) >= LEAST_SHARE


def test_infer_binds_no_drawn_column_wrongly() -> None:
    """No column of a drawn table is bound to what it is not."""
    wrong = [column for column, known in _recorded().items() if known.verdict == "wrong"]
    assert wrong == []
