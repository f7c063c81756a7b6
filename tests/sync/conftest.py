"""The simulated AWS, shared by the tests of a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync import world
from sync.aws_server import Moto, moto


@pytest.fixture(scope="session")
def moto_server() -> Iterator[Moto]:
    """A moto in a process of its own."""
    with moto() as running:
        yield running


@pytest.fixture(scope="module")
def aws_world(moto_server: Moto) -> Iterator[world.World]:
    """Two accounts with two regions each, full of resources; one for a module, which may change it."""
    moto_server.reset()
    with world.made(moto_server) as full:
        yield full
