from __future__ import annotations

import pytest

from schemagen.binding.index import Indexes


@pytest.fixture(scope="session")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Indexes:
    """botocore's models, with a cache of their own."""
    return Indexes(tmp_path_factory.mktemp("cache") / "schemagen")
