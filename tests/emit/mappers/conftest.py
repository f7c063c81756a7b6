"""What the tests of mappers share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import mappers
from mapper_cases import structures
from mappers import Mapper


@pytest.fixture(scope="module")
def thing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapper]:
    folder = tmp_path_factory.mktemp("thing")
    columns = {"_key": "string", "config": "json"}
    with mappers.imported(folder, structures(), columns) as mapper:
        yield mapper
