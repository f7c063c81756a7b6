"""Every API page of the corpus says what botocore's model of the service says.

Members, their types, whether they are required, and enumerations are compared. Pages are as old as the
day they were fetched, so botocore may have more than a page: a member or value that the page's text does
not show at all. Every other difference is in `DIFFERENCES`, with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from botocore.model import ListShape, MapShape, ServiceModel, StringShape, StructureShape
from botocore.model import Shape as BotocoreShape

from schemagen.api_models.botocore import service_model
from schemagen.model.pages import DocumentedMember, Operation, Structure
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef, shape_text
from schemagen.pages import aws_api
from schemagen.typetable import BOTOCORE_SCALARS

DIFFERENCES = Path(__file__).with_name("differences_from_botocore.txt")
"""A difference a line, as `differences` words it; the lines above it that begin with # are its reason."""

SERVICES = {"dynamodb-dax": "dax", "dynamodb-streams": "dynamodbstreams"}
"""botocore's names of services whose pages are named after a part of another service."""

PAGES = {"": 137, "dynamodb": 130, "lambda": 109, "rekognition": 156}
"""How many pages the corpus has of each folder; those of "" are SageMaker's."""


BOTOCORE_SERVICES = {
    "": {"sagemaker", "sagemaker-runtime"},
    "dynamodb": {"dynamodb", "dax", "dynamodbstreams"},
    "lambda": {"lambda"},
    "rekognition": {"rekognition"},
}


def described(corpus: Path, folder: str) -> Iterator[tuple[Structure | Operation, str]]:
    """What the pages of a folder describe, each with its text. No page may have problems."""
    directory = corpus / "aws_api_services" / folder if folder else corpus / "aws_api"
    paths = sorted(directory.glob("*.md"))
    assert len(paths) == PAGES[folder]
    for path in paths:
        text = path.read_text("utf-8")
        page, problems = aws_api.parse(text, f"aws_api/{folder}/{path.name}")
        assert problems == ()
        if isinstance(page, Structure | Operation):
            yield page, text


def shape_of(shape: BotocoreShape) -> Shape:
    """A botocore shape as pages spell it; a structure that can hold anything has its own name."""
    match shape:
        case ListShape():
            return ListOf(shape_of(shape.member))
        case MapShape():
            return MapOf(shape_of(shape.value))
        case StructureShape():
            return Scalar("json") if shape.is_document_type else StructureRef(shape.name)
        case _:
            name = shape.type_name
            if name == "string" and shape.serialization.get("jsonvalue"):
                return Scalar("json")
            return Scalar(BOTOCORE_SCALARS[name])


def values_of(shape: BotocoreShape) -> Sequence[str]:
    match shape:
        case ListShape():
            return values_of(shape.member)
        case StringShape():
            return shape.enum
        case _:
            return ()


def differences(
    where: str,
    members: Sequence[DocumentedMember],
    shape: BotocoreShape | None,
    page: str,
    section: str,
) -> Iterator[str]:
    """Compare members on a page, in a section of it, with those of a structure of botocore."""
    model = shape.members if isinstance(shape, StructureShape) else {}
    required = shape.required_members if isinstance(shape, StructureShape) else []
    found = {member.name: member for member in members}
    for name in model.keys() - found.keys():
        if re.search(rf"\*\*\s*\[?\s*{name}\b|^#+ {name}\b", section, re.MULTILINE):
            yield f"{where}.{name}: lost"
    for name, member in found.items():
        if name not in model:
            yield f"{where}.{name}: only on the page"
            continue
        expected = shape_of(model[name])
        if member.shape != expected:
            stated, other = shape_text(member.shape), shape_text(expected)
            yield f"{where}.{name}: {stated} on the page, {other} in botocore"
        if member.required is not None and member.required != (name in required):
            yield f"{where}.{name}: required={member.required} on the page"
        documented = {value.value for value in member.values}
        listed = values_of(model[name])
        if gone := sorted(documented - set(listed)):
            yield f"{where}.{name}: values only on the page: {' '.join(gone)}"
        if documented:
            below = page.split("\n", member.origin.line)[-1]
            valid = re.search(r"^Valid Values:(.*)$", below, re.MULTILINE)
            for value in sorted(set(listed) - documented):
                if valid and value in re.split(r"[` |]+", valid[1]):
                    yield f"{where}.{name}: {value} is lost"


def all_differences(corpus: Path, folder: str) -> Iterator[str]:
    """The differences of all pages of a folder from botocore."""
    models: dict[str, ServiceModel] = {}
    compared = 0
    for page, text in described(corpus, folder):
        service = SERVICES.get(page.service, page.service)
        model = models.setdefault(service, service_model(service))
        where = f"{service} {page.name}"
        compared += 1
        if isinstance(page, Structure):
            if page.name in model.shape_names:
                shape = model.shape_for(page.name)
                yield from differences(where, page.members, shape, text, text)
            else:
                yield f"{where}: only on the page"
        elif page.name in model.operation_names:
            operation = model.operation_model(page.name)
            request, _, response = text.partition("## Response Elements")
            request, response = request.split("## Response")[0], response.split("## Errors")[0]
            yield from differences(
                f"{where} request", page.request, operation.input_shape, text, request
            )
            yield from differences(
                f"{where} response", page.response, operation.output_shape, text, response
            )
        else:
            yield f"{where}: only on the page"
    assert compared


@pytest.mark.parametrize("folder", PAGES, ids=lambda folder: folder or "sagemaker")
def test_parse_agrees_with_botocore_on_every_page(corpus: Path, folder: str) -> None:
    """Members, types, requiredness and values are botocore's, but for pages that are older."""
    lines = DIFFERENCES.read_text("utf-8").splitlines()
    differences = [line for line in lines if line and not line.startswith("#")]
    expected = [line for line in differences if line.split(" ")[0] in BOTOCORE_SERVICES[folder]]
    assert sorted(set(all_differences(corpus, folder))) == sorted(expected)
