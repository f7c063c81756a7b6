"""What tests of loading share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from load import killed


@pytest.fixture(scope="session")
def loads() -> Iterator[killed.Loads]:
    """Loads in processes that are killed. Starting one takes a tenth of the time of a new interpreter."""
    found = killed.Loads()
    yield found
    found.close()
