"""Which version follows from changes."""

from __future__ import annotations

import pytest

from schemagen.evolution.versions import following, greatest, is_later
from schemagen.rules.registry import Part


@pytest.mark.parametrize(
    ("version", "part", "expected"),
    [
        ("1.2.3", "major", "2.0.0"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "patch", "1.2.4"),
        ("0.1.0", "major", "0.2.0"),
        ("0.1.4", "minor", "0.1.5"),
        ("0.1.4", "patch", "0.1.5"),
        ("1", "minor", "1.1.0"),
        ("2024.5", "patch", "2024.5.1"),
        ("2!1.2.3.4", "patch", "2!1.2.4"),
        ("1.2.3+local", "patch", "1.2.4"),
        ("1.2.3.post1", "patch", "1.2.4"),
        ("2.0.0rc1", "major", "2.0.0"),
        ("2.0.0rc1", "patch", "2.0.0"),
        ("1.3.0.dev4", "minor", "1.3.0"),
        ("1.3.0.dev4", "major", "2.0.0"),
        ("1.3.1a1", "minor", "1.4.0"),
        ("0.2.0rc1", "major", "0.2.0"),
    ],
)
def test_following_increments_the_part(version: str, part: Part, expected: str) -> None:
    """Versions follow Semantic Versioning, also before 1.0.0 and after pre-releases."""
    assert following(version, part) == expected
    assert is_later(expected, version)


def test_greatest_is_the_part_that_matters() -> None:
    """One breaking change among many makes a major version; no change makes none."""
    assert greatest(["patch", "major", "minor"]) == "major"
    assert greatest(["patch", "minor"]) == "minor"
    assert greatest([]) is None
