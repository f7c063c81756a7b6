"""schemagen.emit.json_schema: a table as JSON Schema 2020-12."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, SchemaError, ValidationError

from schemagen.emit import json_schema
from schemagen.link import link
from schemagen.model import (
    Column,
    ListOf,
    MapOf,
    Member,
    Origin,
    Pages,
    Parameter,
    Scalar,
    Structure,
    StructureRef,
    Table,
    Usage,
    Value,
)
from schemagen.names import NestedNames
from schemagen.typetable import TypeTable

HERE = Origin("page.md", 1)


def column(name: str, type: str, *values: Value, description: str = "") -> Column:
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
    linked = link(Pages(tables=(table,), structures=structures), types).tables[0]
    annotated = json_schema.table_schema(linked, types, nested_names, "urn:x:")
    written: dict[str, Any] = json.loads(json_schema.render(annotated))
    return written


def accepts(schema: dict[str, Any], row: object) -> bool:
    checker = Draft202012Validator.FORMAT_CHECKER
    validator: Any = Draft202012Validator(schema, format_checker=checker)
    return bool(validator.is_valid(row))


def test_only_the_key_is_required() -> None:
    """Every column but the key may be missing or null; unknown columns are refused."""
    made = schema(column("_key", "string"), column("name", "string"))
    assert accepts(made, {"_key": "a"})
    assert accepts(made, {"_key": "a", "name": None})
    assert not accepts(made, {"name": "a"})
    assert not accepts(made, {"_key": None})
    assert not accepts(made, {"_key": "a", "nam": "a"})


def test_annotations_are_not_written() -> None:
    """The annotation that the models follow is no part of the file, even as a column's name."""
    made = schema(column("x-python-type", "string"), column("n", "array<int64>"))
    assert list(made["properties"]) == ["x-python-type", "n"]
    assert "pydantic" not in json.dumps(made)


def test_documented_values_stay_open() -> None:
    """Values are listed, old ones as deprecated, and any other string is accepted too."""
    made = schema(
        column("status", "string", Value("On"), Value("Off"), Value("Gone", deprecated=True))
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


def test_documentation_and_deprecation() -> None:
    """Descriptions and deprecation are carried where JSON Schema has words for them."""
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
            Member("NodeArn", Scalar("string"), HERE, required=True),
            Member("Children", ListOf(StructureRef("Node")), HERE, required=False),
            Member("Env", MapOf(Scalar("string")), HERE),
            Member("Leaf", StructureRef("Leaf"), HERE),
        ),
        HERE,
        "A node.",
        (Usage("DescribeJob", "Nodes", element=True),),
    ),
    Structure("sagemaker", "Leaf", (Member("At", Scalar("timestamp"), HERE),), HERE),
    Structure("sagemaker", "Unused", (), HERE),
)


def test_structures_become_definitions() -> None:
    """A json column that an API page types refers to the structure; circles are fine, members are
    renamed, map keys are not, unknown members are allowed, unused structures stay out."""
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


def test_names_of_the_api() -> None:
    """The setting keeps the API's names inside json columns."""
    made = schema(column("nodes", "json"), structures=TREE, nested_names=NestedNames.API)
    assert accepts(made, {"nodes": [{"NodeArn": "a"}]})
    assert not accepts(made, {"nodes": [{"node_arn": "a"}]})


def test_parameters_of_a_table_function() -> None:
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
def test_wrong_schemas_are_found(wrong: dict[str, Any]) -> None:
    """A schema that the meta-schema refuses is never written, wherever in it the mistake is."""
    with pytest.raises((SchemaError, ValidationError)):
        json_schema.render(wrong)
