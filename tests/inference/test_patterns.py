"""Patterns of an API's strings, compared with each other."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemagen.inference.patterns import overlap

CLUSTER = r"arn:aws(-[a-z]{1,5}){0,3}:made:[a-z0-9-]+:\d{12}:cluster/[\w.-]{1,255}"
BUS = r"arn:aws(-[a-z]{1,5}){0,3}:made:[a-z0-9-]+:\d{12}:bus/[\w.-]{1,255}"
ANY_ARN = "arn:[^:]+:[^:]+:[^:]*:[^:]*:.+"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (CLUSTER, BUS, False),
        (CLUSTER, ANY_ARN, True),
        (CLUSTER, "", True),
        ("[a-z0-9]{26}", ANY_ARN, False),
        ("[a-z0-9]{26}", "[a-z]{25}", False),
        ("[a-z0-9]{26}", "[a-z]{20,}", True),
        (f"{CLUSTER}|[a-z]{{3}}", "[a-z]+", True),
        (f"{CLUSTER}|[a-z]{{3}}", "[a-z]{4}", False),
        # Anchored at one end only, a pattern says nothing of the other end.
        ("^arn:aws", CLUSTER, True),
        ("cluster/a$", CLUSTER, True),
        ("^cluster", CLUSTER, False),
        # bedrock-agent means digits.
        ("^arn:aws:made:/d{12}:x$", "arn:aws:made:123456789012:x", True),
        # What is not supported excludes nothing more than the rest of the pattern does.
        (r"(?!AWS)[a-z]+", "[a-z]", True),
        (r"(?!AWS)[a-z]+", r"\d", False),
        (r"(?i)ABC", "abc", True),
        (r"[\p{L}]+", "abc", True),
        (r"(a)\1", "abc", True),
        ("a{2000}", "a{500}", True),
        ("[a", "b", True),
        ("a)", "b", True),
    ],
)
def test_overlap_decides_whether_a_text_matches_both(
    first: str, second: str, expected: bool
) -> None:
    """Patterns that no text matches both of exclude each other, whichever is the first."""
    assert overlap(first, second) is expected
    assert overlap(second, first) is expected


PATTERNS = (
    r"[a-c]{2,3}",
    r"a|bc?|\d+",
    r"(ab)*c?",
    r"[^a-c]+",
    r"\w-\S",
    r"(?:a{0,2}b){1,2}",
    r"[\da-]+",
    r"a??b*?c+?",
    r"\x61\u0062[\]\\]",
)


@given(st.sampled_from(PATTERNS), st.text("abc0-]\\é", max_size=6))
def test_overlap_agrees_with_the_regular_expressions_of_python(pattern: str, text: str) -> None:
    """A pattern overlaps with a text, as a pattern, if Python's regular expressions match it."""
    assert overlap(pattern, re.escape(text) or "x{0}") is bool(re.fullmatch(pattern, text))
