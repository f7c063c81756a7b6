"""schemagen.runtime.sync.choice: columns and calls that are left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from schemagen.runtime.calls import Call, TableCalls
from schemagen.runtime.sql import Table
from schemagen.runtime.sync.choice import Choice, Reduced
from schemagen.runtime.units import CollectedRow
from schemagen.runtime.usage import UsageError

TABLE = Table(
    "aws.made_thing",
    "_key",
    {
        "_key": "string",
        "environment": "json",
        "policy": "json",
        "policy_std": "json",
        "tags": "hstore",
    },
)
CALLS = TableCalls(
    "aws.made_thing",
    "made",
    (Call("ListThings", "Things[]"),),
    Call("DescribeThing", "@"),
    (
        Call("GetThingPolicy", "@", columns=("policy", "policy_std")),
        Call("ListTags", "@", columns=("tags",)),
    ),
)
CHOSEN = [(TABLE, CALLS)]


def operations(calls: TableCalls) -> list[str]:
    return [call.operation for call in calls.enrichments]


def test_excluded_columns_are_not_loaded() -> None:
    """The table that is loaded lacks them; operations that fill other columns, too, are still called."""
    choice = Choice(exclude=("*.environment", "aws.made_thing.policy"))
    choice.check(CHOSEN)
    assert list(choice.table(TABLE, CALLS).columns) == ["_key", "policy_std", "tags"]
    assert operations(choice.calls(TABLE, CALLS)) == ["GetThingPolicy", "ListTags"]


def test_check_refuses_to_leave_out_every_column() -> None:
    """Without a key, a table can be left with nothing to load."""
    table = Table(
        "aws.made_thing", None, {"policy": "json", "policy_std": "json", "tags": "hstore"}
    )
    for choice in (
        Choice(exclude=("aws.made_thing.*",)),
        Choice(exclude=("*.tags",), skip=("GetThingPolicy",)),
    ):
        with pytest.raises(UsageError, match=r"every column of aws\.made_thing is left out"):
            choice.check([(table, CALLS)])
    Choice(exclude=("*.tags",)).check([(table, CALLS)])


def test_operations_of_excluded_columns_only_are_not_called() -> None:
    """Operations that fill only excluded columns are not called."""
    choice = Choice(exclude=("aws.made_*.policy*",))
    assert operations(choice.calls(TABLE, CALLS)) == ["ListTags"]


@pytest.mark.parametrize("pattern", ["GetThingPolicy", "Get*", "made.GetThingPolicy", "made:Get*"])
def test_skipped_operations_are_not_called_and_their_columns_not_loaded(pattern: str) -> None:
    """An operation is named with or without its service, or by a pattern."""
    choice = Choice(skip=(pattern,))
    choice.check(CHOSEN)
    assert operations(choice.calls(TABLE, CALLS)) == ["ListTags"]
    assert list(choice.table(TABLE, CALLS).columns) == ["_key", "environment", "tags"]


def test_nothing_is_left_out_by_default() -> None:
    """Without patterns, everything is as it was."""
    choice = Choice()
    choice.check(CHOSEN)
    assert not choice
    assert choice.table(TABLE, CALLS) is TABLE
    assert choice.calls(TABLE, CALLS) is CALLS


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (Choice(exclude=("*.enviroment",)), "did you mean"),
        (Choice(exclude=("environment",)), "write TABLE.COLUMN"),
        (Choice(exclude=("*._key",)), "matches the key of aws.made_thing"),
        (Choice(exclude=("*",)), "matches the key of aws.made_thing"),
        (Choice(skip=("ListTag",)), "did you mean 'ListTags'?"),
        (Choice(skip=("DescribeThing",)), "without which aws.made_thing has no rows"),
        (Choice(skip=("List*",)), "matches ListThings, without which"),
    ],
)
def test_check_refuses_what_leaves_out_nothing_or_everything(choice: Choice, message: str) -> None:
    """A misspelt pattern would load a secret: it is an error before anything is read."""
    with pytest.raises(UsageError) as error:
        choice.check(CHOSEN)
    assert message in str(error.value)


class Rows:
    def __iter__(self) -> Iterator[CollectedRow]:
        yield CollectedRow(
            {"_key": "a", "environment": "secret"}, frozenset({"environment", "tags"})
        )

    complete = True


def test_reduced_rows_lack_the_columns() -> None:
    """A value that is left out goes no further than the process that read it."""
    rows = Reduced(Rows(), frozenset({"environment"}))
    assert list(rows) == [CollectedRow({"_key": "a"}, frozenset({"tags"}))]
    assert rows.complete
