"""schemagen.runtime.lookup: names that a package does not have."""

from __future__ import annotations

import pickle

import pytest

from schemagen.runtime.lookup import UnknownName, find

MANY = {f"aws.table_{letter}": letter for letter in "abcdefghij"}


@pytest.mark.parametrize(
    ("name", "known", "message"),
    [
        ("duck", {"duckdb": 1}, "unknown thing 'duck' (known: duckdb); did you mean 'duckdb'?"),
        ("x", {"duckdb": 1}, "unknown thing 'x' (known: duckdb)"),
        ("x", MANY, "unknown thing 'x'"),
        (
            "aws.tabel_a",
            MANY,
            "unknown thing 'aws.tabel_a'; did you mean 'aws.table_a'?",
        ),
        ("DUCKDB", {"duckdb": 1}, "unknown thing 'DUCKDB' (known: duckdb); did you mean 'duckdb'?"),
    ],
)
def test_find_suggests_similar_names(name: str, known: dict[str, object], message: str) -> None:
    """A short list of names is shown in full; the most similar name is suggested, whatever its case."""
    with pytest.raises(UnknownName) as caught:
        find("thing", name, known)
    assert str(caught.value) == message
    assert isinstance(caught.value, KeyError)


def test_find_returns_the_value() -> None:
    """A known name leads to its value, even to one that is false."""
    assert find("thing", "a", {"a": 0}) == 0


def test_unknown_names_survive_pickling() -> None:
    """A worker process hands its error to its parent."""
    error = pickle.loads(pickle.dumps(UnknownName("thing", "a", " (known: b)")))  # noqa: S301
    assert str(error) == "unknown thing 'a' (known: b)"
