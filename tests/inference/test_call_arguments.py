"""The arguments of all calls that inference finds, compared with the parameters in botocore's models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.model import ListShape, Shape, StructureShape

import page_facts
from drawn_tables import DRAWN
from expected_rows import shape_at
from made_services import typed
from schemagen.api_models.botocore import service_model
from schemagen.api_models.cache import Indexes
from schemagen.inference.infer import infer
from schemagen.inference.parents import enumerated
from schemagen.inference.patterns import overlap
from schemagen.model.bindings import Binding
from schemagen.model.paths import WHOLE
from schemagen.pages import ddsql

FILES = (page_facts.AWS_TABLES, DRAWN, Path(__file__).with_name("tables_behind_the_rules.txt"))


def _bindings(file: Path, indexes: Indexes) -> Iterator[Binding]:
    """The bindings of a file's tables, with what their listings require."""
    for table, facts in page_facts.facts(file).items():
        page, problems = ddsql.parse(page_facts.page(facts), table)
        assert problems == ()
        binding = infer(typed(page), indexes).binding
        if binding is not None:
            yield enumerated(binding, indexes.of(binding.service))


def _parameter(service: str, operation: str, name: str) -> Shape:
    """What one value of a parameter is."""
    shape = service_model(service).operation_model(operation).input_shape
    assert shape is not None
    member = shape.members[name]
    return member.member if isinstance(member, ListShape) else member


def _element(service: str, operation: str, path: str, member: str) -> Shape:
    """What a listing has at ``path`` and ``member``."""
    if member != WHOLE:
        return shape_at(service, operation, path).members[member]
    holder, _, last = path.rpartition(".")
    found = shape_at(service, operation, holder or WHOLE).members[last.removesuffix("[]")]
    assert isinstance(found, ListShape)
    return found.member


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_arguments_from_listings_fit_their_parameters(file: Path, indexes: Indexes) -> None:
    """A listing supplies parameters with values of their type, which their pattern does not exclude."""
    wrong: list[str] = []
    for binding in _bindings(file, indexes):
        called = [*(listing.operation for listing in binding.listings[1:]), binding.operation]
        for listing, operation in zip(binding.listings, called, strict=False):
            for parameter, member in listing.arguments:
                taken = _parameter(binding.service, operation, parameter)
                given = _element(binding.service, listing.operation, listing.path, member)
                patterns = [str(shape.metadata.get("pattern", "")) for shape in (taken, given)]
                assert not isinstance(given, StructureShape)
                if taken.type_name != given.type_name or not overlap(*patterns):
                    wrong.append(
                        f"{binding.table}: {operation}({parameter}={member} of {listing.operation}): "
                        f"{taken.type_name} {patterns[0]} from {given.type_name} {patterns[1]}"
                    )
    assert wrong == []
