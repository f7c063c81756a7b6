"""Calls every mapper of a built project with responses made from botocore's models.

    python every_mapper.py PROJECT

A program of its own, because it imports that project's package, not this repository's. Prints how
many columns were filled and what is wrong; exits with 1 where anything is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import aws_responses
from schemagen.binding import lock
from schemagen.convert import snake_case
from schemagen.model import Binding
from schemagen.responses import steps

Response = dict[str, Any]


def main(project: Path) -> int:
    sys.path.insert(0, str(project / "generated"))
    filled = 0
    wrong: list[str] = []
    for path in sorted((project / "bindings").rglob("*.json")):
        for binding in lock.read(path.name, path.read_bytes()).bindings:
            filled += len(binding.columns)
            wrong += [f"{binding.table}: {message}" for message in problems(binding)]
    print(filled, *wrong, sep="\n")  # noqa: T201
    return 1 if wrong else 0


def problems(binding: Binding) -> Iterator[str]:
    """What is wrong with the rows that are made from full and from minimal responses."""
    catalog = import_module("ddsql_schemas.catalog")
    mapper = catalog.mapper(binding.table)
    model = catalog.model(binding.table)
    (row,) = rows(binding, mapper, aws_responses.full)
    model.model_validate(row)
    bound = [column.column for column in binding.columns]
    derived = [column.column for column in binding.derived]
    yield from (f"{name} is empty" for name in (*bound, *derived) if row[name] is None)
    for row in rows(binding, mapper, aws_responses.minimal):
        model.model_validate(row)
    item = response_of(binding.service, binding.operation, aws_responses.full)
    for step in steps(binding.path):
        item = item[step.member][0] if step.each else item[step.member]
    if "Novelty" not in mapper.unmapped({**item, "Novelty": 1}):
        yield "a new member is not named"


def rows(binding: Binding, mapper: Any, make: Callable[[str, str], Response]) -> list[Response]:
    """The rows in a response, with all auxiliary responses at hand."""
    others: dict[str, Any] = {
        snake_case(one.operation): response_of(binding.service, one.operation, make)
        for one in binding.auxiliary
    }
    others["key"] = "a key"
    if "[]" in binding.path:
        others = {name: partial(of_item, value) for name, value in others.items()}
    return list(
        mapper.from_response(response_of(binding.service, binding.operation, make), **others)
    )


def of_item(value: object, item: Response) -> object:
    """What belongs to an item: the same for each."""
    return value


def response_of(service: str, operation: str, make: Callable[[str, str], Response]) -> Response:
    return cast("Response", first(make(service, operation)))


def first(value: object) -> object:
    """``value`` with one element in every list: the response for one item, no tag twice."""
    if isinstance(value, list):
        return [first(item) for item in cast("list[object]", value)[:1]]
    if isinstance(value, dict):
        return {key: first(item) for key, item in cast("dict[str, object]", value).items()}
    return value


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
