"""schemagen.emit.json_schema: a table as JSON Schema 2020-12."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator, SchemaError, ValidationError

from schemagen.catalog import LinkedTable, ShapeCandidate
from schemagen.emit import json_schema
from schemagen.link import link
from schemagen.model.bindings import Binding, BoundColumn
from schemagen.model.origin import Origin
from schemagen.model.pages import (
    Column,
    DocumentedMember,
    DocumentedValue,
    Pages,
    Parameter,
    Structure,
    Table,
    Usage,
)
from schemagen.model.recorded import RecordedMember, RecordedService, RecordedStructure
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef
from schemagen.names import NestedNames
from schemagen.resolved_types import TypeTable
from schemagen.typed_pages import resolve_types

HERE = Origin("page.md", 1)


def column(name: str, type: str, *values: DocumentedValue, description: str = "") -> Column:
    return Column(name, "core", type, HERE, description=description, values=values)


def schema(
    *columns: Column,
    structures: tuple[Structure, ...] = (),
    parameters: tuple[Parameter, ...] = (),
    deprecated: str | None = None,
    nested_names: NestedNames = NestedNames.SNAKE_CASE,
) -> dict[str, Any]:
    """The written schema of a made-up table aws.sagemaker_job."""
    table = Table(
        "aws.sagemaker_job",
        "Job",
        "A job.",
        columns,
        HERE,
        parameters=parameters,
        deprecated=deprecated,
    )
    types = TypeTable()
    linked = link(resolve_types(Pages(tables=(table,), structures=structures), types)).tables[0]
    annotated = json_schema.table_schema(linked, types, nested_names, "urn:x:")
    written: dict[str, Any] = json.loads(json_schema.render(annotated))
    return written


def accepts(schema: dict[str, Any], row: object) -> bool:
    checker = Draft202012Validator.FORMAT_CHECKER
    validator: Any = Draft202012Validator(schema, format_checker=checker)
    return bool(validator.is_valid(row))


def test_schema_requires_only_the_key() -> None:
    """Every column but the key may be missing or null; unknown columns are refused."""
    made = schema(column("_key", "string"), column("name", "string"))
    assert accepts(made, {"_key": "a"})
    assert accepts(made, {"_key": "a", "name": None})
    assert not accepts(made, {"name": "a"})
    assert not accepts(made, {"_key": None})
    assert not accepts(made, {"_key": "a", "nam": "a"})


def test_render_strips_annotations() -> None:
    """The annotation that models are generated from is not in the file, not even under a
    column's name."""
    made = schema(column("x-python-type", "string"), column("n", "array<int64>"))
    assert list(made["properties"]) == ["x-python-type", "n"]
    assert "pydantic" not in json.dumps(made)


def test_documented_values_accept_other_strings() -> None:
    """Values are listed, old ones as deprecated, and any other string is accepted too."""
    made = schema(
        column(
            "status",
            "string",
            DocumentedValue("On"),
            DocumentedValue("Off"),
            DocumentedValue("Gone", deprecated=True),
        )
    )
    assert made["properties"]["status"] == {
        "anyOf": [
            {"enum": ["On", "Off"]},
            {"enum": ["Gone"], "deprecated": True},
            {"type": "string"},
            {"type": "null"},
        ]
    }
    assert accepts(made, {"status": "Tomorrow"})


def test_schema_has_descriptions_and_deprecation() -> None:
    """Descriptions and deprecation are written with the keywords of JSON Schema."""
    made = schema(column("a", "json", description="Anything."), deprecated="Gone soon.")
    assert made["deprecated"] is True
    assert made["description"] == "A job.\n\nDeprecated: Gone soon."
    assert made["properties"]["a"] == {"description": "Anything."}
    assert made["$id"] == "urn:x:aws.sagemaker_job"


TREE = (
    Structure(
        "sagemaker",
        "Node",
        (
            DocumentedMember("NodeArn", Scalar("string"), HERE, required=True),
            DocumentedMember("Children", ListOf(StructureRef("Node")), HERE, required=False),
            DocumentedMember("Env", MapOf(Scalar("string")), HERE),
            DocumentedMember("Leaf", StructureRef("Leaf"), HERE),
        ),
        HERE,
        "A node.",
        (Usage("DescribeJob", "Nodes", element=True),),
    ),
    Structure("sagemaker", "Leaf", (DocumentedMember("At", Scalar("timestamp"), HERE),), HERE),
    Structure("sagemaker", "Unused", (), HERE),
)


@pytest.mark.parametrize(
    "shape",
    [ListOf(Scalar("int64")), MapOf(Scalar("int64")), ListOf(MapOf(ListOf(Scalar("int64"))))],
)
def test_elements_of_lists_and_maps_in_structures_may_be_null(shape: Shape) -> None:
    """Mappers keep nulls in lists and maps at any depth, so the schema accepts them there; values of
    other types are still refused."""
    leaf = Structure(
        "sagemaker", "Leaf", (DocumentedMember("Values", shape, HERE, required=True),), HERE,
        usages=(Usage("DescribeJob", "Leaf", element=False),),
    )  # fmt: skip
    made = schema(column("leaf", "json"), structures=(leaf,))

    def filled(shape: Shape, value: object) -> object:
        match shape:
            case ListOf(element):
                return [None, filled(element, value)]
            case MapOf(element):
                return {"None": None, "value": filled(element, value)}
            case _:
                return value

    assert accepts(made, {"leaf": {"values": filled(shape, None)}})
    assert accepts(made, {"leaf": {"values": filled(shape, 1)}})
    assert not accepts(made, {"leaf": {"values": filled(shape, "1")}})
    assert not accepts(made, {"leaf": {"values": None}})


def test_structures_of_pages_become_definitions() -> None:
    """A json column that an API page types refers to the structure. Structures may be circular,
    members are renamed, map keys are not, unknown members are allowed, and unused structures are
    left out."""
    made = schema(column("nodes", "json"), structures=TREE)
    assert sorted(made["$defs"]) == ["Leaf", "Node"]
    row: dict[str, Any] = {
        "nodes": [
            {
                "node_arn": "a",
                "children": [{"node_arn": "b", "leaf": {"at": "2026-01-01T00:00:00Z"}}],
                "env": {"KeepThis": "x"},
                "added_tomorrow": 1,
            }
        ]
    }
    assert accepts(made, row)
    assert not accepts(made, {"nodes": [{"env": None}]})
    assert not accepts(made, {"nodes": {"node_arn": "a"}})
    assert not accepts(made, {"nodes": [{"node_arn": "a", "env": {"KeepThis": 1}}]})


RECORD = RecordedService(
    "sagemaker",
    (
        RecordedStructure(
            "DescribeJobResponse",
            (
                RecordedMember("Parts", ListOf(StructureRef("Part")), True),
                RecordedMember("State", Scalar("string"), True, ("On", "New")),
            ),
        ),
        RecordedStructure(
            "Part",
            (
                RecordedMember("PartArn", Scalar("string"), True),
                RecordedMember("Kind", ListOf(Scalar("string")), True, ("A", "B")),
                RecordedMember("Parent", StructureRef("Part"), False),
            ),
        ),
    ),
    (("DescribeJob", "DescribeJobResponse"),),
)
BINDING = Binding(
    "aws.sagemaker_job",
    "sagemaker",
    "DescribeJob",
    "@",
    (BoundColumn("parts", "Parts", "name"), BoundColumn("state", "State", "name")),
    (),
    (),
    HERE,
)


def recorded(*columns: Column, structures: tuple[Structure, ...] = ()) -> LinkedTable:
    """aws.sagemaker_job with `BINDING`."""
    table = Table(BINDING.table, "Job", "", columns, HERE)
    pages = Pages(tables=(table,), structures=structures)
    return link(resolve_types(pages, TypeTable()), [BINDING], [RECORD]).tables[0]


def written(table: LinkedTable) -> dict[str, Any]:
    annotated = json_schema.table_schema(table, TypeTable(), NestedNames.SNAKE_CASE, "urn:x:")
    schema: dict[str, Any] = json.loads(json_schema.render(annotated))
    return schema


@pytest.mark.parametrize("type", ["json", "array<json>"])
def test_recorded_structures_become_definitions(type: str) -> None:
    """What botocore requires may be missing or null all the same, its values are open, members that
    are new are allowed; an element may be null in every array."""
    made = written(recorded(column("parts", type)))
    assert list(made["$defs"]) == ["Part"]
    assert made["$defs"]["Part"]["properties"]["kind"] == {
        "anyOf": [
            {
                "type": "array",
                "items": {"anyOf": [{"enum": ["A", "B"]}, {"type": "string"}, {"type": "null"}]},
            },
            {"type": "null"},
        ]
    }
    assert accepts(made, {"parts": [{}, {"part_arn": None, "kind": ["C"], "tomorrow": 1}]})
    assert accepts(made, {"parts": [{"parent": {"parent": {"part_arn": "a"}}}]})
    assert accepts(made, {"parts": None})
    assert not accepts(made, {"parts": [{"parent": {"parent": {"part_arn": 1}}}]})
    assert not accepts(made, {"parts": {"part_arn": "a"}})
    assert accepts(made, {"parts": [None]})


def test_recorded_values_follow_documented_ones() -> None:
    """Values that only botocore has are listed, and so are values that only the page has."""
    made = written(
        recorded(
            column(
                "state", "string", DocumentedValue("Old", deprecated=True), DocumentedValue("New")
            )
        )
    )
    assert made["properties"]["state"]["anyOf"] == [
        {"enum": ["New", "On"]},
        {"enum": ["Old"], "deprecated": True},
        {"type": "string"},
        {"type": "null"},
    ]


def test_definitions_with_equal_names_are_prefixed_with_their_service() -> None:
    """Structures of two services with the same name are prefixed with the service, also in
    references; so is a structure named like the model of the parameters. Other names have no
    prefix."""

    def of_other(shape: Shape) -> ShapeCandidate:
        return ShapeCandidate("page", "other", shape, HERE, narrows=True)

    text = DocumentedMember("Text", Scalar("string"), HERE)
    other = (
        Structure(
            "other", "Part", (text, DocumentedMember("Leaf", StructureRef("Leaf"), HERE)), HERE
        ),
        Structure("other", "Leaf", (DocumentedMember("Part", StructureRef("Part"), HERE),), HERE),
        Structure("other", "SagemakerJobParameters", (text,), HERE),
    )
    linked = recorded(column("parts", "json"), column("texts", "json"), column("also", "json"))
    catalog = link(resolve_types(Pages(structures=other), TypeTable()), [], [RECORD])
    parts, texts, also = linked.columns
    table = replace(
        linked,
        columns=(
            parts,
            replace(texts, shapes=(of_other(MapOf(StructureRef("Part"))),)),
            replace(also, shapes=(of_other(StructureRef("SagemakerJobParameters")),)),
        ),
        structures=tuple(
            catalog.structures[key]
            for key in sorted(catalog.structures)
            if key[1] != "DescribeJobResponse"
        ),
        parameters=link(
            resolve_types(
                Pages(
                    tables=(
                        replace(
                            linked.table,
                            parameters=(Parameter("filter", "string", True, "", HERE),),
                        ),
                    )
                ),
                TypeTable(),
            )
        )
        .tables[0]
        .parameters,
    )
    made = written(table)
    assert list(made["$defs"]) == [
        "Leaf",
        "other.Part",
        "other.SagemakerJobParameters",
        "sagemaker.Part",
        "SagemakerJobParameters",
    ]
    assert made["$defs"]["Leaf"]["properties"]["part"]["anyOf"][0] == {"$ref": "#/$defs/other.Part"}
    assert accepts(made, {"parts": [{"text": 1}], "texts": {"a": {"text": "x"}}})
    assert not accepts(made, {"texts": {"a": {"leaf": {"part": {"text": 1}}}}})
    assert not accepts(made, {"parts": [{"parent": {"part_arn": 1}}]})
    assert not accepts(made, {"also": {"text": 1}})


def test_nested_names_setting_keeps_names_of_the_api() -> None:
    """The setting keeps the API's names inside json columns."""
    made = schema(column("nodes", "json"), structures=TREE, nested_names=NestedNames.API)
    assert accepts(made, {"nodes": [{"NodeArn": "a"}]})
    assert not accepts(made, {"nodes": [{"node_arn": "a"}]})


def test_parameters_of_a_table_function_are_a_definition() -> None:
    """A table function's parameters are a definition of their own."""
    made = schema(
        column("a", "string"),
        parameters=(
            Parameter("columns", "array<string>", True, "Which.", HERE),
            Parameter("filter", "string", False, "", HERE),
        ),
    )
    parameters = {**made["$defs"]["SagemakerJobParameters"], "$schema": made["$schema"]}
    assert accepts(parameters, {"columns": ["a"]})
    assert not accepts(parameters, {"filter": "x"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"properties": {"a": {"type": "strng"}}},
        {"$defs": {"A": {"properties": {"a": {"required": "a"}}}}},
        {"anyOf": [{"enum": "a"}]},
    ],
)
def test_render_refuses_invalid_schemas(wrong: dict[str, Any]) -> None:
    """A schema that the meta-schema refuses is never written, wherever its mistake is."""
    with pytest.raises((SchemaError, ValidationError)):
        json_schema.render(wrong)
